package count_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/ballots/count"
)

// sole returns the only winner of a count for one seat, 0 where a tie had to be broken.
func sole(t interface{ Fatal(...any) }, m count.Method, d drawn) int {
	d.seats = 1
	r := counted(t, m, d.election(t))
	for _, stage := range r.Stages {
		if len(stage.Ties) > 0 {
			return 0
		}
	}
	if tied(r) || len(r.Elected) != 1 {
		return 0
	}
	return r.Elected[0]
}

// Raising the winner on a paper does not make the winner lose, by the methods that promise it.
func TestMonotonicity(t *testing.T) {
	cases := map[string]int{}
	promised := []count.Method{count.Plurality{}, count.Approval{}, count.Score{}, count.MajorityJudgement{}, count.Schulze{}, count.RankedPairs{}}
	rapid.Check(t, func(t *rapid.T) {
		d := elections(true).Draw(t, "election")
		at := rapid.IntRange(0, len(d.papers)-1).Draw(t, "paper")
		for _, m := range promised {
			w := sole(t, m, d)
			if w == 0 {
				continue
			}
			raised := drawn{n: d.n, papers: append([]paper(nil), d.papers...)}
			raised.papers[at] = raise(d.papers[at], w)
			if got := sole(t, m, raised); got != 0 && got != w {
				t.Fatalf("%s: %d wins, but %d once %d is raised on %v", m.Name(), w, got, w, d.papers[at])
			} else if got != 0 {
				cases[m.Name()]++
			}
		}
	})
	for _, m := range promised {
		enough(t, m.Name(), cases[m.Name()], 20)
	}
}

// raise moves w one place up on a strict paper, or onto its end.
func raise(p paper, w int) paper {
	q := append(paper(nil), p...)
	for i, rank := range q {
		if rank[0] == w {
			if i > 0 {
				q[i-1], q[i] = q[i], q[i-1]
			}
			return q
		}
	}
	return append(q, []int{w})
}

// A double of a candidate, next to the candidate on every paper, takes the win from nobody else and gives
// it to nobody else, by the methods that promise it.
func TestClones(t *testing.T) {
	cases := map[string]int{}
	promised := []count.Method{count.Schulze{}, count.RankedPairs{}, count.AV{}}
	rapid.Check(t, func(t *rapid.T) {
		d := elections(true).Draw(t, "election")
		who := rapid.IntRange(1, d.n).Draw(t, "who")
		doubled := drawn{n: d.n + 1}
		for _, p := range d.papers {
			var q paper
			for _, rank := range p {
				if rank[0] != who {
					q = append(q, rank)
				} else if rapid.Bool().Draw(t, "first") {
					q = append(q, []int{who}, []int{d.n + 1})
				} else {
					q = append(q, []int{d.n + 1}, []int{who})
				}
			}
			doubled.papers = append(doubled.papers, q)
		}
		for _, m := range promised {
			before, after := sole(t, m, d), sole(t, m, doubled)
			if before == 0 || after == 0 {
				continue
			}
			cases[m.Name()]++
			if after == d.n+1 {
				after = who
			}
			if after != before {
				t.Fatalf("%s: %d wins, with a double of %d %d", m.Name(), before, who, after)
			}
		}
	})
	for _, m := range promised {
		enough(t, m.Name(), cases[m.Name()], 20)
	}
}

// The promise of doubles is one of counts without ties: an earlier stage that breaks a tie has seen the votes of the two apart.
func TestADoubleChangesWhatAnEarlierStageSaw(t *testing.T) {
	bundle := func(n int, p paper) []paper {
		all := make([]paper, n)
		for i := range all {
			all[i] = p
		}
		return all
	}
	one := drawn{n: 4, seats: 1, papers: slices.Concat(bundle(1, paper{{1}, {4}}), bundle(8, paper{{3}, {2}}), bundle(8, paper{{2}}), bundle(7, paper{{4}, {2}}))}
	two := drawn{n: 5, seats: 1, papers: slices.Concat(bundle(1, paper{{1}, {4}}), bundle(8, paper{{3}, {5}, {2}}), bundle(6, paper{{5}, {2}}), bundle(2, paper{{2}, {5}}),
		bundle(7, paper{{4}, {5}, {2}}))}
	before, after := counted(t, count.AV{}, one.election(t)), counted(t, count.AV{}, two.election(t))
	if tied(before) || tied(after) || !equal(before.Elected, []int{2}) || equal(after.Elected, []int{2}) || equal(after.Elected, []int{5}) {
		t.Errorf("elected %v, with a double of 2 %v", before.Elected, after.Elected)
	}
	if sole(t, count.AV{}, one) != 0 || sole(t, count.AV{}, two) != 0 {
		t.Error("these counts had ties")
	}
}

// What some methods do not promise, each with an election that shows it.
func TestKnownFailings(t *testing.T) {
	strict := func(n int, bundles ...[]int) drawn {
		d := drawn{n: n}
		for _, b := range bundles {
			var p paper
			for _, c := range b[1:] {
				p = append(p, []int{c})
			}
			for range b[0] {
				d.papers = append(d.papers, p)
			}
		}
		return d
	}
	for _, c := range []struct {
		what          string
		methods       []count.Method
		before, after drawn
		wins, then    int
	}{
		// 17 papers. C (5) is excluded first, to A: 11. When 2 papers raise A over B, B (4) is excluded first,
		// to C: 9 to 8.
		{"raising the winner makes it lose", []count.Method{count.AV{}, count.ScottishSTV{}, count.WIG{}, count.Meek{}},
			strict(3, []int{6, 1, 2, 3}, []int{2, 2, 1, 3}, []int{4, 2, 3, 1}, []int{5, 3, 1, 2}),
			strict(3, []int{6, 1, 2, 3}, []int{2, 1, 2, 3}, []int{4, 2, 3, 1}, []int{5, 3, 1, 2}), 1, 3},
		// Borda: A 3x2 + 2 = 8, B 3 + 2x2 = 7. With a double of B: A 3x3 + 2 = 11, B 3x2 + 2x3 = 12.
		{"a double makes the candidate win", []count.Method{count.Score{}},
			strict(2, []int{3, 1, 2}, []int{2, 2, 1}),
			strict(3, []int{3, 1, 2, 3}, []int{2, 2, 3, 1}), 1, 2},
		// Votes split: A 4 to B 3; with a double of A 2 + 2 to 3.
		{"a double makes the candidate lose", []count.Method{count.Plurality{}},
			strict(2, []int{4, 1, 2}, []int{3, 2, 1}),
			strict(3, []int{2, 1, 3, 2}, []int{2, 3, 1, 2}, []int{3, 2, 1, 3}), 1, 2},
	} {
		for _, m := range c.methods {
			if got := sole(t, m, c.before); got != c.wins {
				t.Errorf("%s, %s: %d wins, not %d", c.what, m.Name(), got, c.wins)
			}
			if got := sole(t, m, c.after); got != c.then {
				t.Errorf("%s, %s: then %d wins, not %d", c.what, m.Name(), got, c.then)
			}
		}
	}
}
