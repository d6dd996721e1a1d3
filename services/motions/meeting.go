package motions

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

const (
	maxTitle = 100
	maxPlace = 200
	// horizon is how far ahead a meeting may be planned.
	horizon = 2 * 365 * 24 * time.Hour
)

// nextMeetingState lists what may follow.
var nextMeetingState = map[MeetingState]MeetingState{Draft: Noticed, Noticed: Open, Open: Closed}

// to moves the meeting on, if what comes is what follows.
func (m Meeting) to(next MeetingState) (Meeting, error) {
	if nextMeetingState[m.State] != next {
		return Meeting{}, fault.New(fault.Conflict, "MEETING_STATE",
			fmt.Sprintf("The meeting is %s: it cannot become %s now.", m.State.words(), next.words())).With("state", string(m.State))
	}
	m.State = next
	m.Version++
	return m, nil
}

func (s MeetingState) words() string {
	if s == Noticed {
		return "announced by its notice"
	}
	return string(s)
}

// Plan is what a meeting is drafted from.
type Plan struct {
	ID           string
	Kind         MeetingKind
	Region       string
	Title, Place string
	Starts       time.Time
	By           string
}

// NewMeeting drafts a meeting, or returns an Invalid fault that names what is wrong with the plan.
func NewMeeting(p Plan, now time.Time) (Meeting, error) {
	var wrong []fault.Violation
	p.Title, p.Place = strings.TrimSpace(p.Title), strings.TrimSpace(p.Place)
	switch p.Kind {
	case AGM, Special:
		if p.Region != "" {
			wrong = append(wrong, fault.Violation{Field: "region", Message: "A general meeting is the whole society's: leave the region out."})
		}
	case Regional:
		if p.Region == "" {
			wrong = append(wrong, fault.Violation{Field: "region", Message: "Say which region meets."})
		}
	default:
		wrong = append(wrong, fault.Violation{Field: "kind", Message: "Say what sort of meeting it is."})
	}
	wrong = append(wrong, line("title", p.Title, maxTitle)...)
	wrong = append(wrong, line("place", p.Place, maxPlace)...)
	switch {
	case p.Starts.IsZero():
		wrong = append(wrong, fault.Violation{Field: "start_time", Message: "Say when it starts."})
	case !p.Starts.After(now):
		wrong = append(wrong, fault.Violation{Field: "start_time", Message: "A meeting starts in the future."})
	case p.Starts.After(now.Add(horizon)):
		wrong = append(wrong, fault.Violation{Field: "start_time", Message: "That is more than two years ahead."})
	}
	if len(wrong) > 0 {
		return Meeting{}, fault.New(fault.Invalid, "MEETING_INVALID", wrong[0].Message, wrong...)
	}
	return Meeting{ID: p.ID, Kind: p.Kind, Region: p.Region, Title: p.Title, Place: p.Place, Starts: p.Starts,
		State: Draft, Created: now, CreatedBy: p.By, Version: 1}, nil
}

// line checks a single line of text of 1 to most characters.
func line(field, s string, most int) []fault.Violation {
	n := utf8.RuneCountInString(s)
	switch {
	case n == 0:
		return []fault.Violation{{Field: field, Message: "Enter the " + field + "."}}
	case n > most:
		return []fault.Violation{{Field: field, Message: fmt.Sprintf("The %s has %d characters; it may have %d.", field, n, most)}}
	case strings.ContainsFunc(s, unicode.IsControl):
		return []fault.Violation{{Field: field, Message: "The " + field + " is one line of text."}}
	}
	return nil
}

