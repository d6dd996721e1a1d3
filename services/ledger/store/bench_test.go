package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/group"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

// cellTime is a little more than the second for which the testing package wants a benchmark to run, so each cell runs once.
const cellTime = 1050 * time.Millisecond

// contender is one way to make postings durable; post returns when entry n is.
type contender struct {
	name string
	post func(n int) error
}

// BenchmarkDurablePostings measures durable balanced donations a second in process, each with its request, its two postings, its
// standing event, its reply and its leaf of the public log, against
//
//	raw-log   the raw group-commit limit of the same disk: one goroutine appends what waits and calls fsync
//	single    the same donation in a transaction of its own
//	bare      grouped, without the public log
//
// One run goes through all cells once; make bench repeats the run, so that the repetitions interleave, and prints medians, spread and load:
//
//	make bench BENCH=DurablePostings PACKAGES=./services/ledger/store
//
// of-raw is the rate as a part of the raw log's in the same run, times-single and of-bare the rate over those of the others.
func BenchmarkDurablePostings(b *testing.B) {
	contenders := []contender{
		rawLog(b), posting(b, "sqlite-single", sqliteDB(b), false, false), posting(b, "sqlite-bare", sqliteDB(b), true, true), posting(b, "sqlite-grouped", sqliteDB(b), true, false),
	}
	if os.Getenv("FOLKMOOT_POSTGRES_URL") != "" {
		contenders = append(contenders, posting(b, "postgresql-single", postgresDB(b), false, false),
			posting(b, "postgresql-bare", postgresDB(b), true, true), posting(b, "postgresql-grouped", postgresDB(b), true, false))
	} else {
		b.Log("PostgreSQL: not measured, FOLKMOOT_POSTGRES_URL is not set")
	}
	var next atomic.Int64
	for _, callers := range []int{1, 64, 256} {
		var raw, one, bare float64
		for _, c := range contenders {
			b.Run(fmt.Sprintf("%s/callers-%d", c.name, callers), func(b *testing.B) {
				m := measure(b, c, callers, &next)
				b.ReportMetric(m.rate, "postings/s")
				b.ReportMetric(m.p50, "p50-us")
				b.ReportMetric(m.p99, "p99-us")
				b.ReportMetric(m.processor, "cpu-us/posting")
				b.ReportMetric(0, "ns/op")
				switch {
				case c.name == "raw-log":
					raw = m.rate
				case c.name == "sqlite-single" || c.name == "postgresql-single":
					one = m.rate
				case c.name == "sqlite-bare" || c.name == "postgresql-bare":
					bare = m.rate
				default:
					b.ReportMetric(m.rate/raw, "of-raw")
					b.ReportMetric(m.rate/one, "times-single")
					b.ReportMetric(m.rate/bare, "of-bare")
				}
			})
		}
	}
}

// cell is what came of one: postings a second, microseconds that a caller waited, microseconds of this process's processor time a
// posting (callers included; PostgreSQL's own not).
type cell struct{ rate, p50, p99, processor float64 }

func processorTime(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec)*1e6 + float64(u.Utime.Usec+u.Stime.Usec)
}

// measure runs one cell: callers post in closed loops, each entry once.
func measure(b *testing.B, c contender, callers int, next *atomic.Int64) cell {
	took := make([][]float64, callers)
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	used, began := processorTime(b), time.Now()
	deadline := began.Add(cellTime)
	for i := range callers {
		wg.Go(func() {
			for failed.Load() == nil {
				start := time.Now()
				if start.After(deadline) {
					return
				}
				if err := c.post(int(next.Add(1))); err != nil {
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

// posting gives donations of ever other members to the store, which are all standing events.
func posting(b *testing.B, name string, db *database.DB, grouping, unlogged bool) contender {
	s := store.New(db)
	if unlogged {
		s.Unlogged()
	}
	if grouping {
		s.Group(group.Config{Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
		running(b, s)
	}
	reply := store.Encode{
		Reply: func(e ledger.Entry) ([]byte, error) {
			return binary.BigEndian.AppendUint64(make([]byte, 0, 300), uint64(e.Number))[:300], nil
		},
		Event: func(s ledger.Settled) ([]byte, error) { return []byte(s.Member + s.Entry), nil },
	}
	return contender{name, func(n int) error {
		member := "0192f3a0-0000-7000-8000-" + fmt.Sprintf("%012d", n)
		hash := sha256.Sum256([]byte(member))
		r := once.Request{Principal: "member:treasurer", Method: "/folkmoot.ledger.v1.LedgerService/RecordDonation", ID: "0192f3a0-0000-4000-8000-" + fmt.Sprintf("%012d", n), Hash: hash[:], At: at}
		_, err := s.Add(context.Background(), r, store.Intent{Member: member}, func(f store.Facts) (ledger.Entry, error) {
			e, err := ledger.NewDonation(member, 100, ledger.ByBank, "2026-11-20", "reference "+strconv.Itoa(n), today, f.HasGiven)
			e.ID, e.Entered, e.EnteredBy = entryID(n), at.UnixMicro()+int64(n), "treasurer"
			return e, err
		}, reply)
		return err
	}}
}

// rawLog is the limit: records of 200 bytes in a file, one write and one fsync for all that wait.
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
		defer file.Close()
		var batch []*record
		var buffer []byte
		for r := range queue {
			batch = append(batch[:0], r)
			runtime.Gosched()
			for len(queue) > 0 && len(batch) < 512 {
				batch = append(batch, <-queue)
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
	}()
	b.Cleanup(func() { close(queue) })
	return contender{"raw-log", func(int) error {
		r := &record{done: make(chan error, 1)}
		queue <- r
		return <-r.done
	}}
}
