package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/localgovdigital/folkmoot/services/ballots"
)

// querier is what reads: a transaction or the readers' pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// roll is the frozen roll of an open ballot in memory. It never changes, so whoever needs it first may read it.
type roll struct {
	ballot   string
	ballotNo int64
	number   map[string]uint32
}

// box is what the writer holds of an open ballot: each elector's vote by number. Only the writer looks at votes; what other
// goroutines read is behind turnout and the store's lock.
type box struct {
	roll  *roll
	votes []ballots.Vote
	// turnout is how many votes are durable.
	turnout atomic.Int64
	// receipts finds a durable vote by its receipt; guarded by the store's lock for everyone but the writer's own reads.
	receipts map[ballots.Code]uint32
}

// errClosed says that a ballot takes no more votes; the caller's own goroutine then finds out what to answer.
var errClosed = errors.New("store: the ballot is closed")

// rollOf returns the roll of an open ballot. It returns errClosed, or a NotFound fault.
func (s *Store) rollOf(ctx context.Context, id string) (*roll, error) {
	s.mu.RLock()
	r := s.rolls[id]
	s.mu.RUnlock()
	if r != nil {
		return r, nil
	}
	// One caller reads and the rest of the hall waits for it: when a vote opens, hundreds ask in the same second.
	select {
	case s.reading <- struct{}{}:
		defer func() { <-s.reading }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.mu.RLock()
	r = s.rolls[id]
	s.mu.RUnlock()
	if r != nil {
		return r, nil
	}
	b, ballotNo, err := find(ctx, s.db.Reader(), id)
	if err != nil {
		return nil, err
	}
	if b.Closing != nil {
		return nil, errClosed
	}
	if s.readRoll != nil {
		s.readRoll()
	}
	r = &roll{ballot: id, ballotNo: ballotNo, number: make(map[string]uint32, b.Electors)}
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT elector_no, member FROM elector WHERE ballot_no = $1`, ballotNo)
	if err != nil {
		return nil, fmt.Errorf("store: read a roll: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var number uint32
		var member string
		if err := rows.Scan(&number, &member); err != nil {
			return nil, fmt.Errorf("store: read a roll: %w", err)
		}
		r.number[member] = number
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: read a roll: %w", err)
	}
	if int64(len(r.number)) != b.Electors {
		return nil, fmt.Errorf("store: ballot %s has %d electors and a roll of %d", id, b.Electors, len(r.number))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rolls[id] = r
	return r, nil
}

// loadBox reads the votes of an open ballot. It runs in a serializable transaction: a batch of our own whose commit's outcome
// was not known, or another replica's, is then either seen here or can no longer commit.
func (s *Store) loadBox(ctx context.Context, r *roll) (*box, error) {
	var b *box
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		b = &box{roll: r, votes: make([]ballots.Vote, len(r.number)+1), receipts: map[ballots.Code]uint32{}}
		switch _, closed, err := closingOf(ctx, tx, r.ballotNo); {
		case err != nil:
			return err
		case closed:
			return errClosed
		}
		rows, err := tx.QueryContext(ctx, `SELECT elector_no, choice, receipt, request, cast_at FROM cast_vote WHERE ballot_no = $1 AND revision = 0`, r.ballotNo)
		if err != nil {
			return fmt.Errorf("store: read the votes: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var number uint32
			v, err := scanVote(rows, &number)
			if err != nil {
				return err
			}
			if int(number) >= len(b.votes) {
				return fmt.Errorf("store: ballot %d holds a vote of elector %d, who is not on its roll", r.ballotNo, number)
			}
			b.votes[number] = v
			b.receipts[v.Receipt] = number
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("store: read the votes: %w", err)
		}
		b.turnout.Store(int64(len(b.receipts)))
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.boxes[r.ballot] = b
	s.mu.Unlock()
	return b, nil
}

// scanVote reads "elector_no, choice, receipt, request, cast_at".
func scanVote(row interface{ Scan(...any) error }, number *uint32) (ballots.Vote, error) {
	var v ballots.Vote
	var choice, receipt string
	var request []byte
	if err := row.Scan(number, &choice, &receipt, &request, &v.Cast); err != nil {
		return v, fmt.Errorf("store: read a vote: %w", err)
	}
	if len(receipt) != len(v.Receipt) || len(request) != len(v.Request) {
		return v, fmt.Errorf("store: a vote with a receipt of %d characters and a request key of %d bytes", len(receipt), len(request))
	}
	v.Choice = ballots.Choice(choice)
	copy(v.Receipt[:], receipt)
	copy(v.Request[:], request)
	return v, nil
}

// forget drops what is held of a ballot that closed.
func (s *Store) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rolls, id)
	delete(s.boxes, id)
}
