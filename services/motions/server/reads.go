package server

import (
	"context"
	"log/slog"
	"strconv"
	"strings"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/page"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

// GetMeeting returns one meeting with its order paper.
func (s *Server) GetMeeting(ctx context.Context, req *motionsv1.GetMeetingRequest) (*motionsv1.Meeting, error) {
	f, err := s.meetingFor(ctx, req.GetMeeting(), func(motions.Caller, motions.Meeting) error { return nil })
	if err != nil {
		return nil, err
	}
	return s.meetingProto(f, s.electorsShown(ctx, f)), nil
}

// ListMeetings pages through the meetings, latest first, without order papers.
func (s *Server) ListMeetings(ctx context.Context, req *motionsv1.ListMeetingsRequest) (*motionsv1.ListMeetingsResponse, error) {
	size, err := page.Size(req.GetPageSize())
	if err != nil {
		return nil, err
	}
	filter := []string{"meetings", req.GetRegion()}
	start, last, err := readKey(req.GetPageToken(), filter)
	if err != nil {
		return nil, err
	}
	caller := callerOf(ctx)
	all, err := s.store.Meetings(ctx, store.MeetingQuery{
		Region: req.GetRegion(), GeneralDrafts: caller.SeesGeneralDrafts(), DraftRegions: caller.Organises,
		BeforeStart: start, BeforeID: last, Limit: size + 1,
	}, s.reading(ctx))
	if err != nil {
		return nil, err
	}
	out := &motionsv1.ListMeetingsResponse{}
	if len(all) > size {
		all = all[:size]
		m := all[size-1].Meeting
		out.NextPageToken = writeKey(m.Starts.UnixMicro(), m.ID, filter)
	}
	for _, f := range all {
		out.Meetings = append(out.Meetings, s.meetingProto(f, s.electorsShown(ctx, f)))
	}
	return out, nil
}

// GetMotion returns one motion.
func (s *Server) GetMotion(ctx context.Context, req *motionsv1.GetMotionRequest) (*motionsv1.Motion, error) {
	m, err := s.store.Motion(ctx, req.GetMotion())
	if err != nil {
		return nil, err
	}
	if err := s.visible(ctx, m); err != nil {
		return nil, err
	}
	return motionProto(m), nil
}

// ListMotions pages through the motions, newest first.
func (s *Server) ListMotions(ctx context.Context, req *motionsv1.ListMotionsRequest) (*motionsv1.ListMotionsResponse, error) {
	size, err := page.Size(req.GetPageSize())
	if err != nil {
		return nil, err
	}
	filter := []string{"motions", req.GetMeeting()}
	moved, last, err := readKey(req.GetPageToken(), filter)
	if err != nil {
		return nil, err
	}
	caller := callerOf(ctx)
	q := store.MotionQuery{Meeting: req.GetMeeting(), All: caller.SeesAllMotions(), Member: caller.Member, Regions: caller.Organises,
		BeforeMoved: moved, BeforeID: last, Limit: size + 1}
	if caller.Member != "" && !q.All {
		// Without the register the list still shows all that is public.
		if person, err := s.person(ctx, caller.Member); err != nil {
			s.Log.WarnContext(ctx, "motions: the register does not say who may second", slog.Any("error", err))
		} else {
			q.Seconds, q.SecondsIn = person.Current, person.Region
		}
	}
	all, err := s.store.Motions(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &motionsv1.ListMotionsResponse{}
	if len(all) > size {
		all = all[:size]
		m := all[size-1]
		out.NextPageToken = writeKey(m.MovedAt.UnixMicro(), m.ID, filter)
	}
	for _, m := range all {
		out.Motions = append(out.Motions, motionProto(m))
	}
	return out, nil
}

// writeKey makes the token of the page after a row.
func writeKey(micros int64, id string, filter []string) string {
	return page.Token(strconv.FormatInt(micros, 10)+"/"+id, filter...)
}

// readKey reads it; 0 and an empty id for the first page.
func readKey(token string, filter []string) (int64, string, error) {
	key, err := page.Key(token, filter...)
	if err != nil || key == "" {
		return 0, "", err
	}
	instant, id, _ := strings.Cut(key, "/")
	micros, err := strconv.ParseInt(instant, 10, 64)
	if err != nil {
		return 0, "", fault.Field("PAGE_TOKEN", "page_token", "This page token is not one of ours. Begin with the first page.")
	}
	return micros, id, nil
}
