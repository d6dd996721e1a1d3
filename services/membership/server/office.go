package server

import (
	"context"

	"google.golang.org/protobuf/proto"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

func encodeGrant(g store.NamedGrant) ([]byte, error) { return proto.Marshal(grantProto(g)) }

// ListOfficers lists all grants of offices.
func (s *Server) ListOfficers(ctx context.Context, _ *membershipv1.ListOfficersRequest) (*membershipv1.ListOfficersResponse, error) {
	all, err := s.store.Grants(ctx)
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListOfficersResponse{}
	for _, g := range all {
		out.Grants = append(out.Grants, grantProto(g))
	}
	return out, nil
}

// GrantRole gives a member an office; treasurer and teller wait for a second officer.
func (s *Server) GrantRole(ctx context.Context, r *membershipv1.GrantRoleRequest) (*membershipv1.RoleGrant, error) {
	now := s.cfg.Now()
	request, err := rpc.Once(ctx, membershipv1.MembershipService_GrantRole_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	g := membership.Grant{
		Member: r.GetMember(), Role: roleOf(r.GetRole().GetRole()), Region: r.GetRole().GetRegion(), Reason: r.GetReason(),
		GrantedBy: auth.FromContext(ctx).Member, Granted: now,
	}
	reply, err := s.store.Grant(ctx, request, g, encodeGrant)
	return rpc.Reply(&membershipv1.RoleGrant{}, reply, err)
}

// ApproveRole is the second officer's approval.
func (s *Server) ApproveRole(ctx context.Context, r *membershipv1.ApproveRoleRequest) (*membershipv1.RoleGrant, error) {
	now := s.cfg.Now()
	request, err := rpc.Once(ctx, membershipv1.MembershipService_ApproveRole_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.Approve(ctx, request, r.GetGrant(), auth.FromContext(ctx).Member, now, encodeGrant)
	return rpc.Reply(&membershipv1.RoleGrant{}, reply, err)
}

// EndRole ends an office: the secretary or the chair any, everybody their own. Tokens that name the office die at once here, and
// elsewhere as soon as the other rooms have asked for the list.
func (s *Server) EndRole(ctx context.Context, r *membershipv1.EndRoleRequest) (*membershipv1.RoleGrant, error) {
	now, p := s.cfg.Now(), auth.FromContext(ctx)
	request, err := rpc.Once(ctx, membershipv1.MembershipService_EndRole_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	may := func(g membership.Grant) error {
		if g.Member == p.Member {
			return nil
		}
		if p.HoldsAny(auth.Secretary, auth.Chair) {
			acts.Exercise(ctx, p.Office(auth.Secretary, auth.Chair))
			return nil
		}
		return fault.New(fault.Denied, "ROLE_NEEDED", "You may give up your own office; others are ended by the secretary or the chair.")
	}
	reply, err := s.store.EndGrant(ctx, request, r.GetGrant(), p.Member, r.GetReason(), now, s.machine(), may, encodeGrant)
	if err == nil {
		s.refreshRevoked(ctx)
	}
	return rpc.Reply(&membershipv1.RoleGrant{}, reply, err)
}
