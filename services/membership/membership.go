// Package membership decides who is a member, who holds office, and who stands on an electoral roll.
//
// The register is a history of dated events: a person applied, confirmed their address, was admitted, left. What
// the ledger says about their £1 is a second history. Standing on a date is computed from the two and from the rule in
// force, never kept: [History.On] and [State.Standing] are functions of events and a date, and give the same answer in
// whatever order the events arrived. Nothing is edited; what was wrong is answered by another event.
//
// What may happen to an entry is decided here ([Decision]): who may, with which reason, and what follows. A member leaves by
// themselves; a resolution that names them expels; the rules, the secretary or the board admit ([Admission]); two officers examine
// what may be one person twice ([Pair]), and a machine refuses nobody; any member objects to an entry and is answered ([Objection]).
// "Why am I (not) a member in good standing on this date?" is answered by [History.Ask].
//
// A roll ([Draw]) is the list of those entitled at an instant, numbered in an order that tells nothing, with a
// fingerprint that the ballots room computes again for itself ([Fingerprint]).
//
// The register's legal ground is section 30 of the Co-operative and Community Benefit Societies Act 2014: names, and
// the dates on which people entered and ceased.
package membership

import (
	"cmp"
	"slices"
	"time"
)

// EventKind is what happened to an entry of the register.
type EventKind string

// The kinds. Those that end a membership are [Resigned], [Lapsed], [Expelled], [Died] and [Merged].
const (
	// Applied: a person asked to become a member.
	Applied EventKind = "applied"
	// Confirmed: they showed that the address is theirs.
	Confirmed EventKind = "confirmed"
	// ConfirmedOnPaper: an officer entered the application of a person without e-mail, whom they saw or whose form they have.
	ConfirmedOnPaper EventKind = "confirmed_on_paper"
	// Admitted: they became a member.
	Admitted EventKind = "admitted"
	// Moved: they moved to another region.
	Moved EventKind = "moved"
	// Resigned: they left.
	Resigned EventKind = "resigned"
	// Lapsed: the rules ended the membership.
	Lapsed EventKind = "lapsed"
	// Expelled: a resolution ended it.
	Expelled EventKind = "expelled"
	// Died: the member died.
	Died EventKind = "died"
	// Readmitted: a former member became one again.
	Readmitted EventKind = "readmitted"
	// Declined: an application was refused.
	Declined EventKind = "refused"
	// Withdrawn: the applicant took the application back before anybody decided on it.
	Withdrawn EventKind = "withdrawn"
	// Renamed: the name changed to About.
	Renamed EventKind = "renamed"
	// EmailChanged: another e-mail address was confirmed. The event does not say which: addresses are in the entry alone.
	EmailChanged EventKind = "email_changed"
	// PostalChanged: the postal address changed. The event does not say to which.
	PostalChanged EventKind = "postal_changed"
	// Waived: an officer excused the member from the £1.
	Waived EventKind = "waived"
	// Merged: two officers found that this entry and About are one person; About is kept and this one ceased.
	Merged EventKind = "merged"
	// MergedIn: the entry About was merged into this one.
	MergedIn EventKind = "merged_in"
	// FoundSame: a first officer found that this entry and About, which is to be kept, are one person. It bears on no standing.
	FoundSame EventKind = "found_same"
	// FoundDistinct: a first officer found that this entry and About are two people.
	FoundDistinct EventKind = "found_distinct"
	// Examined: a second officer found the same: this entry and About are two people. It stands on both.
	Examined EventKind = "examined"
	// Objected: a member asked to look at this entry.
	Objected EventKind = "objected"
	// ObjectionUpheld: the objection with the number About is right.
	ObjectionUpheld EventKind = "objection_upheld"
	// ObjectionDismissed: the objection with the number About is not.
	ObjectionDismissed EventKind = "objection_dismissed"
	// OperatorToken: the operator made an access token in the member's name. It bears on no standing.
	OperatorToken EventKind = "operator_token"
	// AskedForCard, MadeCard, CancelledCard, UsedCard: two officers signed a member without e-mail in at a desk ([Card]). They bear on no standing.
	AskedForCard  EventKind = "card_asked"
	MadeCard      EventKind = "card_made"
	CancelledCard EventKind = "card_cancelled"
	UsedCard      EventKind = "card_used"
	// RollChallenged: the member challenged a roll. It bears on no standing, nor do the following.
	RollChallenged EventKind = "roll_challenged"
	// ChallengeUpheld and ChallengeDismissed: the member's challenge was decided.
	ChallengeUpheld    EventKind = "challenge_upheld"
	ChallengeDismissed EventKind = "challenge_dismissed"
	// RuledOntoRoll and RuledOffRoll: a challenge about the member was upheld.
	RuledOntoRoll EventKind = "ruled_onto_roll"
	RuledOffRoll  EventKind = "ruled_off_roll"
	// RegisterExported: the officer took a copy of the register. RegisterInspected: they had somebody inspect it.
	RegisterExported  EventKind = "register_exported"
	RegisterInspected EventKind = "register_inspected"
)

// ByFounding is who admitted the founders and gave them their offices.
const ByFounding = "founding act"

