package statement

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// The orders in which a date may be written.
const (
	DayFirst   = "day-first"
	MonthFirst = "month-first"
)

// monthFirst are the ways in which a date with the month first is written; the unmistakable ones are read as well.
var monthFirst = []string{"01/02/2006", "1/2/2006", Layout, "01/02/06", "01-02-2006", "Jan 2, 2006", "2 Jan 2006", "20060102"}

// Columns says what stands where in a CSV file. A column is named as its header names it, in any case, or "#3" for the
// third; "Amount (*)" is a header with the currency in brackets. The JSON of it may be saved.
type Columns struct {
	// Name is what a program calls it, Title a person.
	Name  string `json:"name,omitempty"`
	Title string `json:"title,omitempty"`
	// Header are the headings by which the header row is known, and a file is known to be this bank's. Without any, the
	// file has no header row and the columns are numbers.
	Header []string `json:"header,omitempty"`
	// Date and either Amount or In and Out are needed.
	Date   string `json:"date"`
	Valued string `json:"valued,omitempty"`
	Amount string `json:"amount,omitempty"`
	In     string `json:"in,omitempty"`
	Out    string `json:"out,omitempty"`
	// Description are one or more columns, joined.
	Description  []string `json:"description,omitempty"`
	Counterparty string   `json:"counterparty,omitempty"`
	Reference    string   `json:"reference,omitempty"`
	Kind         string   `json:"kind,omitempty"`
	Balance      string   `json:"balance,omitempty"`
	BankID       string   `json:"bank_id,omitempty"`
	Currency     string   `json:"currency,omitempty"`
	Bank         string   `json:"bank,omitempty"`
	Account      string   `json:"account,omitempty"`
	// Dates is DayFirst (or empty) or MonthFirst.
	Dates string `json:"dates,omitempty"`
	// Comma is true if decimals stand after a comma, Negated if what went out is positive in Amount, OutNegative if it is
	// negative in Out.
	Comma       bool `json:"comma,omitempty"`
	Negated     bool `json:"negated,omitempty"`
	OutNegative bool `json:"out_negative,omitempty"`
}

// Set sets one part by the name that its JSON has: "date", "amount", "description" (may be set again to add a column).
func (c *Columns) Set(part, value string) error {
	texts := map[string]*string{
		"date": &c.Date, "valued": &c.Valued, "amount": &c.Amount, "in": &c.In, "out": &c.Out, "counterparty": &c.Counterparty,
		"reference": &c.Reference, "kind": &c.Kind, "balance": &c.Balance, "bank_id": &c.BankID, "currency": &c.Currency,
		"bank": &c.Bank, "account": &c.Account, "dates": &c.Dates,
	}
	flags := map[string]*bool{"comma": &c.Comma, "negated": &c.Negated, "out_negative": &c.OutNegative}
	if t, ok := texts[part]; ok {
		*t = value
		return nil
	}
	if f, ok := flags[part]; ok {
		b, err := strconv.ParseBool(value)
		if err != nil {
			return fault.Field("COLUMNS_INVALID", part, fmt.Sprintf("%s is yes or no: write true or false.", part))
		}
		*f = b
		return nil
	}
	if part == "description" {
		c.Description = append(c.Description, value)
		return nil
	}
	return fault.Field("COLUMNS_INVALID", part, fmt.Sprintf("There is no part %s of a column map.", quoted(part)))
}

// Check returns an Invalid fault if the map is not enough to read a line with.
func (c *Columns) Check() error {
	var bad []fault.Violation
	say := func(field, message string) { bad = append(bad, fault.Violation{Field: field, Message: message}) }
	if c.Date == "" {
		say("date", "Say which column holds the date.")
	}
	switch {
	case c.Amount != "" && (c.In != "" || c.Out != ""):
		say("amount", "Say either one column for the amount, or one for money in and one for money out.")
	case c.Amount == "" && (c.In == "" || c.Out == ""):
		say("amount", "Say which column holds the amount, or which hold money in and money out.")
	}
	if c.Dates != "" && c.Dates != DayFirst && c.Dates != MonthFirst {
		say("dates", "Dates are day-first or month-first.")
	}
	named, numbered := 0, 0
	for _, col := range c.all() {
		if _, ok := columnNumber(col); ok {
			numbered++
		} else if strings.HasPrefix(col, "#") {
			say("columns", fmt.Sprintf("%s is not the number of a column.", quoted(col)))
		} else {
			named++
		}
	}
	if named > 0 && numbered > 0 {
		say("columns", "Name all columns by their headings, or all by their numbers.")
	}
	if len(bad) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "COLUMNS_INVALID", bad[0].Message, bad...)
}

