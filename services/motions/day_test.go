package motions

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var london = func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err)
	}
	return l
}()

// at reads an instant as a clock on a London wall shows it.
func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, london)
	if err != nil {
		panic(err)
	}
	return t
}

func TestClearDays(t *testing.T) {
	for _, c := range []struct {
		name           string
		given, meeting time.Time
		deemed, want   int
	}{
		{"handed over, fourteen days between", at("2026-01-01 09:00"), at("2026-01-16 19:00"), 0, 14},
		{"served the next day, one fewer", at("2026-01-01 09:00"), at("2026-01-16 19:00"), 1, 13},
		{"by post, two days", at("2026-01-01 09:00"), at("2026-01-16 19:00"), 2, 12},
		{"the next day leaves none", at("2026-01-01 09:00"), at("2026-01-02 19:00"), 0, 0},
		{"the same day leaves none", at("2026-01-01 09:00"), at("2026-01-01 19:00"), 0, 0},
		{"a meeting in the past leaves none", at("2026-01-09 09:00"), at("2026-01-01 19:00"), 0, 0},
		{"deemed service after the meeting leaves none", at("2026-01-01 09:00"), at("2026-01-02 19:00"), 5, 0},
		{"the last minute of a day is that day", at("2026-01-01 23:59"), at("2026-01-16 00:00"), 0, 14},
		{"clocks go forward in between", at("2026-03-20 12:00"), at("2026-04-04 10:00"), 0, 14},
		{"clocks go back in between", at("2026-10-20 12:00"), at("2026-11-04 10:00"), 0, 14},
		{"a leap day counts", at("2028-02-20 12:00"), at("2028-03-06 10:00"), 0, 14},
		{"the same days of another year are one fewer", at("2027-02-20 12:00"), at("2027-03-06 10:00"), 0, 13},
		{"over new year", at("2026-12-25 12:00"), at("2027-01-09 10:00"), 0, 14},
		{"half past eleven at night UTC is tomorrow in summer", time.Date(2026, 7, 1, 23, 30, 0, 0, time.UTC), at("2026-07-17 10:00"), 0, 14},
		{"and still today in winter", time.Date(2026, 1, 1, 23, 30, 0, 0, time.UTC), at("2026-01-16 10:00"), 0, 14},
	} {
		if got := ClearDays(c.given, c.meeting, c.deemed, london); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func instants() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(at("2015-01-01 00:00").Unix(), at("2040-01-01 00:00").Unix()).Draw(t, "unix"), 0)
	})
}

// Clear days are what a person counts who walks the calendar a page at a time.
func TestClearDaysAreThoseOnTheCalendar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		given := instants().Draw(t, "given")
		meeting := given.Add(time.Duration(rapid.Int64Range(-10*24, 120*24).Draw(t, "hours")) * time.Hour)
		deemed := rapid.IntRange(0, 5).Draw(t, "deemed")
		y, m, d := given.In(london).Date()
		last := meeting.In(london).Format(time.DateOnly)
		counted := 0
		for page := deemed + 1; ; page++ {
			// Noon, so that no change of clocks moves the page.
			if day := time.Date(y, m, d+page, 12, 0, 0, 0, london).Format(time.DateOnly); day >= last {
				break
			}
			counted++
		}
		if got := ClearDays(given, meeting, deemed, london); got != counted {
			t.Fatalf("%v to %v, deemed %d: %d, counted %d", given.In(london), meeting.In(london), deemed, got, counted)
		}
	})
}

func TestDeadline(t *testing.T) {
	for _, c := range []struct {
		meeting time.Time
		before  int
		want    string
	}{
		{at("2026-06-30 10:00"), 28, "2026-06-02T23:59:59.999999+01:00"},
		{at("2026-06-30 00:00"), 28, "2026-06-02T23:59:59.999999+01:00"},
		{at("2026-06-30 23:59"), 0, "2026-06-30T23:59:59.999999+01:00"},
		{at("2026-04-10 10:00"), 28, "2026-03-13T23:59:59.999999Z"},
		{at("2028-03-07 10:00"), 7, "2028-02-29T23:59:59.999999Z"},
		// The day on which clocks go back has 25 hours and ends at midnight all the same.
		{at("2026-11-01 10:00"), 7, "2026-10-25T23:59:59.999999Z"},
	} {
		if got := Deadline(c.meeting, c.before, london).In(london).Format(time.RFC3339Nano); got != c.want {
			t.Errorf("%d days before %v: %s, want %s", c.before, c.meeting, got, c.want)
		}
	}
}
