package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// interleavings is how many ballots are fought over on each engine: 1,000 where nothing may be left out.
func interleavings() int {
	if databasetest.Full() {
		return 1000
	}
	return 200
}

// TestInterleavings fights over many ballots, sixteen at a time, on two replicas whose leases lapse within milliseconds: several casts per
// elector with the same and other requests and choices, closings in the middle, batches that fail before and after their commit,
// with and without an answer. Then: at most one vote per elector; acknowledged is stored and counted; what is stored
// was acknowledged or ambiguous; the count is of what is stored; nothing is stored after the closing.
func TestInterleavings(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		rounds := interleavings()
		var faults, takes atomic.Int64
		flaky := func(point string) error {
			if point == "open.before-commit" {
				return nil // The writer is what is fought over.
			}
			switch rand.IntN(60) {
			case 0:
				faults.Add(1)
				return errors.New("refused by the test")
			case 1:
				faults.Add(1)
				return database.ErrUnknownOutcome
			}
			return nil
		}
		replicas := make([]*Store, 2)
		for i := range replicas {
			replicas[i] = New(db, quick(Config{Lease: 3 * time.Millisecond, Patience: 200 * time.Millisecond}))
			replicas[i].fail = flaky
			run(t, replicas[i])
		}
		var next, votes, ambiguous, refused atomic.Int64
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for next.Add(1) <= int64(rounds) && !t.Failed() {
					f := &fight{replicas: replicas, db: db}
					f.run(t)
					votes.Add(int64(f.stored))
					ambiguous.Add(int64(f.ambiguous))
					refused.Add(int64(f.refused))
				}
			})
		}
		wg.Wait()
		takes.Store(epochOf(t, db))
		t.Logf("%d ballots: %d votes stored, %d casts refused, %d ambiguous, %d faults, %d epochs", rounds, votes.Load(), refused.Load(),
			ambiguous.Load(), faults.Load(), takes.Load())
		if t.Failed() {
			return
		}
		for what, n := range map[string]int64{"vote was stored": votes.Load(), "cast was refused": refused.Load(), "fault struck": faults.Load() / 20,
			"lease changed hands": takes.Load() / 20} {
			if n == 0 {
				t.Errorf("hardly any %s: this shows nothing", what)
			}
		}
	}, parts...)
}

// fight is one ballot that is fought over.
type fight struct {
	replicas                   []*Store
	db                         *database.DB
	stored, ambiguous, refused int
}

// tried is a cast and what came of it.
type tried struct {
	elector int
	choice  ballots.Choice
	request string
	vote    ballots.Vote
	err     error
}

var choices = []ballots.Choice{ballots.For, ballots.Against, ballots.Abstain}

func (f *fight) run(t *testing.T) {
	n := 1 + rand.IntN(4)
	id := open(t, f.replicas[0], n)
	var all []*tried
	for elector := 1; elector <= n; elector++ {
		for i := range 1 + rand.IntN(4) {
			c := &tried{elector: elector, choice: choices[rand.IntN(3)], request: fmt.Sprintf("request-%d", i)}
			all = append(all, c)
			if rand.IntN(2) == 0 {
				again := *c
				all = append(all, &again)
			}
			if rand.IntN(4) == 0 {
				all = append(all, &tried{elector: elector, choice: choices[rand.IntN(3)], request: c.request})
			}
		}
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	closeAt := rand.IntN(len(all) + 1)
	var wg sync.WaitGroup
	for i, c := range all {
		if i == closeAt {
			wg.Go(func() { _, _ = f.replicas[rand.IntN(2)].Close(context.Background(), id) })
		}
		wg.Go(func() {
			for range rand.IntN(4) {
				time.Sleep(time.Duration(rand.IntN(400)) * time.Microsecond)
			}
			f.cast(id, c, rand.IntN(3))
		})
	}
	wg.Wait()
	closing := f.close(t, id)
	late := &tried{elector: 1, choice: ballots.For, request: "request-late"}
	if f.cast(id, late, 20); !fault.Is(late.err, "BALLOT_CLOSED") {
		t.Errorf("a cast after the closing came to %v", late.err)
	}
	f.check(t, id, all, closing)
}

// cast casts as a client does: if it is told that votes cannot be stored just now it sends the same request again, to either replica.
func (f *fight) cast(id string, c *tried, patience int) {
	for try := 0; ; try++ {
		c.vote, c.err = cast(f.replicas[rand.IntN(2)], id, c.elector, c.choice, c.request)
		if !fault.Is(c.err, "VOTES_UNAVAILABLE") || try >= patience {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (f *fight) close(t *testing.T, id string) ballots.Closing {
	var last error
	for range 2000 {
		c, err := f.replicas[rand.IntN(2)].Close(context.Background(), id)
		if err == nil {
			return c
		}
		last = err
		time.Sleep(2 * time.Millisecond)
	}
	t.Errorf("%s does not close: %v", id, last)
	return ballots.Closing{}
}

func (f *fight) check(t *testing.T, id string, all []*tried, closing ballots.Closing) {
	rows := rowsOf(t, f.db, id)
	byElector := map[int]stored{}
	var counted ballots.Figures
	for _, r := range rows {
		if _, twice := byElector[int(r.elector)]; twice {
			t.Errorf("%s: elector %d has two votes", id, r.elector)
		}
		byElector[int(r.elector)] = r
		switch ballots.Choice(r.choice) {
		case ballots.For:
			counted.For++
		case ballots.Against:
			counted.Against++
		case ballots.Abstain:
			counted.Abstain++
		}
		if r.castAt > closing.At.UnixMicro() {
			t.Errorf("%s: a vote of %d stands behind the closing at %d", id, r.castAt, closing.At.UnixMicro())
		}
	}
	f.stored = len(rows)
	if counted != closing.Figures {
		t.Errorf("%s: closed as %+v, the table holds %+v", id, closing.Figures, counted)
	}
	explained := map[int]bool{}
	for _, c := range all {
		row, has := byElector[c.elector]
		refusal := fault.Of(c.err)
		switch {
		case c.err == nil:
			if !has || row.receipt != string(c.vote.Receipt[:]) || row.choice != string(c.choice) {
				t.Errorf("%s: elector %d holds receipt %s for %s, the table holds %+v", id, c.elector, c.vote.Receipt, c.choice, row)
			}
			explained[c.elector] = true
		case refusal == nil:
			t.Errorf("%s: elector %d got %v", id, c.elector, c.err)
		case refusal.Reason == "VOTES_UNAVAILABLE":
			f.ambiguous++
			if has && row.choice == string(c.choice) {
				explained[c.elector] = true
			}
		case refusal.Reason == "ALREADY_VOTED", refusal.Reason == "BALLOT_CLOSED":
			f.refused++
			if code, ok := ballots.ParseCode(refusal.Details["receipt"]); ok && row.receipt != string(code[:]) {
				t.Errorf("%s: elector %d was shown %s, the table holds %+v", id, c.elector, code, row)
			} else if !ok && refusal.Reason == "ALREADY_VOTED" {
				t.Errorf("%s: elector %d has voted already and was shown no receipt", id, c.elector)
			}
		case refusal.Reason == "REQUEST_ID_REUSED":
			f.refused++
		default:
			t.Errorf("%s: elector %d got %v", id, c.elector, c.err)
		}
	}
	for elector, row := range byElector {
		if !explained[elector] {
			t.Errorf("%s: nobody was told of elector %d's vote %+v", id, elector, row)
		}
	}
}
