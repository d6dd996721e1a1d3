package database_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
)

const first = "CREATE TABLE IF NOT EXISTS note (id BIGINT NOT NULL PRIMARY KEY);\nINSERT INTO note (id) VALUES (1);\n"

func TestMigrationsRunOnceAndForward(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		one := part("room", map[string]string{"0001_first.sql": first})
		for range 2 { // The insert would fail the second time.
			if err := db.Migrate(t.Context(), one); err != nil {
				t.Fatal(err)
			}
		}
		two := part("room", map[string]string{"0001_first.sql": first, "0002_second.sql": "INSERT INTO note (id) VALUES (2);"})
		if err := db.Migrate(t.Context(), two, part("shared", map[string]string{"0001_first.sql": "INSERT INTO note (id) VALUES (3);"})); err != nil {
			t.Fatal(err)
		}
		if n := number(t, db, `SELECT COUNT(*) FROM note`); n != 3 {
			t.Errorf("%d notes, want 3", n)
		}
	})
}

func TestMigrationsThatDoNotFitAreRefusedBeforeAnythingChanges(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		if err := db.Migrate(t.Context(), part("room", map[string]string{"0001_first.sql": first, "0002_second.sql": "INSERT INTO note (id) VALUES (2);"})); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name  string
			parts []database.Migrations
			want  string
		}{
			{"a changed file", []database.Migrations{part("new", map[string]string{"0001_a.sql": "INSERT INTO note (id) VALUES (9);"}),
				part("room", map[string]string{"0001_first.sql": first, "0002_second.sql": "INSERT INTO note (id) VALUES (4);"})}, "has changed"},
			{"a newer database", []database.Migrations{part("room", map[string]string{"0001_first.sql": first, "0003_third.sql": "INSERT INTO note (id) VALUES (9);"})}, "newer Folkmoot"},
			{"no files", []database.Migrations{part("room", nil)}, "no migrations"},
		} {
			t.Run(c.name, func(t *testing.T) {
				err := db.Migrate(t.Context(), c.parts...)
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want an error about %q", err, c.want)
				}
				if n := number(t, db, `SELECT COUNT(*) FROM note`); n != 2 {
					t.Errorf("%d notes, want 2: a refused run changed something", n)
				}
			})
		}
	})
}

func TestAMigrationCutShortIsRepeatedWhole(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		repeatable := "CREATE TABLE IF NOT EXISTS note (id BIGINT NOT NULL PRIMARY KEY);\nINSERT INTO note (id) VALUES (1) ON CONFLICT (id) DO NOTHING;\n"
		cut := part("room", map[string]string{"0001_first.sql": repeatable + "INSERT INTO missing (id) VALUES (1);\n"})
		if err := db.Migrate(t.Context(), cut); err == nil {
			t.Fatal("a failing migration was accepted")
		}
		// The file had not run to its end, so mending it is allowed.
		mended := part("room", map[string]string{"0001_first.sql": repeatable + "INSERT INTO note (id) VALUES (2) ON CONFLICT (id) DO NOTHING;\n"})
		if err := db.Migrate(t.Context(), mended); err != nil {
			t.Fatal(err)
		}
		if n := number(t, db, `SELECT COUNT(*) FROM note`); n != 2 {
			t.Errorf("%d notes, want 2", n)
		}
	})
}

// TestReplicasMayMigrateAtOnce starts them together, with many tables for PostgreSQL's catalogue to collide over.
func TestReplicasMayMigrateAtOnce(t *testing.T) {
	var many strings.Builder
	for i := range 20 {
		fmt.Fprintf(&many, "CREATE TABLE IF NOT EXISTS t%d (id BIGINT NOT NULL PRIMARY KEY, x TEXT);\nCREATE INDEX IF NOT EXISTS t%d_x ON t%d (x);\n", i, i, i)
	}
	m := part("room", map[string]string{"0001_first.sql": many.String()})
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		start := make(chan struct{})
		var ready, done sync.WaitGroup
		for range 6 {
			ready.Add(1)
			done.Go(func() {
				// Each opens a connection of its own before any of them begins; SQLite has only one.
				if db.Engine != database.SQLite {
					conn, err := db.Writer().Conn(t.Context())
					if err != nil {
						t.Error(err)
					} else {
						defer conn.Close()
					}
				}
				ready.Done()
				<-start
				if err := db.Migrate(t.Context(), m); err != nil {
					t.Error(err)
				}
			})
		}
		ready.Wait()
		close(start)
		done.Wait()
		if n := number(t, db, `SELECT COUNT(*) FROM migration`); n != 1 {
			t.Errorf("%d migrations noted, want 1", n)
		}
	})
}

func TestStatements(t *testing.T) {
	got, err := database.Statements("-- What; it is.\nCREATE TABLE a (\n  x TEXT, -- a note; with a semicolon\n  y TEXT DEFAULT 'it''s; -- here'\n); CREATE INDEX b ON a (x); -- done\n;\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"CREATE TABLE a (\n  x TEXT, \n  y TEXT DEFAULT 'it''s; -- here'\n)", "CREATE INDEX b ON a (x)"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{"SELECT 1", "SELECT 'open;\n", "SELECT 1; SELECT 2 -- ;"} {
		if all, err := database.Statements(bad); err == nil {
			t.Errorf("%q was split into %q", bad, all)
		}
	}
	if all, err := database.Statements("-- nothing\n\n"); err != nil || len(all) != 0 {
		t.Errorf("a file of comments: %q, %v", all, err)
	}
}

func FuzzStatements(f *testing.F) {
	f.Add("CREATE TABLE a (x TEXT); -- b")
	f.Add("'--';\n--';\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := database.Statements(text)
		if err != nil {
			return
		}
		// Splitting what was split and joined again changes nothing.
		again, err := database.Statements(strings.Join(append(all, ""), ";"))
		if err != nil {
			t.Fatalf("%q was split into %q, which does not split: %v", text, all, err)
		}
		if d := cmp.Diff(all, again); d != "" {
			t.Error(d)
		}
	})
}
