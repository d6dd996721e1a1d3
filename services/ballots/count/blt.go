package count

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strconv"
	"strings"
)

// SyntaxError is a place in a ballot file that cannot be read.
type SyntaxError struct {
	// Line of the file, from 1.
	Line int
	// Message in plain words.
	Message string
}

// Error returns the message with its line.
func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// ReadOptions are wishes for a reader.
type ReadOptions struct {
	// Progress, where set, is told now and then how many bytes have been read.
	Progress func(read int64)
	// SizeHint is how many bytes there are to come, where that is known; it only spares copying.
	SizeHint int64
}

// maxLine is the longest line in bytes that a reader takes.
const maxLine = 1 << 20

// ReadBLT reads a ballot file in BLT format, once and in order, keeping each distinct ballot once.
//
// The format: a line "candidates seats"; perhaps lines of withdrawn candidates as negative numbers; a line
// for each ballot: how many papers, candidate numbers by preference, 0; a line 0; the candidates' names and
// the title, a line each. "-" skips a preference, "2=3" gives two candidates the same. A # begins a comment.
//
// Dialects. Names with or without quotes, quotes within them doubled or not; names in comments
// "# ALTERNATIVE NAME 3: …"; a last line without line end; a ballot id in parentheses before a ballot, with
// or without a number of papers behind it; the lines [withdrawn …], [tie …] and [nick …]; a byte order
// mark, CRLF, names in Latin-1, commas for spaces from the first line on. What was assumed stands in Election.Notes.
//
// The error is a *SyntaxError, or the error of r.
func ReadBLT(r io.Reader, o ReadOptions) (*Election, error) {
	b := &bltReader{lines: newLines(r, o), e: &Election{}}
	err := b.read(o)
	if err == nil && b.err != nil {
		err = b.err
	}
	if err != nil {
		return nil, err
	}
	b.e.Notes = append(b.e.Notes, b.notes...)
	b.e.ballots.close()
	return b.e, nil
}

// lines hands out lines without copying where it can.
type lines struct {
	r        *bufio.Reader
	progress func(int64)
	read     int64
	told     int64
	n        int // of the line handed out last
	long     []byte
	err      error
}

func newLines(r io.Reader, o ReadOptions) lines {
	size := 1 << 18
	if o.SizeHint > 0 {
		size = int(min(int64(size), max(1<<12, o.SizeHint)))
	}
	return lines{r: bufio.NewReaderSize(r, size), progress: o.Progress}
}

// next returns the next line without its end, valid until the next call; false at the end.
func (l *lines) next() ([]byte, bool) {
	if l.err != nil {
		return nil, false
	}
	line, err := l.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		l.long = append(l.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) && len(l.long) < maxLine {
			line, err = l.r.ReadSlice('\n')
			l.long = append(l.long, line...)
		}
		line = l.long
		if len(line) >= maxLine {
			l.err = &SyntaxError{l.n + 1, fmt.Sprintf("the line is longer than %d bytes", maxLine)}
			return nil, false
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		l.err = err
		return nil, false
	}
	if len(line) == 0 {
		return nil, false
	}
	l.n++
	if l.n == 1 {
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	l.read += int64(len(line))
	if l.progress != nil && l.read-l.told > 1<<22 {
		l.told = l.read
		l.progress(l.read)
	}
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), true
}

type bltReader struct {
	lines
	e     *Election
	notes []Note
	nick  map[string]int
	alt   map[int]string
	comma bool // commas stand where spaces belong

	ids     *ballots // ballots with an id, their first number kept as if a preference
	idLine  int      // the first of them
	noCount int      // the first line whose first number after the id cannot be a number of papers
	noFirst int      // the first line whose first number after the id cannot be a preference
}

func (b *bltReader) fail(format string, args ...any) error {
	if b.err != nil {
		return b.err
	}
	return &SyntaxError{b.n, fmt.Sprintf(format, args...)}
}

func (b *bltReader) note(line int, format string, args ...any) {
	if len(b.notes) < 100 {
		b.notes = append(b.notes, Note{line, fmt.Sprintf(format, args...)})
	}
}

func (b *bltReader) read(o ReadOptions) error {
	if err := b.header(); err != nil {
		return err
	}
	if o.SizeHint > 0 {
		// Nearly every ballot is shorter here than in the file, and pages that stay untouched cost nothing.
		b.e.ballots.arena = make([]byte, 0, min(o.SizeHint, 1<<32-1<<20))
		b.e.ballots.grow(1 << bits.Len64(uint64(min(o.SizeHint, 1<<26))/64))
	}
	for {
		line, ok := b.next()
		if !ok {
			return b.fail("the file ends before the line 0 that ends the ballots")
		}
		if b.comma {
			line = bytes.ReplaceAll(line, []byte(","), []byte(" "))
		}
		i := skipSpace(line, 0)
		if i == len(line) {
			continue
		}
		var err error
		switch c := line[i]; {
		case c >= '1' && c <= '9':
			err = b.ballot(line, i)
		case c == '0':
			if j := skipSpace(line, skipDigits(line, i)); j < len(line) && line[j] != '#' {
				return b.fail("a ballot of 0 papers; a line 0 alone ends the ballots")
			}
			return b.tail()
		case c == '#':
			b.comment(line[i:])
		case c == '(':
			err = b.withID(line, i)
		case c == '-':
			err = b.withdrawn(line[i:])
		case c == '[':
			err = b.option(line[i:])
		default:
			err = b.fail("a ballot begins with its number of papers, not %q; a line 0 ends the ballots", clip(line[i:]))
		}
		if err != nil {
			return err
		}
		if len(b.e.ballots.arena) > 1<<32-1<<21 {
			return b.fail("there are more different ballots than fit in 4 GiB")
		}
	}
}

