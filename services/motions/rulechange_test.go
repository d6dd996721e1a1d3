package motions

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

func TestConsequencesOfAChange(t *testing.T) {
	b := FoundingBook(at("2026-01-01 09:00"))
	for _, c := range []struct{ key, value, want string }{
		{keyQuorumAGM, "10% of members", "With 412 members the quorum is 42."},
		{keyQuorumAGM, "500", "With 412 members the quorum is 500. That is more members than there are: no such meeting could open."},
		{keyQuorumRegional, "lower of 5 and 10% of members", "With 412 members the quorum is 5."},
		{keyOrdinary, "more than 1/2 of votes for and against", "Where all 100 members of a roll vote for or against, 51 votes for it carry a motion."},
		{keyExtraordinary, "at least 2/3 of votes for and against", "Where all 100 members of a roll vote for or against, 67 votes for it carry a motion."},
		{keyWords, "300", ""},
	} {
		got, err := b.Consequences([]RuleChange{{c.key, c.value}}, 412)
		if err != nil || len(got) != 1 || got[0].Key != c.key || got[0].Becomes != c.value || got[0].Was == "" || got[0].Was == c.value || got[0].Meaning != c.want {
			t.Errorf("%s to %s: %+v, %v", c.key, c.value, got, err)
		}
	}
	// They come in the order of the book, whatever the order of the changes.
	got, err := b.Consequences([]RuleChange{{keyWords, "300"}, {keyQuorumAGM, "5"}}, 10)
	if err != nil || len(got) != 2 || got[0].Key != keyQuorumAGM || got[1].Key != keyWords {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestChangesThatCannotBe(t *testing.T) {
	b := FoundingBook(at("2026-01-01 09:00"))
	for _, c := range []struct {
		name    string
		changes []RuleChange
		reason  string
		field   string
	}{
		{"nothing", nil, "RULE_CHANGE_INVALID", "rule_changes"},
		{"no such rule", []RuleChange{{"tea.at_four", "yes"}}, "RULE_CHANGE_INVALID", "tea.at_four"},
		{"twice", []RuleChange{{keyWords, "300"}, {keyWords, "400"}}, "RULE_CHANGE_INVALID", keyWords},
		{"as it is", []RuleChange{{keyWords, "500"}}, "RULE_CHANGE_INVALID", keyWords},
		{"nonsense", []RuleChange{{keyWords, "many"}}, "RULE_BOOK_INVALID", keyWords},
		{"a contradiction", []RuleChange{{keyPound, "share"}}, "RULE_BOOK_INVALID", keyPound},
	} {
		_, err := b.With(c.changes, "a resolution")
		f := fault.Of(err)
		if f == nil || f.Kind != fault.Invalid || f.Reason != c.reason || !slices.ContainsFunc(f.Violations, func(v fault.Violation) bool { return v.Field == c.field }) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if terms, err := b.Terms(); err != nil || terms.Words != 500 {
		t.Errorf("the book itself changed: %+v, %v", terms, err)
	}
}

func TestAdopt(t *testing.T) {
	first := FoundingBook(at("2026-01-01 09:00"))
	declared := at("2026-06-30 15:00")
	mo := Motion{ID: "resolution", Title: "Fewer words", State: Carried, Vote: &Vote{Declared: declared}, RuleChanges: []RuleChange{{keyWords, "300"}, {keyRegistered, "yes"}}}
	now := at("2026-07-01 09:00")
	book, err := Adopt(first, mo, now, now, london)
	if err != nil {
		t.Fatal(err)
	}
	terms, err := book.Terms()
	if err != nil || book.Version != 2 || book.AdoptedBy != "resolution" || !book.Effective.Equal(now) || terms.Words != 300 || !terms.Registered || terms.NoticeDays(AGM) != 14 {
		t.Errorf("%+v, %+v, %v", book, terms, err)
	}
	i := slices.IndexFunc(book.Rules, func(r Rule) bool { return r.Key == keyWords })
	if got, want := book.Rules[i].Source, "Resolution \u201cFewer words\u201d of 30 June 2026"; got != want || book.Rules[i].Clause != "5.3" {
		t.Errorf("%+v, want source %q", book.Rules[i], want)
	}
	for _, c := range []struct {
		name, reason string
		change       func(*Motion)
		effective    time.Time
	}{
		{"a region's", "NOT_GENERAL", func(m *Motion) { m.Region = "midlands" }, now},
		{"lost", "NOT_CARRIED", func(m *Motion) { m.State = Lost }, now},
		{"undeclared", "NOT_CARRIED", func(m *Motion) { m.State = VoteClosed }, now},
		{"again", "ALREADY_ADOPTED", func(m *Motion) { m.RuleBook = 2 }, now},
		{"changes nothing", "RULE_CHANGE_INVALID", func(m *Motion) { m.RuleChanges = nil }, now},
		{"before the result", "EFFECTIVE_TIME", func(*Motion) {}, declared.Add(-time.Microsecond)},
		{"before the last book", "EFFECTIVE_TIME", func(m *Motion) { m.Vote = &Vote{} }, at("2025-12-31 09:00")},
		{"far ahead", "EFFECTIVE_TIME", func(*Motion) {}, now.Add(3 * 365 * 24 * time.Hour)},
	} {
		m := mo
		c.change(&m)
		if _, err := Adopt(first, m, c.effective, now, london); !fault.Is(err, c.reason) {
			t.Errorf("%s: %v, want %s", c.name, err, c.reason)
		}
	}
	// What another resolution changed meanwhile stays, and what has become impossible beside it is refused.
	later := Motion{ID: "later", State: Carried, Title: "Shares", Vote: &Vote{Declared: declared}, RuleChanges: []RuleChange{{keyPound, "share"}}}
	if _, err := Adopt(first, later, now, now, london); !fault.Is(err, "RULE_BOOK_INVALID") {
		t.Errorf("shares before registration: %v", err)
	}
	third, err := Adopt(book, later, now, now, london)
	if err != nil || third.Version != 3 {
		t.Fatal(err)
	}
	if terms, err = third.Terms(); err != nil || !terms.PoundIsShare || terms.Words != 300 {
		t.Errorf("%+v, %v", terms, err)
	}
}

// A motion that changes rules is an extraordinary resolution, and is checked as one.
func TestMovingAChangeOfRules(t *testing.T) {
	m := Meeting{ID: "agm", Kind: AGM, State: Draft, Starts: at("2026-06-30 10:00")}
	asha := Person{Member: "asha", Name: "Asha", Current: true}
	p := Proposal{ID: "1", Title: "Fewer words", Text: "That motions be shorter.", RuleChanges: []RuleChange{{keyWords, "300"}}}
	mo, err := Move(m, foundingTerms(t), p, asha, at("2026-03-01 10:00"), london)
	if err != nil || mo.Majority != Extraordinary || len(mo.RuleChanges) != 1 {
		t.Fatalf("%+v, %v", mo, err)
	}
	p.Majority = Ordinary
	if _, err := Move(m, foundingTerms(t), p, asha, at("2026-03-01 10:00"), london); !fault.Is(err, "MOTION_INVALID") || !strings.Contains(err.Error(), "extraordinary") {
		t.Errorf("ordinary: %v", err)
	}
}
