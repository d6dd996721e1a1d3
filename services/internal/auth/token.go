package auth

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

const (
	// Audience is the audience of every member's access token.
	Audience = "folkmoot"
	// Issuer is the issuer of every member's access token: the membership room's
	// signing key, which is not its room key.
	Issuer = "folkmoot-members"
	// MemberTokenLife is how long an access token lives.
	MemberTokenLife = 15 * time.Minute
	// RoomTokenLife is how long a room's token lives.
	RoomTokenLife = 60 * time.Second
	// leeway is how far two machines' clocks may differ: a minute, and the second that tokens round to.
	leeway = 61 * time.Second
	// maxToken is the longest token looked at, in bytes.
	maxToken = 4096
)

// claims are those of both kinds of token.
type claims struct {
	jwt.RegisteredClaims
	Session       string   `json:"sid,omitempty"`
	Roles         []Role   `json:"roles,omitempty"`
	Methods       []string `json:"amr,omitempty"`
	Authenticated int64    `json:"auth_time,omitempty"`
}

// KeyID names a public key: the first 16 characters of its base64url form.
func KeyID(pub ed25519.PublicKey) string {
	return base64.RawURLEncoding.EncodeToString(pub)[:16]
}

// Signer issues members' access tokens. Only the membership room and the operator's command hold one.
type Signer struct {
	key ed25519.PrivateKey
}

// NewSigner returns a signer with this key.
func NewSigner(key ed25519.PrivateKey) *Signer { return &Signer{key: key} }

// Public returns the key that verifies what the signer issues.
func (s *Signer) Public() ed25519.PublicKey { return s.key.Public().(ed25519.PublicKey) }

// Issue signs an access token for a member, and returns it with the instant at which it
// expires: now plus [MemberTokenLife].
func (s *Signer) Issue(p Principal, now time.Time) (string, time.Time, error) {
	expires := now.Add(MemberTokenLife)
	c := claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: Issuer, Audience: jwt.ClaimStrings{Audience}, Subject: p.Member,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
		Session: p.Session, Roles: p.Roles,
	}
	if p.Operator {
		c.Methods = []string{"operator"}
	}
	if !p.Authenticated.IsZero() {
		c.Authenticated = p.Authenticated.Unix()
	}
	return sign(s.key, c, expires)
}

func sign(key ed25519.PrivateKey, c claims, expires time.Time) (string, time.Time, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, c)
	t.Header["kid"] = KeyID(key.Public().(ed25519.PublicKey))
	raw, err := t.SignedString(key)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("auth: sign a token: %w", err)
	}
	return raw, expires, nil
}

// Keys finds the public keys that verify members' tokens, by key id.
type Keys interface {
	// MemberKey returns the key, or nil if there is none of that id.
	MemberKey(ctx context.Context, kid string) (ed25519.PublicKey, error)
}

// StaticKeys are keys known beforehand.
type StaticKeys []ed25519.PublicKey

// MemberKey returns the key with this id.
func (k StaticKeys) MemberKey(_ context.Context, kid string) (ed25519.PublicKey, error) {
	for _, pub := range k {
		if KeyID(pub) == kid {
			return pub, nil
		}
	}
	return nil, nil
}

// Verifier verifies the tokens that reach one room.
type Verifier struct {
	// Room is the room that verifies: rooms' tokens must have it as their audience.
	Room string
	// Members finds the keys of members' tokens.
	Members Keys
	// RoomKeys are the other rooms' public keys by room.
	RoomKeys map[string]ed25519.PublicKey
	// Revoked is the list of revoked sessions; nil where there is none to keep.
	Revoked *Revocations
	// Now is the clock.
	Now func() time.Time

	cache cache
}

var (
	errUnknownKey = errors.New("no key with this id")
	errCritical   = errors.New("a critical header")
	errLineBreak  = errors.New("a line break")
)

