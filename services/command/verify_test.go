package command

import (
	"context"
	"database/sql"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/translog/translogtest"
)

// behind changes the ledger's database behind the house's back, a statement a line.
func behind(t *testing.T, db *database.DB, statements string) {
	t.Helper()
	if err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for s := range strings.Lines(statements) {
			if s = strings.TrimSpace(s); s == "" {
				continue
			}
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// The tables that a tamperer may reach, copied and put back between cases.
const (
	copyBooks = `CREATE TABLE copy_entry AS SELECT * FROM entry
		CREATE TABLE copy_posting AS SELECT * FROM posting
		CREATE TABLE copy_entry_leaf AS SELECT * FROM entry_leaf
		CREATE TABLE copy_log_leaf AS SELECT * FROM log_leaf
		CREATE TABLE copy_file AS SELECT * FROM file
		CREATE TABLE copy_evidence AS SELECT * FROM evidence
		CREATE TABLE copy_evidence_leaf AS SELECT * FROM evidence_leaf`
	putBack = `UPDATE file SET sha256 = (SELECT sha256 FROM copy_file)
		DELETE FROM evidence
		DELETE FROM evidence_leaf
		DELETE FROM posting
		DELETE FROM entry_leaf
		DELETE FROM entry
		DELETE FROM log_leaf
		INSERT INTO entry SELECT * FROM copy_entry ORDER BY number
		INSERT INTO posting SELECT * FROM copy_posting
		INSERT INTO entry_leaf SELECT * FROM copy_entry_leaf
		INSERT INTO log_leaf SELECT * FROM copy_log_leaf
		INSERT INTO evidence SELECT * FROM copy_evidence
		INSERT INTO evidence_leaf SELECT * FROM copy_evidence_leaf`
	// takeOut removes entry 8, the last, from the books, and cutOff its leaf too.
	takeOut = `DELETE FROM posting WHERE entry_number = 8
		DELETE FROM entry_leaf WHERE entry_number = 8
		DELETE FROM entry WHERE number = 8`
)

// TestVerifyFindsTampering runs a house through its first vote, verifies it, then edits its database in each way that the
// public log is there to show.
func TestVerifyFindsTampering(t *testing.T) {
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	house := startChild(t, []string{clock.env()}, "up", "--data", dir, "--listen", "localhost:0", "--smtp", box.Address())
	s := newStory(t, house.address("Folkmoot is on "), box, clock)
	s.found(links)
	s.walk()
	today := clock.now().Format("2006-01-02")
	hall := s.must("POST", "/v1/ledger/entries", s.token(s.treasurer), map[string]any{
		"occurDate": today, "description": "Hall; hire \"A&B\" <é>",
		"postings": []any{map[string]any{"account": "expenses:hall", "amountPence": 250}, map[string]any{"account": "assets:cash", "amountPence": -250}},
	})
	s.attach(hall.text("id"))
	s.must("POST", "/v1/ledger/entries/"+hall.text("id")+":reverse", s.token(s.again(s.treasurer)), map[string]any{"reason": "The hall was free"})

	kept := filepath.Join(t.TempDir(), "kept")
	out, errs, code := runHere("verify", s.base, "--save", kept)
	if code != 0 || !strings.Contains(out, "8 entries balance, are numbered without a gap, and are what the public log commits to, with 1 pieces of evidence") || !strings.Contains(out, "declared results: 1,") || !strings.Contains(out, "Not checked:") {
		t.Fatalf("a sound house: status %d\n%s%s", code, out, errs)
	}
	if out, errs, code := runHere("verify", s.base, "--checkpoint", kept); code != 0 || strings.Count(out, "are what was signed then") != 3 {
		t.Fatalf("a sound house with what was kept: status %d\n%s%s", code, out, errs)
	}
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte(s.must("GET", "/log/ledger/checkpoint", "", nil).raw), 0o600); err != nil {
		t.Fatal(err)
	}
	s.proofs(t, hall.text("id"))
	t.Run("the referee reads the logs over the gateway", func(t *testing.T) {
		for _, log := range []string{"register", "ledger", "ballots"} {
			vkey := strings.TrimSpace(s.must("GET", "/log/"+log+"/vkey", "", nil).raw)
			if holds, said := translogtest.Fsck(t, s.base+"/log/"+log+"/", vkey); !holds {
				t.Errorf("%s: the referee objects:\n%s", log, said)
			}
		}
	})
	s.asTiles(t)
	s.openings(t)
	s.spoiltBallots(t, dir, kept)

	db, err := database.Open(t.Context(), services.DatabaseFile(dir, auth.Ledger))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	behind(t, db, copyBooks)
	for name, c := range map[string]struct {
		spoil string
		with  string
		says  []string
	}{
		"an amount":                      {`UPDATE posting SET pence = pence * 3 WHERE entry_number = 4`, "", []string{"entry 4 ("}},
		"an amount, unbalanced":          {`UPDATE posting SET pence = pence * 3 WHERE entry_number = 4 AND line = 0`, "", []string{"entry 4: ", "does not balance"}},
		"a description":                  {`UPDATE entry SET description = 'Tea' WHERE number = 7`, "", []string{"entry 7 ("}},
		"a date":                         {`UPDATE entry SET occurred = '2026-01-01' WHERE number = 3`, "", []string{"entry 3 ("}},
		"who gave":                       {`UPDATE entry_leaf SET private = private_salt WHERE entry_number = 2`, "", []string{"entry 2 ("}},
		"a deleted row":                  {strings.ReplaceAll(takeOut, "8", "5"), "", []string{"entry 5 was taken out"}},
		"the last row deleted":           {takeOut, "", []string{"entry 8 or evidence that was added after entry 7 was taken out"}},
		"two swapped":                    {swapped, "", []string{"entry 2 (", "entry 3 ("}},
		"a hash of evidence":             {`UPDATE file SET sha256 = (SELECT private FROM evidence_leaf)`, "", []string{"evidence 1 of entry 7 is not what leaf 7"}},
		"evidence taken out":             {`DELETE FROM evidence`, "", []string{"leaf 7 of the public log belongs to nothing that is published: evidence that was added after entry 7"}},
		"the log cut off":                {`DELETE FROM log_leaf WHERE idx = 8`, "", []string{"entry 8 "}},
		"books and log cut off":          {takeOut + "\nDELETE FROM log_leaf WHERE idx = 8", kept, []string{"it was cut off", "entry 8 "}},
		"books and log cut off, plainly": {takeOut + "\nDELETE FROM log_leaf WHERE idx = 8", plain, []string{"it was cut off", "entry 8 "}},
	} {
		t.Run(name, func(t *testing.T) {
			behind(t, db, c.spoil)
			defer behind(t, db, putBack)
			args := []string{"verify", s.base}
			if c.with != "" {
				// By itself such a log is whole: only who kept a checkpoint sees it.
				if out, _, code := runHere(args...); code != 0 {
					t.Errorf("the shorter log is not whole:\n%s", out)
				}
				args = append(args, "--checkpoint", c.with)
			}
			out, errs, code := runHere(args...)
			for _, want := range c.says {
				if code != 1 || !strings.Contains(out, "WRONG") || !strings.Contains(out, want) {
					t.Errorf("status %d; want it to say %q:\n%s%s", code, want, out, errs)
				}
			}
		})
	}
	t.Run("a fork", func(t *testing.T) { s.fork(t, db, house, dir, kept, plain) })
}

const swapped = `UPDATE entry_leaf SET leaf = 900 WHERE entry_number = 2
	UPDATE entry_leaf SET leaf = 1 WHERE entry_number = 3
	UPDATE entry_leaf SET leaf = 2 WHERE entry_number = 2`

// attach hands in a file and links it to an entry.
func (s *story) attach(entry string) {
	token, content := s.token(s.treasurer), "Invoice of the hall: £2.50"
	file := s.must("POST", "/v1/ledger/files", token, map[string]any{"name": "invoice.txt", "purpose": "FILE_PURPOSE_EVIDENCE"}).text("id")
	s.must("POST", "/v1/ledger/files/"+file+":append", token, map[string]any{"data": base64.StdEncoding.EncodeToString([]byte(content))})
	s.must("POST", "/v1/ledger/files/"+file+":finish", token, map[string]any{})
	s.must("POST", "/v1/ledger/entries/"+entry+"/evidence", token, map[string]any{"file": file})
}

// fork empties the log and has the house, started again, write it anew: every leaf and the signature are in order, and yet it is
// another log.
func (s *story) fork(t *testing.T, db *database.DB, house *child, dir, kept, plain string) {
	house.stop()
	behind(t, db, "DELETE FROM entry_leaf\nDELETE FROM evidence_leaf\nDELETE FROM log_leaf\nUPDATE posting SET pence = pence * 3 WHERE entry_number = 4")
	again := startChild(t, []string{s.clock.env()}, "up", "--data", dir, "--listen", "localhost:0", "--smtp", s.box.Address())
	base := again.address("Folkmoot is on ")
	if out, _, code := runHere("verify", base); code != 0 {
		t.Errorf("the fork is not whole:\n%s", out)
	}
	for with, want := range map[string]string{kept: "(entry 1)", plain: "somewhere among its first 9 leaves"} {
		out, errs, code := runHere("verify", base, "--checkpoint", with)
		if code != 1 || !strings.Contains(out, "fork") || !strings.Contains(out, want) {
			t.Errorf("status %d; want a fork, and %q:\n%s%s", code, want, out, errs)
		}
	}
	again.stop()

	if out, errs, code := runHere("doctor", "--data", dir, "--deep"); code != 0 {
		t.Errorf("the doctor of a house whose books are what its log says: status %d\n%s%s", code, out, errs)
	}
	behind(t, db, "UPDATE posting SET pence = pence * 3 WHERE entry_number = 6")
	register, err := database.Open(t.Context(), services.DatabaseFile(dir, auth.Membership))
	if err != nil {
		t.Fatal(err)
	}
	defer register.Close()
	behind(t, register, "UPDATE event SET reason = 'x' WHERE number = 2")
	out, _, code := runHere("doctor", "--data", dir, "--deep")
	if code != 1 || !strings.Contains(out, "entry 6 is not what leaf 5") || !strings.Contains(out, "event 2 is not what") {
		t.Errorf("the doctor of an edited house: status %d\n%s", code, out)
	}
}

// asTiles demands of the gateway what C2SP tlog-tiles asks: media types, caching, 404 beyond the end.
func (s *story) asTiles(t *testing.T) {
	for _, c := range []struct {
		path        string
		status      int
		kind, cache string
	}{
		{"checkpoint", http.StatusOK, "text/plain; charset=utf-8", "no-store"},
		{"vkey", http.StatusOK, "text/plain; charset=utf-8", "no-store"},
		{"tile/0/000.p/9", http.StatusOK, "application/octet-stream", "public, max-age=31536000, immutable"},
		{"tile/entries/000.p/9", http.StatusOK, "application/octet-stream", "public, max-age=31536000, immutable"},
		{"tile/0/000.p/10", http.StatusNotFound, "application/problem+json", "no-store"},
		{"tile/0/000", http.StatusNotFound, "application/problem+json", "no-store"},
		{"tile/entries/x001/000", http.StatusNotFound, "application/problem+json", "no-store"},
		{"nothing", http.StatusNotFound, "application/problem+json", "no-store"},
	} {
		res, err := http.Get(s.base + "/log/ledger/" + c.path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.status || res.Header.Get("Content-Type") != c.kind || res.Header.Get("Cache-Control") != c.cache {
			t.Errorf("%s: %d, %q, %q", c.path, res.StatusCode, res.Header.Get("Content-Type"), res.Header.Get("Cache-Control"))
		}
	}
}

// proofs checks files of proofs without the house, and spoilt ones.
func (s *story) proofs(t *testing.T, entry string) {
	dir := t.TempDir()
	vkey := strings.TrimSpace(s.must("GET", "/log/ledger/vkey", "", nil).raw)
	register := strings.TrimSpace(s.must("GET", "/log/register/vkey", "", nil).raw)
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	public := s.must("GET", "/v1/ledger/entries/"+entry+"/proof", "", nil).raw
	own := s.must("GET", "/v1/ledger/entries/"+entry+"/proof", s.token(s.treasurer), nil).raw
	mine := s.must("GET", "/v1/me/proofs", s.token(s.member), nil).raw
	votes := strings.TrimSpace(s.must("GET", "/log/ballots/vkey", "", nil).raw)
	record := s.must("GET", "/v1/ballots/"+s.ballot+"/record", "", nil).raw
	vote := s.must("GET", "/v1/ballots/"+s.ballot+"/votes/mine/proof", s.token(s.member), nil).raw
	if strings.Contains(public, "private_content") || !strings.Contains(own, "private_content") {
		t.Errorf("what is not public is open to whom it is not for, or closed to the treasurer:\n%s\n%s", public, own)
	}
	for _, c := range []struct {
		name, content, key string
		code               int
		says               string
	}{
		{"public", public, vkey, 0, "description Hall; hire"},
		{"the treasurer's", own, vkey, 0, "entered_by " + s.treasurer.id},
		{"a member's", mine, register, 0, `"kind":"admitted"`},
		{"a ballot's record", record, votes, 0, "event published"},
		{"a vote", vote, votes, 0, "is there. What it commits to is not in the file"},
		{"a vote, spoilt", strings.Replace(vote, `"index": `, `"index": 1`, 1), votes, 1, "lies outside"},
		{"without a key", public, "", 0, "taken from the file itself"},
		{"another log's key", public, register, 1, "signature"},
		{"another amount", strings.ReplaceAll(public, "posting 250", "posting 999"), vkey, 1, "is not in the log"},
		{"another giver", strings.ReplaceAll(own, "entered_by "+s.treasurer.id, "entered_by "+s.member.id), vkey, 1, "private part"},
		{"no proofs", `{"format":"folkmoot/log-proof/v1"}`, vkey, 1, "checkpoint"},
		{"not such a file", "{}", vkey, 1, "not a file of proofs"},
	} {
		out, errs, code := runHere("verify", file("proof.json", c.content), "--vkey", c.key)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%s: status %d, want %d and %q:\n%s%s", c.name, code, c.code, c.says, out, errs)
		}
	}
}
