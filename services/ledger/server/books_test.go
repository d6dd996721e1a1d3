package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

func TestAccountsFundsAndMeetings(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		add := func(id, name string) (*ledgerv1.Account, error) {
			return h.books.CreateAccount(h.treasurer(), &ledgerv1.CreateAccountRequest{RequestId: h.id(), Account: id, Name: name})
		}
		for _, bad := range []string{"printing", "expense:printing", "expenses:", "expenses:Printing", "expenses:" + strings.Repeat("x", 60)} {
			_, err := add(bad, "Printing")
			wantRefusal(t, err, codes.InvalidArgument, "ENTRY_INVALID")
		}
		_, err := add("expenses:hall", "Hall")
		wantRefusal(t, err, codes.AlreadyExists, "ACCOUNT_EXISTS")
		if a := having[*ledgerv1.Account](h)(add("expenses:printing", "Printing")); a.GetType() != ledgerv1.AccountType_ACCOUNT_TYPE_EXPENSE {
			t.Errorf("added: %v", a)
		}
		_, err = add("expenses:printing", "Printing")
		wantRefusal(t, err, codes.AlreadyExists, "ACCOUNT_EXISTS")
		_, err = h.books.CreateFund(h.treasurer(), &ledgerv1.CreateFundRequest{RequestId: h.id(), Fund: "A Fund", Name: "x", Purpose: "y"})
		wantRefusal(t, err, codes.InvalidArgument, "ENTRY_INVALID")
		fund := func() (*ledgerv1.Fund, error) {
			return h.books.CreateFund(h.treasurer(), &ledgerv1.CreateFundRequest{RequestId: h.id(), Fund: "digital-grant", Name: "Digital grant", Purpose: "Training"})
		}
		having[*ledgerv1.Fund](h)(fund())
		_, err = fund()
		wantRefusal(t, err, codes.AlreadyExists, "FUND_EXISTS")

		meeting := theGeneral
		post := func(date string, postings ...*ledgerv1.Posting) (*ledgerv1.Entry, error) {
			return h.ledger.PostEntry(h.treasurer(), &ledgerv1.PostEntryRequest{RequestId: h.id(), OccurDate: date, Description: "Training day", Meeting: meeting, Postings: postings})
		}
		grant := having[*ledgerv1.Entry](h)(post("2026-10-01", &ledgerv1.Posting{Account: ledger.Bank, AmountPence: 20000}, &ledgerv1.Posting{Account: "income:grants", AmountPence: -20000, Fund: "digital-grant"}))
		spent := having[*ledgerv1.Entry](h)(post("2026-11-01", &ledgerv1.Posting{Account: "expenses:printing", AmountPence: 4000, Fund: "digital-grant"}, &ledgerv1.Posting{Account: ledger.Bank, AmountPence: -4000}))
		if grant.GetPostings()[1].GetFund() != "digital-grant" || spent.GetMeeting() != meeting {
			t.Errorf("tags are lost: %v", spent)
		}
		_, err = post("2026-11-01", &ledgerv1.Posting{Account: "expenses:printing", AmountPence: 1}, &ledgerv1.Posting{Account: ledger.Bank, AmountPence: -1, Fund: "digital-grant"})
		wantRefusal(t, err, codes.InvalidArgument, "ENTRY_INVALID")
		for date, want := range map[string][2]int64{"2026-09-30": {0, 0}, "2026-10-31": {20000, 20000}, "": {20000, 16000}} {
			f := having[*ledgerv1.ListFundsResponse](h)(h.books.ListFunds(h.t.Context(), &ledgerv1.ListFundsRequest{Date: date})).GetFunds()[0]
			if f.GetIncomePence() != want[0] || f.GetLeftPence() != want[1] {
				t.Errorf("what is left of the grant at %q: %v", date, f)
			}
		}
		m := having[*ledgerv1.MeetingAccount](h)(h.books.GetMeetingAccount(h.t.Context(), &ledgerv1.GetMeetingAccountRequest{Meeting: meeting}))
		if m.GetIncomePence() != 20000 || m.GetCostPence() != 4000 || len(m.GetLines()) != 2 {
			t.Errorf("the meeting's money: %v", m)
		}
		// A reversal takes it out of the grant and of the meeting again.
		having[*ledgerv1.Entry](h)(h.ledger.ReverseEntry(h.treasurer(), &ledgerv1.ReverseEntryRequest{RequestId: h.id(), Entry: spent.GetId(), Reason: "Twice"}))
		if f := having[*ledgerv1.ListFundsResponse](h)(h.books.ListFunds(h.t.Context(), &ledgerv1.ListFundsRequest{})).GetFunds()[0]; f.GetLeftPence() != 20000 {
			t.Errorf("after the reversal: %v", f)
		}
		if m := having[*ledgerv1.MeetingAccount](h)(h.books.GetMeetingAccount(h.t.Context(), &ledgerv1.GetMeetingAccountRequest{Meeting: meeting})); m.GetCostPence() != 0 {
			t.Errorf("the meeting after the reversal: %v", m)
		}
		opening := having[*ledgerv1.Entry](h)(h.books.PostOpeningBalances(h.treasurer(), &ledgerv1.PostOpeningBalancesRequest{
			RequestId: h.id(), OccurDate: "2026-01-01", Balances: []*ledgerv1.Posting{{Account: ledger.Bank, AmountPence: 1200}, {Account: "liabilities:creditors", AmountPence: -200}},
		}))
		if last := opening.GetPostings()[2]; last.GetAccount() != ledger.Opening || last.GetAmountPence() != -1000 {
			t.Errorf("opening balances: %v", opening)
		}
		h.sound()
	})
}

