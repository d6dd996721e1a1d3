package database_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
)

// busy returns a database of which another handle holds the write lock until release is called.
func busy(t *testing.T) (db *database.DB, release func()) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "busy.db")
	open := func() *database.DB {
		db, err := database.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	}
	holder := open()
	if err := holder.Migrate(t.Context(), part("test", map[string]string{"0001_first.sql": schema})); err != nil {
		t.Fatal(err)
	}
	db = open()
	// SQLite itself would wait five seconds before it says BUSY.
	if _, err := db.Writer().Exec(`PRAGMA busy_timeout = 1`); err != nil {
		t.Fatal(err)
	}
	held, done, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- holder.InTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
			close(held)
			<-done
			_, err := tx.ExecContext(ctx, `INSERT INTO purse (id, pence) VALUES (1, 1)`)
			return err
		})
	}()
	<-held
	var once sync.Once
	release = func() {
		once.Do(func() {
			close(done)
			if err := <-ended; err != nil {
				t.Errorf("the holder of the lock: %v", err)
			}
		})
	}
	t.Cleanup(release)
	return db, release
}

func TestBusyIsRetriedUntilTheLockIsFree(t *testing.T) {
	db, release := busy(t)
	if tx, err := db.Writer().BeginTx(t.Context(), nil); err == nil {
		tx.Rollback()
		t.Fatal("the lock is not held: the test would prove nothing")
	} else if !strings.Contains(err.Error(), "SQLITE_BUSY") {
		t.Fatalf("got %v, want SQLITE_BUSY", err)
	}
	time.AfterFunc(100*time.Millisecond, release)
	if err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE purse SET pence = pence + 1 WHERE id = 1`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if n := number(t, db, `SELECT pence FROM purse WHERE id = 1`); n != 2 {
		t.Errorf("the purse holds %d, want 2: the retry must see what the holder wrote", n)
	}
}

func TestBusyForeverIsGivenUp(t *testing.T) {
	db, _ := busy(t)
	err := db.InTx(t.Context(), func(context.Context, *sql.Tx) error { t.Error("the work ran without the lock"); return nil })
	refused(t, err)
	if !errors.Is(err, database.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
}
