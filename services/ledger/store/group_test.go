package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/group"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

// quick is a writer that gives up soon.
func quick(c group.Config) group.Config {
	c.Log = slog.New(slog.DiscardHandler)
	if c.Lease == 0 {
		c.Lease = 200 * time.Millisecond
	}
	return c
}

// idle returns a desk whose writer does not run yet.
func idle(db *database.DB, c group.Config) *desk {
	d := &desk{Store: store.New(db), db: db}
	d.Group(quick(c))
	return d
}

// failing makes a writer fail at named points, as often as is left.
type failing struct {
	mu    sync.Mutex
	left  map[string]int
	hit   map[string]int
	cause error
	also  func(point string)
}

func (f *failing) at(point string) error {
	f.mu.Lock()
	f.hit[point]++
	fails := f.left[point] > 0
	if fails {
		f.left[point]--
	}
	f.mu.Unlock()
	if f.also != nil {
		f.also(point)
	}
	if fails {
		return f.cause
	}
	return nil
}

// later is what comes of a request that waits.
type later struct {
	entry ledger.Entry
	err   error
	done  chan struct{}
}

func (l *later) get() (ledger.Entry, error) { <-l.done; return l.entry, l.err }

// enqueue hands requests to the writer one after the other, before it runs: they are one batch.
func (d *desk) enqueue(t require, n int, in store.Intent, decide func(store.Facts) (ledger.Entry, error)) *later {
	l := &later{done: make(chan struct{})}
	r := d.request("content")
	before := d.Waiting()
	go func() {
		defer close(l.done)
		reply, err := d.Enqueue(context.Background(), r, in, func(f store.Facts) (ledger.Entry, error) {
			e, err := decide(f)
			e.ID, e.Entered, e.EnteredBy = entryID(n), at.UnixMicro()+int64(n), "treasurer"
			return e, err
		}, encode)
		if l.err = err; err == nil {
			l.err = json.Unmarshal(reply, &l.entry)
		}
	}()
	for until := time.Now().Add(10 * time.Second); d.Waiting() == before; time.Sleep(20 * time.Microsecond) {
		if time.Now().After(until) {
			t.Fatalf("request %d did not come to the queue", n)
		}
	}
	return l
}

