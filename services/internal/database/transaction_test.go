package database_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cockroachdb/cockroach-go/v2/crdb"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
)

const schema = `
CREATE TABLE IF NOT EXISTS purse (id BIGINT NOT NULL PRIMARY KEY, pence BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS parent (id BIGINT NOT NULL PRIMARY KEY);
CREATE TABLE IF NOT EXISTS child (id BIGINT NOT NULL PRIMARY KEY, parent BIGINT NOT NULL REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
`

func part(name string, files map[string]string) database.Migrations {
	m := fstest.MapFS{}
	for f, text := range files {
		m["schema/"+f] = &fstest.MapFile{Data: []byte(text)}
	}
	return database.Migrations{Part: name, Files: m}
}

// each runs a test with two purses of 60 pence each.
func each(t *testing.T, test func(t *testing.T, db *database.DB)) {
	t.Helper()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		write(t, db, `INSERT INTO purse (id, pence) VALUES (1, 60), (2, 60)`)
		test(t, db)
	}, part("test", map[string]string{"0001_first.sql": schema}))
}

// onPostgres runs what cannot arise on SQLite, which has one writer.
func onPostgres(t *testing.T) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), databasetest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context(), part("test", map[string]string{"0001_first.sql": schema})); err != nil {
		t.Fatal(err)
	}
	write(t, db, `INSERT INTO purse (id, pence) VALUES (1, 60), (2, 60)`)
	return db
}

func write(t *testing.T, db *database.DB, statement string, args ...any) {
	t.Helper()
	if err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, statement, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func number(t *testing.T, db *database.DB, query string) int64 {
	t.Helper()
	var n int64
	if err := db.Reader().QueryRowContext(context.Background(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// refused fails unless err is a refusal whose outcome is known.
func refused(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("InTx reported success")
	}
	if errors.Is(err, database.ErrUnknownOutcome) {
		t.Fatalf("InTx does not know the outcome: %v", err)
	}
}

func TestExecuteTxLosesAWriteOnSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lost.db")
	raw, err := sql.Open("sqlite", "file:"+path+"?_pragma=foreign_keys(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	for s := range strings.SplitSeq(strings.TrimSpace(schema), "\n") {
		if _, err := raw.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	orphan := func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO child (id, parent) VALUES (1, 99)`)
		return err
	}
	if err := crdb.ExecuteTx(t.Context(), raw, nil, orphan); err != nil {
		t.Fatalf("crdb.ExecuteTx reports a refused commit by now (%v): look again whether the package comment still holds", err)
	}
	var n int
	if err := raw.QueryRow(`SELECT COUNT(*) FROM child`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n != 0 {
		t.Fatalf("%d rows: crdb.ExecuteTx wrote what the foreign key forbids", n)
	}
	// The same work by InTx on the same file.
	db, err := database.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	refused(t, db.InTx(t.Context(), func(_ context.Context, tx *sql.Tx) error { return orphan(tx) }))
}

func TestDeferredForeignKeyRefusesTheCommit(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		calls := 0
		refused(t, db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			calls++
			if _, err := tx.ExecContext(ctx, `UPDATE purse SET pence = 0`); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO child (id, parent) VALUES (1, 99)`)
			return err
		}))
		if calls != 1 {
			t.Errorf("tried %d times, want 1: the constraint will not change its mind", calls)
		}
		if n := number(t, db, `SELECT COUNT(*) FROM child`); n != 0 {
			t.Errorf("%d children", n)
		}
		if n := number(t, db, `SELECT SUM(pence) FROM purse`); n != 120 {
			t.Errorf("the purses hold %d, want 120", n)
		}
		// The connection is usable again.
		write(t, db, `INSERT INTO parent (id) VALUES (1)`)
		write(t, db, `INSERT INTO child (id, parent) VALUES (1, 1)`)
	})
}

func TestContextEndedDuringTheWork(t *testing.T) {
	ends := map[string]func(context.Context) (context.Context, func()){
		"cancelled": func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancel(ctx)
			return ctx, cancel
		},
		"deadline": func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
			return ctx, func() { <-ctx.Done(); cancel() }
		},
	}
	each(t, func(t *testing.T, db *database.DB) {
		for name, end := range ends {
			t.Run(name, func(t *testing.T) {
				ctx, stop := end(t.Context())
				err := db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
					if _, err := tx.ExecContext(ctx, `UPDATE purse SET pence = 0`); err != nil {
						return err
					}
					stop()
					return nil
				})
				refused(t, err)
				if !errors.Is(err, ctx.Err()) {
					t.Errorf("got %v, want %v in it", err, ctx.Err())
				}
				if n := number(t, db, `SELECT SUM(pence) FROM purse`); n != 120 {
					t.Errorf("the purses hold %d, want 120", n)
				}
			})
		}
	})
}

