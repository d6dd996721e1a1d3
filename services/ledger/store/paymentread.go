package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/webhook"
)

// Known is all that is known of a payment.
type Known struct {
	// Number is its place in the list, and Heard when it was first heard of, in microseconds.
	Number, Heard int64
	// Member is whose it is, or empty: as the treasurer says, else as its reference says.
	Member string
	// Assigned is whose it is as the treasurer says, and Owner as its reference says; each may be empty.
	Assigned, Owner string
	// State is what its events say together.
	State webhook.Payment
	// Books is what was posted.
	Books ledger.PaymentBooks
}

// reads is what reads: a transaction or the readers' pool.
type reads interface {
	querier
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// eventsOf reads events and takes them apart again.
func eventsOf(ctx context.Context, q reads, where string, args ...any) ([]webhook.Event, error) {
	rows, err := q.QueryContext(ctx, `SELECT provider, raw FROM provider_event WHERE `+where+` ORDER BY provider, id`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: read events: %w", err)
	}
	defer rows.Close()
	var all []webhook.Event
	for rows.Next() {
		var provider string
		var raw []byte
		if err := rows.Scan(&provider, &raw); err != nil {
			return nil, fmt.Errorf("store: read events: %w", err)
		}
		events, err := webhook.Decode(webhook.Provider(provider), raw)
		if err != nil {
			return nil, fmt.Errorf("store: an event that was kept: %w", err)
		}
		all = append(all, events...)
	}
	return all, rows.Err()
}

// known reads all that is known of a payment.
func known(ctx context.Context, q reads, provider, id string) (Known, error) {
	k := Known{}
	err := q.QueryRowContext(ctx, `
		SELECT p.number, p.heard, COALESCE(o.member, ''),
		       COALESCE((SELECT a.member FROM payment_assigned a WHERE a.provider = p.provider AND a.payment = p.id ORDER BY a.number DESC LIMIT 1), '')
		FROM payment p LEFT JOIN payment_owner o ON o.provider = p.provider AND o.payment = p.id WHERE p.provider = $1 AND p.id = $2`,
		provider, id).Scan(&k.Number, &k.Heard, &k.Owner, &k.Assigned)
	if errors.Is(err, sql.ErrNoRows) {
		return k, fault.New(fault.NotFound, "PAYMENT_NOT_FOUND", "There is no such payment.")
	}
	if err != nil {
		return k, fmt.Errorf("store: read a payment: %w", err)
	}
	if k.Member = k.Assigned; k.Member == "" {
		k.Member = k.Owner
	}
	events, err := eventsOf(ctx, q, `provider = $1 AND (payment = $2 OR payment = '' AND object <> '' AND object IN (SELECT object FROM provider_event WHERE provider = $1 AND payment = $2 AND object <> ''))`, provider, id)
	if err != nil {
		return k, err
	}
	all, _, err := webhook.Fold(nil, events)
	if err != nil {
		return k, err
	}
	k.State = all[id]
	if k.State.Minor == 0 {
		err := q.QueryRowContext(ctx, `SELECT minor, currency FROM payment_amount WHERE provider = $1 AND payment = $2`, provider, id).Scan(&k.State.Minor, &k.State.Currency)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return k, fmt.Errorf("store: read an amount: %w", err)
		}
	}
	if k.State.Fee == 0 {
		err := q.QueryRowContext(ctx, `SELECT minor FROM payment_fee WHERE provider = $1 AND payment = $2`, provider, id).Scan(&k.State.Fee)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return k, fmt.Errorf("store: read a fee: %w", err)
		}
	}
	return k, posted(ctx, q, provider, id, &k.Books)
}

