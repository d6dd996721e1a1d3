package count

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// CSVOptions say what a CSV file cannot.
type CSVOptions struct {
	// Seats to fill; 0 means 1.
	Seats int
	// Scores tells that cells hold scores or grades, the more the better, and not preferences.
	Scores bool
	// Scale is the highest score; 0 takes the highest that is found.
	Scale int
	// Progress, where set, is told now and then how many bytes have been read.
	Progress func(read int64)
}

// maxRank is the highest preference number or score in a CSV file.
const maxRank = 1000

// ReadCSV reads ballots from a CSV file, a row each. The first row is a heading, in one of two forms.
//
// A column for each candidate, headed by the name: a cell holds the preference number (the same number for
// equal ones), or a mark (x, X, ✓, yes) for a first preference, or with Options.Scores the score; an empty
// cell is none.
//
// Or a column for each preference, headed "1st choice", "Preference 2", "rank3" or just "1": a cell holds a
// name; candidates are then numbered in the order of their names.
//
// A column headed papers, count, weight or number says how many equal papers a row stands for; columns
// headed timestamp, time, id or ballot are left out. What was assumed stands in Election.Notes. The error
// is a *SyntaxError, or the error of r.
func ReadCSV(r io.Reader, o CSVOptions) (*Election, error) {
	c := csv.NewReader(&meter{r: r, progress: o.Progress})
	c.FieldsPerRecord = -1
	c.ReuseRecord = true
	c.TrimLeadingSpace = true
	f := &csvReader{c: c, o: o, papers: -1, seats: max(o.Seats, 1)}
	e, err := f.read()
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		return nil, &SyntaxError{bad.Line, bad.Err.Error()}
	}
	if err != nil {
		return nil, err
	}
	if o.Seats == 0 {
		f.note(0, "the file says no number of seats: 1 was taken")
	}
	e.Notes = f.notes
	return e, nil
}

// meter counts what is read.
type meter struct {
	r          io.Reader
	progress   func(int64)
	read, told int64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.read += int64(n)
	if m.progress != nil && m.read-m.told > 1<<22 {
		m.told = m.read
		m.progress(m.read)
	}
	return n, err
}

type csvReader struct {
	c      *csv.Reader
	o      CSVOptions
	seats  int
	notes  []Note
	papers int   // the column of the number of papers, -1 if there is none
	use    []int // the columns that hold votes
}

var (
	papersColumn  = regexp.MustCompile(`(?i)^(papers|count|weight|number|number of papers|ballots)$`)
	leftOutColumn = regexp.MustCompile(`(?i)^(timestamp|time|date|id|ballot|ballot id|token)$`)
	rankColumn    = regexp.MustCompile(`(?i)^((rank|choice|preference|pref)\s*#?\s*(\d+)|(\d+)(st|nd|rd|th)?(\s+(choice|preference|rank))?)$`)
)

func (f *csvReader) note(line int, format string, args ...any) {
	if len(f.notes) < 100 {
		f.notes = append(f.notes, Note{line, fmt.Sprintf(format, args...)})
	}
}

func (f *csvReader) fail(format string, args ...any) error {
	line, _ := f.c.FieldPos(0)
	return &SyntaxError{line, fmt.Sprintf(format, args...)}
}

func (f *csvReader) read() (*Election, error) {
	head, err := f.c.Read()
	if errors.Is(err, io.EOF) {
		return nil, &SyntaxError{1, "the file is empty; its first row is a heading"}
	}
	if err != nil {
		return nil, err
	}
	var names []string
	ranks := 0
	for i, h := range head {
		if i == 0 {
			h = strings.TrimPrefix(h, "\ufeff")
		}
		if !utf8.ValidString(h) {
			f.note(1, "the headings are not UTF-8 and were read as Latin-1")
		}
		h, _ = decode([]byte(h))
		h = strings.TrimSpace(h)
		switch {
		case papersColumn.MatchString(h):
			if f.papers >= 0 {
				return nil, f.fail("two columns give the number of papers")
			}
			f.papers = i
			continue
		case leftOutColumn.MatchString(h):
			f.note(1, "column %q was left out", h)
			continue
		case h == "":
			f.note(1, "column %d has no heading and was left out", i+1)
			continue
		}
		if rankColumn.MatchString(h) {
			ranks++
		}
		names = append(names, h)
		f.use = append(f.use, i)
	}
	switch {
	case len(names) == 0:
		return nil, f.fail("no column is headed by a candidate or a preference")
	case len(names) > MaxCandidates:
		return nil, f.fail("%d columns are more than %d", len(names), MaxCandidates)
	case ranks == len(names) && !f.o.Scores:
		return f.byPreference()
	}
	return f.byCandidate(names)
}

// row reads the next row and its number of papers; io.EOF at the end.
func (f *csvReader) row() (cells []string, papers int64, err error) {
	cells, err = f.c.Read()
	if err != nil {
		return nil, 0, err
	}
	papers = 1
	if f.papers >= 0 {
		text := ""
		if f.papers < len(cells) {
			text = strings.TrimSpace(cells[f.papers])
		}
		papers, err = strconv.ParseInt(text, 10, 64)
		if err != nil || papers < 0 || papers > MaxPapers {
			return nil, 0, f.fail("%q is no number of papers", text)
		}
	}
	return cells, papers, nil
}

