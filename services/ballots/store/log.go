package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// logEvent appends the leaf of a ballot's event, in the transaction of the event.
func (s *Store) logEvent(ctx context.Context, tx *sql.Tx, ballotNo int64, event ballots.Event, content []byte) error {
	leaf, err := translog.Append(ctx, tx, s.config.Random, content)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO ballot_leaf (leaf, ballot_no, event) VALUES ($1, $2, $3)`, leaf, ballotNo, string(event)); err != nil {
		return database.StaleKey(fmt.Errorf("store: insert a leaf: %w", err))
	}
	return nil
}

// logClosing appends the leaves of an end and of its count.
func (s *Store) logClosing(ctx context.Context, tx *sql.Tx, ballotNo int64, c ballots.Closing) error {
	var id string
	var leaves int64
	err := tx.QueryRowContext(ctx, `SELECT b.id, (SELECT COUNT(*) FROM cast_vote v WHERE v.ballot_no = b.ballot_no) FROM ballot b WHERE b.ballot_no = $1`, ballotNo).
		Scan(&id, &leaves)
	if err != nil {
		return fmt.Errorf("store: count the leaves: %w", err)
	}
	if err := s.logEvent(ctx, tx, ballotNo, ballots.EventClosed, c.ClosedLeaf(id, leaves)); err != nil {
		return err
	}
	return s.logEvent(ctx, tx, ballotNo, ballots.EventCounted, c.CountedLeaf(id))
}

// LogMissing appends leaves for the ballots and votes from before there was a log, a ballot a transaction, in order. It does nothing
// for a ballot that has any.
func (s *Store) LogMissing(ctx context.Context) error {
	for {
		more := false
		err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			b, number, err := scanBallot(tx.QueryRowContext(ctx, selectBallot+`
				WHERE NOT EXISTS (SELECT 1 FROM ballot_leaf l WHERE l.ballot_no = b.ballot_no) ORDER BY b.ballot_no LIMIT 1`))
			if errors.Is(err, sql.ErrNoRows) {
				more = false
				return nil
			}
			if err != nil {
				return fmt.Errorf("store: ballots without a leaf: %w", err)
			}
			more = true
			return s.logBallot(ctx, tx, b, number)
		})
		if err != nil || !more {
			return err
		}
	}
}

// logBallot appends all leaves of a ballot from before there was a log.
func (s *Store) logBallot(ctx context.Context, tx *sql.Tx, b ballots.Ballot, number int64) error {
	if err := s.logEvent(ctx, tx, number, ballots.EventOpened, b.OpenedLeaf()); err != nil {
		return err
	}
	first, err := translog.Next(ctx, tx)
	if err != nil {
		return err
	}
	votes, err := votesOf(ctx, tx, number)
	if err != nil {
		return err
	}
	var block []byte
	for i, v := range votes {
		block = append(block, commitment(b.ID, v)...)
		if _, err := tx.ExecContext(ctx, `UPDATE cast_vote SET leaf = $1 WHERE ballot_no = $2 AND elector_no = $3 AND revision = $4`,
			first+int64(i), number, v.Elector, v.Revision); err != nil {
			return fmt.Errorf("store: a vote's leaf: %w", err)
		}
	}
	if err := translog.AppendBlock(ctx, tx, first, block); err != nil {
		return err
	}
	if b.Closing == nil {
		return nil
	}
	if err := s.logClosing(ctx, tx, number, *b.Closing); err != nil || b.Published.IsZero() {
		return err
	}
	return s.logEvent(ctx, tx, number, ballots.EventPublished, ballots.PublishedLeaf(b.ID, b.Published, b.Closing.Figures))
}

// commitment is the leaf of a vote.
func commitment(ballot string, v ballots.OpenedVote) []byte {
	return translog.Commit(v.Salt, ballots.VoteLeaf(ballot, v.Elector, v.Revision, v.Choice))
}

// votesOf returns the votes of a ballot in order of elector and revision.
func votesOf(ctx context.Context, q querier, ballotNo int64) ([]ballots.OpenedVote, error) {
	rows, err := q.QueryContext(ctx, `SELECT elector_no, revision, choice, salt, leaf FROM cast_vote WHERE ballot_no = $1 ORDER BY elector_no, revision`, ballotNo)
	if err != nil {
		return nil, fmt.Errorf("store: read votes: %w", err)
	}
	defer rows.Close()
	var all []ballots.OpenedVote
	for rows.Next() {
		var v ballots.OpenedVote
		var choice string
		if err := rows.Scan(&v.Elector, &v.Revision, &choice, &v.Salt, &v.Leaf); err != nil {
			return nil, fmt.Errorf("store: read votes: %w", err)
		}
		v.Choice = ballots.Choice(choice)
		all = append(all, v)
	}
	return all, rows.Err()
}

// Leaf is the leaf of a ballot's event.
type Leaf struct {
	Event ballots.Event
	// Index is its place in the public log.
	Index int64
	// Salt and Content open it.
	Salt, Content []byte
}

// Leaves returns the leaves of a ballot's events in their order, with how far the ballot is; or a NotFound fault.
func (s *Store) Leaves(ctx context.Context, id string) ([]Leaf, ballots.State, error) {
	b, number, err := find(ctx, s.db.Reader(), id)
	if err != nil {
		return nil, 0, err
	}
	all, err := leavesOf(ctx, s.db.Reader(), number)
	return all, b.State(), err
}

func leavesOf(ctx context.Context, q querier, ballotNo int64) ([]Leaf, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT l.leaf, l.event, g.salt, g.content FROM ballot_leaf l JOIN log_leaf g ON g.idx = l.leaf WHERE l.ballot_no = $1 ORDER BY l.leaf`, ballotNo)
	if err != nil {
		return nil, fmt.Errorf("store: leaves: %w", err)
	}
	defer rows.Close()
	var all []Leaf
	for rows.Next() {
		var l Leaf
		var event string
		if err := rows.Scan(&l.Index, &event, &l.Salt, &l.Content); err != nil {
			return nil, fmt.Errorf("store: leaves: %w", err)
		}
		l.Event = ballots.Event(event)
		all = append(all, l)
	}
	return all, rows.Err()
}

