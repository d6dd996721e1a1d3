package gateway_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/gateway/session"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

// under fails unless the visitor was sent to a page, whatever else stands in its address.
func (v *visitor) under(path string) *visitor {
	v.t.Helper()
	if here, _, _ := strings.Cut(v.page.path, "?"); here != path {
		v.t.Fatalf("at %s, want %s:\n%s", v.page.path, path, readable(v.page.root))
	}
	return v
}

func TestSignInByPasskey(t *testing.T) {
	s := newSite(t)
	v := s.visitor("").get("/sign-in?next=/motions").sees(http.StatusOK, "Sign in with a passkey", "Or sign in by email:")
	request := v.value("request_id")
	v.post("/sign-in/passkey/begin", url.Values{"here": {"/sign-in"}})
	if v.page.code != http.StatusOK || !strings.Contains(v.page.body, `"challenge":"abc"`) || strings.Contains(v.page.body, "challenge-1") || v.page.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v %s", v.page.code, v.page.header, v.page.body)
	}
	v.post("/sign-in/passkey", url.Values{"request_id": {request}, "next": {"/motions"}, "credential": {`{"id":"other"}`}}).sees(http.StatusUnprocessableEntity, "There is a problem", "We do not know this passkey")
	// The challenge was for one answer.
	v.post("/sign-in/passkey", url.Values{"request_id": {request}, "credential": {`{"id":"key"}`}}).sees(http.StatusUnprocessableEntity, "We do not know this passkey")
	v.post("/sign-in/passkey/begin", nil)
	v.post("/sign-in/passkey", url.Values{"request_id": {request}, "next": {"/motions"}, "credential": {`{"id":"key"}`}}).under("/motions").sees(http.StatusOK, "Sign out")
	// Nobody is led to another site.
	v.post("/sign-in/passkey/begin", nil)
	v.post("/sign-in/passkey", url.Values{"request_id": {request}, "next": {"//evil.example"}, "credential": {`{"id":"key"}`}}).at("/me")
	s.visitor("").post("/sign-in/passkey/begin", nil, "Origin", "https://evil.example").sees(http.StatusForbidden)
}

func TestPasskeyPages(t *testing.T) {
	s := newSite(t)
	s.visitor("").get("/me/passkeys").under("/sign-in")
	v := s.visitor("ada").get("/me/passkeys").sees(http.StatusOK, "My phone", "Last used on", "Not used yet", "Kept by a password manager")
	v.post("/me/passkeys/begin", url.Values{"here": {"/me/passkeys"}})
	if !strings.Contains(v.page.body, `"challenge":"def"`) {
		t.Fatal(v.page.body)
	}
	v.get("/me/passkeys").send("/me/passkeys", "name", "").sees(http.StatusUnprocessableEntity, "Enter a name for the passkey")
	v.send("/me/passkeys", "name", "Phone", "credential", `{"id":"new"}`).under("/me/passkeys").sees(http.StatusOK, "The passkey is added")
	added, ok := s.house.lastAsked().(*membershipv1.AddPasskeyRequest)
	if !ok || added.GetAttempt() != "challenge-2" || added.GetName() != "Phone" || added.GetCredential() != `{"id":"new"}` {
		t.Errorf("%v", s.house.lastAsked())
	}
	v.get("/me/passkeys/nobody").sees(http.StatusNotFound)
	v.get("/me/passkeys/k2").send("/me/passkeys/k2", "name", "Desk").under("/me/passkeys").sees(http.StatusOK, "The name is saved")
	v.get("/me/passkeys/k2").send("/me/passkeys/k2/remove").under("/me/passkeys").sees(http.StatusOK, "The passkey is removed")
	// Whoever signed in a while ago signs in again first.
	late := s.visitor("late").post("/me/passkeys/begin", url.Values{"here": {"/me/passkeys"}})
	if late.page.code != http.StatusUnauthorized || !strings.Contains(late.page.body, `"signIn":"/sign-in?fresh=1\u0026next=%2Fme%2Fpasskeys"`) {
		t.Errorf("%d %s", late.page.code, late.page.body)
	}
}

