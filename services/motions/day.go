package motions

import "time"

// date is the calendar day of an instant in the society's zone, as midnight UTC so that days can be subtracted.
func date(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// days counts the calendar days from one day to another; clocks going forward or back do not change it.
func days(from, to time.Time, zone *time.Location) int {
	return int(date(to, zone).Sub(date(from, zone)) / (24 * time.Hour))
}

// ClearDays counts the days that lie wholly between notice and meeting: without the day on which it was given, the
// days until it is deemed served, and the day of the meeting. deemed is how many days after the giving it is
// deemed served, 0 for the same day. The answer is never negative. (Model rules of Co-operatives UK: "clear days".)
func ClearDays(given, meeting time.Time, deemed int, zone *time.Location) int {
	return max(days(given, meeting, zone)-deemed-1, 0)
}

// Deadline is the last microsecond of the day that lies before days before the day of the meeting.
func Deadline(meeting time.Time, before int, zone *time.Location) time.Time {
	y, m, d := meeting.In(zone).Date()
	return time.Date(y, m, d-before+1, 0, 0, 0, 0, zone).Add(-time.Microsecond)
}