// TestTheFirstPoundIsAShareWhereTheRuleSaysSo gives £5 twice: £1 of the first is share capital.
func TestTheFirstPoundIsAShareWhereTheRuleSaysSo(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		h.give("2026-11-01", 1, 500)
		h.rule(ledger.Rule{Book: 2, PoundIsShare: true})
		h.give("2026-11-02", 1, 500)
		h.give("2026-11-03", 2, 500)
		if diff := cmp.Diff(map[string]int64{ledger.Bank: 1500, ledger.Donations: -1400, ledger.ShareCapital: -100}, h.balances("")); diff != "" {
			t.Errorf("the books:\n%s", diff)
		}
	})
}

func TestSpendingAboveTheLimitNeedsASecondOfficer(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		h.give("2026-10-01", 1, 100_000)
		postings := []*ledgerv1.Posting{{Account: "expenses:hall", AmountPence: 5001}, {Account: ledger.Bank, AmountPence: -5001}}
		_, err := h.ledger.PostEntry(h.treasurer(), &ledgerv1.PostEntryRequest{RequestId: h.id(), OccurDate: "2026-11-01", Description: "Hall", Postings: postings})
		wantRefusal(t, err, codes.FailedPrecondition, "SPENDING_NEEDS_SECOND")
		h.spend("2026-11-01", 5000, "") // the limit itself is allowed
		// Moving money between own accounts is no spending.
		having[*ledgerv1.Entry](h)(h.ledger.PostEntry(h.treasurer(), &ledgerv1.PostEntryRequest{
			RequestId: h.id(), OccurDate: "2026-11-01", Description: "Float", Postings: []*ledgerv1.Posting{{Account: ledger.Cash, AmountPence: 20_000}, {Account: ledger.Bank, AmountPence: -20_000}},
		}))
		before := h.balances("")
		propose := func() (*ledgerv1.Spending, error) {
			return h.books.ProposeSpending(h.treasurer(), &ledgerv1.ProposeSpendingRequest{RequestId: h.id(), OccurDate: "2026-11-02", Description: "Hall for the AGM", Postings: postings})
		}
		sp := having[*ledgerv1.Spending](h)(propose())
		if sp.GetState() != ledgerv1.SpendingState_SPENDING_STATE_PROPOSED || sp.GetAmountPence() != 5001 || sp.GetEntry() != "" {
			t.Errorf("proposed: %v", sp)
		}
		if diff := cmp.Diff(before, h.balances("")); diff != "" {
			t.Errorf("proposing booked something:\n%s", diff)
		}
		approve := func(ctx context.Context, etag string) (*ledgerv1.Spending, error) {
			return h.books.ApproveSpending(ctx, &ledgerv1.ApproveSpendingRequest{RequestId: h.id(), Spending: sp.GetId(), Etag: etag})
		}
		_, err = approve(h.treasurer(), sp.GetEtag())
		wantRefusal(t, err, codes.PermissionDenied, "SAME_OFFICER")
		_, err = approve(h.chair(), "")
		wantRefusal(t, err, codes.FailedPrecondition, "ETAG_MISSING")
		pending := having[*ledgerv1.ListSpendingResponse](h)(h.books.ListSpending(h.chair(), &ledgerv1.ListSpendingRequest{Pending: true}))
		if len(pending.GetSpending()) != 1 || pending.GetLimitPence() != 5000 {
			t.Errorf("pending: %v", pending)
		}
		done := having[*ledgerv1.Spending](h)(approve(h.chair(), sp.GetEtag()))
		e := having[*ledgerv1.Entry](h)(h.ledger.GetEntry(h.treasurer(), &ledgerv1.GetEntryRequest{Entry: done.GetEntry()}))
		if e.GetEnteredBy() != payer(1) || e.GetApprovedBy() != payer(2) || e.GetOccurDate() != "2026-11-02" {
			t.Errorf("booked: %v", e)
		}
		if public := having[*ledgerv1.Entry](h)(h.ledger.GetEntry(h.t.Context(), &ledgerv1.GetEntryRequest{Entry: done.GetEntry()})); public.GetApprovedBy() != "" || public.GetEnteredBy() != "" {
			t.Errorf("who approved it is public: %v", public)
		}
		_, err = approve(h.as(3, auth.Secretary), done.GetEtag())
		wantRefusal(t, err, codes.FailedPrecondition, "ALREADY_DECIDED")
		sp = having[*ledgerv1.Spending](h)(propose())
		refuse := func(reason string) (*ledgerv1.Spending, error) {
			return h.books.RefuseSpending(h.chair(), &ledgerv1.RefuseSpendingRequest{RequestId: h.id(), Spending: sp.GetId(), Etag: sp.GetEtag(), Reason: reason})
		}
		_, err = refuse("")
		wantRefusal(t, err, codes.InvalidArgument, "ENTRY_INVALID")
		if no := having[*ledgerv1.Spending](h)(refuse("Too dear")); no.GetState() != ledgerv1.SpendingState_SPENDING_STATE_REFUSED || no.GetEntry() != "" {
			t.Errorf("refused: %v", no)
		}
		_, err = h.books.RefuseSpending(h.chair(), &ledgerv1.RefuseSpendingRequest{RequestId: h.id(), Spending: bookID(t), Etag: "x", Reason: "y"})
		wantRefusal(t, err, codes.NotFound, "SPENDING_NOT_FOUND")
		// A bank line that went out above the limit is linked to what two agreed to, not booked by one.
		h.imported("Date,Description,Amount\n03/11/2026,TOWN HALL,-50.01\n")
		l := h.lines(openLine)[0]
		_, err = h.bank.MatchLine(h.treasurer(), &ledgerv1.MatchLineRequest{RequestId: h.id(), Line: l.GetId(), Etag: l.GetEtag(), Shares: []*ledgerv1.LineShare{{Account: "expenses:hall", AmountPence: -5001}}})
		wantRefusal(t, err, codes.FailedPrecondition, "SPENDING_NEEDS_SECOND")
		having[*ledgerv1.BankLine](h)(h.bank.LinkLine(h.treasurer(), &ledgerv1.LinkLineRequest{RequestId: h.id(), Line: l.GetId(), Etag: l.GetEtag(), Entries: []string{done.GetEntry()}}))
		h.sound()
	})
}

