package count

import "fmt"

// MajorityJudgement elects whoever has the best majority grade: the middle grade when all papers' grades
// for the candidate are put in order, the lower of the two middle ones where their number is even. Equal
// candidates are told apart by taking one middle grade away from each and comparing the next, as often as
// needed (the majority value). A candidate to whom a paper gives no grade has its lowest.
//
// Where ballots rank instead of grading, the rank is the grade.
type MajorityJudgement struct{}

// Name returns "majority-judgement".
func (MajorityJudgement) Name() string { return "majority-judgement" }

// About explains the method.
func (MajorityJudgement) About() About {
	return About{
		Title: "Majority judgement",
		Lines: [2]string{
			"The candidate with the best middle grade wins; equal ones are compared by the grades next to",
			"the middle, then by lot. A paper's rank serves as the grade where it gives none.",
		},
		Source: "M. Balinski and R. Laraki, Majority Judgment, MIT Press 2011, chapter 1 (majority grade and majority value)",
	}
}

// Count counts e.
func (m MajorityJudgement) Count(e *Election, o Options) (*Report, error) {
	t, err := newTally(m, e, o)
	if err != nil {
		return nil, err
	}
	best := e.Scale
	if best == 0 {
		best = len(e.Candidates)
		t.r.Notes = append(t.r.Notes, fmt.Sprintf("The papers rank: the rank was taken as the grade, the first as %d and no preference as 0.", best))
	}
	// below[c][g] is how many papers grade c at g or lower.
	below := make([][]int64, len(e.Candidates)+1)
	for c := range below {
		below[c] = make([]int64, best+1)
	}
	t.each(func(n int64, ranks [][]int) bool {
		for i, rank := range ranks {
			if i >= best {
				break
			}
			for _, c := range rank {
				below[c][best-i] += n
			}
		}
		return true
	})
	s := Stage{Kind: StageTally, Because: []string{fmt.Sprintf("Grades run from 0 to %d; votes show the middle grade of %d papers.", best, t.r.Valid)}}
	for c := 1; c < len(below); c++ {
		named := int64(0)
		for _, n := range below[c] {
			named += n
		}
		below[c][0] = t.r.Valid - named
		for g := 1; g <= best; g++ {
			below[c][g] += below[c][g-1]
		}
		grade := gradeAt(below[c], (t.r.Valid-1)/2)
		s.Lines = append(s.Lines, Line{Candidate: c, Votes: whole(int64(grade)),
			Grade: fmt.Sprintf("%d of %d, from %d of %d papers or better", grade, best, t.r.Valid-under(below[c], grade), t.r.Valid)})
	}
	groups := group(t.in, func(a, b int) int { return majorityValue(below[a], below[b], t.r.Valid) })
	return t.conclude(s, groups), nil
}

// under is how many papers grade lower than g.
func under(below []int64, g int) int64 {
	if g == 0 {
		return 0
	}
	return below[g-1]
}

// gradeAt is the grade at place i, from 0, of all grades in ascending order.
func gradeAt(below []int64, i int64) int {
	for g, n := range below {
		if i < n {
			return g
		}
	}
	return 0 // no papers
}

// majorityValue compares two candidates by the sequence of middle grades, each taken away before the next.
// In ascending order those stand at the middle, the lower one where there are two, and then by turns above
// and below what was taken: in pairs of a lower and an upper one. Runs of equal grades are passed over in
// one step.
func majorityValue(a, b []int64, papers int64) int {
	if papers == 0 {
		return 0
	}
	low := (papers - 1) / 2 // the next to look at downwards
	high := low + 1         // and upwards
	if papers%2 == 1 {      // an odd number begins with one alone
		if d := gradeAt(a, low) - gradeAt(b, low); d != 0 {
			return d
		}
		low--
	}
	for low >= 0 {
		la, lb, ha, hb := gradeAt(a, low), gradeAt(b, low), gradeAt(a, high), gradeAt(b, high)
		if la != lb {
			return la - lb
		}
		if ha != hb {
			return ha - hb
		}
		// All four grades stay as they are for this many steps.
		step := min(low-under(a, la), low-under(b, lb), a[ha]-1-high, b[hb]-1-high) + 1
		low -= step
		high += step
	}
	return 0
}
