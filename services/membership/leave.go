package membership

import (
	"slices"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Resolution is what the motions room says about a motion.
type Resolution struct {
	// Motion is its id, and Title and Text its words.
	Motion, Title, Text string
	// Region is that of its meeting, or empty for a general meeting.
	Region string
	// Declared is when the result was declared; zero before.
	Declared time.Time
	// Carried is whether it was carried.
	Carried bool
}

// expels decides whether a resolution may be named for expelling the person with this entry. It has to be a general meeting's,
// carried and declared, no older than the membership, and it has to name whom it is about: by name or by payment reference,
// for a meeting that would rather not print a name.
func (r Resolution) expels(s State, name, reference string) error {
	refuse := func(reason, message string) error {
		return fault.New(fault.Conflict, reason, message).With("motion", r.Motion)
	}
	words := Fold(r.Title + " " + r.Text)
	switch {
	case r.Declared.IsZero():
		return refuse("RESOLUTION_NOT_DECLARED", "The result of this motion is not declared yet: a member is expelled only by a declared resolution.")
	case !r.Carried:
		return refuse("RESOLUTION_NOT_CARRIED", "This motion was not carried: a member is expelled only by a carried resolution.")
	case r.Region != "":
		return refuse("RESOLUTION_REGIONAL", "This is a regional meeting's motion: only a general meeting expels a member.")
	case r.Declared.Before(s.Admitted):
		return refuse("RESOLUTION_TOO_OLD", "This resolution is older than the membership.")
	case !strings.Contains(words, Fold(name)) && (reference == "" || !strings.Contains(words, Fold(reference))):
		return refuse("RESOLUTION_NOT_ABOUT", "This resolution names neither the member nor their payment reference, so it is not about them.")
	}
	return nil
}

// Farewell is the end of a membership: the event, and the offices that end with it.
type Farewell struct {
	// Event is what is recorded.
	Event Event
	// Ended are the member's offices and proposed offices, ended.
	Ended []Grant
}

// officesEnd ends every office of the member. The grants are all that have not ended: the last secretary cannot go.
func (d Decision) officesEnd(e Event, grants []Grant) (Farewell, error) {
	f := Farewell{Event: e}
	for _, g := range grants {
		if g.Member != d.Member || !g.Ended.IsZero() {
			continue
		}
		ended, err := g.End(d.By, "The membership ended.", d.At, grants)
		if fault.Is(err, "LAST_SECRETARY") {
			return Farewell{}, fault.New(fault.Conflict, "LAST_SECRETARY",
				"This is the last secretary, and somebody has to keep the register: have another member made secretary first, then try again.")
		}
		if err != nil {
			return Farewell{}, err
		}
		f.Ended = append(f.Ended, ended)
	}
	return f, nil
}

// Leave decides that people leave, having understood what leaves with them: a member resigns, and an applicant for whom nobody has decided
// yet takes the application back.
func (d Decision) Leave(s State, understood bool, grants []Grant) (Farewell, error) {
	if !s.Pending() {
		return d.Resign(s, understood, grants)
	}
	d, err := d.reasoned("LEAVE_INVALID")
	switch {
	case err != nil:
		return Farewell{}, err
	case !understood:
		return Farewell{}, fault.Field("LEAVE_NOT_UNDERSTOOD", "understood", "Confirm that you want to withdraw your application.")
	}
	return Farewell{Event: d.event(Withdrawn)}, nil
}

// Resign decides that a member leaves, having understood what leaves with them.
func (d Decision) Resign(s State, understood bool, grants []Grant) (Farewell, error) {
	d, err := d.reasoned("LEAVE_INVALID")
	switch {
	case err != nil:
		return Farewell{}, err
	case !understood:
		return Farewell{}, fault.Field("LEAVE_NOT_UNDERSTOOD", "understood", "Confirm that you have read what leaves with you and what is kept.")
	case !s.Member():
		return Farewell{}, notAMember()
	}
	return d.officesEnd(d.event(Resigned), grants)
}

// Endings are the ends that an officer records.
var Endings = []EventKind{Lapsed, Died, Expelled}

// End decides an officer's record that a membership ended: lapsed, died, or expelled by a resolution. d.At is when it took
// effect: now, or the day of a death; now is the clock. Nobody records the end of their own.
func (d Decision) End(kind EventKind, s State, name, reference string, resolution *Resolution, now time.Time, grants []Grant) (Farewell, error) {
	if d.own() {
		return Farewell{}, fault.New(fault.Denied, "OWN_ENTRY", "To end your own membership, leave: another officer records anything else.")
	}
	d, err := d.reasoned("END_INVALID")
	switch {
	case err != nil:
		return Farewell{}, err
	case !slices.Contains(Endings, kind):
		return Farewell{}, fault.Field("ENDING_UNKNOWN", "ending", "Choose how the membership ended.")
	case !s.Member():
		return Farewell{}, notAMember()
	case d.At.After(now):
		return Farewell{}, fault.Field("DATE_AHEAD", "date", "Give a day that is not in the future.")
	case d.At.Before(s.Admitted):
		return Farewell{}, fault.Field("DATE_BEFORE_ADMISSION", "date", "Give a day after the member was admitted.")
	}
	e := d.event(kind)
	if kind == Expelled {
		if resolution == nil {
			return Farewell{}, fault.Field("RESOLUTION_NEEDED", "motion", "Name the motion that expelled the member: nobody else can.")
		}
		if err := resolution.expels(s, name, reference); err != nil {
			return Farewell{}, err
		}
		e.About = resolution.Motion
	}
	// Offices end when it is recorded, whenever the person died: until then they were held.
	d.At = now
	return d.officesEnd(e, grants)
}
