package ledger

// Rule is what a version of the rule book says about money.
type Rule struct {
	// Book is the rule book's version; 0 before the first.
	Book int32
	// From is when it came into force, in microseconds since 1970.
	From int64
	// PoundIsShare is true if a member's £1 is a share and not a donation.
	PoundIsShare bool
	// SpendingAlone is the most that one officer may spend without a second, in pence.
	SpendingAlone int64
}

// RuleAt returns the rule in force at an instant in microseconds: the one that came into force last, the later version where
// two did at once. Before the first rule book the £1 is a donation and all spending needs a second officer.
func RuleAt(rules []Rule, at int64) Rule {
	var in Rule
	for _, r := range rules {
		if r.From > at || r.From < in.From || (r.From == in.From && r.Book < in.Book) {
			continue
		}
		in = r
	}
	return in
}
