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

// TestBrowserWalksAmendments walks a real browser through an amendment from the form, without scripts, to the vote that
// carries it and makes another fall.
func TestBrowserWalksAmendments(t *testing.T) {
	walker, browser := walkerOrSkip(t)
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	up := startChild(t, []string{clock.env()}, "up", "--data", dir, "--listen", freeAddress(t), "--admin-listen", freeAddress(t), "--smtp", box.Address())
	s := newStory(t, up.address("Folkmoot is on "), box, clock)
	s.found(links)
	start := s.debate()

	letters := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(box.Letters(r.URL.Query().Get("to")))
	}))
	defer letters.Close()
	people, err := json.Marshal(map[string]string{"chair": s.chair.email, "secretary": s.secretary.email, "member": s.member.email, "other": s.other.email})
	if err != nil {
		t.Fatal(err)
	}
	walk := func(phase string) {
		args := []string{filepath.Join(filepath.Dir(walker), "amendment.mjs"), "--base", s.base, "--mail", letters.URL, "--people", string(people),
			"--motion", s.motion, "--phase", phase, "--chromium", browser}
		if shots := os.Getenv("FOLKMOOT_SHOTS"); shots != "" {
			args = append(args, "--shots", filepath.Join(shots, phase))
		}
		if os.Getenv("FOLKMOOT_TEST") == "full" {
			args = append(args, "--thorough")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		out, err := exec.CommandContext(ctx, "node", args...).CombinedOutput()
		said := strings.TrimSpace(string(out))
		last := said[strings.LastIndexByte(said, '\n')+1:]
		if err != nil || !strings.HasPrefix(last, "walked: ") || !strings.HasSuffix(last, " 0 problems") {
			t.Fatalf("%s: %v\n%s", phase, err, said)
		}
		t.Log(phase + ": " + last)
	}
	walk("before")

	// The day of the meeting.
	s.clock.add(t, start.Sub(s.clock.now())+time.Minute)
	chair := s.token(s.again(s.chair))
	s.must("POST", "/v1/meetings/"+s.meeting+"/attendance", chair, map[string]any{"members": []string{s.secretary.id, s.chair.id, s.member.id, s.other.id}})
	s.act("/v1/meetings/"+s.meeting, "open", chair, nil)
	walk("meeting")

	list := s.must("GET", "/v1/motions/"+s.motion+"/amendments", "", nil)
	amendments, _ := list.body["amendments"].([]any)
	states := map[float64]string{}
	for _, a := range amendments {
		of := a.(map[string]any)
		states[of["number"].(float64)] = of["motion"].(map[string]any)["state"].(string)
	}
	if states[1] != "MOTION_STATE_CARRIED" || states[2] != "MOTION_STATE_FALLEN" {
		t.Fatalf("after the meeting the amendments are %v", states)
	}
	if got := s.must("GET", "/v1/motions/"+s.motion, "", nil).text("text"); got != "That the co-operative:\n\n1. may bid for public funding;\n2. bids with others.\n\nIt reports to members." {
		t.Fatalf("the motion reads %q", got)
	}
}

// debate brings a society to a month before its general meeting, with a motion of several clauses on the order paper, and
// returns when the meeting starts.
func (s *story) debate() time.Time {
	s.member, s.other = s.join("Asha Member", "asha@example.org", ""), s.join("Ben Other", "ben@example.org", "")
	for _, p := range []someone{s.secretary, s.treasurer, s.chair, s.member, s.other} {
		s.give(p)
	}
	eventually(s.t, "the £1 makes its giver current", func() bool {
		return s.must("GET", "/v1/me", s.token(s.other), nil).text("standing") == "STANDING_CURRENT"
	})
	secretary := s.token(s.secretary)
	start := s.clock.now().Add(30 * 24 * time.Hour)
	s.meeting = s.must("POST", "/v1/meetings", secretary, map[string]any{
		"kind": "MEETING_KIND_AGM", "title": "First annual general meeting", "place": "Town hall", "startTime": start.UTC().Format(time.RFC3339),
	}).text("id")
	s.motion = s.must("POST", "/v1/motions", s.token(s.secretary), map[string]any{
		"meeting": s.meeting, "title": "To bid for funding",
		"text": "That the co-operative:\n\n1. may bid for funding;\n2. bids with others.\n\nIt reports to members.",
	}).text("id")
	s.must("POST", "/v1/motions/"+s.motion+":second", s.token(s.chair), map[string]any{})
	s.act("/v1/motions/"+s.motion, "accept", secretary, nil)
	s.act("/v1/meetings/"+s.meeting, "giveNotice", secretary, nil)
	return start
}
