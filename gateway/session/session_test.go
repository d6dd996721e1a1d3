package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// exchanger is membership's side of an exchange; other methods are not called.
type exchanger struct {
	membershipv1.MembershipServiceClient
	calls  int
	err    error
	expire time.Duration
	now    *time.Time
}

func (e *exchanger) ExchangeSession(_ context.Context, in *membershipv1.ExchangeSessionRequest, _ ...grpc.CallOption) (*membershipv1.ExchangeSessionResponse, error) {
	e.calls++
	if e.err != nil {
		return nil, e.err
	}
	return &membershipv1.ExchangeSessionResponse{
		AccessToken: fmt.Sprintf("token-%d-of-%s", e.calls, in.GetSessionSecret()), Member: "m-1", Name: "Ada",
		Roles:      []*membershipv1.HeldRole{{Role: membershipv1.Role_ROLE_ORGANISER, Region: "london"}},
		ExpireTime: timestamppb.New(e.now.Add(e.expire)),
	}, nil
}

func keeper(secure bool) (*Keeper, *exchanger, *time.Time) {
	now := start
	e := &exchanger{expire: 15 * time.Minute, now: &now}
	return New(e, secure, func() time.Time { return now }), e, &now
}

func with(name, value string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if name != "" {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

func TestVisitorAsksNobody(t *testing.T) {
	k, e, _ := keeper(false)
	v, err := k.Find(t.Context(), with("", ""))
	if err != nil || v.SignedIn() || e.calls != 0 {
		t.Fatalf("%v %v %d", v, err, e.calls)
	}
	if md, ok := metadata.FromOutgoingContext(v.Outgoing(t.Context())); ok {
		t.Errorf("a visitor sends %v", md)
	}
}

func TestKeptForAMinute(t *testing.T) {
	k, e, now := keeper(false)
	find := func() Viewer {
		v, err := k.Find(t.Context(), with("folkmoot_session", "s3cret"))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	v := find()
	md, _ := metadata.FromOutgoingContext(v.Outgoing(t.Context()))
	if got := md.Get("authorization"); len(got) != 1 || got[0] != "Bearer token-1-of-s3cret" {
		t.Fatalf("%v", got)
	}
	if !v.Holds(membershipv1.Role_ROLE_ORGANISER, "london") || v.Holds(membershipv1.Role_ROLE_ORGANISER, "midlands") || !v.HoldsAny(membershipv1.Role_ROLE_ORGANISER) {
		t.Error("roles")
	}
	*now = start.Add(59 * time.Second)
	find()
	if e.calls != 1 {
		t.Fatalf("%d exchanges within a minute", e.calls)
	}
	*now = start.Add(61 * time.Second)
	find()
	if e.calls != 2 {
		t.Fatalf("%d exchanges after a minute", e.calls)
	}
	// A token that ends sooner is exchanged before its end.
	e.expire = 40 * time.Second
	*now = start.Add(5 * time.Minute)
	find()
	*now = now.Add(11 * time.Second)
	find()
	if e.calls != 4 {
		t.Fatalf("%d exchanges of a short token", e.calls)
	}
}

func TestUnknownIsAVisitorAndTroubleIsTrouble(t *testing.T) {
	k, e, now := keeper(false)
	if _, err := k.Find(t.Context(), with("folkmoot_session", "s")); err != nil {
		t.Fatal(err)
	}
	*now = start.Add(2 * time.Minute)
	e.err = status.Error(codes.Unavailable, "away")
	if _, err := k.Find(t.Context(), with("folkmoot_session", "s")); status.Code(err) != codes.Unavailable {
		t.Fatalf("%v", err)
	}
	e.err = status.Error(codes.Unauthenticated, "ended")
	v, err := k.Find(t.Context(), with("folkmoot_session", "s"))
	if err != nil || v.SignedIn() {
		t.Fatalf("%v %v", v, err)
	}
	if len(k.kept) != 0 {
		t.Error("an ended session is still kept")
	}
	e.err = errors.New("what")
	if _, err := k.Find(t.Context(), with("folkmoot_session", "s")); err == nil {
		t.Error("an unknown error signed somebody out in silence")
	}
}

func TestBounded(t *testing.T) {
	k, _, _ := keeper(false)
	for i := range most + 50 {
		if _, err := k.Find(t.Context(), with("folkmoot_session", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if len(k.kept) > most {
		t.Fatalf("%d are kept", len(k.kept))
	}
}

func TestCookies(t *testing.T) {
	for _, secure := range []bool{false, true} {
		k, _, _ := keeper(secure)
		w := httptest.NewRecorder()
		k.Begin(w, "s", start.Add(time.Hour))
		c := w.Result().Cookies()[0]
		if !c.HttpOnly || c.Secure != secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 3600 {
			t.Errorf("%+v", c)
		}
		if got := c.Name; (got == "__Host-folkmoot_session") != secure {
			t.Errorf("secure %v: %s", secure, got)
		}
		w = httptest.NewRecorder()
		k.End(w, with(c.Name, "s"))
		if c := w.Result().Cookies()[0]; c.MaxAge >= 0 || c.Value != "" {
			t.Errorf("%+v does not end it", c)
		}
	}
}

func TestAttempt(t *testing.T) {
	k, _, _ := keeper(false)
	for next, want := range map[string]string{"/ballots/b-1": "/ballots/b-1", "//evil.example": "", "https://evil.example": "", "": "", "/\\evil": ""} {
		w := httptest.NewRecorder()
		k.KeepAttempt(w, Attempt{Secret: "a.b", Next: next})
		c := w.Result().Cookies()[0]
		got := k.Attempt(with(c.Name, c.Value))
		if got.Secret != "a.b" || got.Next != want {
			t.Errorf("%q: %+v", next, got)
		}
	}
	if got := k.Attempt(with("folkmoot_attempt", "nonsense")); got != (Attempt{}) {
		t.Errorf("%+v", got)
	}
}
