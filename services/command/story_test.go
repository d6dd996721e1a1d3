package command

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/mail"
)

// story is a society from its founding to its first declared vote, over REST.
type story struct {
	*api
	clock                                 *clockFile
	secretary, treasurer, chair           someone
	member, other, late                   someone
	meeting, motion, ballot, firstReceipt string
}

func newStory(t *testing.T, base string, box *mail.Mailbox, clock *clockFile) *story {
	return &story{api: &api{t: t, base: base, box: box}, clock: clock}
}

func (s *story) found(links map[string]string) {
	s.t.Helper()
	for office, who := range map[string]*someone{"secretary": &s.secretary, "treasurer": &s.treasurer, "chair": &s.chair} {
		email := office + "@example.org"
		in := map[string]any{"invitation": links[office], "name": "Founder " + office, "email": email, "soleMembership": true}
		got := s.must("POST", "/v1/founding:accept", "", in)
		*who = someone{email: email, id: got.text("member"), session: got.text("sessionSecret")}
		s.refused(s.do("POST", "/v1/founding:accept", "", "", "", in), http.StatusConflict, "INVITATION_USED")
	}
	eventually(s.t, "the founding act adopts rule book 1", func() bool {
		return s.do("GET", "/v1/rules", "", "", "", nil).status == http.StatusOK
	})
}

// give has the treasurer book a member's £1.
func (s *story) give(p someone) answer {
	s.t.Helper()
	return s.must("POST", "/v1/ledger/donations", s.token(s.treasurer), map[string]any{
		"member": p.id, "amountPence": 100, "method": "METHOD_CASH", "occurDate": s.clock.now().Format("2006-01-02"), "reference": "tin",
	})
}

// walk lives through the story up to the declared result.
func (s *story) walk() {
	t := s.t
	s.member, s.other = s.join("Asha Member", "asha@example.org", ""), s.join("Ben Other", "ben@example.org", "")
	standing := func(p someone) string { return s.must("GET", "/v1/me", s.token(p), nil).text("standing") }
	for _, p := range []someone{s.secretary, s.treasurer, s.chair, s.member, s.other} {
		s.give(p)
	}
	eventually(t, "the £1 makes its giver current by an event", func() bool { return standing(s.member) == "STANDING_CURRENT" })

	secretary := s.token(s.secretary)
	start := s.clock.now().Add(30 * 24 * time.Hour)
	s.meeting = s.must("POST", "/v1/meetings", secretary, map[string]any{
		"kind": "MEETING_KIND_AGM", "title": "First AGM", "place": "Town hall", "startTime": start.UTC().Format(time.RFC3339),
	}).text("id")
	moved := s.must("POST", "/v1/motions", s.token(s.member), map[string]any{
		"meeting": s.meeting, "title": "Bid for funding", "text": "That the co-operative may bid for funding.",
	})
	s.motion = moved.text("id")
	s.refused(s.do("POST", "/v1/motions/"+s.motion+":second", s.token(s.member), "", "", map[string]any{}), http.StatusForbidden, "MOVER_CANNOT_SECOND")
	s.must("POST", "/v1/motions/"+s.motion+":second", s.token(s.other), map[string]any{})
	s.act("/v1/motions/"+s.motion, "accept", secretary, nil)
	s.act("/v1/meetings/"+s.meeting, "giveNotice", secretary, nil)

	// Who joins after the notice is not on the roll.
	s.clock.add(t, 24*time.Hour)
	s.late = s.join("Late Joiner", "late@example.org", "")
	s.give(s.late)
	eventually(t, "the late joiner's £1 arrives", func() bool { return standing(s.late) == "STANDING_CURRENT" })
	s.clock.add(t, start.Sub(s.clock.now())+time.Minute)

	chair := s.token(s.chair)
	s.must("POST", "/v1/meetings/"+s.meeting+"/attendance", chair, map[string]any{"members": []string{s.secretary.id, s.treasurer.id, s.chair.id, s.member.id, s.other.id, s.late.id}})
	s.act("/v1/meetings/"+s.meeting, "open", chair, nil)
	s.refused(s.do("POST", "/v1/motions/"+s.motion+":openVote", chair, "", "", map[string]any{}), http.StatusPreconditionRequired, "ETAG_MISSING")
	opened := s.act("/v1/motions/"+s.motion, "openVote", chair, nil)
	s.ballot = opened.text("vote", "ballot")
	if opened.text("state") != "MOTION_STATE_VOTING" || s.ballot == "" {
		t.Fatalf("the vote did not open: %s", opened.raw)
	}
	s.vote()
	s.act("/v1/motions/"+s.motion, "closeVote", chair, nil)
	s.refused(s.do("POST", "/v1/ballots/"+s.ballot+"/votes", s.token(s.secretary), "", "", map[string]any{"choice": "CHOICE_FOR"}), http.StatusConflict, "BALLOT_CLOSED")
	if got := s.must("GET", "/v1/ballots/"+s.ballot, "", nil); got.body["figures"] != nil {
		t.Fatalf("figures before publication: %s", got.raw)
	}
	s.refused(s.do("POST", "/v1/motions/"+s.motion+":declare", chair, "", "x", map[string]any{}), http.StatusUnauthorized, "FRESH_SIGN_IN")
	result := s.act("/v1/motions/"+s.motion, "declare", s.token(s.again(s.chair)), nil)
	r, _ := result.body["vote"].(map[string]any)["result"].(map[string]any)
	if r["votesFor"] != "2" || r["votesAgainst"] != "1" || r["abstentions"] != "1" || r["electors"] != "5" || r["carried"] != true {
		t.Fatalf("the result is %v", r)
	}
	eventually(t, "the figures are published", func() bool {
		got := s.must("GET", "/v1/ballots/"+s.ballot, "", nil)
		f, _ := got.body["figures"].(map[string]any)
		return f["votesFor"] == "2" && f["votesAgainst"] == "1"
	})
}

