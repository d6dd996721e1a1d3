package gateway_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/localgovdigital/folkmoot/gateway/web/text"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

// entries is the register's service of the fake house: it notes what it is asked, and refuses a few things.
type entries struct {
	membershipv1.UnimplementedRegisterServiceServer
	*house
}

func (e entries) ListHistory(_ context.Context, in *membershipv1.ListHistoryRequest) (*membershipv1.ListHistoryResponse, error) {
	event := func(kind string) *membershipv1.RegisterEvent {
		return &membershipv1.RegisterEvent{Number: 1, Member: in.GetMember(), Kind: kind, EffectiveTime: noon, RecordTime: noon}
	}
	applied, moved, expelled := event("applied"), event("moved"), event("expelled")
	moved.Region, moved.Reason, moved.By, moved.ByName = "london", "Moved house", "bob", "Bob Example"
	expelled.About, expelled.By = "mo1", "founding act"
	return &membershipv1.ListHistoryResponse{
		Events: []*membershipv1.RegisterEvent{applied, event("admitted"), moved, expelled, event("of a later version")},
		Grants: []*membershipv1.RoleGrant{
			{Role: &membershipv1.HeldRole{Role: membershipv1.Role_ROLE_CHAIR}, GrantTime: noon, StartTime: noon, EndTime: noon, Reason: "Elected"},
			{Role: &membershipv1.HeldRole{Role: membershipv1.Role_ROLE_BOARD}, GrantTime: noon, StartTime: noon, Reason: "Elected"},
			{Role: &membershipv1.HeldRole{Role: membershipv1.Role_ROLE_TELLER}, GrantTime: noon, Reason: "Asked"},
			{Role: &membershipv1.HeldRole{Role: membershipv1.Role_ROLE_TREASURER}, GrantTime: noon, EndTime: noon, Reason: "Asked"},
		},
	}, nil
}

func (e entries) ExplainStanding(_ context.Context, in *membershipv1.ExplainStandingRequest) (*membershipv1.ExplainStandingResponse, error) {
	a := &membershipv1.ExplainStandingResponse{Date: in.GetDate(), RuleBook: 2, DonationRequired: true, AdmitTime: noon, EventTime: noon, Code: "settled", Event: "settled", Good: true}
	if e.waits {
		a.Code, a.Event, a.Good, a.Waiting = "waiting", "applied", false, true
	}
	switch in.GetDate() {
	case "":
		a.Date = "2026-11-24"
	case "2026-01-01":
		a.Code, a.Event, a.Good, a.RuleBook = "left", "resigned", false, 0
	case "2026-01-02":
		a.Code, a.Event, a.Good, a.DonationRequired = "unknown", "", false, false
	case "2030-01-01":
		return nil, refusal(codes.InvalidArgument, "DATE_AHEAD", "Choose a day that is not in the future.", "date")
	}
	return a, nil
}

func (e entries) MoveRegion(_ context.Context, in *membershipv1.MoveRegionRequest) (*membershipv1.RegisterEvent, error) {
	e.note(in)
	return &membershipv1.RegisterEvent{}, nil
}

func (e entries) ChangeName(_ context.Context, in *membershipv1.ChangeNameRequest) (*membershipv1.RegisterEvent, error) {
	e.note(in)
	return &membershipv1.RegisterEvent{}, nil
}

func (e entries) GetPostal(context.Context, *membershipv1.GetPostalRequest) (*membershipv1.Postal, error) {
	return &membershipv1.Postal{Address: "1 Road\nTown", Asked: true}, nil
}

func (e entries) ChangePostal(_ context.Context, in *membershipv1.ChangePostalRequest) (*membershipv1.RegisterEvent, error) {
	e.note(in)
	return &membershipv1.RegisterEvent{}, nil
}

func (e entries) RequestEmail(context.Context, *membershipv1.RequestEmailRequest) (*membershipv1.RequestEmailResponse, error) {
	return &membershipv1.RequestEmailResponse{Attempt: "attempt-3"}, nil
}

func (e entries) ConfirmEmail(_ context.Context, in *membershipv1.ConfirmEmailRequest) (*membershipv1.RegisterEvent, error) {
	if in.GetAttempt() != "attempt-3" || in.GetCode() != "123456" && in.GetLink() != "secret-link" {
		return nil, refusal(codes.InvalidArgument, "CODE_WRONG", "This is not the code in the newest mail.", "code")
	}
	return &membershipv1.RegisterEvent{}, nil
}

