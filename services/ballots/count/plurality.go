package count

import "fmt"

// Plurality elects whoever has the most votes. A paper has Choose votes and gives one each to the first
// Choose candidates on it; how it orders them does not matter. A paper that gives the same preference to
// more candidates than it has votes left is invalid, like a paper with too many crosses.
type Plurality struct {
	// Choose is how many votes a paper has, 0 means 1. With several seats, 1 is the single
	// non-transferable vote and as many as seats is the block vote.
	Choose int
}

// Name returns "plurality".
func (Plurality) Name() string { return "plurality" }

// About explains the method.
func (Plurality) About() About {
	return About{
		Title: "Plurality, or choose up to so many",
		Lines: [2]string{
			"Each paper gives a vote to its first choice, or to as many as the society lets it choose;",
			"the most votes win, ties by lot.",
		},
		Source: "Representation of the People Act 1983, schedule 1, rules 18, 47 and 49 (first past the post, void papers, lot)",
	}
}

// Count counts e.
func (m Plurality) Count(e *Election, o Options) (*Report, error) {
	t, err := newTally(m, e, o)
	if err != nil {
		return nil, err
	}
	choose := max(m.Choose, 1)
	votes := make([]int64, len(e.Candidates)+1)
	var over int64
	var marks []int
	t.each(func(n int64, ranks [][]int) bool {
		marks = marks[:0]
		for _, rank := range ranks {
			if len(marks) == choose {
				break
			}
			marks = append(marks, rank...)
		}
		if len(marks) > choose {
			over += n
			return false
		}
		for _, c := range marks {
			votes[c] += n
		}
		return true
	})
	if over > 0 {
		t.r.Notes = append(t.r.Notes, fmt.Sprintf("%d papers are invalid: they choose more than %d at once.", over, choose))
	}
	s := Stage{Kind: StageTally, Because: []string{fmt.Sprintf("Each paper has %d vote(s); the %d with the most are elected.", choose, e.Seats)}}
	return t.byVotes(s, votes), nil
}
