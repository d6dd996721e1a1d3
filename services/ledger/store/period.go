package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// Period is a part of the books that is closed, or is to be.
type Period struct {
	ID, State      string
	After, Through string
	YearEnd        bool
	// Statements are the bank's balances that were typed, Closing the ledger's of every account when it closed.
	Statements            []ledger.Statement
	Closing               map[string]int64
	ProposedBy, DecidedBy string
	Proposed, Decided     int64
	// Entries is how many the journal had when it closed.
	Entries int64
}

func findPeriods(ctx context.Context, q querier, tail string, args ...any) ([]Period, error) {
	var all []Period
	err := each(ctx, q, "periods", `SELECT id, state, after, through, year_end, statements, closing, proposed, proposed_by, decided, decided_by, entries FROM period `+tail, args, func(rows *sql.Rows) error {
		var p Period
		var statements, closing string
		if err := rows.Scan(&p.ID, &p.State, &p.After, &p.Through, &p.YearEnd, &statements, &closing, &p.Proposed, &p.ProposedBy, &p.Decided, &p.DecidedBy, &p.Entries); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(statements), &p.Statements); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(closing), &p.Closing); err != nil {
			return err
		}
		all = append(all, p)
		return nil
	})
	return all, err
}

// Periods returns the periods, newest first: the proposed one, then by last day.
func (s *Store) Periods(ctx context.Context) ([]Period, error) {
	return findPeriods(ctx, s.db.Reader(), `ORDER BY through DESC, proposed DESC, id DESC LIMIT 500`)
}

// PeriodCheck is what stands against closing, with the entries to look at.
type PeriodCheck struct {
	ledger.Check
	WithoutEvidence, NotOnStatement []ledger.Entry
}

// noEvidence finds spending after $1 up to $2 that has no evidence. What the bank takes for itself is shown by its statement.
const noEvidence = `
	n.occurred > $1 AND n.occurred <= $2 AND n.kind = 'general'
	AND EXISTS (SELECT 1 FROM posting x WHERE x.entry_number = n.number AND x.account >= 'expenses:' AND x.account < 'expenses;' AND x.account <> 'expenses:fees' AND x.pence > 0)
	AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = n.id)
	AND NOT EXISTS (SELECT 1 FROM evidence v WHERE v.entry_number = n.number)`

func checkPeriod(ctx context.Context, q reading, through string) (ledger.Check, error) {
	after, err := closedThrough(ctx, q)
	if err != nil {
		return ledger.Check{}, err
	}
	c := ledger.Check{After: after, Through: through}
	for _, count := range []struct {
		into *int64
		sql  string
		args []any
	}{
		{&c.Lines, `SELECT COUNT(*) FROM bank_line WHERE id < $1 AND in_books <> pence AND aside = ''`, []any{strings.ReplaceAll(shifted(through, 1), "-", "")}},
		{&c.Evidence, `SELECT COUNT(*) FROM entry n WHERE ` + noEvidence, []any{after, through}},
		{&c.Pending, `SELECT COUNT(*) FROM spending WHERE state = 'proposed' AND occurred <= $1`, []any{through}},
		{&c.Cash, `SELECT COUNT(*) FROM cash WHERE state IN ('counting', 'agreed') AND occurred <= $1`, []any{through}},
	} {
		if err := q.QueryRowContext(ctx, count.sql, count.args...).Scan(count.into); err != nil {
			return c, fmt.Errorf("store: check a period: %w", err)
		}
	}
	// Compared are the accounts that have statements, and the bank's where it was used.
	err = each(ctx, q, "balances", `
		SELECT p.account, CAST(SUM(p.pence) AS BIGINT)
		FROM posting p JOIN entry e ON e.number = p.entry_number
		LEFT JOIN line_entry l ON l.entry_number = e.number
		LEFT JOIN bank_line b ON b.id = l.line AND b.account = p.account
		WHERE (p.account = 'assets:bank' OR p.account IN (SELECT account FROM bank_import WHERE state = 'imported'))
		  AND COALESCE(b.booked, e.occurred) <= $1
		GROUP BY p.account ORDER BY p.account`, []any{through}, func(rows *sql.Rows) error {
		var s ledger.Statement
		err := rows.Scan(&s.Account, &s.Pence)
		c.Balances = append(c.Balances, s)
		return err
	})
	return c, err
}

