package count_test

import (
	"encoding/json"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/ballots/count"
)

// paper is one ballot paper in a generated election.
type paper [][]int

// drawn is a generated election.
type drawn struct {
	n, seats int
	papers   []paper
}

// elections draws elections; where strict, papers rank without gaps and equals.
func elections(strict bool) *rapid.Generator[drawn] {
	return rapid.Custom(func(t *rapid.T) drawn {
		d := drawn{n: rapid.IntRange(2, 6).Draw(t, "candidates")}
		d.seats = rapid.IntRange(1, 4).Draw(t, "seats")
		all := make([]int, d.n)
		for i := range all {
			all[i] = i + 1
		}
		kinds := rapid.IntRange(1, 8).Draw(t, "kinds")
		for range kinds {
			order := rapid.Permutation(all).Draw(t, "order")
			order = order[:rapid.IntRange(0, d.n).Draw(t, "length")]
			var p paper
			for _, c := range order {
				switch {
				case !strict && len(p) > 0 && len(p[len(p)-1]) > 0 && rapid.IntRange(0, 4).Draw(t, "equal") == 0:
					p[len(p)-1] = append(p[len(p)-1], c)
				case !strict && rapid.IntRange(0, 6).Draw(t, "gap") == 0:
					p = append(p, nil, []int{c})
				default:
					p = append(p, []int{c})
				}
			}
			for range rapid.IntRange(1, 12).Draw(t, "papers") {
				d.papers = append(d.papers, p)
			}
		}
		return d
	})
}

func (d drawn) election(t interface{ Fatal(...any) }) *count.Election {
	b := count.NewBuilder(d.seats, make([]count.Candidate, d.n)...)
	for _, p := range d.papers {
		if err := b.Add(1, p...); err != nil {
			t.Fatal(err)
		}
	}
	return b.Election()
}

func counted(t interface{ Fatal(...any) }, m count.Method, e *count.Election) *count.Report {
	if m.Name() == "av" {
		e.Seats = 1
	}
	r, err := m.Count(e, count.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// tied tells whether a count came to a tie that its own rule did not break.
func tied(r *count.Report) bool {
	for _, s := range r.Stages {
		for _, x := range s.Ties {
			if x.By != count.ByEarlierStage {
				return true
			}
		}
	}
	return false
}

func sorted(cs []int) []int {
	s := append([]int(nil), cs...)
	sort.Ints(s)
	return s
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func inside(cs []int, c int) bool {
	for _, k := range cs {
		if k == c {
			return true
		}
	}
	return false
}

// enough fails a test that has looked at too few cases to mean anything, others having ended in a tie.
func enough(t *testing.T, what string, cases, least int) {
	t.Helper()
	if cases < least {
		t.Errorf("%s: only %d cases were looked at", what, cases)
	}
}

// Whoever fills in a paper and in whatever order papers are read, alone or in bundles, the whole report is
// the same to the letter: anonymity, independence of order and of grouping.
func TestOrderAndGrouping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := elections(false).Draw(t, "election")
		a := d.election(t)
		b := count.NewBuilder(d.seats, make([]count.Candidate, d.n)...)
		for _, i := range rapid.Permutation(indices(len(d.papers))).Draw(t, "order") {
			if err := b.Add(1, d.papers[i]...); err != nil {
				t.Fatal(err)
			}
		}
		bundled := count.NewBuilder(d.seats, make([]count.Candidate, d.n)...)
		a.Each(func(n int64, ranks [][]int) bool {
			return bundled.Add(n, ranks...) == nil
		})
		for range a.Papers() - valid(a) {
			if err := bundled.Add(1); err != nil {
				t.Fatal(err)
			}
		}
		for _, m := range count.Methods() {
			want := text(t, counted(t, m, a))
			for _, e := range []*count.Election{b.Election(), bundled.Election()} {
				e.Seats = d.seats
				if got := text(t, counted(t, m, e)); got != want {
					t.Fatalf("%s: in another order\n%s\nnot\n%s", m.Name(), got, want)
				}
			}
			a.Seats = d.seats
		}
	})
}

