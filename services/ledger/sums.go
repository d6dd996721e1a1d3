package ledger

import (
	"slices"
	"strings"
)

// Sum is what the postings of an account come to over some days, in pence.
type Sum struct {
	// Balance is debits less credits.
	Balance int64
	// Received and Paid are what came into and went out of bank and cash on account of it ([Cashed]).
	Received, Paid int64
}

// Sums are sums by account.
type Sums map[string]Sum

// Period holds the sums that reports are made of.
type Period struct {
	// From and To are the first and the last date that count; To is included.
	From, To string
	// Before are the sums over all days before From, Within those from From to To.
	Before, Within Sums
	// Names are the names of accounts that are not in [Chart]; nil where there are none.
	Names map[string]string
}

// Name gives names to accounts that are not in [Chart].
func (p *Period) Name(added []Account) {
	for _, a := range added {
		if p.Names == nil {
			p.Names = map[string]string{}
		}
		p.Names[a.ID] = a.Name
	}
}

func (p Period) nameOf(id string) string {
	if n, ok := p.Names[id]; ok {
		return n
	}
	return nameOf(id)
}

// At returns the balances at the end of the period, by account, in pence.
func (p Period) At() map[string]int64 {
	out := map[string]int64{}
	for _, sums := range []Sums{p.Before, p.Within} {
		for account, s := range sums {
			out[account] += s.Balance
		}
	}
	for account, pence := range out {
		if pence == 0 {
			delete(out, account)
		}
	}
	return out
}

// IsCash reports whether an account is money at hand: bank and cash, and their sub-accounts. What a payment provider has
// not yet paid out is owed to the society and is not at hand.
func IsCash(account string) bool {
	for _, a := range []string{Bank, Cash} {
		if account == a || strings.HasPrefix(account, a+":") {
			return true
		}
	}
	return false
}

// Adder adds up a journal, entry by entry in order of number, into the sums of a period. Its memory grows with the number of
// accounts and of reversals.
type Adder struct {
	Period
	// undoing has the reversals that undo: those at an odd place in their chain.
	undoing map[string]bool
}

// NewAdder returns an adder for the days from one date to another, both included.
func NewAdder(from, to string) *Adder {
	return &Adder{Period: Period{From: from, To: to, Before: Sums{}, Within: Sums{}}, undoing: map[string]bool{}}
}

// Add adds an entry.
func (a *Adder) Add(e Entry) {
	if e.Reverses != "" && !a.undoing[e.Reverses] {
		a.undoing[e.ID] = true
	}
	if e.Occurred > a.To {
		return
	}
	into := a.Within
	if e.Occurred < a.From {
		into = a.Before
	}
	Cashed(e, a.undoing[e.ID], func(account string, s Sum) {
		sum := into[account]
		into[account] = Sum{sum.Balance + s.Balance, sum.Received + s.Received, sum.Paid + s.Paid}
	})
}

// Cashed calls yield with what each posting of an entry adds to its account. Where the entry moves bank or cash, its
// other postings say on account of what: a credit is a receipt, a debit a payment. A reversal that undoes takes back from the side
// on which the receipt or payment stood, so that a donation entered by mistake is not shown as given and paid back.
func Cashed(e Entry, undoes bool, yield func(account string, s Sum)) {
	moves := slices.ContainsFunc(e.Postings, func(p Posting) bool { return IsCash(p.Account) })
	for _, p := range e.Postings {
		s := Sum{Balance: p.Amount.Pence}
		if moves && !IsCash(p.Account) {
			if (p.Amount.Pence < 0) != undoes {
				s.Received = -p.Amount.Pence
			} else {
				s.Paid = p.Amount.Pence
			}
		}
		yield(p.Account, s)
	}
}

// typeOf is the type of an account: the chart's, or for one that is not in the chart the one that its first word names.
func typeOf(id string) AccountType {
	if a, ok := FindAccount(id); ok {
		return a.Type
	}
	first, _, _ := strings.Cut(id, ":")
	return firstWords[first]
}

func nameOf(id string) string {
	if a, ok := FindAccount(id); ok {
		return a.Name
	}
	return id
}

// section makes a section of the accounts that have something, by account, one column of pence.
func (p Period) section(key string, figures map[string]int64) Section {
	s := Section{Key: key}
	total := int64(0)
	for account, pence := range figures {
		if pence == 0 {
			continue
		}
		total += pence
		s.Lines = append(s.Lines, ReportLine{Key: account, Name: p.nameOf(account), Cells: []Cell{figure(pence)}})
	}
	slices.SortFunc(s.Lines, func(a, b ReportLine) int { return strings.Compare(a.Key, b.Key) })
	s.Total = []Cell{figure(total)}
	return s
}

// total is a section of one figure.
func total(key string, pence int64) Section { return Section{Key: key, Total: []Cell{figure(pence)}} }

func amountColumn() []Column { return []Column{{"amount", InPence}} }
