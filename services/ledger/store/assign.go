package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/webhook"
)

// Assignment is what the treasurer says of whose a payment is.
type Assignment struct {
	Provider webhook.Provider
	Payment  string
	// Member is whose it is; empty takes back what was said before.
	Member string
	// Reason is how one knows.
	Reason string
}

// Assign keeps whose a payment is and posts, in the same transaction, what follows: its donation is reversed and entered anew. Nothing is changed
// of what was kept before. It returns the reply, or the faults of [ledger.Assignable], or a NotFound fault.
func (s *Store) Assign(ctx context.Context, r once.Request, c Clerk, a Assignment, date func(micros int64) string, encode func(Known) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		provider := string(a.Provider)
		k, err := known(ctx, tx, provider, a.Payment)
		if err != nil {
			return nil, err
		}
		if err := ledger.Assignable(k.State, k.Books, a.Member, k.Assigned, k.Member); err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO payment_assigned (number, provider, payment, member, reason, assigned_by, assigned)
			VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM payment_assigned), $1, $2, $3, $4, $5, $6)`,
			provider, a.Payment, a.Member, a.Reason, c.Member, c.At.UnixMicro()); err != nil {
			return nil, database.StaleKey(fmt.Errorf("store: whose a payment is: %w", err))
		}
		b, err := s.begin(ctx, tx)
		if err != nil {
			return nil, err
		}
		in := &receiving{batch: b, by: c.Member, why: a.Reason, r: Receipt{Now: c.At.UnixMicro(), Today: c.Today, Date: date, NewID: c.NewID, Event: c.Event}}
		if err := in.payment(ctx, subject{provider: provider, id: a.Payment}); err != nil {
			return nil, err
		}
		if err := b.flush(ctx); err != nil {
			return nil, err
		}
		if err := in.link(ctx); err != nil {
			return nil, err
		}
		if k, err = known(ctx, tx, provider, a.Payment); err != nil {
			return nil, err
		}
		killpoint.Reach("ledger.before-commit")
		return encode(k)
	})
}
