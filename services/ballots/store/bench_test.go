package store

import (
	"context"
	"crypto/rand"
	"database/sql"
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
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
)

const (
	repetitions = 5
	cellTime    = 700 * time.Millisecond
	// benchRoll is more electors than any cell gets through.
	benchRoll = 300_000
)

var callerCounts = []int{1, 64, 256}

// contender is one way to make votes durable. begin readies it for a cell, whose callers then each cast in a loop; cast returns
// when the vote of an elector is durable.
type contender struct {
	name  string
	begin func(b *testing.B) (cast func(elector int) error, end func())
}

// BenchmarkDurableVotes measures durable open votes a second in process, with eligibility checked, against the raw group-commit
// limit of the same disk (one goroutine appends what waits and calls fsync) and against one transaction per vote. The
// repetitions of all cells are interleaved; it prints medians, the spread and the machine's load.
//
//	go test -run=NONE -bench=DurableVotes -benchtime=1x ./services/ballots/store
func BenchmarkDurableVotes(b *testing.B) {
	contenders := []contender{rawLog(b), grouped(b, "sqlite group commit", sqliteDB(b)), single(b, "sqlite one tx a vote", sqliteDB(b))}
	if os.Getenv("FOLKMOOT_POSTGRES_URL") != "" {
		contenders = append(contenders, grouped(b, "postgresql group commit", postgresDB(b)), single(b, "postgresql one tx a vote", postgresDB(b)))
	} else {
		fmt.Println("PostgreSQL: not measured, FOLKMOOT_POSTGRES_URL is not set")
	}
	type key struct {
		name    string
		callers int
	}
	results := map[key][]cell{}
	before := load()
	for range repetitions {
		for _, callers := range callerCounts {
			for _, c := range contenders {
				k := key{c.name, callers}
				results[k] = append(results[k], measure(b, c, callers))
			}
		}
	}
	fmt.Printf("durable votes a second, medians of %d interleaved repetitions of %v; load average before: %s after: %s\n", repetitions, cellTime, before, load())
	for _, callers := range callerCounts {
		raw := median(results[key{contenders[0].name, callers}], func(c cell) float64 { return c.rate })
		for i, c := range contenders {
			all := results[key{c.name, callers}]
			rate := func(c cell) float64 { return c.rate }
			low, high := slices.MinFunc(all, byRate), slices.MaxFunc(all, byRate)
			line := fmt.Sprintf("%3d callers  %-26s %8.0f/s (%.0f..%.0f)  p50 %6.0f us  p99 %7.0f us  %.2f of the raw log", callers, c.name,
				median(all, rate), low.rate, high.rate, median(all, func(c cell) float64 { return c.p50 }), median(all, func(c cell) float64 { return c.p99 }), median(all, rate)/raw)
			if i > 0 && strings.Contains(c.name, "group") {
				one := median(results[key{contenders[i+1].name, callers}], rate)
				line += fmt.Sprintf(", %.1f times one tx a vote", median(all, rate)/one)
			}
			fmt.Println(line)
		}
	}
	b.ReportMetric(0, "ns/op")
}

func byRate(a, b cell) int {
	switch {
	case a.rate < b.rate:
		return -1
	case a.rate > b.rate:
		return 1
	}
	return 0
}

type cell struct{ rate, p50, p99 float64 }

func median(all []cell, of func(cell) float64) float64 {
	values := make([]float64, len(all))
	for i, c := range all {
		values[i] = of(c)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func load() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "not known"
	}
	return strings.Join(strings.Fields(string(raw))[:3], " ")
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
	began := time.Now()
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
	if err := failed.Load(); err != nil {
		b.Fatalf("%s with %d callers: %v", c.name, callers, *err)
	}
	all := slices.Concat(took...)
	slices.Sort(all)
	return cell{rate: float64(len(all)) / elapsed.Seconds(), p50: all[len(all)/2], p99: all[len(all)*99/100]}
}

func sqliteDB(b *testing.B) *database.DB { return databasetest.SQLite(b, Migrations) }

func postgresDB(b *testing.B) *database.DB {
	db, err := database.Open(b.Context(), databasetest.Postgres(b))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if err := db.Migrate(b.Context(), Migrations); err != nil {
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
			stored, err := s.storeVotes(context.Background(), in, epoch, 0, false)
			if err == nil && stored != 1 {
				err = sql.ErrNoRows
			}
			return err
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
	return contender{"raw append+fsync group log", func(*testing.B) (func(int) error, func()) {
		return func(int) error {
			r := &record{done: make(chan error, 1)}
			queue <- r
			return <-r.done
		}, func() {}
	}}
}
