package ledger_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// posted is an entry that happened on a date.
func posted(t *testing.T, date string, postings ...ledger.Posting) ledger.Entry {
	t.Helper()
	e, err := ledger.NewGeneral(date, "Something", "", postings, today)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func of(account string, pence int64) ledger.Posting {
	return ledger.Posting{Account: account, Amount: ledger.Pounds(pence)}
}

func (b *book) period(from, to string) ledger.Period {
	a := ledger.NewAdder(from, to)
	for _, e := range b.entries {
		a.Add(e)
	}
	return a.Period
}

// small is a year of a small society, worked out by hand below.
func small(t *testing.T) *book {
	b := &book{}
	b.add(posted(t, "2025-12-01", of("assets:bank", 10_000), of("equity:opening", -10_000)), -1)
	b.add(posted(t, "2026-01-10", of("assets:cash", 2_500), of("income:donations", -2_500)), -1)
	b.add(posted(t, "2026-01-11", of("assets:bank", 2_000), of("assets:cash", -2_000)), -1)                             // banked
	b.add(posted(t, "2026-02-01", of("assets:bank", 980), of("expenses:fees", 20), of("income:donations", -1_000)), -1) // a gift less a fee
	b.add(posted(t, "2026-03-01", of("expenses:hall", 4_000), of("liabilities:creditors", -4_000)), -1)                 // owed
	b.add(posted(t, "2026-03-09", of("liabilities:creditors", 4_000), of("assets:bank", -4_000)), -1)                   // paid
	b.add(posted(t, "2026-03-10", of("assets:bank", 700), of("income:donations", -700)), -1)                            // by mistake
	r, err := ledger.NewReversal(b.entries[6], "a mistake", "2026-03-12")
	if err != nil {
		t.Fatal(err)
	}
	b.add(r, 6)
	b.add(posted(t, "2026-11-20", of("assets:provider", 300), of("income:donations", -300)), -1) // not yet paid out
	return b
}

// figures flattens a report of one column of pence: "income income:donations" → pence.
func figures(r ledger.Report) map[string]int64 {
	out := map[string]int64{}
	for _, s := range r.Sections {
		for _, l := range s.Lines {
			out[s.Key+" "+l.Key] = l.Cells[0].Number
		}
		out[s.Key] = s.Total[0].Number
	}
	return out
}

func TestReportsOfASmallSociety(t *testing.T) {
	b := small(t)
	whole, spring := b.period("2026-01-01", "2026-12-31"), b.period("2026-02-01", "2026-03-09")
	for name, c := range map[string]struct {
		got  ledger.Report
		want map[string]int64
	}{
		"income and expenditure of the year": {ledger.IncomeAndExpenditure(whole), map[string]int64{
			"income": 3_800, "income income:donations": 3_800,
			"expenditure": 4_020, "expenditure expenses:fees": 20, "expenditure expenses:hall": 4_000, "surplus": -220,
		}},
		"income and expenditure of the spring": {ledger.IncomeAndExpenditure(spring), map[string]int64{
			"income": 1_000, "income income:donations": 1_000,
			"expenditure": 4_020, "expenditure expenses:fees": 20, "expenditure expenses:hall": 4_000, "surplus": -3_020,
		}},
		"balance sheet": {ledger.BalanceSheet(whole), map[string]int64{
			"assets": 9_780, "assets assets:bank": 8_980, "assets assets:cash": 500, "assets assets:provider": 300,
			"liabilities": 0, "net": 9_780, "own": 9_780, "own equity:opening": 10_000, "own surplus": -220,
		}},
		"balance sheet while the hall is owed": {ledger.BalanceSheet(b.period("2026-01-01", "2026-03-05")), map[string]int64{
			"assets": 13_480, "assets assets:bank": 12_980, "assets assets:cash": 500,
			"liabilities": 4_000, "liabilities liabilities:creditors": 4_000,
			"net": 9_480, "own": 9_480, "own equity:opening": 10_000, "own surplus": -520,
		}},
		"receipts and payments": {ledger.ReceiptsAndPayments(whole), map[string]int64{
			"opening": 10_000, "opening assets:bank": 10_000,
			"receipts": 3_500, "receipts income:donations": 3_500,
			"payments": 4_020, "payments expenses:fees": 20, "payments liabilities:creditors": 4_000,
			"closing": 9_480, "closing assets:bank": 8_980, "closing assets:cash": 500,
		}},
	} {
		if d := cmp.Diff(c.want, figures(c.got)); d != "" {
			t.Errorf("%s, as worked out by hand (-) and as reported (+):\n%s", name, d)
		}
	}
	if d := cmp.Diff("section,line,name,amount\r\nincome,income:donations,Donations,10.00\r\nincome,total,,10.00\r\n"+
		"expenditure,expenses:fees,Bank and payment fees,0.20\r\nexpenditure,expenses:hall,Hall hire,40.00\r\nexpenditure,total,,40.20\r\n"+
		"surplus,total,,-30.20\r\n", sheetOf(t, ledger.IncomeAndExpenditure(spring))); d != "" {
		t.Errorf("as CSV:\n%s", d)
	}
}

func sheetOf(t interface{ Fatal(...any) }, r ledger.Report) string {
	var b bytes.Buffer
	if err := ledger.WriteReport(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestReportsAgreeWithEachOther holds on any books and any period.
func TestReportsAgreeWithEachOther(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := drawn(rt)
		from, to := dates.Draw(rt, "from"), dates.Draw(rt, "to")
		if from > to {
			from, to = to, from
		}
		p := b.period(from, to)
		if p.From != from || p.To != to {
			rt.Fatalf("the period is %s to %s", p.From, p.To)
		}
		// The balances at a date do not depend on where the period begins.
		if d := cmp.Diff(b.period("2000-01-01", to).At(), p.At()); d != "" {
			rt.Fatalf("balances:\n%s", d)
		}
		sheet, income, money := figures(ledger.BalanceSheet(p)), figures(ledger.IncomeAndExpenditure(p)), figures(ledger.ReceiptsAndPayments(p))
		if sheet["assets"]-sheet["liabilities"] != sheet["net"] || sheet["net"] != sheet["own"] {
			rt.Fatalf("the balance sheet does not balance: %v", sheet)
		}
		if income["income"]-income["expenditure"] != income["surplus"] {
			rt.Fatalf("income less expenditure: %v", income)
		}
		before := figures(ledger.BalanceSheet(b.period("2000-01-01", dayBefore(from))))
		if sheet["own surplus"]-before["own surplus"] != income["surplus"] {
			rt.Fatalf("the surplus grew from %d to %d in a period with a surplus of %d", before["own surplus"], sheet["own surplus"], income["surplus"])
		}
		if money["opening"]+money["receipts"]-money["payments"] != money["closing"] {
			rt.Fatalf("opening, receipts, payments and closing: %v", money)
		}
		trial := ledger.TrialBalanceReport(p)
		if total := trial.Sections[0].Total; total[0].Number != total[1].Number {
			rt.Fatalf("the trial balance: %d in debit, %d in credit", total[0].Number, total[1].Number)
		}
		for _, r := range []ledger.Report{trial, ledger.BalanceSheet(p), ledger.IncomeAndExpenditure(p), ledger.ReceiptsAndPayments(p)} {
			rows, err := csv.NewReader(strings.NewReader(sheetOf(rt, r))).ReadAll()
			if err != nil || len(rows[0]) != 3+len(r.Columns) {
				rt.Fatalf("%s as CSV: %v", r.Kind, err)
			}
		}
	})
}

func dayBefore(date string) string {
	_, last := ledger.WholeWeeks(date, date, "2999-01-01") // The Sunday of the week: a Monday less one day is the Sunday before it.
	for d := range 40 {
		if s := addDays(last, -d); s < date {
			return s
		}
	}
	return ""
}

func TestChangesAfterTheClose(t *testing.T) {
	b := small(t)
	closed := b.entries[4].Entered
	c := ledger.Changes{From: "2026-03-01", To: "2026-03-11", Closed: closed}
	for _, e := range b.entries {
		c.Add(e)
	}
	r := c.Report()
	var got []string
	for _, l := range r.Sections[0].Lines {
		got = append(got, l.Key)
	}
	// 5 was entered at the close, 8 and 9 happened later than the period.
	if d := cmp.Diff([]string{"6", "7"}, got); d != "" || r.Sections[0].Total[2].Number != 4_700 {
		t.Errorf("changes, %d pence:\n%s", r.Sections[0].Total[2].Number, d)
	}
}

func TestGapsAreFound(t *testing.T) {
	whole := small(t).entries
	look := func(entries []ledger.Entry) (missing, turned []string) {
		var g ledger.Gaps
		for _, e := range entries {
			g.Add(e)
		}
		r := g.Report(today)
		for _, l := range r.Sections[0].Lines {
			missing = append(missing, fmt.Sprintf("%d-%d", l.Cells[0].Number, l.Cells[1].Number))
		}
		for _, l := range r.Sections[1].Lines {
			turned = append(turned, l.Key)
		}
		if last := r.Sections[2].Total[1].Number; len(entries) > 0 && last != entries[len(entries)-1].Number {
			t.Errorf("the last entry is %d", last)
		}
		return missing, turned
	}
	if missing, turned := look(whole); missing != nil || turned != nil {
		t.Errorf("a whole journal: %v missing, %v out of turn", missing, turned)
	}
	if missing, _ := look(nil); missing != nil {
		t.Errorf("an empty journal: %v", missing)
	}
	cut := slices.Delete(slices.Clone(whole), 2, 4)
	cut = cut[1:]
	if missing, _ := look(cut); !slices.Equal(missing, []string{"1-1", "3-4"}) {
		t.Errorf("without 1, 3 and 4: %v missing", missing)
	}
	turned := slices.Clone(whole)
	turned[5].Entered = 5
	if _, got := look(turned); !slices.Equal(got, []string{"6"}) {
		t.Errorf("6 before its turn: %v", got)
	}
}

func TestGivingByYear(t *testing.T) {
	b := &book{}
	give := func(pence int64, date string) {
		e, err := ledger.NewDonation("ada", pence, ledger.ByBank, date, "", today, false)
		if err != nil {
			t.Fatal(err)
		}
		b.add(e, -1)
	}
	undo := func(i int) {
		e, err := ledger.NewReversal(b.entries[i], "wrong", today)
		if err != nil {
			t.Fatal(err)
		}
		b.add(e, i)
	}
	give(100, "2025-12-31") // 0
	give(500, "2026-01-01") // 1
	give(300, "2026-05-01") // 2, reversed
	give(200, "2026-02-01") // 3, reversed and restored
	undo(2)
	undo(3)
	undo(5)
	for _, order := range []func(){func() {}, func() { slices.Reverse(b.entries) }} {
		order()
		years := ledger.Giving(b.entries)
		if len(years) != 2 || years[0].Year != "2026" || years[0].Pence != 700 || len(years[0].Entries) != 2 || years[0].Entries[0].Number != 2 ||
			years[1].Year != "2025" || years[1].Pence != 100 {
			t.Errorf("%+v", years)
		}
	}
}

func TestEveryReportHasAName(t *testing.T) {
	for _, k := range ledger.ReportKinds {
		if err := ledger.CheckReport(k); err != nil {
			t.Error(err)
		}
	}
	if err := ledger.CheckReport("names-of-givers"); !fault.Is(err, "REPORT_UNKNOWN") {
		t.Errorf("an unknown report: %v", err)
	}
}

func TestWhatIsLeftOfAFund(t *testing.T) {
	of := func(account string, pence int64, fund string) ledger.Posting {
		return ledger.Posting{Account: account, Amount: ledger.Pounds(pence), Fund: fund}
	}
	funds := ledger.FundAdder{}
	for _, postings := range [][]ledger.Posting{
		{of("assets:bank", 10_000, ""), of("income:grants", -10_000, "digital")},
		{of("expenses:hall", 2_500, "digital"), of("expenses:fees", 10, ""), of("assets:bank", -2_510, "")},
		{of("expenses:hall", 300, "camp"), of("assets:bank", -300, "")},
		{of("assets:bank", 300, ""), of("expenses:hall", -300, "camp")}, // Reversed.
		{of("assets:bank", 100, ""), of("income:donations", -100, "")},
	} {
		funds.Add(ledger.Entry{Postings: postings})
	}
	want := "section,line,name,came,spent,left\r\nfunds,camp,,0.00,0.00,0.00\r\nfunds,digital,,100.00,25.00,75.00\r\nfunds,total,,100.00,25.00,75.00\r\n"
	if d := cmp.Diff(want, sheetOf(t, ledger.RestrictedFunds(slices.Collect(maps.Values(funds)), today))); d != "" {
		t.Error(d)
	}
}