func (e entries) Leave(ctx context.Context, in *membershipv1.LeaveRequest) (*membershipv1.RegisterEvent, error) {
	if caller(ctx) == "secretary" {
		return nil, refusal(codes.FailedPrecondition, "LAST_SECRETARY", "This is the last secretary: appoint another one first.")
	}
	e.note(in)
	return &membershipv1.RegisterEvent{}, nil
}

func (e entries) EndMembership(_ context.Context, in *membershipv1.EndMembershipRequest) (*membershipv1.RegisterEvent, error) {
	e.note(in)
	if in.GetMotion() == "lost" {
		return nil, refusal(codes.FailedPrecondition, "RESOLUTION_NOT_CARRIED", "This motion was not carried.")
	}
	return &membershipv1.RegisterEvent{}, nil
}

func (e entries) WaiveDonation(_ context.Context, in *membershipv1.WaiveDonationRequest) (*membershipv1.RegisterEvent, error) {
	e.note(in)
	return &membershipv1.RegisterEvent{}, nil
}

func (e entries) ListApplications(context.Context, *membershipv1.ListApplicationsRequest) (*membershipv1.ListApplicationsResponse, error) {
	return &membershipv1.ListApplicationsResponse{Admission: "secretary", MayDecide: true, NextPageToken: "next", Applications: []*membershipv1.Application{
		{Member: "ada", Name: "Ada Example", ApplyTime: noon, Region: "london", LeftAs: "resigned", Alike: 2, Decider: "secretary"}, {Member: "eve", Name: "Eve Example", ApplyTime: noon},
	}}, nil
}

func (e entries) DecideApplication(_ context.Context, in *membershipv1.DecideApplicationRequest) (*membershipv1.RegisterEvent, error) {
	e.note(in)
	return &membershipv1.RegisterEvent{}, nil
}

func (e entries) ListDoubles(context.Context, *membershipv1.ListDoublesRequest) (*membershipv1.ListDoublesResponse, error) {
	one, two := &membershipv1.Alike{Member: "ada", Number: 7, Name: "Ada Example", ApplyTime: noon}, &membershipv1.Alike{Member: "ada2", Number: 9, Name: "ada example", Region: "london", ApplyTime: noon}
	three := &membershipv1.Alike{Member: "ada3", Number: 12, Name: "Ada Example", ApplyTime: noon}
	return &membershipv1.ListDoublesResponse{Examined: 3, Doubles: []*membershipv1.Double{
		{Member: two, Other: one, State: membershipv1.DoubleState_DOUBLE_STATE_FOUND, Same: true, FoundBy: "bob", FoundByName: "Bob Example", Reason: "She says so", Hint: "name_and_region"},
		{Member: three, Other: one, State: membershipv1.DoubleState_DOUBLE_STATE_OPEN, Hint: "name_and_region"},
		{Member: three, Other: two, State: membershipv1.DoubleState_DOUBLE_STATE_EXAMINED, FoundBy: "bob", FoundByName: "Bob Example", Reason: "Two birthdays", Hint: "officer"},
	}}, nil
}

func (e entries) FindDouble(_ context.Context, in *membershipv1.FindDoubleRequest) (*membershipv1.RegisterEvent, error) {
	e.note(in)
	return &membershipv1.RegisterEvent{}, nil
}

func (e entries) ConfirmDouble(_ context.Context, in *membershipv1.ConfirmDoubleRequest) (*membershipv1.RegisterEvent, error) {
	e.note(in)
	return &membershipv1.RegisterEvent{}, nil
}

func (e entries) ListObjections(context.Context, *membershipv1.ListObjectionsRequest) (*membershipv1.ListObjectionsResponse, error) {
	return &membershipv1.ListObjectionsResponse{Objections: []*membershipv1.Objection{
		{Objection: 31, Number: 7, Member: "ada", Name: "Ada Example", Text: "Two names", ObjectTime: noon},
		{Objection: 30, Number: 8, Text: "Abroad", ObjectTime: noon, AnswerTime: noon, Upheld: true, Reason: "Yes"},
		{Objection: 29, Number: 8, Text: "Abroad", ObjectTime: noon, AnswerTime: noon, Reason: "No"},
	}}, nil
}

func (e entries) ObjectToEntry(_ context.Context, in *membershipv1.ObjectToEntryRequest) (*membershipv1.Objection, error) {
	e.note(in)
	return &membershipv1.Objection{}, nil
}

