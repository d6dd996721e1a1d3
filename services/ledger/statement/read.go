package statement

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
)

// Sink takes what a file holds, in the file's order. An error of its own ends the reading and is returned by Read.
type Sink interface {
	// Begin takes a statement's account and currency, before its lines.
	Begin(Statement) error
	// Line takes a line. It may keep it.
	Line(Line) error
	// Problem takes what is wrong with a line or a balance, or worth knowing. A statement has no Begin and End if what is
	// wrong with it is worse than its lines.
	Problem(Problem) error
	// End takes the statement with balances and sums, after its lines.
	End(Statement) error
}

// Progress is how far a reading is.
type Progress struct {
	// Bytes were read from the file and Lines handed on.
	Bytes int64
	Lines int
}

// Options say how to read.
type Options struct {
	// Format is the file's, empty to look at its first bytes.
	Format Format
	// Columns says what stands where in a CSV file; nil looks for a bank's preset by its header.
	Columns *Columns
	// Currency is assumed where the file names none; empty refuses such a file, except CSV, which is taken as GBP.
	Currency string
	// Bank and Account are assumed where a CSV file names none.
	Bank, Account string
	// Progress is called about once for every MiB read; it may be nil.
	Progress func(Progress)
	// MaxProblems ends the reading when so many lines were refused; 0 is 1,000.
	MaxProblems int
}

// Summary is what a file held.
type Summary struct {
	// Format, Version and, for CSV, the name of the column map that was used.
	Format           Format
	Version, Columns string
	// Statements and Lines were handed on; Refused counts problems for which a line or balance was refused, Notes the
	// others, Pending the movements not booked yet, which are left out.
	Statements, Lines, Refused, Notes, Pending int
	// Bytes is the size of the file.
	Bytes int64
}

// maxStatements bounds the statements of one file.
const maxStatements = 100_000

// Read reads a bank file of any of the formats and hands what it holds to the sink.
//
// A problem of a line does not end it: see [Sink]. The error is a fault of kind Invalid with a detail "line" if the file
// cannot be followed (STATEMENT_UNKNOWN, STATEMENT_UNREADABLE, STATEMENT_CUT_OFF, TOO_MANY_PROBLEMS …), or whatever the
// reader or the sink returned. What was handed on before an error must not be kept: a file is imported whole.
func Read(r io.Reader, o Options, sink Sink) (Summary, error) {
	c := &course{o: o, sink: sink, ids: newIdentities()}
	if c.o.MaxProblems <= 0 {
		c.o.MaxProblems = 1000
	}
	if o.Currency != "" && !isCurrency(o.Currency) {
		return Summary{}, stopped(0, "CURRENCY_UNKNOWN", "%s is not a currency: write its three letters, like GBP.", quoted(o.Currency))
	}
	c.in = bufio.NewReaderSize(&counted{r: r, c: c}, 1<<16)
	wide, err := wideText(c.in)
	if err != nil {
		return c.sum, err
	}
	if wide != nil {
		c.in = bufio.NewReaderSize(wide, 1<<16)
	}
	if _, err := c.in.Peek(1); errors.Is(err, io.EOF) {
		return c.sum, stopped(1, "STATEMENT_EMPTY", "The file is empty.")
	} else if err != nil {
		return c.sum, err
	}
	if c.o.Format == "" {
		if c.o.Format, err = detect(c.in); err != nil {
			return c.sum, err
		}
	}
	c.sum.Format = c.o.Format
	switch c.o.Format {
	case CAMT:
		err = readCAMT(c)
	case OFX:
		err = readOFX(c)
	case CSV:
		err = readCSV(c)
	default:
		err = stopped(1, "STATEMENT_UNKNOWN", "There is no format %s: it is csv, ofx or camt053.", quoted(string(c.o.Format)))
	}
	if c.o.Progress != nil {
		c.o.Progress(Progress{Bytes: c.sum.Bytes, Lines: c.sum.Lines})
	}
	return c.sum, err
}

// detect looks at the first bytes.
func detect(in *bufio.Reader) (Format, error) {
	head, err := in.Peek(4096)
	if len(head) == 0 {
		return "", err
	}
	upper := bytes.ToUpper(bytes.TrimLeft(head, " \t\r\n"))
	switch {
	case bytes.HasPrefix(upper, []byte("OFXHEADER")), bytes.Contains(upper, []byte("<?OFX")), bytes.Contains(upper, []byte("<OFX>")):
		return OFX, nil
	case bytes.HasPrefix(upper, []byte("%PDF")):
		return "", stopped(1, "STATEMENT_UNKNOWN", "This is a PDF. Ask the bank's site for a CSV, OFX or CAMT.053 file instead.")
	case bytes.HasPrefix(upper, []byte("PK\x03\x04")), bytes.HasPrefix(upper, []byte{0xd0, 0xcf, 0x11, 0xe0}):
		return "", stopped(1, "STATEMENT_UNKNOWN", "This is a spreadsheet or a zip. Save it as CSV, or unpack it, and choose that file.")
	case bytes.HasPrefix(upper, []byte("!TYPE:")):
		return "", stopped(1, "STATEMENT_UNKNOWN", "This is a QIF file, which names neither account nor currency. Choose OFX or CSV at the bank's site.")
	case bytes.HasPrefix(upper, []byte("<")):
		return CAMT, nil
	case bytes.IndexByte(head, 0) >= 0:
		return "", stopped(1, "STATEMENT_UNKNOWN", "This is not a text file. Choose a CSV, OFX or CAMT.053 file.")
	}
	return CSV, nil
}

