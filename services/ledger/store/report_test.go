package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

// some books: gifts, a gift less a fee, spending owed and paid, reversals and a reversed reversal, on several days.
func (d *desk) some(t *testing.T, rounds int) {
	t.Helper()
	for i := range rounds {
		date := fmt.Sprintf("2026-%02d-%02d", 1+i%10, 1+i%28)
		gift := must(t)(d.donate(t.Context(), fmt.Sprint("member", i%7), int64(100+i)))
		post := func(postings ...ledger.Posting) ledger.Entry {
			return must(t)(d.add(t.Context(), store.Intent{}, func(store.Facts) (ledger.Entry, error) {
				return ledger.NewGeneral(date, "Something", fmt.Sprint("ref", i%5), postings, today)
			}))
		}
		of := func(account string, pence int64) ledger.Posting {
			return ledger.Posting{Account: account, Amount: ledger.Pounds(pence)}
		}
		post(of("assets:bank", 98), of("expenses:fees", 2), of("income:donations", -100))
		post(of("expenses:hall", 4_000), of("liabilities:creditors", -4_000))
		post(of("assets:cash", -50), of("assets:bank", 50))
		if i%3 == 0 {
			reversal := must(t)(d.reverse(t.Context(), gift.ID))
			if i%2 == 0 {
				must(t)(d.reverse(t.Context(), reversal.ID))
			}
		}
	}
}

// TestPeriodIsWhatTheJournalGives compares the sums in SQL, before and after they were rolled up by day, with the journal added up
// by package ledger.
func TestPeriodIsWhatTheJournalGives(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		compare := func(when string) {
			t.Helper()
			for _, dates := range [][2]string{{"2026-01-01", "2026-12-31"}, {"2026-03-04", "2026-11-20"}, {"2026-11-21", "2026-11-21"}, {"2027-01-01", "2027-01-02"}, {"2000-01-01", "2000-01-02"}} {
				a := ledger.NewAdder(dates[0], dates[1])
				if err := d.Each(t.Context(), func(e ledger.Entry) error { a.Add(e); return nil }); err != nil {
					t.Fatal(err)
				}
				got, err := d.Period(t.Context(), dates[0], dates[1])
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(a.Period, got); diff != "" {
					t.Errorf("%s, %s to %s: the journal (-) and the sums (+):\n%s", when, dates[0], dates[1], diff)
				}
				sums, err := d.Sums(t.Context(), dates[1])
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(a.At(), sums); diff != "" {
					t.Errorf("%s: balances at %s, the journal (-) and the sums (+):\n%s", when, dates[1], diff)
				}
			}
		}
		compare("no entry")
		d.some(t, 8)
		compare("a few entries")
		if n, err := d.RollBalances(t.Context()); err != nil || n != 0 {
			t.Errorf("so few are not moved: %d, %v", n, err)
		}
		d.some(t, 18)
		compare("many entries")
		n, err := d.RollBalances(t.Context())
		if err != nil || n < 100 {
			t.Fatalf("moved %d entries: %v", n, err)
		}
		compare("rolled")
		if again, err := d.RollBalances(t.Context()); err != nil || again != 0 {
			t.Errorf("rolled again: %d, %v", again, err)
		}
		d.some(t, 5)
		compare("rolled, and some since")
		if err := d.Check(t.Context()); err != nil {
			t.Error(err)
		}
		d.change(t, `UPDATE balance_day SET pence = pence + 1 WHERE account = 'assets:bank' AND occurred = '2026-11-20'`)
		if err := d.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "assets:bank on 2026-11-20") {
			t.Errorf("a kept sum was edited: %v", err)
		}
	})
}

func TestWalkReadsWhatEachReads(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.some(t, 3)
		var want, got []ledger.Entry
		if err := d.Each(t.Context(), func(e ledger.Entry) error {
			e.EnteredBy, e.Member, e.Method, e.ReversedBy, e.Reason, e.Reference, e.Repeated, e.Standing = "", "", "", "", "", "", false, false
			e.Log.PrivateSalt = nil
			want = append(want, e)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := d.Walk(t.Context(), 0, func(e ledger.Entry) error { got = append(got, e); return nil }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got) < 12 {
			t.Errorf("%d entries:\n%s", len(got), diff)
		}
		n := 0
		if err := d.Walk(t.Context(), 10, func(ledger.Entry) error { n++; return nil }); err != nil || n != len(want)-10 {
			t.Errorf("after entry 10: %d, %v", n, err)
		}
	})
}

