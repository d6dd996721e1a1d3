package store

import (
	"context"
	"fmt"
)

// Payer is who may have paid.
type Payer struct {
	ID     string
	Number int64
	Name   string
}

// Payers returns at most limit of those with a number above after, in order of it.
func (s *Store) Payers(ctx context.Context, after int64, limit int) ([]Payer, error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT id, number, name FROM member WHERE number > $1 ORDER BY number LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("store: payers: %w", err)
	}
	defer rows.Close()
	var all []Payer
	for rows.Next() {
		var p Payer
		if err := rows.Scan(&p.ID, &p.Number, &p.Name); err != nil {
			return nil, fmt.Errorf("store: payers: %w", err)
		}
		all = append(all, p)
	}
	return all, rows.Err()
}
