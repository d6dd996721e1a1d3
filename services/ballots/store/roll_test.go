package store

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
)

// TestAHallReadsTheRollOnce has 200 electors cast in the moment when a vote opens: the roll is read once, not 200 times.
func TestAHallReadsTheRollOnce(t *testing.T) {
	s := New(databasetest.SQLite(t, parts...), quick(Config{}))
	var read atomic.Int64
	s.readRoll = func() { read.Add(1) }
	run(t, s)
	const hall = 200
	id := open(t, s, hall)
	s.mu.Lock()
	clear(s.rolls) // As on a replica that did not open the ballot.
	s.mu.Unlock()
	read.Store(0)
	var wg sync.WaitGroup
	for _, e := range electors(hall) {
		wg.Go(func() {
			_, err := s.Cast(t.Context(), Cast{Ballot: id, Member: e.Member, Choice: ballots.For, Request: ballots.NewRequestKey(e.Member, "a request")})
			if err != nil {
				t.Errorf("%s: %v", e.Member, err)
			}
		})
	}
	wg.Wait()
	if n := read.Load(); n != 1 {
		t.Errorf("the roll was read %d times", n)
	}
}
