package ledger_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// fields returns the fields that a refusal names.
func fields(err error) []string {
	var all []string
	if f := fault.Of(err); f != nil {
		for _, v := range f.Violations {
			all = append(all, v.Field)
		}
	}
	return all
}

func TestNewDonation(t *testing.T) {
	type in struct {
		member     string
		pence      int64
		method     ledger.Method
		occurred   string
		reference  string
		hasGiven   bool
		wantFields []string
	}
	good := in{"ada", 100, ledger.ByCash, "2026-11-20", " FPS 123 ", false, nil}
	edit := func(f func(*in), fields ...string) in {
		c := good
		f(&c)
		c.wantFields = fields
		return c
	}
	for name, c := range map[string]in{
		"in cash":              good,
		"by bank":              edit(func(c *in) { c.method = ledger.ByBank }),
		"today":                edit(func(c *in) { c.occurred = today }),
		"first day":            edit(func(c *in) { c.occurred = "2000-01-01" }),
		"one penny":            edit(func(c *in) { c.pence = 1 }),
		"the most":             edit(func(c *in) { c.pence = ledger.MaxPence }),
		"a second one":         edit(func(c *in) { c.hasGiven = true }),
		"the longest text":     edit(func(c *in) { c.reference = strings.Repeat("é", ledger.MaxReference) }),
		"nobody":               edit(func(c *in) { c.member = "" }, "member"),
		"nothing":              edit(func(c *in) { c.pence = 0 }, "amount_pence"),
		"negative":             edit(func(c *in) { c.pence = -100 }, "amount_pence"),
		"too much":             edit(func(c *in) { c.pence = ledger.MaxPence + 1 }, "amount_pence"),
		"far too little":       edit(func(c *in) { c.pence = math.MinInt64 }, "amount_pence"),
		"no method":            edit(func(c *in) { c.method = "" }, "method"),
		"another method":       edit(func(c *in) { c.method = "barter" }, "method"),
		"tomorrow":             edit(func(c *in) { c.occurred = "2026-11-22" }, "occur_date"),
		"no such day":          edit(func(c *in) { c.occurred = "2026-02-30" }, "occur_date"),
		"a year mistyped":      edit(func(c *in) { c.occurred = "1026-11-20" }, "occur_date"),
		"another form":         edit(func(c *in) { c.occurred = "20/11/2026" }, "occur_date"),
		"no date":              edit(func(c *in) { c.occurred = "" }, "occur_date"),
		"a date and more":      edit(func(c *in) { c.occurred = "2026-11-20 " }, "occur_date"),
		"text too long":        edit(func(c *in) { c.reference = strings.Repeat("é", ledger.MaxReference+1) }, "reference"),
		"two lines":            edit(func(c *in) { c.reference = "a\nb" }, "reference"),
		"a zero byte":          edit(func(c *in) { c.reference = "a\x00b" }, "reference"),
		"not UTF-8":            edit(func(c *in) { c.reference = "a\xffb" }, "reference"),
		"everything wrong":     {"", 0, "", "", "\x01", false, []string{"member", "amount_pence", "method", "occur_date", "reference"}},
		"a line separator too": edit(func(c *in) { c.reference = "a\u0085b" }, "reference"),
	} {
		t.Run(name, func(t *testing.T) {
			e, err := ledger.NewDonation(c.member, c.pence, c.method, c.occurred, c.reference, today, c.hasGiven)
			if d := cmp.Diff(c.wantFields, fields(err)); d != "" {
				t.Fatalf("%v names the fields:\n%s", err, d)
			}
			if c.wantFields != nil {
				if f := fault.Of(err); f.Kind != fault.Invalid || f.Reason != "ENTRY_INVALID" {
					t.Errorf("refused as %v %s", f.Kind, f.Reason)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			into := ledger.Bank
			if c.method == ledger.ByCash {
				into = ledger.Cash
			}
			want := ledger.Entry{Kind: ledger.Donation, Occurred: c.occurred, Description: "Donation", Member: c.member, Method: c.method,
				Reference: strings.TrimSpace(c.reference), Repeated: c.hasGiven,
				Postings: []ledger.Posting{{Account: into, Amount: ledger.Pounds(c.pence)}, {Account: ledger.Donations, Amount: ledger.Pounds(-c.pence)}}}
			if d := cmp.Diff(want, e); d != "" {
				t.Error(d)
			}
			if e.Counts() != (c.pence >= 100) {
				t.Errorf("a donation of %dp counts: %v", c.pence, e.Counts())
			}
		})
	}
}

func TestNewGeneral(t *testing.T) {
	p := func(account string, pence int64) ledger.Posting {
		return ledger.Posting{Account: account, Amount: ledger.Pounds(pence)}
	}
	euros := ledger.Posting{Account: ledger.Bank, Amount: ledger.Amount{Pence: 5, Currency: "EUR"}}
	hall := []ledger.Posting{p("expenses:hall", 5000), p(ledger.Bank, -5000)}
	many := func(n int) []ledger.Posting {
		all := []ledger.Posting{p(ledger.Bank, int64(1-n))}
		for range n - 1 {
			all = append(all, p("expenses:travel", 1))
		}
		return all
	}
	for name, c := range map[string]struct {
		description string
		postings    []ledger.Posting
		reason      string
		fields      []string
		message     string
	}{
		"hall hire":           {description: " Hall ", postings: hall},
		"one account twice":   {description: "x", postings: []ledger.Posting{p(ledger.Bank, 1), p(ledger.Bank, -1)}},
		"the most postings":   {description: "x", postings: many(ledger.MaxPostings)},
		"too many postings":   {"x", many(ledger.MaxPostings + 1), "ENTRY_INVALID", []string{"postings"}, "2 to 50"},
		"one posting":         {"x", hall[:1], "ENTRY_INVALID", []string{"postings"}, "2 to 50"},
		"none":                {"x", nil, "ENTRY_INVALID", []string{"postings"}, "2 to 50"},
		"no description":      {" ", hall, "ENTRY_INVALID", []string{"description"}, "Enter the description"},
		"two lines":           {"a\r\nb", hall, "ENTRY_INVALID", []string{"description"}, "one line"},
		"a description's end": {strings.Repeat("x", 201), hall, "ENTRY_INVALID", []string{"description"}, "200 characters"},
		"unknown account":     {"x", []ledger.Posting{p("assets:sofa", 1), p(ledger.Bank, -1)}, "ENTRY_INVALID", []string{"postings[0].account"}, "chart of accounts"},
		"a zero":              {"x", []ledger.Posting{p(ledger.Bank, 0), p(ledger.Cash, 0)}, "ENTRY_INVALID", []string{"postings[0].amount_pence", "postings[1].amount_pence"}, "other than zero"},
		"too much":            {"x", []ledger.Posting{p(ledger.Bank, ledger.MaxPence+1), p(ledger.Cash, -ledger.MaxPence-1)}, "ENTRY_INVALID", []string{"postings[0].amount_pence", "postings[1].amount_pence"}, "at most"},
		"the least there is":  {"x", []ledger.Posting{p(ledger.Bank, math.MinInt64), p(ledger.Cash, 1)}, "ENTRY_INVALID", []string{"postings[0].amount_pence"}, "at most"},
		"debits exceed":       {"x", []ledger.Posting{p(ledger.Cash, 1250), p(ledger.Bank, -1000)}, "NOT_BALANCED", []string{"postings"}, "debits exceed the credits by £2.50"},
		"credits exceed":      {"x", []ledger.Posting{p(ledger.Cash, 1000), p(ledger.Bank, -1001)}, "NOT_BALANCED", []string{"postings"}, "credits exceed the debits by £0.01"},
		"two currencies":      {"x", []ledger.Posting{p(ledger.Cash, -5), euros}, "CURRENCIES_MIXED", nil, "GBP and EUR"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := ledger.NewGeneral(today, c.description, "", c.postings, today)
			if c.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				if e.Kind != ledger.General || e.Description != strings.TrimSpace(c.description) || len(e.Postings) != len(c.postings) || e.Counts() {
					t.Errorf("made %+v", e)
				}
				return
			}
			if !fault.Is(err, c.reason) || !strings.Contains(err.Error(), c.message) {
				t.Errorf("got %v, want %s about %q", err, c.reason, c.message)
			}
			if d := cmp.Diff(c.fields, fields(err)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestNewReversal(t *testing.T) {
	of, err := ledger.NewDonation("ada", 100, ledger.ByBank, "2026-10-01", "ref", today, false)
	if err != nil {
		t.Fatal(err)
	}
	of.ID, of.Number = "donation", 7
	e, err := ledger.NewReversal(of, " Paid twice ", today)
	if err != nil {
		t.Fatal(err)
	}
	want := ledger.Entry{Kind: ledger.Reversal, Occurred: today, Description: "Reversal of entry 7", Member: "ada", Reverses: "donation", Reason: "Paid twice",
		Postings: []ledger.Posting{{Account: ledger.Bank, Amount: ledger.Pounds(-100)}, {Account: ledger.Donations, Amount: ledger.Pounds(100)}}}
	if d := cmp.Diff(want, e); d != "" {
		t.Error(d)
	}
	if _, err := ledger.NewReversal(of, "  ", today); !fault.Is(err, "ENTRY_INVALID") || cmp.Diff([]string{"reason"}, fields(err)) != "" {
		t.Errorf("without a reason: %v", err)
	}
	of.ReversedBy = "reversal"
	_, err = ledger.NewReversal(of, "again", today)
	if f := fault.Of(err); f == nil || f.Kind != fault.Conflict || f.Reason != "ALREADY_REVERSED" || f.Details["reversed_by"] != "reversal" {
		t.Errorf("a second reversal: %v", err)
	}
}

func TestStandingOfAChain(t *testing.T) {
	donation, err := ledger.NewDonation("ada", 250, ledger.ByBank, "2026-10-01", "", today, false)
	if err != nil {
		t.Fatal(err)
	}
	donation.ID, donation.Entered = "d", 1
	reversal := ledger.Entry{ID: "r", Kind: ledger.Reversal, Reverses: "d", Entered: 2}
	again := ledger.Entry{ID: "rr", Kind: ledger.Reversal, Reverses: "r", Entered: 3}
	small := donation
	small.Postings = []ledger.Posting{{Account: ledger.Bank, Amount: ledger.Pounds(99)}, {Account: ledger.Donations, Amount: ledger.Pounds(-99)}}
	for _, c := range []struct {
		name  string
		e     ledger.Entry
		root  ledger.Entry
		depth int
		want  *ledger.Settled
	}{
		{"the donation", donation, donation, 0, &ledger.Settled{Member: "ada", Entry: "d", Pence: 250, At: 1}},
		{"reversed", reversal, donation, 1, &ledger.Settled{Member: "ada", Entry: "r", Reverses: "d", Pence: 250, At: 2}},
		{"restored", again, donation, 2, &ledger.Settled{Member: "ada", Entry: "rr", Pence: 250, At: 3}},
		{"reversed again", ledger.Entry{ID: "rrr", Reverses: "rr", Entered: 4}, donation, 3, &ledger.Settled{Member: "ada", Entry: "rrr", Reverses: "rr", Pence: 250, At: 4}},
		{"less than the £1", small, small, 0, nil},
		{"less than the £1, reversed", reversal, small, 1, nil},
		{"spending", ledger.Entry{ID: "g", Kind: ledger.General}, ledger.Entry{ID: "g", Kind: ledger.General}, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := ledger.StandingEvent(c.e, c.root, c.depth)
			if ok != (c.want != nil) {
				t.Fatalf("makes an event: %v", ok)
			}
			if c.want != nil {
				if d := cmp.Diff(*c.want, got); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func TestAmounts(t *testing.T) {
	for pence, want := range map[int64]string{0: "0.00", 1: "0.01", -1: "-0.01", 100: "1.00", -1250: "-12.50", math.MaxInt64: "92233720368547758.07", math.MinInt64: "-92233720368547758.08"} {
		if got := ledger.Decimal(pence); got != want {
			t.Errorf("%d is written %s, want %s", pence, got, want)
		}
	}
	for _, c := range []struct {
		a, b   ledger.Amount
		reason string
	}{
		{ledger.Pounds(math.MaxInt64), ledger.Pounds(1), "AMOUNT_TOO_LARGE"},
		{ledger.Pounds(math.MinInt64), ledger.Pounds(-1), "AMOUNT_TOO_LARGE"},
		{ledger.Pounds(1), ledger.Amount{Pence: 1, Currency: "EUR"}, "CURRENCIES_MIXED"},
	} {
		if sum, err := c.a.Add(c.b); !fault.Is(err, c.reason) {
			t.Errorf("%v + %v = %v, %v; want %s", c.a, c.b, sum, err, c.reason)
		}
	}
	if sum, err := ledger.Pounds(math.MaxInt64).Add(ledger.Pounds(math.MinInt64)); err != nil || sum != ledger.Pounds(-1) {
		t.Errorf("the largest and the least make %v, %v", sum, err)
	}
}
