package motions

import (
	"fmt"
	"slices"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/motions/amend"
)

// Amends is what makes a motion an amendment: from there on it is moved, seconded, accepted, put and declared as every
// motion is, so that each way of voting works for it.
type Amends struct {
	// Motion is the motion, and Parent the amendment to it that this one amends, or empty.
	Motion, Parent string
	// Number counts the amendments to the motion, in the order moved.
	Number int
	Edits  []amend.Edit
	// MoverAgreed and SeconderAgreed are when mover and seconder of what it amends consented.
	MoverAgreed, SeconderAgreed time.Time
}

// Fate is why something left the order paper without a vote.
type Fate struct {
	// Why is the reason as a program reads it, and Other what was decided instead.
	Why   amend.Why
	Other string
	At    time.Time
}

// Debate is a motion with its amendments.
type Debate struct {
	// Base is the text that the amendments edit: the motion's as it was accepted.
	Base string
	// Motion is the motion that is amended; its text is as amended so far.
	Motion Motion
	// Amendments are all of them, in whatever state, in the order moved.
	Amendments []Motion
}

const (
	// maxAmendments is the most amendments to one motion.
	maxAmendments = 200
	// amendmentPlace is where the places of amendments on an order paper begin, behind those of all motions.
	amendmentPlace = 1_000_000
)

// IsAmendmentPlace reports whether a place on an order paper is an amendment's.
func IsAmendmentPlace(position int) bool { return position > amendmentPlace }

// NextPlace is the next free place on an order paper for a motion, or for an amendment.
func NextPlace(paper []Motion, amendment bool) int {
	n := 0
	if amendment {
		n = amendmentPlace
	}
	for _, m := range paper {
		if IsAmendmentPlace(m.Position) == amendment {
			n = max(n, m.Position)
		}
	}
	return n + 1
}

// Amendment is the motion as the arithmetic sees it.
func (m Motion) Amendment() amend.Amendment {
	return amend.Amendment{ID: m.ID, Number: m.Amends.Number, Parent: m.Amends.Parent, Edits: m.Amends.Edits}
}

// waits reports whether an amendment may still be decided; under a vote or not.
func (m Motion) waits() bool {
	return m.State == Moved || m.State == Seconded || m.State == Accepted || m.Undeclared()
}

// stands reports whether an amendment is part of the text.
func (m Motion) stands() bool { return m.State == Carried || m.State == Agreed }

// find returns an amendment by its id.
func (d Debate) find(id string) (Motion, bool) {
	for _, m := range d.Amendments {
		if m.ID == id {
			return m, true
		}
	}
	return Motion{}, false
}

// With returns the debate with a motion or an amendment of it as it has become.
func (d Debate) With(m Motion) Debate {
	if m.ID == d.Motion.ID {
		d.Motion = m
		return d
	}
	d.Amendments = slices.Clone(d.Amendments)
	for i := range d.Amendments {
		if d.Amendments[i].ID == m.ID {
			d.Amendments[i] = m
		}
	}
	return d
}

// Effective is an amendment as amended by those to it that stand.
func (d Debate) Effective(m Motion) amend.Amendment {
	a := m.Amendment()
	var to []amend.Amendment
	for _, c := range d.Amendments {
		if c.Amends.Parent == m.ID && c.stands() {
			to = append(to, c.Amendment())
		}
	}
	if len(to) == 0 {
		return a
	}
	if changed, err := amend.Amended(amend.Parse(d.Base), a, to); err == nil {
		return changed
	}
	return a
}

// standing are the amendments to the motion, or to one of its amendments, that stand.
func (d Debate) standing(parent string) []amend.Amendment {
	var all []amend.Amendment
	for _, m := range d.Amendments {
		if m.Amends.Parent == parent && m.stands() {
			all = append(all, d.Effective(m))
		}
	}
	return all
}

// Reads is how the motion reads with the amendments that stand and with those named too, clause by clause. Amendments
// that cannot all stand are refused with AMENDMENTS_CLASH, an unknown one with MOTION_NOT_FOUND.
func (d Debate) Reads(with ...string) ([]amend.Line, error) {
	all := d.standing("")
	for _, id := range with {
		m, ok := d.find(id)
		if !ok {
			return nil, MotionNotFound()
		}
		if m.Amends.Parent == "" && !m.stands() {
			all = append(all, d.Effective(m))
		}
	}
	return amend.Apply(amend.Parse(d.Base), all)
}

// Text is the motion's text as amended.
func (d Debate) Text() (string, error) {
	lines, err := d.Reads()
	if err != nil {
		return "", err
	}
	return amend.Join(amend.Clauses(lines)), nil
}

