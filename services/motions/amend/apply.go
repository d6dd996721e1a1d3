package amend

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// State is what amendments have done to a clause.
type State string

// The states of a clause.
const (
	Unchanged State = "unchanged"
	Changed   State = "changed"
	Added     State = "added"
	Removed   State = "removed"
)

// Line is a clause before and after a set of amendments.
type Line struct {
	ID, Before string
	State      State
	// Was is the text in the base, Now the text as it would read; one of them is empty for what is added or removed.
	Was, Now string
	// By are the ids of the amendments that touch it, in the order moved.
	By []string
}

// Apply returns how the base would read with all of the amendments, which amend it and have passed [Check]: the same
// lines whatever their order. Amendments that cannot all stand are refused with AMENDMENTS_CLASH.
func Apply(base []Clause, all []Amendment) ([]Line, error) {
	for i, a := range all {
		for _, b := range all[:i] {
			if why, clause := clash(base, a, b); why != "" {
				return nil, fault.New(fault.Conflict, "AMENDMENTS_CLASH",
					fmt.Sprintf("Amendments %d and %d cannot both stand: they meet in clause %s.", min(a.Number, b.Number), max(a.Number, b.Number), clause))
			}
		}
	}
	return apply(base, all), nil
}

// placed is an edit with the amendment that it is of.
type placed struct {
	Edit
	by     Amendment
	number int
}

func apply(base []Clause, all []Amendment) []Line {
	touching := map[string][]placed{}
	for _, a := range inOrderMoved(all) {
		for i, e := range a.Edits {
			touching[e.Clause] = append(touching[e.Clause], placed{e, a, i + 1})
		}
	}
	gap := separator(base, 0)
	lines := inserted(gap, touching[""])
	for i, c := range base {
		lines = append(lines, edited(c, touching[c.ID]))
		lines = append(lines, inserted(separator(base, i), touching[c.ID])...)
	}
	return lines
}

func inOrderMoved(all []Amendment) []Amendment {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Amendment) int { return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.ID, b.ID)) })
	return all
}

// separator is the white space that sets a clause inserted after the i-th apart: that of its neighbours.
func separator(base []Clause, i int) string {
	switch {
	case i > 0:
		return base[i].Before
	case len(base) > 1:
		return base[1].Before
	}
	return "\n\n"
}

func inserted(before string, edits []placed) []Line {
	var lines []Line
	for _, e := range edits {
		if e.Kind == Insert {
			lines = append(lines, Line{ID: fmt.Sprintf("%s.%d", e.by.ID, e.number), Before: before, State: Added, Now: e.New, By: []string{e.by.ID}})
		}
	}
	return lines
}

// edited is a clause after the edits of it that do not clash.
func edited(c Clause, edits []placed) Line {
	l := Line{ID: c.ID, Before: c.Before, State: Unchanged, Was: c.Text, Now: c.Text}
	type swap struct {
		span
		words string
	}
	var swaps []swap
	for _, e := range edits {
		switch e.Kind {
		case Replace:
			l.State, l.Now = Changed, e.New
		case Delete:
			l.State, l.Now = Removed, ""
		case Words:
			s, err := e.find(c.Text)
			if err != nil {
				continue // Check has refused it
			}
			l.State = Changed
			swaps = append(swaps, swap{s, e.New})
		case Insert:
			continue
		}
		if !slices.Contains(l.By, e.by.ID) {
			l.By = append(l.By, e.by.ID)
		}
	}
	// From the end, so that the places of those before stay.
	slices.SortFunc(swaps, func(a, b swap) int { return cmp.Compare(b.from, a.from) })
	for _, s := range swaps {
		l.Now = l.Now[:s.from] + s.words + l.Now[s.to:]
	}
	if l.State == Changed {
		if l.Now = strings.TrimSpace(l.Now); l.Now == "" {
			l.State = Removed
		}
	}
	return l
}

// Clauses are the clauses that stand after amendments, under the ids they have in the lines.
func Clauses(lines []Line) []Clause {
	var all []Clause
	for _, l := range lines {
		if l.State != Removed {
			all = append(all, Clause{ID: l.ID, Before: l.Before, Text: l.Now})
		}
	}
	return all
}
