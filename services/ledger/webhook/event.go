package webhook

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Kind is what an event says.
type Kind string

// The kinds.
const (
	// Other says nothing about money here; the event is kept all the same.
	Other Kind = "other"
	// Pending to Cancelled are states of a payment.
	Pending     Kind = "pending"
	Confirmed   Kind = "confirmed"
	Settled     Kind = "settled"
	Failed      Kind = "failed"
	Cancelled   Kind = "cancelled"
	ChargedBack Kind = "charged_back"
	// Refund is the state of a refund, or the sum refunded so far.
	Refund Kind = "refund"
	// Dispute is the state of a dispute that takes money away while it lasts, and for good if it is lost.
	Dispute Kind = "dispute"
	// Payout is the state of a payout to the bank.
	Payout Kind = "payout"
)

// Event is one event of a provider.
type Event struct {
	Provider Provider
	// ID is the provider's; an event is taken once.
	ID string
	// Type is the provider's word: "payment_intent.succeeded", "payments.confirmed".
	Type string
	// At is when the provider says it happened, in microseconds since 1970.
	At int64
	// Live is false for the provider's test mode.
	Live bool
	Kind Kind
	// Payment, Object and Payout are the provider's ids: Object of the refund or dispute.
	Payment, Object, Payout string
	// Reference is ours: what we gave the provider with the payment.
	Reference string
	// Minor and Fee are in minor units of Currency, 0 if the event does not say. For a refund without Object, Minor is the
	// sum refunded so far.
	Minor, Fee int64
	Currency   string
	// Balance names the provider's transaction that says the fee, where the event does not say it itself.
	Balance string
	// Holds is true for a refund or dispute that stands, false for one that failed, was won or given back.
	Holds bool
	// Raw is the event as it came.
	Raw json.RawMessage
}

// rank orders facts of one moment: what comes later in a payment's life wins.
var rank = map[Kind]int{Pending: 1, Confirmed: 2, Settled: 3, Failed: 4, Cancelled: 5, ChargedBack: 6}

func unreadable(provider, why string) error {
	return fault.New(fault.Invalid, "EVENT_UNREADABLE", "The body is no event of "+provider+": "+why+".")
}

type stripeEvent struct {
	ID       string `json:"id"`
	Object   string `json:"object"`
	Type     string `json:"type"`
	Created  int64  `json:"created"`
	Livemode bool   `json:"livemode"`
	Data     struct {
		Object json.RawMessage `json:"object"`
	} `json:"data"`
}

// stripeObject holds what matters of the objects that Stripe's events carry.
type stripeObject struct {
	ID              string            `json:"id"`
	Object          string            `json:"object"`
	Amount          int64             `json:"amount"`
	AmountReceived  int64             `json:"amount_received"`
	AmountTotal     int64             `json:"amount_total"`
	AmountRefunded  int64             `json:"amount_refunded"`
	Currency        string            `json:"currency"`
	Status          string            `json:"status"`
	PaymentStatus   string            `json:"payment_status"`
	PaymentIntent   json.RawMessage   `json:"payment_intent"`
	Charge          json.RawMessage   `json:"charge"`
	Balance         json.RawMessage   `json:"balance_transaction"`
	ClientReference string            `json:"client_reference_id"`
	Metadata        map[string]string `json:"metadata"`
}

// expandable returns the id of a field that is an id or the object itself.
func expandable(raw json.RawMessage) string {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		return id
	}
	var o struct{ ID string }
	if json.Unmarshal(raw, &o) == nil {
		return o.ID
	}
	return ""
}

// DecodeStripe takes the body of a Stripe webhook apart. Call it after [Stripe.Verify]. An event of a type that says nothing
// about money here has Kind Other. It returns an Invalid fault EVENT_UNREADABLE.
func DecodeStripe(body []byte) (Event, error) {
	var s stripeEvent
	if err := json.Unmarshal(body, &s); err != nil {
		return Event{}, unreadable("Stripe", "it is not JSON")
	}
	if s.ID == "" || s.Type == "" || s.Created <= 0 || s.Created > 1<<40 {
		return Event{}, unreadable("Stripe", "id, type or time is missing")
	}
	e := Event{Provider: ByStripe, ID: s.ID, Type: s.Type, At: s.Created * 1e6, Live: s.Livemode, Kind: Other, Raw: json.RawMessage(body)}
	kind, known := stripeKinds[s.Type]
	if !known {
		return e, nil
	}
	var o stripeObject
	if err := json.Unmarshal(s.Data.Object, &o); err != nil {
		return Event{}, unreadable("Stripe", "its object cannot be read")
	}
	e.Kind, e.Currency = kind, upper(o.Currency)
	e.Reference = first(o.ClientReference, o.Metadata["folkmoot"])
	e.Payment = first(expandable(o.PaymentIntent), expandable(o.Charge), o.ID)
	switch o.Object {
	case "payment_intent":
		e.Payment, e.Minor = o.ID, first(o.AmountReceived, o.Amount)
	case "checkout.session":
		e.Minor = o.AmountTotal
		if s.Type == "checkout.session.completed" && o.PaymentStatus != "paid" {
			e.Kind = Pending
		}
	case "charge":
		e.Minor = o.Amount
		switch {
		case s.Type == "charge.refunded":
			e.Minor, e.Holds = o.AmountRefunded, true
		case o.Status == "pending":
			e.Kind = Pending
		case o.Status == "failed":
			e.Kind = Failed
		}
		var b struct {
			Fee int64 `json:"fee"`
		}
		if json.Unmarshal(o.Balance, &b) == nil {
			e.Fee = b.Fee
		} else {
			e.Balance = expandable(o.Balance)
		}
	case "refund":
		e.Object, e.Minor = o.ID, o.Amount
		e.Holds = o.Status != "failed" && o.Status != "canceled"
	case "dispute":
		e.Object, e.Minor = o.ID, o.Amount
		e.Holds = s.Type != "charge.dispute.funds_reinstated" && o.Status != "won" && o.Status != "warning_closed"
		if s.Type == "charge.dispute.created" || s.Type == "charge.dispute.updated" {
			e.Holds = e.Holds && o.Status != "warning_needs_response" && o.Status != "warning_under_review"
		}
	case "payout":
		e.Payment, e.Payout, e.Minor, e.Holds = "", o.ID, o.Amount, s.Type == "payout.paid"
	default:
		return Event{}, unreadable("Stripe", "its object is not of its type")
	}
	if e.Minor < 0 || e.Fee < 0 || e.Minor > maxMinor || e.Fee > maxMinor {
		return Event{}, unreadable("Stripe", "the amount cannot be")
	}
	return e, nil
}

