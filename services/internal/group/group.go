// Package group makes the writes of many callers durable with one commit, by the one writer of a room.
//
// A write goes through a bounded queue to the writer ([Writer.Run]), which takes what waits, has the room decide and store all of
// it in one transaction, and answers each caller when the commit is durable. There is no timer: a batch forms while the last one
// commits. A refusal is one caller's answer and spoils nothing for the others; a failure of the transaction is tried again,
// after two failures one write at a time, so that a write that cannot be stored is told so alone.
//
// The writer works under a lease whose epoch is a condition of every batch. After a commit that failed, or whose outcome is not
// known, it takes the lease with a new epoch before it tries again: what it had sent before can then no longer commit unseen. What
// was stored after all is for the room to find by the request's id; so a room gives to this package only writes that it recognises.
package group

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
)

const (
	// batchLimit bounds a batch: a commit costs the same for one write and for this many.
	batchLimit = 512
	// transactionLimit bounds one transaction of the writer.
	transactionLimit = 10 * time.Second
	// triesLimit is how many failed transactions a write lives through.
	triesLimit = 4
	// aloneAfter is after how many failed transactions writes are tried one at a time, lest one of them spoils it for all.
	aloneAfter = 2

	firstPause = 10 * time.Millisecond
	lastPause  = 500 * time.Millisecond
)

// Answer is what comes of one write: what it returns, or why it was refused.
type Answer[A any] struct {
	Value A
	Err   error
}

// Config is what a writer needs.
type Config struct {
	// DB is the room's database, whose migrations have made the lease's table.
	DB *database.DB
	// Name is the lease's, and that of the points where a test kills or fails: NAME.before-commit, NAME.after-commit.
	Name string
	// Clock is the machine's; nil for time.Now.
	Clock func() time.Time
	// Log takes what an operator must know.
	Log *slog.Logger
	// Queue is how many writes may wait; 0 for 8,192.
	Queue int
	// Lease is how long another replica waits after this one's last sign of life; 0 for three seconds.
	Lease time.Duration
	// Patience is how long a write waits while nothing can be stored; 0 for five seconds.
	Patience time.Duration
	// Full is the answer to a write that finds the queue full: it was not stored.
	Full error
	// Unavailable is the answer to a write that could not be stored, and of which an earlier try may have been.
	Unavailable error
	// Fail is nil but in tests: it is asked at the points "begin", "before-commit" and "after-commit".
	Fail func(point string) error
}

// Writer is the one writer of a room's writes of kind J, which it answers with A.
type Writer[J, A any] struct {
	config  Config
	write   func(ctx context.Context, tx *sql.Tx, batch []J) ([]Answer[A], error)
	holder  string
	queue   chan *waiting[J, A]
	running atomic.Bool
	stopped chan struct{}
	work    state
}

// state is what only the goroutine of Run touches.
type state struct {
	// leading is true from taking the lease until anything fails.
	leading      bool
	epoch, until int64
	// outage is since when nothing could be stored; otherUntil is when another replica's lease lapses.
	outage     time.Time
	otherUntil int64
}

type waiting[J, A any] struct {
	// ctx is the caller's: a write whose caller has gone before it was decided is dropped.
	ctx  context.Context
	job  J
	done chan Answer[A]
	// tries counts the transactions that failed under it.
	tries int
}

// answer answers a write. One whose caller has gone may be answered at every try: the first answer counts, and nobody waits.
func (e *waiting[J, A]) answer(a Answer[A]) {
	select {
	case e.done <- a:
	default:
	}
}

// New returns a writer. write decides and stores a batch in a transaction and returns an answer for each of its writes, in order;
// an error fails the whole batch. It may run more than once for the same writes, each time on a new snapshot, so it must use nothing up.
func New[J, A any](c Config, write func(ctx context.Context, tx *sql.Tx, batch []J) ([]Answer[A], error)) *Writer[J, A] {
	if c.Queue == 0 {
		c.Queue = 8192
	}
	if c.Lease == 0 {
		c.Lease = 3 * time.Second
	}
	if c.Patience == 0 {
		c.Patience = 5 * time.Second
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Fail == nil {
		c.Fail = func(string) error { return nil }
	}
	return &Writer[J, A]{config: c, write: write, holder: rand.Text(), queue: make(chan *waiting[J, A], c.Queue), stopped: make(chan struct{})}
}

// Running reports whether [Writer.Run] runs.
func (w *Writer[J, A]) Running() bool { return w.running.Load() }

// Waiting is how many writes wait.
func (w *Writer[J, A]) Waiting() int { return len(w.queue) }

// Do hands a write to the writer and returns its answer when it is durable. After the context has ended, and after the configured
// Unavailable, the write may be stored or not.
func (w *Writer[J, A]) Do(ctx context.Context, job J) (A, error) {
	var none A
	e := &waiting[J, A]{ctx: ctx, job: job, done: make(chan Answer[A], 1)}
	select {
	case <-w.stopped:
		return none, w.config.Unavailable
	default:
	}
	select {
	case w.queue <- e:
	default:
		return none, w.config.Full
	}
	select {
	case a := <-e.done:
		return a.Value, a.Err
	case <-ctx.Done():
		return none, ctx.Err()
	case <-w.stopped:
		// What the writer answered before it ended is in the channel.
		select {
		case a := <-e.done:
			return a.Value, a.Err
		default:
			return none, w.config.Unavailable
		}
	}
}

// Run stores writes until the context ends, and then those that wait. It runs once.
func (w *Writer[J, A]) Run(ctx context.Context) {
	w.running.Store(true)
	var batch []*waiting[J, A]
	for {
		if batch = w.next(ctx, batch[:0]); len(batch) == 0 {
			break
		}
		w.handle(ctx, batch)
		clear(batch)
	}
	for left := len(w.queue); left > 0; left -= len(batch) {
		if batch = w.gather(batch[:0]); len(batch) == 0 {
			break
		}
		w.handle(ctx, batch)
	}
	w.running.Store(false)
	close(w.stopped)
	w.refuse(nil)
	if w.work.leading {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), transactionLimit)
		defer cancel()
		if err := w.release(last); err != nil {
			w.config.Log.WarnContext(ctx, "the lease was not released", slog.String("lease", w.config.Name), slog.Any("error", err))
		}
	}
}

