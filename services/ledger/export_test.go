package ledger_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

func exported(t *testing.T, format string, entries []ledger.Entry) string {
	t.Helper()
	x, err := ledger.NewExporter(format)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := x.Begin(&b); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := x.Entry(&b, e); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.End(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// referee runs a program that we did not write on a file, and returns what it printed and whether it accepted the file.
// Where it is not installed the test is skipped, and fails with FOLKMOOT_TEST=full.
func referee(t *testing.T, content, extension, program string, args ...string) (string, bool) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("FOLKMOOT_TEST") == "full" {
			t.Fatalf("%s is not installed", program)
		}
		t.Skipf("%s is not installed (Debian: apt-get install hledger beancount)", program)
	}
	file := filepath.Join(t.TempDir(), "books."+extension)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, program, append(args, file)...)
	c.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := c.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("%s did not end", program)
	}
	return string(out), err == nil
}

// books are drawn for a number, the same for the same number, and never empty.
func books(n int) *book {
	return rapid.Custom(func(t *rapid.T) *book {
		b := drawn(t)
		b.add(general(t), -1)
		return b
	}).Example(n)
}

func rounds() int {
	if os.Getenv("FOLKMOOT_TEST") == "full" {
		return 25
	}
	return 4
}

// spoil changes the last amount of a text by a penny.
func spoil(t *testing.T, text string) string {
	t.Helper()
	i := strings.LastIndex(text, " GBP")
	if i < 1 {
		t.Fatal("no amount to spoil")
	}
	digit := byte('1')
	if text[i-1] == '1' {
		digit = '2'
	}
	return text[:i-1] + string(digit) + text[i:]
}

func TestHledgerAcceptsTheBooks(t *testing.T) {
	check := []string{"check", "--strict", "-f"}
	for n := range rounds() {
		b := books(n)
		text := exported(t, "hledger", b.entries)
		if n == 0 {
			for name, spoilt := range map[string]string{
				"an amount":             spoil(t, text),
				"an undeclared account": text + "\n2026-11-21 x\n    assets:sofa  1.00 GBP\n    assets:bank  -1.00 GBP\n",
				"another commodity":     text + "\n2026-11-21 x\n    assets:bank  1.00 EUR\n    assets:cash  -1.00 EUR\n",
			} {
				if out, ok := referee(t, spoilt, "journal", "hledger", check...); ok {
					t.Fatalf("hledger accepts books with %s spoilt: it proves nothing\n%s", name, out)
				}
			}
		}
		if out, ok := referee(t, text, "journal", "hledger", check...); !ok {
			t.Fatalf("books %d: hledger refuses them:\n%s\n%s", n, out, text)
		}
		out, ok := referee(t, text, "journal", "hledger", "balance", "--flat", "--no-total", "--output-format=csv", "-f")
		if !ok {
			t.Fatalf("books %d: hledger balance: %s", n, out)
		}
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil || len(rows) == 0 {
			t.Fatalf("books %d: hledger balance printed %q: %v", n, out, err)
		}
		got := map[string]string{}
		for _, r := range rows[1:] {
			got[r[0]] = r[1]
		}
		want := map[string]string{}
		lines, debit, credit := ledger.TrialBalance(b.sums())
		for _, l := range lines {
			want[l.Account.ID] = ledger.Pounds(l.Debit - l.Credit).String()
		}
		if d := cmp.Diff(want, got); d != "" || debit != credit {
			t.Errorf("books %d: the trial balance (-) and hledger's balances (+), columns %d and %d:\n%s", n, debit, credit, d)
		}
		// No description hid an entry or made another.
		if out, ok := referee(t, text, "journal", "hledger", "stats", "-f"); !ok || !strings.Contains(out, "Transactions             : "+strconv.Itoa(len(b.entries))+" ") {
			t.Errorf("books %d: hledger does not count %d transactions:\n%s", n, len(b.entries), out)
		}
	}
}

func TestBeanCheckAcceptsTheBooks(t *testing.T) {
	for n := range rounds() {
		text := exported(t, "beancount", books(n).entries)
		if n == 0 {
			for name, spoilt := range map[string]string{
				"an amount":             spoil(t, text),
				"an undeclared account": text + "\n2026-11-21 * \"x\"\n  Assets:Sofa  1.00 GBP\n  Assets:Bank  -1.00 GBP\n",
				"another commodity":     text + "\n2026-11-21 * \"x\"\n  Assets:Bank  1.00 EUR\n  Assets:Cash  -1.00 EUR\n",
			} {
				if out, ok := referee(t, spoilt, "beancount", "bean-check"); ok {
					t.Fatalf("bean-check accepts books with %s spoilt: it proves nothing\n%s", name, out)
				}
			}
		}
		if out, ok := referee(t, text, "beancount", "bean-check"); !ok {
			t.Fatalf("books %d: bean-check refuses them:\n%s\n%s", n, out, text)
		}
	}
}

func TestTablesHoldWhatTheBooksHold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := drawn(rt)
		want := b.sums()

		rows, err := csv.NewReader(strings.NewReader(exported(t, "csv", b.entries))).ReadAll()
		if err != nil {
			rt.Fatal(err)
		}
		got := map[string]int64{}
		for _, r := range rows[1:] {
			pence, err := strconv.ParseInt(strings.Replace(r[8], ".", "", 1), 10, 64)
			if err != nil {
				rt.Fatal(err)
			}
			if got[r[7]] += pence; got[r[7]] == 0 {
				delete(got, r[7])
			}
			if r[5] != "" && strings.ContainsAny(r[5][:1], "=+-@\t\r") {
				rt.Fatalf("a spreadsheet would run the description %q", r[5])
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			rt.Fatalf("csv:\n%s", d)
		}

		var list []struct {
			Number      int64  `json:"number"`
			Description string `json:"description"`
			Postings    []struct {
				Account string `json:"account"`
				Pence   int64  `json:"pence"`
			} `json:"postings"`
		}
		if err := json.Unmarshal([]byte(exported(t, "json", b.entries)), &list); err != nil {
			rt.Fatal(err)
		}
		got = map[string]int64{}
		for i, e := range list {
			if e.Number != int64(i+1) || e.Description != b.entries[i].Description {
				rt.Fatalf("json: entry %d is number %d %q", i+1, e.Number, e.Description)
			}
			for _, p := range e.Postings {
				if got[p.Account] += p.Pence; got[p.Account] == 0 {
					delete(got, p.Account)
				}
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			rt.Fatalf("json:\n%s", d)
		}
	})
}

func TestExportsNameNobody(t *testing.T) {
	e, err := ledger.NewDonation("SECRET-member", 100, ledger.ByBank, today, "SECRET-reference", today, false)
	if err != nil {
		t.Fatal(err)
	}
	e.ID, e.Number, e.EnteredBy, e.Reason = "00000000-0000-7000-8000-000000000001", 1, "SECRET-treasurer", "SECRET-reason"
	for _, format := range ledger.Formats {
		text := exported(t, format, []ledger.Entry{e})
		if !strings.Contains(text, e.ID) {
			t.Errorf("%s does not hold the entry", format)
		}
		if strings.Contains(text, "SECRET") {
			t.Errorf("%s tells what is private:\n%s", format, text)
		}
	}
	if _, err := ledger.NewExporter("pdf"); !fault.Is(err, "FORMAT_UNKNOWN") {
		t.Errorf("an unknown format: %v", err)
	}
	if got := exported(t, "json", nil); got != "[\n]\n" {
		t.Errorf("empty books in json are %q", got)
	}
}
