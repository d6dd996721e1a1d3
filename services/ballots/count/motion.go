package count

import (
	"fmt"
	"math/bits"
)

// Base is what a majority is a part of.
type Base string

// The bases that rule books name.
const (
	// BaseCast is the votes for and against; abstentions are no votes.
	BaseCast Base = "votes for and against"
	// BaseVoting is everyone who voted, abstentions among them; spoilt papers are no votes.
	BaseVoting Base = "votes for, against and abstaining"
	// BasePresent is the members present and entitled to vote, in person or by proxy.
	BasePresent Base = "members present"
	// BaseEntitled is all members entitled to vote, whether or not they did.
	BaseEntitled Base = "members entitled to vote"
)

// Majority is a rule for carrying a motion: for example more than 1 of 2 of the votes for and against, or
// at least 3 of 4 (conversion into a company, Co-operative and Community Benefit Societies Act 2014,
// section 113, and what many rules call an extraordinary resolution).
type Majority struct {
	// Num of Den is the share, 0 < Num <= Den.
	Num, Den int64
	// Over asks for more than the share, else the share itself is enough.
	Over bool
	// Base that the share is of.
	Base Base
}

// String says the rule in words.
func (r Majority) String() string {
	how := "at least"
	if r.Over {
		how = "more than"
	}
	return fmt.Sprintf("%s %d/%d of %s", how, r.Num, r.Den, r.Base)
}

// SimpleMajority is more than half of the votes for and against.
var SimpleMajority = Majority{Num: 1, Den: 2, Over: true, Base: BaseCast}

// Motion is the figures of a vote for or against something.
type Motion struct {
	// For, Against and Abstain are votes, Spoilt papers that say nothing.
	For, Against, Abstain, Spoilt int64
	// Present and Entitled are members; needed only for a majority of them.
	Present, Entitled int64
}

// Decision is what a vote decided, with the integers that show it.
type Decision struct {
	// Carried tells whether the motion is carried.
	Carried bool
	// For and Of are the votes for the motion and the number that the share is of.
	For, Of int64
	// Needed is the fewest votes for the motion that carry it with that base. In a base of votes, more
	// votes for it would have made the base larger too.
	Needed int64
	// Rule that was held.
	Rule Majority
	// Because shows the arithmetic in words.
	Because string
}

// Decide decides m by a majority, in exact integers. With no votes for it a motion is lost, whatever the
// rule: nobody for and nobody against carries nothing. A tie is lost as well; a casting vote, where the
// rules give one, is added to the figures by whoever applies those rules. The error says which figures or
// which rule make no sense.
func (m Motion) Decide(rule Majority) (Decision, error) {
	if rule.Num < 1 || rule.Den < rule.Num || rule.Over && rule.Num == rule.Den {
		return Decision{}, fmt.Errorf("%s is no majority", rule)
	}
	for _, n := range []int64{m.For, m.Against, m.Abstain, m.Spoilt, m.Present, m.Entitled} {
		if n < 0 || n > MaxPapers {
			return Decision{}, fmt.Errorf("%d is no number of votes or members", n)
		}
	}
	if rule.Den > MaxPapers {
		return Decision{}, fmt.Errorf("%d is too fine a share", rule.Den)
	}
	d := Decision{For: m.For, Rule: rule}
	voted := m.For + m.Against + m.Abstain
	switch rule.Base {
	case BaseCast:
		d.Of = m.For + m.Against
	case BaseVoting:
		d.Of = voted
	case BasePresent:
		d.Of = m.Present
	case BaseEntitled:
		d.Of = m.Entitled
	default:
		return Decision{}, fmt.Errorf("%q is no base of a majority", rule.Base)
	}
	if voted+m.Spoilt > d.Of && (rule.Base == BasePresent || rule.Base == BaseEntitled) {
		return Decision{}, fmt.Errorf("%d voted, which is more than the %d %s", voted+m.Spoilt, d.Of, rule.Base)
	}
	// For/Of >= Num/Den, or >, as For*Den against Of*Num in 128 bits.
	fh, fl := bits.Mul64(uint64(m.For), uint64(rule.Den))
	oh, ol := bits.Mul64(uint64(d.Of), uint64(rule.Num))
	more := fh > oh || fh == oh && fl > ol
	equal := fh == oh && fl == ol
	d.Carried = m.For > 0 && (more || equal && !rule.Over)
	q, r := bits.Div64(oh, ol, uint64(rule.Den))
	d.Needed = int64(q)
	if r > 0 || rule.Over {
		d.Needed++
	}
	d.Needed = max(d.Needed, 1)
	word := "lost"
	if d.Carried {
		word = "carried"
	}
	d.Because = fmt.Sprintf("%d for of %d %s; the rule is %s, so that %d are needed: %s.", m.For, d.Of, rule.Base, rule, d.Needed, word)
	return d, nil
}
