package server

import (
	"bytes"
	"context"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// TestStory lives through what the room is for: the founding, joining, the £1, and a roll.
func TestStory(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	secretary, treasurer, chair := h.found()
	select {
	case act := <-h.motions.founded:
		if act.GetSociety() != "LocalGov Digital" || act.GetPosition() != 1 || !act.GetActTime().AsTime().Equal(h.clock.Now()) {
			t.Errorf("the motions room heard %v", act)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the motions room never heard of the founding act")
	}
	h.region(secretary, "midlands")
	h.rule(1, true)
	h.clock.pass(time.Hour)
	sam := h.join("Sam Jones", "sam@example.org", "midlands")
	me, err := h.people.GetMe(with(sam.token), &membershipv1.GetMeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if me.GetNumber() != 4 || me.GetStanding() != membershipv1.Standing_STANDING_ADMITTED || !me.GetDonationRequired() ||
		me.GetRegion() != "midlands" || me.GetEmail() != sam.email || me.GetPaymentReference() != membership.Reference(4) {
		t.Errorf("after joining: %v", me)
	}
	if want := "Admitted on 29 September 2026. Rule book 1 requires the £1; none has settled."; me.GetStandingReason() != want {
		t.Errorf("standing is explained as %q, want %q", me.GetStandingReason(), want)
	}
	h.settle(sam.id)
	h.settle(secretary.id)
	if me, err = h.people.GetMe(with(sam.token), &membershipv1.GetMeRequest{}); err != nil || me.GetStanding() != membershipv1.Standing_STANDING_CURRENT {
		t.Errorf("after the £1: %v, %v", me, err)
	}
	h.clock.pass(24 * time.Hour)
	notice := h.clock.Now()
	h.clock.pass(14 * 24 * time.Hour)
	h.settle(treasurer.id) // After the notice.
	h.ledger.head = h.told
	roll, err := h.as(auth.Motions).FreezeRoll(ctx, &membershipv1.FreezeRollRequest{
		Purpose: "ballot-1", NoticeTime: timestamppb.New(notice), DonationRequired: true, RuleBook: 1, Contact: "secretary@example.org",
	})
	if err != nil {
		t.Fatal(err)
	}
	page, err := h.as(auth.Ballots).ListRollEntries(ctx, &membershipv1.ListRollEntriesRequest{Roll: roll.GetId()})
	if err != nil {
		t.Fatal(err)
	}
	var electors []membership.Elector
	on := map[string]bool{}
	for i, e := range page.GetEntries() {
		if e.GetNumber() != int64(i)+1 {
			t.Errorf("entry %d has the number %d", i+1, e.GetNumber())
		}
		electors = append(electors, membership.Elector{Member: e.GetMember(), Region: e.GetRegion()})
		on[e.GetMember()] = true
	}
	if roll.GetCount() != 2 || len(on) != 2 || !on[sam.id] || !on[secretary.id] {
		t.Errorf("on the roll: %v; want Sam and the secretary", page.GetEntries())
	}
	if !bytes.Equal(roll.GetFingerprint(), membership.Fingerprint(electors)) {
		t.Error("the fingerprint is not that of the entries")
	}
	for _, c := range []struct {
		who          *member
		on           bool
		reason, date string
	}{
		{sam, true, "", "2026-09-30"},
		{treasurer, false, membership.NotCurrentAtNotice, "2026-09-30"},
		{chair, false, membership.DonationNotSettled, "2026-10-14"},
	} {
		got, err := h.as(auth.Ballots).ExplainRoll(ctx, &membershipv1.ExplainRollRequest{Roll: roll.GetId(), Member: c.who.id})
		if err != nil {
			t.Fatal(err)
		}
		if got.GetOnRoll() != c.on || got.GetReason() != c.reason || got.GetDate() != c.date || got.GetContact() != "secretary@example.org" || got.GetExplanation() == "" {
			t.Errorf("%s: %v", c.who.email, got)
		}
	}
	count, err := h.as(auth.Motions).CountElectors(ctx, &membershipv1.CountElectorsRequest{DonationRequired: true})
	if err != nil || count.GetCount() != 3 {
		t.Errorf("electors now: %v, %v; want 3", count, err)
	}
	people, err := h.as(auth.Ballots).GetPeople(ctx, &membershipv1.GetPeopleRequest{Members: []string{sam.id, "nobody"}})
	if err != nil || len(people.GetPeople()) != 1 || people.GetPeople()[0].GetName() != "Sam Jones" {
		t.Errorf("people: %v, %v", people, err)
	}
}
