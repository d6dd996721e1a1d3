package count

import (
	"fmt"
	"math/bits"
	"sort"
)

// Meek counts by Meek's single transferable vote as the Proportional Representation Foundation's
// reference rule writes it: nine decimal places, keep factors and quota converging until the total
// surplus is below 0.000001 or stops falling, one candidate defeated at a time, and the quota following
// the votes still in play.
//
// Candidates within the remaining surplus of the lowest are tied for exclusion (step B.3) and a lot
// decides (procedure T). A skipped preference is closed up; an equal one ends the paper.
type Meek struct{}

// Name returns "meek".
func (Meek) Name() string { return "meek" }

// About explains the method.
func (Meek) About() About {
	return About{
		Title: "Meek single transferable vote",
		Lines: [2]string{
			"Every elected candidate keeps the share of each paper that makes up a quota and passes on the",
			"rest, recomputed from the start after each exclusion; ties by lot.",
		},
		Source: "Proportional Representation Foundation, Meek reference rule; I. D. Hill, B. A. Wichmann and D. R. Woodall, Algorithm 123, 1987",
	}
}

const (
	nano  = 1_000_000_000 // the rule's nine decimal places
	omega = 1_000         // 0.000001: a surplus below this is as good as none
)

type meek struct {
	e      *Election
	b      *ballots
	lot    *Lot
	w      *warden
	r      *Report
	status []string
	keep   []int64
	votes  []int64
	root   *node

	hopeful, elected []int
	quota, surplus   int64
	iterations       int
}

// Count counts e.
func (m Meek) Count(e *Election, o Options) (*Report, error) {
	if err := e.checkRanked(m.Name()); err != nil {
		return nil, err
	}
	w, err := newWarden(m.Name(), e, o.Constraints)
	if err != nil {
		return nil, err
	}
	n := len(e.Candidates)
	k := &meek{
		e: e, lot: newLot(e, o), w: w, status: make([]string, n+1), keep: make([]int64, n+1),
		votes: make([]int64, n+1), root: &node{},
		r: &Report{Election: e, Method: m, Seats: e.Seats, Seed: o.Seed, Constraints: w.words()},
	}
	// A. Every candidate is hopeful with keep factor 1, or withdrawn with 0.
	for i, c := range e.Candidates {
		k.status[i+1] = Withdrawn
		if !c.Withdrawn {
			k.status[i+1] = Continuing
			k.keep[i+1] = nano
			k.hopeful = append(k.hopeful, i+1)
		}
	}
	var cut, void int64
	k.b, cut, void = e.ballots.strict(false)
	k.r.Notes = append(w.notes(true), strictNotes(cut, void, false)...)
	k.b.each(func(at, papers uint32) bool {
		k.place(k.root, paper{at, papers})
		return true
	})
	for _, s := range k.root.stops {
		k.r.Valid += s.tally
	}
	k.r.Invalid = e.ballots.total - k.r.Valid
	k.distribute()
	k.r.Stages = append(k.r.Stages, Stage{Kind: StageFirst, Because: []string{fmt.Sprintf(
		"%d valid papers and %d seats: the quota is %d / (%d + 1), cut to nine decimals, plus 0.000000001 = %s.",
		k.r.Valid, e.Seats, k.r.Valid, e.Seats, scaled(k.quota, 9))}})
	k.close()
	// B. Rounds, until the seats are filled or nobody is left to choose from.
	for len(k.elected) < w.fill && len(k.hopeful) > w.fill-len(k.elected) {
		k.round()
	}
	k.finish()
	return k.r, nil
}

// place lays a paper under n, walking over elected candidates.
func (k *meek) place(n *node, x paper) {
	for {
		var c int
		at := x.at
		for {
			if c, at = k.b.candidate(at); c == 0 || k.keep[c] > 0 {
				break
			}
		}
		if c == 0 {
			return
		}
		x.at = at
		if k.status[c] != Elected {
			s := n.stop(c, len(k.e.Candidates))
			s.papers = append(s.papers, x)
			s.tally += int64(x.n)
			return
		}
		n = n.child(c)
		n.total += int64(x.n)
	}
}

