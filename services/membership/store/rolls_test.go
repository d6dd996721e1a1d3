package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/membership"
)

func encodedRecord(r Record) ([]byte, error)            { return []byte(r.ID), nil }
func encodedChallenge(c NamedChallenge) ([]byte, error) { return []byte(c.ID), nil }

func (s *Store) prepared(t *testing.T, meeting string, terms membership.Terms, now time.Time) Record {
	t.Helper()
	reply, err := s.Prepare(context.Background(), request("prepare", fmt.Sprint(meeting, now.UnixMicro()), now), Draft{Meeting: meeting, Title: "The " + meeting, Terms: terms}, noUse, encodedRecord)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.RollRecord(context.Background(), string(reply))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func noUse(used bool) error {
	if used {
		return fault.New(fault.Conflict, "ROLL_USED", "Used.")
	}
	return nil
}

// TestChallengesOfARoll: what a challenge does to the rolls of a meeting, and that each act is in the register's log.
func TestChallengesOfARoll(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		founders := found(t, s)
		secretary, chair := founders[0], founders[2]
		paid, poor := join(t, s, "paid@example.org", "", start), join(t, s, "poor@example.org", "", start)
		if _, err := s.ApplyDonation(ctx, 1, 1, settled(paid, "a", start)); err != nil {
			t.Fatal(err)
		}
		terms := membership.Terms{Notice: start.Add(time.Hour), Required: true, Book: 1}
		at := start.Add(24 * time.Hour)
		roll := s.prepared(t, "agm", terms, at)
		if !sameSet(onRoll(t, s, roll.Roll), []string{paid}) || roll.Title != "The agm" || !roll.Prepared || !roll.Used.IsZero() || roll.Leaf < 0 {
			t.Fatalf("%+v", roll)
		}
		challenge := func(name string, c membership.Challenge) (string, error) {
			c.Made = at
			reply, err := s.Challenge(ctx, request("challenge", name, at), c, encodedChallenge)
			return string(reply), err
		}
		decide := func(name, challenge, by string, uphold bool, about string) error {
			at = at.Add(time.Minute)
			_, err := s.Decide(ctx, request("decide", name, at), challenge, by, uphold, "Looked at.", about, encodedChallenge)
			return err
		}
		missing, err := challenge("1", membership.Challenge{Roll: roll.ID, Kind: membership.ChallengeOmission, Challenger: poor, Member: poor, Reason: "I paid in cash."})
		if err != nil {
			t.Fatal(err)
		}
		again, err := challenge("1", membership.Challenge{Roll: roll.ID, Kind: membership.ChallengeOmission, Challenger: poor, Member: poor, Reason: "I paid in cash."})
		if err != nil || again != missing {
			t.Errorf("the same request again: %s, %v", again, err)
		}
		wrongly, err := challenge("2", membership.Challenge{Roll: roll.ID, Kind: membership.ChallengeEntry, Challenger: poor, About: "Somebody", Reason: "A double."})
		if err != nil {
			t.Fatal(err)
		}
		if r, err := s.RollRecord(ctx, roll.ID); err != nil || r.Open != 2 {
			t.Errorf("%d open, %v", r.Open, err)
		}
		_, err = s.FreezeBallot(ctx, Draft{Purpose: "ballot", Meeting: "agm", Terms: terms}, at)
		wants(t, err, "CHALLENGES_OPEN")
		if _, err := s.FreezeBallot(ctx, Draft{Purpose: "another ballot", Meeting: "another meeting", Terms: terms}, at); err != nil {
			t.Errorf("another meeting's vote waits too: %v", err)
		}
		wants(t, decide("1", missing, poor, true, ""), "OWN_CHALLENGE")
		wants(t, decide("2", wrongly, chair, true, ""), "DECISION_INVALID")
		wants(t, decide("3", wrongly, chair, true, poor), "NOT_ON_ROLL")
		wants(t, decide("4", "nothing", chair, true, poor), "CHALLENGE_NOT_FOUND")
		if err := decide("5", wrongly, chair, false, ""); err != nil {
			t.Fatal(err)
		}
		if err := decide("6", missing, secretary, true, ""); err != nil {
			t.Fatal(err)
		}
		wants(t, decide("7", missing, chair, false, ""), "CHALLENGE_DECIDED")
		if got := onRoll(t, s, roll.Roll); !sameSet(got, []string{paid}) {
			t.Errorf("the roll itself was changed: %v", got)
		}
		old, err := s.RollRecord(ctx, roll.ID)
		if err != nil || old.SupersededBy == "" || old.Open != 0 || old.Upheld != 1 || old.Dismissed != 1 {
			t.Fatalf("%+v, %v", old, err)
		}
		next, err := s.RollRecord(ctx, old.SupersededBy)
		if err != nil || !sameSet(onRoll(t, s, next.Roll), []string{paid, poor}) || next.Supersedes != roll.ID || next.Rulings != 1 {
			t.Fatalf("%+v, %v", next, err)
		}
		_, err = challenge("3", membership.Challenge{Roll: roll.ID, Kind: membership.ChallengeEntry, Challenger: poor, About: "Somebody", Reason: "Late."})
		wants(t, err, "ROLL_SUPERSEDED")
		out, err := challenge("4", membership.Challenge{Roll: next.ID, Kind: membership.ChallengeEntry, Challenger: poor, Member: paid, Reason: "Moved away."})
		if err != nil {
			t.Fatal(err)
		}
		if err := decide("8", out, chair, true, ""); err != nil {
			t.Fatal(err)
		}
		ballot, err := s.FreezeBallot(ctx, Draft{Purpose: "ballot", Meeting: "agm", Terms: terms}, at.Add(time.Hour))
		if err != nil || !sameSet(onRoll(t, s, ballot), []string{poor}) {
			t.Errorf("the rulings do not hold for the ballot's roll: %v, %v", onRoll(t, s, ballot), err)
		}
		if r, err := s.RulingOn(ctx, ballot, paid); err != nil || r == nil || r.Include {
			t.Errorf("%+v, %v", r, err)
		}
		if r, err := s.RulingOn(ctx, roll.Roll, poor); err != nil || r != nil {
			t.Errorf("a ruling reaches back to a roll frozen before it: %+v, %v", r, err)
		}
		third, err := s.RollRecord(ctx, next.ID)
		if err != nil || third.SupersededBy == "" {
			t.Fatalf("%+v, %v", third, err)
		}
		_, err = challenge("5", membership.Challenge{Roll: third.SupersededBy, Kind: membership.ChallengeEntry, Challenger: poor, About: "Somebody", Reason: "Late."})
		wants(t, err, "ROLL_USED")
		_, err = s.Prepare(ctx, request("prepare", "late", at), Draft{Meeting: "agm", Title: "t", Terms: terms}, noUse, encodedRecord)
		wants(t, err, "ROLL_USED")
		own, err := s.Challenges(ctx, roll.ID, secretary)
		if err != nil || len(own) != 0 {
			t.Errorf("challenges of one who brought none: %v, %v", own, err)
		}
		if all, err := s.Challenges(ctx, roll.ID, ""); err != nil || len(all) != 2 || all[0].Superseding+all[1].Superseding != next.ID {
			t.Errorf("%+v, %v", all, err)
		}
		listed, err := s.RollRecords(ctx, "agm", RollPage{}, 10)
		if err != nil || len(listed) != 4 || listed[0].ID != ballot.ID {
			t.Errorf("%d rolls of the meeting, %v", len(listed), err)
		}
		paged, err := s.RollRecords(ctx, "agm", RollPage{Frozen: listed[1].Frozen, ID: listed[1].ID}, 10)
		if err != nil || len(paged) != 2 || paged[0].ID != listed[2].ID {
			t.Errorf("the second page has %d rolls, %v", len(paged), err)
		}
		if err := s.CheckLog(ctx); err != nil {
			t.Error(err)
		}
		if err := s.CheckElectors(ctx); err != nil {
			t.Error(err)
		}
	})
}

