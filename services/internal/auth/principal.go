// Package auth says who calls and what they may do.
//
// Callers are members, rooms, or anonymous. A member proves themselves with an access
// token that the membership room signed; a room with a token that it signed itself for the
// one room it calls. Every room verifies every token itself, so a gateway that is fooled
// grants nothing. What a method asks of its caller is a [Policy]; a method without one is
// refused.
package auth

import (
	"context"
	"slices"
	"time"
)

// The roles, as tokens spell them.
const (
	Chair     = "chair"
	Secretary = "secretary"
	Treasurer = "treasurer"
	Organiser = "organiser"
	Teller    = "teller"
	Board     = "board"
	Registrar = "registrar"
)

// The rooms, as tokens and policies spell them.
const (
	Membership = "membership"
	Ledger     = "ledger"
	Motions    = "motions"
	Ballots    = "ballots"
)

// Rooms lists the four.
var Rooms = []string{Membership, Ledger, Motions, Ballots}

// Role is an office a member holds.
type Role struct {
	// Name is one of the roles.
	Name string `json:"name"`
	// Region is the region's id, or empty for the whole society.
	Region string `json:"region,omitempty"`
}

// Principal is a caller. The zero value is anonymous.
type Principal struct {
	// Member is the member's id, or empty.
	Member string
	// Session is the session's id (sid), or empty.
	Session string
	// Roles are the offices held when the token was issued.
	Roles []Role
	// Room is the room that calls, or empty.
	Room string
	// Operator is true for a token that the operator made (amr: operator).
	Operator bool
	// Authenticated is when the member last signed in.
	Authenticated time.Time
	// Expires is when the token expires.
	Expires time.Time
}

// Anonymous reports whether nobody is known.
func (p Principal) Anonymous() bool { return p.Member == "" && p.Room == "" }

// Key names the caller in the store of request ids: another principal's key is never found.
func (p Principal) Key() string {
	switch {
	case p.Room != "":
		return "room:" + p.Room
	case p.Member != "":
		return "member:" + p.Member
	}
	return "anonymous"
}

// Holds reports whether the caller holds a role for the whole society, or for the region
// where the role is a regional one.
func (p Principal) Holds(role, region string) bool {
	return slices.ContainsFunc(p.Roles, func(r Role) bool {
		return r.Name == role && (r.Region == "" || r.Region == region)
	})
}

// HoldsAny reports whether the caller holds one of the roles, in whatever region.
func (p Principal) HoldsAny(roles ...string) bool {
	return slices.ContainsFunc(p.Roles, func(r Role) bool { return slices.Contains(roles, r.Name) })
}

// Office returns the first office that the caller holds of some roles, in the caller's order; the zero one if none.
func (p Principal) Office(roles ...string) Role {
	for _, r := range p.Roles {
		if slices.Contains(roles, r.Name) {
			return r
		}
	}
	return Role{}
}

type contextKey struct{}

// NewContext returns a context that carries the caller.
func NewContext(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// FromContext returns the caller; anonymous if none was put in.
func FromContext(ctx context.Context) Principal {
	p, _ := ctx.Value(contextKey{}).(Principal)
	return p
}
