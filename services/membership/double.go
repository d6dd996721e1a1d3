package membership

import (
	"slices"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Pair is two entries that may be one person. Where a finding says so, Member is the one that ceases and Other the one kept.
type Pair struct{ Member, Other string }

// Finding is what officers found about a pair.
type Finding struct {
	// Pair is the pair, in the order of the finding.
	Pair
	// Same is whether it says that both are one person.
	Same bool
	// By is the first officer; Reason why; At when.
	By, Reason string
	At         time.Time
	// Second is the second officer's: zero while one is waited for.
	Second time.Time
}

// Findings reads what was found from the events of entries, by entry. A later finding about the same two replaces one that
// nobody confirmed. Newest last.
func Findings(events map[string][]Event) []Finding {
	type line struct {
		member string
		Event
	}
	var all []line
	for m, es := range events {
		for _, e := range es {
			all = append(all, line{m, e})
		}
	}
	slices.SortFunc(all, func(a, b line) int { return int(a.Number - b.Number) })
	var found []Finding
	for _, e := range all {
		p := Pair{e.member, e.About}
		at := slices.IndexFunc(found, func(f Finding) bool { return f.is(p) })
		switch e.Kind {
		case FoundSame, FoundDistinct:
			f := Finding{Pair: p, Same: e.Kind == FoundSame, By: e.By, Reason: e.Reason, At: e.At}
			if at >= 0 {
				found = slices.Delete(found, at, at+1)
			}
			found = append(found, f)
		case Examined, Merged:
			if at >= 0 {
				found[at].Second = e.At
			}
		default:
		}
	}
	return found
}

// is reports whether two pairs are of the same two.
func (p Pair) is(o Pair) bool {
	return p == o || (p.Member == o.Other && p.Other == o.Member)
}

func (p Pair) check(by string, member, other State) error {
	switch {
	case p.Member == p.Other:
		return fault.Field("SAME_ENTRY", "other", "Name two entries.")
	case by == p.Member || by == p.Other:
		return fault.New(fault.Denied, "OWN_ENTRY", "Nobody examines their own entry: ask another officer.")
	case !member.Member() && !member.Pending() || !other.Member() && !other.Pending():
		return fault.New(fault.Conflict, "ENTRY_CEASED", "One of the two is not a member any more, so there is nothing to examine.")
	}
	return nil
}

// Find decides a first officer's finding about a pair. d.Member is p.Member. A settled pair is not examined twice unless
// somebody finds something else.
func (d Decision) Find(p Pair, same bool, member, other State, findings []Finding) (Event, error) {
	d, err := d.reasoned("FINDING_INVALID")
	if err != nil {
		return Event{}, err
	}
	if err := p.check(d.By, member, other); err != nil {
		return Event{}, err
	}
	if same && !member.Member() {
		return Event{}, fault.New(fault.Conflict, "APPLICANT", "An applicant is no member yet: refuse the application instead, with the reason.")
	}
	for _, f := range findings {
		if f.is(p) && !f.Second.IsZero() && f.Same == same {
			return Event{}, fault.New(fault.Exists, "EXAMINED_ALREADY", "Two officers have examined these two entries already.")
		}
	}
	kind := FoundDistinct
	if same {
		kind = FoundSame
	}
	e := d.event(kind)
	e.About = p.Other
	return e, nil
}

// Settled is what a second officer's finding records on each of the two.
type Settled struct {
	// OnMember and OnOther are the events.
	OnMember, OnOther Event
	// Ended are the offices of an entry that ceased.
	Ended []Grant
}

// Confirm decides a second officer's finding about a pair, which has to be what the first one found.
func (d Decision) Confirm(p Pair, same bool, member, other State, findings []Finding, grants []Grant) (Settled, error) {
	d, err := d.reasoned("FINDING_INVALID")
	if err != nil {
		return Settled{}, err
	}
	if err := p.check(d.By, member, other); err != nil {
		return Settled{}, err
	}
	at := slices.IndexFunc(findings, func(f Finding) bool { return f.is(p) && f.Second.IsZero() })
	switch {
	case at < 0:
		return Settled{}, fault.New(fault.Conflict, "NOTHING_FOUND", "No officer's finding about these two waits for a second.")
	case findings[at].By == d.By:
		return Settled{}, fault.New(fault.Denied, "SECOND_OFFICER_NEEDED", "Another officer than the first one has to look.")
	case findings[at].Same != same || same && findings[at].Pair != p:
		return Settled{}, fault.New(fault.Conflict, "FINDING_DIFFERS", "The first officer found something else. If you disagree, record a finding of your own.")
	}
	var s Settled
	s.OnMember, s.OnOther = d.event(Examined), d.event(Examined)
	if same {
		s.OnMember, s.OnOther = d.event(Merged), d.event(MergedIn)
		f, err := d.officesEnd(s.OnMember, grants)
		if err != nil {
			return Settled{}, err
		}
		s.Ended = f.Ended
	}
	s.OnMember.About, s.OnOther.About = p.Other, p.Member
	return s, nil
}
