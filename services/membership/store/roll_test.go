package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/membership"
)

func settled(member, entry string, at time.Time) Donation {
	return Donation{Member: member, Pence: 100, Money: membership.Money{Entry: entry, At: at}}
}

func TestLedgerEventsAreAppliedOnceAndInOrder(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		sam := found(t, s)[0]
		for range 2 {
			if applied, err := s.ApplyDonation(ctx, 1, 1, settled(sam, "a", start)); err != nil || applied != 1 {
				t.Errorf("applied %d, %v", applied, err)
			}
		}
		_, err := s.ApplyDonation(ctx, 1, 3, settled(sam, "c", start))
		wants(t, err, outbox.ReasonGap)
		if f := fault.Of(err); f.Details["applied"] != "1" {
			t.Errorf("the gap says %v", f.Details)
		}
		if applied, err := s.ApplyDonation(ctx, 1, 2, settled("somebody unknown", "b", start)); err != nil || applied != 2 {
			t.Errorf("a member whom the register does not know: %d, %v", applied, err)
		}
		m, _, err := s.Member(ctx, sam)
		if err != nil || len(m.History.Money) != 1 {
			t.Errorf("%+v, %v", m.History.Money, err)
		}
		back := Donation{Member: sam, Money: membership.Money{Entry: "d", Reverses: "a", At: start.Add(time.Hour)}}
		if _, err := s.ApplyDonation(ctx, 1, 3, back); err != nil {
			t.Fatal(err)
		}
		if m, _, err = s.Member(ctx, sam); err != nil || m.History.On(start).Donated.IsZero() || !m.History.On(start.Add(time.Hour)).Donated.IsZero() {
			t.Errorf("after the refund: %+v, %v", m.History.Money, err)
		}
		first := membership.Rule{Book: 1, Required: true, From: start, Admission: membership.AdmitByBoard, Registered: true, PoundIsShare: true, RetentionYears: 6}
		for range 2 {
			if applied, err := s.ApplyRule(ctx, 1, 1, first); err != nil || applied != 1 {
				t.Errorf("rules: %d, %v", applied, err)
			}
		}
		_, err = s.ApplyRule(ctx, 1, 3, membership.Rule{Book: 3, From: start})
		wants(t, err, outbox.ReasonGap)
		told, err := s.Rules(ctx)
		if err != nil || len(told) != 1 || !told[0].From.Equal(start) {
			t.Fatalf("%v, %v", told, err)
		}
		if told[0].From = start; told[0] != first {
			t.Errorf("told %+v, want %+v", told[0], first)
		}
	})
}

func TestRolls(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		founders := found(t, s)
		region(t, s, "london")
		notice, frozen := start.Add(24*time.Hour), start.Add(48*time.Hour)
		var people []string
		for i := range 30 {
			people = append(people, join(t, s, fmt.Sprintf("p%d@example.org", i), []string{"", "london"}[i%2], start.Add(time.Hour)))
		}
		late := join(t, s, "late@example.org", "london", notice.Add(time.Hour))
		for i, p := range people[:20] {
			if _, err := s.ApplyDonation(ctx, 1, int64(i)+1, settled(p, fmt.Sprint("e", i), start.Add(2*time.Hour))); err != nil {
				t.Fatal(err)
			}
		}
		terms := membership.Terms{Notice: notice, Required: true, Book: 1}
		roll, err := s.Freeze(ctx, "paid", terms, "the secretary", frozen)
		if err != nil {
			t.Fatal(err)
		}
		on := onRoll(t, s, roll)
		if !sameSet(on, people[:20]) {
			t.Errorf("%d on the roll of those who paid, want 20", len(on))
		}
		all, err := s.Freeze(ctx, "all", membership.Terms{Notice: notice, Book: 1}, "", frozen)
		if err != nil || !sameSet(onRoll(t, s, all), append(slices.Clone(people), founders...)) {
			t.Errorf("%d on the roll of all, %v", all.Count, err)
		}
		region, err := s.Freeze(ctx, "london", membership.Terms{Region: "london", Notice: notice}, "", frozen)
		if err != nil || region.Count != 15 {
			t.Errorf("%d on London's roll, %v; want 15", region.Count, err)
		}
		// What happens afterwards changes no roll.
		if _, err := s.ApplyDonation(ctx, 1, 21, settled(people[20], "later", start.Add(2*time.Hour))); err != nil {
			t.Fatal(err)
		}
		again, err := s.Freeze(ctx, "paid", terms, "somebody else", frozen.Add(time.Hour))
		if err != nil || again.ID != roll.ID || !bytes.Equal(again.Fingerprint, roll.Fingerprint) || !again.Frozen.Equal(frozen) || again.Contact != "the secretary" {
			t.Errorf("the same purpose again: %+v, %v", again, err)
		}
		// Explained as of the freeze: the £1 that arrived later, though dated before, is not in it.
		for member, want := range map[string]string{
			people[0]: "", people[20]: membership.DonationNotSettled, late: membership.DonationNotSettled, founders[0]: membership.DonationNotSettled,
			"00000000-0000-0000-0000-000000000000": membership.NotAMember, "\x00": membership.NotAMember,
		} {
			r, number, h, err := s.Explain(ctx, roll.ID, member)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Terms.Excluded(h, r.Frozen); got != want || (number > 0) != (want == "") {
				t.Errorf("%s: number %d on the roll, excluded for %q; want %q", member, number, got, want)
			}
		}
		for _, id := range []string{"00000000-0000-0000-0000-000000000000", "\x00"} {
			_, _, _, err = s.Explain(ctx, id, people[0])
			wants(t, err, "ROLL_NOT_FOUND")
			_, err = s.Entries(ctx, id, 0, 10)
			wants(t, err, "ROLL_NOT_FOUND")
		}
		if _, found, err := s.RollFor(ctx, "no such purpose"); err != nil || found {
			t.Errorf("found %v, %v", found, err)
		}
		for _, c := range []struct {
			region   string
			required bool
			want     int64
		}{{"", false, 34}, {"", true, 21}, {"london", false, 16}, {"london", true, 10}} {
			if n, err := s.CountGood(ctx, c.region, c.required, frozen); err != nil || n != c.want {
				t.Errorf("in good standing in %q, required %v: %d, %v; want %d", c.region, c.required, n, err, c.want)
			}
		}
	})
}

