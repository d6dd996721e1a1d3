package statement

import (
	"fmt"
	"strconv"
	"unicode"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Problem is something about the file that a person should know.
type Problem struct {
	// FileLine is the line of the file, from 1.
	FileLine int
	// Statement is the number of the statement, 0 if before the first.
	Statement int
	// Field is what it is about, as the file calls it: "TRNAMT", "Amount".
	Field string
	// Reason is stable, in UPPER_SNAKE_CASE.
	Reason string
	// Message says to a treasurer what is wrong.
	Message string
	// Refused is true if the line or balance cannot be taken; else it is a note and the line stands.
	Refused bool
}

// String returns "line 12: what is wrong".
func (p Problem) String() string { return fmt.Sprintf("line %d: %s", p.FileLine, p.Message) }

// Fault returns the problem as a fault, with the line in its details.
func (p Problem) Fault() *fault.Fault {
	return fault.New(fault.Invalid, p.Reason, fmt.Sprintf("Line %d: %s", p.FileLine, p.Message),
		fault.Violation{Field: p.Field, Message: p.Message}).With("line", strconv.Itoa(p.FileLine))
}

// stopped makes the fault for a file that cannot be followed from this line on.
func stopped(line int, reason, format string, args ...any) error {
	return Problem{FileLine: line, Reason: reason, Message: fmt.Sprintf(format, args...), Refused: true}.Fault()
}

// quoted shows a piece of the file in a message, shortened and without control characters.
func quoted(s string) string {
	s = tidy(s)
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return "“" + s + "”"
}

func unordinary(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
