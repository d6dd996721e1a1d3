package server

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// TestThePackHasWhatTheTreasurerAdded follows an account, a fund and evidence that the treasurer added into report and pack.
func TestThePackHasWhatTheTreasurerAdded(t *testing.T) {
	o := newOffice(t)
	books := ledgerv1.NewBooksServiceClient(o.conn)
	treasurer := o.as(memberID(1), auth.Treasurer)
	if _, err := books.CreateAccount(treasurer, &ledgerv1.CreateAccountRequest{RequestId: o.request(), Account: "expenses:printing", Name: "Printing"}); err != nil {
		t.Fatal(err)
	}
	if _, err := books.CreateFund(treasurer, &ledgerv1.CreateFundRequest{RequestId: o.request(), Fund: "digital", Name: "Digital grant", Purpose: "Software"}); err != nil {
		t.Fatal(err)
	}
	spent, err := o.books.PostEntry(treasurer, &ledgerv1.PostEntryRequest{
		RequestId: o.request(), OccurDate: "2026-11-12", Description: "Leaflets",
		Postings: []*ledgerv1.Posting{{Account: "expenses:printing", AmountPence: 777, Fund: "digital"}, {Account: "assets:bank", AmountPence: -777}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := books.WaiveEvidence(treasurer, &ledgerv1.WaiveEvidenceRequest{RequestId: o.request(), Entry: spent.GetId(), Reason: "Lost by Ann"}); err != nil {
		t.Fatal(err)
	}
	if got, err := o.csv(t.Context(), "restricted-funds", "", "", ""); err != nil || !strings.Contains(got, "funds,digital,Digital grant,0.00,7.77,-7.77\r\n") {
		t.Errorf("what is left: %v\n%s", err, got)
	}
	if got, err := o.csv(t.Context(), "income-and-expenditure", "", "", ""); err != nil || !strings.Contains(got, "expenditure,expenses:printing,Printing,7.77\r\n") {
		t.Errorf("an added account: %v\n%s", err, got)
	}
	s, err := o.reports.GetPack(t.Context(), &ledgerv1.GetPackRequest{})
	raw, _ := received(t, s, err)
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name] = string(b); strings.Contains(files[f.Name], "Ann") {
			t.Errorf("%s tells why there is no evidence", f.Name)
		}
	}
	if !strings.HasPrefix(files["evidence.csv"], ledger.EvidenceHead+"1,1,none,0,,"+spent.GetId()+",") || strings.Count(files["evidence.csv"], "\n") != 2 || !strings.Contains(files["journal.hledger"], "account expenses:printing") ||
		!strings.Contains(files["journal.json"], `"fund":"digital"`) {
		t.Errorf("the pack: %q\n%s", files["evidence.csv"], files["journal.hledger"])
	}
}
