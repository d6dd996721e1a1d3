package command

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestBrowserUsesACard walks through the desk with a real browser: gateway/web/browser/desk.mjs says what.
func TestBrowserUsesACard(t *testing.T) {
	if os.Getenv("FOLKMOOT_TEST") != "full" {
		t.Skip("left out: half a minute and more of a browser; FOLKMOOT_TEST=full walks it")
	}
	walker, browser := walkerOrSkip(t)
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	up := startChild(t, []string{clock.env()}, "up", "--data", dir, "--listen", "localhost:0", "--admin-listen", freeAddress(t), "--smtp", box.Address())
	s := newStory(t, up.address("Folkmoot is on "), box, clock)
	s.found(links)

	helper := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if minutes, err := strconv.Atoi(r.URL.Query().Get("minutes")); err == nil && r.Method == http.MethodPost {
			clock.add(t, time.Duration(minutes)*time.Minute)
			return
		}
		_ = json.NewEncoder(w).Encode(box.Letters(r.URL.Query().Get("to")))
	}))
	defer helper.Close()
	people, err := json.Marshal(map[string]any{"secretary": s.secretary.email, "chair": s.chair.email})
	if err != nil {
		t.Fatal(err)
	}
	args := []string{
		filepath.Join(filepath.Dir(walker), "desk.mjs"), "--base", s.base, "--mail", helper.URL, "--later", helper.URL, "--people", string(people), "--chromium", browser,
	}
	if shots := os.Getenv("FOLKMOOT_SHOTS"); shots != "" {
		args = append(args, "--shots", filepath.Join(shots, "desk"))
	}
	if os.Getenv("FOLKMOOT_TEST") == "full" {
		args = append(args, "--thorough")
	}
	deadline, ok := t.Deadline()
	if !ok {
		deadline = time.Now().Add(15 * time.Minute)
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
