package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

type world struct {
	now      time.Time
	members  *Signer
	rooms    map[string]ed25519.PrivateKey
	verifier *Verifier
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{now: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), rooms: map[string]ed25519.PrivateKey{}}
	key := newKey(t)
	w.members = NewSigner(key)
	public := map[string]ed25519.PublicKey{}
	for _, r := range Rooms {
		w.rooms[r] = newKey(t)
		public[r] = w.rooms[r].Public().(ed25519.PublicKey)
	}
	w.verifier = &Verifier{Room: Ballots, Members: StaticKeys{w.members.Public()}, RoomKeys: public, Now: func() time.Time { return w.now }}
	return w
}

func newKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (w *world) memberClaims() claims {
	return claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: Issuer, Audience: jwt.ClaimStrings{Audience}, Subject: "m1",
			IssuedAt: jwt.NewNumericDate(w.now), ExpiresAt: jwt.NewNumericDate(w.now.Add(MemberTokenLife)),
		},
		Session: "s1", Roles: []Role{{Name: Chair}},
	}
}

func (w *world) roomClaims(from, to string) claims {
	return claims{RegisteredClaims: jwt.RegisteredClaims{
		Issuer: from, Audience: jwt.ClaimStrings{to},
		IssuedAt: jwt.NewNumericDate(w.now), ExpiresAt: jwt.NewNumericDate(w.now.Add(RoomTokenLife)),
	}}
}

func signed(t *testing.T, method jwt.SigningMethod, key any, kid string, c jwt.Claims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	token.Header["kid"] = kid
	raw, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestGoodTokensAreAccepted(t *testing.T) {
	w := newWorld(t)
	raw, expires, err := w.members.Issue(Principal{Member: "m1", Session: "s1", Roles: []Role{{Organiser, "london"}}, Operator: true, Authenticated: w.now.Add(-time.Hour)}, w.now)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // The second time from the cache.
		p, err := w.verifier.Verify(context.Background(), raw)
		if err != nil {
			t.Fatal(err)
		}
		if p.Member != "m1" || p.Session != "s1" || !p.Operator || !p.Holds(Organiser, "london") || p.Holds(Organiser, "midlands") ||
			!p.Authenticated.Equal(w.now.Add(-time.Hour)) || !p.Expires.Equal(expires) {
			t.Fatalf("verified as %+v", p)
		}
	}
	md, err := RoomIdentity{Room: Motions, Key: w.rooms[Motions], Now: w.verifier.Now}.For(Ballots).GetRequestMetadata(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	p, err := w.verifier.Verify(context.Background(), strings.TrimPrefix(md["authorization"], "Bearer "))
	if err != nil || p.Room != Motions || p.Member != "" {
		t.Fatalf("a room's token: %+v, %v", p, err)
	}
	if p, err := w.verifier.Verify(context.Background(), ""); err != nil || !p.Anonymous() {
		t.Fatalf("no token: %+v, %v", p, err)
	}
}

func TestBadTokensAreRefused(t *testing.T) {
	w := newWorld(t)
	kid := KeyID(w.members.Public())
	good := signed(t, jwt.SigningMethodEdDSA, w.members.key, kid, w.memberClaims())
	edit := func(f func(*claims)) string {
		c := w.memberClaims()
		f(&c)
		return signed(t, jwt.SigningMethodEdDSA, w.members.key, kid, c)
	}
	der, err := x509.MarshalPKIXPublicKey(w.members.Public())
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	parts := strings.Split(good, ".")
	cases := map[string]string{
		"alg none":                          signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid, w.memberClaims()),
		"HS256 with the public key's bytes": signed(t, jwt.SigningMethodHS256, []byte(w.members.Public()), kid, w.memberClaims()),
		"HS256 with the public key's PEM":   signed(t, jwt.SigningMethodHS256, publicPEM, kid, w.memberClaims()),
		"signed by another key":             signed(t, jwt.SigningMethodEdDSA, newKey(t), kid, w.memberClaims()),
		"unknown key id":                    signed(t, jwt.SigningMethodEdDSA, w.members.key, "nobody", w.memberClaims()),
		"a room's key for a member":         signed(t, jwt.SigningMethodEdDSA, w.rooms[Ledger], KeyID(w.rooms[Ledger].Public().(ed25519.PublicKey)), w.memberClaims()),
		"expired": edit(func(c *claims) {
			c.IssuedAt, c.ExpiresAt = jwt.NewNumericDate(w.now.Add(-time.Hour)), jwt.NewNumericDate(w.now.Add(-46*time.Minute))
		}),
		"no expiry":      edit(func(c *claims) { c.ExpiresAt = nil }),
		"lives too long": edit(func(c *claims) { c.ExpiresAt = jwt.NewNumericDate(w.now.Add(time.Hour)) }),
		"issued in the future": edit(func(c *claims) {
			c.IssuedAt, c.ExpiresAt = jwt.NewNumericDate(w.now.Add(time.Hour)), jwt.NewNumericDate(w.now.Add(time.Hour+MemberTokenLife))
		}),
		"wrong audience":                  edit(func(c *claims) { c.Audience = jwt.ClaimStrings{"elsewhere"} }),
		"two audiences":                   edit(func(c *claims) { c.Audience = jwt.ClaimStrings{Audience, "elsewhere"} }),
		"no audience":                     edit(func(c *claims) { c.Audience = nil }),
		"names nobody":                    edit(func(c *claims) { c.Subject = "" }),
		"no session":                      edit(func(c *claims) { c.Session = "" }),
		"tampered claims":                 parts[0] + "." + parts[1][:len(parts[1])-2] + "AA." + parts[2],
		"tampered signature":              parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])),
		"signature cut off":               parts[0] + "." + parts[1] + ".",
		"garbage":                         "garbage",
		"very long":                       strings.Repeat("a", 5000),
		"a member's token as a room":      edit(func(c *claims) { c.Issuer, c.Audience = Motions, jwt.ClaimStrings{Ballots} }),
		"a room's token for another room": signed(t, jwt.SigningMethodEdDSA, w.rooms[Motions], "", w.roomClaims(Motions, Ledger)),
		"a room's token by another room":  signed(t, jwt.SigningMethodEdDSA, w.rooms[Ledger], "", w.roomClaims(Motions, Ballots)),
		"a room's token for members":      signed(t, jwt.SigningMethodEdDSA, w.rooms[Motions], "", w.roomClaims(Motions, Audience)),
		"a room that does not exist":      signed(t, jwt.SigningMethodEdDSA, newKey(t), "", w.roomClaims("kitchen", Ballots)),
		"a room's token that lives too long": func() string {
			c := w.roomClaims(Motions, Ballots)
			c.ExpiresAt = jwt.NewNumericDate(w.now.Add(2 * time.Minute))
			return signed(t, jwt.SigningMethodEdDSA, w.rooms[Motions], "", c)
		}(),
	}
	for name, raw := range forgeries(t, w, good) {
		cases[name] = raw
	}
	if _, err := w.verifier.Verify(context.Background(), good); err != nil {
		t.Fatalf("the good token that the bad ones are made from: %v", err)
	}
	for name, raw := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := w.verifier.Verify(context.Background(), raw)
			f := fault.Of(err)
			if f == nil || f.Kind != fault.Unauthenticated {
				t.Fatalf("verified as %+v, error %v; want an Unauthenticated fault", p, err)
			}
			if !p.Anonymous() {
				t.Errorf("refused, but the caller is %+v", p)
			}
			if len(raw) > 20 && strings.Contains(err.Error(), raw[:20]) {
				t.Error("the refusal repeats the token")
			}
		})
	}
}

