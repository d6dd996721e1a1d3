package ledger

import "slices"

// Line is an account's balance in one of the two columns of a trial balance, in pence.
type Line struct {
	Account       Account
	Debit, Credit int64
}

// TrialBalance arranges sums by account, in pence with debits positive, into the two columns,
// by account id, and adds the columns up. Books of balanced entries make the totals equal. added are the accounts beside [Chart].
func TrialBalance(sums map[string]int64, added ...Account) (lines []Line, debit, credit int64) {
	all := AllAccounts(added)
	for id, pence := range sums {
		a, ok := all.Find(id)
		if !ok {
			a = Account{ID: id, Name: id}
		}
		l := Line{Account: a}
		if pence >= 0 {
			l.Debit = pence
		} else {
			l.Credit = -pence
		}
		debit, credit = debit+l.Debit, credit+l.Credit
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b Line) int {
		switch {
		case a.Account.ID < b.Account.ID:
			return -1
		case a.Account.ID > b.Account.ID:
			return 1
		}
		return 0
	})
	return lines, debit, credit
}

// TrialBalanceReport is the trial balance at the end of a period as a report.
func TrialBalanceReport(p Period) Report {
	lines, debit, credit := TrialBalance(p.At())
	s := Section{Key: "accounts", Total: []Cell{figure(debit), figure(credit)}}
	for _, l := range lines {
		side := []Cell{figure(l.Debit), nothing}
		if l.Credit != 0 {
			side = []Cell{nothing, figure(l.Credit)}
		}
		s.Lines = append(s.Lines, ReportLine{Key: l.Account.ID, Name: p.nameOf(l.Account.ID), Cells: side})
	}
	return Report{Kind: TrialReport, To: p.To, Columns: []Column{{"debit", InPence}, {"credit", InPence}}, Sections: []Section{s}}
}
