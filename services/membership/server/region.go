package server

import (
	"context"

	"google.golang.org/protobuf/proto"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/membership"
)

func encodeRegion(r membership.Region) ([]byte, error) { return proto.Marshal(regionProto(r)) }

// CreateRegion founds a regional group.
func (s *Server) CreateRegion(ctx context.Context, r *membershipv1.CreateRegionRequest) (*membershipv1.Region, error) {
	region, err := membership.NewRegion(r.GetRegion(), r.GetName(), regionStateOf(r.GetState()))
	if err != nil {
		return nil, err
	}
	request, err := rpc.Once(ctx, membershipv1.MembershipService_CreateRegion_FullMethodName, s.cfg.Now(), r)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.CreateRegion(ctx, request, region, encodeRegion)
	return rpc.Reply(&membershipv1.Region{}, reply, err)
}

// UpdateRegion changes a group from being founded to meeting.
func (s *Server) UpdateRegion(ctx context.Context, r *membershipv1.UpdateRegionRequest) (*membershipv1.Region, error) {
	request, err := rpc.Once(ctx, membershipv1.MembershipService_UpdateRegion_FullMethodName, s.cfg.Now(), r)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.ChangeRegion(ctx, request, r.GetRegion(), regionStateOf(r.GetState()), encodeRegion)
	return rpc.Reply(&membershipv1.Region{}, reply, err)
}

// ListRegions lists the regional groups.
func (s *Server) ListRegions(ctx context.Context, _ *membershipv1.ListRegionsRequest) (*membershipv1.ListRegionsResponse, error) {
	all, err := s.store.Regions(ctx)
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListRegionsResponse{}
	for _, r := range all {
		out.Regions = append(out.Regions, regionProto(r))
	}
	return out, nil
}
