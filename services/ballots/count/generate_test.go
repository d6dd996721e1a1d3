package count_test

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/localgovdigital/folkmoot/services/ballots/count"
)

// generate gives ballots of n candidates. Realistic ones follow a Plackett-Luce model: each preference is
// drawn from those left with odds that fall from candidate to candidate, and a paper ends at a random
// length. The worst case is a random order of all candidates, so that hardly any two papers agree.
func generate(seed uint64, papers, n int, worst bool, each func(order []int)) {
	r := rand.New(rand.NewPCG(seed, 1))
	odds := make([]float64, n)
	for i := range odds {
		odds[i] = math.Pow(0.8, float64(i))
	}
	order := make([]int, 0, n)
	left := make([]int, n)
	for range papers {
		order = order[:0]
		if worst {
			for _, c := range r.Perm(n) {
				order = append(order, c+1)
			}
			each(order)
			continue
		}
		left = left[:n]
		sum := 0.0
		for i := range left {
			left[i] = i
			sum += odds[i]
		}
		for range 1 + r.IntN(n) {
			x := r.Float64() * sum
			k := 0
			for ; k < len(left)-1; k++ {
				if x -= odds[left[k]]; x < 0 {
					break
				}
			}
			c := left[k]
			sum -= odds[c]
			left = append(left[:k], left[k+1:]...)
			order = append(order, c+1)
		}
		each(order)
	}
}

// generated builds an election straight from generated ballots.
func generated(seed uint64, papers, n, seats int, worst bool) *count.Election {
	b := count.NewBuilder(seats, make([]count.Candidate, n)...)
	generate(seed, papers, n, worst, func(order []int) {
		if err := b.Rank(1, order...); err != nil {
			panic(err)
		}
	})
	return b.Election()
}

// writeGenerated writes generated ballots as a BLT file, one paper a line.
func writeGenerated(w io.Writer, seed uint64, papers, n, seats int, worst bool) {
	fmt.Fprintf(w, "%d %d\n", n, seats)
	generate(seed, papers, n, worst, func(order []int) {
		fmt.Fprintf(w, "1 %s 0\n", strings.Trim(fmt.Sprint(order), "[]"))
	})
	fmt.Fprintln(w, 0)
	for i := range n {
		fmt.Fprintf(w, "\"Candidate %d\"\n", i+1)
	}
	fmt.Fprintln(w, "\"Generated\"")
}
