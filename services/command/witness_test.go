package command

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/localgovdigital/folkmoot/services"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/translog/translogtest"
)

// startWitness starts a witness as a process of its own and returns its address and key.
func startWitness(t *testing.T, dir, listen string, logs ...string) (c *child, url, vkey string) {
	t.Helper()
	args := []string{"witness", "--data", dir, "--listen", listen, "--name", "witness.test/w1"}
	for _, l := range logs {
		args = append(args, "--log-vkey", l)
	}
	c = startChild(t, nil, args...)
	return c, c.address("The witness is on "), c.address("Its verifier key: ")
}

// TestWitness has a witness, a process of its own, sign both public logs of a house; kills it and starts it again; then spoils the
// logs in each way behind the house's back and has folkmoot verify name what was done, in the register and the ledger alike.
func TestWitness(t *testing.T) {
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	listen := freeAddress(t)
	up := []string{"up", "--data", dir, "--listen", listen, "--smtp", box.Address()}
	house := startChild(t, []string{clock.env()}, up...)
	s := newStory(t, house.address("Folkmoot is on "), box, clock)
	s.found(links)
	s.member, s.other = s.join("Asha Member", "asha@example.org", ""), s.join("Ben Other", "ben@example.org", "")
	for _, p := range []someone{s.secretary, s.treasurer, s.chair, s.member, s.other} {
		s.give(p)
	}
	vkey := func(log string) string { return strings.TrimSpace(s.must("GET", "/log/"+log+"/vkey", "", nil).raw) }
	folder := filepath.Join(t.TempDir(), "witness")
	w, url, key := startWitness(t, folder, "127.0.0.1:0", vkey("register"), vkey("ledger"))
	house.stop()
	up = append(up, "--witness", url+"="+key)
	house = startChild(t, []string{clock.env()}, up...)
	house.address("Folkmoot is on ")
	signed := func() {
		t.Helper()
		eventually(t, "both checkpoints carry the witness's signature", func() bool {
			return strings.Contains(s.must("GET", "/log/register/checkpoint", "", nil).raw, "\n— witness.test/w1 ") &&
				strings.Contains(s.must("GET", "/log/ledger/checkpoint", "", nil).raw, "\n— witness.test/w1 ")
		})
	}
	signed()
	// The house goes on while the witness is dead, and the witness remembers what it had signed.
	w.kill()
	s.give(s.member)
	w, _, again := startWitness(t, folder, strings.TrimPrefix(url, "http://"), vkey("register"), vkey("ledger"))
	if again != key {
		t.Fatalf("the witness started again has another key: %s and %s", key, again)
	}
	signed()

	kept := filepath.Join(t.TempDir(), "kept")
	out, errs, code := runHere("verify", s.base, "--witness-vkey", key, "--save", kept)
	if code != 0 || strings.Count(out, "by the witness witness.test/w1: on ") != 2 || !strings.Contains(out, "do not work together") || !strings.Contains(out, "an empty log is not signed") {
		t.Fatalf("a witnessed house: status %d\n%s%s", code, out, errs)
	}
	if out, _, _ := runHere("verify", s.base); !strings.Contains(out, "would prove nothing") {
		t.Errorf("signatures whose key the checker does not hold are not told apart:\n%s", out)
	}
	stranger := strangersKey(t)
	if out, _, code := runHere("verify", s.base, "--witness-vkey", stranger); code != 1 || strings.Count(out, "no checkpoint that the house serves carries its signature") != 2 {
		t.Errorf("a witness who never signed: status %d\n%s", code, out)
	}
	if out, errs, code := runHere("verify", s.base, "--witness-vkey", vkey("ledger")); code != 2 {
		t.Errorf("a log's key for a witness's: status %d\n%s%s", code, out, errs)
	}
	t.Run("the referee reads a cosigned checkpoint", func(t *testing.T) {
		for _, log := range []string{"register", "ledger"} {
			if holds, said := translogtest.Fsck(t, s.base+"/log/"+log+"/", vkey(log)); !holds {
				t.Errorf("%s: the referee objects:\n%s", log, said)
			}
		}
	})
	s.consistency(t)
	for log, room := range map[string]string{"register": auth.Membership, "ledger": auth.Ledger} {
		t.Run(log, func(t *testing.T) { s.tamper(t, services.DatabaseFile(dir, room), log, kept) })
	}

	// A fork: other leaves under the same key, of the same sizes and more. The house serves it in good order, and the witness does not sign.
	house.stop()
	for _, room := range []string{auth.Membership, auth.Ledger} {
		forget(t, services.DatabaseFile(dir, room), room)
	}
	house = startChild(t, []string{clock.env()}, up...)
	house.address("Folkmoot is on ")
	eventually(t, "the witness refuses both forks", func() bool {
		return strings.Contains(s.must("GET", "/log/register/witnesses", "", nil).raw, "HAS_SEEN_ANOTHER") &&
			strings.Contains(s.must("GET", "/log/ledger/witnesses", "", nil).raw, "HAS_SEEN_ANOTHER")
	})
	if out, errs, code := runHere("verify", s.base); code != 0 {
		t.Errorf("the fork is not whole by itself:\n%s%s", out, errs)
	}
	out, _, code = runHere("verify", s.base, "--witness-vkey", key)
	if code != 1 || strings.Count(out, "WRONG  the public log of the") != 2 || strings.Count(out, "carries its signature") != 2 {
		t.Errorf("the fork passes for witnessed: status %d\n%s", code, out)
	}
	out, _, code = runHere("verify", s.base, "--checkpoint", kept)
	if code != 1 || strings.Count(out, "(a fork): leaf 0 is the first to differ") != 2 {
		t.Errorf("the fork passes for the log that was kept: status %d\n%s", code, out)
	}
	w.stop()
}

