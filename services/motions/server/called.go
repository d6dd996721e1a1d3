package server

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

// calledServer tells other rooms how meetings were called, so that they need not believe whoever asks them.
type calledServer struct {
	motionsv1.UnimplementedCalledMeetingsRoomsServiceServer
	store *store.Store
}

// GetCalledMeeting says how a meeting was called, drafts included: they have no notice yet, and what a meeting costs begins before it.
func (s calledServer) GetCalledMeeting(ctx context.Context, req *motionsv1.GetCalledMeetingRequest) (*motionsv1.CalledMeeting, error) {
	m, err := s.store.OneMeeting(ctx, req.GetMeeting())
	if err != nil {
		return nil, err
	}
	out := &motionsv1.CalledMeeting{Meeting: m.ID, Region: m.Region}
	if !m.Noticed.IsZero() {
		out.NoticeTime = timestamppb.New(m.Noticed)
	}
	return out, nil
}