// GiveNotice pins the rules and counts the clear days, or refuses a notice that is too short. (Model rules of
// Co-operatives UK: fourteen clear days for all general meetings.)
func GiveNotice(m Meeting, t Terms, by string, now time.Time, zone *time.Location) (Meeting, error) {
	next, err := m.to(Noticed)
	if err != nil {
		return Meeting{}, err
	}
	given, needed := ClearDays(now, m.Starts, t.Deemed, zone), t.NoticeDays(m.Kind)
	if !m.Starts.After(now) || given < needed {
		return Meeting{}, fault.New(fault.Conflict, "NOTICE_TOO_SHORT",
			fmt.Sprintf("This meeting needs %d clear days' notice; notice given now leaves %d.", needed, given)).
			With("clear_days", fmt.Sprint(given)).With("needed", fmt.Sprint(needed))
	}
	next.RuleBook, next.Noticed, next.NoticedBy, next.ClearDays = t.Version, now, by, given
	return next, nil
}

// MayAttend refuses attendance at a meeting that is not announced or is closed, and before its day.
func MayAttend(m Meeting, now time.Time, zone *time.Location) error {
	switch {
	case m.State != Noticed && m.State != Open:
		return fault.New(fault.Conflict, "MEETING_STATE",
			"Attendance is recorded from the day of a meeting that was announced until it is closed.").With("state", string(m.State))
	case date(now, zone).Before(date(m.Starts, zone)):
		return fault.New(fault.Conflict, "MEETING_NOT_TODAY", "Attendance is recorded from the day of the meeting on.")
	}
	return nil
}

// NamedOnce refuses a list of members that is empty, longer than most, or names nobody or somebody twice.
func NamedOnce(members []string, most int) error {
	if len(members) == 0 || len(members) > most {
		return fault.Field("MEMBERS_NEEDED", "members", fmt.Sprintf("Name 1 to %d members.", most))
	}
	seen := make(map[string]bool, len(members))
	for _, id := range members {
		if id == "" || seen[id] {
			return fault.Field("MEMBERS_TWICE", "members", "Name each member once.")
		}
		seen[id] = true
	}
	return nil
}

// OpenMeeting opens a meeting at its time if enough members are present. electors is how many are entitled to
// vote at it now; m.Present how many of them are present.
func OpenMeeting(m Meeting, t Terms, electors int64, by string, now time.Time) (Meeting, error) {
	next, err := m.to(Open)
	if err != nil {
		return Meeting{}, err
	}
	if now.Before(m.Starts) {
		return Meeting{}, fault.New(fault.Conflict, "MEETING_NOT_YET", "The meeting does not open before the time that its notice gave.")
	}
	needed := t.Quorum(m.Kind).Needed(electors)
	if m.Present < needed {
		return Meeting{}, NotQuorate(m.Present, needed, t.QuorumWords(m.Kind))
	}
	next.Electors, next.Quorum, next.Opened, next.OpenedBy = electors, needed, now, by
	return next, nil
}

// NotQuorate says how many are missing and by which rule.
func NotQuorate(present, needed int64, rule string) error {
	return fault.New(fault.Conflict, "NOT_QUORATE",
		fmt.Sprintf("%d members are present and %d are needed. The rule: %s.", present, needed, rule)).
		With("present", fmt.Sprint(present)).With("quorum", fmt.Sprint(needed))
}

// CloseMeeting closes a meeting when every vote that was opened is declared.
func CloseMeeting(m Meeting, paper []Motion, by string, now time.Time) (Meeting, error) {
	next, err := m.to(Closed)
	if err != nil {
		return Meeting{}, err
	}
	for _, mo := range paper {
		if mo.Undeclared() {
			return Meeting{}, fault.New(fault.Conflict, "VOTE_NOT_DECLARED",
				fmt.Sprintf("The vote on %s is not declared. Declare it before you close the meeting.", mo.onPaper())).With("motion", mo.ID)
		}
	}
	next.Closed, next.ClosedBy = now, by
	return next, nil
}

// onPaper is how a motion is called on the order paper.
func (m Motion) onPaper() string {
	if m.Amends != nil {
		return fmt.Sprintf("amendment %d", m.Amends.Number)
	}
	return fmt.Sprintf("motion %d", m.Position)
}
