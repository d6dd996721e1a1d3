package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"time"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
)

const (
	// batchLimit bounds a batch: a commit costs the same for one vote and for this many.
	batchLimit = 512
	// transactionLimit bounds one transaction of the writer.
	transactionLimit = 10 * time.Second
	// triesLimit is how many failed commits an entry lives through.
	triesLimit = 4
	// aloneAfter is after how many failed commits entries are tried one at a time, lest one of them spoils it for all.
	aloneAfter = 2

	firstPause = 10 * time.Millisecond
	lastPause  = 500 * time.Millisecond
)

// Run stores votes until the context ends, and then those that wait. It runs once.
func (s *Store) Run(ctx context.Context) {
	w := &writer{s: s, closed: map[string]bool{}}
	var batch []*entry
	for {
		if batch = s.next(ctx, batch[:0]); len(batch) == 0 {
			break
		}
		w.handle(ctx, batch)
		clear(batch)
	}
	for waiting := len(s.queue); waiting > 0; waiting -= len(batch) {
		if batch = s.gather(batch[:0]); len(batch) == 0 {
			break
		}
		w.handle(ctx, batch)
	}
	close(s.stopped)
	w.refuse(nil)
	if w.leading {
		s.until.Store(0)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), transactionLimit)
		defer cancel()
		if err := s.release(last, w.epoch); err != nil {
			s.config.Log.WarnContext(ctx, "ballots: the lease was not released", slog.Any("error", err))
		}
	}
}

// next waits for an entry and takes whatever else waits: there is no timer, a batch forms while the last one commits. It returns none
// when the context has ended.
func (s *Store) next(ctx context.Context, batch []*entry) []*entry {
	select {
	case <-ctx.Done():
		return nil
	default:
	}
	select {
	case e := <-s.queue:
		batch = append(batch, e)
	case <-ctx.Done():
		return nil
	}
	// Those who are ready to cast get to do so first: a commit costs much the same for all of them.
	runtime.Gosched()
	return s.gather(batch)
}

// gather takes what waits, up to a batch.
func (s *Store) gather(batch []*entry) []*entry {
	for len(batch) < batchLimit {
		select {
		case e := <-s.queue:
			batch = append(batch, e)
		default:
			return batch
		}
	}
	return batch
}

// writer is what only the goroutine of Run touches.
type writer struct {
	s *Store
	// leading is true from taking the lease until anything fails.
	leading      bool
	epoch, until int64
	// closed are ballots that closed under this lease.
	closed map[string]bool
	// outage is since when nothing could be stored; otherUntil is when another replica's lease lapses.
	outage     time.Time
	otherUntil int64

	insert  insertion
	answers []answer
	random  [batchLimit * randomPerVote]byte
}

