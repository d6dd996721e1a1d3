package amend

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var words = rapid.SampledFrom([]string{"the", "board", "writes", "council", "June", "late", "1", "money,", "ŵyl", "and", "pays.", "all"})

func sentence(t *rapid.T, label string) string {
	return strings.Join(rapid.SliceOfN(words, 1, 6).Draw(t, label), " ")
}

func draw(t *rapid.T) []Clause {
	n := rapid.IntRange(1, 6).Draw(t, "clauses")
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(rapid.SampledFrom([]string{"\n\n", "\n\n\n", "\n- ", "\n \n"}).Draw(t, "gap"))
		}
		b.WriteString(sentence(t, "clause"))
	}
	return Parse(b.String())
}

// amendments draws some that pass Check.
func amendments(t *rapid.T, base []Clause) []Amendment {
	var all []Amendment
	for i := range rapid.IntRange(0, 5).Draw(t, "amendments") {
		a := Amendment{ID: fmt.Sprint("a", i), Number: i + 1}
		for range rapid.IntRange(1, 3).Draw(t, "edits") {
			c := rapid.SampledFrom(base).Draw(t, "at")
			e := Edit{Kind: rapid.SampledFrom([]Kind{Words, Words, Words, Replace, Delete, Insert}).Draw(t, "kind"), Clause: c.ID}
			switch e.Kind {
			case Words:
				w := strings.Fields(c.Text)
				from := rapid.IntRange(0, len(w)-1).Draw(t, "from")
				e.Old = strings.Join(w[from:rapid.IntRange(from+1, min(len(w), from+2)).Draw(t, "to")], " ")
				e.Occurrence = rapid.IntRange(0, 2).Draw(t, "occurrence")
				if rapid.Bool().Draw(t, "new") {
					e.New = sentence(t, "new")
				}
			case Replace, Insert:
				e.New = sentence(t, "new")
			case Delete:
			}
			a.Edits = append(a.Edits, e)
		}
		if Check(base, a) == nil {
			all = append(all, a)
		}
	}
	return all
}

// stands keeps, in the order given, those that do not fall by what was kept before: what a meeting carries if it carries all.
func stands(base []Clause, all []Amendment) []Amendment {
	var kept []Amendment
	for _, a := range all {
		if why, _ := Falls(base, kept, a); why == "" {
			kept = append(kept, a)
		}
	}
	return kept
}

func TestCarriedInAnyOrderGiveTheSameText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := draw(t)
		kept := stands(base, amendments(t, base))
		want, err := Apply(base, kept)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Apply(base, rapid.Permutation(kept).Draw(t, "order"))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(want, got, func(a, b Line) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
			t.Fatalf("%q\n%q", Join(Clauses(want)), Join(Clauses(got)))
		}
		if Join(Clauses(got)) == "" {
			t.Fatal("nothing is left")
		}
	})
}

func TestNothingOutsideTheTouchedClausesChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := draw(t)
		kept := stands(base, amendments(t, base))
		touched := map[string]bool{}
		inserts := 0
		for _, a := range kept {
			for _, e := range a.Edits {
				if e.Kind == Insert {
					inserts++
				} else {
					touched[e.Clause] = true
				}
			}
		}
		lines, err := Apply(base, kept)
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) != len(base)+inserts {
			t.Fatalf("%d lines of %d clauses and %d inserted", len(lines), len(base), inserts)
		}
		var rest []Line
		for _, l := range lines {
			if l.State != Added {
				rest = append(rest, l)
			}
		}
		for i, l := range rest {
			same := l.Was == base[i].Text && l.Before == base[i].Before && l.ID == base[i].ID
			if !same || touched[l.ID] == (l.State == Unchanged) || l.State == Unchanged && l.Now != l.Was {
				t.Fatalf("clause %+v became %+v", base[i], l)
			}
		}
		if len(kept) == 0 && Join(Clauses(lines)) != Join(base) {
			t.Fatal("without amendments the text changed")
		}
	})
}

