package server_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
)

func vote(n int, choice ballotsv1.Choice) *ballotsv1.CastVoteRequest {
	return &ballotsv1.CastVoteRequest{RequestId: request(n), Ballot: "b", Choice: choice}
}

const (
	yes     = ballotsv1.Choice_CHOICE_FOR
	no      = ballotsv1.Choice_CHOICE_AGAINST
	abstain = ballotsv1.Choice_CHOICE_ABSTAIN
)

// TestTheStory walks a ballot through the contract, on every engine.
func TestTheStory(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		h, ctx := open(t, settings{db: db}), t.Context()
		asked := h.roll("b", 5)
		opened, err := h.motions().OpenBallot(ctx, asked)
		if err != nil {
			t.Fatal(err)
		}
		pulls := h.members.asked
		if pulls < 3 {
			t.Errorf("a roll of 5 in pages of 2 was pulled with %d calls", pulls)
		}
		if again, err := h.motions().OpenBallot(ctx, asked); err != nil || !again.GetOpenTime().AsTime().Equal(opened.GetOpenTime().AsTime()) || h.members.asked != pulls {
			t.Errorf("opening again: %v, %v, and %d more calls", again, err, h.members.asked-pulls)
		}

		mine, err := h.member(1).GetMyVote(ctx, &ballotsv1.GetMyVoteRequest{Ballot: "b"})
		if err != nil || !mine.GetOnRoll() || mine.GetReceipt() != nil || mine.GetReason() != "" {
			t.Errorf("before voting: %v, %v", mine, err)
		}
		first, err := h.member(1).CastVote(ctx, vote(1, yes))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := h.member(1).CastVote(ctx, vote(1, yes)); err != nil || !proto.Equal(again, first) {
			t.Errorf("the same request: %v, then %v, %v", first, again, err)
		}
		_, err = h.member(1).CastVote(ctx, vote(1, no))
		want(t, err, codes.InvalidArgument, "REQUEST_ID_REUSED")
		_, err = h.member(1).CastVote(ctx, vote(2, yes))
		refusal := want(t, err, codes.AlreadyExists, "ALREADY_VOTED")
		at, err := time.Parse(time.RFC3339Nano, refusal.Details["cast_time"])
		if err != nil || refusal.Details["receipt"] != first.GetCode() || !at.Equal(first.GetCastTime().AsTime()) {
			t.Errorf("a second vote is refused with %v, the first receipt is %v", refusal.Details, first)
		}
		if mine, err = h.member(1).GetMyVote(ctx, &ballotsv1.GetMyVoteRequest{Ballot: "b"}); err != nil || !proto.Equal(mine.GetReceipt(), first) {
			t.Errorf("after voting: %v, %v", mine, err)
		}

		// Another member's request id is another request.
		if _, err := h.member(2).CastVote(ctx, vote(1, no)); err != nil {
			t.Error(err)
		}
		// The header is the request id.
		if _, err := h.member(3).CastVote(withKey(ctx, request(3)), &ballotsv1.CastVoteRequest{Ballot: "b", Choice: abstain}); err != nil {
			t.Error(err)
		}

		_, err = h.member(9).CastVote(ctx, vote(9, yes))
		refusal = want(t, err, codes.PermissionDenied, "NOT_ON_ROLL")
		if refusal.Details["reason"] != "admitted_after_notice" || refusal.Details["date"] != "2016-10-01" || refusal.Details["contact"] != "secretary@example.org" || refusal.Details["explanation"] == "" {
			t.Errorf("somebody who is not on the roll is told %v", refusal.Details)
		}
		mine, err = h.member(9).GetMyVote(ctx, &ballotsv1.GetMyVoteRequest{Ballot: "b"})
		if err != nil || mine.GetOnRoll() || mine.GetReason() != "admitted_after_notice" || mine.GetDate() != "2016-10-01" || mine.GetContact() == "" || mine.GetExplanation() == "" {
			t.Errorf("somebody who is not on the roll sees %v, %v", mine, err)
		}

		anyone := ballotsv1.NewBallotsServiceClient(h.dial(nil))
		b, err := anyone.GetBallot(ctx, &ballotsv1.GetBallotRequest{Ballot: "b"})
		if err != nil || b.GetTurnout() != 3 || b.GetFigures() != nil || b.GetState() != ballotsv1.BallotState_BALLOT_STATE_OPEN || b.GetElectors() != 5 ||
			b.GetQuestion() != asked.GetQuestion() || b.GetRule() != asked.GetRule() || b.GetRegion() != "midlands" || b.GetPrivacy() != ballots.OpenVote || len(b.GetRollFingerprint()) != 64 {
			t.Errorf("the open ballot: %v, %v", b, err)
		}
		_, err = h.motions().PublishBallot(ctx, &ballotsv1.PublishBallotRequest{Ballot: "b"})
		want(t, err, codes.FailedPrecondition, "BALLOT_OPEN")
		closed, err := h.motions().CloseBallot(ctx, &ballotsv1.CloseBallotRequest{Ballot: "b"})
		figures := &ballotsv1.Figures{VotesFor: 1, VotesAgainst: 1, Abstentions: 1}
		if err != nil || !proto.Equal(closed.GetFigures(), figures) || closed.GetElectors() != 5 {
			t.Fatalf("closed as %v, %v", closed, err)
		}
		if again, err := h.motions().CloseBallot(ctx, &ballotsv1.CloseBallotRequest{Ballot: "b"}); err != nil || !proto.Equal(again, closed) {
			t.Errorf("closing again: %v, %v", again, err)
		}
		_, err = h.member(4).CastVote(ctx, vote(4, yes))
		want(t, err, codes.FailedPrecondition, "BALLOT_CLOSED")
		if again, err := h.member(1).CastVote(ctx, vote(1, yes)); err != nil || !proto.Equal(again, first) {
			t.Errorf("the same request after closing: %v, %v", again, err)
		}
		if b, err = anyone.GetBallot(ctx, &ballotsv1.GetBallotRequest{Ballot: "b"}); err != nil || b.GetFigures() != nil || b.GetTurnout() != 3 || b.GetState() != ballotsv1.BallotState_BALLOT_STATE_CLOSED {
			t.Errorf("the closed ballot: %v, %v", b, err)
		}
		published, err := h.motions().PublishBallot(ctx, &ballotsv1.PublishBallotRequest{Ballot: "b"})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := h.motions().PublishBallot(ctx, &ballotsv1.PublishBallotRequest{Ballot: "b"}); err != nil || !proto.Equal(again, published) {
			t.Errorf("publishing again: %v, %v", again, err)
		}
		if b, err = anyone.GetBallot(ctx, &ballotsv1.GetBallotRequest{Ballot: "b"}); err != nil || !proto.Equal(b.GetFigures(), figures) || b.GetState() != ballotsv1.BallotState_BALLOT_STATE_PUBLISHED ||
			!proto.Equal(b.GetPublishTime(), published.GetPublishTime()) || !proto.Equal(b.GetCloseTime(), closed.GetCloseTime()) {
			t.Errorf("the published ballot: %v, %v", b, err)
		}
		if again, err := h.motions().OpenBallot(ctx, asked); err != nil || !proto.Equal(again, opened) {
			t.Errorf("opening what is published: %v, %v", again, err)
		}

		found, err := anyone.FindReceipt(ctx, &ballotsv1.FindReceiptRequest{Ballot: "b", Code: " " + first.GetCode() + " "})
		if err != nil || !found.GetFound() || !proto.Equal(found.GetCastTime(), first.GetCastTime()) {
			t.Errorf("the receipt: %v, %v", found, err)
		}
		if found, err = anyone.FindReceipt(ctx, &ballotsv1.FindReceiptRequest{Ballot: "b", Code: "2222 2222 2222 2222"}); err != nil || found.GetFound() || found.GetCastTime() != nil {
			t.Errorf("a receipt that nobody has: %v, %v", found, err)
		}
	})
}