func cell(cells []string, i int) string {
	if i >= len(cells) {
		return ""
	}
	return strings.TrimSpace(cells[i])
}

// byCandidate reads rows of numbers.
func (f *csvReader) byCandidate(names []string) (*Election, error) {
	candidates := make([]Candidate, len(names))
	for i, n := range names {
		candidates[i].Name = n
		for _, m := range names[:i] {
			if m == n {
				return nil, &SyntaxError{1, fmt.Sprintf("two columns are headed %q", n)}
			}
		}
	}
	b := NewBuilder(f.seats, candidates...)
	scale := f.o.Scale
	if scale < 0 || scale > maxRank {
		return nil, fmt.Errorf("a scale of %d; it must be from 1 to %d", scale, maxRank)
	}
	top := scale
	if f.o.Scores && scale == 0 {
		top = maxRank
	}
	highest := 0
	at := make([][]int, maxRank+1) // by rank
	for {
		cells, papers, err := f.row()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		last := 0
		for k, i := range f.use {
			n, err := f.number(cell(cells, i))
			if err != nil {
				return nil, err
			}
			if n == 0 {
				continue
			}
			if f.o.Scores {
				if n > top {
					return nil, f.fail("the score %d for %s is above %d", n, names[k], top)
				}
				highest = max(highest, n)
				n = top + 1 - n
			}
			at[n] = append(at[n], k+1)
			last = max(last, n)
		}
		err = b.Add(papers, at[1:last+1]...)
		for n := 1; n <= last; n++ {
			at[n] = at[n][:0]
		}
		if err != nil {
			return nil, f.fail("%v", err)
		}
	}
	e := b.Election()
	if !f.o.Scores {
		return e, nil
	}
	e.Scale = top
	if scale == 0 {
		f.note(0, "the highest score found, %d, was taken as the highest there is", highest)
		return rescale(e, max(highest, 1)), nil
	}
	return e, nil
}

// rescale takes off the ranks above the highest score that was given.
func rescale(e *Election, scale int) *Election {
	off := e.Scale - scale
	b := NewBuilder(e.Seats, e.Candidates...)
	b.e.Scale = scale
	b.e.ballots.total = e.ballots.blank
	b.e.ballots.blank = e.ballots.blank
	e.Each(func(papers int64, ranks [][]int) bool {
		// What was read once can be read again: no error is possible.
		return b.Add(papers, ranks[off:]...) == nil
	})
	return b.Election()
}

func (f *csvReader) number(text string) (int, error) {
	switch text {
	case "", "-":
		return 0, nil
	case "x", "X", "✓", "✔", "yes", "Yes", "YES":
		if f.o.Scores {
			break
		}
		return 1, nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil || text[0] == '+':
		return 0, f.fail("%q is neither a number nor a mark", clip([]byte(text)))
	case n == 0 && !f.o.Scores:
		return 0, f.fail("0 is no preference; preferences begin with 1")
	case n < 0 || n > maxRank:
		return 0, f.fail("%d is not from 0 to %d", n, maxRank)
	}
	return n, nil
}

// byPreference reads rows of names.
func (f *csvReader) byPreference() (*Election, error) {
	number := map[string]int{}
	var names []string
	// Names are numbered as they come, with room for all that there can be, and put in order at the end.
	first := NewBuilder(f.seats, make([]Candidate, maxRank)...)
	for {
		cells, papers, err := f.row()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		var ranks [][]int
		for _, i := range f.use {
			name, _ := decode([]byte(cell(cells, i)))
			if name == "" {
				ranks = append(ranks, nil)
				continue
			}
			if number[name] == 0 {
				if len(names) == maxRank {
					return nil, f.fail("there are more than %d different names", maxRank)
				}
				names = append(names, name)
				number[name] = len(names)
			}
			ranks = append(ranks, []int{number[name]})
		}
		if err := first.Add(papers, ranks...); err != nil {
			return nil, f.fail("%v", err)
		}
	}
	if len(names) == 0 {
		return nil, &SyntaxError{1, "no ballot names a candidate"}
	}
	f.note(0, "candidates were taken from the ballots and numbered in the order of their names")
	sorted := append([]string(nil), names...)
	sort.Strings(sorted)
	candidates := make([]Candidate, len(sorted))
	renumber := make([]int, len(names)+1)
	for i, n := range sorted {
		candidates[i].Name = n
		renumber[number[n]] = i + 1
	}
	e := first.Election()
	b := NewBuilder(f.seats, candidates...)
	b.e.ballots.total = e.ballots.blank
	b.e.ballots.blank = e.ballots.blank
	e.Each(func(papers int64, ranks [][]int) bool {
		for _, rank := range ranks {
			for i := range rank {
				rank[i] = renumber[rank[i]]
			}
		}
		return b.Add(papers, ranks...) == nil
	})
	return b.Election(), nil
}
