package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
)

const (
	// leaseFor is how long a courier may deliver a topic before another may.
	leaseFor = 30 * time.Second
	// idle is how long a courier waits when nobody wakes it: another replica may have appended.
	idle = 2 * time.Second
	// firstPause and lastPause bound the wait after a failed delivery.
	firstPause = 100 * time.Millisecond
	lastPause  = 30 * time.Second
	// batch is how many events are read at once.
	batch = 100
)

// Courier delivers one topic. Of several replicas one holds the lease and delivers.
type Courier struct {
	// DB is the sender's database.
	DB *database.DB
	// Topic is what it delivers.
	Topic string
	// Holder names this process in the lease.
	Holder string
	// Deliver calls the receiver. An error means try again; a fault of [ReasonGap] means go back.
	Deliver func(ctx context.Context, e Event) error
	// Log takes failures.
	Log *slog.Logger

	wake chan struct{}
}

// NewCourier returns a courier.
func NewCourier(c Courier) *Courier {
	c.wake = make(chan struct{}, 1)
	return &c
}

// Wake tells the courier that something was committed. It never waits.
func (c *Courier) Wake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run delivers until the context ends. Leases and pauses are on the machine's clock, not the society's.
func (c *Courier) Run(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		n, err := c.once(ctx)
		wait := idle
		switch {
		case err != nil && ctx.Err() == nil:
			c.Log.WarnContext(ctx, "outbox: not delivered, will try again", slog.String("topic", c.Topic), slog.Any("error", err))
			wait = pause/2 + time.Duration(rand.Int64N(int64(pause)))
			pause = min(2*pause, lastPause)
		case n == batch:
			wait, pause = 0, firstPause
		default:
			pause = firstPause
		}
		if err != nil {
			// After a failure a new event does not shorten the pause.
			select {
			case <-ctx.Done():
			case <-time.After(wait):
			}
			continue
		}
		if wait == 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-c.wake:
		case <-time.After(wait):
		}
	}
}

// once delivers at most a batch and returns how many.
func (c *Courier) once(ctx context.Context) (int, error) {
	delivered, held, err := c.lease(ctx)
	if err != nil || !held {
		return 0, err
	}
	epoch, err := currentEpoch(ctx, c.DB.Reader())
	if err != nil {
		return 0, err
	}
	events, err := c.read(ctx, epoch, delivered)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, e := range events {
		killpoint.Reach("outbox.before-delivery")
		err := c.Deliver(ctx, e)
		var f *fault.Fault
		if errors.As(err, &f) && f.Reason == ReasonGap {
			applied, bad := strconv.ParseInt(f.Details["applied"], 10, 64)
			if bad == nil && applied < e.Position {
				return n, errors.Join(c.note(ctx, applied), fmt.Errorf("outbox: the receiver has only %d, going back: %w", applied, err))
			}
		}
		if err != nil {
			return n, err
		}
		killpoint.Reach("outbox.after-delivery")
		n++
		if n%20 == 0 || n == len(events) {
			if err := c.note(ctx, e.Position); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// lease takes or renews the lease and returns how far the topic was delivered.
func (c *Courier) lease(ctx context.Context) (delivered int64, held bool, err error) {
	now := time.Now()
	// A look first: an idle courier writes nothing.
	var head int64
	if err := c.DB.Reader().QueryRowContext(ctx, `
		SELECT COALESCE((SELECT MAX(position) FROM outbox WHERE topic = $1), 0), COALESCE((SELECT delivered FROM outbox_progress WHERE topic = $1), 0)`,
		c.Topic).Scan(&head, &delivered); err != nil {
		return 0, false, fmt.Errorf("outbox: look: %w", err)
	}
	if head == delivered {
		return delivered, false, nil
	}
	err = c.DB.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var holder string
		var until int64
		err := tx.QueryRowContext(ctx, `SELECT delivered, holder, until FROM outbox_progress WHERE topic = $1`, c.Topic).Scan(&delivered, &holder, &until)
		held = errors.Is(err, sql.ErrNoRows) || holder == c.Holder || until < now.UnixMicro()
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("outbox: lease: %w", err)
		}
		if !held {
			return nil
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO outbox_progress (topic, delivered, holder, until) VALUES ($1, 0, $2, $3)
			ON CONFLICT (topic) DO UPDATE SET holder = excluded.holder, until = excluded.until`, c.Topic, c.Holder, now.Add(leaseFor).UnixMicro())
		return err
	})
	return delivered, held, err
}

func (c *Courier) read(ctx context.Context, epoch, after int64) ([]Event, error) {
	rows, err := c.DB.Reader().QueryContext(ctx, `SELECT position, payload FROM outbox WHERE topic = $1 AND position > $2 ORDER BY position LIMIT $3`, c.Topic, after, batch)
	if err != nil {
		return nil, fmt.Errorf("outbox: read: %w", err)
	}
	defer rows.Close()
	var events []Event
	for rows.Next() {
		e := Event{Epoch: epoch}
		if err := rows.Scan(&e.Position, &e.Payload); err != nil {
			return nil, fmt.Errorf("outbox: read: %w", err)
		}
		events = append(events, e)
	}
	return events, rows.Err()
}

func (c *Courier) note(ctx context.Context, position int64) error {
	return c.DB.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE outbox_progress SET delivered = $2 WHERE topic = $1 AND holder = $3`, c.Topic, position, c.Holder)
		return err
	})
}
