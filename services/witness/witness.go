// Package witness is a witness of public logs (C2SP tlog-witness): a process with a key of its own that remembers, for each log it
// knows, the newest checkpoint that it has signed, and signs a newer one only with the proof that nothing signed before
// was changed or taken away.
//
// It shall be run by somebody else than the house, on another machine: then two people who both rely on it are shown the same
// log, whatever the house would like to show them. It knows nothing of what the leaves stand for and can be handed none.
package witness

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

//go:embed schema/*.sql
var files embed.FS

// Migrations make the table.
var Migrations = database.Migrations{Part: "witness", Files: files}

const (
	// mostProof is how many lines a consistency proof may have, by the specification.
	mostProof = 63
	// mostBody bounds a request, in bytes.
	mostBody = 64 << 10
)

// Config is what a witness needs.
type Config struct {
	// DB keeps what was signed. Its migrations have run.
	DB *database.DB
	// Name and Key sign; see translog.NewCosigner.
	Name string
	Key  ed25519.PrivateKey
	// Logs are the verifier keys of the logs that it knows; a log may have several.
	Logs []string
	// Now is the witness's own clock.
	Now func() time.Time
	// Log takes what was refused: it may be proof of a forked log.
	Log *slog.Logger
}

// Witness answers as tlog-witness says.
type Witness struct {
	Config
	cosigner *translog.Cosigner
	keys     map[string][]string
}

// New returns a witness, or an error for a name or a key that is none.
func New(c Config) (*Witness, error) {
	cosigner, err := translog.NewCosigner(c.Name, c.Key)
	if err != nil {
		return nil, err
	}
	w := &Witness{Config: c, cosigner: cosigner, keys: map[string][]string{}}
	for _, vkey := range c.Logs {
		v, err := note.NewVerifier(strings.TrimSpace(vkey))
		if err != nil {
			return nil, fmt.Errorf("the log's key %q: %w", vkey, err)
		}
		w.keys[v.Name()] = append(w.keys[v.Name()], strings.TrimSpace(vkey))
	}
	return w, nil
}

// VerifierKey is the text by which anybody verifies this witness's signatures.
func (w *Witness) VerifierKey() string { return w.cosigner.VerifierKey() }

// Handler serves POST /add-checkpoint, and at / what the witness is, in words.
func (w *Witness) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", w.addCheckpoint)
	mux.HandleFunc("GET /{$}", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintf(rw, "A witness of public logs (c2sp.org/tlog-witness). Its verifier key:\n%s\n", w.VerifierKey())
	})
	return mux
}

// refusal is an answer other than a signature.
type refusal struct {
	status int
	// size is what was signed last, for a 409.
	size int64
	why  string
}

func (r *refusal) Error() string { return r.why }

func (w *Witness) addCheckpoint(rw http.ResponseWriter, r *http.Request) {
	line, err := w.add(r.Context(), http.MaxBytesReader(rw, r.Body, mostBody))
	var no *refusal
	switch {
	case err == nil:
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(rw, line)
	case !errors.As(err, &no):
		w.Log.ErrorContext(r.Context(), "a checkpoint was not witnessed", slog.Any("error", err))
		http.Error(rw, "internal error", http.StatusInternalServerError)
	case no.status == http.StatusConflict:
		rw.Header().Set("Content-Type", "text/x.tlog.size")
		rw.WriteHeader(no.status)
		fmt.Fprintf(rw, "%d\n", no.size)
	default:
		http.Error(rw, no.why, no.status)
	}
}

// submission is a request, taken apart.
type submission struct {
	old    int64
	proof  tlog.TreeProof
	signed []byte
}

