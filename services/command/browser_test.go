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

// TestBrowserWalksTheStory walks the story of a co-operative that decides something in a real browser: every page goes
// through axe and the checks of geometry of gateway/web/browser. FOLKMOOT_SHOTS names a folder for screenshots.
func TestBrowserWalksTheStory(t *testing.T) {
	walker, browser := walkerOrSkip(t)
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	up := startChild(t, []string{clock.env()}, "up", "--data", dir, "--listen", freeAddress(t), "--admin-listen", freeAddress(t), "--smtp", box.Address())
	s := newStory(t, up.address("Folkmoot is on "), box, clock)
	s.found(links)
	s.stage()

	letters := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(box.Letters(r.URL.Query().Get("to")))
	}))
	defer letters.Close()
	people, err := json.Marshal(map[string]any{
		"chair": s.chair.email, "secretary": s.secretary.email, "treasurer": s.treasurer.email, "member": s.member.email, "other": s.other.email,
		"third": s.secretary.email, "present": []string{"Asha Member", "Ben Other", "Founder chair", "Founder secretary"},
	})
	if err != nil {
		t.Fatal(err)
	}
	args := []string{walker, "--base", s.base, "--mail", letters.URL, "--people", string(people), "--chromium", browser}
	if shots := os.Getenv("FOLKMOOT_SHOTS"); shots != "" {
		args = append(args, "--shots", shots)
	}
	if os.Getenv("FOLKMOOT_TEST") == "full" {
		args = append(args, "--thorough")
	}
	deadline, ok := t.Deadline()
	if !ok {
		deadline = time.Now().Add(30 * time.Minute)
	}
	ctx, cancel := context.WithDeadline(t.Context(), deadline.Add(-20*time.Second))
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", args...).CombinedOutput()
	said := strings.TrimSpace(string(out))
	last := said[strings.LastIndexByte(said, '\n')+1:]
	if err != nil || !strings.HasPrefix(last, "walked: ") || !strings.HasSuffix(last, " 0 problems") {
		t.Fatalf("%v\n%s", err, said)
	}
	t.Log(last)
}

// stage brings a society to the hour of its general meeting, with a motion on the order paper.
func (s *story) stage() {
	s.member, s.other = s.join("Asha Member", "asha@example.org", ""), s.join("Ben Other", "ben@example.org", "")
	for _, p := range []someone{s.secretary, s.treasurer, s.chair, s.member, s.other} {
		s.give(p)
	}
	eventually(s.t, "the £1 makes its giver current", func() bool {
		return s.must("GET", "/v1/me", s.token(s.other), nil).text("standing") == "STANDING_CURRENT"
	})
	secretary := s.token(s.secretary)
	s.must("POST", "/v1/regions", secretary, map[string]any{"region": "london", "name": "London", "state": "REGION_STATE_MEETING"})
	s.must("POST", "/v1/regions", secretary, map[string]any{"region": "yorkshire", "name": "Yorkshire and the Humber"})
	start := s.clock.now().Add(30 * 24 * time.Hour)
	s.meeting = s.must("POST", "/v1/meetings", secretary, map[string]any{
		"kind": "MEETING_KIND_AGM", "title": "First annual general meeting", "place": "Town hall", "startTime": start.UTC().Format(time.RFC3339),
	}).text("id")
	s.motion = s.must("POST", "/v1/motions", s.token(s.member), map[string]any{
		"meeting": s.meeting, "title": "To bid for funding",
		"text": "That the co-operative **may bid** for funding:\n\n- in its own name, and\n- with others.",
	}).text("id")
	s.must("POST", "/v1/motions/"+s.motion+":second", s.token(s.other), map[string]any{})
	s.act("/v1/motions/"+s.motion, "accept", secretary, nil)
	s.act("/v1/meetings/"+s.meeting, "giveNotice", secretary, nil)
	s.clock.add(s.t, start.Sub(s.clock.now())+time.Minute)
}

// walkerOrSkip returns the walker's file and the browser, or leaves the test out, saying why.
func walkerOrSkip(t *testing.T) (walker, browser string) {
	t.Helper()
	out := func(why string) {
		t.Helper()
		if os.Getenv("FOLKMOOT_TEST") == "full" {
			t.Fatal(why)
		}
		t.Skip("left out: " + why)
	}
	if testing.Short() {
		out("the browser is slow, and -short was asked for")
	}
	folder, err := filepath.Abs("../../gateway/web/browser")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("node"); err != nil {
		out("node is not installed")
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "playwright-core")); err != nil {
		out("playwright-core is not installed: npm ci in gateway/web/browser")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Join(folder, "walk.mjs"), path
		}
	}
	out("chromium is not installed: apt-get install chromium")
	return "", ""
}