func TestAPanicRollsBackAndFreesTheConnection(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				if _, err := tx.ExecContext(ctx, `UPDATE purse SET pence = 0`); err != nil {
					t.Error(err)
				}
				panic("on purpose")
			})
		}()
		write(t, db, `UPDATE purse SET pence = pence + 1`)
		if n := number(t, db, `SELECT SUM(pence) FROM purse`); n != 122 {
			t.Errorf("the purses hold %d, want 122", n)
		}
	})
}

// TestWriteSkewAtCommit has another transaction commit between the work and the COMMIT, so that only the COMMIT can refuse.
func TestWriteSkewAtCommit(t *testing.T) {
	db := onPostgres(t)
	errTooLittle := errors.New("too little")
	withdraw := func(id int, then func()) func(context.Context, *sql.Tx) error {
		return func(ctx context.Context, tx *sql.Tx) error {
			var sum int64
			if err := tx.QueryRowContext(ctx, `SELECT SUM(pence) FROM purse`).Scan(&sum); err != nil {
				return err
			}
			if sum < 100 {
				return errTooLittle
			}
			if _, err := tx.ExecContext(ctx, `UPDATE purse SET pence = pence - 60 WHERE id = $1`, id); err != nil {
				return err
			}
			then()
			return nil
		}
	}
	calls := 0
	err := db.InTx(t.Context(), withdraw(1, func() {
		if calls++; calls == 1 {
			if err := db.InTx(context.Background(), withdraw(2, func() {})); err != nil {
				t.Errorf("the other transaction: %v", err)
			}
		}
	}))
	if calls != 1 || !errors.Is(err, errTooLittle) {
		t.Errorf("worked %d times, then %v; want once, then (on a fresh snapshot) %v", calls, err, errTooLittle)
	}
	if n := number(t, db, `SELECT SUM(pence) FROM purse`); n != 60 {
		t.Errorf("the purses hold %d, want 60", n)
	}
}

// TestSerializationFailureIsRetriedOnAFreshSnapshot has another transaction change the row that this one is about to change.
func TestSerializationFailureIsRetriedOnAFreshSnapshot(t *testing.T) {
	db := onPostgres(t)
	var seen []int64
	err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		var pence int64
		if err := tx.QueryRowContext(ctx, `SELECT pence FROM purse WHERE id = 1`).Scan(&pence); err != nil {
			return err
		}
		if seen = append(seen, pence); len(seen) == 1 {
			if _, err := db.Writer().Exec(`UPDATE purse SET pence = 100 WHERE id = 1`); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `UPDATE purse SET pence = $1 WHERE id = 1`, pence+1)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != 2 || seen[0] != 60 || seen[1] != 100 {
		t.Errorf("the attempts saw %v, want [60 100]", seen)
	}
	if n := number(t, db, `SELECT pence FROM purse WHERE id = 1`); n != 101 {
		t.Errorf("the purse holds %d, want 101", n)
	}
}

