package membership

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

const (
	// ContactDays is for how many days after leaving the address, the language and the sessions are kept: long enough to
	// answer what is still open and to come back. The person may have them erased at once.
	ContactDays = 90
	// SessionDays is for how many days a session is kept that has ended or expired.
	SessionDays = 30
	// AccessNeedDays is for how many days after a meeting it is kept what people needed there.
	AccessNeedDays = 7
	// accessNeedAhead is how far ahead a meeting may lie for which a need is said.
	accessNeedAhead = 400 * 24 * time.Hour
	// maxAccessNeed is the longest text, in characters.
	maxAccessNeed = 500
	// Erased stands where a name was.
	Erased = "(erased)"
)

// Until says until when what is held on a person who left is kept: how to reach them, and their entry in the register. Both are
// zero while they are a member. The register is kept for as many years as the rule in force says, ten by default: section 30 of
// the Co-operative and Community Benefit Societies Act 2014 asks for the dates on which people ceased, and not for how long.
func (s State) Until(rule Rule) (contact, entry time.Time) {
	if s.Left.IsZero() {
		return contact, entry
	}
	years := int(rule.RetentionYears)
	if years == 0 {
		years = DefaultRetention
	}
	return s.Left.AddDate(0, 0, ContactDays), s.Left.AddDate(years, 0, 0)
}

// MayErase decides whether a person may have erased at once what no law asks for. A member is refused with STILL_A_MEMBER, who holds
// an office with STILL_AN_OFFICER: notices could not reach them. Whoever was never admitted is no member.
func MayErase(s State, offices int) error {
	if offices > 0 {
		return fault.New(fault.Conflict, "STILL_AN_OFFICER", "You hold an office. Give it up first: the society must be able to reach its officers.")
	}
	if s.Member() {
		return fault.New(fault.Conflict, "STILL_A_MEMBER", "You are a member, so the society must be able to reach you with notices. Leave first; then your address can be erased.")
	}
	return nil
}

// AccessNeed is what a member needs to take part in a meeting.
type AccessNeed struct {
	// Meeting is the meeting's id, Member whose need it is, and Region the meeting's region, empty for the whole society.
	Meeting, Member, Region string
	// Needs is what is needed.
	Needs string
	// Until is when it is deleted.
	Until time.Time
}

// NewAccessNeed returns the need with its day of deletion, or an Invalid fault: NEEDS_TOO_LONG, MEETING_NEEDED, MEETING_TIME. Empty needs
// take back what was said.
func NewAccessNeed(n AccessNeed, meeting time.Time, now time.Time) (AccessNeed, error) {
	n.Needs = strings.TrimSpace(n.Needs)
	n.Until = meeting.AddDate(0, 0, AccessNeedDays)
	switch {
	case n.Meeting == "" || len(n.Meeting) > 64:
		return n, fault.Field("MEETING_NEEDED", "meeting", "Say for which meeting.")
	case utf8.RuneCountInString(n.Needs) > maxAccessNeed:
		return n, fault.Field("NEEDS_TOO_LONG", "needs", "Say it in at most 500 characters.")
	case !n.Until.After(now) || meeting.After(now.Add(accessNeedAhead)):
		return n, fault.Field("MEETING_TIME", "meeting_time", "The meeting is over, or more than 400 days ahead.")
	}
	return n, nil
}
