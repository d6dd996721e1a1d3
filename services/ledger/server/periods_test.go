package server

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

func (h *bookHouse) propose(through string, balance int64) (*ledgerv1.Period, error) {
	return h.books.ProposeClose(h.treasurer(), &ledgerv1.ProposeCloseRequest{
		RequestId: h.id(), Through: through, Balances: []*ledgerv1.AccountBalance{{Account: ledger.Bank, StatementPence: balance}},
	})
}

func (h *bookHouse) approve(ctx context.Context, p *ledgerv1.Period) (*ledgerv1.Period, error) {
	return h.books.ApproveClose(ctx, &ledgerv1.ApproveCloseRequest{RequestId: h.id(), Period: p.GetId(), Etag: p.GetEtag()})
}

// TestAPeriodClosesWhenNothingIsMissing takes one reason after the other away.
func TestAPeriodClosesWhenNothingIsMissing(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		_, err := h.propose("2026-11-21", 0)
		wantRefusal(t, err, codes.InvalidArgument, "PERIOD_DATE") // today is not over
		_, err = h.propose("2026-10-32", 0)
		wantRefusal(t, err, codes.InvalidArgument, "PERIOD_DATE")
		h.imported("Date,Description,Amount\n02/10/2026,ADA M00013,100.00\n05/10/2026,HALL,-20.00\n")
		_, err = h.propose("2026-10-31", 8000)
		wantRefusal(t, err, codes.FailedPrecondition, "LINES_UNMATCHED")
		having[*ledgerv1.MatchCertainResponse](h)(h.bank.MatchCertain(h.treasurer(), &ledgerv1.MatchCertainRequest{RequestId: h.id()}))
		hall := h.lines(openLine)[0]
		spent := having[*ledgerv1.BankLine](h)(h.bank.MatchLine(h.treasurer(), &ledgerv1.MatchLineRequest{
			RequestId: h.id(), Line: hall.GetId(), Etag: hall.GetEtag(), Shares: []*ledgerv1.LineShare{{Account: "expenses:hall", AmountPence: -2000}},
		})).GetEntries()[0]
		_, err = h.propose("2026-10-31", 7999)
		if f := wantRefusal(t, err, codes.FailedPrecondition, "BALANCE_DIFFERS"); f != nil && f.Details["difference_pence"] != "-1" {
			t.Errorf("the difference: %v", f.Details)
		}
		_, err = h.books.ProposeClose(h.treasurer(), &ledgerv1.ProposeCloseRequest{RequestId: h.id(), Through: "2026-10-31"})
		wantRefusal(t, err, codes.InvalidArgument, "BALANCE_DIFFERS")
		_, err = h.propose("2026-10-31", 8000)
		wantRefusal(t, err, codes.FailedPrecondition, "EVIDENCE_MISSING")
		check := having[*ledgerv1.PeriodCheck](h)(h.books.CheckPeriod(h.chair(), &ledgerv1.CheckPeriodRequest{Through: "2026-10-31"}))
		if check.GetWithoutEvidenceCount() != 1 || check.GetWithoutEvidence()[0].GetId() != spent || check.GetBalances()[0].GetLedgerPence() != 8000 || check.GetUnmatchedLines() != 0 {
			t.Errorf("the check: %v", check)
		}
		_, err = h.books.WaiveEvidence(h.treasurer(), &ledgerv1.WaiveEvidenceRequest{RequestId: h.id(), Entry: spent})
		wantRefusal(t, err, codes.InvalidArgument, "ENTRY_INVALID")
		having[*ledgerv1.Evidence](h)(h.books.WaiveEvidence(h.treasurer(), &ledgerv1.WaiveEvidenceRequest{RequestId: h.id(), Entry: spent, Reason: "The hall gives no receipts."}))
		sp := having[*ledgerv1.Spending](h)(h.books.ProposeSpending(h.treasurer(), &ledgerv1.ProposeSpendingRequest{
			RequestId: h.id(), OccurDate: "2026-10-20", Description: "Tea", Postings: []*ledgerv1.Posting{{Account: "expenses:refreshments", AmountPence: 1}, {Account: ledger.Bank, AmountPence: -1}},
		}))
		_, err = h.propose("2026-10-31", 8000)
		wantRefusal(t, err, codes.FailedPrecondition, "SPENDING_PENDING")
		having[*ledgerv1.Spending](h)(h.books.RefuseSpending(h.treasurer(), &ledgerv1.RefuseSpendingRequest{RequestId: h.id(), Spending: sp.GetId(), Etag: sp.GetEtag(), Reason: "Not needed"}))
		cash := having[*ledgerv1.Cash](h)(h.bank.RecordCash(h.treasurer(), &ledgerv1.RecordCashRequest{RequestId: h.id(), OccurDate: "2026-10-20", Gifts: []*ledgerv1.CashGift{{Member: payer(3), AmountPence: 100}}}))
		_, err = h.propose("2026-10-31", 8000)
		wantRefusal(t, err, codes.FailedPrecondition, "CASH_OPEN")
		having[*ledgerv1.Cash](h)(h.bank.CancelCash(h.treasurer(), &ledgerv1.CancelCashRequest{RequestId: h.id(), Cash: cash.GetId(), Etag: cash.GetEtag()}))

		p := having[*ledgerv1.Period](h)(h.propose("2026-10-31", 8000))
		_, err = h.propose("2026-10-31", 8000)
		wantRefusal(t, err, codes.FailedPrecondition, "CLOSE_PROPOSED")
		_, err = h.approve(h.treasurer(), p)
		wantRefusal(t, err, codes.PermissionDenied, "SAME_OFFICER")
		_, err = h.books.ApproveClose(h.chair(), &ledgerv1.ApproveCloseRequest{RequestId: h.id(), Period: p.GetId()})
		wantRefusal(t, err, codes.FailedPrecondition, "ETAG_MISSING")
		if got := having[*ledgerv1.ListPeriodsResponse](h)(h.books.ListPeriods(h.t.Context(), &ledgerv1.ListPeriodsRequest{})).GetPeriods(); len(got) != 0 {
			t.Errorf("a proposal is public: %v", got)
		}
		// What came meanwhile is checked once more.
		extra := h.give("2026-10-30", 4, 100)
		_, err = h.approve(h.chair(), p)
		wantRefusal(t, err, codes.FailedPrecondition, "BALANCE_DIFFERS")
		having[*ledgerv1.Period](h)(h.books.WithdrawClose(h.chair(), &ledgerv1.WithdrawCloseRequest{RequestId: h.id(), Period: p.GetId(), Etag: p.GetEtag()}))
		_, err = h.approve(h.chair(), p)
		wantRefusal(t, err, codes.FailedPrecondition, "ETAG_MISMATCH")
		p = having[*ledgerv1.Period](h)(h.propose("2026-10-31", 8100))
		closed := having[*ledgerv1.Period](h)(h.approve(h.chair(), p))
		if closed.GetState() != ledgerv1.PeriodState_PERIOD_STATE_CLOSED || closed.GetEntries() != 3 || closed.GetApprovedBy() != payer(2) || len(closed.GetClosing().GetLines()) != 3 {
			t.Errorf("closed: %v", closed)
		}
		public := having[*ledgerv1.ListPeriodsResponse](h)(h.books.ListPeriods(h.t.Context(), &ledgerv1.ListPeriodsRequest{})).GetPeriods()
		if len(public) != 1 || public[0].GetProposedBy() != "" || public[0].GetApprovedBy() != "" || public[0].GetThrough() != "2026-10-31" {
			t.Errorf("what is public: %v", public)
		}
		_, err = h.approve(h.as(3, auth.Board), &ledgerv1.Period{Id: bookID(t), Etag: "proposed"})
		wantRefusal(t, err, codes.NotFound, "PERIOD_NOT_FOUND")
		h.afterClose(extra)
	})
}

