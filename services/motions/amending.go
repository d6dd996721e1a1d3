package motions

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/motions/amend"
)

// AmendmentProposal is what an amendment is moved with.
type AmendmentProposal struct {
	ID     string
	Parent string
	Edits  []amend.Edit
}

// MoveAmendment moves an amendment to a motion on the order paper, or to an amendment of it: by a member whom the meeting
// admits, before the deadline, no longer than the rules say, and only if it fits what is amended and what was decided.
func MoveAmendment(d Debate, named Motion, m Meeting, t Terms, p AmendmentProposal, mover Person, now time.Time, zone *time.Location) (Motion, error) {
	if err := eligible(m.Region, mover); err != nil {
		return Motion{}, err
	}
	if named.Amends != nil {
		return Motion{}, fault.New(fault.Conflict, "IS_AMENDMENT", "Name the motion, and the amendment to it that you want to amend.")
	}
	if err := Amendable(d, m, t, now, zone); err != nil {
		return Motion{}, err
	}
	if err := Proposable(d, t, p); err != nil {
		return Motion{}, err
	}
	n := 0
	for _, a := range d.Amendments {
		n = max(n, a.Amends.Number)
	}
	if n >= maxAmendments {
		return Motion{}, fault.New(fault.Exhausted, "AMENDMENTS_TOO_MANY", fmt.Sprintf("This motion has %d amendments already.", n))
	}
	out := Motion{ID: p.ID, Meeting: m.ID, Region: m.Region, Kind: Resolution, Majority: Ordinary, State: Moved, Mover: mover.Member, MoverName: mover.Name,
		MovedAt: now, Version: 1, Amends: &Amends{Motion: d.Motion.ID, Parent: p.Parent, Number: n + 1, Edits: p.Edits}}
	// It names itself on order papers and ballots, in both languages.
	out.Title = shortened(fmt.Sprintf("Amendment %d / Gwelliant %d: %s", n+1, n+1, d.Motion.Title), maxTitle)
	if out.Text = amend.Wording(p.Edits, p.Parent != ""); utf8.RuneCountInString(out.Text) > maxText {
		return Motion{}, fault.Field("AMENDMENT_TOO_LONG", "edits", fmt.Sprintf("In words, the amendment is longer than %d characters.", maxText))
	}
	return out, nil
}

// shortened cuts a line to so many characters.
func shortened(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return strings.TrimSpace(string(r[:most-1])) + "…"
	}
	return s
}

// Amendable refuses amendments after their deadline, and amendments to what is not on the order paper, is no resolution, or changes rules: a change of the
// rules stands or falls as notice of it was given.
func Amendable(d Debate, m Meeting, t Terms, now time.Time, zone *time.Location) error {
	switch {
	case d.Motion.Kind != Resolution || len(d.Motion.RuleChanges) > 0:
		return fault.New(fault.Conflict, "NOT_AMENDABLE", "Only a resolution's text is amended; a change of the rules is voted on as it was announced.")
	case d.Motion.State != Accepted:
		return fault.New(fault.Conflict, "MOTION_STATE", "The motion is "+d.Motion.State.words()+": it is amended while it is on the order paper.").
			With("state", string(d.Motion.State))
	case m.State == Closed:
		return receives(m)
	}
	return t.mayBeAmended(m, now, zone)
}

