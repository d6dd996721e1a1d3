package count

import "fmt"

// begin opens a stage that transfers the papers of c.
func (g *gregory[V]) begin(kind string, c int) {
	g.r.Stages = append(g.r.Stages, Stage{Kind: kind, Of: []int{c}, Ties: g.ties})
	for _, t := range g.ties {
		g.because("%s", t.explain(g.e))
	}
	g.ties = nil
}

func (g *gregory[V]) because(format string, args ...any) {
	s := g.stage()
	s.Because = append(s.Because, fmt.Sprintf(format, args...))
}

// move sends the papers of p on at value worth and returns the votes that they carried, those that became
// non-transferable among them.
func (g *gregory[V]) move(p pile[V], worth V) V {
	n := len(g.e.Candidates)
	to := make([][]paper, n+1)
	tally := make([]int64, n+1)
	for _, x := range p.papers {
		c, at := g.next(x.at)
		tally[c] += int64(x.n)
		if c > 0 {
			to[c] = append(to[c], paper{at, x.n})
		}
	}
	parcel := Parcel{Received: g.amount(p.worth), Value: g.amount(worth), Papers: tally[0], NonTransferable: tally[0]}
	stays := g.of(tally[0], worth)
	g.papersGone += tally[0]
	g.gone = g.add(g.gone, stays)
	moved := stays
	for c := 1; c <= n; c++ {
		if tally[c] == 0 {
			continue
		}
		parcel.Papers += tally[c]
		v := g.of(tally[c], worth)
		moved = g.add(moved, v)
		g.votes[c] = g.add(g.votes[c], v)
		g.lay(c, worth, to[c])
	}
	s := g.stage()
	s.Parcels = append(s.Parcels, parcel)
	return moved
}

// lay puts papers with candidate c, together with those at the same value.
func (g *gregory[V]) lay(c int, worth V, papers []paper) {
	for i := range g.piles[c] {
		if g.cmp(g.piles[c][i].worth, worth) == 0 {
			g.piles[c][i].papers = append(g.piles[c][i].papers, papers...)
			return
		}
	}
	g.piles[c] = append(g.piles[c], pile[V]{worth, papers})
}

// close writes down how the stage ended.
func (g *gregory[V]) close() {
	s := g.stage()
	s.Number = len(g.r.Stages)
	s.Quota = g.r.Quota
	s.NonTransferable, s.Lost = g.amount(g.gone), g.amount(g.lost)
	var before *Stage
	if s.Number > 1 {
		before = &g.r.Stages[s.Number-2]
		s.NonTransferableNow = s.NonTransferable.minus(before.NonTransferable)
		s.LostNow = s.Lost.minus(before.Lost)
	}
	surplus := g.zero()
	for _, c := range g.pending {
		surplus = g.add(surplus, g.sub(g.votes[c], g.quota))
	}
	s.Surplus = g.amount(surplus)
	for i := range g.e.Candidates {
		l := Line{Candidate: i + 1, Votes: g.amount(g.votes[i+1]), Status: g.status[i+1]}
		if before != nil {
			l.Change = l.Votes.minus(before.Lines[i].Votes)
		}
		s.Lines = append(s.Lines, l)
	}
	g.history = append(g.history, append([]V(nil), g.votes...))
}

// finish fills the last vacancies and ends the count.
func (g *gregory[V]) finish() {
	// Rule 53 of the 2011 Order (52 of 2007). The papers of whoever was excluded last have been transferred
	// by now, which SSI 2021/437 article 2(4) allows: no further transfer is required.
	if left := g.w.fill - len(g.elected); left > 0 {
		for _, c := range g.byVotes(g.available) {
			g.seat(c)
			g.because("%s is elected without the quota: as many candidates continue as vacancies remain.", g.e.Name(c))
		}
	}
	if empty := g.e.Seats - len(g.elected); empty > 0 {
		g.because("%d of %d seats stay empty: there is nobody left who can be elected.", empty, g.e.Seats)
	}
	for _, c := range g.available {
		g.status[c] = NotElected
	}
	g.close()
	g.r.Elected = g.elected
}
