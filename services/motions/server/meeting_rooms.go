package server

import (
	"context"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

// meetingsServer tells other rooms which meetings there are.
type meetingsServer struct {
	motionsv1.UnimplementedMeetingsRoomsServiceServer
	store *store.Store
}

// FindMeeting says whose meeting an id names, drafts included: what a meeting costs begins before its notice.
func (s meetingsServer) FindMeeting(ctx context.Context, req *motionsv1.FindMeetingRequest) (*motionsv1.FindMeetingResponse, error) {
	m, err := s.store.OneMeeting(ctx, req.GetMeeting())
	if err != nil {
		return nil, err
	}
	return &motionsv1.FindMeetingResponse{Meeting: m.ID, Region: m.Region}, nil
}
