package database

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Migrations are the schema files of one part of a room, "schema/NNNN_name.sql".
type Migrations struct {
	// Part names the owner: the room, or a package that all rooms share.
	Part string
	// Files hold the folder schema.
	Files fs.FS
}

// A migration runs a statement at a time outside a transaction, since CockroachDB promises no transactional
// changes of a schema; so every statement is written to be repeatable, and a run that was cut short is repeated whole.
const migrationTable = `CREATE TABLE IF NOT EXISTS migration (name TEXT NOT NULL PRIMARY KEY, hash TEXT NOT NULL CHECK (length(hash) = 64))`

// Migrate runs what has not run yet, in the order of the parts and of the files' names, forward only. It
// refuses a file that changed after it had run, and a database that a newer Folkmoot has migrated.
func (db *DB) Migrate(ctx context.Context, parts ...Migrations) error {
	if _, err := db.writer.ExecContext(ctx, migrationTable); err != nil {
		return fmt.Errorf("database: migrate: %w", err)
	}
	ran, err := db.ran(ctx)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, part := range parts {
		files, err := fs.Glob(part.Files, "schema/*.sql")
		if err != nil || len(files) == 0 {
			return fmt.Errorf("database: %s has no migrations: %w", part.Part, err)
		}
		slices.Sort(files)
		for _, file := range files {
			name := part.Part + "/" + path.Base(file)
			known[name] = true
			raw, err := fs.ReadFile(part.Files, file)
			if err != nil {
				return fmt.Errorf("database: migrate: %w", err)
			}
			if err := db.migrate(ctx, name, string(raw), ran[name]); err != nil {
				return err
			}
		}
	}
	for name := range ran {
		if !known[name] {
			return fmt.Errorf("database: it was migrated by a newer Folkmoot (%s): start that version", name)
		}
	}
	return nil
}

func (db *DB) migrate(ctx context.Context, name, text, ran string) error {
	sum := sha256.Sum256([]byte(text))
	hash := hex.EncodeToString(sum[:])
	if ran == hash {
		return nil
	}
	if ran != "" {
		return fmt.Errorf("database: migration %s has changed since it ran", name)
	}
	for _, statement := range Statements(text) {
		if _, err := db.writer.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("database: migration %s: %w", name, err)
		}
	}
	return db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO migration (name, hash) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, hash)
		return err
	})
}

func (db *DB) ran(ctx context.Context) (map[string]string, error) {
	rows, err := db.writer.QueryContext(ctx, `SELECT name, hash FROM migration`)
	if err != nil {
		return nil, fmt.Errorf("database: migrate: %w", err)
	}
	defer rows.Close()
	ran := map[string]string{}
	for rows.Next() {
		var name, hash string
		if err := rows.Scan(&name, &hash); err != nil {
			return nil, fmt.Errorf("database: migrate: %w", err)
		}
		ran[name] = hash
	}
	return ran, rows.Err()
}

// Statements splits a schema file: a statement ends with a semicolon at the end of a line. Comment lines go.
func Statements(text string) []string {
	var all []string
	var b strings.Builder
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "--") {
			continue
		}
		b.WriteString(strings.TrimRight(line, " \t\r\n"))
		b.WriteString("\n")
		if strings.HasSuffix(trimmed, ";") {
			all = append(all, strings.TrimSuffix(strings.TrimSpace(b.String()), ";"))
			b.Reset()
		}
	}
	if rest := strings.TrimSpace(b.String()); rest != "" {
		all = append(all, rest)
	}
	return all
}
