// Package intake reads the CSV file of members that a society has when it begins (RFC 4180, UTF-8 with or without a byte order mark),
// and says of each mistake where it stands.
//
// The first line names the columns, in any order and either case: name and email, and if wanted region (the id or the name of a regional
// group), language ("en" or "cy") and admitted (YYYY-MM-DD, the day on which the person became a member; the day of the import
// where it is empty). Any other heading is a mistake: nothing is silently left out.
//
// A row is the person with its e-mail address, letters' case aside: two rows with one address are a mistake, and a row whose address
// the register knows adds nobody and changes nothing. That the members declared this their one membership is for the officer who
// imports them to know.
package intake

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// The columns.
const (
	Name     = "name"
	Email    = "email"
	Region   = "region"
	Language = "language"
	Admitted = "admitted"
)

var columns = []string{Name, Email, Region, Language, Admitted}

// MaxRow bounds a row, in bytes: no row is held that is longer.
const MaxRow = 16 << 10

// Row is a member to take in.
type Row struct {
	// Line is where the row begins, from 1.
	Line int
	membership.Person
	// Admitted is the day on which they became a member, zero for the day of the import.
	Admitted time.Time
	// EmailColumn is where the address stands in its line, in bytes from 1.
	EmailColumn int
}

// Mistake is one thing wrong with a file.
type Mistake struct {
	// Line and Column are where, from 1; the column counts bytes.
	Line, Column int
	// Field is the heading of the cell, or empty.
	Field string
	// Message says what to do.
	Message string
}

// Options are what the rows are compared with.
type Options struct {
	// Regions are the ids of the regional groups by id and by folded name ([membership.Fold]).
	Regions map[string]string
	// Today is the present day at midnight in the society's zone: nobody was admitted later.
	Today time.Time
}

// Reader reads a file row by row. It holds one row.
type Reader struct {
	csv     *csv.Reader
	guard   *guard
	options Options
	// fields are the columns in the order of the file.
	fields []string
	// last is the line where the last whole row began.
	last   int
	broken bool
}

// errLong is a row beyond MaxRow.
var errLong = errors.New("a row is too long")

// guard stops a row that does not end before all of it is in memory.
type guard struct {
	from io.Reader
	// read is how many bytes were handed on, and limit how far it may go.
	read, limit int64
}

func (g *guard) Read(p []byte) (int, error) {
	if g.read >= g.limit {
		return 0, errLong
	}
	if room := g.limit - g.read; int64(len(p)) > room {
		p = p[:room]
	}
	n, err := g.from.Read(p)
	g.read += int64(n)
	return n, err
}

// buffered is how far the CSV reader's buffer may run ahead of the row.
const buffered = 4096

// NewReader reads the headings. The mistakes are those in them; then there is no reader.
func NewReader(from io.Reader, o Options) (*Reader, []Mistake, error) {
	b := bufio.NewReaderSize(from, buffered)
	if mark, err := b.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		_, _ = b.Discard(3)
	}
	g := &guard{from: b, limit: MaxRow + buffered}
	r := &Reader{csv: csv.NewReader(g), guard: g, options: o}
	r.csv.FieldsPerRecord = -1
	r.csv.ReuseRecord = true
	record, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, []Mistake{{Line: 1, Column: 1, Message: "The file is empty. Its first line names the columns: name, email, …"}}, nil
	}
	if err != nil {
		m, err := r.spoilt(err)
		return nil, m, err
	}
	r.last = 1
	var wrong []Mistake
	for i, cell := range record {
		line, column := r.csv.FieldPos(i)
		field := strings.ToLower(strings.TrimSpace(cell))
		switch {
		case !slices.Contains(columns, field):
			wrong = append(wrong, Mistake{line, column, "", fmt.Sprintf("%q is not a column that is read. The columns are %s.", clip(cell), strings.Join(columns, ", "))})
		case slices.Contains(r.fields, field):
			wrong = append(wrong, Mistake{line, column, field, "This column is there twice."})
		}
		r.fields = append(r.fields, field)
	}
	for _, needed := range []string{Name, Email} {
		if !slices.Contains(r.fields, needed) {
			wrong = append(wrong, Mistake{1, 1, needed, "The column " + needed + " is missing in the first line."})
		}
	}
	if len(wrong) > 0 {
		return nil, wrong, nil
	}
	return r, nil, nil
}

