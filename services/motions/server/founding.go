package server

import (
	"context"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/motions"
)

// roomsServer answers the other rooms.
type roomsServer struct {
	motionsv1.UnimplementedMotionsRoomsServiceServer
	server *Server
}

// ApplyFounding adopts rule book version 1, once, and tells membership which of its rules it needs.
func (r *roomsServer) ApplyFounding(ctx context.Context, req *motionsv1.ApplyFoundingRequest) (*motionsv1.ApplyFoundingResponse, error) {
	s := r.server
	act := timeOf(req.GetActTime())
	if act.IsZero() {
		return nil, fault.Field("ACT_TIME_NEEDED", "act_time", "Say when the founding act was recorded.")
	}
	book := motions.FoundingBook(act)
	terms, err := book.Terms()
	if err != nil {
		return nil, err
	}
	tell, err := tellings(book, terms)
	if err != nil {
		return nil, err
	}
	applied, err := s.store.Found(ctx, auth.FromContext(ctx).Room, req.GetEpoch(), req.GetPosition(), book, s.Now(), tell)
	if err != nil {
		return nil, err
	}
	s.tell()
	return &motionsv1.ApplyFoundingResponse{Applied: applied}, nil
}