func TestEvidenceIsCheckedByItsContent(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		e := h.spend("2026-11-01", 100, "")
		pdf := append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte{0, 1, 2, 255}, 80_000)...)
		file := h.upload(h.treasurer(), "Receipt \"one\"\u202e.html", ledgerv1.FilePurpose_FILE_PURPOSE_EVIDENCE, pdf)
		attach := func(entry, file string) (*ledgerv1.Evidence, error) {
			return h.books.AttachEvidence(h.treasurer(), &ledgerv1.AttachEvidenceRequest{RequestId: h.id(), Entry: entry, File: file})
		}
		sum := sha256.Sum256(pdf)
		if ev := having[*ledgerv1.Evidence](h)(attach(e.GetId(), file)); ev.GetFile().GetMediaType() != "application/pdf" || ev.GetFile().GetSha256() != hex.EncodeToString(sum[:]) || ev.GetFile().GetSizeBytes() != int64(len(pdf)) {
			t.Errorf("attached: %v", ev)
		}
		_, err := attach(bookID(t), file)
		wantRefusal(t, err, codes.NotFound, "ENTRY_NOT_FOUND")
		_, err = attach(e.GetId(), bookID(t))
		wantRefusal(t, err, codes.NotFound, "FILE_NOT_FOUND")
		_, err = attach(e.GetId(), h.upload(h.treasurer(), "x", ledgerv1.FilePurpose_FILE_PURPOSE_STATEMENT, []byte(november)))
		wantRefusal(t, err, codes.InvalidArgument, "FILE_INVALID")

		stream, err := h.books.DownloadFile(h.chair(), &ledgerv1.DownloadFileRequest{File: file})
		if err != nil {
			t.Fatal(err)
		}
		var got []byte
		for {
			piece, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, piece.GetData()...); piece.GetContentType() != "application/pdf" {
				t.Fatalf("served as %s", piece.GetContentType())
			}
		}
		md, err := stream.Header()
		if name := strings.Join(md.Get("content-disposition"), ""); err != nil || !strings.HasPrefix(name, "attachment; ") || !bytes.Equal(got, pdf) {
			t.Errorf("a download of %d bytes is called %q, %v", len(got), name, err)
		}
		public := having[*ledgerv1.ListEvidenceResponse](h)(h.books.ListEvidence(h.t.Context(), &ledgerv1.ListEvidenceRequest{Entry: e.GetId()})).GetEvidence()
		if len(public) != 1 || public[0].GetFile().GetSha256() == "" || public[0].GetFile().GetName() != "" || public[0].GetFile().GetId() != "" || public[0].GetLinkedBy() != "" {
			t.Errorf("what is public of evidence: %v", public)
		}
		begin := func(name string, size int64) (*ledgerv1.File, error) {
			return h.books.StartFile(h.treasurer(), &ledgerv1.StartFileRequest{RequestId: h.id(), Name: name, SizeBytes: size, Purpose: ledgerv1.FilePurpose_FILE_PURPOSE_EVIDENCE})
		}
		_, err = begin("", 1)
		wantRefusal(t, err, codes.InvalidArgument, "FILE_INVALID")
		_, err = begin("x", 10<<20+1)
		wantRefusal(t, err, codes.InvalidArgument, "FILE_INVALID")
		put := func(ctx context.Context, f string, offset int64, data string) error {
			_, err := h.books.AppendFile(ctx, &ledgerv1.AppendFileRequest{RequestId: h.id(), File: f, Offset: offset, Data: []byte(data)})
			return err
		}
		finish := func(f string) error {
			_, err := h.books.FinishFile(h.treasurer(), &ledgerv1.FinishFileRequest{RequestId: h.id(), File: f})
			return err
		}
		for name, content := range map[string]string{"a program": "MZ\x90\x00", "a script with a nul": "<script>\x00", "a zip": "PK\x03\x04", "latin": "caf\xe9"} {
			f := having[*ledgerv1.File](h)(begin("receipt.pdf", 0)).GetId()
			if err := put(h.treasurer(), f, 0, content); err != nil {
				t.Fatal(err)
			}
			if f := wantRefusal(t, finish(f), codes.InvalidArgument, "FILE_TYPE"); f == nil {
				t.Errorf("%s passes", name)
			}
		}
		f := having[*ledgerv1.File](h)(begin("note.txt", 4)).GetId()
		wantRefusal(t, finish(f), codes.InvalidArgument, "FILE_INCOMPLETE")
		wantRefusal(t, put(h.treasurer(), f, 2, "xx"), codes.InvalidArgument, "FILE_GAP")
		wantRefusal(t, put(h.treasurer(), f, 0, ""), codes.InvalidArgument, "FILE_INVALID")
		wantRefusal(t, put(h.chair(), f, 0, "mine"), codes.NotFound, "FILE_NOT_FOUND") // another's file
		_, err = attach(e.GetId(), f)
		wantRefusal(t, err, codes.InvalidArgument, "FILE_INVALID") // not finished
		if err := errors.Join(put(h.treasurer(), f, 0, "ca"), put(h.treasurer(), f, 2, "f\n"), finish(f)); err != nil {
			t.Fatal(err)
		}
		wantRefusal(t, put(h.treasurer(), f, 4, "more"), codes.FailedPrecondition, "FILE_FINISHED")
		wantRefusal(t, finish(f), codes.FailedPrecondition, "FILE_FINISHED")
	})
}

