package ledger

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/ledger/match"
	"github.com/localgovdigital/folkmoot/services/ledger/statement"
)

// BankLine is a movement that the bank shows.
type BankLine struct {
	// ID is the same whenever the same movement of the same account is read.
	ID string
	// Account is the account of the chart.
	Account string
	statement.Line
	// Import is the import that brought it.
	Import string
	// InBooks is how much of it entries stand for, in pence.
	InBooks int64
	// Aside is why it was left out of the books, or empty.
	Aside string
	// Version counts its changes.
	Version int64
	// Entries are the ids of the entries that stand for it.
	Entries []string
}

// Open reports whether the line belongs to nothing yet.
func (l BankLine) Open() bool { return l.Aside == "" && l.InBooks != l.Minor }

// LineShare is part of a line for a member or an account.
type LineShare struct {
	match.Share
	// Fund is the fund whose money it is, for an account.
	Fund string
}

// BookLine makes the entries of a line, one a share: a donation for a member, any entry for an account. given says of each
// member whether their £1 stands already; a second share of a member sees the first.
//
// The entries have the bank's date, or the first open day if that lies in a closed period, and then say so. description is what
// shares of accounts are for; the account's name if empty. It returns the faults of [match.Split], LINE_NOT_OPEN, and those
// of any entry; spending above the limit is refused, since it is to be proposed first and then linked.
func (b Books) BookLine(l BankLine, shares []LineShare, given map[string]bool, description, meeting, today string) ([]Entry, error) {
	if err := mayMatch(l); err != nil {
		return nil, err
	}
	plain := make([]match.Share, len(shares))
	for i, s := range shares {
		plain[i] = s.Share
	}
	if err := match.Split(&l.Line, plain); err != nil {
		return nil, err
	}
	if l.InBooks != 0 {
		return nil, fault.New(fault.Conflict, "LINE_PARTLY_BOOKED", "Entries stand for part of this line. Reverse them, or link what is missing.")
	}
	occurred, late := b.Open(l.Booked)
	note := ""
	if late {
		note = ", at the bank on " + l.Booked
	}
	var all []Entry
	for i, s := range shares {
		e, err := b.bookShare(l, s, given[s.Member], occurred, note, description, meeting, today)
		if err != nil {
			return nil, fieldOf(err, fmt.Sprintf("shares[%d]", i))
		}
		all = append(all, e)
	}
	return all, nil
}

func (b Books) bookShare(l BankLine, s LineShare, given bool, occurred, note, description, meeting, today string) (Entry, error) {
	reference := shorten(firstOf(l.Reference, l.EndToEnd, l.Description), MaxReference)
	if s.Member != "" {
		if l.Minor < 0 {
			return Entry{}, fault.Field("SPLIT_INVALID", "member", "Money that went out is no donation: choose an account.")
		}
		e, err := NewDonation(s.Member, s.Minor, ByBank, occurred, reference, today, given)
		if err != nil {
			return Entry{}, err
		}
		e.Postings[0].Account, e.Meeting = l.Account, meeting
		e.Description += note
		return e.AsShare(b.Rule), b.Admit(e.Occurred)
	}
	if strings.TrimSpace(description) == "" {
		a, _ := b.Accounts.Find(s.Account)
		description = a.Name
	}
	e, err := b.NewTransaction(Transaction{
		Occurred: occurred, Description: description + note, Reference: reference, Meeting: meeting,
		Postings: []Posting{{Account: l.Account, Amount: Pounds(s.Minor)}, {Account: s.Account, Amount: Pounds(-s.Minor), Fund: s.Fund}},
	}, today)
	if err != nil {
		return Entry{}, err
	}
	return e, b.NeedsSecond(e.Postings)
}

func mayMatch(l BankLine) error {
	switch {
	case l.Aside != "":
		return fault.New(fault.Conflict, "LINE_NOT_OPEN", "This line was set aside. Take it back first.")
	case !l.Open():
		return fault.New(fault.Conflict, "LINE_NOT_OPEN", "Entries stand for this line already.")
	}
	return nil
}

// LinkLine checks that entries stand for the rest of a line: their postings on its account sum to it. taken are those of them
// that stand for another line.
func LinkLine(l BankLine, entries []Entry, taken []string) error {
	if err := mayMatch(l); err != nil {
		return err
	}
	if len(entries) == 0 {
		return fault.Field("LINK_INVALID", "entries", "Choose the entries that this line shows.")
	}
	if len(taken) > 0 {
		return fault.New(fault.Conflict, "ENTRY_LINKED", "Another bank line shows one of these entries.", fault.Violation{Field: "entries", Message: "Another bank line shows one of these entries."})
	}
	var sum int64
	for _, e := range entries {
		if e.ReversedBy != "" || e.Reverses != "" {
			return fault.Field("LINK_INVALID", "entries", fmt.Sprintf("Entry %d was reversed, or is a reversal.", e.Number))
		}
		sum += OnAccount(e.Postings, l.Account)
	}
	if want := l.Minor - l.InBooks; sum != want {
		return fault.Field("LINK_INVALID", "entries", fmt.Sprintf("The entries move £%s on this account, and the line £%s.", Decimal(sum), Decimal(want)))
	}
	return nil
}

// OnAccount is what postings move on an account, in pence.
func OnAccount(postings []Posting, account string) int64 {
	var sum int64
	for _, p := range postings {
		if p.Account == account {
			sum += p.Amount.Pence
		}
	}
	return sum
}

// SetAside checks that a line may be left out for a reason, or taken back if there is none.
func SetAside(l BankLine, reason string) error {
	if strings.TrimSpace(reason) == "" {
		if l.Aside == "" {
			return fault.Field("ENTRY_INVALID", "reason", "Enter the reason.")
		}
		return nil
	}
	if l.InBooks != 0 || l.Aside != "" {
		return fault.New(fault.Conflict, "LINE_NOT_OPEN", "Only a line that belongs to nothing can be set aside.")
	}
	return Reason(reason)
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// shorten makes one line of ordinary characters of a bank's text, of at most most characters.
func shorten(s string, most int) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if r := []rune(s); len(r) > most {
		s = strings.TrimSpace(string(r[:most]))
	}
	return s
}

// fieldOf puts a prefix before the fields of a fault.
func fieldOf(err error, prefix string) error {
	f := fault.Of(err)
	if f == nil {
		return err
	}
	c := *f
	c.Violations = nil
	for _, v := range f.Violations {
		c.Violations = append(c.Violations, fault.Violation{Field: prefix + "." + v.Field, Message: v.Message})
	}
	return &c
}

// CheckRule checks where a saved rule sends lines: an account of the chart, and a fund that is there or none.
func (b Books) CheckRule(account, fund string) error {
	if account == "" {
		if fund != "" {
			return fault.Field("RULE_INVALID", "fund", "Only money for an account belongs to a fund.")
		}
		return nil
	}
	bad := b.checkPosting(nil, "rule", Posting{Account: account, Fund: fund})
	if len(bad) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "RULE_INVALID", bad[0].Message, bad...)
}
