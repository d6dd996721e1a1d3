package server

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// The test binary runs itself as a child that imports and books on a database and dies at a point.
const (
	killDatabase = "LEDGER_BOOKS_TEST_DATABASE"
	killPoint    = "LEDGER_BOOKS_TEST_KILLPOINT"
	killAfter    = "LEDGER_BOOKS_TEST_AFTER" // lines kept, or calls answered, before the point is armed
	killRound    = "LEDGER_BOOKS_TEST_ROUND"
)

// linesARound is more than one batch of lines, and more than two calls of MatchCertain, which are small here.
const linesARound = 52

func smallBatches(s *Server) { s.batch, s.atOnce = 50, 20 }

// TestBooksKillChild is the child of the test below; by itself it has nothing to do.
func TestBooksKillChild(t *testing.T) {
	address := os.Getenv(killDatabase)
	if address == "" {
		return
	}
	db, err := database.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	after, err := strconv.Atoi(os.Getenv(killAfter))
	if err != nil {
		t.Fatal(err)
	}
	if after == 0 {
		killpoint.Arm(os.Getenv(killPoint))
	}
	h := openBookHouse(t, db, smallBatches)
	h.finish(os.Getenv(killRound), func(answered int) {
		if answered >= after {
			killpoint.Arm(os.Getenv(killPoint))
		}
	})
}

// finish waits until the file that waits is imported, then books all lines, calling with the same request ids however often it is
// begun again. What was answered it says on standard output.
func (h *bookHouse) finish(round string, answered func(int)) {
	h.t.Helper()
	h.s.wake()
	for {
		_, waits, err := h.s.store.DueImport(h.t.Context())
		if err != nil {
			h.t.Fatal(err)
		}
		if !waits {
			break
		}
		time.Sleep(time.Millisecond)
	}
	answered(1)
	for n := 2; ; n++ {
		// The ids are made of the round, so that a second life repeats the calls of the first.
		reply, err := h.bank.MatchCertain(h.treasurer(), &ledgerv1.MatchCertainRequest{RequestId: fmt.Sprintf("round-%s-call-%d", round, n)})
		if err != nil {
			h.t.Fatal(err)
		}
		fmt.Printf("answered %d %d\n", n, reply.GetMatchedLines())
		answered(n)
		if !reply.GetMore() {
			return
		}
	}
}

func statementOf(round, n int) string {
	var b strings.Builder
	b.WriteString("Date,Description,Amount\n")
	for i := range n {
		fmt.Fprintf(&b, "%02d/11/2026,ROUND %d LINE %d M00013,1.00\n", 1+i%20, round, i)
	}
	return b.String()
}

// TestKilledWhileImporting kills the ledger, round after round, while it keeps a file's lines or books them. Whatever was answered
// stands afterwards; beginning again finishes the rest; every line has one entry, every entry its leaf and its event.
func TestKilledWhileImporting(t *testing.T) {
	rounds := 5
	if databasetest.Full() {
		rounds = 100
	}
	points := []string{"ledger.lines-kept", "ledger.entry-written", "ledger.before-commit"}
	// A book is used for ten rounds: opening and checking one takes longer with every entry in it.
	const roundsABook = 10
	dir := t.TempDir()
	for round := range rounds {
		address := filepath.Join(dir, fmt.Sprintf("kill-%d.db", round/roundsABook))
		point := points[round%len(points)]
		after := 0
		if point != "ledger.lines-kept" {
			after = 1 + rand.IntN(2)
		}
		t.Run(fmt.Sprintf("%d-%s-after-%d", round, strings.TrimPrefix(point, "ledger."), after), func(t *testing.T) {
			withBooks(t, address, func(h *bookHouse) {
				i := h.check(statementOf(round, linesARound))
				h.queue(i)
			})
			said := killBooks(t, address, point, after, round)
			withBooks(t, address, func(h *bookHouse) {
				for n, lines := range said {
					reply, err := h.bank.MatchCertain(h.treasurer(), &ledgerv1.MatchCertainRequest{RequestId: fmt.Sprintf("round-%d-call-%d", round, n)})
					if err != nil || reply.GetMatchedLines() != lines {
						t.Errorf("call %d was answered with %d lines, and now with %v, %v", n, lines, reply, err)
					}
				}
				h.finish(strconv.Itoa(round), func(int) {})
				h.whole(t, (round%roundsABook+1)*linesARound, round == rounds-1 || round%roundsABook == roundsABook-1)
			})
		})
	}
}

// queue puts a file that was checked among those to import, without waiting for it.
func (h *bookHouse) queue(i *ledgerv1.Import) {
	h.t.Helper()
	err := h.db.InTx(h.t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE bank_import SET state = 'importing', version = version + 1 WHERE id = $1`, i.GetId())
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// whole counts: each line of every round has one entry, one leaf and one event.
func (h *bookHouse) whole(t *testing.T, want int, thoroughly bool) {
	t.Helper()
	for _, query := range []string{
		`SELECT COUNT(*) FROM bank_line WHERE in_books = pence`, `SELECT COUNT(*) FROM bank_line`, `SELECT COUNT(*) FROM entry`, `SELECT COUNT(DISTINCT line) FROM line_entry`,
		`SELECT COUNT(*) FROM entry_leaf`, `SELECT COUNT(*) FROM log_leaf`, `SELECT COUNT(*) FROM outbox`, `SELECT SUM(kept) FROM bank_import`,
	} {
		var n int
		if err := h.db.Reader().QueryRow(query).Scan(&n); err != nil || n != want {
			t.Errorf("%s: %d, %v; want %d", query, n, err, want)
		}
	}
	if got := h.balances("")[ledger.Bank]; got != int64(want)*100 {
		t.Errorf("the bank holds %d pence, want %d", got, want*100)
	}
	if thoroughly {
		h.sound()
	}
}

// withBooks opens the books for one life.
func withBooks(t *testing.T, address string, use func(h *bookHouse)) {
	t.Helper()
	t.Run("life", func(t *testing.T) {
		db, err := database.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		use(openBookHouse(t, db, smallBatches))
	})
}

// killBooks runs the child, which must die by SIGKILL, and returns how many lines each call that it answered booked.
func killBooks(t *testing.T, address, point string, after, round int) map[int]int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestBooksKillChild$")
	c.Env = append(os.Environ(), killDatabase+"="+address, killPoint+"="+point, killAfter+"="+strconv.Itoa(after), killRound+"="+strconv.Itoa(round))
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	var exit *exec.ExitError
	killed := false
	if errors.As(err, &exit) {
		status, ok := exit.Sys().(syscall.WaitStatus)
		killed = ok && status.Signaled() && status.Signal() == syscall.SIGKILL && ctx.Err() == nil
	}
	if !killed {
		t.Fatalf("the child was not killed at %s: %v\n%s", point, err, out.Bytes())
	}
	answered := map[int]int64{}
	lines := bufio.NewScanner(&out)
	for lines.Scan() {
		var n int
		var booked int64
		if _, err := fmt.Sscanf(lines.Text(), "answered %d %d", &n, &booked); err == nil {
			answered[n] = booked
		}
	}
	return answered
}
