package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
	"github.com/localgovdigital/folkmoot/services/motions"
)

const (
	// look is how often the loop looks for votes that a crash, or another replica, left halfway.
	look = 2 * time.Second
	// lastPause bounds the wait while another room does not answer.
	lastPause = 30 * time.Second
	// atOnce is how many votes one look takes on.
	atOnce = 100
)

// workshop knows which votes a request is taking on just now, and wakes the loop.
type workshop struct {
	wake chan struct{}

	mu   sync.Mutex
	busy map[string]bool
}

// begin marks a motion as being worked on until the returned function is called.
func (w *workshop) begin(motion string) (done func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy[motion] = true
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.busy, motion)
	}
}

func (w *workshop) isBusy(motion string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.busy[motion]
}

// call wakes the loop. It never waits.
func (w *workshop) call() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// advance takes a vote on as far as the other rooms let it: from opening to voting, or from closing to closed. Every
// call that it makes may be made again. A roll that membership refuses whoever asks however often puts the motion back, and
// the refusal is returned as errPutBack.
func (s *Server) advance(ctx context.Context, motion string) error {
	f, err := s.store.MotionWithMeeting(ctx, motion, s.reading(ctx))
	if err != nil {
		return err
	}
	if f.Motion.State == motions.Opening {
		return s.openBallot(ctx, f.Motion, f.At.Meeting, f.At.Terms)
	}
	if f.Motion.State == motions.Closing {
		return s.closeBallot(ctx, f.Motion)
	}
	return nil
}

// errPutBack marks the refusal for which a motion was put back.
var errPutBack = errors.New("motions: the motion was put back")

// refusedForGood reports whether another room understood what was asked and refused it: asking again changes nothing until people
// have decided something there. A room that does not answer, or does not know us, may answer the next time.
func refusedForGood(err error) bool {
	f := fault.Of(err)
	return f != nil && (f.Kind == fault.Conflict || f.Kind == fault.Invalid)
}

func (s *Server) openBallot(ctx context.Context, m motions.Motion, at motions.Meeting, t motions.Terms) error {
	roll, err := s.members.FreezeRoll(ctx, &membershipv1.FreezeRollRequest{
		Purpose: m.Vote.Ballot, Region: at.Region, NoticeTime: timestamppb.New(at.Noticed), DonationRequired: t.DonationRequired,
		RuleBook: int32(t.Version), Contact: contact(at), Meeting: m.Meeting, Title: rollTitle(m.Title),
	})
	if refusedForGood(err) {
		if _, back := s.store.Advance(ctx, m.ID, motions.Opening, motions.PutBack); back != nil {
			return errors.Join(back, err)
		}
		return fmt.Errorf("%w: %w", errPutBack, err)
	}
	if err != nil {
		return fmt.Errorf("motions: freeze the roll: %w", err)
	}
	killpoint.Reach("motions.after-freeze")
	opened, err := s.ballots.OpenBallot(ctx, &ballotsv1.OpenBallotRequest{
		Ballot: m.Vote.Ballot, Motion: m.ID, Meeting: m.Meeting, Region: at.Region, Question: m.Title,
		Roll: roll.GetId(), RollCount: roll.GetCount(), RollFingerprint: roll.GetFingerprint(), Rule: m.Vote.Rule,
	})
	if err != nil {
		return fmt.Errorf("motions: open the ballot: %w", err)
	}
	killpoint.Reach("motions.after-open-call")
	_, err = s.store.Advance(ctx, m.ID, motions.Opening, func(m motions.Motion) (motions.Motion, error) {
		return motions.BallotOpened(m, roll.GetId(), roll.GetCount(), s.toldOrNow(opened.GetOpenTime()))
	})
	return err
}

func (s *Server) closeBallot(ctx context.Context, m motions.Motion) error {
	closed, err := s.ballots.CloseBallot(ctx, &ballotsv1.CloseBallotRequest{Ballot: m.Vote.Ballot})
	if err != nil {
		return fmt.Errorf("motions: close the ballot: %w", err)
	}
	killpoint.Reach("motions.after-close-call")
	figures := motions.Figures{For: closed.GetFigures().GetVotesFor(), Against: closed.GetFigures().GetVotesAgainst(),
		Abstentions: closed.GetFigures().GetAbstentions(), Electors: closed.GetElectors()}
	_, err = s.store.Advance(ctx, m.ID, motions.Closing, func(m motions.Motion) (motions.Motion, error) {
		return motions.BallotClosed(m, figures, s.toldOrNow(closed.GetCloseTime()))
	})
	return err
}

// toldOrNow is the instant that the other room told, or now.
func (s *Server) toldOrNow(t *timestamppb.Timestamp) time.Time {
	if told := timeOf(t); !told.IsZero() {
		return told
	}
	return s.Now()
}

// rollTitle is the motion's title as the list of rolls shows it: it is bounded there, in characters.
func rollTitle(title string) string {
	const most = 200
	if r := []rune(title); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return title
}

// contact is whom a person who is not on the roll may ask.
func contact(m motions.Meeting) string {
	if m.Kind == motions.Regional {
		return "the organiser of this region's meetings"
	}
	return "the secretary"
}

// finishVotes takes on what was left halfway, until the context ends. Its pauses are on the machine's clock.
func (s *Server) finishVotes(ctx context.Context) {
	pause := look
	for ctx.Err() == nil {
		if s.finishOnce(ctx) {
			pause = look
		} else {
			pause = min(2*pause, lastPause)
		}
		select {
		case <-ctx.Done():
		case <-s.work.wake:
			pause = look
		case <-time.After(pause):
		}
	}
}

// finishOnce takes on every vote that is halfway, and reports whether none failed.
func (s *Server) finishOnce(ctx context.Context) bool {
	ids, err := s.store.Underway(ctx, atOnce)
	if err != nil {
		if ctx.Err() == nil {
			s.Log.WarnContext(ctx, "motions: cannot look for votes underway", slog.Any("error", err))
		}
		return false
	}
	ok := true
	for _, motion := range ids {
		if s.work.isBusy(motion) {
			continue
		}
		within, cancel := context.WithTimeout(ctx, tryFor)
		switch err := s.advance(within, motion); {
		case errors.Is(err, errPutBack):
			s.Log.WarnContext(ctx, "motions: another room refused a vote", slog.String("motion", motion), slog.Any("error", err))
		case err != nil && ctx.Err() == nil:
			ok = false
			s.Log.WarnContext(ctx, "motions: a vote waits for another room", slog.String("motion", motion), slog.Any("error", err))
		}
		cancel()
	}
	return ok
}
