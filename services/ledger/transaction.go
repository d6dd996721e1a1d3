package ledger

import (
	"fmt"
	"slices"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Books are what a decision about a new entry looks at, beside the entry.
type Books struct {
	// Accounts are the whole chart.
	Accounts Accounts
	// Funds are the ids of the funds.
	Funds []string
	// ClosedThrough is the last day of the last closed period, or empty.
	ClosedThrough string
	// Rule is what the rule book in force says about money.
	Rule Rule
}

// Transaction is what an officer asks to be booked.
type Transaction struct {
	Occurred, Description, Reference string
	// Meeting is the meeting or event that it belongs to, or empty.
	Meeting string
	// Postings are two or more, summing to zero.
	Postings []Posting
}

// MaxMeeting is the most characters that the id of a meeting has.
const MaxMeeting = 64

func (b Books) checkPosting(bad []fault.Violation, field string, p Posting) []fault.Violation {
	a, ok := b.Accounts.Find(p.Account)
	switch {
	case !ok:
		return append(bad, fault.Violation{Field: field + ".account", Message: "Choose an account of the chart of accounts."})
	case p.Fund == "":
		return bad
	case !slices.Contains(b.Funds, p.Fund):
		return append(bad, fault.Violation{Field: field + ".fund", Message: "Choose a fund that is there."})
	case a.Type == Asset || a.Type == Liability:
		return append(bad, fault.Violation{Field: field + ".fund", Message: "Only income, expenses and equity belong to a fund."})
	}
	return bad
}

// NewTransaction makes an entry of any kind of money. It returns an Invalid fault that names each wrong field, and the
// faults of [Books.Admit] and [Balanced]. Whether a second officer must agree is for [Books.NeedsSecond] to say.
func (b Books) NewTransaction(t Transaction, today string) (Entry, error) {
	if len(t.Meeting) > MaxMeeting {
		return Entry{}, invalid([]fault.Violation{{Field: "meeting", Message: "Choose a meeting that is there."}})
	}
	e, err := newGeneral(b, t, today)
	if err != nil {
		return Entry{}, err
	}
	return e, b.Admit(e.Occurred)
}

// Admit returns a Conflict fault for a date that lies in a closed period: what is found later is booked in the open one.
func (b Books) Admit(occurred string) error {
	if occurred > b.ClosedThrough {
		return nil
	}
	return fault.New(fault.Conflict, "PERIOD_CLOSED",
		fmt.Sprintf("The books are closed up to %s. Book it on a later date, and say in the description what it is about.", b.ClosedThrough),
		fault.Violation{Field: "occur_date", Message: "Enter a date after " + b.ClosedThrough + ", up to which the books are closed."}).
		With("closed_through", b.ClosedThrough)
}

// Open returns the date itself if it lies in the open period, else the first open day. late is true then.
func (b Books) Open(date string) (open string, late bool) {
	if date > b.ClosedThrough {
		return date, false
	}
	return dayAfter(b.ClosedThrough), true
}

func dayAfter(date string) string {
	t, err := time.Parse(DateLayout, date)
	if err != nil {
		return date
	}
	return t.AddDate(0, 0, 1).Format(DateLayout)
}

// Spent returns what leaves the society by an entry: how much its assets grow less, in pence; 0 if they do not. A transfer
// between its own accounts is no spending.
func (b Books) Spent(postings []Posting) int64 {
	var assets int64
	for _, p := range postings {
		if a, ok := b.Accounts.Find(p.Account); ok && a.Type == Asset {
			assets += p.Amount.Pence
		}
	}
	return max(0, -assets)
}

// NeedsSecond returns a Conflict fault if the rule book wants a second officer for what an entry spends.
func (b Books) NeedsSecond(postings []Posting) error {
	spent := b.Spent(postings)
	if spent == 0 || spent <= b.Rule.SpendingAlone {
		return nil
	}
	return fault.New(fault.Conflict, "SPENDING_NEEDS_SECOND",
		fmt.Sprintf("The rules let one officer spend up to £%s. Propose this, and a second officer approves it.", Decimal(b.Rule.SpendingAlone)),
		fault.Violation{Field: "postings", Message: "This is more than one officer may spend: propose it to a second one."})
}

// AsShare books a member's first £1 as share capital where the rule says that the £1 is a share; what is beyond it stays a
// donation. It returns the entry as it is otherwise.
func (e Entry) AsShare(r Rule) Entry {
	if !r.PoundIsShare || !e.Counts() || e.Repeated || len(e.Postings) != 2 {
		return e
	}
	whole := e.Postings[0].Amount.Pence
	e.Postings = []Posting{e.Postings[0], {Account: ShareCapital, Amount: Pounds(-MembershipPence)}}
	if rest := whole - MembershipPence; rest > 0 {
		e.Postings = append(e.Postings, Posting{Account: Donations, Amount: Pounds(-rest)})
	}
	return e
}

// CorrectsClosed says in a reversal's description that the period of what it reverses was closed.
func (b Books) CorrectsClosed(e, of Entry) Entry {
	if of.Occurred <= b.ClosedThrough {
		e.Description += fmt.Sprintf(", of %s, after the books were closed up to %s", of.Occurred, b.ClosedThrough)
	}
	return e
}

// OpeningBalances makes the entry with which the books begin: what there was, against equity:opening.
func (b Books) OpeningBalances(occurred string, balances []Posting, today string) (Entry, error) {
	var sum int64
	for i, p := range balances {
		if p.Account == Opening {
			return Entry{}, fault.Field("ENTRY_INVALID", fmt.Sprintf("balances[%d].account", i), "The posting to opening balances is made by itself.")
		}
		if p.Amount.Pence > MaxPence || p.Amount.Pence < -MaxPence {
			return Entry{}, fault.Field("ENTRY_INVALID", fmt.Sprintf("balances[%d].amount_pence", i), "Enter an amount of at most £"+Decimal(MaxPence)+".")
		}
		sum += p.Amount.Pence
	}
	postings := slices.Clone(balances)
	if sum != 0 {
		postings = append(postings, Posting{Account: Opening, Amount: Pounds(-sum)})
	}
	return b.NewTransaction(Transaction{Occurred: occurred, Description: "Opening balances", Postings: postings}, today)
}
