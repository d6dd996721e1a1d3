package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

const topic, sender = "hearer", "teller"

// effects are what the receiver does: a row for each event it applies, numbered in the order of applying.
var effects = database.Migrations{Part: "test", Files: fstest.MapFS{"schema/0001_effect.sql": &fstest.MapFile{Data: []byte(`
	CREATE TABLE IF NOT EXISTS effect (number BIGINT NOT NULL PRIMARY KEY, payload TEXT NOT NULL);`)}}}

// Sender and receiver share a database here: nothing of theirs has the same name.
func each(t *testing.T, test func(t *testing.T, db *database.DB)) {
	t.Helper()
	databasetest.Each(t, test, Migrations, effects)
}

func tell(t *testing.T, db *database.DB, payloads ...string) {
	t.Helper()
	for _, p := range payloads {
		if err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := Append(ctx, tx, topic, []byte(p))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// apply is the receiver.
func apply(ctx context.Context, db *database.DB, e Event) error {
	return db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		next, err := Accept(ctx, tx, sender, e.Epoch, e.Position)
		if err != nil || !next {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO effect (number, payload) SELECT COALESCE(MAX(number), 0) + 1, CAST($1 AS TEXT) FROM effect`, string(e.Payload))
		return err
	})
}

func applied(t *testing.T, db *database.DB) []string {
	t.Helper()
	rows, err := db.Reader().Query(`SELECT payload FROM effect ORDER BY number`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func wantApplied(t *testing.T, db *database.DB, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, applied(t, db)); d != "" {
		t.Errorf("what the receiver applied (-want +got):\n%s", d)
	}
}

func change(t *testing.T, db *database.DB, statements ...string) {
	t.Helper()
	if err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for _, s := range statements {
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func courier(db *database.DB, holder string, deliver func(context.Context, Event) error) *Courier {
	if deliver == nil {
		deliver = func(ctx context.Context, e Event) error { return apply(ctx, db, e) }
	}
	return NewCourier(Courier{DB: db, Topic: topic, Holder: holder, Deliver: deliver, Log: slog.New(slog.DiscardHandler)})
}

// run runs couriers until the receiver is as far as the sender, and the sender knows.
func run(t *testing.T, db *database.DB, couriers ...*Courier) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for _, c := range couriers {
		wg.Go(func() { c.Run(ctx) })
	}
	for {
		_, head, err := Head(ctx, db, topic)
		if err != nil {
			t.Fatal(err)
		}
		heard, err := Applied(ctx, db, sender)
		if err != nil {
			t.Fatal(err)
		}
		var noted int64
		if err := db.Reader().QueryRowContext(ctx, `SELECT COALESCE(MAX(delivered), 0) FROM outbox_progress`).Scan(&noted); err != nil {
			t.Fatal(err)
		}
		if heard >= head && noted >= head {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestEventsArriveInOrder(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := range 30 {
					tell(t, db, fmt.Sprintf("%d.%d", w, i))
				}
			})
		}
		wg.Wait()
		events, err := courier(db, "a", nil).read(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) != batch || events[0].Position != 1 || events[batch-1].Position != batch {
			t.Fatalf("read %d events from %d to %d", len(events), events[0].Position, events[len(events)-1].Position)
		}
		run(t, db, courier(db, "a", nil))
		got := applied(t, db)
		if len(got) != 120 {
			t.Fatalf("%d applied, want 120", len(got))
		}
		for i, e := range events {
			if got[i] != string(e.Payload) {
				t.Fatalf("applied %q as number %d, want %q", got[i], i+1, e.Payload)
			}
		}
	})
}

func TestAFactThatIsUndoneIsNotTold(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		tell(t, db, "a")
		undone := errors.New("undone")
		if err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			if position, err := Append(ctx, tx, topic, []byte("b")); err != nil || position != 2 {
				t.Errorf("appended at %d, %v", position, err)
			}
			return undone
		}); !errors.Is(err, undone) {
			t.Fatal(err)
		}
		tell(t, db, "c")
		run(t, db, courier(db, "a", nil))
		wantApplied(t, db, "a", "c")
	})
}

func TestAccept(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		for i, c := range []struct {
			epoch, position int64
			next            bool
			reason          string
		}{
			{1, 2, false, ReasonGap},
			{1, 0, false, "OUTBOX_POSITION"},
			{1, 1, true, ""},
			{1, 1, false, ""},
			{1, 3, false, ReasonGap},
			{1, 2, true, ""},
			{1, 1, false, ""},
			{2, 2, false, ReasonDiverged},
			{2, 4, false, ReasonGap},
			{2, 3, true, ""},
			{2, 3, false, ""},
			{1, 2, false, ""}, // From before the restore, and heard before it.
			{1, 4, false, ReasonOldEpoch},
			{1, 5, false, ReasonOldEpoch},
			{2, 4, true, ""},
			{3, 5, true, ""},
		} {
			var next bool
			err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) (err error) {
				next, err = Accept(ctx, tx, sender, c.epoch, c.position)
				return err
			})
			if next != c.next || (c.reason == "") != (err == nil) || (c.reason != "" && !fault.Is(err, c.reason)) {
				t.Errorf("%d: epoch %d position %d: %v, %v; want %v, %q", i, c.epoch, c.position, next, err, c.next, c.reason)
			}
		}
		// Another sender begins at its own beginning.
		if err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			next, err := Accept(ctx, tx, "another", 1, 1)
			if !next {
				t.Error("another sender's first event was refused")
			}
			return err
		}); err != nil {
			t.Error(err)
		}
		if n, err := Applied(t.Context(), db, sender); n != 5 || err != nil {
			t.Errorf("applied %d, %v; want 5", n, err)
		}
	})
}

func TestALostAcknowledgementDoublesNothing(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		tell(t, db, "a", "b", "c")
		heard := map[int64]int{}
		run(t, db, courier(db, "a", func(ctx context.Context, e Event) error {
			err := apply(ctx, db, e)
			if heard[e.Position]++; err == nil && heard[e.Position] == 1 {
				return errors.New("the acknowledgement was lost")
			}
			return err
		}))
		wantApplied(t, db, "a", "b", "c")
		if heard[1] < 2 || heard[2] < 2 {
			t.Errorf("deliveries by position: %v: nothing was delivered twice", heard)
		}
	})
}

// TestAReceiverThatWasRestoredIsToldAgain takes the receiver back to its second event.
func TestAReceiverThatWasRestoredIsToldAgain(t *testing.T) {
	restore := []string{`UPDATE inbox SET position = 2`, `DELETE FROM effect WHERE number > 2`}
	each(t, func(t *testing.T, db *database.DB) {
		tell(t, db, "a", "b", "c", "d")
		c := courier(db, "a", nil)
		run(t, db, c)
		t.Run("when the next event comes", func(t *testing.T) {
			change(t, db, restore...)
			tell(t, db, "e")
			run(t, db, c)
			wantApplied(t, db, "a", "b", "c", "d", "e")
		})
		t.Run("when the courier starts, without any", func(t *testing.T) {
			change(t, db, restore...)
			run(t, db, courier(db, "b", nil))
			wantApplied(t, db, "a", "b", "c", "d", "e")
		})
	})
}

func TestAStartDeliversTheLastEventAgainAndNoOther(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		tell(t, db, "a", "b", "c")
		run(t, db, courier(db, "a", nil))
		var again []int64
		c := courier(db, "b", func(ctx context.Context, e Event) error {
			again = append(again, e.Position)
			return apply(ctx, db, e)
		})
		for range 3 {
			if _, err := c.once(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff([]int64{3}, again); d != "" {
			t.Error(d)
		}
		wantApplied(t, db, "a", "b", "c")
	})
}

func TestASenderThatWasRestored(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		tell(t, db, "a", "b", "c")
		run(t, db, courier(db, "a", nil))
		t.Run("to what was heard", func(t *testing.T) {
			change(t, db, `INSERT INTO outbox_epoch (one, epoch) VALUES (1, 2)`, `UPDATE outbox_progress SET delivered = 1`)
			tell(t, db, "d")
			run(t, db, courier(db, "b", nil))
			wantApplied(t, db, "a", "b", "c", "d")
			if epoch, position, err := Head(t.Context(), db, topic); epoch != 2 || position != 4 || err != nil {
				t.Errorf("the head is %d in epoch %d, %v; want 4 in 2", position, epoch, err)
			}
			// The copy that was left behind goes on in epoch 1.
			if err := apply(t.Context(), db, Event{Epoch: 1, Position: 5, Payload: []byte("stray")}); !fault.Is(err, ReasonOldEpoch) {
				t.Errorf("the copy left behind: %v, want %s", err, ReasonOldEpoch)
			}
		})
		t.Run("to before what was heard", func(t *testing.T) {
			change(t, db, `UPDATE outbox_epoch SET epoch = 3`, `DELETE FROM outbox WHERE position > 2`, `UPDATE outbox_progress SET delivered = 2`)
			tell(t, db, "other c")
			c := courier(db, "c", nil)
			for range 2 {
				if _, err := c.once(t.Context()); !fault.Is(err, ReasonDiverged) {
					t.Errorf("got %v, want %s", err, ReasonDiverged)
				}
			}
			wantApplied(t, db, "a", "b", "c", "d")
		})
	})
}

func TestOnlyTheHolderOfTheLeaseDelivers(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		tell(t, db, "a", "b")
		in, out := make(chan struct{}), make(chan struct{})
		var once sync.Once
		slow := courier(db, "slow", func(ctx context.Context, e Event) error {
			once.Do(func() { close(in); <-out })
			return apply(ctx, db, e)
		})
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := slow.once(context.Background()); err != nil {
				t.Error(err)
			}
		})
		<-in
		quick := courier(db, "quick", nil)
		if n, err := quick.once(t.Context()); n != 0 || err != nil {
			t.Errorf("without the lease: delivered %d, %v", n, err)
		}
		wantApplied(t, db)
		// The lease runs out while the holder still delivers.
		change(t, db, `UPDATE outbox_progress SET until = 1`)
		if n, err := quick.once(t.Context()); n != 2 || err != nil {
			t.Errorf("after the lease ran out: delivered %d, %v; want 2", n, err)
		}
		close(out)
		wg.Wait()
		wantApplied(t, db, "a", "b")
		var holder string
		var delivered int64
		if err := db.Reader().QueryRow(`SELECT holder, delivered FROM outbox_progress`).Scan(&holder, &delivered); err != nil || holder != "quick" || delivered != 2 {
			t.Errorf("%s holds the lease at %d, %v; want quick at 2", holder, delivered, err)
		}
	})
}

func TestTwoCouriersHaveOneEffect(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		var want []string
		for i := range 50 {
			want = append(want, fmt.Sprint(i))
		}
		tell(t, db, want...)
		run(t, db, courier(db, "a", nil), courier(db, "b", nil), courier(db, "c", nil))
		wantApplied(t, db, want...)
	})
}

func TestACourierThatEndsGivesTheLeaseBack(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		tell(t, db, "a")
		run(t, db, courier(db, "first", nil))
		tell(t, db, "b")
		if n, err := courier(db, "second", nil).once(t.Context()); err != nil || n == 0 {
			t.Errorf("the next courier delivered %d, %v", n, err)
		}
		wantApplied(t, db, "a", "b")
	})
}

// TestBackOff runs on a clock of its own: the pauses double to half a minute, a wake-up shortens none of them, and a
// success begins again.
func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := databasetest.SQLite(t, Migrations, effects)
		tell(t, db, "a", "b")
		ctx, cancel := context.WithCancel(t.Context())
		var at []time.Time
		var c *Courier
		c = courier(db, "a", func(ctx context.Context, e Event) error {
			at = append(at, time.Now())
			c.Wake()
			switch {
			case len(at) == 15:
				return apply(ctx, db, e)
			case len(at) == 17:
				cancel()
			}
			return errors.New("nobody answers")
		})
		c.Run(ctx)
		if len(at) != 17 {
			t.Fatalf("%d deliveries, want 17", len(at))
		}
		pause := firstPause
		for i := 1; i < 15; i++ {
			if d := at[i].Sub(at[i-1]); d < pause/2 || d > pause*3/2 {
				t.Errorf("pause %d is %v, want %v give or take half", i, d, pause)
			}
			pause = min(2*pause, lastPause)
		}
		if pause != lastPause {
			t.Errorf("the pauses ended at %v, short of %v", pause, lastPause)
		}
		if d := at[16].Sub(at[15]); d > firstPause*3/2 {
			t.Errorf("the pause after a success is %v, want about %v", d, firstPause)
		}
		wantApplied(t, db, "a")
	})
}