// TestAChallengeAndAFreezeAtOnce: a challenge is either refused since the roll is used, or holds the vote's roll up.
func TestAChallengeAndAFreezeAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		founders := found(t, s)
		terms := membership.Terms{Notice: start.Add(time.Hour), Book: 1}
		for i := range 5 {
			meeting, at := fmt.Sprint("meeting ", i), start.Add(24*time.Hour)
			roll := s.prepared(t, meeting, terms, at)
			var freezing, challenging error
			var wg sync.WaitGroup
			wg.Go(func() {
				_, freezing = s.FreezeBallot(ctx, Draft{Purpose: meeting, Meeting: meeting, Terms: terms}, at)
			})
			wg.Go(func() {
				_, challenging = s.Challenge(ctx, request("challenge", meeting, at), membership.Challenge{
					Roll: roll.ID, Kind: membership.ChallengeEntry, Challenger: founders[1], About: "Somebody", Reason: "A double.", Made: at,
				}, encodedChallenge)
			})
			wg.Wait()
			if fault.Is(freezing, "CHALLENGES_OPEN") == fault.Is(challenging, "ROLL_USED") {
				t.Errorf("freezing: %v; challenging: %v", freezing, challenging)
			}
		}
	})
}

func TestComparingRolls(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		founders := found(t, s)
		region(t, s, "london")
		var stay []string
		for i := range 4 {
			stay = append(stay, join(t, s, fmt.Sprintf("p%d@example.org", i), "london", start))
		}
		terms := membership.Terms{Notice: start.Add(time.Hour)}
		first, err := s.Freeze(ctx, "first", terms, "", start.Add(2*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		late := join(t, s, "late@example.org", "", start.Add(3*time.Hour))
		leaves := membership.Event{Kind: membership.Resigned, At: start.Add(3 * time.Hour)}
		if err := s.recordOne(ctx, stay[0], leaves); err != nil {
			t.Fatal(err)
		}
		second, err := s.Freeze(ctx, "second", membership.Terms{Notice: start.Add(4 * time.Hour)}, "", start.Add(5*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Compare(ctx, first.ID, second.ID)
		if err != nil || c != (Comparison{Both: int64(len(founders)) + 3, First: 1, Second: 1}) {
			t.Errorf("%+v, %v", c, err)
		}
		if c, err := s.Compare(ctx, first.ID, first.ID); err != nil || c.Both != first.Count || c.First+c.Second != 0 {
			t.Errorf("with itself: %+v, %v", c, err)
		}
		all, err := s.Differences(ctx, first.ID, second.ID, DifferencePage{}, 10)
		if err != nil || len(all) != 2 || all[0].Member != stay[0] || all[0].OnLater || all[1].Member != late || !all[1].OnLater || all[1].Name == "" {
			t.Fatalf("%+v, %v", all, err)
		}
		one, err := s.Differences(ctx, first.ID, second.ID, DifferencePage{}, 1)
		if err != nil || len(one) != 1 || one[0].Member != stay[0] {
			t.Errorf("%+v, %v", one, err)
		}
		rest, err := s.Differences(ctx, first.ID, second.ID, DifferencePage{Member: stay[0]}, 10)
		if err != nil || len(rest) != 1 || rest[0].Member != late {
			t.Errorf("%+v, %v", rest, err)
		}
		none, err := s.Differences(ctx, first.ID, second.ID, DifferencePage{OnLater: true, Member: late}, 10)
		if err != nil || len(none) != 0 {
			t.Errorf("%+v, %v", none, err)
		}
		_, err = s.Compare(ctx, first.ID, "nothing")
		wants(t, err, "ROLL_NOT_FOUND")
		_, err = s.Differences(ctx, "nothing", first.ID, DifferencePage{}, 1)
		wants(t, err, "ROLL_NOT_FOUND")
	})
}

// recordOne records one event and nothing else.
func (s *Store) recordOne(ctx context.Context, member string, e membership.Event) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return record(ctx, tx, member, e, e.At) })
}

