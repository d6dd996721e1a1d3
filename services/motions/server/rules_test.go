package server_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

// From a proposal to the rules in force: checked, moved, carried by three quarters, adopted, told to the other rooms; a
// meeting whose notice was given before keeps its rules.
func TestRulesAreChangedByAResolution(t *testing.T) {
	h := founded(t)
	h.run()
	rules := motionsv1.NewRuleBookServiceClient(h.conn)
	changes := []*motionsv1.RuleChange{{Key: "quorum.agm", Value: "2"}, {Key: "spending.second_officer_above", Value: "£50"}, {Key: "membership.admission", Value: "by the board"}}
	seen := must(rules.CheckRules(h.as(nobody), &motionsv1.CheckRulesRequest{RuleChanges: changes}))(t)
	if c := seen.GetConsequences(); len(c) != 3 || c[0].GetKey() != "quorum.agm" || c[0].GetMeaning() != "With 8 members the quorum is 2." {
		t.Fatalf("consequences: %v", c)
	}
	_, err := rules.CheckRules(h.as(nobody), &motionsv1.CheckRulesRequest{RuleChanges: []*motionsv1.RuleChange{{Key: "quorum.agm", Value: "some"}}})
	refused(t, err, codes.InvalidArgument, "RULE_BOOK_INVALID")

	agm := h.draft(secretary, motionsv1.MeetingKind_MEETING_KIND_AGM, "", 56*day)
	_, err = h.MoveMotion(h.as(asha), &motionsv1.MoveMotionRequest{RequestId: fresh(), Meeting: agm.GetId(), Title: "T", Text: "T", RuleChanges: []*motionsv1.RuleChange{{Key: "no.such", Value: "1"}}})
	refused(t, err, codes.InvalidArgument, "RULE_CHANGE_INVALID")
	moved := must(h.MoveMotion(h.as(asha), &motionsv1.MoveMotionRequest{RequestId: fresh(), Meeting: agm.GetId(), Title: "Smaller quorum", Text: "That it be so.", RuleChanges: changes}))(t)
	if moved.GetResolution() != motionsv1.Resolution_RESOLUTION_EXTRAORDINARY || len(moved.GetRuleChanges()) != 3 {
		t.Fatalf("moved: %v", moved)
	}
	seconded := must(h.SecondMotion(h.as(ben), &motionsv1.SecondMotionRequest{RequestId: fresh(), Motion: moved.GetId()}))(t)
	accepted := must(h.AcceptMotion(h.as(secretary), &motionsv1.AcceptMotionRequest{RequestId: fresh(), Motion: moved.GetId(), Etag: seconded.GetEtag()}))(t)
	adopt := func(request string, from *timestamppb.Timestamp) (*motionsv1.RuleBook, error) {
		return rules.AdoptRules(h.as(secretary), &motionsv1.AdoptRulesRequest{RequestId: request, Motion: moved.GetId(), EffectiveTime: from})
	}
	_, err = adopt(fresh(), nil)
	refused(t, err, codes.FailedPrecondition, "NOT_CARRIED")

	agm = h.notice(secretary, agm)
	h.watch.Set(agm.GetStartTime().AsTime())
	h.attend(chair, agm, chair, secretary, asha)
	h.open(chair, agm)
	h.decided(chair, accepted, 3, 1, 0)
	_, err = adopt(fresh(), timestamppb.New(h.watch.Now().Add(-time.Hour)))
	refused(t, err, codes.InvalidArgument, "EFFECTIVE_TIME")
	request := fresh()
	book := must(adopt(request, nil))(t)
	if again := must(adopt(request, nil))(t); again.GetVersion() != 2 || book.GetVersion() != 2 || book.GetAdoptedBy() != moved.GetId() {
		t.Fatalf("adopted: %v and %v", book, again)
	}
	_, err = adopt(fresh(), nil)
	refused(t, err, codes.FailedPrecondition, "ALREADY_ADOPTED")

	if shown := must(h.GetMotion(h.as(nobody), &motionsv1.GetMotionRequest{Motion: moved.GetId()}))(t); shown.GetRuleBook() != 2 || len(shown.GetRuleChanges()) != 3 {
		t.Fatalf("the motion: %v", shown)
	}
	if all := must(rules.ListRuleBooks(context.Background(), &motionsv1.ListRuleBooksRequest{}))(t).GetRuleBooks(); len(all) != 2 || all[0].GetVersion() != 2 || all[1].GetAdoptedBy() != "founding act" {
		t.Fatalf("the versions: %v", all)
	}
	if told := h.till.told(h, 2); told[1].GetSecondOfficerAbovePence() != 5_000 || told[1].GetRuleBook() != 2 || told[1].GetPosition() != 2 {
		t.Fatalf("the ledger was told %v", told)
	}
	h.eventually("membership hears of the change", func() bool {
		h.members.mu.Lock()
		defer h.members.mu.Unlock()
		return len(h.members.rules) == 2 && h.members.rules[1].GetAdmission() == membershipv1.Admission_ADMISSION_BOARD
	})
	next := h.draft(secretary, motionsv1.MeetingKind_MEETING_KIND_AGM, "", 56*day)
	if got := must(h.GetMeeting(h.as(secretary), &motionsv1.GetMeetingRequest{Meeting: next.GetId()}))(t); got.GetQuorum() != 2 {
		t.Errorf("the next meeting's quorum is %d", got.GetQuorum())
	}
	if got := must(h.GetMeeting(h.as(nobody), &motionsv1.GetMeetingRequest{Meeting: agm.GetId()}))(t); got.GetRuleBook() != 1 || got.GetQuorum() != 3 {
		t.Errorf("this meeting keeps its rules: %v", got)
	}
}