// all returns the columns that the map uses.
func (c *Columns) all() []string {
	cols := append([]string{c.Date, c.Valued, c.Amount, c.In, c.Out, c.Counterparty, c.Reference, c.Kind, c.Balance, c.BankID, c.Currency, c.Bank, c.Account}, c.Description...)
	return slices.DeleteFunc(cols, func(s string) bool { return s == "" })
}

// numbered reports whether the map counts columns, so that the file has no header row.
func (c *Columns) numbered() bool { _, ok := columnNumber(c.Date); return ok }

func columnNumber(s string) (int, bool) {
	rest, ok := strings.CutPrefix(s, "#")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(rest)
	return n - 1, err == nil && n > 0 && n <= maxFields
}

// Presets are the column maps of banks, as their sites gave files in the years to 2026.
var Presets = []Columns{
	{Name: "barclays", Title: "Barclays", Header: []string{"Number", "Date", "Account", "Amount", "Subcategory", "Memo"},
		Date: "Date", Amount: "Amount", Description: []string{"Memo"}, Kind: "Subcategory", Account: "Account"},
	{Name: "hsbc", Title: "HSBC (without headings)", Date: "#1", Description: []string{"#2"}, Amount: "#3"},
	{Name: "hsbc-balance", Title: "HSBC (with balance)", Header: []string{"Date", "Type", "Description", "Paid out", "Paid in", "Balance"},
		Date: "Date", In: "Paid in", Out: "Paid out", Description: []string{"Description"}, Kind: "Type", Balance: "Balance"},
	{Name: "lloyds", Title: "Lloyds, Halifax, Bank of Scotland, TSB",
		Header: []string{"Transaction Date", "Transaction Type", "Sort Code", "Account Number", "Transaction Description", "Debit Amount", "Credit Amount", "Balance"},
		Date:   "Transaction Date", In: "Credit Amount", Out: "Debit Amount", Description: []string{"Transaction Description"},
		Kind: "Transaction Type", Balance: "Balance", Bank: "Sort Code", Account: "Account Number"},
	{Name: "natwest", Title: "NatWest, Royal Bank of Scotland", Header: []string{"Date", "Type", "Description", "Value", "Balance", "Account Name", "Account Number"},
		Date: "Date", Amount: "Value", Description: []string{"Description"}, Kind: "Type", Balance: "Balance", Account: "Account Number"},
	{Name: "santander", Title: "Santander", Header: []string{"Date", "Description", "Money in", "Money out", "Balance"},
		Date: "Date", In: "Money in", Out: "Money out", Description: []string{"Description"}, Balance: "Balance"},
	{Name: "santander-signed", Title: "Santander and others (date, description, amount, balance)", Header: []string{"Date", "Description", "Amount", "Balance"},
		Date: "Date", Amount: "Amount", Description: []string{"Description"}, Balance: "Balance"},
	{Name: "nationwide", Title: "Nationwide", Header: []string{"Date", "Transaction type", "Description", "Paid out", "Paid in", "Balance"},
		Date: "Date", In: "Paid in", Out: "Paid out", Description: []string{"Description"}, Kind: "Transaction type", Balance: "Balance"},
	{Name: "monzo", Title: "Monzo", Header: []string{"Transaction ID", "Date", "Type", "Name", "Amount", "Currency", "Notes and #tags", "Description"},
		Date: "Date", Amount: "Amount", Description: []string{"Description", "Notes and #tags"}, Counterparty: "Name", Kind: "Type", BankID: "Transaction ID", Currency: "Currency"},
	{Name: "starling", Title: "Starling", Header: []string{"Date", "Counter Party", "Reference", "Type", "Amount (*)", "Balance (*)"},
		Date: "Date", Amount: "Amount (*)", Counterparty: "Counter Party", Reference: "Reference", Kind: "Type", Balance: "Balance (*)"},
	{Name: "cooperative", Title: "The Co-operative Bank, Smile", Header: []string{"Date", "Description", "Type", "Money In", "Money Out", "Balance"},
		Date: "Date", In: "Money In", Out: "Money Out", Description: []string{"Description"}, Kind: "Type", Balance: "Balance"},
}

