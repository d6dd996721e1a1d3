package membership

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParticulars(t *testing.T) {
	for _, c := range []struct {
		name, address string
		sector        Sector
		registered    bool
		want, reason  string
	}{
		{"nothing", "", "", false, "", ""},
		{"an address", " 1 High  Street \r\n\r\nLeeds\n", Council, true, "1 High Street\nLeeds", ""},
		{"not asked for", "1 High Street", "", false, "", "ADDRESS_NOT_ASKED"},
		{"too long", strings.Repeat("x", MaxAddress+1), "", true, "", "PARTICULARS_INVALID"},
		{"as long as may be", strings.Repeat("x", MaxAddress), "", true, strings.Repeat("x", MaxAddress), ""},
		{"no text", "a\x00b", "", true, "", "PARTICULARS_INVALID"},
		{"no sector", "", "army", false, "", "PARTICULARS_INVALID"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := NewParticulars(c.address, c.sector, c.registered)
			if reasonOf(err) != c.reason || p.Address != c.want || (err == nil && p.Sector != c.sector) {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
}

// TestTotalsTellOfNoFew: with the number of all members known, what is shown tells of no group of fewer than ten.
func TestTotalsTellOfNoFew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts, all := map[Sector]int64{}, int64(0)
		for _, s := range append([]Sector{""}, Sectors...) {
			n := rapid.OneOf(rapid.Int64Range(0, 12), rapid.Int64Range(0, 500)).Draw(t, string(s))
			counts[s] = n
			all += n
		}
		shown, sum := Totals(counts), int64(0)
		for i, s := range shown {
			if s.Members < FewestShown || s.Members != counts[s.Sector] || (i > 0 && s.Members > shown[i-1].Members) {
				t.Fatalf("%+v of %v", shown, counts)
			}
			sum += s.Members
		}
		if len(shown) == 0 {
			return // Nothing is told but how many there are in all.
		}
		groups := 0
		for _, n := range counts {
			if n > 0 {
				groups++
			}
		}
		if rest := all - sum; rest != 0 && rest < FewestShown {
			t.Fatalf("%d are left over: %+v of %v", rest, shown, counts)
		}
		if groups-len(shown) == 1 {
			t.Fatalf("one group is left out and can be computed: %+v of %v", shown, counts)
		}
	})
	plenty := Totals(map[Sector]int64{Council: 100, Private: 10, "": 50})
	if len(plenty) != 3 || plenty[0].Sector != Council || plenty[2].Sector != Private {
		t.Errorf("%+v", plenty)
	}
	if got := Totals(map[Sector]int64{Council: 100, Private: 9, "": 50}); len(got) != 1 || got[0].Sector != Council {
		t.Errorf("%+v", got)
	}
	if got := Totals(map[Sector]int64{Council: 9}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}
