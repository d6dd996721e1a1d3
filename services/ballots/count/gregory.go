package count

import (
	"fmt"
	"sort"
)

// arithmetic is how a Gregory count reckons with votes and values.
type arithmetic[V any] interface {
	// of is n papers at value v.
	of(n int64, v V) V
	// one is the value of a first preference.
	one() V
	zero() V
	add(a, b V) V
	sub(a, b V) V
	cmp(a, b V) int
	// transfer is surplus times worth by total, in the rule's precision.
	transfer(surplus, worth, total V) V
	amount(v V) Amount
}

// paper is a number of equal papers: the position in the arena behind the preference at which they lie.
type paper struct{ at, n uint32 }

// pile is papers that lie with a candidate at one value.
type pile[V any] struct {
	worth  V
	papers []paper
}

// gregory counts by the weighted inclusive Gregory method: a surplus takes along all papers of the
// candidate, each at its own value reduced in the same proportion.
type gregory[V any] struct {
	arithmetic[V]
	e   *Election
	b   *ballots
	lot *Lot
	w   *warden
	r   *Report

	quota      V
	standing   []bool // by candidate: neither withdrawn, elected nor excluded
	status     []string
	available  []int // the standing, ascending
	elected    []int
	pending    []int // elected, surplus not transferred yet
	votes      []V   // by candidate
	piles      [][]pile[V]
	history    [][]V
	ties       []Tie // broken for the stage to come
	gone       V     // non-transferable
	lost       V     // lost by fraction
	papersGone int64 // papers that became non-transferable
	majority   bool  // the quota is the smallest majority of the votes still in play (alternative vote)
}

// countGregory counts e; skipEnds as for ballots.strict, majority as in gregory.
func countGregory[V any](m Method, a arithmetic[V], e *Election, o Options, skipEnds, majority bool) (*Report, error) {
	if err := e.checkRanked(m.Name()); err != nil {
		return nil, err
	}
	w, err := newWarden(m.Name(), e, o.Constraints)
	if err != nil {
		return nil, err
	}
	n := len(e.Candidates)
	g := &gregory[V]{
		arithmetic: a, e: e, lot: newLot(e, o), w: w, majority: majority,
		r:        &Report{Election: e, Method: m, Seats: e.Seats, Seed: o.Seed, Constraints: w.words()},
		standing: make([]bool, n+1), status: make([]string, n+1),
		votes: make([]V, n+1), piles: make([][]pile[V], n+1),
		gone: a.zero(), lost: a.zero(),
	}
	for c := range g.votes {
		g.votes[c] = a.zero()
	}
	for i, c := range e.Candidates {
		g.standing[i+1] = !c.Withdrawn
		g.status[i+1] = Withdrawn
		if !c.Withdrawn {
			g.status[i+1] = Continuing
			g.available = append(g.available, i+1)
		}
	}
	var cut, void int64
	g.b, cut, void = e.ballots.strict(skipEnds)
	g.r.Notes = append(w.notes(true), strictNotes(cut, void, skipEnds)...)
	g.first()
	g.run()
	return g.r, nil
}

// strictNotes says what strict did to the ballots.
func strictNotes(cut, void int64, skipEnds bool) (notes []string) {
	what := "an equal preference"
	if skipEnds {
		what = "an equal or skipped preference"
	}
	if cut > 0 {
		notes = append(notes, fmt.Sprintf("%d papers were followed only as far as %s, where their order ends.", cut, what))
	}
	if void > 0 {
		notes = append(notes, fmt.Sprintf("%d papers are invalid: they begin with %s, so that there is no first preference.", void, what))
	}
	return notes
}

// next finds the next standing candidate on a paper from position p, 0 if there is none.
func (g *gregory[V]) next(p uint32) (int, uint32) {
	arena := g.b.arena
	for {
		c := int(arena[p])
		switch {
		case c == 0:
			return 0, p
		case c <= narrow:
			p++
		default:
			c, p = g.b.candidate(p)
		}
		if g.standing[c] {
			return c, p
		}
	}
}

// first sorts the papers by first preference.
func (g *gregory[V]) first() {
	n := len(g.e.Candidates)
	papers := make([][]paper, n+1)
	tally := make([]int64, n+1)
	size := make([]int, n+1)
	g.b.each(func(at, _ uint32) bool {
		c, _ := g.next(at)
		size[c]++
		return true
	})
	for c := 1; c <= n; c++ {
		papers[c] = make([]paper, 0, size[c])
	}
	g.b.each(func(at, k uint32) bool {
		c, p := g.next(at)
		tally[c] += int64(k)
		if c > 0 {
			papers[c] = append(papers[c], paper{p, k})
			g.r.Valid += int64(k)
		}
		return true
	})
	for c := 1; c <= n; c++ {
		g.votes[c] = g.of(tally[c], g.one())
		if len(papers[c]) > 0 {
			g.piles[c] = []pile[V]{{g.one(), papers[c]}}
		}
	}
	g.r.Invalid = g.e.ballots.total - g.r.Valid
	// Rule 47 of the 2011 Order (46 of 2007): divide by one more than the seats, ignore decimals, add one.
	g.setQuota(g.r.Valid/int64(g.e.Seats+1) + 1)
	g.r.Stages = append(g.r.Stages, Stage{Kind: StageFirst})
	if !g.majority {
		g.because("%d valid papers and %d seats: the quota is %d / (%d + 1), decimals ignored, plus 1 = %s.",
			g.r.Valid, g.e.Seats, g.r.Valid, g.e.Seats, g.r.Quota)
	}
	g.inPlay()
}

func (g *gregory[V]) setQuota(papers int64) {
	g.quota = g.of(papers, g.one())
	g.r.Quota = whole(papers)
}

