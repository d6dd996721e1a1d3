package webhook

import (
	"fmt"
	"maps"
	"slices"
	"sort"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Claim is money of a payment that was given back or is disputed.
type Claim struct {
	// Minor is in minor units, 0 if no event said it yet. Holds is false once it failed or was won.
	Minor int64
	Holds bool
	// At and By are the time and id of the event that said so last.
	At int64
	By string
}

// Payment is what the events of one payment say together.
type Payment struct {
	Provider Provider
	ID       string
	// Status is the latest of its states, said At by the event By; empty if none was told yet.
	Status Kind
	At     int64
	By     string
	// Reference is ours, Minor and Fee in minor units of Currency; zero if no event said them.
	Reference, Currency string
	Minor, Fee          int64
	// Conflict is true if two events name different amounts, currencies or references: a person must look.
	Conflict bool
	// Refunded is the sum refunded as the payment's own events say it; Refunds and Disputes are the single ones, by id.
	Refunded          Claim
	Refunds, Disputes map[string]Claim
	// Payout is the payout that it was part of.
	Payout string
}

// later reports whether a fact replaces another of the same thing: by the provider's time, then by what comes later in a
// payment's life, then by id. It is a total order over events, so the order of arrival does not matter.
func (e *Event) later(at int64, ranked int, by string) bool {
	switch {
	case e.At != at:
		return e.At > at
	case e.rank() != ranked:
		return e.rank() > ranked
	}
	return e.ID > by
}

func (e *Event) rank() int { return ranked(e.Provider, e.Kind) }

// ranked is rank, but for Stripe's success, which no failure of the same second follows: a card is tried again after one.
func ranked(p Provider, k Kind) int {
	if p == ByStripe && k == Settled {
		return 10
	}
	return rank[k]
}

// Add returns the payment with an event's facts. It changes nothing of p, and adding an event again changes nothing. An
// event of another payment is an Invalid fault EVENT_MISPLACED; one that is about no payment returns p as it is.
func (p Payment) Add(e Event) (Payment, error) {
	if e.Kind == Other || e.Kind == Payout {
		return p, nil
	}
	if p.ID == "" {
		p.Provider, p.ID = e.Provider, e.Payment
	}
	if e.Kind != Refund || e.Payment != "" {
		if e.Provider != p.Provider || e.Payment != p.ID {
			return p, fault.New(fault.Invalid, "EVENT_MISPLACED", fmt.Sprintf("Event %q is not of payment %q.", e.ID, p.ID))
		}
	}
	text(&p.Reference, e.Reference, &p.Conflict)
	text(&p.Currency, e.Currency, &p.Conflict)
	if e.Payout > p.Payout {
		p.Payout = e.Payout
	}
	p.Fee = max(p.Fee, e.Fee)
	switch e.Kind {
	case Refund:
		if e.Object == "" {
			p.Refunded = p.Refunded.add(e)
			return p, nil
		}
		p.Refunds = put(p.Refunds, e)
	case Dispute:
		p.Disputes = put(p.Disputes, e)
	default:
		if e.Minor != 0 && p.Minor != 0 && e.Minor != p.Minor {
			p.Conflict = true
		}
		p.Minor = max(p.Minor, e.Minor)
		if p.By == "" || e.later(p.At, ranked(p.Provider, p.Status), p.By) {
			p.Status, p.At, p.By = e.Kind, e.At, e.ID
		}
	}
	return p, nil
}

// text keeps the greater of two texts, and says whether they differ.
func text(have *string, s string, conflict *bool) {
	if s == "" {
		return
	}
	*conflict = *conflict || *have != "" && *have != s
	*have = max(*have, s)
}

func put(all map[string]Claim, e Event) map[string]Claim {
	c := maps.Clone(all)
	if c == nil {
		c = map[string]Claim{}
	}
	c[e.Object] = c[e.Object].add(e)
	return c
}

// add takes the later fact; an amount once said is kept.
func (c Claim) add(e Event) Claim {
	amount := c.Minor
	if e.Object != "" {
		amount = max(c.Minor, e.Minor)
	}
	if c.By == "" || e.later(c.At, 0, c.By) {
		if e.Object == "" {
			amount = e.Minor
		}
		return Claim{Minor: amount, Holds: e.Holds, At: e.At, By: e.ID}
	}
	c.Minor = amount
	return c
}

// Position is what the books should hold for a payment, in minor units. All are zero or more; differences may be less.
type Position struct {
	// Received is what was given; Refunded and Disputed what of it went back; Fee what the provider kept.
	Received, Refunded, Disputed, Fee int64
}

// Position returns what the books should hold for the payment as it is known. unknown names refunds whose amount no event
// said, which must be asked of the provider first.
func (p *Payment) Position() (at Position, unknown []string) {
	if p.Status != Settled {
		return Position{}, nil
	}
	at = Position{Received: p.Minor, Fee: p.Fee}
	at.Refunded = p.Refunded.Minor
	if len(p.Refunds) > 0 {
		at.Refunded = 0
		for id, c := range p.Refunds {
			if c.Holds && c.Minor == 0 {
				unknown = append(unknown, id)
			}
			if c.Holds {
				at.Refunded += c.Minor
			}
		}
	}
	for _, c := range p.Disputes {
		if c.Holds {
			at.Disputed += c.Minor
		}
	}
	sort.Strings(unknown)
	return at, unknown
}

// Minus returns what must be posted to come from q to p.
func (p Position) Minus(q Position) Position {
	return Position{p.Received - q.Received, p.Refunded - q.Refunded, p.Disputed - q.Disputed, p.Fee - q.Fee}
}

// Kept returns what the member's gift still is.
func (p Position) Kept() int64 { return p.Received - p.Refunded - p.Disputed }

// Fold adds events to payments, in any order: those that are about a payment, by its id. It leaves the given map alone. An
// event about a refund that names no payment is looked for by the refund's id among the payments' refunds, and is returned
// in left if it is not there.
func Fold(payments map[string]Payment, events []Event) (after map[string]Payment, left []Event, err error) {
	after = maps.Clone(payments)
	if after == nil {
		after = map[string]Payment{}
	}
	// Those that name their payment first: they tell which refund belongs where.
	ordered := slices.Clone(events)
	slices.SortStableFunc(ordered, func(a, b Event) int {
		return b2i(a.Payment == "") - b2i(b.Payment == "")
	})
	for _, e := range ordered {
		if e.Kind == Other || e.Kind == Payout {
			continue
		}
		id := e.Payment
		if id == "" {
			for _, p := range after {
				if _, ok := p.Refunds[e.Object]; ok {
					id = p.ID
				}
			}
			if id == "" {
				left = append(left, e)
				continue
			}
		}
		p, err := after[id].Add(e)
		if err != nil {
			return nil, nil, err
		}
		after[id] = p
	}
	return after, left, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
