package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/webhook"
)

// Receipt is what a provider sent, proven to be the provider's, and what was found out about it.
type Receipt struct {
	Events []webhook.Event
	// Owners are the members whom references name that are not those of gifts begun here.
	Owners map[string]string
	// Amounts are what the provider answered about payments whose events say none, by payment.
	Amounts map[string]Amount
	// Fees are what the provider answered about the fees of payments, in minor units, by payment.
	Fees map[string]int64
	// Payouts are what the provider answered about payouts whose events say no amount, by payout.
	Payouts map[string]Payout
	// Now is the instant in microseconds, Today its date in the society's zone, and Date the date of another instant.
	Now   int64
	Today string
	Date  func(micros int64) string
	// NewID makes the id of an entry.
	NewID func() (string, error)
	// Event writes what membership is told.
	Event func(ledger.Settled) ([]byte, error)
}

// Amount is what a payment is of, in minor units.
type Amount struct {
	Minor    int64
	Currency string
}

// Payout is what a provider sent to the bank, in minor units: Minor arrives there, and Fee was kept of what was held.
type Payout struct {
	Minor, Fee int64
	Currency   string
}

// Receive keeps the events and posts, in the same transaction, what follows from all that is known of their payments. It returns how many
// of the events were new. Events that are known change nothing.
func (s *Store) Receive(ctx context.Context, r Receipt) (fresh int, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		b, err := s.begin(ctx, tx)
		if err != nil {
			return err
		}
		in := &receiving{batch: b, r: r, touched: map[subject]bool{}}
		if fresh, err = in.keep(ctx); err != nil {
			return err
		}
		for _, t := range in.subjects() {
			if t.payout {
				err = in.payout(ctx, t)
			} else {
				err = in.payment(ctx, t)
			}
			if err != nil {
				return err
			}
		}
		if err := b.flush(ctx); err != nil {
			return err
		}
		if err := in.link(ctx); err != nil {
			return err
		}
		killpoint.Reach("ledger.event.before-commit")
		return nil
	})
	if err == nil {
		killpoint.Reach("ledger.event.after-commit")
	}
	return fresh, err
}

// subject is a payment, or a payout, of a provider.
type subject struct {
	provider, id string
	payout       bool
}

// receiving is one receipt in its transaction.
type receiving struct {
	*batch
	r       Receipt
	touched map[subject]bool
	links   []any
	// by is the officer whose act this is, and why their reason; empty for what a provider sent.
	by, why string
}

func (in *receiving) subjects() []subject {
	var all []subject
	for t := range in.touched {
		all = append(all, t)
	}
	// In one order, so that two transactions do not wait for each other crosswise.
	slices.SortFunc(all, func(a, b subject) int {
		switch {
		case a.provider+a.id < b.provider+b.id:
			return -1
		case a.provider+a.id > b.provider+b.id:
			return 1
		}
		return 0
	})
	return all
}

