package database

import (
	"context"
	"database/sql"
	"fmt"
)

const (
	// writerCache and roomyCache bound the pages that SQLite's writing connection keeps, in KiB; it takes no more than it meets.
	writerCache = 32 << 10
	roomyCache  = 256 << 10
)

// Roomy lets the transaction's work keep more pages in memory until the returned function is called: for work that writes many rows
// in the order of one index and so touches pages of the others by chance. Where such an index outgrows the cache, nearly every row
// costs a page read and one written, and the time a row grows with the table. Only SQLite needs it; elsewhere nothing happens.
func (db *DB) Roomy(ctx context.Context, tx *sql.Tx) (done func(), err error) {
	if db.Engine != SQLite {
		return func() {}, nil
	}
	set := func(kib int) error {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA cache_size = -%d", kib)); err != nil {
			return fmt.Errorf("database: size of the cache: %w", err)
		}
		return nil
	}
	if err := set(roomyCache); err != nil {
		return nil, err
	}
	// A connection that cannot even take this has failed, and is thrown away: a larger bound is all that could remain.
	return func() { _ = set(writerCache) }, nil
}