func parse(raw []byte) (submission, error) {
	var s submission
	bad := func(why string) (submission, error) {
		return s, &refusal{status: http.StatusBadRequest, why: why}
	}
	head, rest, ok := bytes.Cut(raw, []byte("\n\n"))
	if !ok {
		return bad("there is no empty line before the checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	size, ok := strings.CutPrefix(lines[0], "old ")
	old, err := strconv.ParseInt(size, 10, 64)
	if !ok || err != nil || old < 0 || strconv.FormatInt(old, 10) != size {
		return bad("the first line is not \"old SIZE\"")
	}
	if len(lines)-1 > mostProof {
		return bad("the proof has too many lines")
	}
	for _, line := range lines[1:] {
		hash, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(hash) != tlog.HashSize {
			return bad("a line of the proof is not a hash")
		}
		s.proof = append(s.proof, tlog.Hash(hash))
	}
	s.old, s.signed = old, rest
	return s, nil
}

// add checks a submission, keeps the checkpoint and returns the cosignature's line, or a refusal.
func (w *Witness) add(ctx context.Context, body io.Reader) (string, error) {
	raw, err := io.ReadAll(body)
	if err != nil {
		return "", &refusal{status: http.StatusBadRequest, why: "the request cannot be read"}
	}
	s, err := parse(raw)
	if err != nil {
		return "", err
	}
	origin, _, _ := strings.Cut(string(s.signed), "\n")
	keys := w.keys[origin]
	if len(keys) == 0 {
		return "", &refusal{status: http.StatusNotFound, why: "this witness does not know the log"}
	}
	tree, text, err := open(s.signed, keys)
	if err != nil {
		return "", err
	}
	if s.old > tree.N {
		return "", &refusal{status: http.StatusBadRequest, why: "the old size is larger than the checkpoint's"}
	}
	err = w.DB.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return w.grow(ctx, tx, origin, s, tree)
	})
	if err != nil {
		var no *refusal
		if errors.As(err, &no) {
			w.Log.WarnContext(ctx, "a checkpoint was refused", slog.String("log", origin), slog.String("why", no.why), slog.Int64("old", s.old),
				slog.Int64("size", tree.N), slog.String("checkpoint", string(s.signed)))
		}
		return "", err
	}
	return w.cosigner.Cosign(text, w.Now()), nil
}

// open verifies the checkpoint by one of the log's keys.
func open(signed []byte, keys []string) (tlog.Tree, string, error) {
	for _, key := range keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return tlog.Tree{}, "", err
		}
		n, err := note.Open(signed, note.VerifierList(verifier))
		if err != nil {
			continue
		}
		tree, err := translog.OpenCheckpoint(signed, key)
		if err != nil {
			return tree, "", &refusal{status: http.StatusBadRequest, why: err.Error()}
		}
		return tree, n.Text, nil
	}
	return tlog.Tree{}, "", &refusal{status: http.StatusForbidden, why: "no signature is of a key that this witness knows the log by"}
}

// grow moves what is kept of the log from the old size to the tree, in one transaction with the look at it.
func (w *Witness) grow(ctx context.Context, tx *sql.Tx, origin string, s submission, tree tlog.Tree) error {
	var size int64
	var root []byte
	err := tx.QueryRowContext(ctx, `SELECT size, root FROM witnessed WHERE origin = $1`, origin).Scan(&size, &root)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("witness: %w", err)
	}
	switch {
	case size != s.old:
		return &refusal{status: http.StatusConflict, size: size, why: "the old size is not the one last signed"}
	case size == tree.N && size > 0 && !bytes.Equal(root, tree.Hash[:]):
		return &refusal{status: http.StatusConflict, size: size, why: "another root of the same size was signed"}
	case (size == 0 || size == tree.N) && len(s.proof) > 0:
		return &refusal{status: http.StatusUnprocessableEntity, why: "there is nothing to prove"}
	case size > 0 && size < tree.N:
		if err := tlog.CheckTree(s.proof, tree.N, tree.Hash, size, tlog.Hash(root)); err != nil {
			return &refusal{status: http.StatusUnprocessableEntity, why: "the checkpoint is not proven to extend the one last signed"}
		}
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO witnessed (origin, size, root, checkpoint) VALUES ($1, $2, $3, $4)
		ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, checkpoint = excluded.checkpoint`,
		origin, tree.N, tree.Hash[:], s.signed)
	if err != nil {
		return database.StaleKey(fmt.Errorf("witness: keep: %w", err))
	}
	return nil
}
