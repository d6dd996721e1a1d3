package count

import "fmt"

// Score elects whoever has the highest sum of scores. Where ballots rank instead of scoring, a first
// preference scores as many points as there are candidates, each later rank one less, and no preference
// nothing (a Borda count).
type Score struct{}

// Name returns "score".
func (Score) Name() string { return "score" }

// About explains the method.
func (Score) About() About {
	return About{
		Title: "Score",
		Lines: [2]string{
			"The scores that papers give are added up and the highest sums win, ties by lot; papers that",
			"rank give a first preference as many points as there are candidates, then one less each (Borda).",
		},
		Source: "W. D. Smith, Range voting, 2000; J.-C. de Borda, 1781, for rankings",
	}
}

// Count counts e.
func (m Score) Count(e *Election, o Options) (*Report, error) {
	t, err := newTally(m, e, o)
	if err != nil {
		return nil, err
	}
	scale := e.Scale
	if scale == 0 {
		scale = len(e.Candidates)
		t.r.Notes = append(t.r.Notes, fmt.Sprintf("The papers rank: a first preference was scored %d, each later rank one less, none 0.", scale))
	}
	sum := make([]int64, len(e.Candidates)+1)
	t.each(func(n int64, ranks [][]int) bool {
		for i, rank := range ranks {
			for _, c := range rank {
				sum[c] += n * int64(max(scale-i, 0))
			}
		}
		return true
	})
	s := Stage{Kind: StageTally, Because: []string{fmt.Sprintf("Scores from 0 to %d are added up; the %d highest sums are elected.", scale, e.Seats)}}
	return t.byVotes(s, sum), nil
}
