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

// TestBrowserWalksPrivacy walks the public logs, officers' acts, one's own data and access needs in a real browser.
func TestBrowserWalksPrivacy(t *testing.T) {
	walker, browser := walkerOrSkip(t)
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	up := startChild(t, []string{clock.env()}, "up", "--data", dir, "--listen", freeAddress(t), "--admin-listen", freeAddress(t), "--smtp", box.Address())
	s := newStory(t, up.address("Folkmoot is on "), box, clock)
	s.found(links)
	checkpoint := s.must("GET", "/log/register/checkpoint", "", nil).raw
	s.stage()

	letters := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(box.Letters(r.URL.Query().Get("to")))
	}))
	defer letters.Close()
	people, err := json.Marshal(map[string]string{"secretary": s.secretary.email, "member": s.member.email, "other": s.other.email})
	if err != nil {
		t.Fatal(err)
	}
	args := []string{filepath.Join(filepath.Dir(walker), "privacy.mjs"), "--base", s.base, "--mail", letters.URL, "--people", string(people),
		"--meeting", s.meeting, "--checkpoint", checkpoint, "--chromium", browser}
	if shots := os.Getenv("FOLKMOOT_SHOTS"); shots != "" {
		args = append(args, "--shots", shots)
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
		t.Fatalf("%v\n%s", err, said)
	}
	t.Log(last)
}
