package motions_test

import (
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/motions"
)

var meetingDay = time.Date(2026, time.April, 20, 10, 0, 0, 0, time.UTC)

func reasonOf(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Reason
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// Who is present at an instant is a function of the set of records: in whatever order and however often they are delivered. A model
// that takes them one by one in their own order says the same.
func TestPresenceIsAFunctionOfTheRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kinds := []motions.PresenceKind{motions.Arrived, motions.Left, motions.Asked, motions.Apologies, motions.Struck}
		var all []motions.PresenceRecord
		seq := map[string]int{}
		for i := range rapid.IntRange(0, 25).Draw(t, "records") {
			r := motions.PresenceRecord{ID: string(rune('a' + i)), Member: rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "member"),
				Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Happened: meetingDay.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "minute")) * time.Minute)}
			if r.Kind == motions.Struck {
				if len(all) == 0 || all[len(all)-1].Kind == motions.Struck {
					continue
				}
				r.Strikes, r.Member = all[len(all)-1].ID, all[len(all)-1].Member
			}
			seq[r.Member]++
			r.Seq = seq[r.Member]
			all = append(all, r)
		}
		at := meetingDay.Add(time.Duration(rapid.IntRange(-1, 6).Draw(t, "at")) * time.Minute)
		want := motions.StandingsAt(all, at)

		shuffled := append([]motions.PresenceRecord{}, all...)
		shuffled = append(shuffled, all...)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if got := motions.StandingsAt(shuffled, at); !maps.Equal(got, want) {
			t.Fatalf("in another order %v, want %v", got, want)
		}

		// The model: minute by minute, each member's records in the order of recording.
		struck, model := map[string]bool{}, map[string]motions.PresenceKind{}
		for _, r := range all {
			struck[r.Strikes] = true
		}
		for minute := meetingDay; !minute.After(at); minute = minute.Add(time.Minute) {
			for _, r := range all {
				if r.Happened.Equal(minute) && r.Kind != motions.Struck && !struck[r.ID] {
					model[r.Member] = r.Kind
				}
			}
		}
		for member, kind := range model {
			if s := want[member]; s.Present != (kind == motions.Arrived) || s.Unconfirmed != (kind == motions.Asked) || s.Apologised != (kind == motions.Apologies) {
				t.Fatalf("%s is %+v after %s", member, s, kind)
			}
		}
		if len(model) != len(want) {
			t.Fatalf("%d standings, the model has %d", len(want), len(model))
		}
	})
}

func TestRecordPresence(t *testing.T) {
	open := motions.Meeting{ID: "m", Starts: meetingDay, State: motions.Open}
	in := func(state motions.MeetingState) motions.Meeting { m := open; m.State = state; return m }
	arrived := motions.PresenceRecord{ID: "1", Member: "x", Seq: 1, Kind: motions.Arrived, Happened: meetingDay}
	asked := motions.PresenceRecord{ID: "1", Member: "x", Seq: 1, Kind: motions.Asked, Happened: meetingDay}
	later := meetingDay.Add(time.Hour)
	for _, c := range []struct {
		name    string
		meeting motions.Meeting
		have    []motions.PresenceRecord
		kind    motions.PresenceKind
		at      time.Time
		add     bool
		reason  string
	}{
		{"arrives", open, nil, motions.Arrived, later, true, ""},
		{"arrives twice", open, []motions.PresenceRecord{arrived}, motions.Arrived, later, false, ""},
		{"is confirmed at the desk", open, []motions.PresenceRecord{asked}, motions.Arrived, later, true, ""},
		{"leaves", open, []motions.PresenceRecord{arrived}, motions.Left, later, true, ""},
		{"leaves without having come", open, nil, motions.Left, later, false, ""},
		{"asks while present", open, []motions.PresenceRecord{arrived}, motions.Asked, later, false, ""},
		{"in the future", open, nil, motions.Arrived, later.Add(time.Second), false, "PRESENCE_IN_FUTURE"},
		{"the day before", open, nil, motions.Arrived, meetingDay.AddDate(0, 0, -1), false, "MEETING_NOT_TODAY"},
		{"at a draft", in(motions.Draft), nil, motions.Arrived, later, false, "MEETING_STATE"},
		{"after it closed", in(motions.Closed), nil, motions.Left, later, false, "MEETING_STATE"},
		{"apologies before the day", in(motions.Noticed), nil, motions.Apologies, meetingDay.AddDate(0, 0, -3), true, ""},
		{"apologies for a draft", in(motions.Draft), nil, motions.Apologies, later, false, "MEETING_STATE"},
		{"apologies while present", open, []motions.PresenceRecord{arrived}, motions.Apologies, later, false, ""},
		{"something else", open, nil, "unknown", later, false, "PRESENCE_KIND"},
	} {
		add, err := motions.RecordPresence(c.meeting, c.have, motions.PresenceRecord{Member: "x", Kind: c.kind, Happened: c.at}, later, time.UTC)
		if add != c.add || reasonOf(err) != c.reason {
			t.Errorf("%s: %v, %v; want %v, %q", c.name, add, err, c.add, c.reason)
		}
	}
}

