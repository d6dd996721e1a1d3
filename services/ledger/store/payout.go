package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/webhook"
)

// HasPayout reports whether the amount of a payout was asked for before.
func (s *Store) HasPayout(ctx context.Context, provider, payout string) (bool, error) {
	return s.has(ctx, `SELECT COUNT(*) FROM payout_amount WHERE provider = $1 AND payout = $2`, provider, payout)
}

// asked keeps what the provider answered about a payout.
func (in *receiving) asked(ctx context.Context, provider, payout string) error {
	p, ok := in.r.Payouts[payout]
	if !ok {
		return nil
	}
	if _, err := in.tx.ExecContext(ctx, `INSERT INTO payout_amount (provider, payout, minor, fee, currency) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (provider, payout) DO NOTHING`,
		provider, payout, p.Minor, p.Fee, p.Currency); err != nil {
		return fmt.Errorf("store: keep a payout's amount: %w", err)
	}
	return nil
}

// payout posts what follows from all events of a payout: what the provider sent to the bank, and what it kept of it as its fee.
func (in *receiving) payout(ctx context.Context, t subject) error {
	events, err := eventsOf(ctx, in.tx, `provider = $1 AND payout = $2`, t.provider, t.id)
	if err != nil {
		return err
	}
	minor, currency, paid := webhook.PaidOut(events)
	fee := int64(0)
	if paid && minor == 0 {
		err := in.tx.QueryRowContext(ctx, `SELECT minor, fee, currency FROM payout_amount WHERE provider = $1 AND payout = $2`, t.provider, t.id).Scan(&minor, &fee, &currency)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("store: read a payout: %w", err)
		}
	}
	if currency != "" && currency != ledger.GBP || minor > ledger.MaxPence || fee > ledger.MaxPence {
		return nil
	}
	var sent, kept int64
	if err := in.tx.QueryRowContext(ctx, `
		SELECT CAST(COALESCE(SUM(CASE WHEN what = 'payout' THEN pence ELSE 0 END), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN what = 'fee' THEN pence ELSE 0 END), 0) AS BIGINT)
		FROM payment_entry WHERE provider = $1 AND payment = $2`, t.provider, t.id).Scan(&sent, &kept); err != nil {
		return fmt.Errorf("store: what was paid out: %w", err)
	}
	at := int64(0)
	for _, e := range events {
		at = max(at, e.At)
	}
	date, by := in.day(at), webhook.Provider(t.provider)
	if minor != sent {
		if err := in.post(ctx, ledger.NewPayout(by, t.id, minor-sent, date), Intent{}, t, "payout", minor-sent); err != nil {
			return err
		}
	}
	if fee != kept {
		return in.post(ctx, ledger.NewFee(by, t.id, fee-kept, date), Intent{}, t, "fee", fee-kept)
	}
	return nil
}
