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

// TestBrowserGivesByCard walks how a member gives £1 by the provider that runs on this machine, in a real browser.
func TestBrowserGivesByCard(t *testing.T) {
	walker, browser := walkerOrSkip(t)
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	listen := freeAddress(t)
	args := append([]string{"up", "--data", dir, "--listen", listen, "--admin-listen", freeAddress(t), "--smtp", box.Address()}, providerFlags(t, "http://"+listen, clock)...)
	up := startChild(t, []string{clock.env()}, args...)
	s := newStory(t, up.address("Folkmoot is on "), box, clock)
	s.found(links)
	s.member, s.other = s.join("Asha Member", "asha@example.org", ""), s.join("Ben Other", "ben@example.org", "")
	letters := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(box.Letters(r.URL.Query().Get("to")))
	}))
	defer letters.Close()
	people, err := json.Marshal(map[string]string{"member": s.member.email, "other": s.other.email, "treasurer": s.treasurer.email})
	if err != nil {
		t.Fatal(err)
	}
	node := []string{filepath.Join(filepath.Dir(walker), "pay.mjs"), "--base", s.base, "--mail", letters.URL, "--people", string(people), "--chromium", browser}
	if shots := os.Getenv("FOLKMOOT_SHOTS"); shots != "" {
		node = append(node, "--shots", shots)
	}
	if os.Getenv("FOLKMOOT_TEST") == "full" {
		node = append(node, "--thorough")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", node...).CombinedOutput()
	said := strings.TrimSpace(string(out))
	last := said[strings.LastIndexByte(said, '\n')+1:]
	if err != nil || !strings.HasPrefix(last, "walked: ") || !strings.HasSuffix(last, " 0 problems") {
		t.Fatalf("%v\n%s", err, said)
	}
	t.Log(last)
}
