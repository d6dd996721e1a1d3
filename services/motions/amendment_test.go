package motions

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/motions/amend"
)

const debated = "One two three.\n\nFour five six.\n\nSeven."

// debating is a motion on the order paper with amendments in given states: the first changes "two", the second leaves
// the first clause out, the third amends the first amendment.
func debating(states ...MotionState) Debate {
	d := Debate{Base: debated, Motion: inState(Accepted)}
	d.Motion.Text = debated
	edits := []amend.Edit{
		{Kind: amend.Words, Clause: "1", Old: "two", New: "zwei drei"}, {Kind: amend.Delete, Clause: "1"}, {Kind: amend.Words, Clause: "1", Old: "drei", New: "vier"},
	}
	for i, s := range states {
		a := inState(s)
		a.ID, a.Mover, a.Amends = fmt.Sprint("a", i+1), "amender", &Amends{Motion: d.Motion.ID, Number: i + 1, Edits: edits[i : i+1]}
		if i == 2 {
			a.Amends.Parent = "a1"
		}
		d.Amendments = append(d.Amendments, a)
	}
	return d
}

func (d Debate) states() (all []MotionState) {
	for _, a := range d.Amendments {
		all = append(all, a.State)
	}
	return all
}

// What becomes of the second and third amendments as the first is decided, written down by hand.
func TestSettle(t *testing.T) {
	for _, c := range []struct {
		before, after []MotionState
		why           []amend.Why
		text          string
	}{
		{[]MotionState{Carried, Accepted, Accepted}, []MotionState{Carried, Fallen, Fallen}, []amend.Why{"", amend.ClauseDecided, amend.ParentDecided}, "One zwei drei three."},
		{[]MotionState{Agreed, Moved, Carried}, []MotionState{Agreed, Fallen, Carried}, []amend.Why{"", amend.ClauseDecided, ""}, "One zwei vier three."},
		{[]MotionState{Lost, Accepted, Seconded}, []MotionState{Lost, Accepted, Fallen}, []amend.Why{"", "", amend.ParentGone}, "One two three."},
		{[]MotionState{Withdrawn, Accepted, Moved}, []MotionState{Withdrawn, Accepted, Fallen}, []amend.Why{"", "", amend.ParentGone}, "One two three."},
		{[]MotionState{Accepted, Carried, Accepted}, []MotionState{Fallen, Carried, Fallen}, []amend.Why{amend.LeftOut, "", amend.ParentGone}, ""},
		{[]MotionState{Accepted, Accepted, Accepted}, []MotionState{Accepted, Accepted, Accepted}, []amend.Why{"", "", ""}, "One two three."},
		// One whose vote is under way falls no more: it is declared first.
		{[]MotionState{Voting, Accepted, Accepted}, []MotionState{Voting, Accepted, Fallen}, []amend.Why{"", "", amend.ParentDecided}, "One two three."},
	} {
		fallen, d, err := debating(c.before...).Settle(now)
		if err != nil || fmt.Sprint(d.states()) != fmt.Sprint(c.after) {
			t.Errorf("%v became %v, want %v: %v", c.before, d.states(), c.after, err)
		}
		n := 0
		for i, a := range d.Amendments {
			if c.why[i] == "" {
				continue
			}
			n++
			if a.Fate == nil || a.Fate.Why != c.why[i] || !a.Fate.At.Equal(now) || a.Version != 8 {
				t.Errorf("%v: %s fell for %+v, want %s", c.before, a.ID, a.Fate, c.why[i])
			}
		}
		if len(fallen) != n {
			t.Errorf("%v: %d fell, want %d", c.before, len(fallen), n)
		}
		want := c.text + "\n\nFour five six.\n\nSeven."
		if c.text == "" {
			want = want[2:]
		}
		if got, err := d.Text(); err != nil || got != want {
			t.Errorf("%v reads %q, want %q: %v", c.before, got, want, err)
		}
	}
}

