package auth

import (
	"context"
	"crypto/ed25519"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// RoomIdentity is a room's own key, with which it signs its calls to other rooms.
type RoomIdentity struct {
	// Room is the room's name.
	Room string
	// Key is its private key.
	Key ed25519.PrivateKey
	// Now is the clock.
	Now func() time.Time
}

// For returns per-call credentials for calls to another room.
func (r RoomIdentity) For(room string) *RoomCredentials {
	return &RoomCredentials{from: r, to: room}
}

// RoomCredentials puts a room's token on each call to one other room (gRPC's
// credentials.PerRPCCredentials). A token is used again for half its life.
type RoomCredentials struct {
	from RoomIdentity
	to   string

	mu    sync.Mutex
	token string
	until time.Time
}

// GetRequestMetadata returns the authorization header.
func (c *RoomCredentials) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.from.Now()
	if c.token == "" || !now.Before(c.until) {
		expires := now.Add(RoomTokenLife)
		token, _, err := sign(c.from.Key, claims{RegisteredClaims: jwt.RegisteredClaims{
			Issuer: c.from.Room, Audience: jwt.ClaimStrings{c.to},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		}}, expires)
		if err != nil {
			return nil, err
		}
		c.token, c.until = token, now.Add(RoomTokenLife/2)
	}
	return map[string]string{"authorization": "Bearer " + c.token}, nil
}

// RequireTransportSecurity is false: in one process the calls do not leave it, and between
// processes the connection itself is made with TLS unless the operator says otherwise.
func (c *RoomCredentials) RequireTransportSecurity() bool { return false }
