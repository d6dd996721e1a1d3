package amend

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// Why is why an amendment falls when another is carried.
type Why string

// The reasons for which an amendment falls, each said of the one that was carried. The custom is that a meeting does not
// decide the same words twice: what it has put in or left standing by a vote, a later amendment does not undo.
const (
	// LeftOut: it leaves the clause out.
	LeftOut Why = "left_out"
	// Replaced: it puts another clause in its place.
	Replaced Why = "replaced"
	// WordsDecided: it decides some of the same words.
	WordsDecided Why = "words_decided"
	// ClauseDecided: it amends the clause that this one leaves out or replaces.
	ClauseDecided Why = "clause_decided"
	// SameChange: it makes the same change, so there is nothing left to decide.
	SameChange Why = "same_change"
	// NothingLeft: together with what was carried, this one would leave nothing of the text.
	NothingLeft Why = "nothing_left"
	// ParentGone: the amendment that this one amends is lost, withdrawn or fallen.
	ParentGone Why = "parent_gone"
	// ParentDecided: the amendment that this one amends has been voted on.
	ParentDecided Why = "parent_decided"
	// MotionGone: the motion is no longer before the meeting.
	MotionGone Why = "motion_gone"
)

// Clash is a conflict that is known before the debate: if one amendment is carried, another falls.
type Clash struct {
	// If and Falls are ids of amendments.
	If, Falls string
	Why       Why
	// Clause is where they meet: the id of a clause, or the number of an edit for amendments to an amendment.
	Clause string
}

// collide says why b falls if a is carried, or nothing if both may stand. text are the clauses by id.
func collide(text map[string]string, a, b Edit) Why {
	switch {
	case a.Clause != b.Clause:
		return ""
	case a.Kind == Insert || b.Kind == Insert:
		// What is put in after a clause stands whatever becomes of the clause; the same is not put in twice.
		if a.Kind == b.Kind && a.New == b.New {
			return SameChange
		}
		return ""
	case a.Kind == Words && b.Kind == Words:
		return overlap(text[a.Clause], a, b)
	case a.Kind == b.Kind && a.New == b.New:
		return SameChange
	case a.Kind == Delete:
		return LeftOut
	case a.Kind == Replace:
		return Replaced
	}
	return ClauseDecided
}

func overlap(text string, a, b Edit) Why {
	x, errX := a.find(text)
	y, errY := b.find(text)
	switch {
	case errX != nil || errY != nil || x.to <= y.from || y.to <= x.from:
		return ""
	case x == y && a.New == b.New:
		return SameChange
	}
	return WordsDecided
}

// clash says why b falls if a is carried and where they meet, or nothing if both may stand.
func clash(base []Clause, a, b Amendment) (Why, string) {
	text := map[string]string{}
	for _, c := range base {
		text[c.ID] = c.Text
	}
	for _, x := range a.Edits {
		for _, y := range b.Edits {
			if why := collide(text, x, y); why != "" {
				return why, x.Clause
			}
		}
	}
	return "", ""
}

// Clashes lists, for amendments of one text, which falls if which is carried, in the order moved. Amendments to
// amendments are compared with those to the same amendment.
func Clashes(base []Clause, all []Amendment) []Clash {
	all = inOrderMoved(all)
	of := map[string]Amendment{}
	for _, a := range all {
		of[a.ID] = a
	}
	var found []Clash
	for _, a := range all {
		for _, b := range all {
			if a.ID == b.ID || a.Parent != b.Parent {
				continue
			}
			text := base
			if a.Parent != "" {
				text = Proposal(of[a.Parent])
			}
			if why, where := clash(text, a, b); why != "" {
				found = append(found, Clash{If: a.ID, Falls: b.ID, Why: why, Clause: where})
			}
		}
	}
	return found
}

// Falls says why an amendment cannot be carried beside those that were carried, and which of them is in its way; nothing
// if it can. It asks of the whole set what [Clashes] asks of pairs: whether anything would be left of the text.
func Falls(base []Clause, carried []Amendment, a Amendment) (why Why, by string) {
	for _, c := range inOrderMoved(carried) {
		if why, _ := clash(base, c, a); why != "" {
			return why, c.ID
		}
	}
	if len(Clauses(apply(base, append(slices.Clone(carried), a)))) == 0 {
		last := ""
		if len(carried) > 0 {
			last = carried[len(carried)-1].ID
		}
		return NothingLeft, last
	}
	return "", ""
}

// Order is the order in which amendments are voted on: as the text runs, by the first clause that each touches; at the
// same place as moved; an amendment to an amendment before the one that it amends, and all of them before the motion.
// It is the custom of British meetings that take a text clause by clause. No numeric rule for it stands in the model
// rules that were read (field.md 2.4), so a rule book names it: amendment.order.
func Order(all []Amendment) []Amendment {
	first := func(a Amendment) int {
		least := math.MaxInt
		for _, e := range a.Edits {
			n, err := strconv.Atoi(e.Clause)
			if err != nil {
				n = 0 // before the first clause
			}
			at := 2 * n
			if e.Kind == Insert {
				at++
			}
			least = min(least, at)
		}
		return least
	}
	var top []Amendment
	to := map[string][]Amendment{}
	known := map[string]bool{}
	for _, a := range all {
		known[a.ID] = true
	}
	for _, a := range inOrderMoved(all) {
		if a.Parent != "" && known[a.Parent] {
			to[a.Parent] = append(to[a.Parent], a)
		} else {
			top = append(top, a)
		}
	}
	slices.SortStableFunc(top, func(a, b Amendment) int { return cmp.Compare(first(a), first(b)) })
	var out []Amendment
	for _, a := range top {
		out = append(append(out, to[a.ID]...), a)
	}
	return out
}
