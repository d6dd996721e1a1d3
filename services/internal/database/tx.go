package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/cockroachdb/cockroach-go/v2/crdb"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// maxRetries bounds how often a transaction is tried again. crdb.ExecuteCtx without a bound tries 50
	// times, and a bound of 0 means one try there and no bound elsewhere in that package: so it is always set.
	maxRetries = 20
	// firstPause is the longest pause before the second attempt; it doubles up to lastPause.
	firstPause = 2 * time.Millisecond
	lastPause  = 200 * time.Millisecond

	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	outcomeUnknown       = "40003"
	uniqueViolation      = "23505"
)

// ErrUnknownOutcome is returned when a commit was sent and no answer came: the transaction may have
// happened or not. Whoever asked has to ask again with the same request id.
var ErrUnknownOutcome = errors.New("database: the outcome of the commit is not known")

// ErrNested is returned by a transaction inside a transaction: it would wait for itself.
var ErrNested = errors.New("database: a transaction inside a transaction")

// ErrBusy is returned when a transaction lost to others each of the times it was tried. Nothing was written.
var ErrBusy = errors.New("database: too many transactions at once")

// retryable is an error of ours that crdb.ExecuteCtx takes for a serialization failure.
type retryable struct{ err error }

func (r *retryable) Error() string { return r.err.Error() }
func (r *retryable) Unwrap() error { return r.err }

// SQLState is how crdb.ExecuteCtx knows what to try again.
func (r *retryable) SQLState() string { return serializationFailure }

// StaleKey marks the error of an insert whose key was computed from what the transaction read (the next
// number in a row). Under serializable isolation a stale read shows up as a unique violation and not as
// a serialization failure (PostgreSQL does so), so the whole transaction is tried again. Other errors stay as they are.
func StaleKey(err error) error {
	if IsUnique(err) {
		return &retryable{err}
	}
	return err
}

type inTxKey struct{}

// InTx runs fn in a serializable transaction and commits it.
//
// fn may run more than once, each time in a new transaction on a new snapshot, with a pause from the second
// attempt on; so it must not do anything but read and write through tx. When InTx returns nil the
// transaction is durable. When it returns an error that is not [ErrUnknownOutcome] nothing was written.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	if ctx.Value(inTxKey{}) != nil {
		return ErrNested
	}
	inner := context.WithValue(ctx, inTxKey{}, true)
	attempt := 0
	err := crdb.ExecuteCtx(crdb.WithMaxRetries(ctx, maxRetries), func(ctx context.Context, _ ...interface{}) error {
		if attempt++; attempt > 1 {
			if err := pause(ctx, attempt); err != nil {
				return err
			}
		}
		if db.rehearse && attempt == 1 {
			return classify(db.once(inner, rehearsal(fn)))
		}
		return classify(db.once(inner, fn))
	})
	var lost *crdb.MaxRetriesExceededError
	if errors.As(err, &lost) {
		return fmt.Errorf("%w: %w", ErrBusy, lost.Unwrap())
	}
	return err
}

func (db *DB) once(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	tx, err := db.writer.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return fmt.Errorf("database: begin: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // After a commit it does nothing; before one its error adds nothing.
	if err := fn(ctx, tx); err != nil {
		return err
	}
	// Asked here, while it is certain that no COMMIT was sent.
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("database: before the commit: %w", err)
	}
	if err := tx.Commit(); err != nil {
		if !db.refused(err) {
			return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
		}
		return fmt.Errorf("database: commit: %w", err)
	}
	return nil
}

// refused reports whether the error of a commit is an answer: the database said that nothing was written, or it was
// never asked. Everything else may have been written: a context that ended while the answer was under way, for which
// pgx gives the bare error of the context, and a connection that broke, which pgx reports as one that was closed before
// (and as safe to try again, which at a commit it is not).
func (db *DB) refused(err error) bool {
	if errors.Is(err, sql.ErrTxDone) {
		return true // database/sql rolled back, since the context had ended before.
	}
	if db.Engine == SQLite {
		// The commit runs in this process and is undone when it is interrupted. But frames that could not be
		// flushed may be found whole by the recovery after a crash.
		var lite *sqlite.Error
		if errors.As(err, &lite) {
			c := lite.Code() & 0xff
			return c != sqlite3.SQLITE_IOERR && c != sqlite3.SQLITE_FULL
		}
		return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		// A FATAL error ends the session, perhaps after the commit (57P01: an administrator ended it).
		fatal := func(severity string) bool { return severity == "FATAL" || severity == "PANIC" }
		return pg.Code != outcomeUnknown && !fatal(pg.Severity) && !fatal(pg.SeverityUnlocalized)
	}
	return errors.Is(err, pgx.ErrTxCommitRollback) || errors.Is(err, pgx.ErrTxClosed)
}

// classify makes what is worth another attempt look so to crdb.ExecuteCtx.
func classify(err error) error {
	if err == nil || errors.Is(err, ErrUnknownOutcome) {
		return err
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		if c := lite.Code() & 0xff; c == sqlite3.SQLITE_BUSY || c == sqlite3.SQLITE_LOCKED {
			return &retryable{err}
		}
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == deadlockDetected {
		return &retryable{err}
	}
	return err
}

// pause waits between attempts, longer each time, by chance, so that two that collided part.
func pause(ctx context.Context, attempt int) error {
	longest := min(firstPause<<min(attempt-2, 10), lastPause)
	timer := time.NewTimer(time.Duration(rand.Int64N(int64(longest))) + longest/4)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// IsUnique reports whether err is a breach of a primary key or a unique index.
func IsUnique(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == uniqueViolation
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// Rehearse makes InTx run every fn once and throw it away before it runs it for good, as a serialization failure would
// at any time. A contract suite that passes so shows that its closures use nothing up. For tests.
func (db *DB) Rehearse() { db.rehearse = true }

func rehearsal(fn func(ctx context.Context, tx *sql.Tx) error) func(ctx context.Context, tx *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return &retryable{errors.New("database: rehearsed")}
	}
}
