package server

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"google.golang.org/protobuf/proto"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// maxCredential bounds what a browser answers, in bytes.
const maxCredential = 32 << 10

// newPasskeys returns what verifies passkeys for the society's address, or nil where browsers give none: they need a host with a name,
// over https or on this machine (W3C Web Authentication Level 3, sections 4 "RP ID" and 5). The address is the configured one and
// never what a request says of itself.
func newPasskeys(publicURL string) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return nil, fmt.Errorf("membership: the public URL: %w", err)
	}
	host := u.Hostname()
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	if host == "" || net.ParseIP(host) != nil || (u.Scheme != "https" && !local) {
		return nil, nil
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: "Folkmoot", RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			// Discoverable, so that nobody types an address; and the person shows the device that they are there and who they are, since the
			// passkey is all that they show.
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("membership: passkeys: %w", err)
	}
	return w, nil
}

func noPasskeys() error {
	return fault.New(fault.Conflict, "PASSKEYS_UNAVAILABLE", "Passkeys do not work at this address. Sign in by email.")
}

// holder is a member as the library knows one.
type holder struct {
	handle     []byte
	name       string
	credential []webauthn.Credential
}

func (h holder) WebAuthnID() []byte                         { return h.handle }
func (h holder) WebAuthnName() string                       { return h.name }
func (h holder) WebAuthnDisplayName() string                { return h.name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.credential }

func (s *Server) holder(ctx context.Context, member string) (holder, error) {
	m, _, err := s.store.Member(ctx, member)
	if err != nil {
		return holder{}, err
	}
	h := holder{name: m.Name}
	if h.handle, err = s.store.Handle(ctx, member); err != nil {
		return holder{}, err
	}
	all, err := s.store.Passkeys(ctx, member)
	if err != nil {
		return holder{}, err
	}
	for _, p := range all {
		c, err := decodeCredential(p)
		if err != nil {
			return holder{}, err
		}
		h.credential = append(h.credential, c)
	}
	return h, nil
}

func decodeCredential(p membership.Passkey) (webauthn.Credential, error) {
	var c webauthn.Credential
	if err := json.Unmarshal(p.Credential, &c); err != nil {
		return c, fmt.Errorf("membership: a stored passkey: %w", err)
	}
	return c, nil
}

// encodeCredential writes what later answers are verified with, without the attestation: nobody asks which make a member's key is of.
func encodeCredential(p membership.Passkey, c *webauthn.Credential) (membership.Passkey, error) {
	kept := *c
	kept.Attestation = webauthn.CredentialAttestation{}
	raw, err := json.Marshal(kept)
	if err != nil {
		return p, fmt.Errorf("membership: encode a passkey: %w", err)
	}
	p.KeyID, p.Credential, p.Synced = kept.ID, raw, kept.Flags.BackupState
	return p, nil
}

// challenge is derived from the secret that the asking browser keeps: it stands nowhere, and no other browser can answer it.
func (s *Server) challenge(attempt string) []byte {
	return s.secrets.mac("passkey challenge", []byte(attempt))
}

// beginChallenge keeps the terms of a ceremony and returns the browser's secret with the options.
func (s *Server) beginChallenge(ctx context.Context, attempt, member string, terms *webauthn.SessionData, options any) (*membershipv1.PasskeyChallenge, error) {
	terms.Challenge = ""
	kept, err := json.Marshal(terms)
	if err != nil {
		return nil, fmt.Errorf("membership: encode a challenge: %w", err)
	}
	shown, err := json.Marshal(options)
	if err != nil {
		return nil, fmt.Errorf("membership: encode a challenge: %w", err)
	}
	c := membership.KeyChallenge{Member: member, Terms: kept, Expires: s.cfg.Now().Add(membership.ChallengeLife)}
	if err := s.store.BeginChallenge(ctx, digest(attempt), c); err != nil {
		return nil, err
	}
	return &membershipv1.PasskeyChallenge{Attempt: attempt, Options: string(shown)}, nil
}

// terms gives back what beginChallenge kept.
func (s *Server) terms(c membership.KeyChallenge, attempt string) (webauthn.SessionData, error) {
	var terms webauthn.SessionData
	if err := json.Unmarshal(c.Terms, &terms); err != nil {
		return terms, fmt.Errorf("membership: a stored challenge: %w", err)
	}
	terms.Challenge = base64.RawURLEncoding.EncodeToString(s.challenge(attempt))
	return terms, nil
}

