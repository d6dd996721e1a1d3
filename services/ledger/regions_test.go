package ledger_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/ledger"
)

func addDays(date string, days int) string {
	d, err := time.Parse(ledger.DateLayout, date)
	if err != nil {
		return ""
	}
	return d.AddDate(0, 0, days).Format(ledger.DateLayout)
}

func TestWholeWeeks(t *testing.T) {
	for _, c := range []struct{ from, to, today, first, last string }{
		{"2026-11-04", "2026-11-18", "2026-11-24", "2026-11-02", "2026-11-22"},
		{"2026-11-02", "2026-11-22", "2026-11-24", "2026-11-02", "2026-11-22"},
		{"2026-11-02", "2026-11-24", "2026-11-24", "2026-11-02", "2026-11-22"}, // The running week is not over.
		{"2026-11-02", "2026-11-22", "2026-11-22", "2026-11-02", "2026-11-15"}, // Nor is it on its Sunday.
		{"2026-11-23", "2026-11-24", "2026-11-24", "2026-11-23", "2026-11-22"}, // Nothing is left.
	} {
		if first, last := ledger.WholeWeeks(c.from, c.to, c.today); first != c.first || last != c.last {
			t.Errorf("%s to %s on %s: %s to %s", c.from, c.to, c.today, first, last)
		}
	}
}

// crowd is n givers of a region, a pound each in a week.
func crowd(region, day string, n int) []ledger.DayGift {
	var out []ledger.DayGift
	for i := range n {
		out = append(out, ledger.DayGift{Member: fmt.Sprintf("%s-%d", region, i), Region: region, Day: day, Pence: 100})
	}
	return out
}

func TestSmallFiguresAreWithheld(t *testing.T) {
	const day = "2026-11-04"
	for name, c := range map[string]struct {
		givers map[string]int
		// shown are the regions that may be shown.
		shown string
	}{
		"all large":                             {map[string]int{"east": 10, "north": 12}, "east north"},
		"nine are too few":                      {map[string]int{"east": 9, "north": 30, "west": 20}, "north"},
		"one alone would be the rest":           {map[string]int{"east": 1, "north": 30}, ""},
		"two that are together too few":         {map[string]int{"a": 4, "b": 5, "c": 11, "d": 12}, "d"},
		"two that are together enough":          {map[string]int{"a": 4, "b": 6, "c": 11, "d": 12}, "c d"},
		"a gift without a region counts as one": {map[string]int{"": 1, "c": 11, "d": 12}, "d"},
	} {
		var gifts []ledger.DayGift
		for region, n := range c.givers {
			gifts = append(gifts, crowd(region, day, n)...)
		}
		first, last := ledger.WholeWeeks(day, day, today)
		var got []string
		for _, l := range ledger.DonationsByRegion(first, last, gifts, false).Sections[0].Lines {
			if !l.Cells[0].Withheld {
				got = append(got, l.Key)
				if l.Cells[0].Number != int64(c.givers[l.Key]) || l.Cells[1].Number != 100*int64(c.givers[l.Key]) {
					t.Errorf("%s: %+v", name, l)
				}
			} else if l.Key != ledger.Withheld {
				t.Errorf("%s: %q is named though it is withheld", name, l.Key)
			} else if l.Cells[1].Number != 0 || l.Cells[0].Number != 0 {
				t.Errorf("%s: what is withheld is in the report all the same: %+v", name, l)
			}
		}
		if strings.Join(got, " ") != c.shown {
			t.Errorf("%s: shown are %q, want %q", name, got, c.shown)
		}
		for _, l := range ledger.DonationsByRegion(first, last, gifts, true).Sections[0].Lines {
			if l.Cells[0].Withheld {
				t.Errorf("%s: the treasurer is not shown %s", name, l.Key)
			}
		}
	}
}

// TestNothingSmallCanBeWorkedOut takes what the report shows from what the public journal says of each week: what is left is
// nothing, or of at least two regions and of enough people. It is the same where periods differ.
func TestNothingSmallCanBeWorkedOut(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		givers := map[string]map[string]int{}
		var gifts []ledger.DayGift
		for range rapid.IntRange(1, 12).Draw(rt, "crowds") {
			region := rapid.SampledFrom([]string{"", "east", "north", "south", "west"}).Draw(rt, "region")
			day := addDays("2026-09-07", 7*rapid.IntRange(0, 3).Draw(rt, "week"))
			if givers[day] == nil {
				givers[day] = map[string]int{}
			}
			if givers[day][region] > 0 {
				continue
			}
			n := rapid.IntRange(1, 25).Draw(rt, "givers")
			givers[day][region] = n
			gifts = append(gifts, crowd(region, day, n)...)
		}
		first, last := ledger.WholeWeeks("2026-09-07", addDays("2026-09-07", 7*rapid.IntRange(0, 3).Draw(rt, "until")), today)
		r := ledger.DonationsByRegion(first, last, gifts, false)
		sum := int64(0)
		for _, s := range r.Sections {
			if s.Key == "shown" {
				if s.Total[1].Number != sum {
					rt.Fatalf("the total is %d and the figures shown give %d", s.Total[1].Number, sum)
				}
				continue
			}
			regions, people := len(givers[s.Key]), 0
			for _, n := range givers[s.Key] {
				people += n
			}
			for _, l := range s.Lines {
				if l.Cells[0].Withheld {
					if l.Key != ledger.Withheld {
						rt.Fatalf("%q is named though it is withheld", l.Key)
					}
					continue
				}
				if l.Cells[0].Number < ledger.FewestGivers {
					rt.Fatalf("%s in the week of %s is about %d people", l.Key, s.Key, l.Cells[0].Number)
				}
				regions, people, sum = regions-1, people-int(l.Cells[0].Number), sum+l.Cells[1].Number
			}
			if something := regions < len(givers[s.Key]); something && (regions == 1 || people > 0 && people < ledger.FewestGivers) {
				rt.Fatalf("in the week of %s %d regions with %d people can be worked out", s.Key, regions, people)
			}
		}
	})
}
