package server

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/membership"
)

func (h *house) me(token string) error {
	_, err := h.people.GetMe(with(token), &membershipv1.GetMeRequest{})
	return err
}

// TestTokensVerifyByThePublishedKeys verifies a token as an outsider would: with the keys that the room publishes.
func TestTokensVerifyByThePublishedKeys(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	keys, err := h.people.ListKeys(context.Background(), &membershipv1.ListKeysRequest{})
	if err != nil || len(keys.GetKeys()) != 1 {
		t.Fatalf("%v, %v", keys, err)
	}
	k := keys.GetKeys()[0]
	if k.GetKty() != "OKP" || k.GetCrv() != "Ed25519" || k.GetAlg() != "EdDSA" || k.GetUse() != "sig" {
		t.Errorf("%v", k)
	}
	raw, err := base64.RawURLEncoding.DecodeString(k.GetX())
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jwt.Parse(secretary.token, func(tok *jwt.Token) (any, error) {
		if tok.Header["kid"] != k.GetKid() {
			t.Errorf("signed with the key %v, published is %s", tok.Header["kid"], k.GetKid())
		}
		return ed25519.PublicKey(raw), nil
	}, jwt.WithTimeFunc(h.clock.Now), jwt.WithAudience("folkmoot"))
	if err != nil {
		t.Fatal(err)
	}
	c := parsed.Claims.(jwt.MapClaims)
	expires, _ := c.GetExpirationTime()
	if c["sub"] != secretary.id || c["sid"] == "" || c["auth_time"] != float64(h.clock.Now().Unix()) || expires.Sub(h.clock.Now()) > 15*time.Minute {
		t.Errorf("claims %v", c)
	}
	if held, _ := json.Marshal(c["roles"]); string(held) != `[{"name":"secretary"}]` {
		t.Errorf("roles %s", held)
	}
}

func TestSigningOut(t *testing.T) {
	h := open(t)
	h.found()
	sam := h.join("Sam", "sam@example.org", "")
	attempt := h.ask(sam.email, "")
	other, err := h.byCode(attempt, h.newest(sam.email, 2).code())
	if err != nil {
		t.Fatal(err)
	}
	before := timestamppb.New(time.Now().Add(-time.Second))
	if _, err := h.people.SignOut(with(sam.token), &membershipv1.SignOutRequest{RequestId: newID()}); err != nil {
		t.Fatal(err)
	}
	refused(t, h.me(sam.token), codes.Unauthenticated, "SESSION_ENDED")
	for _, secret := range []string{sam.session, "", "nonsense", strings.Repeat("a", 10_000)} {
		_, err = h.people.ExchangeSession(context.Background(), &membershipv1.ExchangeSessionRequest{SessionSecret: secret})
		refused(t, err, codes.Unauthenticated, "SESSION_ENDED")
	}
	if err := h.me(h.exchange(other.GetSessionSecret())); err != nil {
		t.Errorf("the other browser: %v", err)
	}
	for _, room := range auth.Rooms[1:] {
		for _, since := range []*timestamppb.Timestamp{nil, before} {
			got, err := h.as(room).ListRevocations(context.Background(), &membershipv1.ListRevocationsRequest{Since: since})
			if err != nil || len(got.GetSessions()) != 1 || got.GetAsOf().AsTime().After(time.Now()) {
				t.Errorf("the %s room hears %v, %v", room, got, err)
			}
		}
	}
	later, err := h.as(auth.Ledger).ListRevocations(context.Background(), &membershipv1.ListRevocationsRequest{Since: timestamppb.New(time.Now().Add(time.Minute))})
	if err != nil || len(later.GetSessions()) != 0 {
		t.Errorf("since a later instant: %v, %v", later, err)
	}
}

