package server_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
)

// callers are everyone who may knock: their name in the table, and who they are.
var callers = []struct {
	name string
	who  auth.Principal
	room string
}{
	{name: "nobody"},
	{name: "member", who: auth.Principal{Member: memberNo(1)}},
	{name: "operator", who: auth.Principal{Member: memberNo(1), Operator: true}},
	{name: "chair", who: auth.Principal{Member: memberNo(1), Roles: []auth.Role{{Name: auth.Chair}}}},
	{name: "secretary", who: auth.Principal{Member: memberNo(1), Roles: []auth.Role{{Name: auth.Secretary}}}},
	{name: "treasurer", who: auth.Principal{Member: memberNo(1), Roles: []auth.Role{{Name: auth.Treasurer}}}},
	{name: "own organiser", who: auth.Principal{Member: memberNo(1), Roles: []auth.Role{{Name: auth.Organiser, Region: "midlands"}}}},
	{name: "other organiser", who: auth.Principal{Member: memberNo(9), Roles: []auth.Role{{Name: auth.Organiser, Region: "london"}}}},
	{name: "teller", who: auth.Principal{Member: memberNo(1), Roles: []auth.Role{{Name: auth.Teller}}}},
	{name: "board", who: auth.Principal{Member: memberNo(1), Roles: []auth.Role{{Name: auth.Board}}}},
	{name: "membership", room: auth.Membership},
	{name: "ledger", room: auth.Ledger},
	{name: "motions", room: auth.Motions},
	{name: "ballots", room: auth.Ballots},
}

// The answers: "yes", or the reason of the refusal. A row is a method; the columns are the callers in their order.
var permissions = map[string]string{
	//                      nobody     member     operator       chair      secretary  treasurer  own org.   other org.  teller     board      membership       ledger           motions          ballots
	"ListBallots":     "yes        yes        yes            yes        yes        yes        yes        yes         yes        yes        ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED",
	"GetBallot":       "yes        yes        yes            yes        yes        yes        yes        yes         yes        yes        ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED",
	"FindReceipt":     "yes        yes        yes            yes        yes        yes        yes        yes         yes        yes        ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED",
	"GetMyVote":       "SIGN_IN    yes        yes            yes        yes        yes        yes        yes         yes        yes        ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED",
	"ListOfficerActs": "SIGN_IN    yes        yes            yes        yes        yes        yes        yes         yes        yes        ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED",
	"CastVote":        "SIGN_IN    yes        OPERATOR_TOKEN yes        yes        yes        yes        NOT_ON_ROLL yes        yes        ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED",
	"ReadLog":         "yes        yes        yes            yes        yes        yes        yes        yes         yes        yes        ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED",
	"GetRecord":       "yes        yes        yes            yes        yes        yes        yes        yes         yes        yes        ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED",
	"GetMyVoteProof":  "SIGN_IN    yes        yes            yes        yes        yes        yes        NOT_VOTED   yes        yes        ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED",
	"ListMyVotes":     "SIGN_IN    yes        yes            yes        yes        yes        yes        yes         yes        yes        ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED",
	"GetOpenings":     "SIGN_IN    yes        yes            yes        yes        yes        yes        yes         yes        yes        ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED",
	"OpenBallot":      "ROOMS_ONLY ROOMS_ONLY ROOMS_ONLY     ROOMS_ONLY ROOMS_ONLY ROOMS_ONLY ROOMS_ONLY ROOMS_ONLY  ROOMS_ONLY ROOMS_ONLY ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED yes              ROOM_NOT_ALLOWED",
	"CloseBallot":     "ROOMS_ONLY ROOMS_ONLY ROOMS_ONLY     ROOMS_ONLY ROOMS_ONLY ROOMS_ONLY ROOMS_ONLY ROOMS_ONLY  ROOMS_ONLY ROOMS_ONLY ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED yes              ROOM_NOT_ALLOWED",
	"PublishBallot":   "ROOMS_ONLY ROOMS_ONLY ROOMS_ONLY     ROOMS_ONLY ROOMS_ONLY ROOMS_ONLY ROOMS_ONLY ROOMS_ONLY  ROOMS_ONLY ROOMS_ONLY ROOM_NOT_ALLOWED ROOM_NOT_ALLOWED yes              ROOM_NOT_ALLOWED",
}