// posted reads what was posted for a payment.
func posted(ctx context.Context, q reads, provider, id string, books *ledger.PaymentBooks) error {
	if err := q.QueryRowContext(ctx, `SELECT CAST(COALESCE(SUM(pence), 0) AS BIGINT) FROM payment_entry WHERE provider = $1 AND payment = $2 AND what = 'fee'`, provider, id).Scan(&books.Fee); err != nil {
		return fmt.Errorf("store: read a fee: %w", err)
	}
	// Of the gifts the last one counts; those before it were undone.
	gifts, err := find(ctx, q, ` WHERE e.number = (SELECT MAX(x.number) FROM entry x JOIN payment_entry y ON y.entry = x.id WHERE y.provider = $1 AND y.payment = $2 AND y.what = 'gift')`, provider, id)
	if err != nil || len(gifts) == 0 {
		return err
	}
	gift := gifts[0]
	if gift.ReversedBy == "" {
		books.Gift = gift
		return nil
	}
	var ours int64
	if err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM payment_entry WHERE entry = $1`, gift.ReversedBy).Scan(&ours); err != nil {
		return fmt.Errorf("store: who undid a gift: %w", err)
	}
	books.ByHand = ours == 0
	return nil
}

// Payments returns at most limit payments with a number below before (0 for no bound), newest first.
func (s *Store) Payments(ctx context.Context, before int64, limit int) ([]Known, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT provider, id FROM payment WHERE number < $1 ORDER BY number DESC LIMIT $2`, before, limit)
	if err != nil {
		return nil, fmt.Errorf("store: list payments: %w", err)
	}
	defer rows.Close()
	var ids [][2]string
	for rows.Next() {
		var id [2]string
		if err := rows.Scan(&id[0], &id[1]); err != nil {
			return nil, fmt.Errorf("store: list payments: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: list payments: %w", err)
	}
	var all []Known
	for _, id := range ids {
		k, err := known(ctx, s.db.Reader(), id[0], id[1])
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, nil
}

// HasAmount reports whether the amount of a payment was asked for before, and HasFee whether its fee was.
func (s *Store) HasAmount(ctx context.Context, provider, payment string) (bool, error) {
	return s.has(ctx, `SELECT COUNT(*) FROM payment_amount WHERE provider = $1 AND payment = $2`, provider, payment)
}

// HasFee is described at [Store.HasAmount].
func (s *Store) HasFee(ctx context.Context, provider, payment string) (bool, error) {
	return s.has(ctx, `SELECT COUNT(*) FROM payment_fee WHERE provider = $1 AND payment = $2`, provider, payment)
}

// HasCheckout reports whether a reference is that of a gift begun here.
func (s *Store) HasCheckout(ctx context.Context, id string) (bool, error) {
	return s.has(ctx, `SELECT COUNT(*) FROM checkout WHERE id = $1`, id)
}

func (s *Store) has(ctx context.Context, query string, args ...any) (bool, error) {
	var n int64
	if err := s.db.Reader().QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
		return false, fmt.Errorf("store: look up: %w", err)
	}
	return n > 0, nil
}

// Checkout is a gift that a member began here.
type Checkout struct {
	ID, Member, Provider string
	Pence                int64
	// Begun is when, in microseconds.
	Begun int64
	// URL is where it is paid; empty until the provider has said so.
	URL string
}

// Begin notes a gift that a member begins, once a request: the same request gets the same one. It returns an Invalid fault for the same request with
// another amount.
func (s *Store) Begin(ctx context.Context, c Checkout, request string) (Checkout, error) {
	var kept Checkout
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO checkout (id, member, request, provider, pence, begun) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (member, request) DO NOTHING`,
			c.ID, c.Member, request, c.Provider, c.Pence, c.Begun); err != nil {
			return fmt.Errorf("store: begin a gift: %w", err)
		}
		var err error
		kept, err = checkout(ctx, tx, `c.member = $1 AND c.request = $2`, c.Member, request)
		return err
	})
	if err == nil && kept.Pence != c.Pence {
		err = fault.Field("REQUEST_ID_REUSED", "request_id", "This request id was used for something else. Give a new request an id of its own.")
	}
	return kept, err
}

// Paged notes where the provider said that a gift is paid.
func (s *Store) Paged(ctx context.Context, id, session, url string) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO checkout_page (checkout, session, url) VALUES ($1, $2, $3) ON CONFLICT (checkout) DO NOTHING`, id, session, url)
		return err
	})
}

func checkout(ctx context.Context, q reads, where string, args ...any) (c Checkout, err error) {
	err = q.QueryRowContext(ctx, `SELECT c.id, c.member, c.provider, c.pence, c.begun, COALESCE(p.url, '') FROM checkout c LEFT JOIN checkout_page p ON p.checkout = c.id WHERE `+where, args...).
		Scan(&c.ID, &c.Member, &c.Provider, &c.Pence, &c.Begun, &c.URL)
	if errors.Is(err, sql.ErrNoRows) {
		return c, fault.New(fault.NotFound, "PAYMENT_NOT_FOUND", "There is no such payment.")
	}
	if err != nil {
		return c, fmt.Errorf("store: read a gift: %w", err)
	}
	return c, nil
}

// Checkout returns a gift that a member began, and the payments that it became. It returns a NotFound fault where it is not theirs.
func (s *Store) Checkout(ctx context.Context, id, member string) (Checkout, []Known, error) {
	c, err := checkout(ctx, s.db.Reader(), `c.id = $1 AND c.member = $2`, id, member)
	if err != nil {
		return c, nil, err
	}
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT provider, payment FROM checkout_payment WHERE checkout = $1 ORDER BY provider, payment`, id)
	if err != nil {
		return c, nil, fmt.Errorf("store: read a gift: %w", err)
	}
	defer rows.Close()
	var ids [][2]string
	for rows.Next() {
		var p [2]string
		if err := rows.Scan(&p[0], &p[1]); err != nil {
			return c, nil, fmt.Errorf("store: read a gift: %w", err)
		}
		ids = append(ids, p)
	}
	if err := rows.Err(); err != nil {
		return c, nil, fmt.Errorf("store: read a gift: %w", err)
	}
	var all []Known
	for _, p := range ids {
		k, err := known(ctx, s.db.Reader(), p[0], p[1])
		if err != nil {
			return c, nil, err
		}
		all = append(all, k)
	}
	return c, all, nil
}
