package server

import (
	"context"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/store"
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
	event, err := proto.Marshal(&membershipv1.ApplyRulesRequest{
		RuleBook: int32(book.Version), DonationRequired: terms.DonationRequired, EffectiveTime: timestamppb.New(book.Effective),
	})
	if err != nil {
		return nil, err
	}
	applied, err := s.store.Found(ctx, auth.FromContext(ctx).Room, req.GetEpoch(), req.GetPosition(), book, s.Now(), event)
	if err != nil {
		return nil, err
	}
	s.couriers[store.TopicMembership].Wake()
	return &motionsv1.ApplyFoundingResponse{Applied: applied}, nil
}

// GetRuleBook returns a version of the rule book, or the one in force.
func (s *Server) GetRuleBook(ctx context.Context, req *motionsv1.GetRuleBookRequest) (*motionsv1.RuleBook, error) {
	b, err := s.store.Book(ctx, int(req.GetVersion()), s.Now())
	if err != nil {
		return nil, err
	}
	out := &motionsv1.RuleBook{Version: int32(b.Version), EffectiveTime: timestamppb.New(b.Effective), AdoptedBy: b.AdoptedBy}
	for _, r := range b.Rules {
		out.Rules = append(out.Rules, &motionsv1.Rule{Key: r.Key, Value: r.Value, Clause: r.Clause, Source: r.Source, Meaning: r.Meaning})
	}
	return out, nil
}
