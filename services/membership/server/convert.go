package server

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

var roles = map[membership.Role]membershipv1.Role{
	membership.Chair:     membershipv1.Role_ROLE_CHAIR,
	membership.Secretary: membershipv1.Role_ROLE_SECRETARY,
	membership.Treasurer: membershipv1.Role_ROLE_TREASURER,
	membership.Organiser: membershipv1.Role_ROLE_ORGANISER,
	membership.Teller:    membershipv1.Role_ROLE_TELLER,
	membership.Board:     membershipv1.Role_ROLE_BOARD,
	membership.Registrar: membershipv1.Role_ROLE_REGISTRAR,
}

var standings = map[membership.Standing]membershipv1.Standing{
	membership.StandingApplied:  membershipv1.Standing_STANDING_APPLIED,
	membership.StandingAdmitted: membershipv1.Standing_STANDING_ADMITTED,
	membership.StandingCurrent:  membershipv1.Standing_STANDING_CURRENT,
	membership.StandingLeft:     membershipv1.Standing_STANDING_LEFT,
}

var regionStates = map[membership.RegionState]membershipv1.RegionState{
	membership.Forming: membershipv1.RegionState_REGION_STATE_FORMING,
	membership.Meeting: membershipv1.RegionState_REGION_STATE_MEETING,
}

// roleOf returns the role, or an empty one that no decision accepts.
func roleOf(r membershipv1.Role) membership.Role {
	for k, v := range roles {
		if v == r {
			return k
		}
	}
	return ""
}

// regionStateOf returns the state, empty where none was given, and one that no decision accepts for an unknown number.
func regionStateOf(s membershipv1.RegionState) membership.RegionState {
	for k, v := range regionStates {
		if v == s {
			return k
		}
	}
	if s == membershipv1.RegionState_REGION_STATE_UNSPECIFIED {
		return ""
	}
	return "unknown"
}

func rolesProto(held []membership.Grant) []*membershipv1.HeldRole {
	var all []*membershipv1.HeldRole
	for _, g := range held {
		all = append(all, &membershipv1.HeldRole{Role: roles[g.Role], Region: g.Region})
	}
	return all
}

func regionProto(r membership.Region) *membershipv1.Region {
	return &membershipv1.Region{Id: r.ID, Name: r.Name, State: regionStates[r.State]}
}

func grantProto(g store.NamedGrant) *membershipv1.RoleGrant {
	out := &membershipv1.RoleGrant{
		Id: g.ID, Member: g.Member, Name: g.Name, Role: &membershipv1.HeldRole{Role: roles[g.Role], Region: g.Region},
		Reason: g.Reason, GrantedBy: g.GrantedBy, GrantTime: instant(g.Granted), ApprovedBy: g.ApprovedBy,
		StartTime: instant(g.Started), EndTime: instant(g.Ended), State: membershipv1.GrantState_GRANT_STATE_PROPOSED,
	}
	switch {
	case !g.Ended.IsZero():
		out.State = membershipv1.GrantState_GRANT_STATE_ENDED
	case g.InForce():
		out.State = membershipv1.GrantState_GRANT_STATE_IN_FORCE
	}
	return out
}

// instant writes an instant, absent for the zero time.
func instant(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// memberProto writes an entry with its standing now. withEmail is for those who need the address.
func (s *Server) memberProto(m store.Member, rule membership.Rule, now time.Time, withEmail bool) *membershipv1.Member {
	state := m.History.On(now)
	out := &membershipv1.Member{
		Id: m.ID, Number: m.Number, Name: m.Name, Region: state.Region,
		Standing: standings[state.Standing(rule.Required)], StandingReason: state.Explain(rule, s.cfg.Zone),
		ApplyTime: instant(state.Applied), AdmitTime: instant(state.Admitted), DonationTime: instant(state.Donated),
		Roles: rolesProto(heldNow(m.Offices, state)), PaymentReference: membership.Reference(m.Number), DonationRequired: rule.Required,
	}
	if withEmail {
		out.Email = m.Email
	}
	return out
}
