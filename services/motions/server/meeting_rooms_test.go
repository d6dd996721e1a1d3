package server_test

import (
	"context"
	"testing"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// TestMeetingsAreTold: the ledger learns whose a meeting is, from its first draft on, and of one that nobody called that there is none.
func TestMeetingsAreTold(t *testing.T) {
	h := founded(t)
	h.run()
	meetings := motionsv1.NewMeetingsRoomsServiceClient(h.roomConn(auth.Ledger))
	meeting, _ := h.midlandsMeets()
	m := must(meetings.FindMeeting(context.Background(), &motionsv1.FindMeetingRequest{Meeting: meeting.GetId()}))(t)
	if m.GetMeeting() != meeting.GetId() || m.GetRegion() != "midlands" {
		t.Errorf("told: %v", m)
	}
	for _, typo := range []string{"", "nothing", meeting.GetId() + "0"} {
		if _, err := meetings.FindMeeting(context.Background(), &motionsv1.FindMeetingRequest{Meeting: typo}); !fault.Is(err, "MEETING_NOT_FOUND") {
			t.Errorf("%q is told as %v", typo, err)
		}
	}
}
