package translog

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/localgovdigital/folkmoot/services/internal/database"
)

// Leaf is a leaf as it is stored.
type Leaf struct {
	// Index is its place, from 0.
	Index int64
	// Data is what is public: the commitment.
	Data []byte
	// Salt and Content open it; nil once they were forgotten, and in a block.
	Salt, Content []byte
	// Block is true for a leaf whose opening stands in the row of its fact ([AppendBlock]).
	Block bool
}

// Each calls yield for every leaf in order, and stops at its first error.
func Each(ctx context.Context, db *database.DB, yield func(Leaf) error) error {
	return each(ctx, db.Reader(), yield)
}

func each(ctx context.Context, q querier, yield func(Leaf) error) error {
	rows, err := q.QueryContext(ctx, `
		SELECT idx, data, salt, content, FALSE FROM log_leaf
		UNION ALL SELECT first, data, NULL, NULL, TRUE FROM log_block ORDER BY 1`)
	if err != nil {
		return fmt.Errorf("translog: read: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var l Leaf
		var data []byte
		if err := rows.Scan(&l.Index, &data, &l.Salt, &l.Content, &l.Block); err != nil {
			return fmt.Errorf("translog: read: %w", err)
		}
		width := len(data)
		if l.Block {
			width = CommitmentSize
		}
		for ; len(data) >= width; data, l.Index = data[width:], l.Index+1 {
			l.Data = data[:width]
			if err := yield(l); err != nil {
				return err
			}
			if !l.Block {
				break
			}
		}
	}
	return rows.Err()
}

// Check reads the whole log and returns an error that names the first leaf or tile that is not what it should be: a leaf that
// is missing, one whose opening does not give its data, a tile that is missing, too many or not made of what lies below it.
func Check(ctx context.Context, db *database.DB) error {
	return db.Snapshot(ctx, func(tx *sql.Tx) error {
		var level []tlog.Hash
		err := each(ctx, tx, func(l Leaf) error {
			switch {
			case l.Index != int64(len(level)):
				return fmt.Errorf("leaf %d of the public log is missing", len(level))
			case l.Salt != nil && !bytes.Equal(l.Data, Commit(l.Salt, l.Content)):
				return fmt.Errorf("leaf %d of the public log is not the commitment to what is stored with it", l.Index)
			}
			level = append(level, tlog.RecordHash(l.Data))
			return nil
		})
		if err != nil {
			return err
		}
		tiles := 0
		for height := int64(0); len(level) >= tileWidth; height++ {
			var above []tlog.Hash
			for n := range len(level) / tileWidth {
				full := level[n*tileWidth : (n+1)*tileWidth]
				root := subtree(full)
				var data, stored []byte
				if err := tx.QueryRowContext(ctx, `SELECT data, root FROM log_tile WHERE level = $1 AND n = $2`, height, n).Scan(&data, &stored); err != nil {
					return fmt.Errorf("tile %d/%d of the public log: %w", height, n, err)
				}
				if !bytes.Equal(data, join(full)) || !bytes.Equal(stored, root[:]) {
					return fmt.Errorf("tile %d/%d of the public log is not made of what lies below it", height, n)
				}
				above = append(above, root)
				tiles++
			}
			level = above
		}
		var stored int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM log_tile`).Scan(&stored); err != nil {
			return fmt.Errorf("translog: tiles: %w", err)
		}
		if stored != tiles {
			return fmt.Errorf("the public log has %d full tiles stored and leaves for %d", stored, tiles)
		}
		return nil
	})
}

// EachIn is [Each] within a transaction.
func EachIn(ctx context.Context, tx *sql.Tx, yield func(Leaf) error) error {
	return each(ctx, tx, yield)
}