// vote casts four votes, and what must be refused.
func (s *story) vote() {
	path := "/v1/ballots/" + s.ballot + "/votes"
	first := s.do("POST", path, s.token(s.member), "a-key-of-the-member", "", map[string]any{"choice": "CHOICE_FOR"})
	s.firstReceipt = first.text("code")
	if first.status != http.StatusOK || s.firstReceipt == "" {
		s.t.Fatalf("the first vote: %d %s", first.status, first.raw)
	}
	again := s.do("POST", path, s.token(s.member), "a-key-of-the-member", "", map[string]any{"choice": "CHOICE_FOR"})
	if again.status != http.StatusOK || again.text("code") != s.firstReceipt {
		s.t.Fatalf("the same request again: %d %s", again.status, again.raw)
	}
	s.refused(s.do("POST", path, s.token(s.member), "a-key-of-the-member", "", map[string]any{"choice": "CHOICE_AGAINST"}), http.StatusUnprocessableEntity, "REQUEST_ID_REUSED")
	second := s.refused(s.do("POST", path, s.token(s.member), "", "", map[string]any{"choice": "CHOICE_AGAINST"}), http.StatusConflict, "ALREADY_VOTED")
	if second.text("details", "receipt") != s.firstReceipt {
		s.t.Fatalf("the refusal does not carry the first receipt: %s", second.raw)
	}
	refusal := s.refused(s.do("POST", path, s.token(s.late), "", "", map[string]any{"choice": "CHOICE_FOR"}), http.StatusForbidden, "NOT_ON_ROLL")
	if refusal.text("details", "date") == "" || refusal.text("details", "explanation") == "" {
		s.t.Fatalf("the refusal names no rule and date: %s", refusal.raw)
	}
	s.must("POST", path, s.token(s.other), map[string]any{"choice": "CHOICE_AGAINST"})
	s.must("POST", path, s.token(s.treasurer), map[string]any{"choice": "CHOICE_ABSTAIN"})
	s.must("POST", path, s.token(s.chair), map[string]any{"choice": "CHOICE_FOR"})
	s.refused(s.do("POST", path, "", "", "", map[string]any{"choice": "CHOICE_FOR"}), http.StatusUnauthorized, "SIGN_IN")
	s.refused(s.do("POST", path, s.token(s.secretary), "", "", map[string]any{"choice": "CHOICE_FOR", "weight": 2}), http.StatusBadRequest, "BAD_REQUEST")
}

func newMailbox(t testing.TB) *mail.Mailbox {
	t.Helper()
	box, err := mail.OpenMailbox()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	return box
}

func TestStoryInOneProcess(t *testing.T) {
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	args := []string{"up", "--data", dir, "--listen", "localhost:0", "--smtp", box.Address()}
	house := startChild(t, []string{clock.env()}, args...)
	s := newStory(t, house.address("Folkmoot is on "), box, clock)
	s.found(links)
	s.walk()
	house.stop()

	// A second start on the same data resumes.
	house = startChild(t, []string{clock.env()}, args...)
	s.base = house.address("Folkmoot is on ")
	if got := s.must("GET", "/v1/ballots/"+s.ballot+"/receipts/"+s.firstReceipt, "", nil); got.body["found"] != true {
		t.Fatalf("the receipt is gone after a restart: %s", got.raw)
	}
	house.stop()
}

func TestStoryInFiveProcesses(t *testing.T) {
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	// The rooms need each other's addresses before any of them runs.
	addresses := map[string]string{}
	for _, name := range auth.Rooms {
		addresses[name] = freeAddress(t)
	}
	var children []*child
	for _, name := range append([]string{"gateway"}, auth.Rooms...) {
		args := []string{"serve", name}
		if name == "gateway" {
			args = append(args, "--listen", "localhost:0")
		} else {
			args = append(args, "--listen", addresses[name], "--data", dir, "--database", "sqlite:"+services.DatabaseFile(dir, name))
		}
		if name == auth.Membership {
			args = append(args, "--smtp", box.Address(), "--public-url", "http://localhost:8080")
		}
		for _, other := range auth.Rooms {
			if other != name {
				args = append(args, "--"+other, addresses[other])
			}
		}
		children = append(children, startChild(t, []string{clock.env()}, args...))
	}
	s := newStory(t, children[0].address("Folkmoot is on "), box, clock)
	s.found(links)
	s.walk()
	for _, c := range children {
		c.stop()
	}
}
