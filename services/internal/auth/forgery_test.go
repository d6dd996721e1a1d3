package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// forgeries are what somebody makes who knows a good token and every public key.
func forgeries(t *testing.T, w *world, good string) map[string]string {
	t.Helper()
	kid := KeyID(w.members.Public())
	parts := strings.Split(good, ".")
	b64 := base64.RawURLEncoding
	header := func(h map[string]any) string {
		raw, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		return b64.EncodeToString(raw)
	}
	// own signs what a header of one's own and the good claims say, with a key of one's own.
	attacker := newKey(t)
	own := func(key ed25519.PrivateKey, h map[string]any, claims string) string {
		signing := header(h) + "." + claims
		return signing + "." + b64.EncodeToString(ed25519.Sign(key, []byte(signing)))
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	escalated := w.memberClaims()
	escalated.Roles = []Role{{Name: Secretary}, {Name: Treasurer}}
	raw, err := json.Marshal(escalated)
	if err != nil {
		t.Fatal(err)
	}
	// The last character of a signature of 64 bytes has four bits that say nothing.
	last := parts[2][len(parts[2])-1]
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	slack := parts[2][:len(parts[2])-1] + string(alphabet[strings.IndexByte(alphabet, last)|1])
	all := map[string]string{
		"RS256":                         signed(t, jwt.SigningMethodRS256, rsaKey, kid, w.memberClaims()),
		"ES256":                         signed(t, jwt.SigningMethodES256, curve, kid, w.memberClaims()),
		"HS256 with the key id":         signed(t, jwt.SigningMethodHS256, []byte(kid), kid, w.memberClaims()),
		"HS512 with the public key":     signed(t, jwt.SigningMethodHS512, []byte(w.members.Public()), kid, w.memberClaims()),
		"a room, HS256, its public key": signed(t, jwt.SigningMethodHS256, []byte(w.rooms[Motions].Public().(ed25519.PublicKey)), "", w.roomClaims(Motions, Ballots)),
		"a room, alg none":              signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "", w.roomClaims(Motions, Ballots)),
		"no algorithm":                  own(attacker, map[string]any{"typ": "JWT", "kid": kid}, parts[1]),
		"an unknown algorithm":          own(attacker, map[string]any{"alg": "EdDSA448", "kid": kid}, parts[1]),
		"the key in the header": own(attacker, map[string]any{"alg": "EdDSA", "kid": kid,
			"jwk": map[string]string{"kty": "OKP", "crv": "Ed25519", "x": b64.EncodeToString(attacker.Public().(ed25519.PublicKey))}}, parts[1]),
		"the attacker's key id":       own(attacker, map[string]any{"alg": "EdDSA", "kid": KeyID(attacker.Public().(ed25519.PublicKey))}, parts[1]),
		"a key id that is a number":   own(w.members.key, map[string]any{"alg": "EdDSA", "kid": 7}, parts[1]),
		"no key id":                   own(w.members.key, map[string]any{"alg": "EdDSA"}, parts[1]),
		"a critical header":           own(w.members.key, map[string]any{"alg": "EdDSA", "kid": kid, "crit": []string{"b64"}, "b64": false}, parts[1]),
		"more roles, the old proof":   parts[0] + "." + b64.EncodeToString(raw) + "." + parts[2],
		"another header, same proof":  header(map[string]any{"alg": "EdDSA", "kid": kid, "typ": "at+jwt"}) + "." + parts[1] + "." + parts[2],
		"a proof with slack bits":     parts[0] + "." + parts[1] + "." + slack,
		"a proof with a line break":   parts[0] + "." + parts[1] + "." + parts[2][:10] + "\n" + parts[2][10:],
		"a fourth part":               good + ".AAAA",
		"an empty part":               parts[0] + ".." + parts[2],
		"claims that are no object":   own(w.members.key, map[string]any{"alg": "EdDSA", "kid": kid}, b64.EncodeToString([]byte(`"m1"`))),
		"the members' key as a room":  "",
		"valid only later":            "",
		"a room, expired":             "",
		"a room without an issue":     "",
		"a room for two rooms":        "",
		"a member's key for a room":   signed(t, jwt.SigningMethodEdDSA, w.members.key, kid, w.roomClaims(Motions, Ballots)),
		"a room's key, member claims": signed(t, jwt.SigningMethodEdDSA, w.rooms[Membership], kid, w.memberClaims()),
	}
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "eddsa", "EDDSA", "Ed25519", ""} {
		all["alg "+alg+", no proof"] = header(map[string]any{"alg": alg, "kid": kid}) + "." + parts[1] + "."
		all["alg "+alg+", the old proof"] = header(map[string]any{"alg": alg, "kid": kid}) + "." + parts[1] + "." + parts[2]
	}
	// The file of public keys names the members' key too; it is no room's.
	w.verifier.RoomKeys[keyringMembers] = w.members.Public()
	all["the members' key as a room"] = signed(t, jwt.SigningMethodEdDSA, w.members.key, kid, w.roomClaims(keyringMembers, Ballots))
	room := func(f func(*claims)) string {
		c := w.roomClaims(Motions, Ballots)
		f(&c)
		return signed(t, jwt.SigningMethodEdDSA, w.rooms[Motions], "", c)
	}
	all["a room, expired"] = room(func(c *claims) {
		c.IssuedAt, c.ExpiresAt = jwt.NewNumericDate(w.now.Add(-2*time.Minute)), jwt.NewNumericDate(w.now.Add(-31*time.Second))
	})
	all["a room without an issue"] = room(func(c *claims) { c.IssuedAt = nil })
	all["a room for two rooms"] = room(func(c *claims) { c.Audience = jwt.ClaimStrings{Ballots, Ledger} })
	later := w.memberClaims()
	later.NotBefore = jwt.NewNumericDate(w.now.Add(2 * time.Minute))
	all["valid only later"] = signed(t, jwt.SigningMethodEdDSA, w.members.key, kid, later)
	return all
}