func TestDeadlockIsRetried(t *testing.T) {
	db := onPostgres(t)
	// The other transaction holds purse 2 and never looks for deadlocks itself, so that ours is the one ended.
	other, err := db.Writer().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{`SET LOCAL deadlock_timeout = '10min'`, `UPDATE purse SET pence = pence + 1 WHERE id = 2`} {
		if _, err := other.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan error, 1)
	calls := 0
	err = db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE purse SET pence = pence + 10 WHERE id = 1`); err != nil {
			return err
		}
		if calls++; calls == 1 {
			go func() {
				_, err := other.Exec(`UPDATE purse SET pence = pence + 1 WHERE id = 1`)
				done <- errors.Join(err, other.Commit())
			}()
		}
		_, err := tx.ExecContext(ctx, `UPDATE purse SET pence = pence + 10 WHERE id = 2`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatalf("the other transaction: %v", err)
	}
	if calls < 2 {
		t.Errorf("worked %d times: there was no deadlock", calls)
	}
	if n := number(t, db, `SELECT SUM(pence) FROM purse`); n != 142 {
		t.Errorf("the purses hold %d, want 142", n)
	}
}

func TestContendedCountersLoseNothing(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		const workers, each = 6, 20
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for range each {
					if err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
						var n int64
						if err := tx.QueryRowContext(ctx, `SELECT pence FROM purse WHERE id = 1`).Scan(&n); err != nil {
							return err
						}
						_, err := tx.ExecContext(ctx, `UPDATE purse SET pence = $1 WHERE id = 1`, n+1)
						return err
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if n := number(t, db, `SELECT pence FROM purse WHERE id = 1`); n != 60+workers*each {
			t.Errorf("the counter is %d, want %d", n, 60+workers*each)
		}
	})
}

func TestStaleKeyIsRetriedAndOtherDuplicatesAreNot(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		t.Run("stale key", func(t *testing.T) {
			key := 2
			if err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, `INSERT INTO purse (id, pence) VALUES ($1, 0)`, key)
				key++
				return database.StaleKey(err)
			}); err != nil {
				t.Fatal(err)
			}
			if key != 4 {
				t.Errorf("tried %d times, want 2", key-2)
			}
		})
		t.Run("duplicate", func(t *testing.T) {
			calls := 0
			err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				calls++
				_, err := tx.ExecContext(ctx, `INSERT INTO purse (id, pence) VALUES (1, 0)`)
				return err
			})
			refused(t, err)
			if calls != 1 || !database.IsUnique(err) {
				t.Errorf("tried %d times, error %v; want once, a unique violation", calls, err)
			}
		})
		t.Run("bound", func(t *testing.T) {
			calls := 0
			err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				calls++
				if _, err := tx.ExecContext(ctx, `UPDATE purse SET pence = 0`); err != nil {
					return err
				}
				_, err := tx.ExecContext(ctx, `INSERT INTO purse (id, pence) VALUES (1, 0)`)
				return database.StaleKey(err)
			})
			refused(t, err)
			if !errors.Is(err, database.ErrBusy) || !database.IsUnique(err) || calls != 1+database.MaxRetries {
				t.Errorf("tried %d times, error %v; want %d, ErrBusy with its cause", calls, err, 1+database.MaxRetries)
			}
			if n := number(t, db, `SELECT SUM(pence) FROM purse`); n != 120 {
				t.Errorf("the purses hold %d, want 120", n)
			}
		})
	})
}

func TestATransactionInsideATransactionIsRefused(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		err := db.InTx(t.Context(), func(ctx context.Context, _ *sql.Tx) error {
			return db.InTx(ctx, func(context.Context, *sql.Tx) error { t.Error("the inner one ran"); return nil })
		})
		if !errors.Is(err, database.ErrNested) {
			t.Errorf("got %v, want ErrNested", err)
		}
	})
}

// TestASwallowedErrorDoesNotCommit shows that work which ignores a failed statement is not reported as done.
func TestASwallowedErrorDoesNotCommit(t *testing.T) {
	db := onPostgres(t)
	refused(t, db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE purse SET pence = 0`); err != nil {
			return err
		}
		_, _ = tx.ExecContext(ctx, `INSERT INTO purse (id, pence) VALUES (1, 0)`)
		return nil
	}))
	if n := number(t, db, `SELECT SUM(pence) FROM purse`); n != 120 {
		t.Errorf("the purses hold %d, want 120", n)
	}
}

func TestReadersSeeOneStateAndDoNotWrite(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		if err := db.Snapshot(t.Context(), func(tx *sql.Tx) error {
			for range 2 {
				var n int64
				if err := tx.QueryRow(`SELECT SUM(pence) FROM purse`).Scan(&n); err != nil {
					return err
				}
				if n != 120 {
					t.Errorf("the snapshot sees %d, want 120", n)
				}
				write(t, db, `UPDATE purse SET pence = 1`)
			}
			_, err := tx.Exec(`UPDATE purse SET pence = 0`)
			if err == nil {
				t.Error("a snapshot could write")
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Reader().Exec(`UPDATE purse SET pence = 0`); err == nil {
			t.Error("a reader could write")
		}
		if n := number(t, db, `SELECT SUM(pence) FROM purse`); n != 2 {
			t.Errorf("the purses hold %d, want 2", n)
		}
	})
}

func TestOpenTakesAnyFileName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "50% of a? #1 name.db")
	for range 2 {
		db, err := database.Open(t.Context(), "sqlite:"+path)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(t.Context(), part("test", map[string]string{"0001_first.sql": schema})); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	found, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || len(found) != 1 || found[0] != path {
		t.Errorf("the folder holds %v, want %s alone", found, path)
	}
}

// TestRehearsalRunsTwiceAndKeepsOne shows that a rehearsed closure leaves nothing behind of its first run.
func TestRehearsalRunsTwiceAndKeepsOne(t *testing.T) {
	ctx := context.Background()
	db := databasetest.SQLite(t)
	db.Rehearse()
	runs := 0
	err := db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		runs++
		if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS rehearsal (n BIGINT NOT NULL PRIMARY KEY)`); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO rehearsal (n) VALUES (1)`)
		return err
	})
	var rows int
	if err := errors.Join(err, db.Reader().QueryRowContext(ctx, `SELECT COUNT(*) FROM rehearsal`).Scan(&rows)); err != nil || runs != 2 || rows != 1 {
		t.Fatalf("%d runs, %d rows: %v", runs, rows, err)
	}
}
