// Package gateway is the only thing that faces the internet: REST, pages, sessions and limits in front of four
// rooms that it knows only by their contract. It holds no keys and no database.
package gateway

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/gateway/limit"
	"github.com/localgovdigital/folkmoot/gateway/passthrough"
	"github.com/localgovdigital/folkmoot/gateway/rest"
	"github.com/localgovdigital/folkmoot/gateway/web"
	"github.com/localgovdigital/folkmoot/gateway/web/asset"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
)

// Config is what the gateway needs.
type Config struct {
	// Rooms are the connections to the four rooms.
	Rooms rest.Rooms
	// PublicURL is where visitors find us; links, cookies and origins follow it, never the Host header.
	PublicURL *url.URL
	// TrustedProxies are those whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// Limits says who may ask how often; its Trusted is filled from TrustedProxies.
	Limits limit.Config
	// Sample adds the routes of a folder marked as a sample, and does not limit loopback.
	Sample bool
	// Dev serves /dev/ in a marked folder; nil elsewhere.
	Dev http.Handler
	// Calls takes gRPC calls that come to the same address; nil for none.
	Calls http.Handler
	// More serves what the house adds under further paths, by pattern: "/log/".
	More map[string]http.Handler
	// Ready says whether the rooms answer; nil for always.
	Ready func(context.Context) error
	// Log takes what went wrong, without personal data.
	Log *slog.Logger
	// Now is the clock; nil for the real one.
	Now func() time.Time
}

// New returns the handler of everything. It fails with asset.ErrNotBuilt where the pages' styles are missing.
func New(ctx context.Context, c Config) (http.Handler, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.PublicURL == nil {
		return nil, fmt.Errorf("gateway: there is no public URL")
	}
	assets, err := asset.Open()
	if err != nil {
		return nil, err
	}
	api, err := rest.New(ctx, rest.Config{Rooms: c.Rooms, Sample: c.Sample})
	if err != nil {
		return nil, err
	}
	pages, err := web.New(layout.Config{
		Rooms: c.Rooms, Assets: assets, Secure: c.PublicURL.Scheme == "https", Log: c.Log, Now: c.Now,
	}, c.PublicURL)
	if err != nil {
		return nil, err
	}
	c.Limits.Trusted, c.Limits.Now = c.TrustedProxies, c.Now
	if c.Sample {
		c.Limits.Exempt = append(c.Limits.Exempt, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
	}
	limits := limit.New(c.Limits)

	mux := http.NewServeMux()
	limited := http.NewServeMux()
	for _, p := range []string{"/v1/", "/hooks/", "/log/", "/openapi.json", "/.well-known/jwks.json"} {
		limited.Handle(p, api)
	}
	limited.Handle("/", pages)
	mux.Handle("/", limits.Wrap(limited, http.HandlerFunc(tooMany)))
	calls := http.NotFoundHandler()
	if c.Calls != nil {
		calls = limits.Wrap(c.Calls, http.HandlerFunc(tooMany))
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if c.Ready != nil {
			ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
			defer cancel()
			if err := c.Ready(ctx); err != nil {
				c.Log.WarnContext(ctx, "not ready", slog.Any("error", err))
				say(w, http.StatusServiceUnavailable, "not ready")
				return
			}
		}
		say(w, http.StatusOK, "ready")
	})
	if c.Sample {
		mux.Handle("/dev/clock:step", api)
	}
	if c.Dev != nil {
		mux.Handle("/dev/", c.Dev)
	}
	for pattern, h := range c.More {
		mux.Handle(pattern, h)
	}
	return recovered(c.Log, traced(passthrough.Either(calls, mux))), nil
}

// traced gives each request an id that goes through all rooms. What a visitor sends under that name is dropped.
func traced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("X-Request-Trace", rand.Text()[:16])
		next.ServeHTTP(w, r)
	})
}

// recovered keeps a panic from ending the connection without a word, and logs it whole.
func recovered(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			id := rand.Text()[:10]
			log.ErrorContext(r.Context(), "panic", slog.String("error_id", id), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
			say(w, http.StatusInternalServerError, "Something went wrong on our side. Quote "+id+" if you ask for help.")
		}()
		next.ServeHTTP(w, r)
	})
}

// tooMany answers in the form that the caller expects.
func tooMany(w http.ResponseWriter, r *http.Request) {
	const sentence = "Too many requests came from you or your network. Wait a few seconds, then try again."
	if !strings.HasPrefix(r.URL.Path, "/v1/") {
		say(w, http.StatusTooManyRequests, sentence)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusTooManyRequests)
	_ = json.NewEncoder(w).Encode(rest.Problem{
		Type: "/api/docs#RATE_LIMITED", Title: "Too Many Requests", Status: http.StatusTooManyRequests, Detail: sentence,
		Code: "RESOURCE_EXHAUSTED", Reason: "RATE_LIMITED",
	})
}

func say(w http.ResponseWriter, code int, sentence string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(sentence + "\n"))
}
