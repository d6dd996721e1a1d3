// Package store keeps the register, signing in and rolls in SQL. It opens the transaction, loads what a decision of
// package membership looks at, calls it, and writes what it returns; it decides nothing.
package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/membership"
)

//go:embed schema/*.sql
var files embed.FS

// Migrations make the tables.
var Migrations = database.Migrations{Part: "membership", Files: files}

// Store is the membership room's database.
type Store struct {
	db     *database.DB
	random io.Reader
	// queue is maxQueue, but for tests.
	queue int64
}

// New returns a store on a database whose migrations have run. random makes ids and draws rolls.
func New(db *database.DB, random io.Reader) *Store {
	return &Store{db: db, random: random, queue: maxQueue}
}

// querier is what reads: a transaction, a snapshot or the readers' pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// instant reads a stored instant; NULL is the zero time.
func instant(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.UnixMicro(n.Int64)
}

// stored writes an instant; the zero time is NULL.
func stored(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

// orNull writes bytes, NULL where there are none: drivers differ on an empty slice.
func orNull(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// record appends an event to an entry's history, and its leaf to the public log.
func record(ctx context.Context, tx *sql.Tx, member string, e membership.Event, recorded time.Time) error {
	_, err := recordNumbered(ctx, tx, member, e, recorded)
	return err
}

// recordNumbered is record, and returns the event's number.
func recordNumbered(ctx context.Context, tx *sql.Tx, member string, e membership.Event, recorded time.Time) (int64, error) {
	if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) + 1 FROM event`).Scan(&e.Number); err != nil {
		return 0, fmt.Errorf("store: next event: %w", err)
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO event (number, member, kind, at, recorded, region, reason, decider) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.Number, member, string(e.Kind), e.At.UnixMicro(), recorded.UnixMicro(), e.Region, e.Reason, e.By)
	if err == nil && e.About != "" {
		_, err = tx.ExecContext(ctx, `INSERT INTO event_about (number, about) VALUES ($1, $2)`, e.Number, e.About)
	}
	if err != nil {
		return 0, database.StaleKey(fmt.Errorf("store: record an event: %w", err))
	}
	if err := keepElector(ctx, tx, member); err != nil {
		return 0, err
	}
	return e.Number, eventFact(member, e, recorded).log(ctx, tx)
}

// insertMember adds a person without a number.
func insertMember(ctx context.Context, tx *sql.Tx, id string, p membership.Person) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO member (id, number, name, email, name_fold, email_fold, region, language) VALUES ($1, NULL, $2, $3, $4, $5, $6, $7)`,
		id, p.Name, p.Email, []byte(membership.Fold(p.Name)), []byte(membership.Fold(p.Email)), p.Region, p.Language)
	if err != nil {
		// Two browsers confirm the same address at once: look again, and find the other's member.
		return database.StaleKey(fmt.Errorf("store: insert a member: %w", err))
	}
	return nil
}

// admit gives a person the next number, unless they have one from an earlier membership, and records the admission.
func admit(ctx context.Context, tx *sql.Tx, member string, e membership.Event) error {
	if e.Kind == "" {
		e.Kind = membership.Admitted
	}
	if err := number(ctx, tx, member); err != nil {
		return err
	}
	return record(ctx, tx, member, e, e.At)
}

// number gives a person the next membership number, unless they have one, and takes them out of the queue of applicants.
func number(ctx context.Context, tx *sql.Tx, member string) error {
	_, err := tx.ExecContext(ctx, `UPDATE member SET number = (SELECT COALESCE(MAX(number), 0) + 1 FROM member) WHERE id = $1 AND number IS NULL`, member)
	if err != nil {
		return database.StaleKey(fmt.Errorf("store: give a number: %w", err))
	}
	return notWaiting(ctx, tx, member)
}

// regionExists reports whether there is such a region.
func regionExists(ctx context.Context, q querier, id string) (bool, error) {
	if !membership.IsRegionID(id) {
		return false, nil
	}
	var n int64
	if err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM region WHERE id = $1`, id).Scan(&n); err != nil {
		return false, fmt.Errorf("store: find a region: %w", err)
	}
	return n > 0, nil
}

// placeholders writes "$from, $from+1, …" for n values.
func placeholders(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", from+i)
	}
	return b.String()
}

func memberNotFound() error {
	return fault.New(fault.NotFound, "MEMBER_NOT_FOUND", "There is no such member.")
}