// TestARollHoldsNobodyTwice: whatever happened to people, in whatever order, and whatever was ruled of them, a roll holds exactly
// those who are entitled, each once, numbered without a gap, and what is kept of their standing is what their histories give.
func TestARollHoldsNobodyTwice(t *testing.T) {
	ctx := context.Background()
	s := New(databasetest.SQLite(t, once.Migrations, outbox.Migrations, translog.Migrations, Migrations), rand.Reader)
	found(t, s)
	region(t, s, "london")
	var people []string
	for i := range 6 {
		people = append(people, join(t, s, fmt.Sprintf("p%d@example.org", i), []string{"", "london"}[i%2], start))
	}
	round, position := 0, int64(0)
	rapid.Check(t, func(t *rapid.T) {
		round++
		meeting := fmt.Sprint("meeting ", round)
		at := start.Add(time.Duration(round) * 24 * time.Hour)
		for i := range rapid.IntRange(0, 12).Draw(t, "facts") {
			who := rapid.SampledFrom(people).Draw(t, "who")
			when := at.Add(time.Duration(rapid.IntRange(-72, 72).Draw(t, "hours")) * time.Hour)
			switch what := rapid.SampledFrom([]string{"resigned", "lapsed", "readmitted", "moved", "admitted", "waived", "merged", "paid", "reversed", "nobody paid"}).Draw(t, "what"); what {
			case "paid", "reversed", "nobody paid":
				position++
				d := settled(who, fmt.Sprint("e", position), when)
				if what == "reversed" {
					d.Reverses = fmt.Sprint("e", rapid.Int64Range(1, position).Draw(t, "entry"))
				}
				if what == "nobody paid" {
					d.Member = fmt.Sprint("nobody ", i)
				}
				if _, err := s.ApplyDonation(ctx, 1, position, d); err != nil {
					t.Fatal(err)
				}
			default:
				e := membership.Event{Kind: membership.EventKind(what), At: when}
				if what == "moved" {
					e.Region = rapid.SampledFrom([]string{"", "london"}).Draw(t, "to")
				}
				if err := s.recordOne(ctx, who, e); err != nil {
					t.Fatal(err)
				}
			}
		}
		terms := membership.Terms{Notice: at.Add(-24 * time.Hour), Required: rapid.Bool().Draw(t, "required"), Region: rapid.SampledFrom([]string{"", "london"}).Draw(t, "region")}
		roll, err := s.Freeze(ctx, meeting, terms, "", at)
		if err != nil {
			t.Fatal(err)
		}
		entries, err := s.Entries(ctx, roll.ID, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		var electors []membership.Elector
		for i, e := range entries {
			if e.Number != int64(i)+1 || seen[e.Member] {
				t.Fatalf("entry %d is %+v, on it before: %v", i+1, e, seen[e.Member])
			}
			seen[e.Member] = true
			electors = append(electors, e.Elector)
		}
		if !bytes.Equal(membership.Fingerprint(electors), roll.Fingerprint) || int64(len(entries)) != roll.Count {
			t.Fatal("the entries are not those of the fingerprint")
		}
		for _, who := range people {
			m, _, err := s.Member(ctx, who)
			if err != nil {
				t.Fatal(err)
			}
			if want := terms.Excluded(m.History, at) == ""; seen[who] != want {
				t.Fatalf("%s on the roll: %v; entitled: %v", who, seen[who], want)
			}
		}
		n, err := s.CountGood(ctx, terms.Region, terms.Required, at)
		want := int64(0)
		members, _, err2 := s.Members(ctx, Filter{Limit: 100})
		for _, m := range members {
			if state := m.History.On(at); state.Good(terms.Required) && (terms.Region == "" || state.Region == terms.Region) {
				want++
			}
		}
		if errors.Join(err, err2) != nil || n != want {
			t.Fatalf("%d counted in good standing, %v; %d by their histories", n, err, want)
		}
		if err := s.CheckElectors(ctx); err != nil {
			t.Fatal(err)
		}
	})
}

// TestASpoiltRollIsFound: an entry changed, exchanged, removed or added past the house is found.
func TestASpoiltRollIsFound(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		roll, err := s.Freeze(ctx, "one", membership.Terms{Notice: start}, "", start)
		if err != nil || roll.Count != 3 {
			t.Fatal(roll.Count, err)
		}
		if err := s.CheckRolls(ctx); err != nil {
			t.Fatal(err)
		}
		change := func(statements ...string) {
			t.Helper()
			err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				for _, q := range statements {
					if _, err := tx.ExecContext(ctx, q); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for what, c := range map[string][2][]string{
			"a region": {{`UPDATE roll_entry SET region = 'x' WHERE number = 1`}, {`UPDATE roll_entry SET region = '' WHERE number = 1`}},
			"a number": {{`UPDATE roll_entry SET number = 4 WHERE number = 3`}, {`UPDATE roll_entry SET number = 3 WHERE number = 4`}},
			"an entry": {{`INSERT INTO roll_entry (roll, number, member, region) SELECT id, 4, 'somebody', '' FROM roll`}, {`DELETE FROM roll_entry WHERE number = 4`}},
		} {
			change(c[0]...)
			if err := s.CheckRolls(ctx); err == nil {
				t.Errorf("%s was changed and is not found", what)
			}
			change(c[1]...)
			if err := s.CheckRolls(ctx); err != nil {
				t.Errorf("%s is as it was: %v", what, err)
			}
		}
		change(`UPDATE roll_detail SET root = (SELECT fingerprint FROM roll WHERE roll.id = roll_detail.roll)`)
		if err := s.CheckRolls(ctx); err == nil {
			t.Error("another root is not found")
		}
	})
}
