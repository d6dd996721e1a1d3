package count

import "fmt"

// Schulze elects by the strength of paths: candidate A stands before B where the strongest path of pairwise
// wins from A to B is stronger than any from B to A. A path is as strong as its weakest win, and a win as
// strong as the number of papers for it (winning votes). With several seats the first of the order are
// elected, which is not proportional. Candidates that no path puts before each other are tied; a lot
// decides where that matters.
type Schulze struct{}

// Name returns "schulze".
func (Schulze) Name() string { return "schulze" }

// About explains the method.
func (Schulze) About() About {
	return About{
		Title: "Condorcet by Schulze",
		Lines: [2]string{
			"Candidates are compared two by two; whoever reaches another by a stronger chain of wins than the",
			"other way stands before. Takes equal and skipped preferences; several seats by order; ties by lot.",
		},
		Source: "M. Schulze, A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent single-winner election method, Social Choice and Welfare 36, 2011",
	}
}

// maxPairs is the largest number of candidates that methods on pairs take: their work grows with its cube.
const maxPairs = 1000

// Count counts e.
func (m Schulze) Count(e *Election, o Options) (*Report, error) {
	t, err := newTally(m, e, o)
	if err != nil {
		return nil, err
	}
	if len(e.Candidates) > maxPairs {
		return nil, refuse(m.Name(), "%d candidates are more than %d", len(e.Candidates), maxPairs)
	}
	d := t.pairs()
	n := len(e.Candidates)
	p := make([][]int64, n+1)
	for i := range p {
		p[i] = make([]int64, n+1)
		for j := range p[i] {
			if d[i][j] > d[j][i] {
				p[i][j] = d[i][j]
			}
		}
	}
	for k := 1; k <= n; k++ {
		for i := 1; i <= n; i++ {
			via := p[i][k]
			if via == 0 || i == k {
				continue
			}
			for j := 1; j <= n; j++ {
				if s := min(via, p[k][j]); s > p[i][j] && i != j {
					p[i][j] = s
				}
			}
		}
	}
	s := Stage{Kind: StagePairs, Matrices: []Matrix{
		matrix("papers that prefer the candidate of the row to that of the column", d),
		matrix("strength of the strongest path from the candidate of the row to that of the column", p),
	}}
	s.Because = append(s.Because, t.condorcet(d))
	groups := layers(t.in, func(a, b int) bool { return p[a][b] > p[b][a] })
	for i, g := range groups {
		s.Because = append(s.Because, fmt.Sprintf("Place %d: %s.", i+1, list(e, g)))
	}
	return t.conclude(s, groups), nil
}
