package verify_test

import (
	"context"
	"encoding/csv"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/translog/translogtest"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// unpack writes the files of a pack into a folder.
func unpack(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run runs a program that we did not write in a folder and returns what it printed and whether it was content. Where it is not
// installed the test is skipped, and fails with FOLKMOOT_TEST=full.
func run(t *testing.T, dir, program string, args ...string) (string, bool) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if databasetest.Full() {
			t.Fatalf("%s is not installed", program)
		}
		t.Skipf("%s is not installed", program)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, program, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := c.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("%s did not end", program)
	}
	return string(out), err == nil
}

func rounds() int {
	if databasetest.Full() {
		return 15
	}
	return 1
}

// TestThePageSaysTheTruth does what README.txt says, step by step, on random books: first with something spoilt, which each program
// must refuse.
func TestThePageSaysTheTruth(t *testing.T) {
	for n := range rounds() {
		s := newSociety(t)
		s.book(t, random(n, 30)...)
		s.attach(t, 1, "an invoice", "")
		s.book(t, twelve(t)...)
		s.attach(t, 2, "", "SECRET-reason")
		printing := ledger.Account{ID: "expenses:printing", Name: "Printing", Type: ledger.Expense}
		s.added = []ledger.Account{printing}
		s.book(t, ledger.Entry{
			Kind: ledger.General, Occurred: "2026-04-01", Description: "Leaflets", Meeting: "00000000-0000-7000-8000-0000000000aa",
			Postings: []ledger.Posting{{Account: printing.ID, Amount: ledger.Pounds(777), Fund: "digital"}, {Account: ledger.Bank, Amount: ledger.Pounds(-777)}},
		})
		files := open(t, s.pack(t, "2026-02-01", "2026-09-30"))
		for name, text := range files {
			if strings.Contains(text, "SECRET") {
				t.Fatalf("%s tells what is private", name)
			}
		}
		dir := unpack(t, files)
		for _, step := range []struct {
			what    string
			command []string
			spoil   string
			old     string
			new     string
		}{
			{"the sums", []string{"sha256sum", "-c", "SHA256SUMS"}, "journal.csv", "7.04", "7.05"},
			{"hledger", []string{"hledger", "check", "--strict", "-f", "journal.hledger"}, "journal.hledger", "7.04 GBP", "7.05 GBP"},
			{"beancount", []string{"bean-check", "journal.beancount"}, "journal.beancount", "7.04 GBP", "7.05 GBP"},
			{"the signature", []string{
				"openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "signature/key.pem", "-rawin", "-in", "signature/checkpoint.txt",
				"-sigfile", "signature/checkpoint.sig",
			}, "signature/checkpoint.txt", "example.org", "example.net"},
			{"the log: an amount", []string{"python3", "check.py"}, "journal.json", `"pence":704`, `"pence":705`},
			{"the log: a description", []string{"python3", "check.py"}, "journal.json", `Number 6`, `Number 9`},
			{"the log: a date", []string{"python3", "check.py"}, "journal.json", `"2026-03-05"`, `"2026-03-06"`},
			{"the log: a fund", []string{"python3", "check.py"}, "journal.json", `"fund":"digital"`, `"fund":"general"`},
			{"the log: a file of evidence", []string{"python3", "check.py"}, "evidence.csv", ",10,", ",11,"},
			{"the log: evidence taken out", []string{"python3", "check.py"}, "evidence.csv", "\r\n2,1,", "\r\n3,1,"},
			{"the log: its size", []string{"python3", "check.py"}, "signature/checkpoint.txt", "example.org/ledger\n", "example.org/ledger\n1"},
		} {
			if n == 0 {
				forged := maps.Clone(files)
				if forged[step.spoil] = strings.Replace(forged[step.spoil], step.old, step.new, 1); forged[step.spoil] == files[step.spoil] {
					t.Fatalf("%s: there is nothing to spoil", step.what)
				}
				if out, ok := run(t, unpack(t, forged), step.command[0], step.command[1:]...); ok {
					t.Fatalf("%s accepts what is spoilt: it proves nothing\n%s", step.what, out)
				}
			}
			if out, ok := run(t, dir, step.command[0], step.command[1:]...); !ok {
				t.Fatalf("books %d: %s refuses them:\n%s", n, step.what, out)
			}
		}
		if got := files["reports/restricted-funds.csv"]; got != "section,line,name,came,spent,left\r\nfunds,digital,,0.00,7.77,-7.77\r\nfunds,total,,0.00,7.77,-7.77\r\n" {
			t.Errorf("what is left of the fund: %q", got)
		}
		if got, want := files["evidence.csv"], ledger.EvidenceHead+s.evidence[0].CSV()+s.evidence[1].CSV(); got != want {
			t.Errorf("the evidence: %q, want %q", got, want)
		}
		if !strings.Contains(files["reports/trial-balance.csv"], "expenses:printing,Printing,7.77") {
			t.Errorf("an added account has no name: %s", files["reports/trial-balance.csv"])
		}
		balances(t, dir, files["reports/trial-balance.csv"], files["README.txt"])
		totals(t, dir, files)
		if n == 0 {
			forged := maps.Clone(files)
			for name := range forged {
				if strings.HasPrefix(name, "log/ledger/tile/entries/") {
					spoilByte(forged, name, 40)
				}
			}
			theLog(t, dir, unpack(t, forged), s.vkey())
		}
	}
}

