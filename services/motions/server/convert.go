package server

import (
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

// rpcRequest is a writing request.
type rpcRequest interface {
	proto.Message
	GetRequestId() string
}

var meetingKinds = map[motions.MeetingKind]motionsv1.MeetingKind{
	motions.AGM:      motionsv1.MeetingKind_MEETING_KIND_AGM,
	motions.Special:  motionsv1.MeetingKind_MEETING_KIND_SPECIAL,
	motions.Regional: motionsv1.MeetingKind_MEETING_KIND_REGIONAL,
}

var meetingStates = map[motions.MeetingState]motionsv1.MeetingState{
	motions.Draft:   motionsv1.MeetingState_MEETING_STATE_DRAFT,
	motions.Noticed: motionsv1.MeetingState_MEETING_STATE_NOTICED,
	motions.Open:    motionsv1.MeetingState_MEETING_STATE_OPEN,
	motions.Closed:  motionsv1.MeetingState_MEETING_STATE_CLOSED,
}

var motionStates = map[motions.MotionState]motionsv1.MotionState{
	motions.Moved:      motionsv1.MotionState_MOTION_STATE_MOVED,
	motions.Seconded:   motionsv1.MotionState_MOTION_STATE_SECONDED,
	motions.Accepted:   motionsv1.MotionState_MOTION_STATE_ACCEPTED,
	motions.Opening:    motionsv1.MotionState_MOTION_STATE_OPENING,
	motions.Voting:     motionsv1.MotionState_MOTION_STATE_VOTING,
	motions.Closing:    motionsv1.MotionState_MOTION_STATE_CLOSING,
	motions.VoteClosed: motionsv1.MotionState_MOTION_STATE_CLOSED,
	motions.Carried:    motionsv1.MotionState_MOTION_STATE_CARRIED,
	motions.Lost:       motionsv1.MotionState_MOTION_STATE_LOST,
	motions.Withdrawn:  motionsv1.MotionState_MOTION_STATE_WITHDRAWN,
	motions.Agreed:     motionsv1.MotionState_MOTION_STATE_AGREED,
	motions.Fallen:     motionsv1.MotionState_MOTION_STATE_FALLEN,
}

var motionKinds = map[motions.MotionKind]motionsv1.MotionKind{
	motions.Resolution: motionsv1.MotionKind_MOTION_KIND_RESOLUTION,
	motions.Election:   motionsv1.MotionKind_MOTION_KIND_ELECTION,
}

var majorities = map[motions.Majority]motionsv1.Resolution{
	motions.Ordinary:      motionsv1.Resolution_RESOLUTION_ORDINARY,
	motions.Extraordinary: motionsv1.Resolution_RESOLUTION_EXTRAORDINARY,
}

// keyOf returns the key of an enum's value: empty for "not given", and a key that no decision accepts for a number
// that the proto does not know.
func keyOf[K ~string, V ~int32](m map[K]V, v V) K {
	if v == 0 {
		return ""
	}
	for k, have := range m {
		if have == v {
			return k
		}
	}
	return "unknown"
}

// stamp writes an instant; what has not happened is absent.
func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// timeOf reads an instant; absent and impossible ones are the zero time. Databases keep microseconds.
func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil || !t.IsValid() {
		return time.Time{}
	}
	return t.AsTime().Truncate(time.Microsecond)
}

func etag(version int64) string { return strconv.FormatInt(version, 10) }

// meetingProto writes a meeting. electors is how many would vote at it now, -1 if that is not known; once the
// meeting has opened the quorum is what was counted then.
func (s *Server) meetingProto(f store.MeetingFacts, electors int64) *motionsv1.Meeting {
	m := f.Meeting
	out := &motionsv1.Meeting{
		Id: m.ID, Kind: meetingKinds[m.Kind], Region: m.Region, Title: m.Title, Place: m.Place, StartTime: stamp(m.Starts), State: meetingStates[m.State],
		RuleBook: int32(m.RuleBook), NoticeTime: stamp(m.Noticed), ClearDays: int32(m.ClearDays), Present: m.Present, Quorum: m.Quorum,
		QuorumRule: f.Terms.QuorumWords(m.Kind), OpenTime: stamp(m.Opened), CloseTime: stamp(m.Closed), Etag: etag(m.Version),
		MotionDeadline: stamp(f.Terms.MotionDeadline(m, s.Zone)), CallerPresent: f.CallerPresent,
	}
	if countsNow(m) && electors >= 0 {
		out.Quorum = f.Terms.Quorum(m.Kind).Needed(electors)
	}
	for _, mo := range motions.InOrderOfVoting(f.Paper) {
		out.OrderPaper = append(out.OrderPaper, motionProto(mo))
	}
	return out
}

// countsNow reports whether the quorum still follows the number of members.
func countsNow(m motions.Meeting) bool { return m.State == motions.Draft || m.State == motions.Noticed }

func motionProto(m motions.Motion) *motionsv1.Motion {
	out := &motionsv1.Motion{
		Id: m.ID, Meeting: m.Meeting, Position: int32(m.Position), Kind: motionKinds[m.Kind], Resolution: majorities[m.Majority], Title: m.Title, Text: m.Text,
		State: motionStates[m.State], Mover: m.Mover, MoverName: m.MoverName, Seconder: m.Seconder, SeconderName: m.SeconderName, MoveTime: stamp(m.MovedAt),
		TabledAs: m.TabledAs, Seats: int32(m.Seats), Etag: etag(m.Version), Region: m.Region,
	}
	for _, c := range m.RuleChanges {
		out.RuleChanges = append(out.RuleChanges, &motionsv1.RuleChange{Key: c.Key, Value: c.Value})
	}
	out.RuleBook = int32(m.RuleBook)
	if a := m.Amends; a != nil {
		out.Amends, out.AmendmentNumber, out.Position = a.Motion, int32(a.Number), 0
	}
	if v := m.Vote; v != nil {
		out.Vote = &motionsv1.Vote{Ballot: v.Ballot, OpenTime: stamp(v.Opened), CloseTime: stamp(v.Closed), DeclareTime: stamp(v.Declared)}
		if m.Declared() {
			out.Vote.Result = resultProto(*v)
		}
	}
	if by := m.TabledBy; by != nil {
		out.TabledBy = &motionsv1.TabledBy{Region: by.Region, Meeting: by.Meeting, Motion: by.Motion, Result: resultProto(by.Vote)}
	}
	return out
}

func resultProto(v motions.Vote) *motionsv1.Result {
	return &motionsv1.Result{
		VotesFor: v.Figures.For, VotesAgainst: v.Figures.Against, Abstentions: v.Figures.Abstentions, Electors: v.Figures.Electors,
		Base: v.Base, BaseName: v.BaseName, Rule: v.Rule, Carried: v.Carried, RuleBook: int32(v.RuleBook), Present: v.Present, Quorum: v.Quorum,
	}
}

func encodeMotion(m motions.Motion) ([]byte, error) { return proto.Marshal(motionProto(m)) }

// encodeMeeting returns a function that writes a reply.
func (s *Server) encodeMeeting(electors int64) func(store.MeetingFacts) ([]byte, error) {
	return func(f store.MeetingFacts) ([]byte, error) { return proto.Marshal(s.meetingProto(f, electors)) }
}