// When the motion is put or gone, what waits falls with it.
func TestAmendmentsFallWithTheirMotion(t *testing.T) {
	for _, s := range allStates {
		d := debating(Accepted, Moved)
		d.Motion.State = s
		fallen, _, err := d.Settle(now)
		want := 2
		if s == Moved || s == Seconded || s == Accepted || s == Opening {
			want = 0 // One that is about to be put may come back.
		}
		if err != nil || len(fallen) != want || want > 0 && fallen[0].Fate.Why != amend.MotionGone {
			t.Errorf("a motion that is %s: %d fell, want %d: %v", s, len(fallen), want, err)
		}
	}
}

// Mover and seconder take in what is not decided yet; nobody else does, and nothing else is taken in.
func TestAgree(t *testing.T) {
	terms := foundingTerms(t)
	strict := terms
	strict.Amending.Friendly = false
	tabled := debating(Accepted)
	tabled.Motion.TabledBy = &TabledBy{}
	gone := debating(Accepted)
	gone.Motion.State = Carried
	for _, c := range []struct {
		name   string
		d      Debate
		terms  Terms
		at     MeetingState
		member string
		want   string
	}{
		{"the mover", debating(Accepted), terms, Open, mover.Member, ""},
		{"the seconder, before the meeting", debating(Moved), terms, Noticed, second.Member, ""},
		{"the amendment's mover", debating(Accepted), terms, Open, "amender", "NOT_MOVER_OR_SECONDER"},
		{"nobody", debating(Accepted), terms, Open, "", "NOT_MOVER_OR_SECONDER"},
		{"where the rules allow none", debating(Accepted), strict, Open, mover.Member, "NOT_FRIENDLY"},
		{"a region's motion", tabled, terms, Open, mover.Member, "TABLED_BY_REGION"},
		{"after the meeting", debating(Accepted), terms, Closed, mover.Member, "MOTION_STATE"},
		{"of a motion that was decided", gone, terms, Open, mover.Member, "MOTION_STATE"},
		{"while it is voted on", debating(Voting), terms, Open, mover.Member, "AMENDMENT_UNDECIDED"},
		{"when it was carried", debating(Carried), terms, Open, mover.Member, "MOTION_STATE"},
		{"when it fell", debating(Fallen), terms, Open, mover.Member, "MOTION_STATE"},
	} {
		a := c.d.Amendments[0]
		next, err := Agree(c.d, a, inMeeting(c.at), c.terms, c.member, now)
		if c.want != "" {
			if !fault.Is(err, c.want) {
				t.Errorf("%s: %v, want %s", c.name, err, c.want)
			}
			continue
		}
		if err != nil || next.State != a.State || next.Version != a.Version+1 {
			t.Errorf("%s: %+v, %v", c.name, next, err)
			continue
		}
		both, err := Agree(c.d.With(next), next, inMeeting(c.at), c.terms, map[bool]string{true: second.Member, false: mover.Member}[c.member == mover.Member], now)
		if err != nil || both.State != Agreed || both.Amends.MoverAgreed.IsZero() || both.Amends.SeconderAgreed.IsZero() || !a.Amends.MoverAgreed.IsZero() {
			t.Errorf("%s, then the other: %+v, %v", c.name, both, err)
		}
	}
	if _, err := Agree(debating(), inState(Accepted), inMeeting(Open), terms, mover.Member, now); !fault.Is(err, "NOT_AN_AMENDMENT") {
		t.Errorf("a motion: %v", err)
	}
}

func TestMayPut(t *testing.T) {
	d := debating(Accepted, Accepted, Accepted)
	for id, want := range map[string]string{"a3": "", "a1": "AMENDMENT_ORDER", "a2": "AMENDMENT_ORDER", "motion": "AMENDMENTS_FIRST"} {
		m, ok := d.find(id)
		if !ok {
			m = d.Motion
		}
		if err := d.MayPut(m); (err == nil) != (want == "") || err != nil && !fault.Is(err, want) {
			t.Errorf("%s: %v, want %q", id, err, want)
		}
	}
	put := debating(Accepted)
	put.Motion.State = Opening
	if err := put.MayPut(put.Amendments[0]); !fault.Is(err, "MOTION_STATE") {
		t.Errorf("an amendment to what is being put: %v", err)
	}
	// One that is not accepted is not waited for; one whose vote is under way is.
	if err := debating(Moved, Seconded).MayPut(d.Motion); err != nil {
		t.Errorf("before what was not accepted: %v", err)
	}
	for _, s := range []MotionState{Opening, Voting, Closing, VoteClosed} {
		under := debating(Accepted, s)
		if err := under.MayPut(under.Amendments[0]); !fault.Is(err, "AMENDMENT_UNDECIDED") {
			t.Errorf("beside one that is %s: %v", s, err)
		}
	}
}

