package server

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
)

func TestAdmissionByTheBoard(t *testing.T) {
	h := open(t)
	secretary, _, chair := h.found()
	h.ruled++
	_, err := h.as(auth.Motions).ApplyRules(context.Background(), &membershipv1.ApplyRulesRequest{
		Epoch: 1, Position: h.ruled, RuleBook: 1, Admission: membershipv1.Admission_ADMISSION_BOARD, EffectiveTime: timestamppb.New(h.clock.Now()),
	})
	if err != nil {
		t.Fatal(err)
	}
	sam, ann := h.join("Sam", "sam@example.org", ""), h.join("Ann", "ann@example.org", "")
	me, err := h.people.GetMe(with(sam.token), &membershipv1.GetMeRequest{})
	if err != nil || me.GetStanding() != membershipv1.Standing_STANDING_APPLIED || me.GetNumber() != 0 {
		t.Errorf("%v, %v", me, err)
	}
	queue := func(by *member) *membershipv1.ListApplicationsResponse {
		t.Helper()
		reply, err := h.entries.ListApplications(with(by.token), &membershipv1.ListApplicationsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return reply
	}
	if q := queue(secretary); len(q.GetApplications()) != 2 || q.GetMayDecide() || q.GetAdmission() != "board" || q.GetApplications()[0].GetDecider() != "board" {
		t.Errorf("%v", q)
	}
	if q := queue(chair); !q.GetMayDecide() || q.GetApplications()[0].GetMember() != sam.id {
		t.Errorf("%v", q)
	}
	decide := func(by, whom *member, admit bool, reason string) error {
		_, err := h.entries.DecideApplication(with(by.token), &membershipv1.DecideApplicationRequest{RequestId: newID(), Member: whom.id, Admit: admit, Reason: reason})
		return err
	}
	refused(t, decide(secretary, sam, true, "Known."), codes.PermissionDenied, "ADMISSION_OF_OTHERS")
	refused(t, decide(chair, sam, true, ""), codes.InvalidArgument, "ADMISSION_INVALID")
	for _, err := range []error{decide(chair, sam, true, "The board agreed."), decide(chair, ann, false, "The board doubts the name.")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	refused(t, decide(chair, ann, true, "The board agreed."), codes.FailedPrecondition, "NOT_WAITING")
	if l := h.newest("ann@example.org", 2); !strings.Contains(l.text, "The board doubts the name.") || !strings.Contains(l.text, "appeal") {
		t.Errorf("told\n%s", l.text)
	}
	if l := h.newest("sam@example.org", 2); !strings.Contains(l.text, "The board agreed.") {
		t.Errorf("told\n%s", l.text)
	}
	if me, err = h.people.GetMe(with(sam.token), &membershipv1.GetMeRequest{}); err != nil || me.GetNumber() != 4 {
		t.Errorf("%v, %v", me, err)
	}
	if me, err = h.people.GetMe(with(ann.token), &membershipv1.GetMeRequest{}); err != nil || !strings.Contains(me.GetStandingReason(), "refused on 29 September 2026: The board doubts the name.") {
		t.Errorf("%v, %v", me, err)
	}
	page, err := h.entries.ListApplications(with(chair.token), &membershipv1.ListApplicationsRequest{PageToken: "nonsense"})
	refused(t, err, codes.InvalidArgument, "PAGE_TOKEN")
	if page != nil {
		t.Error(page)
	}
}

func TestDoublesAreShownAndNeverRefused(t *testing.T) {
	h := open(t)
	secretary, treasurer, chair := h.found()
	one, two := h.join("Ann Owen", "ann@example.org", ""), h.join("ann owen", "ann@elsewhere.example.org", "")
	list := func() *membershipv1.ListDoublesResponse {
		t.Helper()
		reply, err := h.entries.ListDoubles(with(chair.token), &membershipv1.ListDoublesRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return reply
	}
	all := list()
	if len(all.GetDoubles()) != 1 || all.GetDoubles()[0].GetState() != membershipv1.DoubleState_DOUBLE_STATE_OPEN || len(all.GetNotCompared()) != 2 {
		t.Fatalf("%v", all)
	}
	find := func(by *member, same bool, reason string) error {
		_, err := h.entries.FindDouble(with(by.token), &membershipv1.FindDoubleRequest{RequestId: newID(), Member: two.id, Other: one.id, Same: same, Reason: reason})
		return err
	}
	confirm := func(by *member, same bool) error {
		_, err := h.entries.ConfirmDouble(with(by.token), &membershipv1.ConfirmDoubleRequest{RequestId: newID(), Member: two.id, Other: one.id, Same: same, Reason: "I asked her too."})
		return err
	}
	refused(t, confirm(chair, true), codes.FailedPrecondition, "NOTHING_FOUND")
	refused(t, find(secretary, true, ""), codes.InvalidArgument, "FINDING_INVALID")
	if err := find(secretary, true, "She says so."); err != nil {
		t.Fatal(err)
	}
	refused(t, confirm(secretary, true), codes.PermissionDenied, "SECOND_OFFICER_NEEDED")
	refused(t, confirm(treasurer, false), codes.FailedPrecondition, "FINDING_DIFFERS")
	if d := list().GetDoubles()[0]; d.GetState() != membershipv1.DoubleState_DOUBLE_STATE_FOUND || d.GetFoundByName() != "The Secretary" || d.GetReason() != "She says so." {
		t.Errorf("%v", d)
	}
	if err := confirm(treasurer, true); err != nil {
		t.Fatal(err)
	}
	if all := list(); all.GetDoubles()[0].GetState() != membershipv1.DoubleState_DOUBLE_STATE_MERGED || all.GetExamined() != 1 {
		t.Errorf("%v", all)
	}
	_, err := h.people.GetMe(with(two.token), &membershipv1.GetMeRequest{})
	refused(t, err, codes.Unauthenticated, "SESSION_ENDED")
	if got := h.history(one, one); got != "applied confirmed admitted merged_in" {
		t.Errorf("the history of the kept entry is %q", got)
	}
	if got := h.history(secretary, two); got != "applied confirmed admitted found_same merged" {
		t.Errorf("the history of the other is %q", got)
	}
}

func TestObjectionsAreAnswered(t *testing.T) {
	h := open(t)
	secretary, _, chair := h.found()
	sam, ann := h.join("Sam", "sam@example.org", ""), h.join("Ann", "ann@example.org", "")
	object := func(by *member, number int64, text string) (*membershipv1.Objection, error) {
		return h.entries.ObjectToEntry(with(by.token), &membershipv1.ObjectToEntryRequest{RequestId: newID(), Number: number, Text: text})
	}
	_, err := object(sam, 99, "Who?")
	refused(t, err, codes.InvalidArgument, "NUMBER_UNKNOWN")
	_, err = object(sam, 5, "")
	refused(t, err, codes.InvalidArgument, "OBJECTION_INVALID")
	_, err = object(sam, 4, "Me.")
	refused(t, err, codes.FailedPrecondition, "OWN_ENTRY")
	made, err := object(sam, 5, "Lives abroad under another name.")
	if err != nil || made.GetMember() != "" || made.GetName() != "" || made.GetNumber() != 5 {
		t.Fatalf("%v, %v", made, err)
	}
	list := func(by *member) []*membershipv1.Objection {
		t.Helper()
		reply, err := h.entries.ListObjections(with(by.token), &membershipv1.ListObjectionsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return reply.GetObjections()
	}
	if l := list(sam); len(l) != 1 || l[0].GetName() != "" {
		t.Errorf("the objector sees %v", l)
	}
	if l := list(ann); len(l) != 0 {
		t.Errorf("the other sees %v", l)
	}
	if l := list(chair); len(l) != 1 || l[0].GetName() != "Ann" || l[0].GetBy() != sam.id {
		t.Errorf("the chair sees %v", l)
	}
	reply, err := h.entries.ListHistory(with(ann.token), &membershipv1.ListHistoryRequest{Member: ann.id})
	if err != nil {
		t.Fatal(err)
	}
	if e := reply.GetEvents()[3]; e.GetKind() != "objected" || e.GetBy() != "" || e.GetByName() != "" || e.GetReason() == "" {
		t.Errorf("whom it is about sees %v", e)
	}
	answer := func(by *member, n int64, reason string) error {
		_, err := h.entries.AnswerObjection(with(by.token), &membershipv1.AnswerObjectionRequest{RequestId: newID(), Objection: n, Reason: reason})
		return err
	}
	refused(t, answer(secretary, made.GetObjection(), ""), codes.InvalidArgument, "OBJECTION_INVALID")
	refused(t, answer(secretary, 1, "No."), codes.NotFound, "OBJECTION_NOT_FOUND")
	if err := answer(secretary, made.GetObjection(), "I met her."); err != nil {
		t.Fatal(err)
	}
	refused(t, answer(chair, made.GetObjection(), "No."), codes.FailedPrecondition, "OBJECTION_ANSWERED")
	// An officer's own objection is answered by another.
	own, err := object(secretary, 5, "Is this a person?")
	if err != nil {
		t.Fatal(err)
	}
	refused(t, answer(secretary, own.GetObjection(), "Yes."), codes.PermissionDenied, "OWN_OBJECTION")
	if err := answer(chair, own.GetObjection(), "Yes."); err != nil {
		t.Fatal(err)
	}
}
