package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
)

func TestAFaultCrossesWhole(t *testing.T) {
	h := newHouse(t)
	room := ledgerv1.NewLedgerRoomsServiceClient(h.dial(t, auth.Membership))
	edge := ledgerv1.NewLedgerServiceClient(h.edge(t))
	for kind, code := range map[fault.Kind]codes.Code{
		fault.Internal: codes.Internal, fault.Invalid: codes.InvalidArgument, fault.NotFound: codes.NotFound, fault.Exists: codes.AlreadyExists,
		fault.Conflict: codes.FailedPrecondition, fault.Denied: codes.PermissionDenied, fault.Unauthenticated: codes.Unauthenticated,
		fault.Exhausted: codes.ResourceExhausted, fault.Unavailable: codes.Unavailable,
	} {
		for _, f := range []*fault.Fault{
			fault.New(kind, "SOME_REASON", "Ein Satz, a sentence – £."),
			fault.New(kind, "SOME_REASON", "x", fault.Violation{Field: "a", Message: "b"}, fault.Violation{Field: "c.d[1]", Message: "é"}).With("k", "v").With("l", "w").After(90 * time.Second),
		} {
			h.do = func(context.Context, any) error { return fmt.Errorf("store: %w", f) }
			_, err := room.GetHead(t.Context(), &ledgerv1.GetHeadRequest{})
			if d := cmp.Diff(f, fault.Of(err)); d != "" {
				t.Errorf("kind %d between rooms:\n%s", kind, d)
			}
			_, err = edge.ListEntries(t.Context(), &ledgerv1.ListEntriesRequest{})
			want(t, err, code, "SOME_REASON")
			if status.Convert(err).Message() != f.Message {
				t.Errorf("the message became %q", status.Convert(err).Message())
			}
		}
	}
}

func TestWhatIsNoFaultShowsOnlyAnID(t *testing.T) {
	const secret = "row of ada@example.org"
	h := newHouse(t)
	edge := ledgerv1.NewLedgerServiceClient(h.edge(t))
	call := func() error {
		_, err := edge.ListEntries(t.Context(), &ledgerv1.ListEntriesRequest{})
		return err
	}
	stream := func() error {
		s, err := edge.Export(t.Context(), &ledgerv1.ExportRequest{})
		if err == nil {
			_, err = s.Recv()
		}
		return err
	}
	for name, c := range map[string]struct {
		do     func(context.Context, any) error
		call   func() error
		code   codes.Code
		reason string
		logged bool
	}{
		"an error":             {func(context.Context, any) error { return errors.New(secret) }, call, codes.Internal, "INTERNAL", true},
		"a panic":              {func(context.Context, any) error { panic(secret) }, call, codes.Internal, "INTERNAL", true},
		"an error of a stream": {func(context.Context, any) error { return errors.New(secret) }, stream, codes.Internal, "INTERNAL", true},
		"a panic of a stream":  {func(context.Context, any) error { panic(secret) }, stream, codes.Internal, "INTERNAL", true},
		"a status of another":  {func(context.Context, any) error { return status.Error(codes.NotFound, secret) }, call, codes.Internal, "INTERNAL", true},
		"a deadline":           {func(context.Context, any) error { return fmt.Errorf("%s: %w", secret, context.DeadlineExceeded) }, call, codes.DeadlineExceeded, "", false},
		"a cancellation":       {func(context.Context, any) error { return fmt.Errorf("%s: %w", secret, context.Canceled) }, call, codes.Canceled, "", false},
		"an unknown outcome": {func(context.Context, any) error {
			return fmt.Errorf("%w: %s: %w", database.ErrUnknownOutcome, secret, context.Canceled)
		}, call, codes.Unavailable, "OUTCOME_UNKNOWN", true},
		"too many at once":      {func(context.Context, any) error { return fmt.Errorf("%w: %s", database.ErrBusy, secret) }, call, codes.Unavailable, "BUSY", true},
		"a panic with an error": {func(context.Context, any) error { panic(fault.New(fault.Denied, "X", secret)) }, call, codes.Internal, "INTERNAL", true},
		"an index out of range": {func(context.Context, any) error { return []error{nil}[len(secret)] }, call, codes.Internal, "INTERNAL", true},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(h.logged())
			h.do = c.do
			err := c.call()
			want(t, err, c.code, c.reason)
			if strings.Contains(fmt.Sprint(status.Convert(err).Proto()), "ada@") {
				t.Errorf("the caller is told %v", err)
			}
			lines := h.logged()[before:]
			if c.reason == "INTERNAL" {
				id := ""
				for _, d := range status.Convert(err).Details() {
					if info, ok := d.(*errdetails.ErrorInfo); ok {
						id = info.GetMetadata()["error_id"]
					}
				}
				if id == "" || !strings.Contains(err.Error(), id) || !strings.Contains(lines, id) {
					t.Errorf("the id %q is not in the message and in the log:\n%s", id, lines)
				}
			}
			if c.logged && !strings.Contains(lines, `"error"`) {
				t.Errorf("the error is not in the log:\n%s", lines)
			}
		})
	}
	h.do = func(context.Context, any) error { return nil }
	if err := call(); err != nil {
		t.Errorf("after the panics: %v", err)
	}
}

