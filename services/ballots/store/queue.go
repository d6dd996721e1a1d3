package store

import (
	"context"
	"errors"
	"time"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// entry is a cast or a closing in the queue.
type entry struct {
	// ctx is the caller's: an entry whose caller has gone before it was decided is dropped.
	ctx  context.Context
	roll *roll
	// closes is true for a closing; the rest is a cast's.
	closes  bool
	number  uint32
	member  string
	choice  ballots.Choice
	request ballots.RequestKey
	// tries counts the commits that failed under it.
	tries int
	done  chan answer
}

// answer is what comes of an entry.
type answer struct {
	vote    ballots.Vote
	closing ballots.Closing
	err     error
}

// Cast is a vote to be cast.
type Cast struct {
	// Ballot is the ballot's id.
	Ballot string
	// Member is the member who casts.
	Member string
	// Choice is what they chose, one of the three.
	Choice ballots.Choice
	// Request is the key of their request.
	Request ballots.RequestKey
}

// Cast stores a vote and returns it when it is durable; if the same request has stored it before, it returns that vote.
//
// Its faults are those of [ballots.DecideCast], NOT_ON_ROLL, BALLOT_NOT_FOUND, TOO_MANY_VOTES_AT_ONCE (nothing was stored),
// and VOTES_UNAVAILABLE; after the last, and after the context has ended, the vote may be stored or not, and the
// same request finds out.
func (s *Store) Cast(ctx context.Context, c Cast) (ballots.Vote, error) {
	if err := ballots.CheckChoice(c.Choice); err != nil {
		return ballots.Vote{}, err
	}
	r, err := s.rollOf(ctx, c.Ballot)
	if errors.Is(err, errClosed) {
		return s.castClosed(ctx, c)
	}
	if err != nil {
		return ballots.Vote{}, err
	}
	number, ok := r.number[c.Member]
	if !ok {
		return ballots.Vote{}, ballots.NotOnRoll()
	}
	a := s.submit(&entry{ctx: ctx, roll: r, number: number, member: c.Member, choice: c.Choice, request: c.Request, done: make(chan answer, 1)})
	if errors.Is(a.err, errClosed) {
		return s.castClosed(ctx, c)
	}
	return a.vote, a.err
}

// castClosed answers a cast on a closed ballot from the table: a vote that this request has stored keeps its receipt.
func (s *Store) castClosed(ctx context.Context, c Cast) (ballots.Vote, error) {
	m, err := s.MyVote(ctx, c.Ballot, c.Member)
	if err != nil {
		return ballots.Vote{}, err
	}
	_, err = ballots.DecideCast(false, m.Vote, c.Request, c.Choice)
	return m.Vote, err
}

// Close closes a ballot behind the casts that wait, counts what is stored, and returns both. Closing again returns the same.
func (s *Store) Close(ctx context.Context, id string) (ballots.Closing, error) {
	b, err := s.Get(ctx, id)
	if err != nil {
		return ballots.Closing{}, err
	}
	if b.Closing != nil {
		return *b.Closing, nil
	}
	r, err := s.rollOf(ctx, id)
	if errors.Is(err, errClosed) {
		if b, err = s.Get(ctx, id); err != nil {
			return ballots.Closing{}, err
		}
		return *b.Closing, nil
	}
	if err != nil {
		return ballots.Closing{}, err
	}
	a := s.submit(&entry{ctx: ctx, roll: r, closes: true, done: make(chan answer, 1)})
	return a.closing, a.err
}

// submit puts an entry into the queue and waits for its answer.
func (s *Store) submit(e *entry) answer {
	select {
	case <-s.stopped:
		return answer{err: unavailable()}
	default:
	}
	select {
	case s.queue <- e:
	default:
		return answer{err: fault.New(fault.Exhausted, "TOO_MANY_VOTES_AT_ONCE",
			"More votes are arriving than can be stored this second. Yours was not stored: send it again in a moment.").After(time.Second)}
	}
	select {
	case a := <-e.done:
		return a
	case <-e.ctx.Done():
		return answer{err: e.ctx.Err()}
	case <-s.stopped:
		// What the writer answered before it ended is in the channel.
		select {
		case a := <-e.done:
			return a
		default:
			return answer{err: unavailable()}
		}
	}
}

// unavailable leaves open whether a vote was stored, since an earlier try may have been.
func unavailable() error {
	return fault.New(fault.Unavailable, "VOTES_UNAVAILABLE",
		"Votes cannot be stored just now. Send yours again in a moment: if it was stored already, you get the same receipt.").After(2 * time.Second)
}
