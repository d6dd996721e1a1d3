package count_test

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/ballots/count"
)

// The recounts below are written as the rules read, paper by paper and with big fractions, and share
// nothing with the package: no piles, no collapsing, no scaled integers. Ties go by candidate number.

type recounted struct {
	elected []int
	stages  []string // votes of every candidate at each stage
}

func cut(r *big.Rat, places int64) *big.Rat {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(places), nil)
	n := new(big.Int).Mul(r.Num(), scale)
	return new(big.Rat).SetFrac(n.Quo(n, r.Denom()), scale)
}

func up(r *big.Rat) *big.Rat {
	c := cut(r, 9)
	if c.Cmp(r) < 0 {
		c.Add(c, big.NewRat(1, 1_000_000_000))
	}
	return c
}

func show(votes map[int]*big.Rat, n int) string {
	var s []string
	for c := 1; c <= n; c++ {
		s = append(s, votes[c].RatString())
	}
	return strings.Join(s, " ")
}

// recountGregory counts strict papers; round cuts a transfer value.
func recountGregory(d drawn, round func(*big.Rat) *big.Rat) (out recounted) {
	type lying struct {
		order []int
		worth *big.Rat
		with  int
	}
	standing := map[int]bool{}
	for c := 1; c <= d.n; c++ {
		standing[c] = true
	}
	next := func(order []int) int {
		for _, c := range order {
			if standing[c] {
				return c
			}
		}
		return 0
	}
	var papers []*lying
	for _, p := range d.papers {
		if len(p) > 0 {
			l := &lying{worth: big.NewRat(1, 1)}
			for _, rank := range p {
				l.order = append(l.order, rank[0])
			}
			l.with = l.order[0]
			papers = append(papers, l)
		}
	}
	quota := big.NewRat(int64(len(papers)/(d.seats+1)+1), 1)
	held := map[int]*big.Rat{} // votes of candidates whose papers have gone
	tally := func() map[int]*big.Rat {
		v := map[int]*big.Rat{}
		for c := 1; c <= d.n; c++ {
			v[c] = new(big.Rat)
			if held[c] != nil {
				v[c].Set(held[c])
			}
		}
		for _, p := range papers {
			if p.with > 0 {
				v[p.with].Add(v[p.with], p.worth)
			}
		}
		return v
	}
	var history []map[int]*big.Rat
	pick := func(among []int, sign int) int {
		left := among
		for s := len(history) - 1; s >= 0; s-- {
			var keep []int
			for _, c := range left {
				best := true
				for _, b := range left {
					best = best && history[s][b].Cmp(history[s][c])*sign <= 0
				}
				if best {
					keep = append(keep, c)
				}
			}
			left = keep
		}
		return left[0]
	}
	var pending []int
	for {
		v := tally()
		history = append(history, v)
		out.stages = append(out.stages, show(v, d.n))
		for {
			best := 0
			for c := 1; c <= d.n; c++ {
				if standing[c] && v[c].Cmp(quota) >= 0 && (best == 0 || v[c].Cmp(v[best]) > 0) {
					best = c
				}
			}
			if best == 0 || len(out.elected) == d.seats {
				break
			}
			out.elected = append(out.elected, best)
			standing[best] = false
			if v[best].Cmp(quota) > 0 {
				pending = append(pending, best)
			}
		}
		var left []int
		for c := 1; c <= d.n; c++ {
			if standing[c] {
				left = append(left, c)
			}
		}
		if len(out.elected) == d.seats || len(left) <= d.seats-len(out.elected) {
			if len(out.elected) < d.seats {
				out.elected = append(out.elected, left...)
			}
			return out
		}
		c, share := 0, big.NewRat(1, 1)
		if len(pending) > 0 {
			c = pick(sorted(pending), 1)
			var rest []int
			for _, p := range pending {
				if p != c {
					rest = append(rest, p)
				}
			}
			pending = rest
			share = new(big.Rat).Quo(new(big.Rat).Sub(v[c], quota), v[c])
			held[c] = quota
		} else {
			c = pick(left, -1)
			standing[c] = false
		}
		for _, p := range papers {
			if p.with == c {
				if held[c] != nil {
					p.worth = round(new(big.Rat).Mul(p.worth, share))
				}
				p.with = next(p.order)
			}
		}
	}
}

