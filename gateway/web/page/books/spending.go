package books

import (
	"strconv"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
)

type listedSpending struct {
	Spending          *ledgerv1.Spending
	Tag               form.Tag
	Proposed, Decided string
	MayDecide, Mine   bool
	Reason            *form.Field
}

type spendingView struct {
	Treasurer bool
	Limit     string
	All       []listedSpending
}

// spending lists what was proposed; each that waits has its two buttons.
func (p pages) spending(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	reply, err := p.Books.ListSpending(q.Context(), &ledgerv1.ListSpendingRequest{})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := spendingView{Treasurer: treasurer(q), Limit: q.T("books.limit", "Amount", text.Money(reply.GetLimitPence()))}
	for _, s := range reply.GetSpending() {
		l := listedSpending{Spending: s, Proposed: p.person(q, s.GetProposedBy()), Decided: p.person(q, s.GetDecidedBy()), Mine: s.GetProposedBy() == q.Viewer.Member}
		switch s.GetState() {
		case ledgerv1.SpendingState_SPENDING_STATE_APPROVED:
			l.Tag = form.Tag{Text: q.T("books.approved"), Classes: "govuk-tag--green"}
		case ledgerv1.SpendingState_SPENDING_STATE_REFUSED:
			l.Tag = form.Tag{Text: q.T("books.refused"), Classes: "govuk-tag--grey"}
		default:
			l.Tag, l.MayDecide = form.Tag{Text: q.T("books.waits"), Classes: "govuk-tag--yellow"}, officer(q)
			l.Reason = f.Field("reason", "ledger.why")
			l.Reason.ID = "reason-" + s.GetId()
		}
		v.All = append(v.All, l)
	}
	page := layout.Page{Title: q.T("books.spending"), View: v, Errors: f.Summary(), Back: "/ledger", Here: "/ledger/spending"}
	if q.URL.Query().Get("done") == "1" {
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("books.saved"), Success: true}
	}
	return q.Show(code, "spending.html", page)
}

func (p pages) decideSpending(q *layout.Request) error {
	var err error
	if q.Typed("act") == "approve" {
		_, err = p.Books.ApproveSpending(q.Context(), &ledgerv1.ApproveSpendingRequest{RequestId: q.RequestID(), Spending: q.PathValue("spending"), Etag: q.Typed("etag")})
	} else {
		if wrong := q.Missing("reason", "ledger.whyNeeded"); len(wrong) > 0 {
			return p.spending(q, wrong)
		}
		_, err = p.Books.RefuseSpending(q.Context(), &ledgerv1.RefuseSpendingRequest{RequestId: q.RequestID(), Spending: q.PathValue("spending"), Etag: q.Typed("etag"), Reason: q.Typed("reason")})
	}
	if err != nil {
		return q.Again(err, p.spending)
	}
	return q.See("/ledger/spending?done=1")
}

type spendRow struct {
	Legend               string
	Account, Fund, Pence *form.Field
}

type spendView struct {
	Date, Description, Reference, From, Meeting *form.Field
	Rows                                        []spendRow
}

// spendRows is on how many accounts one payment may be spent.
const spendRows = 3

func (p pages) spend(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	spent, _, err := p.chartOf(q, ledgerv1.AccountType_ACCOUNT_TYPE_EXPENSE, ledgerv1.AccountType_ACCOUNT_TYPE_LIABILITY)
	if err != nil {
		return err
	}
	assets, _, err := p.chartOf(q, ledgerv1.AccountType_ACCOUNT_TYPE_ASSET)
	if err != nil {
		return err
	}
	funds, err := p.fundItems(q)
	if err != nil {
		return err
	}
	meetings, err := p.meetingItems(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := spendView{
		Date: dayField(f.Hinted("occur_date", "ledger.happened", "form.dayHint")), Description: f.Hinted("description", "ledger.what", "books.whatHint"),
		Reference: f.Hinted("reference", "ledger.reference", "ledger.referenceHint"), From: f.Field("from", "books.paidFrom"), Meeting: f.Field("meeting", "books.meeting"),
	}
	if q.Method == "GET" {
		v.Date.Value, v.From.Value = text.Typed(p.Now()), "assets:bank"
	}
	for i := range assets {
		assets[i].Checked = assets[i].Value == v.From.Value
	}
	v.From.Items = assets[1:]
	f.Choose(v.Meeting, meetings...)
	for i := range spendRows {
		n := strconv.Itoa(i + 1)
		v.Rows = append(v.Rows, spendRow{
			Legend: q.T("ledger.line", "Number", n), Account: f.Choose(f.Field("account_"+n, "ledger.account"), append([]form.Item(nil), spent...)...),
			Fund: f.Choose(f.Field("fund_"+n, "books.fund"), append([]form.Item(nil), funds...)...), Pence: pounds(f.Field("pence_"+n, "ledger.amount")),
		})
	}
	return q.Show(code, "spend.html", layout.Page{Title: q.T("books.spend"), View: v, Errors: f.Summary(), Back: "/ledger/spending"})
}

// propose books what one officer may spend, and proposes what needs a second one.
func (p pages) propose(q *layout.Request) error {
	wrong := q.Missing("occur_date", "ledger.dateNeeded", "description", "ledger.whatNeeded")
	date, bad := day(q, "occur_date")
	if len(wrong) == 0 {
		wrong = append(wrong, bad...)
	}
	var all []*ledgerv1.Posting
	sum := int64(0)
	for i := range spendRows {
		n := strconv.Itoa(i + 1)
		account := q.Typed("account_" + n)
		if account == "" && q.Typed("pence_"+n) == "" {
			continue
		}
		if account == "" {
			wrong = append(wrong, form.Wrong{Field: "account_" + n, Text: q.T("ledger.accountNeeded")})
		}
		amount, bad := pence(q, "pence_"+n)
		wrong = append(wrong, bad...)
		all, sum = append(all, &ledgerv1.Posting{Account: account, AmountPence: amount, Fund: q.Typed("fund_" + n)}), sum+amount
	}
	if len(all) == 0 {
		wrong = append(wrong, form.Wrong{Field: "account_1", Text: q.T("ledger.accountNeeded")})
	}
	if len(wrong) > 0 {
		return p.spend(q, wrong)
	}
	all = append(all, &ledgerv1.Posting{Account: q.Typed("from"), AmountPence: -sum})
	e, err := p.Ledger.PostEntry(q.Context(), &ledgerv1.PostEntryRequest{
		RequestId: q.RequestID(), OccurDate: date, Description: q.Typed("description"), Reference: q.Typed("reference"), Postings: all, Meeting: q.Typed("meeting"),
	})
	if err == nil {
		return q.See("/ledger/entries/" + e.GetId() + "?done=1")
	}
	if reason, _ := layout.Reason(err); reason != "SPENDING_NEEDS_SECOND" {
		return q.Again(err, p.spend)
	}
	_, err = p.Books.ProposeSpending(q.Context(), &ledgerv1.ProposeSpendingRequest{
		RequestId: q.RequestID(), OccurDate: date, Description: q.Typed("description"), Reference: q.Typed("reference"), Postings: all, Meeting: q.Typed("meeting"),
	})
	if err != nil {
		return q.Again(err, p.spend)
	}
	return q.See("/ledger/spending?done=1")
}
