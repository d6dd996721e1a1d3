package layout

import (
	"strings"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

// Society returns the society's name.
func (q *Request) Society() string {
	if name := q.journey.site.About(q.Context()).GetSociety(); name != "" {
		return name
	}
	return "Folkmoot"
}

// word returns the last words of an enum's name as an id has them: MEETING_STATE_OPEN of MEETING_STATE_ is "open".
func word(name, prefix string) string { return strings.ToLower(strings.TrimPrefix(name, prefix)) }

// MeetingTag is a meeting's state in a word.
func (q *Request) MeetingTag(s motionsv1.MeetingState) form.Tag {
	colour := map[motionsv1.MeetingState]string{
		motionsv1.MeetingState_MEETING_STATE_DRAFT: "govuk-tag--yellow", motionsv1.MeetingState_MEETING_STATE_NOTICED: "govuk-tag--blue",
		motionsv1.MeetingState_MEETING_STATE_OPEN: "govuk-tag--green", motionsv1.MeetingState_MEETING_STATE_CLOSED: "govuk-tag--grey",
	}
	return form.Tag{Text: q.T("meeting.state." + word(s.String(), "MEETING_STATE_")), Classes: colour[s]}
}

// MotionTag is a motion's state in a word. Opening and closing are passing states: they read as what comes next.
func (q *Request) MotionTag(s motionsv1.MotionState) form.Tag {
	colour := "govuk-tag--blue"
	switch s {
	case motionsv1.MotionState_MOTION_STATE_VOTING, motionsv1.MotionState_MOTION_STATE_OPENING, motionsv1.MotionState_MOTION_STATE_CARRIED:
		colour = "govuk-tag--green"
	case motionsv1.MotionState_MOTION_STATE_MOVED, motionsv1.MotionState_MOTION_STATE_SECONDED:
		colour = "govuk-tag--yellow"
	case motionsv1.MotionState_MOTION_STATE_LOST, motionsv1.MotionState_MOTION_STATE_WITHDRAWN:
		colour = "govuk-tag--grey"
	default:
	}
	return form.Tag{Text: q.T("motion.state." + word(s.String(), "MOTION_STATE_")), Classes: colour}
}

// RoleName is an office in words, with its region if it has one.
func (q *Request) RoleName(r *membershipv1.HeldRole) string {
	id := "role." + word(r.GetRole().String(), "ROLE_")
	if r.GetRegion() == "" {
		return q.T(id)
	}
	return q.T("role.of", "Role", q.T(id), "Region", q.Region(r.GetRegion()))
}

// Standing is what a member may do, in a word.
func (q *Request) Standing(s membershipv1.Standing) string {
	return q.T("standing." + word(s.String(), "STANDING_"))
}