func TestGapsChangesAndDoubles(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.some(t, 6) // References repeat after five rounds.
		twice := must(t)(d.donate(t.Context(), "ada", 500))
		must(t)(d.donate(t.Context(), "ada", 500))
		undone := must(t)(d.donate(t.Context(), "ben", 700))
		must(t)(d.donate(t.Context(), "ben", 700))
		must(t)(d.reverse(t.Context(), undone.ID))

		look := func() ledger.Report {
			var g ledger.Gaps
			if err := d.OutOfTurn(t.Context(), g.Compare); err != nil {
				t.Fatal(err)
			}
			return g.Report(today)
		}
		if r := look(); len(r.Sections[0].Lines) != 0 || len(r.Sections[1].Lines) != 0 {
			t.Errorf("a whole journal has gaps: %+v", r.Sections)
		}

		doubles, err := d.Doubles(t.Context(), "2026-01-01", today)
		if err != nil {
			t.Fatal(err)
		}
		givers, references := 0, 0
		for _, x := range doubles {
			switch x.Why {
			case "giver":
				givers++
				if x.Earlier.ID != twice.ID || x.Entry.Number != twice.Number+1 {
					t.Errorf("%d and %d are not the same gift", x.Earlier.Number, x.Entry.Number)
				}
			case "reference":
				if x.Earlier.Reference != x.Entry.Reference || x.Entry.ReversedBy != "" {
					t.Errorf("%+v", x)
				}
				references++
			}
		}
		if givers != 1 || references == 0 {
			t.Errorf("%d gifts and %d references doubled", givers, references)
		}
		if none, err := d.Doubles(t.Context(), "2025-01-01", "2025-12-31"); err != nil || len(none) != 0 {
			t.Errorf("in another year: %v, %v", none, err)
		}

		want, got := ledger.Changes{From: "2026-02-01", To: "2026-05-31", Closed: twice.Entered - 9}, []int64(nil)
		if err := d.Each(t.Context(), func(e ledger.Entry) error { want.Add(e); return nil }); err != nil {
			t.Fatal(err)
		}
		changes := ledger.Changes{From: want.From, To: want.To, Closed: want.Closed}
		if err := d.Changes(t.Context(), want.From, want.To, want.Closed, func(e ledger.Entry) { got = append(got, e.Number); changes.Add(e) }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Report(), changes.Report()); diff != "" || len(got) != len(want.Report().Sections[0].Lines) || len(got) == 0 {
			t.Errorf("changes %v:\n%s", got, diff)
		}

		d.change(t, "DELETE FROM posting WHERE entry_number IN (3, 4)\nDELETE FROM entry_leaf WHERE entry_number IN (3, 4)\nDELETE FROM entry WHERE number IN (3, 4)\nUPDATE entry SET entered = 1 WHERE number = 6")
		r := look()
		if len(r.Sections[0].Lines) != 1 || r.Sections[0].Lines[0].Cells[0].Number != 3 || r.Sections[0].Lines[0].Cells[1].Number != 4 ||
			len(r.Sections[1].Lines) != 1 || r.Sections[1].Lines[0].Key != "6" {
			t.Errorf("3 and 4 are missing and 6 is out of turn: %+v", r.Sections)
		}
	})
}

func TestGiftsAreThoseThatStand(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		give := func(member, date string, pence int64) ledger.Entry {
			return must(t)(d.add(t.Context(), store.Intent{}, func(store.Facts) (ledger.Entry, error) {
				return ledger.NewDonation(member, pence, ledger.ByBank, date, "", today, false)
			}))
		}
		give("ada", "2026-03-01", 100)
		give("ada", "2026-03-01", 200)
		give("ada", "2026-03-02", 50)
		gone := give("ben", "2026-03-01", 100)
		kept := give("cas", "2026-03-01", 100)
		give("dee", "2026-02-28", 100)
		must(t)(d.reverse(t.Context(), gone.ID))
		must(t)(d.reverse(t.Context(), must(t)(d.reverse(t.Context(), kept.ID)).ID))
		var got []ledger.DayGift
		if err := d.Gifts(t.Context(), "2026-03-01", "2026-03-31", func(g ledger.DayGift) error { got = append(got, g); return nil }); err != nil {
			t.Fatal(err)
		}
		want := []ledger.DayGift{{Member: "ada", Day: "2026-03-01", Pence: 300}, {Member: "ada", Day: "2026-03-02", Pence: 50}, {Member: "cas", Day: "2026-03-01", Pence: 100}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("gifts:\n%s", diff)
		}
		of, err := d.Of(t.Context(), "ben")
		if err != nil || len(of) != 2 || !slices.ContainsFunc(of, func(e ledger.Entry) bool { return e.Reverses == gone.ID }) {
			t.Errorf("what is about ben: %+v, %v", of, err)
		}
		if all, err := d.Of(t.Context(), ""); err != nil || len(all) != 0 {
			t.Errorf("what is about nobody: %d entries, %v", len(all), err)
		}
	})
}
