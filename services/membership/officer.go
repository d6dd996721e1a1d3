package membership

import (
	"slices"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Role is an office or duty, as access tokens spell it.
type Role string

// The roles.
const (
	Chair     Role = "chair"
	Secretary Role = "secretary"
	Treasurer Role = "treasurer"
	Organiser Role = "organiser"
	Teller    Role = "teller"
	Board     Role = "board"
	Registrar Role = "registrar"
)

// Roles lists them.
var Roles = []Role{Chair, Secretary, Treasurer, Organiser, Teller, Board, Registrar}

// FoundingRoles are the offices of the three founders, in the order in which they are numbered.
var FoundingRoles = []Role{Secretary, Treasurer, Chair}

// Regional reports whether the role is for one region.
func (r Role) Regional() bool { return r == Organiser }

// NeedsSecond reports whether a second officer has to approve a grant: whoever handles the money or a key of a
// ballot is never chosen by one person alone.
func (r Role) NeedsSecond() bool { return r == Treasurer || r == Teller }

// Grant is an office given to a member.
type Grant struct {
	// ID is its id.
	ID string
	// Member is who holds it.
	Member string
	// Role and Region are what it is.
	Role   Role
	Region string
	// Reason is why.
	Reason string
	// GrantedBy is a member id or [ByFounding].
	GrantedBy string
	// Granted is when.
	Granted time.Time
	// ApprovedBy is the second officer.
	ApprovedBy string
	// Started is when it came into force; zero while it waits.
	Started time.Time
	// Ended is when it ended; zero while it lasts.
	Ended time.Time
	// EndedBy is who ended it, and EndReason why.
	EndedBy, EndReason string
}

// InForce reports whether the office is held.
func (g Grant) InForce() bool { return !g.Started.IsZero() && g.Ended.IsZero() }

// NewGrant decides a grant by an officer. The others are all grants in force and proposed. A role that needs
// a second officer waits for one. regionExists and memberAdmitted are what the store found.
func NewGrant(g Grant, others []Grant, memberAdmitted, regionExists bool) (Grant, error) {
	g.Reason = strings.TrimSpace(g.Reason)
	var bad []fault.Violation
	bad = checkText(bad, "reason", "a reason", g.Reason, MaxReason)
	switch {
	case !slices.Contains(Roles, g.Role):
		bad = append(bad, fault.Violation{Field: "role.role", Message: "Choose a role."})
	case g.Role.Regional() && g.Region == "":
		bad = append(bad, fault.Violation{Field: "role.region", Message: "Choose the region that the organiser is for."})
	case g.Role.Regional() && !regionExists:
		bad = append(bad, fault.Violation{Field: "role.region", Message: "There is no such region."})
	case !g.Role.Regional() && g.Region != "":
		bad = append(bad, fault.Violation{Field: "role.region", Message: "This role is for the whole society: leave the region out."})
	}
	if len(bad) > 0 {
		return Grant{}, fault.New(fault.Invalid, "GRANT_INVALID", bad[0].Message, bad...)
	}
	if !memberAdmitted {
		return Grant{}, fault.New(fault.Conflict, "NOT_A_MEMBER", "Only a member can hold an office.")
	}
	if g.Member == g.GrantedBy {
		return Grant{}, fault.New(fault.Denied, "GRANT_TO_SELF", "Nobody gives an office to themselves: ask another officer.")
	}
	for _, o := range others {
		if o.Ended.IsZero() && o.Member == g.Member && o.Role == g.Role && o.Region == g.Region {
			return Grant{}, fault.New(fault.Exists, "GRANT_EXISTS", "The member already holds this office, or it waits for approval.").With("grant", o.ID)
		}
	}
	if !g.Role.NeedsSecond() {
		g.Started = g.Granted
	}
	return g, nil
}

// Approve is the second officer's approval at an instant. It is neither the first officer's nor the member's.
func (g Grant) Approve(by string, at time.Time) (Grant, error) {
	switch {
	case !g.Ended.IsZero():
		return Grant{}, fault.New(fault.Conflict, "GRANT_ENDED", "This grant has ended.")
	case !g.Started.IsZero():
		return Grant{}, fault.New(fault.Conflict, "GRANT_IN_FORCE", "This grant is already in force.")
	case by == g.GrantedBy:
		return Grant{}, fault.New(fault.Denied, "SECOND_OFFICER_NEEDED", "Another officer than the one who granted it has to approve it.")
	case by == g.Member:
		return Grant{}, fault.New(fault.Denied, "GRANT_TO_SELF", "Nobody approves an office for themselves: ask another officer.")
	}
	g.ApprovedBy, g.Started = by, at
	return g, nil
}

// End ends an office at an instant. The others are all grants in force: the last secretary stays until another
// is in office, since without one nobody could grant anything.
func (g Grant) End(by, reason string, at time.Time, others []Grant) (Grant, error) {
	reason = strings.TrimSpace(reason)
	if bad := checkText(nil, "reason", "a reason", reason, MaxReason); len(bad) > 0 {
		return Grant{}, fault.New(fault.Invalid, "GRANT_INVALID", bad[0].Message, bad...)
	}
	if !g.Ended.IsZero() {
		return Grant{}, fault.New(fault.Conflict, "GRANT_ENDED", "This grant has ended.")
	}
	if g.Role == Secretary && g.InForce() && !slices.ContainsFunc(others, func(o Grant) bool {
		return o.ID != g.ID && o.Role == Secretary && o.InForce()
	}) {
		return Grant{}, fault.New(fault.Conflict, "LAST_SECRETARY", "This is the last secretary: appoint another one first.")
	}
	g.Ended, g.EndedBy, g.EndReason = at, by, reason
	return g, nil
}
