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
	// leaseFor is how long a courier may deliver a topic before another may. Two that overlap do no harm, since the
	// receiver applies an event once; but what a killed process left waits for so long.
	leaseFor = 10 * time.Second
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
	// greeted is true once the receiver has answered to the last event that it is said to have.
	greeted bool
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

// Run delivers until the context ends, and then gives the lease back. Leases and pauses are on the machine's clock, not
// the society's.
//
// It begins with the last event that was delivered: a receiver that was restored from a backup answers with a gap,
// and is told again what it forgot.
func (c *Courier) Run(ctx context.Context) {
	defer c.release()
	pause := firstPause
	for ctx.Err() == nil {
		n, err := c.once(ctx)
		wait := idle
		switch {
		case err != nil && ctx.Err() == nil:
			c.Log.WarnContext(ctx, "outbox: not delivered, will try again", slog.String("topic", c.Topic), slog.Any("error", err))
			if n > 0 {
				pause = firstPause // It answers, but not to this event.
			}
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
	after := delivered
	if !c.greeted {
		after = max(0, delivered-1)
	}
	events, err := c.read(ctx, after)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, e := range events {
		killpoint.Reach("outbox.before-delivery")
		if err := c.Deliver(ctx, e); err != nil {
			return n, errors.Join(err, c.after(ctx, err, delivered, e.Position))
		}
		killpoint.Reach("outbox.after-delivery")
		c.greeted = true
		n++
		if delivered = max(delivered, e.Position); n%20 == 0 || n == len(events) {
			if err := c.note(ctx, delivered); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// after notes how far the receiver is when the delivery of the event at position failed: what was delivered before
// it, or less, if the receiver says that it has less.
func (c *Courier) after(ctx context.Context, failure error, delivered, position int64) error {
	if f := fault.Of(failure); f != nil && f.Reason == ReasonGap {
		applied, err := strconv.ParseInt(f.Details["applied"], 10, 64)
		if err != nil || applied < 0 || applied >= position {
			return fmt.Errorf("outbox: the receiver of event %d says that it has %q events", position, f.Details["applied"])
		}
		c.greeted = true
		return errors.Join(fmt.Errorf("outbox: the receiver has only %d events: going back", applied), c.note(ctx, applied))
	}
	return c.note(ctx, delivered)
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
	if head == delivered && (c.greeted || head == 0) {
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

func (c *Courier) read(ctx context.Context, after int64) ([]Event, error) {
	rows, err := c.DB.Reader().QueryContext(ctx, `SELECT position, epoch, payload FROM outbox WHERE topic = $1 AND position > $2 ORDER BY position LIMIT $3`, c.Topic, after, batch)
	if err != nil {
		return nil, fmt.Errorf("outbox: read: %w", err)
	}
	defer rows.Close()
	var events []Event
	for rows.Next() {
		var e Event
		if err := rows.Scan(&e.Position, &e.Epoch, &e.Payload); err != nil {
			return nil, fmt.Errorf("outbox: read: %w", err)
		}
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("outbox: read: %w", err)
	}
	return events, nil
}

// note writes down how far the topic was delivered, unless another courier holds the lease by now.
func (c *Courier) note(ctx context.Context, position int64) error {
	err := c.DB.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE outbox_progress SET delivered = $2 WHERE topic = $1 AND holder = $3`, c.Topic, position, c.Holder)
		return err
	})
	if err != nil {
		return fmt.Errorf("outbox: note: %w", err)
	}
	return nil
}

// release lets another courier begin at once.
func (c *Courier) release() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := c.DB.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE outbox_progress SET until = 0 WHERE topic = $1 AND holder = $2`, c.Topic, c.Holder)
		return err
	}); err != nil {
		c.Log.InfoContext(ctx, "outbox: lease not given back, it will run out", slog.String("topic", c.Topic), slog.Any("error", err))
	}
}
