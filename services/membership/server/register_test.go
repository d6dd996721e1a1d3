package server

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
)

// history returns the kinds of the events of an entry, as somebody sees them.
func (h *house) history(by, whose *member) string {
	h.t.Helper()
	reply, err := h.entries.ListHistory(with(by.token), &membershipv1.ListHistoryRequest{Member: whose.id})
	if err != nil {
		h.t.Fatal(err)
	}
	var kinds []string
	for _, e := range reply.GetEvents() {
		kinds = append(kinds, e.GetKind())
		if e.GetEffectiveTime() == nil || e.GetRecordTime() == nil || e.GetNumber() == 0 || e.GetMember() != whose.id {
			h.t.Errorf("%v", e)
		}
	}
	return strings.Join(kinds, " ")
}

// later lets time pass and gives people new tokens for it.
func (h *house) later(d time.Duration, people ...*member) {
	h.t.Helper()
	h.clock.pass(d)
	for _, m := range people {
		m.token = h.exchange(m.session)
	}
}

func TestMembersChangeTheirEntry(t *testing.T) {
	h := open(t)
	secretary, treasurer, _ := h.found()
	h.region(secretary, "london")
	sam, ann := h.join("Sam", "sam@example.org", ""), h.join("Ann", "ann@example.org", "")
	move := func(by, whom *member, region, reason string) error {
		_, err := h.entries.MoveRegion(with(by.token), &membershipv1.MoveRegionRequest{RequestId: newID(), Member: whom.id, Region: region, Reason: reason})
		return err
	}
	if err := move(sam, sam, "london", ""); err != nil {
		t.Fatal(err)
	}
	if err := move(secretary, sam, "", "Moved to Kent."); err != nil {
		t.Fatal(err)
	}
	refused(t, move(secretary, sam, "london", ""), codes.InvalidArgument, "MOVE_INVALID")
	refused(t, move(sam, sam, "atlantis", ""), codes.InvalidArgument, "REGION_UNKNOWN")
	refused(t, move(ann, sam, "london", "Why not."), codes.PermissionDenied, "ROLE_NEEDED")
	refused(t, move(treasurer, sam, "london", "Why not."), codes.PermissionDenied, "ROLE_NEEDED")
	refused(t, move(secretary, &member{id: newID()}, "london", "Why not."), codes.NotFound, "MEMBER_NOT_FOUND")
	rename := func(by, whom *member, name, reason string) error {
		_, err := h.entries.ChangeName(with(by.token), &membershipv1.ChangeNameRequest{RequestId: newID(), Member: whom.id, Name: name, Reason: reason})
		return err
	}
	if err := rename(sam, sam, "Samira", ""); err != nil {
		t.Fatal(err)
	}
	refused(t, rename(ann, sam, "Sam", "x"), codes.PermissionDenied, "ROLE_NEEDED")
	refused(t, rename(sam, sam, "", ""), codes.InvalidArgument, "RENAME_INVALID")
	if me, err := h.people.GetMe(with(sam.token), &membershipv1.GetMeRequest{}); err != nil || me.GetName() != "Samira" || me.GetRegion() != "" {
		t.Errorf("%v, %v", me, err)
	}
	want := "applied confirmed admitted moved moved renamed"
	if got := h.history(sam, sam); got != want {
		t.Errorf("the history is %q", got)
	}
	if got := h.history(secretary, sam); got != want {
		t.Errorf("the history for the secretary is %q", got)
	}
	reply, err := h.entries.ListHistory(with(sam.token), &membershipv1.ListHistoryRequest{Member: sam.id})
	if err != nil {
		t.Fatal(err)
	}
	if e := reply.GetEvents()[4]; e.GetReason() != "Moved to Kent." || e.GetBy() != secretary.id || e.GetByName() != "The Secretary" {
		t.Errorf("%v", e)
	}
	for _, by := range []*member{ann, treasurer} {
		_, err := h.entries.ListHistory(with(by.token), &membershipv1.ListHistoryRequest{Member: sam.id})
		refused(t, err, codes.PermissionDenied, "ROLE_NEEDED")
	}
}

