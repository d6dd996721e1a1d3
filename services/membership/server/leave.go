package server

import (
	"context"

	"google.golang.org/protobuf/proto"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// memberRequest is a writing request about one entry.
type memberRequest interface {
	proto.Message
	GetRequestId() string
	GetMember() string
}

// Leave resigns the caller's own membership, or withdraws their application while it waits for a decision. The session that asks ends with the others.
func (s *Server) Leave(ctx context.Context, r *membershipv1.LeaveRequest) (*membershipv1.RegisterEvent, error) {
	now, member := s.cfg.Now(), auth.FromContext(ctx).Member
	request, err := rpc.Once(ctx, membershipv1.RegisterService_Leave_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	d := membership.Decision{Member: member, By: member, Reason: r.GetReason(), At: now}
	reply, err := s.store.EndEntry(ctx, request, member, s.machine(), func(c store.Case) (membership.Farewell, error) {
		return d.Leave(c.State, r.GetUnderstood(), c.Grants)
	}, encodeRecorded)
	return s.ended(ctx, reply, err)
}

// ended makes the end of the sessions count at once, and sends the mail.
func (s *Server) ended(ctx context.Context, reply []byte, err error) (*membershipv1.RegisterEvent, error) {
	if err == nil {
		s.refreshRevoked(ctx)
		s.wakeMail()
	}
	return rpc.Reply(&membershipv1.RegisterEvent{}, reply, err)
}

var endings = map[membershipv1.Ending]membership.EventKind{
	membershipv1.Ending_ENDING_LAPSED:   membership.Lapsed,
	membershipv1.Ending_ENDING_DIED:     membership.Died,
	membershipv1.Ending_ENDING_EXPELLED: membership.Expelled,
}

// EndMembership records an end. For an expulsion the motions room is asked what became of the motion, before the transaction: a
// declared result never changes.
func (s *Server) EndMembership(ctx context.Context, r *membershipv1.EndMembershipRequest) (*membershipv1.RegisterEvent, error) {
	now := s.cfg.Now()
	request, err := rpc.Once(ctx, membershipv1.RegisterService_EndMembership_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	kind := endings[r.GetEnding()]
	d := membership.Decision{Member: r.GetMember(), By: auth.FromContext(ctx).Member, Reason: r.GetReason(), At: now}
	if kind == membership.Died {
		if d.At, err = s.day(r.GetDate(), now); err != nil {
			return nil, err
		}
	}
	var resolution *membership.Resolution
	if kind == membership.Expelled && r.GetMotion() != "" {
		if resolution, err = s.resolution(ctx, r.GetMotion()); err != nil {
			return nil, err
		}
	}
	reply, err := s.store.EndEntry(ctx, request, r.GetMember(), s.machine(), func(c store.Case) (membership.Farewell, error) {
		return d.End(kind, c.State, c.Name, membership.Reference(c.Number), resolution, now, c.Grants)
	}, encodeRecorded)
	return s.ended(ctx, reply, err)
}

// resolution asks the motions room about a motion.
func (s *Server) resolution(ctx context.Context, motion string) (*membership.Resolution, error) {
	m, err := s.resolutions.GetDecision(ctx, &motionsv1.GetDecisionRequest{Motion: motion})
	if f := fault.Of(err); f != nil && f.Kind == fault.NotFound {
		return nil, fault.Field("MOTION_NOT_FOUND", "motion", "There is no such motion.")
	}
	if err != nil {
		return nil, err
	}
	r := &membership.Resolution{Motion: m.GetMotion(), Title: m.GetTitle(), Text: m.GetText(), Region: m.GetRegion(), Carried: m.GetCarried()}
	if m.GetDeclareTime() != nil {
		r.Declared = m.GetDeclareTime().AsTime()
	}
	return r, nil
}
