package ledger

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

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

// The accounts that decisions use by themselves.
const (
	Bank         = "assets:bank"
	Cash         = "assets:cash"
	Donations    = "income:donations"
	Opening      = "equity:opening"
	ShareCapital = "equity:shares"
	Fees         = "expenses:fees"
)

// Chart is the chart of accounts of a small society, by id. An entry may use only these and those that the treasurer
// added ([NewAccount]).
var Chart = []Account{
	{Bank, "Bank account", Asset},
	{Cash, "Cash in hand", Asset},
	{"assets:provider", "Payment provider, not yet paid out", Asset},
	{Opening, "Opening balances", Equity},
	{ShareCapital, "Share capital", Equity},
	{Fees, "Bank and payment fees", Expense},
	{"expenses:hall", "Hall hire", Expense},
	{"expenses:other", "Other spending", Expense},
	{"expenses:refreshments", "Refreshments", Expense},
	{"expenses:travel", "Travel", Expense},
	{Donations, "Donations", Income},
	{"income:grants", "Grants", Income},
	{"income:other", "Other income", Income},
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

// Accounts are the whole chart: [Chart] and what was added to it.
type Accounts []Account

// AllAccounts returns the chart with what was added, by id.
func AllAccounts(added []Account) Accounts {
	all := append(slices.Clone(Chart), added...)
	slices.SortStableFunc(all, func(a, b Account) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Find returns the account with this id.
func (c Accounts) Find(id string) (Account, bool) {
	i := slices.IndexFunc(c, func(a Account) bool { return a.ID == id })
	if i < 0 {
		return Account{}, false
	}
	return c[i], true
}

// firstWords are how plain-text accounting tools begin an account of each type.
var firstWords = map[string]AccountType{"assets": Asset, "liabilities": Liability, "equity": Equity, "income": Income, "expenses": Expense}

var accountID = regexp.MustCompile(`^([a-z]+)((?::[a-z][a-z0-9-]*)+)$`)

// NewAccount makes an account that is added to the chart. It returns an Invalid fault for an id that is not words of small
// letters, digits and hyphens with colons between, the first of them assets, liabilities, equity, income or expenses; and an
// Exists fault for one that is there.
func NewAccount(id, name string, have Accounts) (Account, error) {
	var bad []fault.Violation
	parts := accountID.FindStringSubmatch(id)
	if parts == nil || len(id) > 60 || firstWords[parts[1]] == "" {
		bad = append(bad, fault.Violation{Field: "account", Message: "Enter an id like expenses:printing: assets, liabilities, equity, income or expenses, then small letters, digits and hyphens."})
	}
	bad = checkText(bad, "name", name, 1, 60)
	if err := invalid(bad); err != nil {
		return Account{}, err
	}
	if a, ok := have.Find(id); ok {
		return Account{}, fault.New(fault.Exists, "ACCOUNT_EXISTS", fmt.Sprintf("The account %s is there already: %s.", id, a.Name),
			fault.Violation{Field: "account", Message: "There is an account with this id already."})
	}
	return Account{ID: id, Name: strings.TrimSpace(name), Type: firstWords[parts[1]]}, nil
}

var fundID = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)

// Fund is money that may be spent on one purpose only.
type Fund struct {
	ID, Name, Purpose string
	// Income and Spent are what came in and what went out up to a date, in pence; computed on reading.
	Income, Spent int64
}

// NewFund makes a fund. It returns an Invalid fault that names each wrong field.
func NewFund(id, name, purpose string) (Fund, error) {
	var bad []fault.Violation
	if !fundID.MatchString(id) {
		bad = append(bad, fault.Violation{Field: "fund", Message: "Enter an id of 2 to 40 small letters, digits and hyphens, like digital-grant-2026."})
	}
	bad = checkText(bad, "name", name, 1, 100)
	bad = checkText(bad, "purpose", purpose, 1, 500)
	if err := invalid(bad); err != nil {
		return Fund{}, err
	}
	return Fund{ID: id, Name: strings.TrimSpace(name), Purpose: strings.TrimSpace(purpose)}, nil
}
