package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
)

func TestWhoMayCall(t *testing.T) {
	h := newHouse(t)
	edge, room, other := h.edge(t), h.dial(t, auth.Membership), h.dial(t, auth.Ballots)
	write := &ledgerv1.RecordDonationRequest{RequestId: requestID}
	code := func(err error) (codes.Code, string) {
		if f := fault.Of(err); f != nil { // A room gets the fault back.
			return map[fault.Kind]codes.Code{fault.Denied: codes.PermissionDenied, fault.Unauthenticated: codes.Unauthenticated}[f.Kind], f.Reason
		}
		st, reason := status.Convert(err), ""
		for _, d := range st.Details() {
			if info, ok := d.(*errdetails.ErrorInfo); ok {
				reason = info.GetReason()
			}
		}
		return st.Code(), reason
	}
	donation := func(ctx context.Context, c *grpc.ClientConn) error {
		_, err := ledgerv1.NewLedgerServiceClient(c).RecordDonation(ctx, write)
		return err
	}
	head := func(ctx context.Context, c *grpc.ClientConn) error {
		_, err := ledgerv1.NewLedgerRoomsServiceClient(c).GetHead(ctx, &ledgerv1.GetHeadRequest{})
		return err
	}
	trial := func(ctx context.Context, c *grpc.ClientConn) error {
		_, err := ledgerv1.NewLedgerServiceClient(c).GetTrialBalance(ctx, &ledgerv1.GetTrialBalanceRequest{})
		return err
	}
	export := func(ctx context.Context, c *grpc.ClientConn) error {
		s, err := ledgerv1.NewLedgerServiceClient(c).Export(ctx, &ledgerv1.ExportRequest{})
		if err == nil {
			if _, err = s.Recv(); err != nil && err.Error() == "EOF" {
				err = nil
			}
		}
		return err
	}
	open := func(ctx context.Context, c *grpc.ClientConn) error {
		_, err := motionsv1.NewMotionsServiceClient(c).OpenMeeting(ctx, &motionsv1.OpenMeetingRequest{RequestId: requestID})
		return err
	}
	fresh := chair
	fresh.Authenticated = h.now.Add(-time.Hour)
	old := chair
	old.Authenticated = h.now.Add(-time.Hour - time.Second)
	spoilt := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer nonsense")
	for _, c := range []struct {
		name   string
		call   func(context.Context, *grpc.ClientConn) error
		ctx    context.Context
		conn   *grpc.ClientConn
		code   codes.Code
		reason string
	}{
		{"the treasurer writes", donation, h.as(t, treasurer), edge, codes.OK, ""},
		{"the chair does not", donation, h.as(t, chair), edge, codes.PermissionDenied, "ROLE_NEEDED"},
		{"nor does nobody", donation, t.Context(), edge, codes.Unauthenticated, "SIGN_IN"},
		{"nor does a room", donation, t.Context(), room, codes.PermissionDenied, "ROOM_NOT_ALLOWED"},
		{"nor does a spoilt token", donation, spoilt, edge, codes.Unauthenticated, "TOKEN_REFUSED"},
		{"the room asks", head, t.Context(), room, codes.OK, ""},
		{"another room does not", head, t.Context(), other, codes.PermissionDenied, "ROOM_NOT_ALLOWED"},
		{"nor does the treasurer", head, h.as(t, treasurer), edge, codes.PermissionDenied, "ROOMS_ONLY"},
		{"nor does nobody", head, t.Context(), edge, codes.PermissionDenied, "ROOMS_ONLY"},
		{"anyone streams", export, t.Context(), edge, codes.OK, ""},
		{"but not with a spoilt token", export, spoilt, edge, codes.Unauthenticated, "TOKEN_REFUSED"},
		{"nor does a room", export, t.Context(), room, codes.PermissionDenied, "ROOM_NOT_ALLOWED"},
		{"a method without a policy, anonymous", trial, t.Context(), edge, codes.PermissionDenied, "NO_POLICY"},
		{"a method without a policy, treasurer", trial, h.as(t, treasurer), edge, codes.PermissionDenied, "NO_POLICY"},
		{"a method without a policy, room", trial, t.Context(), room, codes.PermissionDenied, "NO_POLICY"},
		{"a fresh sign-in", open, h.as(t, fresh), edge, codes.OK, ""},
		{"an old one", open, h.as(t, old), edge, codes.Unauthenticated, "FRESH_SIGN_IN"},
		{"one of unknown age", open, h.as(t, chair), edge, codes.Unauthenticated, "FRESH_SIGN_IN"},
	} {
		ran := false
		h.do = func(context.Context, any) error { ran = true; return nil }
		gotCode, gotReason := code(c.call(c.ctx, c.conn))
		if gotCode != c.code || gotReason != c.reason {
			t.Errorf("%s: %v %q, want %v %q", c.name, gotCode, gotReason, c.code, c.reason)
		}
		if ran != (c.code == codes.OK) {
			t.Errorf("%s: the method ran: %v", c.name, ran)
		}
	}
}

