package membership

import (
	"fmt"
	"time"
)

// Standing is what a person may do.
type Standing string

// The standings, and the empty one of somebody whom the register does not know.
const (
	// StandingApplied: applied, not admitted.
	StandingApplied Standing = "applied"
	// StandingAdmitted: admitted, but the rule keeps them off the roll until their £1 settles.
	StandingAdmitted Standing = "admitted"
	// StandingCurrent: in good standing.
	StandingCurrent Standing = "current"
	// StandingLeft: no longer a member.
	StandingLeft Standing = "left"
)

// Rule is what the rule book in force says about the £1.
type Rule struct {
	// Book is the rule book's version; 0 before the first.
	Book int32
	// Required is true if the £1 is required for good standing, false if it is asked for.
	Required bool
	// From is when it came into force.
	From time.Time
	// Admission is who admits members; empty is automatic.
	Admission Admission
	// Registered is true for a society registered under the Co-operative and Community Benefit Societies Act 2014.
	Registered bool
	// PoundIsShare is true if the £1 is a share and not a donation.
	PoundIsShare bool
	// RetentionYears is how long an entry is kept after the person left; 0 is [DefaultRetention].
	RetentionYears int32
}

// DefaultRetention is for how many years the entry of a person who left is kept where the rule book does not say.
const DefaultRetention = 10

// Admission is who admits members.
type Admission string

// The admissions.
const (
	// AdmitAll: whoever confirms their address is admitted.
	AdmitAll Admission = "automatic"
	// AdmitBySecretary: the secretary decides on each application.
	AdmitBySecretary Admission = "secretary"
	// AdmitByBoard: the board decides on each application.
	AdmitByBoard Admission = "board"
)

// RuleAt returns the rule in force at an instant: the one that came into force last, the later version where two did at once.
// Before the first rule book nothing is required.
func RuleAt(rules []Rule, at time.Time) Rule {
	var in Rule
	for _, r := range rules {
		if r.From.After(at) || r.From.Before(in.From) || (r.From.Equal(in.From) && r.Book < in.Book) {
			continue
		}
		in = r
	}
	return in
}

// Standing returns the standing under a rule.
func (s State) Standing(required bool) Standing {
	switch {
	case !s.Left.IsZero():
		return StandingLeft
	case s.Admitted.IsZero() && s.Applied.IsZero():
		return ""
	case s.Admitted.IsZero():
		return StandingApplied
	case s.Good(required):
		return StandingCurrent
	}
	return StandingAdmitted
}

// Explain says in words why the standing is what it is, with the rule and the event. Dates are those of zone.
func (s State) Explain(r Rule, zone *time.Location) string {
	switch s.Standing(r.Required) {
	case "":
		return "There is no such entry in the register."
	case StandingLeft:
		words := fmt.Sprintf("Admitted on %s; %s on %s.", Date(s.Admitted, zone), ended[s.LeftAs], Date(s.Left, zone))
		if s.Waiting {
			words += fmt.Sprintf(" Applied again on %s; not admitted yet.", Date(s.Applied, zone))
		}
		return words + s.refused(zone) + s.withdrawn(zone)
	case StandingApplied:
		if s.Confirmed.IsZero() {
			return fmt.Sprintf("Applied on %s; the address has not been confirmed.", Date(s.Applied, zone))
		}
		if !s.Refused.IsZero() {
			return fmt.Sprintf("Applied on %s.", Date(s.Applied, zone)) + s.refused(zone)
		}
		if !s.Withdrawn.IsZero() {
			return fmt.Sprintf("Applied on %s.", Date(s.Applied, zone)) + s.withdrawn(zone)
		}
		return fmt.Sprintf("Applied on %s and confirmed on %s; not admitted yet.", Date(s.Applied, zone), Date(s.Confirmed, zone))
	case StandingAdmitted, StandingCurrent:
		return fmt.Sprintf("Admitted on %s. %s", Date(s.Admitted, zone), s.pound(r, zone))
	}
	return ""
}

var ended = map[EventKind]string{
	Resigned: "resigned", Lapsed: "the membership lapsed", Expelled: "expelled by resolution", Died: "died",
	Merged: "merged into the person's other entry",
}

// refused says why an application was refused, and what can be done about it.
func (s State) refused(zone *time.Location) string {
	if s.Refused.IsZero() {
		return ""
	}
	return fmt.Sprintf(" The application was refused on %s: %s", Date(s.Refused, zone), s.RefusedFor)
}

// withdrawn says that the person took their application back.
func (s State) withdrawn(zone *time.Location) string {
	if s.Withdrawn.IsZero() {
		return ""
	}
	return fmt.Sprintf(" The person withdrew the application on %s.", Date(s.Withdrawn, zone))
}

// pound says what the rule wants of the £1 and what the ledger knows of it.
func (s State) pound(r Rule, zone *time.Location) string {
	rule := fmt.Sprintf("Rule book %d asks for the £1 and does not require it", r.Book)
	switch {
	case r.Book == 0:
		rule = "No rule book is in force yet"
	case r.Required:
		rule = fmt.Sprintf("Rule book %d requires the £1", r.Book)
	}
	switch {
	case !s.Donated.IsZero():
		return rule + fmt.Sprintf("; it settled on %s.", Date(s.Donated, zone))
	case !s.Waived.IsZero():
		return rule + fmt.Sprintf("; an officer waived it on %s.", Date(s.Waived, zone))
	case !s.Reversed.IsZero():
		return rule + fmt.Sprintf("; the one that had settled was taken back on %s.", Date(s.Reversed, zone))
	}
	return rule + "; none has settled."
}

// Date writes the day of an instant as members read it: "2 January 2026".
func Date(t time.Time, zone *time.Location) string { return t.In(zone).Format("2 January 2006") }

// Day writes it as programs read it: "2026-01-02".
func Day(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.DateOnly) }
