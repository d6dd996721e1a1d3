package server_test

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

const day = 24 * time.Hour

// draft drafts a meeting some days after the house's now.
func (h *house) draft(c caller, kind motionsv1.MeetingKind, region string, ahead time.Duration) *motionsv1.Meeting {
	h.t.Helper()
	return must(h.CreateMeeting(h.as(c), &motionsv1.CreateMeetingRequest{RequestId: fresh(), Kind: kind, Region: region, Title: "A meeting", Place: "A hall",
		StartTime: timestamppb.New(h.watch.Now().Add(ahead))}))(h.t)
}

func (h *house) notice(c caller, m *motionsv1.Meeting) *motionsv1.Meeting {
	h.t.Helper()
	seen := must(h.GetMeeting(h.as(c), &motionsv1.GetMeetingRequest{Meeting: m.GetId()}))(h.t)
	return must(h.GiveNotice(h.as(c), &motionsv1.GiveNoticeRequest{RequestId: fresh(), Meeting: m.GetId(), Etag: seen.GetEtag()}))(h.t)
}

// proposed is a motion that was moved, seconded and accepted.
func (h *house) proposed(m *motionsv1.Meeting, officer, mover, seconder caller, resolution motionsv1.Resolution) *motionsv1.Motion {
	h.t.Helper()
	moved := must(h.MoveMotion(h.as(mover), &motionsv1.MoveMotionRequest{RequestId: fresh(), Meeting: m.GetId(), Title: "A motion", Text: "That it be so.", Resolution: resolution}))(h.t)
	seconded := must(h.SecondMotion(h.as(seconder), &motionsv1.SecondMotionRequest{RequestId: fresh(), Motion: moved.GetId()}))(h.t)
	return must(h.AcceptMotion(h.as(officer), &motionsv1.AcceptMotionRequest{RequestId: fresh(), Motion: moved.GetId(), Etag: seconded.GetEtag()}))(h.t)
}

func (h *house) attend(c caller, m *motionsv1.Meeting, who ...caller) *motionsv1.Meeting {
	h.t.Helper()
	var ids []string
	for _, w := range who {
		ids = append(ids, w.member)
	}
	return must(h.RecordAttendance(h.as(c), &motionsv1.RecordAttendanceRequest{RequestId: fresh(), Meeting: m.GetId(), Members: ids}))(h.t)
}

func (h *house) open(c caller, m *motionsv1.Meeting) *motionsv1.Meeting {
	h.t.Helper()
	seen := must(h.GetMeeting(h.as(c), &motionsv1.GetMeetingRequest{Meeting: m.GetId()}))(h.t)
	return must(h.OpenMeeting(h.as(c), &motionsv1.OpenMeetingRequest{RequestId: fresh(), Meeting: m.GetId(), Etag: seen.GetEtag()}))(h.t)
}

// midlandsMeets is a regional meeting that is open, with a motion on its order paper.
func (h *house) midlandsMeets() (*motionsv1.Meeting, *motionsv1.Motion) {
	h.t.Helper()
	m := h.notice(organiser, h.draft(organiser, motionsv1.MeetingKind_MEETING_KIND_REGIONAL, "midlands", 20*day))
	mo := h.proposed(m, organiser, asha, ben, motionsv1.Resolution_RESOLUTION_ORDINARY)
	h.watch.Set(m.GetStartTime().AsTime())
	h.attend(organiser, m, asha, ben, organiser)
	return h.open(organiser, m), mo
}

// decided puts a motion and declares these figures.
func (h *house) decided(c caller, mo *motionsv1.Motion, votesFor, against, abstain int64) *motionsv1.Motion {
	h.t.Helper()
	opened := must(h.OpenVote(h.as(c), &motionsv1.OpenVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: mo.GetEtag()}))(h.t)
	if opened.GetState() != motionsv1.MotionState_MOTION_STATE_VOTING {
		h.t.Fatalf("after opening it is %v", opened.GetState())
	}
	h.box.cast(opened.GetVote().GetBallot(), votesFor, against, abstain)
	closed := must(h.CloseVote(h.as(c), &motionsv1.CloseVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: opened.GetEtag()}))(h.t)
	if closed.GetState() != motionsv1.MotionState_MOTION_STATE_CLOSED || closed.GetVote().GetResult() != nil {
		h.t.Fatalf("after closing it is %v and shows %v", closed.GetState(), closed.GetVote().GetResult())
	}
	return must(h.DeclareVote(h.as(c), &motionsv1.DeclareVoteRequest{RequestId: fresh(), Motion: mo.GetId(), Etag: closed.GetEtag()}))(h.t)
}

