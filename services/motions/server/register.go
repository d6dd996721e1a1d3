package server

import (
	"context"
	"log/slog"
	"sync"
	"time"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

// electorsFor is how long a count of electors is shown again before membership is asked anew, on the machine's clock.
// What decides (opening a meeting) always asks.
const electorsFor = 2 * time.Second

// electorCounts remembers counts by region and rule.
type electorCounts struct {
	mu     sync.Mutex
	counts map[electorKey]electorCount
}

type electorKey struct {
	region   string
	required bool
}

type electorCount struct {
	n     int64
	asked time.Time
}

// countElectors asks membership how many would vote at a meeting now.
func (s *Server) countElectors(ctx context.Context, m motions.Meeting, t motions.Terms) (int64, error) {
	reply, err := s.members.CountElectors(ctx, &membershipv1.CountElectorsRequest{Region: m.Region, DonationRequired: t.DonationRequired})
	return reply.GetCount(), err
}

// electorsShown is the count for a page: a moment old perhaps, -1 where membership does not answer. It asks nothing for
// a meeting whose quorum is fixed.
func (s *Server) electorsShown(ctx context.Context, f store.MeetingFacts) int64 {
	if !countsNow(f.Meeting) {
		return -1
	}
	n, err := s.electorsLately(ctx, f.Meeting, f.Terms)
	if err != nil {
		s.Log.WarnContext(ctx, "motions: the electors cannot be counted", slog.Any("error", err))
		return -1
	}
	return n
}

// electorsLately is countElectors as it was a moment ago perhaps.
func (s *Server) electorsLately(ctx context.Context, m motions.Meeting, t motions.Terms) (int64, error) {
	key := electorKey{m.Region, t.DonationRequired}
	s.electors.mu.Lock()
	c, ok := s.electors.counts[key]
	s.electors.mu.Unlock()
	if ok && time.Since(c.asked) < electorsFor {
		return c.n, nil
	}
	n, err := s.countElectors(ctx, m, t)
	if err != nil {
		return 0, err
	}
	s.electors.mu.Lock()
	defer s.electors.mu.Unlock()
	if s.electors.counts == nil {
		s.electors.counts = make(map[electorKey]electorCount)
	}
	s.electors.counts[key] = electorCount{n, time.Now()}
	return n, nil
}

// people asks membership who members are. Those it does not know are left out.
func (s *Server) people(ctx context.Context, members ...string) ([]motions.Person, error) {
	reply, err := s.members.GetPeople(ctx, &membershipv1.GetPeopleRequest{Members: members})
	if err != nil {
		return nil, err
	}
	var all []motions.Person
	for _, p := range reply.GetPeople() {
		all = append(all, motions.Person{Member: p.GetMember(), Name: p.GetName(), Region: p.GetRegion(),
			Current: p.GetStanding() == membershipv1.Standing_STANDING_CURRENT})
	}
	return all, nil
}

// person asks membership who one member is; the zero value if it does not know them.
func (s *Server) person(ctx context.Context, member string) (motions.Person, error) {
	all, err := s.people(ctx, member)
	if err != nil {
		return motions.Person{}, err
	}
	for _, p := range all {
		if p.Member == member {
			return p, nil
		}
	}
	return motions.Person{}, nil
}