// next waits for a write and takes whatever else waits. It returns none when the context has ended.
func (w *Writer[J, A]) next(ctx context.Context, batch []*waiting[J, A]) []*waiting[J, A] {
	if ctx.Err() != nil {
		return nil
	}
	select {
	case e := <-w.queue:
		batch = append(batch, e)
	case <-ctx.Done():
		return nil
	}
	// Those who are ready to write get to do so first: a commit costs much the same for all of them.
	runtime.Gosched()
	return w.gather(batch)
}

// gather takes what waits, up to a batch.
func (w *Writer[J, A]) gather(batch []*waiting[J, A]) []*waiting[J, A] {
	for len(batch) < batchLimit {
		select {
		case e := <-w.queue:
			batch = append(batch, e)
		default:
			return batch
		}
	}
	return batch
}

// handle answers every write of a batch.
func (w *Writer[J, A]) handle(ctx context.Context, batch []*waiting[J, A]) {
	pause := firstPause
	for len(batch) > 0 {
		done, err := w.some(ctx, batch)
		batch = batch[done:]
		if err == nil {
			w.work.outage, pause = time.Time{}, firstPause
			continue
		}
		w.work.leading = false
		now := w.config.Clock()
		if w.work.outage.IsZero() {
			w.work.outage = now
		}
		var held heldError
		alive := errors.As(err, &held) && w.work.otherUntil != 0 && held.until > w.work.otherUntil
		w.work.otherUntil = held.until
		if !errors.Is(err, errLost) && held.until == 0 {
			w.config.Log.WarnContext(ctx, "a batch was not stored", slog.String("lease", w.config.Name), slog.Int("writes", len(batch)), slog.Any("error", err))
		}
		if alive || ctx.Err() != nil || now.Sub(w.work.outage) > w.config.Patience {
			w.refuse(batch)
			return
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
		pause = min(2*pause, lastPause)
	}
}

// refuse answers a batch, and everything that waits, with Unavailable.
func (w *Writer[J, A]) refuse(batch []*waiting[J, A]) {
	for _, e := range batch {
		e.answer(Answer[A]{Err: w.config.Unavailable})
	}
	for {
		select {
		case e := <-w.queue:
			e.answer(Answer[A]{Err: w.config.Unavailable})
		default:
			return
		}
	}
}

// some stores the batch, or its first write alone where it has failed before. It returns how many writes it answered.
func (w *Writer[J, A]) some(ctx context.Context, batch []*waiting[J, A]) (int, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), transactionLimit)
	defer cancel()
	if !w.work.leading {
		if err := w.take(ctx); err != nil {
			return 0, err
		}
		w.work.leading, w.work.otherUntil = true, 0
	}
	if batch[0].tries >= aloneAfter {
		batch = batch[:1]
	}
	err := w.commit(ctx, batch)
	if err == nil {
		return len(batch), nil
	}
	for _, e := range batch {
		e.tries++
	}
	if len(batch) == 1 && batch[0].tries >= triesLimit {
		batch[0].answer(Answer[A]{Err: errors.Join(w.config.Unavailable, err)})
		return 1, err
	}
	return 0, err
}

// commit stores a batch in one transaction under the lease and answers its writes. If it fails it has answered none.
func (w *Writer[J, A]) commit(ctx context.Context, batch []*waiting[J, A]) error {
	jobs := make([]J, 0, len(batch))
	present := make([]*waiting[J, A], 0, len(batch))
	for _, e := range batch {
		if err := e.ctx.Err(); err != nil {
			e.answer(Answer[A]{Err: err})
			continue
		}
		jobs, present = append(jobs, e.job), append(present, e)
	}
	if len(jobs) == 0 {
		return nil
	}
	until := w.work.until
	if clock := w.config.Clock(); until-clock.UnixMicro() < w.config.Lease.Microseconds()/2 {
		until = clock.Add(w.config.Lease).UnixMicro()
	}
	var answers []Answer[A]
	err := w.config.DB.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := w.config.Fail("begin"); err != nil {
			return err
		}
		err := w.hold(ctx, tx, until)
		if err != nil {
			return err
		}
		if answers, err = w.write(ctx, tx, jobs); err != nil {
			return err
		}
		killpoint.Reach(w.config.Name + ".before-commit")
		return w.config.Fail("before-commit")
	})
	if err != nil {
		return err
	}
	killpoint.Reach(w.config.Name + ".after-commit")
	if err := w.config.Fail("after-commit"); err != nil {
		return err
	}
	w.work.until = until
	for i, e := range present {
		e.answer(answers[i])
	}
	return nil
}
