// Package elect decides elections of officers: who retires, who is a candidate, which seats are filled without a
// vote, and how a lot falls that anybody can draw again.
//
// The custom it follows is that of Co-operatives UK's model rules for a multi-stakeholder society: all directors retire
// at the first annual general meeting; after it the number nearest to one third, those longest in office first, and
// those of equal standing by lot; who retires may stand again. A nomination counts when it was seconded and the person
// has accepted; where there are no more candidates than seats nobody needs to vote.
//
// The package is pure: values in, values out; refusals are *fault.Fault.
package elect

import (
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Terms are what the rule book says of elections.
type Terms struct {
	// Seconders is how many members beside the nominator a nomination needs; 0 for none.
	Seconders int
	// SelfNomination allows a member to put themselves forward.
	SelfNomination bool
	// StatementWords is the longest statement, in words.
	StatementWords int
	// Confirm has uncontested candidates voted on, each by itself, instead of declared elected.
	Confirm bool
}

// Candidate is a person nominated for an election. Their nomination is never edited: what happened to it is added.
type Candidate struct {
	// Member is the person, Nominator who put them forward; the same person where they did it themselves.
	Member, Nominator string
	// Seconders are in the order in which they seconded.
	Seconders []string
	// Accepted, Declined and Withdrawn are when the person did so; zero for never.
	Accepted, Declined, Withdrawn time.Time
	// Statement is what the person says for themselves, in their words.
	Statement string
}

// State is where a nomination stands.
type State string

// The states of a nomination.
const (
	// Open still lacks seconders or the person's acceptance.
	Open State = "open"
	// Standing has everything: the person is a candidate.
	Standing State = "standing"
	// Declined by the person.
	Declined State = "declined"
	// Withdrawn by the person after accepting.
	Withdrawn State = "withdrawn"
	// Lapsed lacked something when nominations closed.
	Lapsed State = "lapsed"
)

// State says where the nomination stands, while nominations are open or after they closed.
func (c Candidate) State(t Terms, closed bool) State {
	switch {
	case !c.Withdrawn.IsZero():
		return Withdrawn
	case !c.Declined.IsZero():
		return Declined
	case !c.Accepted.IsZero() && len(c.Seconders) >= t.Seconders:
		return Standing
	case closed:
		return Lapsed
	}
	return Open
}

func conflict(reason, message string) error { return fault.New(fault.Conflict, reason, message) }
