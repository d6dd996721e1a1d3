package store

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

func TestOpeningTwiceAtOnce(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		s := New(db, quick(Config{}))
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				roll := electors(3)
				o := ballots.Opening{ID: fmt.Sprintf("b-%d", i/2), Motion: "m", Meeting: "g", Question: "q", Rule: "r", Privacy: "p", Roll: "l",
					Electors: 3, Fingerprint: ballots.Fingerprint(roll)}
				if b, err := s.Open(context.Background(), o, roll, time.Now()); err != nil || b.ID != o.ID {
					t.Errorf("%+v, %v", b, err)
				}
			})
		}
		wg.Wait()
		all, numbers, err := s.List(t.Context(), "", 0, 10)
		if err != nil || len(all) != 4 || fmt.Sprint(numbers) != "[4 3 2 1]" {
			t.Fatalf("%d ballots, numbers %v, %v", len(all), numbers, err)
		}
		if page, _, err := s.List(t.Context(), "g", 3, 1); err != nil || len(page) != 1 || page[0].ID != all[2].ID {
			t.Errorf("a page of one below 3: %+v, %v", page, err)
		}
		if none, _, err := s.List(t.Context(), "elsewhere", 0, 10); err != nil || len(none) != 0 {
			t.Errorf("%d ballots of another meeting, %v", len(none), err)
		}
	}, parts...)
}

// collision is what a database answers to one of two transactions that cannot both be.
type collision struct{}

func (collision) Error() string    { return "serialization failure" }
func (collision) SQLState() string { return "40001" }

// TestOpeningIsTriedAgain has the opening collide once with another transaction: the ballot opens with its whole roll.
func TestOpeningIsTriedAgain(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		s, f := startFailing(t, db, collision{}, map[string]int{"open.before-commit": 2})
		id := open(t, s, 2*electorsPerInsert+1)
		if f.hit["open.before-commit"] != 3 {
			t.Fatalf("the opening ran %d times, want 3", f.hit["open.before-commit"])
		}
		r, err := s.rollOf(t.Context(), id)
		if err != nil || len(r.number) != 2*electorsPerInsert+1 {
			t.Fatalf("the roll: %v", err)
		}
		mustCast(t, s, id, 1, ballots.For, "request-1")
		mustCast(t, s, id, 2*electorsPerInsert+1, ballots.For, "request-1")
	}, parts...)
}

// TestALargeRoll takes more than one statement to store.
func TestALargeRoll(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		s, _ := start(t, db, Config{})
		id := open(t, s, 2*electorsPerInsert+1)
		mustCast(t, s, id, 2*electorsPerInsert+1, ballots.For, "request-1")
		_, err := cast(s, id, 2*electorsPerInsert+2, ballots.For, "request-1")
		wantReason(t, err, fault.Denied, "NOT_ON_ROLL")
	}, parts...)
}
