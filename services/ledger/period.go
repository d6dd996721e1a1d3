package ledger

import (
	"fmt"
	"slices"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Statement is what the bank says that an account held at the end of a period, in pence.
type Statement struct {
	Account string
	Pence   int64
}

// Check is what stands against closing a period.
type Check struct {
	// After and Through are the last days of the period before (empty for none) and of this one.
	After, Through string
	// Lines are bank lines up to the last day that belong to nothing; Evidence spending without evidence; Pending spending
	// that waits for a second officer; Cash lists that are not agreed or not banked.
	Lines, Evidence, Pending, Cash int64
	// Balances are what the ledger says of each account whose statement is compared, by the bank's date where it is known.
	Balances []Statement
}

// MayClose returns a fault unless the period may close with these balances on the bank's statements: everything matched,
// each statement's balance the ledger's, evidence complete, nothing waiting. The fault names the first that is missing:
// LINES_UNMATCHED, BALANCE_DIFFERS, EVIDENCE_MISSING, SPENDING_PENDING or CASH_OPEN; and PERIOD_DATE for a last day that is
// not a day, not after the last closed one, or not over yet.
func (c Check) MayClose(typed []Statement, today string) error {
	if _, err := time.Parse(DateLayout, c.Through); err != nil || c.Through >= today || c.Through <= c.After {
		return fault.Field("PERIOD_DATE", "through", "Enter a day before today, after the last day up to which the books are closed.")
	}
	if c.Lines > 0 {
		return fault.New(fault.Conflict, "LINES_UNMATCHED", fmt.Sprintf("%d bank lines up to %s belong to nothing yet. Match them or set them aside.", c.Lines, c.Through))
	}
	for _, have := range c.Balances {
		i := slices.IndexFunc(typed, func(s Statement) bool { return s.Account == have.Account })
		if i < 0 {
			return fault.Field("BALANCE_DIFFERS", "balances", "Enter the balance on the statement of "+have.Account+".")
		}
		if d := typed[i].Pence - have.Pence; d != 0 {
			return fault.New(fault.Conflict, "BALANCE_DIFFERS",
				fmt.Sprintf("The statement of %s says £%s and the ledger £%s: they differ by £%s.", have.Account, Decimal(typed[i].Pence), Decimal(have.Pence), Decimal(d)),
				fault.Violation{Field: "balances", Message: "The balance on the statement is not the ledger's: they differ by £" + Decimal(d) + "."}).
				With("difference_pence", fmt.Sprint(d))
		}
	}
	switch {
	case c.Evidence > 0:
		return fault.New(fault.Conflict, "EVIDENCE_MISSING", fmt.Sprintf("%d entries of spending have no evidence. Attach it, or say why there is none.", c.Evidence))
	case c.Pending > 0:
		return fault.New(fault.Conflict, "SPENDING_PENDING", fmt.Sprintf("%d payments wait for a second officer.", c.Pending))
	case c.Cash > 0:
		return fault.New(fault.Conflict, "CASH_OPEN", fmt.Sprintf("The cash of %d meetings is not agreed or not paid in.", c.Cash))
	}
	return nil
}

// Second returns a Denied fault unless the two are different people: SAME_OFFICER.
func Second(first, second string) error {
	if first != second {
		return nil
	}
	return fault.New(fault.Denied, "SAME_OFFICER", "Somebody else has to agree to this: you proposed it.")
}

// Proposed returns a Conflict fault for what is no longer proposed: ALREADY_DECIDED.
func Proposed(state string) error {
	if state == "proposed" {
		return nil
	}
	return fault.New(fault.Conflict, "ALREADY_DECIDED", "This was decided already: it is "+state+".")
}

// Reason checks why an officer does something: 1 to [MaxReason] characters of one line.
func Reason(reason string) error { return invalid(checkText(nil, "reason", reason, 1, MaxReason)) }