// regroup moves on the papers that stop at c, who has just been elected or excluded.
func (k *meek) regroup(n *node, c int) {
	for _, d := range n.next {
		k.regroup(d, c)
	}
	papers := n.take(c)
	if len(papers) == 0 {
		return
	}
	to := n
	if k.status[c] == Elected {
		to = n.child(c)
	}
	for _, x := range papers {
		if to != n {
			to.total += int64(x.n)
		}
		k.place(to, x)
	}
}

// distribute is B.2.a, distribute votes, and B.2.b, update quota.
func (k *meek) distribute() {
	clear(k.votes)
	k.walk(k.root, nano)
	var sum int64
	for _, v := range k.votes {
		sum += v
	}
	k.quota = sum/int64(k.e.Seats+1) + 1
}

func (k *meek) walk(n *node, weight int64) {
	for i := range n.stops {
		k.votes[n.stops[i].c] += weight * n.stops[i].tally
	}
	for _, d := range n.next {
		kept := (weight*k.keep[d.c] + nano - 1) / nano
		k.votes[d.c] += kept * d.total
		if rest := weight - kept; rest > 0 {
			k.walk(d, rest)
		}
	}
}

// round is B.2, iterate until somebody is elected or the surplus is settled, and then B.3.
func (k *meek) round() {
	k.r.Stages = append(k.r.Stages, Stage{Kind: StageRound})
	last := int64(-1)
	for k.iterations = 1; ; k.iterations++ {
		k.distribute()
		if doomed := k.w.doomed(k.elected, k.hopeful); len(doomed) > 0 {
			k.defeat(k.fewest(doomed, 0), "cannot be elected within the constraints")
			return
		}
		if k.elect() { // B.2.c
			k.settle()
			k.close()
			return
		}
		k.settle()
		if k.surplus < omega || last >= 0 && k.surplus >= last { // B.2.e
			break
		}
		last = k.surplus
		for _, c := range k.elected { // B.2.f
			k.keep[c] = mulDivUp(mulDivUp(k.keep[c], k.quota, nano), nano, k.votes[c])
		}
	}
	k.defeat(k.lowest(), "has the fewest votes")
}

// settle is B.2.d, the total surplus.
func (k *meek) settle() {
	k.surplus = 0
	for _, c := range k.elected {
		k.surplus += k.votes[c] - k.quota
	}
	k.surplus = max(k.surplus, 0)
}

// mulDivUp is a times b by d, rounded up.
func mulDivUp(a, b, d int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	q, r := bits.Div64(hi, lo, uint64(d))
	if r > 0 {
		q++
	}
	return int64(q)
}

// elect elects every hopeful candidate with the quota and tells whether there was one.
func (k *meek) elect() bool {
	any := false
	for len(k.elected) < k.w.fill {
		best := 0
		var tied []int
		for _, c := range k.hopeful {
			switch {
			case k.votes[c] < k.quota:
			case best == 0 || k.votes[c] > k.votes[best]:
				best, tied = c, []int{c}
			case k.votes[c] == k.votes[best]:
				tied = append(tied, c)
			}
		}
		if best == 0 {
			break
		}
		if !k.w.idle() {
			doomed := k.w.doomed(k.elected, k.hopeful)
			if contains(doomed, best) {
				break // the next round excludes the doomed
			}
			if len(tied) > 1 {
				var t Tie
				best, t = k.lot.one("election", tied)
				k.tie(t)
			}
		}
		k.seat(best)
		k.because("%s has reached the quota of %s and is elected.", k.e.Name(best), scaled(k.quota, 9))
		any = true
	}
	if any {
		for _, c := range k.stage().Elected {
			k.regroup(k.root, c)
		}
	}
	return any
}