// Two amendments clash in both directions or in none, and where they do not, each does what it does alone.
func TestClashesAreMutual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := draw(t)
		all := amendments(t, base)
		pairs := map[string]bool{}
		for _, c := range Clashes(base, all) {
			pairs[c.If+" "+c.Falls] = true
		}
		for _, a := range all {
			for _, b := range all {
				if pairs[a.ID+" "+b.ID] != pairs[b.ID+" "+a.ID] {
					t.Fatalf("%+v and %+v clash one way", a, b)
				}
				if _, err := Apply(base, []Amendment{a, b}); a.ID != b.ID && (err != nil) != pairs[a.ID+" "+b.ID] {
					t.Fatalf("%+v and %+v: %v, listed %v", a, b, err, pairs[a.ID+" "+b.ID])
				}
			}
		}
	})
}

func TestOrderIsAPermutation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := draw(t)
		all := amendments(t, base)
		for _, a := range slices.Clone(all) {
			if a.Edits[0].New != "" && rapid.Bool().Draw(t, "child") {
				all = append(all, Amendment{ID: a.ID + "c", Number: len(all) + 1, Parent: a.ID, Edits: []Edit{{Kind: Delete, Clause: "1"}}})
			}
		}
		got := Order(rapid.Permutation(all).Draw(t, "given"))
		if len(got) != len(all) {
			t.Fatalf("%d of %d", len(got), len(all))
		}
		at := map[string]int{}
		for i, a := range got {
			at[a.ID] = i
		}
		for i, a := range got {
			if a.Parent != "" && (at[a.Parent] < i || at[a.Parent] > i+len(all)) {
				t.Fatalf("%s comes after what it amends", a.ID)
			}
			if again := Order(got); again[i].ID != a.ID {
				t.Fatal("the order is not settled")
			}
		}
	})
}

// What somebody types for the clauses is what the edits make of them.
func TestFromGivesWhatWasTyped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := draw(t)
		typed := map[string]string{}
		var want []string
		for _, c := range base {
			w := strings.Fields(c.Text)
			switch rapid.IntRange(0, 4).Draw(t, "how") {
			case 0:
				typed[c.ID] = c.Text
			case 1:
				i := rapid.IntRange(0, len(w)).Draw(t, "put in")
				typed[c.ID] = strings.Join(slices.Insert(w, i, sentence(t, "in")), " ")
			case 2:
				i := rapid.IntRange(0, len(w)-1).Draw(t, "left out")
				typed[c.ID] = strings.Join(slices.Delete(w, i, i+1), " ")
			case 3:
				typed[c.ID] = sentence(t, "new") + "\n\n" + sentence(t, "more")
			case 4:
				continue
			}
		}
		for _, c := range base {
			now, ok := typed[c.ID]
			if !ok {
				want = append(want, c.Text)
				continue
			}
			for _, p := range Parse(now) {
				want = append(want, p.Text)
			}
		}
		edits := From(base, typed)
		a := Amendment{ID: "a", Number: 1, Edits: edits}
		if len(want) == 0 || len(edits) == 0 {
			return
		}
		if err := Check(base, a); err != nil {
			t.Fatalf("%v: %+v of %q", err, edits, base)
		}
		var got []string
		for _, c := range Clauses(apply(base, []Amendment{a})) {
			got = append(got, c.Text)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q, want %q by %+v", got, want, edits)
		}
	})
}

func TestShowGivesBothTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		was, now := rapid.String().Draw(t, "was"), rapid.String().Draw(t, "now")
		if rapid.Bool().Draw(t, "words") {
			was, now = sentence(t, "was"), sentence(t, "now")
		}
		var a, b strings.Builder
		for _, p := range Show(was, now) {
			if p.Mark != In {
				a.WriteString(p.Text)
			}
			if p.Mark != Out {
				b.WriteString(p.Text)
			}
		}
		if a.String() != was || b.String() != now {
			t.Fatalf("%q and %q of %q and %q", a.String(), b.String(), was, now)
		}
	})
}

// FuzzParse: the clauses of any text give it back, and each is one clause.
func FuzzParse(f *testing.F) {
	for _, s := range []string{text, "", "\n- a\n\n\n- b", "1. \n2) x", "a\r\nb", "a\u00a0\n\nb", "\x00\n\n\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		all := Parse(s)
		if got := Join(all); got != strings.TrimSpace(s) {
			t.Fatalf("%q became %q", s, got)
		}
		for _, c := range all {
			if c.Text == "" || c.Text != strings.TrimSpace(c.Text) || strings.TrimSpace(c.Before) != "" || !single(c.Text) {
				t.Fatalf("%q holds the clause %q after %q", s, c.Text, c.Before)
			}
		}
	})
}
