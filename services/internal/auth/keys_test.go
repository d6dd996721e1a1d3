package auth

import (
	"context"
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func TestFetchedKeys(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	key := func() ed25519.PublicKey { return newKey(t).Public().(ed25519.PublicKey) }
	first, second := key(), key()
	published, asked, down := []ed25519.PublicKey{first}, 0, false
	keys := NewFetchedKeys([]ed25519.PublicKey{first}, func(context.Context) ([]ed25519.PublicKey, error) {
		asked++
		if down {
			return nil, errors.New("away")
		}
		return published, nil
	}, func() time.Time { return now })
	knows := func(pub ed25519.PublicKey) bool {
		t.Helper()
		got, err := keys.MemberKey(context.Background(), KeyID(pub))
		if err != nil {
			t.Fatal(err)
		}
		return got != nil
	}
	down = true
	if !knows(first) || knows(second) {
		t.Error("without membership the keys known beforehand hold, and no others")
	}
	down, published = false, []ed25519.PublicKey{second, first}
	now = now.Add(keysPause)
	if !knows(second) || !knows(first) {
		t.Error("after a rotation both keys are known")
	}
	asked = 0
	for range 100 {
		if knows(key()) {
			t.Fatal("a key that nobody published is known")
		}
	}
	if asked > 1 {
		t.Errorf("made-up key ids made it ask %d times in an instant", asked)
	}
	published = []ed25519.PublicKey{second}
	now = now.Add(keysAge)
	if !knows(second) || knows(first) {
		t.Error("what is no longer published is forgotten")
	}
	down = true
	now = now.Add(24 * time.Hour)
	if !knows(second) {
		t.Error("membership is away, and members are signed out")
	}
}

// TestAMinuteEitherWay: clocks that differ by a minute, in either direction, refuse nobody: neither members' tokens nor rooms'.
func TestAMinuteEitherWay(t *testing.T) {
	for _, skew := range []time.Duration{-time.Minute, time.Minute} {
		w := newWorld(t)
		made := w.now
		member, _, err := w.members.Issue(Principal{Member: "m1", Session: "s1"}, made)
		if err != nil {
			t.Fatal(err)
		}
		room := signed(t, jwt.SigningMethodEdDSA, w.rooms[Ledger], "", w.roomClaims(Ledger, Ballots))
		for _, at := range []time.Duration{0, RoomTokenLife / 2} { // A room's token is used for half its life.
			w.now = made.Add(at + skew)
			if _, err := w.verifier.Verify(context.Background(), room); err != nil {
				t.Errorf("a room's token %v after it was made, by a clock %v off: %v", at, skew, err)
			}
		}
		for _, at := range []time.Duration{0, MemberTokenLife - time.Second} {
			w.now = made.Add(at + skew)
			if _, err := w.verifier.Verify(context.Background(), member); err != nil {
				t.Errorf("a member's token %v after it was made, by a clock %v off: %v", at, skew, err)
			}
		}
		w.now = made.Add(MemberTokenLife + 2*time.Minute)
		if _, err := w.verifier.Verify(context.Background(), member); err == nil {
			t.Error("a token two minutes too old is accepted")
		}
	}
}

// FuzzVerify: whatever is sent as a token, the verifier neither panics nor takes it for anybody, but for those that were signed.
func FuzzVerify(f *testing.F) {
	w := newWorld(f)
	good, _, err := w.members.Issue(Principal{Member: "m1", Session: "s1", Roles: []Role{{Name: Chair}}}, w.now)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", ".", "..", "a.b.c", good, good[:len(good)-1], good + "=", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJFZERTQSIsImtpZCI6W119.e30.AA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := w.verifier.Verify(context.Background(), raw)
		if raw == good {
			if err != nil || p.Member != "m1" {
				t.Fatalf("the signed token: %+v, %v", p, err)
			}
			return
		}
		if !p.Anonymous() {
			t.Fatalf("%q is taken for %+v", raw, p)
		}
		if (err == nil) != (raw == "") {
			t.Fatalf("%q: %v", raw, err)
		}
	})
}
