package command_test

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/command"
)

func runStatement(t *testing.T, in string, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = command.Main(context.Background(), command.Streams{In: strings.NewReader(in), Out: &o, Err: &e}, append([]string{"statement"}, args...))
	return status, o.String(), e.String()
}

var bankFiles = filepath.Join("..", "ledger", "statement", "testdata")

func TestStatementTable(t *testing.T) {
	status, out, errs := runStatement(t, "", filepath.Join(bankFiles, "society.camt053.xml"))
	if status != 1 || !strings.Contains(errs, "society.camt053.xml: 1 refused") {
		t.Errorf("status %d, %s", status, errs)
	}
	for _, want := range []string{"account BUKBGB22 GB33BUKB20201555555555, GBP", "2026-11-01            3.00  2 payments", "of which Ann Example |  M00013",
		"(takes back)", "31  REFUSED: “1.005” has more decimal places", "opening balance and lines make the closing balance", "note: The bank has not booked this yet"} {
		if !strings.Contains(strings.ToLower(out), strings.ToLower(want)) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if status, _, errs := runStatement(t, "", filepath.Join(bankFiles, "lloyds.csv")); status != 0 || errs != "" {
		t.Errorf("status %d, %s", status, errs)
	}
}

func TestStatementJSON(t *testing.T) {
	type document struct {
		Lines []struct {
			ID, Booked string
			Minor      int64
			FileLine   int `json:"file_line"`
			Parts      []struct{ Minor *int64 }
		}
		Statements []struct {
			Account string
			Closing *struct{ Minor int64 }
			Check   struct{ Verdict string }
		}
		Problems []struct {
			FileLine int `json:"file_line"`
			Reason   string
			Refused  bool
		}
		Summary struct{ Refused, Pending int }
		Error   string
	}
	read := func(want int, in string, args ...string) document {
		t.Helper()
		status, out, errs := runStatement(t, in, append(args, "--json")...)
		var d document
		if err := json.Unmarshal([]byte(out), &d); err != nil || status != want {
			t.Fatalf("status %d, %v, %s\n%s", status, err, errs, out)
		}
		return d
	}
	d := read(1, "", filepath.Join(bankFiles, "society.camt053.xml"))
	if len(d.Lines) != 3 || d.Lines[0].Minor != 300 || len(d.Lines[0].Parts) != 2 || *d.Lines[0].Parts[1].Minor != 200 || d.Statements[0].Closing.Minor != 9300 ||
		d.Statements[0].Check.Verdict != "balanced" || d.Problems[1].FileLine != 31 || !d.Problems[1].Refused || d.Summary.Pending != 1 || d.Error != "" {
		t.Errorf("%+v", d)
	}
	if d = read(0, "When;Sum;What\n2026-11-02;1,50;x\n", "-", "--column", "date=when", "--column", "amount=sum", "--column", "description=what", "--column", "comma=true"); len(d.Lines) != 1 || d.Lines[0].Minor != 150 {
		t.Errorf("%+v", d)
	}
	if d = read(1, "<OFX><STMTTRN>", "-"); len(d.Lines) != 0 || !strings.Contains(d.Error, "STATEMENT_CUT_OFF") {
		t.Errorf("%+v", d)
	}
}

func TestStatementUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"a", "b"}, {"--format", "qif", "-"}, {"--columns", "nobank", "-"}, {"--column", "date", "-"}, {"--column", "date=x", "-"}, {"--column", "colour=x", "-"}} {
		if status, _, errs := runStatement(t, "", args...); status != 2 || errs == "" {
			t.Errorf("%v: status %d, %s", args, status, errs)
		}
	}
	if status, out, _ := runStatement(t, "", "--help"); status != 0 || !strings.Contains(out, "nationwide") {
		t.Errorf("status %d, %s", status, out)
	}
	if status, _, errs := runStatement(t, "", "no-such-file"); status != 1 || !strings.Contains(errs, "no-such-file") {
		t.Errorf("status %d, %s", status, errs)
	}
}