// Falls says why an amendment cannot be carried any more, and what was decided instead; nothing if it can. Nothing falls
// because a vote is about to open: another room may still refuse it, and what was put is then back on the order paper.
func (d Debate) Falls(m Motion) (amend.Why, string) {
	if !d.Motion.open() && d.Motion.State != Opening {
		return amend.MotionGone, d.Motion.ID
	}
	if m.Amends.Parent == "" {
		return amend.Falls(amend.Parse(d.Base), d.standing(""), d.Effective(m))
	}
	parent, ok := d.find(m.Amends.Parent)
	switch {
	case !ok || parent.State == Lost || parent.State == Withdrawn || parent.State == Fallen:
		return amend.ParentGone, m.Amends.Parent
	case !parent.open() && parent.State != Opening:
		return amend.ParentDecided, parent.ID
	}
	beside := d.standing(parent.ID)
	if why, by := amend.Falls(amend.Proposal(parent.Amendment()), beside, m.Amendment()); why != "" {
		return why, by
	}
	if _, err := amend.Amended(amend.Parse(d.Base), parent.Amendment(), append(beside, m.Amendment())); err != nil {
		return amend.NothingLeft, parent.ID
	}
	return "", ""
}

// open reports whether a motion's text may still be amended.
func (m Motion) open() bool { return m.State == Moved || m.State == Seconded || m.State == Accepted }

// Settle makes every amendment fall that cannot stand beside what was decided, until none is left that has to, and
// returns those that fell and the debate with them. Amendments whose vote is under way fall when it is declared.
func (d Debate) Settle(now time.Time) (fallen []Motion, after Debate, err error) {
	for again := true; again; {
		again = false
		for _, m := range d.Amendments {
			if m.State != Moved && m.State != Seconded && m.State != Accepted {
				continue
			}
			why, other := d.Falls(m)
			if why == "" {
				continue
			}
			next, err := m.to(Fallen)
			if err != nil {
				return nil, d, err
			}
			next.Fate = &Fate{Why: why, Other: other, At: now}
			fallen, d, again = append(fallen, next), d.With(next), true
		}
	}
	return fallen, d, nil
}

// InOrder are the amendments in the order in which they are voted on.
func (d Debate) InOrder() []Motion {
	by := map[string]Motion{}
	all := make([]amend.Amendment, len(d.Amendments))
	for i, m := range d.Amendments {
		by[m.ID], all[i] = m, m.Amendment()
	}
	var out []Motion
	for _, a := range amend.Order(all) {
		out = append(out, by[a.ID])
	}
	return out
}

// Clashes are the conflicts among amendments that still wait: which falls if which is carried.
func (d Debate) Clashes() []amend.Clash {
	var all []amend.Amendment
	for _, m := range d.Amendments {
		if m.waits() {
			all = append(all, m.Amendment())
		}
	}
	return amend.Clashes(amend.Parse(d.Base), all)
}

// MayPut refuses to put a motion before its accepted amendments, an amendment out of its order or of a motion that was put,
// or two of them at once.
func (d Debate) MayPut(mo Motion) error {
	if err := d.Undecided(); err != nil {
		return err
	}
	if mo.Amends != nil && mo.State == Accepted && d.Motion.State != Accepted {
		return fault.New(fault.Conflict, "MOTION_STATE", "The motion is "+d.Motion.State.words()+": its amendments are voted on before it is put.").
			With("state", string(d.Motion.State))
	}
	for _, a := range d.InOrder() {
		switch {
		case a.ID == mo.ID:
			return nil
		case a.State == Accepted && mo.Amends == nil:
			return fault.New(fault.Conflict, "AMENDMENTS_FIRST", fmt.Sprintf("Amendment %d is voted on before the motion.", a.Amends.Number)).With("motion", a.ID)
		case a.State == Accepted:
			return fault.New(fault.Conflict, "AMENDMENT_ORDER", fmt.Sprintf("Amendment %d is voted on before this one.", a.Amends.Number)).With("motion", a.ID)
		}
	}
	return nil
}

// owner is what an amendment amends.
func (d Debate) owner(mo Motion) Motion {
	if p, ok := d.find(mo.Amends.Parent); ok {
		return p
	}
	return d.Motion
}

// Undecided refuses what would change a text while an amendment to it is voted on: AMENDMENT_UNDECIDED.
func (d Debate) Undecided() error {
	for _, a := range d.Amendments {
		if a.Undeclared() {
			return undecided(a)
		}
	}
	return nil
}

func undecided(a Motion) error {
	return fault.New(fault.Conflict, "AMENDMENT_UNDECIDED", "The vote on an amendment is under way: declare it first.").With("motion", a.ID)
}

// InOrderOfVoting puts the amendments on an order paper before the motions that they amend, in the order in which they
// are voted on.
func InOrderOfVoting(paper []Motion) []Motion {
	to := map[string][]Motion{}
	for _, m := range paper {
		if m.Amends != nil {
			to[m.Amends.Motion] = append(to[m.Amends.Motion], m)
		}
	}
	var out []Motion
	for _, m := range paper {
		if m.Amends != nil {
			continue
		}
		out = append(append(out, Debate{Motion: m, Amendments: to[m.ID]}.InOrder()...), m)
	}
	return out
}
