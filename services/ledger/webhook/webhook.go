// Package webhook understands what payment providers send: Stripe and GoCardless.
//
// A body is first proven to come from the provider ([Stripe.Verify], [GoCardless.Verify]), then taken apart into [Event]s,
// and each event added to what is known of its [Payment]. Adding is a union of facts: the same event again adds nothing,
// and any order of the same events ends in the same state, since the provider's own time decides which of two facts is the
// later one. What the books should hold for a payment follows from its state ([Payment.Position]); what is posted is the
// difference to what was posted before, so that repeats and reorders end in the same balances.
//
// Money counts as received once it is settled: when a card payment succeeded at Stripe, when a direct debit was paid out at
// GoCardless (it may be confirmed and fail later). The package decides only: it reads no clock and keeps nothing.
//
// Sources: Stripe, "Check the webhook signatures"; GoCardless, "Webhooks: signing webhooks" and "Events".
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Provider is a payment provider.
type Provider string

// The providers.
const (
	ByStripe     Provider = "stripe"
	ByGoCardless Provider = "gocardless"
)

// Tolerance is how many seconds a Stripe signature may differ from our clock: what Stripe's own libraries take.
const Tolerance = 300

// MaxBody is how long a body may be in bytes: GoCardless sends up to 250 events, Stripe one.
const MaxBody = 4 << 20

// Stripe is an endpoint at Stripe.
type Stripe struct {
	// Secrets are the endpoint's (whsec_…); more than one while one is being replaced.
	Secrets []string
	// Tolerance in seconds; 0 is [Tolerance].
	Tolerance int64
}

func bad(reason, message string) error { return fault.New(fault.Unauthenticated, reason, message) }

// Verify checks the Stripe-Signature header of a body. now is in seconds since 1970.
//
// It returns an Unauthenticated fault: SIGNATURE_MISSING, SIGNATURE_STALE (outside the tolerance, whichever way) or
// SIGNATURE_WRONG. The signature covers the time, so an old body cannot be sent again with a new one.
func (s Stripe) Verify(body []byte, header string, now int64) error {
	var at string
	var given [][]byte
	for _, part := range strings.Split(header, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "t":
			if at != "" {
				return bad("SIGNATURE_MISSING", "The signature has two times.")
			}
			at = value
		case "v1":
			if b, err := hex.DecodeString(value); err == nil && len(b) == sha256.Size && len(given) < 10 {
				given = append(given, b)
			}
		}
	}
	t, err := strconv.ParseInt(at, 10, 64)
	if err != nil || len(given) == 0 {
		return bad("SIGNATURE_MISSING", "The request carries no signature of Stripe.")
	}
	if len(body) > MaxBody {
		return fault.New(fault.Invalid, "BODY_TOO_LARGE", "The body is larger than any event.")
	}
	right := false
	for _, secret := range s.Secrets {
		for _, g := range given {
			right = right || hmac.Equal(g, mac(secret, at, ".", string(body)))
		}
	}
	if !right || len(s.Secrets) == 0 {
		return bad("SIGNATURE_WRONG", "The signature is not Stripe's for this endpoint.")
	}
	tolerance := s.Tolerance
	if tolerance <= 0 {
		tolerance = Tolerance
	}
	if t < now-tolerance || t > now+tolerance {
		return bad("SIGNATURE_STALE", "The signature is older than is taken, or a clock is wrong.")
	}
	return nil
}

// Sign makes the header that Verify takes, for the provider that runs locally and for tests.
func (s Stripe) Sign(body []byte, now int64) string {
	at := strconv.FormatInt(now, 10)
	return "t=" + at + ",v1=" + hex.EncodeToString(mac(s.Secrets[0], at, ".", string(body)))
}

// GoCardless is an endpoint at GoCardless.
type GoCardless struct {
	// Secrets are the endpoint's; more than one while one is being replaced.
	Secrets []string
}

// Verify checks the Webhook-Signature header of a body. GoCardless signs no time: that an old body is not taken twice
// rests on the ids of its events.
//
// It returns an Unauthenticated fault: SIGNATURE_MISSING or SIGNATURE_WRONG.
func (g GoCardless) Verify(body []byte, header string) error {
	given, err := hex.DecodeString(strings.TrimSpace(header))
	if err != nil || len(given) != sha256.Size {
		return bad("SIGNATURE_MISSING", "The request carries no signature of GoCardless.")
	}
	if len(body) > MaxBody {
		return fault.New(fault.Invalid, "BODY_TOO_LARGE", "The body is larger than any batch of events.")
	}
	right := 0
	for _, secret := range g.Secrets {
		right |= subtle.ConstantTimeCompare(given, mac(secret, string(body)))
	}
	if right != 1 {
		return bad("SIGNATURE_WRONG", "The signature is not GoCardless's for this endpoint.")
	}
	return nil
}

// Sign makes the header that Verify takes, for the provider that runs locally and for tests.
func (g GoCardless) Sign(body []byte) string {
	return hex.EncodeToString(mac(g.Secrets[0], string(body)))
}

// mac is empty for an empty secret, which matches nothing.
func mac(secret string, parts ...string) []byte {
	if secret == "" {
		return nil
	}
	h := hmac.New(sha256.New, []byte(secret))
	for _, p := range parts {
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}