// GetSignInMethods tells which ways there are to sign in.
func (s *Server) GetSignInMethods(context.Context, *membershipv1.GetSignInMethodsRequest) (*membershipv1.SignInMethods, error) {
	return &membershipv1.SignInMethods{Passkeys: s.passkeys != nil}, nil
}

// BeginPasskey makes a challenge for a new passkey of the caller.
func (s *Server) BeginPasskey(ctx context.Context, _ *membershipv1.BeginPasskeyRequest) (*membershipv1.PasskeyChallenge, error) {
	if s.passkeys == nil {
		return nil, noPasskeys()
	}
	member := auth.FromContext(ctx).Member
	h, err := s.holder(ctx, member)
	if err != nil {
		return nil, err
	}
	f, err := s.store.Founding(ctx)
	if err != nil {
		return nil, err
	}
	attempt, err := newSecret(s.cfg.Random)
	if err != nil {
		return nil, err
	}
	var others []protocol.CredentialDescriptor
	for _, c := range h.credential {
		others = append(others, c.Descriptor())
	}
	creation, terms, err := s.passkeys.BeginRegistration(h, webauthn.WithExclusions(others), webauthn.WithRegistrationRelyingPartyName(f.Society),
		func(o *protocol.PublicKeyCredentialCreationOptions) error {
			o.Challenge = s.challenge(attempt)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("membership: begin a passkey: %w", err)
	}
	return s.beginChallenge(ctx, attempt, member, terms, creation.Response)
}

// AddPasskey keeps the passkey that the browser made.
func (s *Server) AddPasskey(ctx context.Context, r *membershipv1.AddPasskeyRequest) (*membershipv1.Passkey, error) {
	if s.passkeys == nil {
		return nil, noPasskeys()
	}
	name, err := membership.PasskeyName(r.GetName())
	if err != nil {
		return nil, err
	}
	if len(r.GetAttempt()) > maxSecret || len(r.GetCredential()) > maxCredential {
		return nil, s.passkeyRefused(ctx, nil)
	}
	now, member := s.cfg.Now(), auth.FromContext(ctx).Member
	request, err := rpc.Once(ctx, membershipv1.SignInService_AddPasskey_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	h, err := s.holder(ctx, member)
	if err != nil {
		return nil, err
	}
	check := func(c membership.KeyChallenge) (membership.Passkey, error) {
		terms, err := s.terms(c, r.GetAttempt())
		if err != nil {
			return membership.Passkey{}, err
		}
		parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(r.GetCredential()))
		if err != nil {
			return membership.Passkey{}, s.passkeyRefused(ctx, err)
		}
		made, err := s.passkeys.CreateCredential(h, terms, parsed)
		if err != nil {
			return membership.Passkey{}, s.passkeyRefused(ctx, err)
		}
		return encodeCredential(membership.Passkey{Name: name}, made)
	}
	reply, err := s.store.AddPasskey(ctx, request, digest(r.GetAttempt()), member, now, s.machine(), passkeyFacts(membership.Passkey{Name: name}), check, encodePasskey)
	if err == nil {
		s.wakeMail()
	}
	return rpc.Reply(&membershipv1.Passkey{}, reply, err)
}

// passkeyRefused logs what was wrong with an answer, which holds nothing personal, and refuses it.
func (s *Server) passkeyRefused(ctx context.Context, err error) error {
	if err != nil {
		s.cfg.Log.InfoContext(ctx, "membership: a passkey's answer was refused", slog.Any("error", err))
	}
	return fault.Field("PASSKEY_REFUSED", "credential", "The passkey's answer was not accepted. Try again, or use email.")
}

func passkeyFacts(p membership.Passkey) []byte {
	raw, _ := json.Marshal(map[string]string{"passkey": p.Name}) // A map of strings cannot fail.
	return raw
}

func passkeyProto(p membership.Passkey) *membershipv1.Passkey {
	return &membershipv1.Passkey{Id: p.ID, Name: p.Name, AddTime: instant(p.Added), UseTime: instant(p.Used), Synced: p.Synced}
}

func encodePasskey(p membership.Passkey) ([]byte, error) { return proto.Marshal(passkeyProto(p)) }

// ListPasskeys lists the caller's passkeys.
func (s *Server) ListPasskeys(ctx context.Context, _ *membershipv1.ListPasskeysRequest) (*membershipv1.ListPasskeysResponse, error) {
	all, err := s.store.Passkeys(ctx, auth.FromContext(ctx).Member)
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListPasskeysResponse{}
	for _, p := range all {
		out.Passkeys = append(out.Passkeys, passkeyProto(p))
	}
	return out, nil
}

// RenamePasskey gives a passkey of the caller another name.
func (s *Server) RenamePasskey(ctx context.Context, r *membershipv1.RenamePasskeyRequest) (*membershipv1.Passkey, error) {
	name, err := membership.PasskeyName(r.GetName())
	if err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	request, err := rpc.Once(ctx, membershipv1.SignInService_RenamePasskey_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.ChangePasskey(ctx, request, auth.FromContext(ctx).Member, r.GetPasskey(), name, now, s.machine(), passkeyFacts, encodePasskey)
	return rpc.Reply(&membershipv1.Passkey{}, reply, err)
}

// RemovePasskey forgets a passkey of the caller.
func (s *Server) RemovePasskey(ctx context.Context, r *membershipv1.RemovePasskeyRequest) (*membershipv1.RemovePasskeyResponse, error) {
	now := s.cfg.Now()
	request, err := rpc.Once(ctx, membershipv1.SignInService_RemovePasskey_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	_, err = s.store.ChangePasskey(ctx, request, auth.FromContext(ctx).Member, r.GetPasskey(), "", now, s.machine(), passkeyFacts, encodePasskey)
	if err != nil {
		return nil, err
	}
	s.wakeMail()
	return &membershipv1.RemovePasskeyResponse{}, nil
}

// BeginPasskeySignIn makes a challenge for any passkey.
func (s *Server) BeginPasskeySignIn(ctx context.Context, _ *membershipv1.BeginPasskeySignInRequest) (*membershipv1.PasskeyChallenge, error) {
	if s.passkeys == nil {
		return nil, noPasskeys()
	}
	attempt, err := newSecret(s.cfg.Random)
	if err != nil {
		return nil, err
	}
	assertion, terms, err := s.passkeys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired), webauthn.WithChallenge(s.challenge(attempt)))
	if err != nil {
		return nil, fmt.Errorf("membership: begin a sign-in: %w", err)
	}
	return s.beginChallenge(ctx, attempt, "", terms, assertion.Response)
}

// ConfirmPasskey trades a passkey's answer for a session. As with mail, the secret is derived from the request, so that the same request
// again gets the same answer though nothing of it is stored.
func (s *Server) ConfirmPasskey(ctx context.Context, r *membershipv1.ConfirmPasskeyRequest) (*membershipv1.ConfirmSessionResponse, error) {
	if s.passkeys == nil {
		return nil, noPasskeys()
	}
	if len(r.GetAttempt()) > maxSecret || len(r.GetCredential()) > maxCredential {
		return nil, s.passkeyRefused(ctx, nil)
	}
	hash, err := requestHash(r)
	if err != nil {
		return nil, err
	}
	check := func(c membership.KeyChallenge) (membership.Passkey, error) { return s.checkAssertion(ctx, c, r) }
	secret := s.secrets.derive("session", hash)
	way := membership.Way{Method: membership.ByPasskey, Device: device(ctx)}
	session, err := s.store.ConfirmPasskey(ctx, digest(r.GetAttempt()), hash, digest(secret), way, s.cfg.Now(), check)
	if err != nil {
		return nil, err
	}
	return signedIn(secret, session, false), nil
}

// checkAssertion verifies an answer and returns the passkey as it stands after it.
func (s *Server) checkAssertion(ctx context.Context, c membership.KeyChallenge, r *membershipv1.ConfirmPasskeyRequest) (membership.Passkey, error) {
	var p membership.Passkey
	terms, err := s.terms(c, r.GetAttempt())
	if err != nil {
		return p, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(r.GetCredential()))
	if err != nil {
		return p, s.passkeyRefused(ctx, err)
	}
	var failed error
	find := func(keyID, handle []byte) (webauthn.User, error) {
		var known bool
		if p, known, failed = s.store.PasskeyOf(ctx, keyID, handle); failed != nil {
			return nil, failed
		}
		if !known {
			failed = store.PasskeyUnknown()
			return nil, failed
		}
		one, err := decodeCredential(p)
		if err != nil {
			failed = err
			return nil, err
		}
		return holder{handle: bytes.Clone(handle), credential: []webauthn.Credential{one}}, nil
	}
	used, err := s.passkeys.ValidateDiscoverableLogin(find, terms, parsed)
	switch {
	case failed != nil:
		return p, failed
	case err != nil:
		return p, s.passkeyRefused(ctx, err)
	case used.Authenticator.CloneWarning:
		return p, fault.New(fault.Denied, "PASSKEY_CLONED",
			"This passkey's counter went backwards, which happens when a key is copied. Sign in by email and remove it.")
	}
	return encodeCredential(p, used)
}
