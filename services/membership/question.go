package membership

import (
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Answer is the answer to "why am I (not) a member in good standing on this date?".
type Answer struct {
	// Standing is what they were, and Good whether in good standing.
	Standing Standing
	Good     bool
	// Words are the rule and the event, in English.
	Words string
	// Code is which rule or event decided, for other languages.
	Code string
	// Event is the kind of the event that decided and At its time; empty where none did. Those of the ledger are "settled" and
	// "taken_back".
	Event string
	At    time.Time
	// Reason is why an application was refused; empty for everything else.
	Reason string
	// Waiting is whether an application waits for a decision, a first one or a former member's.
	Waiting bool
	// Admitted is the admission that counts.
	Admitted time.Time
	// Rule is the rule in force then.
	Rule Rule
}

// The codes of an [Answer].
const (
	AnswerUnknown     = "unknown"
	AnswerWaiting     = "waiting"
	AnswerRefused     = "refused"
	AnswerWithdrawn   = "withdrawn"
	AnswerLeft        = "left"
	AnswerSettled     = "settled"
	AnswerWaived      = "waived"
	AnswerTakenBack   = "taken_back"
	AnswerNotSettled  = "not_settled"
	AnswerNotRequired = "not_required"
	AnswerNoRules     = "no_rules"
)

// Ask answers about an instant, by the rule that was in force then. Dates in its words are those of zone.
func (h History) Ask(at time.Time, rules []Rule, zone *time.Location) Answer {
	s, rule := h.On(at), RuleAt(rules, at)
	a := Answer{Standing: s.Standing(rule.Required), Good: s.Good(rule.Required), Words: s.Explain(rule, zone), Waiting: s.Pending(), Admitted: s.Admitted, Rule: rule}
	decided := func(code, event string, when time.Time) { a.Code, a.Event, a.At = code, event, when }
	switch {
	case a.Standing == "":
		a.Code = AnswerUnknown
	case a.Standing == StandingLeft:
		decided(AnswerLeft, string(s.LeftAs), s.Left)
	case a.Standing == StandingApplied && !s.Refused.IsZero():
		decided(AnswerRefused, string(Declined), s.Refused)
		a.Reason = s.RefusedFor
	case a.Standing == StandingApplied && !s.Withdrawn.IsZero():
		decided(AnswerWithdrawn, string(Withdrawn), s.Withdrawn)
	case a.Standing == StandingApplied:
		decided(AnswerWaiting, string(Applied), s.Applied)
	case !s.Donated.IsZero():
		decided(AnswerSettled, AnswerSettled, s.Donated)
	case !s.Waived.IsZero():
		decided(AnswerWaived, string(Waived), s.Waived)
	case rule.Book == 0:
		decided(AnswerNoRules, string(Admitted), s.Admitted)
	case !rule.Required:
		decided(AnswerNotRequired, string(Admitted), s.Admitted)
	case !s.Reversed.IsZero():
		decided(AnswerTakenBack, AnswerTakenBack, s.Reversed)
	default:
		a.Code = AnswerNotSettled
	}
	return a
}

// Evening returns the last instant of a day of zone, or now for today and for an empty day. A day to come is refused: nobody
// knows yet.
func Evening(day string, now time.Time, zone *time.Location) (time.Time, error) {
	if day == "" {
		return now, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, day, zone)
	if err != nil {
		return time.Time{}, fault.Field("DATE_FORMAT", "date", "Enter a day as year, month and day, like 2026-11-24.")
	}
	if t.After(now) {
		return time.Time{}, fault.Field("DATE_AHEAD", "date", "Choose a day that is not in the future.")
	}
	if end := t.AddDate(0, 0, 1).Add(-time.Microsecond); end.Before(now) {
		return end, nil
	}
	return now, nil
}
