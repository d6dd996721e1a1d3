package server_test

import (
	"context"
	"testing"

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
