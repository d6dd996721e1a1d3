package amend

import (
	"fmt"
	"strings"
)

// Wording says an amendment's edits in words, as they are read out: in English, a line each. toAmendment is true where
// they edit another amendment's changes.
func Wording(edits []Edit, toAmendment bool) string {
	what := "clause"
	if toAmendment {
		what = "change"
	}
	var lines []string
	for _, e := range edits {
		where := what + " " + e.Clause
		switch e.Kind {
		case Words:
			at := ""
			if e.Occurrence > 1 {
				at = fmt.Sprintf(" (its occurrence number %d)", e.Occurrence)
			}
			if e.New == "" {
				lines = append(lines, fmt.Sprintf("In %s, leave out \u201c%s\u201d%s.", where, e.Old, at))
			} else {
				lines = append(lines, fmt.Sprintf("In %s, leave out \u201c%s\u201d%s and put in \u201c%s\u201d.", where, e.Old, at, e.New))
			}
		case Replace:
			lines = append(lines, fmt.Sprintf("In the place of %s, put: %s", where, e.New))
		case Delete:
			lines = append(lines, fmt.Sprintf("Leave out %s.", where))
		case Insert:
			place := "After " + where
			if e.Clause == "" {
				place = "At the beginning"
			}
			lines = append(lines, fmt.Sprintf("%s, put: %s", place, e.New))
		}
	}
	return strings.Join(lines, "\n\n")
}
