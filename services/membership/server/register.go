package server

import (
	"context"
	"fmt"
	"strconv"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/page"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// GetMe returns the caller's own entry.
func (s *Server) GetMe(ctx context.Context, _ *membershipv1.GetMeRequest) (*membershipv1.Member, error) {
	return s.GetMember(ctx, &membershipv1.GetMemberRequest{Member: auth.FromContext(ctx).Member})
}

// GetMember returns one entry, for officers and the member; for an organiser if it is of their region.
func (s *Server) GetMember(ctx context.Context, r *membershipv1.GetMemberRequest) (*membershipv1.Member, error) {
	p := auth.FromContext(ctx)
	own := p.Member == r.GetMember()
	if !own && !p.HoldsAny(officers...) {
		// Before the entry is looked for: whether it exists is not for everybody to know.
		return nil, fault.New(fault.Denied, "ROLE_NEEDED", "You may look at your own entry; other entries are for officers.")
	}
	m, told, err := s.store.Member(ctx, r.GetMember())
	if err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	region := m.History.On(now).Region
	if !own && !p.HoldsAny(wholeSociety...) && !p.Holds(auth.Organiser, region) {
		return nil, otherRegion()
	}
	if !own {
		acts.Exercise(ctx, p.Office(officers...))
	}
	return s.memberProto(m, membership.RuleAt(told, now), now, own || seesAddress(p, region)), nil
}

func otherRegion() error {
	return fault.New(fault.Denied, "OTHER_REGION", "You may do this for your own region only.")
}

// seesAddress reports whether an officer needs the addresses of a region's members: the secretary, who gives notice, the
// registrar, who helps to keep the register, and the region's organiser.
func seesAddress(p auth.Principal, region string) bool {
	return p.HoldsAny(auth.Secretary, auth.Registrar) || p.Holds(auth.Organiser, region)
}

// ListMembers pages through the register by membership number.
func (s *Server) ListMembers(ctx context.Context, r *membershipv1.ListMembersRequest) (*membershipv1.ListMembersResponse, error) {
	p := auth.FromContext(ctx)
	region, err := listedRegion(p, r.GetRegion())
	if err != nil {
		return nil, err
	}
	if region != "" && !membership.IsRegionID(region) {
		return nil, fault.Field("REGION_UNKNOWN", "region", "There is no such region.")
	}
	if len(r.GetSearch()) > maxSearch {
		return nil, fault.Field("SEARCH_TOO_LONG", "search", "Search for at most 100 characters.")
	}
	size, err := page.Size(r.GetPageSize())
	if err != nil {
		return nil, err
	}
	key, err := page.Key(r.GetPageToken(), "members", region, r.GetSearch())
	if err != nil {
		return nil, err
	}
	f := store.Filter{Region: region, Search: r.GetSearch(), Addresses: seesAddress(p, region), Limit: size + 1}
	if key != "" {
		if f.After, err = strconv.ParseInt(key, 10, 64); err != nil {
			return nil, fault.Field("PAGE_TOKEN", "page_token", "This page token is not one of ours. Begin with the first page.")
		}
	}
	all, told, err := s.store.Members(ctx, f)
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListMembersResponse{}
	if len(all) > size {
		all = all[:size]
		out.NextPageToken = page.Token(strconv.FormatInt(all[size-1].Number, 10), "members", region, r.GetSearch())
	}
	now := s.cfg.Now()
	rule := membership.RuleAt(told, now)
	for _, m := range all {
		out.Members = append(out.Members, s.memberProto(m, rule, now, seesAddress(p, m.History.On(now).Region)))
	}
	return out, nil
}

// maxSearch is in bytes.
const maxSearch = 400

// listedRegion decides which region's members an officer may list: an organiser of one region, that one, even if they ask
// for all.
func listedRegion(p auth.Principal, asked string) (string, error) {
	if p.HoldsAny(wholeSociety...) {
		return asked, nil
	}
	if asked == "" {
		var own []string
		for _, role := range p.Roles {
			if role.Name == auth.Organiser {
				own = append(own, role.Region)
			}
		}
		if len(own) == 1 {
			return own[0], nil
		}
		return "", fault.Field("REGION_NEEDED", "region", "Choose one of your regions.")
	}
	if !p.Holds(auth.Organiser, asked) {
		return "", otherRegion()
	}
	return asked, nil
}

// mostPeople bounds one GetPeople.
const mostPeople = 1000

// GetPeople returns what another room may know of members.
func (s *Server) GetPeople(ctx context.Context, r *membershipv1.GetPeopleRequest) (*membershipv1.GetPeopleResponse, error) {
	if len(r.GetMembers()) > mostPeople {
		return nil, fault.Field("TOO_MANY", "members", fmt.Sprintf("Ask for at most %d members at a time.", mostPeople))
	}
	all, told, err := s.store.People(ctx, r.GetMembers())
	if err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	rule := membership.RuleAt(told, now)
	out := &membershipv1.GetPeopleResponse{}
	for _, m := range all {
		state := m.History.On(now)
		out.People = append(out.People, &membershipv1.Person{
			Member: m.ID, Name: m.Name, Region: state.Region, Standing: standings[state.Standing(rule.Required)],
		})
	}
	return out, nil
}
