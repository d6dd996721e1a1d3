package server

import (
	"context"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

// CreateMeeting drafts a meeting.
func (s *Server) CreateMeeting(ctx context.Context, req *motionsv1.CreateMeetingRequest) (*motionsv1.Meeting, error) {
	ask, err := s.asking(ctx, motionsv1.MotionsService_CreateMeeting_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	meeting, err := id.New(ask.Request.At, s.Random)
	if err != nil {
		return nil, err
	}
	plan := motions.Plan{ID: meeting, Kind: keyOf(meetingKinds, req.GetKind()), Region: req.GetRegion(), Title: req.GetTitle(), Place: req.GetPlace(),
		Starts: timeOf(req.GetStartTime()), By: ask.Caller}
	if err := callerOf(ctx).MayPlan(plan.Kind, plan.Region); err != nil {
		return nil, err
	}
	terms, err := s.store.Terms(ctx, ask.Request.At)
	if err != nil {
		return nil, err
	}
	electors := s.electorsShown(ctx, store.MeetingFacts{Meeting: motions.Meeting{State: motions.Draft, Region: plan.Region}, Terms: terms})
	reply, err := s.store.AddMeeting(ctx, ask, func() (store.MeetingFacts, error) {
		m, err := motions.NewMeeting(plan, ask.Request.At)
		return store.MeetingFacts{Meeting: m, Terms: terms}, err
	}, s.encodeMeeting(electors))
	return rpc.Reply(&motionsv1.Meeting{}, reply, err)
}

// meetingFor reads a meeting and refuses a caller who may not know of it, or may not do with it what may asks for.
func (s *Server) meetingFor(ctx context.Context, meeting string, may func(motions.Caller, motions.Meeting) error) (store.MeetingFacts, error) {
	f, err := s.store.Meeting(ctx, meeting, s.reading(ctx))
	if err != nil {
		return store.MeetingFacts{}, err
	}
	caller := callerOf(ctx)
	if !caller.MaySeeMeeting(f.Meeting) {
		return store.MeetingFacts{}, motions.MeetingNotFound()
	}
	return f, may(caller, f.Meeting)
}

// changeRequest is a request to change something that the caller has seen.
type changeRequest interface {
	rpcRequest
	GetEtag() string
}

// changeMeeting has decide change a meeting that the caller has seen as it is.
func (s *Server) changeMeeting(ctx context.Context, method, meeting string, req changeRequest, electors int64, decide func(store.Ask, store.MeetingFacts) (motions.Meeting, error)) (*motionsv1.Meeting, error) {
	ask, err := s.asking(ctx, method, req)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.ChangeMeeting(ctx, ask, meeting, func(f store.MeetingFacts) (motions.Meeting, error) {
		if err := rpc.CheckETag(req.GetEtag(), etag(f.Meeting.Version)); err != nil {
			return motions.Meeting{}, err
		}
		return decide(ask, f)
	}, s.encodeMeeting(electors))
	return rpc.Reply(&motionsv1.Meeting{}, reply, err)
}

// GiveNotice pins the rule book in force and counts the clear days.
func (s *Server) GiveNotice(ctx context.Context, req *motionsv1.GiveNoticeRequest) (*motionsv1.Meeting, error) {
	f, err := s.meetingFor(ctx, req.GetMeeting(), motions.Caller.MayReceive)
	if err != nil {
		return nil, err
	}
	return s.changeMeeting(ctx, motionsv1.MotionsService_GiveNotice_FullMethodName, req.GetMeeting(), req, s.electorsShown(ctx, f),
		func(a store.Ask, f store.MeetingFacts) (motions.Meeting, error) {
			return motions.GiveNotice(f.Meeting, f.Terms, a.Caller, a.Request.At, s.Zone)
		})
}

// OpenMeeting opens a meeting that is quorate, counting the electors now.
func (s *Server) OpenMeeting(ctx context.Context, req *motionsv1.OpenMeetingRequest) (*motionsv1.Meeting, error) {
	f, err := s.meetingFor(ctx, req.GetMeeting(), motions.Caller.MayPreside)
	if err != nil {
		return nil, err
	}
	electors, err := s.countElectors(ctx, f.Meeting, f.Terms)
	if err != nil {
		return nil, err
	}
	return s.changeMeeting(ctx, motionsv1.MotionsService_OpenMeeting_FullMethodName, req.GetMeeting(), req, electors,
		func(a store.Ask, f store.MeetingFacts) (motions.Meeting, error) {
			return motions.OpenMeeting(f.Meeting, f.Terms, electors, a.Caller, a.Request.At)
		})
}

// CloseMeeting closes a meeting whose votes are all declared.
func (s *Server) CloseMeeting(ctx context.Context, req *motionsv1.CloseMeetingRequest) (*motionsv1.Meeting, error) {
	if _, err := s.meetingFor(ctx, req.GetMeeting(), motions.Caller.MayPreside); err != nil {
		return nil, err
	}
	return s.changeMeeting(ctx, motionsv1.MotionsService_CloseMeeting_FullMethodName, req.GetMeeting(), req, -1,
		func(a store.Ask, f store.MeetingFacts) (motions.Meeting, error) {
			return motions.CloseMeeting(f.Meeting, f.Paper, a.Caller, a.Request.At)
		})
}

// maxAttendance is how many members one request may name.
const maxAttendance = 500

// RecordAttendance records that members arrived or left.
func (s *Server) RecordAttendance(ctx context.Context, req *motionsv1.RecordAttendanceRequest) (*motionsv1.Meeting, error) {
	f, err := s.meetingFor(ctx, req.GetMeeting(), motions.Caller.MayRecordAttendance)
	if err != nil {
		return nil, err
	}
	if err := motions.NamedOnce(req.GetMembers(), maxAttendance); err != nil {
		return nil, err
	}
	if !req.GetDeparted() {
		people, err := s.people(ctx, req.GetMembers()...)
		if err != nil {
			return nil, err
		}
		if err := motions.Electorate(f.Meeting, req.GetMembers(), people); err != nil {
			return nil, err
		}
	}
	ask, err := s.asking(ctx, motionsv1.MotionsService_RecordAttendance_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	allow := func(f store.MeetingFacts) error { return motions.MayAttend(f.Meeting, ask.Request.At, s.Zone) }
	reply, err := s.store.Attend(ctx, ask, req.GetMeeting(), req.GetMembers(), req.GetDeparted(), func() (string, error) { return id.New(ask.Request.At, s.Random) }, allow, s.encodeMeeting(s.electorsShown(ctx, f)))
	return rpc.Reply(&motionsv1.Meeting{}, reply, err)
}
