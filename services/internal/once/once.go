// Package once makes a writing request happen once, however often it is sent.
//
// In the transaction that carries a request out, the store keeps (principal, method, request id) with the hash
// of the request and the reply as opaque bytes, for 48 hours. The same request again gets the same reply; the same id
// with another body is refused; another principal's id is never found. A refusal is not kept, so the same id may be
// sent again after what was wrong is mended.
//
// If the caller was let through for an office, that is recorded in the same transaction (package acts).
//
// A method whose reply holds a secret keeps no reply and does not use this package.
package once

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

//go:embed schema/*.sql
var files embed.FS

// Migrations make the table.
var Migrations = database.Migrations{Part: "once", Files: files}

// Keep is how long a reply is kept.
const Keep = 48 * time.Hour

// Request is what makes two requests the same.
type Request struct {
	// Principal is who calls, as auth.Principal.Key writes it.
	Principal string
	// Method is the full name of the method.
	Method string
	// ID is the caller's id for the request.
	ID string
	// Hash is over the request's content.
	Hash []byte
	// At is the instant of the request, by the society's clock.
	At time.Time
}

// Do runs fn in a transaction and keeps the reply it returns, or returns the reply kept for the same request
// without running it. fn may run more than once, but has effect once. Do returns fn's error, or an Invalid fault if the
// id was used for another content.
func Do(ctx context.Context, db *database.DB, r Request, fn func(ctx context.Context, tx *sql.Tx) ([]byte, error)) ([]byte, error) {
	var reply []byte
	err := db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		kept, found, err := find(ctx, tx, r)
		if err != nil || found {
			reply = kept
			return err
		}
		if reply, err = fn(ctx, tx); err != nil {
			return err
		}
		if err := acts.Record(ctx, tx, reply); err != nil {
			return err
		}
		if reply == nil {
			reply = []byte{}
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO request (principal, method, id, hash, reply, done) VALUES ($1, $2, $3, $4, $5, $6)`,
			r.Principal, r.Method, r.ID, r.Hash, reply, r.At.UnixMicro())
		// The same request twice at once: look again, and find the other's reply.
		return database.StaleKey(err)
	})
	if err != nil {
		// A twin of the request may have been carried out meanwhile, and be the very reason of a refusal ("is there
		// already"); or a commit whose answer was lost has happened. Then its reply is the answer.
		if kept, found, e := find(ctx, db.Reader(), r); e == nil && found {
			acts.Committed(ctx)
			return kept, nil
		}
		return nil, err
	}
	acts.Committed(ctx)
	return reply, nil
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func find(ctx context.Context, q querier, r Request) (reply []byte, found bool, err error) {
	var hash []byte
	err = q.QueryRowContext(ctx, `SELECT hash, reply FROM request WHERE principal = $1 AND method = $2 AND id = $3`, r.Principal, r.Method, r.ID).Scan(&hash, &reply)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("once: find a request: %w", err)
	case !bytes.Equal(hash, r.Hash):
		return nil, false, fault.Field("REQUEST_ID_REUSED", "request_id",
			"This request id was used for something else. Give a new request an id of its own.")
	}
	return reply, true, nil
}

// Forget deletes what is older than [Keep], a bounded number at a time, and returns how many it deleted.
func Forget(ctx context.Context, db *database.DB, now time.Time) (int64, error) {
	var n int64
	err := db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `
			DELETE FROM request WHERE (principal, method, id) IN
			  (SELECT principal, method, id FROM request WHERE done < $1 ORDER BY done LIMIT 1000)`, now.Add(-Keep).UnixMicro())
		if err != nil {
			return fmt.Errorf("once: forget: %w", err)
		}
		n, err = result.RowsAffected()
		return err
	})
	return n, err
}

// Sweep forgets what is old, every hour until the context ends.
func Sweep(ctx context.Context, db *database.DB, now func() time.Time, onError func(error)) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		for {
			n, err := Forget(ctx, db, now())
			if err != nil && ctx.Err() == nil {
				onError(err)
			}
			if err != nil || n == 0 {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
