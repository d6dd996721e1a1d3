package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// The senders whose events the room applies.
const (
	senderLedger  = "ledger"
	senderMotions = "motions"
)

// Donation is a standing event as the ledger delivers it.
type Donation struct {
	membership.Money
	// Member is whose £1.
	Member string
	// Pence is how much settled; 0 for a reversal.
	Pence int64
}

// ApplyDonation applies the ledger's event at a position, once, and returns the last position applied. A member whom the
// register does not know is no reason to refuse: the ledger's history is kept whole.
func (s *Store) ApplyDonation(ctx context.Context, epoch, position int64, d Donation) (int64, error) {
	return s.apply(ctx, senderLedger, epoch, position, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO donation (position, member, entry, reverses, pence, at) VALUES ($1, $2, $3, $4, $5, $6)`,
			position, d.Member, d.Entry, d.Reverses, d.Pence, d.At.UnixMicro())
		if err != nil {
			return err
		}
		return keepElector(ctx, tx, d.Member)
	})
}

// ApplyRule applies what the motions room tells at a position, once, and returns the last position applied.
func (s *Store) ApplyRule(ctx context.Context, epoch, position int64, r membership.Rule) (int64, error) {
	return s.apply(ctx, senderMotions, epoch, position, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO rule (position, book, required, effective) VALUES ($1, $2, $3, $4)`,
			position, int64(r.Book), r.Required, r.From.UnixMicro())
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO rule_society (position, admission, registered, pound_is_share, retention_years) VALUES ($1, $2, $3, $4, $5)`,
			position, string(r.Admission), r.Registered, r.PoundIsShare, int64(r.RetentionYears))
		return err
	})
}

func (s *Store) apply(ctx context.Context, sender string, epoch, position int64, insert func(context.Context, *sql.Tx) error) (int64, error) {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		next, err := outbox.Accept(ctx, tx, sender, epoch, position)
		if err != nil || !next {
			return err
		}
		if err := insert(ctx, tx); err != nil {
			return fmt.Errorf("store: apply event %d of %s: %w", position, sender, err)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return outbox.Applied(ctx, s.db, sender)
}

// AppliedDonations returns how far the ledger was heard.
func (s *Store) AppliedDonations(ctx context.Context) (int64, error) {
	return outbox.Applied(ctx, s.db, senderLedger)
}

// Rules returns every rule that was told.
func (s *Store) Rules(ctx context.Context) ([]membership.Rule, error) {
	return rules(ctx, s.db.Reader())
}

func rules(ctx context.Context, q querier) ([]membership.Rule, error) {
	rows, err := q.QueryContext(ctx, `SELECT r.book, r.required, r.effective, coalesce(s.admission, $1), coalesce(s.registered, FALSE),
		coalesce(s.pound_is_share, FALSE), coalesce(s.retention_years, $2)
		FROM rule r LEFT JOIN rule_society s ON s.position = r.position ORDER BY r.position`, string(membership.AdmitAll), membership.DefaultRetention)
	if err != nil {
		return nil, fmt.Errorf("store: rules: %w", err)
	}
	defer rows.Close()
	var all []membership.Rule
	for rows.Next() {
		var r membership.Rule
		var from sql.NullInt64
		if err := rows.Scan(&r.Book, &r.Required, &from, &r.Admission, &r.Registered, &r.PoundIsShare, &r.RetentionYears); err != nil {
			return nil, fmt.Errorf("store: rules: %w", err)
		}
		r.From = instant(from)
		all = append(all, r)
	}
	return all, rows.Err()
}
