package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// The stages of an erasure.
const (
	// StageContact: address, language, sessions, attempts, access needs are gone.
	StageContact = "contact"
	// StageEntry: the name and what opens the leaves of the public log are gone too.
	StageEntry = "entry"
)

// Erase deletes at once what no law asks for of a person who is no member, once, and ends their sessions. It returns the
// fault of [membership.MayErase].
func (s *Store) Erase(ctx context.Context, r once.Request, member string, zone *time.Location, machine time.Time, reply func() ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		all, err := complete(ctx, tx, `WHERE id = $1`, member)
		if err != nil {
			return nil, err
		}
		if len(all) == 0 {
			return nil, memberNotFound()
		}
		if err := membership.MayErase(all[0].History.On(r.At), len(all[0].Offices)); err != nil {
			return nil, err
		}
		if err := eraseContact(ctx, tx, member, r.At, machine, true); err != nil {
			return nil, err
		}
		if err := countDeleted(ctx, tx, r.At.In(zone), "contacts", 1); err != nil {
			return nil, err
		}
		return reply()
	})
}

// eraseContact deletes how to reach a person, and what they are signed in with. The tokens of their sessions die.
func eraseContact(ctx context.Context, tx *sql.Tx, member string, now, machine time.Time, asked bool) error {
	gone := "erased:" + member // No address: it has no @, and nobody else's.
	steps := []struct {
		query string
		args  []any
	}{
		{`INSERT INTO revocation (sid, at) SELECT sid, CAST($2 AS BIGINT) FROM session WHERE member = $1 ON CONFLICT (sid) DO NOTHING`, []any{member, machine.UnixMicro()}},
		{`DELETE FROM session_detail WHERE session IN (SELECT id FROM session WHERE member = $1)`, []any{member}},
		{`DELETE FROM session WHERE member = $1`, []any{member}},
		{`DELETE FROM letter_detail WHERE mail IN (SELECT id FROM letter WHERE member = $1)`, []any{member}},
		{`DELETE FROM letter WHERE attempt IN (SELECT hash FROM email_change WHERE member = $1)`, []any{member}},
		{`DELETE FROM email_change WHERE member = $1`, []any{member}},
		{`DELETE FROM letter WHERE member = $1 OR attempt IN (SELECT a.hash FROM attempt a JOIN member m ON m.email_fold = a.email_fold WHERE m.id = $1)`, []any{member}},
		{`DELETE FROM joining_postal WHERE attempt IN (SELECT a.hash FROM attempt a JOIN member m ON m.email_fold = a.email_fold WHERE m.id = $1)`, []any{member}},
		{`DELETE FROM attempt WHERE email_fold = (SELECT email_fold FROM member WHERE id = $1)`, []any{member}},
		{`DELETE FROM access_need WHERE member = $1`, []any{member}},
		{`DELETE FROM passkey_challenge WHERE member = $1`, []any{member}},
		{`DELETE FROM passkey WHERE member = $1`, []any{member}},
		{`DELETE FROM passkey_handle WHERE member = $1`, []any{member}},
		{`DELETE FROM desk_card WHERE member = $1`, []any{member}},
		{`DELETE FROM postal WHERE member = $1`, []any{member}},
		{`DELETE FROM particulars WHERE member = $1`, []any{member}},
		{`UPDATE member SET email = $2, email_fold = $3, language = 'en' WHERE id = $1`, []any{member, gone, []byte(membership.Fold(gone))}},
		{`INSERT INTO erasure (member, stage, at, asked) VALUES ($1, 'contact', $2, $3) ON CONFLICT (member, stage) DO NOTHING`, []any{member, now.UnixMicro(), asked}},
	}
	for _, step := range steps {
		if _, err := tx.ExecContext(ctx, step.query, step.args...); err != nil {
			return fmt.Errorf("store: erase: %w", err)
		}
	}
	return nil
}

// eraseEntry deletes the name, the reasons given, and the salts and contents that open the leaves about the person: the public log
// stays whole, and nothing in it can be linked with anybody any more. Dates and the number stay, as nobody's.
func eraseEntry(ctx context.Context, tx *sql.Tx, member string, now time.Time) error {
	for _, step := range []struct {
		query string
		args  []any
	}{
		{`UPDATE member SET name = $2, name_fold = $3, region = '' WHERE id = $1`, []any{member, membership.Erased, []byte(membership.Fold(membership.Erased))}},
		{`UPDATE event SET reason = '', region = '' WHERE member = $1`, []any{member}},
		{`DELETE FROM event_about WHERE number IN (SELECT number FROM event WHERE member = $1)`, []any{member}},
		{`UPDATE roll_challenge SET reason = $2, about = '', decision_reason = '' WHERE member = $1 OR challenger = $1`, []any{member, membership.Erased}},
		{`UPDATE appointment SET reason = $2, end_reason = '' WHERE member = $1`, []any{member, membership.Erased}},
		{`UPDATE log_leaf SET salt = NULL, content = NULL WHERE idx IN (SELECT leaf FROM register_leaf WHERE member = $1)`, []any{member}},
		{`INSERT INTO erasure (member, stage, at, asked) VALUES ($1, 'entry', $2, $3) ON CONFLICT (member, stage) DO NOTHING`, []any{member, now.UnixMicro(), false}},
	} {
		if _, err := tx.ExecContext(ctx, step.query, step.args...); err != nil {
			return fmt.Errorf("store: erase an entry: %w", err)
		}
	}
	return keepElector(ctx, tx, member)
}

// countDeleted adds to the day's count of a kind.
func countDeleted(ctx context.Context, tx *sql.Tx, day time.Time, kind string, n int64) error {
	if n == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO deletion (day, kind, count) VALUES ($1, $2, $3)
		ON CONFLICT (day, kind) DO UPDATE SET count = deletion.count + excluded.count`, day.Format(time.DateOnly), kind, n)
	if err != nil {
		return fmt.Errorf("store: count what was deleted: %w", err)
	}
	return nil
}

// Erasures returns when the stages of a person's erasure were done; zero for not yet.
func (s *Store) Erasures(ctx context.Context, member string) (contact, entry time.Time, err error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT stage, at FROM erasure WHERE member = $1`, member)
	if err != nil {
		return contact, entry, fmt.Errorf("store: erasures: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var stage string
		var at int64
		if err := rows.Scan(&stage, &at); err != nil {
			return contact, entry, fmt.Errorf("store: erasures: %w", err)
		}
		if stage == StageContact {
			contact = time.UnixMicro(at)
		} else {
			entry = time.UnixMicro(at)
		}
	}
	return contact, entry, rows.Err()
}
