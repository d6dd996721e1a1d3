// Package session turns the browser's cookie into the access token that the rooms verify.
//
// The cookie is an opaque secret; membership stores only its hash and exchanges it for a token of at most 15
// minutes. The gateway keeps each token for a minute at most, under the hash of the secret, so that a new
// office or an end of session is seen soon, and holds no key of its own.
package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

const (
	// keep is the longest time for which an exchange is trusted.
	keep = time.Minute
	// early is how long before a token's end it is exchanged anew.
	early = 30 * time.Second
	// most is how many exchanges are kept.
	most = 10_000
	// attemptAge is how long the browser keeps the secret that a mailed link or code works with.
	attemptAge = time.Hour
)

// Role is an office, as membership names it.
type Role = membershipv1.Role

// Viewer is who looks at a page. The zero value is a visitor who has not signed in.
type Viewer struct {
	// Member is the member's id.
	Member string
	// Name is their name.
	Name string
	// Region is their region's id, or empty.
	Region string
	// Language is the language that they chose.
	Language string
	roles    []*membershipv1.HeldRole
	token    string
}

// SignedIn reports whether this is a member.
func (v Viewer) SignedIn() bool { return v.Member != "" }

// Holds reports whether the viewer holds a role for a region; an empty region means the whole society. The
// rooms decide what a role may do; pages ask only to leave out what would be refused.
func (v Viewer) Holds(role Role, region string) bool {
	for _, r := range v.roles {
		if r.GetRole() == role && r.GetRegion() == region {
			return true
		}
	}
	return false
}

// HoldsAny reports whether the viewer holds one of the roles, in whatever region.
func (v Viewer) HoldsAny(roles ...Role) bool {
	for _, r := range v.roles {
		for _, want := range roles {
			if r.GetRole() == want {
				return true
			}
		}
	}
	return false
}

// Outgoing returns ctx with the viewer's token for the rooms.
func (v Viewer) Outgoing(ctx context.Context) context.Context {
	if v.token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+v.token)
}

// Keeper exchanges and keeps.
type Keeper struct {
	membership membershipv1.MembershipServiceClient
	secure     bool
	now        func() time.Time
	mu         sync.Mutex
	kept       map[[sha256.Size]byte]exchange
}

type exchange struct {
	viewer Viewer
	until  time.Time
}

// New returns a keeper. Secure is whether visitors come over https.
func New(membership membershipv1.MembershipServiceClient, secure bool, now func() time.Time) *Keeper {
	return &Keeper{membership: membership, secure: secure, now: now, kept: map[[sha256.Size]byte]exchange{}}
}

// Find returns who the request's cookie belongs to. A cookie that membership does not know, or knows no more, is a
// visitor's; an error means that membership did not answer.
func (k *Keeper) Find(ctx context.Context, r *http.Request) (Viewer, error) {
	secret := k.value(r, sessionCookie)
	if secret == "" {
		return Viewer{}, nil
	}
	key := sha256.Sum256([]byte(secret))
	now := k.now()
	k.mu.Lock()
	found, ok := k.kept[key]
	k.mu.Unlock()
	if ok && now.Before(found.until) {
		return found.viewer, nil
	}
	reply, err := k.membership.ExchangeSession(ctx, &membershipv1.ExchangeSessionRequest{SessionSecret: secret})
	switch status.Code(err) {
	case codes.OK:
	case codes.Unauthenticated, codes.NotFound, codes.InvalidArgument, codes.PermissionDenied, codes.FailedPrecondition:
		k.forget(key)
		return Viewer{}, nil
	default:
		return Viewer{}, err
	}
	v := Viewer{
		Member: reply.GetMember(), Name: reply.GetName(), Region: reply.GetRegion(), Language: reply.GetLanguage(),
		roles: reply.GetRoles(), token: reply.GetAccessToken(),
	}
	until := reply.GetExpireTime().AsTime().Add(-early)
	if least := now.Add(keep); least.Before(until) {
		until = least
	}
	k.remember(key, exchange{v, until}, now)
	return v, nil
}

// Forget makes the next request with the same cookie ask membership again: a room has refused the token that is kept for it.
func (k *Keeper) Forget(r *http.Request) {
	if secret := k.value(r, sessionCookie); secret != "" {
		k.forget(sha256.Sum256([]byte(secret)))
	}
}