// inPlay sets the majority of the votes still in play, where that is the quota.
func (g *gregory[V]) inPlay() {
	if !g.majority {
		return
	}
	votes := g.r.Valid - g.papersGone
	g.setQuota(votes/2 + 1)
	g.because("%d votes are in play: a majority is %s.", votes, g.r.Quota)
}

func (g *gregory[V]) run() {
	for {
		g.elect()
		if len(g.elected) >= g.w.fill || len(g.available) <= g.w.fill-len(g.elected) {
			g.finish()
			return
		}
		g.close()
		if !g.exclude(g.w.doomed(g.elected, g.available), "cannot be elected within the constraints") && !g.surplus() {
			g.exclude(g.lowest(), "has the fewest votes")
		}
	}
}

// stage is the one being counted.
func (g *gregory[V]) stage() *Stage { return &g.r.Stages[len(g.r.Stages)-1] }

// elect deems elected who has reached the quota, most votes first.
func (g *gregory[V]) elect() {
	var reached []int
	for _, c := range g.byVotes(g.available) {
		if g.cmp(g.votes[c], g.quota) >= 0 {
			reached = append(reached, c)
		}
	}
	for len(reached) > 0 && len(g.elected) < g.w.fill {
		c := reached[0]
		if !g.w.idle() { // who is first may decide who can follow: a tie matters
			for _, d := range g.w.doomed(g.elected, g.available) {
				if contains(reached, d) {
					g.because("%s has reached the quota but cannot be elected within the constraints.", g.e.Name(d))
					reached = without(reached, d)
				}
			}
			if len(reached) == 0 {
				break
			}
			c = g.choose("election", reached, true)
			s := g.stage()
			s.Ties, g.ties = append(s.Ties, g.ties...), nil
		}
		reached = without(reached, c)
		g.seat(c)
		g.because("%s has reached the quota and is elected.", g.e.Name(c))
		if g.cmp(g.votes[c], g.quota) > 0 {
			g.pending = append(g.pending, c)
		}
	}
}

func (g *gregory[V]) seat(c int) {
	g.elected = append(g.elected, c)
	g.standing[c] = false
	g.status[c] = Elected
	g.available = without(g.available, c)
	s := g.stage()
	s.Elected = append(s.Elected, c)
}

// byVotes sorts candidates by votes, most first; equal ones by earlier stages and then by number. Only the
// order in which names are read out depends on it, so no lot is drawn.
func (g *gregory[V]) byVotes(cs []int) []int {
	out := append([]int(nil), cs...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if d := g.cmp(g.votes[a], g.votes[b]); d != 0 {
			return d > 0
		}
		for s := len(g.history) - 1; s >= 0; s-- {
			if d := g.cmp(g.history[s][a], g.history[s][b]); d != 0 {
				return d > 0
			}
		}
		return false
	})
	return out
}

// surplus transfers the largest surplus, if there is one.
func (g *gregory[V]) surplus() bool {
	if len(g.pending) == 0 {
		return false
	}
	c := g.choose("surplus", g.pending, true)
	g.pending = without(g.pending, c)
	over := g.sub(g.votes[c], g.quota)
	total := g.votes[c]
	g.begin(StageSurplus, c)
	g.because("The surplus of %s, %s, is transferred: each paper goes on at its value times %s / %s.",
		g.e.Name(c), g.amount(over), g.amount(over), g.amount(total))
	moved := g.zero()
	for _, p := range g.piles[c] {
		moved = g.add(moved, g.move(p, g.transfer(over, p.worth, total)))
	}
	g.votes[c] = g.quota
	g.piles[c] = nil
	g.lost = g.add(g.lost, g.sub(over, moved))
	return true
}

// exclude excludes the one of cs with the fewest votes, if there is any.
func (g *gregory[V]) exclude(cs []int, why string) bool {
	if len(cs) == 0 {
		return false
	}
	c := cs[0]
	if len(cs) > 1 {
		c = g.choose("exclusion", cs, false)
	}
	g.standing[c] = false
	g.status[c] = Excluded
	g.available = without(g.available, c)
	votes := g.votes[c]
	g.begin(StageExclusion, c)
	s := g.stage()
	s.Excluded = append(s.Excluded, c)
	g.because("%s %s and is excluded; the papers go on at the value at which they came.", g.e.Name(c), why)
	moved := g.zero()
	for _, p := range g.piles[c] {
		moved = g.add(moved, g.move(p, p.worth))
	}
	g.votes[c] = g.zero()
	g.piles[c] = nil
	g.lost = g.add(g.lost, g.sub(votes, moved))
	g.inPlay()
	return true
}

// lowest returns the candidates who may be excluded: the available but for the guarded.
func (g *gregory[V]) lowest() []int {
	cs := g.available
	for _, c := range g.w.guarded(g.elected, g.available) {
		cs = without(cs, c)
	}
	return cs
}

// choose returns the one of cs with the most (or fewest) votes, breaking ties by earlier stages and lot.
// It runs before the next stage begins: what it records goes there.
func (g *gregory[V]) choose(purpose string, cs []int, most bool) int {
	tied, _ := lookBack([][]V{g.votes}, g.cmp, cs, most)
	if len(tied) == 1 {
		return tied[0]
	}
	left, stage := lookBack(g.history, g.cmp, tied, most)
	t := Tie{For: purpose, Among: ascending(tied), Chosen: left[:1], By: ByEarlierStage, Stage: stage}
	if len(left) > 1 {
		_, t = g.lot.one(purpose, left)
		if stage > 0 {
			g.ties = append(g.ties, Tie{For: purpose, Among: ascending(tied), Chosen: ascending(left), By: ByEarlierStage, Stage: stage})
		}
	}
	g.ties = append(g.ties, t)
	return t.Chosen[0]
}
