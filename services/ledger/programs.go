package ledger

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Programs are the names of the accounting programs for which [NewProgram] writes files.
var Programs = []string{"xero", "quickbooks", "quickbooks-journal", "freeagent"}

// ProgramRows is how many lines Xero and QuickBooks take of one file of bank lines; a longer period is exported in parts
// by dates.
const ProgramRows = 1000

// NewProgram returns what writes the lines of one account of money as a bank statement that an accounting program imports
// (or, for quickbooks-journal, every entry as a journal). It returns an Invalid fault for a program or an account that it does not
// know. Dates are dd/mm/yyyy, money in is positive, money out negative:
//
//   - xero: Date, Amount, Payee, Description, Reference, Cheque Number. Xero Central, "Import a CSV bank statement": the
//     template's columns; at most 1,000 lines a file.
//   - quickbooks: Date, Description, Amount; descriptions without digits.
//     https://quickbooks.intuit.com/learn-support/en-uk/banking/import-bank-transactions-using-excel-csv-files/00/239741
//   - quickbooks-journal: Journal No., Journal Date, Account Name, Description, Debits, Credits; accounts by their names, which
//     must be in the chart there. https://quickbooks.intuit.com/learn-support/en-au/help-article/import-export-files/import-journal-entries-quickbooks-online/L4tQBwbs7_AU_en_AU
//   - freeagent: no header; date, amount, description; no commas or quotation marks in any of them.
//     https://support.freeagent.com/hc/en-gb/articles/115001222564-CSV-file-formats-for-bank-uploads
//
// Nothing in them names a giver, as in every export.
func NewProgram(program, account string) (Exporter, error) {
	if account == "" {
		account = Bank
	}
	if !IsCash(account) {
		return nil, fault.Field("ACCOUNT_NOT_MONEY", "account", "Choose an account of money: "+Bank+" or "+Cash+".")
	}
	switch program {
	case "xero":
		return statementFile{account, []string{"Date", "Amount", "Payee", "Description", "Reference", "Cheque Number"}, xeroLine}, nil
	case "quickbooks":
		return statementFile{account, []string{"Date", "Description", "Amount"}, quickbooksLine}, nil
	case "quickbooks-journal":
		return quickbooksJournal{}, nil
	case "freeagent":
		return statementFile{account, nil, freeagentLine}, nil
	}
	return nil, fault.Field("PROGRAM_UNKNOWN", "program", "Choose one of "+strings.Join(Programs, ", ")+".")
}

// statementFile writes the postings to one account as lines of a bank statement.
type statementFile struct {
	account string
	header  []string
	write   func(w io.Writer, date string, pence int64, e Entry) error
}

func (statementFile) ContentType() string { return "text/csv; charset=utf-8" }

func (s statementFile) Begin(w io.Writer) error {
	if s.header == nil {
		return nil
	}
	return line(w, s.header...)
}

func (s statementFile) Entry(w io.Writer, e Entry) error {
	for _, p := range e.Postings {
		if p.Account != s.account && !strings.HasPrefix(p.Account, s.account+":") {
			continue
		}
		if err := s.write(w, british(e.Occurred), p.Amount.Pence, e); err != nil {
			return err
		}
	}
	return nil
}

func (statementFile) End(io.Writer) error { return nil }

// british writes a date as dd/mm/yyyy.
func british(date string) string {
	d, err := time.Parse(DateLayout, date)
	if err != nil {
		return date
	}
	return d.Format("02/01/2006")
}

func xeroLine(w io.Writer, date string, pence int64, e Entry) error {
	return line(w, date, Decimal(pence), "", Neutral(e.Description), "Entry "+strconv.FormatInt(e.Number, 10), "")
}

func quickbooksLine(w io.Writer, date string, pence int64, e Entry) error {
	return line(w, date, Neutral(lettersOnly(e.Description)), Decimal(pence))
}

// lettersOnly takes digits and special characters out of a text, which QuickBooks refuses, and is never empty.
func lettersOnly(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || r == '-' || r == '.' {
			return r
		}
		return ' '
	}, s)
	if s = strings.Join(strings.Fields(s), " "); s == "" {
		return "Entry"
	}
	return s
}

func freeagentLine(w io.Writer, date string, pence int64, e Entry) error {
	text := strings.NewReplacer(",", " ", "\"", " ", "'", " ").Replace(fmt.Sprintf("%s (entry %d)", e.Description, e.Number))
	// The apostrophe of Neutral would be a quotation mark: what a spreadsheet would run gets a word before it.
	if text = strings.Join(strings.Fields(text), " "); Neutral(text) != text {
		text = "Text: " + text
	}
	_, err := fmt.Fprintf(w, "%s,%s,%s\r\n", date, Decimal(pence), text)
	return err
}

// quickbooksJournal writes every entry as a journal, a line a posting.
type quickbooksJournal struct{}

func (quickbooksJournal) ContentType() string { return "text/csv; charset=utf-8; header=present" }

func (quickbooksJournal) Begin(w io.Writer) error {
	return line(w, "Journal No.", "Journal Date", "Account Name", "Description", "Debits", "Credits")
}

func (quickbooksJournal) Entry(w io.Writer, e Entry) error {
	for _, p := range e.Postings {
		debit, credit := Decimal(p.Amount.Pence), ""
		if p.Amount.Pence < 0 {
			debit, credit = "", Decimal(-p.Amount.Pence)
		}
		if err := line(w, strconv.FormatInt(e.Number, 10), british(e.Occurred), nameOf(p.Account), Neutral(e.Description), debit, credit); err != nil {
			return err
		}
	}
	return nil
}

func (quickbooksJournal) End(io.Writer) error { return nil }
