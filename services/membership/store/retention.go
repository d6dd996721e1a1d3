package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/membership"
)

// dueAtOnce bounds what one transaction erases.
const dueAtOnce = 100

// left selects members of whom an event that ends a membership took effect before $1 and whose stage is not done: whether they
// have come back is for their history to say.
const left = ` FROM event e WHERE e.kind IN ('resigned', 'lapsed', 'expelled', 'died', 'merged') AND e.at <= $1
	AND NOT EXISTS (SELECT 1 FROM erasure x WHERE x.member = e.member AND x.stage = $2)`

// Retain deletes what is due at an instant, and counts it by the society's day. It returns whether more is due.
func (s *Store) Retain(ctx context.Context, now, machine time.Time, zone *time.Location) (more bool, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		more = false
		day := now.In(zone)
		old := ` ended <= $1 OR used <= $1 - ` + fmt.Sprint(membership.SessionIdle.Microseconds()) + ` OR made <= $1 - ` + fmt.Sprint(membership.SessionLife.Microseconds())
		until := now.AddDate(0, 0, -membership.SessionDays).UnixMicro()
		if _, err := tx.ExecContext(ctx, `DELETE FROM session_detail WHERE session IN (SELECT id FROM session WHERE`+old+`)`, until); err != nil {
			return fmt.Errorf("store: retain: devices: %w", err)
		}
		for _, step := range []struct {
			kind, query string
			arg         int64
		}{
			{"access_needs", `DELETE FROM access_need WHERE until <= $1`, now.UnixMicro()},
			{"sessions", `DELETE FROM session WHERE` + old, until},
		} {
			result, err := tx.ExecContext(ctx, step.query, step.arg)
			if err != nil {
				return fmt.Errorf("store: retain: %s: %w", step.kind, err)
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			if err := countDeleted(ctx, tx, day, step.kind, n); err != nil {
				return err
			}
		}
		told, err := rules(ctx, tx)
		if err != nil {
			return err
		}
		rule := membership.RuleAt(told, now)
		if more, err = retainEntries(ctx, tx, rule, day, now, machine); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO retention_run (one, at) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET at = excluded.at`, now.UnixMicro())
		return err
	})
	return more, err
}

// retainEntries erases the contacts and the entries that are due, a bounded number of each.
func retainEntries(ctx context.Context, tx *sql.Tx, rule membership.Rule, day, now, machine time.Time) (more bool, err error) {
	for _, stage := range []string{StageContact, StageEntry} {
		due, full, err := dueFor(ctx, tx, stage, rule, now)
		if err != nil {
			return false, err
		}
		more = more || full
		for _, member := range due {
			if stage == StageContact {
				err = eraseContact(ctx, tx, member, now, machine, false)
			} else {
				err = eraseEntry(ctx, tx, member, now)
			}
			if err != nil {
				return false, err
			}
		}
		kind := map[string]string{StageContact: "contacts", StageEntry: "entries"}[stage]
		if err := countDeleted(ctx, tx, day, kind, int64(len(due))); err != nil {
			return false, err
		}
	}
	return more, nil
}

// since is the latest instant of leaving that is due at now, a little generously: the history decides.
func since(stage string, rule membership.Rule, now time.Time) time.Time {
	if stage == StageContact {
		return now.AddDate(0, 0, -membership.ContactDays+1)
	}
	years := int(rule.RetentionYears)
	if years == 0 {
		years = membership.DefaultRetention
	}
	return now.AddDate(-years, 0, 2)
}

// dueFor returns the members whose stage is due, at most [dueAtOnce], and whether there may be more.
func dueFor(ctx context.Context, tx *sql.Tx, stage string, rule membership.Rule, now time.Time) (due []string, full bool, err error) {
	after := ""
	for len(due) < dueAtOnce {
		ids, err := texts(ctx, tx, `SELECT DISTINCT e.member`+left+` AND e.member > $3 ORDER BY e.member LIMIT `+fmt.Sprint(dueAtOnce),
			since(stage, rule, now).UnixMicro(), stage, after)
		if err != nil {
			return nil, false, err
		}
		histories, err := historiesOf(ctx, tx, ids)
		if err != nil {
			return nil, false, err
		}
		for _, id := range ids {
			contact, entry := histories[id].On(now).Until(rule)
			until := contact
			if stage == StageEntry {
				until = entry
			}
			if !until.IsZero() && !until.After(now) {
				due = append(due, id)
			}
		}
		if len(ids) < dueAtOnce {
			return due, false, nil
		}
		after = ids[len(ids)-1]
	}
	return due, true, nil
}

func texts(ctx context.Context, q querier, query string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("store: list: %w", err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, fmt.Errorf("store: list: %w", err)
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// Deleted is how much of a kind was deleted on a day.
type Deleted struct {
	Day, Kind string
	Count     int64
}

// Due is how much of a kind waits, and when the first of it goes.
type Due struct {
	Kind  string
	Count int64
	Next  time.Time
}

// RetentionReport is what was deleted by the clock and what is due.
type RetentionReport struct {
	Rule    membership.Rule
	Deleted []Deleted
	Due     []Due
	LastRun time.Time
}

// Retention returns the report.
func (s *Store) Retention(ctx context.Context, now time.Time) (RetentionReport, error) {
	var r RetentionReport
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		told, err := rules(ctx, tx)
		if err != nil {
			return err
		}
		r = RetentionReport{Rule: membership.RuleAt(told, now)}
		if r.Deleted, err = deletions(ctx, tx); err != nil {
			return err
		}
		var last sql.NullInt64
		if err := tx.QueryRowContext(ctx, `SELECT MAX(at) FROM retention_run`).Scan(&last); err != nil {
			return fmt.Errorf("store: last run: %w", err)
		}
		r.LastRun = instant(last)
		needs := Due{Kind: "access_needs"}
		var next sql.NullInt64
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*), MIN(until) FROM access_need`).Scan(&needs.Count, &next); err != nil {
			return fmt.Errorf("store: access needs: %w", err)
		}
		needs.Next = instant(next)
		r.Due = append(r.Due, needs)
		waiting, err := waitingEntries(ctx, tx, r.Rule, now)
		r.Due = append(r.Due, waiting...)
		return err
	})
	return r, err
}