func TestAnotherAddressIsConfirmedFirst(t *testing.T) {
	h := open(t)
	h.found()
	sam := h.join("Sam", "sam@example.org", "")
	ask := func(email string) (string, error) {
		reply, err := h.entries.RequestEmail(with(sam.token), &membershipv1.RequestEmailRequest{RequestId: newID(), Email: email})
		return reply.GetAttempt(), err
	}
	_, err := ask("nonsense")
	refused(t, err, codes.InvalidArgument, "EMAIL_INVALID")
	attempt, err := ask("sam@new.example.org")
	if err != nil {
		t.Fatal(err)
	}
	letter := h.newest("sam@new.example.org", 1)
	confirm := func(r *membershipv1.ConfirmEmailRequest) error {
		r.RequestId = newID()
		_, err := h.entries.ConfirmEmail(with(sam.token), r)
		return err
	}
	refused(t, confirm(&membershipv1.ConfirmEmailRequest{Attempt: attempt}), codes.InvalidArgument, "PROOF_NEEDED")
	refused(t, confirm(&membershipv1.ConfirmEmailRequest{Attempt: "another", Proof: &membershipv1.ConfirmEmailRequest_Code{Code: letter.code()}}), codes.InvalidArgument, "ATTEMPT_UNKNOWN")
	wrong := "000000"
	if letter.code() == wrong {
		wrong = "000001"
	}
	refused(t, confirm(&membershipv1.ConfirmEmailRequest{Attempt: attempt, Proof: &membershipv1.ConfirmEmailRequest_Code{Code: wrong}}), codes.InvalidArgument, "CODE_WRONG")
	if !strings.Contains(letter.text, "/me/email/confirm?link="+letter.link()) {
		t.Errorf("the link leads elsewhere:\n%s", letter.text)
	}
	if err := confirm(&membershipv1.ConfirmEmailRequest{Attempt: attempt, Proof: &membershipv1.ConfirmEmailRequest_Link{Link: letter.link()}}); err != nil {
		t.Fatal(err)
	}
	if old := h.newest("sam@example.org", 2); !strings.Contains(old.subject, "has changed") || strings.Contains(old.text, "sam@new.example.org") {
		t.Errorf("the old address is told %q\n%s", old.subject, old.text)
	}
	if me, err := h.people.GetMe(with(sam.token), &membershipv1.GetMeRequest{}); err != nil || me.GetEmail() != "sam@new.example.org" {
		t.Errorf("%v, %v", me, err)
	}
	if got := h.history(sam, sam); got != "applied confirmed admitted email_changed" {
		t.Errorf("the history is %q", got)
	}
}

