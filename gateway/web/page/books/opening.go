package books

import (
	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
)

// openingAccount is where the other side of opening balances stands; the ledger books it by itself.
const openingAccount = "equity:opening"

type openingRow struct {
	Account *ledgerv1.Account
	Pence   *form.Field
}

type openingView struct {
	Date              *form.Field
	Assets, Owed, Own []openingRow
	// Already is what was booked before, in words; empty where nothing was.
	Already string
}

// opening asks what there was when the books begin: what the society had, what it owed, and what members' shares came to. What is left over is
// its own, and the ledger books it.
func (p pages) opening(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	if !treasurer(q) {
		return layout.ErrNotFound
	}
	chart, err := p.Ledger.ListAccounts(q.Context(), &ledgerv1.ListAccountsRequest{})
	if err != nil {
		return err
	}
	trial, err := p.Ledger.GetTrialBalance(q.Context(), &ledgerv1.GetTrialBalanceRequest{})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := openingView{Date: dayField(f.Hinted("occur_date", "books.openingDate", "books.openingDateHint"))}
	for _, l := range trial.GetLines() {
		if l.GetAccount().GetId() == openingAccount {
			v.Already = text.Money(l.GetCreditPence() - l.GetDebitPence())
		}
	}
	for _, a := range chart.GetAccounts() {
		if a.GetId() == openingAccount {
			continue
		}
		row := openingRow{a, pounds(f.Field("of-"+a.GetId(), "ledger.amount"))}
		row.Pence.Label = a.GetName()
		switch a.GetType() {
		case ledgerv1.AccountType_ACCOUNT_TYPE_ASSET:
			v.Assets = append(v.Assets, row)
		case ledgerv1.AccountType_ACCOUNT_TYPE_LIABILITY:
			v.Owed = append(v.Owed, row)
		case ledgerv1.AccountType_ACCOUNT_TYPE_EQUITY:
			v.Own = append(v.Own, row)
		}
	}
	return q.Show(code, "opening.html", layout.Page{Title: q.T("books.opening"), View: v, Errors: f.Summary(), Back: "/ledger/chart", Here: "/ledger/opening"})
}

func (p pages) postOpening(q *layout.Request) error {
	if wrong := q.Missing("occur_date", "form.dayFormat"); len(wrong) > 0 {
		return p.opening(q, wrong)
	}
	date, wrong := day(q, "occur_date")
	chart, err := p.Ledger.ListAccounts(q.Context(), &ledgerv1.ListAccountsRequest{})
	if err != nil {
		return err
	}
	req := &ledgerv1.PostOpeningBalancesRequest{RequestId: q.RequestID(), OccurDate: date}
	for _, a := range chart.GetAccounts() {
		field := "of-" + a.GetId()
		if q.Typed(field) == "" || a.GetId() == openingAccount {
			continue
		}
		sum, bad := pence(q, field)
		wrong = append(wrong, bad...)
		if a.GetType() != ledgerv1.AccountType_ACCOUNT_TYPE_ASSET {
			sum = -sum // What is owed, and what is the members', stands on the other side.
		}
		if sum != 0 {
			req.Balances = append(req.Balances, &ledgerv1.Posting{Account: a.GetId(), AmountPence: sum})
		}
	}
	if len(req.GetBalances()) == 0 && len(wrong) == 0 {
		wrong = []form.Wrong{{Field: "of-assets:bank", Text: q.T("books.openingNeeded")}}
	}
	if len(wrong) > 0 {
		return p.opening(q, wrong)
	}
	e, err := p.Books.PostOpeningBalances(q.Context(), req)
	if err != nil {
		return q.Again(err, p.opening)
	}
	return q.See("/ledger/entries/" + e.GetId())
}
