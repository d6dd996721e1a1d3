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

// TestBrowserLooksAtARoll walks a roll that is prepared, challenged, superseded and compared in a real browser.
func TestBrowserLooksAtARoll(t *testing.T) {
	walker, browser := walkerOrSkip(t)
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	up := startChild(t, []string{clock.env()}, "up", "--data", dir, "--listen", freeAddress(t), "--admin-listen", freeAddress(t), "--smtp", box.Address())
	s := newStory(t, up.address("Folkmoot is on "), box, clock)
	s.found(links)
	s.stage()
	late := s.join("Gwen Hwyr", "gwen@example.org", "")
	s.give(late)
	eventually(t, "the £1 makes its giver current", func() bool {
		return s.must("GET", "/v1/me", s.token(late), nil).text("standing") == "STANDING_CURRENT"
	})

	letters := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(box.Letters(r.URL.Query().Get("to")))
	}))
	defer letters.Close()
	people, err := json.Marshal(map[string]any{
		"chair": s.chair.email, "secretary": s.secretary.email, "late": late.email, "lateName": "Gwen Hwyr",
		"names": []string{"Asha Member", "Ben Other", "Gwen Hwyr", "Founder chair", "Founder secretary"},
	})
	if err != nil {
		t.Fatal(err)
	}
	args := []string{filepath.Join(filepath.Dir(walker), "roll.mjs"), "--base", s.base, "--mail", letters.URL, "--people", string(people), "--chromium", browser}
	if shots := os.Getenv("FOLKMOOT_SHOTS"); shots != "" {
		args = append(args, "--shots", filepath.Join(shots, "roll"))
	}
	if os.Getenv("FOLKMOOT_TEST") == "full" {
		args = append(args, "--thorough")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", args...).CombinedOutput()
	said := strings.TrimSpace(string(out))
	last := said[strings.LastIndexByte(said, '\n')+1:]
	if err != nil || !strings.HasPrefix(last, "walked: ") || !strings.HasSuffix(last, " 0 problems") {
		t.Fatalf("%v\n%s", err, said)
	}
	t.Log(last)
}
