package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// reading is a transaction or the readers' pool.
type reading interface {
	querier
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// each calls scan for every row of a query.
func each(ctx context.Context, q querier, what, query string, args []any, scan func(rows *sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("store: %s: %w", what, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	return nil
}

// Clerk is who writes entries.
type Clerk struct {
	// Member is who, At the instant, and Today the society's date then.
	Member string
	At     time.Time
	Today  string
	// NewID makes the ids of entries. What it gave to an attempt that was thrown away is never used.
	NewID func() (string, error)
	// Event encodes what membership is told.
	Event func(ledger.Settled) ([]byte, error)
}

// enter writes entries in a transaction: each with its number, its leaf of the public log, and its standing event. It returns
// them as they stand.
func enter(ctx context.Context, tx *sql.Tx, c Clerk, entries []ledger.Entry) ([]ledger.Entry, error) {
	for i := range entries {
		e := &entries[i]
		var err error
		if e.ID, err = c.NewID(); err != nil {
			return nil, err
		}
		e.Entered = c.At.UnixMicro()
		if e.EnteredBy == "" {
			e.EnteredBy = c.Member
		}
		settled, ok, err := write(ctx, tx, e, Facts{HasGiven: e.Repeated})
		if err != nil {
			return nil, err
		}
		if ok {
			event, err := c.Event(settled)
			if err != nil {
				return nil, err
			}
			if _, err := outbox.Append(ctx, tx, Topic, event); err != nil {
				return nil, err
			}
		}
		killpoint.Reach("ledger.entry-written")
	}
	return entries, nil
}

// givenBy says of members whether their £1 stands.
func givenBy(ctx context.Context, tx *sql.Tx, members []string) (map[string]bool, error) {
	given := map[string]bool{}
	for _, m := range members {
		if _, ok := given[m]; ok || m == "" {
			continue
		}
		var err error
		if given[m], err = hasGiven(ctx, tx, m); err != nil {
			return nil, err
		}
	}
	return given, nil
}

// admit refuses an entry that lies in a closed period, whoever makes it.
func admit(ctx context.Context, tx *sql.Tx, e ledger.Entry) error {
	through, err := closedThrough(ctx, tx)
	if err != nil {
		return err
	}
	return ledger.Books{ClosedThrough: through}.Admit(e.Occurred)
}

func closedThrough(ctx context.Context, q reading) (string, error) {
	var through string
	if err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(through), '') FROM period WHERE state = 'closed'`).Scan(&through); err != nil {
		return "", fmt.Errorf("store: closed periods: %w", err)
	}
	return through, nil
}

// insertDetails writes what only some entries have, and opens or closes the bank line that the beginning of a chain of
// reversals stands for.
func insertDetails(ctx context.Context, tx *sql.Tx, e ledger.Entry, root string, depth int) error {
	if e.Meeting != "" || e.ApprovedBy != "" {
		if _, err := tx.ExecContext(ctx, `INSERT INTO entry_detail (entry_number, meeting, approved_by) VALUES ($1, $2, $3)`, e.Number, e.Meeting, e.ApprovedBy); err != nil {
			return fmt.Errorf("store: insert details: %w", err)
		}
	}
	for i, p := range e.Postings {
		if p.Fund == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO posting_fund (entry_number, line, fund) VALUES ($1, $2, $3)`, e.Number, i, p.Fund); err != nil {
			return fmt.Errorf("store: insert a fund: %w", err)
		}
	}
	if e.Reverses == "" {
		return nil
	}
	sign := int64(1)
	if depth%2 == 1 {
		sign = -1
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE bank_line SET in_books = in_books + $2 * (SELECT l.pence FROM line_entry l JOIN entry r ON r.number = l.entry_number WHERE r.id = $1), version = version + 1
		WHERE id = (SELECT l.line FROM line_entry l JOIN entry r ON r.number = l.entry_number WHERE r.id = $1)`, root, sign)
	if err != nil {
		return fmt.Errorf("store: the line of a reversed entry: %w", err)
	}
	return nil
}

func loadBooks(ctx context.Context, q reading, at int64) (b ledger.Books, err error) {
	added, err := addedAccounts(ctx, q)
	if err != nil {
		return b, err
	}
	b.Accounts = ledger.AllAccounts(added)
	err = each(ctx, q, "funds", `SELECT id FROM fund ORDER BY id`, nil, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		b.Funds = append(b.Funds, id)
		return err
	})
	if err != nil {
		return b, err
	}
	if b.ClosedThrough, err = closedThrough(ctx, q); err != nil {
		return b, err
	}
	b.Rule, err = ruleAt(ctx, q, at)
	return b, err
}

// Books returns the chart, the funds, the closed periods and the rule in force at an instant in microseconds.
func (s *Store) Books(ctx context.Context, at int64) (ledger.Books, error) {
	return loadBooks(ctx, s.db.Reader(), at)
}

func addedAccounts(ctx context.Context, q querier) ([]ledger.Account, error) {
	var all []ledger.Account
	err := each(ctx, q, "accounts", `SELECT id, name, kind FROM account ORDER BY id`, nil, func(rows *sql.Rows) error {
		var a ledger.Account
		var kind string
		err := rows.Scan(&a.ID, &a.Name, &kind)
		a.Type = ledger.AccountType(kind)
		all = append(all, a)
		return err
	})
	return all, err
}

// AddedAccounts returns what the treasurer added to the chart, by id.
func (s *Store) AddedAccounts(ctx context.Context) ([]ledger.Account, error) {
	return addedAccounts(ctx, s.db.Reader())
}

// AddAccount adds what decide makes of the chart.
func (s *Store) AddAccount(ctx context.Context, r once.Request, by string, decide func(ledger.Accounts) (ledger.Account, error), encode func(ledger.Account) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		added, err := addedAccounts(ctx, tx)
		if err != nil {
			return nil, err
		}
		a, err := decide(ledger.AllAccounts(added))
		if err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO account (id, name, kind, added, added_by) VALUES ($1, $2, $3, $4, $5)`,
			a.ID, a.Name, string(a.Type), r.At.UnixMicro(), by); err != nil {
			return nil, database.StaleKey(fmt.Errorf("store: add an account: %w", err))
		}
		return encode(a)
	})
}

