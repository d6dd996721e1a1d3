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

// TestBrowserSignsIn walks through signing in with a real browser and a virtual authenticator: gateway/web/browser/signin.mjs says what.
func TestBrowserSignsIn(t *testing.T) {
	walker, browser := walkerOrSkip(t)
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	// Passkeys need a host with a name.
	up := startChild(t, []string{clock.env()}, "up", "--data", dir, "--listen", "localhost:0", "--admin-listen", freeAddress(t), "--smtp", box.Address())
	s := newStory(t, up.address("Folkmoot is on "), box, clock)
	s.found(links)
	s.member = s.join("Asha Member", "asha@example.org", "")
	s.must("POST", "/v1/sessions:signOut", s.token(s.member), map[string]any{})

	helper := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if minutes, err := strconv.Atoi(r.URL.Query().Get("minutes")); err == nil && r.Method == http.MethodPost {
			clock.add(t, time.Duration(minutes)*time.Minute)
			return
		}
		_ = json.NewEncoder(w).Encode(box.Letters(r.URL.Query().Get("to")))
	}))
	defer helper.Close()
	people, err := json.Marshal(map[string]any{"member": s.member.email, "memberId": s.member.id, "secretary": s.secretary.email})
	if err != nil {
		t.Fatal(err)
	}
	args := []string{
		filepath.Join(filepath.Dir(walker), "signin.mjs"), "--base", s.base, "--mail", helper.URL, "--later", helper.URL, "--people", string(people), "--chromium", browser,
	}
	if shots := os.Getenv("FOLKMOOT_SHOTS"); shots != "" {
		args = append(args, "--shots", filepath.Join(shots, "signin"))
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
