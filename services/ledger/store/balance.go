package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/ledger"
)

const (
	// balanceBatch is how many entries are added to the sums by day in one transaction.
	balanceBatch = 5000
	// balanceLag is how many entries may wait: below it a balance adds them up faster than they would be moved.
	balanceLag = 100
)

// cash is ledger.IsCash.
const cash = `(c.account = 'assets:bank' OR c.account = 'assets:cash' OR substr(c.account, 1, 12) IN ('assets:bank:', 'assets:cash:'))`

// contribution is what a posting p of an entry e adds to its account (ledger.Cashed): its pence, what it says was received and
// what it says was paid.
const contribution = `
	p.pence AS pence,
	CASE WHEN NOT ` + own + ` AND (p.pence < 0) <> (e.depth % 2 = 1) AND ` + moves + ` THEN -p.pence ELSE 0 END AS received,
	CASE WHEN NOT ` + own + ` AND (p.pence < 0) = (e.depth % 2 = 1) AND ` + moves + ` THEN p.pence ELSE 0 END AS paid`

const (
	own   = `(p.account = 'assets:bank' OR p.account = 'assets:cash' OR substr(p.account, 1, 12) IN ('assets:bank:', 'assets:cash:'))`
	moves = `EXISTS (SELECT 1 FROM posting c WHERE c.entry_number = e.number AND ` + cash + `)`
)

// RollBalances moves the sums by day forward to the last entry, a batch a transaction, if enough entries wait. It returns how
// many entries it moved.
func (s *Store) RollBalances(ctx context.Context) (int64, error) {
	moved := int64(0)
	for {
		var n int64
		err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			var from, head int64
			err := tx.QueryRowContext(ctx, `SELECT number, (SELECT COALESCE(MAX(number), 0) FROM entry) FROM balance_head WHERE id = 1`).Scan(&from, &head)
			if n = 0; err != nil || head-from < balanceLag {
				return err
			}
			to := min(head, from+balanceBatch)
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO balance_day (account, occurred, pence, received, paid)
				SELECT x.account, x.occurred, CAST(SUM(x.pence) AS BIGINT), CAST(SUM(x.received) AS BIGINT), CAST(SUM(x.paid) AS BIGINT)
				FROM (SELECT p.account, e.occurred, `+contribution+`
				      FROM entry e JOIN posting p ON p.entry_number = e.number WHERE e.number > $1 AND e.number <= $2) x
				WHERE TRUE GROUP BY x.account, x.occurred
				ON CONFLICT (account, occurred) DO UPDATE SET
				  pence = balance_day.pence + excluded.pence, received = balance_day.received + excluded.received, paid = balance_day.paid + excluded.paid`,
				from, to); err != nil {
				return err
			}
			n = to - from
			_, err = tx.ExecContext(ctx, `UPDATE balance_head SET number = $1 WHERE id = 1`, to)
			return err
		})
		if err != nil {
			return moved, fmt.Errorf("store: sums by day: %w", err)
		}
		if n == 0 {
			return moved, nil
		}
		moved += n
	}
}

// Period returns the sums of the accounts before a date and from it to another, both included: from the sums by day and,
// in the same snapshot, from the entries that are not in them yet.
func (s *Store) Period(ctx context.Context, from, to string) (ledger.Period, error) {
	return period(ctx, s.db.Reader(), from, to)
}

func period(ctx context.Context, q querier, from, to string) (ledger.Period, error) {
	p := ledger.Period{From: from, To: to, Before: ledger.Sums{}, Within: ledger.Sums{}}
	rows, err := q.QueryContext(ctx, `
		SELECT x.account, x.early, CAST(SUM(x.pence) AS BIGINT), CAST(SUM(x.received) AS BIGINT), CAST(SUM(x.paid) AS BIGINT)
		FROM (
		  SELECT d.account, CASE WHEN d.occurred < $1 THEN 1 ELSE 0 END AS early, d.pence, d.received, d.paid
		  FROM balance_day d WHERE d.occurred <= $2
		  UNION ALL
		  SELECT p.account, CASE WHEN e.occurred < $1 THEN 1 ELSE 0 END AS early, `+contribution+`
		  FROM entry e JOIN posting p ON p.entry_number = e.number
		  WHERE e.number > (SELECT number FROM balance_head WHERE id = 1) AND e.occurred <= $2
		) x GROUP BY x.account, x.early`, from, to)
	if err != nil {
		return p, fmt.Errorf("store: sums of a period: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var account string
		var early int64
		var sum ledger.Sum
		if err := rows.Scan(&account, &early, &sum.Balance, &sum.Received, &sum.Paid); err != nil {
			return p, fmt.Errorf("store: sums of a period: %w", err)
		}
		if early == 1 {
			p.Before[account] = sum
		} else {
			p.Within[account] = sum
		}
	}
	if err := rows.Err(); err != nil {
		return p, fmt.Errorf("store: sums of a period: %w", err)
	}
	return p, nil
}

// checkBalances adds the journal up anew and returns an error that names the first account and day whose sum is another.
func (s *Store) checkBalances(ctx context.Context) error {
	return s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		var account, day string
		var kept, right int64
		err := tx.QueryRowContext(ctx, `
			SELECT y.account, y.occurred, y.kept, y.found FROM (
			  SELECT x.account, x.occurred, CAST(SUM(x.kept) AS BIGINT) AS kept, CAST(SUM(x.found) AS BIGINT) AS found FROM (
			    SELECT d.account, d.occurred, d.pence AS kept, 0 AS found FROM balance_day d
			    UNION ALL
			    SELECT p.account, e.occurred, 0 AS kept, p.pence AS found FROM entry e JOIN posting p ON p.entry_number = e.number
			    WHERE e.number <= (SELECT number FROM balance_head WHERE id = 1)
			  ) x GROUP BY x.account, x.occurred
			) y WHERE y.kept <> y.found ORDER BY y.account, y.occurred LIMIT 1`).Scan(&account, &day, &kept, &right)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("store: check the sums by day: %w", err)
		}
		return fmt.Errorf("the kept sum of %s on %s is %s and its postings give %s", account, day, ledger.Decimal(kept), ledger.Decimal(right))
	})
}
