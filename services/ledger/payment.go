package ledger

import (
	"fmt"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/ledger/webhook"
)

// The accounts that payments use.
const (
	// AtProvider is money that the provider holds for the society.
	AtProvider = "assets:provider"
	// Clearing is money that the provider has sent to the bank and that no statement shows yet.
	Clearing = "assets:clearing"
	feesPaid = "expenses:fees"
)

// Limits on one gift, in pence.
const (
	// LeastPayment is the membership donation: for less, the provider's fee would be most of it.
	LeastPayment = MembershipPence
	// MostPayment bounds what a mistyped amount can cost: £10,000.
	MostPayment = 1_000_000
)

// CheckPayment refuses an amount outside of the limits with an Invalid fault.
func CheckPayment(pence int64) error {
	if pence < LeastPayment || pence > MostPayment {
		return fault.Field("AMOUNT_OUT_OF_RANGE", "amount_pence", fmt.Sprintf("Enter an amount from £%s to £%s.", Decimal(LeastPayment), Decimal(MostPayment)))
	}
	return nil
}

// PaymentBooks is what the books hold of one payment.
type PaymentBooks struct {
	// Gift is the donation that was posted last and that no later event has undone; its ID is empty if there is none.
	Gift Entry
	// ByHand is true if somebody reversed that donation by hand. Then events change it no more: a person has decided.
	ByHand bool
	// Fee is what was posted as its fee, in pence.
	Fee int64
}

// PaymentPlan is what must be posted so that the books hold what the events say.
type PaymentPlan struct {
	// Undo says why the donation must be reversed; empty if it need not be.
	Undo string
	// Gift is the donation to post then, in pence, and Fee the fee; a negative fee was given back.
	Gift, Fee int64
}

// None reports whether nothing is to be posted.
func (p PaymentPlan) None() bool { return p == PaymentPlan{} }

// PlanPayment compares what the events of a payment say with what the books hold. There is at most one standing donation for a payment, of
// what the society still has of it: when that changes the donation is reversed, and the rest, if any, is posted anew. So a payment whose
// member's £1 went back takes their standing with it, and one that is restored gives it again.
//
// A payment in another currency than the books', or of more than an entry may hold, plans nothing. member is the giver, or empty.
func PlanPayment(p webhook.Payment, member string, have PaymentBooks) PaymentPlan {
	at, _ := p.Position()
	if p.Currency != "" && p.Currency != GBP || at.Received > MaxPence || at.Fee > MaxPence {
		at = webhook.Position{}
	}
	plan := PaymentPlan{Fee: at.Fee - have.Fee}
	if have.ByHand {
		return plan
	}
	kept, held := max(at.Kept(), 0), int64(0)
	if have.Gift.ID != "" {
		held = have.Gift.Postings[0].Amount.Pence
	}
	if kept == held && (held == 0 || have.Gift.Member == member) {
		return plan
	}
	if held > 0 {
		plan.Undo = whyUndone(p, at, kept, held)
	}
	plan.Gift = kept
	return plan
}

func whyUndone(p webhook.Payment, at webhook.Position, kept, held int64) string {
	switch {
	case kept == held:
		return "The giver became known"
	case p.Status == webhook.ChargedBack || at.Disputed > 0:
		return "Charged back by the giver's bank"
	case at.Refunded > 0:
		return "Refunded to the giver"
	case p.Status != webhook.Settled:
		return "The payment failed after it had settled"
	}
	return "The provider corrected the amount"
}

var paidBy = map[webhook.Provider]string{webhook.ByStripe: "Donation by card", webhook.ByGoCardless: "Donation by direct debit"}

// enteredBy names a provider as whoever entered an entry.
func enteredBy(p webhook.Provider) string { return "provider:" + string(p) }

// NewGift makes the donation of a payment. member may be empty: the money is there, whoever gave it. hasGiven is as in [NewDonation]. The
// reference is the provider's id.
func NewGift(p webhook.Payment, member string, pence int64, occurred string, hasGiven bool) Entry {
	return Entry{
		Kind: Donation, Occurred: occurred, Description: paidBy[p.Provider], Member: member, Reference: cut(p.ID),
		Repeated: member != "" && hasGiven, EnteredBy: enteredBy(p.Provider),
		Postings: []Posting{{Account: AtProvider, Amount: Pounds(pence)}, {Account: Donations, Amount: Pounds(-pence)}},
	}
}

// InPlaceOf says in the description which entry this one replaces, whose reversal is entered beside it.
func (e Entry) InPlaceOf(of Entry) Entry {
	e.Description += fmt.Sprintf(", in place of entry %d", of.Number)
	return e
}

// Assignable returns a Conflict fault unless the treasurer may say whose a payment is, or take back what was said: member is whom they name,
// empty to take it back; assigned whom they named before, and giver whose it is now. What the payer's own reference says is not theirs to change.
func Assignable(p webhook.Payment, have PaymentBooks, member, assigned, giver string) error {
	at, _ := p.Position()
	switch {
	case member == "" && assigned == "":
		return fault.New(fault.Conflict, "PAYMENT_NOT_ASSIGNED", "Nobody has said whose this payment is, so there is nothing to take back.")
	case member != "" && giver != "":
		return fault.New(fault.Conflict, "PAYMENT_HAS_GIVER", "It is known whose this payment is. If the treasurer said so by mistake, take that back first.")
	case have.ByHand:
		return fault.New(fault.Conflict, "PAYMENT_REVERSED", "The donation of this payment was reversed by hand. Record the money as a donation of the member's instead.")
	case at.Kept() <= 0 || have.Gift.ID == "":
		return fault.New(fault.Conflict, "PAYMENT_NOT_SETTLED", "There is no money of this payment in the books.")
	}
	return nil
}

// NewUndoing makes the reversal of a payment's donation.
func NewUndoing(of Entry, p webhook.Payment, why, today string) (Entry, error) {
	e, err := NewReversal(of, why, today)
	e.EnteredBy = enteredBy(p.Provider)
	return e, err
}

// NewFee makes the entry of a provider's fee on a payment or payout; of a negative one, of a fee that was given back.
func NewFee(provider webhook.Provider, id string, pence int64, occurred string) Entry {
	return Entry{
		Kind: General, Occurred: occurred, Description: "Payment provider's fee", Reference: cut(id), EnteredBy: enteredBy(provider),
		Postings: []Posting{{Account: feesPaid, Amount: Pounds(pence)}, {Account: AtProvider, Amount: Pounds(-pence)}},
	}
}

// NewPayout makes the entry of a payout to the bank; a negative one was given back to the provider.
func NewPayout(provider webhook.Provider, id string, pence int64, occurred string) Entry {
	return Entry{
		Kind: General, Occurred: occurred, Description: "Paid out to the bank", Reference: cut(id), EnteredBy: enteredBy(provider),
		Postings: []Posting{{Account: Clearing, Amount: Pounds(pence)}, {Account: AtProvider, Amount: Pounds(-pence)}},
	}
}

// cut keeps a provider's id within what a reference holds.
func cut(s string) string {
	if len(s) > MaxReference {
		return s[:MaxReference]
	}
	return s
}
