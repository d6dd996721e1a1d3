package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/membership"
)

// Comparison counts how two rolls differ.
type Comparison struct {
	// Both are on both, First and Second on one only.
	Both, First, Second int64
}

const onlyOnOne = ` FROM roll_entry a WHERE a.roll = $1 AND NOT EXISTS (SELECT 1 FROM roll_entry b WHERE b.roll = $2 AND b.member = a.member)`

// twoRolls finds both, or returns a NotFound fault.
func twoRolls(ctx context.Context, q querier, first, second string) (a, b Roll, err error) {
	for name, roll := range map[string]*Roll{first: &a, second: &b} {
		r, found, err := rollByID(ctx, q, name)
		if err != nil {
			return a, b, err
		}
		if !found {
			return a, b, rollNotFound()
		}
		*roll = r
	}
	if first == second {
		a = b
	}
	return a, b, nil
}

// Compare counts how two rolls differ.
func (s *Store) Compare(ctx context.Context, first, second string) (Comparison, error) {
	var c Comparison
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		a, b, err := twoRolls(ctx, tx, first, second)
		if err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*)`+onlyOnOne, first, second).Scan(&c.First); err != nil {
			return fmt.Errorf("store: compare: %w", err)
		}
		// A roll never holds a person twice: what is not on one only is on both.
		c.Both = a.Count - c.First
		c.Second = b.Count - c.Both
		return nil
	})
	return c, err
}

// Difference is a member who is on one of two rolls only.
type Difference struct {
	// Member is who, and Name their name.
	Member, Name string
	// OnLater is whether they are on the second.
	OnLater bool
	// Missing is the roll that they are not on, History and Ruling what it was computed from.
	Missing Roll
	History membership.History
	Ruling  *membership.Ruling
}

// DifferencePage is where a page of differences begins: after this one. A zero page is the first.
type DifferencePage struct {
	OnLater bool
	Member  string
}

// Differences returns at most limit members who are on one of two rolls only: those of the first before those of the second, each by id.
func (s *Store) Differences(ctx context.Context, first, second string, after DifferencePage, limit int) ([]Difference, error) {
	var all []Difference
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		all = nil
		a, b, err := twoRolls(ctx, tx, first, second)
		if err != nil {
			return err
		}
		if !after.OnLater {
			if all, err = onlyOn(ctx, tx, a, b, false, after.Member, limit); err != nil {
				return err
			}
			after.Member = ""
		}
		if len(all) < limit {
			more, err := onlyOn(ctx, tx, b, a, true, after.Member, limit-len(all))
			if err != nil {
				return err
			}
			all = append(all, more...)
		}
		return nil
	})
	return all, err
}

// onlyOn returns members with an id above after who are on one roll and not on the other.
func onlyOn(ctx context.Context, tx *sql.Tx, on, missing Roll, later bool, after string, limit int) ([]Difference, error) {
	rows, err := tx.QueryContext(ctx, `SELECT a.member, COALESCE((SELECT m.name FROM member m WHERE m.id = a.member), '')`+onlyOnOne+` AND a.member > $3 ORDER BY a.member LIMIT $4`,
		on.ID, missing.ID, after, limit)
	if err != nil {
		return nil, fmt.Errorf("store: differences: %w", err)
	}
	defer rows.Close()
	var all []Difference
	for rows.Next() {
		d := Difference{OnLater: later, Missing: missing}
		if err := rows.Scan(&d.Member, &d.Name); err != nil {
			return nil, fmt.Errorf("store: differences: %w", err)
		}
		all = append(all, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: differences: %w", err)
	}
	rows.Close()
	for i := range all {
		if all[i].History, err = historyUpTo(ctx, tx, all[i].Member, missing.limits); err != nil {
			return nil, err
		}
		if all[i].Ruling, err = rulingOn(ctx, tx, missing, all[i].Member); err != nil {
			return nil, err
		}
	}
	return all, nil
}