func TestStrikePresence(t *testing.T) {
	open := motions.Meeting{ID: "m", Starts: meetingDay, State: motions.Open}
	closed := open
	closed.State = motions.Closed
	have := []motions.PresenceRecord{{ID: "1", Member: "x", Seq: 1, Kind: motions.Arrived, Happened: meetingDay}, {ID: "2", Member: "x", Seq: 2, Kind: motions.Left, Happened: meetingDay},
		{ID: "3", Member: "x", Seq: 3, Kind: motions.Struck, Strikes: "2", Reason: "wrong Ann"}}
	for _, c := range []struct {
		name, id, why, reason string
		meeting               motions.Meeting
	}{
		{"a mistake", "1", "another Ann", "", open},
		{"without a reason", "1", " ", "REASON_NEEDED", open},
		{"one that is not there", "9", "why", "PRESENCE_NOT_FOUND", open},
		{"twice", "2", "why", "PRESENCE_STRUCK", open},
		{"a strike", "3", "why", "PRESENCE_STRIKE", open},
		{"after the meeting", "1", "why", "MEETING_STATE", closed},
	} {
		r, err := motions.StrikePresence(c.meeting, have, c.id, c.why, "desk", "9", meetingDay.Add(time.Hour))
		if reasonOf(err) != c.reason || err == nil && (r.Strikes != c.id || r.Member != "x" || r.Kind != motions.Struck) {
			t.Errorf("%s: %+v, %v", c.name, r, err)
		}
	}
}

func TestHallCodes(t *testing.T) {
	secret, other := make([]byte, 32), append(make([]byte, 31), 1)
	at := meetingDay.Add(10 * time.Second)
	code, changes := motions.HallCode(secret, at)
	if len(code) != 6 || !changes.Equal(meetingDay.Add(time.Minute)) {
		t.Fatalf("%q until %v", code, changes)
	}
	for _, c := range []struct {
		name, typed string
		at          time.Time
		kind        motions.PresenceKind
		reason      string
	}{
		{"the one shown", code, at, motions.Arrived, ""},
		{"as people type", " " + code[:3] + "-" + string(code[3]|0x20) + code[4:], at, motions.Arrived, ""},
		{"the one before", code, at.Add(time.Minute), motions.Arrived, ""},
		{"an old one", code, at.Add(2 * time.Minute), "", "HALL_CODE_OLD"},
		{"a photograph of three hours ago", code, at.Add(3 * time.Hour), "", "HALL_CODE_OLD"},
		{"one of the future", code, at.Add(-time.Minute), "", "HALL_CODE_WRONG"},
		{"the poster's", motions.PosterCode(secret), at.Add(5 * time.Hour), motions.Asked, ""},
		{"another meeting's", func() string { c, _ := motions.HallCode(other, at); return c }(), at, "", "HALL_CODE_WRONG"},
		{"nothing", "", at, "", "HALL_CODE_WRONG"},
	} {
		kind, err := motions.CheckInBy(secret, c.typed, c.at)
		if kind != c.kind || reasonOf(err) != c.reason {
			t.Errorf("%s: %q, %v; want %q, %q", c.name, kind, err, c.kind, c.reason)
		}
	}
	seen := map[string]bool{}
	for i := range 1000 {
		c, _ := motions.HallCode(secret, at.Add(time.Duration(i)*time.Minute))
		seen[c] = true
	}
	if len(seen) < 999 {
		t.Fatalf("%d codes in 1000 minutes", len(seen))
	}
}

func TestBadges(t *testing.T) {
	secret, other := make([]byte, 32), append(make([]byte, 31), 1)
	badge, expires := motions.Badge(secret, "m-asha", meetingDay)
	if !expires.Equal(meetingDay.Add(30 * time.Minute)) {
		t.Fatalf("it expires %v", expires)
	}
	_, foreign, _ := func() (string, string, bool) { b, _ := motions.Badge(other, "m-asha", meetingDay); return "", b, true }()
	for _, c := range []struct {
		name, badge string
		at          time.Time
		ok          bool
	}{
		{"fresh", badge, meetingDay, true}, {"at the end", badge, expires.Add(-time.Second), true}, {"too old", badge, expires, false},
		{"another's name", "m-ben" + badge[len("m-asha"):], meetingDay, false}, {"another meeting's", foreign, meetingDay, false}, {"no badge", "m-asha", meetingDay, false},
	} {
		member, err := motions.ReadBadge(secret, c.badge, c.at)
		if (err == nil) != c.ok || c.ok && member != "m-asha" || !c.ok && reasonOf(err) != "BADGE_WRONG" {
			t.Errorf("%s: %q, %v", c.name, member, err)
		}
	}
}
