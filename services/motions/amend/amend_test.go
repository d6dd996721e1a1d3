package amend

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

const (
	text = "This meeting notes that trains are late.\n\n1. The board writes to the council by June.\n2. The board reports back.\n\n" +
		"The meeting thanks the volunteers."
	letter = "1. The board writes to the council by June."
)

func reason(err error) string {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f.Reason
	}
	return fmt.Sprint(err)
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{" \n\n ", nil},
		{"one", []string{"one"}},
		{"one\ntwo", []string{"one\ntwo"}},
		{"one\n \t\n\ntwo", []string{"one", "two"}},
		{text, []string{"This meeting notes that trains are late.", letter, "2. The board reports back.", "The meeting thanks the volunteers."}},
		{"It resolves:\n- a\n  - a1\n- b", []string{"It resolves:", "- a\n  - a1", "- b"}},
		{"In 2024. not an item\n2024. not one either\n12) but this is", []string{"In 2024. not an item\n2024. not one either", "12) but this is"}},
		{"1.\nempty item", []string{"1.\nempty item"}},
	} {
		got := Parse(c.text)
		var words []string
		for i, g := range got {
			words = append(words, g.Text)
			if g.ID != fmt.Sprint(i+1) {
				t.Errorf("%q: clause %d has the id %q", c.text, i+1, g.ID)
			}
		}
		if strings.Join(words, "|") != strings.Join(c.want, "|") || len(words) != len(c.want) {
			t.Errorf("%q: %q, want %q", c.text, words, c.want)
		}
		if Join(got) != strings.TrimSpace(c.text) {
			t.Errorf("%q joined is %q", c.text, Join(got))
		}
	}
}

