// Package ledger decides what may stand in the books.
//
// The books are a journal of entries in double entry: each entry has two or more postings
// in whole pence that sum to zero, a positive posting debiting its account and a negative
// one crediting it. The journal only grows. What was wrong is answered by a reversal, an
// entry of its own that names the one it reverses and says why; both are shown together.
// Balances, the trial balance and who has given their £1 are computed from the journal,
// never kept beside it.
//
// An entry carries three dates: when it happened, which the treasurer says; when it was entered, which is the server's clock
// and which no request can set; and when the bank shows it, which the bank's statement says once a line of it is matched.
//
// A bank's file is read by package statement, and whose its lines are is proposed by package match. Importing keeps the lines
// and books nothing; matching a line books an entry for each of its shares ([Books.BookLine]) or links it to entries that are
// there ([LinkLine]). A line that belongs to nothing stays open, and stands against closing ([Check.MayClose]).
//
// Closing a period needs two officers and locks it: no entry may occur on or before its last day any more ([Books.Admit]), and
// what is found later is booked in the open period and says so. Spending above the rule book's limit needs two officers
// ([Books.NeedsSecond]), cash at a meeting two who counted the same ([Agree]). Money of a grant is tagged on the posting
// ([Posting].Fund), that of a meeting or event on the entry; both are public and stand in the leaf of the public log.
//
// Money is [Amount], pence with a currency, so that two currencies cannot be added by
// accident. The society keeps its books in pounds sterling.
package ledger

import (
	"fmt"
	"math"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// GBP is pounds sterling, in which the books are kept.
const GBP = "GBP"

// MaxPence bounds one posting: 10 million pounds, far above what the society will see and far
// below where sums of an entry's postings could overflow.
const MaxPence = 1_000_000_000

// Amount is money: whole pence of one currency.
type Amount struct {
	// Pence is the amount in hundredths of the currency.
	Pence int64
	// Currency is the ISO 4217 code.
	Currency string
}

// Pounds returns an amount of pence in pounds sterling.
func Pounds(pence int64) Amount { return Amount{Pence: pence, Currency: GBP} }

// Add returns the sum. It fails if the currencies differ or the sum does not fit.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, fault.New(fault.Invalid, "CURRENCIES_MIXED",
			fmt.Sprintf("An entry is in one currency: %s and %s cannot be added.", a.Currency, b.Currency))
	}
	if (b.Pence > 0 && a.Pence > math.MaxInt64-b.Pence) || (b.Pence < 0 && a.Pence < math.MinInt64-b.Pence) {
		return Amount{}, fault.New(fault.Invalid, "AMOUNT_TOO_LARGE", "The sum is larger than the books can hold.")
	}
	return Amount{Pence: a.Pence + b.Pence, Currency: a.Currency}, nil
}

// Negate returns the opposite amount.
func (a Amount) Negate() Amount { return Amount{Pence: -a.Pence, Currency: a.Currency} }

// String returns the amount as the export formats write it: "-12.50 GBP".
func (a Amount) String() string { return Decimal(a.Pence) + " " + a.Currency }

// Decimal writes pence with two decimal places: 1250 is "12.50".
func Decimal(pence int64) string {
	sign, u := "", uint64(pence)
	if pence < 0 {
		sign, u = "-", -uint64(pence)
	}
	return fmt.Sprintf("%s%d.%02d", sign, u/100, u%100)
}
