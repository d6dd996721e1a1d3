package ledger

import "strconv"

// Double is an entry that may have been entered twice: it stands beside an earlier one.
type Double struct {
	// Entry and Earlier are the two.
	Entry, Earlier Entry
	// Why is "giver" where the same member gave the same sum on the same day, "reference" where both carry the same reference.
	Why string
}

// Doubles arranges what may have been entered twice. It says which entries are of one giver, so it is for the treasurer
// alone. None is refused by the books: more is welcome, and only a person can tell.
func Doubles(from, to string, found []Double) Report {
	byWhy := map[string][]ReportLine{}
	for _, d := range found {
		byWhy[d.Why] = append(byWhy[d.Why], ReportLine{
			Key: strconv.FormatInt(d.Entry.Number, 10), Name: d.Entry.Description, Entry: d.Entry.ID,
			Cells: []Cell{figure(d.Earlier.Number), written(d.Entry.Occurred), figure(Moved(d.Entry)), written(d.Entry.Reference)},
		})
	}
	return Report{
		Kind: DoublesReport, From: from, To: to,
		Columns:  []Column{{"earlier", InNumber}, {"occurred", InText}, {"amount", InPence}, {"reference", InText}},
		Sections: []Section{{Key: "giver", Lines: byWhy["giver"]}, {Key: "reference", Lines: byWhy["reference"]}},
	}
}
