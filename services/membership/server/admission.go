package server

import (
	"context"
	"slices"
	"strconv"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/page"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// admitting are the roles that decide on an admission, or see the queue; which of them decides is the rule book's to say.
var admitting = []string{auth.Secretary, auth.Chair, auth.Board}

// holds reports for a decision which roles the caller holds, for the whole society.
func holds(p auth.Principal) func(membership.Role) bool {
	return func(r membership.Role) bool { return p.HoldsAny(string(r)) }
}

// ListApplications pages through the queue.
func (s *Server) ListApplications(ctx context.Context, r *membershipv1.ListApplicationsRequest) (*membershipv1.ListApplicationsResponse, error) {
	size, err := page.Size(r.GetPageSize())
	if err != nil {
		return nil, err
	}
	key, err := page.Key(r.GetPageToken(), "applications")
	if err != nil {
		return nil, err
	}
	var after int64
	if key != "" {
		if after, err = strconv.ParseInt(key, 10, 64); err != nil {
			return nil, fault.Field("PAGE_TOKEN", "page_token", "This page token is not one of ours. Begin with the first page.")
		}
	}
	all, told, err := s.store.Applicants(ctx, after, size+1)
	if err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	rule := membership.RuleAt(told, now)
	out := &membershipv1.ListApplicationsResponse{Admission: string(membership.AdmitAll)}
	if rule.Admission != "" {
		out.Admission = string(rule.Admission)
	}
	if len(all) > size {
		all = all[:size]
		out.NextPageToken = page.Token(strconv.FormatInt(all[size-1].Place, 10), "applications")
	}
	p := auth.FromContext(ctx)
	for _, a := range all {
		state := a.History.On(now)
		decider := rule.Admission.Decider(state)
		if slices.ContainsFunc(decider.Deciders(), holds(p)) || decider == membership.AdmitAll && p.HoldsAny(auth.Secretary) {
			out.MayDecide = true
		}
		out.Applications = append(out.Applications, &membershipv1.Application{
			Member: a.ID, Name: a.Name, Region: state.Region, ApplyTime: instant(state.Applied), LeftAs: string(state.LeftAs),
			Decider: string(decider), Alike: int32(min(a.Alike, 1000)), //nolint:gosec // bounded
		})
	}
	return out, nil
}

// DecideApplication admits or refuses an applicant; they are told by mail, with the reason.
func (s *Server) DecideApplication(ctx context.Context, r *membershipv1.DecideApplicationRequest) (*membershipv1.RegisterEvent, error) {
	p := auth.FromContext(ctx)
	return s.change(ctx, membershipv1.RegisterService_DecideApplication_FullMethodName, r, r.GetReason(), func(d membership.Decision, c store.Case) (membership.Event, error) {
		return d.Decide(c.State, c.Rule.Admission, r.GetAdmit(), holds(p))
	})
}
