// Package provider asks payment providers over HTTP: Stripe to begin a payment and for the fee of one, GoCardless for the amounts of direct
// debits and payouts, which its events do not say. It decides nothing and keeps nothing.
//
// Sources: Stripe API reference, "Create a Checkout Session", "Retrieve a balance transaction", "Idempotent requests"; GoCardless API
// reference, "Get a single payment".
package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

const (
	// StripeAPI and GoCardlessAPI are where the providers answer.
	StripeAPI     = "https://api.stripe.com"
	GoCardlessAPI = "https://api.gocardless.com"

	// deadline bounds one question.
	deadline = 8 * time.Second
	// maxReply bounds what is read of an answer, in bytes.
	maxReply = 1 << 20
)

// client follows no redirect: a key is for the provider alone.
var client = &http.Client{Timeout: deadline, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// Stripe is an account at Stripe.
type Stripe struct {
	// API is where it answers; empty for [StripeAPI].
	API string
	// Key is the account's secret key.
	Key string
}

// Order is a gift to be paid.
type Order struct {
	// ID is ours; the provider gives it back with every event, and takes an order with the same id once.
	ID string
	// Pence is the amount in pounds sterling's minor unit.
	Pence int64
	// What is what the payer reads.
	What string
	// Done and Back are where the payer is sent when they have paid, and when they give up.
	Done, Back string
}

// Session is where an order is paid.
type Session struct {
	// ID is the provider's.
	ID string `json:"id"`
	// URL is the page.
	URL string `json:"url"`
}

// Checkout begins a payment at Stripe and returns where it is paid. It returns an Unavailable fault PROVIDER_UNAVAILABLE; the same order may be
// sent again.
func (s Stripe) Checkout(ctx context.Context, o Order) (Session, error) {
	form := url.Values{
		"mode": {"payment"}, "client_reference_id": {o.ID}, "success_url": {o.Done}, "cancel_url": {o.Back},
		"line_items[0][quantity]": {"1"}, "line_items[0][price_data][currency]": {"gbp"},
		"line_items[0][price_data][unit_amount]":        {strconv.FormatInt(o.Pence, 10)},
		"line_items[0][price_data][product_data][name]": {o.What},
		// The session's reference reaches only the session's own events; this one reaches the payment's.
		"payment_intent_data[metadata][folkmoot]": {o.ID},
	}
	var out Session
	err := s.ask(ctx, http.MethodPost, "/v1/checkout/sessions", form, o.ID, &out)
	if err == nil && (out.ID == "" || !web(out.URL)) {
		err = unavailable(fmt.Errorf("the session has no page"))
	}
	return out, err
}

// Fee returns what Stripe kept of a balance transaction, in minor units.
func (s Stripe) Fee(ctx context.Context, transaction string) (int64, error) {
	var out struct {
		Fee int64 `json:"fee"`
	}
	err := s.ask(ctx, http.MethodGet, "/v1/balance_transactions/"+url.PathEscape(transaction), nil, "", &out)
	return out.Fee, err
}

func (s Stripe) ask(ctx context.Context, method, path string, form url.Values, key string, out any) error {
	base := s.API
	if base == "" {
		base = StripeAPI
	}
	r, err := http.NewRequestWithContext(ctx, method, base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("provider: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+s.Key)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return answer(r, out)
}

// GoCardless is an account at GoCardless.
type GoCardless struct {
	// API is where it answers; empty for [GoCardlessAPI].
	API string
	// Token is the account's access token.
	Token string
}

// Amount returns what a payment is of, in minor units, and its currency.
func (g GoCardless) Amount(ctx context.Context, payment string) (minor int64, currency string, err error) {
	var out struct {
		Payments struct {
			Amount   int64  `json:"amount"`
			Currency string `json:"currency"`
		} `json:"payments"`
	}
	if err := g.get(ctx, "/payments/"+url.PathEscape(payment), &out); err != nil {
		return 0, "", err
	}
	if out.Payments.Amount <= 0 || len(out.Payments.Currency) != 3 {
		return 0, "", unavailable(fmt.Errorf("the payment has no amount"))
	}
	return out.Payments.Amount, strings.ToUpper(out.Payments.Currency), nil
}

// Sent is a payout, in minor units: Minor arrives at the bank, after Fee was deducted.
type Sent struct {
	Minor, Fee int64
	Currency   string
}

// Payout returns what was sent to the bank. Its source is the GoCardless API reference, "Payouts": amount is what is sent, and deducted_fees are
// the fees that were taken off before.
func (g GoCardless) Payout(ctx context.Context, payout string) (Sent, error) {
	var out struct {
		Payouts struct {
			Amount   int64  `json:"amount"`
			Fees     int64  `json:"deducted_fees"`
			Currency string `json:"currency"`
		} `json:"payouts"`
	}
	if err := g.get(ctx, "/payouts/"+url.PathEscape(payout), &out); err != nil {
		return Sent{}, err
	}
	if out.Payouts.Amount <= 0 || out.Payouts.Fees < 0 || len(out.Payouts.Currency) != 3 {
		return Sent{}, unavailable(fmt.Errorf("the payout has no amount"))
	}
	return Sent{Minor: out.Payouts.Amount, Fee: out.Payouts.Fees, Currency: strings.ToUpper(out.Payouts.Currency)}, nil
}

func (g GoCardless) get(ctx context.Context, path string, out any) error {
	base := g.API
	if base == "" {
		base = GoCardlessAPI
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
	if err != nil {
		return fmt.Errorf("provider: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+g.Token)
	r.Header.Set("GoCardless-Version", "2015-07-06")
	return answer(r, out)
}

func answer(r *http.Request, out any) error {
	resp, err := client.Do(r)
	if err != nil {
		return unavailable(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return unavailable(err)
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		// The body may repeat what was sent, so it is not told.
		return unavailable(fmt.Errorf("%s", resp.Status))
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return unavailable(err)
	}
	return nil
}

// unavailable says that the provider does not answer as it should; the cause is for the log.
func unavailable(cause error) error {
	return &askError{cause, fault.New(fault.Unavailable, "PROVIDER_UNAVAILABLE",
		"The payment provider does not answer just now. Nothing was taken from you; try again in a few minutes.").After(time.Minute)}
}

type askError struct {
	cause error
	fault *fault.Fault
}

func (e *askError) Error() string   { return "provider: " + e.cause.Error() }
func (e *askError) Unwrap() []error { return []error{e.fault, e.cause} }

// web reports whether an address is one that a page may link to.
func web(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
