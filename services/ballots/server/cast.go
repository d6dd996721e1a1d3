package server

import (
	"context"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/ballots/store"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// CastVote casts the caller's vote and returns its receipt once it is durable.
func (s *Server) CastVote(ctx context.Context, r *ballotsv1.CastVoteRequest) (*ballotsv1.Receipt, error) {
	caller := auth.FromContext(ctx)
	v, err := s.store.Cast(ctx, store.Cast{
		Ballot: r.GetBallot(), Member: caller.Member, Choice: choices[r.GetChoice()],
		Request: ballots.NewRequestKey(caller.Key(), r.GetRequestId()),
	})
	if fault.Is(err, "NOT_ON_ROLL") {
		return nil, s.explained(ctx, r.GetBallot(), caller.Member)
	}
	if err != nil {
		return nil, err
	}
	return receiptProto(r.GetBallot(), v), nil
}

// explained is the refusal of somebody who is not on the roll, with the rule, its date and whom to ask. If membership does
// not answer the refusal stands without them.
func (s *Server) explained(ctx context.Context, ballot, member string) error {
	f := ballots.NotOnRoll()
	b, err := s.store.Get(ctx, ballot)
	if err != nil {
		return err
	}
	why, err := s.members.ExplainRoll(ctx, &membershipv1.ExplainRollRequest{Roll: b.Roll, Member: member})
	if err != nil || why.GetOnRoll() {
		return f
	}
	if why.GetExplanation() != "" {
		f.Message += " " + why.GetExplanation()
	}
	return f.With("reason", why.GetReason()).With("explanation", why.GetExplanation()).
		With("date", why.GetDate()).With("contact", why.GetContact())
}

// GetMyVote tells whether the caller may vote, and why not, or holds their receipt. Never the choice.
func (s *Server) GetMyVote(ctx context.Context, r *ballotsv1.GetMyVoteRequest) (*ballotsv1.MyVote, error) {
	member := auth.FromContext(ctx).Member
	m, err := s.store.MyVote(ctx, r.GetBallot(), member)
	if err != nil {
		return nil, err
	}
	out := &ballotsv1.MyVote{OnRoll: m.OnRoll}
	if !m.Vote.IsZero() {
		out.Receipt = receiptProto(r.GetBallot(), m.Vote)
	}
	if m.OnRoll {
		return out, nil
	}
	why, err := s.members.ExplainRoll(ctx, &membershipv1.ExplainRollRequest{Roll: m.Roll, Member: member})
	if err != nil {
		return nil, err
	}
	out.Reason, out.Explanation, out.Date, out.Contact = why.GetReason(), why.GetExplanation(), why.GetDate(), why.GetContact()
	return out, nil
}