// keep stores the events that are new, and notes which payments they are about.
func (in *receiving) keep(ctx context.Context) (fresh int, err error) {
	for _, e := range in.r.Events {
		result, err := in.tx.ExecContext(ctx, `INSERT INTO provider_event (provider, id, type, payment, object, payout, received, raw) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (provider, id) DO NOTHING`,
			string(e.Provider), e.ID, e.Type, e.Payment, e.Object, e.Payout, in.r.Now, []byte(e.Raw))
		if err != nil {
			return 0, fmt.Errorf("store: keep an event: %w", err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			return 0, fmt.Errorf("store: keep an event: %w", err)
		}
		if n == 0 {
			continue
		}
		fresh++
		if err := in.about(ctx, e); err != nil {
			return 0, err
		}
	}
	return fresh, nil
}

// about notes what an event is about, and what it says of whose payment it is.
func (in *receiving) about(ctx context.Context, e webhook.Event) error {
	provider := string(e.Provider)
	switch e.Kind {
	case webhook.Other:
		return nil
	case webhook.Payout:
		in.touched[subject{provider, e.Payout, true}] = true
		return in.asked(ctx, provider, e.Payout)
	}
	payment := e.Payment
	if payment == "" {
		// A refund that names no payment: another event of the same refund does, or will.
		err := in.tx.QueryRowContext(ctx, `SELECT MAX(payment) FROM provider_event WHERE provider = $1 AND object = $2 AND object <> '' AND payment <> ''`, provider, e.Object).Scan((*nullable)(&payment))
		if err != nil {
			return fmt.Errorf("store: find a refund's payment: %w", err)
		}
	}
	if payment == "" {
		return nil
	}
	in.touched[subject{provider, payment, false}] = true
	if err := in.heard(ctx, provider, payment); err != nil {
		return err
	}
	if a, ok := in.r.Amounts[payment]; ok {
		if _, err := in.tx.ExecContext(ctx, `INSERT INTO payment_amount (provider, payment, minor, currency) VALUES ($1, $2, $3, $4) ON CONFLICT (provider, payment) DO NOTHING`,
			provider, payment, a.Minor, a.Currency); err != nil {
			return fmt.Errorf("store: keep an amount: %w", err)
		}
	}
	if fee, ok := in.r.Fees[payment]; ok {
		if _, err := in.tx.ExecContext(ctx, `INSERT INTO payment_fee (provider, payment, minor) VALUES ($1, $2, $3) ON CONFLICT (provider, payment) DO NOTHING`, provider, payment, fee); err != nil {
			return fmt.Errorf("store: keep a fee: %w", err)
		}
	}
	return in.own(ctx, e, payment)
}

// nullable reads a text that may be NULL as empty.
type nullable string

// Scan implements sql.Scanner.
func (n *nullable) Scan(v any) error {
	var s sql.NullString
	err := s.Scan(v)
	*n = nullable(s.String)
	return err
}

// heard gives a payment its number when it is first heard of.
func (in *receiving) heard(ctx context.Context, provider, payment string) error {
	var there, last int64
	if err := in.tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM payment WHERE provider = $1 AND id = $2), COALESCE((SELECT MAX(number) FROM payment), 0)`, provider, payment).Scan(&there, &last); err != nil {
		return fmt.Errorf("store: note a payment: %w", err)
	}
	if there > 0 {
		return nil
	}
	if _, err := in.tx.ExecContext(ctx, `INSERT INTO payment (number, provider, id, heard) VALUES ($1, $2, $3, $4)`, last+1, provider, payment, in.r.Now); err != nil {
		return database.StaleKey(fmt.Errorf("store: note a payment: %w", err))
	}
	return nil
}

// own notes whose payment the event's reference says it is.
func (in *receiving) own(ctx context.Context, e webhook.Event, payment string) error {
	if e.Reference == "" {
		return nil
	}
	var member string
	err := in.tx.QueryRowContext(ctx, `SELECT member FROM checkout WHERE id = $1`, e.Reference).Scan(&member)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		if member = in.r.Owners[e.Reference]; member == "" {
			return nil
		}
	case err != nil:
		return fmt.Errorf("store: whose payment: %w", err)
	default:
		if _, err := in.tx.ExecContext(ctx, `INSERT INTO checkout_payment (checkout, provider, payment) VALUES ($1, $2, $3) ON CONFLICT (checkout, provider, payment) DO NOTHING`,
			e.Reference, string(e.Provider), payment); err != nil {
			return fmt.Errorf("store: whose payment: %w", err)
		}
	}
	if _, err := in.tx.ExecContext(ctx, `INSERT INTO payment_owner (provider, payment, member) VALUES ($1, $2, $3) ON CONFLICT (provider, payment) DO NOTHING`,
		string(e.Provider), payment, member); err != nil {
		return fmt.Errorf("store: whose payment: %w", err)
	}
	return nil
}

// payment posts what follows from all events of a payment.
func (in *receiving) payment(ctx context.Context, t subject) error {
	k, err := known(ctx, in.tx, t.provider, t.id)
	if err != nil {
		return err
	}
	plan := ledger.PlanPayment(k.State, k.Member, k.Books)
	if plan.None() {
		return nil
	}
	if plan.Undo != "" {
		if in.why != "" {
			plan.Undo = in.why
		}
		e, err := ledger.NewUndoing(k.Books.Gift, k.State, plan.Undo, in.r.Today)
		if err != nil {
			return err
		}
		if err := in.post(ctx, e, Intent{Reverse: k.Books.Gift.ID}, t, "undo", -k.Books.Gift.Postings[0].Amount.Pence); err != nil {
			return err
		}
	}
	date := in.day(k.State.At)
	if plan.Gift > 0 {
		facts, err := in.facts(ctx, Intent{Member: k.Member})
		if err != nil {
			return err
		}
		rule, err := ruleAt(ctx, in.tx, in.r.Now)
		if err != nil {
			return err
		}
		e := ledger.NewGift(k.State, k.Member, plan.Gift, date, facts.HasGiven).AsShare(rule)
		if plan.Undo != "" {
			e = e.InPlaceOf(k.Books.Gift)
		}
		if err := in.post(ctx, e, Intent{Member: k.Member}, t, "gift", plan.Gift); err != nil {
			return err
		}
	}
	if plan.Fee != 0 {
		return in.post(ctx, ledger.NewFee(k.State.Provider, k.State.ID, plan.Fee, date), Intent{}, t, "fee", plan.Fee)
	}
	return nil
}

// day is the date of an instant of the provider's, or today if that is later by the society's clock.
func (in *receiving) day(micros int64) string {
	// What a provider tells of a closed period is booked today.
	if date := in.r.Date(micros); micros > 0 && date < in.r.Today && date > in.closed {
		return date
	}
	return in.r.Today
}

// post adds an entry, and what ties it to the payment.
func (in *receiving) post(ctx context.Context, e ledger.Entry, intent Intent, t subject, what string, pence int64) error {
	facts, err := in.facts(ctx, intent)
	if err != nil {
		return err
	}
	if e.ID, err = in.r.NewID(); err != nil {
		return err
	}
	e.Entered = in.r.Now
	if in.by != "" {
		e.EnteredBy = in.by
	}
	settled, ok, err := in.add(&e, facts)
	if err != nil {
		return err
	}
	if ok {
		event, err := in.r.Event(settled)
		if err != nil {
			return err
		}
		in.tell(event)
	}
	in.links = append(in.links, e.ID, t.provider, t.id, what, pence)
	return nil
}

// link writes what ties entries to payments; the entries must have been written.
func (in *receiving) link(ctx context.Context) error {
	if err := database.InsertRows(ctx, in.tx, `INSERT INTO payment_entry (entry, provider, payment, what, pence)`, 5, in.links); err != nil {
		return fmt.Errorf("store: tie entries to a payment: %w", err)
	}
	return nil
}
