package elect

import "slices"

// Way is how an election's seats come to be filled.
type Way string

// The ways.
const (
	// Vacant: nobody stands; the seats stay empty, for the board or the next meeting to fill as the rules say.
	Vacant Way = "vacant"
	// Uncontested: no more candidates than seats, so all of them are elected without a vote.
	Uncontested Way = "uncontested"
	// Confirmed: no more candidates than seats, and the rules have each of them voted on.
	Confirmed Way = "confirmed"
	// Contested: more candidates than seats; the members vote.
	Contested Way = "contested"
)

// Outcome is what nominations come to when they have closed.
type Outcome struct {
	Way Way
	// Candidates stand, in the order nominated.
	Candidates []Candidate
	// Empty is how many seats stay empty even if all of them are elected.
	Empty int
}

// Outcome says what the nominations come to when they have closed.
func (e Election) Outcome(t Terms) Outcome {
	var o Outcome
	for _, c := range e.Candidates {
		if c.State(t, true) == Standing {
			o.Candidates = append(o.Candidates, c)
		}
	}
	o.Empty = max(0, e.Seats-len(o.Candidates))
	switch {
	case len(o.Candidates) == 0:
		o.Way = Vacant
	case len(o.Candidates) > e.Seats:
		o.Way = Contested
	case t.Confirm:
		o.Way = Confirmed
	default:
		o.Way = Uncontested
	}
	return o
}

// BallotOrder is the order in which candidates stand on the ballot: by lot, since the first place on a list wins votes.
func (o Outcome) BallotOrder(seed string) []string {
	ids := make([]string, 0, len(o.Candidates))
	for _, c := range o.Candidates {
		ids = append(ids, c.Member)
	}
	slices.Sort(ids)
	return Draw(seed, ids)
}
