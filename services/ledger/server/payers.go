package server

import (
	"context"
	"sync"
	"time"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/match"
)

// payersFor is how long the list of who may have paid is kept in memory, by the machine's clock.
const payersFor = 15 * time.Second

// payers are those who may have paid: everybody with a membership number.
type payers struct {
	client membershipv1.PayersRoomsServiceClient
	now    func() time.Time

	mu    sync.Mutex
	all   []match.Member
	asked time.Time
}

// list returns them by number.
func (p *payers) list(ctx context.Context) ([]match.Member, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all != nil && p.now().Sub(p.asked) < payersFor {
		return p.all, nil
	}
	const page = 1000
	var all []match.Member
	after := int64(0)
	for {
		reply, err := p.client.ListPayers(ctx, &membershipv1.ListPayersRequest{After: after, PageSize: page})
		if err != nil {
			return nil, err
		}
		for _, m := range reply.GetPayers() {
			all = append(all, match.Member{ID: m.GetMember(), Number: m.GetNumber(), Name: m.GetName()})
			after = m.GetNumber()
		}
		if len(reply.GetPayers()) < page {
			break
		}
	}
	p.all, p.asked = all, p.now()
	return all, nil
}

// matching is what is needed to say whose a line is.
type matching struct {
	*match.Matcher
	names map[string]string
	funds map[string]string // by rule
}

func (s *Server) matching(ctx context.Context) (*matching, error) {
	known, err := s.payers.list(ctx)
	if err != nil {
		return nil, err
	}
	given, err := s.store.Givers(ctx)
	if err != nil {
		return nil, err
	}
	saved, err := s.store.MatchRules(ctx)
	if err != nil {
		return nil, err
	}
	m := &matching{names: map[string]string{}, funds: map[string]string{}}
	members := make([]match.Member, len(known))
	for i, p := range known {
		if !given[p.ID] {
			p.Due = ledger.MembershipPence
		}
		members[i], m.names[p.ID] = p, p.Name
	}
	var rules []match.Rule
	for _, r := range saved {
		rules = append(rules, r.Rule)
		m.funds[r.ID] = r.Fund
	}
	m.Matcher, err = match.New(ledger.GBP, members, rules)
	return m, err
}

// shares are those of a proposal, with the fund of the rule that made it.
func (m *matching) shares(p match.Proposal) []ledger.LineShare {
	out := make([]ledger.LineShare, len(p.Shares))
	for i, share := range p.Shares {
		out[i] = ledger.LineShare{Share: share}
		if share.Account != "" {
			out[i].Fund = m.funds[p.Rule]
		}
	}
	return out
}
