// Package databasetest gives a contract test a fresh database on every engine that can be had.
package databasetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/internal/database"
)

// Full reports whether nothing may be left out (FOLKMOOT_TEST=full).
func Full() bool { return os.Getenv("FOLKMOOT_TEST") == "full" }

// Rehearsed is Each for a store's contract: on SQLite every transaction's closure is run twice, the first time for nothing,
// since a serialization failure may ask for that at any time.
func Rehearsed(t *testing.T, test func(t *testing.T, db *database.DB), parts ...database.Migrations) {
	t.Helper()
	Each(t, func(t *testing.T, db *database.DB) {
		t.Helper()
		if db.Engine == database.SQLite {
			db.Rehearse()
		}
		test(t, db)
	}, parts...)
}

// Each runs a test with a fresh, migrated database: always on SQLite, on PostgreSQL if FOLKMOOT_POSTGRES_URL is
// set, on CockroachDB if FOLKMOOT_COCKROACH_URL is set. Without PostgreSQL its case is skipped, and fails where
// FOLKMOOT_TEST=full.
func Each(t *testing.T, test func(t *testing.T, db *database.DB), parts ...database.Migrations) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t, parts...)) })
	t.Run("postgresql", func(t *testing.T) { test(t, open(t, Postgres(t), parts...)) })
	if server := os.Getenv("FOLKMOOT_COCKROACH_URL"); server != "" {
		t.Run("cockroachdb", func(t *testing.T) { test(t, open(t, fresh(t, server, "CASCADE"), parts...)) })
	}
}

// SQLite returns a fresh SQLite database.
func SQLite(t testing.TB, parts ...database.Migrations) *database.DB {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "test.db"), parts...)
}

func open(t testing.TB, address string, parts ...database.Migrations) *database.DB {
	t.Helper()
	ctx := context.Background()
	db, err := database.Open(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if len(parts) > 0 {
		if err := db.Migrate(ctx, parts...); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// Postgres returns the URL of a fresh database on the configured PostgreSQL server, for a test that opens it
// itself; it skips, or fails where FOLKMOOT_TEST=full, if there is no server.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv("FOLKMOOT_POSTGRES_URL")
	if server == "" {
		if Full() {
			t.Fatal("FOLKMOOT_POSTGRES_URL is not set")
		}
		t.Skip("PostgreSQL: set FOLKMOOT_POSTGRES_URL=postgresql://… to a server where databases may be made")
	}
	return fresh(t, server, "WITH (FORCE)")
}

// fresh makes a database with a name of its own on a server and returns its URL. It is dropped after the test.
func fresh(t testing.TB, server, drop string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	name := "folkmoot_" + strings.ToLower(rand.Text()[:12])
	admin := func(statement string) {
		pool, err := sql.Open("pgx", server)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		if _, err := pool.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	admin("CREATE DATABASE " + name)
	t.Cleanup(func() { admin("DROP DATABASE " + name + " " + drop) })
	u.Path = "/" + name
	return u.String()
}
