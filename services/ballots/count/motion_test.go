package count_test

import (
	"testing"

	"github.com/localgovdigital/folkmoot/services/ballots/count"
)

func TestMotion(t *testing.T) {
	simple := count.SimpleMajority
	special := count.Majority{Num: 3, Den: 4, Base: count.BaseCast}
	twoThirds := count.Majority{Num: 2, Den: 3, Base: count.BaseCast}
	rule := func(m count.Majority, b count.Base) count.Majority { m.Base = b; return m }
	for _, c := range []struct {
		name    string
		m       count.Motion
		rule    count.Majority
		carried bool
		of      int64
		needed  int64
	}{
		{"nobody votes", count.Motion{}, simple, false, 0, 1},
		{"nobody votes, at least three quarters of nothing", count.Motion{}, special, false, 0, 1},
		{"only abstentions", count.Motion{Abstain: 9}, simple, false, 0, 1},
		{"a tie is lost", count.Motion{For: 5, Against: 5}, simple, false, 10, 6},
		{"one over half", count.Motion{For: 6, Against: 5}, simple, true, 11, 6},
		{"one for and nobody against", count.Motion{For: 1}, simple, true, 1, 1},
		{"75 of 100 are three quarters", count.Motion{For: 75, Against: 25}, special, true, 100, 75},
		{"749 of 1,000 are not", count.Motion{For: 749, Against: 251}, special, false, 1000, 750},
		{"74 of 99 are not: 297/4 is 74.25", count.Motion{For: 74, Against: 25}, special, false, 99, 75},
		{"2 of 3", count.Motion{For: 2, Against: 1}, twoThirds, true, 3, 2},
		{"66 of 100 are under two thirds", count.Motion{For: 66, Against: 34}, twoThirds, false, 100, 67},
		{"abstentions count in a base of everyone voting", count.Motion{For: 5, Against: 4, Abstain: 1}, rule(simple, count.BaseVoting), false, 10, 6},
		{"and not in one of votes cast", count.Motion{For: 5, Against: 4, Abstain: 1}, simple, true, 9, 5},
		{"of those present", count.Motion{For: 50, Against: 2, Present: 100}, rule(simple, count.BasePresent), false, 100, 51},
		{"of those entitled", count.Motion{For: 51, Against: 2, Entitled: 100}, rule(simple, count.BaseEntitled), true, 100, 51},
		{"large figures do not overflow", count.Motion{For: 3_000_000_000, Against: 1_000_000_000}, count.Majority{Num: 3_000_000_000, Den: 4_000_000_000, Base: count.BaseCast}, true, 4_000_000_000, 3_000_000_000},
	} {
		d, err := c.m.Decide(c.rule)
		if err != nil || d.Carried != c.carried || d.Of != c.of || d.Needed != c.needed || d.For != c.m.For {
			t.Errorf("%s: %+v, %v; want carried %v of %d, needed %d", c.name, d, err, c.carried, c.of, c.needed)
		}
	}
	for _, c := range []struct {
		name string
		m    count.Motion
		rule count.Majority
	}{
		{"a negative figure", count.Motion{For: -1}, simple},
		{"more votes than members present", count.Motion{For: 5, Spoilt: 1, Present: 5}, rule(simple, count.BasePresent)},
		{"more votes than members entitled", count.Motion{For: 5, Abstain: 1, Entitled: 5}, rule(simple, count.BaseEntitled)},
		{"no base", count.Motion{For: 5}, count.Majority{Num: 1, Den: 2}},
		{"a share of nothing", count.Motion{For: 5}, count.Majority{Base: count.BaseCast}},
		{"more than all", count.Motion{For: 5}, count.Majority{Num: 1, Den: 1, Over: true, Base: count.BaseCast}},
	} {
		if d, err := c.m.Decide(c.rule); err == nil {
			t.Errorf("%s was decided: %+v", c.name, d)
		}
	}
}