func TestLeaving(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	sam := h.join("Sam", "sam@example.org", "")
	h.grant(secretary, sam, membershipv1.Role_ROLE_BOARD, "")
	h.grant(secretary, sam, membershipv1.Role_ROLE_TELLER, "") // Waits for a second officer.
	sam.token = h.exchange(sam.session)
	leave := func(by *member, understood bool) error {
		_, err := h.entries.Leave(with(by.token), &membershipv1.LeaveRequest{RequestId: newID(), Understood: understood, Reason: "I moved abroad."})
		return err
	}
	refused(t, leave(sam, false), codes.InvalidArgument, "LEAVE_NOT_UNDERSTOOD")
	refused(t, leave(secretary, true), codes.FailedPrecondition, "LAST_SECRETARY")
	if err := leave(sam, true); err != nil {
		t.Fatal(err)
	}
	_, err := h.people.GetMe(with(sam.token), &membershipv1.GetMeRequest{})
	refused(t, err, codes.Unauthenticated, "SESSION_ENDED")
	_, err = h.people.ExchangeSession(context.Background(), &membershipv1.ExchangeSessionRequest{SessionSecret: sam.session})
	refused(t, err, codes.Unauthenticated, "SESSION_ENDED")
	if got := h.history(secretary, sam); got != "applied confirmed admitted resigned" {
		t.Errorf("the history is %q", got)
	}
	officers, err := h.people.ListOfficers(context.Background(), &membershipv1.ListOfficersRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range officers.GetGrants() {
		if g.GetMember() == sam.id && g.GetState() != membershipv1.GrantState_GRANT_STATE_ENDED {
			t.Errorf("%v did not end", g)
		}
	}
	if l := h.newest(sam.email, 2); !strings.Contains(l.subject, "has ended") || !strings.Contains(l.text, "I moved abroad.") {
		t.Errorf("told %q\n%s", l.subject, l.text)
	}
	// The former member joins again under the same number.
	again := h.join("Sam", "sam@example.org", "")
	if again.id != sam.id {
		t.Error("another entry was made for a former member")
	}
	if got := h.history(again, again); got != "applied confirmed admitted resigned applied confirmed readmitted" {
		t.Errorf("the history is %q", got)
	}
}

func TestEndsAreRecorded(t *testing.T) {
	h := open(t)
	secretary, treasurer, chair := h.found()
	sam, ann := h.join("Sam Jones", "sam@example.org", ""), h.join("Ann Owen", "ann@example.org", "")
	h.later(72*time.Hour, secretary, treasurer, chair)
	h.motions.decided["good"] = &motionsv1.Decision{Motion: "good", Title: "To expel Ann Owen", Carried: true, DeclareTime: timestamppb.New(h.clock.Now())}
	h.motions.decided["open"] = &motionsv1.Decision{Motion: "open", Title: "To expel Ann Owen"}
	h.motions.decided["lost"] = &motionsv1.Decision{Motion: "lost", Title: "To expel Ann Owen", DeclareTime: timestamppb.New(h.clock.Now())}
	end := func(by, whom *member, how membershipv1.Ending, motion, date string) error {
		_, err := h.entries.EndMembership(with(by.token), &membershipv1.EndMembershipRequest{
			RequestId: newID(), Member: whom.id, Ending: how, Reason: "As recorded.", Motion: motion, Date: date,
		})
		return err
	}
	expelled := membershipv1.Ending_ENDING_EXPELLED
	refused(t, end(chair, ann, expelled, "good", ""), codes.PermissionDenied, "ROLE_NEEDED")
	refused(t, end(secretary, ann, expelled, "", ""), codes.InvalidArgument, "RESOLUTION_NEEDED")
	refused(t, end(secretary, ann, expelled, "none", ""), codes.InvalidArgument, "MOTION_NOT_FOUND")
	refused(t, end(secretary, ann, expelled, "open", ""), codes.FailedPrecondition, "RESOLUTION_NOT_DECLARED")
	refused(t, end(secretary, ann, expelled, "lost", ""), codes.FailedPrecondition, "RESOLUTION_NOT_CARRIED")
	refused(t, end(secretary, sam, expelled, "good", ""), codes.FailedPrecondition, "RESOLUTION_NOT_ABOUT")
	refused(t, end(secretary, secretary, membershipv1.Ending_ENDING_LAPSED, "", ""), codes.PermissionDenied, "OWN_ENTRY")
	refused(t, end(secretary, sam, membershipv1.Ending_ENDING_UNSPECIFIED, "", ""), codes.InvalidArgument, "ENDING_UNKNOWN")
	refused(t, end(secretary, sam, membershipv1.Ending_ENDING_DIED, "", "2026-12-24"), codes.InvalidArgument, "DATE_AHEAD")
	refused(t, end(secretary, sam, membershipv1.Ending_ENDING_DIED, "", "2026-09-28"), codes.InvalidArgument, "DATE_BEFORE_ADMISSION")
	if err := end(secretary, ann, expelled, "good", ""); err != nil {
		t.Fatal(err)
	}
	if err := end(secretary, sam, membershipv1.Ending_ENDING_DIED, "", "2026-09-30"); err != nil {
		t.Fatal(err)
	}
	if err := end(secretary, treasurer, membershipv1.Ending_ENDING_LAPSED, "", ""); err != nil {
		t.Fatal(err)
	}
	refused(t, end(secretary, ann, expelled, "good", ""), codes.FailedPrecondition, "NOT_A_MEMBER")
	reply, err := h.entries.ListHistory(with(chair.token), &membershipv1.ListHistoryRequest{Member: ann.id})
	if err != nil {
		t.Fatal(err)
	}
	if e := reply.GetEvents()[3]; e.GetKind() != "expelled" || e.GetAbout() != "good" || e.GetBy() != secretary.id {
		t.Errorf("%v", e)
	}
	// An officer who lapsed is none any more, at once.
	_, err = h.people.ListMembers(with(treasurer.token), &membershipv1.ListMembersRequest{})
	refused(t, err, codes.Unauthenticated, "SESSION_ENDED")
	// The expelled person applies again: that waits for the board, whatever the rules say of others.
	again := h.join("Ann Owen", "ann@example.org", "")
	if got := h.history(again, again); got != "applied confirmed admitted expelled applied confirmed" {
		t.Errorf("the history is %q", got)
	}
	if n := len(h.mail.to("sam@example.org")); n != 1 {
		t.Errorf("%d mails went to one who died", n)
	}
}

func TestStandingIsExplained(t *testing.T) {
	h := open(t)
	secretary, treasurer, _ := h.found()
	h.region(secretary, "london")
	h.rule(1, true)
	sam, lou := h.join("Sam", "sam@example.org", ""), h.join("Lou", "lou@example.org", "london")
	h.grant(secretary, lou, membershipv1.Role_ROLE_ORGANISER, "london")
	lou.token = h.exchange(lou.session)
	ask := func(by, whom *member, date string) *membershipv1.ExplainStandingResponse {
		t.Helper()
		reply, err := h.entries.ExplainStanding(with(by.token), &membershipv1.ExplainStandingRequest{Member: whom.id, Date: date})
		if err != nil {
			t.Fatal(err)
		}
		return reply
	}
	if a := ask(sam, sam, ""); a.GetGood() || a.GetCode() != "not_settled" || a.GetDate() != "2026-09-29" || !a.GetDonationRequired() {
		t.Errorf("%v", a)
	}
	waive := func(by, whom *member, reason string) error {
		_, err := h.entries.WaiveDonation(with(by.token), &membershipv1.WaiveDonationRequest{RequestId: newID(), Member: whom.id, Reason: reason})
		return err
	}
	refused(t, waive(treasurer, sam, ""), codes.InvalidArgument, "WAIVER_INVALID")
	refused(t, waive(treasurer, treasurer, "For me."), codes.PermissionDenied, "OWN_WAIVER")
	h.later(48*time.Hour, secretary, treasurer, sam)
	if err := waive(treasurer, sam, "Out of work."); err != nil {
		t.Fatal(err)
	}
	refused(t, waive(secretary, sam, "Again."), codes.FailedPrecondition, "WAIVED_ALREADY")
	if a := ask(secretary, sam, ""); !a.GetGood() || a.GetCode() != "waived" || a.GetEventTime() == nil || !strings.Contains(a.GetExplanation(), "an officer waived it on 1 October 2026") {
		t.Errorf("%v", a)
	}
	if a := ask(sam, sam, "2026-09-30"); a.GetGood() || a.GetCode() != "not_settled" {
		t.Errorf("%v", a)
	}
	// A refund or a chargeback takes standing away from its date, and not before.
	entry := h.settle(lou.id)
	h.later(24*time.Hour, secretary, sam, lou)
	h.reverse(lou.id, entry)
	if a := ask(lou, lou, ""); a.GetGood() || a.GetCode() != "taken_back" {
		t.Errorf("%v", a)
	}
	if a := ask(lou, lou, "2026-10-01"); !a.GetGood() || a.GetCode() != "settled" {
		t.Errorf("%v", a)
	}
	_, err := h.entries.ExplainStanding(with(sam.token), &membershipv1.ExplainStandingRequest{Member: sam.id, Date: "2027-01-01"})
	refused(t, err, codes.InvalidArgument, "DATE_AHEAD")
	_, err = h.entries.ExplainStanding(with(sam.token), &membershipv1.ExplainStandingRequest{Member: sam.id, Date: "yesterday"})
	refused(t, err, codes.InvalidArgument, "DATE_FORMAT")
	_, err = h.entries.ExplainStanding(with(lou.token), &membershipv1.ExplainStandingRequest{Member: sam.id})
	refused(t, err, codes.PermissionDenied, "OTHER_REGION")
	_, err = h.entries.ExplainStanding(with(sam.token), &membershipv1.ExplainStandingRequest{Member: lou.id})
	refused(t, err, codes.PermissionDenied, "ROLE_NEEDED")
}

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