// require is what testing.T and rapid.T have in common.
type require interface {
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

func (d *desk) epoch(t testing.TB) (epoch int64) {
	t.Helper()
	if err := d.db.Reader().QueryRow(`SELECT epoch FROM group_lease`).Scan(&epoch); err != nil {
		t.Fatal(err)
	}
	return epoch
}

func (d *desk) all(t require) (all []ledger.Entry) {
	if err := d.Each(context.Background(), func(e ledger.Entry) error { all = append(all, e); return nil }); err != nil {
		t.Fatalf("%v", err)
	}
	return all
}

func donation(member string, pence int64) func(store.Facts) (ledger.Entry, error) {
	return func(f store.Facts) (ledger.Entry, error) {
		return ledger.NewDonation(member, pence, ledger.ByBank, "2026-11-20", "", today, f.HasGiven)
	}
}

// TestAFailedCommitIsTriedAgain fails a batch once at each point, with an answer and without one: the caller is answered, the entry
// is there once, with its leaf and its event, under a new epoch, and the answer is what was stored.
func TestAFailedCommitIsTriedAgain(t *testing.T) {
	for _, point := range []string{"begin", "before-commit", "after-commit"} {
		for name, cause := range map[string]error{"refused": errors.New("refused"), "unknown": database.ErrUnknownOutcome} {
			t.Run(point+"/"+name, func(t *testing.T) {
				databasetest.Each(t, func(t *testing.T, db *database.DB) {
					f := &failing{left: map[string]int{point: 1}, hit: map[string]int{}, cause: cause}
					d := grouped(t, db, group.Config{Fail: f.at})
					e := must(t)(d.donate(t.Context(), "ada", 100))
					if f.left[point] != 0 {
						t.Fatalf("%s was not reached", point)
					}
					all := d.all(t)
					if len(all) != 1 || len(d.told(t)) != 1 {
						t.Fatalf("%d entries, %d events; want one of each", len(all), len(d.told(t)))
					}
					if diff := cmp.Diff(e, all[0]); diff != "" {
						t.Errorf("as answered (-) and as stored (+):\n%s", diff)
					}
					if got := d.epoch(t); got != 2 {
						t.Errorf("the epoch is %d after a doubt, want 2", got)
					}
					if err := errors.Join(d.Check(t.Context()), d.CheckLog(t.Context())); err != nil {
						t.Error(err)
					}
				}, parts...)
			})
		}
	}
}

// TestOneEntrySpoilsNoOther has in one batch a refused entry, one that the table refuses however often it is tried, one whose reply cannot
// be written, one whose caller has gone, and good ones.
func TestOneEntrySpoilsNoOther(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		d := idle(db, group.Config{})
		var good []*later
		for n := 1; n <= 3; n++ {
			good = append(good, d.enqueue(t, n, store.Intent{Member: "ada"}, donation("ada", 100)))
		}
		refused := d.enqueue(t, 4, store.Intent{Member: "ben"}, donation("ben", -1))
		spoilt := d.enqueue(t, 5, store.Intent{}, func(f store.Facts) (ledger.Entry, error) {
			e, err := donation("cy", 100)(f)
			e.Description = "" // The table wants one; no decision of ours forgets it.
			return e, err
		})
		unbalanced := d.enqueue(t, 6, store.Intent{}, func(f store.Facts) (ledger.Entry, error) {
			e, err := donation("cy", 100)(f)
			e.Postings[0].Amount.Pence++
			return e, err
		})
		missing := d.enqueue(t, 7, store.Intent{Reverse: entryID(99)}, func(f store.Facts) (ledger.Entry, error) { return ledger.NewReversal(f.Reversed, "x", today) })
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan error)
		go func() {
			_, err := d.Enqueue(ctx, d.request("left"), store.Intent{}, donation("dee", 100), encode)
			left <- err
		}()
		for d.Waiting() < 8 {
			time.Sleep(time.Millisecond)
		}
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("who left is told %v", err)
		}
		broken := encode
		broken.Reply = func(ledger.Entry) ([]byte, error) { return nil, errors.New("the encoder failed") }
		lost := make(chan error)
		go func() {
			_, err := d.Enqueue(t.Context(), d.request("x"), store.Intent{Member: "eve"}, donation("eve", 100), broken)
			lost <- err
		}()
		for d.Waiting() < 9 {
			time.Sleep(time.Millisecond)
		}
		good = append(good, d.enqueue(t, 8, store.Intent{Member: "eve"}, donation("eve", 100)))
		running(t, d.Store)
		for i, l := range good {
			e, err := l.get()
			if err != nil || e.Standing != (i == 0 || i == 3) || e.Repeated == e.Standing {
				t.Errorf("good entry %d: %+v, %v", i, e, err)
			}
		}
		for _, c := range []struct {
			l      *later
			reason string
			kind   fault.Kind
		}{{refused, "ENTRY_INVALID", fault.Invalid}, {spoilt, "POSTINGS_UNAVAILABLE", fault.Unavailable}, {unbalanced, "NOT_BALANCED", fault.Invalid}, {missing, "ENTRY_NOT_FOUND", fault.NotFound}} {
			_, err := c.l.get()
			if f := fault.Of(err); f == nil || f.Reason != c.reason || f.Kind != c.kind {
				t.Errorf("%v, want %s", err, c.reason)
			}
		}
		if err := <-lost; err == nil || err.Error() != "the encoder failed" {
			t.Errorf("the encoder's failure: %v", err)
		}
		if all := d.all(t); len(all) != 4 || len(d.told(t)) != 4 {
			t.Errorf("%d entries, %d events; want 4 of each", len(all), len(d.told(t)))
		}
		if err := errors.Join(d.Check(t.Context()), d.CheckLog(t.Context())); err != nil {
			t.Error(err)
		}
	}, parts...)
}