// AddFund adds a fund.
func (s *Store) AddFund(ctx context.Context, r once.Request, by string, f ledger.Fund, encode func(ledger.Fund) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		_, err := tx.ExecContext(ctx, `INSERT INTO fund (id, name, purpose, added, added_by) VALUES ($1, $2, $3, $4, $5)`, f.ID, f.Name, f.Purpose, r.At.UnixMicro(), by)
		if database.IsUnique(err) {
			return nil, fault.New(fault.Exists, "FUND_EXISTS", "There is a fund with this id already.",
				fault.Violation{Field: "fund", Message: "There is a fund with this id already."})
		}
		if err != nil {
			return nil, fmt.Errorf("store: add a fund: %w", err)
		}
		return encode(f)
	})
}

// Funds returns the funds by name, with what came in and what was spent in entries that occurred on or before a date. The first
// word of an account's id says its type ([ledger.NewAccount]); ';' is the character after ':'.
func (s *Store) Funds(ctx context.Context, date string) ([]ledger.Fund, error) {
	var all []ledger.Fund
	err := each(ctx, s.db.Reader(), "funds", `
		SELECT f.id, f.name, f.purpose,
		       CAST(COALESCE(SUM(CASE WHEN e.number IS NOT NULL AND NOT (p.account >= 'expenses:' AND p.account < 'expenses;') THEN -p.pence ELSE 0 END), 0) AS BIGINT),
		       CAST(COALESCE(SUM(CASE WHEN e.number IS NOT NULL AND p.account >= 'expenses:' AND p.account < 'expenses;' THEN p.pence ELSE 0 END), 0) AS BIGINT)
		FROM fund f
		LEFT JOIN posting_fund pf ON pf.fund = f.id
		LEFT JOIN posting p ON p.entry_number = pf.entry_number AND p.line = pf.line
		LEFT JOIN entry e ON e.number = pf.entry_number AND e.occurred <= $1
		GROUP BY f.id, f.name, f.purpose ORDER BY f.name, f.id`, []any{date}, func(rows *sql.Rows) error {
		var f ledger.Fund
		err := rows.Scan(&f.ID, &f.Name, &f.Purpose, &f.Income, &f.Spent)
		all = append(all, f)
		return err
	})
	return all, err
}

// MeetingSums adds up the income and expenses of a meeting or event by account, in pence with debits positive.
func (s *Store) MeetingSums(ctx context.Context, meeting string) (map[string]int64, error) {
	sums := map[string]int64{}
	err := each(ctx, s.db.Reader(), "a meeting's money", `
		SELECT p.account, CAST(SUM(p.pence) AS BIGINT) FROM entry_detail d JOIN posting p ON p.entry_number = d.entry_number
		WHERE d.meeting = $1 AND d.meeting <> '' AND ((p.account >= 'income:' AND p.account < 'income;') OR (p.account >= 'expenses:' AND p.account < 'expenses;'))
		GROUP BY p.account`, []any{meeting}, func(rows *sql.Rows) error {
		var account string
		var pence int64
		err := rows.Scan(&account, &pence)
		if pence != 0 {
			sums[account] = pence
		}
		return err
	})
	return sums, err
}

// Givers returns the members whose £1 stands.
func (s *Store) Givers(ctx context.Context) (map[string]bool, error) {
	given := map[string]bool{}
	err := each(ctx, s.db.Reader(), "givers", `
		SELECT DISTINCT e.member FROM entry e WHERE e.member <> '' AND e.counts > 0 AND e.depth % 2 = 0
		  AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.id)`, nil, func(rows *sql.Rows) error {
		var m string
		err := rows.Scan(&m)
		given[m] = true
		return err
	})
	return given, err
}
