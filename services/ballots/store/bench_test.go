package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
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
)

const (
	// cellTime is a little more than the second for which the testing package wants a benchmark to run, so each cell runs once.
	cellTime = 1050 * time.Millisecond
	// benchRoll is more electors than any cell gets through.
	benchRoll = 300_000
)

// contender is one way to make votes durable. begin readies it for a cell, whose callers then each cast in a loop; cast returns
// when the vote of an elector is durable.
type contender struct {
	name  string
	begin func(b *testing.B) (cast func(elector int) error, end func())
}

// BenchmarkDurableVotes measures durable open votes a second in process, with eligibility checked, against the raw group-commit
// limit of the same disk (one goroutine appends what waits and calls fsync) and against one transaction a vote. One run goes through
// all cells once; make bench repeats the run, so that the repetitions interleave, and prints medians, spread and load:
//
//	make bench BENCH=DurableVotes PACKAGES=./services/ballots/store
//
// of-raw is the rate as a part of the raw log's in the same run; times-single is the rate over one transaction a vote's.
func BenchmarkDurableVotes(b *testing.B) {
	contenders := []contender{rawLog(b), single(b, "sqlite-one-tx-a-vote", sqliteDB(b)), grouped(b, "sqlite-group-commit", sqliteDB(b))}
	if os.Getenv("FOLKMOOT_POSTGRES_URL") != "" {
		contenders = append(contenders, single(b, "postgresql-one-tx-a-vote", postgresDB(b)), grouped(b, "postgresql-group-commit", postgresDB(b)))
	} else {
		b.Log("PostgreSQL: not measured, FOLKMOOT_POSTGRES_URL is not set")
	}
	for _, callers := range []int{1, 64, 256} {
		var raw, one float64
		for _, c := range contenders {
			b.Run(fmt.Sprintf("%s/callers-%d", c.name, callers), func(b *testing.B) {
				m := measure(b, c, callers)
				b.ReportMetric(m.rate, "votes/s")
				b.ReportMetric(m.p50, "p50-us")
				b.ReportMetric(m.p99, "p99-us")
				b.ReportMetric(m.processor, "cpu-us/vote")
				b.ReportMetric(0, "ns/op")
				switch {
				case c.name == "raw-log":
					raw = m.rate
				case strings.HasSuffix(c.name, "one-tx-a-vote"):
					one = m.rate
				default:
					b.ReportMetric(m.rate/raw, "of-raw")
					b.ReportMetric(m.rate/one, "times-single")
				}
			})
		}
	}
}

// cell is what came of one: votes a second, microseconds that a caller waited, microseconds of this process's processor time a vote
// (callers included; PostgreSQL's own not).
type cell struct{ rate, p50, p99, processor float64 }

// processorTime is what this process has used, in microseconds.
func processorTime(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec)*1e6 + float64(u.Utime.Usec+u.Stime.Usec)
}

