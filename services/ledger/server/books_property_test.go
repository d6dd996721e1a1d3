package server

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// TestNothingBeforeAClosedDateChanges plays random weeks of a treasurer: gifts, spending, reversals, reversals of those, bank lines,
// closing. After every step the books balance; what was closed is what it was when it closed; the balance at any date is the
// sum of the entries that occurred by then, whenever it is asked; and reversing a reversal restores every balance.
func TestNothingBeforeAClosedDateChanges(t *testing.T) {
	db := databasetest.SQLite(t, Migrations...)
	h := openBookHouse(t, db)
	weeks := 12
	if databasetest.Full() {
		weeks = 150
	}
	next := 0
	closedAt := map[string]map[string]int64{}
	var entries []string
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, max(1, weeks/6)).Draw(rt, "steps") {
			h.step(rt, &entries, closedAt, &next)
		}
		for date, want := range closedAt {
			if diff := cmp.Diff(want, h.balances(date)); diff != "" {
				rt.Fatalf("the closed books of %s changed:\n%s", date, diff)
			}
		}
		date := h.now.AddDate(0, 0, -rapid.IntRange(0, 60).Draw(rt, "days back")).Format(ledger.DateLayout)
		sums, total := map[string]int64{}, int64(0)
		err := h.s.store.Each(t.Context(), func(e ledger.Entry) error {
			if e.Occurred <= date {
				for _, p := range e.Postings {
					sums[p.Account] += p.Amount.Pence
					total += p.Amount.Pence
				}
			}
			return ledger.Balanced(e.Postings)
		})
		if err != nil || total != 0 {
			rt.Fatalf("the books do not balance: %d, %v", total, err)
		}
		if diff := cmp.Diff(sums, h.balances(date)); diff != "" {
			rt.Fatalf("the balance at %s:\n%s", date, diff)
		}
	})
	h.sound()
	if len(closedAt) == 0 || len(entries) < 10 {
		t.Errorf("%d periods closed and %d entries made: the property was not tried", len(closedAt), len(entries))
	}
}

// step does one thing. A refusal is fine: what matters is what the books are after it.
func (h *bookHouse) step(rt *rapid.T, entries *[]string, closedAt map[string]map[string]int64, next *int) {
	*next++
	ctx := h.treasurer()
	day := h.now.AddDate(0, 0, -rapid.IntRange(0, 30).Draw(rt, "day")).Format(ledger.DateLayout)
	pence := rapid.Int64Range(1, 5000).Draw(rt, "pence")
	kept := func(e *ledgerv1.Entry, err error) {
		if err == nil {
			*entries = append(*entries, e.GetId())
		} else if fault.Of(rpc.FromStatus(err)) == nil {
			rt.Fatal(err)
		}
	}
	switch rapid.IntRange(0, 6).Draw(rt, "what") {
	case 0, 1:
		kept(h.ledger.RecordDonation(ctx, &ledgerv1.RecordDonationRequest{RequestId: h.id(), Member: payer(1 + int(pence)%5), AmountPence: pence, Method: ledgerv1.Method_METHOD_BANK, OccurDate: day}))
	case 2:
		kept(h.ledger.PostEntry(ctx, &ledgerv1.PostEntryRequest{
			RequestId: h.id(), OccurDate: day, Description: "Fees", Postings: []*ledgerv1.Posting{{Account: ledger.Fees, AmountPence: pence}, {Account: ledger.Bank, AmountPence: -pence}},
		}))
	case 3:
		if len(*entries) == 0 {
			return
		}
		of := (*entries)[rapid.IntRange(0, len(*entries)-1).Draw(rt, "which")]
		before := h.balances("")
		back, err := h.ledger.ReverseEntry(ctx, &ledgerv1.ReverseEntryRequest{RequestId: h.id(), Entry: of, Reason: "wrong"})
		if kept(back, err); err != nil {
			return
		}
		again, err := h.ledger.ReverseEntry(ctx, &ledgerv1.ReverseEntryRequest{RequestId: h.id(), Entry: back.GetId(), Reason: "right after all"})
		if kept(again, err); err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(before, h.balances("")); diff != "" {
			rt.Fatalf("reversing a reversal does not restore:\n%s", diff)
		}
	case 4:
		i := h.imported(fmt.Sprintf("Date,Description,Amount\n%s,LINE %d M00013,%s\n", day, *next, ledger.Decimal(pence)))
		if i.GetNewLines() != 1 {
			rt.Fatalf("imported %v", i)
		}
		if _, err := h.bank.MatchCertain(ctx, &ledgerv1.MatchCertainRequest{RequestId: h.id()}); err != nil {
			rt.Fatal(err)
		}
	case 5:
		h.now = h.now.Add(time.Duration(rapid.IntRange(1, 20).Draw(rt, "pass")) * 24 * time.Hour)
	case 6:
		check, err := h.s.store.CheckPeriod(h.t.Context(), day)
		if err != nil {
			rt.Fatal(err)
		}
		var balances []*ledgerv1.AccountBalance
		for _, b := range check.Balances {
			balances = append(balances, &ledgerv1.AccountBalance{Account: b.Account, StatementPence: b.Pence})
		}
		p, err := h.books.ProposeClose(ctx, &ledgerv1.ProposeCloseRequest{RequestId: h.id(), Through: day, Balances: balances})
		if err != nil {
			return
		}
		if _, err := h.approve(h.chair(), p); err != nil {
			rt.Fatal(err)
		}
		closedAt[day] = maps.Clone(h.balances(day))
	}
}