// afterClose tries everything that would change what is closed, and books what is found later in the open period.
func (h *bookHouse) afterClose(extra *ledgerv1.Entry) {
	h.t.Helper()
	t, before := h.t, h.balances("2026-10-31")
	_, err := h.ledger.RecordDonation(h.treasurer(), &ledgerv1.RecordDonationRequest{RequestId: h.id(), Member: payer(5), AmountPence: 100, Method: ledgerv1.Method_METHOD_CASH, OccurDate: "2026-10-31"})
	if f := wantRefusal(t, err, codes.FailedPrecondition, "PERIOD_CLOSED"); f != nil && f.Details["closed_through"] != "2026-10-31" {
		t.Errorf("the refusal says %v", f.Details)
	}
	_, err = h.ledger.PostEntry(h.treasurer(), &ledgerv1.PostEntryRequest{
		RequestId: h.id(), OccurDate: "2026-10-01", Description: "Late", Postings: []*ledgerv1.Posting{{Account: ledger.Cash, AmountPence: 1}, {Account: "income:other", AmountPence: -1}},
	})
	wantRefusal(t, err, codes.FailedPrecondition, "PERIOD_CLOSED")
	_, err = h.bank.RecordCash(h.treasurer(), &ledgerv1.RecordCashRequest{RequestId: h.id(), OccurDate: "2026-10-31", Gifts: []*ledgerv1.CashGift{{Member: payer(5), AmountPence: 100}}})
	wantRefusal(t, err, codes.FailedPrecondition, "PERIOD_CLOSED")
	_, err = h.propose("2026-10-31", 8100)
	wantRefusal(t, err, codes.InvalidArgument, "PERIOD_DATE")
	back := having[*ledgerv1.Entry](h)(h.ledger.ReverseEntry(h.treasurer(), &ledgerv1.ReverseEntryRequest{RequestId: h.id(), Entry: extra.GetId(), Reason: "It bounced"}))
	if !back.GetAfterClose() || back.GetOccurDate() != "2026-11-21" {
		back = having[*ledgerv1.Entry](h)(h.ledger.GetEntry(h.t.Context(), &ledgerv1.GetEntryRequest{Entry: back.GetId()}))
	}
	if !back.GetAfterClose() || back.GetOccurDate() != "2026-11-21" || back.GetDescription() != "Reversal of entry 3, of 2026-10-30, after the books were closed up to 2026-10-31" {
		t.Errorf("a correction after close: %v", back)
	}
	h.imported("Date,Description,Amount\n30/10/2026,EVE FORD M00059,1.00\n")
	having[*ledgerv1.MatchCertainResponse](h)(h.bank.MatchCertain(h.treasurer(), &ledgerv1.MatchCertainRequest{RequestId: h.id()}))
	var late *ledgerv1.Entry
	for _, l := range h.lines(matchedLine) {
		if l.GetBankDate() == "2026-10-30" {
			late = having[*ledgerv1.Entry](h)(h.ledger.GetEntry(h.treasurer(), &ledgerv1.GetEntryRequest{Entry: l.GetEntries()[0]}))
		}
	}
	if late.GetOccurDate() != "2026-11-01" || late.GetBankDate() != "2026-10-30" || late.GetDescription() != "Donation, at the bank on 2026-10-30" {
		t.Errorf("a line of the closed period: %v", late)
	}
	if diff := cmp.Diff(before, h.balances("2026-10-31")); diff != "" {
		t.Errorf("what was closed changed:\n%s", diff)
	}
	h.sound()
}