// measure runs one cell: callers cast in closed loops, electors in random order.
func measure(b *testing.B, c contender, callers int) cell {
	cast, end := c.begin(b)
	defer end()
	order := mathrand.Perm(benchRoll)
	var next atomic.Int64
	took := make([][]float64, callers)
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	used, began := processorTime(b), time.Now()
	deadline := began.Add(cellTime)
	for i := range callers {
		wg.Go(func() {
			for {
				start := time.Now()
				n := int(next.Add(1)) - 1
				if start.After(deadline) || n >= len(order) {
					return
				}
				if err := cast(order[n] + 1); err != nil {
					failed.Store(&err)
					return
				}
				took[i] = append(took[i], float64(time.Since(start).Microseconds()))
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(began)
	used = processorTime(b) - used
	if err := failed.Load(); err != nil {
		b.Fatalf("%s with %d callers: %v", c.name, callers, *err)
	}
	all := slices.Concat(took...)
	slices.Sort(all)
	return cell{rate: float64(len(all)) / elapsed.Seconds(), p50: all[len(all)/2], p99: all[len(all)*99/100], processor: used / float64(len(all))}
}

func sqliteDB(b *testing.B) *database.DB { return databasetest.SQLite(b, parts...) }

func postgresDB(b *testing.B) *database.DB {
	db, err := database.Open(b.Context(), databasetest.Postgres(b))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if err := db.Migrate(b.Context(), parts...); err != nil {
		b.Fatal(err)
	}
	return db
}

// benchBallot opens a ballot whose roll stands in memory only: writing 300,000 electors is not what is measured.
func benchBallot(b *testing.B, s *Store, numbers map[string]uint32) string {
	id := open(b, s, 0)
	_, ballotNo, err := find(b.Context(), s.db.Reader(), id)
	if err != nil {
		b.Fatal(err)
	}
	s.mu.Lock()
	s.rolls[id] = &roll{ballot: id, ballotNo: ballotNo, number: numbers}
	s.mu.Unlock()
	return id
}

var benchMembers = sync.OnceValues(func() (map[string]uint32, []string) {
	numbers, members := make(map[string]uint32, benchRoll), make([]string, benchRoll+1)
	for n := 1; n <= benchRoll; n++ {
		members[n] = "0192f3a0-0000-7000-8000-" + fmt.Sprintf("%012d", n)
		numbers[members[n]] = uint32(n)
	}
	return numbers, members
})

// grouped is the room's way: store.Cast.
func grouped(b *testing.B, name string, db *database.DB) contender {
	s, _ := start(b, db, Config{Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Lease: 3 * time.Second})
	return contender{name, func(b *testing.B) (func(int) error, func()) {
		numbers, members := benchMembers()
		id := benchBallot(b, s, numbers)
		return func(n int) error {
			_, err := s.Cast(context.Background(), Cast{Ballot: id, Member: members[n], Choice: ballots.For,
				Request: ballots.NewRequestKey("member:"+members[n], "request-"+strconv.Itoa(n))})
			return err
		}, func() { s.forget(id) }
	}}
}

// single is what the room does not do: each caller's vote in a transaction of its own, by the same statement.
func single(b *testing.B, name string, db *database.DB) contender {
	s := New(db, quick(Config{}))
	epoch, _, err := s.take(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return contender{name, func(b *testing.B) (func(int) error, func()) {
		numbers, members := benchMembers()
		id := benchBallot(b, s, numbers)
		held := &box{roll: s.rolls[id]}
		return func(n int) error {
			number, ok := held.roll.number[members[n]]
			if !ok {
				return ballots.NotOnRoll()
			}
			var random [randomPerVote]byte
			if _, err := rand.Read(random[:]); err != nil {
				return err
			}
			in := &insertion{}
			in.reset(time.Now().UnixMicro(), epoch)
			in.add(held, number, ballots.Vote{Receipt: ballots.NewCode([10]byte(random[:])), Choice: ballots.For,
				Request: ballots.NewRequestKey("member:"+members[n], "request-"+strconv.Itoa(n))}, random[ballots.CodeBytes:])
			return s.storeVotes(context.Background(), in, epoch, 0, false)
		}, func() { s.forget(id) }
	}}
}

// rawLog is the limit: one goroutine appends the 200-byte records that wait to a file, calls fsync, and answers.
func rawLog(b *testing.B) contender {
	type record struct {
		body [200]byte
		done chan error
	}
	file, err := os.Create(filepath.Join(b.TempDir(), "raw.log"))
	if err != nil {
		b.Fatal(err)
	}
	queue := make(chan *record, 8192)
	go func() {
		var batch []*record
		var buffer []byte
		for r := range queue {
			batch = append(batch[:0], r)
		drain:
			for len(batch) < batchLimit {
				select {
				case r := <-queue:
					batch = append(batch, r)
				default:
					break drain
				}
			}
			buffer = buffer[:0]
			for _, r := range batch {
				buffer = append(buffer, r.body[:]...)
			}
			_, err := file.Write(buffer)
			if err == nil {
				err = file.Sync()
			}
			for _, r := range batch {
				r.done <- err
			}
		}
		file.Close()
	}()
	b.Cleanup(func() { close(queue) })
	return contender{"raw-log", func(*testing.B) (func(int) error, func()) {
		return func(int) error {
			r := &record{done: make(chan error, 1)}
			queue <- r
			return <-r.done
		}, func() {}
	}}
}
