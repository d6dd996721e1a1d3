package store

import (
	"context"
	"fmt"
	"sync"
)

// projection is the sums of postings by account and date, over the entries up to a number. It is computed from the journal and kept in
// memory only. Entries are never changed and their numbers have no gaps, so what was added up stays right, and each question only reads
// what came since the last one.
type projection struct {
	mu   sync.Mutex
	upto int64
	days map[day]int64
}

type day struct{ account, date string }

// Sums adds up the postings of each account over entries that occurred on or before a date, in pence.
//
// The first call of a process reads the whole journal, and every other one what was entered since.
func (s *Store) Sums(ctx context.Context, date string) (map[string]int64, error) {
	p := &s.sums
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := s.catchUp(ctx, p); err != nil {
		return nil, err
	}
	sums := map[string]int64{}
	for d, pence := range p.days {
		if d.date <= date {
			sums[d.account] += pence
		}
	}
	return sums, nil
}

func (s *Store) catchUp(ctx context.Context, p *projection) error {
	// One statement reads one state of the table; its own last number is where the next one goes on.
	rows, err := s.db.Reader().QueryContext(ctx, `
		SELECT p.account, e.occurred, CAST(SUM(p.pence) AS BIGINT), MAX(e.number) FROM posting p JOIN entry e ON e.number = p.entry_number
		WHERE p.entry_number > $1 GROUP BY p.account, e.occurred`, p.upto)
	if err != nil {
		return fmt.Errorf("store: sums: %w", err)
	}
	defer rows.Close()
	days, upto := map[day]int64{}, p.upto
	for rows.Next() {
		var d day
		var pence, number int64
		if err := rows.Scan(&d.account, &d.date, &pence, &number); err != nil {
			return fmt.Errorf("store: sums: %w", err)
		}
		days[d], upto = pence, max(upto, number)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("store: sums: %w", err)
	}
	if p.days == nil {
		p.days = map[day]int64{}
	}
	for d, pence := range days {
		p.days[d] += pence
	}
	p.upto = upto
	return nil
}
