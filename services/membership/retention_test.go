package membership

import (
	"strings"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

func TestUntil(t *testing.T) {
	left := time.Date(2028, 2, 29, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		state          State
		years          int32
		contact, entry string
	}{
		{State{}, 10, "0001-01-01", "0001-01-01"},
		{State{Left: left}, 0, "2028-05-29", "2038-03-01"},
		{State{Left: left}, 6, "2028-05-29", "2034-03-01"},
		{State{Left: left}, 4, "2028-05-29", "2032-02-29"},
	} {
		contact, entry := c.state.Until(Rule{RetentionYears: c.years})
		if contact.Format(time.DateOnly) != c.contact || entry.Format(time.DateOnly) != c.entry {
			t.Errorf("%+v, %d years: %v, %v", c.state, c.years, contact, entry)
		}
	}
}

func TestMayErase(t *testing.T) {
	at := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		state   State
		offices int
		want    string
	}{
		{State{Applied: at, Admitted: at}, 0, "STILL_A_MEMBER"},
		{State{Applied: at, Admitted: at}, 1, "STILL_AN_OFFICER"},
		{State{Applied: at, Admitted: at, Left: at.Add(time.Hour)}, 1, "STILL_AN_OFFICER"},
		{State{Applied: at, Admitted: at, Left: at.Add(time.Hour)}, 0, ""},
		{State{Applied: at}, 0, ""},
	} {
		err := MayErase(c.state, c.offices)
		if (c.want == "") != (err == nil) || (err != nil && !fault.Is(err, c.want)) {
			t.Errorf("%+v: %v, want %q", c, err, c.want)
		}
	}
}

func TestNewAccessNeed(t *testing.T) {
	now := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	n := AccessNeed{Meeting: "m", Member: "a", Needs: "  A hearing loop \n"}
	got, err := NewAccessNeed(n, now.Add(24*time.Hour), now)
	if err != nil || got.Needs != "A hearing loop" || !got.Until.Equal(now.AddDate(0, 0, 8)) {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := NewAccessNeed(n, now.AddDate(0, 0, -6), now); err != nil {
		t.Errorf("a meeting of last week: %v", err)
	}
	long := n
	long.Needs = strings.Repeat("ŵ", 501)
	nowhere := n
	nowhere.Meeting = ""
	for want, c := range map[string]struct {
		n    AccessNeed
		when time.Time
	}{"NEEDS_TOO_LONG": {long, now}, "MEETING_NEEDED": {nowhere, now}, "MEETING_TIME": {n, now.AddDate(0, 0, -7)}} {
		if _, err := NewAccessNeed(c.n, c.when, now); !fault.Is(err, want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := NewAccessNeed(n, now.AddDate(2, 0, 0), now); !fault.Is(err, "MEETING_TIME") {
		t.Errorf("in two years: %v", err)
	}
}