// Whatever a meeting decides of its amendments, in their order, the text never fails to follow, each undecided one
// could still be carried, and no order paper holds two places alike.
func TestAMeetingDecidesItsAmendments(t *testing.T) {
	terms := foundingTerms(t)
	rapid.Check(t, func(t *rapid.T) {
		d := debating()
		m := inMeeting(Open)
		m.Kind = Regional
		for i := range rapid.IntRange(1, 6).Draw(t, "amendments") {
			e := amend.Edit{Kind: rapid.SampledFrom([]amend.Kind{amend.Words, amend.Delete, amend.Replace, amend.Insert}).Draw(t, "kind"), Clause: rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "clause")}
			if e.Kind == amend.Words {
				e.Old, e.New = rapid.SampledFrom([]string{"two", "five", "One two", "Seven.", "six"}).Draw(t, "old"), rapid.SampledFrom([]string{"", "new", "newer words"}).Draw(t, "new")
			} else if e.Kind != amend.Delete {
				e.New = rapid.SampledFrom([]string{"Put in.", "Put in another."}).Draw(t, "new")
			}
			a, err := MoveAmendment(d, d.Motion, m, terms, AmendmentProposal{ID: fmt.Sprint("a", i), Edits: []amend.Edit{e}}, mover, now, time.UTC)
			if err != nil {
				continue
			}
			a.State = Accepted
			d.Amendments = append(d.Amendments, a)
		}
		for range len(d.Amendments) {
			for _, a := range d.InOrder() {
				if a, _ = d.find(a.ID); a.State != Accepted || d.MayPut(a) != nil {
					continue // it fell by what was decided since
				}
				a.State = rapid.SampledFrom([]MotionState{Carried, Lost}).Draw(t, "decided")
				var err error
				if _, d, err = d.With(a).Settle(now); err != nil {
					t.Fatal(err)
				}
				if text, err := d.Text(); err != nil || text == "" {
					t.Fatalf("the text is %q: %v", text, err)
				}
			}
		}
		for _, a := range d.Amendments {
			if a.State != Carried && a.State != Lost && a.State != Fallen {
				t.Fatalf("%s is left %s", a.ID, a.State)
			}
		}
		if err := d.MayPut(d.Motion); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheRulesOfAmendments(t *testing.T) {
	for value, ok := range map[string]bool{"0 days before the meeting": true, "7 days before the meeting": true, "the motion is put": true, "not allowed": true,
		"7 days": false, "-1 days before the meeting": false, "": false, "1000 days before the meeting": false} {
		b, err := FoundingBook(now).With([]RuleChange{{keyAmendAGM, value}}, "a resolution")
		if value == "7 days before the meeting" {
			ok = false // The rule says this already.
		}
		if (err == nil) != ok {
			t.Errorf("%q: %v", value, err)
		}
		if err == nil {
			if _, err := b.Terms(); err != nil {
				t.Error(err)
			}
		}
	}
	// A book from before there were these rules is read as the founding book says.
	old := FoundingBook(now)
	old.Rules = old.Rules[:len(old.Rules)-len(amendmentKeys)]
	terms, err := old.Terms()
	if err != nil || terms.Amending.Words != 500 || !terms.Amending.Friendly || !terms.Amending.ToAmendments {
		t.Errorf("%+v, %v", terms.Amending, err)
	}
	if last, allowed := terms.AmendmentDeadline(inMeeting(Noticed), time.UTC); !allowed || !last.Equal(Deadline(now, 7, time.UTC)) {
		t.Errorf("until %v, %v", last, allowed)
	}
}
