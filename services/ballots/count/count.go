// Package count counts ballots by every method that a society may choose, in exact integers or
// rationals, and reports each stage so that another person can repeat it with pencil and paper.
//
// It is pure and stands alone: standard library only, no clock, no files, no randomness of its own. A
// program reads an [Election] with [ReadBLT] or [ReadCSV], or makes one with [NewBuilder], and hands it to
// a [Method]; what comes back is a [Report], which prints as text, JSON, an HTML table or an SVG drawing.
//
//	e, err := count.ReadBLT(file, count.ReadOptions{})
//	report, err := count.ScottishSTV{}.Count(e, count.Options{Seed: "drawn in public at 14:05"})
//
// Ties are broken by the rule's own means first and then by lot. A lot is drawn from the published seed
// in [Options] and anyone can draw it again with sha256sum (see [Lot]); without a seed the order of the
// candidates in the file stands in for the lot, and the report says so.
package count

import "fmt"

// Method is a way of counting.
type Method interface {
	// Name is the word by which a command line and the JSON report know the method.
	Name() string
	// About says in two lines what the method does, and where its rule is written.
	About() About
	// Count counts e. The error is a *RefusedError where the method cannot count such an election.
	Count(e *Election, o Options) (*Report, error)
}

// About explains a method to a person.
type About struct {
	// Title is the method's usual name.
	Title string
	// Lines are two lines of plain words.
	Lines [2]string
	// Source is the Act, rule or paper that the count follows.
	Source string
}

// Options are what a society decides about a count beside the method.
type Options struct {
	// Seed is the published text from which lots are drawn. Empty: the order of candidates stands in.
	Seed string
	// Constraints limit who may be elected together, see [Constraint].
	Constraints []Constraint
}

// RefusedError says why a method does not count an election, in words for the person who asked.
type RefusedError struct {
	// Method is the name of the method.
	Method string
	// Message says what is wrong and what to do.
	Message string
}

// Error returns the method and the message.
func (e *RefusedError) Error() string { return e.Method + ": " + e.Message }

func refuse(method, format string, args ...any) error {
	return &RefusedError{Method: method, Message: fmt.Sprintf(format, args...)}
}
