// Package fault is the one error type that may leave a room.
//
// A decision that refuses returns a *Fault: what kind of refusal it is, a reason that a
// program can test, and a message that a member can read. services/internal/rpc turns it
// into a gRPC status and back in exactly one place, so a caller in another room tests the
// same value that the decision made. Every other error is unknown: it is logged whole where
// it happened, and outside only an id is shown.
//
// The package imports nothing of Folkmoot, so every decision may use it.
package fault

import (
	"errors"
	"time"
)

// Kind says what sort of refusal a fault is. There are nine, not sixteen: a caller can act
// differently on each of them.
type Kind int

// The kinds.
const (
	// Internal is a failure of ours; it is never made by a decision.
	Internal Kind = iota
	// Invalid is input that no state would accept.
	Invalid
	// NotFound is something that is not there, or that the caller may not know of.
	NotFound
	// Exists is something that is already there.
	Exists
	// Conflict is input that this state does not accept.
	Conflict
	// Denied is a caller who may not.
	Denied
	// Unauthenticated is a caller who has not said who they are, or cannot prove it.
	Unauthenticated
	// Exhausted is a limit reached; the same request may pass later.
	Exhausted
	// Unavailable is something that does not answer now; the same request may pass later.
	Unavailable
)

// Violation is one thing wrong with one field.
type Violation struct {
	// Field is the name in the request, as the proto spells it.
	Field string
	// Message says what to do, for a person.
	Message string
}

// Fault is a refusal with a reason.
type Fault struct {
	// Kind is the sort.
	Kind Kind
	// Reason is stable, in UPPER_SNAKE_CASE; programs test it.
	Reason string
	// Message is a sentence for a member.
	Message string
	// Violations name the fields, for Invalid.
	Violations []Violation
	// Details are facts a program may show: the code of a first receipt, a date.
	Details map[string]string
	// RetryAfter is when to try again, for Exhausted and Unavailable; 0 for unsaid.
	RetryAfter time.Duration
}

// New makes a fault.
func New(kind Kind, reason, message string, violations ...Violation) *Fault {
	return &Fault{Kind: kind, Reason: reason, Message: message, Violations: violations}
}

// Field makes an Invalid fault about one field.
func Field(reason, field, message string) *Fault {
	return New(Invalid, reason, message, Violation{Field: field, Message: message})
}

// With returns a copy that carries a detail.
func (f *Fault) With(key, value string) *Fault {
	c := *f
	c.Details = make(map[string]string, len(f.Details)+1)
	for k, v := range f.Details {
		c.Details[k] = v
	}
	c.Details[key] = value
	return &c
}

// After returns a copy that says when to try again.
func (f *Fault) After(d time.Duration) *Fault {
	c := *f
	c.RetryAfter = d
	return &c
}

// Error returns the message for a member and the reason.
func (f *Fault) Error() string { return f.Message + " (" + f.Reason + ")" }

// Of returns the fault in err's chain, or nil.
func Of(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// Is reports whether err is a fault with this reason.
func Is(err error, reason string) bool {
	f := Of(err)
	return f != nil && f.Reason == reason
}