// handle answers every entry of a batch.
func (w *writer) handle(ctx context.Context, batch []*entry) {
	pause := firstPause
	for len(batch) > 0 {
		done, err := w.some(ctx, batch)
		batch = batch[done:]
		if err == nil {
			w.outage, pause = time.Time{}, firstPause
			continue
		}
		w.doubt()
		if w.outage.IsZero() {
			w.outage = w.s.config.Clock()
		}
		var held heldError
		alive := errors.As(err, &held) && w.otherUntil != 0 && held.until > w.otherUntil
		w.otherUntil = held.until
		if !errors.Is(err, errLost) && held.until == 0 {
			w.s.config.Log.WarnContext(ctx, "ballots: a batch was not stored", slog.Int("entries", len(batch)), slog.Any("error", err))
		}
		if alive || ctx.Err() != nil || w.s.config.Clock().Sub(w.outage) > w.s.config.Patience {
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

// doubt forgets what was held in memory: the next batch takes the lease with a new epoch and reads again.
func (w *writer) doubt() {
	w.leading = false
	clear(w.closed)
	w.s.until.Store(0)
	w.s.mu.Lock()
	w.s.boxes = map[string]*box{}
	w.s.mu.Unlock()
}

// refuse answers a batch, and everything that waits, with Unavailable.
func (w *writer) refuse(batch []*entry) {
	for _, e := range batch {
		e.done <- answer{err: unavailable()}
	}
	for {
		select {
		case e := <-w.s.queue:
			e.done <- answer{err: unavailable()}
		default:
			return
		}
	}
}

// some carries out a first part of the batch: the casts before a closing, or a closing. It returns how many entries it answered.
func (w *writer) some(ctx context.Context, batch []*entry) (int, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), transactionLimit)
	defer cancel()
	if !w.leading {
		var err error
		if w.epoch, w.until, err = w.s.take(ctx); err != nil {
			return 0, err
		}
		w.leading, w.otherUntil = true, 0
		w.s.until.Store(w.until)
	}
	n := 0
	for n < len(batch) && !batch[n].closes && (n == 0 || batch[0].tries < aloneAfter) {
		n++
	}
	var err error
	if n == 0 {
		n, err = 1, w.close(ctx, batch[0])
	} else {
		err = w.casts(ctx, batch[:n])
	}
	if err == nil {
		return n, nil
	}
	for _, e := range batch[:n] {
		e.tries++
	}
	if n == 1 && batch[0].tries >= triesLimit {
		batch[0].done <- answer{err: unavailable()}
		return 1, err
	}
	return 0, err
}

func (w *writer) close(ctx context.Context, e *entry) error {
	closing, err := w.s.storeClosing(ctx, w.epoch, e.roll.ballotNo, w.s.config.Now())
	if err != nil {
		return err
	}
	w.closed[e.roll.ballot] = true
	w.s.forget(e.roll.ballot)
	e.done <- answer{closing: closing}
	return nil
}

// casts decides casts in their order, stores what is to be stored, and answers all of them when that is durable.
// If it fails it has answered none, and what it wrote into memory is thrown away.
func (w *writer) casts(ctx context.Context, batch []*entry) error {
	now := w.s.config.Now().UnixMicro()
	w.insert.reset(now, w.epoch)
	w.answers = w.answers[:0]
	random := w.random[:len(batch)*randomPerVote]
	if _, err := io.ReadFull(w.s.config.Random, random); err != nil {
		return fmt.Errorf("store: randomness: %w", err)
	}
	for i, e := range batch {
		a, err := w.decide(ctx, e, now, random[i*randomPerVote:][:randomPerVote])
		if err != nil {
			return err
		}
		w.answers = append(w.answers, a)
	}
	err := error(nil)
	if len(w.insert.rows) > 0 {
		err = w.commit(ctx)
	} else if !w.s.leads() {
		// Nothing is stored, so nothing asks for the epoch; and another replica may have closed the ballot since the lease lapsed.
		err = w.s.confirm(ctx, w.epoch)
	}
	if err != nil {
		return err
	}
	for i, e := range batch {
		e.done <- w.answers[i]
	}
	return nil
}

// decide returns what to answer to a cast once the batch is durable, having put its vote into memory and into the insertion
// if there is one to store. The error is a failure of the batch.
func (w *writer) decide(ctx context.Context, e *entry, now int64, random []byte) (a answer, err error) {
	if a.err = e.ctx.Err(); a.err != nil {
		return a, nil
	}
	b, err := w.box(ctx, e.roll)
	if errors.Is(err, errClosed) {
		return answer{err: errClosed}, nil
	}
	if err != nil {
		return answer{}, err
	}
	var store bool
	a.vote = b.votes[e.number]
	if store, a.err = ballots.DecideCast(true, a.vote, e.request, e.choice); !store {
		return a, nil
	}
	if w.usedElsewhere(b, e) {
		return answer{err: ballots.RequestReused()}, nil
	}
	code := ballots.NewCode([ballots.CodeBytes]byte(random))
	if _, taken := b.receipts[code]; taken {
		return answer{}, fmt.Errorf("store: the source of randomness repeats itself: a receipt's code came twice")
	}
	v := ballots.Vote{Receipt: code, Request: e.request, Choice: e.choice, Cast: now}
	b.votes[e.number] = v
	w.insert.add(b, e.number, v, random[ballots.CodeBytes:])
	return answer{vote: v}, nil
}

// usedElsewhere reports whether the same request has stored a vote in another ballot that is held in memory.
func (w *writer) usedElsewhere(b *box, e *entry) bool {
	for _, other := range w.s.boxes {
		if other == b {
			continue
		}
		if number, ok := other.roll.number[e.member]; ok && other.votes[number].Request == e.request && !other.votes[number].IsZero() {
			return true
		}
	}
	return false
}

func (w *writer) box(ctx context.Context, r *roll) (*box, error) {
	// Only this goroutine writes the map, so it reads it without the lock.
	if b := w.s.boxes[r.ballot]; b != nil {
		return b, nil
	}
	if w.closed[r.ballot] {
		return nil, errClosed
	}
	b, err := w.s.loadBox(ctx, r)
	if errors.Is(err, errClosed) {
		w.closed[r.ballot] = true
		w.s.forget(r.ballot)
	}
	return b, err
}

// commit stores the insertion and, when it is durable, shows it to those who read memory.
func (w *writer) commit(ctx context.Context) error {
	until := w.until
	if clock := w.s.config.Clock(); until-clock.UnixMicro() < w.s.config.Lease.Microseconds()/2 {
		until = clock.Add(w.s.config.Lease).UnixMicro()
	}
	if err := w.s.at("decided"); err != nil {
		return err
	}
	if err := w.s.storeVotes(ctx, &w.insert, w.epoch, until, until != w.until); err != nil {
		return err
	}
	killpoint.Reach("ballots.after-commit")
	if err := w.s.at("after-commit"); err != nil {
		return err
	}
	w.s.mu.Lock()
	for _, r := range w.insert.rows {
		r.box.receipts[r.vote.Receipt] = r.number
		r.box.turnout.Add(1)
	}
	w.s.mu.Unlock()
	w.until = until
	w.s.until.Store(until)
	return nil
}
