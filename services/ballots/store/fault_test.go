package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// failing makes a store fail at named points, as often as is left.
type failing struct {
	mu    sync.Mutex
	left  map[string]int
	hit   map[string]int
	cause error
	// also runs at a point before it fails or not.
	also func(point string)
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

func startFailing(t *testing.T, db *database.DB, cause error, left map[string]int) (*Store, *failing) {
	t.Helper()
	f := &failing{left: left, hit: map[string]int{}, cause: cause}
	s := New(db, quick(Config{}))
	s.fail = f.at
	run(t, s)
	return s, f
}

// stored is a vote's row.
type stored struct {
	elector               int64
	choice, receipt, salt string
	castAt, epoch         int64
}

func rowsOf(t testing.TB, db *database.DB, ballot string) []stored {
	t.Helper()
	rows, err := db.Reader().QueryContext(context.Background(), `
		SELECT v.elector_no, v.choice, v.receipt, v.salt, v.cast_at, v.epoch FROM cast_vote v JOIN ballot b ON b.ballot_no = v.ballot_no
		WHERE b.id = $1 ORDER BY v.elector_no, v.revision`, ballot)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []stored
	for rows.Next() {
		var v stored
		if err := rows.Scan(&v.elector, &v.choice, &v.receipt, &v.salt, &v.castAt, &v.epoch); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func epochOf(t testing.TB, db *database.DB) (epoch int64) {
	t.Helper()
	if err := db.Reader().QueryRowContext(context.Background(), `SELECT epoch FROM lease WHERE name = $1`, leaseName).Scan(&epoch); err != nil {
		t.Fatal(err)
	}
	return epoch
}

// TestAFailedCommitIsTriedAgain fails a batch once at each point, with an answer and without one: the caller gets a receipt, the
// vote is there once, under a new epoch, and the receipt is the row's.
func TestAFailedCommitIsTriedAgain(t *testing.T) {
	for _, point := range []string{"decided", "begin", "before-commit", "after-commit"} {
		for name, cause := range map[string]error{"refused": errors.New("refused"), "unknown": database.ErrUnknownOutcome} {
			t.Run(point+"/"+name, func(t *testing.T) {
				databasetest.Each(t, func(t *testing.T, db *database.DB) {
					s, f := startFailing(t, db, cause, map[string]int{point: 1})
					id := open(t, s, 3)
					v := mustCast(t, s, id, 2, ballots.Against, "request-1")
					all := rowsOf(t, db, id)
					if len(all) != 1 || all[0].elector != 2 || all[0].choice != "against" || all[0].receipt != string(v.Receipt[:]) {
						t.Fatalf("the table holds %+v, the receipt is %s", all, v.Receipt)
					}
					if f.hit[point] < 1 || f.left[point] != 0 {
						t.Fatalf("%s was not reached", point)
					}
					if got := epochOf(t, db); got != 2 {
						t.Errorf("the epoch is %d after a doubt, want 2", got)
					}
					if b, err := s.Get(t.Context(), id); err != nil || b.Turnout != 1 {
						t.Errorf("turnout %d, %v", b.Turnout, err)
					}
					if again := mustCast(t, s, id, 2, ballots.Against, "request-1"); again != v {
						t.Errorf("the same request got %+v, then %+v", v, again)
					}
				}, parts...)
			})
		}
	}
}

func TestAFailedClosingIsTriedAgain(t *testing.T) {
	for _, point := range []string{"close.before-commit", "close.after-commit"} {
		t.Run(point, func(t *testing.T) {
			databasetest.Each(t, func(t *testing.T, db *database.DB) {
				s, f := startFailing(t, db, database.ErrUnknownOutcome, map[string]int{point: 1})
				id := open(t, s, 3)
				mustCast(t, s, id, 2, ballots.Against, "request-1")
				c, err := s.Close(t.Context(), id)
				if err != nil || c.Figures != (ballots.Figures{Against: 1}) {
					t.Fatalf("closed as %+v, %v", c, err)
				}
				if f.left[point] != 0 {
					t.Fatalf("%s was not reached", point)
				}
				b, err := s.Get(t.Context(), id)
				if err != nil || b.Closing == nil || !b.Closing.At.Equal(c.At) {
					t.Errorf("the answer was %v, the table says %+v, %v", c.At, b.Closing, err)
				}
			}, parts...)
		})
	}
}

// TestOneSpoiltEntryDoesNotSpoilTheOthers has a vote whose insertion always fails: it is told so, and the others are stored.
func TestOneSpoiltEntryDoesNotSpoilTheOthers(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		s := New(db, quick(Config{}))
		id := open(t, s, 8)
		r, err := s.rollOf(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		// A choice that the table refuses and that Cast would not let pass.
		bad := &entry{ctx: t.Context(), roll: r, number: 4, member: memberNo(4), choice: "perhaps", done: make(chan answer, 1)}
		var good []*entry
		for n := range 8 {
			e := &entry{ctx: t.Context(), roll: r, number: uint32(n + 1), member: memberNo(n + 1), choice: ballots.For, done: make(chan answer, 1)}
			e.request = ballots.NewRequestKey(e.member, "request")
			if n+1 == 4 {
				e = bad
			} else {
				good = append(good, e)
			}
			s.queue <- e
		}
		run(t, s)
		wantReason(t, (<-bad.done).err, fault.Unavailable, "VOTES_UNAVAILABLE")
		for _, e := range good {
			if a := <-e.done; a.err != nil {
				t.Errorf("elector %d: %v", e.number, a.err)
			}
		}
		if all := rowsOf(t, db, id); len(all) != 7 {
			t.Errorf("%d votes are stored, want 7", len(all))
		}
	}, parts...)
}

// steal is what another replica does when it takes the lease.
func steal(t testing.TB, db *database.DB) {
	t.Helper()
	err := db.InTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE lease SET holder = 'thief', epoch = epoch + 1, until = 0 WHERE name = $1`, leaseName)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestALeaseLostBetweenDecisionAndCommit lets another replica take the lease and store a vote after the batch was decided: the
// batch must not be stored under the old epoch, and its caller learns of the other vote.
func TestALeaseLostBetweenDecisionAndCommit(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		s, f := startFailing(t, db, nil, map[string]int{})
		id := open(t, s, 3)
		mustCast(t, s, id, 1, ballots.For, "request-1")
		var once sync.Once
		var theirs ballots.Vote
		f.also = func(point string) {
			if point != "decided" {
				return
			}
			once.Do(func() {
				steal(t, db)
				other, stop := start(t, db, Config{})
				theirs = mustCast(t, other, id, 2, ballots.For, "their-request")
				stop()
			})
		}
		_, err := cast(s, id, 2, ballots.Against, "my-request")
		refusal := wantReason(t, err, fault.Exists, "ALREADY_VOTED")
		if refusal.Details["receipt"] != theirs.Receipt.String() {
			t.Errorf("the refusal shows %s, the stored vote's receipt is %s", refusal.Details["receipt"], theirs.Receipt)
		}
		all := rowsOf(t, db, id)
		if len(all) != 2 || all[1].choice != "for" || all[1].epoch <= all[0].epoch {
			t.Errorf("the table holds %+v", all)
		}
	}, parts...)
}

// TestALeaseLostInsideTheTransaction takes the lease while a batch is written and not committed, and reads the votes as the next holder
// does. Either that reader sees the batch, or the batch does not commit. SQLite has one writer, so there it cannot happen.
func TestALeaseLostInsideTheTransaction(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		if db.Engine == database.SQLite {
			t.Log("not on SQLite: nobody else can write while a transaction writes")
			return
		}
		s, f := startFailing(t, db, nil, map[string]int{})
		s.config.Lease = time.Minute // So that the batch does not renew: then nobody could take the lease before it ends.
		id := open(t, s, 3)
		mustCast(t, s, id, 1, ballots.For, "request-1")
		r, err := s.rollOf(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		thief := New(db, quick(Config{}))
		var once sync.Once
		var seen int64
		reached := false
		f.also = func(point string) {
			if point == "before-commit" {
				once.Do(func() {
					reached = true
					steal(t, db)
					b, err := thief.loadBox(context.Background(), r)
					if err != nil {
						t.Error(err)
						return
					}
					seen = b.turnout.Load()
				})
			}
		}
		stolen := epochOf(t, db) + 1
		mustCast(t, s, id, 2, ballots.Against, "request-2")
		all := rowsOf(t, db, id)
		if !reached || len(all) != 2 {
			t.Fatalf("reached %v, the table holds %+v", reached, all)
		}
		if seen == 1 && all[1].epoch <= stolen {
			t.Errorf("the next holder saw %d vote, and then a vote of epoch %d appeared; the thief's epoch was %d", seen, all[1].epoch, stolen)
		}
	}, parts...)
}

// TestMemoryIsNotTheJudge stores a vote behind the writer's back: the primary key refuses the second, and the caller is told.
func TestMemoryIsNotTheJudge(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		s, _ := start(t, db, Config{})
		id := open(t, s, 3)
		mustCast(t, s, id, 1, ballots.For, "request-1")
		behind := &insertion{}
		behind.reset(time.Now().UnixMicro(), epochOf(t, db))
		r, err := s.rollOf(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		code := ballots.NewCode([10]byte{7})
		behind.add(&box{roll: r}, 2, ballots.Vote{Receipt: code, Choice: ballots.Abstain}, make([]byte, saltBytes))
		if err := s.storeVotes(t.Context(), behind, epochOf(t, db), 0, false); err != nil {
			t.Fatal(err)
		}
		_, err = cast(s, id, 2, ballots.For, "request-2")
		if f := wantReason(t, err, fault.Exists, "ALREADY_VOTED"); f.Details["receipt"] != code.String() {
			t.Errorf("the refusal carries %v", f.Details)
		}
		mustCast(t, s, id, 3, ballots.For, "request-3")
		if all := rowsOf(t, db, id); len(all) != 3 || all[1].choice != "abstain" {
			t.Errorf("the table holds %+v", all)
		}
	}, parts...)
}

func TestAFullQueueIsSaidSo(t *testing.T) {
	db := databasetest.SQLite(t, parts...)
	s := New(db, quick(Config{Queue: 2}))
	id := open(t, s, 3)
	var wg sync.WaitGroup
	results := make(chan error, 2)
	for n := range 2 {
		wg.Go(func() {
			_, err := cast(s, id, n+1, ballots.For, "request-1")
			results <- err
		})
	}
	for len(s.queue) < 2 {
		time.Sleep(time.Millisecond)
	}
	_, err := cast(s, id, 3, ballots.For, "request-1")
	if f := wantReason(t, err, fault.Exhausted, "TOO_MANY_VOTES_AT_ONCE"); f.RetryAfter != time.Second {
		t.Errorf("try again after %v", f.RetryAfter)
	}
	if all := rowsOf(t, db, id); len(all) != 0 {
		t.Errorf("%d votes were stored by nobody", len(all))
	}
	run(t, s)
	wg.Wait()
	for range 2 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	mustCast(t, s, id, 3, ballots.For, "request-1")
}

// TestAReplicaWithoutTheLease answers that it cannot, and can once the other has stopped.
func TestAReplicaWithoutTheLease(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		leader, stop := start(t, db, Config{Lease: time.Minute})
		follower, _ := start(t, db, Config{Lease: time.Minute, Patience: 50 * time.Millisecond})
		id := open(t, leader, 3)
		mustCast(t, leader, id, 1, ballots.For, "request-1")
		_, err := cast(follower, id, 2, ballots.For, "request-1")
		if f := wantReason(t, err, fault.Unavailable, "VOTES_UNAVAILABLE"); f.RetryAfter == 0 {
			t.Error("does not say when to try again")
		}
		if b, err := follower.Get(t.Context(), id); err != nil || b.Turnout != 1 {
			t.Errorf("the follower says turnout %d, %v", b.Turnout, err)
		}
		stop()
		mustCast(t, follower, id, 2, ballots.For, "request-1")
		_, err = cast(leader, id, 3, ballots.For, "request-1")
		wantReason(t, err, fault.Unavailable, "VOTES_UNAVAILABLE")
		if all := rowsOf(t, db, id); len(all) != 2 {
			t.Errorf("the table holds %+v", all)
		}
	}, parts...)
}

// TestACallerWhoLeft is not voted for if the writer had not come to it.
func TestACallerWhoLeft(t *testing.T) {
	db := databasetest.SQLite(t, parts...)
	s := New(db, quick(Config{}))
	id := open(t, s, 3)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := s.Cast(ctx, Cast{Ballot: id, Member: memberNo(1), Choice: ballots.For})
		left <- err
	}()
	for len(s.queue) < 1 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	run(t, s)
	mustCast(t, s, id, 2, ballots.For, "request-1")
	if all := rowsOf(t, db, id); len(all) != 1 || all[0].elector != 2 {
		t.Errorf("the table holds %+v", all)
	}
}

// TestStopping stores what waits, and takes no more.
func TestStopping(t *testing.T) {
	db := databasetest.SQLite(t, parts...)
	s := New(db, quick(Config{}))
	id := open(t, s, 4)
	var wg sync.WaitGroup
	for n := range 3 {
		wg.Go(func() {
			if _, err := cast(s, id, n+1, ballots.For, "request-1"); err != nil {
				t.Errorf("elector %d: %v", n+1, err)
			}
		})
	}
	for len(s.queue) < 3 {
		time.Sleep(time.Millisecond)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	s.Run(ended)
	wg.Wait()
	_, err := cast(s, id, 4, ballots.For, "request-1")
	wantReason(t, err, fault.Unavailable, "VOTES_UNAVAILABLE")
	if all := rowsOf(t, db, id); len(all) != 3 {
		t.Errorf("the table holds %+v", all)
	}
	// Its lease is free for the next at once.
	next, _ := start(t, db, Config{Lease: time.Minute, Patience: 50 * time.Millisecond})
	mustCast(t, next, id, 4, ballots.For, "request-1")
}

// TestARequestIDUsedInAnotherBallot is refused while both ballots are open here.
func TestARequestIDUsedInAnotherBallot(t *testing.T) {
	db := databasetest.SQLite(t, parts...)
	s, _ := start(t, db, Config{})
	first, second := open(t, s, 2), open(t, s, 2)
	mustCast(t, s, first, 1, ballots.For, "request-1")
	_, err := cast(s, second, 1, ballots.For, "request-1")
	wantReason(t, err, fault.Invalid, "REQUEST_ID_REUSED")
	mustCast(t, s, second, 2, ballots.For, "request-1")
	mustCast(t, s, second, 1, ballots.For, "request-2")
}
