package witness_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/witness"
)

// log is a log with a key of its own.
type log struct {
	*translog.Log
	db *database.DB
}

func newLog(t *testing.T, origin string, key ed25519.PrivateKey) log {
	t.Helper()
	db := databasetest.SQLite(t, translog.Migrations)
	l, err := translog.New(db, origin, key)
	if err != nil {
		t.Fatal(err)
	}
	return log{l, db}
}

// grow appends leaves; another word makes another log.
func (l log) grow(t *testing.T, word string, n int) {
	t.Helper()
	err := l.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for i := range n {
			if _, err := translog.Append(ctx, tx, rand.Reader, fmt.Appendf(nil, "%s %d", word, i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (l log) checkpoint(t *testing.T) string {
	t.Helper()
	b, err := l.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// body is a submission with the proof between two sizes.
func (l log) body(t *testing.T, old, n int64) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "old %d\n", old)
	if old > 0 && old < n {
		proof, err := l.ProveTree(t.Context(), old, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range proof {
			fmt.Fprintln(&b, base64.StdEncoding.EncodeToString(h[:]))
		}
	}
	return b.String() + "\n" + l.checkpoint(t)
}

func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

type house struct {
	t   *testing.T
	url string
	key *translog.WitnessKey
}

func newWitness(t *testing.T, db *database.DB, logs ...string) house {
	t.Helper()
	w, err := witness.New(witness.Config{DB: db, Name: "witness.test/w1", Key: newKey(t), Logs: logs, Now: func() time.Time { return time.Unix(1_790_000_000, 0) },
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(w.Handler())
	t.Cleanup(server.Close)
	key, err := translog.ParseWitnessKey(w.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	return house{t, server.URL, key}
}

func (h house) post(body string) (status int, kind, answer string) {
	h.t.Helper()
	res, err := http.Post(h.url+"/add-checkpoint", "text/plain", strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), string(raw)
}

// TestAnswers walks a log past a witness, and with it every answer of the specification.
func TestAnswers(t *testing.T) {
	databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) {
		key := newKey(t)
		l, fork := newLog(t, "example.org/ledger", key), newLog(t, "example.org/ledger", key)
		l.grow(t, "a", 3)
		fork.grow(t, "b", 3)
		w := newWitness(t, db, l.VerifierKey())
		want := func(name, body string, status int, says string) {
			t.Helper()
			got, kind, answer := w.post(body)
			if got != status || !strings.HasPrefix(answer, says) {
				t.Errorf("%s: %d %q, want %d %q", name, got, answer, status, says)
			}
			if status == http.StatusConflict && kind != "text/x.tlog.size" {
				t.Errorf("%s: the answer's type is %q", name, kind)
			}
		}
		three := l.checkpoint(t)
		proof := base64.StdEncoding.EncodeToString(make([]byte, tlog.HashSize)) + "\n"
		want("not a submission", "hello", 400, "")
		want("a leading zero", "old 00\n\n"+three, 400, "")
		want("a proof that is none", "old 0\nxyz\n\n"+three, 400, "")
		want("64 lines", "old 0\n"+strings.Repeat(proof, 64)+"\n"+three, 400, "")
		want("an old size beyond", "old 4\n\n"+three, 400, "")
		want("a proof from nothing", "old 0\n"+proof+"\n"+three, 422, "")
		want("an old size that was never signed", l.body(t, 2, 3), 409, "0\n")
		unknown := newLog(t, "example.org/other", newKey(t))
		want("an unknown log", unknown.body(t, 0, 0), 404, "")
		want("an unknown key", newLog(t, "example.org/ledger", newKey(t)).body(t, 0, 0), 403, "")
		want("a changed root", strings.Replace(l.body(t, 0, 3), "\n3\n", "\n5\n", 1), 403, "")

		_, _, line := w.post(l.body(t, 0, 3))
		if at, _, err := translog.Cosigned([]byte(three+line), w.key); err != nil || at.Unix() != 1_790_000_000 {
			t.Fatalf("%v %v: %q", at, err, line)
		}
		want("the same again", l.body(t, 3, 3), 200, "— witness.test/w1 ")
		want("an older size than was signed", l.body(t, 0, 3), 409, "3\n")
		want("a fork of the same size", fork.body(t, 3, 3), 409, "3\n")
		fork.grow(t, "b", 4)
		want("a fork that grew", fork.body(t, 3, 7), 422, "")
		l.grow(t, "a", 4)
		want("no proof", "old 3\n\n"+l.checkpoint(t), 422, "")
		want("the proof of another size", strings.Replace(l.body(t, 2, 7), "old 2", "old 3", 1), 422, "")
		want("it grew", l.body(t, 3, 7), 200, "— witness.test/w1 ")
		want("rolled back", "old 3\n\n"+three, 409, "7\n")
		want("rolled back, and owns up to it", "old 7\n\n"+three, 400, "")
	}, witness.Migrations)
}

// TestTwoAtOnce submits two sizes at the same time again and again: what is kept never goes back.
func TestTwoAtOnce(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		l := newLog(t, "example.org/ledger", newKey(t))
		w := newWitness(t, db, l.VerifierKey())
		l.grow(t, "a", 1)
		if status, _, _ := w.post(l.body(t, 0, 1)); status != 200 {
			t.Fatal(status)
		}
		size := int64(1)
		for range 10 {
			l.grow(t, "a", 1)
			first := l.body(t, size, size+1)
			l.grow(t, "a", 1)
			second := l.body(t, size, size+2)
			var wg sync.WaitGroup
			var statuses [2]int
			for i, body := range []string{first, second} {
				wg.Go(func() { statuses[i], _, _ = w.post(body) })
			}
			wg.Wait()
			if (statuses[0] == 200) == (statuses[1] == 200) {
				t.Fatalf("both or neither was signed: %v", statuses)
			}
			_, _, kept := w.post("old 0\n\n" + l.checkpoint(t))
			if want := fmt.Sprintf("%d\n", size+1); statuses[0] == 200 && kept != want {
				t.Fatalf("kept %q, want %q", kept, want)
			}
			if statuses[0] == 200 {
				if status, _, _ := w.post(l.body(t, size+1, size+2)); status != 200 {
					t.Fatal(status)
				}
			}
			size += 2
		}
	}, witness.Migrations)
}

// TestLogAsksAndServes has a log ask two witnesses, one of which is not there: what the other signs is served, and a fork of the
// log is refused by it and says so.
func TestLogAsksAndServes(t *testing.T) {
	key := newKey(t)
	l := newLog(t, "example.org/ledger", key)
	db := databasetest.SQLite(t, witness.Migrations)
	w := newWitness(t, db, l.VerifierKey())
	nobody, err := translog.NewCosigner("nobody", newKey(t))
	if err != nil {
		t.Fatal(err)
	}
	nobodys, err := translog.ParseWitnessKey(nobody.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	witnesses := []translog.Witness{{URL: w.url, Key: w.key}, {URL: "http://127.0.0.1:9", Key: nobodys}}
	l.grow(t, "a", 300)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.AskWitnesses(ctx, witnesses, time.Now, func(string, string) {})
	}()
	until(t, "the checkpoint is signed", func() bool {
		_, _, err := translog.Cosigned([]byte(l.checkpoint(t)), w.key)
		return err == nil
	})
	l.grow(t, "a", 5)
	until(t, "what was added is signed too", func() bool {
		_, _, err := translog.Cosigned([]byte(l.checkpoint(t)), w.key)
		return err == nil
	})
	states := func(l log) string {
		f, err := l.File(t.Context(), "witnesses")
		if err != nil {
			t.Fatal(err)
		}
		return string(f.Data)
	}
	until(t, "the witness that is not there is named", func() bool { return strings.Contains(states(l), "UNREACHABLE") })
	stop()
	<-done
	l.grow(t, "a", 1)
	signed, err := l.Witnessed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if tree, err := translog.OpenCheckpoint(signed, l.VerifierKey()); err != nil || tree.N != 305 {
		t.Errorf("the newest that was witnessed: %v %v", tree, err)
	}

	// The same name and key, and other leaves; then a copy that has lost leaves.
	for word, c := range map[string]struct {
		n    int
		says string
	}{"b": {400, "HAS_SEEN_ANOTHER"}, "c": {305, "HAS_SEEN_ANOTHER"}, "a": {10, "HAS_SEEN_MORE"}} {
		other := newLog(t, "example.org/ledger", key)
		other.grow(t, word, c.n)
		ctx, stop := context.WithCancel(t.Context())
		go other.AskWitnesses(ctx, witnesses[:1], time.Now, func(string, string) {})
		until(t, word+" is refused", func() bool { return strings.Contains(states(other), c.says) })
		stop()
		if _, _, err := translog.Cosigned([]byte(other.checkpoint(t)), w.key); err == nil {
			t.Errorf("%s: the fork is signed", word)
		}
	}
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("not within 30 s: %s", what)
}
