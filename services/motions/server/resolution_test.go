package server_test

import (
	"context"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// TestDecisions: what became of a motion is told to membership, and nothing before the result is declared.
func TestDecisions(t *testing.T) {
	h := founded(t)
	h.run()
	resolutions := motionsv1.NewResolutionsRoomsServiceClient(h.roomConn(auth.Membership))
	ask := func(motion string) *motionsv1.Decision {
		t.Helper()
		return must(resolutions.GetDecision(context.Background(), &motionsv1.GetDecisionRequest{Motion: motion}))(t)
	}
	_, mo := h.midlandsMeets()
	if d := ask(mo.GetId()); d.GetDeclareTime() != nil || d.GetCarried() || d.GetTitle() != "A motion" || d.GetText() != "That it be so." || d.GetRegion() != "midlands" {
		t.Errorf("before the vote: %v", d)
	}
	declared := h.decided(organiser, mo, 2, 1, 0)
	if d := ask(mo.GetId()); !d.GetCarried() || !d.GetDeclareTime().AsTime().Equal(declared.GetVote().GetDeclareTime().AsTime()) || d.GetMotion() != mo.GetId() {
		t.Errorf("carried: %v", d)
	}
	lost := h.decided(chair, h.agmMotion(), 1, 1, 0)
	if d := ask(lost.GetId()); d.GetCarried() || d.GetDeclareTime() == nil || d.GetRegion() != "" {
		t.Errorf("lost: %v", d)
	}
	_, err := resolutions.GetDecision(context.Background(), &motionsv1.GetDecisionRequest{Motion: "nothing"})
	if !fault.Is(err, "MOTION_NOT_FOUND") {
		t.Errorf("nothing is told as %v", err)
	}
}

// TestCalledMeetings: how a meeting was called is told to membership, and a draft is told without a notice.
func TestCalledMeetings(t *testing.T) {
	h := founded(t)
	called := motionsv1.NewCalledMeetingsRoomsServiceClient(h.roomConn(auth.Membership))
	m, _ := h.midlandsMeets()
	got := must(called.GetCalledMeeting(context.Background(), &motionsv1.GetCalledMeetingRequest{Meeting: m.GetId()}))(t)
	if got.GetMeeting() != m.GetId() || got.GetRegion() != "midlands" || !got.GetNoticeTime().AsTime().Equal(begin) {
		t.Errorf("noticed: %v", got)
	}
	draft := must(h.CreateMeeting(h.as(secretary), &motionsv1.CreateMeetingRequest{RequestId: fresh(), Kind: motionsv1.MeetingKind_MEETING_KIND_AGM, Title: "T", Place: "P",
		StartTime: timestamppb.New(begin.Add(40 * day))}))(t)
	got = must(called.GetCalledMeeting(context.Background(), &motionsv1.GetCalledMeetingRequest{Meeting: draft.GetId()}))(t)
	if got.GetMeeting() != draft.GetId() || got.GetNoticeTime() != nil {
		t.Errorf("a draft: %v", got)
	}
	// The ledger asks too, before anything is booked for a meeting.
	for _, typo := range []string{"", "nothing", m.GetId() + "0"} {
		for _, room := range []string{auth.Membership, auth.Ledger} {
			asked := motionsv1.NewCalledMeetingsRoomsServiceClient(h.roomConn(room))
			if _, err := asked.GetCalledMeeting(context.Background(), &motionsv1.GetCalledMeetingRequest{Meeting: typo}); !fault.Is(err, "MEETING_NOT_FOUND") {
				t.Errorf("%q is told to the %s room as %v", typo, room, err)
			}
		}
	}
	if got, err := motionsv1.NewCalledMeetingsRoomsServiceClient(h.roomConn(auth.Ledger)).GetCalledMeeting(context.Background(),
		&motionsv1.GetCalledMeetingRequest{Meeting: m.GetId()}); err != nil || got.GetMeeting() != m.GetId() || got.GetRegion() != "midlands" {
		t.Errorf("told to the ledger: %v, %v", got, err)
	}
}