func deletions(ctx context.Context, q querier) ([]Deleted, error) {
	rows, err := q.QueryContext(ctx, `SELECT day, kind, count FROM deletion ORDER BY day DESC, kind LIMIT 200`)
	if err != nil {
		return nil, fmt.Errorf("store: deletions: %w", err)
	}
	defer rows.Close()
	var all []Deleted
	for rows.Next() {
		var d Deleted
		if err := rows.Scan(&d.Day, &d.Kind, &d.Count); err != nil {
			return nil, fmt.Errorf("store: deletions: %w", err)
		}
		all = append(all, d)
	}
	return all, rows.Err()
}

// waitingEntries counts those who left and of whom something is still kept.
func waitingEntries(ctx context.Context, tx *sql.Tx, rule membership.Rule, now time.Time) ([]Due, error) {
	out := []Due{{Kind: "contacts"}, {Kind: "entries"}}
	for i, stage := range []string{StageContact, StageEntry} {
		after := ""
		for {
			ids, err := texts(ctx, tx, `SELECT DISTINCT e.member`+left+` AND e.member > $3 ORDER BY e.member LIMIT `+fmt.Sprint(dueAtOnce), now.UnixMicro(), stage, after)
			if err != nil {
				return nil, err
			}
			histories, err := historiesOf(ctx, tx, ids)
			if err != nil {
				return nil, err
			}
			for _, id := range ids {
				contact, until := histories[id].On(now).Until(rule)
				if stage == StageContact {
					until = contact
				}
				if until.IsZero() {
					continue
				}
				out[i].Count++
				if out[i].Next.IsZero() || until.Before(out[i].Next) {
					out[i].Next = until
				}
			}
			if len(ids) < dueAtOnce {
				break
			}
			after = ids[len(ids)-1]
		}
	}
	return out, nil
}
