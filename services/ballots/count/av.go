package count

// AV counts by the alternative vote, also called instant run-off, for one place: the candidate with the
// fewest votes is excluded and each paper goes to its next preference, until somebody has more votes than
// all others still in play together. Ties for exclusion are broken by the most recent earlier stage at
// which the tied differed, then by lot. A skipped preference is closed up; an equal one ends the paper.
type AV struct{}

// Name returns "av".
func (AV) Name() string { return "av" }

// About explains the method.
func (AV) About() About {
	return About{
		Title: "Alternative vote",
		Lines: [2]string{
			"One place: the lowest is excluded and the papers go to the next preference until somebody has",
			"more than half of the votes in play; ties by the most recent earlier stage, then by lot.",
		},
		Source: "Parliamentary Voting System and Constituencies Act 2011, section 9 (rule 45A; never in force); ties as SSI 2011/399",
	}
}

// Count counts e, which must have one seat.
func (m AV) Count(e *Election, o Options) (*Report, error) {
	if e.Seats != 1 {
		return nil, refuse(m.Name(), "the alternative vote fills one seat, not %d: ask for 1 seat, or count by a single transferable vote", e.Seats)
	}
	return countGregory[int64](m, integers{}, e, o, false, true)
}

// integers reckons in whole votes: papers never change their value.
type integers struct{ hundredThousandths }

func (integers) one() int64            { return 1 }
func (integers) amount(v int64) Amount { return whole(v) }
