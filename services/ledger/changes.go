package ledger

import "strconv"

// Changes collects what was entered about a period after it was closed: entries that happened in the period and were entered
// later than the close. The books never change what was entered; what comes after the close changes what they say of the period.
type Changes struct {
	// From and To are the period's first and last date.
	From, To string
	// Closed is the instant of the close, in microseconds since 1970.
	Closed int64

	lines []ReportLine
	moved int64
}

// Add takes the entries of the journal in order of number and keeps those that are changes.
func (c *Changes) Add(e Entry) {
	if e.Occurred < c.From || e.Occurred > c.To || e.Entered <= c.Closed {
		return
	}
	pence := Moved(e)
	c.moved += pence
	c.lines = append(c.lines, ReportLine{
		Key: strconv.FormatInt(e.Number, 10), Name: e.Description, Entry: e.ID,
		Cells: []Cell{written(e.Occurred), written(instant(e.Entered)), figure(pence)},
	})
}

// Report returns the changes, by number.
func (c *Changes) Report() Report {
	return Report{
		Kind: ChangesReport, From: c.From, To: c.To, Columns: []Column{{"occurred", InText}, {"entered", InText}, {"amount", InPence}},
		Sections: []Section{{Key: "changes", Lines: c.lines, Total: []Cell{nothing, nothing, figure(c.moved)}}},
	}
}

// Moved is what an entry moves: the sum of its debits, in pence.
func Moved(e Entry) int64 {
	sum := int64(0)
	for _, p := range e.Postings {
		if p.Amount.Pence > 0 {
			sum += p.Amount.Pence
		}
	}
	return sum
}