func TestASessionThatEndedAndAListThatIsStale(t *testing.T) {
	h := newHouse(t)
	edge := ledgerv1.NewLedgerServiceClient(h.edge(t))
	room := ledgerv1.NewLedgerRoomsServiceClient(h.dial(t, auth.Membership))
	write := func() error {
		_, err := edge.RecordDonation(h.as(t, treasurer), &ledgerv1.RecordDonationRequest{RequestId: requestID})
		return err
	}
	read := func(p auth.Principal) error {
		_, err := edge.ListEntries(h.as(t, p), &ledgerv1.ListEntriesRequest{})
		return err
	}
	if err := errors.Join(write(), read(treasurer)); err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(61 * time.Second)
	want(t, write(), codes.Unavailable, "REVOCATIONS_STALE")
	if err := read(treasurer); err != nil {
		t.Errorf("a read with a stale list: %v", err)
	}
	if _, err := room.GetHead(t.Context(), &ledgerv1.GetHeadRequest{}); err != nil {
		t.Errorf("a room with a stale list: %v", err)
	}
	h.ended = []string{treasurer.Session}
	if err := h.revoked.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, write(), codes.Unauthenticated, "SESSION_ENDED")
	want(t, read(treasurer), codes.Unauthenticated, "SESSION_ENDED")
	if err := read(chair); err != nil {
		t.Errorf("another session: %v", err)
	}
}

func TestHeadersFillTheRequest(t *testing.T) {
	h := newHouse(t)
	c := motionsv1.NewMotionsServiceClient(h.edge(t))
	p := chair
	p.Authenticated = h.now
	const other = "0f0e0d0c-0000-4000-8000-000000000002"
	for _, tc := range []struct {
		name     string
		headers  []string
		id, etag string
		wantID   string
		wantETag string
		reason   string
	}{
		{"fields", nil, requestID, "e1", requestID, "e1", ""},
		{"headers", []string{"idempotency-key", requestID, "if-match", `"e1"`}, "", "", requestID, "e1", ""},
		{"quoted key", []string{"idempotency-key", `"` + requestID + `"`}, "", "", requestID, "", ""},
		{"both, the same", []string{"idempotency-key", requestID, "if-match", "e1"}, requestID, "e1", requestID, "e1", ""},
		{"two request ids", []string{"idempotency-key", other}, requestID, "", "", "", "HEADER_DIFFERS"},
		{"two etags", []string{"if-match", `"e2"`}, requestID, "e1", "", "", "HEADER_DIFFERS"},
		{"no request id", nil, "", "e1", "", "", "REQUEST_ID_NEEDED"},
		{"an empty header", []string{"idempotency-key", ""}, "", "", "", "", "REQUEST_ID_NEEDED"},
		{"a short one", []string{"idempotency-key", "1234567"}, "", "", "", "", "REQUEST_ID_NEEDED"},
		{"a long one", nil, strings.Repeat("a", 65), "", "", "", "REQUEST_ID_NEEDED"},
		{"odd characters", nil, "'; DROP TABLE x", "", "", "", "REQUEST_ID_NEEDED"},
	} {
		var got *motionsv1.OpenMeetingRequest
		h.do = func(_ context.Context, r any) error { got = r.(*motionsv1.OpenMeetingRequest); return nil }
		_, err := c.OpenMeeting(h.as(t, p, tc.headers...), &motionsv1.OpenMeetingRequest{RequestId: tc.id, Etag: tc.etag})
		if tc.reason != "" {
			want(t, err, codes.InvalidArgument, tc.reason)
			if got != nil {
				t.Errorf("%s: the method ran", tc.name)
			}
			continue
		}
		if err != nil || got.GetRequestId() != tc.wantID || got.GetEtag() != tc.wantETag {
			t.Errorf("%s: %v, %v", tc.name, got, err)
		}
	}
	// A method that only reads needs none.
	h.do = func(context.Context, any) error { return nil }
	if _, err := ledgerv1.NewLedgerServiceClient(h.edge(t)).ListEntries(t.Context(), &ledgerv1.ListEntriesRequest{}); err != nil {
		t.Error(err)
	}
}

func TestCheckETag(t *testing.T) {
	for given, reason := range map[string]string{"now": "", "": rpc.ReasonETagMissing, "before": rpc.ReasonETagMismatch, "*": rpc.ReasonETagMismatch} {
		err := rpc.CheckETag(given, "now")
		if (reason == "") != (err == nil) || reason != "" && (!fault.Is(err, reason) || fault.Of(err).Kind != fault.Conflict) {
			t.Errorf("%q: %v, want %q", given, err, reason)
		}
	}
}

func TestOnceTellsRequestsApart(t *testing.T) {
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	once := func(p auth.Principal, pence int64) (key string, hash []byte) {
		r, err := rpc.Once(auth.NewContext(t.Context(), p), "M", now, &ledgerv1.RecordDonationRequest{RequestId: requestID, AmountPence: pence})
		if err != nil || r.Method != "M" || r.ID != requestID || !r.At.Equal(now) || len(r.Hash) != 32 {
			t.Errorf("%+v, %v", r, err)
		}
		return r.Principal, r.Hash
	}
	who, hash := once(treasurer, 100)
	if again, same := once(treasurer, 100); again != who || !bytes.Equal(same, hash) {
		t.Error("the same request differs")
	}
	if _, other := once(treasurer, 101); bytes.Equal(other, hash) {
		t.Error("another content has the same hash")
	}
	keys := map[string]bool{}
	for _, p := range []auth.Principal{treasurer, chair, {}, {Room: auth.Ledger}, {Member: auth.Ledger}} {
		key, _ := once(p, 100)
		keys[key] = true
	}
	if len(keys) != 5 {
		t.Errorf("five callers have the keys %v", keys)
	}
	reply, err := rpc.Reply(&ledgerv1.Entry{}, []byte{0xff}, nil)
	if err == nil {
		t.Errorf("a spoilt reply was read as %v", reply)
	}
	if reply, err := rpc.Reply(&ledgerv1.Entry{}, nil, fault.New(fault.Denied, "NO", "No.")); reply != nil || !fault.Is(err, "NO") {
		t.Errorf("a refusal became %v, %v", reply, err)
	}
}
