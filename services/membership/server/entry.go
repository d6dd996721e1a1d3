package server

import (
	"context"

	"google.golang.org/protobuf/proto"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

// keepers decide about entries; readers see the history of every entry.
var (
	keepers = []string{auth.Secretary, auth.Chair}
	readers = []string{auth.Secretary, auth.Chair, auth.Registrar}
)

// mayRead refuses who is neither the member nor holds one of the roles. It is asked before the entry is looked for: whether it
// exists is not for everybody to know.
func mayRead(ctx context.Context, member string, roles []string) error {
	p := auth.FromContext(ctx)
	if p.Member == member {
		return nil
	}
	if p.HoldsAny(roles...) {
		acts.Exercise(ctx, p.Office(roles...))
		return nil
	}
	return fault.New(fault.Denied, "ROLE_NEEDED", "You may look at your own entry; other entries are for officers.")
}

func eventProto(e store.NamedEvent) *membershipv1.RegisterEvent {
	return &membershipv1.RegisterEvent{
		Number: e.Number, Member: e.Member, Kind: string(e.Kind), EffectiveTime: instant(e.Event.At), RecordTime: instant(e.Recorded.Recorded),
		Region: e.Region, Reason: e.Reason, By: e.By, ByName: e.ByName, About: e.About, AboutName: e.AboutName,
	}
}

func encodeRecorded(r store.Recorded) ([]byte, error) {
	return proto.Marshal(eventProto(store.NamedEvent{Recorded: r}))
}

// ListHistory returns the events and offices of an entry. Who objected to it is for those who decide on objections.
func (s *Server) ListHistory(ctx context.Context, r *membershipv1.ListHistoryRequest) (*membershipv1.ListHistoryResponse, error) {
	p := auth.FromContext(ctx)
	if err := mayRead(ctx, r.GetMember(), readers); err != nil {
		return nil, err
	}
	events, grants, err := s.store.History(ctx, r.GetMember())
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListHistoryResponse{}
	for _, e := range events {
		if e.Kind == membership.Objected && !p.HoldsAny(keepers...) {
			e.By, e.ByName = "", ""
		}
		out.Events = append(out.Events, eventProto(e))
	}
	for _, g := range grants {
		out.Grants = append(out.Grants, grantProto(g))
	}
	return out, nil
}

// ExplainStanding answers for a date. Officers are answered about any member, an organiser about those of their region.
func (s *Server) ExplainStanding(ctx context.Context, r *membershipv1.ExplainStandingRequest) (*membershipv1.ExplainStandingResponse, error) {
	p := auth.FromContext(ctx)
	if err := mayRead(ctx, r.GetMember(), officers); err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	at, err := membership.Evening(r.GetDate(), now, s.cfg.Zone)
	if err != nil {
		return nil, err
	}
	m, told, err := s.store.Member(ctx, r.GetMember())
	if err != nil {
		return nil, err
	}
	if p.Member != m.ID && !p.HoldsAny(wholeSociety...) && !p.Holds(auth.Organiser, m.History.On(now).Region) {
		return nil, otherRegion()
	}
	a := m.History.Ask(at, told, s.cfg.Zone)
	return &membershipv1.ExplainStandingResponse{
		Standing: standings[a.Standing], Good: a.Good, Explanation: a.Words, Code: a.Code, Event: a.Event, EventTime: instant(a.At),
		AdmitTime: instant(a.Admitted), RuleBook: a.Rule.Book, DonationRequired: a.Rule.Required, Date: membership.Day(at, s.cfg.Zone),
		Reason: a.Reason, Waiting: a.Waiting,
	}, nil
}
