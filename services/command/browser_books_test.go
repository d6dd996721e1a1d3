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

// TestBrowserKeepsTheBooks walks how a treasurer and a chair keep the books in a real browser: a statement is checked, imported and
// matched, spending is approved, cash counted, and the month closed by the second officer.
func TestBrowserKeepsTheBooks(t *testing.T) {
	walker, browser := walkerOrSkip(t)
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	up := startChild(t, []string{clock.env()}, "up", "--data", dir, "--listen", freeAddress(t), "--admin-listen", freeAddress(t), "--smtp", box.Address())
	s := newStory(t, up.address("Folkmoot is on "), box, clock)
	s.found(links)
	asha, _ := s.join("Asha Member", "asha@example.org", ""), s.join("Ben Other", "ben@example.org", "")
	reference := s.must("GET", "/v1/members/"+asha.id, s.token(s.secretary), nil).text("paymentReference")

	letters := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(box.Letters(r.URL.Query().Get("to")))
	}))
	defer letters.Close()
	now := clock.now()
	last := time.Date(now.Year(), now.Month(), 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, -1)
	people, err := json.Marshal(map[string]any{
		"treasurer": s.treasurer.email, "chair": s.chair.email, "reference": reference, "above": "150",
		"month": last.Format("2006-01"), "last": last.Format("2/1/2006"), "lastISO": last.Format(time.DateOnly),
	})
	if err != nil {
		t.Fatal(err)
	}
	args := []string{filepath.Join(filepath.Dir(walker), "books.mjs"), "--base", s.base, "--mail", letters.URL, "--people", string(people), "--chromium", browser}
	if shots := os.Getenv("FOLKMOOT_SHOTS"); shots != "" {
		args = append(args, "--shots", filepath.Join(shots, "books"))
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
	end := said[strings.LastIndexByte(said, '\n')+1:]
	if err != nil || !strings.HasPrefix(end, "walked: ") || !strings.HasSuffix(end, " 0 problems") {
		t.Fatalf("%v\n%s", err, said)
	}
	t.Log(end)
}