// Proposable refuses edits that do not fit what they amend, are longer than the rules allow, or clash with what was
// decided: AMENDMENT_CLASHES.
func Proposable(d Debate, t Terms, p AmendmentProposal) error {
	words := 0
	for _, e := range p.Edits {
		words += len(strings.Fields(e.New))
		if utf8.RuneCountInString(e.New)+utf8.RuneCountInString(e.Old) > maxText/2 || !shown(e.New) || !shown(e.Old) {
			return fault.Field("AMENDMENT_WORDS", "edits", "The words are too long, or hold characters that cannot be shown.")
		}
	}
	if words > t.Amending.Words {
		return fault.Field("AMENDMENT_TOO_LONG", "edits", fmt.Sprintf("The amendment brings in %d words; the rules allow %d.", words, t.Amending.Words))
	}
	a := Motion{ID: p.ID, Amends: &Amends{Motion: d.Motion.ID, Parent: p.Parent, Number: len(d.Amendments) + 1, Edits: p.Edits}}
	base := amend.Parse(d.Base)
	if p.Parent != "" {
		parent, ok := d.find(p.Parent)
		switch {
		case !ok:
			return fault.Field("AMENDMENT_PARENT", "parent", "There is no such amendment to this motion.")
		case parent.Amends.Parent != "" || !t.Amending.ToAmendments:
			return fault.Field("AMENDMENT_DEPTH", "parent", "The rules let an amendment be amended "+map[bool]string{true: "one level deep", false: "not at all"}[t.Amending.ToAmendments]+".")
		}
		base = amend.Proposal(parent.Amendment())
	}
	if err := amend.Check(base, a.Amendment()); err != nil {
		return err
	}
	if why, other := d.Falls(a); why != "" {
		return fault.New(fault.Conflict, "AMENDMENT_CLASHES", "This cannot be moved: the meeting has decided on these words, or they are no longer before it.").
			With("why", string(why)).With("other", other)
	}
	lines, err := d.With(a).proposed(a)
	if err != nil {
		return err
	}
	if utf8.RuneCountInString(amend.Join(amend.Clauses(lines))) > maxText {
		return fault.Field("AMENDMENT_TOO_LONG", "edits", fmt.Sprintf("The text would be longer than %d characters.", maxText))
	}
	return nil
}

// proposed is the text with what stands and with one amendment that may not be moved yet.
func (d Debate) proposed(a Motion) ([]amend.Line, error) {
	if a.Amends.Parent != "" {
		return d.Reads(a.Amends.Parent)
	}
	return amend.Apply(amend.Parse(d.Base), append(d.standing(""), a.Amendment()))
}

// shown reports whether a text holds only characters that can be shown, and line breaks.
func shown(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return (r < ' ' && r != '\n' && r != '\t') || r == 0x7f })
}

// MayAgree admits mover and seconder of what an amendment amends.
func MayAgree(d Debate, mo Motion, member string) error {
	if mo.Amends == nil {
		return fault.New(fault.Conflict, "NOT_AN_AMENDMENT", "Only an amendment is taken into a text.")
	}
	if owner := d.owner(mo); member == "" || member != owner.Mover && member != owner.Seconder {
		return fault.New(fault.Denied, "NOT_MOVER_OR_SECONDER", "Only mover and seconder of what is amended may take an amendment in.")
	}
	return nil
}

// Agree records that mover or seconder of what an amendment amends consents to it. With both consents it is in the text
// without a vote. What a regional meeting tabled is the region's, and not theirs to change.
func Agree(d Debate, mo Motion, m Meeting, t Terms, member string, now time.Time) (Motion, error) {
	if err := MayAgree(d, mo, member); err != nil {
		return Motion{}, err
	}
	if err := d.Undecided(); err != nil {
		return Motion{}, err
	}
	owner := d.owner(mo)
	switch {
	case !t.Amending.Friendly:
		return Motion{}, fault.New(fault.Conflict, "NOT_FRIENDLY", "The rules leave every amendment to a vote (rule "+t.clause[keyAmendFriendly]+").")
	case d.Motion.TabledBy != nil:
		return Motion{}, fault.New(fault.Conflict, "TABLED_BY_REGION", "A regional meeting tabled this motion: only the meeting may change its text.")
	case m.State == Closed || !d.Motion.open():
		return Motion{}, fault.New(fault.Conflict, "MOTION_STATE", "The motion is "+d.Motion.State.words()+": its text no longer changes.")
	case mo.State != Moved && mo.State != Seconded && mo.State != Accepted:
		return mo.to(Agreed)
	}
	a := *mo.Amends
	if member == owner.Mover && a.MoverAgreed.IsZero() {
		a.MoverAgreed = now
	}
	if member == owner.Seconder && a.SeconderAgreed.IsZero() {
		a.SeconderAgreed = now
	}
	out := mo
	if a.MoverAgreed.IsZero() || a.SeconderAgreed.IsZero() {
		out.Version++
	} else {
		var err error
		if out, err = mo.to(Agreed); err != nil {
			return Motion{}, err
		}
	}
	out.Amends = &a
	return out, nil
}
