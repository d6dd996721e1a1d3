package gateway_test

import (
	"strings"
	"testing"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

func TestVote(t *testing.T) {
	s := newSite(t)
	v := s.visitor("ada").get("/ballots/b1").sees(200, "To bid for funding", "This is an open vote.", "12 of 240")
	v.send("/ballots/b1/check").sees(422, "Choose for, against or abstain")
	v.send("/ballots/b1/check", "choice", "for").sees(200, "Your vote is not sent yet", "To bid for funding")
	if len(s.votes) != 0 {
		t.Fatal("the check page sent the vote")
	}
	check := v.page
	v.send("/ballots/b1").at("/ballots/b1/receipt").sees(200, "Your vote is stored", "FKLV-C3BV-JNUP-JDG3")
	if s.votes["ada"].GetChoice() != ballotsv1.Choice_CHOICE_FOR {
		t.Errorf("%v", s.votes["ada"])
	}
	v.missing("choice=for", ">For<")
	// The same button once more, after going back: the same receipt, nothing else.
	v.page = check
	v.send("/ballots/b1").at("/ballots/b1/receipt").sees(200, "FKLV-C3BV-JNUP-JDG3")
	// Another choice is refused and shows the first receipt.
	v.page = check
	v.send("/ballots/b1", "choice", "against", "request_id", "3c7f3f66-0f0a-4a6b-9a1c-7a1a4a4a4a4a").
		sees(409, "You had already voted", "FKLV-C3BV-JNUP-JDG3")
	if s.votes["ada"].GetChoice() != ballotsv1.Choice_CHOICE_FOR {
		t.Error("the first vote was changed")
	}
	v.get("/ballots/b1").sees(200, "FKLV-C3BV-JNUP-JDG3")
}

func TestClosedWhileChecking(t *testing.T) {
	s := newSite(t)
	v := s.visitor("ada").get("/ballots/b1").send("/ballots/b1/check", "choice", "against").sees(200, "not sent yet")
	s.ballot.State, s.ballot.CloseTime = ballotsv1.BallotState_BALLOT_STATE_CLOSED, noon
	v.send("/ballots/b1").sees(200, "Voting closed at 12pm", "Nothing was sent", "was not counted")
	if len(s.votes) != 0 {
		t.Error("it was counted all the same")
	}
}

func TestNotOnTheRoll(t *testing.T) {
	s := newSite(t)
	s.offRoll = true
	s.visitor("ada").get("/ballots/b1").sees(200, "not on the roll", "Rule 34", "3 November 2026", "secretary@example.org").missing("How do you vote?")
}

func TestVisitorMaySignInToVote(t *testing.T) {
	s := newSite(t)
	s.visitor("").get("/ballots/b1").sees(200, "Sign in to vote", "12 of 240").missing("How do you vote?")
	s.ballot.State = ballotsv1.BallotState_BALLOT_STATE_PUBLISHED
	s.visitor("").get("/ballots/b1").sees(200, "Voting is closed")
}

func TestReceiptLookUp(t *testing.T) {
	s := newSite(t)
	v := s.visitor("").get("/ballots/b1/receipts").sees(200, "Anyone can look up")
	v.get("/ballots/b1/receipts?code=FKLV-C3BV-JNUP-JDG3").sees(200, "is counted")
	v.get("/ballots/b1/receipts?code=ZZZZ").sees(200, "No vote in this ballot has that code")
	v.get("/ballots/b1/receipts?code=").sees(422, "Enter the code from your receipt")
}

func TestMotionPage(t *testing.T) {
	s := newSite(t)
	v := s.visitor("").get("/motions/mo1").sees(200, "To bid for funding", "On the order paper", "Moved by")
	v.missing("<script>alert", `href="javascript:`, "What you can do")
	if !strings.Contains(v.page.body, "<strong>may bid</strong>") {
		t.Error("the Markdown is not rendered")
	}
	s.motion.State = motionsv1.MotionState_MOTION_STATE_LOST
	s.motion.Vote = &motionsv1.Vote{Ballot: "b1", DeclareTime: noon, Result: &motionsv1.Result{
		VotesFor: 149, VotesAgainst: 51, Abstentions: 7, Electors: 240, Base: 200, BaseName: "votes for and against",
		Rule: "Three quarters of votes for and against (rule 40).", RuleBook: 1, Present: 210, Quorum: 25,
	}}
	v.get("/motions/mo1").sees(200, "Lost: 149 for, 51 against.", "Three quarters", "votes for and against: 200", "207 of 240 members", "210 present", "Rule book version 1")
	s.motion.State, s.motion.Vote.Result.Carried = motionsv1.MotionState_MOTION_STATE_CARRIED, true
	v.get("/motions/mo1").sees(200, "Carried: 149 for, 51 against.")
}

func TestActs(t *testing.T) {
	s := newSite(t)
	v := s.visitor("chair").get("/motions/mo1").sees(200, "Open the vote")
	s.visitor("treasurer").get("/motions/mo1").missing("Open the vote")
	v.get("/motions/mo1/open-vote").sees(200, "The roll is frozen")
	if s.lastAsked() != nil {
		t.Fatal("a GET opened the vote")
	}
	before := v.page
	v.send("/motions/mo1/open-vote").at("/meetings/agm/run?done=open-vote").sees(200, "The vote is open.", "30 members are present")
	if got := s.lastAsked().(*motionsv1.OpenVoteRequest); got.GetEtag() != "v3" || len(got.GetRequestId()) != 36 {
		t.Errorf("%v", got)
	}
	// Somebody else was faster: the page shows what is now, and what it shows is what would be decided on.
	s.motion.Etag = "v4"
	v.page = before
	v.send("/motions/mo1/open-vote").sees(412, "Somebody else changed this")
	if v.value("etag") != "v4" {
		t.Errorf("etag %q", v.value("etag"))
	}
	v.get("/motions/mo1/no-such").sees(404)
	v.get("/motions/nope").sees(404, "Page not found")
	s.visitor("").get("/motions/mo1/open-vote").at("/sign-in?next=%2Fmotions%2Fmo1%2Fopen-vote")

	s.motion.State = motionsv1.MotionState_MOTION_STATE_MOVED
	s.visitor("ada").get("/motions/mo1").sees(200, "Withdraw this motion").missing("Second this motion")
	s.visitor("ada").get("/motions/mo1/second").send("/motions/mo1/second").sees(409, "Whoever moves a motion cannot second it.")
	s.visitor("bob").get("/motions/mo1").sees(200, "Second this motion").get("/motions/mo1/second").send("/motions/mo1/second").
		at("/motions/mo1?done=second").sees(200, "You have seconded this motion.")
}

func TestMoveAMotion(t *testing.T) {
	s := newSite(t)
	v := s.visitor("ada").get("/meetings/agm/motions/new").sees(200, "Move a motion", "LocalGovCamp 2026")
	v.send("/meetings/agm/motions/new").sees(422, "Enter a title", "Enter the text")
	long := strings.Repeat("x", 101)
	v.send("/meetings/agm/motions/new", "title", long, "text", "That we meet.", "resolution", "extraordinary").sees(422, "at most 100 characters")
	if v.value("title") != long || v.value("text") != "That we meet." || v.value("resolution") != "extraordinary" {
		t.Error("what was typed is lost")
	}
	v.send("/meetings/agm/motions/new", "title", "To meet", "text", "That we meet.").at("/motions/mo1?done=move").sees(200, "needs another member to second it")
	got := s.lastAsked().(*motionsv1.MoveMotionRequest)
	if got.GetTitle() != "To meet" || got.GetMeeting() != "agm" || got.GetResolution() != motionsv1.Resolution_RESOLUTION_EXTRAORDINARY {
		t.Errorf("%v", got)
	}
}

func TestRunTheMeeting(t *testing.T) {
	s := newSite(t)
	s.meeting.State, s.meeting.Present = motionsv1.MeetingState_MEETING_STATE_NOTICED, 20
	v := s.visitor("chair").get("/meetings/agm").sees(200, "Run the meeting", "Birmingham", "14 clear days")
	s.visitor("ada").get("/meetings/agm").sees(200, "Move a motion").missing("/meetings/agm/run")
	v.get("/meetings/agm/run").sees(200, "Not quorate: 5 more needed.", "Open the meeting")
	v.get("/meetings/agm/open").send("/meetings/agm/open").at("/meetings/agm/run?done=open").sees(200, "The meeting is open.")
	if got := s.lastAsked().(*motionsv1.OpenMeetingRequest); got.GetEtag() != "m2" {
		t.Errorf("%v", got)
	}
	v.get("/meetings/agm/attendance?search=Zed").sees(200, "No member's name or address begins so.")
	v.get("/meetings/agm/attendance?search=Ada").sees(200, "Ada Example", "Member 7")
	v.send("/meetings/agm/attendance").sees(200, "Ada Example is recorded as here.")
	if got := s.lastAsked().(*motionsv1.RecordAttendanceRequest); got.GetMembers()[0] != "ada" || got.GetDeparted() {
		t.Errorf("%v", got)
	}
	s.visitor("ada").get("/meetings/agm/attendance?search=Ada").sees(403, "You cannot do this", "You need a different role")
}

func TestPlanAMeeting(t *testing.T) {
	s := newSite(t)
	v := s.visitor("secretary").get("/meetings/new").sees(200, "Plan a meeting")
	v.send("/meetings/new", "kind", "agm", "title", "AGM").sees(422, "Enter where it is held", "Enter the day", "Enter the time")
	v.send("/meetings/new", "kind", "agm", "title", "AGM", "place", "Leeds", "start_time", "soon", "clock", "late").sees(422, "Enter a day, month and year", "Enter a time, like 18:30")
	v.send("/meetings/new", "kind", "agm", "title", "AGM", "place", "Leeds", "start_time", "1/7/2027", "clock", "18:30").at("/meetings/agm/run")
	got := s.lastAsked().(*motionsv1.CreateMeetingRequest)
	// Half past six in London in July is half past five in UTC.
	if at := got.GetStartTime().AsTime().Format("2006-01-02T15:04"); at != "2027-07-01T17:30" || got.GetKind() != motionsv1.MeetingKind_MEETING_KIND_AGM {
		t.Errorf("%s %v", at, got)
	}
}
