package auth

import (
	"context"
	"sync"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

const (
	// refreshEvery is how often a room asks membership for newly revoked sessions.
	refreshEvery = 10 * time.Second
	// staleAfter is when a room that could not ask refuses writes.
	staleAfter = 60 * time.Second
	// keepRevoked is how long a revoked session is remembered: no token outlives it.
	keepRevoked = MemberTokenLife + 2*leeway + time.Minute
)

// Fetch asks membership for the sessions revoked since an instant, and returns them with the instant
// up to which the answer is complete.
type Fetch func(ctx context.Context, since time.Time) (sessions []string, asOf time.Time, err error)

// Revocations is a room's copy of the list of revoked sessions.
type Revocations struct {
	fetch Fetch
	now   func() time.Time

	mu      sync.RWMutex
	revoked map[string]time.Time
	asOf    time.Time
	checked time.Time
}

// NewRevocations returns an empty list, stale until its first refresh.
func NewRevocations(fetch Fetch, now func() time.Time) *Revocations {
	return &Revocations{fetch: fetch, now: now, revoked: make(map[string]time.Time)}
}

// Has reports whether the session was revoked. A nil list has none.
func (r *Revocations) Has(session string) bool {
	if r == nil {
		return false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	_, ok := r.revoked[session]
	return ok
}

// Fresh returns a fault if the list has not been refreshed for 60 seconds: then a session ended
// elsewhere could still write here. A nil list is fresh.
func (r *Revocations) Fresh() error {
	if r == nil {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.now().Sub(r.checked) <= staleAfter {
		return nil
	}
	return fault.New(fault.Unavailable, "REVOCATIONS_STALE",
		"Nothing can be changed just now, since we cannot check which sessions were ended. Try again in a minute.").After(refreshEvery)
}

// Refresh asks once.
func (r *Revocations) Refresh(ctx context.Context) error {
	began := r.now()
	r.mu.RLock()
	since := r.asOf
	r.mu.RUnlock()
	if !since.IsZero() {
		// Membership's clock and commits may be a little behind what it answered.
		since = since.Add(-leeway)
	}
	sessions, asOf, err := r.fetch(ctx, since)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range sessions {
		r.revoked[s] = began
	}
	for s, t := range r.revoked {
		if began.Sub(t) > keepRevoked {
			delete(r.revoked, s)
		}
	}
	r.asOf, r.checked = asOf, began
	return nil
}

// Run refreshes until the context ends; onError is told of each refresh that failed.
func (r *Revocations) Run(ctx context.Context, onError func(error)) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		once, cancel := context.WithTimeout(ctx, refreshEvery)
		if err := r.Refresh(once); err != nil && ctx.Err() == nil {
			onError(err)
		}
		cancel()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
