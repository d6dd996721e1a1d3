package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// Spending is spending that two officers agree to.
type Spending struct {
	ID, State string
	ledger.Transaction
	ProposedBy, DecidedBy string
	Proposed, Decided     int64
	Reason, Entry         string
}

func findSpending(ctx context.Context, q querier, tail string, args ...any) ([]Spending, error) {
	var all []Spending
	err := each(ctx, q, "spending", `SELECT id, state, content, proposed, proposed_by, decided, decided_by, reason, entry FROM spending `+tail, args, func(rows *sql.Rows) error {
		var s Spending
		var content string
		if err := rows.Scan(&s.ID, &s.State, &content, &s.Proposed, &s.ProposedBy, &s.Decided, &s.DecidedBy, &s.Reason, &s.Entry); err != nil {
			return err
		}
		all = append(all, s)
		return json.Unmarshal([]byte(content), &all[len(all)-1].Transaction)
	})
	return all, err
}

// AllSpending returns what was proposed, newest first, at most 200; only what waits if pending.
func (s *Store) AllSpending(ctx context.Context, pending bool) ([]Spending, error) {
	if pending {
		return findSpending(ctx, s.db.Reader(), `WHERE state = 'proposed' ORDER BY proposed DESC, id DESC LIMIT 200`)
	}
	return findSpending(ctx, s.db.Reader(), `ORDER BY proposed DESC, id DESC LIMIT 200`)
}

// ProposeSpending keeps a proposal that decide checks against the books.
func (s *Store) ProposeSpending(ctx context.Context, r once.Request, sp Spending, decide func(ledger.Books) (ledger.Entry, error), encode func(Spending) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		books, err := loadBooks(ctx, tx, r.At.UnixMicro())
		if err != nil {
			return nil, err
		}
		e, err := decide(books)
		if err != nil {
			return nil, err
		}
		out := sp
		out.State, out.Proposed = "proposed", r.At.UnixMicro()
		out.Transaction = ledger.Transaction{Occurred: e.Occurred, Description: e.Description, Reference: e.Reference, Meeting: e.Meeting, Postings: e.Postings}
		content, err := json.Marshal(out.Transaction)
		if err != nil {
			return nil, fmt.Errorf("store: encode spending: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO spending (id, state, occurred, content, proposed, proposed_by, decided, decided_by, reason, entry) VALUES ($1, 'proposed', $2, $3, $4, $5, 0, '', '', '')`,
			out.ID, out.Occurred, string(content), out.Proposed, out.ProposedBy); err != nil {
			return nil, fmt.Errorf("store: propose spending: %w", err)
		}
		return encode(out)
	})
}

// DecideSpending has decide approve or refuse what was proposed; an entry that it returns is booked.
func (s *Store) DecideSpending(ctx context.Context, r once.Request, c Clerk, id string,
	decide func(Spending, ledger.Books) (reason string, e *ledger.Entry, err error), encode func(Spending) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		all, err := findSpending(ctx, tx, `WHERE id = $1`, id)
		if err != nil {
			return nil, err
		}
		if len(all) == 0 {
			return nil, fault.New(fault.NotFound, "SPENDING_NOT_FOUND", "There is no such payment.")
		}
		books, err := loadBooks(ctx, tx, r.At.UnixMicro())
		if err != nil {
			return nil, err
		}
		sp := all[0]
		reason, e, err := decide(sp, books)
		if err != nil {
			return nil, err
		}
		sp.State, sp.Reason, sp.Decided, sp.DecidedBy = "refused", reason, r.At.UnixMicro(), c.Member
		if e != nil {
			entries, err := enter(ctx, tx, c, []ledger.Entry{*e})
			if err != nil {
				return nil, err
			}
			sp.State, sp.Entry = "approved", entries[0].ID
		}
		result, err := tx.ExecContext(ctx, `UPDATE spending SET state = $2, decided = $3, decided_by = $4, reason = $5, entry = $6 WHERE id = $1 AND state = 'proposed'`,
			id, sp.State, sp.Decided, sp.DecidedBy, sp.Reason, sp.Entry)
		if err != nil {
			return nil, fmt.Errorf("store: decide spending: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n != 1 {
			return nil, errors.Join(err, errors.New("store: spending was decided meanwhile"))
		}
		return encode(sp)
	})
}
