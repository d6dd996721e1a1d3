// Package ledger is the society's accounts for everybody: the trial balance, every entry, what to take away; and
// for the treasurer the forms that record, post and reverse. No name of a giver is public.
package ledger

import (
	"embed"
	"net/http"
	"net/url"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

//go:embed *.html
var files embed.FS

type pages struct{ *layout.Site }

// Register adds the pages to the site.
func Register(s *layout.Site) error {
	j, err := s.Journey(files)
	if err != nil {
		return err
	}
	p := pages{s}
	j.Get("/ledger", p.list)
	j.Get("/ledger/entries/{entry}", p.show)
	j.Get("/ledger/entries/{entry}/reverse", func(q *layout.Request) error { return p.reversing(q, nil) })
	j.Post("/ledger/entries/{entry}/reverse", p.reverse)
	j.Get("/ledger/entries/new", func(q *layout.Request) error { return p.posting(q, nil) })
	j.Post("/ledger/entries/new", p.post)
	j.Get("/ledger/donations/new", func(q *layout.Request) error { return p.donating(q, nil) })
	j.Post("/ledger/donations/new", p.donate)
	return nil
}

type listed struct {
	Entry *ledgerv1.Entry
	Pence int64
	Note  string
}

type listView struct {
	Treasurer bool
	Officer   bool
	Spending  bool
	Trial     *ledgerv1.TrialBalance
	Entries   []listed
	Next      string
}

// officers are those who may spend, close and count.
// officers count cash; the first four of them also decide on spending.
var officers = []membershipv1.Role{
	membershipv1.Role_ROLE_TREASURER, membershipv1.Role_ROLE_CHAIR, membershipv1.Role_ROLE_SECRETARY, membershipv1.Role_ROLE_BOARD,
	membershipv1.Role_ROLE_ORGANISER, membershipv1.Role_ROLE_TELLER,
}

func treasurer(q *layout.Request) bool { return q.Viewer.HoldsAny(membershipv1.Role_ROLE_TREASURER) }

func (p pages) list(q *layout.Request) error {
	trial, err := p.Ledger.GetTrialBalance(q.Context(), &ledgerv1.GetTrialBalanceRequest{})
	if err != nil {
		return err
	}
	reply, err := p.Ledger.ListEntries(q.Context(), &ledgerv1.ListEntriesRequest{PageSize: 25, PageToken: q.URL.Query().Get("page")})
	if err != nil {
		return err
	}
	v := listView{Treasurer: treasurer(q), Officer: q.Viewer.HoldsAny(officers...), Spending: q.Viewer.HoldsAny(officers[:4]...), Trial: trial}
	for _, e := range reply.GetEntries() {
		v.Entries = append(v.Entries, listed{e, debits(e), note(q, e)})
	}
	if t := reply.GetNextPageToken(); t != "" {
		v.Next = "/ledger?page=" + url.QueryEscape(t)
	}
	return q.Show(http.StatusOK, "ledger.html", layout.Page{Title: q.T("layout.ledger"), View: v})
}

// debits is what an entry moves: the sum of its debit side, in pence.
func debits(e *ledgerv1.Entry) int64 {
	sum := int64(0)
	for _, p := range e.GetPostings() {
		if p.GetAmountPence() > 0 {
			sum += p.GetAmountPence()
		}
	}
	return sum
}

func note(q *layout.Request, e *ledgerv1.Entry) string {
	switch {
	case e.GetReversedBy() != "":
		return q.T("ledger.isReversed")
	case e.GetKind() == ledgerv1.Kind_KIND_REVERSAL:
		return q.T("ledger.isReversal")
	case e.GetRepeatedDonation():
		return q.T("ledger.isRepeated")
	}
	return ""
}

type posting struct{ Account, Debit, Credit string }

type other struct{ Href, Text string }

type entryView struct {
	Entry      *ledgerv1.Entry
	Note       string
	Facts      []form.Row
	Postings   []posting
	Other      *other
	MayReverse bool
}

func (p pages) entry(q *layout.Request) (*ledgerv1.Entry, error) {
	return p.Ledger.GetEntry(q.Context(), &ledgerv1.GetEntryRequest{Entry: q.PathValue("entry")})
}

// accounts returns the chart, and the names by id.
func (p pages) accounts(q *layout.Request) ([]*ledgerv1.Account, map[string]string, error) {
	reply, err := p.Ledger.ListAccounts(q.Context(), &ledgerv1.ListAccountsRequest{})
	names := map[string]string{}
	for _, a := range reply.GetAccounts() {
		names[a.GetId()] = a.GetName()
	}
	return reply.GetAccounts(), names, err
}

func (p pages) show(q *layout.Request) error {
	e, err := p.entry(q)
	if err != nil {
		return err
	}
	_, names, err := p.accounts(q)
	if err != nil {
		return err
	}
	v := entryView{Entry: e, Note: note(q, e), Facts: p.facts(q, e)}
	for _, o := range e.GetPostings() {
		line := posting{Account: o.GetAccount()}
		if n := names[o.GetAccount()]; n != "" {
			line.Account = n
		}
		if o.GetAmountPence() >= 0 {
			line.Debit = text.Column(o.GetAmountPence())
		} else {
			line.Credit = text.Column(-o.GetAmountPence())
		}
		v.Postings = append(v.Postings, line)
	}
	switch {
	case e.GetReverses() != "":
		v.Other = &other{e.GetReverses(), q.T("ledger.reverses")}
	case e.GetReversedBy() != "":
		v.Other = &other{e.GetReversedBy(), q.T("ledger.reversedBy")}
	}
	v.MayReverse = treasurer(q) && e.GetReversedBy() == "" && e.GetKind() != ledgerv1.Kind_KIND_REVERSAL
	page := layout.Page{Title: q.T("ledger.entryNumber", "Number", e.GetNumber()), View: v, Back: "/ledger", Here: "/ledger/entries/" + e.GetId()}
	if q.URL.Query().Get("done") == "1" {
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("ledger.done"), Success: true}
	}
	return q.Show(http.StatusOK, "entry.html", page)
}

func (p pages) facts(q *layout.Request, e *ledgerv1.Entry) []form.Row {
	var rows []form.Row
	add := func(key, value string) {
		if value != "" {
			rows = append(rows, form.Row{Key: q.T(key), Value: value})
		}
	}
	add("ledger.happened", q.Day(e.GetOccurDate()))
	add("ledger.entered", q.DateTime(e.GetEnterTime()))
	add("books.bankDate", q.Day(e.GetBankDate()))
	add("ledger.amount", text.Money(debits(e)))
	switch e.GetMethod() {
	case ledgerv1.Method_METHOD_CASH:
		add("ledger.how", q.T("ledger.cash"))
	case ledgerv1.Method_METHOD_BANK:
		add("ledger.how", q.T("ledger.bank"))
	default:
	}
	add("ledger.why", e.GetReason())
	add("ledger.reference", e.GetReference())
	add("ledger.giver", p.person(q, e.GetMember()))
	add("ledger.enteredBy", p.person(q, e.GetEnteredBy()))
	add("books.approved", p.person(q, e.GetApprovedBy()))
	return rows
}

// person returns a member's name where the viewer may know it. The ledger gives the id to the treasurer and to the
// member alone.
func (p pages) person(q *layout.Request, id string) string {
	if id == "" || !q.Viewer.SignedIn() {
		return ""
	}
	m, err := p.Membership.GetMember(q.Context(), &membershipv1.GetMemberRequest{Member: id})
	if err != nil {
		return id
	}
	return m.GetName()
}
