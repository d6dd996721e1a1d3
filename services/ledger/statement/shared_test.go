package statement_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/ledger/statement"
)

// bankData returns the folder of bank files beside the repository, or skips; in the full run its absence is a failure.
func bankData(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above this folder")
		}
		dir = filepath.Dir(dir)
	}
	data := filepath.Join(filepath.Dir(dir), "shared", "data", "bank")
	if _, err := os.Stat(data); err != nil {
		if os.Getenv("FOLKMOOT_TEST") == "full" {
			t.Fatalf("the bank files are not beside the repository: %v", err)
		}
		t.Skip("the bank files are not beside the repository")
	}
	return data
}

func collect(t testing.TB, path string) (*statement.File, error) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return statement.Collect(f, statement.Options{})
}

// What another parser of the collection finds, as JSON: only the parts that a statement has here.
type otherMoney struct {
	Amount   string                   `json:"getAmount"`
	Currency struct{ GetCode string } `json:"getCurrency"`
}

type otherDate map[string]string

func (d otherDate) day() string { return d["0"][:10] }

type otherFile struct {
	Records []json.RawMessage `json:"getRecords"`
	Entries []otherEntry      `json:"getEntries"`
}

type otherRecord struct {
	Account  struct{ GetIdentification string } `json:"getAccount"`
	ID       string                             `json:"getId"`
	Balances []struct {
		Amount otherMoney `json:"getAmount"`
		Date   otherDate  `json:"getDate"`
		Type   string     `json:"getType"`
	} `json:"getBalances"`
}

type otherEntry struct {
	Amount   otherMoney      `json:"getAmount"`
	Booked   otherDate       `json:"getBookingDate"`
	Valued   otherDate       `json:"getValueDate"`
	Own      *string         `json:"getAccountServicerReference"`
	Reversal bool            `json:"getReversalIndicator"`
	Record   json.RawMessage `json:"getRecord"`
	Detail   struct {
		Reference struct {
			EndToEnd *string `json:"getEndToEndId"`
		} `json:"getReference"`
		Parties []struct {
			Type struct {
				Class string  `json:"__CLASS__"`
				Name  *string `json:"getName"`
			} `json:"getRelatedPartyType"`
		} `json:"getRelatedParties"`
		Remittance struct{ GetMessage string } `json:"getRemittanceInformation"`
	} `json:"getTransactionDetail"`
}

