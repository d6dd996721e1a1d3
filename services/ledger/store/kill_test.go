package store_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
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

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/group"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

// The environment by which the test binary knows that it is the child that is to be killed.
const (
	childDatabase = "FOLKMOOT_LEDGER_CHILD_DATABASE"
	childPoint    = "FOLKMOOT_LEDGER_CHILD_POINT"
	childAfter    = "FOLKMOOT_LEDGER_CHILD_AFTER"
	childFrom     = "FOLKMOOT_LEDGER_CHILD_FROM"
)

const (
	// burstSize is how many gifts a burst has, and burstWorkers how many give at once, so that there are batches left when the point is armed.
	burstSize    = 60
	burstWorkers = 6
)

func TestMain(m *testing.M) {
	if os.Getenv(childDatabase) != "" {
		child()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// gift books gift n: every fifth is told by a payment provider, the others are requests of the treasurer. It returns what was answered,
// which must be the same on asking again.
func (d *desk) gift(n int) (string, error) {
	if n%5 == 0 {
		payment := "pi_" + strconv.Itoa(n)
		_, err := d.Receive(context.Background(), d.receipt(stripe("evt_"+strconv.Itoa(n), "payment_intent.succeeded", 20,
			`{"object":"payment_intent","id":"`+payment+`","amount":100,"amount_received":100,"currency":"gbp"}`)))
		return payment, err
	}
	member := "member-" + strconv.Itoa(n)
	r := d.request(member)
	r.ID = member
	reply, err := d.Add(context.Background(), r, store.Intent{Member: member}, func(f store.Facts) (ledger.Entry, error) {
		e, err := donation(member, 100)(f)
		e.ID, e.Entered, e.EnteredBy = entryID(n), at.UnixMicro(), "treasurer"
		return e, err
	}, store.Encode{Reply: func(e ledger.Entry) ([]byte, error) { return []byte(strconv.FormatInt(e.Number, 10)), nil }, Event: encode.Event})
	return string(reply), err
}

// child books every gift of a burst, writes a line for each that was acknowledged, and arms the point after so many. If nothing kills it, it
// ends by itself, which fails the test.
func child() {
	db, err := database.Open(context.Background(), os.Getenv(childDatabase))
	if err != nil {
		panic(err)
	}
	d := &desk{Store: store.New(db), db: db, next: rand.IntN(1e11)}
	d.Group(group.Config{Log: slog.New(slog.DiscardHandler), Lease: 50 * time.Millisecond})
	go d.Run(context.Background())
	for !d.Grouping() {
		time.Sleep(100 * time.Microsecond)
	}
	point := os.Getenv(childPoint)
	number := func(name string) int {
		n, err := strconv.Atoi(os.Getenv(name))
		if err != nil {
			panic(err)
		}
		return n
	}
	from, after := number(childFrom), int64(number(childAfter))
	var acknowledged atomic.Int64
	if after == 0 {
		killpoint.Arm(point)
	}
	var wg sync.WaitGroup
	for worker := range burstWorkers {
		wg.Go(func() {
			for n := from + worker; n < from+burstSize; n += burstWorkers {
				answer, err := d.gift(n)
				line := "stored " + strconv.Itoa(n) + " " + answer + "\n"
				if err != nil {
					line = "refused " + strconv.Itoa(n) + " " + err.Error() + "\n"
				}
				// One write: a line is said whole or not at all.
				if _, err := os.Stdout.WriteString(line); err != nil {
					panic(err)
				}
				if acknowledged.Add(1) == after {
					killpoint.Arm(point)
				}
			}
		})
	}
	wg.Wait()
}

// bursts is how many processes are killed: 100 on SQLite and 30 on PostgreSQL where nothing may be left out.
func bursts(db *database.DB) int {
	switch {
	case !databasetest.Full():
		return 5
	case db.Engine == database.SQLite:
		return 100
	}
	return 30
}

// TestKilledInBursts kills a process that books gifts with SIGKILL at each named point, then asks again for every gift with its first request,
// or delivers its event again. Every gift that was acknowledged is there with its number, none is there twice, and journal and public log agree.
func TestKilledInBursts(t *testing.T) {
	each := func(t *testing.T, address string) {
		db, err := database.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.Migrate(t.Context(), parts...); err != nil {
			t.Fatal(err)
		}
		rounds := bursts(db)
		points := []string{"ledger.before-commit", "ledger.after-commit", "ledger.event.before-commit", "ledger.event.after-commit"}
		acknowledged, ambiguous := 0, 0
		for i := range rounds {
			got := killed(t, address, points[i%len(points)], 1+i*burstSize, rand.IntN(burstSize/3))
			again(t, db, 1+i*burstSize, got)
			acknowledged, ambiguous = acknowledged+len(got), ambiguous+burstSize-len(got)
			if t.Failed() {
				return
			}
		}
		d := &desk{Store: store.New(db), db: db}
		if err := errors.Join(d.Check(t.Context()), d.CheckLog(t.Context())); err != nil {
			t.Error(err)
		}
		if all := d.all(t); len(all) != rounds*burstSize {
			t.Errorf("%d entries, want %d", len(all), rounds*burstSize)
		}
		t.Logf("%d bursts: %d gifts acknowledged before the kill, %d not", rounds, acknowledged, ambiguous)
		if acknowledged == 0 || ambiguous == 0 {
			t.Error("either nothing was acknowledged before a kill, or everything: this shows nothing")
		}
	}
	t.Run("sqlite", func(t *testing.T) { each(t, t.TempDir()+"/test.db") })
	t.Run("postgresql", func(t *testing.T) { each(t, databasetest.Postgres(t)) })
}

// again asks for every gift of a burst once more, and counts what the journal holds of them.
func again(t *testing.T, db *database.DB, from int, acknowledged map[int]string) {
	t.Helper()
	d := &desk{Store: store.New(db), db: db, next: rand.IntN(1e11)}
	d.Group(group.Config{Log: slog.New(slog.DiscardHandler), Lease: 50 * time.Millisecond})
	stop := running(t, d.Store)
	var wg sync.WaitGroup
	for worker := range burstWorkers {
		wg.Go(func() {
			for n := from + worker; n < from+burstSize; n += burstWorkers {
				answer, err := d.gift(n)
				if first, ok := acknowledged[n]; err != nil || ok && answer != first {
					t.Errorf("gift %d was answered with %q, and with %q on asking again: %v", n, first, answer, err)
				}
			}
		})
	}
	wg.Wait()
	stop()
	var entries, people, payments, told int
	if err := db.Reader().QueryRow(`SELECT COUNT(*), COUNT(DISTINCT CASE WHEN member <> '' THEN member END), COUNT(DISTINCT CASE WHEN member = '' THEN reference END), (SELECT COUNT(*) FROM outbox) FROM entry`).Scan(&entries, &people, &payments, &told); err != nil {
		t.Fatal(err)
	}
	want := from - 1 + burstSize
	if entries != want || people+payments != want || told != people {
		t.Errorf("%d entries of %d people and %d payments, %d standing events; want %d gifts", entries, people, payments, told, want)
	}
}

// killed runs the child until its point kills it, and returns the answers that it had given.
func killed(t *testing.T, address, point string, from, after int) map[int]string {
	t.Helper()
	out, state := runChild(t, address, point, from, after)
	if state == nil || !state.Signaled() || state.Signal() != syscall.SIGKILL {
		t.Fatalf("%s was not reached: the child ended by itself and said\n%s", point, out)
	}
	answers := map[int]string{}
	for lines := bufio.NewScanner(strings.NewReader(out)); lines.Scan(); {
		words := strings.Fields(lines.Text())
		n, err := strconv.Atoi(words[1])
		if words[0] != "stored" || err != nil || len(words) != 3 {
			t.Fatalf("the child said %q", lines.Text())
		}
		answers[n] = words[2]
	}
	return answers
}

func runChild(t *testing.T, address, point string, from, after int) (string, *syscall.WaitStatus) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, self)
	command.Env = append(os.Environ(), childDatabase+"="+address, childPoint+"="+point, childFrom+"="+strconv.Itoa(from), childAfter+"="+strconv.Itoa(after))
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err = command.Run()
	if ctx.Err() != nil {
		t.Fatalf("the child did not end\n%s%s", out.String(), errs.String())
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok {
			return out.String(), &status
		}
	}
	return out.String() + errs.String() + fmt.Sprint(err), nil
}

// TestAPointThatIsNotReachedFails shows that the bursts notice.
func TestAPointThatIsNotReachedFails(t *testing.T) {
	address := t.TempDir() + "/test.db"
	db, err := database.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context(), parts...); err != nil {
		t.Fatal(err)
	}
	out, state := runChild(t, address, "no-such-point", 1, 0)
	if state != nil || strings.Count(out, "stored ") != burstSize {
		t.Fatalf("the child that nothing kills ended with %v and said\n%s", state, out)
	}
}
