package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// CashBatch is the cash of a meeting.
type CashBatch struct {
	ID, State, Occurred, Meeting string
	Gifts                        []ledger.Gift
	Total                        int64
	Entered                      int64
	EnteredBy                    string
	// Entries are the ids of what was booked, Banking that of paying it in.
	Entries []string
	Banking string
	Counts  []ledger.Counted
	Version int64
}

func shifted(date string, days int) string {
	t, err := time.Parse(ledger.DateLayout, date)
	if err != nil {
		return date
	}
	return t.AddDate(0, 0, days).Format(ledger.DateLayout)
}

func findCash(ctx context.Context, q querier, tail string, args ...any) ([]CashBatch, error) {
	var all []CashBatch
	err := each(ctx, q, "cash", `SELECT id, state, occurred, meeting, gifts, total, entered, entered_by, entries, banking, version FROM cash `+tail, args, func(rows *sql.Rows) error {
		var c CashBatch
		var gifts, entries string
		if err := rows.Scan(&c.ID, &c.State, &c.Occurred, &c.Meeting, &gifts, &c.Total, &c.Entered, &c.EnteredBy, &entries, &c.Banking, &c.Version); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(gifts), &c.Gifts); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(entries), &c.Entries); err != nil {
			return err
		}
		all = append(all, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range all {
		err := each(ctx, q, "counts", `SELECT counter, pence, counted FROM cash_count WHERE cash = $1 ORDER BY n`, []any{all[i].ID}, func(rows *sql.Rows) error {
			var c ledger.Counted
			err := rows.Scan(&c.Counter, &c.Pence, &c.At)
			all[i].Counts = append(all[i].Counts, c)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func oneCash(ctx context.Context, q querier, id string) (CashBatch, error) {
	all, err := findCash(ctx, q, `WHERE id = $1`, id)
	if err != nil {
		return CashBatch{}, err
	}
	if len(all) == 0 {
		return CashBatch{}, fault.New(fault.NotFound, "CASH_NOT_FOUND", "There is no such cash.")
	}
	return all[0], nil
}

// Cash returns the cash of a meeting, or a NotFound fault.
func (s *Store) Cash(ctx context.Context, id string) (CashBatch, error) {
	return oneCash(ctx, s.db.Reader(), id)
}

// AllCash returns the last 200, newest first.
func (s *Store) AllCash(ctx context.Context) ([]CashBatch, error) {
	return findCash(ctx, s.db.Reader(), `ORDER BY entered DESC, id DESC LIMIT 200`)
}

// RecordCash keeps the list of a meeting; decide checks it and returns its total.
func (s *Store) RecordCash(ctx context.Context, r once.Request, c CashBatch, decide func(ledger.Books) (int64, error), encode func(CashBatch) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		books, err := loadBooks(ctx, tx, r.At.UnixMicro())
		if err != nil {
			return nil, err
		}
		out := c
		if out.Total, err = decide(books); err != nil {
			return nil, err
		}
		out.State, out.Entered, out.Version = "counting", r.At.UnixMicro(), 1
		gifts, err := json.Marshal(out.Gifts)
		if err != nil {
			return nil, fmt.Errorf("store: encode a list: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO cash (id, state, occurred, meeting, gifts, total, entered, entered_by, entries, banking, version) VALUES ($1, 'counting', $2, $3, $4, $5, $6, $7, '[]', '', 1)`,
			out.ID, out.Occurred, out.Meeting, string(gifts), out.Total, out.Entered, out.EnteredBy); err != nil {
			return nil, fmt.Errorf("store: record cash: %w", err)
		}
		return encode(out)
	})
}

// CashDecision is what decide makes of a change to a meeting's cash.
type CashDecision struct {
	// State is the new one.
	State string
	// Entries are booked; Banking says that the one entry pays the cash in.
	Entries []ledger.Entry
	Banking bool
}

// ChangeCash keeps a count, if one is given, and has decide say what follows.
func (s *Store) ChangeCash(ctx context.Context, r once.Request, c Clerk, id string, count *ledger.Counted,
	decide func(batch CashBatch, b ledger.Books, given map[string]bool) (CashDecision, error), encode func(CashBatch) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		batch, err := oneCash(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		books, err := loadBooks(ctx, tx, r.At.UnixMicro())
		if err != nil {
			return nil, err
		}
		if count != nil {
			n := len(batch.Counts) + 1
			batch.Counts = append(batch.Counts, *count)
			if _, err := tx.ExecContext(ctx, `INSERT INTO cash_count (cash, n, counter, pence, counted) VALUES ($1, $2, $3, $4, $5)`, id, n, count.Counter, count.Pence, count.At); err != nil {
				return nil, database.StaleKey(fmt.Errorf("store: keep a count: %w", err))
			}
		}
		var members []string
		for _, g := range batch.Gifts {
			members = append(members, g.Member)
		}
		given, err := givenBy(ctx, tx, members)
		if err != nil {
			return nil, err
		}
		d, err := decide(batch, books, given)
		if err != nil {
			return nil, err
		}
		entries, err := enter(ctx, tx, c, d.Entries)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if d.Banking {
				batch.Banking = e.ID
			} else {
				batch.Entries = append(batch.Entries, e.ID)
			}
		}
		ids, err := json.Marshal(append([]string{}, batch.Entries...))
		if err != nil {
			return nil, fmt.Errorf("store: encode entries: %w", err)
		}
		batch.State = d.State
		batch.Version++
		if _, err := tx.ExecContext(ctx, `UPDATE cash SET state = $2, entries = $3, banking = $4, version = $5 WHERE id = $1`, id, batch.State, string(ids), batch.Banking, batch.Version); err != nil {
			return nil, fmt.Errorf("store: change cash: %w", err)
		}
		killpoint.Reach("ledger.before-commit")
		return encode(batch)
	})
}
