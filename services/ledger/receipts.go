package ledger

// ReceiptsAndPayments follows the money in bank and cash through a period: what was there, what came in and on
// account of what, what went out, what is there at the end. Opening and receipts less payments is always closing. Money
// moved between bank and cash is neither.
func ReceiptsAndPayments(p Period) Report {
	opening, closing := map[string]int64{}, map[string]int64{}
	in, out := map[string]int64{}, map[string]int64{}
	for account, s := range p.Before {
		if IsCash(account) {
			opening[account] += s.Balance
			closing[account] += s.Balance
		}
	}
	for account, s := range p.Within {
		if IsCash(account) {
			closing[account] += s.Balance
			continue
		}
		in[account], out[account] = s.Received, s.Paid
	}
	return Report{
		Kind: ReceiptsReport, From: p.From, To: p.To, Columns: amountColumn(),
		Sections: []Section{p.section("opening", opening), p.section("receipts", in), p.section("payments", out), p.section("closing", closing)},
	}
}
