package count

import (
	"fmt"
	"sort"
)

// RankedPairs elects by locking in pairwise wins, the strongest first, passing over each that would close
// a circle with those before. A win is stronger that has more papers for it, then fewer against it. Wins of
// equal strength that cannot all be locked are taken in the order of a lot over all candidates: by the
// winner's place in it, then by the loser's from the back (Zavist and Tideman). With several seats the first
// of the order are elected, which is not proportional.
type RankedPairs struct{}

// Name returns "ranked-pairs".
func (RankedPairs) Name() string { return "ranked-pairs" }

// About explains the method.
func (RankedPairs) About() About {
	return About{
		Title: "Condorcet by ranked pairs",
		Lines: [2]string{
			"Candidates are compared two by two and the wins locked in, strongest first, but for those that would",
			"close a circle. Takes equal and skipped preferences; several seats by order; ties by lot.",
		},
		Source: "T. N. Tideman, Independence of clones as a criterion for voting rules, Social Choice and Welfare 4, 1987; ties as Zavist and Tideman, 6, 1989",
	}
}

type win struct {
	winner, loser int
	votes, losing int64
}

// reach is a set of candidates for each candidate: those after it by what has been locked.
type reach [][]uint64

func (r reach) has(a, b int) bool { return r[a][b/64]>>(b%64)&1 == 1 }

// lock puts a before b and keeps the relation transitive.
func (r reach) lock(a, b int) {
	for i := range r {
		if i != a && !r.has(i, a) {
			continue
		}
		r[i][b/64] |= 1 << (b % 64)
		for w := range r[i] {
			r[i][w] |= r[b][w]
		}
	}
}

func (r reach) copy() reach {
	c := make(reach, len(r))
	for i := range r {
		c[i] = append([]uint64(nil), r[i]...)
	}
	return c
}

// lockAll locks wins in order, passing over those that would close a circle, and returns those.
func (r reach) lockAll(wins []win) (passed []win) {
	for _, w := range wins {
		if r.has(w.loser, w.winner) {
			passed = append(passed, w)
		} else if !r.has(w.winner, w.loser) {
			r.lock(w.winner, w.loser)
		}
	}
	return passed
}

// Count counts e.
func (m RankedPairs) Count(e *Election, o Options) (*Report, error) {
	t, err := newTally(m, e, o)
	if err != nil {
		return nil, err
	}
	n := len(e.Candidates)
	if n > maxPairs/2 {
		return nil, refuse(m.Name(), "%d candidates are more than %d", n, maxPairs/2)
	}
	d := t.pairs()
	var wins []win
	for _, a := range t.in {
		for _, b := range t.in {
			if d[a][b] > d[b][a] {
				wins = append(wins, win{a, b, d[a][b], d[b][a]})
			}
		}
	}
	sort.SliceStable(wins, func(i, j int) bool {
		if wins[i].votes != wins[j].votes {
			return wins[i].votes > wins[j].votes
		}
		return wins[i].losing < wins[j].losing
	})
	s := Stage{Kind: StagePairs, Matrices: []Matrix{matrix("papers that prefer the candidate of the row to that of the column", d)}}
	s.Because = append(s.Because, t.condorcet(d))
	locked := make(reach, n+1)
	for i := range locked {
		locked[i] = make([]uint64, n/64+1)
	}
	var place []int // of each candidate in the lot, once one has been needed
	for i := 0; i < len(wins); {
		j := i
		for j < len(wins) && wins[j].votes == wins[i].votes && wins[j].losing == wins[i].losing {
			j++
		}
		equal := wins[i:j]
		if len(equal) > 1 && place == nil && t.contested(locked, equal) {
			place = make([]int, n+1)
			order, by, draw := t.lot.Draw(t.in)
			for k, c := range order {
				place[c] = k
			}
			tie := Tie{For: "order", Among: ascending(t.in), Chosen: order, By: by, Draw: draw}
			s.Ties = append(s.Ties, tie)
			s.Because = append(s.Because, "Wins of equal strength cannot all be locked. "+tie.explain(e))
		}
		if place != nil {
			sort.SliceStable(equal, func(x, y int) bool {
				if a, b := place[equal[x].winner], place[equal[y].winner]; a != b {
					return a < b
				}
				return place[equal[x].loser] > place[equal[y].loser]
			})
		}
		for _, w := range locked.lockAll(equal) {
			s.Because = append(s.Because, fmt.Sprintf("The win of %s over %s, %d to %d, is passed over: it would close a circle with stronger ones.",
				e.Name(w.winner), e.Name(w.loser), w.votes, w.losing))
		}
		i = j
	}
	final := make([][]int64, n+1)
	for a := range final {
		final[a] = make([]int64, n+1)
		for b := range final[a] {
			if locked.has(a, b) {
				final[a][b] = 1
			}
		}
	}
	s.Matrices = append(s.Matrices, matrix("1 where what is locked puts the candidate of the row before that of the column", final))
	groups := layers(t.in, locked.has)
	for i, g := range groups {
		s.Because = append(s.Because, fmt.Sprintf("Place %d: %s.", i+1, list(e, g)))
	}
	return t.conclude(s, groups), nil
}

// contested tells whether the order of wins of equal strength matters: whether one of them that does not
// close a circle by itself closes one together with the others.
func (t *tally) contested(locked reach, equal []win) bool {
	var open []win
	for _, w := range equal {
		if !locked.has(w.loser, w.winner) {
			open = append(open, w)
		}
	}
	return len(locked.copy().lockAll(open)) > 0
}