func (k *Keeper) remember(key [sha256.Size]byte, e exchange, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.kept) >= most {
		for old, x := range k.kept {
			if !now.Before(x.until) {
				delete(k.kept, old)
			}
		}
		for old := range k.kept {
			if len(k.kept) < most {
				break
			}
			delete(k.kept, old)
		}
	}
	k.kept[key] = e
}

func (k *Keeper) forget(key [sha256.Size]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, key)
}

// Begin puts a new session's secret into the browser.
func (k *Keeper) Begin(w http.ResponseWriter, secret string, expire time.Time) {
	http.SetCookie(w, k.cookie(sessionCookie, secret, expire.Sub(k.now())))
}

// End takes the session out of the browser and out of what is kept.
func (k *Keeper) End(w http.ResponseWriter, r *http.Request) {
	if secret := k.value(r, sessionCookie); secret != "" {
		k.forget(sha256.Sum256([]byte(secret)))
	}
	http.SetCookie(w, k.cookie(sessionCookie, "", -time.Second))
}

// Attempt is what the asking browser keeps while the mail is on its way.
type Attempt struct {
	// Secret makes the mailed link and code work.
	Secret string
	// Next is the page to go to afterwards: a path of ours, or empty.
	Next string
}

// KeepAttempt puts the attempt into the browser for an hour.
func (k *Keeper) KeepAttempt(w http.ResponseWriter, a Attempt) {
	next := LocalPath(a.Next)
	if len(next) > mostNext {
		// What was typed does not fit in a cookie; the page does.
		next, _, _ = strings.Cut(next, "?")
	}
	value := a.Secret + "." + base64.RawURLEncoding.EncodeToString([]byte(next))
	http.SetCookie(w, k.cookie(attemptCookie, value, attemptAge))
}

// Attempt returns what KeepAttempt kept, or the zero value.
func (k *Keeper) Attempt(r *http.Request) Attempt {
	value := k.value(r, attemptCookie)
	i := strings.LastIndexByte(value, '.')
	if i < 0 {
		return Attempt{}
	}
	next, err := base64.RawURLEncoding.DecodeString(value[i+1:])
	if err != nil {
		return Attempt{}
	}
	return Attempt{Secret: value[:i], Next: LocalPath(string(next))}
}

// DropAttempt takes the attempt out of the browser.
func (k *Keeper) DropAttempt(w http.ResponseWriter) {
	http.SetCookie(w, k.cookie(attemptCookie, "", -time.Second))
}

// KeepChallenge puts the secret with which a passkey's answer counts into the browser, for as long as that may take.
func (k *Keeper) KeepChallenge(w http.ResponseWriter, secret string) {
	http.SetCookie(w, k.cookie(challengeCookie, secret, challengeAge))
}

// Challenge returns what KeepChallenge kept, or "".
func (k *Keeper) Challenge(r *http.Request) string { return k.value(r, challengeCookie) }

// DropChallenge takes it out of the browser.
func (k *Keeper) DropChallenge(w http.ResponseWriter) {
	http.SetCookie(w, k.cookie(challengeCookie, "", -time.Second))
}

const (
	sessionCookie   = "folkmoot_session"
	attemptCookie   = "folkmoot_attempt"
	challengeCookie = "folkmoot_passkey"
	// challengeAge is how long a passkey's challenge may be answered.
	challengeAge = 5 * time.Minute
	// mostNext is the longest address that the cookie of an attempt keeps, and mostPath the longest that we lead to.
	mostNext = 1500
	mostPath = 6000
)

// value returns what a cookie of ours holds, or "".
func (k *Keeper) value(r *http.Request, of string) string {
	c, err := r.Cookie(k.name(of))
	if err != nil {
		return ""
	}
	return c.Value
}

// name adds the prefix that makes a browser refuse the cookie from anywhere but this host over https.
func (k *Keeper) name(of string) string {
	if k.secure {
		return "__Host-" + of
	}
	return of
}

func (k *Keeper) cookie(of, value string, age time.Duration) *http.Cookie {
	seconds := int(age / time.Second)
	if seconds <= 0 {
		seconds = -1
	}
	return &http.Cookie{
		Name: k.name(of), Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: k.secure, SameSite: http.SameSiteLaxMode,
	}
}

// LocalPath returns path if it leads to a page of ours, else "".
func LocalPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") || len(path) > mostPath {
		return ""
	}
	return path
}