func TestCashIsCountedByTwo(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		h.give("2026-11-01", 2, 100) // who gave before: a second £1 is flagged, not refused
		organiser, teller := h.as(3, "organiser/london"), h.as(4, "teller/london")
		record := func(gifts ...*ledgerv1.CashGift) (*ledgerv1.Cash, error) {
			return h.bank.RecordCash(organiser, &ledgerv1.RecordCashRequest{RequestId: h.id(), OccurDate: "2026-11-20", Meeting: theMeeting, Gifts: gifts})
		}
		_, err := record()
		wantRefusal(t, err, codes.InvalidArgument, "ENTRY_INVALID")
		_, err = record(&ledgerv1.CashGift{Member: payer(99), AmountPence: 100})
		wantRefusal(t, err, codes.InvalidArgument, "MEMBER_NOT_FOUND")
		_, err = record(&ledgerv1.CashGift{Account: "expenses:hall", AmountPence: 100})
		wantRefusal(t, err, codes.InvalidArgument, "ENTRY_INVALID")
		gifts := []*ledgerv1.CashGift{{Member: payer(1), AmountPence: 100}, {Member: payer(2), AmountPence: 100}, {Member: payer(1), AmountPence: 100}, {Account: "income:other", AmountPence: 250}}
		cash := having[*ledgerv1.Cash](h)(record(gifts...))
		count := func(ctx context.Context, pence int64) (*ledgerv1.Cash, error) {
			return h.bank.CountCash(ctx, &ledgerv1.CountCashRequest{RequestId: h.id(), Cash: cash.GetId(), AmountPence: pence})
		}
		_, err = h.bank.BankCash(h.treasurer(), &ledgerv1.BankCashRequest{RequestId: h.id(), Cash: cash.GetId(), OccurDate: "2026-11-21", Etag: cash.GetEtag()})
		wantRefusal(t, err, codes.FailedPrecondition, "CASH_STATE")
		having[*ledgerv1.Cash](h)(count(organiser, 550))
		// The teller counts for themselves: neither the list nor the other count is shown.
		if c := having[*ledgerv1.Cash](h)(h.bank.GetCash(teller, &ledgerv1.GetCashRequest{Cash: cash.GetId()})); c.GetTotalPence() != 0 || len(c.GetGifts()) != 0 || c.GetCounts()[0].GetAmountPence() != 0 {
			t.Errorf("a counter sees what they are to find: %v", c)
		}
		if c := having[*ledgerv1.Cash](h)(count(teller, 540)); !c.GetDiffers() || c.GetState() != ledgerv1.CashState_CASH_STATE_COUNTING {
			t.Errorf("counts that differ: %v", c)
		}
		if c := having[*ledgerv1.Cash](h)(count(organiser, 550)); c.GetState() != ledgerv1.CashState_CASH_STATE_COUNTING {
			t.Error("the same person counted for two")
		}
		if got := h.balances("")[ledger.Cash]; got != 0 {
			t.Errorf("%d pence are booked before two agreed", got)
		}
		done := having[*ledgerv1.Cash](h)(count(teller, 550))
		if done.GetState() != ledgerv1.CashState_CASH_STATE_AGREED || done.GetDiffers() || len(done.GetEntries()) != 4 || done.GetTotalPence() != 550 {
			t.Fatalf("agreed: %v", done)
		}
		var flags []bool
		for _, id := range done.GetEntries()[:3] {
			e := having[*ledgerv1.Entry](h)(h.ledger.GetEntry(h.treasurer(), &ledgerv1.GetEntryRequest{Entry: id}))
			flags = append(flags, e.GetRepeatedDonation())
			if e.GetMeeting() != theMeeting || e.GetMethod() != ledgerv1.Method_METHOD_CASH || e.GetEnteredBy() != payer(3) {
				t.Errorf("booked: %v", e)
			}
		}
		if diff := cmp.Diff([]bool{false, true, true}, flags); diff != "" {
			t.Errorf("who gave again:\n%s", diff)
		}
		_, err = count(teller, 550)
		wantRefusal(t, err, codes.FailedPrecondition, "CASH_STATE")
		bank := func(date, etag string) (*ledgerv1.Cash, error) {
			return h.bank.BankCash(h.treasurer(), &ledgerv1.BankCashRequest{RequestId: h.id(), Cash: cash.GetId(), OccurDate: date, Etag: etag})
		}
		_, err = bank("2026-11-21", "")
		wantRefusal(t, err, codes.FailedPrecondition, "ETAG_MISSING")
		_, err = bank("2026-11-19", done.GetEtag())
		wantRefusal(t, err, codes.InvalidArgument, "ENTRY_INVALID")
		if c := having[*ledgerv1.Cash](h)(bank("2026-11-21", done.GetEtag())); c.GetState() != ledgerv1.CashState_CASH_STATE_BANKED || c.GetBanking() == "" {
			t.Errorf("banked: %v", c)
		}
		if diff := cmp.Diff(map[string]int64{ledger.Bank: 650, ledger.Donations: -400, "income:other": -250}, h.balances("")); diff != "" {
			t.Errorf("the books:\n%s", diff)
		}
		// Another list is thrown away, by who entered it or the treasurer only.
		other := having[*ledgerv1.Cash](h)(record(gifts[0]))
		_, err = h.bank.CancelCash(h.as(5, "organiser/midlands"), &ledgerv1.CancelCashRequest{RequestId: h.id(), Cash: other.GetId(), Etag: other.GetEtag()})
		wantRefusal(t, err, codes.NotFound, "CASH_NOT_FOUND")
		having[*ledgerv1.Cash](h)(h.bank.CancelCash(organiser, &ledgerv1.CancelCashRequest{RequestId: h.id(), Cash: other.GetId(), Etag: other.GetEtag()}))
		_, err = h.bank.GetCash(h.treasurer(), &ledgerv1.GetCashRequest{Cash: "none"})
		wantRefusal(t, err, codes.NotFound, "CASH_NOT_FOUND")
		if all := having[*ledgerv1.ListCashResponse](h)(h.bank.ListCash(h.as(5, "organiser/midlands"), &ledgerv1.ListCashRequest{})).GetCash(); len(all) != 0 {
			t.Errorf("an organiser of another region sees %v", all)
		}
		h.sound()
	})
}
