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
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/store"
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
	h.again(secretary, chair)
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

// TestOfficesThatExist: every office can be given; treasurer and teller wait for a second officer, and the registrar looks at
// the register and its doubles and decides nothing alone.
func TestOfficesThatExist(t *testing.T) {
	h := open(t)
	secretary, _, _ := h.found()
	h.region(secretary, "london")
	sam, ann := h.join("Sam", "sam@example.org", ""), h.join("Ann", "ann@example.org", "")
	waits := map[membershipv1.Role]bool{membershipv1.Role_ROLE_TREASURER: true, membershipv1.Role_ROLE_TELLER: true}
	for number, name := range membershipv1.Role_name {
		role, region := membershipv1.Role(number), ""
		if role == membershipv1.Role_ROLE_UNSPECIFIED {
			continue
		}
		if role == membershipv1.Role_ROLE_ORGANISER {
			region = "london"
		}
		g := h.grant(secretary, sam, role, region)
		if got := g.GetState() == membershipv1.GrantState_GRANT_STATE_PROPOSED; got != waits[role] {
			t.Errorf("%s waits for a second officer: %v", name, got)
		}
	}
	h.grant(secretary, ann, membershipv1.Role_ROLE_REGISTRAR, "")
	ann.token = h.exchange(ann.session)
	if got := h.history(ann, secretary); got != "applied confirmed admitted" {
		t.Errorf("the history is %q", got)
	}
	if all, err := h.people.ListMembers(with(ann.token), &membershipv1.ListMembersRequest{}); err != nil || len(all.GetMembers()) != 5 || all.GetMembers()[0].GetEmail() == "" {
		t.Errorf("%v, %v", all, err)
	}
	if _, err := h.entries.ListDoubles(with(ann.token), &membershipv1.ListDoublesRequest{}); err != nil {
		t.Error(err)
	}
	_, err := h.entries.WaiveDonation(with(ann.token), &membershipv1.WaiveDonationRequest{RequestId: newID(), Member: sam.id, Reason: "x"})
	refused(t, err, codes.PermissionDenied, "ROLE_NEEDED")
	_, err = h.entries.DecideApplication(with(ann.token), &membershipv1.DecideApplicationRequest{RequestId: newID(), Member: sam.id, Reason: "x"})
	refused(t, err, codes.PermissionDenied, "ROLE_NEEDED")
	_, err = h.entries.AnswerObjection(with(ann.token), &membershipv1.AnswerObjectionRequest{RequestId: newID(), Objection: 1, Reason: "x"})
	refused(t, err, codes.PermissionDenied, "ROLE_NEEDED")
}

func TestPostalAddressOnlyOfARegisteredSociety(t *testing.T) {
	h := open(t)
	secretary, treasurer, _ := h.found()
	sam := h.join("Sam", "sam@example.org", "")
	change := func(by *member, address, reason string) error {
		_, err := h.entries.ChangePostal(with(by.token), &membershipv1.ChangePostalRequest{RequestId: newID(), Member: sam.id, Address: address, Reason: reason})
		return err
	}
	get := func(by *member) (*membershipv1.Postal, error) {
		return h.entries.GetPostal(with(by.token), &membershipv1.GetPostalRequest{Member: sam.id})
	}
	refused(t, change(sam, "1 Road", ""), codes.FailedPrecondition, "POSTAL_NOT_ASKED")
	if p, err := get(sam); err != nil || p.GetAsked() || p.GetAddress() != "" {
		t.Errorf("%v, %v", p, err)
	}
	h.ruled++
	_, err := h.as(auth.Motions).ApplyRules(context.Background(), &membershipv1.ApplyRulesRequest{
		Epoch: 1, Position: h.ruled, RuleBook: 1, Registered: true, EffectiveTime: timestamppb.New(h.clock.Now()),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{change(sam, " 1 Road \r\nTown", ""), change(secretary, "2 Road\nTown", "Told by post.")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	refused(t, change(secretary, "3 Road", ""), codes.InvalidArgument, "POSTAL_INVALID")
	refused(t, change(treasurer, "3 Road", "x"), codes.PermissionDenied, "ROLE_NEEDED")
	_, err = get(treasurer)
	refused(t, err, codes.PermissionDenied, "ROLE_NEEDED")
	for _, by := range []*member{sam, secretary} {
		if p, err := get(by); err != nil || !p.GetAsked() || p.GetAddress() != "2 Road\nTown" {
			t.Errorf("%v, %v", p, err)
		}
	}
	if got := h.history(sam, sam); got != "applied confirmed admitted postal_changed postal_changed" {
		t.Errorf("the history is %q", got)
	}
	// What the secretary did to another's entry is an act of the office; what Sam did is none.
	acts, err := membershipv1.NewOfficerActsServiceClient(h.conn).ListOfficerActs(with(sam.token), &membershipv1.ListOfficerActsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, a := range acts.GetActs() {
		if strings.HasSuffix(a.GetMethod(), "/ChangePostal") {
			n++
			if a.GetMember() != secretary.id || a.GetRole() != "secretary" {
				t.Errorf("%v", a)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d acts of changing a postal address; want the secretary's", n)
	}
}

// TestRegisterLettersAreWritten: each in each language, with nothing left out.
func TestRegisterLettersAreWritten(t *testing.T) {
	seen := map[string]bool{}
	for kind, languages := range registerLetters {
		if len(languages) != len(membership.Languages) {
			t.Errorf("%s is in %d languages", kind, len(languages))
		}
		for _, language := range membership.Languages {
			w := words{Society: "The Society", Home: "https://vote.example.org", Link: "https://vote.example.org" + confirmPath(kind) + "?link=x", Code: "123456", Until: "11:30", Reason: "As it was.", WithCode: true}
			subject, body := wrote(t, store.Letter{Kind: kind, Language: language}, w)
			if seen[body] || !strings.Contains(subject, "The Society") || !strings.Contains(body, "https://vote.example.org") || strings.Contains(body, "no value") {
				t.Errorf("%s in %s: %q\n%s", kind, language, subject, body)
			}
			seen[body] = true
			if needs := kind != membership.LetterEmail && kind != membership.LetterEmailChanged; needs != strings.Contains(body, "As it was.") {
				t.Errorf("%s in %s carries the reason: %v", kind, language, !needs)
			}
			if (kind == membership.LetterEmail) != strings.Contains(body, "123456") {
				t.Errorf("%s in %s: the code is missing or where it does not belong", kind, language)
			}
		}
	}
}
