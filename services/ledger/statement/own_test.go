package statement_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/ledger/statement"
)

func own(t testing.TB, name string) *statement.File {
	t.Helper()
	f, err := collect(t, filepath.Join("testdata", name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return f
}

func reasons(f *statement.File) []string {
	var all []string
	for _, p := range f.Problems {
		all = append(all, p.Reason)
	}
	return all
}

func TestCAMTBatchReversalPending(t *testing.T) {
	f := own(t, "society.camt053.xml")
	if f.Summary.Version != "8" || len(f.Lines) != 3 || f.Summary.Refused != 1 || f.Summary.Pending != 1 {
		t.Fatalf("%+v, %v", f.Summary, f.Problems)
	}
	s := f.Statements[0]
	if s.Bank != "BUKBGB22" || s.Account != "GB33BUKB20201555555555" || s.From != "2026-11-01" || s.Sum != -700 || s.In != 800 || s.Out != -1500 {
		t.Errorf("%+v", s)
	}
	if v, d, _ := s.Check(); v != statement.Balanced || d != 0 {
		t.Errorf("%s by %d", v, d)
	}
	batch := f.Lines[0]
	want := []statement.Part{
		{Minor: 100, HasAmount: true, Counterparty: "Ann Example", Description: "M00013"},
		{Minor: 200, HasAmount: true, Counterparty: "Bob & Co", Reference: "E2", EndToEnd: "E2"},
	}
	if batch.Minor != 300 || !reflect.DeepEqual(batch.Parts, want) || batch.Description != "2 payments" || batch.FileLine != 12 {
		t.Errorf("batch: %+v", batch)
	}
	if l := f.Lines[1]; l.Minor != -1500 || l.Counterparty != "Hall Hire Ltd" || l.Description != "Hall, November" || l.Reversal {
		t.Errorf("paid: %+v", l)
	}
	if l := f.Lines[2]; l.Minor != 500 || l.Counterparty != "Hall Hire Ltd" || !l.Reversal || l.Booked != "2026-11-01" {
		t.Errorf("reversed: %+v", l)
	}
	if p := f.Problems[1]; p.Reason != "AMOUNT_INVALID" || p.FileLine != 31 || !strings.Contains(p.Message, "rounded") {
		t.Errorf("%+v", p)
	}
}

func TestOFXAsBanksWriteIt(t *testing.T) {
	f := own(t, "society.ofx")
	if want := []string{"AMOUNT_INVALID", "CURRENCIES_MIXED", "LINE_REPEATED"}; !reflect.DeepEqual(reasons(f), want) {
		t.Fatalf("%v, want %v", f.Problems, want)
	}
	if f.Problems[0].FileLine != 17 || f.Problems[1].FileLine != 19 || f.Problems[2].FileLine != 20 || f.Problems[2].Refused {
		t.Errorf("%v", f.Problems)
	}
	if len(f.Lines) != 4 {
		t.Fatalf("%+v", f.Lines)
	}
	if l := f.Lines[0]; l.Counterparty != "ZOÉ O'NEILL & SON" || l.Description != "£1 M00013 ZOÉ O'NEILL & SON" || l.Minor != 100 || l.FileLine != 15 {
		t.Errorf("%+v", l)
	}
	if l := f.Lines[1]; l.Description != "five < six" || l.Minor != 100 || l.Counterparty != "" {
		t.Errorf("%+v", l)
	}
	if l := f.Lines[2]; l.Minor != -2050 || l.Reference != "" {
		t.Errorf("%+v", l)
	}
	if l := f.Lines[3]; !l.Repeats || l.ID != f.Lines[1].ID || f.Lines[1].Repeats {
		t.Errorf("%+v", l)
	}
	if s := f.Statements[0]; s.Refused != 2 || s.Closing.Minor != 8150 {
		t.Errorf("%+v", s)
	}
}

// TestEveryPreset reads the same two lines in each bank's own writing.
func TestEveryPreset(t *testing.T) {
	type want struct {
		file, preset, account string
		balances              bool
		paid                  int64
	}
	tried := map[string]bool{"hsbc-balance": true, "santander-signed": true} // below
	for _, w := range []want{
		{"barclays.csv", "barclays", "20-20-15 55555555", false, -2050},
		{"hsbc.csv", "hsbc", "", false, -102050},
		{"lloyds.csv", "lloyds", "12345678", true, -2050},
		{"natwest.csv", "natwest", "600000-12345678", true, -2050},
		{"santander.csv", "santander", "", true, -2050},
		{"nationwide.csv", "nationwide", "Society ****45678", true, -2050},
		{"monzo.csv", "monzo", "", false, -2050},
		{"starling.csv", "starling", "", true, -2050},
		{"cooperative.csv", "cooperative", "", true, -2050},
	} {
		tried[w.preset] = true
		f := own(t, w.file)
		if f.Summary.Columns != w.preset || len(f.Problems) != 0 || len(f.Lines) < 2 {
			t.Errorf("%s: by %q, %d lines, %v", w.file, f.Summary.Columns, len(f.Lines), f.Problems)
			continue
		}
		in, out := f.Lines[0], f.Lines[1]
		if in.Minor < 0 {
			in, out = out, in
		}
		s := f.Statements[0]
		if in.Minor != 100 || in.Booked != "2026-11-01" || out.Minor != w.paid || out.Booked != "2026-11-02" || s.Account != w.account ||
			s.Currency != "GBP" || s.From != "2026-11-01" || s.To != "2026-11-02" || !strings.Contains(strings.Join(in.Texts(), " "), "M00013") {
			t.Errorf("%s: %+v, %+v, %+v", w.file, s, in, out)
		}
		v, _, why := s.Check()
		if w.balances && (v != statement.Balanced || s.Opening.Minor != 10000 || s.Closing.Minor != 8050) || !w.balances && v != statement.Unchecked {
			t.Errorf("%s: %s, %s, %+v to %+v", w.file, v, why, s.Opening, s.Closing)
		}
	}
	for _, p := range statement.Presets {
		if err := p.Check(); err != nil || !tried[p.Name] {
			t.Errorf("%s: %v, tried %v", p.Name, err, tried[p.Name])
		}
	}
	if f := own(t, "natwest.csv"); len(f.Statements) != 2 || f.Statements[1].Account != "600000-87654321" || f.Lines[2].Statement != 2 {
		t.Errorf("two accounts: %+v", f.Statements)
	}
	for head, preset := range map[string]string{
		"Date,Type,Description,Paid out,Paid in,Balance\n01/11/2026,CR,X,,1.00,1.00\n": "hsbc-balance",
		"Date,Description,Amount,Balance\n01/11/2026,X,1.00,1.00\n":                    "santander-signed",
	} {
		f, err := statement.Collect(strings.NewReader(head), statement.Options{})
		if err != nil || f.Summary.Columns != preset || len(f.Lines) != 1 || f.Lines[0].Minor != 100 {
			t.Errorf("%s: %+v, %v", preset, f, err)
		}
	}
}

func TestCSVRefusesLineByLine(t *testing.T) {
	f := own(t, "broken.csv")
	type refusal struct {
		line   int
		reason string
	}
	want := []refusal{{3, "DATE_INVALID"}, {4, "AMOUNT_INVALID"}, {5, "AMOUNT_INVALID"}, {6, "ROW_INVALID"}, {7, "AMOUNT_INVALID"}, {8, "ROW_INVALID"}, {9, "AMOUNT_INVALID"}}
	var have []refusal
	for _, p := range f.Problems {
		have = append(have, refusal{p.FileLine, p.Reason})
	}
	if !reflect.DeepEqual(have, want) || len(f.Lines) != 1 || f.Statements[0].Refused != 7 {
		t.Errorf("%v, want %v; %+v", f.Problems, want, f.Statements)
	}
	if v, _, why := f.Statements[0].Check(); v != statement.Unchecked || !strings.Contains(why, "7 lines") {
		t.Errorf("balances that hang on refused lines: %s, %s", v, why)
	}
}

func TestOwnColumns(t *testing.T) {
	c := statement.Columns{}
	for _, kv := range [][2]string{{"date", "When"}, {"amount", "Sum"}, {"description", "What"}, {"description", "More"}, {"dates", "month-first"}, {"comma", "true"}, {"negated", "true"}} {
		if err := c.Set(kv[0], kv[1]); err != nil {
			t.Fatal(err)
		}
	}
	in := "Bank of Somewhere\n\nwhen;SUM;What;More\n11/02/2026;1.234,56;\"a;\"\"b\"\"\nc\";d\n11/03/2026;-1,5;e;\n"
	f, err := statement.Collect(strings.NewReader(in), statement.Options{Columns: &c, Currency: "EUR", Account: "A"})
	if err != nil || len(f.Lines) != 2 || len(f.Problems) != 0 {
		t.Fatalf("%+v, %v", f, err)
	}
	a, b := f.Lines[0], f.Lines[1]
	if a.Minor != -123456 || a.Booked != "2026-11-02" || a.Description != `a;"b" c d` || b.Minor != 150 || b.FileLine != 6 || a.Currency != "EUR" || f.Statements[0].Account != "A" {
		t.Errorf("%+v, %+v", a, b)
	}
	numbers := statement.Columns{Date: "#2", In: "#3", Out: "#4", Description: []string{"#1"}}
	f, err = statement.Collect(strings.NewReader("x,2026-11-02,,5\ny,2026-11-02,7,\n"), statement.Options{Columns: &numbers})
	if err != nil || len(f.Lines) != 2 || f.Lines[0].Minor != -500 || f.Lines[1].Minor != 700 {
		t.Errorf("%+v, %v", f, err)
	}
	for _, bad := range []statement.Columns{
		{}, {Date: "D"}, {Date: "D", In: "I"}, {Date: "D", Amount: "A", In: "I", Out: "O"}, {Date: "#1", Amount: "A"}, {Date: "#0", Amount: "#1"},
		{Date: "D", Amount: "A", Dates: "moon"},
	} {
		if err := bad.Check(); !fault.Is(err, "COLUMNS_INVALID") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if err := c.Set("colour", "x"); !fault.Is(err, "COLUMNS_INVALID") {
		t.Errorf("%v", err)
	}
}

// TestRunningBalance finds a line that was taken out, in files of either order.
func TestRunningBalance(t *testing.T) {
	up := []string{"01/11/2026,a,1.00,101.00", "01/11/2026,b,2.00,103.00", "02/11/2026,c,-4.00,99.00", "03/11/2026,d,1.00,100.00"}
	for name, c := range map[string]struct {
		rows    []string
		verdict statement.Verdict
		broken  int
	}{
		"oldest first":       {up, statement.Balanced, 0},
		"newest first":       {[]string{up[3], up[2], up[1], up[0]}, statement.Balanced, 0},
		"one out":            {[]string{up[0], up[2], up[3]}, statement.Unbalanced, 3},
		"one out, backwards": {[]string{up[3], up[1], up[0]}, statement.Unbalanced, 3},
		"balance once a day": {[]string{"01/11/2026,a,1.00,", up[1], "02/11/2026,c,-4.00,", up[3]}, statement.Balanced, 0},
	} {
		f, err := statement.Collect(strings.NewReader("Date,Description,Amount,Balance\n"+strings.Join(c.rows, "\n")), statement.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := f.Statements[0]
		if v, _, why := s.Check(); v != c.verdict || s.BrokenAt != c.broken {
			t.Errorf("%s: %s, %s, broken at %d", name, v, why, s.BrokenAt)
		}
		if c.verdict == statement.Balanced && (s.Opening.Minor != 10000 || s.Closing.Minor != 10000) {
			t.Errorf("%s: %+v to %+v", name, s.Opening, s.Closing)
		}
	}
}

// TestFilesThatCannotBeFollowed shows that each is a fault with a line and a reason.
func TestFilesThatCannotBeFollowed(t *testing.T) {
	xml, err := os.ReadFile(filepath.Join("testdata", "society.camt053.xml"))
	if err != nil {
		t.Fatal(err)
	}
	ofx, err := os.ReadFile(filepath.Join("testdata", "society.ofx"))
	if err != nil {
		t.Fatal(err)
	}
	deep := "<Document><BkToCstmrStmt><Stmt>" + strings.Repeat("<a>", 100)
	for name, c := range map[string]struct{ in, reason, line string }{
		"empty":             {"", "STATEMENT_EMPTY", "1"},
		"a PDF":             {"%PDF-1.7", "STATEMENT_UNKNOWN", "1"},
		"a spreadsheet":     {"PK\x03\x04xx", "STATEMENT_UNKNOWN", "1"},
		"QIF":               {"!Type:Bank\nD1/1/26\n", "STATEMENT_UNKNOWN", "1"},
		"XML cut off":       {string(xml[:len(xml)/2]), "STATEMENT_CUT_OFF", ""},
		"XML cut in a name": {string(xml[:len(xml)-5]), "STATEMENT_CUT_OFF", ""},
		"XML crossed":       {strings.Replace(string(xml), "</n:Acct>", "</n:Acxt>", 1), "STATEMENT_UNREADABLE", "8"},
		"XML doctype":       {"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "STATEMENT_UNREADABLE", "1"},
		"XML too deep":      {deep, "STATEMENT_UNREADABLE", "1"},
		"XML endless":       {"<Document><BkToCstmrStmt><Stmt><Id>" + strings.Repeat("a", 3<<20), "STATEMENT_UNREADABLE", "1"},
		"another XML":       {"<html><body>Please sign in</body></html>", "STATEMENT_UNKNOWN", "1"},
		"CAMT.052":          {"<Document>\n<BkToCstmrAcctRpt/></Document>", "STATEMENT_UNKNOWN", "2"},
		"CAMT.054":          {"<Document>\n<BkToCstmrDbtCdtNtfctn/></Document>", "STATEMENT_UNKNOWN", "2"},
		"CAMT without one":  {"<Document><BkToCstmrStmt></BkToCstmrStmt></Document>", "STATEMENT_EMPTY", "1"},
		"OFX cut off":       {string(ofx[:len(ofx)/2]), "STATEMENT_CUT_OFF", ""},
		"OFX crossed":       {strings.Replace(string(ofx), "</STMTTRN>", "", 1), "STATEMENT_UNREADABLE", "16"},
		"OFX without end":   {strings.Replace(string(ofx), "</OFX>", "", 1), "STATEMENT_CUT_OFF", ""},
		"OFX, no currency":  {strings.Replace(string(ofx), "<CURDEF>GBP", "", 1), "CURRENCY_UNKNOWN", "15"},
		"OFX outside":       {"<OFX><STMTTRN><TRNAMT>1</STMTTRN></OFX>", "STATEMENT_UNREADABLE", "1"},
		"OFX twice":         {string(ofx) + string(ofx), "STATEMENT_UNREADABLE", "32"},
		"unknown columns":   {"a,b,c\n1,2,3\n", "COLUMNS_UNKNOWN", "1"},
		"no lines":          {"Date,Description,Amount,Balance\n", "STATEMENT_EMPTY", "1"},
		"quote left open":   {"Date,Description,Amount,Balance\n01/11/2026,\"a,1,1\n", "STATEMENT_CUT_OFF", "2"},
		"quote, long file":  {"Date,Description,Amount,Balance\n01/11/2026,\"a,1,1\n" + strings.Repeat("01/11/2026,a,1,1\n", 20000), "STATEMENT_UNREADABLE", "2"},
		"not money at all":  {"Date,Description,Amount,Balance\n" + strings.Repeat("x,x,x,x\n", 1500), "TOO_MANY_PROBLEMS", "1002"},
	} {
		_, err := statement.Collect(strings.NewReader(c.in), statement.Options{})
		f := fault.Of(err)
		if f == nil || f.Reason != c.reason || f.Details["line"] == "" || (c.line != "" && f.Details["line"] != c.line) || f.Kind != fault.Invalid {
			t.Errorf("%s: %v (line %v), want %s at line %s", name, err, f, c.reason, c.line)
		}
	}
}

func TestEncodings(t *testing.T) {
	text := "Date,Description,Amount,Balance\r\n01/11/2026,Zoé £1,£1.00,1.00\r\n"
	units := utf16.Encode([]rune(text))
	little, big := []byte{0xff, 0xfe}, []byte{0xfe, 0xff}
	for _, u := range units {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	narrow := strings.NewReplacer("é", "\xe9", "£", "\xa3").Replace(text)
	for name, in := range map[string]string{"UTF-8": text, "with a mark": "\ufeff" + text, "windows-1252": narrow, "UTF-16": string(little), "UTF-16, big end first": string(big),
		"old Macintosh": strings.ReplaceAll(text, "\r\n", "\r")} {
		f, err := statement.Collect(strings.NewReader(in), statement.Options{})
		if err != nil || len(f.Lines) != 1 || f.Lines[0].Description != "Zoé £1" || f.Lines[0].Minor != 100 || f.Lines[0].FileLine != 2 {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	xml := `<?xml version="1.0" encoding="ISO-8859-1"?><Document><BkToCstmrStmt><Stmt><Acct><Id><IBAN>X</IBAN></Id><Nm>` + "Zo\xe9" + `</Nm></Acct></Stmt></BkToCstmrStmt></Document>`
	f, err := statement.Collect(strings.NewReader(xml), statement.Options{})
	if err != nil || f.Statements[0].Name != "Zoé" {
		t.Errorf("%+v, %v", f, err)
	}
}
