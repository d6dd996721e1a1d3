package motions

import (
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// A vote passes through another two rooms, so each step is recorded before the call that it needs is made:
// opening → (roll frozen, ballot opened) → voting → closing → (ballot closed) → closed → declared. Whatever is left
// halfway by a crash is finished later, by calls that the other rooms answer the same however often they come. Where membership
// refuses the roll for good, as while challenges wait, the motion goes back from opening to the order paper.

// Put puts a motion to an open, quorate meeting: the first step of opening its vote.
func Put(mo Motion, m Meeting, t Terms, ballot, by string, now time.Time) (Motion, error) {
	if m.State != Open {
		return Motion{}, fault.New(fault.Conflict, "MEETING_NOT_OPEN", "The meeting is "+m.State.words()+": a motion is put while it is open.").
			With("state", string(m.State))
	}
	if mo.Kind == Election {
		return Motion{}, fault.New(fault.Conflict, "ELECTION_NOT_PUT", "An election has no vote for and against: it stands on the order paper until its ballot can be held.")
	}
	next, err := mo.to(Opening)
	if err != nil {
		return Motion{}, err
	}
	if m.Present < m.Quorum {
		return Motion{}, NotQuorate(m.Present, m.Quorum, t.QuorumWords(m.Kind))
	}
	next.Vote = &Vote{Ballot: ballot, RuleBook: t.Version, Rule: t.MajorityWords(mo.Majority), BaseName: t.Majority(mo.Majority).BaseName(),
		Present: m.Present, Quorum: m.Quorum, Put: now, PutBy: by}
	return next, nil
}

// BallotOpened notes that the ballots room has opened the ballot on a frozen roll.
func BallotOpened(mo Motion, roll string, electors int64, at time.Time) (Motion, error) {
	return mo.step(Voting, func(v *Vote) { v.Roll, v.Figures.Electors, v.Opened = roll, electors, at })
}

// PutBack takes a motion whose vote another room refused to open back to the order paper, as if it had not been put: what stood in
// the way is for people to decide, and then the motion is put again. The vote that it had is forgotten with its ballot's id, of
// which no other room knows.
func PutBack(mo Motion) (Motion, error) {
	if mo.State != Opening {
		return mo.to(Voting) // Only what is opening may become that: the refusal is the same.
	}
	mo.State, mo.Vote = Accepted, nil
	mo.Version++
	return mo, nil
}

// AskClose is the first step of closing a vote.
func AskClose(mo Motion, by string, now time.Time) (Motion, error) {
	return mo.step(Closing, func(v *Vote) { v.CloseAsked, v.CloseAskedBy = now, by })
}

// BallotClosed notes the count. Figures that cannot be are an error of ours: more votes than electors, or another
// number of electors than the vote was opened with.
func BallotClosed(mo Motion, f Figures, at time.Time) (Motion, error) {
	next, err := mo.step(VoteClosed, func(v *Vote) { v.Figures, v.Closed = f, at })
	if err != nil {
		return Motion{}, err
	}
	if f.For < 0 || f.Against < 0 || f.Abstentions < 0 || f.For+f.Against+f.Abstentions > f.Electors || f.Electors != mo.Vote.Figures.Electors {
		return Motion{}, fmt.Errorf("motions: the count of motion %s does not fit its roll of %d: %+v", mo.ID, mo.Vote.Figures.Electors, f)
	}
	return next, nil
}

// Declare decides a closed vote by the meeting's pinned rule.
func Declare(mo Motion, t Terms, by string, now time.Time) (Motion, error) {
	if mo.Vote == nil {
		return mo.to(Lost)
	}
	if t.Version != mo.Vote.RuleBook {
		return Motion{}, fmt.Errorf("motions: motion %s was put under rule book %d and is to be decided by %d", mo.ID, mo.Vote.RuleBook, t.Version)
	}
	count, carried := t.Majority(mo.Majority).Decide(mo.Vote.Figures)
	outcome := Lost
	if carried {
		outcome = Carried
	}
	return mo.step(outcome, func(v *Vote) { v.Base, v.Carried, v.Declared, v.DeclaredBy = count, carried, now, by })
}

// step moves the motion on and changes a copy of its vote.
func (m Motion) step(next MotionState, change func(*Vote)) (Motion, error) {
	out, err := m.to(next)
	if err != nil {
		return Motion{}, err
	}
	v := *m.Vote
	change(&v)
	out.Vote = &v
	return out, nil
}

// Undeclared reports whether the motion was put and waits to be declared.
func (m Motion) Undeclared() bool {
	return m.State == Opening || m.State == Voting || m.State == Closing || m.State == VoteClosed
}

// Declared reports whether the figures may be shown.
func (m Motion) Declared() bool { return m.State == Carried || m.State == Lost }
