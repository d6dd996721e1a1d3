package server

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

// calledServer tells other rooms how meetings were called, so that they need not believe whoever asks them.
type calledServer struct {
	motionsv1.UnimplementedCalledMeetingsRoomsServiceServer
	server *Server
}

// GetCalledMeeting says how a meeting was called, drafts included: they have no notice yet.
func (s calledServer) GetCalledMeeting(ctx context.Context, req *motionsv1.GetCalledMeetingRequest) (*motionsv1.CalledMeeting, error) {
	f, err := s.server.store.Meeting(ctx, req.GetMeeting(), s.server.reading(ctx))
	if err != nil {
		return nil, err
	}
	out := &motionsv1.CalledMeeting{Meeting: f.Meeting.ID, Region: f.Meeting.Region}
	if !f.Meeting.Noticed.IsZero() {
		out.NoticeTime = timestamppb.New(f.Meeting.Noticed)
	}
	return out, nil
}
