package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// parts are what the room's database holds.
var parts = []database.Migrations{translog.Migrations, Migrations}

// quick is a configuration whose waits suit a test.
func quick(c Config) Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Clock = time.Now
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Lease == 0 {
		c.Lease = 100 * time.Millisecond
	}
	return c
}

// start runs a store until the test ends or stop is called.
func start(t testing.TB, db *database.DB, c Config) (s *Store, stop func()) {
	t.Helper()
	s = New(db, quick(c))
	return s, run(t, s)
}

// checked are the databases that a test is to look over when it ends.
var checked sync.Map

// run runs a store until the test ends or stop is called.
func run(t testing.TB, s *Store) (stop func()) {
	type looked struct {
		t  testing.TB
		db *database.DB
	}
	_, benchmark := t.(*testing.B)
	if _, again := checked.LoadOrStore(looked{t, s.db}, true); !again && !benchmark {
		// Whatever a test did to it, votes, ballots and the public log must agree in the end, when all of its stores have stopped:
		// once, however many there were.
		t.Cleanup(func() {
			if err := s.CheckLog(context.Background()); err != nil {
				t.Errorf("the public log: %v", err)
			}
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

// memberNo is the id of the n-th member of every test's roll.
func memberNo(n int) string { return "member-" + strconv.Itoa(n) }

func electors(n int) []ballots.Elector {
	all := make([]ballots.Elector, n)
	for i := range all {
		all[i] = ballots.Elector{Number: int64(i) + 1, Member: memberNo(i + 1), Region: "london"}
	}
	return all
}

var ballotCount atomic.Int64

// open opens a ballot for n electors and returns its id.
func open(t testing.TB, s *Store, n int) string {
	t.Helper()
	roll := electors(n)
	o := ballots.Opening{
		ID: fmt.Sprintf("ballot-%d", ballotCount.Add(1)), Motion: "motion", Meeting: "meeting", Question: "Shall we?", Rule: "More for than against.",
		Privacy: ballots.OpenVote, Roll: "roll", Electors: int64(n), Fingerprint: ballots.Fingerprint(roll),
	}
	b, err := s.Open(t.Context(), o, roll, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(o, b.Opening); diff != "" {
		t.Fatalf("opened something else (-asked +opened):\n%s", diff)
	}
	return o.ID
}

func cast(s *Store, ballot string, member int, choice ballots.Choice, request string) (ballots.Vote, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return s.Cast(ctx, Cast{Ballot: ballot, Member: memberNo(member), Choice: choice, Request: ballots.NewRequestKey("member:"+memberNo(member), request)})
}

func mustCast(t testing.TB, s *Store, ballot string, member int, choice ballots.Choice, request string) ballots.Vote {
	t.Helper()
	v, err := cast(s, ballot, member, choice, request)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func wantReason(t testing.TB, err error, kind fault.Kind, reason string) *fault.Fault {
	t.Helper()
	f := fault.Of(err)
	if f == nil || f.Reason != reason || f.Kind != kind {
		t.Fatalf("got %v, want %s of kind %d", err, reason, kind)
	}
	return f
}

func TestABallotFromOpeningToPublication(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		s, _ := start(t, db, Config{})
		id := open(t, s, 5)
		first := mustCast(t, s, id, 1, ballots.For, "request-1")
		mustCast(t, s, id, 2, ballots.Against, "request-1")
		mustCast(t, s, id, 3, ballots.Abstain, "request-1")

		if again := mustCast(t, s, id, 1, ballots.For, "request-1"); again != first {
			t.Errorf("the same request got %+v, then %+v", first, again)
		}
		_, err := cast(s, id, 1, ballots.Against, "request-1")
		wantReason(t, err, fault.Invalid, "REQUEST_ID_REUSED")
		_, err = cast(s, id, 1, ballots.For, "request-2")
		f := wantReason(t, err, fault.Exists, "ALREADY_VOTED")
		if f.Details["receipt"] != first.Receipt.String() || f.Details["cast_time"] != first.Time().UTC().Format(time.RFC3339Nano) {
			t.Errorf("the refusal carries %v and not the first receipt", f.Details)
		}
		_, err = cast(s, id, 6, ballots.For, "request-1")
		wantReason(t, err, fault.Denied, "NOT_ON_ROLL")
		_, err = cast(s, "no-such-ballot", 1, ballots.For, "request-1")
		wantReason(t, err, fault.NotFound, "BALLOT_NOT_FOUND")
		_, err = cast(s, id, 4, "perhaps", "request-1")
		wantReason(t, err, fault.Invalid, "CHOICE_NEEDED")

		b, err := s.Get(t.Context(), id)
		if err != nil || b.Turnout != 3 || b.State() != ballots.Open {
			t.Fatalf("got %+v, %v", b, err)
		}
		_, err = s.Publish(t.Context(), id, time.Now())
		wantReason(t, err, fault.Conflict, "BALLOT_OPEN")
		closing, err := s.Close(t.Context(), id)
		if err != nil || closing.Figures != (ballots.Figures{For: 1, Against: 1, Abstain: 1}) {
			t.Fatalf("closed as %+v, %v", closing, err)
		}
		if again, err := s.Close(t.Context(), id); err != nil || !again.At.Equal(closing.At) || again.Figures != closing.Figures {
			t.Errorf("closing again gave %+v, %v", again, err)
		}
		_, err = cast(s, id, 4, ballots.For, "request-1")
		wantReason(t, err, fault.Conflict, "BALLOT_CLOSED")
		f = wantReason(t, func() error { _, err := cast(s, id, 1, ballots.For, "request-2"); return err }(), fault.Conflict, "BALLOT_CLOSED")
		if f.Details["receipt"] != first.Receipt.String() {
			t.Errorf("after closing the refusal carries %v", f.Details)
		}
		if again := mustCast(t, s, id, 1, ballots.For, "request-1"); again != first {
			t.Errorf("after closing the same request got %+v", again)
		}
		at, err := s.Publish(t.Context(), id, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := s.Publish(t.Context(), id, time.Now().Add(time.Hour)); err != nil || !again.Equal(at) {
			t.Errorf("publishing again gave %v, %v", again, err)
		}
		if b, err = s.Get(t.Context(), id); err != nil || b.State() != ballots.Published || b.Turnout != 3 {
			t.Errorf("got %+v, %v", b, err)
		}
	}, parts...)
}

// TestSchema compares what the migrations make with schema.sql.
func TestSchema(t *testing.T) { databasetest.Schema(t, "schema.sql", Migrations) }

func TestReceiptsAreFound(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		s, stop := start(t, db, Config{})
		id, other := open(t, s, 3), open(t, s, 3)
		v := mustCast(t, s, id, 2, ballots.For, "request-1")
		look := func(s *Store, ballot string, code ballots.Code, want bool) {
			t.Helper()
			at, found, err := s.FindReceipt(t.Context(), ballot, code)
			if err != nil || found != want || (found && at.UnixMicro() != v.Cast) {
				t.Errorf("found %v at %v, %v", found, at, err)
			}
		}
		everywhere := func(s *Store) {
			t.Helper()
			look(s, id, v.Receipt, true)
			look(s, id, ballots.NewCode([10]byte{1}), false)
			look(s, other, v.Receipt, false)
		}
		everywhere(s)
		stop()
		// A process that holds nothing reads the rows, and then those of the closed ballot.
		s, _ = start(t, db, Config{})
		everywhere(s)
		if _, err := s.Close(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		everywhere(s)
		everywhere(s)
		_, _, err := s.FindReceipt(t.Context(), "no-such-ballot", v.Receipt)
		wantReason(t, err, fault.NotFound, "BALLOT_NOT_FOUND")
	}, parts...)
}
