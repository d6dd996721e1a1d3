package statement

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// Limits on one row of a CSV file.
const (
	maxFields = 200
	maxRow    = 1 << 17
)

// rows reads a CSV file row by row (RFC 4180), with the separator that the file uses. A quotation mark inside a field that
// does not begin with one is a character like others.
type rows struct {
	in        *bufio.Reader
	separator byte
	line      int // of the next byte
	start     int // of the row at hand
	fields    []string
	field     []byte
	size      int
	// bad says what is wrong with the row at hand, empty if nothing.
	bad string
}

// separate finds the separator: whichever is met most often in the first lines.
func separate(in *bufio.Reader) byte {
	head, _ := in.Peek(4096)
	best, most := byte(','), 0
	for _, c := range []byte{',', ';', '\t'} {
		if n := bytes.Count(head, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

func (r *rows) endField() error {
	if len(r.fields) >= maxFields {
		return stopped(r.start, "STATEMENT_UNREADABLE", "A row of more than %d fields: this is not a bank's CSV file.", maxFields)
	}
	r.fields = append(r.fields, strings.TrimFunc(decoded(r.field), unordinary))
	r.field = r.field[:0]
	return nil
}

func (r *rows) byte() (byte, error) {
	b, err := r.in.ReadByte()
	if err == nil {
		if b == '\n' {
			r.line++
		}
		if r.size++; r.size > maxRow {
			return 0, stopped(r.start, "STATEMENT_UNREADABLE",
				"The row that begins here has no end: a quotation mark may be opened and not closed.")
		}
	}
	return b, err
}

// next reads the next row that is not blank. It returns io.EOF after the last.
func (r *rows) next() error {
	for {
		if err := r.row(); err != nil {
			return err
		}
		for _, f := range r.fields {
			if f != "" {
				return nil
			}
		}
		if r.bad != "" {
			return nil
		}
	}
}

func (r *rows) row() error {
	r.start, r.fields, r.field, r.size, r.bad = r.line, r.fields[:0], r.field[:0], 0, ""
	for first := true; ; first = false {
		b, err := r.byte()
		if errors.Is(err, io.EOF) && !first {
			return r.endField()
		}
		if err != nil {
			return err
		}
		switch {
		case b == '"' && len(bytes.TrimLeft(r.field, " ")) == 0:
			if err := r.quoted(); err != nil {
				return err
			}
		case b == r.separator:
			if err := r.endField(); err != nil {
				return err
			}
		case b == '\n':
			return r.endField()
		case b == '\r':
			if next, err := r.in.Peek(1); err != nil || next[0] != '\n' { // a Macintosh's own line end
				r.line++
				return r.endField()
			}
		default:
			r.field = append(r.field, b)
		}
	}
}

// quoted reads a field after its opening quotation mark, up to what ends it, which is left to be read.
func (r *rows) quoted() error {
	r.field = r.field[:0]
	for {
		b, err := r.byte()
		if errors.Is(err, io.EOF) {
			return stopped(r.start, "STATEMENT_CUT_OFF", "The file ends inside quotation marks that were opened in this row.")
		}
		if err != nil {
			return err
		}
		if b != '"' {
			r.field = append(r.field, b)
			continue
		}
		next, err := r.in.Peek(1)
		switch {
		case err != nil || next[0] == r.separator || next[0] == '\n' || next[0] == '\r':
			return nil
		case next[0] == '"':
			if _, err := r.byte(); err != nil {
				return err
			}
			r.field = append(r.field, '"')
		case next[0] == ' ':
			if _, err := r.byte(); err != nil { // spaces between the mark and the separator
				return err
			}
			for {
				next, err := r.in.Peek(1)
				if err != nil || next[0] != ' ' {
					break
				}
				if _, err := r.byte(); err != nil {
					return err
				}
			}
			if next, err := r.in.Peek(1); err == nil && next[0] != r.separator && next[0] != '\n' && next[0] != '\r' {
				r.bad = "A quotation mark stands in the middle of a field."
			}
			return nil
		default:
			r.bad = "A quotation mark stands in the middle of a field."
			return nil
		}
	}
}