// balances compares the trial balance with hledger's, to the penny, by the very line of the page.
func balances(t *testing.T, dir, report, page string) {
	t.Helper()
	const line = "hledger balance -f journal.hledger --end 2026-10-01 --flat --no-total"
	if !strings.Contains(page, "    "+line+"\n") {
		t.Fatalf("the page does not say %q", line)
	}
	out, ok := run(t, dir, "hledger", append(strings.Fields(line)[1:], "--output-format=csv")...)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if !ok || err != nil || len(rows) == 0 {
		t.Fatalf("hledger balance: %v\n%s", err, out)
	}
	got := map[string]string{}
	for _, r := range rows[1:] {
		got[r[0]] = strings.TrimSuffix(r[1], " GBP")
	}
	want := map[string]string{}
	lines, err := csv.NewReader(strings.NewReader(report)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range lines[1:] {
		if r[1] == "total" {
			if r[3] != r[4] {
				t.Errorf("the columns come to %s and %s", r[3], r[4])
			}
			continue
		}
		if want[r[1]] = r[3]; r[4] != "" {
			want[r[1]] = "-" + r[4]
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the trial balance (-) and hledger's balances (+):\n%s", d)
	}
}

// totals compares the surplus of the period with hledger's net income, and the net assets with what it gives for assets and
// liabilities.
func totals(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for _, c := range []struct {
		file, section string
		args          []string
		negative      bool
	}{
		{"reports/income-and-expenditure.csv", "surplus", []string{"type:rx", "--begin", "2026-02-01"}, true},
		{"reports/balance-sheet.csv", "net", []string{"type:al"}, false},
		{"reports/receipts-and-payments.csv", "closing", []string{"assets:bank", "assets:cash"}, false},
	} {
		out, ok := run(t, dir, "hledger", append([]string{"balance", "-f", "journal.hledger", "--end", "2026-10-01", "--depth", "1", "--output-format=csv", "--flat"}, c.args...)...)
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if !ok || err != nil || len(rows) < 2 {
			t.Fatalf("hledger balance: %v\n%s", err, out)
		}
		got := strings.TrimSuffix(rows[len(rows)-1][1], " GBP")
		if got == "0" {
			got = "0.00"
		}
		lines, err := csv.NewReader(strings.NewReader(files[c.file])).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range lines {
			if r[0] != c.section || r[1] != "total" {
				continue
			}
			want := r[3]
			if c.negative && want != "0.00" { // Income is a credit.
				if want = "-" + want; strings.HasPrefix(want, "--") {
					want = want[2:]
				}
			}
			if got != want {
				t.Errorf("%s: %s is %s, and hledger says %s", c.file, c.section, want, got)
			}
		}
	}
}

// theLog has tessera's fsck read the folder as any web server would serve it, and first a spoilt one.
func theLog(t *testing.T, dir, forged, vkey string) {
	t.Run("the log's files", func(t *testing.T) {
		for _, c := range []struct {
			dir   string
			holds bool
		}{{forged, false}, {dir, true}} {
			files := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(c.dir, "log", "ledger"))))
			holds, out := translogtest.Fsck(t, files.URL+"/", vkey)
			files.Close()
			if holds != c.holds {
				t.Errorf("fsck says that the log of the pack holds: %v, want %v\n%s", holds, c.holds, out)
			}
		}
	})
}
