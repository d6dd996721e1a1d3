// Package store keeps the rule book, meetings and motions in SQL. It opens the transaction, loads what a decision
// looks at, calls it, and writes what it returns; it decides nothing.
package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/motions"
)

//go:embed schema/*.sql
var files embed.FS

// Migrations are the schema, in order.
var Migrations = database.Migrations{Part: "motions", Files: files}

// The topics of the outbox: the rooms that hear.
const (
	TopicMembership = "membership"
	// TopicLedger is that of the rules for the ledger.
	TopicLedger  = "ledger"
	TopicBallots = "ballots"
)

// Store is the motions room's database.
type Store struct {
	db    *database.DB
	books books
}

// New returns a store on a database whose migrations have run.
func New(db *database.DB) *Store { return &Store{db: db} }

// MeetingFacts are what a decision about a meeting looks at.
type MeetingFacts struct {
	// Meeting is the meeting, with those present counted.
	Meeting motions.Meeting
	// Terms are those of the rule book that the meeting pinned, before its notice of the one in force.
	Terms motions.Terms
	// Paper is the order paper, in order.
	Paper []motions.Motion
	// CallerPresent is true if the caller is recorded as present.
	CallerPresent bool
}

// NextPosition is the next free place on the order paper.
func (f MeetingFacts) NextPosition() int {
	return motions.NextPlace(f.Paper, false)
}

// MotionFacts are what a decision about a motion looks at.
type MotionFacts struct {
	Motion motions.Motion
	// At is the motion's meeting.
	At MeetingFacts
	// Debate is the motion with its amendments; an amendment's is that of the motion that it amends.
	Debate motions.Debate
}

// Ask says who asks when.
type Ask struct {
	// Request makes the request happen once.
	Request once.Request
	// Caller is the member who asks, or empty.
	Caller string
}

// AddMeeting has decide draft a meeting, and keeps it.
func (s *Store) AddMeeting(ctx context.Context, a Ask, decide func() (MeetingFacts, error), encode func(MeetingFacts) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, a.Request, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		f, err := decide()
		if err != nil {
			return nil, err
		}
		if err := insertMeeting(ctx, tx, f.Meeting); err != nil {
			return nil, err
		}
		return encode(f)
	})
}

// ChangeMeeting has decide change a meeting, and keeps what it returns.
func (s *Store) ChangeMeeting(ctx context.Context, a Ask, meeting string, decide func(MeetingFacts) (motions.Meeting, error), encode func(MeetingFacts) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, a.Request, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		f, err := s.meetingFacts(ctx, tx, meeting, a)
		if err != nil {
			return nil, err
		}
		if f.Meeting, err = decide(f); err != nil {
			return nil, err
		}
		if err := updateMeeting(ctx, tx, f.Meeting); err != nil {
			return nil, err
		}
		return encode(f)
	})
}

// Attend records that members arrived or left, if allow does not refuse. Recording the same again changes nothing.
func (s *Store) Attend(ctx context.Context, a Ask, meeting string, members []string, departed bool, newID func() (string, error), allow func(MeetingFacts) error, encode func(MeetingFacts) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, a.Request, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		f, err := s.meetingFacts(ctx, tx, meeting, a)
		if err != nil {
			return nil, err
		}
		if err := allow(f); err != nil {
			return nil, err
		}
		if err := attendRecorded(ctx, tx, meeting, members, departed, a, newID); err != nil {
			return nil, err
		}
		if f.Meeting.Present, f.CallerPresent, err = present(ctx, tx, meeting, a.Caller); err != nil {
			return nil, err
		}
		return encode(f)
	})
}

// AddMotion has decide make a motion for a meeting, and keeps it.
func (s *Store) AddMotion(ctx context.Context, a Ask, meeting string, decide func(MeetingFacts) (motions.Motion, error), encode func(motions.Motion) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, a.Request, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		f, err := s.meetingFacts(ctx, tx, meeting, a)
		if err != nil {
			return nil, err
		}
		m, err := decide(f)
		if err != nil {
			return nil, err
		}
		if err := insertMotion(ctx, tx, m); err != nil {
			return nil, err
		}
		return encode(m)
	})
}

// Change is what a decision about a motion wants written.
type Change struct {
	Motion motions.Motion
	// Paper is true if the meeting's order paper changed: its version changes too.
	Paper bool
	// Publish is the event for the ballots room, or nil.
	Publish []byte
}

