package translog

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/internal/database"
)

// Batch appends many leaves in one transaction, with few statements.
type Batch struct {
	tx *sql.Tx
	// first is the index of the first leaf that is not written yet, next that of the one to be added.
	first, next int64
	args        []any
}

// NewBatch begins a batch in the transaction of the facts. While it is open nothing else may append in that transaction.
func NewBatch(ctx context.Context, tx *sql.Tx) (*Batch, error) {
	n, err := size(ctx, tx)
	if err != nil {
		return nil, err
	}
	return &Batch{tx: tx, first: n, next: n}, nil
}

// Add adds a leaf that commits to content with a salt of [SaltSize] random bytes, and returns its index from 0.
func (b *Batch) Add(salt, content []byte) int64 {
	b.args = append(b.args, b.next, Commit(salt, content), salt, content)
	b.next++
	return b.next - 1
}

// Write writes what was added, and the tiles that it fills.
func (b *Batch) Write(ctx context.Context) error {
	if err := database.InsertRows(ctx, b.tx, `INSERT INTO log_leaf (idx, data, salt, content)`, 4, b.args); err != nil {
		return database.StaleKey(fmt.Errorf("translog: append: %w", err))
	}
	clear(b.args)
	b.args = b.args[:0]
	for size := b.first - b.first%tileWidth + tileWidth; size <= b.next; size += tileWidth {
		if err := complete(ctx, b.tx, size); err != nil {
			return err
		}
	}
	b.first = b.next
	return nil
}

// Mark is how far a batch was filled.
type Mark struct {
	next int64
	args int
}

// Mark returns how far the batch is filled.
func (b *Batch) Mark() Mark { return Mark{b.next, len(b.args)} }

// Back takes what was added since the mark out again. Nothing may have been written since.
func (b *Batch) Back(m Mark) { b.next, b.args = m.next, b.args[:m.args] }
