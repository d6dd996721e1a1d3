package server

import (
	"context"

	"google.golang.org/protobuf/proto"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
)

var challengeKinds = map[membership.ChallengeKind]membershipv1.ChallengeKind{
	membership.ChallengeEntry:    membershipv1.ChallengeKind_CHALLENGE_KIND_ENTRY,
	membership.ChallengeOmission: membershipv1.ChallengeKind_CHALLENGE_KIND_OMISSION,
}

var challengeStates = map[membership.ChallengeOutcome]membershipv1.ChallengeState{
	"":                   membershipv1.ChallengeState_CHALLENGE_STATE_OPEN,
	membership.Upheld:    membershipv1.ChallengeState_CHALLENGE_STATE_UPHELD,
	membership.Dismissed: membershipv1.ChallengeState_CHALLENGE_STATE_DISMISSED,
}

func challengeProto(c store.NamedChallenge) *membershipv1.RollChallenge {
	return &membershipv1.RollChallenge{
		Id: c.ID, Roll: c.Roll, Kind: challengeKinds[c.Kind], State: challengeStates[c.Outcome], Challenger: c.Challenger, ChallengerName: c.Name,
		Member: c.Member, About: c.About, Reason: c.Reason, CreateTime: instant(c.Made), Decider: c.Decider, DecideTime: instant(c.Decided),
		DecisionReason: c.DecisionReason, SupersedingRoll: c.Superseding,
	}
}

func encodeChallenge(c store.NamedChallenge) ([]byte, error) { return proto.Marshal(challengeProto(c)) }

// ChallengeRoll brings a challenge of an entry or an omission.
func (s *Server) ChallengeRoll(ctx context.Context, r *membershipv1.ChallengeRollRequest) (*membershipv1.RollChallenge, error) {
	now := s.cfg.Now()
	request, err := rpc.Once(ctx, membershipv1.RollService_ChallengeRoll_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	c := membership.Challenge{
		Roll: r.GetRoll(), Challenger: auth.FromContext(ctx).Member, Member: r.GetMember(), About: r.GetAbout(), Reason: r.GetReason(), Made: now,
	}
	for kind, p := range challengeKinds {
		if p == r.GetKind() {
			c.Kind = kind
		}
	}
	reply, err := s.store.Challenge(ctx, request, c, encodeChallenge)
	return rpc.Reply(&membershipv1.RollChallenge{}, reply, err)
}

// ListRollChallenges returns a roll's challenges: to those who decide them all, to others their own.
func (s *Server) ListRollChallenges(ctx context.Context, r *membershipv1.ListRollChallengesRequest) (*membershipv1.ListRollChallengesResponse, error) {
	p := auth.FromContext(ctx)
	challenger := p.Member
	if p.HoldsAny(auth.Secretary, auth.Chair) {
		challenger = ""
	}
	all, err := s.store.Challenges(ctx, r.GetRoll(), challenger)
	if err != nil {
		return nil, err
	}
	out := &membershipv1.ListRollChallengesResponse{}
	for _, c := range all {
		out.Challenges = append(out.Challenges, challengeProto(c))
	}
	return out, nil
}

// DecideRollChallenge decides a challenge. Where it is upheld a roll is frozen, and that waits for the ledger first.
func (s *Server) DecideRollChallenge(ctx context.Context, r *membershipv1.DecideRollChallengeRequest) (*membershipv1.RollChallenge, error) {
	now := s.cfg.Now()
	request, err := rpc.Once(ctx, membershipv1.RollService_DecideRollChallenge_FullMethodName, now, r)
	if err != nil {
		return nil, err
	}
	if r.GetUphold() {
		if err := s.waitForLedger(ctx); err != nil {
			return nil, err
		}
	}
	reply, err := s.store.Decide(ctx, request, r.GetChallenge(), auth.FromContext(ctx).Member, r.GetUphold(), r.GetReason(), r.GetMember(), encodeChallenge)
	return rpc.Reply(&membershipv1.RollChallenge{}, reply, err)
}
