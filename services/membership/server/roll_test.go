package server

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/membership"
)

func (h *house) freeze(purpose string, notice time.Time) (*membershipv1.Roll, error) {
	return h.as(auth.Motions).FreezeRoll(context.Background(), &membershipv1.FreezeRollRequest{
		Purpose: purpose, NoticeTime: timestamppb.New(notice), DonationRequired: true, RuleBook: 1,
	})
}

// TestTheBarrier: a £1 that the ledger had booked when the roll was asked for is on it, though it arrives
// while the freeze waits.
func TestTheBarrier(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	asked := make(chan struct{})
	h.ledger.mu.Lock()
	h.ledger.head, h.ledger.asked = 1, asked
	h.ledger.mu.Unlock()
	type answer struct {
		roll *membershipv1.Roll
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		roll, err := h.freeze("one", h.clock.Now())
		done <- answer{roll, err}
	}()
	<-asked
	select {
	case a := <-done:
		t.Fatalf("it did not wait: %v, %v", a.roll, a.err)
	case <-time.After(100 * time.Millisecond):
	}
	h.settle(secretary.id)
	a := <-done
	if a.err != nil || a.roll.GetCount() != 1 {
		t.Errorf("%v, %v; want the secretary on it", a.roll, a.err)
	}
}

// TestTheBarrierIsBounded: where the ledger's event does not arrive, nothing is frozen and the caller is told so.
func TestTheBarrierIsBounded(t *testing.T) {
	h := open(t)
	h.found()
	h.server.barrier = 50 * time.Millisecond
	h.ledger.head = 1
	_, err := h.freeze("one", h.clock.Now())
	refused(t, err, codes.Unavailable, "LEDGER_BEHIND")
	if fault.Of(err).RetryAfter <= 0 {
		t.Error("it does not say when to try again")
	}
	h.ledger.head = 0
	if roll, err := h.freeze("one", h.clock.Now()); err != nil || roll.GetCount() != 0 {
		t.Errorf("%v, %v", roll, err)
	}
}

func TestFreezingTwice(t *testing.T) {
	h := open(t)
	secretary, treasurer, _ := h.found()
	h.settle(secretary.id)
	notice := h.clock.Now()
	first, err := h.freeze("one", notice)
	if err != nil || first.GetCount() != 1 {
		t.Fatalf("%v, %v", first, err)
	}
	h.settle(treasurer.id)
	h.clock.pass(time.Hour)
	again, err := h.freeze("one", notice)
	if err != nil || again.GetId() != first.GetId() || string(again.GetFingerprint()) != string(first.GetFingerprint()) || !again.GetFreezeTime().AsTime().Equal(first.GetFreezeTime().AsTime()) {
		t.Errorf("%v, %v; want %v", again, err, first)
	}
	_, err = h.freeze("one", notice.Add(time.Minute))
	refused(t, err, codes.FailedPrecondition, "ROLL_DIFFERS")
	if another, err := h.freeze("another", h.clock.Now()); err != nil || another.GetCount() != 2 || another.GetId() == first.GetId() {
		t.Errorf("%v, %v", another, err)
	}
	_, err = h.freeze("", notice)
	refused(t, err, codes.InvalidArgument, "ROLL_INVALID")
	_, err = h.freeze("tomorrow", h.clock.Now().Add(time.Hour))
	refused(t, err, codes.InvalidArgument, "ROLL_INVALID")
	_, err = h.as(auth.Motions).FreezeRoll(context.Background(), &membershipv1.FreezeRollRequest{Purpose: "no notice"})
	refused(t, err, codes.InvalidArgument, "ROLL_INVALID")
	for _, r := range []*membershipv1.ListRollEntriesRequest{{Roll: "nothing"}, {Roll: "\x01"}, {}} {
		_, err = h.as(auth.Ballots).ListRollEntries(context.Background(), r)
		refused(t, err, codes.NotFound, "ROLL_NOT_FOUND")
	}
	_, err = h.as(auth.Ballots).ListRollEntries(context.Background(), &membershipv1.ListRollEntriesRequest{Roll: first.GetId(), Limit: -1})
	refused(t, err, codes.InvalidArgument, "PAGE_SIZE")
	_, err = h.as(auth.Ballots).ExplainRoll(context.Background(), &membershipv1.ExplainRollRequest{Roll: "nothing", Member: secretary.id})
	refused(t, err, codes.NotFound, "ROLL_NOT_FOUND")
	why, err := h.as(auth.Ballots).ExplainRoll(context.Background(), &membershipv1.ExplainRollRequest{Roll: first.GetId(), Member: "nobody"})
	if err != nil || why.GetOnRoll() || why.GetReason() != membership.NotAMember {
		t.Errorf("%v, %v", why, err)
	}
}

