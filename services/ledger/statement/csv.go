package statement

import (
	"errors"
	"io"
	"strings"
)

// preamble is how many rows may stand before the header.
const preamble = 30

// csvFile is the reading of a CSV file.
type csvFile struct {
	*course
	r       rows
	cols    Columns
	at      map[string]int // where each column of the map stands
	width   int
	amount  notation
	layouts []string
	account string // from the rows before the header
	in      string // currency from a heading
	chain   chain
	last    [2]string // the date read last, and what it is
}

func readCSV(c *course) error {
	r := &csvFile{course: c, at: map[string]int{}}
	r.r = rows{in: c.in, line: 1, separator: separate(c.in)}
	ready, err := r.header()
	if err != nil {
		return err
	}
	c.sum.Columns = r.cols.Name
	if !ready {
		return stopped(1, "STATEMENT_EMPTY", "The file has headings, but no line under them.")
	}
	for {
		if err := r.row(); err != nil {
			return err
		}
		if err := r.r.next(); err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			return err
		}
	}
	return r.endAccount()
}

// header finds the header row and stands at the first row after it; false if there is none.
func (r *csvFile) header() (bool, error) {
	if r.o.Columns != nil {
		if err := r.o.Columns.Check(); err != nil {
			return false, err
		}
		r.cols = *r.o.Columns
	}
	var seen []string
	for n := 0; ; n++ {
		err := r.r.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		if errors.Is(err, io.EOF) || n >= preamble {
			if r.o.Columns != nil {
				return false, stopped(1, "COLUMNS_MISSING", "No row has the headings %s. The file has: %s.", strings.Join(r.cols.all(), ", "), quoted(strings.Join(seen, ", ")))
			}
			return false, stopped(1, "COLUMNS_UNKNOWN", "The columns of this file are not known: choose the bank, or say which column is which. The file begins: %s.",
				quoted(strings.Join(seen, ", ")))
		}
		row := r.r.fields
		if n == 0 {
			seen = append(seen, row...)
		}
		switch {
		case r.o.Columns != nil && r.cols.numbered():
			r.place(nil)
			return true, nil
		case r.o.Columns != nil:
			if fits(row, r.cols.all()) {
				return r.under(row)
			}
		default:
			if p, ok := recognised(row); ok {
				r.cols = p
				return r.under(row)
			}
			if g, ok := guessed(row); ok {
				r.cols = g
				if err := r.note(r.r.start, "", "COLUMNS_GUESSED", "The bank is not known by these headings; they were understood by their words: look the lines over."); err != nil {
					return false, err
				}
				return r.under(row)
			}
			if n == 0 && bare(row) {
				r.cols, _ = Preset("hsbc")
				r.place(nil)
				return true, nil
			}
		}
		r.before(row)
	}
}

func fits(row, columns []string) bool {
	for _, c := range columns {
		if at, _ := find(row, c); at < 0 {
			return false
		}
	}
	return true
}

// bare reports whether a row is date, text and amount.
func bare(row []string) bool {
	if len(row) != 3 {
		return false
	}
	_, noDate := written(row[0], dayFirst)
	_, noAmount := csvAmount(false).parse(row[2], "GBP")
	return noDate == "" && noAmount == ""
}

func csvAmount(comma bool) notation {
	if comma {
		return notation{point: ',', group: '.', signed: true, symbols: true}
	}
	return notation{point: '.', group: ',', signed: true, symbols: true}
}

// before takes a row above the header: it may name the account.
func (r *csvFile) before(row []string) {
	if len(row) < 2 {
		return
	}
	switch strings.TrimSpace(strings.TrimSuffix(heading(row[0]), ":")) {
	case "account", "account name", "account number", "iban":
		r.account = first(tidy(row[1]), r.account)
	}
}

