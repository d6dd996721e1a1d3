package server

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

// manyLines hands in a file of so many lines, in pieces, without ever holding it whole, and returns an import that waits to be checked.
func manyLines(tb testing.TB, s *Server, n int) store.Import {
	tb.Helper()
	ctx := tb.Context()
	f := ledger.File{ID: bookID(tb), Purpose: ledger.ForStatement, Name: "many.csv", StartedBy: payer(1)}
	exec := func(query string, args ...any) {
		if err := s.DB.InTx(ctx, inOne(query, args)); err != nil {
			tb.Fatal(err)
		}
	}
	exec(`INSERT INTO file (id, purpose, name, media_type, size, taken, started, started_by) VALUES ($1, 'statement', $2, '', 0, 0, 0, $3)`, f.ID, f.Name, f.StartedBy)
	var b bytes.Buffer
	b.WriteString("Date,Description,Amount,Balance\n")
	at := int64(0)
	flush := func() {
		exec(`INSERT INTO file_piece (file, begins, data) VALUES ($1, $2, $3)`, f.ID, at, bytes.Clone(b.Bytes()))
		at += int64(b.Len())
		b.Reset()
	}
	day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		fmt.Fprintf(&b, "%s,ANN EXAMPLE %d M%04d,1.00,%d.00\n", day.AddDate(0, 0, i/700).Format("02/01/2006"), i, i%5000, i+1)
		if b.Len() > ledger.MaxPiece-200 {
			flush()
		}
	}
	flush()
	exec(`UPDATE file SET size = $3, taken = $3, sha256 = $2 WHERE id = $1`, f.ID, []byte("not hashed in a benchmark"), at)
	i := store.Import{ID: bookID(tb), State: store.Checking, Account: ledger.Bank, File: f}
	exec(`INSERT INTO bank_import (id, state, account, file, column_map, checked, checked_by, read_bytes, read_lines, kept, leave_out, found, version)
		VALUES ($1, 'checking', $2, $3, '', 0, '', 0, 0, 0, FALSE, '{}', 1)`, i.ID, i.Account, f.ID)
	return i
}

// importOf checks and imports a file and returns the seconds of both and the highest use of the heap, in MiB.
func importOf(tb testing.TB, s *Server, n int) (checking, keeping time.Duration, peak float64) {
	tb.Helper()
	i := manyLines(tb, s, n)
	runtime.GC()
	var highest atomic.Uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			highest.Store(max(highest.Load(), m.HeapAlloc))
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	began := time.Now()
	if err := s.check(tb.Context(), i); err != nil {
		tb.Fatal(err)
	}
	checking = time.Since(began)
	if err := s.DB.InTx(tb.Context(), inOne(`UPDATE bank_import SET state = 'importing' WHERE id = $1`, []any{i.ID})); err != nil {
		tb.Fatal(err)
	}
	began = time.Now()
	if err := s.keep(tb.Context(), i); err != nil {
		tb.Fatal(err)
	}
	keeping = time.Since(began)
	close(stop)
	<-stopped
	done, err := s.store.Import(tb.Context(), i.ID)
	if err != nil || done.State != store.Imported || done.Kept != int64(n) || done.Found.Lines != int64(n) || done.ReadBytes == 0 {
		tb.Fatalf("imported: %+v, %v", done, err)
	}
	return checking, keeping, float64(highest.Load()) / (1 << 20)
}

// TestImportNeedsNoMoreMemoryForMore imports two files, one ten times the other, and compares the highest use of the heap.
func TestImportNeedsNoMoreMemoryForMore(t *testing.T) {
	few := 5_000
	if databasetest.Full() {
		few = 30_000
	}
	// What is in use is compared, not how much rubbish lay about when it was looked at: that may be as much again.
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	var peak [2]float64
	for k, n := range []int{few, 10 * few} {
		h := openBookHouse(t, databasetest.SQLite(t, Migrations...))
		_, _, peak[k] = importOf(t, h.s, n)
	}
	t.Logf("%d lines: %.1f MiB at most; %d lines: %.1f MiB", few, peak[0], 10*few, peak[1])
	// The reader remembers the last 262,144 lines to tell equal ones apart: some 40 bytes each.
	if peak[1] > peak[0]+24 {
		t.Errorf("the heap grew from %.1f to %.1f MiB with ten times the lines", peak[0], peak[1])
	}
}

// BenchmarkImport checks and imports 10,000, 100,000 and 1,000,000 lines into fresh books. Seconds a million should not rise.
func BenchmarkImport(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for range b.N {
				path := filepath.Join(b.TempDir(), "import.db")
				db, err := database.Open(b.Context(), path)
				if err != nil {
					b.Fatal(err)
				}
				if err := db.Migrate(b.Context(), Migrations...); err != nil {
					b.Fatal(err)
				}
				s := bareServer(db)
				checking, keeping, peak := importOf(b, s, n)
				info, err := os.Stat(path)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(n)/checking.Seconds(), "checked/s")
				b.ReportMetric(float64(n)/keeping.Seconds(), "kept/s")
				b.ReportMetric(peak, "MiB-heap")
				b.ReportMetric(float64(info.Size())/float64(n), "B/line")
				db.Close()
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func inOne(query string, args []any) func(ctx context.Context, tx *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	}
}

// bareServer reads files and serves nobody.
func bareServer(db *database.DB) *Server {
	return &Server{Config: room.Config{DB: db, Now: time.Now, Log: slog.New(slog.DiscardHandler), Zone: time.UTC}, store: store.New(db)}
}