// TestCAMTAsAnotherParserReadsIt compares every statement of the collection with what its own parser makes of it.
func TestCAMTAsAnotherParserReadsIt(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(bankData(t), "camt", "*.xml"))
	if err != nil || len(files) < 6 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	balances, entries := 0, 0
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			got, err := collect(t, path)
			if err != nil || got.Summary.Refused != 0 {
				t.Fatalf("%v, %v", err, got.Problems)
			}
			raw, err := os.ReadFile(strings.TrimSuffix(path, ".xml") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want otherFile
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
			// Of several statements the JSON holds the last one's entries only; the others are looked at in TestCAMTBalances.
			before := len(got.Statements) - 1
			if len(got.Statements) != len(want.Records) || before < 0 || len(got.Lines) != len(want.Entries)+before {
				t.Fatalf("%d statements and %d lines, want %d and %d", len(got.Statements), len(got.Lines), len(want.Records), len(want.Entries))
			}
			// The JSON writes a record where it meets it first: among the records, or inside its first entry.
			var records []otherRecord
			for _, raw := range want.Records {
				records = appendRecord(t, records, raw)
			}
			for _, e := range want.Entries {
				records = appendRecord(t, records, e.Record)
			}
			if len(records) != 1 {
				t.Fatalf("%d records in the JSON", len(records))
			}
			for i, r := range records {
				s := got.Statements[before+i]
				if s.Account != r.Account.GetIdentification || s.ID != r.ID {
					t.Errorf("statement %d of account %q, ID %q; want %q, %q", i+1, s.Account, s.ID, r.Account.GetIdentification, r.ID)
				}
				wants := map[string]*statement.Balance{"opening": s.Opening, "closing": s.Closing}
				for _, b := range r.Balances {
					have, ok := wants[b.Type]
					if !ok {
						continue
					}
					balances++
					delete(wants, b.Type)
					if have == nil || strconv.FormatInt(have.Minor, 10) != b.Amount.Amount || have.Currency != b.Amount.Currency.GetCode || have.Date != b.Date.day() {
						t.Errorf("statement %d: %s %+v, want %+v", i+1, b.Type, have, b)
					}
				}
				for kind, b := range wants {
					if b != nil {
						t.Errorf("statement %d: a balance %s %+v that is not there", i+1, kind, b)
					}
				}
			}
			for i, e := range want.Entries {
				entries++
				l := got.Lines[before+i]
				if strconv.FormatInt(l.Minor, 10) != e.Amount.Amount || l.Currency != e.Amount.Currency.GetCode || l.Booked != e.Booked.day() ||
					l.Valued != e.Valued.day() || l.Reversal != e.Reversal || (e.Own != nil && l.BankID != *e.Own) {
					t.Errorf("line %d: %+v, want %+v", i+1, l, e)
				}
				if id := e.Detail.Reference.EndToEnd; id != nil && l.EndToEnd != *id {
					t.Errorf("line %d: end to end %q, want %q", i+1, l.EndToEnd, *id)
				}
				if m := e.Detail.Remittance.GetMessage; l.Description != m && l.Reference != m {
					t.Errorf("line %d: %q and %q, want %q in one of them", i+1, l.Description, l.Reference, m)
				}
				side, name := "Debtor", ""
				if l.Minor < 0 {
					side = "Creditor"
				}
				for _, p := range e.Detail.Parties {
					if p.Type.Name != nil && (name == "" || strings.HasSuffix(p.Type.Class, `\`+side)) {
						name = *p.Type.Name
					}
				}
				if l.Counterparty != name {
					t.Errorf("line %d: counterparty %q, want %q", i+1, l.Counterparty, name)
				}
			}
		})
	}
	if balances < 9 || entries < 5 {
		t.Errorf("compared %d balances and %d entries only", balances, entries)
	}
}

func appendRecord(t *testing.T, records []otherRecord, raw json.RawMessage) []otherRecord {
	t.Helper()
	if len(raw) == 0 || raw[0] != '{' {
		return records
	}
	var r otherRecord
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return append(records, r)
}

// TestCAMTBalances says what of the collection balances: one was made so that it does not.
func TestCAMTBalances(t *testing.T) {
	dir := filepath.Join(bankData(t), "camt")
	for name, want := range map[string][]statement.Verdict{
		"camt053.v2.multi.statement.xml": {statement.Balanced, statement.Balanced},
		"camt053.v2.five.decimals.xml":   {statement.Unbalanced},
		"camt053.v3.xml":                 {statement.Unchecked},
		"camt53.only-Dt-with-DtTm.xml":   {statement.Unchecked},
	} {
		got, err := collect(t, filepath.Join(dir, name))
		if err != nil || len(got.Statements) != len(want) {
			t.Fatalf("%s: %v, %d statements", name, err, len(got.Statements))
		}
		if name == "camt053.v2.multi.statement.xml" && (got.Lines[0].Minor != 885 || got.Lines[0].Statement != 1 || got.Lines[0].EndToEnd != "000000001" ||
			got.Lines[0].Counterparty != "Company Name 1" || got.Lines[1].Statement != 2) {
			t.Errorf("%+v", got.Lines)
		}
		for i, s := range got.Statements {
			v, difference, why := s.Check()
			if v != want[i] || (v == statement.Unbalanced && difference != 5) {
				t.Errorf("%s, statement %d: %s by %d: %s", name, i+1, v, difference, why)
			}
		}
	}
}

func TestOFXOfTheCollection(t *testing.T) {
	dir := filepath.Join(bankData(t), "ofx")
	read := func(name string) *statement.File {
		t.Helper()
		got, err := collect(t, filepath.Join(dir, name))
		if err != nil || got.Summary.Refused != 0 {
			t.Fatalf("%s: %v, %v", name, err, got.Problems)
		}
		return got
	}

	f := read("checking.ofx")
	if len(f.Statements) != 1 || len(f.Lines) != 3 || f.Summary.Version != "102" {
		t.Fatalf("checking: %+v", f)
	}
	s := f.Statements[0]
	if s.Account != "1452687~7" || s.Bank != "5472369148" || s.Currency != "USD" || s.Name != "CHECKING" || s.From != "2000-01-01" || s.To != "2013-05-25" ||
		s.Closing == nil || *s.Closing != (statement.Balance{Minor: 10099, Currency: "USD", Date: "2013-05-25"}) || s.Sum != -5950 || s.In != 1 || s.Out != -5951 {
		t.Errorf("checking: %+v", s)
	}
	l := f.Lines[1]
	if l.Minor != -3451 || l.Booked != "2011-04-05" || l.BankID != "0000487" || l.Kind != "DEBIT" || l.Counterparty != "AUTOMATIC WITHDRAWAL, ELECTRIC BILL" ||
		l.Description != "AUTOMATIC WITHDRAWAL, ELECTRIC BILL WEB(S )" || l.FileLine != 54 {
		t.Errorf("checking, line 2: %+v", l)
	}
	if l := f.Lines[2]; l.Minor != -2500 || l.Reference != "319" || l.Number != 3 {
		t.Errorf("checking, line 3: %+v", l)
	}

	f = read("anzcc.ofx")
	if len(f.Lines) != 1 || f.Lines[0].Minor != -550 || f.Lines[0].Description != "SOME MEMO" || f.Lines[0].Booked != "2017-05-08" ||
		f.Statements[0].Account != "1234123412341234" || f.Statements[0].Currency != "AUD" || f.Statements[0].Closing.Minor != -12345 || f.Summary.Version != "203" {
		t.Errorf("anzcc: %+v", f)
	}

	f = read("suncorp.ofx")
	if len(f.Lines) != 1 || f.Lines[0].Minor != -1685 || f.Lines[0].Counterparty != "EFTPOS WDL HANDYWAY ALDI STORE" ||
		f.Lines[0].Description != "EFTPOS WDL HANDYWAY ALDI STORE GEELONG WEST VICAU" || f.Lines[0].Reference != "" || f.Statements[0].Closing.Minor != 123412 {
		t.Errorf("suncorp: %+v", f)
	}

	f = read("multiple_accounts.ofx")
	if len(f.Statements) != 2 || len(f.Lines) != 0 || f.Statements[0].Account != "9100" || f.Statements[0].Closing.Minor != 11100 ||
		f.Statements[1].Account != "9200" || f.Statements[1].Closing.Minor != 22200 || f.Statements[1].Closing.Date != "2012-06-03" {
		t.Errorf("multiple accounts: %+v", f)
	}

	if f = read("bank_small.ofx"); len(f.Statements) != 0 || len(f.Problems) != 1 || f.Problems[0].Reason != "STATEMENT_NONE" {
		t.Errorf("bank_small: %+v", f)
	}
}

// TestOFXThatIsBroken shows that each broken file of the collection is refused at the right line, for the right reason.
func TestOFXThatIsBroken(t *testing.T) {
	dir := filepath.Join(bankData(t), "ofx", "fail")
	type refusal struct {
		line          int
		field, reason string
	}
	for name, want := range map[string][]refusal{
		"date_missing.ofx":  {{33, "DTPOSTED", "DATE_INVALID"}, {40, "DTPOSTED", "DATE_INVALID"}, {48, "DTPOSTED", "DATE_INVALID"}},
		"decimal_error.ofx": {{34, "DTPOSTED", "DATE_INVALID"}, {34, "TRNAMT", "AMOUNT_INVALID"}},
		"empty_balance.ofx": {{37, "BALAMT", "BALANCE_INVALID"}},
	} {
		got, err := collect(t, filepath.Join(dir, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var have []refusal
		for _, p := range got.Problems {
			if p.Refused && p.Message != "" && fault.Is(p.Fault(), p.Reason) {
				have = append(have, refusal{p.FileLine, p.Field, p.Reason})
			}
		}
		if len(have) != len(want) {
			t.Errorf("%s: %v, want %v", name, have, want)
			continue
		}
		for i := range have {
			if have[i] != want[i] {
				t.Errorf("%s: %v, want %v", name, have[i], want[i])
			}
		}
	}
}
