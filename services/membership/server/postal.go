package server

import (
	"context"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// posting are the roles that need postal addresses.
var posting = []string{auth.Secretary, auth.Registrar}

// GetPostal returns a postal address.
func (s *Server) GetPostal(ctx context.Context, r *membershipv1.GetPostalRequest) (*membershipv1.Postal, error) {
	if err := mayRead(ctx, r.GetMember(), posting); err != nil {
		return nil, err
	}
	address, rule, err := s.store.Postal(ctx, r.GetMember(), s.cfg.Now())
	if err != nil {
		return nil, err
	}
	return &membershipv1.Postal{Address: address, Asked: rule.Registered}, nil
}

// ChangePostal changes a postal address.
func (s *Server) ChangePostal(ctx context.Context, r *membershipv1.ChangePostalRequest) (*membershipv1.RegisterEvent, error) {
	if err := mayChange(ctx, r.GetMember()); err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	request, err := rpc.Once(ctx, membershipv1.RegisterService_ChangePostal_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	d := membership.Decision{Member: r.GetMember(), By: auth.FromContext(ctx).Member, Reason: r.GetReason(), At: now}
	reply, err := s.store.ChangePostal(ctx, request, r.GetMember(), func(c store.Case, present string) (membership.Event, string, error) {
		return d.NewPostal(c.State, c.Rule, present, r.GetAddress())
	}, encodeRecorded)
	return rpc.Reply(&membershipv1.RegisterEvent{}, reply, err)
}
