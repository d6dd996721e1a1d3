package count

import "fmt"

// pairs counts for every two candidates how many papers prefer the one to the other. A candidate whom a
// paper names is preferred to one whom it does not name; two at the same rank, or both not named, are not
// compared.
func (t *tally) pairs() [][]int64 {
	n := len(t.e.Candidates)
	d := make([][]int64, n+1)
	for i := range d {
		d[i] = make([]int64, n+1)
	}
	over := make([]int64, n+1) // papers that name the candidate: those prefer it to all but who stands before
	var before []int
	t.each(func(k int64, ranks [][]int) bool {
		before = before[:0]
		for _, rank := range ranks {
			for _, c := range rank {
				over[c] += k
				row := d[c]
				for _, b := range before {
					row[b] -= k
				}
				for _, b := range rank {
					row[b] -= k
				}
			}
			before = append(before, rank...)
		}
		return true
	})
	for c := 1; c <= n; c++ {
		for b := 1; b <= n; b++ {
			d[c][b] += over[c]
		}
		d[c][c] = 0
	}
	for i, c := range t.e.Candidates {
		if c.Withdrawn {
			for b := range d {
				d[i+1][b], d[b][i+1] = 0, 0
			}
		}
	}
	return d
}

func matrix(title string, d [][]int64) Matrix {
	m := Matrix{Title: title}
	for _, row := range d[1:] {
		m.Rows = append(m.Rows, append([]int64(nil), row[1:]...))
	}
	return m
}

// layers groups candidates so that each is beaten only by candidates of earlier groups. beats must be
// without cycles.
func layers(cs []int, beats func(a, b int) bool) (groups [][]int) {
	rest := append([]int(nil), cs...)
	for len(rest) > 0 {
		var top, left []int
		for _, c := range rest {
			beaten := false
			for _, d := range rest {
				beaten = beaten || beats(d, c)
			}
			if beaten {
				left = append(left, c)
			} else {
				top = append(top, c)
			}
		}
		groups = append(groups, top)
		rest = left
	}
	return groups
}

// condorcet says whether one candidate beats every other two by two.
func (t *tally) condorcet(d [][]int64) string {
	for _, c := range t.in {
		wins := true
		for _, b := range t.in {
			wins = wins && (b == c || d[c][b] > d[b][c])
		}
		if wins && len(t.in) > 1 {
			return fmt.Sprintf("%s is preferred to every other candidate by more papers than not (Condorcet winner).", t.e.Name(c))
		}
	}
	return "Nobody is preferred to every other candidate: there is no Condorcet winner."
}