func (e entries) AnswerObjection(_ context.Context, in *membershipv1.AnswerObjectionRequest) (*membershipv1.Objection, error) {
	e.note(in)
	return &membershipv1.Objection{}, nil
}

func TestEveryPageOfTheRegister(t *testing.T) {
	s := newSite(t)
	for who, paths := range map[string][]string{
		"": {"/left"},
		"ada": {
			"/me", "/members/ada/history", "/members/ada/history?done=move", "/members/ada/standing", "/members/ada/standing?date=1/1/2026", "/members/ada/standing?date=2/1/2026",
			"/members/ada/move", "/members/ada/rename", "/members/ada/postal", "/me/email", "/me/email/confirm", "/me/email/confirm?link=secret-link", "/me/leave", "/objections",
		},
		"secretary": {
			"/members", "/members/ada", "/members/ada/move", "/members/ada/rename", "/members/ada/waive", "/members/ada/end", "/applications", "/applications/ada", "/doubles", "/doubles/ada2/ada",
			"/doubles/ada3/ada", "/doubles/ada/ada", "/members/ada/compare", "/members/ada/compare?search=Ada", "/objections", "/objections/31",
		},
	} {
		for _, lang := range text.Languages {
			v := s.visitor(who).get("/help?lang=" + lang).at("/help")
			for _, path := range paths {
				v.get(path)
				check(t, v, lang, who)
			}
		}
	}
	for _, path := range []string{"/me/leave", "/me/email", "/members/ada/history", "/applications", "/doubles", "/objections"} {
		s.visitor("").get(path).sees(200, "Sign in")
	}
}

// asked returns the last request of one type.
func asked[T any](t *testing.T, s *site) T {
	t.Helper()
	got, ok := s.lastAsked().(T)
	if !ok {
		t.Fatalf("asked %T", s.lastAsked())
	}
	return got
}

