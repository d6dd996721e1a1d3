package count_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/ballots/count"
)

func read(t *testing.T, text string) *count.Election {
	t.Helper()
	e, err := count.ReadBLT(strings.NewReader(text), count.ReadOptions{})
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return e
}

// ballots are the ballots of e in one line, standard BLT.
func ballots(t *testing.T, e *count.Election) string {
	t.Helper()
	var b bytes.Buffer
	if err := count.WriteBLT(&b, e); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range strings.Split(b.String(), "\n")[1:] {
		if l == "0" {
			break
		}
		out = append(out, l)
	}
	return strings.Join(out, "; ")
}

func TestReadBLT(t *testing.T) {
	for _, c := range []struct {
		name, text, ballots, names, title, notes string
	}{
		{"standard", "2 1\n3 1 2 0\n2 2 0\n0\n\"Ann\"\n\"Bob\"\n\"Chair\"\n",
			"3 1 2 0; 2 2 0", "Ann|Bob", "Chair", ""},
		{"equal ballots are kept once", "2 1\n1 1 2 0\n1 2 0\n1 1 2 0\n0\n\"Ann\"\n\"Bob\"\n\"Chair\"\n",
			"2 1 2 0; 1 2 0", "Ann|Bob", "Chair", ""},
		{"no line end, CRLF, byte order mark, tabs, blank lines", "\ufeff2 1\r\n\r\n3\t1  2 0 \r\n0\r\n\"Ann\"\r\n\r\n\"Bob\"\r\n\"Chair\"",
			"3 1 2 0", "Ann|Bob", "Chair", ""},
		{"comments", "# made by hand\n2 1 # two\n3 1 2 0 # three\n#\n0 # end\n\"Ann\" # first\n# second\n\"Bob\"\n\"Chair\"",
			"3 1 2 0", "Ann|Bob", "Chair", ""},
		{"names without quotes", "2 1\n3 1 0\n0\nAnn (Lab)\nO'Brien, Bob\nWard 1 - \"North\"",
			"3 1 0", "Ann (Lab)|O'Brien, Bob", "Ward 1 - \"North\"", "line 4: names or title are not in quotes"},
		{"doubled quotes", "1 1\n3 1 0\n0\n\"Ann \"\"Green\"\"\"\nWard",
			"3 1 0", "Ann \"Green\"", "Ward", "line 5: names or title"},
		{"quotes within that are not doubled", "1 1\n3 1 0\n0\n\"Ann \"Green\" Smith\"\n\"Ward\"",
			"3 1 0", "Ann \"Green\" Smith", "Ward", "not doubled"},
		{"several names on a line", "2 1\n3 1 0\n0\n\"Ann\" \"Bob\"\n\"Ward\"",
			"3 1 0", "Ann|Bob", "Ward", "several names"},
		{"names in comments", "2 1\n3 1 0\n0\n# ALTERNATIVE NAME 2: Bob\n# alternative name 1:  Ann\nWard",
			"3 1 0", "Ann|Bob", "Ward", "taken from comments"},
		{"names in comments and in lines", "1 1\n3 1 0\n0\n\"Ann\"\n# ALTERNATIVE NAME 1: Bob\n\"Ward\"",
			"3 1 0", "Ann", "Ward", "names in comments were left out"},
		{"no title", "2 1\n3 1 0\n0\n\"Ann\"\n\"Bob\"\n", "3 1 0", "Ann|Bob", "", "no title"},
		{"no names", "2 1\n3 1 0\n0\n", "3 1 0", "Candidate 1|Candidate 2", "", "called by their numbers"},
		{"remarks after the title", "1 1\n3 1 0\n0\n\"Ann\"\n\"Ward\"\n\"source\"\nand more", "3 1 0", "Ann", "Ward", "after the title was left out"},
		{"Latin-1", "1 1\n3 1 0\n0\n\"Se\xe1n\"\n\"Ward\"", "3 1 0", "Seán", "Ward", "Latin-1"},
		{"withdrawn", "3 1\n-2 -3\n3 1 0\n0\n\"A\"\n\"B\"\n\"C\"\n\"T\"", "-2 -3; 3 1 0", "A|B|C", "T", ""},
		{"withdrawn in brackets, another program's options", "3 1\n[withdrawn 2]\n[droop rule=scotland]\n3 1 0\n0\n\"A\"\n\"B\"\n\"C\"\n\"T\"",
			"-2; 3 1 0", "A|B|C", "T", "was left out"},
		{"nicknames", "3 1\n[nick a b c]\n[tie c a b]\n3 a b=c 0\n0\n\"A\"\n\"B\"\n\"C\"\n\"T\"", "[tie 3 1 2]; 3 1 2=3 0", "A|B|C", "T", ""},
		{"skipped and equal", "3 1\n2 - 1 - - 2=3 0\n1 3 - 0\n0\n\"A\"\n\"B\"\n\"C\"\n\"T\"", "2 - 1 - - 2=3 0; 1 3 0", "A|B|C", "T", ""},
		{"blank papers", "1 1\n4 0\n2 - 0\n1 1 0\n0\n\"A\"\n\"T\"", "6 0; 1 1 0", "A", "T", ""},
		{"ids with the number of papers", "3 1\n(a) 1 2 3 0\n(b) 1 1 0\n(c) 1 0\n0\n\"A\"\n\"B\"\n\"C\"\n\"T\"", "1 0; 1 2 3 0; 1 1 0", "A|B|C", "T", "line 2: the 1 after"},
		{"ids without", "3 1\n(a 1) 1 2 3 0\n(b) 2 1 0\n0\n\"A\"\n\"B\"\n\"C\"\n\"T\"", "1 1 2 3 0; 1 2 1 0", "A|B|C", "T", "no number of papers after the id"},
		{"more seats than candidates", "1 2\n3 1 0\n0\n\"A\"\n\"T\"", "3 1 0", "A", "T", "more seats"},
		{"commas", "2 1,\n3 1 2 0,\n2 2 0,\n0,\nAnn,\nBob,\nWard 1 - X, Y,", "3 1 2 0; 2 2 0", "Ann|Bob", "Ward 1 - X, Y", "commas"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := read(t, c.text)
			var names []string
			for i := range e.Candidates {
				names = append(names, e.Name(i+1))
			}
			if got := ballots(t, e); got != c.ballots {
				t.Errorf("ballots %s, want %s", got, c.ballots)
			}
			if got := strings.Join(names, "|"); got != c.names || e.Title != c.title {
				t.Errorf("names %s of %q, want %s of %q", got, e.Title, c.names, c.title)
			}
			var notes []string
			for _, n := range e.Notes {
				notes = append(notes, n.String())
			}
			if got := strings.Join(notes, "\n"); !strings.Contains(got, c.notes) || c.notes == "" && got != "" {
				t.Errorf("notes %q, want %q", got, c.notes)
			}
		})
	}
}

