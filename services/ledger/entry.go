package ledger

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Kind is what an entry is.
type Kind string

// The kinds.
const (
	Donation Kind = "donation"
	Reversal Kind = "reversal"
	General  Kind = "general"
)

// Method is how a donation came.
type Method string

// The methods.
const (
	ByCash Method = "cash"
	ByBank Method = "bank"
)

// Limits on what a treasurer writes, in characters.
const (
	MaxDescription = 200
	MaxReference   = 100
	MaxReason      = 500
	// MaxPostings bounds one entry.
	MaxPostings = 50
)

// DateLayout is how dates are written.
const DateLayout = "2006-01-02"

// earliest is the first date the books take: before it, a year was mistyped.
const earliest = "2000-01-01"

// Posting is one side of an entry.
type Posting struct {
	// Account is an id of the chart.
	Account string
	// Amount debits the account if positive and credits it if negative.
	Amount Amount
	// Fund is the fund whose money this is, or empty. Assets and liabilities have none.
	Fund string
}

// Entry is a transaction of the journal.
type Entry struct {
	// ID is assigned by the store.
	ID string
	// Number is its place in the journal, 1, 2, 3, …; assigned by the store.
	Number int64
	// Kind is what it is.
	Kind Kind
	// Occurred is the date it happened, YYYY-MM-DD.
	Occurred string
	// Entered is the instant it was entered, in microseconds since 1970.
	Entered int64
	// Description says what for. It never names a giver: the journal is public.
	Description string
	// Postings are two or more, summing to zero.
	Postings []Posting
	// EnteredBy is the member who entered it.
	EnteredBy string
	// Member is who gave, or empty.
	Member string
	// Method is how a donation came.
	Method Method
	// Reverses is the id of the entry that this one reverses.
	Reverses string
	// ReversedBy is the id of the entry that reverses this one; computed on reading.
	ReversedBy string
	// Reason is why a reversal was made.
	Reason string
	// Reference is the bank's or the treasurer's own.
	Reference string
	// Repeated is true for a donation whose giver's £1 already stood when it was entered.
	Repeated bool
	// Standing is true for the donation that makes its giver current; computed on reading.
	Standing bool
	// Meeting is the meeting or event that it belongs to, or empty.
	Meeting string
	// ApprovedBy is the second officer who approved spending, or empty.
	ApprovedBy string
	// Banked is the date on which the bank shows it, or empty; computed on reading.
	Banked string
	// AfterClose is true for a reversal of an entry whose period had closed before; computed on reading.
	AfterClose bool
	// Log is the entry's place in the public log; nil before it is written.
	Log *Logged
}

// MembershipPence is the donation that membership asks for: one pound.
const MembershipPence = 100

// Counts reports whether the entry is a donation of at least the £1 of a known member,
// so that it bears on that member's standing.
func (e Entry) Counts() bool {
	return e.Kind == Donation && e.Member != "" && e.Postings[0].Amount.Pence >= MembershipPence
}

// NewDonation makes the entry for money that a member gave.
//
// The amount is in pence. today is the society's date, YYYY-MM-DD. hasGiven says whether the
// member's £1 already stands: a second one is flagged for the treasurer, not refused, since more is welcome.
// It returns an Invalid fault that names each wrong field.
func NewDonation(member string, pence int64, method Method, occurred, reference, today string, hasGiven bool) (Entry, error) {
	var bad []fault.Violation
	if member == "" {
		bad = append(bad, fault.Violation{Field: "member", Message: "Choose who gave the money."})
	}
	if pence <= 0 {
		bad = append(bad, fault.Violation{Field: "amount_pence", Message: "Enter an amount of at least 1p, in whole pence."})
	} else {
		bad = checkPence(bad, "amount_pence", pence)
	}
	if method != ByCash && method != ByBank {
		bad = append(bad, fault.Violation{Field: "method", Message: "Choose cash or bank transfer."})
	}
	bad = checkDate(bad, occurred, today)
	bad = checkText(bad, "reference", reference, 0, MaxReference)
	if err := invalid(bad); err != nil {
		return Entry{}, err
	}
	into := Bank
	if method == ByCash {
		into = Cash
	}
	return Entry{
		Kind: Donation, Occurred: occurred, Description: "Donation", Member: member, Method: method,
		Reference: strings.TrimSpace(reference), Repeated: hasGiven,
		Postings: []Posting{{Account: into, Amount: Pounds(pence)}, {Account: Donations, Amount: Pounds(-pence)}},
	}, nil
}

// NewGeneral makes any other entry. It returns an Invalid fault that names each wrong field; an
// entry that does not balance says by how much.
func NewGeneral(occurred, description, reference string, postings []Posting, today string) (Entry, error) {
	return newGeneral(Books{Accounts: Chart}, Transaction{Occurred: occurred, Description: description, Reference: reference, Postings: postings}, today)
}

