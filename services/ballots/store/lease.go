package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// leaseName is the lease of the one writer of all votes: the ballots share one public log, so they share one writer.
const leaseName = "votes"

// errLost says that another replica, or this one in doubt, has raised the epoch.
var errLost = errors.New("store: the lease was lost")

// heldError says who holds the lease.
type heldError struct{ until int64 }

func (e heldError) Error() string { return "store: another replica holds the lease" }

// take takes the lease with a new epoch and returns it with the instant at which it lapses. It returns a heldError while another replica's has
// not lapsed. How late a clock runs only decides how soon replicas take the lease from each other; that two never
// store at once is the epoch's doing.
func (s *Store) take(ctx context.Context) (epoch, until int64, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO lease (name, holder, epoch, until) VALUES ($1, '', 0, 0) ON CONFLICT (name) DO NOTHING`, leaseName); err != nil {
			return fmt.Errorf("store: take the lease: %w", err)
		}
		var holder string
		var lapses int64
		if err := tx.QueryRowContext(ctx, `SELECT holder, epoch, until FROM lease WHERE name = $1`, leaseName).Scan(&holder, &epoch, &lapses); err != nil {
			return fmt.Errorf("store: take the lease: %w", err)
		}
		now := s.config.Clock()
		if holder != s.holder && lapses > now.UnixMicro() {
			return heldError{lapses}
		}
		epoch, until = epoch+1, now.Add(s.config.Lease).UnixMicro()
		if _, err := tx.ExecContext(ctx, `UPDATE lease SET holder = $1, epoch = $2, until = $3 WHERE name = $4`, s.holder, epoch, until, leaseName); err != nil {
			return fmt.Errorf("store: take the lease: %w", err)
		}
		return nil
	})
	return epoch, until, err
}

// renew puts off the lapse, in the transaction of a batch. It returns errLost if the epoch is another by now.
func renew(ctx context.Context, tx *sql.Tx, epoch, until int64) error {
	result, err := tx.ExecContext(ctx, `UPDATE lease SET until = $1 WHERE name = $2 AND epoch = $3`, until, leaseName, epoch)
	if err != nil {
		return fmt.Errorf("store: renew the lease: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errLost, err)
	}
	return nil
}

// confirm returns errLost if the epoch is another by now.
func (s *Store) confirm(ctx context.Context, epoch int64) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return holds(ctx, tx, epoch) })
}

// holds returns errLost if the epoch is another by now.
func holds(ctx context.Context, tx *sql.Tx, epoch int64) error {
	var present int64
	if err := tx.QueryRowContext(ctx, `SELECT epoch FROM lease WHERE name = $1`, leaseName).Scan(&present); err != nil {
		return fmt.Errorf("store: read the lease: %w", err)
	}
	if present != epoch {
		return errLost
	}
	return nil
}

// release lets another replica, or this one started again, take the lease at once.
func (s *Store) release(ctx context.Context, epoch int64) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE lease SET until = 0 WHERE name = $1 AND epoch = $2`, leaseName, epoch)
		return err
	})
}
