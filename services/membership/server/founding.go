package server

import (
	"context"
	"io"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// Found begins a society in a database, which it migrates, and returns the secrets of the three one-time invitations
// by role ("secretary", "treasurer", "chair"). Only their hashes are stored: who loses them founds again in
// another folder. A second founding is refused.
func Found(ctx context.Context, db *database.DB, society string, now time.Time, random io.Reader) (map[string]string, error) {
	society, err := membership.SocietyName(society)
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, migrations()...); err != nil {
		return nil, err
	}
	invitations, hashes := map[string]string{}, map[membership.Role][]byte{}
	for _, role := range membership.FoundingRoles {
		secret, err := newSecret(random)
		if err != nil {
			return nil, err
		}
		invitations[string(role)], hashes[role] = secret, digest(secret)
	}
	if err := store.New(db, random).Found(ctx, society, hashes, now); err != nil {
		return nil, err
	}
	return invitations, nil
}

// GetFounding tells how far the founding is.
func (s *Server) GetFounding(ctx context.Context, _ *membershipv1.GetFoundingRequest) (*membershipv1.Founding, error) {
	f, err := s.store.Founding(ctx)
	if err != nil {
		return nil, err
	}
	told, err := s.store.Rules(ctx)
	if err != nil {
		return nil, err
	}
	out := &membershipv1.Founding{
		Society: f.Society, ActTime: instant(f.Act), Sample: s.cfg.Sample, PostalAsked: membership.RuleAt(told, s.cfg.Now()).Registered,
	}
	for _, r := range f.Accepted {
		out.Accepted = append(out.Accepted, roles[r])
	}
	for _, r := range f.Open {
		out.Open = append(out.Open, roles[r])
	}
	return out, nil
}

// AcceptFounding takes up an invitation; the third one records the founding act.
func (s *Server) AcceptFounding(ctx context.Context, r *membershipv1.AcceptFoundingRequest) (*membershipv1.ConfirmSessionResponse, error) {
	p, err := membership.NewPerson(r.GetName(), r.GetEmail(), "", "", r.GetSoleMembership())
	if err != nil {
		return nil, err
	}
	if len(r.GetInvitation()) > maxSecret {
		return nil, fault.Field("INVITATION_UNKNOWN", "invitation", "This is not an invitation to found this society.")
	}
	hash, err := requestHash(r)
	if err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	secret := s.secrets.derive("founder", hash)
	act := func(society string) ([]byte, error) {
		return proto.Marshal(&motionsv1.ApplyFoundingRequest{Society: society, ActTime: timestamppb.New(now)})
	}
	done, err := s.store.Accept(ctx, digest(r.GetInvitation()), p, hash, digest(secret), now, act)
	if err != nil {
		return nil, err
	}
	s.motions.Wake()
	return signedIn(secret, done.Session, done.Joined), nil
}
