package motions

import (
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// RuleChange gives a rule of the book another value.
type RuleChange struct {
	Key, Value string
}

// maxChanges is the most rules that one motion may change: more than there are.
const maxChanges = 100

// With returns the book with changes, each of them with that source, or an Invalid fault: RULE_CHANGE_INVALID for a
// change of no known rule, given twice or to what it says already, RULE_BOOK_INVALID if the book could not be followed then.
func (b Book) With(changes []RuleChange, source string) (Book, error) {
	if len(changes) == 0 || len(changes) > maxChanges {
		return Book{}, fault.Field("RULE_CHANGE_INVALID", "rule_changes", "Change at least one rule.")
	}
	next := b
	next.Rules = b.whole()
	place := make(map[string]int, len(next.Rules))
	for i, r := range next.Rules {
		place[r.Key] = i
	}
	var wrong []fault.Violation
	seen := map[string]bool{}
	for _, c := range changes {
		i, known := place[c.Key]
		switch {
		case !known:
			wrong = append(wrong, fault.Violation{Field: c.Key, Message: "There is no rule of this name."})
			continue
		case seen[c.Key]:
			wrong = append(wrong, fault.Violation{Field: c.Key, Message: "This rule is changed twice."})
		case next.Rules[i].Value == c.Value:
			wrong = append(wrong, fault.Violation{Field: c.Key, Message: "The rule says this already."})
		}
		seen[c.Key] = true
		next.Rules[i].Value, next.Rules[i].Source = c.Value, source
	}
	if len(wrong) > 0 {
		return Book{}, fault.New(fault.Invalid, "RULE_CHANGE_INVALID", wrong[0].Message, wrong...)
	}
	if _, err := next.Terms(); err != nil {
		return Book{}, err
	}
	return next, nil
}

// whole returns a copy of the book's rules, with those that were introduced after it was adopted.
func (b Book) whole() []Rule {
	all := append([]Rule(nil), b.Rules...)
	have := make(map[string]bool, len(all))
	for _, r := range all {
		have[r.Key] = true
	}
	for _, r := range laterRules() {
		if !have[r.Key] {
			all = append(all, r)
		}
	}
	return all
}

// Consequence is what the change of a rule means.
type Consequence struct {
	// Key is the rule's; Was and Becomes are its values.
	Key, Was, Becomes string
	// Meaning says it with today's numbers, or is empty.
	Meaning string
}

// Consequences says what changes would mean with so many members in good standing, in the order of the book, or returns
// the fault of [Book.With].
func (b Book) Consequences(changes []RuleChange, members int64) ([]Consequence, error) {
	next, err := b.With(changes, "a resolution")
	if err != nil {
		return nil, err
	}
	terms, err := next.Terms()
	if err != nil {
		return nil, err
	}
	var all []Consequence
	for i, was := range b.whole() {
		if becomes := next.Rules[i].Value; becomes != was.Value {
			all = append(all, Consequence{Key: was.Key, Was: was.Value, Becomes: becomes, Meaning: terms.counted(was.Key, members)})
		}
	}
	return all, nil
}

// counted says what a rule comes to in numbers, or nothing where there is nothing to count.
func (t Terms) counted(key string, members int64) string {
	switch key {
	case keyQuorumAGM, keyQuorumSpecial, keyQuorumRegional:
		kind := map[string]MeetingKind{keyQuorumAGM: AGM, keyQuorumSpecial: Special, keyQuorumRegional: Regional}[key]
		needed := t.quorum[kind].Needed(members)
		said := fmt.Sprintf("With %d members the quorum is %d.", members, needed)
		if needed > members {
			said += " That is more members than there are: no such meeting could open."
		}
		return said
	case keyOrdinary, keyExtraordinary:
		which := map[string]Majority{keyOrdinary: Ordinary, keyExtraordinary: Extraordinary}[key]
		return "Where all 100 members of a roll vote for or against, " + t.majority[which].least()
	}
	return ""
}

// least says how many of a hundred carry a motion.
func (m MajorityRule) least() string {
	for votes := int64(1); votes <= 100; votes++ {
		if _, carried := m.Decide(Figures{For: votes, Against: 100 - votes, Electors: 100}); carried {
			return fmt.Sprintf("%d votes for it carry a motion.", votes)
		}
	}
	return "not even 100 votes for it carry a motion."
}

// Adopt makes the next version of the rule book from what a motion that a general meeting carried changes. latest is the
// newest version there is. It returns a Conflict fault NOT_GENERAL, NOT_CARRIED or ALREADY_ADOPTED, or an Invalid one
// RULE_CHANGE_INVALID or EFFECTIVE_TIME. (A registered society's amendment is valid from its registration: section 16 of
// the Co-operative and Community Benefit Societies Act 2014.)
func Adopt(latest Book, mo Motion, effective, now time.Time, zone *time.Location) (Book, error) {
	switch {
	case mo.Region != "":
		return Book{}, fault.New(fault.Conflict, "NOT_GENERAL", "Only a general meeting changes the rules: a regional meeting may table the motion for one.")
	case mo.State != Carried:
		return Book{}, fault.New(fault.Conflict, "NOT_CARRIED", "The rules are changed by a resolution that was carried.").With("state", string(mo.State))
	case mo.RuleBook != 0:
		return Book{}, fault.New(fault.Conflict, "ALREADY_ADOPTED", fmt.Sprintf("This resolution is in force since version %d of the rule book.", mo.RuleBook))
	case effective.Before(mo.Vote.Declared):
		return Book{}, fault.Field("EFFECTIVE_TIME", "effective_time", "The rules cannot change before the result was declared.")
	case effective.Before(latest.Effective):
		return Book{}, fault.Field("EFFECTIVE_TIME", "effective_time", fmt.Sprintf("Version %d of the rule book comes into force later than that.", latest.Version))
	case effective.After(now.Add(horizon)):
		return Book{}, fault.Field("EFFECTIVE_TIME", "effective_time", "That is more than two years ahead.")
	}
	next, err := latest.With(mo.RuleChanges, fmt.Sprintf("Resolution \u201c%s\u201d of %s", mo.Title, mo.Vote.Declared.In(zone).Format("2 January 2006")))
	if err != nil {
		return Book{}, err
	}
	next.Version, next.Effective, next.AdoptedBy = latest.Version+1, effective, mo.ID
	return next, nil
}