// someLogKey is the verifier key of a log that nobody keeps.
func someLogKey(t *testing.T) string {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := note.NewEd25519VerifierKey("example.org/x", public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func strangersKey(t *testing.T) string {
	t.Helper()
	c, _, key := startWitness(t, filepath.Join(t.TempDir(), "stranger"), "127.0.0.1:0", someLogKey(t))
	c.stop()
	return key
}

// forget removes a room's public log, so that the room writes it anew when it starts: a fork.
func forget(t *testing.T, file, room string) {
	t.Helper()
	db, err := database.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	links := map[string]string{auth.Membership: "register_leaf", auth.Ledger: "entry_leaf"}
	behind(t, db, "DELETE FROM "+links[room]+"\nDELETE FROM log_leaf\nDELETE FROM log_tile")
}

// consistency compares what the house proves between two sizes.
func (s *story) consistency(t *testing.T) {
	for path, status := range map[string]int{"consistency/2/5": 200, "consistency/5/5": 200, "consistency/5/2": 400, "consistency/0/2": 400, "consistency/2/500": 400, "consistency/2": 404, "consistency/02/5": 404} {
		if got := s.do("GET", "/log/ledger/"+path, "", "", "", nil); got.status != status {
			t.Errorf("%s: %d %s", path, got.status, got.raw)
		}
	}
}

// tamper spoils a log's leaves in every way and demands that verify names what was done. What is kept of an earlier visit names what a
// log that is whole by itself does not show.
func (s *story) tamper(t *testing.T, file, log, kept string) {
	db, err := database.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	behind(t, db, "CREATE TABLE spare_leaf AS SELECT * FROM log_leaf")
	last := int64(0)
	if err := db.Reader().QueryRowContext(t.Context(), `SELECT MAX(idx) FROM log_leaf`).Scan(&last); err != nil || last < 4 {
		t.Fatalf("last leaf %d: %v", last, err)
	}
	named := func(leaf int64) string {
		if log == "ledger" {
			return fmt.Sprintf(" (entry %d)", leaf+1)
		}
		return ""
	}
	for name, c := range map[string]struct{ spoil, says string }{
		"a leaf edited":           {`UPDATE log_leaf SET data = salt WHERE idx = 2`, "leaf 2 is the first to differ" + named(2)},
		"the first leaf deleted":  {`DELETE FROM log_leaf WHERE idx = 0`, "leaf 0 of the public log is missing, and later ones are there" + named(0)},
		"a middle leaf deleted":   {`DELETE FROM log_leaf WHERE idx = 2`, "leaf 2 of the public log is missing, and later ones are there" + named(2)},
		"two middle ones deleted": {`DELETE FROM log_leaf WHERE idx = 2 OR idx = 3`, "leaf 2 of the public log is missing, and later ones are there" + named(2)},
		"two swapped": {"UPDATE log_leaf SET data = (SELECT data FROM spare_leaf WHERE idx = 2) WHERE idx = 1\nUPDATE log_leaf SET data = (SELECT data FROM spare_leaf WHERE idx = 1) WHERE idx = 2",
			"leaf 1 is the first to differ" + named(1)},
		"cut off": {fmt.Sprintf(`DELETE FROM log_leaf WHERE idx = %d`, last), fmt.Sprintf("from leaf %d to %d is gone", last, last)},
	} {
		t.Run(name, func(t *testing.T) {
			behind(t, db, c.spoil)
			defer behind(t, db, "DELETE FROM log_leaf\nINSERT INTO log_leaf SELECT * FROM spare_leaf")
			out, errs, code := runHere("verify", s.base, "--checkpoint", kept)
			if code != 1 || !strings.Contains(out, "WRONG") || !strings.Contains(out, c.says) {
				t.Errorf("status %d; want %q:\n%s%s", code, c.says, out, errs)
			}
		})
	}
	behind(t, db, "DROP TABLE spare_leaf")
	if out, errs, code := runHere("verify", s.base, "--checkpoint", kept); code != 0 {
		t.Fatalf("put back, and still wrong: status %d\n%s%s", code, out, errs)
	}
}

// TestWitnessRefusesItsCommandLine tries what cannot be started.
func TestWitnessRefusesItsCommandLine(t *testing.T) {
	log := someLogKey(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "name"), []byte("first\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for says, args := range map[string][]string{
		"--data":               {"--log-vkey", log},
		"--log-vkey":           {"--data", dir},
		"can be reached":       {"--data", dir, "--log-vkey", log, "--listen", "0.0.0.0:0"},
		"called first":         {"--data", dir, "--log-vkey", log, "--name", "second"},
		"go together":          {"--data", dir, "--log-vkey", log, "--tls-cert", "x"},
		"without spaces":       {"--data", filepath.Join(dir, "new"), "--log-vkey", log, "--name", "a+b"},
		"the log's key":        {"--data", filepath.Join(dir, "other"), "--log-vkey", "a+b+c"},
		"the verifier key: op": {"--data", dir, "--log-vkey", filepath.Join(dir, "nothing")},
	} {
		if _, errs, code := runHere(append([]string{"witness"}, args...)...); code == 0 || !strings.Contains(errs, says) {
			t.Errorf("%v: status %d, %q; want %q", args, code, errs, says)
		}
	}
	for _, bad := range []string{"http://x", "x=y", "http://h=" + log} {
		if _, errs, code := runHere("up", "--data", dir, "--witness", bad); code != 2 || !strings.Contains(errs, "--witness") {
			t.Errorf("%s: status %d %q", bad, code, errs)
		}
	}
}
