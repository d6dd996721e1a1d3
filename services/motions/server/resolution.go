package server

import (
	"context"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

// resolutionsServer tells other rooms what became of motions.
type resolutionsServer struct {
	motionsv1.UnimplementedResolutionsRoomsServiceServer
	store *store.Store
}

// GetDecision says what became of a motion.
func (s resolutionsServer) GetDecision(ctx context.Context, req *motionsv1.GetDecisionRequest) (*motionsv1.Decision, error) {
	m, err := s.store.Motion(ctx, req.GetMotion())
	if err != nil {
		return nil, err
	}
	if m.Amends != nil {
		// An amendment decides a text, nothing else: no room acts on it.
		return nil, motions.MotionNotFound()
	}
	whole := motionProto(m)
	return &motionsv1.Decision{
		Motion: m.ID, Title: m.Title, Text: m.Text, Region: m.Region, DeclareTime: whole.GetVote().GetDeclareTime(), Carried: m.State == motions.Carried,
	}, nil
}
