// Package amend is the arithmetic of amendments: a motion's text as numbered clauses, amendments as edits of those
// clauses, which of them cannot both stand, in which order they are voted on, and how the text would read.
//
// Every amendment is an edit of the same base, the text that was put on the order paper. Edits that may both stand touch
// different clauses, or different words of one clause; so the text after any set of amendments does not depend on the
// order in which they were carried, and a clause that none of them touches stays byte for byte. An amendment to an
// amendment edits what that amendment proposes, one level deep.
//
// Why conflicts are refused up front and the text is shown as it would read: merged texts that were wrong where
// amendments met are what people complain about most in this field (OpenSlides client #4546, OpenSlides #2257, #2548;
// Antragsgrün #844).
//
// The package is pure: values in, values out; refusals are *fault.Fault.
package amend

import (
	"regexp"
	"strconv"
	"strings"
)

// Clause is a paragraph of the text, or an item of a list that begins at the margin.
type Clause struct {
	// ID is stable: the clause's number in the base, "1", "2", …; an inserted clause has the amendment's id, a dot and
	// the number of its edit.
	ID string
	// Before is the white space between the clause before and this one; nothing for the first.
	Before string
	// Text is the clause without white space at its ends.
	Text string
}

// item is the beginning of a list's item at the margin. What is indented belongs to the clause above it.
var item = regexp.MustCompile(`^(?:[0-9]{1,3}[.)]|[-*+])[ \t]+\S`)

// Parse splits a text into clauses: at empty lines, and where an item of a list begins at the margin. Join gives the
// text back byte for byte, but for white space at its ends.
func Parse(text string) []Clause {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	var all []Clause
	// start is where the clause being read begins, end where its last line that is not empty ends.
	start, end, at := 0, 0, 0
	before := ""
	for _, line := range strings.SplitAfter(text, "\n") {
		bare := strings.TrimSpace(line)
		gap := at > 0 && strings.Count(text[end:at], "\n") > 1
		if bare != "" && at > 0 && (gap || item.MatchString(line)) {
			all = append(all, clause(len(all)+1, before, text[start:end]))
			start = at + strings.Index(line, bare)
			before = text[end:start]
		}
		if bare != "" {
			end = at + strings.Index(line, bare) + len(bare)
		}
		at += len(line)
	}
	return append(all, clause(len(all)+1, before, text[start:end]))
}

func clause(n int, before, text string) Clause {
	return Clause{ID: strconv.Itoa(n), Before: before, Text: text}
}

// Join is the text of clauses.
func Join(all []Clause) string {
	var b strings.Builder
	for i, c := range all {
		if i > 0 {
			b.WriteString(c.Before)
		}
		b.WriteString(c.Text)
	}
	return b.String()
}

// single reports whether a text is exactly one clause.
func single(text string) bool { return len(Parse(text)) == 1 }
