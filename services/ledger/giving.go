package ledger

import "slices"

// Year is what one member gave in a calendar year.
type Year struct {
	// Year is the year, "2026".
	Year string
	// Entries are the gifts that stand, earliest first.
	Entries []Entry
	// Pence is their sum.
	Pence int64
}

// Giving arranges a member's entries by calendar year, newest year first. Only what stands counts: a donation that was
// reversed, and the reversals, are left out, and a reversed reversal leaves the donation in. The order of the entries does not
// matter.
func Giving(entries []Entry) []Year {
	byID := map[string]Entry{}
	for _, e := range entries {
		byID[e.ID] = e
	}
	stands := func(e Entry) bool {
		undone := false
		for e.ReversedBy != "" {
			next, ok := byID[e.ReversedBy]
			if !ok {
				return undone
			}
			undone, e = !undone, next
		}
		return !undone
	}
	years := map[string]*Year{}
	for _, e := range entries {
		if e.Kind == Reversal || !stands(e) {
			continue
		}
		pence := int64(0)
		for _, p := range e.Postings {
			if typeOf(p.Account) == Income || typeOf(p.Account) == Equity {
				pence -= p.Amount.Pence
			}
		}
		year := e.Occurred[:4]
		if years[year] == nil {
			years[year] = &Year{Year: year}
		}
		y := years[year]
		y.Entries, y.Pence = append(y.Entries, e), y.Pence+pence
	}
	var out []Year
	for _, y := range years {
		slices.SortFunc(y.Entries, func(a, b Entry) int {
			if a.Occurred != b.Occurred {
				if a.Occurred < b.Occurred {
					return -1
				}
				return 1
			}
			return int(a.Number - b.Number)
		})
		out = append(out, *y)
	}
	slices.SortFunc(out, func(a, b Year) int {
		if a.Year > b.Year {
			return -1
		}
		return 1
	})
	return out
}
