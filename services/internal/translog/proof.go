package translog

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// ProofFormat names the form of [ProofFile].
const ProofFormat = "folkmoot/log-proof/v1"

// ProofFile shows without the house that facts are in a log: the opening of each leaf, the hashes that lead from it to the
// root, and the checkpoint that signs the root. It is written as JSON; bytes are base64.
type ProofFile struct {
	Format string `json:"format"`
	// Key verifies the checkpoint. Whoever checks compares it with the one that they know.
	Key string `json:"vkey"`
	// Checkpoint is a signed note (C2SP tlog-checkpoint).
	Checkpoint string `json:"checkpoint"`
	// Leaves are the facts.
	Leaves []LeafProof `json:"leaves"`
}

// LeafProof is one fact of a [ProofFile].
type LeafProof struct {
	// Index is the leaf's, from 0.
	Index int64 `json:"index"`
	// Salt and Content are what the leaf commits to; see [Commit].
	Salt    []byte `json:"salt,omitempty"`
	Content string `json:"content,omitempty"`
	// Data is the leaf itself, where what opens it is not given: then the file shows that the leaf is in the log, and not
	// what it says.
	Data []byte `json:"data,omitempty"`
	// Hashes are the inclusion proof (RFC 6962 section 2.1.1).
	Hashes []tlog.Hash `json:"proof"`
	// PrivateSalt and PrivateContent open the hash in the content over what is not public of the fact; empty for
	// whom it is not for. SHA-256 over both gives the content's line "private".
	PrivateSalt    []byte `json:"private_salt,omitempty"`
	PrivateContent string `json:"private_content,omitempty"`
}

// Prove returns the proofs of leaves, all for the present tree, or a NotFound fault for one that is not there or was
// forgotten.
func (l *Log) Prove(ctx context.Context, indexes []int64) (ProofFile, error) {
	if l == nil {
		return ProofFile{}, notThere()
	}
	return l.prove(ctx, func(ctx context.Context, tx *sql.Tx) ([]LeafProof, error) {
		out := make([]LeafProof, 0, len(indexes))
		for _, index := range indexes {
			p := LeafProof{Index: index}
			var content []byte
			err := tx.QueryRowContext(ctx, `SELECT salt, content FROM log_leaf WHERE idx = $1`, index).Scan(&p.Salt, &content)
			if errors.Is(err, sql.ErrNoRows) || (err == nil && p.Salt == nil) {
				return nil, notThere()
			}
			if err != nil {
				return nil, fmt.Errorf("translog: leaf: %w", err)
			}
			p.Content = string(content)
			out = append(out, p)
		}
		return out, nil
	})
}

// ProveClosed returns proofs that leaves are in the log, all for the present tree, without what opens them; a NotFound fault for one
// that is not there. Whoever holds an opening puts it in, with [LeafProof.Open].
func (l *Log) ProveClosed(ctx context.Context, indexes []int64) (ProofFile, error) {
	if l == nil {
		return ProofFile{}, notThere()
	}
	return l.prove(ctx, func(ctx context.Context, tx *sql.Tx) ([]LeafProof, error) {
		out := make([]LeafProof, 0, len(indexes))
		for _, index := range indexes {
			tile := index - index%tileWidth
			all, err := leaves(ctx, tx, tile, index-tile+1)
			if err != nil {
				return nil, err
			}
			if index < 0 || int64(len(all)) != index-tile+1 {
				return nil, notThere()
			}
			out = append(out, LeafProof{Index: index, Data: all[len(all)-1]})
		}
		return out, nil
	})
}

// Open puts into a proof what opens its leaf, and reports whether it does.
func (p *LeafProof) Open(salt, content []byte) bool {
	if !bytes.Equal(Commit(salt, content), p.Data) {
		return false
	}
	p.Salt, p.Content, p.Data = salt, string(content), nil
	return true
}

// leaf is the data of the proof's leaf.
func (p LeafProof) leaf() []byte {
	if len(p.Salt) == 0 {
		return p.Data
	}
	return Commit(p.Salt, []byte(p.Content))
}

// prove adds the inclusion proofs to what read gives, and the checkpoint of the same tree.
func (l *Log) prove(ctx context.Context, read func(context.Context, *sql.Tx) ([]LeafProof, error)) (ProofFile, error) {
	f := ProofFile{Format: ProofFormat, Key: l.vkey}
	err := l.db.Snapshot(ctx, func(tx *sql.Tx) error {
		n, root, err := head(ctx, tx)
		if err != nil {
			return err
		}
		if f.Leaves, err = read(ctx, tx); err != nil {
			return err
		}
		hashes := newReader(ctx, tx, n)
		for i, p := range f.Leaves {
			if f.Leaves[i].Hashes, err = tlog.ProveRecord(n, p.Index, hashes); err != nil {
				return fmt.Errorf("translog: prove: %w", err)
			}
		}
		signed, err := l.sign(n, root)
		f.Checkpoint = string(signed)
		return err
	})
	return f, err
}

// Whole returns the data of every leaf of the present tree, one after the other, and the checkpoint that signs it.
func (l *Log) Whole(ctx context.Context) (data, checkpoint []byte, err error) {
	if l == nil {
		return nil, nil, notThere()
	}
	err = l.db.Snapshot(ctx, func(tx *sql.Tx) error {
		n, root, err := head(ctx, tx)
		if err != nil {
			return err
		}
		data = make([]byte, 0, n*CommitmentSize)
		if err := each(ctx, tx, func(leaf Leaf) error {
			data = append(data, leaf.Data...)
			return nil
		}); err != nil {
			return err
		}
		checkpoint, err = l.sign(n, root)
		return err
	})
	return data, checkpoint, err
}

// sign signs a tree's size and root (C2SP tlog-checkpoint).
func (l *Log) sign(size int64, root tlog.Hash) ([]byte, error) {
	return note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", l.origin, size, root)}, l.signer)
}

// OpenCheckpoint verifies a checkpoint by a verifier key and returns what it signs: the log's size and root. The origin is the
// key's name, which the first line must be.
func OpenCheckpoint(signed []byte, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(vkey))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("the log's verifier key: %w", err)
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("the checkpoint's signature: %w", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("the checkpoint is not one of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, errors.New("the checkpoint's second line is not a size")
	}
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(raw) != tlog.HashSize {
		return tlog.Tree{}, errors.New("the checkpoint's third line is not a root hash")
	}
	return tlog.Tree{N: size, Hash: tlog.Hash(raw)}, nil
}

// CheckProof verifies every leaf of a proof file against its checkpoint, and that by a verifier key which the caller
// knows and did not take from the file. It returns an error that names the first leaf that is not proven.
func CheckProof(f ProofFile, vkey string) (tlog.Tree, error) {
	if f.Format != ProofFormat {
		return tlog.Tree{}, fmt.Errorf("the file's format is %q and not %q", f.Format, ProofFormat)
	}
	tree, err := OpenCheckpoint([]byte(f.Checkpoint), vkey)
	if err != nil {
		return tree, err
	}
	for _, p := range f.Leaves {
		if p.Index < 0 || p.Index >= tree.N {
			return tree, fmt.Errorf("leaf %d lies outside of a log of %d", p.Index, tree.N)
		}
		leaf := tlog.RecordHash(p.leaf())
		if err := tlog.CheckRecord(p.Hashes, tree.N, tree.Hash, p.Index, leaf); err != nil {
			return tree, fmt.Errorf("leaf %d is not in the log that the checkpoint signs", p.Index)
		}
	}
	return tree, nil
}
