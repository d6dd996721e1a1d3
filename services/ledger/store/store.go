// Package store keeps the journal in SQL. It opens the transaction, loads what a decision looks
// at, calls it, and writes what it returns; it decides nothing.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/group"
)

//go:embed schema/*.sql
var files embed.FS

// Migrations are the schema.
var Migrations = database.Migrations{Part: "ledger", Files: files}

// Topic is the outbox's topic of standing events.
const Topic = "membership"

// Store is the ledger's database.
type Store struct {
	db *database.DB
	// writer is nil in a store that writes each entry in a transaction of its own.
	writer *group.Writer[job, []byte]
	// unlogged is true only in a benchmark that compares with entries outside of the public log.
	unlogged bool
}

// New returns a store on a database whose migrations have run.
func New(db *database.DB) *Store { return &Store{db: db} }

func loadReversed(ctx context.Context, tx *sql.Tx, id string, facts *Facts) error {
	var root string
	err := tx.QueryRowContext(ctx, `SELECT root, depth FROM entry WHERE id = $1`, id).Scan(&root, &facts.Depth)
	if errors.Is(err, sql.ErrNoRows) {
		return notFound()
	}
	if err != nil {
		return fmt.Errorf("store: find the entry: %w", err)
	}
	entries, err := find(ctx, tx, ` WHERE e.id IN ($1, $2)`, id, root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.ID == id {
			facts.Reversed = e
		}
		if e.ID == root {
			facts.Root = e
		}
	}
	return nil
}

func notFound() error { return fault.New(fault.NotFound, "ENTRY_NOT_FOUND", "There is no such entry.") }
