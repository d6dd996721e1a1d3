package elect

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Election is the election of some seats, as far as nominations look at it.
type Election struct {
	// Seats is how many are to be filled.
	Seats int
	// Closes is when nominations close.
	Closes time.Time
	// Candidates are in the order nominated.
	Candidates []Candidate
}

// most bounds the nominations of one election.
const most = 500

// Nominate puts a person forward. The caller has seen that both are members in good standing. It returns the new
// nomination, or a Conflict fault: NOMINATIONS_CLOSED, NOMINATED_ALREADY, SELF_NOMINATION, NOMINATIONS_FULL. Who puts themselves
// forward has accepted by that.
func (e Election) Nominate(t Terms, member, nominator string, now time.Time) (Candidate, error) {
	if err := e.open(now); err != nil {
		return Candidate{}, err
	}
	for _, c := range e.Candidates {
		if c.Member == member && (c.State(t, false) == Open || c.State(t, false) == Standing) {
			return Candidate{}, conflict("NOMINATED_ALREADY", "This person is nominated already. You can second that nomination.")
		}
	}
	switch {
	case member == nominator && !t.SelfNomination:
		return Candidate{}, conflict("SELF_NOMINATION", "The rules do not let you nominate yourself. Ask another member to.")
	case len(e.Candidates) >= most:
		return Candidate{}, conflict("NOMINATIONS_FULL", fmt.Sprintf("This election has %d nominations, the most there can be.", most))
	}
	c := Candidate{Member: member, Nominator: nominator}
	if member == nominator {
		c.Accepted = now
	}
	return c, nil
}

// Second records that a member seconds a nomination: a person who is neither the nominee nor the nominator. It returns the nomination as
// it is then, or a Conflict fault: NOMINATIONS_CLOSED, NOMINATION_ENDED, SECOND_ANOTHER, SECONDED_ALREADY, SECONDED_ENOUGH.
func (e Election) Second(t Terms, c Candidate, member string, now time.Time) (Candidate, error) {
	if err := e.live(t, c, now); err != nil {
		return Candidate{}, err
	}
	switch {
	case member == c.Member || member == c.Nominator:
		return Candidate{}, conflict("SECOND_ANOTHER", "A nomination is seconded by somebody else than the person nominated and who nominated them.")
	case slices.Contains(c.Seconders, member):
		return Candidate{}, conflict("SECONDED_ALREADY", "You have seconded this nomination.")
	case len(c.Seconders) >= t.Seconders:
		return Candidate{}, conflict("SECONDED_ENOUGH", "This nomination has all the seconders that it needs.")
	}
	c.Seconders = append(slices.Clone(c.Seconders), member)
	return c, nil
}

// Accept records that the person stands, with a statement, which may be empty; and again with another one, until nominations
// close. It returns an Invalid fault STATEMENT_LONG or a Conflict fault NOMINATIONS_CLOSED, NOMINATION_ENDED or NOT_NOMINATED.
func (e Election) Accept(t Terms, c Candidate, member, statement string, now time.Time) (Candidate, error) {
	if member != c.Member {
		return Candidate{}, fault.New(fault.Denied, "NOT_NOMINATED", "Only the person nominated can accept.")
	}
	if err := e.live(t, c, now); err != nil {
		return Candidate{}, err
	}
	statement = strings.TrimSpace(statement)
	if n := len(strings.Fields(statement)); n > t.StatementWords {
		return Candidate{}, fault.Field("STATEMENT_LONG", "statement", fmt.Sprintf("The statement has %d words; the rules allow %d.", n, t.StatementWords))
	}
	c.Statement = statement
	if c.Accepted.IsZero() {
		c.Accepted = now
	}
	return c, nil
}

// Refuse records that the person does not stand: a nominee who has not accepted declines, a candidate withdraws, which they may do until
// the vote opens and so after nominations closed. The caller refuses it after that. It returns a Denied fault NOT_NOMINATED or a
// Conflict fault NOMINATION_ENDED.
func (e Election) Refuse(t Terms, c Candidate, member string, now time.Time) (Candidate, error) {
	if member != c.Member {
		return Candidate{}, fault.New(fault.Denied, "NOT_NOMINATED", "Only the person nominated can decline or withdraw.")
	}
	if s := c.State(t, !now.Before(e.Closes)); s != Open && s != Standing {
		return Candidate{}, ended()
	}
	if c.Accepted.IsZero() {
		c.Declined = now
	} else {
		c.Withdrawn = now
	}
	return c, nil
}

func (e Election) open(now time.Time) error {
	if !now.Before(e.Closes) {
		return conflict("NOMINATIONS_CLOSED", "Nominations have closed.")
	}
	return nil
}

func (e Election) live(t Terms, c Candidate, now time.Time) error {
	if err := e.open(now); err != nil {
		return err
	}
	if s := c.State(t, false); s != Open && s != Standing {
		return ended()
	}
	return nil
}

func ended() error {
	return conflict("NOMINATION_ENDED", "This nomination has ended: it was declined, withdrawn or lapsed.")
}
