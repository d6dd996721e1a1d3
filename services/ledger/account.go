package ledger

import "slices"

// AccountType is one of the five types of double entry.
type AccountType string

// The types. Assets and expenses are debits by nature; liabilities, equity and income credits.
const (
	Asset     AccountType = "asset"
	Liability AccountType = "liability"
	Equity    AccountType = "equity"
	Income    AccountType = "income"
	Expense   AccountType = "expense"
)

// Account is a line of the chart of accounts.
type Account struct {
	// ID is the name as plain-text accounting tools write it: "assets:bank".
	ID string
	// Name is the name for people.
	Name string
	// Type is one of the five.
	Type AccountType
}

// The accounts that donations use.
const (
	Bank      = "assets:bank"
	Cash      = "assets:cash"
	Donations = "income:donations"
)

// Chart is the chart of accounts of a small society, by id. An entry may use only these.
var Chart = []Account{
	{Bank, "Bank account", Asset},
	{Cash, "Cash in hand", Asset},
	{Clearing, "Paid out by a provider, not yet in the bank", Asset},
	{"assets:provider", "Payment provider, not yet paid out", Asset},
	{"equity:opening", "Opening balances", Equity},
	{"expenses:fees", "Bank and payment fees", Expense},
	{"expenses:hall", "Hall hire", Expense},
	{"expenses:other", "Other spending", Expense},
	{"expenses:refreshments", "Refreshments", Expense},
	{"expenses:travel", "Travel", Expense},
	{Donations, "Donations", Income},
	{"income:grants", "Grants", Income},
	{"income:sponsorship", "Sponsorship", Income},
	{"liabilities:creditors", "Money owed to others", Liability},
}

// FindAccount returns the account with this id.
func FindAccount(id string) (Account, bool) {
	i := slices.IndexFunc(Chart, func(a Account) bool { return a.ID == id })
	if i < 0 {
		return Account{}, false
	}
	return Chart[i], true
}
