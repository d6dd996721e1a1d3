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

// Postal returns a member's postal address, empty where none is known, and the rule in force; or a NotFound fault.
func (s *Store) Postal(ctx context.Context, member string, now time.Time) (string, membership.Rule, error) {
	if _, _, err := s.Member(ctx, member); err != nil {
		return "", membership.Rule{}, err
	}
	told, err := s.Rules(ctx)
	if err != nil {
		return "", membership.Rule{}, err
	}
	address, err := postal(ctx, s.db.Reader(), member)
	return address, membership.RuleAt(told, now), err
}

func postal(ctx context.Context, q querier, member string) (string, error) {
	var address string
	err := q.QueryRowContext(ctx, `SELECT address FROM postal WHERE member = $1`, member).Scan(&address)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("store: find a postal address: %w", err)
	}
	return address, nil
}

// ChangePostal records that a postal address changed, once. decide returns the event and the address.
func (s *Store) ChangePostal(ctx context.Context, r once.Request, member string,
	decide func(c Case, present string) (membership.Event, string, error), encode Encode[Recorded]) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		c, err := entry(ctx, tx, member, r.At)
		if err != nil {
			return nil, err
		}
		present, err := postal(ctx, tx, member)
		if err != nil {
			return nil, err
		}
		decided, address, err := decide(c, present)
		if err != nil {
			return nil, err
		}
		if err := keepPostal(ctx, tx, member, address); err != nil {
			return nil, err
		}
		return recorded(ctx, tx, member, decided, r.At, encode)
	})
}

// keepPostal replaces a postal address; an empty one is none.
func keepPostal(ctx context.Context, tx *sql.Tx, member, address string) error {
	query, args := `INSERT INTO postal (member, address) VALUES ($1, $2) ON CONFLICT (member) DO UPDATE SET address = excluded.address`, []any{member, address}
	if address == "" {
		query, args = `DELETE FROM postal WHERE member = $1`, args[:1]
	}
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("store: keep a postal address: %w", err)
	}
	return nil
}
