package statement

import (
	"fmt"
	"io"
)

// File is a bank file read whole, for small ones.
type File struct {
	// Summary is what it held.
	Summary Summary
	// Statements, Lines and Problems are in the file's order.
	Statements []Statement
	Lines      []Line
	Problems   []Problem
}

// Begin does nothing: End brings the statement whole.
func (f *File) Begin(Statement) error { return nil }

// Line keeps the line.
func (f *File) Line(l Line) error { f.Lines = append(f.Lines, l); return nil }

// Problem keeps the problem.
func (f *File) Problem(p Problem) error { f.Problems = append(f.Problems, p); return nil }

// End keeps the statement.
func (f *File) End(s Statement) error { f.Statements = append(f.Statements, s); return nil }

// Collect reads a file whole. What it had read is returned with an error of Read.
func Collect(r io.Reader, o Options) (*File, error) {
	f := &File{}
	var err error
	f.Summary, err = Read(r, o, f)
	return f, err
}

func (c *course) problem(line int, field, reason string, refused bool, format string, args ...any) Problem {
	number := c.now.Number
	return Problem{FileLine: line, Statement: number, Field: field, Reason: reason, Message: fmt.Sprintf(format, args...), Refused: refused}
}
