package server

import (
	"context"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// rollPage is how many entries of a roll are asked for at once.
const rollPage = 5000

// OpenBallot pulls the roll, compares it with what the motions room was told of it, and opens. A ballot that is open
// already stays as it is.
func (s *Server) OpenBallot(ctx context.Context, r *ballotsv1.OpenBallotRequest) (*ballotsv1.OpenBallotResponse, error) {
	o := ballots.Opening{
		ID: r.GetBallot(), Motion: r.GetMotion(), Meeting: r.GetMeeting(), Region: r.GetRegion(), Question: r.GetQuestion(),
		Rule: r.GetRule(), Privacy: ballots.OpenVote, Roll: r.GetRoll(), Electors: r.GetRollCount(), Fingerprint: r.GetRollFingerprint(),
	}
	if err := o.Check(); err != nil {
		return nil, err
	}
	b, err := s.store.Get(ctx, o.ID)
	if fault.Is(err, "BALLOT_NOT_FOUND") {
		b, err = s.open(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	if err := b.SameAs(o); err != nil {
		return nil, err
	}
	return &ballotsv1.OpenBallotResponse{OpenTime: instant(b.Opened)}, nil
}

func (s *Server) open(ctx context.Context, o ballots.Opening) (ballots.Ballot, error) {
	roll, err := s.pull(ctx, o)
	if err != nil {
		return ballots.Ballot{}, err
	}
	if err := o.CheckRoll(roll); err != nil {
		return ballots.Ballot{}, err
	}
	return s.store.Open(ctx, o, roll, s.now())
}

// pull reads the roll from membership page by page, and no further than one entry more than it should have.
func (s *Server) pull(ctx context.Context, o ballots.Opening) ([]ballots.Elector, error) {
	var roll []ballots.Elector
	for int64(len(roll)) <= o.Electors {
		after := int64(0)
		if len(roll) > 0 {
			after = roll[len(roll)-1].Number
		}
		reply, err := s.members.ListRollEntries(ctx, &membershipv1.ListRollEntriesRequest{Roll: o.Roll, After: after, Limit: rollPage})
		if err != nil {
			return nil, err
		}
		if len(reply.GetEntries()) == 0 {
			break
		}
		for _, e := range reply.GetEntries() {
			roll = append(roll, ballots.Elector{Number: e.GetNumber(), Member: e.GetMember(), Region: e.GetRegion()})
		}
	}
	return roll, nil
}

// CloseBallot closes behind the casts that wait, and counts what is stored.
func (s *Server) CloseBallot(ctx context.Context, r *ballotsv1.CloseBallotRequest) (*ballotsv1.CloseBallotResponse, error) {
	c, err := s.store.Close(ctx, r.GetBallot())
	if err != nil {
		return nil, err
	}
	b, err := s.store.Get(ctx, r.GetBallot())
	if err != nil {
		return nil, err
	}
	return &ballotsv1.CloseBallotResponse{CloseTime: instant(c.At), Figures: figuresProto(c.Figures), Electors: b.Electors}, nil
}

// PublishBallot makes the figures public.
func (s *Server) PublishBallot(ctx context.Context, r *ballotsv1.PublishBallotRequest) (*ballotsv1.PublishBallotResponse, error) {
	at, err := s.store.Publish(ctx, r.GetBallot(), s.now())
	if err != nil {
		return nil, err
	}
	return &ballotsv1.PublishBallotResponse{PublishTime: instant(at)}, nil
}
