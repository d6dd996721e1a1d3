package books

import (
	"net/http"
	"strconv"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

type listedCash struct {
	Cash *ledgerv1.Cash
	Tag  form.Tag
}

type cashView struct {
	MayEnter bool
	All      []listedCash
}

func cashTag(q *layout.Request, c *ledgerv1.Cash) form.Tag {
	switch c.GetState() {
	case ledgerv1.CashState_CASH_STATE_AGREED:
		return form.Tag{Text: q.T("books.cashAgreed"), Classes: "govuk-tag--blue"}
	case ledgerv1.CashState_CASH_STATE_BANKED:
		return form.Tag{Text: q.T("books.cashBanked"), Classes: "govuk-tag--green"}
	case ledgerv1.CashState_CASH_STATE_CANCELLED:
		return form.Tag{Text: q.T("books.cashCancelled"), Classes: "govuk-tag--grey"}
	default:
		return form.Tag{Text: q.T("books.cashCounting"), Classes: "govuk-tag--yellow"}
	}
}

func mayEnterCash(q *layout.Request) bool {
	return q.Viewer.HoldsAny(membershipv1.Role_ROLE_TREASURER, membershipv1.Role_ROLE_ORGANISER)
}

func (p pages) cash(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	reply, err := p.Bank.ListCash(q.Context(), &ledgerv1.ListCashRequest{})
	if err != nil {
		return err
	}
	v := cashView{MayEnter: mayEnterCash(q)}
	for _, c := range reply.GetCash() {
		v.All = append(v.All, listedCash{c, cashTag(q, c)})
	}
	return q.Show(http.StatusOK, "cash.html", layout.Page{Title: q.T("books.cash"), View: v, Back: "/ledger"})
}

type giftRow struct {
	Legend        string
	Member, Pence *form.Field
}

type cashListView struct {
	Date, Meeting *form.Field
	Rows          []giftRow
	Other         *form.Field
}

// giftRows is how many people one form of a meeting's cash takes; more go on another list.
const giftRows = 10

func (p pages) cashList(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	meetings, err := p.meetingItems(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := cashListView{
		Date: dayField(f.Hinted("occur_date", "books.meetingDay", "form.dayHint")), Meeting: f.Choose(f.Field("meeting", "books.meeting"), meetings...),
		Other: pounds(f.Hinted("other", "books.otherCash", "books.otherCashHint")),
	}
	if q.Method == "GET" {
		v.Date.Value = text.Typed(p.Now())
	}
	for i := range giftRows {
		n := strconv.Itoa(i + 1)
		v.Rows = append(v.Rows, giftRow{q.T("books.gift", "Number", n), f.Field("member_"+n, "books.member"), pounds(f.Field("pence_"+n, "ledger.amount"))})
	}
	return q.Show(code, "cashlist.html", layout.Page{Title: q.T("books.cashEnter"), View: v, Errors: f.Summary(), Back: "/ledger/cash"})
}

func (p pages) recordCash(q *layout.Request) error {
	date, wrong := day(q, "occur_date")
	req := &ledgerv1.RecordCashRequest{RequestId: q.RequestID(), OccurDate: date, Meeting: q.Typed("meeting")}
	for i := range giftRows {
		n := strconv.Itoa(i + 1)
		who := q.Typed("member_" + n)
		if who == "" && q.Typed("pence_"+n) == "" {
			continue
		}
		sum, bad := pence(q, "pence_"+n)
		wrong = append(wrong, bad...)
		m, err := p.find(q, who)
		if err != nil {
			return err
		}
		if m == nil || who == "" {
			wrong = append(wrong, form.Wrong{Field: "member_" + n, Text: q.T("books.memberUnclear")})
		}
		req.Gifts = append(req.Gifts, &ledgerv1.CashGift{Member: m.GetId(), AmountPence: sum})
	}
	if q.Typed("other") != "" {
		sum, bad := pence(q, "other")
		wrong = append(wrong, bad...)
		req.Gifts = append(req.Gifts, &ledgerv1.CashGift{Account: "income:donations", AmountPence: sum})
	}
	if len(req.GetGifts()) == 0 {
		wrong = append(wrong, form.Wrong{Field: "member_1", Text: q.T("books.shareNeeded")})
	}
	if len(wrong) > 0 {
		return p.cashList(q, wrong)
	}
	c, err := p.Bank.RecordCash(q.Context(), req)
	if err != nil {
		return q.Again(err, p.cashList)
	}
	return q.See("/ledger/cash/" + c.GetId())
}

type oneCashView struct {
	Cash               *ledgerv1.Cash
	Tag                form.Tag
	Facts              []form.Row
	Count, Paid        *form.Field
	MayCount, MayBank  bool
	MayCancel, Differs bool
}

func (p pages) oneCash(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	c, err := p.Bank.GetCash(q.Context(), &ledgerv1.GetCashRequest{Cash: q.PathValue("cash")})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	counting := c.GetState() == ledgerv1.CashState_CASH_STATE_COUNTING
	v := oneCashView{
		Cash: c, Tag: cashTag(q, c), MayCount: counting, Differs: counting && c.GetDiffers(), MayBank: treasurer(q) && c.GetState() == ledgerv1.CashState_CASH_STATE_AGREED,
		MayCancel: counting && (treasurer(q) || c.GetEnteredBy() == q.Viewer.Member),
		Count:     pounds(f.Hinted("amount_pence", "books.count", "books.countHint")), Paid: dayField(f.Hinted("occur_date", "books.paidIn", "form.dayHint")),
	}
	add := func(key string, value any) { v.Facts = append(v.Facts, form.Row{Key: q.T(key), Value: value}) }
	add("books.meetingDay", q.Day(c.GetOccurDate()))
	add("books.gifts", c.GetGiftCount())
	add("ledger.enteredBy", p.person(q, c.GetEnteredBy()))
	if c.GetTotalPence() > 0 {
		add("books.listTotal", text.Money(c.GetTotalPence()))
	}
	for _, n := range c.GetCounts() {
		said := q.T("books.counted")
		if n.GetAmountPence() > 0 {
			said = text.Money(n.GetAmountPence())
		}
		v.Facts = append(v.Facts, form.Row{Key: q.T("books.countOf", "Name", p.person(q, n.GetMember())), Value: said})
	}
	return q.Show(code, "onecash.html", layout.Page{Title: q.T("books.cashOf", "Date", q.Day(c.GetOccurDate())), View: v, Errors: f.Summary(), Back: "/ledger/cash", Here: "/ledger/cash/" + c.GetId()})
}

func (p pages) changeCash(q *layout.Request) error {
	id, etag := q.PathValue("cash"), q.Typed("etag")
	var err error
	switch q.Typed("act") {
	case "bank":
		date, wrong := day(q, "occur_date")
		if len(wrong) > 0 {
			return p.oneCash(q, wrong)
		}
		_, err = p.Bank.BankCash(q.Context(), &ledgerv1.BankCashRequest{RequestId: q.RequestID(), Cash: id, OccurDate: date, Etag: etag})
	case "cancel":
		_, err = p.Bank.CancelCash(q.Context(), &ledgerv1.CancelCashRequest{RequestId: q.RequestID(), Cash: id, Etag: etag})
	default:
		sum, wrong := pence(q, "amount_pence")
		if len(wrong) > 0 {
			return p.oneCash(q, wrong)
		}
		_, err = p.Bank.CountCash(q.Context(), &ledgerv1.CountCashRequest{RequestId: q.RequestID(), Cash: id, AmountPence: sum})
	}
	if err != nil {
		return q.Again(err, p.oneCash)
	}
	return q.See("/ledger/cash/" + id)
}