func TestALogLineNamesNobody(t *testing.T) {
	h := newHouse(t)
	edge := ledgerv1.NewLedgerServiceClient(h.edge(t))
	room := ledgerv1.NewLedgerRoomsServiceClient(h.dial(t, auth.Membership))
	ctx := h.as(t, treasurer)
	request := &ledgerv1.RecordDonationRequest{RequestId: requestID, Member: "member-giver", Reference: "ADA LOVELACE", AmountPence: 123456, OccurDate: "2026-11-20"}
	calls := 0
	for _, err := range []error{nil, fault.Field("BAD", "member", "member-giver is not there").With("who", "member-giver"), context.Canceled} {
		h.do = func(context.Context, any) error { return err }
		if _, got := edge.RecordDonation(ctx, request); (got == nil) != (err == nil) {
			t.Errorf("%v became %v", err, got)
		}
		calls++
	}
	if _, err := edge.RecordDonation(h.as(t, chair), request); err == nil {
		t.Error("the chair recorded a donation")
	}
	if _, err := edge.RecordDonation(metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+h.token(t, treasurer)[1:]), request); err == nil {
		t.Error("a spoilt token was accepted")
	}
	h.do = func(context.Context, any) error { return nil }
	if _, err := edge.ListEntries(t.Context(), &ledgerv1.ListEntriesRequest{}); err != nil {
		t.Error(err)
	}
	if _, err := room.GetHead(t.Context(), &ledgerv1.GetHeadRequest{}); err != nil {
		t.Error(err)
	}
	calls += 4
	log := h.logged()
	if n := strings.Count(log, `"msg":"call"`); n != calls {
		t.Errorf("%d lines for %d calls:\n%s", n, calls, log)
	}
	for _, private := range []string{"member-", "session-", "ADA", "LOVELACE", "123456", "2026-11-20", requestID, "eyJ", "Bearer"} {
		if strings.Contains(log, private) {
			t.Errorf("the log holds %q:\n%s", private, log)
		}
	}
	for _, public := range []string{`"caller":"member"`, `"caller":"anonymous"`, `"caller":"membership"`, `"reason":"BAD"`, `"reason":"ROLE_NEEDED"`, `"reason":"TOKEN_REFUSED"`, ledgerv1.LedgerService_RecordDonation_FullMethodName} {
		if !strings.Contains(log, public) {
			t.Errorf("the log does not hold %q:\n%s", public, log)
		}
	}
}

func TestEveryCallHasADeadline(t *testing.T) {
	h := newHouse(t)
	edge := ledgerv1.NewLedgerServiceClient(h.edge(t))
	room := ledgerv1.NewLedgerRoomsServiceClient(h.dial(t, auth.Membership))
	var left time.Duration
	h.do = func(ctx context.Context, _ any) error {
		left = 0
		if d, ok := ctx.Deadline(); ok {
			left = time.Until(d)
		}
		return nil
	}
	short, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for name, c := range map[string]struct {
		call func() error
		most time.Duration
	}{
		"a caller without one": {func() error { _, err := edge.ListEntries(t.Context(), &ledgerv1.ListEntriesRequest{}); return err }, rpc.DefaultDeadline},
		"a room without one":   {func() error { _, err := room.GetHead(t.Context(), &ledgerv1.GetHeadRequest{}); return err }, rpc.DefaultDeadline},
		"a caller with one":    {func() error { _, err := edge.ListEntries(short, &ledgerv1.ListEntriesRequest{}); return err }, 5 * time.Second},
		"a room with one":      {func() error { _, err := room.GetHead(short, &ledgerv1.GetHeadRequest{}); return err }, 5 * time.Second},
	} {
		if err := c.call(); err != nil || left <= 0 || left > c.most {
			t.Errorf("%s: %v are left of %v, %v", name, left, c.most, err)
		}
	}
	h.do = func(ctx context.Context, _ any) error { <-ctx.Done(); return ctx.Err() }
	over, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := edge.ListEntries(over, &ledgerv1.ListEntriesRequest{}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("after the deadline: %v", err)
	}
	// A room is told in a fault, which it may hand on.
	over, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := room.GetHead(over, &ledgerv1.GetHeadRequest{}); !fault.Is(err, "ROOM_UNAVAILABLE") {
		t.Errorf("after the deadline, to a room: %v", err)
	}
}

func TestATraceGoesThroughAllRooms(t *testing.T) {
	first, second := newHouse(t), newHouse(t)
	onward := ledgerv1.NewLedgerRoomsServiceClient(second.dial(t, auth.Membership))
	var here, there string
	second.do = func(ctx context.Context, _ any) error { there = rpc.Trace(ctx); return nil }
	first.do = func(ctx context.Context, _ any) error {
		here = rpc.Trace(ctx)
		_, err := onward.GetHead(ctx, &ledgerv1.GetHeadRequest{})
		return err
	}
	edge := ledgerv1.NewLedgerServiceClient(first.edge(t))
	for sent, kept := range map[string]bool{"trace-of-the-edge": true, "": false, "x": false, "<script>alert(1)</script>": false} {
		ctx := t.Context()
		if sent != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, rpc.HeaderTrace, sent)
		}
		if _, err := edge.ListEntries(ctx, &ledgerv1.ListEntriesRequest{}); err != nil {
			t.Fatal(err)
		}
		if here == "" || here != there || (here == sent) != kept {
			t.Errorf("sent %q, the first room says %q, the second %q", sent, here, there)
		}
		if !strings.Contains(first.logged(), here) || !strings.Contains(second.logged(), here) {
			t.Errorf("the trace %q is not in both logs", here)
		}
	}
}