// maxMinor bounds an amount: far above what the society will see, far below where sums overflow.
const maxMinor = 1_000_000_000_000

var stripeKinds = map[string]Kind{
	"checkout.session.completed": Settled, "checkout.session.async_payment_succeeded": Settled,
	"checkout.session.async_payment_failed": Failed, "checkout.session.expired": Cancelled,
	"payment_intent.created": Pending, "payment_intent.processing": Pending, "payment_intent.succeeded": Settled,
	"payment_intent.payment_failed": Failed, "payment_intent.canceled": Cancelled,
	"charge.pending": Pending, "charge.succeeded": Settled, "charge.updated": Settled, "charge.failed": Failed,
	"charge.refunded": Refund, "refund.created": Refund, "refund.updated": Refund, "refund.failed": Refund, "charge.refund.updated": Refund,
	"charge.dispute.created": Dispute, "charge.dispute.updated": Dispute, "charge.dispute.closed": Dispute,
	"charge.dispute.funds_withdrawn": Dispute, "charge.dispute.funds_reinstated": Dispute,
	"payout.paid": Payout, "payout.failed": Payout,
}

type goCardlessEvent struct {
	ID        string `json:"id"`
	CreatedAt string `json:"created_at"`
	Resource  string `json:"resource_type"`
	Action    string `json:"action"`
	Links     struct {
		Payment string `json:"payment"`
		Refund  string `json:"refund"`
		Payout  string `json:"payout"`
	} `json:"links"`
	ResourceMetadata map[string]any `json:"resource_metadata"`
}

// DecodeGoCardless takes the body of a GoCardless webhook apart into its events, in its order. Call it after
// [GoCardless.Verify]. GoCardless says no amounts in events: they are those of the payments as we made them. It returns an
// Invalid fault EVENT_UNREADABLE, and then nothing of the batch may be taken.
func DecodeGoCardless(body []byte) ([]Event, error) {
	var batch struct {
		Events []json.RawMessage `json:"events"`
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		return nil, unreadable("GoCardless", "it is not JSON")
	}
	if len(batch.Events) == 0 || len(batch.Events) > 1000 {
		return nil, unreadable("GoCardless", "it holds "+strconv.Itoa(len(batch.Events))+" events")
	}
	var all []Event
	for _, raw := range batch.Events {
		var g goCardlessEvent
		if err := json.Unmarshal(raw, &g); err != nil {
			return nil, unreadable("GoCardless", "an event cannot be read")
		}
		at, err := time.Parse(time.RFC3339Nano, g.CreatedAt)
		if err != nil || g.ID == "" || g.Resource == "" || g.Action == "" {
			return nil, unreadable("GoCardless", "id, type or time of an event is missing")
		}
		e := Event{Provider: ByGoCardless, ID: g.ID, Type: g.Resource + "." + g.Action, At: at.UnixMicro(), Live: true, Kind: Other, Raw: raw}
		kind, known := goCardlessKinds[e.Type]
		if !known {
			all = append(all, e)
			continue
		}
		e.Kind, e.Payment, e.Payout = kind, g.Links.Payment, g.Links.Payout
		if r, ok := g.ResourceMetadata["folkmoot"].(string); ok {
			e.Reference = r
		}
		switch kind {
		case Refund:
			e.Object, e.Holds = g.Links.Refund, g.Action == "created" || g.Action == "paid" || g.Action == "refund_settled"
			if e.Object == "" {
				return nil, unreadable("GoCardless", "an event names no refund")
			}
		case Payout:
			e.Payment, e.Holds = "", true
		default:
			if e.Payment == "" {
				return nil, unreadable("GoCardless", "an event names no payment")
			}
		}
		all = append(all, e)
	}
	return all, nil
}

var goCardlessKinds = map[string]Kind{
	"payments.created": Pending, "payments.customer_approval_granted": Pending, "payments.submitted": Pending,
	"payments.resubmission_requested": Pending, "payments.confirmed": Confirmed, "payments.paid_out": Settled,
	"payments.failed": Failed, "payments.late_failure_settled": Failed,
	"payments.cancelled": Cancelled, "payments.customer_approval_denied": Cancelled,
	"payments.charged_back": ChargedBack, "payments.chargeback_settled": ChargedBack, "payments.chargeback_cancelled": Settled,
	"refunds.created": Refund, "refunds.paid": Refund, "refunds.refund_settled": Refund, "refunds.failed": Refund,
	"refunds.bounced": Refund, "refunds.funds_returned": Refund,
	"payouts.paid": Payout,
}

func first[T comparable](all ...T) T {
	var none T
	for _, v := range all {
		if v != none {
			return v
		}
	}
	return none
}

func upper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 32
		}
	}
	return string(b)
}
