package match_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/ledger/match"
	"github.com/localgovdigital/folkmoot/services/ledger/statement"
)

var people = []match.Member{
	{ID: "ann", Number: 1, Name: "Ann Example", Due: 100},
	{ID: "bob", Number: 2, Name: "Bob Ŵynne-Jones", Due: 100},
	{ID: "cat", Number: 3, Name: "Catrin Example", Due: 250},
	{ID: "dai", Number: 40000, Name: "Dai O'Neill"},
}

var rules = []match.Rule{
	{ID: "hall", Contains: "hall hire", Least: -10000, Most: -1, Account: "expenses:hall", Acts: true},
	{ID: "grant", CounterpartyAccount: "GB33 BUKB 2020 1555 5555 55", Account: "income:grants"},
	{ID: "gone", Contains: "gone", Member: "nobody"},
}

func matcher(t testing.TB) *match.Matcher {
	t.Helper()
	m, err := match.New("GBP", people, rules)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func line(minor int64, text string) statement.Line {
	return statement.Line{Minor: minor, Currency: "GBP", Description: text}
}

func TestMatch(t *testing.T) {
	m := matcher(t)
	reversed, euros, repeated := line(100, ref(1)), line(100, ref(1)), line(100, ref(1))
	reversed.Reversal, euros.Currency, repeated.Repeats = true, "EUR", true
	granted := line(50000, "BACS")
	granted.CounterpartyAccount = "GB33BUKB20201555555555"
	batch := statement.Line{Minor: 350, Currency: "GBP", Parts: []statement.Part{
		{Minor: 100, HasAmount: true, Description: ref(1)}, {Minor: 200, HasAmount: true, Reference: ref(2)}, {Minor: 50, HasAmount: true, EndToEnd: ref(1)}}}
	unclear := batch
	unclear.Parts = append([]statement.Part{{Minor: 100, HasAmount: true, Description: "no reference"}}, batch.Parts[1:]...)
	for name, c := range map[string]struct {
		line    statement.Line
		certain bool
		who     string // of the first proposal: member or account and amount, by why
		count   int
	}{
		"reference":             {line(100, "ANN EXAMPLE "+ref(1)+" BGC"), true, "ann 100 reference", 1},
		"reference, small":      {line(700, strings.ToLower(ref(2))), true, "bob 700 reference", 1},
		"reference, spaced":     {line(100, "M "+ref(1)[1:]), true, "ann 100 reference", 1},
		"reference, long":       {line(100, ref(40000)), true, "dai 100 reference", 1},
		"another's name":        {line(100, "BOB WYNNE JONES "+ref(1)), true, "ann 100 reference", 1},
		"mistyped":              {line(100, "M00014"), false, "", 0},
		"of nobody":             {line(700, ref(999)), false, "", 0},
		"inside a word":         {line(700, "ATM"+ref(1)[1:]), false, "", 0},
		"for two":               {line(200, ref(1)+" and "+ref(2)), false, "ann 100, bob 100 reference", 1},
		"for two, odd":          {line(201, ref(1)+" and "+ref(2)), false, "", 0},
		"batch":                 {batch, true, "ann 150, bob 200 reference", 1},
		"batch, one unclear":    {unclear, false, "", 0},
		"name":                  {line(700, "MISS ANN EXAMPLE"), false, "ann 700 name", 1},
		"name turned":           {line(700, "EXAMPLE ANN"), false, "ann 700 name", 1},
		"name with marks":       {line(700, "MR BOB WYNNE JONES"), false, "bob 700 name", 1},
		"initial":               {line(700, "C EXAMPLE"), false, "cat 700 initial", 1},
		"initial, amount":       {line(250, "EXAMPLE C"), false, "cat 250 initial", 1},
		"apostrophe":            {line(700, "DAI ONEILL"), false, "dai 700 name", 1},
		"surname alone":         {line(700, "EXAMPLE"), false, "", 0},
		"amount alone":          {line(250, "FASTER PAYMENT"), false, "cat 250 amount", 1},
		"an amount of two":      {line(100, "FASTER PAYMENT"), false, "", 0},
		"out, with a reference": {line(-100, ref(1)+" ANN EXAMPLE"), false, "", 0},
		"rule that acts":        {line(-2050, "HALL  HIRE LTD"), true, "expenses:hall -2050 rule", 1},
		"rule, outside amounts": {line(-20500, "HALL HIRE LTD"), false, "", 0},
		"rule that proposes":    {granted, false, "income:grants 50000 rule", 1},
		"rule for one who left": {line(700, "GONE"), false, "", 0},
		"taken back":            {reversed, false, "", 0},
		"another currency":      {euros, false, "", 0},
		"the same line again":   {repeated, false, "", 0},
		"nothing":               {line(0, ref(1)), false, "", 0},
	} {
		r := m.Match(&c.line)
		who := ""
		if len(r.Proposals) > 0 {
			var shares []string
			for _, s := range r.Proposals[0].Shares {
				shares = append(shares, fmt.Sprintf("%s%s %d", s.Member, s.Account, s.Minor))
			}
			who = strings.Join(shares, ", ") + " " + string(r.Proposals[0].Why)
		}
		if r.Certain != c.certain || who != c.who || len(r.Proposals) != c.count {
			t.Errorf("%s: %+v, want %q, certain %v, %d proposals", name, r, c.who, c.certain, c.count)
		}
	}
}

// TestTheBestProposalStandsFirst when several fit.
func TestTheBestProposalStandsFirst(t *testing.T) {
	m := matcher(t)
	l := line(250, "ANN EXAMPLE AND C EXAMPLE")
	r := m.Match(&l)
	if r.Certain || len(r.Proposals) != 2 || r.Proposals[0].Shares[0].Member != "ann" || r.Proposals[1].Shares[0].Member != "cat" || !r.Proposals[1].AmountFits {
		t.Errorf("%+v", r)
	}
}

// written are references as membership.Reference writes them. One room does not import another, so they stand here.
var written = map[int64]string{
	1: "M00013", 2: "M00021", 3: "M00037", 13: "M00130", 777: "M07778", 999: "M09990", 9999: "M99992", 10000: "M100009", 40000: "M400008",
	123456: "M1234566", 1000000000000: "M10000000000008",
}

// ref returns the reference of a number: the only one whose check digit is taken.
func ref(n int64) string {
	for d := range 10 {
		if s := fmt.Sprintf("M%04d%d", n, d); len(match.References(s)) == 1 {
			return s
		}
	}
	panic("no check digit")
}

func TestReferencesAsTheMembershipRoomWritesThem(t *testing.T) {
	for n, s := range written {
		if got := match.References("x " + s + "."); !reflect.DeepEqual(got, []int64{n}) || ref(n) != s {
			t.Errorf("%s: %v, want %d", s, got, n)
		}
	}
	for _, s := range []string{"", "M", "M0001", "M00014", "M000000", "M" + written[1][1:] + "0", "M0" + written[1][1:], "XM" + written[1][1:], "M" + strings.Repeat("1", 40)} {
		if got := match.References(s); len(got) != 0 {
			t.Errorf("%s: %v", s, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1_000_000_000_000).Draw(t, "number")
		s := ref(n)
		around := rapid.StringMatching(`[ ,./A-LN-Z]{0,10}`).Draw(t, "around")
		if got := match.References(around + " " + s + " " + around); !reflect.DeepEqual(got, []int64{n}) {
			t.Fatalf("%s: %v", s, got)
		}
		at := rapid.IntRange(1, len(s)-1).Draw(t, "at")
		wrong := []byte(s)
		wrong[at] = '0' + (wrong[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if got := match.References(string(wrong)); len(got) != 0 {
			t.Fatalf("%s for %s: %v", wrong, s, got)
		}
		if at+1 < len(s) && s[at] != s[at+1] {
			turned := []byte(s)
			turned[at], turned[at+1] = s[at+1], s[at]
			if got := match.References(string(turned)); len(got) != 0 {
				t.Fatalf("%s for %s: %v", turned, s, got)
			}
		}
	})
}

// TestProposalsMakeTheLine holds for any line: every proposal is a split that stands, and only a reference or a rule that
// acts is certain.
func TestProposalsMakeTheLine(t *testing.T) {
	m := matcher(t)
	rapid.Check(t, func(t *rapid.T) {
		l := statement.Line{Currency: "GBP", Minor: rapid.Int64Range(-1000, 1000).Draw(t, "minor"), Reversal: rapid.Bool().Draw(t, "reversal")}
		texts := rapid.SliceOfN(rapid.SampledFrom([]string{"ANN", "EXAMPLE", "C", "BOB", "WYNNE JONES", ref(1), ref(3), "HALL HIRE", "GONE", "M"}), 0, 6)
		l.Description = strings.Join(texts.Draw(t, "text"), " ")
		l.Counterparty = strings.Join(texts.Draw(t, "name"), " ")
		r := m.Match(&l)
		for _, p := range r.Proposals {
			if err := match.Split(&l, p.Shares); err != nil {
				t.Fatalf("%+v: %v", p, err)
			}
		}
		if r.Certain && (l.Reversal || r.Proposals[0].Why != match.ByReference && r.Proposals[0].Rule != "hall") {
			t.Fatalf("%+v", r)
		}
	})
}

func TestSplit(t *testing.T) {
	l := line(300, "")
	out := line(-300, "")
	if err := match.Split(&l, []match.Share{{Member: "ann", Minor: 100}, {Account: "income:donations", Minor: 200}}); err != nil {
		t.Error(err)
	}
	if err := match.Split(&out, []match.Share{{Account: "a", Minor: -100}, {Account: "b", Minor: -200}}); err != nil {
		t.Error(err)
	}
	for name, shares := range map[string][]match.Share{
		"none":       nil,
		"too little": {{Member: "ann", Minor: 299}},
		"too much":   {{Member: "ann", Minor: 301}},
		"sum":        {{Member: "ann", Minor: 200}, {Member: "bob", Minor: 101}},
		"two ways":   {{Member: "ann", Minor: 400}, {Member: "bob", Minor: -100}},
		"twice":      {{Member: "ann", Minor: 100}, {Member: "ann", Minor: 200}},
		"zero":       {{Member: "ann", Minor: 300}, {Member: "bob"}},
		"for no one": {{Minor: 300}},
		"for both":   {{Member: "ann", Account: "a", Minor: 300}},
	} {
		if err := match.Split(&l, shares); !fault.Is(err, "SPLIT_INVALID") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatAMatcherRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		members []match.Member
		rules   []match.Rule
		reason  string
	}{
		"number twice":     {[]match.Member{{ID: "a", Number: 1}, {ID: "b", Number: 1}}, nil, "MEMBERS_UNCLEAR"},
		"id twice":         {[]match.Member{{ID: "a", Number: 1}, {ID: "a", Number: 2}}, nil, "MEMBERS_UNCLEAR"},
		"rule for all":     {nil, []match.Rule{{ID: "r", Contains: " ", Account: "a"}}, "RULE_INVALID"},
		"rule for nothing": {nil, []match.Rule{{ID: "r", Contains: "x"}}, "RULE_INVALID"},
		"rule for two":     {nil, []match.Rule{{ID: "r", Contains: "x", Account: "a", Member: "b"}}, "RULE_INVALID"},
		"rule, amounts":    {nil, []match.Rule{{ID: "r", Contains: "x", Account: "a", Least: 2, Most: 1}}, "RULE_INVALID"},
	} {
		if _, err := match.New("GBP", c.members, c.rules); !fault.Is(err, c.reason) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// BenchmarkMatch matches one line against 100,000 members, by reference and by name.
func BenchmarkMatch(b *testing.B) {
	var all []match.Member
	for i := range 100_000 {
		all = append(all, match.Member{ID: fmt.Sprint(i), Number: int64(i + 1), Name: fmt.Sprintf("Ann%d Example%d", i%300, i%20_000), Due: 100})
	}
	m, err := match.New("GBP", all, nil)
	if err != nil {
		b.Fatal(err)
	}
	for name, l := range map[string]statement.Line{"reference": line(100, "EXAMPLE "+ref(777)), "name": line(700, "ANN7 EXAMPLE7")} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if r := m.Match(&l); len(r.Proposals) == 0 {
					b.Fatal("nothing found")
				}
			}
		})
	}
}
