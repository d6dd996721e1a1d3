package ledger

import (
	"slices"
	"strings"
)

// FundAdder adds up what came into each fund and what was spent of it, entry by entry: a posting to an account of
// expenses is spending, any other is income.
type FundAdder map[string]Fund

// Add adds an entry.
func (a FundAdder) Add(e Entry) {
	for _, p := range e.Postings {
		if p.Fund == "" {
			continue
		}
		f := a[p.Fund]
		f.ID = p.Fund
		if typeOf(p.Account) == Expense {
			f.Spent += p.Amount.Pence
		} else {
			f.Income -= p.Amount.Pence
		}
		a[p.Fund] = f
	}
}

// RestrictedFunds reports what is left of each fund at the end of a date. Nothing is left out: a fund that is used up is shown
// with nothing left, and one that was overspent with less.
func RestrictedFunds(funds []Fund, to string) Report {
	r := Report{Kind: FundsReport, To: to, Columns: []Column{{"came", InPence}, {"spent", InPence}, {"left", InPence}}}
	s := Section{Key: "funds"}
	var came, spent int64
	funds = slices.Clone(funds)
	slices.SortFunc(funds, func(a, b Fund) int { return strings.Compare(a.ID, b.ID) })
	for _, f := range funds {
		came, spent = came+f.Income, spent+f.Spent
		s.Lines = append(s.Lines, ReportLine{Key: f.ID, Name: f.Name, Cells: []Cell{figure(f.Income), figure(f.Spent), figure(f.Income - f.Spent)}})
	}
	s.Total = []Cell{figure(came), figure(spent), figure(came - spent)}
	r.Sections = []Section{s}
	return r
}
