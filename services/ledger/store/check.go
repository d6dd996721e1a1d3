package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/ledger"
)

// Check reads the whole journal and returns an error that names the first entry that does not balance, is missing,
// or reverses something that is not there, or the first kept sum that is not what the journal gives.
func (s *Store) Check(ctx context.Context) error {
	last := int64(0)
	err := s.Each(ctx, func(e ledger.Entry) error {
		if e.Number != last+1 {
			return fmt.Errorf("entry %d follows entry %d: what lay between is missing", e.Number, last)
		}
		last = e.Number
		if err := ledger.Balanced(e.Postings); err != nil {
			return fmt.Errorf("entry %d: %w", e.Number, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var number int64
	err = s.db.Reader().QueryRowContext(ctx, `SELECT e.number FROM entry e WHERE NOT EXISTS (SELECT 1 FROM posting p WHERE p.entry_number = e.number) ORDER BY e.number LIMIT 1`).Scan(&number)
	if err == nil {
		return fmt.Errorf("entry %d has no postings", number)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("store: check: %w", err)
	}
	return s.checkBalances(ctx)
}