// clip keeps a message short and printable.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// spoilt says what is wrong with the file as CSV, or returns the error of reading it.
func (r *Reader) spoilt(err error) ([]Mistake, error) {
	r.broken = true
	var parse *csv.ParseError
	switch {
	case errors.Is(err, errLong):
		return []Mistake{{r.last + 1, 1, "", fmt.Sprintf("The row that begins here is longer than %d bytes: is a quotation mark missing? The rest of the file was not read.", MaxRow)}}, nil
	case errors.As(err, &parse):
		return []Mistake{{parse.Line, max(parse.Column, 1), "", "This is not CSV: " + parse.Err.Error() + ". The rest of the file was not read."}}, nil
	}
	return nil, err
}

// Next returns the next row or what is wrong with it, and io.EOF after the last.
func (r *Reader) Next() (Row, []Mistake, error) {
	if r.broken {
		return Row{}, nil, io.EOF
	}
	r.guard.limit = r.guard.read + MaxRow + buffered
	record, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return Row{}, nil, io.EOF
	}
	if err != nil {
		m, err := r.spoilt(err)
		return Row{}, m, err
	}
	line, column := r.csv.FieldPos(0)
	row := Row{Line: line}
	r.last = line
	if len(record) != len(r.fields) {
		return row, []Mistake{{line, column, "", fmt.Sprintf("This row has %d cells, and the first line %d.", len(record), len(r.fields))}}, nil
	}
	return r.row(row, record)
}

func (r *Reader) row(row Row, record []string) (Row, []Mistake, error) {
	cell := map[string]string{}
	place := map[string][2]int{}
	for i, f := range r.fields {
		// The record's memory is used again for the next one.
		cell[f] = strings.Clone(record[i])
		line, column := r.csv.FieldPos(i)
		place[f] = [2]int{line, column}
	}
	var wrong []Mistake
	add := func(field, message string) {
		at, ok := place[field]
		if !ok {
			at = [2]int{row.Line, 1}
		}
		wrong = append(wrong, Mistake{at[0], at[1], field, message})
	}
	for _, f := range r.fields {
		if !utf8.ValidString(cell[f]) {
			add(f, "This is not UTF-8. Save the file as CSV UTF-8.")
			return row, wrong, nil
		}
	}
	region := strings.TrimSpace(cell[Region])
	if region != "" {
		known, ok := r.options.Regions[membership.Fold(region)]
		if !ok {
			add(Region, "There is no such regional group.")
		}
		region = known
	}
	person, err := membership.NewPerson(cell[Name], cell[Email], region, strings.ToLower(strings.TrimSpace(cell[Language])), true)
	if err != nil {
		f := fault.Of(err)
		if f == nil {
			return row, nil, err
		}
		for _, v := range f.Violations {
			add(v.Field, strings.Replace(v.Message, "your name", "the name", 1))
		}
	}
	row.Person, row.EmailColumn = person, place[Email][1]
	if day := strings.TrimSpace(cell[Admitted]); day != "" {
		row.Admitted, err = time.ParseInLocation(time.DateOnly, day, r.options.Today.Location())
		switch {
		case err != nil:
			add(Admitted, "Write the day as 2026-03-31.")
		case row.Admitted.After(r.options.Today):
			add(Admitted, "This day has not come yet.")
		case row.Admitted.Year() < 1844:
			add(Admitted, "No co-operative had members then.")
		}
	}
	return row, wrong, nil
}