// VoteLeaves returns the leaves of a member's votes in a ballot, in the order of casting; none if they have not voted.
func (s *Store) VoteLeaves(ctx context.Context, id, member string) ([]int64, error) {
	_, number, err := find(ctx, s.db.Reader(), id)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Reader().QueryContext(ctx, `
		SELECT v.leaf FROM elector e JOIN cast_vote v ON v.ballot_no = e.ballot_no AND v.elector_no = e.elector_no
		WHERE e.ballot_no = $1 AND e.member = $2 ORDER BY v.revision`, number, member)
	if err != nil {
		return nil, fmt.Errorf("store: a member's leaves: %w", err)
	}
	defer rows.Close()
	var all []int64
	for rows.Next() {
		var leaf int64
		if err := rows.Scan(&leaf); err != nil {
			return nil, fmt.Errorf("store: a member's leaves: %w", err)
		}
		all = append(all, leaf)
	}
	return all, rows.Err()
}

// Openings are everything that opens a published ballot.
type Openings struct {
	Ballot ballots.Ballot
	Events []Leaf
	Votes  []ballots.OpenedVote
}

// Openings returns what opens a published ballot: one view of the database. A ballot that is not published is refused with a
// Conflict fault.
func (s *Store) Openings(ctx context.Context, id string) (Openings, error) {
	var out Openings
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		b, number, err := find(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := b.MayOpen(); err != nil {
			return err
		}
		out.Ballot = b
		if out.Events, err = leavesOf(ctx, tx, number); err != nil {
			return err
		}
		out.Votes, err = votesOf(ctx, tx, number)
		return err
	})
	return out, err
}

// wantLeaves are the events that a ballot must have a leaf for, with what each commits to.
func wantLeaves(b ballots.Ballot, leaves int64) []Leaf {
	want := []Leaf{{Event: ballots.EventOpened, Content: b.OpenedLeaf()}}
	if b.Closing != nil {
		want = append(want, Leaf{Event: ballots.EventClosed, Content: b.Closing.ClosedLeaf(b.ID, leaves)},
			Leaf{Event: ballots.EventCounted, Content: b.Closing.CountedLeaf(b.ID)})
	}
	if !b.Published.IsZero() {
		want = append(want, Leaf{Event: ballots.EventPublished, Content: ballots.PublishedLeaf(b.ID, b.Published, b.Closing.Figures)})
	}
	return want
}
