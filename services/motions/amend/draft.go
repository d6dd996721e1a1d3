package amend

import (
	"strings"
	"unicode"
)

// From makes edits of clauses that somebody has rewritten: text is what they typed for each clause by its id, and for ""
// what they typed to stand before the first. A clause that was emptied is left out; one that became several is followed
// by new ones; where a run of words changed, only those words are. A clause without an entry stays as it is.
func From(base []Clause, text map[string]string) []Edit {
	var edits []Edit
	for _, c := range Parse(clean(text[""])) {
		edits = append(edits, Edit{Kind: Insert, New: c.Text})
	}
	for _, c := range base {
		typed, ok := text[c.ID]
		if !ok {
			continue
		}
		now := Parse(clean(typed))
		if len(now) == 0 {
			edits = append(edits, Edit{Kind: Delete, Clause: c.ID})
			continue
		}
		if now[0].Text != c.Text {
			edits = append(edits, changed(c, now[0].Text))
		}
		for _, more := range now[1:] {
			edits = append(edits, Edit{Kind: Insert, Clause: c.ID, New: more.Text})
		}
	}
	return edits
}

// clean gives what a form sends the line ends of the text.
func clean(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// changed is the smallest edit from a clause to its new text: some of its words, or the whole clause where more than
// half of it goes or where lines are broken anew.
func changed(c Clause, now string) Edit {
	whole := Edit{Kind: Replace, Clause: c.ID, New: now}
	a, b := tokens(c.Text), tokens(now)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	// Words that only come in take one that stands beside them along, so that the place has a name; and what is taken out
	// and put in begins and ends with a word.
	if n := len(b) - 1 - tail; head > 0 && head+tail == len(a) && n >= head && b[n] == a[head-1] && strings.TrimSpace(b[n]) == "" {
		head, tail = head-1, tail+1
	}
	spaced := func(trim func(string, func(rune) bool) string) bool {
		old, now := strings.Join(a[head:len(a)-tail], ""), strings.Join(b[head:len(b)-tail], "")
		return old != trim(old, unicode.IsSpace) || now != trim(now, unicode.IsSpace)
	}
	for head > 0 && (head+tail == len(a) || spaced(strings.TrimLeftFunc)) {
		head--
	}
	for tail > 0 && (head+tail == len(a) || spaced(strings.TrimRightFunc)) {
		tail--
	}
	from := len(strings.Join(a[:head], ""))
	e := Edit{Kind: Words, Clause: c.ID, Old: strings.Join(a[head:len(a)-tail], ""), New: strings.Join(b[head:len(b)-tail], "")}
	if e.Old == "" || 2*len(e.Old) > len(c.Text) {
		return whole
	}
	for i, n := 0, 1; ; n++ {
		j := strings.Index(c.Text[i:], e.Old)
		if j < 0 {
			return whole
		}
		if i+j == from {
			e.Occurrence = n
			break
		}
		i += j + 1
	}
	if e.check(c.Text) != nil {
		return whole
	}
	return e
}
