package server

import (
	"context"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// What is compared to find possible doubles, and what cannot be: the ledger tells whose membership a £1 was for and not who
// paid it, and no room knows a device.
const (
	byNameAndRegion = "name_and_region"
	byOfficer       = "officer"
	byPayer         = "payer"
	byDevice        = "device"
)

// ListDoubles lists pairs that may be one person, and what was found about them.
func (s *Server) ListDoubles(ctx context.Context, _ *membershipv1.ListDoublesRequest) (*membershipv1.ListDoublesResponse, error) {
	now := s.cfg.Now()
	all, err := s.store.Doubles(ctx)
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListDoublesResponse{Compared: []string{byNameAndRegion}, NotCompared: []string{byPayer, byDevice}}
	if out.Examined, err = s.store.DoublesExamined(ctx); err != nil {
		return nil, err
	}
	entry := func(m store.Member) *membershipv1.Alike {
		state := m.History.On(now)
		return &membershipv1.Alike{Member: m.ID, Number: m.Number, Name: m.Name, Region: state.Region, ApplyTime: instant(state.Applied), IsMember: state.Member()}
	}
	for _, d := range all {
		p := &membershipv1.Double{Member: entry(d.Member), Other: entry(d.Other), State: membershipv1.DoubleState_DOUBLE_STATE_OPEN, Hint: byOfficer}
		if d.Alike {
			p.Hint = byNameAndRegion
		}
		if f := d.Finding; f != nil {
			p.Same, p.FoundBy, p.FoundByName, p.Reason = f.Same, f.By, d.FoundBy, f.Reason
			switch {
			case f.Second.IsZero():
				p.State = membershipv1.DoubleState_DOUBLE_STATE_FOUND
			case f.Same:
				p.State = membershipv1.DoubleState_DOUBLE_STATE_MERGED
			default:
				p.State = membershipv1.DoubleState_DOUBLE_STATE_EXAMINED
			}
		}
		out.Doubles = append(out.Doubles, p)
	}
	return out, nil
}

// FindDouble records a first officer's finding.
func (s *Server) FindDouble(ctx context.Context, r *membershipv1.FindDoubleRequest) (*membershipv1.RegisterEvent, error) {
	now := s.cfg.Now()
	request, err := rpc.Once(ctx, membershipv1.RegisterService_FindDouble_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	pair := membership.Pair{Member: r.GetMember(), Other: r.GetOther()}
	d := membership.Decision{Member: r.GetMember(), By: auth.FromContext(ctx).Member, Reason: r.GetReason(), At: now}
	reply, err := s.store.FindDouble(ctx, request, pair, func(member, other store.Case, found []membership.Finding) (membership.Event, error) {
		return d.Find(pair, r.GetSame(), member.State, other.State, found)
	}, encodeRecorded)
	return rpc.Reply(&membershipv1.RegisterEvent{}, reply, err)
}

// ConfirmDouble records what a second officer found. An entry that merged into another loses its offices and its sessions.
func (s *Server) ConfirmDouble(ctx context.Context, r *membershipv1.ConfirmDoubleRequest) (*membershipv1.RegisterEvent, error) {
	now := s.cfg.Now()
	request, err := rpc.Once(ctx, membershipv1.RegisterService_ConfirmDouble_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	pair := membership.Pair{Member: r.GetMember(), Other: r.GetOther()}
	d := membership.Decision{Member: r.GetMember(), By: auth.FromContext(ctx).Member, Reason: r.GetReason(), At: now}
	reply, err := s.store.ConfirmDouble(ctx, request, pair, s.machine(), func(member, other store.Case, found []membership.Finding) (membership.Settled, error) {
		return d.Confirm(pair, r.GetSame(), member.State, other.State, found, member.Grants)
	}, encodeRecorded)
	return s.ended(ctx, reply, err)
}
