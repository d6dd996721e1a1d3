package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/membership"
)

// CheckRolls computes the fingerprint and the root of every roll from its entries and returns an error that names the first roll that
// does not hold what its leaf in the public log says. It holds one roll at a time.
func (s *Store) CheckRolls(ctx context.Context) error {
	return s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		rolls, err := loadRolls(ctx, tx)
		if err != nil {
			return err
		}
		for _, r := range rolls {
			electors, err := electorsOf(ctx, tx, r)
			if err != nil {
				return err
			}
			if int64(len(electors)) != r.Count || !bytes.Equal(membership.Fingerprint(electors), r.Fingerprint) {
				return fmt.Errorf("the entries of roll %s are not those of its fingerprint", r.ID)
			}
			if r.detail == nil {
				continue
			}
			if root := membership.TreeRoot(membership.ChunkHashes(r.detail.secret, electors)); !bytes.Equal(root[:], r.detail.Root) {
				return fmt.Errorf("the root of roll %s is not that of its entries", r.ID)
			}
		}
		return nil
	})
}

func electorsOf(ctx context.Context, tx *sql.Tx, r Roll) ([]membership.Elector, error) {
	rows, err := tx.QueryContext(ctx, `SELECT number, member, region FROM roll_entry WHERE roll = $1 ORDER BY number`, r.ID)
	if err != nil {
		return nil, fmt.Errorf("store: entries: %w", err)
	}
	defer rows.Close()
	var all []membership.Elector
	for rows.Next() {
		var number int64
		var e membership.Elector
		if err := rows.Scan(&number, &e.Member, &e.Region); err != nil {
			return nil, fmt.Errorf("store: entries: %w", err)
		}
		if number != int64(len(all))+1 {
			return nil, fmt.Errorf("number %d is missing in roll %s", len(all)+1, r.ID)
		}
		all = append(all, e)
	}
	return all, rows.Err()
}
