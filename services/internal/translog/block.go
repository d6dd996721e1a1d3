package translog

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/internal/database"
)

// CommitmentSize is the length of a commitment, in bytes.
const CommitmentSize = 32

// Next returns the index that the next leaf gets, in the transaction in which it is added.
func Next(ctx context.Context, tx *sql.Tx) (int64, error) { return size(ctx, tx) }

// AppendBlock adds leaves in the transaction of their facts, given their commitments one after the other and the index of the
// first, as [Next] told it in the same transaction. What opens them stands in the rows of the facts and not here: where facts come
// by the thousand a second, a row for a whole batch costs next to nothing.
func AppendBlock(ctx context.Context, tx *sql.Tx, first int64, data []byte) error {
	if len(data)%CommitmentSize != 0 {
		return fmt.Errorf("translog: a block of %d bytes", len(data))
	}
	for len(data) > 0 {
		// As far as the tile goes that is being filled: a full one is stored before the next begins.
		n := min(int64(len(data)/CommitmentSize), tileWidth-first%tileWidth)
		part := data[:n*CommitmentSize]
		if _, err := tx.ExecContext(ctx, `INSERT INTO log_block (first, data) VALUES ($1, $2)`, first, part); err != nil {
			return database.StaleKey(fmt.Errorf("translog: append a block: %w", err))
		}
		first, data = first+n, data[n*CommitmentSize:]
		if err := complete(ctx, tx, first); err != nil {
			return err
		}
	}
	return nil
}

// leaves returns the data of at most count leaves from a multiple of 256 on, and a LOG_DAMAGED fault for a gap.
func leaves(ctx context.Context, q querier, from, count int64) ([][]byte, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT idx, data, FALSE FROM log_leaf WHERE idx >= $1 AND idx < $2
		UNION ALL SELECT first, data, TRUE FROM log_block WHERE first >= $1 AND first < $2 ORDER BY 1`, from, from+count)
	if err != nil {
		return nil, fmt.Errorf("translog: read: %w", err)
	}
	defer rows.Close()
	out := make([][]byte, 0, min(count, tileWidth))
	for rows.Next() {
		var at int64
		var data []byte
		var block bool
		if err := rows.Scan(&at, &data, &block); err != nil {
			return nil, fmt.Errorf("translog: read: %w", err)
		}
		if missing := from + int64(len(out)); at != missing {
			return nil, damaged(0, missing)
		}
		if !block {
			out = append(out, data)
			continue
		}
		for len(data) >= CommitmentSize && int64(len(out)) < count {
			out, data = append(out, data[:CommitmentSize]), data[CommitmentSize:]
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("translog: read: %w", err)
	}
	return out, nil
}