func TestWhatIsRefused(t *testing.T) {
	h, ctx := open(t, settings{}), t.Context()
	h.ballot("b", 3)
	anyone := ballotsv1.NewBallotsServiceClient(h.dial(nil))
	call := func(_ any, err error) error { return err }
	for _, c := range []struct {
		name   string
		err    error
		code   codes.Code
		reason string
	}{
		{"no choice", call(h.member(1).CastVote(ctx, vote(1, ballotsv1.Choice_CHOICE_UNSPECIFIED))), codes.InvalidArgument, "CHOICE_NEEDED"},
		{"a choice that is none", call(h.member(1).CastVote(ctx, vote(1, 77))), codes.InvalidArgument, "CHOICE_NEEDED"},
		{"no request id", call(h.member(1).CastVote(ctx, &ballotsv1.CastVoteRequest{Ballot: "b", Choice: yes})), codes.InvalidArgument, "REQUEST_ID_NEEDED"},
		{"two request ids", call(h.member(1).CastVote(withKey(ctx, request(2)), vote(1, yes))), codes.InvalidArgument, "HEADER_DIFFERS"},
		{"a ballot that is none", call(h.member(1).CastVote(ctx, &ballotsv1.CastVoteRequest{RequestId: request(1), Ballot: "x", Choice: yes})), codes.NotFound, "BALLOT_NOT_FOUND"},
		{"another ballot's page", call(anyone.GetBallot(ctx, &ballotsv1.GetBallotRequest{Ballot: "x"})), codes.NotFound, "BALLOT_NOT_FOUND"},
		{"my vote in no ballot", call(h.member(1).GetMyVote(ctx, &ballotsv1.GetMyVoteRequest{Ballot: "x"})), codes.NotFound, "BALLOT_NOT_FOUND"},
		{"a receipt in no ballot", call(anyone.FindReceipt(ctx, &ballotsv1.FindReceiptRequest{Ballot: "x", Code: "2222-2222-2222-2222"})), codes.NotFound, "BALLOT_NOT_FOUND"},
		{"no receipt", call(anyone.FindReceipt(ctx, &ballotsv1.FindReceiptRequest{Ballot: "b", Code: "O000"})), codes.InvalidArgument, "RECEIPT_FORM"},
		{"a page of -1", call(anyone.ListBallots(ctx, &ballotsv1.ListBallotsRequest{PageSize: -1})), codes.InvalidArgument, "PAGE_SIZE"},
		{"a page token", call(anyone.ListBallots(ctx, &ballotsv1.ListBallotsRequest{PageToken: "???"})), codes.InvalidArgument, "PAGE_TOKEN"},
		{"closing nothing", call(h.motions().CloseBallot(ctx, &ballotsv1.CloseBallotRequest{Ballot: "x"})), codes.NotFound, "BALLOT_NOT_FOUND"},
		{"publishing nothing", call(h.motions().PublishBallot(ctx, &ballotsv1.PublishBallotRequest{Ballot: "x"})), codes.NotFound, "BALLOT_NOT_FOUND"},
	} {
		t.Run(c.name, func(t *testing.T) { want(t, c.err, c.code, c.reason) })
	}
}

