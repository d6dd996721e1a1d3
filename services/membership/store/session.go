package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/membership"
)

func (s *Store) newSession(ctx context.Context, tx *sql.Tx, member string, secretHash []byte, now time.Time, way membership.Way) (membership.Session, error) {
	session := membership.Session{Member: member, Made: now, Used: now, Operator: way.Method == membership.ByOperator, Way: way}
	var err error
	if session.ID, err = id.Random(s.random); err != nil {
		return session, err
	}
	if session.SID, err = id.Random(s.random); err != nil {
		return session, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO session (id, sid, member, hash, made, used, operator) VALUES ($1, $2, $3, $4, $5, $5, $6)`,
		session.ID, session.SID, member, orNull(secretHash), now.UnixMicro(), session.Operator)
	if err != nil {
		return session, fmt.Errorf("store: make a session: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO session_detail (session, method, device) VALUES ($1, $2, $3)`, session.ID, way.Method, membership.Device(way.Device))
	if err != nil {
		return session, fmt.Errorf("store: note how a session began: %w", err)
	}
	return session, nil
}

const selectSession = `SELECT id, sid, member, made, used, ended, operator FROM session WHERE `

func scanSession(row *sql.Row) (membership.Session, error) {
	var s membership.Session
	var made, used int64
	var ended sql.NullInt64
	err := row.Scan(&s.ID, &s.SID, &s.Member, &made, &used, &ended, &s.Operator)
	if errors.Is(err, sql.ErrNoRows) {
		return s, sessionEnded()
	}
	if err != nil {
		return s, fmt.Errorf("store: find a session: %w", err)
	}
	s.Made, s.Used, s.Ended = time.UnixMicro(made), time.UnixMicro(used), ended.Valid
	return s, nil
}

func sessionByID(ctx context.Context, q querier, id string) (membership.Session, error) {
	return scanSession(q.QueryRowContext(ctx, selectSession+`id = $1`, id))
}

func sessionEnded() error {
	return fault.New(fault.Unauthenticated, "SESSION_ENDED", "You are signed out: your session has ended. Sign in again.")
}

// Session finds a live session by the hash of its secret, or returns a SESSION_ENDED fault. Its use is noted at most
// once in [membership.TouchEvery].
func (s *Store) Session(ctx context.Context, secretHash []byte, now time.Time) (membership.Session, error) {
	session, err := scanSession(s.db.Reader().QueryRowContext(ctx, selectSession+`hash = $1`, secretHash))
	if err != nil {
		return session, err
	}
	if !session.Alive(now) {
		return session, sessionEnded()
	}
	if now.Sub(session.Used) < membership.TouchEvery {
		return session, nil
	}
	session.Used = now
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE session SET used = $2 WHERE id = $1 AND used < $2`, session.ID, now.UnixMicro())
		return err
	})
	return session, err
}

// End ends the session whose tokens carry sid. Ending it again does nothing.
func (s *Store) End(ctx context.Context, sid string, now, machine time.Time) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE session SET ended = $2 WHERE sid = $1 AND ended IS NULL`, sid, now.UnixMicro()); err != nil {
			return fmt.Errorf("store: end a session: %w", err)
		}
		return revoke(ctx, tx, sid, machine)
	})
}

func revoke(ctx context.Context, tx *sql.Tx, sid string, machine time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO revocation (sid, at) VALUES ($1, $2) ON CONFLICT (sid) DO NOTHING`, sid, machine.UnixMicro())
	if err != nil {
		return fmt.Errorf("store: revoke: %w", err)
	}
	return nil
}

// renewSIDs makes the tokens of a member die while their sessions live on: a role has ended that the tokens still name.
func (s *Store) renewSIDs(ctx context.Context, tx *sql.Tx, member string, now, machine time.Time) error {
	rows, err := tx.QueryContext(ctx, `SELECT id, sid, operator FROM session WHERE member = $1 AND ended IS NULL`, member)
	if err != nil {
		return fmt.Errorf("store: sessions: %w", err)
	}
	defer rows.Close()
	type live struct {
		id, sid  string
		operator bool
	}
	var all []live
	for rows.Next() {
		var l live
		if err := rows.Scan(&l.id, &l.sid, &l.operator); err != nil {
			return fmt.Errorf("store: sessions: %w", err)
		}
		all = append(all, l)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("store: sessions: %w", err)
	}
	for _, l := range all {
		if err := revoke(ctx, tx, l.sid, machine); err != nil {
			return err
		}
		fresh, err := id.Random(s.random)
		if err != nil {
			return err
		}
		ended := sql.NullInt64{Int64: now.UnixMicro(), Valid: l.operator}
		if _, err := tx.ExecContext(ctx, `UPDATE session SET sid = $2, ended = $3 WHERE id = $1`, l.id, fresh, ended); err != nil {
			return fmt.Errorf("store: renew a session: %w", err)
		}
	}
	return nil
}

// Revoked returns the sids revoked at or after an instant of the machine's clock.
func (s *Store) Revoked(ctx context.Context, since time.Time) ([]string, error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT sid FROM revocation WHERE at >= $1 ORDER BY at, sid`, since.UnixMicro())
	if err != nil {
		return nil, fmt.Errorf("store: revocations: %w", err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var sid string
		if err := rows.Scan(&sid); err != nil {
			return nil, fmt.Errorf("store: revocations: %w", err)
		}
		all = append(all, sid)
	}
	return all, rows.Err()
}

// OperatorSession makes a session for a token that the operator asked for, records it in the register and, if
// tell is true, queues a mail to the member.
func (s *Store) OperatorSession(ctx context.Context, email string, now, machine time.Time, tell bool) (membership.Session, error) {
	var session membership.Session
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		member, _, known, err := memberByEmail(ctx, tx, email)
		if err != nil {
			return err
		}
		if !known {
			return memberNotFound()
		}
		if session, err = s.newSession(ctx, tx, member, nil, now, membership.Way{Method: membership.ByOperator}); err != nil {
			return err
		}
		if err := record(ctx, tx, member, membership.Event{Kind: membership.OperatorToken, At: now, By: "operator"}, now); err != nil {
			return err
		}
		if !tell {
			return nil
		}
		return s.QueueLetter(ctx, tx, member, membership.LetterOperator, nil, now, machine)
	})
	return session, err
}
