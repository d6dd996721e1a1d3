package database

import (
	"context"
	"fmt"
)

// Check returns an error that says what is wrong with the database's own structures. SQLite looks at its b-trees, and if deep
// compares every index with its table; a server does that for itself, so there only a connection is tried.
func (db *DB) Check(ctx context.Context, deep bool) error {
	if db.Engine != SQLite {
		return db.Ping(ctx)
	}
	pragma := "PRAGMA quick_check(1)"
	if deep {
		pragma = "PRAGMA integrity_check(1)"
	}
	var answer string
	if err := db.reader.QueryRowContext(ctx, pragma).Scan(&answer); err != nil {
		return fmt.Errorf("database: check: %w", err)
	}
	if answer != "ok" {
		return fmt.Errorf("the file is damaged (%s): restore it from a backup", answer)
	}
	return nil
}
