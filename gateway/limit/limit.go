// Package limit bounds how often one caller, and one address, may ask.
//
// A hall full of people comes from one address, so an address may ask often; a caller is one person or program and
// may ask less often. A visitor cannot escape the address's limit by inventing callers.
package limit

import (
	"crypto/sha256"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is so many requests a second, with so many at once.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Config says who may ask how often.
type Config struct {
	// Caller is for one session or token, Address for one IPv4 address or IPv6 /64, Mail for what sends mail (joining
	// and signing in), by address. The zero value takes the default.
	Caller, Address, Mail Rate
	// Trusted are the proxies whose X-Forwarded-For is believed.
	Trusted []netip.Prefix
	// Exempt are addresses that are not limited: loopback in a sample, for its loader.
	Exempt []netip.Prefix
	// Now is the clock.
	Now func() time.Time
}

// The defaults: a hall of 500 phones behind one address can open a vote's page within a few seconds.
var (
	DefaultCaller  = Rate{PerSecond: 20, Burst: 100}
	DefaultAddress = Rate{PerSecond: 200, Burst: 2000}
	DefaultMail    = Rate{PerSecond: 2, Burst: 300}
)

// most is how many callers and addresses are remembered.
const most = 50_000

// Limiter counts.
type Limiter struct {
	config                Config
	mu                    sync.Mutex
	caller, address, mail map[[32]byte]*rate.Limiter
}

// New returns a limiter.
func New(c Config) *Limiter {
	for _, r := range []struct{ rate, otherwise *Rate }{{&c.Caller, &DefaultCaller}, {&c.Address, &DefaultAddress}, {&c.Mail, &DefaultMail}} {
		if *r.rate == (Rate{}) {
			*r.rate = *r.otherwise
		}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Limiter{config: c, caller: map[[32]byte]*rate.Limiter{}, address: map[[32]byte]*rate.Limiter{}, mail: map[[32]byte]*rate.Limiter{}}
}

// Wrap passes on what is within the limits; refuse answers the rest with 429.
func (l *Limiter) Wrap(next, refuse http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.allow(r) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Retry-After", "5")
		refuse.ServeHTTP(w, r)
	})
}

func (l *Limiter) allow(r *http.Request) bool {
	from := Client(r, l.config.Trusted)
	for _, p := range l.config.Exempt {
		if p.Contains(from) {
			return true
		}
	}
	now := l.config.Now()
	key := network(from)
	ok := l.take(l.address, key, l.config.Address, now)
	if sendsMail(r) {
		ok = l.take(l.mail, key, l.config.Mail, now) && ok
	}
	if who := callerOf(r); who != "" {
		ok = l.take(l.caller, who, l.config.Caller, now) && ok
	}
	return ok
}

func (l *Limiter) take(in map[[32]byte]*rate.Limiter, key string, r Rate, now time.Time) bool {
	k := sha256.Sum256([]byte(key))
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := in[k]
	if !ok {
		if len(in) >= most {
			forget(in, r, now)
		}
		one = rate.NewLimiter(rate.Limit(r.PerSecond), r.Burst)
		in[k] = one
	}
	return one.AllowN(now, 1)
}

// forget makes room for a tenth at once: first those with their whole burst left, who are remembered for nothing,
// then any.
func forget(in map[[32]byte]*rate.Limiter, r Rate, now time.Time) {
	for k, one := range in {
		if one.TokensAt(now) >= float64(r.Burst) {
			delete(in, k)
		}
	}
	for k := range in {
		if len(in) <= most-most/10 {
			return
		}
		delete(in, k)
	}
}

// callerOf returns what tells one caller from another: the token or the session's cookie.
func callerOf(r *http.Request) string {
	if a := r.Header.Get("Authorization"); a != "" {
		return a
	}
	for _, c := range r.Cookies() {
		if strings.HasSuffix(c.Name, "folkmoot_session") {
			return c.Value
		}
	}
	return ""
}

func sendsMail(r *http.Request) bool {
	if r.Method != http.MethodPost {
		return false
	}
	switch r.URL.Path {
	case "/join", "/sign-in", "/v1/members:join", "/v1/sessions:request":
		return true
	}
	return false
}

// network returns the address as one household or hall has it: an IPv4 address, an IPv6 /64.
func network(a netip.Addr) string {
	if a.Is6() && !a.Is4In6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.Unmap().String()
}

// Client returns the address that a request came from. X-Forwarded-For is read from its end, and only as far as
// trusted proxies wrote it.
func Client(r *http.Request, trusted []netip.Prefix) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	from, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	from = from.Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && within(from, trusted); i-- {
		before, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		from = before.Unmap()
	}
	return from
}

func within(a netip.Addr, prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