// counted counts what is read and reports it.
type counted struct {
	r    io.Reader
	c    *course
	told int64
}

func (r *counted) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.c.sum.Bytes += int64(n)
	if r.c.o.Progress != nil && r.c.sum.Bytes-r.told >= 1<<20 {
		r.told = r.c.sum.Bytes
		r.c.o.Progress(Progress{Bytes: r.told, Lines: r.c.sum.Lines})
	}
	return n, err
}

// course is one reading: what the three readers share.
type course struct {
	o     Options
	in    *bufio.Reader
	sink  Sink
	ids   *identities
	sum   Summary
	now   Statement
	key   string
	begun bool
	seen  int // lines and refused ones of this statement
}

// start makes the next statement the one at hand. The sink hears of it at the first line or at its end.
func (c *course) start(line int) error {
	if c.sum.Statements >= maxStatements {
		return stopped(line, "STATEMENT_UNREADABLE", "The file holds more than %d statements.", maxStatements)
	}
	c.sum.Statements++
	c.now = Statement{Number: c.sum.Statements, FileLine: line, Format: c.sum.Format, Version: c.sum.Version}
	c.begun, c.seen = false, 0
	return nil
}

func (c *course) begin() error {
	if c.begun {
		return nil
	}
	c.begun = true
	c.key = accountKey(&c.now)
	return c.sink.Begin(c.now)
}

// line completes a line and hands it on, or refuses it.
func (c *course) line(l Line) error {
	if err := c.begin(); err != nil {
		return err
	}
	c.seen++
	l.Statement, l.Number = c.now.Number, c.seen
	for _, t := range [...]*string{&l.Description, &l.Counterparty, &l.Reference, &l.EndToEnd, &l.CounterpartyAccount, &l.Kind} {
		*t = tidy(*t)
	}
	l.BankID = ownID(l.BankID)
	if !c.ids.give(c.key, &l) {
		c.seen--
		return c.refuse(l.FileLine, "", "LINES_SCATTERED",
			"Lines of %s stand far apart in this long file, so equal ones cannot be told apart: sort it by date first.", l.Booked)
	}
	sum, ok := add(c.now.Sum, l.Minor)
	if !ok {
		return stopped(l.FileLine, "AMOUNT_TOO_LARGE", "The sum of the lines is larger than the books can hold.")
	}
	c.now.Sum = sum
	c.now.Lines++
	c.sum.Lines++
	if l.Minor >= 0 {
		c.now.In += l.Minor
	} else {
		c.now.Out += l.Minor
	}
	if l.Repeats {
		if err := c.note(l.FileLine, "", "LINE_REPEATED",
			"This has the same identification, date, amount and text as an earlier line, and is taken as the same payment."); err != nil {
			return err
		}
	}
	return c.sink.Line(l)
}

func add(a, b int64) (int64, bool) {
	if (b > 0 && a > math.MaxInt64/4-b) || (b < 0 && a < math.MinInt64/4-b) {
		return 0, false
	}
	return a + b, true
}

// refuse hands on what is wrong with one line: it is counted as refused.
func (c *course) refuse(line int, field, reason, format string, args ...any) error {
	c.seen++
	c.now.Refused++
	return c.wrong(line, field, reason, format, args...)
}

// wrong hands on a problem that refuses something.
func (c *course) wrong(line int, field, reason, format string, args ...any) error {
	c.sum.Refused++
	if c.sum.Refused > c.o.MaxProblems {
		return stopped(line, "TOO_MANY_PROBLEMS", "More than %d lines cannot be read: this is not the format or the bank that was chosen.", c.o.MaxProblems)
	}
	return c.sink.Problem(c.problem(line, field, reason, true, format, args...))
}

// note hands on what a person should know and what refuses nothing.
func (c *course) note(line int, field, reason, format string, args ...any) error {
	c.sum.Notes++
	if c.sum.Notes > 100_000 {
		return nil // counted still; a person has read enough of them
	}
	return c.sink.Problem(c.problem(line, field, reason, false, format, args...))
}

// pending leaves a movement out that is not booked yet.
func (c *course) pending() { c.now.Pending++; c.sum.Pending++ }

// end hands on the statement at hand.
func (c *course) end() error {
	if err := c.begin(); err != nil {
		return err
	}
	return c.sink.End(c.now)
}
