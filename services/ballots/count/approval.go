package count

import "fmt"

// Approval elects whoever is approved by the most papers. A paper approves every candidate that it names,
// at whatever rank or score.
type Approval struct{}

// Name returns "approval".
func (Approval) Name() string { return "approval" }

// About explains the method.
func (Approval) About() About {
	return About{
		Title: "Approval",
		Lines: [2]string{
			"Each paper gives one vote to every candidate that it names, however many;",
			"the most votes win, ties by lot.",
		},
		Source: "S. J. Brams and P. C. Fishburn, Approval Voting, American Political Science Review 72, 1978",
	}
}

// Count counts e.
func (m Approval) Count(e *Election, o Options) (*Report, error) {
	t, err := newTally(m, e, o)
	if err != nil {
		return nil, err
	}
	votes := make([]int64, len(e.Candidates)+1)
	t.each(func(n int64, ranks [][]int) bool {
		for _, rank := range ranks {
			for _, c := range rank {
				votes[c] += n
			}
		}
		return true
	})
	s := Stage{Kind: StageTally, Because: []string{fmt.Sprintf("The %d approved by the most papers are elected.", e.Seats)}}
	return t.byVotes(s, votes), nil
}
