package gateway_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestJoinAsksAgainAndKeepsWhatWasTyped(t *testing.T) {
	s := newSite(t)
	v := s.visitor("").get("/join").sees(200, "Full name", "No group near me yet", "Being founded")
	id := v.value("request_id")
	v.send("/join", "name", "Ada Example").sees(422,
		"There is a problem", "Enter your email address", "Choose a regional group", "Tick the box to declare")
	if v.value("name") != "Ada Example" || v.value("request_id") != id {
		t.Errorf("name %q, request id %q, was %q", v.value("name"), v.value("request_id"), id)
	}
	if len(s.joined) != 0 {
		t.Error("membership was asked about a form that is not filled in")
	}
	if !strings.Contains(v.page.body, "<title>Error: Join") || !strings.Contains(v.page.body, `href="#region"`) {
		t.Error("the title does not begin with Error, or the summary does not lead to the field")
	}
	v.send("/join", "name", "Ada Example", "email", "ada", "region", "london", "sole_membership", "yes").sees(422, "in the correct format")
	if v.value("region") != "london" || v.value("sole_membership") != "yes" || v.value("email") != "ada" {
		t.Error("what was typed is lost")
	}
	v.send("/join", "email", "ada@example.org").at("/confirm").sees(200, "Check your email", "Six-digit code")
	last := s.joined[len(s.joined)-1]
	if last.GetRegion() != "london" || !last.GetSoleMembership() || last.GetLanguage() != "en" || last.GetRequestId() != id {
		t.Errorf("%v", last)
	}
	v.get("/join").send("/join", "name", "B", "email", "b@example.org", "region", "-", "sole_membership", "yes").at("/confirm")
	if last := s.joined[len(s.joined)-1]; last.GetRegion() != "" || last.GetRequestId() == id {
		t.Errorf("%v", last)
	}
	// A region may have the id "none": who chooses it is not put into no region.
	v.get("/join").send("/join", "name", "C", "email", "c@example.org", "region", "none", "sole_membership", "yes").at("/confirm")
	if last := s.joined[len(s.joined)-1]; last.GetRegion() != "none" {
		t.Errorf("%v", last)
	}
}

// TestJoinAsksForAnAddressOnlyWhereTheRulesDo: a society that is not registered has no such field; a registered one needs it filled in.
func TestJoinAsksForAnAddressOnlyWhereTheRulesDo(t *testing.T) {
	s := newSite(t)
	if v := s.visitor("").get("/join"); strings.Contains(v.page.body, "postal_address") {
		t.Error("a society that is not registered asks for a postal address")
	}
	s = newSite(t)
	s.postal = true
	v := s.visitor("").get("/join").sees(200, "Postal address", "the law has its register keep the address")
	v.send("/join", "name", "Ada", "email", "ada@example.org", "region", "-", "sole_membership", "yes").sees(422, "Enter the postal address")
	v.send("/join", "postal_address", "1 Road\nTown").at("/confirm")
	if last := s.joined[len(s.joined)-1]; last.GetPostalAddress() != "1 Road\nTown" {
		t.Errorf("%v", last)
	}
	s.visitor("").get("/join?lang=cy").sees(200, "Cyfeiriad post")
}

func TestConfirm(t *testing.T) {
	s := newSite(t)
	v := s.visitor("").get("/join").send("/join", "name", "Ada", "email", "ada@example.org", "region", "-", "sole_membership", "yes")
	v.send("/confirm", "code", "").sees(422, "Enter the six digits")
	v.send("/confirm", "code", "111111").sees(422, "This is not the code in the newest email.")
	if v.value("code") != "111111" {
		t.Error("the typed code is lost")
	}
	v.send("/confirm", "code", "123 456").at("/me?welcome=1").sees(200, "Hello, Ada Example", "You have joined", "LGD-7K4Q", "ask you for a donation of £1")
	if got := s.confirm[len(s.confirm)-1]; got.GetAttempt() != "attempt-1" || got.GetCode() != "123456" {
		t.Errorf("%v", got)
	}
	if v.page.header.Get("Cache-Control") != "no-store" {
		t.Error("a signed-in page may be stored")
	}
}

func TestOpeningTheLinkChangesNothing(t *testing.T) {
	s := newSite(t)
	// A program that checks mail opens the link in a browser of its own.
	scanner := s.visitor("").get("/confirm?link=secret-link").sees(200, "This browser did not ask")
	scanner.post("/confirm", url.Values{"link": {"secret-link"}}).sees(200, "This browser did not ask")
	v := s.visitor("").get("/sign-in?next=/ballots/b1").send("/sign-in", "email", "ada@example.org").at("/confirm")
	v.get("/confirm?link=secret-link").sees(200, "Press Continue")
	v.get("/confirm?link=secret-link")
	if len(s.confirm) != 0 {
		t.Fatalf("a GET confirmed: %v", s.confirm)
	}
	v.send("/confirm").at("/ballots/b1").sees(200, "To bid for funding", "How do you vote?")
	if s.confirm[0].GetLink() != "secret-link" {
		t.Errorf("%v", s.confirm[0])
	}
	v.get("/confirm").at("/me")
}

func TestSignInGoesNowhereElse(t *testing.T) {
	s := newSite(t)
	for _, next := range []string{"//evil.example", "https://evil.example/", "/\\evil.example"} {
		v := s.visitor("").get("/sign-in?next="+url.QueryEscape(next)).send("/sign-in", "email", "ada@example.org")
		v.send("/confirm", "code", "123456").at("/me")
	}
}

func TestSignOut(t *testing.T) {
	s := newSite(t)
	v := s.visitor("ada").get("/sign-out").sees(200, "Sign out")
	if s.ended != 0 {
		t.Error("a GET signed out")
	}
	v.send("/sign-out").at("/")
	if s.ended != 1 {
		t.Error("the session lives on in membership")
	}
	v.get("/me").at("/sign-in?next=%2Fme")
}

func TestAnEndedSessionIsAVisitor(t *testing.T) {
	s := newSite(t)
	s.visitor("ended").get("/").sees(200, "Join", "Sign in")
	s.visitor("ended").get("/me").at("/sign-in?next=%2Fme")
}

func TestFormsFromElsewhereAreRefused(t *testing.T) {
	s := newSite(t)
	fields := url.Values{"name": {"Eve"}, "email": {"e@example.org"}, "region": {"-"}, "sole_membership": {"yes"}}
	if v := s.visitor("ada").post("/join", fields, "Sec-Fetch-Site", "cross-site"); v.page.code != http.StatusForbidden {
		t.Errorf("cross-site: %d", v.page.code)
	}
	if v := s.visitor("ada").post("/join", fields, "Origin", "https://evil.example"); v.page.code != http.StatusForbidden {
		t.Errorf("another origin: %d", v.page.code)
	}
	if len(s.joined) != 0 {
		t.Error("a form from another site did something")
	}
	s.visitor("ada").post("/join", fields, "Origin", "http://folk.example").at("/confirm")
}

func TestFounding(t *testing.T) {
	s := newSite(t)
	v := s.visitor("").get("/founding?invitation=one-time").sees(200, "Full name")
	if s.lastAsked() != nil {
		t.Error("a GET accepted")
	}
	v.send("/founding", "name", "Ada", "email", "").sees(422, "Enter your email address")
	v.send("/founding", "name", "Ada", "email", "ada@example.org", "sole_membership", "yes").at("/me?welcome=founder").sees(200, "You have accepted your office")
	s.visitor("").get("/founding?invitation=used").send("/founding", "name", "A", "email", "a@example.org", "sole_membership", "yes").
		sees(422, "This invitation was used or never given.")
}
