package count_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/ballots/count"
)

func TestReadCSV(t *testing.T) {
	for _, c := range []struct {
		name, text     string
		o              count.CSVOptions
		ballots, names string
		scale          int
		notes          string
	}{
		{"preferences by candidate", "Ann,Bob,Cat\n1,2,\n2,1,3\n1,2,\n", count.CSVOptions{Seats: 2},
			"2 1 2 0; 1 2 1 3 0", "Ann|Bob|Cat", 0, ""},
		{"numbers of papers, equal, skipped, blank", "papers,Ann,Bob,Cat\n5,1,1,3\n2,,,2\n4,,,\n", count.CSVOptions{Seats: 1},
			"4 0; 5 1=2 - 3 0; 2 - 3 0", "Ann|Bob|Cat", 0, ""},
		{"marks, short rows, quotes, a timestamp", "\ufeffTimestamp,\"Ann, the\",Bob\n2026-01-01,x,X\n2026-01-02,yes\n", count.CSVOptions{Seats: 1},
			"1 1=2 0; 1 1 0", "Ann, the|Bob", 0, "\"Timestamp\" was left out"},
		{"no seats", "Ann,Bob\n1,2\n", count.CSVOptions{}, "1 1 2 0", "Ann|Bob", 0, "1 was taken"},
		{"names by preference", "1st choice,2nd choice,3rd choice\nBob,Ann,\nCat,,Ann\n", count.CSVOptions{Seats: 1},
			"1 2 1 0; 1 3 - 1 0", "Ann|Bob|Cat", 0, "order of their names"},
		{"scores", "Ann,Bob\n5,0\n3,5\n,4\n", count.CSVOptions{Seats: 1, Scores: true, Scale: 5},
			"1 1 0; 1 2 - 1 0; 1 - 2 0", "Ann|Bob", 5, ""},
		{"scores without a scale", "Ann,Bob\n3,0\n1,2\n0,0\n", count.CSVOptions{Seats: 1, Scores: true},
			"1 0; 1 1 0; 1 - 2 1 0", "Ann|Bob", 3, "highest score found, 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := count.ReadCSV(strings.NewReader(c.text), c.o)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for i := range e.Candidates {
				names = append(names, e.Name(i+1))
			}
			if got := ballots(t, e); got != c.ballots || strings.Join(names, "|") != c.names || e.Scale != c.scale {
				t.Errorf("%s of %s, scale %d; want %s of %s, %d", got, strings.Join(names, "|"), e.Scale, c.ballots, c.names, c.scale)
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

func TestRefuseCSV(t *testing.T) {
	for _, c := range []struct {
		name, text string
		o          count.CSVOptions
		line       int
		says       string
	}{
		{"nothing", "", count.CSVOptions{}, 1, "empty"},
		{"a word", "Ann,Bob\n1,2\nfirst,2\n", count.CSVOptions{}, 3, "first"},
		{"preference 0", "Ann,Bob\n0,1\n", count.CSVOptions{}, 2, "0 is no preference"},
		{"a score above the scale", "Ann,Bob\n6,1\n", count.CSVOptions{Scores: true, Scale: 5}, 2, "above 5"},
		{"a mark for a score", "Ann,Bob\nx,1\n", count.CSVOptions{Scores: true}, 2, "neither"},
		{"a negative score", "Ann,Bob\n-1,1\n", count.CSVOptions{Scores: true}, 2, "-1"},
		{"half a paper", "count,Ann\n0.5,1\n", count.CSVOptions{}, 2, "no number of papers"},
		{"one name twice", "Ann,Ann\n1,2\n", count.CSVOptions{}, 1, "two columns"},
		{"a name twice on a ballot", "1st,2nd\nAnn,Ann\n", count.CSVOptions{}, 2, "twice"},
		{"an open quote", "Ann,Bob\n\"1,2\n", count.CSVOptions{}, 2, "quote"},
		{"no candidates", "papers\n3\n", count.CSVOptions{}, 1, "no column"},
		{"no names", "1st,2nd\n,\n", count.CSVOptions{}, 1, "no ballot names"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := count.ReadCSV(strings.NewReader(c.text), c.o)
			var bad *count.SyntaxError
			if !errors.As(err, &bad) || bad.Line != c.line || !strings.Contains(bad.Message, c.says) {
				t.Errorf("%v, want line %d and %q", err, c.line, c.says)
			}
		})
	}
}

// Scores and grades from a CSV file, by hand: Ann 5 + 3 + 0 = 8, Bob 0 + 5 + 4 = 9. Middle grades of three
// papers: Ann 0 3 5, so 3; Bob 0 4 5, so 4.
func TestScores(t *testing.T) {
	const text = "Ann,Bob\n5,0\n3,5\n,4\n"
	for _, c := range []struct {
		m        count.Method
		ann, bob string
	}{{count.Score{}, "8", "9"}, {count.MajorityJudgement{}, "3", "4"}} {
		e, err := count.ReadCSV(strings.NewReader(text), count.CSVOptions{Seats: 1, Scores: true, Scale: 5})
		if err != nil {
			t.Fatal(err)
		}
		r := counted(t, c.m, e)
		if l := r.Stages[0].Lines; l[0].Votes.String() != c.ann || l[1].Votes.String() != c.bob || r.Elected[0] != 2 {
			t.Errorf("%s: %s to %s, %v elected", c.m.Name(), l[0].Votes, l[1].Votes, r.Elected)
		}
	}
	// Scores are no rankings: a transferable vote refuses them.
	e, err := count.ReadCSV(strings.NewReader(text), count.CSVOptions{Seats: 1, Scores: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []count.Method{count.ScottishSTV{}, count.WIG{}, count.Meek{}, count.AV{}} {
		var no *count.RefusedError
		if _, err := m.Count(e, count.Options{}); !errors.As(err, &no) || !strings.Contains(no.Message, "scores") {
			t.Errorf("%s: %v", m.Name(), err)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte("Ann,Bob,Cat\n1,2,\n2,1,3\n"), false)
	f.Add([]byte("papers,Ann,Bob\n5,1,1\n2,,\n"), true)
	f.Add([]byte("1st choice,2nd choice\nBob,Ann\n\"C\"\"x\",\n"), false)
	f.Fuzz(func(t *testing.T, text []byte, scores bool) {
		e, err := count.ReadCSV(bytes.NewReader(text), count.CSVOptions{Seats: 1, Scores: scores})
		if err != nil {
			var bad *count.SyntaxError
			if !errors.As(err, &bad) || bad.Message == "" {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if scores {
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
		if tally(again) != tally(e) || again.Papers() != e.Papers() {
			t.Fatalf("what was written says something else:\n%s", out.String())
		}
	})
}
