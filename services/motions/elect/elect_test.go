package elect

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

var (
	closes = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	before = closes.Add(-time.Hour)
	terms  = Terms{Seconders: 1, SelfNomination: true, StatementWords: 3}
)

func reason(err error) string {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f.Reason
	}
	return ""
}

func TestNominations(t *testing.T) {
	strict := Terms{Seconders: 1, StatementWords: 3}
	anna := Candidate{Member: "anna", Nominator: "bob"}
	seconded := Candidate{Member: "anna", Nominator: "bob", Seconders: []string{"cy"}}
	standing := Candidate{Member: "anna", Nominator: "bob", Seconders: []string{"cy"}, Accepted: before}
	declined := Candidate{Member: "anna", Nominator: "bob", Declined: before}
	withdrawn := Candidate{Member: "anna", Nominator: "anna", Accepted: before, Withdrawn: before}
	e := Election{Seats: 1, Closes: closes, Candidates: []Candidate{anna}}
	again := Election{Seats: 1, Closes: closes, Candidates: []Candidate{declined, withdrawn}}
	full := Election{Seats: 1, Closes: closes, Candidates: make([]Candidate, most)}
	for _, c := range []struct {
		name string
		do   func() (Candidate, error)
		want string
		then State
	}{
		{"nominate", func() (Candidate, error) { return e.Nominate(terms, "dee", "bob", before) }, "", Open},
		{"oneself", func() (Candidate, error) { return e.Nominate(terms, "dee", "dee", before) }, "", Open},
		{"oneself, against the rules", func() (Candidate, error) { return e.Nominate(strict, "dee", "dee", before) }, "SELF_NOMINATION", ""},
		{"twice", func() (Candidate, error) { return e.Nominate(terms, "anna", "dee", before) }, "NOMINATED_ALREADY", ""},
		{"again after declining", func() (Candidate, error) { return again.Nominate(terms, "anna", "dee", before) }, "", Open},
		{"the one too many", func() (Candidate, error) { return full.Nominate(terms, "anna", "dee", before) }, "NOMINATIONS_FULL", ""},
		{"when they close", func() (Candidate, error) { return e.Nominate(terms, "dee", "bob", closes) }, "NOMINATIONS_CLOSED", ""},
		{"second", func() (Candidate, error) { return e.Second(terms, anna, "cy", before) }, "", Open},
		{"second one who accepted", func() (Candidate, error) {
			return e.Second(terms, Candidate{Member: "anna", Nominator: "anna", Accepted: before}, "cy", before)
		}, "", Standing},
		{"second oneself", func() (Candidate, error) { return e.Second(terms, anna, "anna", before) }, "SECOND_ANOTHER", ""},
		{"second whom one nominated", func() (Candidate, error) { return e.Second(terms, anna, "bob", before) }, "SECOND_ANOTHER", ""},
		{"second twice", func() (Candidate, error) { return e.Second(terms, seconded, "cy", before) }, "SECONDED_ALREADY", ""},
		{"second once too often", func() (Candidate, error) { return e.Second(terms, seconded, "dee", before) }, "SECONDED_ENOUGH", ""},
		{"second who declined", func() (Candidate, error) { return e.Second(terms, declined, "cy", before) }, "NOMINATION_ENDED", ""},
		{"second late", func() (Candidate, error) { return e.Second(terms, anna, "cy", closes) }, "NOMINATIONS_CLOSED", ""},
		{"accept", func() (Candidate, error) { return e.Accept(terms, seconded, "anna", " one two three\n", before) }, "", Standing},
		{"accept before a seconder", func() (Candidate, error) { return e.Accept(terms, anna, "anna", "", before) }, "", Open},
		{"accept for another", func() (Candidate, error) { return e.Accept(terms, seconded, "bob", "", before) }, "NOT_NOMINATED", ""},
		{"accept at length", func() (Candidate, error) { return e.Accept(terms, seconded, "anna", "one two three four", before) }, "STATEMENT_LONG", ""},
		{"accept late", func() (Candidate, error) { return e.Accept(terms, seconded, "anna", "", closes) }, "NOMINATIONS_CLOSED", ""},
		{"accept after declining", func() (Candidate, error) { return e.Accept(terms, declined, "anna", "", before) }, "NOMINATION_ENDED", ""},
		{"decline", func() (Candidate, error) { return e.Refuse(terms, seconded, "anna", before) }, "", Declined},
		{"withdraw", func() (Candidate, error) { return e.Refuse(terms, standing, "anna", before) }, "", Withdrawn},
		{"withdraw after they closed", func() (Candidate, error) { return e.Refuse(terms, standing, "anna", closes) }, "", Withdrawn},
		{"decline what lapsed", func() (Candidate, error) { return e.Refuse(terms, anna, "anna", closes) }, "NOMINATION_ENDED", ""},
		{"withdraw another", func() (Candidate, error) { return e.Refuse(terms, standing, "bob", before) }, "NOT_NOMINATED", ""},
		{"withdraw twice", func() (Candidate, error) { return e.Refuse(terms, withdrawn, "anna", before) }, "NOMINATION_ENDED", ""},
	} {
		got, err := c.do()
		if (err == nil) != (c.want == "") || err != nil && reason(err) != c.want {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
		if err == nil && got.State(terms, false) != c.then {
			t.Errorf("%s: it is %s; want %s", c.name, got.State(terms, false), c.then)
		}
	}
	if len(anna.Seconders)+len(seconded.Seconders) != 1 {
		t.Error("a decision wrote into its input")
	}
	if got, _ := e.Accept(terms, seconded, "anna", " one two\n", before); got.Statement != "one two" {
		t.Errorf("the statement is %q", got.Statement)
	}
}

func TestOutcome(t *testing.T) {
	stands := func(id string) Candidate {
		return Candidate{Member: id, Nominator: "x", Seconders: []string{"y"}, Accepted: before}
	}
	gone := stands("gone")
	gone.Withdrawn = before
	unseconded := Candidate{Member: "unseconded", Nominator: "x", Accepted: before}
	silent := Candidate{Member: "silent", Nominator: "x", Seconders: []string{"y"}}
	for _, c := range []struct {
		name    string
		seats   int
		confirm bool
		all     []Candidate
		want    string
	}{
		{"nobody", 2, false, nil, "vacant [] 2"},
		{"nobody is left", 2, false, []Candidate{gone, unseconded, silent}, "vacant [] 2"},
		{"too few", 2, false, []Candidate{stands("a"), gone}, "uncontested [a] 1"},
		{"as many", 2, false, []Candidate{stands("b"), stands("a"), silent}, "uncontested [b a] 0"},
		{"as many, to be confirmed", 2, true, []Candidate{stands("b"), stands("a")}, "confirmed [b a] 0"},
		{"too many", 2, true, []Candidate{stands("c"), stands("a"), stands("b")}, "contested [c a b] 0"},
	} {
		rules := terms
		rules.Confirm = c.confirm
		o := Election{Seats: c.seats, Closes: closes, Candidates: c.all}.Outcome(rules)
		ids := []string{}
		for _, who := range o.Candidates {
			ids = append(ids, who.Member)
		}
		if got := fmt.Sprintf("%s %v %d", o.Way, ids, o.Empty); got != c.want {
			t.Errorf("%s: %s; want %s", c.name, got, c.want)
		}
	}
}

func TestRetiring(t *testing.T) {
	// elected has one holder a name, elected on the first of the month given.
	elected := func(months ...int) []Holder {
		var all []Holder
		for i, m := range months {
			all = append(all, Holder{Member: string(rune('a' + i)), Since: fmt.Sprintf("2025-%02d-01", m)})
		}
		return all
	}
	appointed := append(elected(1, 2, 3), Holder{Member: "z", Since: "2025-12-01", Appointed: true})
	for _, c := range []struct {
		name    string
		rule    Rotation
		holders []Holder
		first   bool
		want    string
		drawn   bool
	}{
		{"nobody", Third, nil, false, "", false},
		{"the first meeting", Third, elected(1, 2, 3, 4), true, "a:first_meeting b:first_meeting c:first_meeting d:first_meeting", false},
		{"one: a third is nearest to none", Third, elected(1), false, "", false},
		{"two: nearest to one", Third, elected(2, 1), false, "b:longest", false},
		{"three", Third, elected(3, 1, 2), false, "b:longest", false},
		{"four", Third, elected(4, 3, 2, 1), false, "d:longest", false},
		{"five: nearest to two", Third, elected(1, 2, 3, 4, 5), false, "a:longest b:longest", false},
		{"nine", Third, elected(1, 1, 1, 2, 2, 2, 3, 3, 3), false, "a:longest b:longest c:longest", false},
		{"appointed ones beside", Third, appointed, false, "z:appointed a:longest", false},
		{"appointed ones alone", None, appointed, false, "z:appointed", false},
		{"every year", All, elected(1, 2), false, "a:all b:all", false},
		{"no rotation at the first meeting", None, elected(1, 2), true, "", false},
		{"equal ones without a seed", Third, elected(1, 2, 2, 2, 3), false, "a:longest", true},
	} {
		up, drawn := Retiring(c.rule, c.holders, c.first, "")
		var got []string
		for _, r := range up {
			got = append(got, r.Member+":"+string(r.Reason))
		}
		if strings.Join(got, " ") != c.want || drawn != c.drawn {
			t.Errorf("%s: %v, drawn %v; want %s, %v", c.name, got, drawn, c.want, c.drawn)
		}
	}
}

// The lot is what the documentation says: recomputed here as its shell line does.
func TestDraw(t *testing.T) {
	ids := []string{"a", "b", "c", "d"}
	want := slices.Clone(ids)
	slices.SortFunc(want, func(x, y string) int {
		return strings.Compare(fmt.Sprintf("%x", sha256.Sum256([]byte("folkmoot lot v1\n6 3 1\n"+x))), fmt.Sprintf("%x", sha256.Sum256([]byte("folkmoot lot v1\n6 3 1\n"+y))))
	})
	if got := Draw("6 3 1", []string{"c", "a", "d", "b"}); !slices.Equal(got, want) {
		t.Errorf("drawn %v, want %v", got, want)
	}
	for seed, ok := range map[string]bool{"6 3 1": true, "": false, " 6": false, "6\n3": false, strings.Repeat("6", MaxSeed): true, strings.Repeat("6", MaxSeed+1): false} {
		if err := CheckSeed(seed); (err == nil) != ok || err != nil && reason(err) != "SEED_INVALID" {
			t.Errorf("seed %q: %v", seed, err)
		}
	}
}

// Over many seeds each of three has the first place about as often: 3 sigma of 3,000 throws is 77, and the seeds are fixed.
func TestDrawFavoursNobody(t *testing.T) {
	first := map[string]int{}
	for seed := range 3000 {
		first[Draw(fmt.Sprint(seed), []string{"a", "b", "c"})[0]]++
	}
	for _, id := range []string{"a", "b", "c"} {
		if n := first[id]; n < 900 || n > 1100 {
			t.Errorf("%s has the first place %d times of 3,000", id, n)
		}
	}
}

// Whoever retires: nobody twice, the number the rule says, nobody who is in office for less long than somebody who stays, and the same
// whatever the order in which the holders are given.
func TestRetiringProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 20).Draw(t, "n")
		var holders []Holder
		since := map[string]string{}
		for i := range n {
			h := Holder{Member: fmt.Sprint("m", i), Since: fmt.Sprintf("2025-01-%02d", rapid.IntRange(1, 5).Draw(t, "day"))}
			holders = append(holders, h)
			since[h.Member] = h.Since
		}
		seed := rapid.StringMatching(`[0-9]{1,9}`).Draw(t, "seed")
		up, _ := Retiring(Third, holders, false, seed)
		other, _ := Retiring(Third, rapid.Permutation(holders).Draw(t, "order"), false, seed)
		if !slices.Equal(up, other) {
			t.Fatalf("the order of the holders changes who retires: %v, %v", up, other)
		}
		if three := 3 * len(up); three < n-1 || three > n+1 {
			t.Fatalf("%d of %d retire", len(up), n)
		}
		retired := map[string]bool{}
		for _, r := range up {
			if retired[r.Member] || since[r.Member] == "" {
				t.Fatalf("%v", up)
			}
			retired[r.Member] = true
		}
		for _, r := range up {
			for _, h := range holders {
				if !retired[h.Member] && h.Since < since[r.Member] {
					t.Fatalf("%s stays, %s goes: %v of %v", h.Member, r.Member, up, holders)
				}
			}
		}
		// Without a seed those about whom there is no doubt are a part of it.
		for _, r := range func() []Retirement { sure, _ := Retiring(Third, holders, false, ""); return sure }() {
			if !slices.Contains(up, r) {
				t.Fatalf("%v was sure to go without the lot", r)
			}
		}
	})
}
