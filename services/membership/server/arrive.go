package server

import (
	"context"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// maxSecret bounds a secret that a caller shows, in bytes.
const maxSecret = 200

// Join asks to become a member. Whether a member has the address already makes no difference to what happens here:
// that is looked at when the mail is written, after the answer.
func (s *Server) Join(ctx context.Context, r *membershipv1.JoinRequest) (*membershipv1.JoinResponse, error) {
	p, err := membership.NewPerson(r.GetName(), r.GetEmail(), r.GetRegion(), r.GetLanguage(), r.GetSoleMembership())
	if err != nil {
		return nil, err
	}
	// Where none was asked for, the mail is in the language of the member who has the address, if one has.
	p.Language = r.GetLanguage()
	attempt, err := s.begin(ctx, membership.Attempt{Kind: membership.Joining, Person: p, Postal: r.GetPostalAddress()}, r)
	if err != nil {
		return nil, err
	}
	return &membershipv1.JoinResponse{Attempt: attempt}, nil
}

// RequestSignIn asks for a link and a code. The answer for an address that nobody has is the same.
func (s *Server) RequestSignIn(ctx context.Context, r *membershipv1.RequestSignInRequest) (*membershipv1.RequestSignInResponse, error) {
	email, err := membership.Email(r.GetEmail())
	if err != nil {
		return nil, err
	}
	if _, err := membership.Language(r.GetLanguage()); err != nil {
		return nil, err
	}
	a := membership.Attempt{Kind: membership.SigningIn, Person: membership.Person{Email: email, Language: r.GetLanguage()}}
	attempt, err := s.begin(ctx, a, r)
	if err != nil {
		return nil, err
	}
	return &membershipv1.RequestSignInResponse{Attempt: attempt}, nil
}

// begin keeps an attempt and wakes the sender of mail. The same request again is the same attempt, and mails
// nothing again.
func (s *Server) begin(ctx context.Context, a membership.Attempt, request proto.Message) (string, error) {
	hash, err := requestHash(request)
	if err != nil {
		return "", err
	}
	now := s.cfg.Now()
	secret := s.secrets.derive("attempt", []byte(a.Kind), hash)
	a.Made, a.Expires = now, now.Add(membership.AttemptLife)
	if err := s.store.Begin(ctx, digest(secret), a, s.machine()); err != nil {
		return "", err
	}
	s.wakeMail()
	return secret, nil
}

// ConfirmSession trades the mailed link or code for a session, in the browser that holds the attempt's secret.
func (s *Server) ConfirmSession(ctx context.Context, r *membershipv1.ConfirmSessionRequest) (*membershipv1.ConfirmSessionResponse, error) {
	hash, err := requestHash(r)
	if err != nil {
		return nil, err
	}
	if len(r.GetAttempt()) > maxSecret || len(r.GetLink()) > maxSecret {
		return nil, fault.Field("ATTEMPT_UNKNOWN", "attempt", "We do not know this request. Ask for a new link and code in this browser.")
	}
	attempt := digest(r.GetAttempt())
	proof := membership.Proof{Request: hash, Device: device(ctx)}
	switch p := r.GetProof().(type) {
	case *membershipv1.ConfirmSessionRequest_Link:
		proof.Link = digest(p.Link)
	case *membershipv1.ConfirmSessionRequest_Code:
		code, err := membership.Code(p.Code)
		if err != nil {
			return nil, err
		}
		proof.Code = s.secrets.code(attempt, code)
	default:
		return nil, fault.Field("PROOF_NEEDED", "code", "Enter the code, or open the link, that we mailed.")
	}
	secret := s.secrets.derive("session", hash)
	done, err := s.store.Confirm(ctx, attempt, proof, digest(secret), s.cfg.Now())
	if err != nil {
		return nil, err
	}
	return signedIn(secret, done.Session, done.Joined), nil
}

func signedIn(secret string, session membership.Session, joined bool) *membershipv1.ConfirmSessionResponse {
	return &membershipv1.ConfirmSessionResponse{
		SessionSecret: secret, ExpireTime: timestamppb.New(session.Expires()), Member: session.Member, Joined: joined,
	}
}
