package count

import "sort"

// tally is a count that puts all candidates in one order and elects from its front.
type tally struct {
	e   *Election
	lot *Lot
	w   *warden
	r   *Report
	in  []int // candidates who stand, ascending
}

func newTally(m Method, e *Election, o Options) (*tally, error) {
	if err := e.check(m.Name()); err != nil {
		return nil, err
	}
	w, err := newWarden(m.Name(), e, o.Constraints)
	if err != nil {
		return nil, err
	}
	t := &tally{e: e, lot: newLot(e, o), w: w,
		r: &Report{Election: e, Method: m, Seats: e.Seats, Seed: o.Seed, Constraints: w.words(), Notes: w.notes(false)}}
	for i, c := range e.Candidates {
		if !c.Withdrawn {
			t.in = append(t.in, i+1)
		}
	}
	return t, nil
}

// each calls f with the ranks of every distinct ballot and its papers, the withdrawn taken off but no rank
// closed up for that. f tells whether the papers are valid.
func (t *tally) each(f func(n int64, ranks [][]int) bool) {
	t.e.Each(func(n int64, ranks [][]int) bool {
		any := false
		for i, rank := range ranks {
			keep := rank[:0]
			for _, c := range rank {
				if !t.e.Candidates[c-1].Withdrawn {
					keep = append(keep, c)
				}
			}
			ranks[i] = keep
			any = any || len(keep) > 0
		}
		if any && f(n, ranks) {
			t.r.Valid += n
		}
		return true
	})
	t.r.Invalid = t.e.ballots.total - t.r.Valid
}

// group puts candidates into groups of equals, the best first.
func group(cs []int, cmp func(a, b int) int) (groups [][]int) {
	sorted := append([]int(nil), cs...)
	sort.SliceStable(sorted, func(i, j int) bool { return cmp(sorted[i], sorted[j]) > 0 })
	for i, c := range sorted {
		if i == 0 || cmp(sorted[i-1], c) != 0 {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], c)
	}
	return groups
}

// conclude elects from the front of the groups. A tie is broken by lot where it decides who is elected.
func (t *tally) conclude(s Stage, groups [][]int) *Report {
	var order []int
	for _, g := range groups {
		straddles := len(order) < t.w.fill && len(order)+len(g) > t.w.fill
		if len(g) > 1 && (straddles || !t.w.idle()) {
			drawn, by, draw := t.lot.Draw(g)
			chosen := drawn
			if straddles && t.w.idle() {
				chosen = drawn[:t.w.fill-len(order)]
			}
			tie := Tie{For: "election", Among: ascending(g), Chosen: chosen, By: by, Draw: draw}
			s.Ties = append(s.Ties, tie)
			s.Because = append(s.Because, tie.explain(t.e))
			g = drawn
		}
		order = append(order, g...)
	}
	elected, passed := t.w.fit(order)
	for _, c := range passed {
		s.Because = append(s.Because, t.e.Name(c)+" is passed over: the constraints leave no place.")
	}
	if n := t.e.Seats - len(elected); n > 0 {
		s.Because = append(s.Because, "Not every seat can be filled: there is nobody left who can be elected.")
	}
	status := make([]string, len(t.e.Candidates)+1)
	for _, c := range t.in {
		status[c] = NotElected
	}
	for _, c := range elected {
		status[c] = Elected
	}
	if s.Lines == nil {
		for i := range t.e.Candidates {
			s.Lines = append(s.Lines, Line{Candidate: i + 1})
		}
	}
	for i := range s.Lines {
		if s.Lines[i].Status = status[i+1]; s.Lines[i].Status == "" {
			s.Lines[i].Status = Withdrawn
		}
	}
	s.Number = 1
	s.Elected = elected
	t.r.Elected = elected
	t.r.Stages = append(t.r.Stages, s)
	return t.r
}

// byVotes concludes with the candidates in order of a number each.
func (t *tally) byVotes(s Stage, votes []int64) *Report {
	for i := range t.e.Candidates {
		s.Lines = append(s.Lines, Line{Candidate: i + 1, Votes: whole(votes[i+1])})
	}
	return t.conclude(s, group(t.in, func(a, b int) int { return compare(votes[a], votes[b]) }))
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
