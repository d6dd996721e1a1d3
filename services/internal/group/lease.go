package group

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/internal/database"
)

//go:embed schema/*.sql
var files embed.FS

// Migrations make the lease's table.
var Migrations = database.Migrations{Part: "group", Files: files}

// errLost says that another replica, or this one in doubt, has raised the epoch.
var errLost = errors.New("group: the lease was lost")

// heldError says that another replica holds the lease, and until when.
type heldError struct{ until int64 }

func (e heldError) Error() string { return "group: another replica holds the lease" }

// take takes the lease with a new epoch, or returns a heldError while another replica's has not lapsed. How late a clock runs only
// decides how soon replicas take the lease from each other; that two never store at once is the epoch's doing.
func (w *Writer[J, A]) take(ctx context.Context) error {
	name := w.config.Name
	return w.config.DB.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO group_lease (name, holder, epoch, until) VALUES ($1, '', 0, 0) ON CONFLICT (name) DO NOTHING`, name); err != nil {
			return fmt.Errorf("group: take the lease: %w", err)
		}
		var holder string
		var epoch, lapses int64
		if err := tx.QueryRowContext(ctx, `SELECT holder, epoch, until FROM group_lease WHERE name = $1`, name).Scan(&holder, &epoch, &lapses); err != nil {
			return fmt.Errorf("group: take the lease: %w", err)
		}
		now := w.config.Clock()
		if holder != w.holder && lapses > now.UnixMicro() {
			return heldError{lapses}
		}
		until := now.Add(w.config.Lease).UnixMicro()
		if _, err := tx.ExecContext(ctx, `UPDATE group_lease SET holder = $1, epoch = $2, until = $3 WHERE name = $4`, w.holder, epoch+1, until, name); err != nil {
			return fmt.Errorf("group: take the lease: %w", err)
		}
		w.work.epoch, w.work.until = epoch+1, until
		return nil
	})
}

// hold makes the epoch a condition of the transaction, and puts off the lapse where it is near. It returns errLost if the epoch is
// another by now.
func (w *Writer[J, A]) hold(ctx context.Context, tx *sql.Tx, until int64) error {
	if until == w.work.until {
		var epoch int64
		if err := tx.QueryRowContext(ctx, `SELECT epoch FROM group_lease WHERE name = $1`, w.config.Name).Scan(&epoch); err != nil {
			return fmt.Errorf("group: read the lease: %w", err)
		}
		if epoch != w.work.epoch {
			return errLost
		}
		return nil
	}
	result, err := tx.ExecContext(ctx, `UPDATE group_lease SET until = $1 WHERE name = $2 AND epoch = $3`, until, w.config.Name, w.work.epoch)
	if err != nil {
		return fmt.Errorf("group: renew the lease: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errLost, err)
	}
	return nil
}

// release lets another replica, or this one started again, take the lease at once.
func (w *Writer[J, A]) release(ctx context.Context) error {
	return w.config.DB.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE group_lease SET until = 0 WHERE name = $1 AND epoch = $2`, w.config.Name, w.work.epoch)
		return err
	})
}
