package store

import (
	"context"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/ledger"
)

// walkBatch is how many entries are read at once.
const walkBatch = 2000

// Walk calls yield for the public part of every entry after a number, in order, and stops at its first error. It reads a batch
// at a time, so nothing is held open while what is read is written to somebody slow; entries never change, so the batches fit
// together.
func (s *Store) Walk(ctx context.Context, after int64, yield func(ledger.Entry) error) error {
	for {
		batch, err := s.batch(ctx, after)
		if err != nil {
			return err
		}
		for _, e := range batch {
			if err := yield(e); err != nil {
				return err
			}
			after = e.Number
		}
		if len(batch) == 0 {
			return nil
		}
	}
}

// batch returns the public part of the next entries after a number.
func (s *Store) batch(ctx context.Context, after int64) ([]ledger.Entry, error) {
	all, err := find(ctx, s.db.Reader(), `
		WHERE e.number > $1 AND e.number <= COALESCE((SELECT MAX(x.number) FROM (SELECT n.number FROM entry n WHERE n.number > $1 ORDER BY n.number LIMIT $2) x), 0)`,
		after, walkBatch)
	for i := range all {
		e := &all[i]
		e.EnteredBy, e.Member, e.Method, e.ReversedBy, e.Reason, e.Reference, e.Repeated, e.Standing = "", "", "", "", "", "", false, false
		if e.Log != nil {
			e.Log.PrivateSalt = nil
		}
	}
	return all, err
}

// Changes calls yield for the entries that happened between two dates, both included, and were entered after an instant.
func (s *Store) Changes(ctx context.Context, from, to string, closed int64, yield func(ledger.Entry)) error {
	return scan(ctx, s.db.Reader(), ` WHERE e.occurred >= $1 AND e.occurred <= $2 AND e.entered > $3 ORDER BY e.number, p.line`,
		func(e ledger.Entry) error { yield(e); return nil }, from, to, closed)
}

// OutOfTurn calls yield for the entries that a look for gaps needs, each with the one before it: those whose number does not
// follow or whose instant lies before, and the last.
func (s *Store) OutOfTurn(ctx context.Context, yield func(before, e ledger.Entry)) error {
	rows, err := s.db.Reader().QueryContext(ctx, `
		SELECT x.id, x.number, x.entered, x.description, x.before_number, x.before_entered FROM (
		  SELECT e.id, e.number, e.entered, e.description,
		         COALESCE(LAG(e.number) OVER (ORDER BY e.number), 0) AS before_number,
		         COALESCE(LAG(e.entered) OVER (ORDER BY e.number), 0) AS before_entered
		  FROM entry e) x
		WHERE x.number <> x.before_number + 1 OR x.entered < x.before_entered OR x.number = (SELECT MAX(number) FROM entry)
		ORDER BY x.number`)
	if err != nil {
		return fmt.Errorf("store: gaps: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var e, before ledger.Entry
		if err := rows.Scan(&e.ID, &e.Number, &e.Entered, &e.Description, &before.Number, &before.Entered); err != nil {
			return fmt.Errorf("store: gaps: %w", err)
		}
		yield(before, e)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("store: gaps: %w", err)
	}
	return nil
}

// mostDoubles bounds a list that people look through.
const mostDoubles = 1000

// Doubles returns the entries that stand and may have been entered twice: gifts of the same giver with the same sum on the same
// day, and entries with the same reference; each beside the one before it. They happened between two dates, both included.
func (s *Store) Doubles(ctx context.Context, from, to string) ([]ledger.Double, error) {
	var out []ledger.Double
	for _, q := range []struct{ why, query string }{
		{"giver", `
			SELECT x.number, x.earlier FROM (
			  SELECT e.number, LAG(e.number) OVER (PARTITION BY e.member, e.occurred, p.pence ORDER BY e.number) AS earlier
			  FROM entry e JOIN posting p ON p.entry_number = e.number AND p.line = 0
			  WHERE e.kind = 'donation' AND e.member <> '' AND e.occurred >= $1 AND e.occurred <= $2
			    AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.id)) x
			WHERE x.earlier IS NOT NULL ORDER BY x.number LIMIT $3`},
		{"reference", `
			SELECT x.number, x.earlier FROM (
			  SELECT e.number, LAG(e.number) OVER (PARTITION BY e.reference ORDER BY e.number) AS earlier
			  FROM entry e
			  WHERE e.reference <> '' AND e.kind <> 'reversal' AND e.occurred >= $1 AND e.occurred <= $2
			    AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.id)) x
			WHERE x.earlier IS NOT NULL ORDER BY x.number LIMIT $3`},
	} {
		pairs, err := s.pairs(ctx, q.query, from, to, mostDoubles)
		if err != nil {
			return nil, err
		}
		for _, pair := range pairs {
			both, err := find(ctx, s.db.Reader(), ` WHERE e.number IN ($1, $2)`, pair[0], pair[1])
			if err != nil {
				return nil, err
			}
			if len(both) == 2 {
				out = append(out, ledger.Double{Entry: both[1], Earlier: both[0], Why: q.why})
			}
		}
	}
	return out, nil
}

func (s *Store) pairs(ctx context.Context, query string, args ...any) ([][2]int64, error) {
	rows, err := s.db.Reader().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("store: duplicates: %w", err)
	}
	defer rows.Close()
	var out [][2]int64
	for rows.Next() {
		var p [2]int64
		if err := rows.Scan(&p[0], &p[1]); err != nil {
			return nil, fmt.Errorf("store: duplicates: %w", err)
		}
		out = append(out, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: duplicates: %w", err)
	}
	return out, nil
}

// Gifts calls yield for what each giver gave on each day between two dates, both included, less what was reversed, in order of
// giver. A reversal counts on the day of what it reverses.
func (s *Store) Gifts(ctx context.Context, from, to string, yield func(ledger.DayGift) error) error {
	rows, err := s.db.Reader().QueryContext(ctx, `
		SELECT x.member, x.day, CAST(-SUM(x.pence) AS BIGINT)
		FROM (SELECT e.member, COALESCE(r.occurred, e.occurred) AS day, p.pence
		      FROM entry e JOIN posting p ON p.entry_number = e.number LEFT JOIN entry r ON e.depth > 0 AND r.id = e.root
		      WHERE p.account = 'income:donations' OR substr(p.account, 1, 17) = 'income:donations:') x
		WHERE x.day >= $1 AND x.day <= $2
		GROUP BY x.member, x.day HAVING SUM(x.pence) < 0 ORDER BY x.member, x.day`, from, to)
	if err != nil {
		return fmt.Errorf("store: gifts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var g ledger.DayGift
		if err := rows.Scan(&g.Member, &g.Day, &g.Pence); err != nil {
			return fmt.Errorf("store: gifts: %w", err)
		}
		if err := yield(g); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("store: gifts: %w", err)
	}
	return nil
}

// Of returns every entry about a member, in order of number.
func (s *Store) Of(ctx context.Context, member string) ([]ledger.Entry, error) {
	return find(ctx, s.db.Reader(), ` WHERE e.member = $1 AND e.member <> ''`, member)
}
