package command

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBrowserWalksTheRegister walks what happens to entries of the register, in a real browser: moving, another name and address,
// the question about standing, an expulsion by a resolution, an application that waits, doubles, an objection, leaving.
func TestBrowserWalksTheRegister(t *testing.T) {
	if os.Getenv("FOLKMOOT_TEST") != "full" {
		t.Skip("left out: a minute and more of a browser; FOLKMOOT_TEST=full walks it")
	}
	walker, browser := walkerOrSkip(t)
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	up := startChild(t, []string{clock.env()}, "up", "--data", dir, "--listen", freeAddress(t), "--admin-listen", freeAddress(t), "--smtp", box.Address())
	s := newStory(t, up.address("Folkmoot is on "), box, clock)
	s.found(links)
	carol := s.expulsion()
	twin, other := s.join("Nia Jones", "nia@example.org", "london"), s.join("nia jones", "nia@elsewhere.example.org", "london")

	letters := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(box.Letters(r.URL.Query().Get("to")))
	}))
	defer letters.Close()
	people, err := json.Marshal(map[string]any{
		"chair": s.chair.email, "secretary": s.secretary.email, "treasurer": s.treasurer.email, "member": s.member.email, "other": s.other.email,
		"expelled": carol.email, "expelledId": carol.id, "motion": s.motion, "twins": []string{twin.id, other.id},
		"today": s.clock.now().Format("2/1/2006"), "before": s.clock.now().Add(-48 * time.Hour).Format("2/1/2006"),
	})
	if err != nil {
		t.Fatal(err)
	}
	args := []string{filepath.Join(filepath.Dir(walker), "register.mjs"), "--base", s.base, "--mail", letters.URL, "--people", string(people), "--chromium", browser}
	if shots := os.Getenv("FOLKMOOT_SHOTS"); shots != "" {
		args = append(args, "--shots", shots)
	}
	if os.Getenv("FOLKMOOT_SHOTS") == "" {
		args = append(args, "--thorough")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", args...).CombinedOutput()
	said := strings.TrimSpace(string(out))
	last := said[strings.LastIndexByte(said, '\n')+1:]
	if err != nil || !strings.HasPrefix(last, "walked: ") || !strings.HasSuffix(last, " 0 problems") {
		t.Fatalf("%v\n%s", err, said)
	}
	t.Log(last)
	// What the browser did stands in the register, and the register is what its public log commits to.
	history := s.must("GET", "/v1/members/"+carol.id+"/history", s.token(s.secretary), nil)
	for _, kind := range []string{"expelled", "readmitted"} {
		if !strings.Contains(history.raw, `"kind":"`+kind+`"`) {
			t.Errorf("%s is not in the history: %s", kind, history.raw)
		}
	}
}

// expulsion has a general meeting carry a motion that expels a member, whom it returns.
func (s *story) expulsion() someone {
	s.t.Helper()
	secretary := s.token(s.secretary)
	s.must("POST", "/v1/regions", secretary, map[string]any{"region": "london", "name": "London", "state": "REGION_STATE_MEETING"})
	s.member, s.other = s.join("Asha Member", "asha@example.org", ""), s.join("Ben Other", "ben@example.org", "")
	carol := s.join("Carol Cheat", "carol@example.org", "london")
	for _, p := range []someone{s.secretary, s.treasurer, s.chair, s.member, s.other} {
		s.give(p)
	}
	eventually(s.t, "the £1 makes its giver current", func() bool {
		return s.must("GET", "/v1/me", s.token(s.other), nil).text("standing") == "STANDING_CURRENT"
	})
	start := s.clock.now().Add(30 * 24 * time.Hour)
	s.meeting = s.must("POST", "/v1/meetings", secretary, map[string]any{
		"kind": "MEETING_KIND_AGM", "title": "First annual general meeting", "place": "Town hall", "startTime": start.UTC().Format(time.RFC3339),
	}).text("id")
	s.motion = s.must("POST", "/v1/motions", s.token(s.member), map[string]any{
		"meeting": s.meeting, "title": "To expel a member", "text": "That Carol Cheat be expelled from the co-operative.",
	}).text("id")
	s.must("POST", "/v1/motions/"+s.motion+":second", s.token(s.other), map[string]any{})
	s.act("/v1/motions/"+s.motion, "accept", secretary, nil)
	s.act("/v1/meetings/"+s.meeting, "giveNotice", secretary, nil)
	s.clock.add(s.t, start.Sub(s.clock.now())+time.Minute)
	chair := s.token(s.chair)
	s.must("POST", "/v1/meetings/"+s.meeting+"/attendance", chair, map[string]any{"members": []string{s.secretary.id, s.treasurer.id, s.chair.id, s.member.id, s.other.id}})
	s.act("/v1/meetings/"+s.meeting, "open", chair, nil)
	// Before the vote nobody is expelled.
	s.refused(s.do("POST", "/v1/members/"+carol.id+":end", s.token(s.again(s.secretary)), "", "", map[string]any{
		"ending": "ENDING_EXPELLED", "reason": "As decided.", "motion": s.motion,
	}), http.StatusConflict, "RESOLUTION_NOT_DECLARED")
	ballot := s.act("/v1/motions/"+s.motion, "openVote", chair, nil).text("vote", "ballot")
	for _, p := range []someone{s.secretary, s.member, s.other} {
		s.must("POST", "/v1/ballots/"+ballot+"/votes", s.token(p), map[string]any{"choice": "CHOICE_FOR"})
	}
	s.act("/v1/motions/"+s.motion, "closeVote", chair, nil)
	s.act("/v1/motions/"+s.motion, "declare", s.token(s.again(s.chair)), nil)
	return carol
}
