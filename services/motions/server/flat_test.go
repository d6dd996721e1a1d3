package server_test

import (
	"fmt"
	"testing"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/database"
)

// What each read asks of the database does not grow with the motions, the meetings and the amendments: counted, not timed,
// at 5 motions and 1 meeting and at 120 motions and 7 meetings (OpenSlides #6779: slow at 120 motions and 7 meetings).
func TestReadsAskTheSameOfTheDatabaseHoweverManyMotions(t *testing.T) {
	h := founded(t)
	agm := h.notice(secretary, h.draft(secretary, motionsv1.MeetingKind_MEETING_KIND_AGM, "", 60*day))
	var last *motionsv1.Motion
	fill := func(m *motionsv1.Meeting, motions, amendments int) {
		for range motions {
			last = h.proposed(m, secretary, asha, ben, motionsv1.Resolution_RESOLUTION_ORDINARY)
		}
		for i := range amendments {
			a := h.amends(last, carys, "", &motionsv1.Edit{Kind: motionsv1.EditKind_EDIT_KIND_INSERT, Clause: "1", NewWords: fmt.Sprintf("Clause %d.", i)}).GetMotion()
			a = must(h.SecondMotion(h.as(asha), &motionsv1.SecondMotionRequest{RequestId: fresh(), Motion: a.GetId()}))(t)
			must(h.AcceptMotion(h.as(secretary), &motionsv1.AcceptMotionRequest{RequestId: fresh(), Motion: a.GetId(), Etag: a.GetEtag()}))(t)
		}
	}
	fill(agm, 5, 2)
	reads := map[string]func() error{
		"GetMeeting": func() error {
			m, err := h.GetMeeting(h.as(carys), &motionsv1.GetMeetingRequest{Meeting: agm.GetId()})
			if err == nil && len(m.GetOrderPaper()) < 7 {
				t.Errorf("the order paper has %d items", len(m.GetOrderPaper()))
			}
			return err
		},
		"ListMeetings": func() error {
			_, err := h.ListMeetings(h.as(carys), &motionsv1.ListMeetingsRequest{})
			return err
		},
		"ListMotions": func() error {
			_, err := h.ListMotions(h.as(carys), &motionsv1.ListMotionsRequest{PageSize: 1000})
			return err
		},
		"GetMotion": func() error {
			_, err := h.GetMotion(h.as(carys), &motionsv1.GetMotionRequest{Motion: last.GetId()})
			return err
		},
		"ListAmendments": func() error {
			_, err := h.amending().ListAmendments(h.as(carys), &motionsv1.ListAmendmentsRequest{Motion: last.GetId()})
			return err
		},
		"ReadMotion": func() error {
			_, err := h.amending().ReadMotion(h.as(carys), &motionsv1.ReadMotionRequest{Motion: last.GetId()})
			return err
		},
	}
	count := func(name string) int64 {
		t.Helper()
		// Once to have in memory what stays there.
		if err := reads[name](); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		before := database.Sent()
		if err := reads[name](); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return database.Sent() - before
	}
	few := map[string]int64{}
	for name := range reads {
		if few[name] = count(name); few[name] == 0 {
			t.Fatalf("%s asked nothing: nothing is counted", name)
		}
	}
	for range 6 {
		other := h.notice(secretary, h.draft(secretary, motionsv1.MeetingKind_MEETING_KIND_AGM, "", 50*day))
		fill(other, 3, 0)
	}
	fill(agm, 97, 20)
	for name := range reads {
		if many := count(name); many != few[name] {
			t.Errorf("%s asks %d times of the database with few motions and %d times with many", name, few[name], many)
		}
		t.Logf("%s: %d statements", name, few[name])
	}
}
