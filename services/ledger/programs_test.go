package ledger_test

import (
	"encoding/csv"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

func programFile(t interface{ Fatal(...any) }, program, account string, entries []ledger.Entry) string {
	x, err := ledger.NewProgram(program, account)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
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

func TestFilesForAccountingPrograms(t *testing.T) {
	b := &book{}
	b.add(posted(t, "2026-01-10", of("assets:bank", 98_765), of("expenses:fees", 20), of("income:donations", -98_785)), -1)
	e, err := ledger.NewGeneral("2026-02-03", `=Hall 2, "A"; hire`, "", []ledger.Posting{of("expenses:hall", 400), of("assets:bank", -400)}, today)
	if err != nil {
		t.Fatal(err)
	}
	b.add(e, -1)
	b.add(posted(t, "2026-03-01", of("assets:cash", 5), of("income:donations", -5)), -1) // No line of the bank.
	for program, want := range map[string]string{
		"xero": "Date,Amount,Payee,Description,Reference,Cheque Number\r\n" +
			"10/01/2026,987.65,,Something,Entry 1,\r\n03/02/2026,-4.00,,\"'=Hall 2, \"\"A\"\"; hire\",Entry 2,\r\n",
		"quickbooks": "Date,Description,Amount\r\n10/01/2026,Something,987.65\r\n03/02/2026,Hall A hire,-4.00\r\n",
		"quickbooks-journal": "Journal No.,Journal Date,Account Name,Description,Debits,Credits\r\n" +
			"1,10/01/2026,Bank account,Something,987.65,\r\n1,10/01/2026,Bank and payment fees,Something,0.20,\r\n1,10/01/2026,Donations,Something,,987.85\r\n" +
			"2,03/02/2026,Hall hire,\"'=Hall 2, \"\"A\"\"; hire\",4.00,\r\n2,03/02/2026,Bank account,\"'=Hall 2, \"\"A\"\"; hire\",,4.00\r\n" +
			"3,01/03/2026,Cash in hand,Something,0.05,\r\n3,01/03/2026,Donations,Something,,0.05\r\n",
		"freeagent": "10/01/2026,987.65,Something (entry 1)\r\n03/02/2026,-4.00,Text: =Hall 2 A ; hire (entry 2)\r\n",
	} {
		if d := cmp.Diff(want, programFile(t, program, "", b.entries)); d != "" {
			t.Errorf("%s:\n%s", program, d)
		}
	}
	if got := programFile(t, "freeagent", "assets:cash", b.entries); got != "01/03/2026,0.05,Something (entry 3)\r\n" {
		t.Errorf("the cash: %q", got)
	}
	if _, err := ledger.NewProgram("sage", ""); !fault.Is(err, "PROGRAM_UNKNOWN") {
		t.Errorf("an unknown program: %v", err)
	}
	if _, err := ledger.NewProgram("xero", "income:donations"); !fault.Is(err, "ACCOUNT_NOT_MONEY") {
		t.Errorf("an account that is not money: %v", err)
	}
}

// TestProgramsGetWhatTheyTake holds for any text: the rules are the vendors'.
func TestProgramsGetWhatTheyTake(t *testing.T) {
	freeagent := regexp.MustCompile(`^\d\d/\d\d/\d{4},-?\d+\.\d\d,[^,"'\r\n]+$`)
	rapid.Check(t, func(rt *rapid.T) {
		b := drawn(rt)
		want := b.sums()["assets:bank"]
		for program, amount := range map[string]int{"xero": 1, "quickbooks": 2} {
			rows, err := csv.NewReader(strings.NewReader(programFile(rt, program, "", b.entries))).ReadAll()
			if err != nil {
				rt.Fatal(err)
			}
			sum := int64(0)
			for _, r := range rows[1:] {
				sum += penceOf(rt, r[amount])
				if program == "quickbooks" && (strings.ContainsAny(r[1], "0123456789=+@") || r[1] == "") {
					rt.Fatalf("QuickBooks would refuse %q", r[1])
				}
			}
			if sum != want {
				rt.Fatalf("%s: the lines come to %d and the account to %d", program, sum, want)
			}
		}
		for l := range strings.Lines(programFile(rt, "freeagent", "", b.entries)) {
			if l = strings.TrimSuffix(l, "\r\n"); !freeagent.MatchString(l) {
				rt.Fatalf("FreeAgent would refuse %q", l)
			}
		}
	})
}

func penceOf(t *rapid.T, s string) int64 {
	n := int64(0)
	for _, r := range strings.TrimPrefix(s, "-") {
		if r != '.' {
			n = n*10 + int64(r-'0')
		}
	}
	if strings.HasPrefix(s, "-") {
		return -n
	}
	return n
}
