package count

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// heading says what a stage is, in words.
func (s *Stage) heading(e *Election) string {
	switch s.Kind {
	case StageFirst:
		return "first preferences"
	case StageSurplus:
		return "transfer of the surplus of " + list(e, s.Of)
	case StageExclusion:
		return "exclusion of " + list(e, s.Of)
	case StageRound:
		switch {
		case len(s.Excluded) > 0 && len(s.Elected) > 0:
			return "election of " + list(e, s.Elected) + ", exclusion of " + list(e, s.Excluded)
		case len(s.Elected) > 0:
			return "election of " + list(e, s.Elected)
		}
		return "exclusion of " + list(e, s.Excluded)
	case StagePairs:
		return "comparison two by two"
	}
	return "tally"
}

// summary is the head of a report, a line each.
func (r *Report) summary() []string {
	a := r.Method.About()
	lines := []string{
		a.Title + ": " + plural(int64(r.Seats), "seat", "seats") + ", " +
			plural(int64(len(r.Election.Candidates)), "candidate", "candidates") + ".",
		"Rule: " + a.Source + ".",
		fmt.Sprintf("Papers: %d valid, %d invalid; %d different.", r.Valid, r.Invalid, r.Election.Distinct()),
	}
	if !r.Quota.Absent() {
		lines = append(lines, "Quota: "+r.Quota.String()+".")
	}
	for _, c := range r.Constraints {
		lines = append(lines, "Constraint: "+c+".")
	}
	if r.Seed != "" {
		lines = append(lines, "Seed for lots: "+r.Seed)
	}
	return lines
}

// remarks are all notes.
func (r *Report) remarks() []string {
	var s []string
	for _, n := range r.Election.Notes {
		s = append(s, n.String())
	}
	return append(s, r.Notes...)
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// result says who is elected.
func (r *Report) result() string {
	if len(r.Elected) == 0 {
		return "Nobody is elected."
	}
	var who []string
	for _, c := range r.Elected {
		who = append(who, fmt.Sprintf("%s (%d)", r.Election.Name(c), c))
	}
	return "Elected, in order: " + strings.Join(who, ", ") + "."
}

// columns tells which figures the report has.
func (r *Report) columns() (votes, change, keep, grade bool) {
	for _, s := range r.Stages {
		for _, l := range s.Lines {
			votes = votes || !l.Votes.Absent()
			change = change || !l.Change.Absent()
			keep = keep || !l.Keep.Absent()
			grade = grade || l.Grade != ""
		}
	}
	return votes, change, keep, grade
}

// cells is a table of a stage: a row of headings and a row for each candidate and remainder. It is what
// the text, the HTML table and the drawing all show.
func (r *Report) cells(s *Stage) (head []string, rows [][]string) {
	votes, change, keep, grade := r.columns()
	change = change && s.Number > 1
	head = []string{"No.", "Candidate"}
	if votes {
		head = append(head, "Votes")
	}
	if change {
		head = append(head, "Change")
	}
	if keep {
		head = append(head, "Keep factor")
	}
	if grade {
		head = append(head, "Grade")
	}
	head = append(head, "Status")
	row := func(no, name string, v, ch, k Amount, g, status string) {
		cells := []string{no, name}
		if votes {
			cells = append(cells, v.String())
		}
		if change {
			cells = append(cells, ch.signed())
		}
		if keep {
			cells = append(cells, k.String())
		}
		if grade {
			cells = append(cells, g)
		}
		rows = append(rows, append(cells, status))
	}
	for _, l := range s.Lines {
		if l.Status == Withdrawn {
			row(fmt.Sprint(l.Candidate), r.Election.Name(l.Candidate), Amount{}, Amount{}, Amount{}, "", l.Status)
			continue
		}
		row(fmt.Sprint(l.Candidate), r.Election.Name(l.Candidate), l.Votes, l.Change, l.Keep, l.Grade, l.Status)
	}
	if !s.NonTransferable.Absent() {
		row("", "Non-transferable", s.NonTransferable, s.NonTransferableNow, Amount{}, "", "")
	}
	if !s.Lost.Absent() {
		row("", "Loss by fraction", s.Lost, s.LostNow, Amount{}, "", "")
	}
	return head, rows
}

// parcelWords says the parcels of a stage.
func (s *Stage) parcelWords() (out []string) {
	for _, p := range s.Parcels {
		line := fmt.Sprintf("%s at value %s", plural(p.Papers, "paper", "papers"), p.Value)
		if !p.Value.decimal() {
			if x := p.Value.Exact(); len(x) <= 40 {
				line += " (" + x + ")"
			}
		}
		if s.Kind == StageSurplus {
			line += ", received at " + p.Received.String()
		}
		if p.NonTransferable > 0 {
			line += fmt.Sprintf(", of which %d show no further preference", p.NonTransferable)
		}
		out = append(out, line+".")
	}
	return out
}

// WriteText writes the report as plain text.
func (r *Report) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	if r.Election.Title != "" {
		fmt.Fprintf(b, "%s\n\n", r.Election.Title)
	}
	for _, l := range r.summary() {
		fmt.Fprintln(b, l)
	}
	fmt.Fprintln(b, r.result())
	for _, n := range r.remarks() {
		fmt.Fprintf(b, "Note: %s\n", n)
	}
	for i := range r.Stages {
		s := &r.Stages[i]
		fmt.Fprintf(b, "\nStage %d: %s\n\n", s.Number, s.heading(r.Election))
		head, rows := r.cells(s)
		writeColumns(b, head, rows)
		for _, m := range s.Matrices {
			fmt.Fprintf(b, "\n  %s:\n", m.Title)
			writeMatrix(b, m)
		}
		if len(s.Because)+len(s.Parcels) > 0 {
			fmt.Fprintln(b)
		}
		for _, l := range append(s.parcelWords(), s.Because...) {
			fmt.Fprintf(b, "  %s\n", l)
		}
	}
	return b.Flush()
}

// writeColumns sets figures to the right and words to the left.
func writeColumns(b *bufio.Writer, head []string, rows [][]string) {
	width := make([]int, len(head))
	for i := range head {
		width[i] = utf8.RuneCountInString(head[i])
		for _, r := range rows {
			width[i] = max(width[i], utf8.RuneCountInString(r[i]))
		}
	}
	for _, r := range append([][]string{head}, rows...) {
		var line strings.Builder
		for i, cell := range r {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i == 1 || head[i] == "Status" || head[i] == "Grade" {
				line.WriteString("  " + cell + pad)
			} else {
				line.WriteString("  " + pad + cell)
			}
		}
		fmt.Fprintln(b, strings.TrimRight(line.String(), " "))
	}
}

func writeMatrix(b *bufio.Writer, m Matrix) {
	wide := len(fmt.Sprint(len(m.Rows)))
	for _, row := range m.Rows {
		for _, n := range row {
			wide = max(wide, len(fmt.Sprint(n)))
		}
	}
	fmt.Fprintf(b, "  %*s", wide, "")
	for j := range m.Rows {
		fmt.Fprintf(b, " %*d", wide, j+1)
	}
	fmt.Fprintln(b)
	for i, row := range m.Rows {
		fmt.Fprintf(b, "  %*d", wide, i+1)
		for j, n := range row {
			if i == j {
				fmt.Fprintf(b, " %*s", wide, "-")
			} else {
				fmt.Fprintf(b, " %*d", wide, n)
			}
		}
		fmt.Fprintln(b)
	}
}
