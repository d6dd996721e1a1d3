package database_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
)

// cutter stands between a client and PostgreSQL, and cuts the connection that sends a COMMIT while it is armed.
type cutter struct {
	armed atomic.Bool
	// deliver says whether the server gets the COMMIT before the cut.
	deliver bool
	// answered is called when the server has answered the COMMIT, instead of the cut.
	answered func()
	cuts     atomic.Int64
}

// open opens a fresh database through the cutter.
func (c *cutter) open(t *testing.T) *database.DB {
	t.Helper()
	target, err := url.Parse(databasetest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	server := target.Host
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			go c.pass(client, upstream)
		}
	}()
	target.Host = listener.Addr().String()
	q := target.Query()
	q.Set("sslmode", "disable")
	target.RawQuery = q.Encode()
	db, err := database.Open(t.Context(), target.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context(), part("test", map[string]string{"0001_first.sql": schema})); err != nil {
		t.Fatal(err)
	}
	return db
}

func (c *cutter) pass(client, server net.Conn) {
	var sent atomic.Bool
	var once sync.Once
	end := func() { client.Close(); server.Close() }
	defer once.Do(end)
	go func() {
		defer once.Do(end)
		buf := make([]byte, 1<<16)
		for {
			n, err := server.Read(buf)
			if sent.Load() && n > 0 {
				c.cuts.Add(1)
				if c.answered != nil {
					c.answered()
				}
				return
			}
			if err != nil {
				return
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		// A simple query: 'Q', the length, the text, a zero.
		if bytes.Contains(buf[:n], []byte("commit\x00")) && c.armed.CompareAndSwap(true, false) {
			if !c.deliver {
				c.cuts.Add(1)
				return
			}
			sent.Store(true)
		}
		if _, err := server.Write(buf[:n]); err != nil && !errors.Is(err, io.EOF) {
			return
		}
	}
}

func TestAConnectionLostAtTheCommitIsToldApart(t *testing.T) {
	for _, c := range []struct {
		name    string
		deliver bool
		want    int64
	}{
		{"before the server has the commit", false, 0},
		{"after the server has committed", true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			cut := &cutter{deliver: c.deliver}
			db := cut.open(t)
			calls := 0
			cut.armed.Store(true)
			err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				calls++
				_, err := tx.ExecContext(ctx, `INSERT INTO parent (id) VALUES (7)`)
				return err
			})
			if cut.cuts.Load() != 1 {
				t.Fatalf("%d connections were cut, want 1: the test proves nothing", cut.cuts.Load())
			}
			if !errors.Is(err, database.ErrUnknownOutcome) {
				t.Errorf("got %v, want ErrUnknownOutcome", err)
			}
			if calls != 1 {
				t.Errorf("worked %d times: an unknown outcome must not be tried again here", calls)
			}
			if n := number(t, db, `SELECT COUNT(*) FROM parent`); n != c.want {
				t.Errorf("%d rows, want %d", n, c.want)
			}
			write(t, db, `INSERT INTO parent (id) VALUES (8)`)
		})
	}
}

// TestAContextThatEndsDuringTheCommitIsToldApart cancels when the server has committed and its answer is under way.
func TestAContextThatEndsDuringTheCommitIsToldApart(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	cut := &cutter{deliver: true, answered: func() { cancel(); <-gone }}
	db := cut.open(t)
	cut.armed.Store(true)
	err := db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO parent (id) VALUES (7)`)
		return err
	})
	close(gone)
	if cut.cuts.Load() != 1 {
		t.Fatal("no commit was held: the test proves nothing")
	}
	if !errors.Is(err, database.ErrUnknownOutcome) {
		t.Errorf("got %v, want ErrUnknownOutcome", err)
	}
	if n := number(t, db, `SELECT COUNT(*) FROM parent`); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

// TestASessionLostDuringTheWorkIsARefusal has an administrator end the session before the COMMIT.
func TestASessionLostDuringTheWorkIsARefusal(t *testing.T) {
	db := onPostgres(t)
	refused(t, db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		var pid int
		if err := tx.QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
			return err
		}
		if _, err := db.Writer().Exec(`SELECT pg_terminate_backend($1)`, pid); err != nil {
			t.Error(err)
		}
		_, err := tx.ExecContext(ctx, `UPDATE purse SET pence = 0`)
		return err
	}))
	if n := number(t, db, `SELECT SUM(pence) FROM purse`); n != 120 {
		t.Errorf("the purses hold %d, want 120", n)
	}
}

// TestWhichAnswersToACommitAreRefusals lists what a driver may say, and what InTx makes of it.
func TestWhichAnswersToACommitAreRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		engine database.Engine
		err    error
		want   bool
	}{
		{"write skew", database.PostgreSQL, &pgconn.PgError{Severity: "ERROR", Code: "40001"}, true},
		{"deferred constraint", database.PostgreSQL, &pgconn.PgError{Severity: "ERROR", Code: "23503"}, true},
		{"statement completion unknown", database.PostgreSQL, &pgconn.PgError{Severity: "ERROR", Code: "40003"}, false},
		{"session ended by an administrator", database.PostgreSQL, &pgconn.PgError{Severity: "FATAL", Code: "57P01"}, false},
		{"the same in another language", database.PostgreSQL, &pgconn.PgError{Severity: "FATALE", SeverityUnlocalized: "FATAL", Code: "57P01"}, false},
		{"server crash", database.PostgreSQL, &pgconn.PgError{Severity: "PANIC", Code: "XX000"}, false},
		{"rolled back instead", database.PostgreSQL, pgx.ErrTxCommitRollback, true},
		{"rolled back before", database.PostgreSQL, sql.ErrTxDone, true},
		{"connection closed", database.PostgreSQL, io.ErrUnexpectedEOF, false},
		{"bare cancellation, as pgx gives it", database.PostgreSQL, context.Canceled, false},
		{"deadline", database.PostgreSQL, fmt.Errorf("timeout: %w", context.DeadlineExceeded), false},
		{"network", database.PostgreSQL, &net.OpError{Op: "read", Err: errors.New("reset")}, false},
		{"connection closed, as pgx gives it", database.PostgreSQL, pgconn.ErrConnClosed, false},
		{"something never seen", database.PostgreSQL, errors.New("?"), false},
		{"SQLite, cancelled", database.SQLite, context.Canceled, true},
		{"SQLite, rolled back before", database.SQLite, sql.ErrTxDone, true},
		{"SQLite, something never seen", database.SQLite, errors.New("?"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := (&database.DB{Engine: c.engine}).Refused(c.err); got != c.want {
				t.Errorf("refused is %v, want %v", got, c.want)
			}
		})
	}
}
