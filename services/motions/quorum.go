package motions

import (
	"fmt"
	"strconv"
	"strings"
)

// Quorum is how many members have to be present, as the rule book says it:
//
//	expression = term | "greater of" term "and" term | "lower of" term "and" term
//	term       = number | percentage "% of members" [ "rounded down" ]
//
// A percentage has at most two decimals. A part of a member counts as a whole one unless the rule says "rounded
// down". A quorum is never less than one member.
type Quorum struct {
	text    string
	choose  choice
	a, b    quorumTerm
	twoTerm bool
}

type choice int

const (
	greater choice = iota
	lower
)

// quorumTerm is a fixed number, or hundredths of a percent of the members.
type quorumTerm struct {
	fixed       int64
	basisPoints int64
	down        bool
}

// wholeInBasisPoints is all members.
const wholeInBasisPoints = 10_000

// maxFixed bounds numbers in rules, so that no product leaves 64 bits.
const maxFixed = 1_000_000

// ParseQuorum reads the expression.
func ParseQuorum(s string) (Quorum, error) {
	q := Quorum{text: s}
	rest, two := strings.CutPrefix(s, "greater of ")
	if !two {
		if rest, two = strings.CutPrefix(s, "lower of "); two {
			q.choose = lower
		}
	}
	var err error
	if !two {
		q.a, err = parseQuorumTerm(s)
		return q, err
	}
	first, second, ok := strings.Cut(rest, " and ")
	if !ok {
		return Quorum{}, fmt.Errorf("%q names only one of two", s)
	}
	q.twoTerm = true
	if q.a, err = parseQuorumTerm(first); err != nil {
		return Quorum{}, err
	}
	q.b, err = parseQuorumTerm(second)
	return q, err
}

func parseQuorumTerm(s string) (quorumTerm, error) {
	percent, of, isPercent := strings.Cut(s, "%")
	if !isPercent {
		n, err := parseWhole(s)
		if err != nil || n < 1 || n > maxFixed {
			return quorumTerm{}, fmt.Errorf("%q is not a number of members from 1 to %d", s, maxFixed)
		}
		return quorumTerm{fixed: n}, nil
	}
	t := quorumTerm{}
	switch of {
	case " of members":
	case " of members rounded down":
		t.down = true
	default:
		return quorumTerm{}, fmt.Errorf("%q: write it as 10%% of members", s)
	}
	var err error
	if t.basisPoints, err = parseBasisPoints(percent); err != nil || t.basisPoints < 1 || t.basisPoints > wholeInBasisPoints {
		return quorumTerm{}, fmt.Errorf("%q is not a percentage above 0 and up to 100, with at most two decimals", percent)
	}
	return t, nil
}

// parseWhole reads digits only: no sign, no space, no leading zero.
func parseWhole(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != s || n < 0 {
		return 0, fmt.Errorf("%q is not a whole number", s)
	}
	return n, nil
}

func parseBasisPoints(s string) (int64, error) {
	whole, part, decimals := strings.Cut(s, ".")
	n, err := parseWhole(whole)
	if err != nil || n > 100 {
		return 0, fmt.Errorf("%q is not a percentage", s)
	}
	n *= 100
	if !decimals {
		return n, nil
	}
	if len(part) < 1 || len(part) > 2 || strings.Trim(part, "0123456789") != "" {
		return 0, fmt.Errorf("%q has not one or two decimals", s)
	}
	p, err := strconv.ParseInt((part + "0")[:2], 10, 64)
	return n + p, err
}

// Needed returns how many of this many members have to be present: exact integers, at least 1.
func (q Quorum) Needed(members int64) int64 {
	n := q.a.needed(members)
	if q.twoTerm {
		m := q.b.needed(members)
		if q.choose == greater {
			n = max(n, m)
		} else {
			n = min(n, m)
		}
	}
	return max(n, 1)
}

func (t quorumTerm) needed(members int64) int64 {
	if t.basisPoints == 0 {
		return t.fixed
	}
	product := max(members, 0) * t.basisPoints
	if !t.down {
		product += wholeInBasisPoints - 1
	}
	return product / wholeInBasisPoints
}

// String returns the expression as the rule book has it.
func (q Quorum) String() string { return q.text }
