package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/motions"
)

const presenceColumns = `id, meeting, member, seq, kind, means, happened, recorded, by_whom, strikes, reason`

func listPresence(ctx context.Context, q querier, rest string, args ...any) ([]motions.PresenceRecord, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+presenceColumns+` FROM presence `+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("store: read presence: %w", err)
	}
	defer rows.Close()
	var all []motions.PresenceRecord
	for rows.Next() {
		var r motions.PresenceRecord
		var happened, recorded int64
		if err := rows.Scan(&r.ID, &r.Meeting, &r.Member, &r.Seq, &r.Kind, &r.Means, &happened, &recorded, &r.By, &r.Strikes, &r.Reason); err != nil {
			return nil, fmt.Errorf("store: read presence: %w", err)
		}
		r.Happened, r.Recorded = instant(happened), instant(recorded)
		all = append(all, r)
	}
	return all, rows.Err()
}

func insertPresence(ctx context.Context, tx *sql.Tx, r motions.PresenceRecord) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO presence (`+presenceColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		r.ID, r.Meeting, r.Member, r.Seq, string(r.Kind), string(r.Means), micros(r.Happened), micros(r.Recorded), r.By, r.Strikes, r.Reason)
	if err != nil {
		// Two desks at once gave the same number: look again.
		return database.StaleKey(fmt.Errorf("store: record presence: %w", err))
	}
	return nil
}

// PresenceOutcome is how a member stands after a record.
type PresenceOutcome struct {
	Member   string
	Standing motions.Standing
	// Present is how many are present now.
	Present int64
}

// RecordPresence has decide make a record of a member, of whom it is given what was recorded at the meeting, or nil
// if there is nothing to add. An empty member is looked up as that of the record named by of. What is counted follows in the
// same transaction.
func (s *Store) RecordPresence(ctx context.Context, a Ask, meeting, member, of string, decide func(MeetingFacts, []motions.PresenceRecord) (*motions.PresenceRecord, error), encode func(PresenceOutcome) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, a.Request, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		f, err := s.meetingFacts(ctx, tx, meeting, a)
		if err != nil {
			return nil, err
		}
		whose := member
		if whose == "" {
			if whose, err = memberOfRecord(ctx, tx, meeting, of); err != nil {
				return nil, err
			}
		}
		have, err := listPresence(ctx, tx, `WHERE meeting = $1 AND member = $2 ORDER BY seq`, meeting, whose)
		if err != nil {
			return nil, err
		}
		r, err := decide(f, have)
		if err != nil {
			return nil, err
		}
		if r != nil {
			if have, err = addPresence(ctx, tx, have, *r); err != nil {
				return nil, err
			}
		}
		out := PresenceOutcome{Member: whose, Standing: motions.StandingsAt(have, a.Request.At)[whose]}
		if err := attend(ctx, tx, meeting, []string{whose}, !out.Standing.Present, a); err != nil {
			return nil, err
		}
		if out.Present, _, err = present(ctx, tx, meeting, ""); err != nil {
			return nil, err
		}
		return encode(out)
	})
}

// addPresence adds a record behind those that a member has.
func addPresence(ctx context.Context, tx *sql.Tx, have []motions.PresenceRecord, r motions.PresenceRecord) ([]motions.PresenceRecord, error) {
	r.Seq = len(have) + 1
	return append(have, r), insertPresence(ctx, tx, r)
}

func memberOfRecord(ctx context.Context, q querier, meeting, record string) (string, error) {
	var member string
	err := q.QueryRowContext(ctx, `SELECT member FROM presence WHERE meeting = $1 AND id = $2`, meeting, record).Scan(&member)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("store: whose record: %w", err)
	}
	return member, nil
}

// attendRecorded writes, for a whole list recorded at the desk at once, the records beside the count.
func attendRecorded(ctx context.Context, tx *sql.Tx, meeting string, members []string, departed bool, a Ask, newID func() (string, error)) error {
	last, err := lastSteps(ctx, tx, meeting, members)
	if err != nil {
		return err
	}
	kind := motions.Arrived
	if departed {
		kind = motions.Left
	}
	for _, member := range members {
		if here := last[member]%2 == 1; here != departed {
			continue
		}
		have, err := listPresence(ctx, tx, `WHERE meeting = $1 AND member = $2 ORDER BY seq`, meeting, member)
		if err != nil {
			return err
		}
		id, err := newID()
		if err != nil {
			return err
		}
		if _, err := addPresence(ctx, tx, have, motions.PresenceRecord{ID: id, Meeting: meeting, Member: member, Kind: kind, Means: motions.AtDesk,
			Happened: a.Request.At, Recorded: a.Request.At, By: a.Caller}); err != nil {
			return err
		}
	}
	return attend(ctx, tx, meeting, members, departed, a)
}

// Presence returns the records of a meeting, the latest recorded first, at most limit; all of them with a limit of 0.
func (s *Store) Presence(ctx context.Context, meeting string, limit int) ([]motions.PresenceRecord, error) {
	if limit == 0 {
		return listPresence(ctx, s.db.Reader(), `WHERE meeting = $1 ORDER BY recorded DESC, id DESC`, meeting)
	}
	return listPresence(ctx, s.db.Reader(), `WHERE meeting = $1 ORDER BY recorded DESC, id DESC LIMIT $2`, meeting, limit)
}

// PresentAtVote returns who was counted as present when a vote was put, by member.
func (s *Store) PresentAtVote(ctx context.Context, vote string) ([]string, error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT member FROM present_at_vote WHERE vote = $1 ORDER BY member`, vote)
	if err != nil {
		return nil, fmt.Errorf("store: who was present at a vote: %w", err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var member string
		if err := rows.Scan(&member); err != nil {
			return nil, fmt.Errorf("store: who was present at a vote: %w", err)
		}
		all = append(all, member)
	}
	return all, rows.Err()
}

// pinPresent keeps who is counted as present at a meeting with a vote that is put now.
func pinPresent(ctx context.Context, tx *sql.Tx, meeting, vote string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO present_at_vote (vote, member)
		SELECT CAST($1 AS TEXT), a.member FROM attendance a WHERE a.meeting = $2 GROUP BY a.member HAVING MAX(a.step) % 2 = 1`, vote, meeting)
	if err != nil {
		return fmt.Errorf("store: pin who is present: %w", err)
	}
	return nil
}

// MeetingSecret returns the secret that a meeting's codes follow from; the first to ask keeps what fresh returns.
func (s *Store) MeetingSecret(ctx context.Context, meeting string, fresh func() ([]byte, error)) ([]byte, error) {
	const query = `SELECT secret FROM meeting_secret WHERE meeting = $1`
	var secret []byte
	err := s.db.Reader().QueryRowContext(ctx, query, meeting).Scan(&secret)
	if !errors.Is(err, sql.ErrNoRows) {
		return secret, err
	}
	made, err := fresh()
	if err != nil {
		return nil, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO meeting_secret (meeting, secret) VALUES ($1, $2) ON CONFLICT (meeting) DO NOTHING`, meeting, made); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, query, meeting).Scan(&secret)
	})
	if err != nil {
		return nil, fmt.Errorf("store: a meeting's secret: %w", err)
	}
	return secret, nil
}

// PresentAt returns how members stood at an instant, as recorded until now.
func (s *Store) PresentAt(ctx context.Context, meeting string, at time.Time) (map[string]motions.Standing, error) {
	all, err := s.Presence(ctx, meeting, 0)
	return motions.StandingsAt(all, at), err
}