// keyringMembers is the name under which the keyring keeps the key of members' tokens.
const keyringMembers = "members"

func TestARoomsTokenIsForTheNamedRoomOnly(t *testing.T) {
	w := newWorld(t)
	for _, from := range Rooms {
		for _, to := range Rooms {
			md, err := RoomIdentity{Room: from, Key: w.rooms[from], Now: w.verifier.Now}.For(to).GetRequestMetadata(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			raw := strings.TrimPrefix(md["authorization"], "Bearer ")
			for _, at := range Rooms {
				v := &Verifier{Room: at, Members: w.verifier.Members, RoomKeys: w.verifier.RoomKeys, Now: w.verifier.Now}
				p, err := v.Verify(t.Context(), raw)
				if (at == to) != (err == nil) || (err == nil && p.Room != from) || (err != nil && !p.Anonymous()) {
					t.Errorf("from %s to %s, at %s: %+v, %v", from, to, at, p, err)
				}
			}
		}
	}
}

func TestARoomUsesATokenForHalfItsLife(t *testing.T) {
	w := newWorld(t)
	c := RoomIdentity{Room: Motions, Key: w.rooms[Motions], Now: w.verifier.Now}.For(Ballots)
	var tokens []string
	for _, after := range []time.Duration{0, RoomTokenLife/2 - time.Second, time.Second, RoomTokenLife} {
		w.now = w.now.Add(after)
		md, err := c.GetRequestMetadata(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		raw := strings.TrimPrefix(md["authorization"], "Bearer ")
		if p, err := w.verifier.Verify(t.Context(), raw); err != nil || p.Room != Motions {
			t.Errorf("after %v: %+v, %v", after, p, err)
		}
		tokens = append(tokens, raw)
	}
	if tokens[0] != tokens[1] || tokens[1] == tokens[2] || tokens[2] == tokens[3] {
		t.Error("a token is not used for half its life")
	}
}

// rotating are keys of which one may be withdrawn.
type rotating struct{ StaticKeys }

func TestARotationSignsNobodyOutAndAWithdrawalDoes(t *testing.T) {
	w := newWorld(t)
	next := NewSigner(newKey(t))
	keys := &rotating{StaticKeys{w.members.Public()}}
	w.verifier.Members = keys
	old, _, err := w.members.Issue(Principal{Member: "m1", Session: "s1"}, w.now)
	if err != nil {
		t.Fatal(err)
	}
	fresh, _, err := next.Issue(Principal{Member: "m1", Session: "s1"}, w.now)
	if err != nil {
		t.Fatal(err)
	}
	accepted := func(raw string) bool { _, err := w.verifier.Verify(t.Context(), raw); return err == nil }
	if !accepted(old) || accepted(fresh) {
		t.Fatal("before the rotation")
	}
	keys.StaticKeys = StaticKeys{next.Public(), w.members.Public()}
	if !accepted(old) || !accepted(fresh) {
		t.Error("while both keys hold, a token was refused")
	}
	keys.StaticKeys = StaticKeys{next.Public()}
	w.verifier.Forget()
	if accepted(old) || !accepted(fresh) {
		t.Error("after the withdrawal and Forget, the old key still verifies")
	}
}

func TestRevocationsAreAskedForFromWhereTheLastAnswerEnded(t *testing.T) {
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	var since []time.Time
	var answer error
	ended := []string{"s1"}
	r := NewRevocations(func(_ context.Context, from time.Time) ([]string, time.Time, error) {
		since = append(since, from)
		return ended, now.Add(-time.Second), answer
	}, func() time.Time { return now })
	start := now
	for range 2 {
		if err := r.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]time.Time{{}, start.Add(-time.Second - leeway)}, since); d != "" {
		t.Error(d)
	}
	// A failure forgets nothing and makes nothing fresh.
	answer = fault.New(fault.Unavailable, "ROOM_UNAVAILABLE", "No answer.")
	now = now.Add(staleAfter + time.Second)
	if err := r.Refresh(t.Context()); !fault.Is(err, "ROOM_UNAVAILABLE") {
		t.Errorf("a failed refresh: %v", err)
	}
	if !r.Has("s1") || !fault.Is(r.Fresh(), "REVOCATIONS_STALE") {
		t.Errorf("after a failed refresh: has %v, fresh %v", r.Has("s1"), r.Fresh())
	}
	// What is told no more is remembered for as long as a token could live.
	answer, ended = nil, nil
	for _, c := range []struct {
		after time.Duration
		has   bool
	}{{keepRevoked, true}, {keepRevoked + time.Second, false}} {
		now = start.Add(c.after)
		if err := r.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r.Has("s1") != c.has {
			t.Errorf("after %v: has %v", c.after, r.Has("s1"))
		}
	}
	if keepRevoked < MemberTokenLife+leeway {
		t.Error("a revoked session is forgotten while its token lives")
	}
	var none *Revocations
	if none.Has("s1") || none.Fresh() != nil {
		t.Error("no list has entries or is stale")
	}
}

func TestRunRefreshesUntilTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var at []time.Duration
		failures := 0
		ctx, cancel := context.WithCancel(t.Context())
		r := NewRevocations(func(context.Context, time.Time) ([]string, time.Time, error) {
			at = append(at, time.Since(began))
			if len(at) == 4 {
				cancel()
			}
			if len(at) == 2 {
				return nil, time.Time{}, fault.New(fault.Unavailable, "X", "x")
			}
			return nil, time.Now(), nil
		}, time.Now)
		r.Run(ctx, func(error) { failures++ })
		if d := cmp.Diff([]time.Duration{0, refreshEvery, 2 * refreshEvery, 3 * refreshEvery}, at); d != "" || failures != 1 {
			t.Errorf("%d failures; refreshed at:\n%s", failures, d)
		}
		if refreshEvery > 20*time.Second {
			t.Error("the list is refreshed less often than every 20 seconds")
		}
	})
}
