package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// Particulars returns what a member gave beside name and e-mail address.
func (s *Store) Particulars(ctx context.Context, member string) (membership.Particulars, error) {
	return particularsOf(ctx, s.db.Reader(), member)
}

func particularsOf(ctx context.Context, q querier, member string) (membership.Particulars, error) {
	var p membership.Particulars
	var sector string
	err := q.QueryRowContext(ctx, `SELECT sector FROM particulars WHERE member = $1`, member).Scan(&sector)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return p, fmt.Errorf("store: particulars: %w", err)
	}
	p.Sector = membership.Sector(sector)
	p.Address, err = postal(ctx, q, member)
	return p, err
}

// SetParticulars keeps what a member gave. Another address is an event of theirs, which does not hold it.
func (s *Store) SetParticulars(ctx context.Context, r once.Request, member string, p membership.Particulars, encode func(membership.Particulars) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		before, err := particularsOf(ctx, tx, member)
		if err != nil {
			return nil, err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO particulars (member, sector) VALUES ($1, $2)
			ON CONFLICT (member) DO UPDATE SET sector = excluded.sector`, member, string(p.Sector))
		if err != nil {
			return nil, fmt.Errorf("store: keep particulars: %w", err)
		}
		if before.Address != p.Address {
			if err := keepPostal(ctx, tx, member, p.Address); err != nil {
				return nil, err
			}
			if err := record(ctx, tx, member, membership.Event{Kind: membership.PostalChanged, At: r.At}, r.At); err != nil {
				return nil, err
			}
		}
		return encode(p)
	})
}

// addresses returns the postal addresses of some members.
func addresses(ctx context.Context, q querier, members []any) (map[string]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT member, address FROM postal WHERE member IN (`+placeholders(1, len(members))+`)`, members...)
	if err != nil {
		return nil, fmt.Errorf("store: addresses: %w", err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var member, address string
		if err := rows.Scan(&member, &address); err != nil {
			return nil, fmt.Errorf("store: addresses: %w", err)
		}
		all[member] = address
	}
	return all, rows.Err()
}

// CountSectors counts the members now by where they work; empty for those who did not say.
func (s *Store) CountSectors(ctx context.Context, now time.Time) (map[membership.Sector]int64, error) {
	// Those of whom something is dated in the future are left out: a total of sectors decides nothing.
	rows, err := s.db.Reader().QueryContext(ctx, `
		SELECT COALESCE(p.sector, ''), COUNT(*) FROM elector e LEFT JOIN particulars p ON p.member = e.member
		WHERE e.admitted = $1 AND e.since <= $2 GROUP BY COALESCE(p.sector, '')`, true, now.UnixMicro())
	if err != nil {
		return nil, fmt.Errorf("store: count sectors: %w", err)
	}
	defer rows.Close()
	counts := map[membership.Sector]int64{}
	for rows.Next() {
		var sector string
		var n int64
		if err := rows.Scan(&sector, &n); err != nil {
			return nil, fmt.Errorf("store: count sectors: %w", err)
		}
		counts[membership.Sector(sector)] = n
	}
	return counts, rows.Err()
}