// CheckPeriod says what stands against closing the books up to a day.
func (s *Store) CheckPeriod(ctx context.Context, through string) (PeriodCheck, error) {
	var p PeriodCheck
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		var err error
		if p.Check, err = checkPeriod(ctx, tx, through); err != nil {
			return err
		}
		p.WithoutEvidence, err = find(ctx, tx, ` WHERE e.number IN (SELECT n.number FROM entry n WHERE `+noEvidence+` ORDER BY n.number LIMIT 50)`, p.After, through)
		if err != nil {
			return err
		}
		p.NotOnStatement, err = find(ctx, tx, ` WHERE e.number IN (
			SELECT n.number FROM entry n JOIN posting x ON x.entry_number = n.number
			WHERE n.occurred > $1 AND n.occurred <= $2 AND n.reverses IS NULL
			  AND (x.account = 'assets:bank' OR x.account IN (SELECT account FROM bank_import WHERE state = 'imported'))
			  AND NOT EXISTS (SELECT 1 FROM line_entry l WHERE l.entry_number = n.number)
			  AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = n.id)
			ORDER BY n.number LIMIT 50)`, p.After, through)
		return err
	})
	return p, err
}

// ProposeClose keeps a proposal that decide allows.
func (s *Store) ProposeClose(ctx context.Context, r once.Request, p Period, decide func(ledger.Check) error, encode func(Period) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		check, err := checkPeriod(ctx, tx, p.Through)
		if err != nil {
			return nil, err
		}
		if err := decide(check); err != nil {
			return nil, err
		}
		out := p
		out.State, out.After, out.Proposed = "proposed", check.After, r.At.UnixMicro()
		statements, err := json.Marshal(out.Statements)
		if err != nil {
			return nil, fmt.Errorf("store: encode balances: %w", err)
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO period (id, state, after, through, year_end, statements, closing, proposed, proposed_by, decided, decided_by, entries)
			VALUES ($1, 'proposed', $2, $3, $4, $5, '{}', $6, $7, 0, '', 0)`,
			out.ID, out.After, out.Through, out.YearEnd, string(statements), out.Proposed, out.ProposedBy)
		if database.IsUnique(err) {
			return nil, fault.New(fault.Conflict, "CLOSE_PROPOSED", "Closing is proposed already. A second officer approves it, or it is withdrawn.")
		}
		if err != nil {
			return nil, fmt.Errorf("store: propose to close: %w", err)
		}
		return encode(out)
	})
}

// DecideClose closes a proposed period or withdraws it: decide says which.
func (s *Store) DecideClose(ctx context.Context, r once.Request, id, by string, decide func(Period, ledger.Check) (closes bool, err error), encode func(Period) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		all, err := findPeriods(ctx, tx, `WHERE id = $1`, id)
		if err != nil {
			return nil, err
		}
		if len(all) == 0 {
			return nil, fault.New(fault.NotFound, "PERIOD_NOT_FOUND", "There is no such period.")
		}
		p := all[0]
		check, err := checkPeriod(ctx, tx, p.Through)
		if err != nil {
			return nil, err
		}
		closes, err := decide(p, check)
		if err != nil {
			return nil, err
		}
		p.State, p.Decided, p.DecidedBy = "withdrawn", r.At.UnixMicro(), by
		if closes {
			p.State, p.After = "closed", check.After
			if p.Closing, err = sums(ctx, tx, p.Through); err != nil {
				return nil, err
			}
			if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) FROM entry`).Scan(&p.Entries); err != nil {
				return nil, fmt.Errorf("store: the journal's length: %w", err)
			}
		}
		closing, err := json.Marshal(p.Closing)
		if err != nil {
			return nil, fmt.Errorf("store: encode balances: %w", err)
		}
		_, err = tx.ExecContext(ctx, `UPDATE period SET state = $2, after = $3, closing = $4, decided = $5, decided_by = $6, entries = $7 WHERE id = $1 AND state = 'proposed'`,
			id, p.State, p.After, string(closing), p.Decided, p.DecidedBy, p.Entries)
		if err != nil {
			return nil, fmt.Errorf("store: close a period: %w", err)
		}
		return encode(p)
	})
}
