package server

import (
	"context"
	"io"

	"google.golang.org/protobuf/proto"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

var presenceKinds = map[motions.PresenceKind]motionsv1.PresenceKind{
	motions.Arrived:   motionsv1.PresenceKind_PRESENCE_KIND_ARRIVED,
	motions.Left:      motionsv1.PresenceKind_PRESENCE_KIND_LEFT,
	motions.Asked:     motionsv1.PresenceKind_PRESENCE_KIND_ASKED,
	motions.Apologies: motionsv1.PresenceKind_PRESENCE_KIND_APOLOGIES,
	motions.Struck:    motionsv1.PresenceKind_PRESENCE_KIND_STRUCK,
}

var presenceMeans = map[motions.PresenceMeans]motionsv1.PresenceMeans{
	motions.AtDesk:   motionsv1.PresenceMeans_PRESENCE_MEANS_DESK,
	motions.BySelf:   motionsv1.PresenceMeans_PRESENCE_MEANS_SELF,
	motions.ByOnline: motionsv1.PresenceMeans_PRESENCE_MEANS_ONLINE,
}

const (
	// secretBytes is the length of a meeting's secret.
	secretBytes = 32
	// mostRecords bounds a list of records.
	mostRecords = 500
)

func anybody(motions.Caller, motions.Meeting) error { return nil }

// secretOf is the secret that a meeting's codes follow from.
func (s *Server) secretOf(ctx context.Context, meeting string) ([]byte, error) {
	return s.store.MeetingSecret(ctx, meeting, func() ([]byte, error) {
		b := make([]byte, secretBytes)
		_, err := io.ReadFull(s.Random, b)
		return b, err
	})
}

// GetHallCode returns what the hall's screen shows.
func (s *Server) GetHallCode(ctx context.Context, req *motionsv1.GetHallCodeRequest) (*motionsv1.HallCode, error) {
	f, err := s.meetingFor(ctx, req.GetMeeting(), motions.Caller.MayRecordAttendance)
	if err != nil {
		return nil, err
	}
	if err := motions.MayAttend(f.Meeting, s.Now(), s.Zone); err != nil {
		return nil, err
	}
	secret, err := s.secretOf(ctx, f.Meeting.ID)
	if err != nil {
		return nil, err
	}
	code, changes := motions.HallCode(secret, s.Now())
	return &motionsv1.HallCode{Code: code, ChangeTime: stamp(changes), PosterCode: motions.PosterCode(secret)}, nil
}

// GetBadge returns the caller's own badge.
func (s *Server) GetBadge(ctx context.Context, req *motionsv1.GetBadgeRequest) (*motionsv1.Badge, error) {
	f, err := s.meetingFor(ctx, req.GetMeeting(), anybody)
	if err != nil {
		return nil, err
	}
	if err := motions.MayAttend(f.Meeting, s.Now(), s.Zone); err != nil {
		return nil, err
	}
	secret, err := s.secretOf(ctx, f.Meeting.ID)
	if err != nil {
		return nil, err
	}
	badge, expires := motions.Badge(secret, auth.FromContext(ctx).Member, s.Now())
	return &motionsv1.Badge{Badge: badge, ExpireTime: stamp(expires)}, nil
}

// ReadBadge says whose badge it is.
func (s *Server) ReadBadge(ctx context.Context, req *motionsv1.ReadBadgeRequest) (*motionsv1.Attendee, error) {
	f, err := s.meetingFor(ctx, req.GetMeeting(), motions.Caller.MayRecordAttendance)
	if err != nil {
		return nil, err
	}
	secret, err := s.secretOf(ctx, f.Meeting.ID)
	if err != nil {
		return nil, err
	}
	member, err := motions.ReadBadge(secret, req.GetBadge(), s.Now())
	if err != nil {
		return nil, err
	}
	p, err := s.person(ctx, member)
	if err != nil {
		return nil, err
	}
	standings, err := s.store.PresentAt(ctx, f.Meeting.ID, s.Now())
	if err != nil {
		return nil, err
	}
	out := attendeeProto(store.PresenceOutcome{Member: member, Standing: standings[member], Present: f.Meeting.Present})
	out.Name, out.Elector = p.Name, motions.MayCheckIn(f.Meeting, p) == nil
	return out, nil
}

func attendeeProto(o store.PresenceOutcome) *motionsv1.Attendee {
	return &motionsv1.Attendee{Member: o.Member, Present: o.Standing.Present, Unconfirmed: o.Standing.Unconfirmed, Apologies: o.Standing.Apologised, PresentCount: o.Present}
}

// recording is what the ways to record presence share: who is recorded as what, by which means, decided in the transaction.
type recording struct {
	member string
	kind   motions.PresenceKind
	means  motions.PresenceMeans
	// happened is when it was, the zero time for now.
	happened *motionsv1.RecordPresenceRequest
	// name and elector are shown in the reply.
	name    string
	elector bool
}

func (s *Server) record(ctx context.Context, method, meeting string, req rpcRequest, r recording) (*motionsv1.Attendee, error) {
	ask, err := s.asking(ctx, method, req)
	if err != nil {
		return nil, err
	}
	name, err := id.New(ask.Request.At, s.Random)
	if err != nil {
		return nil, err
	}
	happened := timeOf(r.happened.GetHappenTime())
	if happened.IsZero() {
		happened = ask.Request.At
	}
	reply, err := s.store.RecordPresence(ctx, ask, meeting, r.member, "", func(f store.MeetingFacts, have []motions.PresenceRecord) (*motions.PresenceRecord, error) {
		made := motions.PresenceRecord{ID: name, Meeting: meeting, Member: r.member, Kind: r.kind, Means: r.means, Happened: happened, Recorded: ask.Request.At, By: ask.Caller}
		add, err := motions.RecordPresence(f.Meeting, have, made, ask.Request.At, s.Zone)
		if err != nil || !add {
			return nil, err
		}
		return &made, nil
	}, func(o store.PresenceOutcome) ([]byte, error) {
		out := attendeeProto(o)
		out.Name, out.Elector = r.name, r.elector
		return proto.Marshal(out)
	})
	return rpc.Reply(&motionsv1.Attendee{}, reply, err)
}

// CheckIn records the caller's own arrival by a code.
func (s *Server) CheckIn(ctx context.Context, req *motionsv1.CheckInRequest) (*motionsv1.Attendee, error) {
	f, err := s.meetingFor(ctx, req.GetMeeting(), anybody)
	if err != nil {
		return nil, err
	}
	p, err := s.person(ctx, auth.FromContext(ctx).Member)
	if err != nil {
		return nil, err
	}
	if err := motions.MayCheckIn(f.Meeting, p); err != nil {
		return nil, err
	}
	secret, err := s.secretOf(ctx, f.Meeting.ID)
	if err != nil {
		return nil, err
	}
	kind, err := motions.CheckInBy(secret, req.GetCode(), s.Now())
	if err != nil {
		return nil, err
	}
	r := recording{member: p.Member, kind: kind, means: motions.BySelf, elector: true}
	if req.GetOnline() {
		r.means = motions.ByOnline
	}
	return s.record(ctx, motionsv1.AttendanceService_CheckIn_FullMethodName, req.GetMeeting(), req, r)
}

// CheckOut records the caller's own leaving.
func (s *Server) CheckOut(ctx context.Context, req *motionsv1.CheckOutRequest) (*motionsv1.Attendee, error) {
	if _, err := s.meetingFor(ctx, req.GetMeeting(), anybody); err != nil {
		return nil, err
	}
	return s.record(ctx, motionsv1.AttendanceService_CheckOut_FullMethodName, req.GetMeeting(), req,
		recording{member: auth.FromContext(ctx).Member, kind: motions.Left, means: motions.BySelf})
}

// SendApologies records the caller's apologies.
func (s *Server) SendApologies(ctx context.Context, req *motionsv1.SendApologiesRequest) (*motionsv1.Attendee, error) {
	f, err := s.meetingFor(ctx, req.GetMeeting(), anybody)
	if err != nil {
		return nil, err
	}
	p, err := s.person(ctx, auth.FromContext(ctx).Member)
	if err != nil {
		return nil, err
	}
	if err := motions.MayCheckIn(f.Meeting, p); err != nil {
		return nil, err
	}
	return s.record(ctx, motionsv1.AttendanceService_SendApologies_FullMethodName, req.GetMeeting(), req,
		recording{member: p.Member, kind: motions.Apologies, means: motions.BySelf, elector: true})
}

// RecordPresence records what the desk saw, by a member's badge or name.
func (s *Server) RecordPresence(ctx context.Context, req *motionsv1.RecordPresenceRequest) (*motionsv1.Attendee, error) {
	f, err := s.meetingFor(ctx, req.GetMeeting(), motions.Caller.MayRecordAttendance)
	if err != nil {
		return nil, err
	}
	member := req.GetMember()
	if req.GetBadge() != "" {
		secret, err := s.secretOf(ctx, f.Meeting.ID)
		if err != nil {
			return nil, err
		}
		if member, err = motions.ReadBadge(secret, req.GetBadge(), s.Now()); err != nil {
			return nil, err
		}
	}
	if err := motions.NamedOnce([]string{member}, 1); err != nil {
		return nil, err
	}
	p, err := s.person(ctx, member)
	if err != nil {
		return nil, err
	}
	kind := keyOf(presenceKinds, req.GetKind())
	if kind != motions.Arrived && kind != motions.Left && kind != motions.Apologies {
		kind = "unknown"
	}
	if kind != motions.Left {
		if err := motions.Electorate(f.Meeting, []string{member}, []motions.Person{p}); err != nil {
			return nil, err
		}
	}
	return s.record(ctx, motionsv1.AttendanceService_RecordPresence_FullMethodName, req.GetMeeting(), req,
		recording{member: member, kind: kind, means: motions.AtDesk, happened: req, name: p.Name, elector: true})
}

// StrikePresence strikes a record that was a mistake.
func (s *Server) StrikePresence(ctx context.Context, req *motionsv1.StrikePresenceRequest) (*motionsv1.Attendee, error) {
	if _, err := s.meetingFor(ctx, req.GetMeeting(), motions.Caller.MayRecordAttendance); err != nil {
		return nil, err
	}
	ask, err := s.asking(ctx, motionsv1.AttendanceService_StrikePresence_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	name, err := id.New(ask.Request.At, s.Random)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.RecordPresence(ctx, ask, req.GetMeeting(), "", req.GetRecord(), func(f store.MeetingFacts, have []motions.PresenceRecord) (*motions.PresenceRecord, error) {
		r, err := motions.StrikePresence(f.Meeting, have, req.GetRecord(), req.GetReason(), ask.Caller, name, ask.Request.At)
		return &r, err
	}, func(o store.PresenceOutcome) ([]byte, error) { return proto.Marshal(attendeeProto(o)) })
	return rpc.Reply(&motionsv1.Attendee{}, reply, err)
}

// ListPresence returns a meeting's records and who waits for the desk.
func (s *Server) ListPresence(ctx context.Context, req *motionsv1.ListPresenceRequest) (*motionsv1.ListPresenceResponse, error) {
	f, err := s.meetingFor(ctx, req.GetMeeting(), motions.Caller.MayRecordAttendance)
	if err != nil {
		return nil, err
	}
	all, err := s.store.Presence(ctx, f.Meeting.ID, 0)
	if err != nil {
		return nil, err
	}
	out := &motionsv1.ListPresenceResponse{PresentCount: f.Meeting.Present}
	struck := map[string]bool{}
	for _, r := range all {
		struck[r.Strikes] = true
	}
	standings := motions.StandingsAt(all, s.Now())
	var wanted []string
	seen := map[string]bool{}
	for _, r := range all {
		if !seen[r.Member] && standings[r.Member].Unconfirmed && len(out.Unconfirmed) < mostRecords {
			out.Unconfirmed = append(out.Unconfirmed, &motionsv1.Attendee{Member: r.Member, Unconfirmed: true})
			wanted = append(wanted, r.Member)
		}
		seen[r.Member] = true
	}
	for _, r := range all[:min(len(all), mostRecords)] {
		out.Records = append(out.Records, &motionsv1.PresenceRecord{Id: r.ID, Member: r.Member, Kind: presenceKinds[r.Kind], Means: presenceMeans[r.Means],
			HappenTime: stamp(r.Happened), RecordTime: stamp(r.Recorded), RecordedBy: r.By, Strikes: r.Strikes, Reason: r.Reason, Struck: struck[r.ID]})
		wanted = append(wanted, r.Member)
	}
	names, err := s.names(ctx, wanted)
	if err != nil {
		return nil, err
	}
	for _, u := range out.Unconfirmed {
		u.Name = names[u.Member]
	}
	for _, r := range out.Records {
		r.Name = names[r.Member]
	}
	return out, nil
}

// names asks membership what members are called now.
func (s *Server) names(ctx context.Context, members []string) (map[string]string, error) {
	names, asked := map[string]string{}, []string{}
	for _, m := range members {
		if _, ok := names[m]; !ok {
			names[m] = ""
			asked = append(asked, m)
		}
	}
	for len(asked) > 0 {
		n := min(len(asked), maxAttendance)
		people, err := s.people(ctx, asked[:n]...)
		if err != nil {
			return nil, err
		}
		for _, p := range people {
			names[p.Member] = p.Name
		}
		asked = asked[n:]
	}
	return names, nil
}