// TestABatchIsAsIfEachWereAlone draws requests, carries them out one at a time in one ledger and as one batch in another, and wants the
// same answers, entries and events.
func TestABatchIsAsIfEachWereAlone(t *testing.T) {
	oneDB, manyDB := databasetest.SQLite(t, parts...), databasetest.SQLite(t, parts...)
	rapid.Check(t, func(rt *rapid.T) {
		// A new database for each would take longer than all the rest.
		one, many := idle(oneDB, group.Config{}), idle(manyDB, group.Config{})
		for _, d := range []*desk{one, many} {
			d.change(t, "DELETE FROM entry_leaf\nDELETE FROM posting\nDELETE FROM entry\nDELETE FROM log_leaf\nDELETE FROM log_tile\nDELETE FROM outbox\nDELETE FROM request")
		}
		type ask struct {
			in     store.Intent
			decide func(store.Facts) (ledger.Entry, error)
		}
		var asks []ask
		for n := range rapid.IntRange(1, 14).Draw(rt, "requests") {
			if n > 0 && rapid.IntRange(0, 2).Draw(rt, "what") == 0 {
				of := entryID(rapid.IntRange(1, n).Draw(rt, "of"))
				asks = append(asks, ask{store.Intent{Reverse: of}, func(f store.Facts) (ledger.Entry, error) { return ledger.NewReversal(f.Reversed, "x", today) }})
				continue
			}
			m, pence := rapid.SampledFrom([]string{"ada", "ben"}).Draw(rt, "member"), rapid.SampledFrom([]int64{0, 99, 100, 500}).Draw(rt, "pence")
			asks = append(asks, ask{store.Intent{Member: m}, donation(m, pence)})
		}
		var waiting []*later
		for i, a := range asks {
			waiting = append(waiting, many.enqueue(rt, i+1, a.in, a.decide))
		}
		stop := running(t, many.Store)
		ordered := cmpopts.IgnoreFields(ledger.Entry{}, "Log")
		for i, a := range asks {
			e, err := one.addAs(i+1, a.in, a.decide)
			got, gotErr := waiting[i].get()
			if fmt.Sprint(err) != fmt.Sprint(gotErr) {
				rt.Errorf("request %d: alone %v, in a batch %v", i+1, err, gotErr)
			}
			if diff := cmp.Diff(e, got, ordered); err == nil && diff != "" {
				rt.Errorf("request %d: alone (-), in a batch (+):\n%s", i+1, diff)
			}
		}
		if diff := cmp.Diff(one.all(rt), many.all(rt), ordered); diff != "" {
			rt.Errorf("entries alone (-), in a batch (+):\n%s", diff)
		}
		if diff := cmp.Diff(one.told(t), many.told(t)); diff != "" {
			rt.Errorf("events alone (-), in a batch (+):\n%s", diff)
		}
		if err := errors.Join(many.Check(t.Context()), many.CheckLog(t.Context())); err != nil {
			rt.Errorf("%v", err)
		}
		stop()
	})
}

// addAs carries a request out for an entry with the id of a number.
func (d *desk) addAs(n int, in store.Intent, decide func(store.Facts) (ledger.Entry, error)) (e ledger.Entry, err error) {
	reply, err := d.Add(context.Background(), d.request("content"), in, func(f store.Facts) (ledger.Entry, error) {
		e, err := decide(f)
		e.ID, e.Entered, e.EnteredBy = entryID(n), at.UnixMicro()+int64(n), "treasurer"
		return e, err
	}, encode)
	if err != nil {
		return ledger.Entry{}, err
	}
	return e, json.Unmarshal(reply, &e)
}

func TestOneRequestTwiceInABatch(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		d := idle(db, group.Config{})
		r := d.request("£1")
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				reply, err := d.Enqueue(t.Context(), r, store.Intent{Member: "ada"}, func(f store.Facts) (ledger.Entry, error) {
					e, err := donation("ada", 100)(f)
					e.ID = entryID(1)
					return e, err
				}, encode)
				var e ledger.Entry
				if err := errors.Join(err, json.Unmarshal(reply, &e)); err != nil || e.Number != 1 {
					t.Errorf("%+v, %v", e, err)
				}
			})
		}
		other := r
		other.Hash = []byte("another content")
		for d.Waiting() < 5 {
			time.Sleep(time.Millisecond)
		}
		wg.Go(func() {
			if _, err := d.Enqueue(t.Context(), other, store.Intent{}, donation("ada", 100), encode); !fault.Is(err, "REQUEST_ID_REUSED") {
				t.Errorf("the same id with another content: %v", err)
			}
		})
		for d.Waiting() < 6 {
			time.Sleep(time.Millisecond)
		}
		running(t, d.Store)
		wg.Wait()
		if all := d.all(t); len(all) != 1 {
			t.Errorf("%d entries", len(all))
		}
	}, parts...)
}

