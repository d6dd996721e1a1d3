package motions

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

func foundingTerms(t interface{ Fatal(...any) }) Terms {
	terms, err := FoundingBook(at("2026-01-01 09:00")).Terms()
	if err != nil {
		t.Fatal(err)
	}
	return terms
}

func TestFoundingBook(t *testing.T) {
	b := FoundingBook(at("2026-01-01 09:00"))
	terms := foundingTerms(t)
	if b.Version != 1 || b.AdoptedBy != "founding act" || terms.Version != 1 || !b.Effective.Equal(at("2026-01-01 09:00")) {
		t.Errorf("the book: %d, by %q", b.Version, b.AdoptedBy)
	}
	if len(b.Rules) != len(keys) {
		t.Errorf("%d rules, %d keys", len(b.Rules), len(keys))
	}
	for _, r := range b.Rules {
		if r.Clause == "" || r.Source == "" || !strings.HasSuffix(r.Meaning, ".") {
			t.Errorf("%s says too little: %+v", r.Key, r)
		}
	}
	for _, k := range []MeetingKind{AGM, Special, Regional} {
		if terms.NoticeDays(k) != 14 || terms.Quorum(k).Needed(412) != 42 {
			t.Errorf("%s: %d days, quorum %d", k, terms.NoticeDays(k), terms.Quorum(k).Needed(412))
		}
	}
	if !terms.DonationRequired || terms.Words != 500 || terms.Deemed != 1 {
		t.Errorf("terms: %+v", terms)
	}
	if got := terms.MotionDeadline(Meeting{Kind: AGM, Starts: at("2026-06-30 10:00")}, london); !got.Equal(at("2026-06-03 00:00").Add(-time.Microsecond)) {
		t.Errorf("deadline %v", got)
	}
	if got, want := terms.MajorityWords(Extraordinary), "Extraordinary resolution: at least 3/4 of votes for and against (rule 4.2, rule book version 1)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := terms.QuorumWords(AGM), "greater of 3 and 10% of members (rule 3.1, rule book version 1)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Every rule is needed, is read, and refuses nonsense; what the book does not know is refused.
func TestRuleBookThatCannotBeFollowed(t *testing.T) {
	refused := func(name, key string, change func(*Book)) {
		t.Helper()
		b := FoundingBook(at("2026-01-01 09:00"))
		change(&b)
		_, err := b.Terms()
		f := fault.Of(err)
		if f == nil || f.Reason != "RULE_BOOK_INVALID" || !slices.ContainsFunc(f.Violations, func(v fault.Violation) bool { return v.Field == key }) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i, key := range keys {
		if !introduced[key] {
			refused(key+" is missing", key, func(b *Book) { b.Rules = slices.Delete(b.Rules, i, i+1) })
		}
		refused(key+" is nonsense", key, func(b *Book) { b.Rules[i].Value = "as the wind blows" })
		refused(key+" is empty", key, func(b *Book) { b.Rules[i].Value = "" })
		refused(key+" has no clause", key, func(b *Book) { b.Rules[i].Clause = " " })
		refused(key+" has no source", key, func(b *Book) { b.Rules[i].Source = "" })
		refused(key+" stands twice", key, func(b *Book) { b.Rules = append(b.Rules, b.Rules[i]) })
	}
	refused("an unknown rule", "proxies.allowed", func(b *Book) {
		b.Rules = append(b.Rules, Rule{Key: "proxies.allowed", Value: "yes", Clause: "9", Source: "nowhere"})
	})
	change := func(b *Book, key, value string) {
		b.Rules[slices.IndexFunc(b.Rules, func(r Rule) bool { return r.Key == key })].Value = value
	}
	refused("shares of a society that is not registered", keyPound, func(b *Book) { change(b, keyPound, "share") })
	for _, amount := range []string{"100", "£", "£-1", "£1.5", "£1.555", "£1.-5", "£1,000", "£10000001", "£10000000.01", "£99999999999999999999"} {
		refused("spending "+amount, keySpending, func(b *Book) { change(b, keySpending, amount) })
	}
	for _, years := range []string{"0", "101", "-1", "ten"} {
		refused("kept for "+years, keyRetention, func(b *Book) { change(b, keyRetention, years) })
	}
	refused("more days than a year", keyNoticeAGM, func(b *Book) { b.Rules[0].Value = "367" })
	refused("no notice at all", keyNoticeAGM, func(b *Book) { b.Rules[0].Value = "0" })
}

// A book adopted before a rule was introduced is read as the founding book says; what it says itself stands.
func TestBookBeforeARuleWasIntroduced(t *testing.T) {
	b := FoundingBook(at("2026-01-01 09:00"))
	b.Rules = slices.DeleteFunc(b.Rules, func(r Rule) bool { return introduced[r.Key] })
	if len(b.Rules) != len(keys)-len(introduced) {
		t.Fatalf("%d rules left of %d", len(b.Rules), len(keys))
	}
	old, err := b.Terms()
	if want := (Society{Admission: AdmitAll, RetentionYears: 10, SpendingAlone: 10_000}); err != nil || old.Society != want {
		t.Fatalf("%+v, %v", old.Society, err)
	}
	b.Rules = append(b.Rules, Rule{keyRegistered, "yes", "1.4", "a resolution", "."}, Rule{keyPound, "share", "1.2", "a resolution", "."},
		Rule{keySpending, "£99.50", "7.1", "a resolution", "."}, Rule{keyAdmission, "by the board", "1.3", "a resolution", "."})
	got, err := b.Terms()
	if want := (Society{AdmitByBoard, true, true, 10, 9950}); err != nil || got.Society != want {
		t.Fatalf("%+v, %v", got.Society, err)
	}
}

func TestDonationMayBeAskedFor(t *testing.T) {
	b := FoundingBook(at("2026-01-01 09:00"))
	for i := range b.Rules {
		if b.Rules[i].Key == keyDonation {
			b.Rules[i].Value = "asked"
		}
	}
	terms, err := b.Terms()
	if err != nil || terms.DonationRequired {
		t.Errorf("%v, %v", terms.DonationRequired, err)
	}
}