func TestSessionsPage(t *testing.T) {
	s := newSite(t)
	v := s.visitor("ada").get("/me/sessions").sees(http.StatusOK, "Firefox on Windows", "This one", "with a passkey", "A browser that did not say what it is", "Last used on")
	if strings.Contains(v.page.body, `action="/me/sessions/s1"`) {
		t.Error("the session that asks can be ended from the list: signing out does that")
	}
	v.send("/me/sessions/s2").under("/me/sessions").sees(http.StatusOK, "You are signed out there")
	v.send("/me/sessions/others").under("/me/sessions").sees(http.StatusOK, "You are signed out there")
	v.post("/me/sessions/other", url.Values{"request_id": {v.value("request_id")}}).sees(http.StatusNotFound)
}

func TestMailPage(t *testing.T) {
	s := newSite(t)
	s.visitor("ada").get("/mail").sees(http.StatusForbidden)
	s.visitor("").get("/mail").under("/sign-in")
	v := s.visitor("secretary").get("/mail").sees(http.StatusOK, "Failed, is tried again (1)", "Sent (3)", "The mail server said: 451 Try later", "Tried 2 times", "To be posted", "Ben", "Confirm an address")
	v.send("/mail/m1/resend").under("/mail").sees(http.StatusOK, "It is in the queue again")
	v.send("/mail/m2/resend").sees(http.StatusConflict, "The person has to ask for new ones")
	v.get("/mail?state=given_up")
	if in, ok := s.house.lastAsked().(*membershipv1.ListMailRequest); !ok || in.GetState() != membershipv1.MailState_MAIL_STATE_GIVEN_UP {
		t.Errorf("%v", s.house.lastAsked())
	}
}

// TestSignInAgainAndComeBack: what asks for a recent sign-in leads to the sign-in page and back to the form, with what was typed.
func TestSignInAgainAndComeBack(t *testing.T) {
	s := newSite(t)
	why := "Elected at the meeting – ŵ & more"
	v := s.visitor("late").get("/members/ada/roles/new").send("/members/ada/roles/new", "role", "board", "reason", why).under("/sign-in").
		sees(http.StatusOK, "this needs a sign-in of the last 10 minutes")
	if v.value("email") != "ada@example.org" {
		t.Errorf("the address is not filled in: %q", v.value("email"))
	}
	v.send("/sign-in", "email", "ada@example.org").under("/confirm")
	v.send("/confirm", "code", "123456").under("/members/ada/roles/new").sees(http.StatusOK, why)
	if !strings.Contains(v.page.body, `value="board" checked`) {
		t.Error("the choice is lost")
	}
	if s.house.ended != 1 {
		t.Errorf("%d sessions ended: the one before has to be", s.house.ended)
	}
	v.send("/members/ada/roles/new", "role", "board", "reason", why).under("/members/ada")
	// What is too long for an address is left out, and the form is there all the same.
	long := s.visitor("late").get("/members/ada/roles/new").send("/members/ada/roles/new", "role", "board", "reason", strings.Repeat("long ", 400)).under("/sign-in")
	long.send("/sign-in", "email", "ada@example.org").send("/confirm", "code", "123456").under("/members/ada/roles/new")
	if !strings.Contains(long.page.body, `value="board" checked`) || strings.Contains(long.page.body, "long long") {
		t.Error("the choice is lost, or the long text is not")
	}
}

func TestDeviceWords(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0":                                                        "Firefox on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36":                         "Chrome on Android",
		"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0":                       "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15":                   "Safari on Mac",
		"<script>alert(1)</script>": "", "": "",
	} {
		if got := session.Device(agent); got != want {
			t.Errorf("%q is %q, want %q", agent, got, want)
		}
	}
}

// TestEndedElsewhere: a browser whose session was ended elsewhere comes to the sign-in page, though the gateway keeps a token for a minute.
func TestEndedElsewhere(t *testing.T) {
	s := newSite(t)
	v := s.visitor("ada").get("/me").sees(http.StatusOK, "Ada Example")
	s.house.mu.Lock()
	s.house.endedElsewhere = "ada"
	s.house.mu.Unlock()
	v.get("/me").under("/sign-in").sees(http.StatusOK, "Email address", "Join")
}