// TestARollThatIsNotTheOne is not opened with, and nothing is left of the attempt.
func TestARollThatIsNotTheOne(t *testing.T) {
	h, ctx := open(t, settings{}), t.Context()
	for name, spoil := range map[string]func(*ballotsv1.OpenBallotRequest){
		"count":       func(r *ballotsv1.OpenBallotRequest) { r.RollCount++ },
		"fewer":       func(r *ballotsv1.OpenBallotRequest) { r.RollCount-- },
		"fingerprint": func(r *ballotsv1.OpenBallotRequest) { r.RollFingerprint[0] ^= 1 },
	} {
		r := h.roll("b", 5)
		spoil(r)
		_, err := h.motions().OpenBallot(ctx, r)
		want(t, err, codes.FailedPrecondition, "ROLL_DIFFERS")
		if _, err := ballotsv1.NewBallotsServiceClient(h.dial(nil)).GetBallot(ctx, &ballotsv1.GetBallotRequest{Ballot: "b"}); err == nil {
			t.Fatalf("another %s: the ballot is there", name)
		}
	}
	r := h.roll("b", 5)
	r.Roll = "no-such-roll"
	_, err := h.motions().OpenBallot(ctx, r)
	want(t, err, codes.NotFound, "ROLL_NOT_FOUND")
	r = h.roll("b", 5)
	r.Question = ""
	_, err = h.motions().OpenBallot(ctx, r)
	want(t, err, codes.InvalidArgument, "FIELD_NEEDED")
	h.members.down = true
	_, err = h.motions().OpenBallot(ctx, h.roll("b", 5))
	want(t, err, codes.Unavailable, "ROOM_UNAVAILABLE")
	h.members.down = false
	if _, err := h.motions().OpenBallot(ctx, h.roll("b", 5)); err != nil {
		t.Fatal(err)
	}
	other := h.roll("b", 5)
	other.Question = "Something else?"
	_, err = h.motions().OpenBallot(ctx, other)
	want(t, err, codes.FailedPrecondition, "BALLOT_DIFFERS")
}

