package server

import (
	"testing"

	"google.golang.org/grpc/codes"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// TestNobodyBooksForAMeetingThatIsNot: whatever names a meeting is refused where nobody called it, books nothing, and is taken where somebody did.
func TestNobodyBooksForAMeetingThatIsNot(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		h.imported("Date,Description,Amount\n02/11/2026,HALL LTD,-12.00\n")
		postings := []*ledgerv1.Posting{{Account: "expenses:hall", AmountPence: 1200}, {Account: ledger.Bank, AmountPence: -1200}}
		ways := map[string]func(meeting string) error{
			"an entry": func(meeting string) error {
				_, err := h.ledger.PostEntry(h.treasurer(), &ledgerv1.PostEntryRequest{RequestId: h.id(), OccurDate: "2026-11-20", Description: "Hall", Meeting: meeting, Postings: postings})
				return err
			},
			"spending": func(meeting string) error {
				_, err := h.books.ProposeSpending(h.treasurer(), &ledgerv1.ProposeSpendingRequest{RequestId: h.id(), OccurDate: "2026-11-20", Description: "Hall", Meeting: meeting, Postings: postings})
				return err
			},
			"a bank line": func(meeting string) error {
				l := h.lines(0)[0]
				_, err := h.bank.MatchLine(h.treasurer(), &ledgerv1.MatchLineRequest{
					RequestId: h.id(), Line: l.GetId(), Etag: l.GetEtag(), Meeting: meeting, Shares: []*ledgerv1.LineShare{{Account: "expenses:hall", AmountPence: -1200}},
				})
				return err
			},
			"cash": func(meeting string) error {
				_, err := h.bank.RecordCash(h.as(3, auth.Organiser+"/london"), &ledgerv1.RecordCashRequest{
					RequestId: h.id(), OccurDate: "2026-11-20", Meeting: meeting, Gifts: []*ledgerv1.CashGift{{Member: payer(1), AmountPence: 100}},
				})
				return err
			},
		}
		for name, way := range ways {
			if f := wantRefusal(t, way(theMeeting+"s"), codes.InvalidArgument, "MEETING_UNKNOWN"); f == nil || len(f.Violations) != 1 || f.Violations[0].Field != "meeting" {
				t.Errorf("%s: the refusal is %v", name, f)
			}
		}
		if got := h.balances(""); len(got) != 0 {
			t.Errorf("refusals booked %v", got)
		}
		for name, way := range ways {
			if err := way(theMeeting); err != nil {
				t.Errorf("%s of a meeting that is: %v", name, err)
			}
		}
	})
}

// TestCashIsEnteredByItsOwnRegion: the organiser of one region does not enter what another region's meeting gave.
func TestCashIsEnteredByItsOwnRegion(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		record := func(meeting string, roles ...string) error {
			_, err := h.bank.RecordCash(h.as(3, roles...), &ledgerv1.RecordCashRequest{
				RequestId: h.id(), OccurDate: "2026-11-20", Meeting: meeting, Gifts: []*ledgerv1.CashGift{{Member: payer(1), AmountPence: 100}},
			})
			return err
		}
		wantRefusal(t, record(theMeeting, auth.Organiser+"/midlands"), codes.PermissionDenied, "NOT_YOUR_REGION")
		for _, err := range []error{
			record(theMeeting, auth.Organiser+"/london"), record(theMeeting, auth.Treasurer), record(theGeneral, auth.Organiser+"/midlands"), record("", auth.Organiser+"/midlands"),
		} {
			if err != nil {
				t.Error(err)
			}
		}
	})
}