func (k *meek) seat(c int) {
	k.status[c] = Elected
	k.elected = append(k.elected, c)
	k.hopeful = without(k.hopeful, c)
	k.stage().Elected = append(k.stage().Elected, c)
}

// lowest are the hopeful who are tied for the fewest votes, the guarded left out.
func (k *meek) lowest() []int {
	cs := k.hopeful
	for _, c := range k.w.guarded(k.elected, k.hopeful) {
		cs = without(cs, c)
	}
	return k.fewest(cs, k.surplus)
}

// fewest are those of cs whose votes are within margin of the lowest among them.
func (k *meek) fewest(cs []int, margin int64) (tied []int) {
	low := k.votes[cs[0]]
	for _, c := range cs {
		low = min(low, k.votes[c])
	}
	for _, c := range cs {
		if k.votes[c] <= low+margin {
			tied = append(tied, c)
		}
	}
	return tied
}

// defeat is B.3: exclude one of the tied.
func (k *meek) defeat(tied []int, why string) {
	c := tied[0]
	if len(tied) > 1 {
		var t Tie
		c, t = k.lot.one("exclusion", tied)
		k.tie(t)
	}
	k.settle()
	s := k.stage()
	s.Excluded = append(s.Excluded, c)
	k.because("After %d iterations the total surplus is %s. %s %s and is excluded.",
		k.iterations, scaled(k.surplus, 9), k.e.Name(c), why)
	k.status[c] = Excluded
	k.hopeful = without(k.hopeful, c)
	k.close()
	k.keep[c] = 0
	k.regroup(k.root, c)
}

func (k *meek) tie(t Tie) {
	k.stage().Ties = append(k.stage().Ties, t)
	k.because("%s", t.explain(k.e))
}

func (k *meek) stage() *Stage { return &k.r.Stages[len(k.r.Stages)-1] }

func (k *meek) because(format string, args ...any) {
	s := k.stage()
	s.Because = append(s.Because, fmt.Sprintf(format, args...))
}

// close writes down how the stage ended. A candidate excluded in it is shown with the votes that decided.
func (k *meek) close() {
	s := k.stage()
	s.Number = len(k.r.Stages)
	s.Quota = scaled(k.quota, 9)
	s.Surplus = scaled(k.surplus, 9)
	gone := k.r.Valid * nano
	s.Lines = nil
	for i := range k.e.Candidates {
		c := i + 1
		gone -= k.votes[c]
		l := Line{Candidate: c, Votes: scaled(k.votes[c], 9), Keep: scaled(k.keep[c], 9), Status: k.status[c]}
		if s.Number > 1 {
			l.Change = l.Votes.minus(k.r.Stages[s.Number-2].Lines[i].Votes)
		}
		s.Lines = append(s.Lines, l)
	}
	s.NonTransferable = scaled(gone, 9)
	if s.Number > 1 {
		s.NonTransferableNow = s.NonTransferable.minus(k.r.Stages[s.Number-2].NonTransferable)
	}
}

// finish is C: elect the remaining hopeful if seats are unfilled, else they are not elected.
func (k *meek) finish() {
	s := k.stage()
	if len(k.elected) < k.w.fill {
		rest := append([]int(nil), k.hopeful...)
		sort.SliceStable(rest, func(i, j int) bool { return k.votes[rest[i]] > k.votes[rest[j]] })
		for _, c := range rest {
			k.seat(c)
			k.because("%s is elected: no more candidates remain than seats.", k.e.Name(c))
		}
	}
	if empty := k.e.Seats - len(k.elected); empty > 0 {
		k.because("%d of %d seats stay empty: there is nobody left who can be elected.", empty, k.e.Seats)
	}
	for _, c := range k.hopeful {
		k.status[c] = NotElected
	}
	for i := range s.Lines {
		s.Lines[i].Status = k.status[i+1]
	}
	k.r.Quota = s.Quota
	k.r.Elected = k.elected
}
