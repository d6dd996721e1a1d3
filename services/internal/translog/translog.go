// Package translog keeps a room's public log: an append-only Merkle tree (RFC 6962) served as C2SP tlog-tiles with
// signed checkpoints (C2SP tlog-checkpoint, Ed25519 signed notes).
//
// A leaf is written in the transaction of the fact that it stands for, so that the log never lags behind the table and
// never runs ahead of it. It is a salted commitment: SHA-256 over a domain, 32 random bytes and the fact's content. Who
// holds salt and content can show that the fact is in the log; the log alone tells nothing, and when something must be
// forgotten its salt and content are deleted while the tree stays whole.
//
// Hashing, proofs and notes are golang.org/x/mod/sumdb's. Only full tiles are stored, with the root of each; what is at
// the growing edge is computed from at most 255 rows a level.
package translog

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

//go:embed schema/*.sql
var files embed.FS

// Migrations make the tables.
var Migrations = database.Migrations{Part: "translog", Files: files}

const (
	// tileHeight is that of C2SP tlog-tiles: 256 hashes a tile.
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	// SaltSize is how many random bytes a commitment is salted with.
	SaltSize = 32
	// domain sets a leaf's hash apart from every other use of SHA-256.
	domain = "folkmoot/leaf/v1\n"
)

// Commit returns the public data of a leaf: SHA-256 over the domain, the salt and the content.
func Commit(salt, content []byte) []byte {
	h := sha256.New()
	_, _ = io.WriteString(h, domain)
	h.Write(salt)
	h.Write(content)
	return h.Sum(nil)
}

// Append adds a leaf that commits to content, in the transaction of the fact, and returns its index from 0.
func Append(ctx context.Context, tx *sql.Tx, random io.Reader, content []byte) (int64, error) {
	salt := make([]byte, SaltSize)
	if _, err := io.ReadFull(random, salt); err != nil {
		return 0, fmt.Errorf("translog: %w", err)
	}
	index, err := size(ctx, tx)
	if err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO log_leaf (idx, data, salt, content) VALUES ($1, $2, $3, $4)`, index, Commit(salt, content), salt, content); err != nil {
		return 0, database.StaleKey(fmt.Errorf("translog: append: %w", err))
	}
	return index, complete(ctx, tx, index+1)
}

// complete stores the tiles that became full when the log grew to size.
func complete(ctx context.Context, tx *sql.Tx, size int64) error {
	for level := int64(0); size > 0 && size%tileWidth == 0; level, size = level+1, size/tileWidth {
		n := size/tileWidth - 1
		hashes, err := row(ctx, tx, level, n*tileWidth, tileWidth)
		if err != nil {
			return err
		}
		if len(hashes) != tileWidth {
			return fmt.Errorf("translog: tile %d/%d has %d hashes: rows are missing", level, n, len(hashes))
		}
		root := subtree(hashes)
		if _, err := tx.ExecContext(ctx, `INSERT INTO log_tile (level, n, data, root) VALUES ($1, $2, $3, $4)`, level, n, join(hashes), root[:]); err != nil {
			return database.StaleKey(fmt.Errorf("translog: tile: %w", err))
		}
	}
	return nil
}

// querier is a transaction or the readers' pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// row returns at most count hashes of a level of tiles from a place on: hashes of leaves at level 0, roots of full
// tiles of the level below above that.
func row(ctx context.Context, q querier, level, from, count int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, 0, min(count, tileWidth))
	if level == 0 {
		data, err := leaves(ctx, q, from, count)
		for _, d := range data {
			hashes = append(hashes, tlog.RecordHash(d))
		}
		return hashes, err
	}
	rows, err := q.QueryContext(ctx, `SELECT n, root FROM log_tile WHERE n >= $1 AND n < $2 AND level = $3 ORDER BY n`, from, from+count, level-1)
	if err != nil {
		return nil, fmt.Errorf("translog: read: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var at int64
		var b []byte
		if err := rows.Scan(&at, &b); err != nil {
			return nil, fmt.Errorf("translog: read: %w", err)
		}
		if missing := from + int64(len(hashes)); at != missing {
			return nil, damaged(level, missing)
		}
		var h tlog.Hash
		if copy(h[:], b) != tlog.HashSize {
			return nil, errors.New("translog: a stored root is short")
		}
		hashes = append(hashes, h)
	}
	return hashes, rows.Err()
}

// damaged is the fault of a log that has lost a leaf, or a full tile: everybody may know, since it can sign nothing any more.
func damaged(level, missing int64) error {
	what, which := "leaf", missing
	if level > 0 {
		what = fmt.Sprintf("tile %d/", level-1)
	}
	text := fmt.Sprintf("%s %d of the public log is missing, and later ones are there", what, which)
	return fault.New(fault.Internal, "LOG_DAMAGED", strings.Replace(text, "/ ", "/", 1)).With("leaf", strconv.FormatInt(missing*width(level), 10))
}

// width is how many leaves stand under one hash of a level of tiles.
func width(level int64) int64 {
	n := int64(1)
	for range level {
		n *= tileWidth
	}
	return n
}

// subtree is the root over a full tile's hashes.
func subtree(hashes []tlog.Hash) tlog.Hash {
	level := append([]tlog.Hash(nil), hashes...)
	for len(level) > 1 {
		for i := range len(level) / 2 {
			level[i] = tlog.NodeHash(level[2*i], level[2*i+1])
		}
		level = level[:len(level)/2]
	}
	return level[0]
}

func join(hashes []tlog.Hash) []byte {
	b := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}

// size is how many leaves there are.
func size(ctx context.Context, q querier) (int64, error) {
	var single, blocks int64
	err := q.QueryRowContext(ctx, `
		SELECT COALESCE((SELECT MAX(idx) FROM log_leaf), -1) + 1,
		       COALESCE((SELECT first + length(data) / 32 FROM log_block ORDER BY first DESC LIMIT 1), 0)`).Scan(&single, &blocks)
	if err != nil {
		return 0, fmt.Errorf("translog: size: %w", err)
	}
	return max(single, blocks), nil
}

// reader reads stored hashes (tlog.HashReader) out of tiles.
type reader struct {
	ctx  context.Context
	q    querier
	size int64
	// tiles are those read in this one operation.
	tiles map[tlog.Tile][]byte
}

// ReadHashes returns hashes by their stored index.
func (r *reader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		t := tlog.TileForIndex(tileHeight, index)
		data, err := r.tile(t)
		if err != nil {
			return nil, err
		}
		if out[i], err = tlog.HashFromTile(t, data, index); err != nil {
			return nil, fmt.Errorf("translog: %w", err)
		}
	}
	return out, nil
}

// tile returns the first W hashes of a tile.
func (r *reader) tile(t tlog.Tile) ([]byte, error) {
	key := t
	key.W = tileWidth
	data, ok := r.tiles[key]
	if !ok {
		err := r.q.QueryRowContext(r.ctx, `SELECT data FROM log_tile WHERE level = $1 AND n = $2`, t.L, t.N).Scan(&data)
		if errors.Is(err, sql.ErrNoRows) {
			var hashes []tlog.Hash
			hashes, err = row(r.ctx, r.q, int64(t.L), t.N*tileWidth, tileWidth)
			data = join(hashes)
		}
		if err != nil {
			return nil, fmt.Errorf("translog: tile: %w", err)
		}
		r.tiles[key] = data
	}
	if len(data) < t.W*tlog.HashSize {
		return nil, errNotThere
	}
	return data[:t.W*tlog.HashSize], nil
}

var errNotThere = errors.New("translog: the log is not that large")
