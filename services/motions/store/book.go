package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/motions"
)

// querier is a transaction or the pool of readers.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// books remembers rule books that were read: a version never changes.
type books struct {
	mu   sync.Mutex
	read map[int]bookAndTerms
}

type bookAndTerms struct {
	book  motions.Book
	terms motions.Terms
}

func insertBook(ctx context.Context, tx *sql.Tx, b motions.Book, at time.Time) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO rule_book (version, effective, adopted_by, recorded) VALUES ($1, $2, $3, $4)`,
		b.Version, b.Effective.UnixMicro(), b.AdoptedBy, at.UnixMicro()); err != nil {
		return fmt.Errorf("store: insert rule book %d: %w", b.Version, err)
	}
	for i, r := range b.Rules {
		if _, err := tx.ExecContext(ctx, `INSERT INTO rule (version, line, key, value, clause, source, meaning) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			b.Version, i, r.Key, r.Value, r.Clause, r.Source, r.Meaning); err != nil {
			return fmt.Errorf("store: insert rule %s: %w", r.Key, err)
		}
	}
	return nil
}

// Book returns a version of the rule book; version 0 is the one in force at an instant.
func (s *Store) Book(ctx context.Context, version int, now time.Time) (motions.Book, error) {
	q := s.db.Reader()
	if version == 0 {
		var err error
		if version, err = inForce(ctx, q, now); err != nil {
			return motions.Book{}, err
		}
	}
	b, err := s.version(ctx, q, version)
	return b.book, err
}

// Terms returns the terms of the rule book in force at an instant.
func (s *Store) Terms(ctx context.Context, now time.Time) (motions.Terms, error) {
	return s.terms(ctx, s.db.Reader(), 0, now)
}

// version returns a version with its terms.
func (s *Store) version(ctx context.Context, q querier, version int) (bookAndTerms, error) {
	s.books.mu.Lock()
	b, ok := s.books.read[version]
	s.books.mu.Unlock()
	if ok {
		return b, nil
	}
	var err error
	if b.book, err = readBook(ctx, q, version); err != nil {
		return bookAndTerms{}, err
	}
	if b.terms, err = b.book.Terms(); err != nil {
		// Not the caller's mistake, so not passed on as a fault: what is kept was checked when it was adopted.
		return bookAndTerms{}, errors.New("store: rule book " + strconv.Itoa(version) + " as kept: " + err.Error())
	}
	s.books.mu.Lock()
	defer s.books.mu.Unlock()
	if s.books.read == nil {
		s.books.read = make(map[int]bookAndTerms)
	}
	s.books.read[version] = b
	return b, nil
}

func inForce(ctx context.Context, q querier, now time.Time) (int, error) {
	var version int
	err := q.QueryRowContext(ctx, `SELECT version FROM rule_book WHERE effective <= $1 ORDER BY version DESC LIMIT 1`, now.UnixMicro()).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, notFounded()
	}
	if err != nil {
		return 0, fmt.Errorf("store: rule book in force: %w", err)
	}
	return version, nil
}

func notFounded() error {
	return fault.New(fault.Conflict, "NOT_FOUNDED", "No rules are in force yet: the society has first to be founded.")
}

func readBook(ctx context.Context, q querier, version int) (motions.Book, error) {
	b := motions.Book{Version: version}
	var effective int64
	err := q.QueryRowContext(ctx, `SELECT effective, adopted_by FROM rule_book WHERE version = $1`, version).Scan(&effective, &b.AdoptedBy)
	if errors.Is(err, sql.ErrNoRows) {
		return motions.Book{}, fault.New(fault.NotFound, "RULE_BOOK_NOT_FOUND", "There is no such version of the rule book.")
	}
	if err != nil {
		return motions.Book{}, fmt.Errorf("store: read rule book %d: %w", version, err)
	}
	b.Effective = instant(effective)
	rows, err := q.QueryContext(ctx, `SELECT key, value, clause, source, meaning FROM rule WHERE version = $1 ORDER BY line`, version)
	if err != nil {
		return motions.Book{}, fmt.Errorf("store: read rules: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r motions.Rule
		if err := rows.Scan(&r.Key, &r.Value, &r.Clause, &r.Source, &r.Meaning); err != nil {
			return motions.Book{}, fmt.Errorf("store: read rules: %w", err)
		}
		b.Rules = append(b.Rules, r)
	}
	return b, rows.Err()
}

// terms returns the terms of a version; version 0 is the one in force at an instant.
func (s *Store) terms(ctx context.Context, q querier, version int, now time.Time) (motions.Terms, error) {
	if version == 0 {
		var err error
		if version, err = inForce(ctx, q, now); err != nil {
			return motions.Terms{}, err
		}
	}
	b, err := s.version(ctx, q, version)
	return b.terms, err
}