// recountMeek is the reference rule, read aloud.
func recountMeek(d drawn) (out recounted) {
	seats := big.NewRat(int64(d.seats+1), 1)
	nano := big.NewRat(1, 1_000_000_000)
	keep, state := map[int]*big.Rat{}, map[int]string{}
	for c := 1; c <= d.n; c++ {
		keep[c], state[c] = big.NewRat(1, 1), "hopeful"
	}
	in := func(s string) (cs []int) {
		for c := 1; c <= d.n; c++ {
			if state[c] == s {
				cs = append(cs, c)
			}
		}
		return cs
	}
	share := func() (map[int]*big.Rat, *big.Rat) {
		v := map[int]*big.Rat{}
		for c := 1; c <= d.n; c++ {
			v[c] = new(big.Rat)
		}
		for _, p := range d.papers {
			w := big.NewRat(1, 1)
			for _, rank := range p {
				k := up(new(big.Rat).Mul(w, keep[rank[0]]))
				v[rank[0]].Add(v[rank[0]], k)
				w = new(big.Rat).Sub(w, k)
				if w.Sign() <= 0 {
					break
				}
			}
		}
		sum := new(big.Rat)
		for _, x := range v {
			sum.Add(sum, x)
		}
		return v, new(big.Rat).Add(cut(new(big.Rat).Quo(sum, seats), 9), nano)
	}
	v, _ := share()
	var q *big.Rat
	out.stages = append(out.stages, show(v, d.n))
	for len(in("elected")) < d.seats && len(in("hopeful")) > d.seats-len(in("elected")) {
		var last *big.Rat
		for {
			v, q = share()
			any := false
			for _, c := range in("hopeful") {
				if v[c].Cmp(q) >= 0 {
					state[c], any = "elected", true
				}
			}
			surplus := new(big.Rat)
			for _, c := range in("elected") {
				surplus.Add(surplus, new(big.Rat).Sub(v[c], q))
			}
			if surplus.Sign() < 0 {
				surplus = new(big.Rat)
			}
			if any {
				break
			}
			if surplus.Cmp(big.NewRat(1, 1_000_000)) < 0 || last != nil && surplus.Cmp(last) >= 0 {
				low := v[in("hopeful")[0]]
				for _, c := range in("hopeful") {
					if v[c].Cmp(low) < 0 {
						low = v[c]
					}
				}
				for _, c := range in("hopeful") {
					if v[c].Cmp(new(big.Rat).Add(low, surplus)) <= 0 {
						state[c], keep[c] = "defeated", new(big.Rat)
						break
					}
				}
				break
			}
			last = surplus
			for _, c := range in("elected") {
				keep[c] = up(new(big.Rat).Quo(up(new(big.Rat).Mul(keep[c], q)), v[c]))
			}
		}
		out.stages = append(out.stages, show(v, d.n))
	}
	out.elected = in("elected")
	if len(out.elected) < d.seats {
		out.elected = sorted(append(out.elected, in("hopeful")...))
	}
	return out
}

// Counting in piles, collapsed and in scaled integers gives, stage by stage and to the last digit, what
// counting paper by paper in fractions gives.
func TestRecount(t *testing.T) {
	stages := 0
	rapid.Check(t, func(t *rapid.T) {
		d := elections(true).Draw(t, "election")
		for _, c := range []struct {
			m    count.Method
			want recounted
		}{
			{count.ScottishSTV{}, recountGregory(d, func(r *big.Rat) *big.Rat { return cut(r, 5) })},
			{count.WIG{}, recountGregory(d, func(r *big.Rat) *big.Rat { return r })},
			{count.Meek{}, recountMeek(d)},
		} {
			r := counted(t, c.m, d.election(t))
			if !equal(sorted(r.Elected), sorted(c.want.elected)) {
				t.Fatalf("%s elects %v, paper by paper %v", c.m.Name(), r.Elected, c.want.elected)
			}
			if len(r.Stages) != len(c.want.stages) {
				t.Fatalf("%s has %d stages, paper by paper %d", c.m.Name(), len(r.Stages), len(c.want.stages))
			}
			for i, s := range r.Stages {
				votes := map[int]*big.Rat{}
				for _, l := range s.Lines {
					votes[l.Candidate] = l.Votes.Rat()
				}
				if got := show(votes, d.n); got != c.want.stages[i] {
					t.Fatalf("%s, stage %d: %s, paper by paper %s", c.m.Name(), i+1, got, c.want.stages[i])
				}
				stages++
			}
		}
	})
	enough(t, "stages", stages, 500)
}
