package server

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// TestEveryOpenLineIsReached has many lines that nobody knows before those that are certain, more than one call looks at: calls that go on where
// the one before stopped reach them all, whatever a call may look at and book, and a call that is repeated books nothing twice.
func TestEveryOpenLineIsReached(t *testing.T) {
	for _, limits := range []struct{ look, book int }{{4, 2}, {5, 1}, {1, 3}, {23, 2}, {1000, 200}} {
		databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) {
			h := openBookHouse(t, db, func(s *Server) { s.lookAt, s.atOnce = limits.look, limits.book })
			var b strings.Builder
			b.WriteString("Date,Description,Amount\n")
			certain := int64(0)
			for i := range 23 {
				text := fmt.Sprintf("NOBODY KNOWS %d", i)
				if i == 9 || i > 17 {
					text = "BEN M00021"
					certain++
				}
				fmt.Fprintf(&b, "%02d/11/2026,%s,%d.00\n", 1+i/2, text, 1+i)
			}
			h.imported(b.String())
			booked, token, empty := int64(0), "", 0
			for calls := 0; ; calls++ {
				if calls > 23 {
					t.Fatalf("%v: no end after %d calls", limits, calls)
				}
				request := &ledgerv1.MatchCertainRequest{RequestId: h.id(), PageToken: token}
				got := having[*ledgerv1.MatchCertainResponse](h)(h.bank.MatchCertain(h.treasurer(), request))
				if again := having[*ledgerv1.MatchCertainResponse](h)(h.bank.MatchCertain(h.treasurer(), request)); again.GetMatchedLines() != got.GetMatchedLines() || again.GetNextPageToken() != got.GetNextPageToken() {
					t.Errorf("the same call again: %v, then %v", got, again)
				}
				if booked += got.GetMatchedLines(); got.GetMatchedLines() == 0 && got.GetMore() {
					empty++
				}
				if token = got.GetNextPageToken(); got.GetMore() != (token != "") {
					t.Errorf("more and where to go on disagree: %v", got)
				}
				if token == "" {
					break
				}
			}
			if booked != certain || len(h.lines(matchedLine)) != int(certain) {
				t.Errorf("%v: %d booked, %d lines are matched, of %d", limits, booked, len(h.lines(matchedLine)), certain)
			}
			if limits.look == 4 && empty == 0 {
				t.Error("no call met only lines that nobody knows: the test shows nothing")
			}
			_, err := h.bank.MatchCertain(h.treasurer(), &ledgerv1.MatchCertainRequest{RequestId: h.id(), PageToken: "nonsense"})
			wantRefusal(t, err, codes.InvalidArgument, "PAGE_TOKEN")
			h.sound()
		}, Migrations...)
	}
}

// TestWhatWasReversedIsNoLongerCertain: a line whose entry was reversed is open again and shows both entries, and only a person books it anew.
func TestWhatWasReversedIsNoLongerCertain(t *testing.T) {
	eachBookHouse(t, func(h *bookHouse) {
		h.imported("Date,Description,Amount\n02/11/2026,ADA EXAMPLE M00013,1.00\n")
		all := func() int64 {
			return having[*ledgerv1.MatchCertainResponse](h)(h.bank.MatchCertain(h.treasurer(), &ledgerv1.MatchCertainRequest{RequestId: h.id()})).GetMatchedLines()
		}
		if n := all(); n != 1 {
			t.Fatalf("%d lines are certain, want 1", n)
		}
		wrong := h.lines(matchedLine)[0].GetEntries()[0]
		back := having[*ledgerv1.Entry](h)(h.ledger.ReverseEntry(h.treasurer(), &ledgerv1.ReverseEntryRequest{RequestId: h.id(), Entry: wrong, Reason: "Ada paid for Ben"}))
		open := h.lines(openLine)
		if len(open) != 1 || len(open[0].GetEntries()) != 1 || open[0].GetEntries()[0] != wrong {
			t.Fatalf("after the reversal: %v", open)
		}
		if e := having[*ledgerv1.Entry](h)(h.ledger.GetEntry(h.treasurer(), &ledgerv1.GetEntryRequest{Entry: wrong})); e.GetReversedBy() != back.GetId() {
			t.Errorf("the entry of the line is reversed by %q", e.GetReversedBy())
		}
		if p := open[0].GetProposals(); len(p) == 0 || p[0].GetCertain() {
			t.Errorf("what was reversed is proposed as %v", p)
		}
		if n := all(); n != 0 {
			t.Errorf("%d lines are certain that somebody reversed", n)
		}
		having[*ledgerv1.BankLine](h)(h.bank.MatchLine(h.treasurer(), &ledgerv1.MatchLineRequest{
			RequestId: h.id(), Line: open[0].GetId(), Etag: open[0].GetEtag(), Shares: []*ledgerv1.LineShare{{Member: payer(2), AmountPence: 100}},
		}))
		if l := h.lines(matchedLine); len(l) != 1 || len(l[0].GetEntries()) != 2 || h.balances("")[ledger.Bank] != 100 {
			t.Errorf("booked anew: %v, %v", l, h.balances(""))
		}
		h.sound()
	})
}