func TestRefuseBLT(t *testing.T) {
	for _, c := range []struct {
		name, text string
		line       int
		says       string
	}{
		{"nothing", "", 0, "empty"},
		{"no numbers", "candidates\n", 1, "begins with the numbers"},
		{"one number", "3\n", 1, "begins with the numbers"},
		{"no seats", "3 0\n", 1, "0 seats"},
		{"no candidates", "0 1\n", 1, "0 candidates"},
		{"too many candidates", "9999999 1\n", 1, "9999999 candidates"},
		{"a candidate who is not there", "2 1\n1 1 0\n3 1 3 0\n0\n", 3, "no candidate 3"},
		{"a huge number", "2 1\n3 99999999999999999999 0\n", 2, "99999"},
		{"a candidate twice", "2 1\n3 1 2 1 0\n", 2, "candidate 1 stands twice"},
		{"a candidate twice among equals", "2 1\n3 1=1 0\n", 2, "candidate 1 stands twice"},
		{"no closing 0", "2 1\n3 1 2\n1 2 0\n0\n", 2, "does not end with 0"},
		{"a 0 too early", "2 1\n3 1 0 2 0\n", 2, "stands behind the 0"},
		{"equal to nothing", "2 1\n3 1= 0\n", 2, "missing"},
		{"equal to 0", "2 1\n3 1=0 0\n", 2, "1=0"},
		{"a word", "2 1\n3 one 0\n", 2, "one"},
		{"a fraction of papers", "2 1\n1.5 1 0\n", 2, "whole number"},
		{"too many papers", "2 1\n4294967295 1 0\n1 2 0\n0\n", 3, "more papers"},
		{"a negative number among preferences", "2 1\n3 -1 0\n", 2, "-1"},
		{"withdrawn after ballots", "2 1\n3 1 0\n-2\n", 3, "before the ballots"},
		{"withdrawn who is not there", "2 1\n-3\n", 2, "-3"},
		{"no end", "2 1\n3 1 0\n", 2, "ends before"},
		{"names where ballots belong", "2 1\n3 1 0\n\"Ann\"\n", 3, "line 0 ends"},
		{"too few names", "3 1\n3 1 0\n0\n\"A\"\n\"B\"\n", 5, "3 candidates but names 2"},
		{"an open quote", "1 1\n3 1 0\n0\n\"Ann\n\"Ward\"\n", 4, "not closed"},
		{"text outside quotes", "1 1\n3 1 0\n0\n\"Ann\" Smith\n", 4, "outside the quotes"},
		{"an open id", "1 1\n(a 1 0\n", 2, "parenthesis"},
		{"ids that fit neither way", "3 1\n(a) 1 1 2 0\n(b) 2 1 0\n0\n", 3, "line 2 does not"},
		{"a tie order too short", "2 1\n[tie 1]\n", 2, "[tie]"},
		{"a tie order with a double", "2 1\n[tie 1 1]\n", 2, "does not fit"},
		{"nicknames too few", "2 1\n[nick a]\n", 2, "[nick]"},
		{"a ballot of 0 papers", "2 1\n0 1 0\n", 2, "0 papers"},
		{"a line without end", "2 1\n3 1 " + strings.Repeat("2 ", 1<<20) + "0\n", 2, "longer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := count.ReadBLT(strings.NewReader(c.text), count.ReadOptions{})
			var bad *count.SyntaxError
			if !errors.As(err, &bad) || bad.Line != c.line || !strings.Contains(bad.Message, c.says) {
				t.Errorf("%v, want line %d and %q", err, c.line, c.says)
			}
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

func TestReadError(t *testing.T) {
	if _, err := count.ReadBLT(broken{}, count.ReadOptions{}); err == nil || err.Error() != "the disk is gone" {
		t.Errorf("%v, want the reader's own error", err)
	}
}

// The published dialects say the same as the standard files beside them.
func TestDialects(t *testing.T) {
	dir := sharedData(t, "stv")
	files, err := filepath.Glob(filepath.Join(dir, "raw", "*.blt"))
	if err != nil || len(files) != 11 {
		t.Fatalf("%d published files, %v", len(files), err)
	}
	for _, f := range files {
		raw, standard := readFile(t, f), readFile(t, filepath.Join(dir, filepath.Base(f)))
		if len(raw.Notes) == 0 {
			t.Errorf("%s: nothing was assumed", filepath.Base(f))
		}
		if raw.Title == "" || raw.Candidates[0].Name == "" || raw.Seats != standard.Seats {
			t.Errorf("%s: title %q, first candidate %q, %d seats", filepath.Base(f), raw.Title, raw.Candidates[0].Name, raw.Seats)
		}
		if a, b := tally(raw), tally(standard); a != b {
			t.Errorf("%s: the ballots differ", filepath.Base(f))
		}
	}
}

// tally is the ballots of e in a form that does not depend on their order.
func tally(e *count.Election) string {
	m := map[string]int64{}
	e.Each(func(n int64, ranks [][]int) bool {
		k, _ := json.Marshal(ranks)
		m[string(k)] += n
		return true
	})
	b, _ := json.Marshal(m)
	return string(b)
}

// What is written can be read again and says the same.
func TestWriteBLT(t *testing.T) {
	b := count.NewBuilder(2, count.Candidate{Name: "Ann \"the\nother\" Smith"}, count.Candidate{Name: "Bob", Withdrawn: true},
		count.Candidate{Name: "Ŵyn"}, count.Candidate{})
	for _, ranks := range [][][]int{{{1}, {2, 3}}, {nil, {4}, nil, nil, {1}}, {}, {{1}, {2, 3}}} {
		if err := b.Add(3, ranks...); err != nil {
			t.Fatal(err)
		}
	}
	e := b.Election()
	e.Title, e.TieOrder = "A # title", []int{4, 3, 2, 1}
	var out bytes.Buffer
	if err := count.WriteBLT(&out, e); err != nil {
		t.Fatal(err)
	}
	want := "4 2\n-2\n[tie 4 3 2 1]\n3 0\n6 1 2=3 0\n3 - 4 - - 1 0\n0\n\"Ann “the other” Smith\"\n\"Bob\"\n\"Ŵyn\"\n\"Candidate 4\"\n\"A # title\"\n"
	if out.String() != want {
		t.Errorf("wrote\n%s\nwant\n%s", out.String(), want)
	}
	again := read(t, out.String())
	if tally(again) != tally(e) || again.Papers() != e.Papers() || again.Title != e.Title || !again.Candidates[1].Withdrawn {
		t.Errorf("read again: %s of %d papers", tally(again), again.Papers())
	}
}

// Numbers above 250 take more room than a byte.
func TestManyCandidates(t *testing.T) {
	const n = 300
	b := count.NewBuilder(1, make([]count.Candidate, n)...)
	for c := 1; c <= n; c++ {
		if err := b.Rank(int64(c), c, n+1-c); err != nil && c != n+1-c {
			t.Fatal(err)
		}
	}
	if err := b.Add(1, append(make([][]int, 600), []int{n}, []int{250, 251}, []int{280})...); err != nil {
		t.Fatal(err)
	}
	e := b.Election()
	var out bytes.Buffer
	if err := count.WriteBLT(&out, e); err != nil {
		t.Fatal(err)
	}
	again := read(t, out.String())
	if tally(again) != tally(e) || e.Distinct() != n+1 {
		t.Errorf("%d distinct ballots, or they changed", e.Distinct())
	}
	for _, m := range []count.Method{count.ScottishSTV{}, count.Meek{}, count.Schulze{}, count.Plurality{}} {
		r := counted(t, m, e)
		conserved(t, r)
		if r.Elected[0] != n && m.Name() == "plurality" {
			t.Errorf("%s elects %v", m.Name(), r.Elected)
		}
	}
}

// A reader of a large file tells how far it is, and a count of many papers keeps each ballot once.
func TestProgress(t *testing.T) {
	const papers = 1_500_000
	var told []int64
	e, err := count.ReadBLT(io.MultiReader(strings.NewReader("2 1\n"), &repeat{line: "1 1 2 0\n", left: papers}, strings.NewReader("0\nA\nB\nT\n")),
		count.ReadOptions{Progress: func(read int64) { told = append(told, read) }})
	if err != nil {
		t.Fatal(err)
	}
	if e.Papers() != papers || e.Distinct() != 1 {
		t.Errorf("%d papers, %d different", e.Papers(), e.Distinct())
	}
	if len(told) != 2 || told[0] < 4<<20 || told[1] < 8<<20 || told[1] > 12<<20 {
		t.Errorf("told %v of 12 MB", told)
	}
}

// repeat reads as a line so many times.
type repeat struct {
	line string
	left int
}

func (r *repeat) Read(p []byte) (n int, err error) {
	for r.left > 0 && n+len(r.line) <= len(p) {
		n += copy(p[n:], r.line)
		r.left--
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func FuzzReadBLT(f *testing.F) {
	files, err := filepath.Glob("testdata/*.blt")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("3 1\n(a) 1 2 3 0\n(b) 1 1 0\n0\nA\n\"B \"\"x\"\"\"\nC"))
	f.Add([]byte("3 2,\n[nick a b c]\n3 a b=c 0,\n0,\n# ALTERNATIVE NAME 2: Bob\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := count.ReadBLT(bytes.NewReader(text), count.ReadOptions{SizeHint: int64(len(text))})
		if err != nil {
			var bad *count.SyntaxError
			if !errors.As(err, &bad) || bad.Message == "" {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		var out bytes.Buffer
		if err := count.WriteBLT(&out, e); err != nil {
			t.Fatal(err)
		}
		again, err := count.ReadBLT(bytes.NewReader(out.Bytes()), count.ReadOptions{})
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, out.String())
		}
		if tally(again) != tally(e) || again.Papers() != e.Papers() || again.Seats != e.Seats {
			t.Fatalf("what was written says something else:\n%s", out.String())
		}
		if len(e.Candidates) > 8 || e.Distinct() > 50 {
			return
		}
		for _, m := range count.Methods() {
			r, err := m.Count(e, count.Options{})
			if err != nil {
				continue
			}
			conserved(t, r)
		}
	})
}
