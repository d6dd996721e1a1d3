package statement

import (
	"fmt"
	"strings"
	"time"
)

// Layout is how dates are written everywhere else in the books.
const Layout = "2006-01-02"

// Days between which a bank's date is believed; outside, a digit is wrong.
const (
	firstDay = "1980-01-01"
	lastDay  = "2100-01-01"
)

// dayFirst are the ways in which UK banks write a date, the most usual first. None has the month first: that is taken
// only where a column map asks for it.
var dayFirst = []string{
	"02/01/2006", Layout, "2 Jan 2006", "02-Jan-2006", "2 January 2006", "02/01/06", "02-01-2006", "02.01.2006", "2/1/2006", "02-Jan-06", "20060102",
}

// compact reads OFX's date: YYYYMMDD[HHMMSS[.XXX]][ [offset:zone] ]. The day is taken as the bank wrote it; which zone the
// hour is in does not move money to another day of the statement.
func compact(s string) (string, string) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", "The date is missing."
	}
	whole := s
	if at := strings.IndexByte(s, '['); at >= 0 {
		s = strings.TrimSpace(s[:at])
	}
	if at := strings.IndexAny(s, ".:"); at >= 8 {
		s = s[:at]
	}
	if len(s) < 8 || len(s) > 14 || len(s)%2 == 1 || !digits(s) {
		return "", fmt.Sprintf("%s is not a date: it should be written like 20261124.", quoted(whole))
	}
	if len(s) > 8 && (s[8:min(10, len(s))] > "24" || (len(s) >= 12 && s[10:12] > "59") || (len(s) == 14 && s[12:14] > "60")) {
		return "", fmt.Sprintf("%s is not a time of day.", quoted(whole))
	}
	return day("20060102", s[:8], whole)
}

// isoDay reads an XML date or date with time. The day is taken as the bank wrote it.
func isoDay(s string) (string, string) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", "The date is missing."
	}
	if len(s) > len(Layout) && strings.IndexByte("TZ+-", s[len(Layout)]) < 0 {
		return "", fmt.Sprintf("%s is not a date.", quoted(s))
	}
	return day(Layout, s[:min(len(s), len(Layout))], s)
}

// written reads a date in the first of these layouts that fits; a time of day after it is not looked at.
func written(s string, layouts []string) (string, string) {
	s = strings.TrimFunc(s, unordinary)
	if s == "" {
		return "", "The date is missing."
	}
	bare := s
	if at := strings.IndexByte(s, ':'); at > 0 {
		if cut := strings.LastIndexAny(s[:at], " T"); cut > 0 {
			bare = strings.TrimSpace(s[:cut])
		}
	}
	for _, l := range layouts {
		if d, wrong := day(l, bare, s); wrong == "" {
			return d, ""
		}
	}
	return "", fmt.Sprintf("%s is not a date as this bank writes it.", quoted(s))
}

func day(layout, s, whole string) (string, string) {
	t, err := time.Parse(layout, s)
	if err != nil {
		return "", fmt.Sprintf("%s is not a real date.", quoted(whole))
	}
	d := t.Format(Layout)
	if d < firstDay || d >= lastDay {
		return "", fmt.Sprintf("%s is not a year in which this can have happened.", quoted(whole))
	}
	return d, ""
}
