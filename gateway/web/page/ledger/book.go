package ledger

import (
	"net/http"
	"strconv"
	"time"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

type whoView struct {
	Search *form.Field
	Find   form.Button
	Asked  bool
	People []*membershipv1.Member
}

type donationView struct {
	Member                          *membershipv1.Member
	Amount, Method, Date, Reference *form.Field
}

// donating asks who gave, then what.
func (p pages) donating(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	f, code := q.FormOf(wrong)
	id := q.FormValue("member")
	if id == "" {
		v := whoView{Search: f.Hinted("search", "ledger.who", "member.searchHint"), Find: form.Button{Text: q.T("member.find")}}
		v.Search.NoSpelling, v.Search.Autocomplete = true, "off"
		if s := v.Search.Value; s != "" {
			reply, err := p.Membership.ListMembers(q.Context(), &membershipv1.ListMembersRequest{PageSize: 20, Search: s})
			if err != nil {
				return err
			}
			v.Asked, v.People = true, reply.GetMembers()
		}
		return q.Show(code, "who.html", layout.Page{Title: q.T("ledger.record"), View: v, Errors: f.Summary(), Back: "/ledger"})
	}
	m, err := p.Membership.GetMember(q.Context(), &membershipv1.GetMemberRequest{Member: id})
	if err != nil {
		return err
	}
	v := donationView{
		Member: m, Amount: f.Field("amount_pence", "ledger.amount"), Method: f.Field("method", "ledger.how"),
		Date: f.Hinted("occur_date", "ledger.happened", "form.dayHint"), Reference: f.Hinted("reference", "ledger.reference", "ledger.referenceHint"),
	}
	v.Amount.Prefix, v.Amount.Classes, v.Amount.Inputmode, v.Amount.NoSpelling = "£", "govuk-input--width-5", "decimal", true
	v.Method.LabelClasses = "govuk-fieldset__legend--s"
	v.Date.Classes, v.Date.NoSpelling = "govuk-input--width-10", true
	f.Choose(v.Method, form.Item{Value: "bank", Text: q.T("ledger.bank")}, form.Item{Value: "cash", Text: q.T("ledger.cash")})
	if q.Method == http.MethodGet {
		v.Amount.Value, v.Date.Value = "1", p.today()
	}
	return q.Show(code, "donation.html", layout.Page{
		Title: q.T("ledger.record"), View: v, Errors: f.Summary(), Back: "/ledger/donations/new", Here: "/ledger/donations/new?member=" + m.GetId(),
	})
}

// today is the society's calendar day. In a sample whose clock is not at now the treasurer types another.
func (p pages) today() string { return text.Typed(p.Now()) }

// happened reads the day of the form, and says what is wrong with one that cannot be read.
func happened(q *layout.Request) (string, []form.Wrong) {
	typed := q.Typed("occur_date")
	day, ok := text.ReadDay(typed)
	if !ok && typed != "" {
		return "", []form.Wrong{{Field: "occur_date", Text: q.T("form.dayFormat")}}
	}
	return day.Format(time.DateOnly), nil
}

var methods = map[string]ledgerv1.Method{"bank": ledgerv1.Method_METHOD_BANK, "cash": ledgerv1.Method_METHOD_CASH}

func (p pages) donate(q *layout.Request) error {
	wrong := q.Missing("amount_pence", "ledger.amountNeeded", "method", "ledger.howNeeded", "occur_date", "ledger.dateNeeded")
	pence, ok := text.Pence(q.Typed("amount_pence"))
	if !ok && q.Typed("amount_pence") != "" {
		wrong = append(wrong, form.Wrong{Field: "amount_pence", Text: q.T("ledger.amountFormat")})
	}
	day, more := happened(q)
	if wrong = append(wrong, more...); len(wrong) > 0 {
		return p.donating(q, wrong)
	}
	e, err := p.Ledger.RecordDonation(q.Context(), &ledgerv1.RecordDonationRequest{
		RequestId: q.RequestID(), Member: q.Typed("member"), AmountPence: pence, Method: methods[q.Typed("method")],
		OccurDate: day, Reference: q.Typed("reference"),
	})
	if err != nil {
		return q.Again(err, p.donating)
	}
	return q.See("/ledger/entries/" + e.GetId() + "?done=1")
}

type reverseView struct {
	Entry  *ledgerv1.Entry
	Pence  int64
	Reason *form.Field
}

func (p pages) reversing(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	e, err := p.entry(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := reverseView{Entry: e, Pence: debits(e), Reason: f.Hinted("reason", "ledger.why", "ledger.whyHint")}
	return q.Show(code, "reverse.html", layout.Page{Title: q.T("ledger.reverse"), View: v, Errors: f.Summary(), Back: "/ledger/entries/" + e.GetId()})
}

func (p pages) reverse(q *layout.Request) error {
	if wrong := q.Missing("reason", "ledger.whyNeeded"); len(wrong) > 0 {
		return p.reversing(q, wrong)
	}
	e, err := p.Ledger.ReverseEntry(q.Context(), &ledgerv1.ReverseEntryRequest{RequestId: q.RequestID(), Entry: q.PathValue("entry"), Reason: q.Typed("reason")})
	if err != nil {
		return q.Again(err, p.reversing)
	}
	return q.See("/ledger/entries/" + e.GetId() + "?done=1")
}

// lines is how many postings the form of a general entry takes.
const lines = 4

type row struct {
	Legend                 string
	Account, Debit, Credit *form.Field
}

type generalView struct {
	Date, Description, Reference *form.Field
	Rows                         []row
}

func (p pages) posting(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	chart, _, err := p.accounts(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := generalView{
		Date: f.Hinted("occur_date", "ledger.happened", "form.dayHint"), Description: f.Field("description", "ledger.what"),
		Reference: f.Hinted("reference", "ledger.reference", "ledger.referenceHint"),
	}
	v.Date.Classes, v.Date.NoSpelling = "govuk-input--width-10", true
	if q.Method == http.MethodGet {
		v.Date.Value = p.today()
	}
	items := []form.Item{{Value: "", Text: q.T("ledger.noAccount")}}
	for _, a := range chart {
		items = append(items, form.Item{Value: a.GetId(), Text: a.GetName()})
	}
	for i := range lines {
		n := strconv.Itoa(i + 1)
		r := row{
			Legend: q.T("ledger.line", "Number", n), Account: f.Choose(f.Field("account_"+n, "ledger.account"), append([]form.Item(nil), items...)...),
			Debit: f.Field("debit_"+n, "ledger.debit"), Credit: f.Field("credit_"+n, "ledger.credit"),
		}
		for _, side := range []*form.Field{r.Debit, r.Credit} {
			side.Prefix, side.Classes, side.Inputmode, side.NoSpelling = "£", "govuk-input--width-5", "decimal", true
		}
		v.Rows = append(v.Rows, r)
	}
	return q.Show(code, "general.html", layout.Page{Title: q.T("ledger.post"), View: v, Errors: f.Summary(), Back: "/ledger"})
}

// postings reads the lines of the form.
func postings(q *layout.Request) (out []*ledgerv1.Posting, wrong []form.Wrong) {
	for i := range lines {
		n := strconv.Itoa(i + 1)
		account, debit, credit := q.Typed("account_"+n), q.Typed("debit_"+n), q.Typed("credit_"+n)
		if account == "" && debit == "" && credit == "" {
			continue
		}
		if account == "" {
			wrong = append(wrong, form.Wrong{Field: "account_" + n, Text: q.T("ledger.accountNeeded")})
			continue
		}
		field, typed, sign := "debit_"+n, debit, int64(1)
		if debit == "" {
			field, typed, sign = "credit_"+n, credit, -1
		}
		pence, ok := text.Pence(typed)
		if !ok || pence == 0 || debit != "" && credit != "" {
			wrong = append(wrong, form.Wrong{Field: field, Text: q.T("ledger.oneSide")})
			continue
		}
		out = append(out, &ledgerv1.Posting{Account: account, AmountPence: sign * pence})
	}
	return out, wrong
}

func (p pages) post(q *layout.Request) error {
	wrong := q.Missing("occur_date", "ledger.dateNeeded", "description", "ledger.whatNeeded")
	day, unread := happened(q)
	lines, more := postings(q)
	if wrong = append(append(wrong, unread...), more...); len(wrong) > 0 {
		return p.posting(q, wrong)
	}
	e, err := p.Ledger.PostEntry(q.Context(), &ledgerv1.PostEntryRequest{
		RequestId: q.RequestID(), OccurDate: day, Description: q.Typed("description"), Postings: lines, Reference: q.Typed("reference"),
	})
	if err != nil {
		return q.Again(err, p.posting)
	}
	return q.See("/ledger/entries/" + e.GetId() + "?done=1")
}