// TestMembershipDown: electors vote without it; somebody who is not on the roll is refused all the same.
func TestMembershipDown(t *testing.T) {
	h, ctx := open(t, settings{}), t.Context()
	h.ballot("b", 3)
	h.members.down = true
	if _, err := h.member(1).CastVote(ctx, vote(1, yes)); err != nil {
		t.Error(err)
	}
	_, err := h.member(9).CastVote(ctx, vote(1, yes))
	want(t, err, codes.PermissionDenied, "NOT_ON_ROLL")
}

func TestPages(t *testing.T) {
	h, ctx := open(t, settings{}), t.Context()
	for _, id := range []string{"b1", "b2", "b3", "b4", "b5"} {
		r := h.roll(id, 2)
		if id == "b3" {
			r.Meeting = "meeting-2"
		}
		if _, err := h.motions().OpenBallot(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	anyone := ballotsv1.NewBallotsServiceClient(h.dial(nil))
	walk := func(r *ballotsv1.ListBallotsRequest) (ids []string) {
		for range 10 {
			page, err := anyone.ListBallots(ctx, r)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range page.GetBallots() {
				ids = append(ids, b.GetId())
			}
			if len(page.GetBallots()) > int(r.GetPageSize()) && r.GetPageSize() > 0 {
				t.Errorf("a page of %d", len(page.GetBallots()))
			}
			if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
				return ids
			}
		}
		t.Fatal("pages without end")
		return nil
	}
	same := func(got []string, want ...string) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("got %v, want %v", got, want)
			}
		}
	}
	same(walk(&ballotsv1.ListBallotsRequest{}), "b5", "b4", "b3", "b2", "b1")
	same(walk(&ballotsv1.ListBallotsRequest{PageSize: 2}), "b5", "b4", "b3", "b2", "b1")
	same(walk(&ballotsv1.ListBallotsRequest{PageSize: 5}), "b5", "b4", "b3", "b2", "b1")
	same(walk(&ballotsv1.ListBallotsRequest{PageSize: 2, Meeting: "meeting-1"}), "b5", "b4", "b2", "b1")
	same(walk(&ballotsv1.ListBallotsRequest{Meeting: "meeting-2"}), "b3")
	same(walk(&ballotsv1.ListBallotsRequest{Meeting: "meeting-3"}))
	page, err := anyone.ListBallots(ctx, &ballotsv1.ListBallotsRequest{PageSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	_, err = anyone.ListBallots(ctx, &ballotsv1.ListBallotsRequest{PageToken: page.GetNextPageToken(), Meeting: "meeting-1"})
	want(t, err, codes.InvalidArgument, "PAGE_TOKEN")
}

// TestAFullQueue answers 429 with a time to try again, through the contract.
func TestAFullQueue(t *testing.T) {
	h := open(t, settings{queue: 1, idle: true})
	h.ballot("b", 3)
	waiting, leave := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = h.member(1).CastVote(waiting, vote(1, yes)) })
	var err error
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		_, err = ballotsv1.NewBallotsServiceClient(h.person(auth.Principal{Member: memberNo(2)})).CastVote(short, vote(2, yes))
		waited := short.Err() != nil
		cancel()
		if !waited {
			break
		}
	}
	f := want(t, err, codes.ResourceExhausted, "TOO_MANY_VOTES_AT_ONCE")
	if f.RetryAfter != time.Second {
		t.Errorf("try again after %v", f.RetryAfter)
	}
	leave()
	wg.Wait()
}
