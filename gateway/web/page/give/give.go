// Package give is giving by card: choosing how much, going to the payment provider, and what became of it; and for the treasurer the
// list of payments. Where no provider is set the page says so, and how to give otherwise.
package give

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
	j.Get("/give", func(q *layout.Request) error { return p.choose(q, nil) })
	j.Post("/give", p.start)
	j.Get("/give/{payment}", p.show)
	j.Get("/ledger/payments", p.list)
	j.Get("/ledger/payments/assign", func(q *layout.Request) error { return p.assigning(q, nil) })
	j.Post("/ledger/payments/assign", p.assign)
	return nil
}

type chooseView struct {
	Settings  *ledgerv1.PaymentSettings
	Amount    *form.Field
	Reference string
}

func (p pages) choose(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	settings, err := p.Payments.GetPaymentSettings(q.Context(), &ledgerv1.GetPaymentSettingsRequest{})
	if err != nil {
		return err
	}
	me, err := p.Membership.GetMe(q.Context(), &membershipv1.GetMeRequest{})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := chooseView{Settings: settings, Reference: me.GetPaymentReference(), Amount: f.Hinted("amount_pence", "give.amount", "give.amountHint")}
	v.Amount.Prefix, v.Amount.Classes, v.Amount.Inputmode, v.Amount.NoSpelling = "£", "govuk-input--width-5", "decimal", true
	if q.Method == http.MethodGet {
		v.Amount.Value = "1"
	}
	return q.Show(code, "give.html", layout.Page{Title: q.T("give.title"), View: v, Errors: f.Summary(), Back: "/me", Here: "/give"})
}

func (p pages) start(q *layout.Request) error {
	wrong := q.Missing("amount_pence", "give.amountNeeded")
	pence, ok := text.Pence(q.Typed("amount_pence"))
	if !ok && q.Typed("amount_pence") != "" {
		wrong = append(wrong, form.Wrong{Field: "amount_pence", Text: q.T("ledger.amountFormat")})
	}
	if len(wrong) > 0 {
		return p.choose(q, wrong)
	}
	made, err := p.Payments.StartPayment(q.Context(), &ledgerv1.StartPaymentRequest{RequestId: q.RequestID(), AmountPence: pence})
	if err != nil {
		return q.Again(err, p.choose)
	}
	return q.See("/give/" + made.GetId())
}

type showView struct {
	Payment *ledgerv1.Payment
	// Word names the state: give.settled, give.settledText.
	Word string
	// Pay is where to pay, if it can be paid; Again offers to begin anew.
	Pay   string
	Again bool
	// Waiting is true for who comes back from the provider before it has told us.
	Waiting bool
}

// words are the messages of each state.
var words = map[ledgerv1.PaymentState]string{
	ledgerv1.PaymentState_PAYMENT_STATE_PENDING: "pending", ledgerv1.PaymentState_PAYMENT_STATE_SETTLED: "settled", ledgerv1.PaymentState_PAYMENT_STATE_FAILED: "failed",
	ledgerv1.PaymentState_PAYMENT_STATE_CANCELLED: "cancelled", ledgerv1.PaymentState_PAYMENT_STATE_REFUNDED: "refunded",
	ledgerv1.PaymentState_PAYMENT_STATE_CHARGED_BACK: "chargedBack",
}

func (p pages) show(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	payment, err := p.Payments.GetMyPayment(q.Context(), &ledgerv1.GetMyPaymentRequest{Payment: q.PathValue("payment")})
	if err != nil {
		return err
	}
	v := showView{Payment: payment, Word: words[payment.GetState()]}
	switch payment.GetState() {
	case ledgerv1.PaymentState_PAYMENT_STATE_PENDING:
		v.Pay, v.Waiting = payment.GetPayUrl(), true
	case ledgerv1.PaymentState_PAYMENT_STATE_FAILED:
		v.Pay = payment.GetPayUrl()
	case ledgerv1.PaymentState_PAYMENT_STATE_CANCELLED:
		v.Again = true
	default:
	}
	return q.Show(http.StatusOK, "payment.html", layout.Page{Title: q.T("give." + v.Word), View: v, Back: "/me"})
}

type listed struct {
	Payment     *ledgerv1.Payment
	State, Name string
	Tag         string
	// Assign is where to say whose it is, and Undo where to take that back; each may be empty.
	Assign, Undo string
}

type listView struct {
	Payments []listed
	Next     string
	Off      bool
}

var tags = map[ledgerv1.PaymentState]string{
	ledgerv1.PaymentState_PAYMENT_STATE_PENDING: "govuk-tag--yellow", ledgerv1.PaymentState_PAYMENT_STATE_SETTLED: "govuk-tag--green",
	ledgerv1.PaymentState_PAYMENT_STATE_FAILED: "govuk-tag--grey", ledgerv1.PaymentState_PAYMENT_STATE_CANCELLED: "govuk-tag--grey",
	ledgerv1.PaymentState_PAYMENT_STATE_REFUNDED: "govuk-tag--blue", ledgerv1.PaymentState_PAYMENT_STATE_CHARGED_BACK: "govuk-tag--red",
}

func (p pages) list(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	reply, err := p.Payments.ListPayments(q.Context(), &ledgerv1.ListPaymentsRequest{PageSize: 25, PageToken: q.URL.Query().Get("page")})
	if err != nil {
		return err
	}
	settings, err := p.Payments.GetPaymentSettings(q.Context(), &ledgerv1.GetPaymentSettingsRequest{})
	if err != nil {
		return err
	}
	v := listView{Off: !settings.GetEnabled()}
	for _, m := range reply.GetPayments() {
		l := listed{Payment: m, State: q.T("give.state_" + words[m.GetState()]), Tag: tags[m.GetState()], Name: q.T("give.nobody")}
		if m.GetMember() != "" {
			l.Name = m.GetMember()
			if who, err := p.Membership.GetMember(q.Context(), &membershipv1.GetMemberRequest{Member: m.GetMember()}); err == nil {
				l.Name = who.GetName()
			}
		}
		at := assignPath(m.GetProvider(), m.GetProviderPayment())
		switch {
		case m.GetAssigned():
			l.Undo = at + "&back=1"
		case m.GetMember() == "" && m.GetKeptPence() > 0:
			l.Assign = at
		}
		v.Payments = append(v.Payments, l)
	}
	if t := reply.GetNextPageToken(); t != "" {
		v.Next = "/ledger/payments?page=" + url.QueryEscape(t)
	}
	return q.Show(http.StatusOK, "payments.html", layout.Page{Title: q.T("give.payments"), View: v, Back: "/ledger"})
}
