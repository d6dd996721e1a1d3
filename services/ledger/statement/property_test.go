package statement_test

import (
	"errors"
	"fmt"
	"html"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/ledger/statement"
)

// movement is what a bank booked.
type movement struct {
	day   int // of November 2026
	minor int64
	text  string
	own   string
}

func movements(t *rapid.T, ids bool) []movement {
	all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) movement {
		return movement{
			day:   rapid.IntRange(1, 5).Draw(t, "day"),
			minor: rapid.Int64Range(-300, 300).Draw(t, "minor"),
			// Few texts, so that equal lines are met often.
			text: rapid.SampledFrom([]string{"£1 M00013", "a,b", `say "hi"`, "a < b & c", "Zoé", "x;y"}).Draw(t, "text"),
		}
	}), 1, 30).Draw(t, "movements")
	if ids {
		for i := range all {
			all[i].own = fmt.Sprintf("T%d", i)
		}
	}
	return all
}

func asCSV(all []movement) string {
	var b strings.Builder
	b.WriteString("Date,Description,Amount,Balance\n")
	balance := int64(10000)
	for _, m := range all {
		balance += m.minor
		fmt.Fprintf(&b, "%02d/11/2026,\"%s\",%s,%s\n", m.day, strings.ReplaceAll(m.text, `"`, `""`), statement.Decimal(m.minor, "GBP"), statement.Decimal(balance, "GBP"))
	}
	return b.String()
}

func asOFX(all []movement) string {
	var b strings.Builder
	b.WriteString("OFXHEADER:100\nDATA:OFXSGML\nVERSION:103\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>GBP<BANKACCTFROM><ACCTID>1</BANKACCTFROM><BANKTRANLIST>\n")
	for _, m := range all {
		fmt.Fprintf(&b, "<STMTTRN><DTPOSTED>202611%02d<TRNAMT>%s<FITID>%s<MEMO>%s</STMTTRN>\n", m.day, statement.Decimal(m.minor, "GBP"), m.own, html.EscapeString(m.text))
	}
	b.WriteString("</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>")
	return b.String()
}

func asCAMT(all []movement) string {
	var b strings.Builder
	b.WriteString("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\"><BkToCstmrStmt><Stmt><Acct><Id><IBAN>1</IBAN></Id><Ccy>GBP</Ccy></Acct>\n")
	for _, m := range all {
		way, minor := "CRDT", m.minor
		if minor < 0 {
			way, minor = "DBIT", -minor
		}
		fmt.Fprintf(&b, "<Ntry><Amt Ccy=\"GBP\">%s</Amt><CdtDbtInd>%s</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-11-%02d</Dt></BookgDt><AcctSvcrRef>%s</AcctSvcrRef>"+
			"<NtryDtls><TxDtls><RmtInf><Ustrd>%s</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n", statement.Decimal(minor, "GBP"), way, m.day, m.own, html.EscapeString(m.text))
	}
	b.WriteString("</Stmt></BkToCstmrStmt></Document>")
	return b.String()
}

var writers = map[string]func([]movement) string{"csv": asCSV, "ofx": asOFX, "camt": asCAMT}

// TestWhatIsWrittenIsRead writes movements in each format and reads them back: nothing is lost, changed or merged, and
// lines that the bank booked twice are two.
func TestWhatIsWrittenIsRead(t *testing.T) {
	for name, write := range writers {
		for _, ids := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, ids %v", name, ids), rapid.MakeCheck(func(t *rapid.T) {
				all := movements(t, ids)
				f, err := statement.Collect(strings.NewReader(write(all)), statement.Options{})
				if err != nil || len(f.Problems) > 0 && f.Problems[0].Refused || len(f.Lines) != len(all) {
					t.Fatalf("%v, %v, %d lines of %d", err, f.Problems, len(f.Lines), len(all))
				}
				seen, sum := map[string]bool{}, int64(0)
				for i, m := range all {
					l := f.Lines[i]
					sum += m.minor
					if l.Minor != m.minor || l.Booked != fmt.Sprintf("2026-11-%02d", m.day) || l.Description != m.text || seen[l.ID] || l.Repeats {
						t.Fatalf("line %d: %+v of %+v", i+1, l, m)
					}
					seen[l.ID] = true
				}
				s := f.Statements[0]
				if s.Sum != sum || s.In+s.Out != sum {
					t.Fatalf("sums %+v, want %d", s, sum)
				}
				if v, _, why := s.Check(); name == "csv" && v != statement.Balanced {
					t.Fatalf("%s: %s", v, why)
				}
			}))
		}
	}
}

