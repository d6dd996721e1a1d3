package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	ids "github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// maxSessions bounds the list of a member's sessions.
const maxSessions = 200

// Sessions returns a member's living sessions, newest first.
func (s *Store) Sessions(ctx context.Context, member string, now time.Time) ([]membership.Session, error) {
	return sessionsOf(ctx, s.db.Reader(), member, now)
}

func sessionsOf(ctx context.Context, q querier, member string, now time.Time) ([]membership.Session, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT s.id, s.sid, s.made, s.used, s.operator, COALESCE(d.method, ''), COALESCE(d.device, '')
		FROM session s LEFT JOIN session_detail d ON d.session = s.id
		WHERE s.member = $1 AND s.ended IS NULL ORDER BY s.made DESC, s.id LIMIT $2`, member, maxSessions)
	if err != nil {
		return nil, fmt.Errorf("store: sessions: %w", err)
	}
	defer rows.Close()
	var all []membership.Session
	for rows.Next() {
		one := membership.Session{Member: member}
		var made, used int64
		if err := rows.Scan(&one.ID, &one.SID, &made, &used, &one.Operator, &one.Way.Method, &one.Way.Device); err != nil {
			return nil, fmt.Errorf("store: sessions: %w", err)
		}
		one.Made, one.Used = time.UnixMicro(made), time.UnixMicro(used)
		if one.Alive(now) {
			all = append(all, one)
		}
	}
	return all, rows.Err()
}

// EndSessions ends living sessions of a member, once, and returns what encode makes of how many there were. id names one; empty means all but the
// one whose tokens carry sid. A session that is not the member's is not found.
func (s *Store) EndSessions(ctx context.Context, r once.Request, member, id, sid string, now, machine time.Time, encode func(ended int) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		all, err := sessionsOf(ctx, tx, member, now)
		if err != nil {
			return nil, err
		}
		n := 0
		for _, one := range all {
			if id != "" && one.ID != id || id == "" && one.SID == sid {
				continue
			}
			if _, err := tx.ExecContext(ctx, `UPDATE session SET ended = $2 WHERE id = $1`, one.ID, now.UnixMicro()); err != nil {
				return nil, fmt.Errorf("store: end a session: %w", err)
			}
			if err := revoke(ctx, tx, one.SID, machine); err != nil {
				return nil, err
			}
			n++
		}
		if id != "" && n == 0 {
			return nil, s.whyNotEnded(ctx, tx, member, id)
		}
		return encode(n)
	})
}

// whyNotEnded returns nil for a session of the member that has ended already: ending it again does nothing.
func (s *Store) whyNotEnded(ctx context.Context, tx *sql.Tx, member, id string) error {
	if ids.Valid(id) {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM session WHERE id = $1 AND member = $2`, id, member).Scan(&n); err != nil {
			return fmt.Errorf("store: find a session: %w", err)
		}
		if n > 0 {
			return nil
		}
	}
	return fault.New(fault.NotFound, "SESSION_NOT_FOUND", "You are not signed in on such a device.")
}
