// Package statement reads the files that banks give: CSV, OFX and CAMT.053.
//
// Each becomes the same thing, a [Statement] per account and period with its [Line]s in whole minor units (pence) of the
// account's currency. Reading is a stream: [Read] hands each line to a [Sink] as it is met, so that a file of a million
// lines needs no more memory than one of ten thousand. What is wrong with a line is a [Problem] that names the line of
// the file and says why in a treasurer's words; the lines around it are read on. A file that cannot be followed at all
// (it ends early, its tags do not match, it is no statement) is a fault.
//
// The readers are lenient where banks are sloppy (a missing header, an unclosed tag, a wrong character set, empty
// elements) and strict where money is at stake: an amount is never rounded, never guessed from two readings, and a line
// without a real date or amount is refused.
//
// The package decides only: it opens no file and keeps nothing.
//
// Sources: OFX 1.0.3 and 2.2 (ofx.org), ISO 20022 camt.053.001.02 to .14, RFC 4180 with the dialects of UK banks.
package statement

import (
	"fmt"
	"strings"
)

// Format is a format of bank files.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	OFX  Format = "ofx"
	CAMT Format = "camt053"
)

// Balance is what an account held.
type Balance struct {
	// Minor is the amount in minor units of Currency; negative if overdrawn.
	Minor int64
	// Currency is the ISO 4217 code. Some banks give it in another currency than the account's.
	Currency string
	// Date is YYYY-MM-DD, or empty if the file does not say.
	Date string
}

// Statement is one account over one period.
type Statement struct {
	// Number counts the statements of the file from 1, FileLine is where it begins.
	Number, FileLine int
	// Format and Version are those of the file: "camt053" and "8".
	Format  Format
	Version string
	// ID is the bank's own name for the statement, or empty.
	ID string
	// Bank is the sort code, bank code or BIC; Account the IBAN or account number; Name what it is called.
	Bank, Account, Name string
	// Currency is the account's ISO 4217 code.
	Currency string
	// From and To are the period, YYYY-MM-DD, empty if the file does not say.
	From, To string
	// Opening and Closing are nil if the file does not give them.
	Opening, Closing *Balance
	// Lines were read, and sum to Sum; In and Out are what came in and what went out (Out is negative), in minor units.
	Lines        int
	Sum, In, Out int64
	// Refused lines have something wrong and are in no sum. Pending ones are not booked yet and are left out.
	Refused, Pending int
	// BrokenAt is the first line of a CSV file whose running balance does not follow from its neighbour's, else 0.
	BrokenAt int
}

// Line is one booked movement of the account.
type Line struct {
	// ID is the same whenever the same movement is read again: see the package's identity rules at [Line.Repeats].
	ID string
	// Statement is the Number of its statement, Number its place there from 1, FileLine where it begins in the file.
	Statement, Number, FileLine int
	// Booked is the date on which the bank booked it, Valued the date from which it counts (empty if not given).
	Booked, Valued string
	// Minor is the amount in minor units of Currency: positive came in, negative went out.
	Minor    int64
	Currency string
	// Description is the bank's text, Counterparty who is on the other side, Reference what the payer wrote or the
	// structured reference, EndToEnd the payer's own identification.
	Description, Counterparty, Reference, EndToEnd string
	// CounterpartyAccount is the other side's account number or IBAN.
	CounterpartyAccount string
	// Kind is the bank's own code or word for the sort of movement.
	Kind string
	// BankID is the bank's own identification of the movement, or empty.
	BankID string
	// Reversal is true if the bank says that this takes back an earlier movement. The sign of Minor already says which way.
	Reversal bool
	// Repeats is true if an earlier line of the same file has the same identification of the bank, date, amount and text:
	// then it has that line's ID.
	//
	// The identity is a hash of account, date, amount, text and the bank's own identification. Where the bank gives none,
	// the number of its occurrence among equal lines of that date takes its place, so that two people giving £1 on one day
	// stay two. Amount and date are part of it even where the bank gives an identification: some banks use one twice, and
	// then both lines stand and a person sees them.
	Repeats bool
	// Running is the balance after the line, nil if not given.
	Running *int64
	// Parts are the single payments of a line that the bank booked as one sum.
	Parts []Part
}

// Part is one payment of a batch.
type Part struct {
	// Minor is the amount in minor units of the line's currency, signed as the line; HasAmount says that the bank gives it.
	Minor                                                               int64
	HasAmount                                                           bool
	Counterparty, CounterpartyAccount, Reference, EndToEnd, Description string
}

// Texts returns what a payer may have written into the line, fullest first; empty ones are left out.
func (l *Line) Texts() []string {
	var all []string
	for _, s := range [...]string{l.Reference, l.EndToEnd, l.Description, l.Counterparty} {
		if s != "" {
			all = append(all, s)
		}
	}
	return all
}

// Verdict is what comparing balances and lines gave.
type Verdict string

// The verdicts.
const (
	// Balanced: opening balance and lines make the closing balance.
	Balanced Verdict = "balanced"
	// Unbalanced: they do not.
	Unbalanced Verdict = "unbalanced"
	// Unchecked: the file does not say enough.
	Unchecked Verdict = "unchecked"
)

// Check compares the opening balance and the lines with the closing balance. difference is what the closing balance
// exceeds them by, in minor units; why is a sentence for a treasurer.
func (s *Statement) Check() (v Verdict, difference int64, why string) {
	switch {
	case s.Opening == nil && s.Closing == nil:
		return Unchecked, 0, "The file gives no balances."
	case s.Format == CSV && s.Refused > 0:
		return Unchecked, 0, fmt.Sprintf("The balances cannot be compared while %d lines are refused.", s.Refused)
	case s.Opening == nil:
		return Unchecked, 0, "The file gives no opening balance: compare the closing balance with the ledger's."
	case s.Closing == nil:
		return Unchecked, 0, "The file gives no closing balance."
	case s.Opening.Currency != s.Closing.Currency || (s.Lines > 0 && s.Opening.Currency != s.Currency):
		return Unchecked, 0, fmt.Sprintf("The balances are in different currencies (opening in %s, closing in %s, account in %s).",
			s.Opening.Currency, s.Closing.Currency, s.Currency)
	}
	difference = s.Closing.Minor - s.Opening.Minor - s.Sum
	switch {
	case difference != 0:
		return Unbalanced, difference, fmt.Sprintf("Opening balance %s and lines %s make %s, but the closing balance is %s: %s.",
			Decimal(s.Opening.Minor, s.Currency), Decimal(s.Sum, s.Currency), Decimal(s.Opening.Minor+s.Sum, s.Currency),
			Decimal(s.Closing.Minor, s.Currency), lines(s))
	case s.BrokenAt > 0:
		return Unbalanced, 0, fmt.Sprintf("The running balance does not follow at line %d: a line may be missing or changed.", s.BrokenAt)
	}
	return Balanced, 0, "Opening balance and lines make the closing balance."
}

func lines(s *Statement) string {
	if s.Refused > 0 {
		return fmt.Sprintf("%d refused lines are not counted", s.Refused)
	}
	return "a line may be missing or doubled"
}

// tidy makes one line of ordinary characters of a text, with single spaces, at most most bytes long.
func tidy(s string) string {
	const most = 1000
	clean := true
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || (c == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' ')) {
			clean = false
			break
		}
	}
	if !clean {
		s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), unordinary), " ")
	}
	if len(s) > most {
		s = strings.TrimSpace(strings.ToValidUTF8(s[:most], ""))
	}
	return s
}
