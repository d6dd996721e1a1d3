package ledger

import "strconv"

// Gaps looks through the numbers of a journal for what is missing, and for what was entered out of turn: an entry whose
// instant lies before that of the entry before it, which a clock set back would explain and little else. A whole journal has
// neither.
type Gaps struct {
	before Entry
	count  int64

	missing, turned []ReportLine
}

// Add takes the entries in order of number.
func (g *Gaps) Add(e Entry) { g.Compare(g.before, e) }

// Compare takes an entry and the one before it in the journal; of that only the number and the instant are looked at.
func (g *Gaps) Compare(before, e Entry) {
	if e.Number != before.Number+1 {
		g.missing = append(g.missing, ReportLine{
			Key: strconv.FormatInt(before.Number+1, 10), Cells: []Cell{figure(before.Number + 1), figure(e.Number - 1)},
		})
	}
	if e.Entered < before.Entered {
		g.turned = append(g.turned, ReportLine{
			Key: strconv.FormatInt(e.Number, 10), Name: e.Description, Entry: e.ID, Cells: []Cell{figure(e.Number), nothing},
		})
	}
	g.before, g.count = e, g.count+1
}

// Report returns what was found: gaps with the first and last number that is missing, and how many entries there are.
func (g *Gaps) Report(to string) Report {
	return Report{
		Kind: GapsReport, To: to, Columns: []Column{{"first", InNumber}, {"last", InNumber}},
		Sections: []Section{
			{Key: "missing", Lines: g.missing},
			{Key: "out-of-turn", Lines: g.turned},
			{Key: "entries", Total: []Cell{figure(min(g.count, 1)), figure(g.before.Number)}},
		},
	}
}
