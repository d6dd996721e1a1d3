package ledger

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// FewestGivers is how many people a published figure is at least about: the minimum frequency of statistical disclosure
// control, with a second cell withheld where one alone could be worked out from the total.
const FewestGivers = 10

// DayGift is what one giver gave on one day; reversed donations are not in it.
type DayGift struct {
	// Member is who gave, and Region where they belong to now; both may be empty.
	Member, Region string
	// Day is the date it happened, YYYY-MM-DD.
	Day string
	// Pence is the sum.
	Pence int64
}

// regionWeek is the gifts of a region in a week.
type regionWeek struct {
	region string
	pence  int64
	givers map[string]bool
}

// NoRegion is the key of those who belong to no regional group, and of gifts whose giver is not known.
const NoRegion = "none"

// Withheld is the key of the line for what is not shown.
const Withheld = "withheld"

// Monday returns the Monday of the week of a date, and the date itself if it cannot be read.
func Monday(date string) string {
	d, err := time.Parse(DateLayout, date)
	if err != nil {
		return date
	}
	return d.AddDate(0, 0, -(int(d.Weekday())+6)%7).Format(DateLayout)
}

// WholeWeeks widens a period to whole weeks from Monday to Sunday, and leaves out the week that has not ended before today.
// The last is before the first where no week is left.
func WholeWeeks(from, to, today string) (first, last string) {
	first = Monday(from)
	end, err := time.Parse(DateLayout, Monday(to))
	if err != nil {
		return from, to
	}
	end = end.AddDate(0, 0, 6)
	running, err := time.Parse(DateLayout, Monday(today))
	if err != nil {
		return from, to
	}
	if !end.Before(running) {
		end = running.AddDate(0, 0, -1)
	}
	return first, end.Format(DateLayout)
}

// DonationsByRegion adds gifts up by region and week.
//
// The journal is public, so what a whole week came to is known. What is published by region must therefore not single a
// person out, nor let anybody work one out from that sum: a region's week with fewer than [FewestGivers] givers is
// withheld, and where what is withheld in a week is one region alone or together fewer people than that, the next smallest is
// withheld too. What is withheld is one line that names no region, since already that somebody of a region gave says
// something. Totals are over what is shown. Weeks are whole ones that have ended ([WholeWeeks]): sums from day to day, or
// over periods that differ by a day, would give single gifts away. all shows everything; it is for the treasurer, who knows
// who gave.
//
// Regions are those of today; when somebody moves, what they gave moves with them.
func DonationsByRegion(first, last string, gifts []DayGift, all bool) Report {
	weeks := map[string]map[string]*regionWeek{}
	regions := map[string]bool{}
	for _, g := range gifts {
		if g.Day < first || g.Day > last || g.Pence <= 0 {
			continue
		}
		region := g.Region
		if region == "" {
			region = NoRegion
		}
		week := Monday(g.Day)
		if weeks[week] == nil {
			weeks[week] = map[string]*regionWeek{}
		}
		c := weeks[week][region]
		if c == nil {
			c = &regionWeek{region: region, givers: map[string]bool{}}
			weeks[week][region] = c
		}
		regions[region] = true
		c.pence += g.Pence
		c.givers[g.Member] = true
	}
	r := Report{Kind: RegionsReport, From: first, To: last, Columns: []Column{{"givers", InNumber}, {"amount", InPence}}}
	var names []string
	for week := range weeks {
		names = append(names, week)
	}
	slices.Sort(names)
	shown := map[string][2]int64{}
	for _, week := range names {
		s := Section{Key: week}
		var list []*regionWeek
		for _, c := range weeks[week] {
			list = append(list, c)
		}
		slices.SortFunc(list, func(a, b *regionWeek) int { return strings.Compare(a.region, b.region) })
		hidden := map[string]bool{}
		if !all {
			hidden = withheld(list)
		}
		for _, c := range list {
			if hidden[c.region] {
				continue
			}
			n := int64(len(c.givers))
			sum := shown[c.region]
			shown[c.region] = [2]int64{sum[0] + n, sum[1] + c.pence}
			s.Lines = append(s.Lines, ReportLine{Key: c.region, Cells: []Cell{figure(n), figure(c.pence)}})
		}
		if len(hidden) > 0 {
			s.Lines = append(s.Lines, ReportLine{Key: Withheld, Cells: []Cell{{Withheld: true}, {Withheld: true}}})
		}
		r.Sections = append(r.Sections, s)
	}
	totals := Section{Key: "shown"}
	sum := [2]int64{}
	for _, region := range slices.Sorted(maps.Keys(regions)) {
		if _, ok := shown[region]; !ok {
			continue
		}
		totals.Lines = append(totals.Lines, ReportLine{Key: region, Cells: []Cell{nothing, figure(shown[region][1])}})
		sum[1] += shown[region][1]
	}
	totals.Total = []Cell{nothing, figure(sum[1])}
	r.Sections = append(r.Sections, totals)
	return r
}

// withheld says which regions of a week are not shown.
func withheld(list []*regionWeek) map[string]bool {
	bySize := slices.Clone(list)
	slices.SortStableFunc(bySize, func(a, b *regionWeek) int { return len(a.givers) - len(b.givers) })
	hidden, people := map[string]bool{}, 0
	for _, c := range bySize {
		enough := len(hidden) == 0 || len(hidden) > 1 && people >= FewestGivers
		if len(c.givers) >= FewestGivers && enough {
			break
		}
		hidden[c.region] = true
		people += len(c.givers)
	}
	return hidden
}
