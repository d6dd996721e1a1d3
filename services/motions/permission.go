package motions

import (
	"slices"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Caller is who asks, as far as a decision looks at it.
type Caller struct {
	// Member is the caller's id, or empty.
	Member string
	// Chair and Secretary are the society's offices.
	Chair, Secretary bool
	// Organises are the regions whose organiser the caller is.
	Organises []string
}

func (c Caller) organises(region string) bool {
	return region != "" && slices.Contains(c.Organises, region)
}

// MayPlan admits who drafts a meeting and gives its notice: the secretary for the society, an organiser for
// their own region.
func (c Caller) MayPlan(kind MeetingKind, region string) error {
	if kind == Regional {
		return c.needRegion(region)
	}
	return need(c.Secretary, "the secretary")
}

// MayReceive admits who accepts motions onto a meeting's order paper: as MayPlan.
func (c Caller) MayReceive(m Meeting) error { return c.MayPlan(m.Kind, m.Region) }

// MayPreside admits who opens and closes a meeting, puts motions and declares results: the chair, in a regional
// meeting the region's organiser.
func (c Caller) MayPreside(m Meeting) error {
	if m.Kind == Regional {
		return c.needRegion(m.Region)
	}
	return need(c.Chair, "the chair")
}

// MayRecordAttendance admits who says who is present: the chair or the secretary, in a regional meeting the
// region's organiser.
func (c Caller) MayRecordAttendance(m Meeting) error {
	if m.Kind == Regional {
		return c.needRegion(m.Region)
	}
	return need(c.Chair || c.Secretary, "the chair or the secretary")
}

// MayTable admits who tables what a regional meeting carried: that region's organiser.
func (c Caller) MayTable(region string) error { return c.needRegion(region) }

func (c Caller) needRegion(region string) error {
	if c.organises(region) {
		return nil
	}
	return fault.New(fault.Denied, "NOT_YOUR_REGION", "Only the organiser of this region may do this.")
}

func need(ok bool, who string) error {
	if ok {
		return nil
	}
	return fault.New(fault.Denied, "NOT_YOUR_OFFICE", "Only "+who+" may do this.")
}

// MaySeeMeeting reports whether a meeting is shown to the caller: a region's draft only to its organisers, a general
// meeting's to members, whose motions for it are due before its notice.
func (c Caller) MaySeeMeeting(m Meeting) bool {
	return m.State != Draft || c.seesDrafts(m.Kind, m.Region)
}

func (c Caller) seesDrafts(kind MeetingKind, region string) bool {
	if kind == Regional {
		return c.organises(region)
	}
	return c.SeesGeneralDrafts()
}

// SeesGeneralDrafts reports whether the drafts of general meetings are shown to the caller.
func (c Caller) SeesGeneralDrafts() bool { return c.Member != "" }

// MaySeeMotion reports whether a motion is shown: to everyone once it was accepted; before, to its mover and seconder, to
// the society's chair and secretary, to the region's organiser, and while it waits for a seconder to those who may
// second it. person is the caller as the register has them, the zero value if that is not known.
func (c Caller) MaySeeMotion(m Motion, person Person) bool {
	switch {
	case !m.AcceptedAt.IsZero(), m.State == Agreed, c.SeesAllMotions(), c.organises(m.Region):
		return true
	case c.Member == "":
		return false
	case c.Member == m.Mover, c.Member == m.Seconder:
		return true
	}
	return m.State == Moved && eligible(m.Region, person) == nil
}

// SeesAllMotions reports whether every motion is shown to the caller.
func (c Caller) SeesAllMotions() bool { return c.Chair || c.Secretary }
