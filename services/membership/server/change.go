package server

import (
	"context"
	"time"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// mayChange refuses who neither changes their own entry nor is the secretary.
func mayChange(ctx context.Context, member string) error {
	p := auth.FromContext(ctx)
	if p.Member == member {
		return nil
	}
	if p.HoldsAny(auth.Secretary) {
		acts.Exercise(ctx, p.Office(auth.Secretary))
		return nil
	}
	return fault.New(fault.Denied, "ROLE_NEEDED", "You may change your own entry; others are changed by the secretary.")
}

// change records one event about an entry.
func (s *Server) change(ctx context.Context, method string, r memberRequest, reason string,
	decide func(membership.Decision, store.Case) (membership.Event, error)) (*membershipv1.RegisterEvent, error) {
	now := s.cfg.Now()
	request, err := rpc.Once(ctx, method, now, r)
	if err != nil {
		return nil, err
	}
	d := membership.Decision{Member: r.GetMember(), By: auth.FromContext(ctx).Member, Reason: reason, At: now}
	reply, err := s.store.ChangeEntry(ctx, request, r.GetMember(), s.machine(), func(c store.Case) (membership.Event, error) { return decide(d, c) }, encodeRecorded)
	if err == nil {
		s.wakeMail()
	}
	return rpc.Reply(&membershipv1.RegisterEvent{}, reply, err)
}

// MoveRegion moves a member to another region.
func (s *Server) MoveRegion(ctx context.Context, r *membershipv1.MoveRegionRequest) (*membershipv1.RegisterEvent, error) {
	if err := mayChange(ctx, r.GetMember()); err != nil {
		return nil, err
	}
	// Regions are never taken away, so that what is found here stays true.
	there, err := s.store.RegionExists(ctx, r.GetRegion())
	if err != nil {
		return nil, err
	}
	return s.change(ctx, membershipv1.RegisterService_MoveRegion_FullMethodName, r, r.GetReason(), func(d membership.Decision, c store.Case) (membership.Event, error) {
		return d.Move(c.State, r.GetRegion(), there)
	})
}

// ChangeName changes the name in an entry.
func (s *Server) ChangeName(ctx context.Context, r *membershipv1.ChangeNameRequest) (*membershipv1.RegisterEvent, error) {
	if err := mayChange(ctx, r.GetMember()); err != nil {
		return nil, err
	}
	return s.change(ctx, membershipv1.RegisterService_ChangeName_FullMethodName, r, r.GetReason(), func(d membership.Decision, c store.Case) (membership.Event, error) {
		return d.Rename(c.State, c.Name, r.GetName())
	})
}

// WaiveDonation excuses a member from the £1.
func (s *Server) WaiveDonation(ctx context.Context, r *membershipv1.WaiveDonationRequest) (*membershipv1.RegisterEvent, error) {
	return s.change(ctx, membershipv1.RegisterService_WaiveDonation_FullMethodName, r, r.GetReason(), func(d membership.Decision, c store.Case) (membership.Event, error) {
		return d.Waive(c.State)
	})
}

// RequestEmail asks to use another address. The answer for an address that another entry has is the same.
func (s *Server) RequestEmail(ctx context.Context, r *membershipv1.RequestEmailRequest) (*membershipv1.RequestEmailResponse, error) {
	email, err := membership.Email(r.GetEmail())
	if err != nil {
		return nil, err
	}
	hash, err := requestHash(r)
	if err != nil {
		return nil, err
	}
	now, member := s.cfg.Now(), auth.FromContext(ctx).Member
	secret := s.secrets.derive("email", []byte(member), hash)
	c := store.EmailChange{Member: member, Attempt: membership.Attempt{
		Person: membership.Person{Email: email}, Made: now, Expires: now.Add(membership.AttemptLife),
	}}
	if err := s.store.BeginEmail(ctx, digest(secret), c, s.machine()); err != nil {
		return nil, err
	}
	s.wakeMail()
	return &membershipv1.RequestEmailResponse{Attempt: secret}, nil
}

// ConfirmEmail trades the mailed link or code for the use of the new address.
func (s *Server) ConfirmEmail(ctx context.Context, r *membershipv1.ConfirmEmailRequest) (*membershipv1.RegisterEvent, error) {
	hash, err := requestHash(r)
	if err != nil {
		return nil, err
	}
	if len(r.GetAttempt()) > maxSecret || len(r.GetLink()) > maxSecret {
		return nil, fault.Field("ATTEMPT_UNKNOWN", "attempt", "We do not know this request. Ask for a new link and code in this browser.")
	}
	attempt := digest(r.GetAttempt())
	proof := membership.Proof{Request: hash}
	switch p := r.GetProof().(type) {
	case *membershipv1.ConfirmEmailRequest_Link:
		proof.Link = digest(p.Link)
	case *membershipv1.ConfirmEmailRequest_Code:
		code, err := membership.Code(p.Code)
		if err != nil {
			return nil, err
		}
		proof.Code = s.secrets.code(attempt, code)
	default:
		return nil, fault.Field("PROOF_NEEDED", "code", "Enter the code, or open the link, that we mailed.")
	}
	done, err := s.store.ConfirmEmail(ctx, attempt, auth.FromContext(ctx).Member, proof, s.cfg.Now(), s.machine())
	if err != nil {
		return nil, err
	}
	s.wakeMail()
	return eventProto(store.NamedEvent{Recorded: done}), nil
}

// day reads the day of an event: the present instant if it is empty or today, else the evening of that day.
func (s *Server) day(written string, now time.Time) (time.Time, error) {
	at, err := membership.Evening(written, now, s.cfg.Zone)
	if err != nil || at.Equal(now) {
		return now, err
	}
	return at, nil
}