// onRoll pages through a roll and checks its numbers and fingerprint.
func onRoll(t *testing.T, s *Store, roll Roll) []string {
	t.Helper()
	var members []string
	var electors []membership.Elector
	for {
		page, err := s.Entries(context.Background(), roll.ID, int64(len(members)), 7)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			members, electors = append(members, e.Member), append(electors, e.Elector)
			if e.Number != int64(len(members)) {
				t.Errorf("entry %d has the number %d", len(members), e.Number)
			}
		}
	}
	if int64(len(members)) != roll.Count || !bytes.Equal(membership.Fingerprint(electors), roll.Fingerprint) {
		t.Errorf("the roll says %d entries and another fingerprint than its %d entries have", roll.Count, len(members))
	}
	return members
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// TestARollNeverHoldsAPersonTwice: the database itself refuses it.
func TestARollNeverHoldsAPersonTwice(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		roll, err := s.Freeze(ctx, "all", membership.Terms{Notice: start}, "", start)
		if err != nil || roll.Count != 3 {
			t.Fatalf("%+v, %v", roll, err)
		}
		entries, err := s.Entries(ctx, roll.ID, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		for name, row := range map[string][]any{
			"the same person under another number": {roll.ID, int64(4), entries[0].Member, ""},
			"another person under the same number": {roll.ID, int64(1), "somebody else", ""},
		} {
			err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, `INSERT INTO roll_entry (roll, number, member, region) VALUES ($1, $2, $3, $4)`, row...)
				return err
			})
			if !database.IsUnique(err) {
				t.Errorf("%s: %v; want a breach of uniqueness", name, err)
			}
		}
	})
}

// TestFreezesAtOnce: two freezes for one purpose make one roll.
func TestFreezesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		var wg sync.WaitGroup
		var rolls [4]Roll
		var errs [4]error
		for i := range rolls {
			wg.Go(func() { rolls[i], errs[i] = s.Freeze(ctx, "one", membership.Terms{Notice: start}, "", start) })
		}
		wg.Wait()
		if err := errors.Join(errs[:]...); err != nil {
			t.Fatal(err)
		}
		for _, r := range rolls[1:] {
			if r.ID != rolls[0].ID || !bytes.Equal(r.Fingerprint, rolls[0].Fingerprint) {
				t.Error("two rolls were frozen for one purpose")
			}
		}
	})
}

// TestOrderOfDelivery: whichever of a member's events and donations is written first, the same people are in good standing.
func TestOrderOfDelivery(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		// The ledger may know of a £1 whose giver the register confirms only later, by the dates as well as by arrival.
		ahead := join(t, s, "ahead@example.org", "", start)
		if _, err := s.ApplyDonation(ctx, 1, 1, settled(ahead, "a", start.Add(-time.Hour))); err != nil {
			t.Fatal(err)
		}
		// A reversal that arrives before what it reverses, by the dates.
		back := Donation{Member: ahead, Money: membership.Money{Entry: "r", Reverses: "b", At: start.Add(3 * time.Hour)}}
		if _, err := s.ApplyDonation(ctx, 1, 2, back); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ApplyDonation(ctx, 1, 3, settled(ahead, "b", start.Add(2*time.Hour))); err != nil {
			t.Fatal(err)
		}
		back = Donation{Member: ahead, Money: membership.Money{Entry: "r2", Reverses: "a", At: start.Add(time.Hour)}}
		if _, err := s.ApplyDonation(ctx, 1, 4, back); err != nil {
			t.Fatal(err)
		}
		for at, want := range map[time.Duration]int64{0: 1, time.Hour: 0, 2 * time.Hour: 1, 3 * time.Hour: 0} {
			if n, err := s.CountGood(ctx, "", true, start.Add(at)); err != nil || n != want {
				t.Errorf("after %s: %d in good standing, %v; want %d", at, n, err, want)
			}
		}
	})
}
