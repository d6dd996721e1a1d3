package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/cockroachdb/cockroach-go/v2/crdb"
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
	return crdb.ExecuteCtx(crdb.WithMaxRetries(ctx, maxRetries), func(ctx context.Context, _ ...interface{}) error {
		if attempt++; attempt > 1 {
			if err := pause(ctx, attempt); err != nil {
				return err
			}
		}
		return classify(db.once(inner, fn))
	})
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
	if err := tx.Commit(); err != nil {
		if lostAtCommit(err) {
			return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
		}
		return fmt.Errorf("database: commit: %w", err)
	}
	return nil
}

// lostAtCommit tells an answer of the database (refused: nothing was written) from no answer. database/sql
// answers for a context that ended before the commit was sent, after rolling back; that is an answer too.
func lostAtCommit(err error) bool {
	if errors.Is(err, sql.ErrTxDone) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		// pgx reports a context that ended in mid-commit through its own connection error.
		var network net.Error
		return errors.As(err, &network)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == outcomeUnknown
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return false
	}
	var network net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &network) || strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "closed network connection")
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
