package server

import (
	"context"
	"time"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
)

// meetingKnown returns the region of a meeting, empty for a general one, or the fault MEETING_UNKNOWN: what is booked for a meeting is published
// with it, and money of one that nobody called would stand nowhere. Of no meeting there is nothing to ask.
func (s *Server) meetingKnown(ctx context.Context, meeting string) (region string, err error) {
	if meeting == "" {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	m, err := s.meetings.GetCalledMeeting(ctx, &motionsv1.GetCalledMeetingRequest{Meeting: meeting})
	if fault.Is(rpc.FromStatus(err), "MEETING_NOT_FOUND") {
		return "", fault.Field("MEETING_UNKNOWN", "meeting", "There is no such meeting. Choose one of the list.")
	}
	return m.GetRegion(), err
}