func TestRegisterForms(t *testing.T) {
	s := newSite(t)
	ada, secretary := s.visitor("ada"), s.visitor("secretary")
	ada.get("/members/ada/move").send("/members/ada/move").sees(422, "Choose a regional group")
	ada.send("/members/ada/move", "region", "london").at("/members/ada/history?done=move").sees(200, "The move is recorded.", "Moved to another group (London)", "By Bob Example.")
	if m := asked[*membershipv1.MoveRegionRequest](t, s); m.GetRegion() != "london" || m.GetMember() != "ada" || m.GetRequestId() == "" {
		t.Errorf("%v", m)
	}
	ada.get("/members/ada/rename").send("/members/ada/rename", "name", "Ada Owen").at("/members/ada/history?done=rename")
	ada.get("/members/ada/postal").sees(200, "1 Road").send("/members/ada/postal").sees(422, "Enter the postal address")
	ada.send("/members/ada/postal", "address", "2 Road").at("/members/ada/history?done=postal")
	if c := asked[*membershipv1.ChangePostalRequest](t, s); c.GetAddress() != "2 Road" {
		t.Errorf("%v", c)
	}
	ada.get("/members/ada/standing").sees(200, "In good standing on 24 November 2026", "Rule book 2 was in force: it requires the £1")
	ada.get("/members/ada/standing?date=1/1/2026").sees(200, "Not in good standing on 1 January 2026", "The membership ended on", "resigned", "No rule book was in force")
	ada.get("/members/ada/standing?date=soon").sees(422, "Enter a day, month and year")
	ada.get("/members/ada/standing?date=1/1/2030").sees(422, "Choose a day that is not in the future.")
	ada.get("/me/email").send("/me/email", "email", "ada@new.example.org").at("/me/email/confirm")
	ada.send("/me/email/confirm", "code", "000 000").sees(422, "This is not the code")
	ada.send("/me/email/confirm", "code", "123 456").at("/members/ada/history?done=email").sees(200, "We use your new address")
	ada.get("/objections").send("/objections", "number", "seven", "text", "Two names").sees(422, "Enter a membership number in digits")
	ada.send("/objections", "number", "7", "text", "Two names").at("/objections?done=object")

	secretary.get("/members/ada/waive").send("/members/ada/waive").sees(422, "Enter a reason")
	secretary.send("/members/ada/waive", "reason", "Out of work").at("/members/ada?done=waive").sees(200, "The £1 is waived.")
	secretary.get("/members/ada/end").send("/members/ada/end", "ending", "expelled", "reason", "As decided", "motion", "https://vote.example.org/motions/lost").
		sees(409, "This motion was not carried.")
	if secretary.value("motion") != "https://vote.example.org/motions/lost" {
		t.Error("what was typed is lost")
	}
	secretary.send("/members/ada/end", "ending", "died", "motion", "", "date", "1/2/2026", "reason", "As decided").at("/members/ada/history?done=end")
	if e := asked[*membershipv1.EndMembershipRequest](t, s); e.GetDate() != "2026-02-01" || e.GetEnding() != membershipv1.Ending_ENDING_DIED || e.GetReason() != "As decided" {
		t.Errorf("%v", e)
	}
	secretary.get("/applications").sees(200, "the secretary decides", "A former member: resigned.", "2 other entries have the same name")
	secretary.get("/applications/ada").send("/applications/ada", "decision", "refuse").sees(422, "Enter a reason")
	secretary.send("/applications/ada", "decision", "refuse", "reason", "A robot").at("/applications?done=refuse")
	if d := asked[*membershipv1.DecideApplicationRequest](t, s); d.GetAdmit() || d.GetReason() != "A robot" {
		t.Errorf("%v", d)
	}
	// Agreeing with what a first officer found settles it; anything else is a finding of one's own.
	secretary.get("/doubles/ada2/ada").sees(200, "Bob Example found one person: She says so").send("/doubles/ada2/ada", "finding", "same", "reason", "Me too").at("/doubles?done=settle")
	if c := asked[*membershipv1.ConfirmDoubleRequest](t, s); !c.GetSame() || c.GetMember() != "ada2" || c.GetOther() != "ada" {
		t.Errorf("%v", c)
	}
	secretary.get("/doubles/ada2/ada").send("/doubles/ada2/ada", "finding", "distinct", "reason", "Two birthdays").at("/doubles?done=find")
	if f := asked[*membershipv1.FindDoubleRequest](t, s); f.GetSame() {
		t.Errorf("%v", f)
	}
	secretary.get("/objections/31").send("/objections/31", "answer", "upheld", "reason", "I asked").at("/objections?done=answer")
	if a := asked[*membershipv1.AnswerObjectionRequest](t, s); !a.GetUpheld() || a.GetObjection() != 31 {
		t.Errorf("%v", a)
	}
	secretary.get("/me/leave").send("/me/leave", "understood", "yes").sees(409, "This is the last secretary")

	ada.get("/me/leave").sees(200, "what leaves with it").send("/me/leave").sees(422, "Tick the box")
	ada.send("/me/leave", "understood", "yes").at("/left").sees(200, "Your membership has ended.")
	ada.get("/me").sees(200, "Sign in")
}

// TestAnApplicantWithdraws: the page of who waits leads to the withdrawal, which says what it is and not that a membership ends.
func TestAnApplicantWithdraws(t *testing.T) {
	s := newSite(t)
	s.waits = true
	ada := s.visitor("ada").get("/me").sees(200, "waits for a decision", "Withdraw your application")
	ada.get("/me/leave").sees(200, "Withdraw your application", "I want to withdraw my application").send("/me/leave").sees(422, "Tick the box to say that you want to withdraw")
	ada.send("/me/leave", "understood", "yes", "reason", "No time").at("/left?withdrawn=1").sees(200, "Your application is withdrawn.")
	if r := asked[*membershipv1.LeaveRequest](t, s); !r.GetUnderstood() || r.GetReason() != "No time" {
		t.Errorf("%v", r)
	}
	s.visitor("ada").get("/me/leave?lang=cy").sees(200, "Tynnu eich cais yn ôl")
}

// TestWhyOnesStandingInBothLanguages: a member's own page says why in the language of the page, from the code, and never in the room's English.
func TestWhyOnesStandingInBothLanguages(t *testing.T) {
	s := newSite(t)
	s.visitor("ada").get("/me").sees(200, "The £1 settled on", "Rule book 2 requires the £1 for good standing.")
	v := s.visitor("ada").get("/me?lang=cy").sees(200, "Setlwyd y £1 ar", "Mae llyfr rheolau 2 yn gwneud y £1 yn ofynnol ar gyfer statws da.")
	if strings.Contains(v.page.body, "membership.donation") || strings.Contains(v.page.body, "asked for") {
		t.Error("the room's English stands on the Welsh page")
	}
}
