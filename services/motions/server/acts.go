package server

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
)

// ListOfficerActs shows members what officers did by their offices in this room.
func (s *Server) ListOfficerActs(ctx context.Context, r *motionsv1.ListOfficerActsRequest) (*motionsv1.ListOfficerActsResponse, error) {
	p := auth.FromContext(ctx)
	who := acts.Reader{Member: p.Member, Secretary: p.HoldsAny(auth.Secretary)}
	all, next, err := acts.NewBook(s.DB, s.Zone).List(ctx, who, r.GetPageSize(), r.GetPageToken())
	if err != nil {
		return nil, err
	}
	out := &motionsv1.ListOfficerActsResponse{NextPageToken: next}
	for _, a := range all {
		out.Acts = append(out.Acts, &motionsv1.OfficerAct{
			Id: a.ID, ActTime: timestamppb.New(a.At), Member: a.Member, Role: a.Role, Region: a.Region, Method: a.Method,
			SubjectKind: a.SubjectKind, Subject: a.Subject, Count: a.Count, Counted: a.Counted, PageToken: a.Token(),
		})
	}
	return out, nil
}
