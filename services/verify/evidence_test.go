package verify_test

import (
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/ledger/pack"
	"github.com/localgovdigital/folkmoot/services/verify"
)

// withEvidence are twelve entries and four pieces of evidence among them: leaves 5 and 6 are of entries 2 and 4, leaf 14 is a
// second one of entry 2, and leaf 15 says why entry 9 has none.
func withEvidence(t *testing.T) *society {
	t.Helper()
	s, books := newSociety(t), twelve(t)
	s.book(t, books[:5]...)
	s.attach(t, 2, "an invoice", "")
	s.attach(t, 4, "a receipt", "")
	s.book(t, books[5:]...)
	s.attach(t, 2, "the invoice's second page", "")
	s.attach(t, 9, "", "SECRET-reason")
	return s
}

// TestTamperedEvidenceIsFound is the table of tamperings with the list of evidence, and with entries of a log that has evidence
// among them. The sums of the files are made right each time.
func TestTamperedEvidenceIsFound(t *testing.T) {
	s := withEvidence(t)
	file := s.pack(t, "2026-01-01", "2026-10-31")
	if why, ok := said(t, file, s.vkey(), nil); !ok {
		t.Fatalf("a sound pack: %s", why)
	}
	whole := open(t, file)
	lines := strings.SplitAfter(whole[pack.EvidenceFile], "\n")
	if len(lines) != 6 { // The head, four lines, and nothing after the last line feed.
		t.Fatalf("%q", lines)
	}
	list := func(lines ...string) func(map[string]string) {
		return func(f map[string]string) { f[pack.EvidenceFile] = strings.Join(lines, "") }
	}
	in := func(line int, old, new string) func(map[string]string) {
		changed := append([]string(nil), lines...)
		if changed[line] = strings.Replace(lines[line], old, new, 1); changed[line] == lines[line] {
			t.Fatalf("line %d does not hold %q", line, old)
		}
		return list(changed...)
	}
	for name, c := range map[string]struct {
		spoil func(f map[string]string)
		says  string
	}{
		"another file":                {in(2, ",25,", ",26,"), "evidence 2 of entry 2 is not what leaf 14"},
		"another hash":                {in(1, ",10,", ",10,00"), "evidence 1 of entry 2 is not what leaf 5"},
		"another type":                {in(3, "application/pdf", "image/png"), "evidence 1 of entry 4 is not what leaf 6"},
		"a file where there was none": {in(4, "none,0,,", "image/png,1,ab,"), "evidence 1 of entry 9 is not what leaf 15"},
		"another instant":             {in(1, ".000000Z", ".000009Z"), "evidence 1 of entry 2 is not what leaf 5"},
		"of another entry":            {in(3, "4,1,", "5,1,"), "evidence 1 of entry 5 belongs to no entry of the books"},
		"one taken out":               {list(lines[0], lines[1], lines[2], lines[4]), "leaf 6 of the public log belongs to nothing that is published: evidence that was added after entry 5"},
		"the first taken out":         {list(lines[0], lines[2], lines[3], lines[4]), "evidence 2 of entry 2 is not preceded by evidence 1"},
		"the last taken out":          {list(lines[0], lines[1], lines[2], lines[3]), "leaf 15 of the public log belongs to nothing"},
		"two swapped":                 {list(lines[0], lines[1], lines[2], lines[4], lines[3]), "evidence 1 of entry 4 stands after evidence 1 of entry 9"},
		"one twice":                   {list(append(append([]string(nil), lines[:5]...), lines[4])...), "evidence 1 of entry 9 and evidence 1 of entry 9 say that leaf 15 is theirs"},
		"a line that is garbled":      {in(2, "2,2,", "2,two,"), "line 3 is not one of evidence"},
		"a leaf of an entry's":        {in(1, "Z,5,", "Z,4,"), "entry 5 and evidence 1 of entry 2 say that leaf 4 is theirs"},
		"without its head":            {list(lines[1:]...), "line 1 is not"},
		"the whole list":              {func(f map[string]string) { delete(f, pack.EvidenceFile) }, "evidence.csv: it is missing"},
		"an entry taken out":          {func(f map[string]string) { f["journal.json"] = without(f["journal.json"], 8) }, "entry 8 was taken out"},
		"an entry before any": {func(f map[string]string) {
			f["journal.json"] = strings.Replace(f["journal.json"], `"pence":704`, `"pence":705`, 1)
		}, "entry 4"},
	} {
		f := open(t, file)
		c.spoil(f)
		if why, ok := said(t, seal(t, f, true), s.vkey(), nil); ok || !strings.Contains(why, c.says) {
			t.Errorf("%s: holds: %v; want it to say %q:\n%s", name, ok, c.says, why)
		}
	}

	t.Run("a fork in evidence", func(t *testing.T) {
		kept, err := verify.ParseKept([]byte("key " + s.vkey() + "\n" + whole[pack.SignedFile]))
		if err != nil {
			t.Fatal(err)
		}
		if why, ok := said(t, file, s.vkey(), kept); !ok {
			t.Fatalf("with what was kept: %s", why)
		}
		other := newSociety(t)
		books := twelve(t)
		other.book(t, books[:5]...)
		other.attach(t, 2, "another invoice", "")
		other.attach(t, 4, "a receipt", "")
		other.book(t, books[5:]...)
		other.attach(t, 2, "the invoice's second page", "")
		other.attach(t, 9, "", "SECRET-reason")
		fork := other.pack(t, "2026-01-01", "2026-10-31")
		if why, ok := said(t, fork, s.vkey(), nil); !ok {
			t.Fatalf("by itself it is whole: %s", why)
		}
		if why, ok := said(t, fork, s.vkey(), kept); ok || !strings.Contains(why, "fork") {
			t.Errorf("with what was kept: %s", why)
		}
	})
}
