package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// senderMotions is the room that tells of the rules.
const senderMotions = "motions"

// ApplyRule keeps what the motions room tells at a position, once, and returns the last position applied. It returns an
// [outbox.ReasonGap] fault for a position that comes too early.
func (s *Store) ApplyRule(ctx context.Context, epoch, position int64, r ledger.Rule) (int64, error) {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		next, err := outbox.Accept(ctx, tx, senderMotions, epoch, position)
		if err != nil || !next {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO rule (position, book, effective, pound_is_share, spending_alone) VALUES ($1, $2, $3, $4, $5)`,
			position, int64(r.Book), r.From, r.PoundIsShare, r.SpendingAlone)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("store: apply rule %d: %w", position, err)
	}
	return outbox.Applied(ctx, s.db, senderMotions)
}

// RuleAt returns the rule in force at an instant in microseconds.
func (s *Store) RuleAt(ctx context.Context, at int64) (ledger.Rule, error) {
	return ruleAt(ctx, s.db.Reader(), at)
}

func ruleAt(ctx context.Context, q querier, at int64) (ledger.Rule, error) {
	rows, err := q.QueryContext(ctx, `SELECT book, effective, pound_is_share, spending_alone FROM rule ORDER BY position`)
	if err != nil {
		return ledger.Rule{}, fmt.Errorf("store: rules: %w", err)
	}
	defer rows.Close()
	var all []ledger.Rule
	for rows.Next() {
		var r ledger.Rule
		if err := rows.Scan(&r.Book, &r.From, &r.PoundIsShare, &r.SpendingAlone); err != nil {
			return ledger.Rule{}, fmt.Errorf("store: rules: %w", err)
		}
		all = append(all, r)
	}
	return ledger.RuleAt(all, at), rows.Err()
}
