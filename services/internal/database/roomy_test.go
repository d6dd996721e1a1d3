package database_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/localgovdigital/folkmoot/services/internal/database"
)

// TestRoomyEndsWithItsWork: the writing connection keeps more pages only between the two calls, also where the work fails.
func TestRoomyEndsWithItsWork(t *testing.T) {
	db, err := database.Open(t.Context(), filepath.Join(t.TempDir(), "roomy.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	size := func(tx *sql.Tx) (kib int) {
		if err := tx.QueryRow(`PRAGMA cache_size`).Scan(&kib); err != nil {
			t.Fatal(err)
		}
		return -kib
	}
	outside := func() (kib int) {
		if err := db.InTx(t.Context(), func(_ context.Context, tx *sql.Tx) error { kib = size(tx); return nil }); err != nil {
			t.Fatal(err)
		}
		return kib
	}
	before, failed := outside(), errors.New("the work failed")
	err = db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		done, err := db.Roomy(ctx, tx)
		if err != nil {
			return err
		}
		defer done()
		if got := size(tx); got < 4*before {
			t.Errorf("%d KiB while it works, %d before", got, before)
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	if after := outside(); before != 32<<10 || after != before {
		t.Errorf("%d KiB before and %d after", before, after)
	}
}
