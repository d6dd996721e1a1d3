package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/motions"
)

func insertChanges(ctx context.Context, tx *sql.Tx, m motions.Motion) error {
	for i, c := range m.RuleChanges {
		if _, err := tx.ExecContext(ctx, `INSERT INTO rule_change (motion, line, key, value) VALUES ($1, $2, $3, $4)`, m.ID, i, c.Key, c.Value); err != nil {
			return fmt.Errorf("store: insert the change of %s: %w", c.Key, err)
		}
	}
	return nil
}

// readChanges adds to a motion what it changes of the rules, and what adopted it.
func readChanges(ctx context.Context, q querier, m *motions.Motion) error {
	rows, err := q.QueryContext(ctx, `SELECT key, value FROM rule_change WHERE motion = $1 ORDER BY line`, m.ID)
	if err != nil {
		return fmt.Errorf("store: changes of rules: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c motions.RuleChange
		if err := rows.Scan(&c.Key, &c.Value); err != nil {
			return fmt.Errorf("store: changes of rules: %w", err)
		}
		m.RuleChanges = append(m.RuleChanges, c)
	}
	if err := rows.Err(); err != nil || len(m.RuleChanges) == 0 {
		return err
	}
	err = q.QueryRowContext(ctx, `SELECT version FROM rule_book WHERE adopted_by = $1`, m.ID).Scan(&m.RuleBook)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("store: what a motion adopted: %w", err)
	}
	return nil
}

// Adopt has decide make the next version of the rule book from a motion, and keeps it with the events that tell of it.
func (s *Store) Adopt(ctx context.Context, a Ask, motion string, decide func(latest motions.Book, mo motions.Motion) (motions.Book, Tellings, error), encode func(motions.Book) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, a.Request, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		mo, err := motionByID(ctx, tx, motion)
		if err != nil {
			return nil, err
		}
		latest, err := s.latest(ctx, tx)
		if err != nil {
			return nil, err
		}
		book, tell, err := decide(latest, mo)
		if err != nil {
			return nil, err
		}
		if err := insertBook(ctx, tx, book, a.Request.At); err != nil {
			// Two officers at once computed the same version: look again.
			return nil, database.StaleKey(err)
		}
		if err := tell.append(ctx, tx); err != nil {
			return nil, err
		}
		return encode(book)
	})
}

// LatestBook returns the newest version, whether it is in force yet or not.
func (s *Store) LatestBook(ctx context.Context) (motions.Book, error) {
	return s.latest(ctx, s.db.Reader())
}

func (s *Store) latest(ctx context.Context, q querier) (motions.Book, error) {
	var version int
	if err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM rule_book`).Scan(&version); err != nil {
		return motions.Book{}, fmt.Errorf("store: the newest rule book: %w", err)
	}
	if version == 0 {
		return motions.Book{}, notFounded()
	}
	b, err := s.version(ctx, q, version)
	return b.book, err
}

// maxBooks bounds the list of versions; nobody changes the rules so often.
const maxBooks = 1000

// Books returns every version without its rules, newest first.
func (s *Store) Books(ctx context.Context) ([]motions.Book, error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT version, effective, adopted_by FROM rule_book ORDER BY version DESC LIMIT $1`, maxBooks)
	if err != nil {
		return nil, fmt.Errorf("store: rule books: %w", err)
	}
	defer rows.Close()
	var all []motions.Book
	for rows.Next() {
		var b motions.Book
		var effective int64
		if err := rows.Scan(&b.Version, &effective, &b.AdoptedBy); err != nil {
			return nil, fmt.Errorf("store: rule books: %w", err)
		}
		b.Effective = instant(effective)
		all = append(all, b)
	}
	return all, rows.Err()
}
