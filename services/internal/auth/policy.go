package auth

import (
	"slices"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Policy is what a method asks of its caller before the room looks at the request. What
// depends on the request (another region, one's own motion) is decided by the room.
// The zero value refuses everyone.
type Policy struct {
	// Anyone admits every caller, known or not, but rooms.
	Anyone bool
	// Member admits every signed-in member.
	Member bool
	// Roles admits members who hold one of these, in whatever region.
	Roles []string
	// Rooms admits these rooms and refuses every person.
	Rooms []string
	// Writes is true for a method that changes something: it needs a request id, and is
	// refused while the list of revoked sessions is stale.
	Writes bool
	// Personal refuses tokens made by the operator: casting, seconding, roles, officers' acts.
	Personal bool
	// Fresh is the longest time since signing in, in seconds; 0 for any.
	Fresh int
}

// FreshSeconds is how recent a sign-in the acts ask for that do harm which cannot be undone: giving and ending an office, ending and
// merging memberships, deciding a challenge to a roll, taking in an import, adopting rules, declaring a result, reversing an entry, approving
// spending, closing a period, a new passkey. Ten minutes: long enough to fill in a form, shorter than a phone left on a table.
const FreshSeconds = 10 * 60

// Privileged reports whether it is an office that lets a person call: then every call is recorded for members to see (package acts).
func (p Policy) Privileged() bool { return !p.Anyone && !p.Member && len(p.Roles) > 0 }

// Policies are the policies of a room by full method name.
type Policies map[string]Policy

// Check returns nil if the caller may call, else a fault that says what is missing.
func (p Policy) Check(c Principal) error {
	if c.Room != "" {
		if slices.Contains(p.Rooms, c.Room) {
			return nil
		}
		return fault.New(fault.Denied, "ROOM_NOT_ALLOWED", "This method is not for the "+c.Room+" room.")
	}
	if len(p.Rooms) > 0 {
		return fault.New(fault.Denied, "ROOMS_ONLY", "This method is for other rooms of Folkmoot, not for people.")
	}
	if p.Personal && c.Operator {
		return fault.New(fault.Denied, "OPERATOR_TOKEN",
			"A token made by the operator may not do this: the member has to sign in.")
	}
	if p.Anyone {
		return nil
	}
	if c.Member == "" {
		return fault.New(fault.Unauthenticated, "SIGN_IN", "Sign in to do this.")
	}
	if p.Member || c.HoldsAny(p.Roles...) {
		return nil
	}
	return fault.New(fault.Denied, "ROLE_NEEDED", "You need a different role to do this: "+list(p.Roles)+".")
}

func list(roles []string) string {
	switch len(roles) {
	case 0:
		return "nobody may"
	case 1:
		return roles[0]
	}
	s := roles[0]
	for _, r := range roles[1 : len(roles)-1] {
		s += ", " + r
	}
	return s + " or " + roles[len(roles)-1]
}
