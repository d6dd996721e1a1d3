package ledger

// IncomeAndExpenditure is what the society earned and spent in a period, whether or not it was paid yet, and the
// surplus: income less expenditure (Co-operative and Community Benefit Societies Act 2014, section 80: a revenue account). A period
// is not affected by what happened before or after it.
func IncomeAndExpenditure(p Period) Report {
	income, spent := map[string]int64{}, map[string]int64{}
	surplus := int64(0)
	for account, s := range p.Within {
		switch typeOf(account) {
		case Income:
			income[account] = -s.Balance
		case Expense:
			spent[account] = s.Balance
		default:
			continue
		}
		surplus -= s.Balance
	}
	return Report{
		Kind: IncomeReport, From: p.From, To: p.To, Columns: amountColumn(),
		Sections: []Section{p.section("income", income), p.section("expenditure", spent), total("surplus", surplus)},
	}
}
