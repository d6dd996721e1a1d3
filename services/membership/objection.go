package membership

import (
	"strconv"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Objection is a member's doubt about an entry, with the answer.
type Objection struct {
	// Number is that of its event.
	Number int64
	// Member is whose entry.
	Member string
	// By is who objected, Text what is wrong, and At when.
	By, Text string
	At       time.Time
	// Answered is when it was answered; zero while it waits. Upheld and Reason are the answer.
	Answered time.Time
	Upheld   bool
	Reason   string
}

// Object decides that a member objects to an entry. mine is how many objections of theirs wait.
func (d Decision) Object(by, whom State, mine int) (Event, error) {
	d.Reason = oneLine(d.Reason)
	if bad := checkText(nil, "text", "what is wrong", d.Reason, MaxReason); len(bad) > 0 {
		return Event{}, fault.New(fault.Invalid, "OBJECTION_INVALID", bad[0].Message, bad...)
	}
	switch {
	case !by.Member():
		return Event{}, fault.New(fault.Denied, "NOT_A_MEMBER", "Only a member objects to an entry.")
	case d.own():
		return Event{}, fault.New(fault.Conflict, "OWN_ENTRY", "This is your own entry: correct it, or tell the secretary.")
	case !whom.Member():
		return Event{}, notAMember()
	case mine >= MaxObjections:
		return Event{}, fault.New(fault.Exhausted, "OBJECTIONS_WAIT", "Your objections wait for an answer. Make another when they are answered.").With("most", strconv.Itoa(MaxObjections))
	}
	return d.event(Objected), nil
}

// MaxObjections is how many objections of one member may wait at a time.
const MaxObjections = 5

// Answer decides on an objection. Neither who objected nor whom it is about answers.
func (d Decision) Answer(o Objection, upheld bool) (Event, error) {
	if d.By == o.By || d.By == o.Member {
		return Event{}, fault.New(fault.Denied, "OWN_OBJECTION", "Neither who objected nor whom it is about decides: ask another officer.")
	}
	d, err := d.reasoned("OBJECTION_INVALID")
	if err != nil {
		return Event{}, err
	}
	if !o.Answered.IsZero() {
		return Event{}, fault.New(fault.Conflict, "OBJECTION_ANSWERED", "This objection was answered already.")
	}
	kind := ObjectionDismissed
	if upheld {
		kind = ObjectionUpheld
	}
	e := d.event(kind)
	e.About = strconv.FormatInt(o.Number, 10)
	return e, nil
}
