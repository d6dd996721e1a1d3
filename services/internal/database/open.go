// Package database opens a room's database and runs its transactions: one dialect, three engines.
//
// A room has a database of its own: a SQLite file by default, or PostgreSQL or CockroachDB by
// URL. The drivers are imported here and nowhere else, so a store that compiles runs on all of them.
//
// [DB.InTx] is the only way to write. It is crdb.ExecuteCtx around {begin serializable, fn,
// commit}. It is deliberately not crdb.ExecuteTx, which drops the error of COMMIT and retries on
// the snapshot that failed: outside CockroachDB that loses writes in silence (transaction_test.go
// shows it).
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib" // The driver for PostgreSQL and CockroachDB.
)

// Engine is a kind of database.
type Engine string

// The engines.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgresql"
)

// DB is an open database: one pool that writes and one that reads.
type DB struct {
	// Engine says which kind it is. A store never asks; tests and the doctor do.
	Engine Engine

	writer, reader *sql.DB
	rehearse       bool
}

// checkpointPages is how many pages the write-ahead log may grow to before it is folded back: 128 MB.
// Random keys dirty a page each; folding back seldom halves what is written per vote.
const checkpointPages = 32768

// Open opens a database: "postgresql://…" or "postgres://…" for PostgreSQL and CockroachDB,
// "sqlite:PATH" or a plain path for SQLite, whose file is made if it is not there.
func Open(ctx context.Context, address string) (*DB, error) {
	if strings.HasPrefix(address, "postgresql://") || strings.HasPrefix(address, "postgres://") {
		return openPostgreSQL(ctx, address)
	}
	path, err := filepath.Abs(strings.TrimPrefix(address, "sqlite:"))
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	return openSQLite(ctx, path)
}

func openPostgreSQL(ctx context.Context, address string) (*DB, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	db := &DB{Engine: PostgreSQL, writer: stdlib.OpenDB(*config), reader: stdlib.OpenDB(*config, stdlib.OptionAfterConnect(readOnly))}
	for _, pool := range []*sql.DB{db.writer, db.reader} {
		pool.SetMaxOpenConns(16)
		pool.SetMaxIdleConns(8)
		pool.SetConnMaxIdleTime(5 * time.Minute)
		if err := pool.PingContext(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("database: connect: %w", err), db.Close())
		}
	}
	return db, nil
}

func readOnly(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SET default_transaction_read_only = on")
	return err
}

func openSQLite(ctx context.Context, path string) (*DB, error) {
	writer, err := sql.Open(sqliteDriver, dsn(path, "immediate",
		"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", fmt.Sprintf("wal_autocheckpoint(%d)", checkpointPages), fmt.Sprintf("cache_size(-%d)", writerCache), "temp_store(MEMORY)"))
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	// One connection writes: more of them would only wait for each other, unfairly.
	writer.SetMaxOpenConns(1)
	writer.SetMaxIdleConns(1)
	if err := writer.PingContext(ctx); err != nil {
		writer.Close()
		return nil, fmt.Errorf("database: open %s: %w", path, err)
	}
	reader, err := sql.Open(sqliteDriver, dsn(path, "deferred", "query_only(1)", "cache_size(-8192)"))
	if err != nil {
		writer.Close()
		return nil, fmt.Errorf("database: %w", err)
	}
	readers := max(4, 2*runtime.NumCPU())
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	return &DB{Engine: SQLite, writer: writer, reader: reader}, nil
}

// dsn puts busy_timeout first: the pragmas after it may already have to wait.
func dsn(path, txlock string, pragmas ...string) string {
	q := url.Values{"_txlock": {txlock}, "_pragma": append([]string{"busy_timeout(5000)"}, pragmas...)}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// Reader is the pool that reads the last committed state and refuses to write.
func (db *DB) Reader() *sql.DB { return db.reader }

// Snapshot runs several queries against one committed state.
func (db *DB) Snapshot(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := db.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: db.snapshotIsolation()})
	if err != nil {
		return fmt.Errorf("database: begin: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // A read has nothing to lose.
	return fn(tx)
}

func (db *DB) snapshotIsolation() sql.IsolationLevel {
	if db.Engine == SQLite {
		return sql.LevelDefault
	}
	return sql.LevelRepeatableRead
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.reader.PingContext(ctx) }

// Close closes both pools. SQLite folds its log back into the file.
func (db *DB) Close() error {
	// The writer goes last, so that it is the last connection to a SQLite file.
	err := db.reader.Close()
	return errors.Join(err, db.writer.Close())
}
