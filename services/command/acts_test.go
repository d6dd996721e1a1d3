package command

import (
	"net/http"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/gateway/web/page/officeract"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	ballots "github.com/localgovdigital/folkmoot/services/ballots/server"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	ledger "github.com/localgovdigital/folkmoot/services/ledger/server"
	membership "github.com/localgovdigital/folkmoot/services/membership/server"
	motions "github.com/localgovdigital/folkmoot/services/motions/server"
)

// exercised are methods that members call too, and that say themselves when it was an office that let the caller through.
var exercised = []string{
	"/folkmoot.membership.v1.MembershipService/EndRole", "/folkmoot.membership.v1.MembershipService/GetMember",
	"/folkmoot.membership.v1.RegisterService/ListHistory", "/folkmoot.membership.v1.RegisterService/ExplainStanding",
	"/folkmoot.membership.v1.RegisterService/MoveRegion", "/folkmoot.membership.v1.RegisterService/ChangeName",
	"/folkmoot.membership.v1.RegisterService/ListObjections",
	"/folkmoot.ledger.v1.LedgerService/ListEntries", "/folkmoot.ledger.v1.LedgerService/GetEntry", "/folkmoot.ledger.v1.LedgerService/GetEntryProof",
}

// TestEveryOfficeIsShownInWords holds that each method that an office lets people call has a sentence in both languages, so that
// members can read what was done: gateway/web/text/words/acts.*.toml. That it is recorded is for the guard, which no
// method can pass by (package rpc, TestNoActOfAnOfficeIsForgotten).
func TestEveryOfficeIsShownInWords(t *testing.T) {
	texts, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	methods := append([]string{}, exercised...)
	for _, policies := range []auth.Policies{new(membership.Server).Policies(), new(ledger.Server).Policies(), motions.Policies(), ballots.Policies()} {
		for method, p := range policies {
			if p.Privileged() {
				methods = append(methods, method)
			}
		}
	}
	if len(methods) < 20 {
		t.Fatalf("only %d methods: the test looks in the wrong place", len(methods))
	}
	said := map[string]bool{}
	for _, method := range methods {
		id := officeract.ID(method)
		said[id] = true
		for _, lang := range text.Languages {
			if !texts.Printer(lang).Has(id) {
				t.Errorf("%s: there is no sentence for %s in words/acts.%s.toml", id, method, lang)
			}
		}
	}
	for _, id := range texts.Printer(text.English).IDs() {
		if strings.HasPrefix(id, "acts.") && strings.Count(id, ".") == 2 && !said[id] {
			t.Errorf("%s is a sentence for no method that an office lets people call", id)
		}
	}
}

// TestOfficersActsAreSeen lives through a society's first vote and finds every act of an officer in it, each recorded with what was
// done, as members see them.
func TestOfficersActsAreSeen(t *testing.T) {
	clock, box, dir := newClockFile(t), newMailbox(t), t.TempDir()+"/data"
	links := foundSociety(t, dir, clock)
	up := startChild(t, []string{clock.env()}, "up", "--data", dir, "--listen", "localhost:0", "--smtp", box.Address())
	s := newStory(t, up.address("Folkmoot is on "), box, clock)
	s.found(links)
	s.walk()
	s.must("POST", "/v1/regions", s.token(s.secretary), map[string]any{"region": "wales", "name": "Wales"})
	s.must("GET", "/v1/members", s.token(s.secretary), nil)
	s.must("GET", "/v1/members", s.token(s.secretary), nil)
	seen := map[string]int{}
	for _, room := range []string{"membership", "ledger", "motions", "ballots"} {
		s.refused(s.do("GET", "/v1/"+room+"/officer-acts", "", "", "", nil), http.StatusUnauthorized, "SIGN_IN")
		token := ""
		for {
			reply := s.must("GET", "/v1/"+room+"/officer-acts?pageSize=3&pageToken="+token, s.token(s.member), nil)
			all, _ := reply.body["acts"].([]any)
			for _, a := range all {
				a := a.(map[string]any)
				method, _ := a["method"].(string)
				seen[method[strings.LastIndexByte(method, '/')+1:]]++
				if a["role"] == "" || a["member"] == "" || a["actTime"] == "" {
					t.Errorf("%v", a)
				}
			}
			if token = reply.text("nextPageToken"); token == "" {
				break
			}
		}
	}
	for _, method := range []string{"CreateRegion", "RecordDonation", "CreateMeeting", "GiveNotice", "AcceptMotion", "RecordAttendance", "OpenMeeting", "OpenVote", "CloseVote", "DeclareVote"} {
		if seen[method] == 0 {
			t.Errorf("%s is not there: %v", method, seen)
		}
	}
	if seen["ListMembers"] != 1 {
		t.Errorf("looking twice on one day is one line: %v", seen)
	}
	if seen["SecondMotion"]+seen["CastVote"]+seen["GetMe"] > 0 {
		t.Errorf("what members do is no officer's act: %v", seen)
	}
	up.stop()
	if strings.Contains(up.said(), "beside its transaction") {
		t.Errorf("an act was recorded beside what was done:\n%s", up.said())
	}
}