func TestCachedVerdictsExpireAndAreRevoked(t *testing.T) {
	w := newWorld(t)
	raw, _, err := w.members.Issue(Principal{Member: "m1", Session: "s1"}, w.now)
	if err != nil {
		t.Fatal(err)
	}
	var ended []string
	w.verifier.Revoked = NewRevocations(func(context.Context, time.Time) ([]string, time.Time, error) { return ended, w.now, nil }, w.verifier.Now)
	if err := w.verifier.Revoked.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.verifier.Verify(context.Background(), raw); err != nil {
		t.Fatal(err)
	}
	ended = []string{"s1"}
	if err := w.verifier.Revoked.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.verifier.Verify(context.Background(), raw); !fault.Is(err, "SESSION_ENDED") {
		t.Errorf("after revocation: %v, want SESSION_ENDED", err)
	}
	raw2, _, err := w.members.Issue(Principal{Member: "m2", Session: "s2"}, w.now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.verifier.Verify(context.Background(), raw2); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(MemberTokenLife + leeway + time.Second)
	if _, err := w.verifier.Verify(context.Background(), raw2); !fault.Is(err, "TOKEN_REFUSED") {
		t.Errorf("after expiry, from the cache: %v, want TOKEN_REFUSED", err)
	}
}

func TestStaleRevocationsRefuseWrites(t *testing.T) {
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	r := NewRevocations(func(context.Context, time.Time) ([]string, time.Time, error) { return nil, now, nil }, func() time.Time { return now })
	if err := r.Fresh(); !fault.Is(err, "REVOCATIONS_STALE") {
		t.Errorf("before the first refresh: %v, want REVOCATIONS_STALE", err)
	}
	if err := r.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	now = now.Add(staleAfter)
	if err := r.Fresh(); err != nil {
		t.Errorf("at 60 s: %v", err)
	}
	now = now.Add(time.Second)
	if err := r.Fresh(); !fault.Is(err, "REVOCATIONS_STALE") {
		t.Errorf("after 61 s: %v, want REVOCATIONS_STALE", err)
	}
}

func TestCacheIsBounded(t *testing.T) {
	var c cache
	p := Principal{Member: "m", Expires: time.Unix(1<<40, 0)}
	for i := range 3 * cacheSize {
		c.put(string(rune(i))+"x"+strings.Repeat("y", i%7), p)
	}
	if n := len(c.young) + len(c.old); n > 2*cacheSize {
		t.Errorf("the cache holds %d verdicts, more than %d", n, 2*cacheSize)
	}
}
