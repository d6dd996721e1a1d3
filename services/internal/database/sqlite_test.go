package database

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
)

func TestPositional(t *testing.T) {
	for _, c := range []struct {
		in, out string
		order   []int
	}{
		{"SELECT 1", "SELECT 1", nil},
		{"SELECT $1", "SELECT ?", []int{0}},
		{"SELECT $2, $1, $2", "SELECT ?, ?, ?", []int{1, 0, 1}},
		{"SELECT '$1', \"$2\", `$3`, $10", "SELECT '$1', \"$2\", `$3`, ?", []int{9}},
		{"SELECT 'it''s $1', $1", "SELECT 'it''s $1', ?", []int{0}},
		{"SELECT $1 -- not $2\n, $3", "SELECT ? -- not $2\n, ?", []int{0, 2}},
		{"SELECT /* $1 */ $2", "SELECT /* $1 */ ?", []int{1}},
		{"SELECT $1 -- the end $2", "SELECT ? -- the end $2", []int{0}},
		{"SELECT '$1", "SELECT '$1", nil},
	} {
		out, order := positional(c.in)
		if out != c.out || !slices.Equal(order, c.order) {
			t.Errorf("%s became %s with %v, want %s with %v", c.in, out, order, c.out, c.order)
		}
	}
}

func lite(t *testing.T) *DB {
	t.Helper()
	db, err := Open(context.Background(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func one(t *testing.T, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, text string, args ...any) (got string) {
	t.Helper()
	if err := q.QueryRowContext(t.Context(), text, args...).Scan(&got); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return got
}

func TestArgumentsGoToTheirPlaces(t *testing.T) {
	db := lite(t)
	for range 3 {
		if got := one(t, db.Reader(), "SELECT $2 || $1 || $2 || '$1'", "a", "b"); got != "bab$1" {
			t.Errorf("got %s", got)
		}
	}
	if err := db.Reader().QueryRowContext(t.Context(), "SELECT $2", "a").Scan(new(string)); err == nil {
		t.Error("a missing argument was not missed")
	}
}

// TestStatementsAreKeptSafely runs what could go wrong with a statement that is used again.
func TestStatementsAreKeptSafely(t *testing.T) {
	db, ctx := lite(t), t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	exec := func(text string, args ...any) error {
		return db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, text, args...)
			return err
		})
	}
	must(exec("CREATE TABLE t (a TEXT PRIMARY KEY)"))
	for i := range 3 {
		must(exec("INSERT INTO t (a) VALUES ($1)", fmt.Sprint(i)))
	}
	if err := exec("INSERT INTO t (a) VALUES ($1)", "0"); !IsUnique(err) {
		t.Fatalf("a second 0 gave %v", err)
	}
	must(exec("INSERT INTO t (a) VALUES ($1)", "3"))

	// A query inside of itself, on one connection.
	must(db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		outer, err := tx.QueryContext(ctx, "SELECT a FROM t WHERE a >= $1 ORDER BY a", "1")
		if err != nil {
			return err
		}
		defer outer.Close()
		var seen []string
		for outer.Next() {
			var a, first string
			if err := outer.Scan(&a); err != nil {
				return err
			}
			if err := tx.QueryRowContext(ctx, "SELECT a FROM t WHERE a >= $1 ORDER BY a", a).Scan(&first); err != nil {
				return err
			}
			if first != a {
				t.Errorf("inside: %s, want %s", first, a)
			}
			seen = append(seen, a)
		}
		if fmt.Sprint(seen) != "[1 2 3]" {
			t.Errorf("outside: %v", seen)
		}
		return outer.Err()
	}))

	// The schema changes under a kept statement.
	if got := one(t, db.Reader(), "SELECT COUNT(*) FROM t WHERE a <> $1", "x"); got != "4" {
		t.Errorf("got %s", got)
	}
	must(exec("ALTER TABLE t ADD COLUMN b TEXT"))
	must(exec("DROP TABLE t"))
	must(exec("CREATE TABLE t (z TEXT, a TEXT)"))
	if got := one(t, db.Reader(), "SELECT COUNT(*) FROM t WHERE a <> $1", "x"); got != "0" {
		t.Errorf("after the change: %s", got)
	}

	// More texts than are kept, one of them being read from meanwhile.
	must(db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT $1 UNION SELECT $2 ORDER BY 1", "a", "b")
		if err != nil {
			return err
		}
		defer rows.Close()
		rows.Next()
		for i := range 3 * liteKept {
			if got := one(t, tx, fmt.Sprintf("SELECT $1 || '%d'", i), "n"); got != fmt.Sprintf("n%d", i) {
				t.Errorf("got %s", got)
			}
		}
		var last string
		if rows.Next(); rows.Scan(&last) != nil || last != "b" {
			t.Errorf("got %s", last)
		}
		return rows.Err()
	}))
}
