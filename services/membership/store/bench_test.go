package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// rowsOf is a file of n members, written as it is read.
type rowsOf struct {
	n, at int
	rest  []byte
}

func (r *rowsOf) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.at > r.n {
			return 0, io.EOF
		}
		r.rest = append(r.rest[:0], "name,email,admitted\n"...)
		if r.at > 0 {
			r.rest = fmt.Appendf(r.rest[:0], "Member Number %d,member%d@example.org,2026-01-%02d\n", r.at, r.at, r.at%28+1)
		}
		r.at++
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// takeAll takes the members of a file into a new register.
func takeAll(ctx context.Context, s *Store, from io.Reader) error {
	reply, err := s.BeginIntake(ctx, once.Request{Principal: ByOperator, Method: "import", ID: "benchmark", Hash: hash("bench"), At: start}, "bench.csv", ByOperator, encodedIntake)
	if err != nil {
		return err
	}
	id := string(reply)
	part := make([]byte, MaxPart)
	for at := int64(0); ; {
		n, err := io.ReadFull(from, part)
		if n > 0 {
			if _, err := s.AddPart(ctx, id, at, part[:n]); err != nil {
				return err
			}
			at += int64(n)
		}
		if err != nil {
			break
		}
	}
	if _, err := s.TurnIntake(ctx, id, IntakeReceiving, IntakeChecking); err != nil {
		return err
	}
	if err := s.CheckIntake(ctx, id, start, nil); err != nil {
		return err
	}
	if _, err := s.TurnIntake(ctx, id, IntakeClean, IntakeApplying); err != nil {
		return err
	}
	return s.ApplyIntake(ctx, id, start, nil)
}

// resident is the process's memory in bytes: SQLite's is not in Go's heap.
func resident() float64 {
	raw, err := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(raw))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseFloat(fields[1], 64)
	return pages * float64(os.Getpagesize())
}

// peak reports the process's largest memory while a cell runs, and by how much that is more than at its beginning.
func peak(b *testing.B) func() {
	debug.FreeOSMemory()
	before, most := resident(), resident()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			most = max(most, resident())
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	return func() {
		close(stop)
		<-done
		b.ReportMetric(most/(1<<20), "peak-MB")
		b.ReportMetric((most-before)/(1<<20), "more-MB")
	}
}

// BenchmarkRegister measures taking a register in, a page of its list, counting its electors and freezing a roll of all of it, on
// SQLite with registers of 1,000, 100,000 and 1,000,000 members. ns/member is what may not grow with the size of the register.
func BenchmarkRegister(b *testing.B) {
	for _, members := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("members=%d", members), func(b *testing.B) { benchRegister(b, members) })
	}
}

func benchRegister(b *testing.B, members int) {
	ctx := context.Background()
	var s *Store
	each := func(b *testing.B, n int) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/member")
	}
	dir := b.TempDir()
	made := 0
	b.Run("import", func(b *testing.B) {
		report := peak(b)
		for b.Loop() {
			made++
			db, err := database.Open(ctx, filepath.Join(dir, fmt.Sprint(made, ".db")))
			if err != nil {
				b.Fatal(err)
			}
			if s != nil {
				_ = s.db.Close()
			}
			if err := db.Migrate(ctx, once.Migrations, outbox.Migrations, translog.Migrations, Migrations); err != nil {
				b.Fatal(err)
			}
			s = New(db, rand.Reader)
			if err := takeAll(ctx, s, &rowsOf{n: members}); err != nil {
				b.Fatal(err)
			}
		}
		report()
		each(b, members)
	})
	if s == nil {
		return // The import is left out by -bench.
	}
	b.Cleanup(func() { _ = s.db.Close() })
	b.Run("list", func(b *testing.B) {
		report := peak(b)
		after := int64(members / 2)
		for b.Loop() {
			page, _, err := s.Members(ctx, Filter{After: after, Limit: 50})
			if err != nil || len(page) != 50 {
				b.Fatal(len(page), err)
			}
		}
		report()
	})
	b.Run("count", func(b *testing.B) {
		report := peak(b)
		for b.Loop() {
			n, err := s.CountGood(ctx, "", false, start.Add(time.Hour))
			if err != nil || n != int64(members) {
				b.Fatal(n, err)
			}
		}
		report()
		each(b, members)
	})
	rolls := 0
	b.Run("freeze", func(b *testing.B) {
		report := peak(b)
		for b.Loop() {
			rolls++
			roll, err := s.Freeze(ctx, fmt.Sprint("roll ", rolls), membership.Terms{Notice: start}, "", start.Add(time.Hour))
			if err != nil || roll.Count != int64(members) {
				b.Fatal(roll.Count, err)
			}
		}
		report()
		each(b, members)
	})
}
