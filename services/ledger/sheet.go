package ledger

// BalanceSheet is what the society has and owes at the end of a date, and what of it is its own: capital, and the
// surplus of all years so far (Co-operative and Community Benefit Societies Act 2014, section 80: a balance sheet). What it has
// less what it owes is always what is its own.
func BalanceSheet(p Period) Report {
	assets, owed, own := map[string]int64{}, map[string]int64{}, map[string]int64{}
	net, surplus := int64(0), int64(0)
	for account, pence := range p.At() {
		switch typeOf(account) {
		case Asset:
			assets[account] = pence
			net += pence
		case Liability:
			owed[account] = -pence
			net += pence
		case Equity:
			own[account] = -pence
		case Income, Expense:
			surplus -= pence
		}
	}
	funds := p.section("own", own)
	if surplus != 0 {
		funds.Lines = append(funds.Lines, ReportLine{Key: "surplus", Cells: []Cell{figure(surplus)}})
		funds.Total[0].Number += surplus
	}
	return Report{
		Kind: SheetReport, To: p.To, Columns: amountColumn(),
		Sections: []Section{p.section("assets", assets), p.section("liabilities", owed), total("net", net), funds},
	}
}
