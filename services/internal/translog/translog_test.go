package translog_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

const origin = "example.org/test"

func newLog(t testing.TB, db *database.DB) *translog.Log {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	l, err := translog.New(db, origin, key)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func appendMany(t testing.TB, db *database.DB, from, to int) {
	t.Helper()
	ctx := context.Background()
	err := db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for i := from; i < to; i++ {
			index, err := translog.Append(ctx, tx, rand.Reader, fmt.Appendf(nil, "fact %d", i))
			if err != nil {
				return err
			}
			if index != int64(i) {
				return fmt.Errorf("fact %d got index %d", i, index)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tiles fetches tiles as an outside client does, by path, and remembers nothing.
type tiles struct {
	t   testing.TB
	log *translog.Log
}

func (c tiles) Height() int { return 8 }

func (c tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (c tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, w := range wanted {
		// x/mod names the height in the path, tlog-tiles does not.
		path := w.Path()[len("tile/8/"):]
		f, err := c.log.File(context.Background(), "tile/"+path)
		if err != nil {
			return nil, err
		}
		all = append(all, f.Data)
	}
	return all, nil
}

// TestOutsideClient has x/mod's own tile reader recompute the root, prove every tenth leaf and prove growth, at sizes
// around the places where tiles fill.
func TestOutsideClient(t *testing.T) {
	databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) {
		ctx := context.Background()
		l, other := newLog(t, db), newLog(t, db)
		verifier, err := note.NewVerifier(l.VerifierKey())
		if err != nil {
			t.Fatal(err)
		}
		var older tlog.Tree
		at := 0
		for _, size := range []int{1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 1030} {
			appendMany(t, db, at, size)
			at = size
			signed, err := l.Checkpoint(ctx)
			if err != nil {
				t.Fatal(err)
			}
			n, err := note.Open(signed, note.VerifierList(verifier))
			if err != nil {
				t.Fatal(err)
			}
			var name, hash string
			var tree tlog.Tree
			if _, err := fmt.Sscanf(n.Text, "%s\n%d\n%s\n", &name, &tree.N, &hash); err != nil {
				t.Fatal(err)
			}
			if tree.Hash, err = tlog.ParseHash(hash); err != nil || name != origin || tree.N != int64(size) {
				t.Fatalf("checkpoint %q: %v", n.Text, err)
			}
			// The reader verifies every tile against the signed root.
			client := tlog.TileHashReader(tree, tiles{t, l})
			for i := int64(0); i < tree.N; i += 1 + tree.N/40 {
				f, err := l.Prove(ctx, []int64{i})
				if err != nil {
					t.Fatal(err)
				}
				raw, err := json.Marshal(f)
				if err != nil {
					t.Fatal(err)
				}
				var o translog.ProofFile
				if err := json.Unmarshal(raw, &o); err != nil {
					t.Fatal(err)
				}
				if want := fmt.Sprintf("fact %d", i); o.Leaves[0].Content != want {
					t.Fatalf("leaf %d opens as %q", i, o.Leaves[0].Content)
				}
				if at, err := translog.CheckProof(o, l.VerifierKey()); err != nil || at != tree {
					t.Fatalf("leaf %d of %d: %v", i, tree.N, err)
				}
				leaf := tlog.RecordHash(translog.Commit(o.Leaves[0].Salt, []byte(o.Leaves[0].Content)))
				got, err := client.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
				if err != nil || got[0] != leaf {
					t.Fatalf("leaf %d of %d by tiles: %v", i, tree.N, err)
				}
				for name, spoil := range map[string]func(*translog.LeafProof){
					"content": func(p *translog.LeafProof) { p.Content += "x" },
					"salt":    func(p *translog.LeafProof) { p.Salt[0] ^= 1 },
					"index":   func(p *translog.LeafProof) { p.Index++ },
				} {
					spoilt := o
					spoilt.Leaves = []translog.LeafProof{o.Leaves[0]}
					spoilt.Leaves[0].Salt = bytes.Clone(o.Leaves[0].Salt)
					spoil(&spoilt.Leaves[0])
					if _, err := translog.CheckProof(spoilt, l.VerifierKey()); err == nil {
						t.Fatalf("a proof with another %s holds too", name)
					}
				}
				if _, err := translog.CheckProof(o, other.VerifierKey()); err == nil {
					t.Fatal("a proof by another's key holds too")
				}
			}
			if older.N > 0 {
				proof, err := l.ProveTree(ctx, older.N, tree.N)
				if err != nil {
					t.Fatal(err)
				}
				if err := tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash); err != nil {
					t.Fatalf("%d to %d: %v", older.N, tree.N, err)
				}
				wrong := older.Hash
				wrong[0] ^= 1
				if tlog.CheckTree(proof, tree.N, tree.Hash, older.N, wrong) == nil {
					t.Fatal("a fork is proven too")
				}
			}
			older = tree
		}
	}, translog.Migrations)
}

// TestSpoiltLeafIsFound changes a row behind the log's back: the tiles no longer agree with what was signed.
func TestSpoiltLeafIsFound(t *testing.T) {
	ctx := context.Background()
	db := databasetest.SQLite(t, translog.Migrations)
	l := newLog(t, db)
	appendMany(t, db, 0, 300)
	n, root, err := l.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	client := func() error {
		_, err := tlog.TileHashReader(tlog.Tree{N: n, Hash: root}, tiles{t, l}).ReadHashes([]int64{tlog.StoredHashIndex(0, 299)})
		return err
	}
	if err := client(); err != nil {
		t.Fatalf("before: %v", err)
	}
	if err := db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE log_leaf SET data = $1 WHERE idx = 290`, translog.Commit(nil, nil))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if client() == nil {
		t.Fatal("a changed leaf is not noticed")
	}
}

func TestPathsThatAreNotThere(t *testing.T) {
	ctx := context.Background()
	db := databasetest.SQLite(t, translog.Migrations)
	l := newLog(t, db)
	appendMany(t, db, 0, 300)
	for _, path := range []string{"tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44", "checkpoint", "vkey"} {
		if _, err := l.File(ctx, path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{
		"", "tile", "tile/0", "tile/0/001", "tile/0/001.p/45", "tile/0/001.p/0", "tile/0/000.p/256", "tile/0/1", "tile/00/000", "tile/-1/000",
		"tile/1/000", "tile/2/000.p/1", "tile/0/x000/000", "tile/0/x001/x000/000", "tile/0/../000", "tile/entries/002", "tile/entries/001", "tile/99/000", "tile/0/0001",
		"tile/0/001.p/044", "tile/8/0/000",
	} {
		if _, err := l.File(ctx, path); fault.Of(err) == nil || fault.Of(err).Kind != fault.NotFound {
			t.Errorf("%q: %v, want a NotFound fault", path, err)
		}
	}
	if _, err := l.ProveTree(ctx, 5, 301); !fault.Is(err, "LOG_SIZES") {
		t.Errorf("a proof beyond the end: %v", err)
	}
}

func TestAppendRacesOnBothEngines(t *testing.T) {
	databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) {
		ctx := context.Background()
		errs := make(chan error, 20)
		for i := range cap(errs) {
			go func() {
				errs <- db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
					_, err := translog.Append(ctx, tx, rand.Reader, fmt.Appendf(nil, "%d", i))
					return err
				})
			}()
		}
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		n, _, err := newLog(t, db).Head(ctx)
		if err != nil || n != int64(cap(errs)) {
			t.Fatalf("%d leaves, want %d: %v", n, cap(errs), err)
		}
	}, translog.Migrations)
}

// TestCheckFindsWhatIsWrong spoils a log that has full tiles.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct{ spoil, says string }{
		"a leaf":       {`UPDATE log_leaf SET data = salt WHERE idx = 7`, "leaf 7 "},
		"a lost leaf":  {`DELETE FROM log_leaf WHERE idx = 7`, "leaf 7 "},
		"a whole leaf": {`UPDATE log_leaf SET data = salt, salt = NULL, content = NULL WHERE idx = 300`, "tile 0/1 "},
		"a tile":       {`UPDATE log_tile SET data = root WHERE n = 1`, "tile 0/1 "},
		"a root":       {`UPDATE log_tile SET root = data WHERE n = 0`, "tile 0/0 "},
		"a lost tile":  {`DELETE FROM log_tile WHERE n = 1`, "tile 0/1 "},
		"a false tile": {`INSERT INTO log_tile SELECT 5, n, data, root FROM log_tile WHERE n = 0`, "3 full tiles"},
		"a short log":  {`DELETE FROM log_leaf WHERE idx >= 511`, "2 full tiles"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			db := databasetest.SQLite(t, translog.Migrations)
			appendMany(t, db, 0, 515)
			if err := translog.Check(ctx, db); err != nil {
				t.Fatalf("before: %v", err)
			}
			if err := db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, c.spoil)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if err := translog.Check(ctx, db); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v; want it to name %q", err, c.says)
			}
		})
	}
}

// TestAppendAllIsAppend: many facts at once make the log that the same facts one by one make, across the ends of tiles.
func TestAppendAllIsAppend(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := context.Background()
		next := 0
		for _, n := range []int{0, 1, 254, 1, 1, 300, 255, 1000} {
			err := db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				var contents [][]byte
				for i := range n {
					contents = append(contents, fmt.Appendf(nil, "fact %d", next+i))
				}
				first, err := translog.AppendAll(ctx, tx, contents)
				if err == nil && first != int64(next) {
					err = fmt.Errorf("the first of %d has index %d and not %d", n, first, next)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			next += n
		}
		appendMany(t, db, next, next+3)
		if err := translog.Check(ctx, db); err != nil {
			t.Fatal(err)
		}
		n := int64(0)
		err := translog.Each(ctx, db, func(l translog.Leaf) error {
			if string(l.Content) != fmt.Sprintf("fact %d", l.Index) || !bytes.Equal(l.Data, translog.Commit(l.Salt, l.Content)) {
				return fmt.Errorf("leaf %d holds %q", l.Index, l.Content)
			}
			n++
			return nil
		})
		if err != nil || n != int64(next+3) {
			t.Errorf("%d leaves, %v", n, err)
		}
	}, translog.Migrations)
}
