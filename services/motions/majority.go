package motions

import (
	"fmt"
	"strings"
)

// base is what a majority is measured against.
type base string

const (
	forAndAgainst  base = "votes for and against"
	withAbstaining base = "votes cast, abstentions included"
	onTheRoll      base = "members on the roll"
)

// moreForThanAgainst says in words what more than 1/2 of the votes for and against says in numbers.
const moreForThanAgainst = "more for than against"

// MajorityRule is what it takes to carry a motion, as the rule book says it:
//
//	rule  = "more for than against" | ( "more than" | "at least" ) share "of" base
//	share = n "/" d | percentage "%"
//	base  = "votes for and against" | "votes cast, abstentions included" | "members on the roll"
//
// There is no casting vote: a tie is lost. Without a single vote for it nothing is carried.
type MajorityRule struct {
	text     string
	strict   bool
	num, den int64
	base     base
}

// maxShare bounds numerator and denominator, so that no product leaves 64 bits.
const maxShare = 10_000

// ParseMajority reads the rule.
func ParseMajority(s string) (MajorityRule, error) {
	if s == moreForThanAgainst {
		return MajorityRule{text: s, strict: true, num: 1, den: 2, base: forAndAgainst}, nil
	}
	m := MajorityRule{text: s}
	rest, ok := strings.CutPrefix(s, "more than ")
	m.strict = ok
	if !ok {
		if rest, ok = strings.CutPrefix(s, "at least "); !ok {
			return MajorityRule{}, fmt.Errorf("%q begins neither with \"more than\" nor with \"at least\"", s)
		}
	}
	share, of, ok := strings.Cut(rest, " of ")
	if !ok {
		return MajorityRule{}, fmt.Errorf("%q does not say of what", s)
	}
	switch base(of) {
	case forAndAgainst, withAbstaining, onTheRoll:
		m.base = base(of)
	default:
		return MajorityRule{}, fmt.Errorf("%q is not a base that votes are measured against", of)
	}
	var err error
	if percent, isPercent := strings.CutSuffix(share, "%"); isPercent {
		m.num, err = parseBasisPoints(percent)
		m.den = wholeInBasisPoints
	} else {
		n, d, cut := strings.Cut(share, "/")
		if !cut {
			return MajorityRule{}, fmt.Errorf("%q is not a share like 3/4", share)
		}
		if m.num, err = parseWhole(n); err == nil {
			m.den, err = parseWhole(d)
		}
	}
	if err != nil {
		return MajorityRule{}, err
	}
	if m.num < 1 || m.den < 1 || m.den > maxShare || m.num > m.den || (m.strict && m.num == m.den) {
		return MajorityRule{}, fmt.Errorf("%q can never be reached, or always is", share)
	}
	return m, nil
}

// Decide returns the base as a count and whether the figures carry the motion: exact integers.
func (m MajorityRule) Decide(f Figures) (count int64, carried bool) {
	switch m.base {
	case forAndAgainst:
		count = f.For + f.Against
	case withAbstaining:
		count = f.For + f.Against + f.Abstentions
	case onTheRoll:
		count = f.Electors
	}
	if f.For <= 0 {
		return count, false
	}
	if m.strict {
		return count, f.For*m.den > m.num*count
	}
	return count, f.For*m.den >= m.num*count
}

// BaseName names the base.
func (m MajorityRule) BaseName() string { return string(m.base) }

// String returns the rule as the rule book has it.
func (m MajorityRule) String() string { return m.text }
