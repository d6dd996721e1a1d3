package motions

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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
