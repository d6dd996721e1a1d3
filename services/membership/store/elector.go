package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/membership"
)

// lastFact is the instant of a history's latest fact: from then on its state does not change by itself.
func lastFact(h membership.History) time.Time {
	var at time.Time
	for _, e := range h.Events {
		if e.At.After(at) {
			at = e.At
		}
	}
	for _, m := range h.Money {
		if m.At.After(at) {
			at = m.At
		}
	}
	return at
}

// electorRow is what is kept of a member.
type electorRow struct {
	region            string
	admitted, donated bool
	since             int64
}

func electorOf(h membership.History) electorRow {
	at := lastFact(h)
	state := h.On(at)
	return electorRow{state.Region, state.Member(), state.Good(true), at.UnixMicro()}
}

// keepElector writes what a member's history amounts to, in the transaction of the fact that changed it.
func keepElector(ctx context.Context, tx *sql.Tx, member string) error {
	histories, err := historiesOf(ctx, tx, []string{member})
	if err != nil {
		return err
	}
	return keepElectors(ctx, tx, []string{member}, []electorRow{electorOf(histories[member])})
}

// electorsAtOnce is how many rows one INSERT carries.
const electorsAtOnce = 500

func keepElectors(ctx context.Context, tx *sql.Tx, members []string, kept []electorRow) error {
	for from := 0; from < len(members); from += electorsAtOnce {
		var b strings.Builder
		var args []any
		for i := from; i < min(from+electorsAtOnce, len(members)); i++ {
			if i > from {
				b.WriteString(", ")
			}
			b.WriteString("(" + placeholders(len(args)+1, 5) + ")")
			args = append(args, members[i], kept[i].region, kept[i].admitted, kept[i].donated, kept[i].since)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO elector (member, region, admitted, donated, since) VALUES `+b.String()+`
			ON CONFLICT (member) DO UPDATE SET region = excluded.region, admitted = excluded.admitted, donated = excluded.donated, since = excluded.since`, args...)
		if err != nil {
			return fmt.Errorf("store: keep electors: %w", err)
		}
	}
	return nil
}

// KeepElectors writes what every history amounts to where that was not kept yet. It does nothing where any is.
func (s *Store) KeepElectors(ctx context.Context) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var n int64
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT member FROM elector LIMIT 1) one`).Scan(&n); err != nil || n > 0 {
			return err
		}
		var members []string
		var kept []electorRow
		err := eachHistory(ctx, tx, everything, func(member string, h membership.History) error {
			members, kept = append(members, member), append(kept, electorOf(h))
			return nil
		})
		if err != nil {
			return err
		}
		return keepElectors(ctx, tx, members, kept)
	})
}

// everything is all of both histories.
var everything = limits{events: 1 << 62, donations: 1 << 62}

// CountGood counts those in good standing at an instant, of one region if it is not empty: rows of an index where nothing of the member's
// is dated after the instant, and histories where something is.
func (s *Store) CountGood(ctx context.Context, region string, required bool, now time.Time) (int64, error) {
	var n int64
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		where, args := `admitted = $1 AND since <= $2`, []any{true, now.UnixMicro()}
		if required {
			where += ` AND donated = $1`
		}
		if region != "" {
			args = append(args, region)
			where += ` AND region = $3`
		}
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM elector WHERE `+where, args...).Scan(&n); err != nil {
			return fmt.Errorf("store: count electors: %w", err)
		}
		later, err := membersSince(ctx, tx, now)
		if err != nil {
			return err
		}
		for len(later) > 0 {
			part := later[:min(electorsAtOnce, len(later))]
			later = later[len(part):]
			histories, err := historiesOf(ctx, tx, part)
			if err != nil {
				return err
			}
			for _, h := range histories {
				if state := h.On(now); state.Good(required) && (region == "" || state.Region == region) {
					n++
				}
			}
		}
		return nil
	})
	return n, err
}

// membersSince are those of whom something is dated after an instant.
func membersSince(ctx context.Context, q querier, now time.Time) ([]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT member FROM elector WHERE since > $1`, now.UnixMicro())
	if err != nil {
		return nil, fmt.Errorf("store: electors of later: %w", err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var member string
		if err := rows.Scan(&member); err != nil {
			return nil, fmt.Errorf("store: electors of later: %w", err)
		}
		all = append(all, member)
	}
	return all, rows.Err()
}

// CheckElectors compares what is kept with the histories and returns an error that names the first member of whom it differs.
func (s *Store) CheckElectors(ctx context.Context) error {
	return s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		kept, err := allElectors(ctx, tx)
		if err != nil {
			return err
		}
		n := 0
		err = eachHistory(ctx, tx, everything, func(member string, h membership.History) error {
			if got, ok := kept[member]; !ok || got != electorOf(h) {
				return fmt.Errorf("what is kept of the standing of %s is not what their history gives", member)
			}
			n++
			return nil
		})
		if err == nil && n < len(kept) {
			return errorElectors(ctx, tx)
		}
		return err
	})
}

func allElectors(ctx context.Context, q querier) (map[string]electorRow, error) {
	rows, err := q.QueryContext(ctx, `SELECT member, region, admitted, donated, since FROM elector`)
	if err != nil {
		return nil, fmt.Errorf("store: electors: %w", err)
	}
	defer rows.Close()
	all := map[string]electorRow{}
	for rows.Next() {
		var member string
		var e electorRow
		if err := rows.Scan(&member, &e.region, &e.admitted, &e.donated, &e.since); err != nil {
			return nil, fmt.Errorf("store: electors: %w", err)
		}
		all[member] = e
	}
	return all, rows.Err()
}

// errorElectors names a row that no event of the register stands behind. Money alone is such a one, and no error: the ledger's history is
// kept whole for people whom the register does not know.
func errorElectors(ctx context.Context, q querier) error {
	var member string
	err := q.QueryRowContext(ctx, `
		SELECT COALESCE(MIN(e.member), '') FROM elector e
		WHERE NOT EXISTS (SELECT 1 FROM event v WHERE v.member = e.member) AND NOT EXISTS (SELECT 1 FROM donation d WHERE d.member = e.member)`).Scan(&member)
	if err != nil {
		return fmt.Errorf("store: electors: %w", err)
	}
	if member != "" {
		return fmt.Errorf("the standing of %s is kept, and the register knows nothing of them", member)
	}
	return nil
}