// A regional meeting carries a motion and tables it; it stands on the annual general meeting's order paper with that
// vote, is put there and lost.
func TestFromARegionToTheAnnualGeneralMeeting(t *testing.T) {
	h := founded(t)
	h.run()
	agm := h.draft(secretary, motionsv1.MeetingKind_MEETING_KIND_AGM, "", 56*day)
	meeting, mo := h.midlandsMeets()
	if meeting.GetQuorum() != 3 || meeting.GetPresent() != 3 || !meeting.GetCallerPresent() {
		t.Fatalf("the meeting: %v", meeting)
	}
	declared := h.decided(organiser, mo, 2, 1, 0)
	if r := declared.GetVote().GetResult(); declared.GetState() != motionsv1.MotionState_MOTION_STATE_CARRIED || !r.GetCarried() || r.GetVotesFor() != 2 || r.GetVotesAgainst() != 1 ||
		r.GetBase() != 3 || r.GetElectors() != 3 || r.GetQuorum() != 3 || r.GetPresent() != 3 || r.GetRuleBook() != 1 {
		t.Fatalf("declared: %v", declared)
	}
	h.eventually("the ballot is published", func() bool { return h.box.publications(declared.GetVote().GetBallot()) == 1 })

	closed := must(h.CloseMeeting(h.as(organiser), &motionsv1.CloseMeetingRequest{RequestId: fresh(), Meeting: meeting.GetId(), Etag: meeting.GetEtag()}))(t)
	if closed.GetState() != motionsv1.MeetingState_MEETING_STATE_CLOSED {
		t.Fatalf("the meeting is %v", closed.GetState())
	}
	tabled := must(h.TableMotion(h.as(organiser), &motionsv1.TableMotionRequest{RequestId: fresh(), Motion: mo.GetId(), Meeting: agm.GetId(), Etag: declared.GetEtag()}))(t)
	agm = h.notice(secretary, agm)
	agm = must(h.GetMeeting(h.as(nobody), &motionsv1.GetMeetingRequest{Meeting: agm.GetId()}))(t)
	if len(agm.GetOrderPaper()) != 1 {
		t.Fatalf("the order paper: %v", agm.GetOrderPaper())
	}
	on := agm.GetOrderPaper()[0]
	if on.GetId() != tabled.GetTabledAs() || on.GetTabledBy().GetRegion() != "midlands" || on.GetTabledBy().GetMotion() != mo.GetId() ||
		on.GetTabledBy().GetResult().GetVotesFor() != 2 || on.GetState() != motionsv1.MotionState_MOTION_STATE_ACCEPTED || on.GetPosition() != 1 {
		t.Fatalf("on the order paper: %v", on)
	}

	h.watch.Set(agm.GetStartTime().AsTime())
	h.attend(chair, agm, chair, secretary, asha)
	h.open(chair, agm)
	lost := h.decided(chair, on, 2, 2, 3)
	if r := lost.GetVote().GetResult(); lost.GetState() != motionsv1.MotionState_MOTION_STATE_LOST || r.GetCarried() || r.GetBase() != 4 || r.GetAbstentions() != 3 || r.GetElectors() != 8 {
		t.Fatalf("declared: %v", lost)
	}
}

func TestNoticeThatIsTooShort(t *testing.T) {
	h := founded(t)
	m := h.draft(secretary, motionsv1.MeetingKind_MEETING_KIND_AGM, "", 15*day)
	_, err := h.GiveNotice(h.as(secretary), &motionsv1.GiveNoticeRequest{RequestId: fresh(), Meeting: m.GetId(), Etag: m.GetEtag()})
	refused(t, err, codes.FailedPrecondition, "NOTICE_TOO_SHORT")
	m = h.draft(secretary, motionsv1.MeetingKind_MEETING_KIND_AGM, "", 16*day)
	noticed := h.notice(secretary, m)
	if noticed.GetClearDays() != 14 || noticed.GetRuleBook() != 1 || noticed.GetNoticeTime().AsTime() != h.watch.Now().UTC() {
		t.Fatalf("noticed: %v", noticed)
	}
}
