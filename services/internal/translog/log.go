package translog

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Log serves a room's log.
type Log struct {
	db     *database.DB
	origin string
	signer note.Signer
	vkey   string
}

// New returns the log of a database. The origin names the log in every checkpoint ("example.org/ledger") and may hold neither
// spaces nor plus signs; key signs the checkpoints.
func New(db *database.DB, origin string, key ed25519.PrivateKey) (*Log, error) {
	vkey, err := note.NewEd25519VerifierKey(origin, key.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("translog: the origin %q: %w", origin, err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, fmt.Errorf("translog: the origin %q: %w", origin, err)
	}
	// The signer is ours and not note.NewSigner, which wants the key as text.
	return &Log{db: db, origin: origin, vkey: vkey, signer: &signer{name: origin, hash: verifier.KeyHash(), key: key}}, nil
}

type signer struct {
	name string
	hash uint32
	key  ed25519.PrivateKey
}

func (s *signer) Name() string                    { return s.name }
func (s *signer) KeyHash() uint32                 { return s.hash }
func (s *signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// VerifierKey is the text by which anybody verifies the checkpoints (C2SP signed-note).
func (l *Log) VerifierKey() string { return l.vkey }

// Checkpoint returns the signed note on the present size and root, with the signatures of the witnesses that have signed them.
func (l *Log) Checkpoint(ctx context.Context) ([]byte, error) {
	n, root, err := l.Head(ctx)
	if err != nil {
		return nil, err
	}
	signed, err := l.sign(n, root)
	if err != nil {
		return nil, err
	}
	return cosignedBy(ctx, l.db.Reader(), signed, n, root)
}

func head(ctx context.Context, q querier) (int64, tlog.Hash, error) {
	n, err := size(ctx, q)
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	root, err := tlog.TreeHash(n, newReader(ctx, q, n))
	return n, root, err
}

func newReader(ctx context.Context, q querier, size int64) *reader {
	return &reader{ctx: ctx, q: q, size: size, tiles: map[tlog.Tile][]byte{}}
}

// Head returns the present size and root.
func (l *Log) Head(ctx context.Context) (n int64, root tlog.Hash, err error) {
	err = l.db.Snapshot(ctx, func(tx *sql.Tx) error {
		n, root, err = head(ctx, tx)
		return err
	})
	return n, root, err
}

// ProveTree returns the proof that the tree of a newer size extends that of an older one (RFC 6962 section 2.1.2).
func (l *Log) ProveTree(ctx context.Context, older, newer int64) (proof tlog.TreeProof, err error) {
	err = l.db.Snapshot(ctx, func(tx *sql.Tx) error {
		n, err := size(ctx, tx)
		if err != nil {
			return err
		}
		if older < 1 || newer < older || newer > n {
			return fault.Field("LOG_SIZES", "older", fmt.Sprintf("Give two sizes, the older first, between 1 and %d.", n))
		}
		proof, err = tlog.ProveTree(newer, older, newReader(ctx, tx, newer))
		return err
	})
	return proof, err
}

func notThere() error {
	return fault.New(fault.NotFound, "LOG_NOT_THERE", "The log has nothing of that name.")
}

// File is a resource of the log as C2SP tlog-tiles names it.
type File struct {
	// ContentType is the media type.
	ContentType string
	// Data is the content.
	Data []byte
	// Immutable is true for what will never change: full tiles and bundles.
	Immutable bool
}

// File returns what stands at a path: "checkpoint", "vkey", "tile/L/N", "tile/L/N.p/W", "tile/entries/N", as C2SP tlog-tiles has
// them, and of our own "witnessed" (the newest checkpoint that witnesses have signed), "witnesses" ([WitnessState]) and
// "consistency/OLDER/NEWER" ([Consistency]). It returns a NotFound fault for any other path and for tiles beyond the log's
// end, and an Internal fault LOG_DAMAGED that names the first leaf which is missing. A nil log has nothing.
func (l *Log) File(ctx context.Context, path string) (File, error) {
	if l == nil {
		return File{}, notThere()
	}
	switch path {
	case "checkpoint":
		b, err := l.Checkpoint(ctx)
		return File{ContentType: "text/plain; charset=utf-8", Data: b}, err
	case "vkey":
		return File{ContentType: "text/plain; charset=utf-8", Data: []byte(l.vkey + "\n")}, nil
	}
	if f, ok, err := l.ownFile(ctx, path); ok {
		return f, err
	}
	if rest, ok := strings.CutPrefix(path, "tile/entries/"); ok {
		n, w, ok := parseN(rest)
		if !ok {
			return File{}, notThere()
		}
		return l.bundle(ctx, n, w)
	}
	rest, ok := strings.CutPrefix(path, "tile/")
	level, rest, ok2 := strings.Cut(rest, "/")
	height, err := strconv.Atoi(level)
	n, w, ok3 := parseN(rest)
	if !ok || !ok2 || !ok3 || err != nil || height < 0 || height > 63 || strconv.Itoa(height) != level {
		return File{}, notThere()
	}
	var data []byte
	err = l.db.Snapshot(ctx, func(tx *sql.Tx) (err error) {
		data, err = newReader(ctx, tx, 0).tile(tlog.Tile{H: tileHeight, L: height, N: n, W: w})
		return err
	})
	if errors.Is(err, errNotThere) {
		return File{}, notThere()
	}
	return File{ContentType: "application/octet-stream", Data: data, Immutable: true}, err
}

// ownFile returns what stands at the paths that are ours and not tlog-tiles'.
func (l *Log) ownFile(ctx context.Context, path string) (f File, ok bool, err error) {
	if path == "witnessed" {
		b, err := l.Witnessed(ctx)
		return File{ContentType: "text/plain; charset=utf-8", Data: b}, true, err
	}
	if path == "witnesses" {
		b, err := l.witnesses(ctx)
		return File{ContentType: "application/json", Data: b}, true, err
	}
	if rest, ok := strings.CutPrefix(path, "consistency/"); ok {
		b, err := l.consistency(ctx, rest)
		return File{ContentType: "application/json", Data: b}, true, err
	}
	return File{}, false, nil
}

// bundle returns w entries from 256n on: each a big-endian length of two bytes and the data.
func (l *Log) bundle(ctx context.Context, n int64, w int) (File, error) {
	all, err := leaves(ctx, l.db.Reader(), n*tileWidth, int64(w))
	if err != nil {
		return File{}, err
	}
	if len(all) != w {
		return File{}, notThere()
	}
	var b bytes.Buffer
	for _, data := range all {
		var length [2]byte
		binary.BigEndian.PutUint16(length[:], uint16(len(data)))
		b.Write(length[:])
		b.Write(data)
	}
	return File{ContentType: "application/octet-stream", Data: b.Bytes(), Immutable: true}, nil
}

// parseN reads "x001/x234/067" or "067.p/16": groups of three digits, all but the last with an x before them
// (C2SP tlog-tiles, "Merkle Tree").
func parseN(s string) (n int64, width int, ok bool) {
	width = tileWidth
	if at := strings.Index(s, ".p/"); at >= 0 {
		w, err := strconv.Atoi(s[at+3:])
		if err != nil || w < 1 || w >= tileWidth || strconv.Itoa(w) != s[at+3:] {
			return 0, 0, false
		}
		s, width = s[:at], w
	}
	parts := strings.Split(s, "/")
	if len(parts) > 5 {
		return 0, 0, false
	}
	for i, p := range parts {
		if i < len(parts)-1 {
			if p, ok = strings.CutPrefix(p, "x"); !ok {
				return 0, 0, false
			}
		}
		if len(p) != 3 || strings.Trim(p, "0123456789") != "" {
			return 0, 0, false
		}
		v, _ := strconv.ParseInt(p, 10, 64)
		n = n*1000 + v
	}
	if len(parts) > 1 && parts[0] == "x000" {
		return 0, 0, false
	}
	return n, width, true
}