func TestLedgerEvents(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	h.rule(1, true)
	h.clock.pass(time.Hour)
	standing := func() membershipv1.Standing {
		t.Helper()
		people, err := h.as(auth.Motions).GetPeople(context.Background(), &membershipv1.GetPeopleRequest{Members: []string{secretary.id}})
		if err != nil {
			t.Fatal(err)
		}
		return people.GetPeople()[0].GetStanding()
	}
	if got := standing(); got != membershipv1.Standing_STANDING_ADMITTED {
		t.Errorf("before: %s", got)
	}
	entry := h.settle(secretary.id)
	h.told-- // The same delivery again: its acknowledgement was lost.
	h.settle(secretary.id)
	if got := standing(); got != membershipv1.Standing_STANDING_CURRENT {
		t.Errorf("settled: %s", got)
	}
	h.clock.pass(time.Hour)
	h.reverse(secretary.id, entry)
	if got := standing(); got != membershipv1.Standing_STANDING_ADMITTED {
		t.Errorf("refunded: %s", got)
	}
	// From another rule book on the £1 is asked for only.
	h.rule(2, false)
	if got := standing(); got != membershipv1.Standing_STANDING_CURRENT {
		t.Errorf("under a rule that asks: %s", got)
	}
	apply := func(r *membershipv1.ApplyLedgerEventRequest) error {
		_, err := h.as(auth.Ledger).ApplyLedgerEvent(context.Background(), r)
		return err
	}
	good := &membershipv1.DonationSettled{Member: secretary.id, Entry: "e", AmountPence: 100, SettleTime: timestamppb.New(h.clock.Now())}
	err := apply(&membershipv1.ApplyLedgerEventRequest{Epoch: 1, Position: h.told + 2, Event: &membershipv1.ApplyLedgerEventRequest_Settled{Settled: good}})
	refused(t, err, codes.FailedPrecondition, outbox.ReasonGap)
	if got := fault.Of(err).Details["applied"]; got != "2" {
		t.Errorf("the gap says that %q was applied, want 2", got)
	}
	for _, r := range []*membershipv1.ApplyLedgerEventRequest{
		{Epoch: 1, Position: h.told + 1},
		{Epoch: 1, Position: 0, Event: &membershipv1.ApplyLedgerEventRequest_Settled{Settled: good}},
		{Epoch: 1, Position: h.told + 1, Event: &membershipv1.ApplyLedgerEventRequest_Settled{Settled: &membershipv1.DonationSettled{Member: "m", Entry: "e"}}},
		{Epoch: 1, Position: h.told + 1, Event: &membershipv1.ApplyLedgerEventRequest_Reversed{Reversed: &membershipv1.DonationReversed{Member: "m", Entry: "e", ReverseTime: good.GetSettleTime()}}},
	} {
		refused(t, apply(r), codes.InvalidArgument, "EVENT_MALFORMED")
	}
	for _, r := range []*membershipv1.ApplyRulesRequest{{Epoch: 1, Position: 3, RuleBook: 3}, {Epoch: 1, Position: 3, EffectiveTime: good.GetSettleTime()},
		{Epoch: 1, Position: 3, RuleBook: 3, EffectiveTime: good.GetSettleTime(), Admission: 9},
		{Epoch: 1, Position: 3, RuleBook: 3, EffectiveTime: good.GetSettleTime(), RetentionYears: 101}} {
		_, err := h.as(auth.Motions).ApplyRules(context.Background(), r)
		refused(t, err, codes.InvalidArgument, "EVENT_MALFORMED")
	}
	_, err = h.as(auth.Ballots).GetPeople(context.Background(), &membershipv1.GetPeopleRequest{Members: make([]string, 1001)})
	refused(t, err, codes.InvalidArgument, "TOO_MANY")
}
