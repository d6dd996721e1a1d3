package database

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Migrations are the schema files of one part of a room, "schema/NNNN_name.sql".
type Migrations struct {
	// Part names the owner: the room, or a package that all rooms share.
	Part string
	// Files hold the folder schema.
	Files fs.FS
}

// migration is one file.
type migration struct {
	name, text, hash string
}

const migrationTable = `CREATE TABLE IF NOT EXISTS migration (name TEXT NOT NULL PRIMARY KEY, hash TEXT NOT NULL CHECK (length(hash) = 64))`

// Migrate runs what has not run yet, in the order of the parts and of the files' names, forward only. Before it
// changes anything it refuses a file that changed after it had run, and a database that a newer Folkmoot has
// migrated; so all parts of a database are given in one call.
//
// A migration runs a statement at a time outside a transaction, since CockroachDB promises no transactional changes of
// a schema. So every statement is written to be repeatable, and a run that was cut short is repeated whole.
func (db *DB) Migrate(ctx context.Context, parts ...Migrations) error {
	all, err := collect(parts)
	if err != nil {
		return err
	}
	if err := db.change(ctx, migrationTable); err != nil {
		return fmt.Errorf("database: migrate: %w", err)
	}
	ran, err := db.ran(ctx)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, m := range all {
		known[m.name] = true
		if hash, ok := ran[m.name]; ok && hash != m.hash {
			return fmt.Errorf("database: migration %s has changed since it ran", m.name)
		}
	}
	for name := range ran {
		if !known[name] {
			return fmt.Errorf("database: it was migrated by a newer Folkmoot (%s): start that version", name)
		}
	}
	for _, m := range all {
		if _, ok := ran[m.name]; ok {
			continue
		}
		if err := db.migrate(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// collect reads the files of all parts, in order.
func collect(parts []Migrations) ([]migration, error) {
	var all []migration
	for _, part := range parts {
		files, err := fs.Glob(part.Files, "schema/*.sql")
		if err != nil {
			return nil, fmt.Errorf("database: migrations of %s: %w", part.Part, err)
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("database: %s has no migrations", part.Part)
		}
		slices.Sort(files)
		for _, file := range files {
			raw, err := fs.ReadFile(part.Files, file)
			if err != nil {
				return nil, fmt.Errorf("database: migrations of %s: %w", part.Part, err)
			}
			sum := sha256.Sum256(raw)
			all = append(all, migration{name: part.Part + "/" + path.Base(file), text: string(raw), hash: hex.EncodeToString(sum[:])})
		}
	}
	return all, nil
}

func (db *DB) migrate(ctx context.Context, m migration) error {
	statements, err := Statements(m.text)
	if err != nil {
		return fmt.Errorf("database: migration %s: %w", m.name, err)
	}
	for _, statement := range statements {
		if err := db.change(ctx, statement); err != nil {
			return fmt.Errorf("database: migration %s: %w", m.name, err)
		}
	}
	return db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO migration (name, hash) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, m.name, m.hash)
		return err
	})
}

// change runs one statement of a schema. Where two replicas start at once PostgreSQL lets the slower one collide in its
// catalogue in spite of IF NOT EXISTS; a statement that may be repeated is then simply repeated.
func (db *DB) change(ctx context.Context, statement string) error {
	for attempt := 1; ; attempt++ {
		_, err := db.writer.ExecContext(ctx, statement)
		if err == nil || attempt > maxRetries || !collided(err) {
			return err
		}
		if err := pause(ctx, attempt+1); err != nil {
			return err
		}
	}
}

func collided(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case uniqueViolation, serializationFailure, deadlockDetected,
			"42P07", "42710", // A table, an index, or another object that is there already.
			"XX000": // "tuple concurrently updated".
			return true
		}
		return false
	}
	var again *retryable
	return errors.As(classify(err), &again)
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
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("database: migrate: %w", err)
	}
	return ran, nil
}

// Statements splits a schema file at its semicolons, leaving out comments and keeping what stands in quotes. It fails
// if the file ends within quotes or within a statement.
func Statements(text string) ([]string, error) {
	var all []string
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '-' && strings.HasPrefix(text[i:], "--"):
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				end = len(text) - i
			}
			i += end - 1 // The line break stays.
		case c == '\'' || c == '"':
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 {
				return nil, fmt.Errorf("a quote %c is not closed", c)
			}
			b.WriteString(text[i : i+end+2])
			i += end + 1
		case c == ';':
			if s := strings.TrimSpace(b.String()); s != "" {
				all = append(all, s)
			}
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	if rest := strings.TrimSpace(b.String()); rest != "" {
		return nil, fmt.Errorf("the last statement has no semicolon")
	}
	return all, nil
}