// Preset returns the preset of this name.
func Preset(name string) (Columns, bool) {
	i := slices.IndexFunc(Presets, func(c Columns) bool { return c.Name == name })
	if i < 0 {
		return Columns{}, false
	}
	return Presets[i], true
}

// find returns the place of a column in a header, and the currency if the heading holds it.
func find(header []string, column string) (int, string) {
	if n, ok := columnNumber(column); ok {
		return n, ""
	}
	before, ok := strings.CutSuffix(heading(column), "(*)")
	for i, h := range header {
		h = heading(h)
		if !ok && h == heading(column) {
			return i, ""
		}
		if rest, fits := strings.CutPrefix(h, before); ok && fits && strings.HasPrefix(rest, "(") && strings.HasSuffix(rest, ")") {
			return i, strings.ToUpper(rest[1 : len(rest)-1])
		}
	}
	return -1, ""
}

// heading is a heading as compared: in lower case, with single spaces.
func heading(s string) string { return strings.ToLower(tidy(s)) }

// recognised returns the most demanding preset whose headings all stand in a row.
func recognised(row []string) (Columns, bool) {
	best := Columns{}
	for _, p := range Presets {
		if len(p.Header) <= len(best.Header) {
			continue
		}
		fits := true
		for _, h := range p.Header {
			at, _ := find(row, h)
			fits = fits && at >= 0
		}
		if fits {
			best = p
		}
	}
	return best, len(best.Header) > 0
}

// words are headings by which a bank that has no preset is understood. They never cover each other.
var words = []struct {
	part  string
	names []string
}{
	{"date", []string{"date", "transaction date", "booking date", "posted date", "posting date", "completed date", "date completed (utc)"}},
	{"valued", []string{"value date"}},
	{"amount", []string{"amount", "value", "transaction amount", "amount (gbp)", "amount gbp", "net amount"}},
	{"in", []string{"money in", "paid in", "credit", "credit amount", "credits", "in", "deposits", "receipts"}},
	{"out", []string{"money out", "paid out", "debit", "debit amount", "debits", "out", "withdrawals", "payments"}},
	{"description", []string{"description", "transaction description", "details", "narrative", "memo", "transaction", "transactions", "particulars"}},
	{"counterparty", []string{"payee", "counterparty", "counter party", "name", "merchant", "payer"}},
	{"reference", []string{"reference", "payment reference", "ref"}},
	{"kind", []string{"type", "transaction type", "code"}},
	{"balance", []string{"balance", "running balance", "balance (gbp)"}},
	{"bank_id", []string{"transaction id", "id"}},
	{"currency", []string{"currency", "payment currency"}},
	{"bank", []string{"sort code"}},
	{"account", []string{"account number", "account"}},
}

// guessed makes a map of a header by its words, if they are enough.
func guessed(row []string) (Columns, bool) {
	c := Columns{Name: "guessed", Title: "columns understood by their headings"}
	for _, w := range words {
		for _, name := range w.names {
			if at, _ := find(row, name); at >= 0 {
				if err := c.Set(w.part, strings.TrimSpace(row[at])); err != nil {
					return c, false
				}
				break
			}
		}
	}
	if c.Amount != "" && c.In != "" && c.Out != "" {
		c.Amount = ""
	}
	if c.Amount != "" {
		c.In, c.Out = "", ""
	}
	if c.Check() != nil || len(c.Description) == 0 && c.Counterparty == "" && c.Reference == "" {
		return c, false
	}
	c.Header = c.all()
	return c, true
}
