package server_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
)

// seen is every byte that anyone but the motions room can read of a ballot: each read, and each refusal, as each caller.
func (h *house) seen(ctx context.Context, receipts []string) []byte {
	var b bytes.Buffer
	note := func(who, what string, m proto.Message, err error) {
		raw, encoding := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if encoding != nil {
			h.t.Fatal(encoding)
		}
		fmt.Fprintf(&b, "%s %s %x", who, what, raw)
		if err != nil {
			raw, encoding = proto.MarshalOptions{Deterministic: true}.Marshal(status.Convert(err).Proto())
			if encoding != nil {
				h.t.Fatal(encoding)
			}
			fmt.Fprintf(&b, " %x", raw)
		}
		b.WriteByte('\n')
	}
	for _, c := range callers {
		if c.room == auth.Motions {
			continue
		}
		var conn *grpc.ClientConn
		if c.room != "" {
			conn = h.room(c.room)
		} else {
			conn = h.person(c.who)
		}
		client := ballotsv1.NewBallotsServiceClient(conn)
		list, err := client.ListBallots(ctx, &ballotsv1.ListBallotsRequest{})
		note(c.name, "list", list, err)
		one, err := client.GetBallot(ctx, &ballotsv1.GetBallotRequest{Ballot: "b"})
		note(c.name, "get", one, err)
		mine, err := client.GetMyVote(ctx, &ballotsv1.GetMyVoteRequest{Ballot: "b"})
		note(c.name, "mine", mine, err)
		second, err := client.CastVote(ctx, vote(77, abstain))
		note(c.name, "second vote", second, err)
		for _, r := range receipts {
			found, err := client.FindReceipt(ctx, &ballotsv1.FindReceiptRequest{Ballot: "b", Code: r})
			note(c.name, "receipt", found, err)
		}
		h.seenOfRecord(ctx, conn, func(what string, m proto.Message, err error) { note(c.name, what, m, err) })
		rooms := ballotsv1.NewBallotsRoomsServiceClient(conn)
		closed, err := rooms.CloseBallot(ctx, &ballotsv1.CloseBallotRequest{Ballot: "b"})
		note(c.name, "close", closed, err)
	}
	return b.Bytes()
}

// TestNothingButTurnoutShowsBeforePublication holds the same ballot in two houses with the same clock and the same randomness, in
// which everyone votes at the same instant and differently. Before publication every byte is the same; after it, not.
func TestNothingButTurnoutShowsBeforePublication(t *testing.T) {
	type look struct{ open, closed, published []byte }
	hold := func(first, second ballotsv1.Choice) (l look) {
		now := time.Date(2016, 10, 29, 11, 0, 0, 0, time.UTC)
		h, ctx := open(t, settings{random: &counter{}, now: func() time.Time { return now }}), t.Context()
		h.ballot("b", 4)
		var receipts []string
		for n, choice := range []ballotsv1.Choice{first, second} {
			r, err := h.member(n+1).CastVote(ctx, vote(n+1, choice))
			if err != nil {
				t.Fatal(err)
			}
			receipts = append(receipts, r.GetCode())
		}
		l.open = h.seen(ctx, receipts)
		if _, err := h.motions().CloseBallot(ctx, &ballotsv1.CloseBallotRequest{Ballot: "b"}); err != nil {
			t.Fatal(err)
		}
		l.closed = h.seen(ctx, receipts)
		if _, err := h.motions().PublishBallot(ctx, &ballotsv1.PublishBallotRequest{Ballot: "b"}); err != nil {
			t.Fatal(err)
		}
		l.published = h.seen(ctx, receipts)
		return l
	}
	one, other := hold(yes, yes), hold(no, abstain)
	if !bytes.Equal(one.open, other.open) {
		t.Errorf("while it is open two ballots differ in what is shown:\n%s\n%s", one.open, other.open)
	}
	if !bytes.Equal(one.closed, other.closed) {
		t.Errorf("before publication two ballots differ in what is shown:\n%s\n%s", one.closed, other.closed)
	}
	if bytes.Equal(one.published, other.published) {
		t.Error("after publication nothing differs: this test sees nothing")
	}
}