// TestImportedTwiceAddsNothing reads a period, then a longer one in another order: what both hold has the same ids.
func TestImportedTwiceAddsNothing(t *testing.T) {
	for name, write := range writers {
		for _, ids := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, ids %v", name, ids), rapid.MakeCheck(func(t *rapid.T) {
				all := movements(t, ids)
				var early []movement
				for _, m := range all {
					if m.day <= 3 {
						early = append(early, m)
					}
				}
				if len(early) == 0 {
					t.Skip("nothing early")
				}
				shuffled := rapid.Permutation(all).Draw(t, "order")
				known := map[string]int{}
				for _, l := range read(t, write(early)) {
					known[l.ID]++
				}
				if len(known) != len(early) {
					t.Fatalf("%d ids for %d lines", len(known), len(early))
				}
				for _, l := range read(t, write(shuffled)) {
					known[l.ID]++
				}
				if len(known) != len(all) {
					t.Fatalf("%d ids for %d lines", len(known), len(all))
				}
			}))
		}
	}
}

func read(t *rapid.T, text string) []statement.Line {
	f, err := statement.Collect(strings.NewReader(text), statement.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return f.Lines
}

// TestAmountsKeepTheirPence writes any amount in any currency and reads it.
func TestAmountsKeepTheirPence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.Int64Range(-1_000_000_000_000_000, 1_000_000_000_000_000).Draw(t, "minor")
		currency := rapid.SampledFrom([]string{"GBP", "JPY", "KWD", "CLF", "EUR"}).Draw(t, "currency")
		text := statement.Decimal(minor, currency)
		zeros := strings.Repeat("0", rapid.IntRange(0, 4).Draw(t, "zeros"))
		if statement.Decimals(currency) == 0 && zeros != "" {
			zeros = "." + zeros
		}
		in := fmt.Sprintf("Date,Description,Amount,Balance\n01/11/2026,x,%s%s,\n", text, zeros)
		f, err := statement.Collect(strings.NewReader(in), statement.Options{Currency: currency})
		if err != nil || len(f.Lines) != 1 || f.Lines[0].Minor != minor {
			t.Fatalf("%s%s: %+v, %v", text, zeros, f, err)
		}
		// One more digit that is not zero would have to be rounded.
		in = strings.Replace(in, zeros+",\n", zeros+"1,\n", 1)
		f, err = statement.Collect(strings.NewReader(in), statement.Options{Currency: currency})
		if strings.Contains(text+zeros, ".") && (err != nil || len(f.Lines) != 0) {
			t.Fatalf("%s: %+v, %v", in, f.Lines, err)
		}
	})
}

func TestAmountsAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 100, "+1.5": 150, "-1.50": -150, "£1,234.56": 123456, "-£1.00": -100, "£-1.00": -100, "(1.00)": -100, "1.00-": -100, "1.00 DR": -100, "1.00CR": 100,
		"GBP 2": 200, "\u22121.00": -100, ".5": 50, "5.": 500, "0.00": 0, "1,000": 100000, "00012.3400": 1234,
	} {
		f, err := statement.Collect(strings.NewReader("Date,Description,Amount,Balance\n01/11/2026,x,\""+text+"\",\n"), statement.Options{})
		if err != nil || len(f.Lines) != 1 || f.Lines[0].Minor != want {
			t.Errorf("%q: %+v, %v", text, f, err)
		}
	}
	for _, text := range []string{"", "-", ".", "1.001", "1,00", "1,2345.00", "1.0.0", "--1", "-(1)", "$1", "1e3", "0x1", "١", "NaN", "99999999999999999999", "1 000", "£"} {
		f, err := statement.Collect(strings.NewReader("Date,Description,Amount,Balance\n01/11/2026,x,\""+text+"\",\n"), statement.Options{})
		if err != nil || len(f.Lines) != 0 || len(f.Problems) != 1 {
			t.Errorf("%q: %+v, %v", text, f, err)
		}
	}
}

// TestTheReaderAndTheSinkMayFail shows that their errors come back as they are.
func TestTheReaderAndTheSinkMayFail(t *testing.T) {
	bad := errors.New("the disk is gone")
	for name, write := range writers {
		text := write([]movement{{1, 1, "x", "a"}, {2, 2, "y", "b"}})
		for _, at := range []int{0, 10, len(text) - 20} {
			r := io.MultiReader(strings.NewReader(text[:at]), failing{bad})
			if _, err := statement.Collect(r, statement.Options{}); !errors.Is(err, bad) {
				t.Errorf("%s at %d: %v", name, at, err)
			}
		}
		if _, err := statement.Read(strings.NewReader(text), statement.Options{}, &full{left: 1, err: bad}); !errors.Is(err, bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// full is a sink that takes so many lines.
type full struct {
	statement.File
	left int
	err  error
}

func (f *full) Line(statement.Line) error {
	if f.left--; f.left < 0 {
		return f.err
	}
	return nil
}