// ChangeMotion has decide change a motion, and keeps what it returns.
func (s *Store) ChangeMotion(ctx context.Context, a Ask, motion string, decide func(MotionFacts) (Change, error), encode func(motions.Motion) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, a.Request, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		f, err := s.motionFacts(ctx, tx, motion, a)
		if err != nil {
			return nil, err
		}
		c, err := decide(f)
		if err != nil {
			return nil, err
		}
		if err := writeMotion(ctx, tx, f.Motion, c.Motion); err != nil {
			return nil, err
		}
		if err := settle(ctx, tx, f.Debate, c.Motion, a); err != nil {
			return nil, err
		}
		if put := c.Motion.Vote; put != nil && (f.Motion.Vote == nil || f.Motion.Vote.Ballot != put.Ballot) {
			if err := pinPresent(ctx, tx, c.Motion.Meeting, put.Ballot); err != nil {
				return nil, err
			}
		}
		if c.Paper {
			if err := touchMeeting(ctx, tx, c.Motion.Meeting); err != nil {
				return nil, err
			}
		}
		if c.Publish != nil {
			if _, err := outbox.Append(ctx, tx, TopicBallots, c.Publish); err != nil {
				return nil, err
			}
		}
		return encode(c.Motion)
	})
}

// Table has decide make, of a regional motion, one on a general meeting's order paper, and keeps it.
func (s *Store) Table(ctx context.Context, a Ask, motion, general string, decide func(MotionFacts, MeetingFacts) (motions.Motion, error), encode func(motions.Motion) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, a.Request, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		from, err := s.motionFacts(ctx, tx, motion, a)
		if err != nil {
			return nil, err
		}
		to, err := s.meetingFacts(ctx, tx, general, a)
		if err != nil {
			return nil, err
		}
		made, err := decide(from, to)
		if err != nil {
			return nil, err
		}
		if err := insertMotion(ctx, tx, made); err != nil {
			return nil, err
		}
		if err := touchMeeting(ctx, tx, general); err != nil {
			return nil, err
		}
		tabled := from.Motion
		tabled.TabledAs, tabled.Version = made.ID, tabled.Version+1
		if err := writeMotion(ctx, tx, from.Motion, tabled); err != nil {
			return nil, err
		}
		return encode(tabled)
	})
}

// Advance has decide take a motion's vote one step on after another room has answered, unless it is no longer in
// the state that was looked at: then somebody else has taken the step. It returns the motion as it is.
func (s *Store) Advance(ctx context.Context, motion string, in motions.MotionState, decide func(motions.Motion) (motions.Motion, error)) (motions.Motion, error) {
	var out motions.Motion
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		m, err := motionByID(ctx, tx, motion)
		if err != nil || m.State != in {
			out = m
			return err
		}
		if out, err = decide(m); err != nil {
			return err
		}
		return writeMotion(ctx, tx, m, out)
	})
	if err != nil {
		return motions.Motion{}, fmt.Errorf("store: take a vote on: %w", err)
	}
	return out, nil
}

// Tellings are the events that tell the other rooms of the rules they need.
type Tellings struct {
	// Membership and Ledger are the events for each.
	Membership, Ledger []byte
}

func (t Tellings) append(ctx context.Context, tx *sql.Tx) error {
	for topic, event := range map[string][]byte{TopicMembership: t.Membership, TopicLedger: t.Ledger} {
		if _, err := outbox.Append(ctx, tx, topic, event); err != nil {
			return err
		}
	}
	return nil
}

// Found keeps the book that the founding act adopts, once, and the events that tell of it.
// It returns the sender's last position that was applied.
func (s *Store) Found(ctx context.Context, sender string, epoch, position int64, book motions.Book, at time.Time, tell Tellings) (int64, error) {
	var applied int64
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		next, err := outbox.Accept(ctx, tx, sender, epoch, position)
		if err != nil {
			return err
		}
		if next {
			if err := insertBook(ctx, tx, book, at); err != nil {
				return err
			}
			if err := tell.append(ctx, tx); err != nil {
				return err
			}
		}
		return tx.QueryRowContext(ctx, `SELECT position FROM inbox WHERE sender = $1`, sender).Scan(&applied)
	})
	return applied, err
}
