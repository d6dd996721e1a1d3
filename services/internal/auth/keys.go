package auth

import (
	"context"
	"crypto/ed25519"
	"slices"
	"sync"
	"time"
)

const (
	// keysAge is how long fetched keys are trusted before they are fetched again, so that a key that is no longer published is forgotten.
	keysAge = 5 * time.Minute
	// keysPause is the least time between two fetches: whoever sends tokens with made-up key ids makes nobody ask more often.
	keysPause = 2 * time.Second
	keysWait  = 5 * time.Second
)

// FetchedKeys are the members' signing keys as the membership room publishes them. They begin with those known beforehand, and a key that is not
// known is asked for: so a key is rotated without starting the other rooms again.
type FetchedKeys struct {
	fetch func(context.Context) ([]ed25519.PublicKey, error)
	// now is the machine's clock.
	now func() time.Time

	mu    sync.Mutex
	keys  StaticKeys
	asked time.Time
}

// NewFetchedKeys returns keys that begin with some and are fetched when one is missing.
func NewFetchedKeys(begin []ed25519.PublicKey, fetch func(context.Context) ([]ed25519.PublicKey, error), now func() time.Time) *FetchedKeys {
	return &FetchedKeys{keys: begin, fetch: fetch, now: now}
}

// MemberKey returns the key with this id, or nil if membership publishes none. Where membership does not answer, the keys known so far hold.
func (k *FetchedKeys) MemberKey(ctx context.Context, kid string) (ed25519.PublicKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	pub, err := k.keys.MemberKey(ctx, kid)
	if err != nil || (pub != nil && !k.asked.IsZero() && k.now().Sub(k.asked) < keysAge) || k.now().Sub(k.asked) < keysPause {
		return pub, err
	}
	k.asked = k.now()
	asking, cancel := context.WithTimeout(ctx, keysWait)
	defer cancel()
	// Membership verifies a token of its own by asking itself, anonymously, which needs no key.
	if fetched, err := k.fetch(asking); err == nil && len(fetched) > 0 {
		k.keys = slices.Clone(fetched)
	}
	return k.keys.MemberKey(ctx, kid)
}