func newGeneral(books Books, t Transaction, today string) (Entry, error) {
	occurred, description, reference, postings := t.Occurred, t.Description, t.Reference, t.Postings
	var bad []fault.Violation
	bad = checkDate(bad, occurred, today)
	bad = checkText(bad, "description", description, 1, MaxDescription)
	bad = checkText(bad, "reference", reference, 0, MaxReference)
	if len(postings) < 2 || len(postings) > MaxPostings {
		bad = append(bad, fault.Violation{Field: "postings", Message: fmt.Sprintf("An entry has 2 to %d postings.", MaxPostings)})
	}
	for i, p := range postings {
		field := fmt.Sprintf("postings[%d]", i)
		bad = books.checkPosting(bad, field, p)
		if p.Amount.Pence == 0 {
			bad = append(bad, fault.Violation{Field: field + ".amount_pence", Message: "Enter an amount other than zero, in whole pence."})
		}
		bad = checkPence(bad, field+".amount_pence", p.Amount.Pence)
	}
	if err := invalid(bad); err != nil {
		return Entry{}, err
	}
	if err := Balanced(postings); err != nil {
		return Entry{}, err
	}
	return Entry{
		Kind: General, Occurred: occurred, Description: strings.TrimSpace(description),
		Reference: strings.TrimSpace(reference), Postings: postings, Meeting: t.Meeting,
	}, nil
}

// Balanced returns a fault unless the postings are of one currency and sum to zero.
func Balanced(postings []Posting) error {
	if len(postings) < 2 {
		return fault.Field("NOT_BALANCED", "postings", "An entry has at least two postings.")
	}
	sum := Amount{Currency: postings[0].Amount.Currency}
	for _, p := range postings {
		var err error
		if sum, err = sum.Add(p.Amount); err != nil {
			return err
		}
	}
	if sum.Pence != 0 {
		side := "debits exceed the credits"
		if sum.Pence < 0 {
			side, sum = "credits exceed the debits", sum.Negate()
		}
		return fault.Field("NOT_BALANCED", "postings",
			fmt.Sprintf("The entry does not balance: the %s by £%s.", side, Decimal(sum.Pence)))
	}
	return nil
}

// NewReversal makes the entry that reverses another, dated today. It refuses a second reversal of the
// same entry.
func NewReversal(of Entry, reason, today string) (Entry, error) {
	if err := invalid(checkText(nil, "reason", reason, 1, MaxReason)); err != nil {
		return Entry{}, err
	}
	if of.ReversedBy != "" {
		return Entry{}, fault.New(fault.Conflict, "ALREADY_REVERSED",
			"This entry was already reversed. To restore it, reverse the reversal.").With("reversed_by", of.ReversedBy)
	}
	e := Entry{
		Kind: Reversal, Occurred: today, Description: fmt.Sprintf("Reversal of entry %d", of.Number),
		Member: of.Member, Reverses: of.ID, Reason: strings.TrimSpace(reason), Meeting: of.Meeting,
	}
	for _, p := range of.Postings {
		e.Postings = append(e.Postings, Posting{Account: p.Account, Amount: p.Amount.Negate(), Fund: p.Fund})
	}
	return e, nil
}

// CheckReason returns a reason without the space around it, or an Invalid fault: it has 1 to [MaxReason] characters.
func CheckReason(reason string) (string, error) {
	return strings.TrimSpace(reason), invalid(checkText(nil, "reason", reason, 1, MaxReason))
}

func invalid(bad []fault.Violation) error {
	if len(bad) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "ENTRY_INVALID", bad[0].Message, bad...)
}

func checkPence(bad []fault.Violation, field string, pence int64) []fault.Violation {
	if pence > MaxPence || pence < -MaxPence {
		return append(bad, fault.Violation{Field: field, Message: "Enter an amount of at most £" + Decimal(MaxPence) + "."})
	}
	return bad
}

func checkDate(bad []fault.Violation, date, today string) []fault.Violation {
	if _, err := time.Parse(DateLayout, date); err != nil || date < earliest {
		return append(bad, fault.Violation{Field: "occur_date", Message: "Enter a real date, like 2026-11-21."})
	}
	if date > today {
		return append(bad, fault.Violation{Field: "occur_date", Message: "Enter a date that is not after today."})
	}
	return bad
}

// checkText refuses control characters and line breaks: the exports are line formats.
func checkText(bad []fault.Violation, field, s string, least, most int) []fault.Violation {
	s = strings.TrimSpace(s)
	n := utf8.RuneCountInString(s)
	switch {
	case n < least:
		return append(bad, fault.Violation{Field: field, Message: "Enter the " + field + "."})
	case n > most:
		return append(bad, fault.Violation{Field: field, Message: fmt.Sprintf("Use at most %d characters for the %s.", most, field)})
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return append(bad, fault.Violation{Field: field, Message: "Use one line of ordinary characters for the " + field + "."})
	}
	return bad
}