// TestALeaseLostBeforeTheCommit lets another replica take the lease while a batch begins, and write an entry of its own.
func TestALeaseLostBeforeTheCommit(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		f := &failing{left: map[string]int{}, hit: map[string]int{}}
		d := grouped(t, db, group.Config{Fail: f.at, Lease: time.Minute})
		must(t)(d.donate(t.Context(), "ada", 100))
		if err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE group_lease SET holder = 'thief', epoch = epoch + 1, until = 0`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		other := &desk{Store: store.New(db), db: db, next: 10}
		must(t)(other.donate(t.Context(), "ada", 100))
		before := f.hit["before-commit"]
		e := must(t)(d.donate(t.Context(), "ada", 100))
		if e.Number != 3 || !e.Repeated || f.hit["before-commit"] != before+1 {
			t.Errorf("%+v; the writer came before a commit %d times", e, f.hit["before-commit"]-before)
		}
		if got := d.epoch(t); got != 3 {
			t.Errorf("the epoch is %d, want 3", got)
		}
		if err := d.CheckLog(t.Context()); err != nil {
			t.Error(err)
		}
	}, parts...)
}

func TestAReplicaWithoutTheLease(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		leader := idle(db, group.Config{Lease: time.Minute})
		stop := running(t, leader.Store)
		must(t)(leader.donate(t.Context(), "ada", 100))
		follower := idle(db, group.Config{Lease: time.Minute, Patience: 50 * time.Millisecond})
		follower.next = 10
		running(t, follower.Store)
		_, err := follower.donate(t.Context(), "ben", 100)
		if f := fault.Of(err); f == nil || f.Reason != "POSTINGS_UNAVAILABLE" || f.RetryAfter == 0 {
			t.Errorf("%v", err)
		}
		stop()
		must(t)(follower.donate(t.Context(), "ben", 100))
		if all := follower.all(t); len(all) != 2 {
			t.Errorf("%d entries", len(all))
		}
	}, parts...)
}

func TestAFullQueueIsSaidSo(t *testing.T) {
	db := databasetest.SQLite(t, parts...)
	d := idle(db, group.Config{Queue: 2})
	first, second := d.enqueue(t, 1, store.Intent{}, donation("ada", 100)), d.enqueue(t, 2, store.Intent{}, donation("ben", 100))
	_, err := d.Enqueue(t.Context(), d.request("x"), store.Intent{}, donation("cy", 100), encode)
	if f := fault.Of(err); f == nil || f.Reason != "TOO_MANY_POSTINGS_AT_ONCE" || f.Kind != fault.Exhausted || f.RetryAfter != time.Second {
		t.Errorf("%v", err)
	}
	running(t, d.Store)
	for _, l := range []*later{first, second} {
		must(t)(l.get())
	}
}

// TestStopping writes what waits, gives the lease back, and takes no more by the writer.
func TestStopping(t *testing.T) {
	db := databasetest.SQLite(t, parts...)
	d := idle(db, group.Config{Lease: time.Minute})
	first := d.enqueue(t, 1, store.Intent{}, donation("ada", 100))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	d.Run(ended)
	must(t)(first.get())
	if _, err := d.Enqueue(t.Context(), d.request("x"), store.Intent{}, donation("ben", 100), encode); !fault.Is(err, "POSTINGS_UNAVAILABLE") {
		t.Errorf("after the end: %v", err)
	}
	next := idle(db, group.Config{Lease: time.Minute, Patience: 50 * time.Millisecond})
	next.next = 10
	running(t, next.Store)
	must(t)(next.donate(t.Context(), "ben", 100))
}

// TestAnActIsRecordedWithItsEntry: the use of an office stands beside what was done by it, also where the commit is shared, and only once.
func TestAnActIsRecordedWithItsEntry(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		ctx := acts.NewContext(t.Context(), acts.NewUse(acts.Act{ID: entryID(77), At: at, Member: "treasurer", Role: "treasurer", Method: "/x.Y/Post", Count: 1}, true, nil))
		must(t)(d.donate(ctx, "ada", 100))
		must(t)(d.donate(t.Context(), "ben", 100))
		var n int
		if err := d.db.Reader().QueryRow(`SELECT COUNT(*) FROM officer_act`).Scan(&n); err != nil || n != 1 || acts.Open(ctx) {
			t.Errorf("%d acts, still open %v, %v; want one", n, acts.Open(ctx), err)
		}
	})
}
