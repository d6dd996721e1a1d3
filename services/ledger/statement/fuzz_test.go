package statement_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/ledger/statement"
)

// sound reads anything: it may be refused, but what is handed on must be whole, and refusals must say why.
func sound(t *testing.T, in []byte, format statement.Format) {
	f, err := statement.Collect(bytes.NewReader(in), statement.Options{Format: format, Currency: "GBP"})
	if err != nil {
		got := fault.Of(err)
		if got == nil || got.Reason == "" || got.Message == "" {
			t.Fatalf("an error that is no fault: %v", err)
		}
		if got.Details["line"] == "" {
			t.Fatalf("a fault without a line: %v", err)
		}
	}
	newlines := bytes.Count(in, []byte{'\n'}) + bytes.Count(in, []byte{'\r'}) + 1
	sums := map[int]int64{}
	for _, l := range f.Lines {
		if len(l.ID) != 32 || len(l.Booked) != 10 || len(l.Currency) != 3 || l.FileLine < 1 || l.FileLine > newlines || l.Number < 1 {
			t.Fatalf("%+v", l)
		}
		sums[l.Statement] += l.Minor
	}
	for _, s := range f.Statements {
		if s.Sum != sums[s.Number] || s.In+s.Out != s.Sum {
			t.Fatalf("%+v, but the lines make %d", s, sums[s.Number])
		}
		s.Check()
	}
	for _, p := range f.Problems {
		if p.Message == "" || p.Reason == "" || p.FileLine < 1 || p.FileLine > newlines {
			t.Fatalf("%+v", p)
		}
	}
	if err == nil && f.Summary.Lines != len(f.Lines) {
		t.Fatalf("%+v, %d lines", f.Summary, len(f.Lines))
	}
}

func seed(f *testing.F, pattern string) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

func FuzzCSV(f *testing.F) {
	seed(f, "*.csv")
	f.Fuzz(func(t *testing.T, in []byte) { sound(t, in, statement.CSV) })
}

func FuzzOFX(f *testing.F) {
	seed(f, "*.ofx")
	f.Fuzz(func(t *testing.T, in []byte) { sound(t, in, statement.OFX) })
}

func FuzzCAMT(f *testing.F) {
	seed(f, "*.xml")
	f.Fuzz(func(t *testing.T, in []byte) { sound(t, in, statement.CAMT) })
}