// TestARevocationIsNeverMissed: whoever asks again since the instant they were answered hears of every sign-out,
// one that was being committed then included.
func TestARevocationIsNeverMissed(t *testing.T) {
	h := open(t)
	_, asOf, err := h.server.fetchRevoked(context.Background(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	// A transaction that began just before that answer, and commits after it.
	if err := h.server.store.End(context.Background(), "slow", h.clock.Now(), time.Now().Add(-settle+time.Second)); err != nil {
		t.Fatal(err)
	}
	sids, _, err := h.server.fetchRevoked(context.Background(), asOf)
	if err != nil || !slices.Contains(sids, "slow") {
		t.Errorf("asking again: %v, %v", sids, err)
	}
}

func TestSessionsEndUnused(t *testing.T) {
	h := open(t)
	h.found()
	sam := h.join("Sam", "sam@example.org", "")
	h.clock.pass(membership.SessionIdle - time.Hour)
	h.exchange(sam.session)
	h.clock.pass(membership.SessionIdle - time.Hour)
	token := h.exchange(sam.session)
	h.clock.pass(auth.MemberTokenLife + 2*time.Minute)
	refused(t, h.me(token), codes.Unauthenticated, "TOKEN_REFUSED")
	h.clock.pass(membership.SessionIdle)
	_, err := h.people.ExchangeSession(context.Background(), &membershipv1.ExchangeSessionRequest{SessionSecret: sam.session})
	refused(t, err, codes.Unauthenticated, "SESSION_ENDED")
}

func TestOperatorToken(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	ctx := context.Background()
	signer := auth.NewSigner(h.key)
	_, _, err := OperatorToken(ctx, h.db, signer, "nobody@example.org", h.clock.Now(), false)
	refused(t, err, codes.NotFound, "MEMBER_NOT_FOUND")
	_, _, err = OperatorToken(ctx, h.db, signer, "nobody", h.clock.Now(), false)
	refused(t, err, codes.InvalidArgument, "EMAIL_INVALID")
	token, who, err := OperatorToken(ctx, h.db, signer, "SECRETARY@example.org", h.clock.Now(), false)
	if err != nil || who != secretary.id {
		t.Fatalf("%s, %v", who, err)
	}
	if err := h.me(token); err != nil {
		t.Errorf("looking: %v", err)
	}
	_, err = h.people.CreateRegion(with(token), &membershipv1.CreateRegionRequest{RequestId: newID(), Region: "london", Name: "London"})
	refused(t, err, codes.PermissionDenied, "OPERATOR_TOKEN")
	if mail := h.newest(secretary.email, 1); !strings.Contains(mail.subject, "operator") || mail.code() != "" || mail.link() != "" {
		t.Errorf("the mail to the member: %+v", mail)
	}
	m, _, err := h.server.store.Member(ctx, secretary.id)
	if err != nil || m.History.Events[len(m.History.Events)-1].Kind != membership.OperatorToken {
		t.Errorf("the register says %+v, %v", m.History.Events, err)
	}
	if _, err := h.people.SignOut(with(token), &membershipv1.SignOutRequest{RequestId: newID()}); err != nil {
		t.Fatal(err)
	}
	refused(t, h.me(token), codes.Unauthenticated, "SESSION_ENDED")
	if err := h.me(secretary.token); err != nil {
		t.Errorf("the secretary's own session: %v", err)
	}
	// In a sample it works fully and mails nobody.
	token, _, err = OperatorToken(ctx, h.db, signer, secretary.email, h.clock.Now(), true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = h.people.CreateRegion(with(token), &membershipv1.CreateRegionRequest{RequestId: newID(), Region: "london", Name: "London"}); err != nil {
		t.Errorf("in a sample: %v", err)
	}
	var notes int
	if err := h.db.Reader().QueryRow(`SELECT COUNT(*) FROM letter WHERE member <> ''`).Scan(&notes); err != nil || notes != 1 {
		t.Errorf("%d mails to members about tokens, %v; want the one from outside the sample", notes, err)
	}
}

func TestStepClock(t *testing.T) {
	var to []time.Time
	h := open(t, func(c *Config) {
		c.Sample = true
		c.Step = func(at time.Time) (time.Time, error) { to = append(to, at); return at, nil }
	})
	conn, err := h.wire.Dial(auth.Membership, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	clock := membershipv1.NewSampleServiceClient(conn)
	at := h.clock.Now().Add(time.Hour)
	got, err := clock.StepClock(context.Background(), &membershipv1.StepClockRequest{To: timestamppb.New(at)})
	if err != nil || !got.GetNow().AsTime().Equal(at) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := clock.StepClock(context.Background(), &membershipv1.StepClockRequest{}); err != nil {
		t.Error(err)
	}
	if len(to) != 2 || !to[0].Equal(at) || !to[1].IsZero() {
		t.Errorf("stepped to %v", to)
	}
	f, err := h.people.GetFounding(context.Background(), &membershipv1.GetFoundingRequest{})
	if err != nil || !f.GetSample() {
		t.Errorf("%v, %v", f, err)
	}
}
