package command

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services"
	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database"
)

// openings recounts the declared ballot from its file of openings, which members get and nobody else, and has the verifier refuse the file
// spoilt in each way that could change a result.
func (s *story) openings(t *testing.T) {
	path := "/v1/ballots/" + s.ballot + "/openings"
	s.refused(s.do("GET", path, "", "", "", nil), http.StatusUnauthorized, "SIGN_IN")
	raw := s.must("GET", path, s.token(s.member), nil).raw
	vkey := strings.TrimSpace(s.must("GET", "/log/ballots/vkey", "", nil).raw)
	verify := func(name string, spoil func(*ballots.OpeningsFile)) (string, int) {
		var f ballots.OpeningsFile
		if err := json.Unmarshal([]byte(raw), &f); err != nil {
			t.Fatal(err)
		}
		spoil(&f)
		out, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "openings.json")
		if err := os.WriteFile(file, out, 0o600); err != nil {
			t.Fatal(err)
		}
		said, errs, code := runHere("verify", file, "--vkey", vkey)
		return said + errs, code
	}
	for _, c := range []struct {
		name  string
		spoil func(*ballots.OpeningsFile)
		says  string
	}{
		{"another choice", func(f *ballots.OpeningsFile) { f.Votes[0].Choice = ballots.Against }, "is not what leaf"},
		{"another's number", func(f *ballots.OpeningsFile) { f.Votes[0].Elector = 5 }, "is not what leaf"},
		{"a vote left out", func(f *ballots.OpeningsFile) { f.Votes = f.Votes[1:] }, "opens 3 votes"},
		{"a vote twice for another", func(f *ballots.OpeningsFile) { f.Votes[1] = f.Votes[0] }, "opened twice"},
		{"another result", func(f *ballots.OpeningsFile) {
			f.Events[3].Content = strings.Replace(f.Events[3].Content, "for 2", "for 3", 1)
		}, "event 4 is not what leaf"},
		{"another question", func(f *ballots.OpeningsFile) {
			f.Events[0].Content = strings.Replace(f.Events[0].Content, "text question ", "text question  ", 1)
		}, "event 1 is not what leaf"},
		{"an event left out", func(f *ballots.OpeningsFile) { f.Events = f.Events[:3] }, "opens 3 events"},
		{"another leaf", func(f *ballots.OpeningsFile) { f.Leaves[40] ^= 1 }, "another root"},
		{"a shorter log", func(f *ballots.OpeningsFile) { f.Leaves = f.Leaves[32:] }, "the checkpoint signs"},
	} {
		if said, code := verify(c.name, c.spoil); code != 1 || !strings.Contains(said, c.says) {
			t.Errorf("%s: status %d, want %q:\n%s", c.name, code, c.says, said)
		}
	}
	if said, code := verify("", func(*ballots.OpeningsFile) {}); code != 0 || !strings.Contains(said, "4 votes of 5 on the roll open their leaves and give 2 for, 1 against, 1 abstentions") {
		t.Errorf("a sound file: status %d\n%s", code, said)
	}
}

// spoiltBallots edits the ballots' database of a house that runs in each way that its log is there to show; the doctor and, where it can
// be seen from outside with a checkpoint kept before, the verifier say so, and are content when it is put back.
func (s *story) spoiltBallots(t *testing.T, dir, kept string) {
	db, err := database.Open(t.Context(), services.DatabaseFile(dir, auth.Ballots))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, c := range []struct {
		name, spoil, back string
		doctor, verify    string
	}{
		{"a vote changed", "UPDATE cast_vote SET choice = 'for' WHERE choice = 'against'", "UPDATE cast_vote SET choice = 'against' WHERE elector_no = $1", "is not what leaf", ""},
		{"the question", "UPDATE ballot SET question = question || '?'", "UPDATE ballot SET question = substr(question, 1, length(question) - 1)", "opened is not what leaf", "is not what was fixed when it opened"},
		{"the count", "UPDATE closing SET votes_for = votes_for + 1, abstentions = abstentions - 1", "UPDATE closing SET votes_for = votes_for - 1, abstentions = abstentions + 1", "counted is not what leaf", "figures"},
		{"the log", "UPDATE log_block SET data = zeroblob(length(data)) WHERE first = 1", "", "is not what leaf", "(a fork)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var elector int64
			var block []byte
			if err := db.Reader().QueryRowContext(t.Context(), `SELECT (SELECT elector_no FROM cast_vote WHERE choice = 'against'), data FROM log_block WHERE first = 1`).Scan(&elector, &block); err != nil {
				t.Fatal(err)
			}
			behind(t, db, c.spoil)
			if out, _, code := runHere("doctor", "--data", dir, "--deep"); code != 1 || !strings.Contains(out, c.doctor) {
				t.Errorf("the doctor: status %d, want %q:\n%s", code, c.doctor, out)
			}
			out, _, code := runHere("verify", s.base, "--checkpoint", kept)
			if c.verify == "" && code != 0 || c.verify != "" && (code != 1 || !strings.Contains(out, c.verify)) {
				t.Errorf("the verifier: status %d, want %q:\n%s", code, c.verify, out)
			}
			err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				if c.back == "" {
					_, err := tx.ExecContext(ctx, `UPDATE log_block SET data = $1 WHERE first = 1`, block)
					return err
				}
				var args []any
				if strings.Contains(c.back, "$1") {
					args = append(args, elector)
				}
				_, err := tx.ExecContext(ctx, c.back, args...)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	if out, _, code := runHere("doctor", "--data", dir, "--deep"); code != 0 {
		t.Errorf("the doctor of what was put back: status %d\n%s", code, out)
	}
	if out, _, code := runHere("verify", s.base); code != 0 {
		t.Errorf("the verifier of what was put back: status %d\n%s", code, out)
	}
}