// Event is one line of an entry's history.
type Event struct {
	// Number is its place among all events of the register, 1, 2, 3, …, in the order of recording.
	Number int64
	// Kind is what happened.
	Kind EventKind
	// At is when it took effect.
	At time.Time
	// Region is the region's id, or empty, for Applied and Moved.
	Region string
	// Reason says why, where somebody else decided.
	Reason string
	// By is who decided: a member id, [ByFounding], or empty for the person or the rules themselves.
	By string
	// About is what the kind names: a new name, a motion, another entry, the number of an objection. It bears on no standing.
	About string
}

// Money is a standing event of the ledger: a £1 settled, or one that had settled was reversed.
type Money struct {
	// Entry is the ledger's entry.
	Entry string
	// Reverses is the entry whose effect this one takes away, empty where money settled.
	Reverses string
	// At is when the ledger recorded it.
	At time.Time
}

// History is all that is known of one entry.
type History struct {
	// Events are the register's.
	Events []Event
	// Money is the ledger's.
	Money []Money
}

// State is what a history amounts to at an instant. A zero time means never.
type State struct {
	// Applied, Confirmed and Admitted are when those things happened; Admitted is the latest admission.
	Applied, Confirmed, Admitted time.Time
	// Left is when the membership ended, and LeftAs how; zero while it lasts.
	Left   time.Time
	LeftAs EventKind
	// Waiting is true while an application waits for a decision, a first one or a former member's.
	Waiting bool
	// Refused is when the latest application was refused, RefusedFor why; zero while none was.
	Refused    time.Time
	RefusedFor string
	// Withdrawn is when the person took the latest application back; zero while they did not.
	Withdrawn time.Time
	// Waived is when an officer excused the member from the £1, in this membership.
	Waived time.Time
	// Region is the region's id, or empty.
	Region string
	// Donated is when the earliest £1 that stands settled.
	Donated time.Time
	// Reversed is when the last £1 that does not stand any more was taken back.
	Reversed time.Time
}

// On returns the state at an instant: of every event and entry dated at or before it. The order in which
// they stand in the history makes no difference.
func (h History) On(at time.Time) State {
	var s State
	events := slices.Clone(h.Events)
	slices.SortFunc(events, func(a, b Event) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return cmp.Compare(a.Number, b.Number)
	})
	for _, e := range events {
		if e.At.After(at) {
			break
		}
		s.apply(e)
	}
	reversed := map[string]time.Time{}
	for _, m := range h.Money {
		if m.Reverses != "" && !m.At.After(at) && m.At.After(reversed[m.Reverses]) {
			reversed[m.Reverses] = m.At
		}
	}
	for _, m := range h.Money {
		if m.Reverses != "" || m.At.After(at) {
			continue
		}
		if back, ok := reversed[m.Entry]; ok {
			if back.After(s.Reversed) {
				s.Reversed = back
			}
			continue
		}
		if s.Donated.IsZero() || m.At.Before(s.Donated) {
			s.Donated = m.At
		}
	}
	return s
}

func (s *State) apply(e Event) {
	switch e.Kind {
	case Applied:
		s.Applied, s.Region = e.At, e.Region
		s.Waiting, s.Refused, s.RefusedFor, s.Withdrawn = !s.Member(), time.Time{}, "", time.Time{}
	case Confirmed, ConfirmedOnPaper:
		s.Confirmed = e.At
	case Declined:
		if s.Waiting {
			s.Waiting, s.Refused, s.RefusedFor = false, e.At, e.Reason
		}
	case Withdrawn:
		if s.Waiting {
			s.Waiting, s.Withdrawn = false, e.At
		}
	case Moved:
		s.Region = e.Region
	case Admitted, Readmitted:
		s.Admitted, s.Left, s.LeftAs, s.Waiting = e.At, time.Time{}, "", false
	case Waived:
		if s.Member() {
			s.Waived = e.At
		}
	case Resigned, Lapsed, Expelled, Died, Merged:
		if s.Left.IsZero() && !s.Admitted.IsZero() {
			s.Left, s.LeftAs, s.Waived = e.At, e.Kind, time.Time{}
		}
	case Renamed, EmailChanged, PostalChanged, MergedIn, FoundSame, FoundDistinct, Examined, Objected, ObjectionUpheld, ObjectionDismissed, OperatorToken,
		AskedForCard, MadeCard, CancelledCard, UsedCard,
		RollChallenged, ChallengeUpheld, ChallengeDismissed, RuledOntoRoll, RuledOffRoll, RegisterExported, RegisterInspected:
		// They are on record, and bear on no standing.
	}
}

// Member reports whether the person is a member: admitted, and has not left.
func (s State) Member() bool { return !s.Admitted.IsZero() && s.Left.IsZero() }

// Good reports whether the member is in good standing: a member whose £1 stands, or was waived, where the rule requires it.
func (s State) Good(required bool) bool {
	return s.Member() && (!required || !s.Donated.IsZero() || !s.Waived.IsZero())
}

// Pending reports whether somebody who confirmed their address waits for a decision on their admission.
func (s State) Pending() bool { return s.Waiting && !s.Confirmed.IsZero() }