func (b *bltReader) header() error {
	for {
		line, ok := b.next()
		if !ok {
			return b.fail("the file is empty; it begins with the numbers of candidates and of seats")
		}
		text, _, _ := strings.Cut(string(line), "#")
		if strings.Contains(text, ",") {
			b.comma = true
			b.note(b.n, "commas among the numbers were taken for spaces")
			text = strings.ReplaceAll(text, ",", " ")
		}
		f := strings.Fields(text)
		if len(f) == 0 {
			continue
		}
		var n [2]int
		for i := range n {
			var err error
			if len(f) != 2 {
				err = strconv.ErrSyntax
			} else {
				n[i], err = strconv.Atoi(f[i])
			}
			if err != nil {
				return b.fail("the file begins with the numbers of candidates and of seats, not %q", clip(line))
			}
		}
		switch {
		case n[0] < 1 || n[0] > MaxCandidates:
			return b.fail("%d candidates; there must be from 1 to %d", n[0], MaxCandidates)
		case n[1] < 1 || n[1] > MaxCandidates:
			return b.fail("%d seats; there must be from 1 to %d", n[1], MaxCandidates)
		}
		b.e.Candidates = make([]Candidate, n[0])
		b.e.Seats = n[1]
		b.e.ballots.candidates = n[0]
		if n[1] > n[0] {
			b.note(b.n, "there are more seats (%d) than candidates (%d)", n[1], n[0])
		}
		return nil
	}
}

func skipSpace(p []byte, i int) int {
	for i < len(p) && (p[i] == ' ' || p[i] == '\t' || p[i] == '\r') {
		i++
	}
	return i
}

func skipDigits(p []byte, i int) int {
	for i < len(p) && p[i]-'0' <= 9 {
		i++
	}
	return i
}

func clip(p []byte) string {
	if len(p) > 40 {
		return string(p[:40]) + "…"
	}
	return string(p)
}

// ballot reads a ballot that begins with its number of papers at line[i].
func (b *bltReader) ballot(line []byte, i int) error {
	var papers int64
	j := i
	for ; i < len(line) && line[i]-'0' <= 9; i++ {
		if papers = papers*10 + int64(line[i]-'0'); papers > MaxPapers {
			return b.fail("more papers than %d", int64(MaxPapers))
		}
	}
	if i < len(line) && line[i] != ' ' && line[i] != '\t' {
		return b.fail("a number of papers is a whole number, not %q", clip(word(line, j)))
	}
	s := &b.e.ballots
	if papers > MaxPapers-s.total {
		return b.fail("more papers in all than %d", int64(MaxPapers))
	}
	s.begin()
	if err := b.preferences(s, line, i); err != nil {
		return err
	}
	s.end(uint32(papers))
	return nil
}

// preferences reads what follows on a ballot's line up to its closing 0 into the draft of s.
func (b *bltReader) preferences(s *ballots, line []byte, i int) error {
	n := s.candidates
	for {
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
			i++
		}
		if i == len(line) || line[i] == '#' || line[i] == '\r' {
			return b.fail("the ballot does not end with 0")
		}
		start, equal := i, false
		if line[i] == '-' {
			if i+1 < len(line) && line[i+1] != ' ' && line[i+1] != '\t' {
				return b.fail("%q is not a preference; - alone skips one", clip(word(line, i)))
			}
			s.skip()
			i++
			continue
		}
		for {
			c, from := 0, i
			for i < len(line) && line[i]-'0' <= 9 {
				if c = c*10 + int(line[i]-'0'); c > MaxCandidates*10 {
					break
				}
				i++
			}
			if i == from || b.nick != nil || c > n {
				var err error
				if c, i, err = b.named(line, from, n); err != nil {
					return err
				}
			}
			if c == 0 && i == from+1 && !equal && (i == len(line) || line[i] != '=') {
				if i = skipSpace(line, i); i < len(line) && line[i] != '#' {
					return b.fail("%q stands behind the 0 that ends the ballot", clip(line[i:]))
				}
				return nil
			}
			if c < 1 {
				return b.fail("%q is not a preference", clip(word(line, start)))
			}
			if !s.put(c, equal) {
				return b.fail("candidate %d stands twice on the ballot", c)
			}
			if i == len(line) || line[i] == ' ' || line[i] == '\t' {
				break
			}
			if line[i] != '=' {
				return b.fail("%q is not a preference", clip(word(line, start)))
			}
			equal = true
			i++
		}
	}
}

// named reads a candidate that is not a plain number from 0 to n: by nickname, or an error.
func (b *bltReader) named(line []byte, i, n int) (c, end int, err error) {
	w := word(line, i)
	if k := bytes.IndexByte(w, '='); k >= 0 {
		w = w[:k]
	}
	if c, ok := b.nick[string(w)]; ok {
		return c, i + len(w), nil
	}
	c, convErr := strconv.Atoi(string(w))
	switch {
	case len(w) == 0:
		return 0, i, b.fail("a candidate's number is missing beside =")
	case convErr != nil || w[0] == '+' || w[0] == '-':
		return 0, i, b.fail("%q is not a candidate's number", clip(word(line, i)))
	case c > n:
		return 0, i, b.fail("there is no candidate %d; the file has %d", c, n)
	}
	return c, i + len(w), nil
}

// word returns the text from i up to a space.
func word(line []byte, i int) []byte {
	j := i
	for j < len(line) && line[j] != ' ' && line[j] != '\t' && line[j] != '\r' {
		j++
	}
	return line[i:j]
}
