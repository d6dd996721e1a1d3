package store

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
)

// The environment by which the test binary knows that it is the child that is to be killed.
const (
	childDatabase = "FOLKMOOT_BALLOTS_CHILD_DATABASE"
	childBallot   = "FOLKMOOT_BALLOTS_CHILD_BALLOT"
	childPoint    = "FOLKMOOT_BALLOTS_CHILD_POINT"
	childAfter    = "FOLKMOOT_BALLOTS_CHILD_AFTER"
)

// killElectors is how many vote in a burst.
const killElectors = 60

func TestMain(m *testing.M) {
	if os.Getenv(childDatabase) != "" {
		child()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// choiceOf is what an elector of a burst chooses, whichever process asks.
func choiceOf(elector int) ballots.Choice { return choices[elector%3] }

// killWorkers cast one vote after the other each, so that there are batches left when the point is armed.
const killWorkers = 6

// child casts for every elector, writes a line for each that was acknowledged, and arms the point after so many. Then it
// closes the ballot. If nothing kills it, it ends by itself, which fails the test.
func child() {
	db, err := database.Open(context.Background(), os.Getenv(childDatabase))
	if err != nil {
		panic(err)
	}
	s := New(db, quick(Config{}))
	go s.Run(context.Background())
	id, point := os.Getenv(childBallot), os.Getenv(childPoint)
	after, err := strconv.ParseInt(os.Getenv(childAfter), 10, 64)
	if err != nil {
		panic(err)
	}
	var acknowledged atomic.Int64
	var mu sync.Mutex
	say := func(line string) {
		mu.Lock()
		defer mu.Unlock()
		// One write: a line is said whole or not at all.
		if _, err := os.Stdout.WriteString(line + "\n"); err != nil {
			panic(err)
		}
	}
	if after == 0 {
		killpoint.Arm(point)
	}
	var wg sync.WaitGroup
	vote := func(worker int) {
		for elector := 1 + worker; elector <= killElectors; elector += killWorkers {
			v, err := cast(s, id, elector, choiceOf(elector), "request-1")
			if err != nil {
				say("refused " + strconv.Itoa(elector) + " " + err.Error())
				continue
			}
			say("stored " + strconv.Itoa(elector) + " " + v.Receipt.String())
			if acknowledged.Add(1) == after {
				killpoint.Arm(point)
			}
		}
	}
	for worker := range killWorkers {
		wg.Go(func() { vote(worker) })
	}
	wg.Wait()
	c, err := s.Close(context.Background(), id)
	say(fmt.Sprintf("closed %+v %v", c.Figures, err))
}

// bursts is how many processes are killed on each engine: 200 where nothing may be left out.
func bursts() int {
	if databasetest.Full() {
		return 200
	}
	return 12
}

// TestKilledInBursts kills a process that stores votes with SIGKILL at each named point, then asks again for every vote with its first
// request, as its voter would. Every vote that was acknowledged is there with its receipt, none is there twice, and the count is right.
func TestKilledInBursts(t *testing.T) {
	points := []string{"ballots.before-commit", "ballots.after-commit", "ballots.close.before-commit", "ballots.close.after-commit"}
	each := func(t *testing.T, address string) {
		db, err := database.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		if err := db.Migrate(t.Context(), parts...); err != nil {
			t.Fatal(err)
		}
		acknowledged, ambiguous := 0, 0
		for i := range bursts() {
			point := points[i%len(points)]
			a, b := burst(t, db, address, point)
			acknowledged, ambiguous = acknowledged+a, ambiguous+b
			if t.Failed() {
				return
			}
		}
		t.Logf("%d bursts: %d votes acknowledged before the kill, %d not", bursts(), acknowledged, ambiguous)
		if acknowledged == 0 || ambiguous == 0 {
			t.Error("either nothing was acknowledged before a kill, or everything: this shows nothing")
		}
	}
	t.Run("sqlite", func(t *testing.T) { each(t, t.TempDir()+"/test.db") })
	t.Run("postgresql", func(t *testing.T) { each(t, databasetest.Postgres(t)) })
}

func burst(t *testing.T, db *database.DB, address, point string) (acknowledged, ambiguous int) {
	t.Helper()
	id := open(t, New(db, quick(Config{})), killElectors)
	after := rand.IntN(killElectors / 2)
	receipts := killed(t, address, id, point, after)

	s, stop := start(t, db, Config{})
	defer stop()
	var want ballots.Figures
	closed := false
	for elector := 1; elector <= killElectors; elector++ {
		first, known := receipts[elector]
		v, err := cast(s, id, elector, choiceOf(elector), "request-1")
		switch {
		case fault.Is(err, "BALLOT_CLOSED"):
			// The process died when it had closed: who was not stored by then is not. Everyone was acknowledged by then.
			t.Errorf("%s: elector %d was too late", point, elector)
		case err != nil:
			t.Errorf("%s: elector %d: %v", point, elector, err)
		case known && v.Receipt.String() != first:
			t.Errorf("%s: elector %d was given %s, and %s on asking again", point, elector, first, v.Receipt)
		}
		_, err = cast(s, id, elector, choiceOf(elector), "request-2")
		if !fault.Is(err, "ALREADY_VOTED") && !fault.Is(err, "BALLOT_CLOSED") {
			t.Errorf("%s: elector %d's second request: %v", point, elector, err)
		}
		closed = closed || fault.Is(err, "BALLOT_CLOSED")
		switch choiceOf(elector) {
		case ballots.For:
			want.For++
		case ballots.Against:
			want.Against++
		case ballots.Abstain:
			want.Abstain++
		}
	}
	if wantClosed := point == "ballots.close.after-commit"; closed != wantClosed {
		t.Errorf("%s: closed %v", point, closed)
	}
	c, err := s.Close(t.Context(), id)
	if err != nil || c.Figures != want {
		t.Errorf("%s: counted %+v, %v, want %+v", point, c.Figures, err, want)
	}
	if rows := rowsOf(t, db, id); len(rows) != killElectors {
		t.Errorf("%s: %d votes are stored, want %d", point, len(rows), killElectors)
	}
	return len(receipts), killElectors - len(receipts)
}

// killed runs the child until its point kills it, and returns the receipts that it had given.
func killed(t *testing.T, address, ballot, point string, after int) map[int]string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, self)
	command.Env = append(os.Environ(), childDatabase+"="+address, childBallot+"="+ballot, childPoint+"="+point, childAfter+"="+strconv.Itoa(after))
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err = command.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || ctx.Err() != nil || !exit.Sys().(syscall.WaitStatus).Signaled() || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("%s was not reached: the child ended with %v\n%s%s", point, err, out.String(), errs.String())
	}
	receipts := map[int]string{}
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		verb, rest, _ := strings.Cut(lines.Text(), " ")
		number, receipt, _ := strings.Cut(rest, " ")
		elector, err := strconv.Atoi(number)
		if verb != "stored" || err != nil {
			t.Fatalf("the child said %q", lines.Text())
		}
		receipts[elector] = receipt
	}
	return receipts
}

// TestAPointThatIsNotReachedFails shows that the burst notices.
func TestAPointThatIsNotReachedFails(t *testing.T) {
	db := databasetest.SQLite(t, parts...)
	s := New(db, quick(Config{}))
	id := open(t, s, killElectors)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := ""
	if err := db.Reader().QueryRowContext(t.Context(), `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&path); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(self)
	command.Env = append(os.Environ(), childDatabase+"="+path, childBallot+"="+id, childPoint+"=no-such-point", childAfter+"=0")
	out, err := command.Output()
	if err != nil || !strings.Contains(string(out), "closed {For:20 Against:20 Abstain:20} <nil>") {
		t.Fatalf("the child that nothing kills ended with %v and said\n%s", err, out)
	}
}
