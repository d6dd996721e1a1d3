package limit

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

var proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}

func TestClient(t *testing.T) {
	for _, c := range []struct{ remote, forwarded, want string }{
		{"192.0.2.1:4711", "", "192.0.2.1"},
		// Anybody can write the header; only a trusted proxy is believed.
		{"192.0.2.1:4711", "203.0.113.9", "192.0.2.1"},
		{"10.0.0.1:4711", "203.0.113.9", "203.0.113.9"},
		{"10.0.0.1:4711", "198.51.100.1, 203.0.113.9", "203.0.113.9"},
		{"10.0.0.1:4711", "203.0.113.9, 10.0.0.2", "203.0.113.9"},
		{"10.0.0.1:4711", "nonsense", "10.0.0.1"},
		{"[2001:db8::1]:4711", "", "2001:db8::1"},
		{"[::ffff:192.0.2.1]:4711", "", "192.0.2.1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := Client(r, proxies).String(); got != c.want {
			t.Errorf("%s forwarded for %q: %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}

type ask struct {
	path, from, token string
}

// passed returns how many of n equal requests are let through at one instant.
func passed(l *Limiter, a ask, n int) int {
	ok := 0
	h := l.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ok++ }), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	for i := range n {
		method := http.MethodGet
		if a.path != "/" {
			method = http.MethodPost
		}
		r := httptest.NewRequest(method, a.path, nil)
		r.RemoteAddr = a.from + ":1"
		if a.token == "invented" {
			r.Header.Set("Authorization", fmt.Sprint("Bearer ", i))
		} else if a.token != "" {
			r.Header.Set("Authorization", "Bearer "+a.token)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") == "" {
			panic("no Retry-After")
		}
	}
	return ok
}

func TestLimits(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	l := New(Config{
		Caller: Rate{1, 5}, Address: Rate{10, 20}, Mail: Rate{1, 3}, Exempt: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Now: func() time.Time { return now },
	})
	for _, c := range []struct {
		ask  ask
		want int
	}{
		{ask{"/", "192.0.2.1", "ada"}, 5},
		{ask{"/", "192.0.2.2", "invented"}, 20},
		{ask{"/join", "192.0.2.3", ""}, 3},
		{ask{"/v1/sessions:request", "192.0.2.3", ""}, 0},
		{ask{"/", "127.0.0.1", ""}, 40},
	} {
		if got := passed(l, c.ask, 40); got != c.want {
			t.Errorf("%+v: %d of 40, want %d", c.ask, got, c.want)
		}
	}
	now = now.Add(2 * time.Second)
	if got := passed(l, ask{"/", "192.0.2.9", "ada"}, 40); got != 2 {
		t.Errorf("two seconds later: %d, want 2", got)
	}
}

func TestOneHouseholdIsOne(t *testing.T) {
	a, b := netip.MustParseAddr("2001:db8:1:2::1"), netip.MustParseAddr("2001:db8:1:2:ffff::9")
	if network(a) != network(b) || network(a) == network(netip.MustParseAddr("2001:db8:1:3::1")) {
		t.Error("a /64 is one address")
	}
}

func TestBounded(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	l := New(Config{Now: func() time.Time { return now }})
	for i := range most + 100 {
		l.take(l.caller, fmt.Sprint(i), DefaultCaller, now)
	}
	if len(l.caller) > most {
		t.Errorf("%d are remembered", len(l.caller))
	}
}

// TestAHallFromOneAddress: 250 people sign in from one address in two minutes, five requests each, and nobody is told to wait; a program that
// does nothing but ask for mail from there is.
func TestAHallFromOneAddress(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	l := New(Config{Now: func() time.Time { return now }})
	allowed := func(method, path string) bool {
		r := httptest.NewRequest(method, path, nil)
		r.RemoteAddr = "192.0.2.7:1234"
		return l.allow(r)
	}
	for i := range 250 {
		for _, step := range [][2]string{{"GET", "/sign-in"}, {"POST", "/sign-in"}, {"GET", "/confirm"}, {"POST", "/confirm"}, {"GET", "/me"}} {
			if !allowed(step[0], step[1]) {
				t.Fatalf("person %d is refused %v", i, step)
			}
		}
		now = now.Add(2 * time.Minute / 250)
	}
	refused := 0
	for range 2000 {
		if !allowed("POST", "/sign-in") {
			refused++
		}
	}
	if refused == 0 {
		t.Error("a flood of requests for mail is let through")
	}
}
