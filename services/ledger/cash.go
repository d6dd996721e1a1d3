package ledger

import (
	"fmt"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// MaxGifts bounds the list of one meeting's cash.
const MaxGifts = 500

// Gift is what one person gave in cash, or other cash that came in.
type Gift struct {
	// Member is who gave, or empty where Account is an income account.
	Member  string `json:"member,omitempty"`
	Account string `json:"account,omitempty"`
	Pence   int64  `json:"pence"`
}

// Counted is what one person counted.
type Counted struct {
	Counter string
	Pence   int64
	// At is when, in microseconds since 1970.
	At int64
}

// CheckGifts checks a meeting's list and returns its total. It returns an Invalid fault that names each wrong line.
func (b Books) CheckGifts(occurred string, gifts []Gift, today string) (int64, error) {
	var bad []fault.Violation
	bad = checkDate(bad, occurred, today)
	if len(gifts) == 0 || len(gifts) > MaxGifts {
		bad = append(bad, fault.Violation{Field: "gifts", Message: fmt.Sprintf("Enter 1 to %d lines.", MaxGifts)})
	}
	var total int64
	for i, g := range gifts {
		field := fmt.Sprintf("gifts[%d]", i)
		a, known := b.Accounts.Find(g.Account)
		switch {
		case (g.Member == "") == (g.Account == ""):
			bad = append(bad, fault.Violation{Field: field + ".member", Message: "Choose who gave it, or an account."})
		case g.Account != "" && (!known || a.Type != Income):
			bad = append(bad, fault.Violation{Field: field + ".account", Message: "Choose an account of income."})
		}
		if g.Pence <= 0 || g.Pence > MaxPence/MaxGifts {
			bad = append(bad, fault.Violation{Field: field + ".amount_pence", Message: "Enter an amount of at least 1p."})
			continue
		}
		total += g.Pence
	}
	if err := invalid(bad); err != nil {
		return 0, err
	}
	return total, b.Admit(occurred)
}

// Agree compares the counts of a meeting's cash with its list. The last count of each person counts. agreed is true when two
// people have counted just what the list comes to; differs when two have counted and that is not so.
func Agree(total int64, counts []Counted) (agreed, differs bool) {
	last := map[string]int64{}
	for _, c := range counts {
		last[c.Counter] = c.Pence
	}
	right := 0
	for _, pence := range last {
		if pence == total {
			right++
		}
	}
	return right >= 2, right < 2 && len(last) >= 2
}

// BookCash makes the entries of a meeting's cash, one a line of the list. given says of each member whether their £1
// stands already; a second line of a member sees the first.
func (b Books) BookCash(occurred, meeting string, gifts []Gift, given map[string]bool, today string) ([]Entry, error) {
	seen := map[string]bool{}
	var all []Entry
	for _, g := range gifts {
		if g.Member == "" {
			e, err := b.NewTransaction(Transaction{
				Occurred: occurred, Description: "Cash at a meeting", Meeting: meeting,
				Postings: []Posting{{Account: Cash, Amount: Pounds(g.Pence)}, {Account: g.Account, Amount: Pounds(-g.Pence)}},
			}, today)
			if err != nil {
				return nil, err
			}
			all = append(all, e)
			continue
		}
		e, err := NewDonation(g.Member, g.Pence, ByCash, occurred, "", today, given[g.Member] || seen[g.Member])
		if err != nil {
			return nil, err
		}
		if err := b.Admit(occurred); err != nil {
			return nil, err
		}
		seen[g.Member] = seen[g.Member] || e.Counts()
		e.Meeting = meeting
		all = append(all, e.AsShare(b.Rule))
	}
	return all, nil
}

// BankCash makes the entry of paying a meeting's cash in.
func (b Books) BankCash(occurred, meeting string, pence int64, today string) (Entry, error) {
	return b.NewTransaction(Transaction{
		Occurred: occurred, Description: "Cash of a meeting paid in", Meeting: meeting,
		Postings: []Posting{{Account: Bank, Amount: Pounds(pence)}, {Account: Cash, Amount: Pounds(-pence)}},
	}, today)
}
