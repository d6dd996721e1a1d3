package server

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"google.golang.org/protobuf/proto"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

const (
	// tryFor is how long a request itself waits for the other rooms; after that the background goes on.
	tryFor = 10 * time.Second
	// answerIn is what is kept of a caller's deadline to answer with the motion as it then is.
	answerIn = 500 * time.Millisecond
)

// OpenVote puts the motion. The motion comes back voting, or opening if another room has not answered yet. Where another room refuses
// the vote, as membership does while challenges of the roll wait, the motion is back on the order paper and the refusal is returned.
func (s *Server) OpenVote(ctx context.Context, req *motionsv1.OpenVoteRequest) (*motionsv1.Motion, error) {
	ballot, err := id.New(s.Now(), s.Random)
	if err != nil {
		return nil, err
	}
	if _, err := s.changeMotion(ctx, motionsv1.MotionsService_OpenVote_FullMethodName, req.GetMotion(), req, motions.Caller.MayPreside,
		func(a store.Ask, f store.MotionFacts) (store.Change, error) {
			if err := f.Debate.MayPut(f.Motion); err != nil {
				return store.Change{}, err
			}
			m, err := motions.Put(f.Motion, f.At.Meeting, f.At.Terms, ballot, a.Caller, a.Request.At)
			return store.Change{Motion: m}, err
		}); err != nil {
		return nil, err
	}
	killpoint.Reach("motions.after-opening")
	m, err := s.finish(ctx, req.GetMotion())
	if err == nil && m.GetState() == motionsv1.MotionState_MOTION_STATE_ACCEPTED {
		// The same request again, or the background heard the refusal first.
		return nil, fault.New(fault.Conflict, "VOTE_NOT_OPENED",
			"The vote was not opened, and the motion is back on the order paper. Look at this meeting's roll, then load this page again and put the motion.")
	}
	return m, err
}

// CloseVote closes the ballot. The motion comes back closed, or closing if ballots has not answered yet.
func (s *Server) CloseVote(ctx context.Context, req *motionsv1.CloseVoteRequest) (*motionsv1.Motion, error) {
	if _, err := s.changeMotion(ctx, motionsv1.MotionsService_CloseVote_FullMethodName, req.GetMotion(), req, motions.Caller.MayPreside,
		func(a store.Ask, f store.MotionFacts) (store.Change, error) {
			m, err := motions.AskClose(f.Motion, a.Caller, a.Request.At)
			return store.Change{Motion: m}, err
		}); err != nil {
		return nil, err
	}
	killpoint.Reach("motions.after-closing")
	return s.finish(ctx, req.GetMotion())
}

// DeclareVote declares the result and has it published.
func (s *Server) DeclareVote(ctx context.Context, req *motionsv1.DeclareVoteRequest) (*motionsv1.Motion, error) {
	reply, err := s.changeMotion(ctx, motionsv1.MotionsService_DeclareVote_FullMethodName, req.GetMotion(), req, motions.Caller.MayPreside,
		func(a store.Ask, f store.MotionFacts) (store.Change, error) {
			m, err := motions.Declare(f.Motion, f.At.Terms, a.Caller, a.Request.At)
			if err != nil {
				return store.Change{}, err
			}
			event, err := proto.Marshal(&ballotsv1.PublishBallotRequest{Ballot: m.Vote.Ballot})
			return store.Change{Motion: m, Publish: event}, err
		})
	if err != nil {
		return nil, err
	}
	killpoint.Reach("motions.after-declare")
	s.couriers[store.TopicBallots].Wake()
	return reply, nil
}

// finish tries to take the vote on within the caller's deadline, and returns the motion as it then is.
func (s *Server) finish(ctx context.Context, motion string) (*motionsv1.Motion, error) {
	limit := tryFor
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)-answerIn)
	}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := s.work.begin(motion)
	err := s.advance(within, motion)
	done()
	if errors.Is(err, errPutBack) {
		return nil, fault.Of(err)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "motions: a vote waits for another room", slog.String("motion", motion), slog.Any("error", err))
		s.work.call()
	}
	m, err := s.store.Motion(ctx, motion)
	if err != nil {
		return nil, err
	}
	return motionProto(m), nil
}
