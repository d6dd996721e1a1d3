package command

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBrowserReadsTheReports walks the reports in a real browser, downloads the auditor's pack there and verifies it without the
// house, first spoilt.
func TestBrowserReadsTheReports(t *testing.T) {
	walker, browser := walkerOrSkip(t)
	walker = filepath.Join(filepath.Dir(walker), "report.mjs")
	clock, box, dir, downloads := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data"), t.TempDir()
	links := foundSociety(t, dir, clock)
	up := startChild(t, []string{clock.env()}, "up", "--data", dir, "--listen", freeAddress(t), "--admin-listen", freeAddress(t), "--smtp", box.Address())
	s := newStory(t, up.address("Folkmoot is on "), box, clock)
	s.found(links)
	before := s.giveInRegions()

	letters := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(box.Letters(r.URL.Query().Get("to")))
	}))
	defer letters.Close()
	people, err := json.Marshal(map[string]any{
		"secretary": s.secretary.email, "treasurer": s.treasurer.email, "member": s.member.email,
		"surplus": "£20.50", "before": before.Format("2/1/2006"), "surplusBefore": "£24",
	})
	if err != nil {
		t.Fatal(err)
	}
	args := []string{walker, "--base", s.base, "--mail", letters.URL, "--people", string(people), "--downloads", downloads, "--chromium", browser}
	if shots := os.Getenv("FOLKMOOT_SHOTS"); shots != "" {
		args = append(args, "--shots", shots)
	}
	if os.Getenv("FOLKMOOT_TEST") == "full" {
		args = append(args, "--thorough")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", args...).CombinedOutput()
	words := strings.TrimSpace(string(out))
	last := words[strings.LastIndexByte(words, '\n')+1:]
	if err != nil || !strings.HasPrefix(last, "walked: ") || !strings.HasSuffix(last, " 0 problems") {
		t.Fatalf("%v\n%s", err, words)
	}
	t.Log(last)

	pack := filepath.Join(downloads, "pack.zip")
	raw, err := os.ReadFile(pack)
	if err != nil {
		t.Fatal(err)
	}
	spoilt := filepath.Join(downloads, "spoilt.zip")
	raw[len(raw)/3] ^= 1
	if err := os.WriteFile(spoilt, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _, code := runHere("verify", spoilt); code == 0 {
		t.Fatalf("a spoilt pack is verified:\n%s", out)
	}
	key := filepath.Join(downloads, "key")
	if err := os.WriteFile(key, []byte(s.must("GET", "/log/ledger/vkey", "", nil).raw), 0o600); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(downloads, "kept")
	if err := os.WriteFile(kept, []byte(s.must("GET", "/log/ledger/checkpoint", "", nil).raw), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, errs, code := runHere("verify", pack, "--vkey", key, "--checkpoint", kept); code != 0 || !strings.Contains(out, "are what the entries give") ||
		!strings.Contains(out, "are what was signed then") {
		t.Errorf("the pack that the browser took: status %d\n%s%s", code, out, errs)
	}
	if _, errs, code := runHere("verify", pack, "--save", kept); code == 0 || !strings.Contains(errs, "--save") {
		t.Errorf("--save with a pack: status %d\n%s", code, errs)
	}
}

// giveInRegions has members of three regions give £1 each, the treasurer spend £2.50 after that, and one gift entered twice. It returns
// the last day before the spending.
func (s *story) giveInRegions() time.Time {
	secretary, treasurer := s.token(s.secretary), s.token(s.treasurer)
	for id, name := range map[string]string{"london": "London", "midlands": "Midlands", "devon": "Devon"} {
		s.must("POST", "/v1/regions", secretary, map[string]any{"region": id, "name": name, "state": "REGION_STATE_MEETING"})
	}
	s.member = s.join("Asha Member", "asha@example.org", "london")
	s.join("Nora Not Yet", "nora@example.org", "devon")
	givers := []someone{s.member}
	for i := range 21 {
		region := "london"
		if i >= 9 {
			region = "midlands"
		}
		givers = append(givers, s.join(fmt.Sprintf("Giver %d", i), fmt.Sprintf("giver%d@example.org", i), region))
	}
	gift := func(p someone, day time.Time) {
		s.must("POST", "/v1/ledger/donations", treasurer, map[string]any{
			"member": p.id, "amountPence": 100, "method": "METHOD_BANK", "occurDate": day.Format("2006-01-02"),
		})
	}
	now := s.clock.now()
	week := now.AddDate(0, 0, -7-(int(now.Weekday())+6)%7) // The Monday of the last whole week.
	for _, p := range givers {
		gift(p, week)
	}
	// Devon alone in the week before: it is not shown.
	gift(s.join("Dora Devon", "dora@example.org", "devon"), week.AddDate(0, 0, -7))
	s.clock.add(s.t, 24*time.Hour)
	treasurer = s.token(s.treasurer)
	s.must("POST", "/v1/ledger/entries", treasurer, map[string]any{
		"occurDate": s.clock.now().Format("2006-01-02"), "description": "=Hall, \"A\"; hire",
		"postings": []any{map[string]any{"account": "expenses:hall", "amountPence": 350}, map[string]any{"account": "assets:bank", "amountPence": -350}},
	})
	gift(s.member, s.clock.now())
	gift(s.member, s.clock.now())
	// Entered by mistake, and reversed.
	extra := s.must("POST", "/v1/ledger/donations", treasurer, map[string]any{
		"member": s.member.id, "amountPence": 900, "method": "METHOD_CASH", "occurDate": s.clock.now().Format("2006-01-02"),
	})
	s.must("POST", "/v1/ledger/entries/"+extra.text("id")+":reverse", s.token(s.again(s.treasurer)), map[string]any{"reason": "A mistake"})
	// A day forward: what is entered now about an earlier day comes after its close.
	gift(s.member, week.AddDate(0, 0, 1))
	s.must("POST", "/v1/ledger/entries", treasurer, map[string]any{
		"occurDate": s.clock.now().Format("2006-01-02"), "description": "Biscuits",
		"postings": []any{map[string]any{"account": "expenses:refreshments", "amountPence": 200}, map[string]any{"account": "assets:bank", "amountPence": -200}},
	})
	return now
}