func indices(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// valid is the number of papers with a candidate on them.
func valid(e *count.Election) (n int64) {
	e.Each(func(k int64, _ [][]int) bool { n += k; return true })
	return n
}

func text(t interface{ Fatal(...any) }, r *count.Report) string {
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Candidates may be numbered as one likes: but for ties, the same people are elected.
func TestNeutrality(t *testing.T) {
	cases := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		d := elections(false).Draw(t, "election")
		all := make([]int, d.n)
		for i := range all {
			all[i] = i + 1
		}
		to := append([]int{0}, rapid.Permutation(all).Draw(t, "numbers")...)
		other := drawn{n: d.n, seats: d.seats}
		for _, p := range d.papers {
			var q paper
			for _, rank := range p {
				var r []int
				for _, c := range rank {
					r = append(r, to[c])
				}
				q = append(q, r)
			}
			other.papers = append(other.papers, q)
		}
		for _, m := range count.Methods() {
			a, b := counted(t, m, d.election(t)), counted(t, m, other.election(t))
			if tied(a) || tied(b) {
				continue
			}
			cases[m.Name()]++
			var want []int
			for _, c := range a.Elected {
				want = append(want, to[c])
			}
			if !equal(sorted(want), sorted(b.Elected)) {
				t.Fatalf("%s: renumbered, %v are elected, not %v", m.Name(), b.Elected, want)
			}
		}
	})
	for _, m := range count.Methods() {
		enough(t, m.Name(), cases[m.Name()], 10)
	}
}

// Votes are conserved at every stage of every transferable count, and as many are elected as can be.
func TestConservation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := elections(false).Draw(t, "election")
		for _, m := range count.Methods() {
			e := d.election(t)
			r := counted(t, m, e)
			conserved(t, r)
			if want := min(e.Seats, d.n); len(r.Elected) != want || len(sorted(r.Elected)) != want {
				t.Fatalf("%s elected %v for %d seats among %d", m.Name(), r.Elected, e.Seats, d.n)
			}
			for i, c := range r.Elected {
				if inside(r.Elected[:i], c) {
					t.Fatalf("%s elected %d twice", m.Name(), c)
				}
			}
		}
	})
}

// prefers counts paper by paper how many prefer a to b.
func (d drawn) prefers(a, b int) (n int64) {
	for _, p := range d.papers {
		ra, rb := len(p)+1, len(p)+1
		for i, rank := range p {
			if inside(rank, a) {
				ra = i
			}
			if inside(rank, b) {
				rb = i
			}
		}
		if ra < rb {
			n++
		}
	}
	return n
}

// A candidate who beats every other two by two wins by Schulze and by ranked pairs; and the matrix is what
// counting paper by paper gives.
func TestCondorcet(t *testing.T) {
	cases := 0
	rapid.Check(t, func(t *rapid.T) {
		d := elections(false).Draw(t, "election")
		winner := 0
		for a := 1; a <= d.n; a++ {
			wins := true
			for b := 1; b <= d.n; b++ {
				wins = wins && (a == b || d.prefers(a, b) > d.prefers(b, a))
			}
			if wins {
				winner = a
			}
		}
		for _, m := range []count.Method{count.Schulze{}, count.RankedPairs{}} {
			r := counted(t, m, d.election(t))
			for i, row := range r.Stages[0].Matrices[0].Rows {
				for j, n := range row {
					if i != j && n != d.prefers(i+1, j+1) {
						t.Fatalf("%d prefer %d to %d, not %d", d.prefers(i+1, j+1), i+1, j+1, n)
					}
				}
			}
			if winner > 0 && r.Elected[0] != winner {
				t.Fatalf("%s elects %d first, %d beats everybody", m.Name(), r.Elected[0], winner)
			}
		}
		if winner > 0 {
			cases++
		}
	})
	enough(t, "a Condorcet winner", cases, 20)
}

// Droop proportionality for solid coalitions: where at least k quotas of papers put the same candidates
// before all others, in whatever order, at least k of them are elected, or all if they are fewer.
func TestDroopProportionality(t *testing.T) {
	cases := 0
	rapid.Check(t, func(t *rapid.T) {
		d := elections(true).Draw(t, "election")
		for _, m := range []count.Method{count.ScottishSTV{}, count.WIG{}, count.Meek{}, count.AV{}} {
			e := d.election(t)
			r := counted(t, m, e)
			seats, quota := int64(e.Seats), r.Valid/int64(e.Seats+1)+1
			for set := 1; set < 1<<d.n; set++ {
				solid, size, elected := int64(0), 0, 0
				for c := 1; c <= d.n; c++ {
					if set>>(c-1)&1 == 1 {
						size++
						if inside(r.Elected, c) {
							elected++
						}
					}
				}
			next:
				for _, p := range d.papers {
					if len(p) < size {
						continue
					}
					for _, rank := range p[:size] {
						if set>>(rank[0]-1)&1 == 0 {
							continue next
						}
					}
					solid++
				}
				k := solid / quota
				if m.Name() == "meek" { // its quota is no whole number: more than V/(seats+1)
					for k = 0; k < seats && solid*(seats+1) > (k+1)*r.Valid; k++ {
					}
				}
				if want := min(int(k), size, e.Seats); elected < want {
					t.Fatalf("%s elects %v: %d of %06b, who have %d of %d papers and deserve %d", m.Name(), r.Elected, elected, set, solid, r.Valid, want)
				} else if want > 0 {
					cases++
				}
			}
		}
	})
	enough(t, "a solid coalition with a quota", cases, 500)
}
