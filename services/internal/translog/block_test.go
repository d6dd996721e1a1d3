package translog_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// appendBlock adds n leaves as one batch of a room does, and returns their commitments.
func appendBlock(t testing.TB, db *database.DB, n int) [][]byte {
	t.Helper()
	var all [][]byte
	err := db.InTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		all = nil
		first, err := translog.Next(ctx, tx)
		if err != nil {
			return err
		}
		var data []byte
		for i := range n {
			all = append(all, translog.Commit([]byte("salt"), fmt.Appendf(nil, "vote %d", first+int64(i))))
			data = append(data, all[i]...)
		}
		return translog.AppendBlock(ctx, tx, first, data)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestBlocks mixes blocks and single leaves around the places where tiles fill: the root is that of all commitments in their order, every
// leaf is proven without its opening and with it, and a spoilt block is found.
func TestBlocks(t *testing.T) {
	databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) {
		ctx, l := context.Background(), newLog(t, db)
		var want []tlog.Hash
		grow := func(commitment []byte) {
			hashes, err := tlog.StoredHashesForRecordHash(leafCount(want), tlog.RecordHash(commitment), held(want))
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, hashes...)
		}
		at := 0
		for _, n := range []int{1, 3, 250, 2, 512, 255, 1, 300} {
			appendMany(t, db, at, at+1)
			if err := translog.Each(ctx, db, func(leaf translog.Leaf) error {
				if leaf.Index == int64(at) {
					grow(leaf.Data)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			for _, c := range appendBlock(t, db, n) {
				grow(c)
			}
			at += 1 + n
			size, root, err := l.Head(ctx)
			expected, err2 := tlog.TreeHash(int64(at), held(want))
			if err != nil || err2 != nil || size != int64(at) || root != expected {
				t.Fatalf("%d leaves with root %v, want %d with %v; %v, %v", size, root, at, expected, err, err2)
			}
		}
		if err := translog.Check(ctx, db); err != nil {
			t.Fatal(err)
		}
		f, err := l.ProveClosed(ctx, []int64{0, 1, 255, 256, 257, 700, int64(at) - 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := translog.CheckProof(f, l.VerifierKey()); err != nil {
			t.Error(err)
		}
		if f.Leaves[1].Open([]byte("salt"), []byte("vote 2")) || !f.Leaves[1].Open([]byte("salt"), []byte("vote 1")) {
			t.Error("another content opens a leaf, or its own does not")
		}
		if _, err := translog.CheckProof(f, l.VerifierKey()); err != nil {
			t.Error(err)
		}
		f.Leaves[2].Data[0] ^= 1
		if _, err := translog.CheckProof(f, l.VerifierKey()); err == nil || !strings.Contains(err.Error(), "leaf 255") {
			t.Errorf("a spoilt leaf: %v", err)
		}
		if _, err := l.ProveClosed(ctx, []int64{int64(at)}); err == nil {
			t.Error("a leaf beyond the end is proven")
		}
		spoilt := make([]byte, translog.CommitmentSize)
		if _, err := rand.Read(spoilt); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			statement, says string
			args            []any
		}{
			{`UPDATE log_block SET data = $1 WHERE first = 1`, "tile 0/0", []any{spoilt}},
			{`DELETE FROM log_block WHERE first = 1`, "leaf 1 of", nil},
		} {
			if err := db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, c.statement, c.args...)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if err := translog.Check(ctx, db); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v, want %q", c.statement, err, c.says)
			}
		}
	}, translog.Migrations)
}

// held are hashes by their stored index (tlog.HashReader).
type held []tlog.Hash

func (h held) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		out[i] = h[index]
	}
	return out, nil
}

// leafCount is how many leaves have given so many stored hashes.
func leafCount(hashes []tlog.Hash) int64 {
	n := int64(0)
	for tlog.StoredHashCount(n) < int64(len(hashes)) {
		n++
	}
	return n
}