func TestCheck(t *testing.T) {
	base := Parse(text)
	long := make([]Edit, maxEdits+1)
	all := []Edit{{Kind: Delete, Clause: "1"}, {Kind: Delete, Clause: "2"}, {Kind: Delete, Clause: "3"}, {Kind: Delete, Clause: "4"}}
	for _, c := range []struct {
		name  string
		edits []Edit
		want  string
	}{
		{"words", []Edit{{Kind: Words, Clause: "2", Old: "June", New: "May"}}, ""},
		{"the second of two", []Edit{{Kind: Words, Clause: "1", Old: "t", New: "T", Occurrence: 2}}, ""},
		{"words left out", []Edit{{Kind: Words, Clause: "2", Old: "by June"}}, ""},
		{"a clause at the beginning", []Edit{{Kind: Insert, New: "First of all."}}, ""},
		{"after a clause that it leaves out", []Edit{{Kind: Delete, Clause: "3"}, {Kind: Insert, Clause: "3", New: "3. Instead."}}, ""},
		{"two words of a clause", []Edit{{Kind: Words, Clause: "2", Old: "June", New: "May"}, {Kind: Words, Clause: "2", Old: "council", New: "mayor"}}, ""},
		{"nothing", nil, "AMENDMENT_EMPTY"},
		{"too much", long, "AMENDMENT_EMPTY"},
		{"no such kind", []Edit{{Kind: "move", Clause: "1"}}, "AMENDMENT_KIND"},
		{"no such clause", []Edit{{Kind: Delete, Clause: "5"}}, "AMENDMENT_CLAUSE"},
		{"no clause", []Edit{{Kind: Delete}}, "AMENDMENT_CLAUSE"},
		{"no words", []Edit{{Kind: Words, Clause: "2", New: "May"}}, "AMENDMENT_WORDS"},
		{"other words", []Edit{{Kind: Words, Clause: "2", Old: "July", New: "May"}}, "AMENDMENT_WORDS"},
		{"which words", []Edit{{Kind: Words, Clause: "1", Old: "t", New: "T"}}, "AMENDMENT_WORDS"},
		{"the ninth of fewer", []Edit{{Kind: Words, Clause: "2", Old: "June", New: "May", Occurrence: 9}}, "AMENDMENT_WORDS"},
		{"white space around words", []Edit{{Kind: Words, Clause: "2", Old: "June", New: " May"}}, "AMENDMENT_WORDS"},
		{"a line break", []Edit{{Kind: Words, Clause: "2", Old: "June", New: "May\n3. x"}}, "AMENDMENT_WORDS"},
		{"the same words", []Edit{{Kind: Words, Clause: "2", Old: "June", New: "June"}}, "AMENDMENT_SAME"},
		{"all words", []Edit{{Kind: Words, Clause: "2", Old: letter}}, "AMENDMENT_SAME"},
		{"the same clause", []Edit{{Kind: Replace, Clause: "2", New: letter}}, "AMENDMENT_SAME"},
		{"two clauses in one", []Edit{{Kind: Replace, Clause: "2", New: "a\n\nb"}}, "AMENDMENT_ONE_CLAUSE"},
		{"an empty clause", []Edit{{Kind: Insert, Clause: "2", New: ""}}, "AMENDMENT_ONE_CLAUSE"},
		{"left out, with words", []Edit{{Kind: Delete, Clause: "2", New: "x"}}, "AMENDMENT_ONE_CLAUSE"},
		{"one clause twice", []Edit{{Kind: Delete, Clause: "2"}, {Kind: Words, Clause: "2", Old: "June", New: "May"}}, "AMENDMENT_TWICE"},
		{"everything", all, "AMENDMENT_NEGATES"},
	} {
		if err := Check(base, Amendment{ID: "a", Number: 1, Edits: c.edits}); (err == nil) != (c.want == "") || err != nil && reason(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// edits of clause 2 of the text above, and what each pair means.
func TestClashes(t *testing.T) {
	base := Parse(text)
	of := map[string]Edit{
		"june":     {Kind: Words, Clause: "2", Old: "June", New: "May"},
		"by June":  {Kind: Words, Clause: "2", Old: "by June", New: "at once"},
		"council":  {Kind: Words, Clause: "2", Old: "council", New: "mayor"},
		"replace":  {Kind: Replace, Clause: "2", New: "1. The board calls."},
		"replace2": {Kind: Replace, Clause: "2", New: "1. The board waits."},
		"delete":   {Kind: Delete, Clause: "2"},
		"insert":   {Kind: Insert, Clause: "2", New: "2. The board pays."},
		"insert2":  {Kind: Insert, Clause: "2", New: "2. The board sings."},
		"other":    {Kind: Delete, Clause: "3"},
	}
	for _, c := range []struct {
		carried, falls string
		want           Why
	}{
		{"june", "june", SameChange}, {"june", "by June", WordsDecided}, {"by June", "june", WordsDecided}, {"june", "council", ""},
		{"june", "replace", ClauseDecided}, {"replace", "june", Replaced}, {"june", "delete", ClauseDecided}, {"delete", "june", LeftOut},
		{"replace", "replace2", Replaced}, {"replace", "replace", SameChange}, {"replace", "delete", Replaced}, {"delete", "replace", LeftOut},
		{"delete", "delete", SameChange}, {"insert", "delete", ""}, {"delete", "insert", ""}, {"insert", "insert2", ""}, {"insert", "insert", SameChange},
		{"insert", "replace", ""}, {"other", "delete", ""},
	} {
		a, b := Amendment{ID: "a", Number: 1, Edits: []Edit{of[c.carried]}}, Amendment{ID: "b", Number: 2, Edits: []Edit{of[c.falls]}}
		why, by := Falls(base, []Amendment{a}, b)
		if why != c.want || (why != "") != (by == "a") {
			t.Errorf("%s carried: %s falls for %q by %q, want %q", c.carried, c.falls, why, by, c.want)
		}
		found := Clashes(base, []Amendment{b, a})
		if c.want == "" && len(found) > 0 || c.want != "" && (len(found) != 2 || found[0] != Clash{If: "a", Falls: "b", Why: c.want, Clause: "2"}) {
			t.Errorf("%s and %s: %+v", c.carried, c.falls, found)
		}
		if _, err := Apply(base, []Amendment{a, b}); (err != nil) != (c.want != "") || err != nil && reason(err) != "AMENDMENTS_CLASH" {
			t.Errorf("%s with %s: %v", c.carried, c.falls, err)
		}
	}
}

// Two that may both stand, pair by pair, and leave nothing of the text together.
func TestNothingLeft(t *testing.T) {
	base := Parse("One.\n\nTwo.")
	a, b := Amendment{ID: "a", Number: 1, Edits: []Edit{{Kind: Delete, Clause: "1"}}}, Amendment{ID: "b", Number: 2, Edits: []Edit{{Kind: Delete, Clause: "2"}}}
	if why, by := Falls(base, []Amendment{a}, b); why != NothingLeft || by != "a" {
		t.Errorf("%q by %q", why, by)
	}
	if why, _ := Falls(base, nil, b); why != "" {
		t.Errorf("alone it falls: %q", why)
	}
}

func TestReads(t *testing.T) {
	base := Parse(text)
	a := Amendment{ID: "a", Number: 1, Edits: []Edit{{Kind: Words, Clause: "2", Old: "by June"}, {Kind: Delete, Clause: "4"}}}
	b := Amendment{ID: "b", Number: 2, Edits: []Edit{{Kind: Words, Clause: "2", Old: "council", New: "mayor"}, {Kind: Insert, Clause: "2", New: "2. It waits."}}}
	lines, err := Apply(base, []Amendment{b, a})
	if err != nil {
		t.Fatal(err)
	}
	want := "This meeting notes that trains are late.\n\n1. The board writes to the mayor.\n2. It waits.\n2. The board reports back."
	// The separator of an inserted clause is that of the clause it follows.
	want = strings.Replace(want, "\n2. It", "\n\n2. It", 1)
	if got := Join(Clauses(lines)); got != want {
		t.Errorf("it reads %q, want %q", got, want)
	}
	if got := fmt.Sprintln(lines[1].By, lines[2].ID, lines[4].State, lines[0].State); got != "[a b] b.2 removed unchanged\n" {
		t.Errorf("lines: %s", got)
	}
}

func TestAmended(t *testing.T) {
	base := Parse(text)
	parent := Amendment{ID: "p", Number: 1, Edits: []Edit{{Kind: Words, Clause: "2", Old: "by June", New: "before the end of May"}, {Kind: Delete, Clause: "4"}}}
	to := func(n int, e Edit) Amendment {
		return Amendment{ID: fmt.Sprint("c", n), Number: n, Parent: "p", Edits: []Edit{e}}
	}
	words := to(2, Edit{Kind: Words, Clause: "1", Old: "the end of"})
	spare := to(3, Edit{Kind: Delete, Clause: "2"})
	for _, c := range []Amendment{words, spare} {
		if err := Check(Proposal(parent), c); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Amended(base, parent, []Amendment{spare, words})
	if err != nil || len(got.Edits) != 1 || got.Edits[0].New != "before May" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, c := range []struct {
		child Amendment
		want  string
	}{
		{to(4, Edit{Kind: Insert, Clause: "1", New: "More."}), "AMENDMENT_DEPTH"},
		{to(4, Edit{Kind: Replace, Clause: "2", New: "More."}), "AMENDMENT_DEPTH"},
		{to(4, Edit{Kind: Delete, Clause: "3"}), "AMENDMENT_CLAUSE"},
		{Amendment{ID: "c", Parent: "p", Edits: []Edit{{Kind: Delete, Clause: "1"}, {Kind: Delete, Clause: "2"}}}, "AMENDMENT_NEGATES"},
	} {
		if err := Check(Proposal(parent), c.child); reason(err) != c.want {
			t.Errorf("%+v: %v, want %s", c.child, err, c.want)
		}
	}
	// An amendment to an amendment that undoes it is refused where it is applied.
	undo := to(5, Edit{Kind: Replace, Clause: "1", New: "by June"})
	if _, err := Amended(base, parent, []Amendment{undo}); reason(err) != "AMENDMENT_SAME" {
		t.Errorf("undone: %v", err)
	}
	if got := Clashes(base, []Amendment{parent, words, spare, to(6, Edit{Kind: Delete, Clause: "1"})}); len(got) != 2 || got[0].If != "c2" || got[0].Why != ClauseDecided {
		t.Errorf("clashes among amendments to an amendment: %+v", got)
	}
}

func TestOrder(t *testing.T) {
	all := []Amendment{
		{ID: "late", Number: 1, Edits: []Edit{{Kind: Delete, Clause: "4"}}},
		{ID: "after2", Number: 2, Edits: []Edit{{Kind: Insert, Clause: "2", New: "x"}}},
		{ID: "two-b", Number: 4, Edits: []Edit{{Kind: Delete, Clause: "4"}, {Kind: Words, Clause: "2", Old: "June", New: "May"}}},
		{ID: "two-a", Number: 3, Edits: []Edit{{Kind: Delete, Clause: "2"}}},
		{ID: "top", Number: 5, Edits: []Edit{{Kind: Insert, New: "x"}}},
		{ID: "late-2", Number: 7, Parent: "late", Edits: []Edit{{Kind: Delete, Clause: "1"}}},
		{ID: "late-1", Number: 6, Parent: "late", Edits: []Edit{{Kind: Delete, Clause: "1"}}},
	}
	var got []string
	for _, a := range Order(all) {
		got = append(got, a.ID)
	}
	if s := strings.Join(got, " "); s != "top two-a two-b after2 late-1 late-2 late" {
		t.Error(s)
	}
}

func TestShow(t *testing.T) {
	var b strings.Builder
	for _, p := range Show("The board writes to the council by June.", "The board writes to the mayor by 1 June.") {
		b.WriteString(map[Mark]string{Same: "", Out: "-", In: "+"}[p.Mark] + "[" + p.Text + "]")
	}
	if b.String() != "[The board writes to the ]-[council]+[mayor][ by]+[ 1][ June.]" {
		t.Error(b.String())
	}
}

func TestFrom(t *testing.T) {
	base := Parse(text)
	edits := From(base, map[string]string{
		"": "", "1": base[0].Text, "2": "1. The board writes to the council and the mayor by June.\r\n\r\n2. It waits.", "3": " ", "4": "The meeting thanks nobody at all, ever again.",
	})
	want := []Edit{
		{Kind: Words, Clause: "2", Old: "council", New: "council and the mayor"},
		{Kind: Insert, Clause: "2", New: "2. It waits."},
		{Kind: Delete, Clause: "3"},
		{Kind: Words, Clause: "4", Old: "the volunteers", New: "nobody at all, ever again"},
	}
	for i, e := range edits {
		e.Occurrence = min(e.Occurrence, 0)
		if i >= len(want) || e != want[i] {
			t.Errorf("edit %d: %+v", i, e)
		}
	}
	if len(edits) != len(want) {
		t.Errorf("%d edits", len(edits))
	}
}
