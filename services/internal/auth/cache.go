package auth

import (
	"crypto/sha256"
	"sync"
	"time"
)

// cacheSize bounds one generation of verified tokens: two generations at about 300 bytes a
// token stay under 10 MB.
const cacheSize = 16384

// cache remembers verified tokens by their hash, in two generations: when the young one is
// full it becomes the old one and the old one is dropped. Expiry is looked at on every hit.
// Verifying an Ed25519 signature costs some forty times what a hit costs.
type cache struct {
	mu         sync.RWMutex
	young, old map[[sha256.Size]byte]Principal
}

func (c *cache) get(raw string, now time.Time) (Principal, bool) {
	key := sha256.Sum256([]byte(raw))
	c.mu.RLock()
	p, ok := c.young[key]
	if !ok {
		p, ok = c.old[key]
	}
	c.mu.RUnlock()
	if !ok || !now.Before(p.Expires) {
		return Principal{}, false
	}
	return p, true
}

func (c *cache) put(raw string, p Principal) {
	key := sha256.Sum256([]byte(raw))
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= cacheSize {
		c.old, c.young = c.young, nil
	}
	if c.young == nil {
		c.young = make(map[[sha256.Size]byte]Principal)
	}
	c.young[key] = p
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.young, c.old = nil, nil
}
