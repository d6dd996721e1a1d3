package server

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// ExchangeSession trades a session secret for an access token with the roles held now.
func (s *Server) ExchangeSession(ctx context.Context, r *membershipv1.ExchangeSessionRequest) (*membershipv1.ExchangeSessionResponse, error) {
	if r.GetSessionSecret() == "" || len(r.GetSessionSecret()) > maxSecret {
		return nil, fault.New(fault.Unauthenticated, "SESSION_ENDED", "You are not signed in. Sign in first.")
	}
	now := s.cfg.Now()
	session, err := s.store.Session(ctx, digest(r.GetSessionSecret()), now)
	if err != nil {
		return nil, err
	}
	m, _, err := s.store.Member(ctx, session.Member)
	if err != nil {
		return nil, err
	}
	state := m.History.On(now)
	held := heldNow(m.Offices, state)
	token, expires, err := s.signer.Issue(principal(session, held), now)
	if err != nil {
		return nil, err
	}
	return &membershipv1.ExchangeSessionResponse{
		AccessToken: token, ExpireTime: timestamppb.New(expires), Member: m.ID, Name: m.Name, Region: state.Region,
		Roles: rolesProto(held), Language: m.Language,
	}, nil
}

// heldNow are the offices of a member; who has left holds none.
func heldNow(offices []membership.Grant, state membership.State) []membership.Grant {
	if !state.Member() {
		return nil
	}
	return offices
}

func principal(session membership.Session, held []membership.Grant) auth.Principal {
	p := auth.Principal{Member: session.Member, Session: session.SID, Authenticated: session.Made}
	for _, g := range held {
		p.Roles = append(p.Roles, auth.Role{Name: string(g.Role), Region: g.Region})
	}
	return p
}

// SignOut ends the caller's session. Signing out twice is the same as once.
func (s *Server) SignOut(ctx context.Context, _ *membershipv1.SignOutRequest) (*membershipv1.SignOutResponse, error) {
	if err := s.store.End(ctx, auth.FromContext(ctx).Session, s.cfg.Now(), s.machine()); err != nil {
		return nil, err
	}
	s.refreshRevoked(ctx)
	return &membershipv1.SignOutResponse{}, nil
}

// refreshRevoked makes what was just revoked count in this room at once; the others hear of it within seconds.
func (s *Server) refreshRevoked(ctx context.Context) {
	if err := s.revocations.Refresh(ctx); err != nil {
		s.cfg.Log.WarnContext(ctx, "membership: the revoked sessions could not be read", slog.Any("error", err))
	}
}

const (
	// settle is how long a transaction that revokes may take to commit: its method's deadline. What was revoked
	// longer ago than that is visible.
	settle = 30 * time.Second
	// matters is how long a revoked sid can matter: longer than any token that names it lives.
	matters = auth.MemberTokenLife + 5*time.Minute
)

// fetchRevoked returns what was revoked at or after an instant of the machine's clock (or all that can matter) and the instant
// up to which that is complete.
func (s *Server) fetchRevoked(ctx context.Context, since time.Time) ([]string, time.Time, error) {
	now := s.machine()
	if oldest := now.Add(-matters); since.Before(oldest) {
		since = oldest
	}
	sids, err := s.store.Revoked(ctx, since)
	return sids, now.Add(-settle), err
}

// ListRevocations returns the sessions revoked since an instant. Its instants are the machine's, since a sample's clock is
// stepped.
func (s *Server) ListRevocations(ctx context.Context, r *membershipv1.ListRevocationsRequest) (*membershipv1.ListRevocationsResponse, error) {
	var since time.Time
	if r.GetSince() != nil {
		since = r.GetSince().AsTime()
	}
	sids, asOf, err := s.fetchRevoked(ctx, since)
	if err != nil {
		return nil, err
	}
	return &membershipv1.ListRevocationsResponse{Sessions: sids, AsOf: timestamppb.New(asOf)}, nil
}