// calls make one call of each method that gets as far as the caller may.
var calls = map[string]func(ctx context.Context, h *house, c *grpc.ClientConn) error{
	"ListBallots": func(ctx context.Context, _ *house, c *grpc.ClientConn) error {
		_, err := ballotsv1.NewBallotsServiceClient(c).ListBallots(ctx, &ballotsv1.ListBallotsRequest{})
		return err
	},
	"GetBallot": func(ctx context.Context, _ *house, c *grpc.ClientConn) error {
		_, err := ballotsv1.NewBallotsServiceClient(c).GetBallot(ctx, &ballotsv1.GetBallotRequest{Ballot: "open"})
		return err
	},
	"FindReceipt": func(ctx context.Context, _ *house, c *grpc.ClientConn) error {
		_, err := ballotsv1.NewBallotsServiceClient(c).FindReceipt(ctx, &ballotsv1.FindReceiptRequest{Ballot: "open", Code: "ABCD-EFGH-JKLM-NPQR"})
		return err
	},
	"GetMyVote": func(ctx context.Context, _ *house, c *grpc.ClientConn) error {
		_, err := ballotsv1.NewBallotsServiceClient(c).GetMyVote(ctx, &ballotsv1.GetMyVoteRequest{Ballot: "open"})
		return err
	},
	"CastVote": func(ctx context.Context, _ *house, c *grpc.ClientConn) error {
		_, err := ballotsv1.NewBallotsServiceClient(c).CastVote(ctx, &ballotsv1.CastVoteRequest{RequestId: request(1), Ballot: "open", Choice: ballotsv1.Choice_CHOICE_FOR})
		return err
	},
	"ReadLog": func(ctx context.Context, _ *house, c *grpc.ClientConn) error {
		_, err := ballotsv1.NewBallotRecordServiceClient(c).ReadLog(ctx, &ballotsv1.ReadLogRequest{Path: "checkpoint"})
		return err
	},
	"GetRecord": func(ctx context.Context, _ *house, c *grpc.ClientConn) error {
		_, err := ballotsv1.NewBallotRecordServiceClient(c).GetRecord(ctx, &ballotsv1.GetRecordRequest{Ballot: "published"})
		return err
	},
	"GetMyVoteProof": func(ctx context.Context, _ *house, c *grpc.ClientConn) error {
		_, err := ballotsv1.NewBallotRecordServiceClient(c).GetMyVoteProof(ctx, &ballotsv1.GetMyVoteProofRequest{Ballot: "published"})
		return err
	},
	"ListMyVotes": func(ctx context.Context, _ *house, c *grpc.ClientConn) error {
		_, err := ballotsv1.NewBallotRecordServiceClient(c).ListMyVotes(ctx, &ballotsv1.ListMyVotesRequest{})
		return err
	},
	"GetOpenings": func(ctx context.Context, _ *house, c *grpc.ClientConn) error {
		_, err := openings(ctx, c, "published")
		return err
	},
	"ListOfficerActs": func(ctx context.Context, _ *house, c *grpc.ClientConn) error {
		_, err := ballotsv1.NewOfficerActsServiceClient(c).ListOfficerActs(ctx, &ballotsv1.ListOfficerActsRequest{})
		return err
	},
	"OpenBallot": func(ctx context.Context, h *house, c *grpc.ClientConn) error {
		_, err := ballotsv1.NewBallotsRoomsServiceClient(c).OpenBallot(ctx, h.roll("another", 2))
		return err
	},
	"CloseBallot": func(ctx context.Context, _ *house, c *grpc.ClientConn) error {
		_, err := ballotsv1.NewBallotsRoomsServiceClient(c).CloseBallot(ctx, &ballotsv1.CloseBallotRequest{Ballot: "closed"})
		return err
	},
	"PublishBallot": func(ctx context.Context, _ *house, c *grpc.ClientConn) error {
		_, err := ballotsv1.NewBallotsRoomsServiceClient(c).PublishBallot(ctx, &ballotsv1.PublishBallotRequest{Ballot: "closed"})
		return err
	},
}

// TestPermissions calls every method as every caller. "closed" is a ballot that is closed but not published, so that
// each call of the motions room passes and no person's call can.
func TestPermissions(t *testing.T) {
	h := open(t, settings{})
	h.ballot("open", 5)
	h.ballot("closed", 5)
	if _, err := h.motions().CloseBallot(t.Context(), &ballotsv1.CloseBallotRequest{Ballot: "closed"}); err != nil {
		t.Fatal(err)
	}
	h.ballot("published", 5)
	if _, err := h.member(1).CastVote(t.Context(), &ballotsv1.CastVoteRequest{RequestId: request(90), Ballot: "published", Choice: yes}); err != nil {
		t.Fatal(err)
	}
	h.publish("published")
	var methods []string
	for _, service := range []grpc.ServiceDesc{ballotsv1.BallotsService_ServiceDesc, ballotsv1.BallotsRoomsService_ServiceDesc, ballotsv1.OfficerActsService_ServiceDesc,
		ballotsv1.BallotRecordService_ServiceDesc} {
		for _, m := range service.Methods {
			methods = append(methods, m.MethodName)
			if _, ok := h.policy["/"+service.ServiceName+"/"+m.MethodName]; !ok {
				t.Errorf("%s has no policy", m.MethodName)
			}
		}
		for _, m := range service.Streams {
			methods = append(methods, m.StreamName)
			if _, ok := h.policy["/"+service.ServiceName+"/"+m.StreamName]; !ok {
				t.Errorf("%s has no policy", m.StreamName)
			}
		}
	}
	for method := range permissions {
		if !slices.Contains(methods, method) {
			t.Errorf("the table has a row for %s, which is no method", method)
		}
	}
	conns := make([]*grpc.ClientConn, len(callers))
	for i, c := range callers {
		if c.room != "" {
			conns[i] = h.room(c.room)
		} else {
			conns[i] = h.person(c.who)
		}
	}
	for _, method := range methods {
		row := strings.Fields(permissions[method])
		if len(row) != len(callers) || calls[method] == nil {
			t.Errorf("%s has %d answers in the table, want %d, and a call", method, len(row), len(callers))
			continue
		}
		for i, c := range callers {
			got := "yes"
			if err := calls[method](t.Context(), h, conns[i]); err != nil {
				f := fault.Of(rpc.FromStatus(err))
				if f == nil {
					t.Errorf("%s as %s: %v", method, c.name, err)
					continue
				}
				got = f.Reason
				if kind := map[string]fault.Kind{"SIGN_IN": fault.Unauthenticated, "NOT_VOTED": fault.NotFound}[got]; kind == fault.Internal && f.Kind != fault.Denied ||
					kind != fault.Internal && f.Kind != kind {
					t.Errorf("%s as %s: %s came with kind %d", method, c.name, got, f.Kind)
				}
			}
			if got != row[i] {
				t.Errorf("%s as %s: %s, want %s", method, c.name, got, row[i])
			}
		}
	}
}
