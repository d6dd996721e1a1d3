package membership

import (
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Decision is who decides about an entry, when and why.
type Decision struct {
	// Member is whom it is about, and By who decides: the same id where members decide for themselves.
	Member, By string
	// Reason is why; members need none for what they do with their own entry.
	Reason string
	// At is when.
	At time.Time
}

// own reports whether members decide for themselves.
func (d Decision) own() bool { return d.Member == d.By }

// event makes the event. What members do themselves has no decider.
func (d Decision) event(kind EventKind) Event {
	e := Event{Kind: kind, At: d.At, Reason: d.Reason, By: d.By}
	if d.own() {
		e.By = ""
	}
	return e
}

// reasoned checks the reason, which is needed unless members decide for themselves.
func (d Decision) reasoned(reason string) (Decision, error) {
	d.Reason = oneLine(d.Reason)
	if d.Reason == "" && d.own() {
		return d, nil
	}
	if bad := checkText(nil, "reason", "a reason", d.Reason, MaxReason); len(bad) > 0 {
		return d, fault.New(fault.Invalid, reason, bad[0].Message, bad...)
	}
	return d, nil
}

func notAMember() error {
	return fault.New(fault.Conflict, "NOT_A_MEMBER", "This person is not a member, so there is nothing to change.")
}

// Move decides that a member moves to a region, or to none. regionExists is what the store found.
func (d Decision) Move(s State, region string, regionExists bool) (Event, error) {
	d, err := d.reasoned("MOVE_INVALID")
	switch {
	case err != nil:
		return Event{}, err
	case region != "" && !regionExists:
		return Event{}, fault.Field("REGION_UNKNOWN", "region", "Choose a region from the list, or no group near you.")
	case !s.Member():
		return Event{}, notAMember()
	case s.Region == region:
		return Event{}, fault.New(fault.Conflict, "SAME_REGION", "The member belongs to this region already.")
	}
	e := d.event(Moved)
	e.Region = region
	return e, nil
}

// Rename decides that a member's name changes.
func (d Decision) Rename(s State, present, name string) (Event, error) {
	d, err := d.reasoned("RENAME_INVALID")
	if err != nil {
		return Event{}, err
	}
	name = strings.Join(strings.Fields(name), " ")
	if bad := checkText(nil, "name", "the name", name, MaxName); len(bad) > 0 {
		return Event{}, fault.New(fault.Invalid, "RENAME_INVALID", bad[0].Message, bad...)
	}
	switch {
	case !s.Member():
		return Event{}, notAMember()
	case name == present:
		return Event{}, fault.New(fault.Conflict, "SAME_NAME", "This is the name in the register already.")
	}
	e := d.event(Renamed)
	e.About = name
	return e, nil
}

// NewEmail decides that another address, which was confirmed, is used. taken is whether another entry has it.
func (d Decision) NewEmail(s State, present, email string, taken bool) (Event, error) {
	switch {
	case !s.Member() && !s.Pending():
		return Event{}, notAMember()
	case taken:
		return Event{}, fault.New(fault.Conflict, "EMAIL_TAKEN", "Another entry of the register uses this address. Ask the secretary.")
	case email == present:
		return Event{}, fault.New(fault.Conflict, "SAME_EMAIL", "This is the address in the register already.")
	}
	return d.event(EmailChanged), nil
}

// MaxPostal is the longest postal address, in characters, and maxPostalLines how many lines it has at most.
const (
	MaxPostal      = 400
	maxPostalLines = 8
)

// NewPostal decides that a member's postal address changes and returns it, a line each. A society that is not registered keeps
// none: no law and no meeting needs it (section 30 of the Co-operative and Community Benefit Societies Act 2014).
func (d Decision) NewPostal(s State, rule Rule, present, address string) (Event, string, error) {
	if !rule.Registered {
		return Event{}, "", fault.New(fault.Conflict, "POSTAL_NOT_ASKED", "This society is not registered, so its register keeps no postal addresses.")
	}
	d, err := d.reasoned("POSTAL_INVALID")
	if err != nil {
		return Event{}, "", err
	}
	if address, err = postalLines("address", address); err != nil {
		return Event{}, "", err
	}
	switch {
	case !s.Member():
		return Event{}, "", notAMember()
	case address == present:
		return Event{}, "", fault.New(fault.Conflict, "SAME_POSTAL", "This is the postal address in the register already.")
	}
	return d.event(PostalChanged), address, nil
}

// postalLines returns an address a line each, without empty lines, or a POSTAL_INVALID fault about the field.
func postalLines(field, address string) (string, error) {
	var lines []string
	for line := range strings.Lines(address) {
		if line = oneLine(line); line != "" {
			lines = append(lines, line)
		}
	}
	bad := checkText(nil, field, "the postal address", strings.Join(lines, " "), MaxPostal)
	if len(lines) > maxPostalLines {
		bad = append(bad, fault.Violation{Field: field, Message: "Use at most 8 lines for the postal address."})
	}
	if len(bad) > 0 {
		return "", fault.New(fault.Invalid, "POSTAL_INVALID", bad[0].Message, bad...)
	}
	return strings.Join(lines, "\n"), nil
}

// PostalOnJoining returns the postal address that an applicant gives: needed where the society is registered, since section 30 of the Act has
// its register hold one, and refused where it is not.
func PostalOnJoining(rule Rule, address string) (string, error) {
	switch {
	case rule.Registered:
		return postalLines("postal_address", address)
	case strings.TrimSpace(address) != "":
		return "", fault.Field("POSTAL_NOT_ASKED", "postal_address", "This society is not registered, so its register keeps no postal addresses: leave it out.")
	}
	return "", nil
}

// Waive decides that a member need not give the £1. Nobody waives their own.
func (d Decision) Waive(s State) (Event, error) {
	if d.own() {
		return Event{}, fault.New(fault.Denied, "OWN_WAIVER", "Nobody waives their own £1: ask another officer.")
	}
	d, err := d.reasoned("WAIVER_INVALID")
	switch {
	case err != nil:
		return Event{}, err
	case !s.Member():
		return Event{}, notAMember()
	case !s.Donated.IsZero():
		return Event{}, fault.New(fault.Conflict, "DONATION_SETTLED", "The member's £1 has settled, so there is nothing to waive.")
	case !s.Waived.IsZero():
		return Event{}, fault.New(fault.Conflict, "WAIVED_ALREADY", "The £1 of this member was waived already.")
	}
	return d.event(Waived), nil
}