// under goes to the first row below the header.
func (r *csvFile) under(row []string) (bool, error) {
	r.width = len(row)
	r.place(row)
	err := r.r.next()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

func (r *csvFile) place(row []string) {
	for _, c := range r.cols.all() {
		at, currency := find(row, c)
		r.at[c] = at
		if c == r.cols.Amount && isCurrency(currency) {
			r.in = currency
		}
		if row == nil {
			r.width = max(r.width, at+1)
		}
	}
	r.amount = csvAmount(r.cols.Comma)
	r.layouts = dayFirst
	if r.cols.Dates == MonthFirst {
		r.layouts = monthFirst
	}
}

// cell returns a field by its column, empty if the map or the row has none. Apostrophes before it are a spreadsheet's.
func (r *csvFile) cell(column string) string {
	if column == "" {
		return ""
	}
	at := r.at[column]
	if at < 0 || at >= len(r.r.fields) {
		return ""
	}
	return strings.TrimLeft(r.r.fields[at], "'")
}

// row takes a row below the header.
func (r *csvFile) row() error {
	line := r.r.start
	if err := r.turn(line); err != nil {
		return err
	}
	if r.r.bad != "" {
		return r.refuse(line, "", "ROW_INVALID", "%s", r.r.bad)
	}
	filled := len(r.r.fields)
	for filled > 0 && r.r.fields[filled-1] == "" {
		filled--
	}
	if filled > r.width && len(r.cols.Header) > 0 {
		return r.refuse(line, "", "ROW_INVALID", "The row has %d fields, but there are %d headings: a text may hold a separator without quotation marks.", filled, r.width)
	}
	l := Line{FileLine: line, Currency: r.now.Currency, BankID: r.cell(r.cols.BankID), Kind: r.cell(r.cols.Kind),
		Counterparty: r.cell(r.cols.Counterparty), Reference: r.cell(r.cols.Reference)}
	if own := strings.ToUpper(r.cell(r.cols.Currency)); own != "" && own != r.now.Currency {
		return r.refuse(line, r.cols.Currency, "CURRENCIES_MIXED", "The amount is in %s, but the account is in %s.", quoted(own), r.now.Currency)
	}
	var texts []string
	for _, c := range r.cols.Description {
		texts = append(texts, r.cell(c))
	}
	if l.Description = joined(texts); l.Description == "" && l.Counterparty == "" && l.Reference == "" {
		l.Description = tidy(l.Kind)
	}
	var wrong string
	if l.Booked, wrong = r.day(r.cell(r.cols.Date)); wrong != "" {
		return r.refuse(line, r.cols.Date, "DATE_INVALID", "%s", wrong)
	}
	if v := r.cell(r.cols.Valued); v != "" {
		if l.Valued, wrong = written(v, r.layouts); wrong != "" {
			return r.refuse(line, r.cols.Valued, "DATE_INVALID", "%s", wrong)
		}
	}
	field, wrong := r.money(&l)
	if wrong != "" {
		return r.refuse(line, field, "AMOUNT_INVALID", "%s", wrong)
	}
	if b := r.cell(r.cols.Balance); b != "" {
		v, wrong := r.amount.parse(b, r.now.Currency)
		if wrong != "" {
			return r.refuse(line, r.cols.Balance, "BALANCE_INVALID", "The balance cannot be read. %s", wrong)
		}
		l.Running = &v
	}
	refused := r.now.Refused
	if err := r.line(l); err != nil || r.now.Refused > refused {
		return err
	}
	r.chain.add(&l, r.now.Sum)
	if r.now.From == "" || l.Booked < r.now.From {
		r.now.From = l.Booked
	}
	if l.Booked > r.now.To {
		r.now.To = l.Booked
	}
	return nil
}

func (r *csvFile) day(s string) (string, string) {
	if s == r.last[0] && s != "" {
		return r.last[1], ""
	}
	d, wrong := written(s, r.layouts)
	if wrong == "" {
		r.last = [2]string{strings.Clone(s), d}
	}
	return d, wrong
}

// money reads the amount, from one column or two.
func (r *csvFile) money(l *Line) (field, wrong string) {
	if r.cols.Amount != "" {
		l.Minor, wrong = r.amount.parse(r.cell(r.cols.Amount), r.now.Currency)
		if r.cols.Negated {
			l.Minor = -l.Minor
		}
		return r.cols.Amount, wrong
	}
	var in, out int64
	if s := r.cell(r.cols.In); s != "" {
		if in, wrong = r.amount.parse(s, r.now.Currency); wrong != "" {
			return r.cols.In, wrong
		}
	}
	if s := r.cell(r.cols.Out); s != "" {
		if out, wrong = r.amount.parse(s, r.now.Currency); wrong != "" {
			return r.cols.Out, wrong
		}
	}
	if r.cols.OutNegative {
		out = -out
	}
	switch {
	case in < 0 || out < 0:
		return r.cols.In, "A negative amount in a column for money in or money out can be read in two ways."
	case in != 0 && out != 0:
		return r.cols.In, "The line has money in and money out at once."
	case r.cell(r.cols.In) == "" && r.cell(r.cols.Out) == "":
		return r.cols.In, "The amount is missing."
	}
	l.Minor = in - out
	return "", ""
}

// turn begins a statement where the account changes.
func (r *csvFile) turn(line int) error {
	bank := first(tidy(r.cell(r.cols.Bank)), r.o.Bank)
	account := first(tidy(r.cell(r.cols.Account)), r.account, r.o.Account)
	if r.now.Number > 0 && (r.r.bad != "" || account == r.now.Account && bank == r.now.Bank || r.cols.Account != "" && r.cell(r.cols.Account) == "") {
		return nil
	}
	if r.now.Number > 0 {
		if err := r.endAccount(); err != nil {
			return err
		}
	}
	if err := r.start(line); err != nil {
		return err
	}
	r.chain = chain{}
	r.now.Bank, r.now.Account = bank, account
	r.now.Currency = first(strings.ToUpper(r.cell(r.cols.Currency)), r.in, r.o.Currency, "GBP")
	if !isCurrency(r.now.Currency) {
		return stopped(line, "CURRENCY_UNKNOWN", "%s is not a currency.", quoted(r.now.Currency))
	}
	return nil
}

func (r *csvFile) endAccount() error {
	r.chain.settle(&r.now)
	return r.end()
}
