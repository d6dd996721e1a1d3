package membership

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWhoIsEntitled(t *testing.T) {
	// Notice on the 10th, frozen on the 25th.
	required := Terms{Notice: day(10), Required: true, Book: 2}
	asked := Terms{Notice: day(10), Book: 1}
	london := Terms{Region: "london", Notice: day(10), Book: 1}
	late := History{Events: []Event{{Number: 1, Kind: Applied, At: day(11)}, {Number: 2, Kind: Admitted, At: day(11)}}}
	for _, c := range []struct {
		name    string
		terms   Terms
		history History
		want    string
		date    string
		words   string
	}{
		{"member throughout", asked, joined(), "", "2026-10-10", "asks for the £1"},
		{"paid before notice", required, joined().paid(10, "a"), "", "2026-10-10", "it settled on 10 October 2026"},
		{"nobody", asked, History{}, NotAMember, "2026-10-25", "There is no such entry"},
		{"applied only", asked, History{Events: joined().Events[:1]}, NotAMember, "2026-10-25", "has not been confirmed"},
		{"left before the freeze", asked, joined(Event{Number: 9, Kind: Resigned, At: day(20)}), NotAMember, "2026-10-25", "resigned on 20 October 2026"},
		{"left after it", asked, joined(Event{Number: 9, Kind: Resigned, At: day(26)}), "", "2026-10-10", "Admitted on 2 October 2026"},
		{"admitted after notice", asked, late, AdmittedAfterNotice, "2026-10-10", "admitted on 11 October 2026, after the notice"},
		{"away at notice", asked, joined(Event{Number: 9, Kind: Lapsed, At: day(5)}, Event{Number: 10, Kind: Readmitted, At: day(12)}), NotCurrentAtNotice, "2026-10-10", "the membership lapsed on 5 October 2026"},
		{"paid after notice", required, joined().paid(11, "a"), NotCurrentAtNotice, "2026-10-10", "It settled on 11 October 2026, after the notice"},
		{"never paid", required, joined(), DonationNotSettled, "2026-10-25", "Rule book 2 requires the £1; none has settled"},
		{"refunded before the freeze", required, joined().paid(5, "a").refunded(20, "a"), DonationNotSettled, "2026-10-25", "taken back on 20 October 2026"},
		{"refunded after it", required, joined().paid(5, "a").refunded(26, "a"), "", "2026-10-10", "it settled on 5 October 2026"},
		{"own region", london, joined(), "", "2026-10-10", "good standing"},
		{"moved away", london, joined(Event{Number: 9, Kind: Moved, At: day(12), Region: "midlands"}), OtherRegion, "2026-10-25", "belongs to another"},
		{"another region", Terms{Region: "midlands", Notice: day(10)}, joined(), OtherRegion, "2026-10-25", "belongs to another"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.terms.Excluded(c.history, day(25)); got != c.want {
				t.Errorf("excluded for %q, want %q", got, c.want)
			}
			v := c.terms.Explain(c.history, day(25), time.UTC)
			if v.Reason != c.want || v.Date != c.date || !strings.Contains(v.Words, c.words) {
				t.Errorf("explained with %q on %s: %s\nwant %q on %s: …%s…", v.Reason, v.Date, v.Words, c.want, c.date, c.words)
			}
		})
	}
}

// TestEntitlementNeedsBothDates: whoever is on a roll was in good standing on both dates, and whoever is not was not.
func TestEntitlementNeedsBothDates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := histories().Draw(t, "history")
		notice := day(rapid.IntRange(1, 4).Draw(t, "notice"))
		frozen := day(rapid.IntRange(4, 7).Draw(t, "frozen"))
		terms := Terms{Notice: notice, Required: rapid.Bool().Draw(t, "required"), Region: rapid.SampledFrom([]string{"", "london"}).Draw(t, "region")}
		now := h.On(frozen)
		want := now.Good(terms.Required) && h.On(notice).Good(terms.Required) && (terms.Region == "" || now.Region == terms.Region)
		if got := terms.Excluded(h, frozen); (got == "") != want {
			t.Fatalf("excluded for %q; entitled is %v", got, want)
		}
	})
}

func electors(n int) []Elector {
	all := make([]Elector, n)
	for i := range all {
		all[i] = Elector{Member: fmt.Sprintf("member-%d", i), Region: []string{"", "london"}[i%2]}
	}
	return all
}

// TestDrawKeepsEverybodyOnce: numbering loses nobody and doubles nobody.
func TestDrawKeepsEverybodyOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(t, "electors")
		before, after := electors(n), electors(n)
		if err := Draw(after, rand.Reader); err != nil {
			t.Fatal(err)
		}
		byID := func(a, b Elector) int { return strings.Compare(a.Member, b.Member) }
		sorted := slices.Clone(after)
		slices.SortFunc(sorted, byID)
		slices.SortFunc(before, byID)
		if !slices.Equal(sorted, before) {
			t.Fatal("the numbered roll does not hold the same people")
		}
	})
}

func TestDrawRefusesAPersonTwice(t *testing.T) {
	if err := Draw([]Elector{{Member: "a"}, {Member: "b"}, {Member: "a", Region: "london"}}, rand.Reader); err == nil {
		t.Error("a roll with a person twice was numbered")
	}
}

func TestDrawNeedsRandomness(t *testing.T) {
	if err := Draw(electors(10), bytes.NewReader(make([]byte, 20))); err == nil {
		t.Error("a roll was numbered although randomness ran out")
	}
}

// TestDrawTellsNothing: over many draws each of four people gets each number about equally often. With 4,000 draws a
// fair number lies in 1000 ± 150 but for once in a million runs (5.5 standard deviations of 27).
func TestDrawTellsNothing(t *testing.T) {
	var seen [4][4]int
	for range 4000 {
		all := electors(4)
		if err := Draw(all, rand.Reader); err != nil {
			t.Fatal(err)
		}
		for number, e := range all {
			seen[e.Member[len("member-")]-'0'][number]++
		}
	}
	for person, numbers := range seen {
		for number, n := range numbers {
			if n < 850 || n > 1150 {
				t.Errorf("person %d got the number %d in %d of 4000 draws", person, number+1, n)
			}
		}
	}
}

// TestFingerprint checks the documented form against bytes written by hand.
func TestFingerprint(t *testing.T) {
	sum := sha256.Sum256([]byte("1\x1fm-1\x1flondon\n2\x1fm-2\x1f\n"))
	got := Fingerprint([]Elector{{Member: "m-1", Region: "london"}, {Member: "m-2"}})
	if !bytes.Equal(got, sum[:]) {
		t.Errorf("fingerprint %x, want %x", got, sum)
	}
	// printf '1\037m-1\037london\n2\037m-2\037\n' | sha256sum
	if want := "4452f087ceec551a6ab88bb1b341aa7de1f8ea2766773283cc88eb347a37944d"; hex.EncodeToString(got) != want {
		t.Errorf("fingerprint %x, want %s as sha256sum has it", got, want)
	}
	empty := sha256.Sum256(nil)
	if !bytes.Equal(Fingerprint(nil), empty[:]) {
		t.Error("an empty roll's fingerprint is not that of nothing")
	}
	if bytes.Equal(Fingerprint([]Elector{{Member: "m-2"}, {Member: "m-1", Region: "london"}}), got) {
		t.Error("the order makes no difference to the fingerprint")
	}
}