// Verify returns the caller that the token names. An empty token is an anonymous caller.
// A token that does not verify is a fault: a caller who tried to prove who they are and failed is
// told so, and is not treated as anonymous.
func (v *Verifier) Verify(ctx context.Context, raw string) (Principal, error) {
	if raw == "" {
		return Principal{}, nil
	}
	if len(raw) > maxToken {
		return Principal{}, refuse("TOKEN_TOO_LONG", "longer than any we issue")
	}
	now := v.Now()
	p, ok := v.cache.get(raw, now)
	if !ok {
		var err error
		if p, err = v.parse(ctx, raw, now); err != nil {
			return Principal{}, err
		}
		v.cache.put(raw, p)
	}
	if p.Session != "" && v.Revoked.Has(p.Session) {
		return Principal{}, refuse("SESSION_ENDED", "its session was ended")
	}
	return p, nil
}

// Forget drops every cached verdict: keys rotated, or sessions were revoked.
func (v *Verifier) Forget() { v.cache.clear() }

func (v *Verifier) parse(ctx context.Context, raw string, now time.Time) (Principal, error) {
	if strings.ContainsAny(raw, "\r\n") {
		return Principal{}, refuse("TOKEN_REFUSED", why(errLineBreak)) // Decoding would ignore them.
	}
	var c claims
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(func() time.Time { return now }),
	)
	room := false
	_, err := parser.ParseWithClaims(raw, &c, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		if _, ok := t.Header["crit"]; ok {
			return nil, errCritical // RFC 7515, section 4.1.11: whoever does not understand it must refuse.
		}
		if c.Issuer == Issuer {
			pub, err := v.Members.MemberKey(ctx, kid)
			if err != nil {
				return nil, err
			}
			if pub == nil {
				return nil, errUnknownKey
			}
			return pub, nil
		}
		pub, ok := v.RoomKeys[c.Issuer]
		if !ok || !slices.Contains(Rooms, c.Issuer) {
			return nil, errUnknownKey
		}
		room = true
		return pub, nil
	})
	if f := fault.Of(err); f != nil {
		return Principal{}, f
	}
	if err != nil {
		return Principal{}, refuse("TOKEN_REFUSED", why(err))
	}
	want := Audience
	if room {
		want = v.Room
	}
	if len(c.Audience) != 1 || c.Audience[0] != want {
		return Principal{}, refuse("TOKEN_REFUSED", "it was made for someone else")
	}
	life := MemberTokenLife
	if room {
		life = RoomTokenLife
	}
	if c.IssuedAt == nil || c.ExpiresAt.Sub(c.IssuedAt.Time) > life {
		return Principal{}, refuse("TOKEN_REFUSED", "it lives longer than any we issue")
	}
	if room {
		return Principal{Room: c.Issuer, Expires: c.ExpiresAt.Time}, nil
	}
	if c.Subject == "" || c.Session == "" {
		return Principal{}, refuse("TOKEN_REFUSED", "it names nobody")
	}
	p := Principal{Member: c.Subject, Session: c.Session, Roles: c.Roles, Expires: c.ExpiresAt.Time}
	for _, m := range c.Methods {
		p.Operator = p.Operator || m == "operator"
	}
	if c.Authenticated != 0 {
		p.Authenticated = time.Unix(c.Authenticated, 0)
	}
	return p, nil
}

// why says what is wrong without repeating anything that the token holds.
func why(err error) string {
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return "it has expired"
	case errors.Is(err, jwt.ErrTokenUsedBeforeIssued), errors.Is(err, jwt.ErrTokenNotValidYet):
		return "it is not valid yet"
	case errors.Is(err, errUnknownKey):
		return "we do not know the key that signed it"
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return "its signature does not verify"
	}
	return "it is not a token that we issue"
}

func refuse(reason, why string) error {
	return fault.New(fault.Unauthenticated, reason, "Sign in again: your access token was refused, "+why+".")
}
