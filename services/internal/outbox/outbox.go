// Package outbox carries what happened in one room to another, exactly once in effect.
//
// The sender writes the event in the transaction of the fact ([Append]); [Courier] delivers it after the commit, in
// order, again and again until the receiver says that it has it. The receiver applies an event and notes its position
// in one transaction ([Accept]), so that a repeated delivery changes nothing and a missing one is noticed as a gap.
// A crash at any point loses nothing and doubles nothing.
package outbox

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strconv"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

//go:embed schema/*.sql
var files embed.FS

// Migrations make the tables.
var Migrations = database.Migrations{Part: "outbox", Files: files}

// Event is what is delivered.
type Event struct {
	// Epoch is the sender's when the event was appended: a restore from a backup bumps it.
	Epoch int64
	// Position is the event's in its topic, from 1.
	Position int64
	// Payload is opaque here: the sender's server encodes it and reads it again.
	Payload []byte
}

// Append adds an event to a topic in the transaction of the fact, and returns its position.
func Append(ctx context.Context, tx *sql.Tx, topic string, payload []byte) (int64, error) {
	var position, epoch int64
	if err := tx.QueryRowContext(ctx, `
		SELECT COALESCE(MAX(position), 0) + 1, COALESCE((SELECT epoch FROM outbox_epoch WHERE one = 1), 1) FROM outbox WHERE topic = $1`,
		topic).Scan(&position, &epoch); err != nil {
		return 0, fmt.Errorf("outbox: next position: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO outbox (topic, position, epoch, payload) VALUES ($1, $2, $3, $4)`, topic, position, epoch, payload); err != nil {
		return 0, database.StaleKey(fmt.Errorf("outbox: append: %w", err))
	}
	return position, nil
}

// Head returns the sender's epoch, 1 until a restore bumps it, and the last position appended to a topic, 0 before the first.
func Head(ctx context.Context, db *database.DB, topic string) (epoch, position int64, err error) {
	if err = db.Reader().QueryRowContext(ctx, `
		SELECT COALESCE(MAX(position), 0), COALESCE((SELECT epoch FROM outbox_epoch WHERE one = 1), 1) FROM outbox WHERE topic = $1`,
		topic).Scan(&position, &epoch); err != nil {
		return 0, 0, fmt.Errorf("outbox: head: %w", err)
	}
	return epoch, position, nil
}

// The reasons for which a receiver refuses an event.
const (
	// ReasonGap tells a sender to begin again after the position in its detail "applied".
	ReasonGap = "OUTBOX_GAP"
	// ReasonOldEpoch tells a sender that its database was restored meanwhile, and that it is the copy left behind.
	ReasonOldEpoch = "OUTBOX_OLD_EPOCH"
	// ReasonDiverged tells a sender that it was restored to before what this receiver has applied: what the receiver
	// heard last is no longer in the sender's books, and only an operator can say which of the two is to be restored.
	ReasonDiverged = "OUTBOX_DIVERGED"
)

// Accept notes, in the receiver's transaction, that the event at a position of a sender is being applied.
//
// It returns true if the event is the next one and must be applied in this transaction, false if it was applied
// before. Conflict faults refuse an event from further on ([ReasonGap]), one appended by a copy of the sender that a
// restore has replaced ([ReasonOldEpoch]), and one appended after a restore at a position that was heard before it
// ([ReasonDiverged]). A refused transaction must not commit.
func Accept(ctx context.Context, tx *sql.Tx, sender string, epoch, position int64) (bool, error) {
	var seenEpoch, applied int64
	err := tx.QueryRowContext(ctx, `SELECT epoch, position FROM inbox WHERE sender = $1`, sender).Scan(&seenEpoch, &applied)
	known := err == nil
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("outbox: how far %s was heard: %w", sender, err)
	}
	switch {
	case position < 1:
		return false, fault.Field("OUTBOX_POSITION", "position", "Positions begin at 1.")
	case position <= applied && epoch > seenEpoch:
		return false, fault.New(fault.Conflict, ReasonDiverged,
			fmt.Sprintf("Event %d was made after a restore, but %d events were heard before it.", position, applied)).With("applied", strconv.FormatInt(applied, 10))
	case position <= applied:
		return false, nil
	case epoch < seenEpoch:
		return false, fault.New(fault.Conflict, ReasonOldEpoch, "This event is older than the sender's last restore.")
	case position != applied+1:
		return false, fault.New(fault.Conflict, ReasonGap,
			fmt.Sprintf("Event %d came, but the last one applied is %d.", position, applied)).With("applied", strconv.FormatInt(applied, 10))
	}
	if known {
		_, err = tx.ExecContext(ctx, `UPDATE inbox SET epoch = $2, position = $3 WHERE sender = $1`, sender, epoch, position)
	} else {
		_, err = tx.ExecContext(ctx, `INSERT INTO inbox (sender, epoch, position) VALUES ($1, $2, $3)`, sender, epoch, position)
	}
	if err != nil {
		return false, database.StaleKey(fmt.Errorf("outbox: note %s: %w", sender, err))
	}
	return true, nil
}

// Applied returns the last position of a sender that was applied, 0 before the first.
func Applied(ctx context.Context, db *database.DB, sender string) (int64, error) {
	var position int64
	err := db.Reader().QueryRowContext(ctx, `SELECT position FROM inbox WHERE sender = $1`, sender).Scan(&position)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("outbox: how far %s was heard: %w", sender, err)
	}
	return position, nil
}
