package server

import (
	"context"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

// MoveMotion moves a motion: the caller is its mover.
func (s *Server) MoveMotion(ctx context.Context, req *motionsv1.MoveMotionRequest) (*motionsv1.Motion, error) {
	ask, err := s.asking(ctx, motionsv1.MotionsService_MoveMotion_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	mover, err := s.person(ctx, ask.Caller)
	if err != nil {
		return nil, err
	}
	changes := changesOf(req.GetRuleChanges())
	if len(changes) > 0 {
		// What a meeting is asked to vote on has to be possible; it is checked again when it is adopted.
		book, err := s.store.LatestBook(ctx)
		if err != nil {
			return nil, err
		}
		if _, err := book.With(changes, "a resolution"); err != nil {
			return nil, err
		}
	}
	motion, err := id.New(ask.Request.At, s.Random)
	if err != nil {
		return nil, err
	}
	p := motions.Proposal{ID: motion, Title: req.GetTitle(), Text: req.GetText(), Kind: keyOf(motionKinds, req.GetKind()),
		Majority: keyOf(majorities, req.GetResolution()), Seats: int(req.GetSeats()), RuleChanges: changes}
	reply, err := s.store.AddMotion(ctx, ask, req.GetMeeting(), func(f store.MeetingFacts) (motions.Motion, error) {
		return motions.Move(f.Meeting, f.Terms, p, mover, ask.Request.At, s.Zone)
	}, encodeMotion)
	return rpc.Reply(&motionsv1.Motion{}, reply, err)
}

// SecondMotion records the caller's consent to second.
func (s *Server) SecondMotion(ctx context.Context, req *motionsv1.SecondMotionRequest) (*motionsv1.Motion, error) {
	ask, err := s.asking(ctx, motionsv1.MotionsService_SecondMotion_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	seconder, err := s.person(ctx, ask.Caller)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.ChangeMotion(ctx, ask, req.GetMotion(), func(f store.MotionFacts) (store.Change, error) {
		m, err := motions.Second(f.Motion, f.At.Meeting, seconder, ask.Request.At)
		return store.Change{Motion: m}, err
	}, encodeMotion)
	return rpc.Reply(&motionsv1.Motion{}, reply, err)
}

// changeMotion has decide change a motion that the caller has seen as it is, after may has admitted the caller.
func (s *Server) changeMotion(ctx context.Context, method, motion string, req changeRequest, may func(motions.Caller, motions.Meeting) error, decide func(store.Ask, store.MotionFacts) (store.Change, error)) (*motionsv1.Motion, error) {
	ask, err := s.asking(ctx, method, req)
	if err != nil {
		return nil, err
	}
	caller := callerOf(ctx)
	reply, err := s.store.ChangeMotion(ctx, ask, motion, func(f store.MotionFacts) (store.Change, error) {
		if err := may(caller, f.At.Meeting); err != nil {
			return store.Change{}, err
		}
		if err := rpc.CheckETag(req.GetEtag(), etag(f.Motion.Version)); err != nil {
			return store.Change{}, err
		}
		return decide(ask, f)
	}, encodeMotion)
	return rpc.Reply(&motionsv1.Motion{}, reply, err)
}

// AcceptMotion puts a seconded motion on the order paper, behind those that stand there.
func (s *Server) AcceptMotion(ctx context.Context, req *motionsv1.AcceptMotionRequest) (*motionsv1.Motion, error) {
	return s.changeMotion(ctx, motionsv1.MotionsService_AcceptMotion_FullMethodName, req.GetMotion(), req, motions.Caller.MayReceive,
		func(a store.Ask, f store.MotionFacts) (store.Change, error) {
			m, err := motions.Accept(f.Motion, f.At.Meeting, motions.NextPlace(f.At.Paper, f.Motion.Amends != nil), a.Caller, a.Request.At)
			return store.Change{Motion: m, Paper: true}, err
		})
}

// WithdrawMotion withdraws the caller's motion.
func (s *Server) WithdrawMotion(ctx context.Context, req *motionsv1.WithdrawMotionRequest) (*motionsv1.Motion, error) {
	ask, err := s.asking(ctx, motionsv1.MotionsService_WithdrawMotion_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.ChangeMotion(ctx, ask, req.GetMotion(), func(f store.MotionFacts) (store.Change, error) {
		if err := motions.MayWithdraw(f.Motion, ask.Caller); err != nil {
			return store.Change{}, err
		}
		if err := f.Debate.Undecided(); err != nil && f.Motion.State == motions.Accepted {
			return store.Change{}, err
		}
		if err := rpc.CheckETag(req.GetEtag(), etag(f.Motion.Version)); err != nil {
			return store.Change{}, err
		}
		m, err := motions.Withdraw(f.Motion, ask.Caller, ask.Request.At)
		return store.Change{Motion: m, Paper: m.Position > 0}, err
	}, encodeMotion)
	return rpc.Reply(&motionsv1.Motion{}, reply, err)
}

// TableMotion tables what a regional meeting carried for a general meeting. It returns the regional motion, which
// says what it was tabled as.
func (s *Server) TableMotion(ctx context.Context, req *motionsv1.TableMotionRequest) (*motionsv1.Motion, error) {
	ask, err := s.asking(ctx, motionsv1.MotionsService_TableMotion_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	made, err := id.New(ask.Request.At, s.Random)
	if err != nil {
		return nil, err
	}
	caller := callerOf(ctx)
	reply, err := s.store.Table(ctx, ask, req.GetMotion(), req.GetMeeting(), func(from store.MotionFacts, to store.MeetingFacts) (motions.Motion, error) {
		if err := caller.MayTable(from.Motion.Region); err != nil {
			return motions.Motion{}, err
		}
		if err := rpc.CheckETag(req.GetEtag(), etag(from.Motion.Version)); err != nil {
			return motions.Motion{}, err
		}
		return motions.Table(from.Motion, to.Meeting, to.Terms, made, to.NextPosition(), ask.Caller, ask.Request.At, s.Zone)
	}, encodeMotion)
	return rpc.Reply(&motionsv1.Motion{}, reply, err)
}

// visible refuses a motion that the caller may not know of. The register is asked only where it can matter.
func (s *Server) visible(ctx context.Context, m motions.Motion) error {
	caller := callerOf(ctx)
	if caller.MaySeeMotion(m, motions.Person{}) {
		return nil
	}
	if m.State == motions.Moved && caller.Member != "" {
		person, err := s.person(ctx, auth.FromContext(ctx).Member)
		if err != nil {
			return err
		}
		if caller.MaySeeMotion(m, person) {
			return nil
		}
	}
	return motions.MotionNotFound()
}
