package books

import (
	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

type evidenceView struct {
	Entry        *ledgerv1.Entry
	Evidence     []*ledgerv1.Evidence
	MayAttach    bool
	Treasurer    bool
	File, Reason *form.Field
}

// evidence shows what is linked to an entry: to everybody the hash, so that a paper can be compared with it later.
func (p pages) evidence(q *layout.Request, wrong []form.Wrong) error {
	e, err := p.Ledger.GetEntry(q.Context(), &ledgerv1.GetEntryRequest{Entry: q.PathValue("entry")})
	if err != nil {
		return err
	}
	reply, err := p.Books.ListEvidence(q.Context(), &ledgerv1.ListEvidenceRequest{Entry: e.GetId()})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := evidenceView{
		Entry: e, Evidence: reply.GetEvidence(), Treasurer: treasurer(q), MayAttach: treasurer(q) || q.Viewer.HoldsAny(membershipv1.Role_ROLE_ORGANISER),
		File: f.Hinted("file", "books.evidenceFile", "books.evidenceHint"), Reason: f.Hinted("reason", "books.noEvidence", "books.noEvidenceHint"),
	}
	return q.Show(code, "evidence.html", layout.Page{
		Title: q.T("books.evidenceOf", "Number", e.GetNumber()), View: v, Errors: f.Summary(), Back: "/ledger/entries/" + e.GetId(), Here: "/ledger/entries/" + e.GetId() + "/evidence",
	})
}

func (p pages) attach(q *layout.Request) error {
	file, err := p.parts(q, ledgerv1.FilePurpose_FILE_PURPOSE_EVIDENCE)
	if err != nil {
		return q.Again(err, p.evidence)
	}
	if file == "" {
		return p.evidence(q, []form.Wrong{{Field: "file", Text: q.T("books.fileNeeded")}})
	}
	if _, err := p.Books.AttachEvidence(q.Context(), &ledgerv1.AttachEvidenceRequest{RequestId: q.RequestID(), Entry: q.PathValue("entry"), File: file}); err != nil {
		return q.Again(err, p.evidence)
	}
	return q.See("/ledger/entries/" + q.PathValue("entry") + "/evidence")
}

func (p pages) waive(q *layout.Request) error {
	if wrong := q.Missing("reason", "ledger.whyNeeded"); len(wrong) > 0 {
		return p.evidence(q, wrong)
	}
	if _, err := p.Books.WaiveEvidence(q.Context(), &ledgerv1.WaiveEvidenceRequest{RequestId: q.RequestID(), Entry: q.PathValue("entry"), Reason: q.Typed("reason")}); err != nil {
		return q.Again(err, p.evidence)
	}
	return q.See("/ledger/entries/" + q.PathValue("entry") + "/evidence")
}

type fundsView struct {
	Treasurer         bool
	Date              string
	Funds             []*ledgerv1.Fund
	ID, Name, Purpose *form.Field
}

// funds says what is left of each grant.
func (p pages) funds(q *layout.Request, wrong []form.Wrong) error {
	reply, err := p.Books.ListFunds(q.Context(), &ledgerv1.ListFundsRequest{})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := fundsView{
		Treasurer: treasurer(q), Date: reply.GetDate(), Funds: reply.GetFunds(),
		ID: f.Hinted("fund", "books.fundID", "books.fundIDHint"), Name: f.Field("name", "books.fundName"), Purpose: f.Field("purpose", "books.purpose"),
	}
	return q.Show(code, "funds.html", layout.Page{Title: q.T("books.funds"), View: v, Errors: f.Summary(), Back: "/ledger"})
}

func (p pages) createFund(q *layout.Request) error {
	if _, err := p.Books.CreateFund(q.Context(), &ledgerv1.CreateFundRequest{RequestId: q.RequestID(), Fund: q.Typed("fund"), Name: q.Typed("name"), Purpose: q.Typed("purpose")}); err != nil {
		return q.Again(err, p.funds)
	}
	return q.See("/ledger/funds")
}

type chartView struct {
	Treasurer bool
	Accounts  []*ledgerv1.Account
	ID, Name  *form.Field
}

// chart is the chart of accounts.
func (p pages) chart(q *layout.Request, wrong []form.Wrong) error {
	reply, err := p.Ledger.ListAccounts(q.Context(), &ledgerv1.ListAccountsRequest{})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := chartView{Treasurer: treasurer(q), Accounts: reply.GetAccounts(), ID: f.Hinted("account", "books.accountID", "books.accountIDHint"), Name: f.Field("name", "books.accountName")}
	return q.Show(code, "chart.html", layout.Page{Title: q.T("books.chart"), View: v, Errors: f.Summary(), Back: "/ledger"})
}

func (p pages) createAccount(q *layout.Request) error {
	if _, err := p.Books.CreateAccount(q.Context(), &ledgerv1.CreateAccountRequest{RequestId: q.RequestID(), Account: q.Typed("account"), Name: q.Typed("name")}); err != nil {
		return q.Again(err, p.chart)
	}
	return q.See("/ledger/chart")
}
