package once_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/once"
)

// The effect of a request is a row, so that a second effect shows.
var effects = database.Migrations{Part: "test", Files: fstest.MapFS{"schema/0001_effect.sql": &fstest.MapFile{Data: []byte(`
	CREATE TABLE IF NOT EXISTS effect (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE);`)}}}

var at = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

func each(t *testing.T, test func(t *testing.T, db *database.DB)) {
	t.Helper()
	databasetest.Each(t, test, once.Migrations, effects)
}

func request(principal, method, id, body string) once.Request {
	hash := sha256.Sum256([]byte(body))
	return once.Request{Principal: principal, Method: method, ID: id, Hash: hash[:], At: at}
}

// take takes a name that nobody has, as joining does, and replies with its number.
func take(name string) func(context.Context, *sql.Tx) ([]byte, error) {
	return func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		var taken, number int64
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM effect WHERE name = $1`, name).Scan(&taken); err != nil {
			return nil, err
		}
		if taken > 0 {
			return nil, fault.New(fault.Exists, "TAKEN", "Somebody has this name.")
		}
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) + 1 FROM effect`).Scan(&number); err != nil {
			return nil, err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO effect (number, name) VALUES ($1, $2)`, number, name)
		if database.IsUnique(err) {
			return nil, fault.New(fault.Exists, "TAKEN", "Somebody has this name.")
		}
		return fmt.Appendf(nil, "number %d", number), err
	}
}

func count(t *testing.T, db *database.DB, table string) int64 {
	t.Helper()
	var n int64
	if err := db.Reader().QueryRow(`SELECT COUNT(*) FROM ` + table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTwinsHaveOneEffectAndOneReply(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		const twins = 50
		r := request("member:1", "Take", "request-1", "ada")
		start := make(chan struct{})
		var wg sync.WaitGroup
		for range twins {
			wg.Go(func() {
				<-start
				reply, err := once.Do(t.Context(), db, r, take("ada"))
				if err != nil || string(reply) != "number 1" {
					t.Errorf("got %q, %v; want number 1", reply, err)
				}
			})
		}
		close(start)
		wg.Wait()
		if n := count(t, db, "effect"); n != 1 {
			t.Errorf("%d effects, want 1", n)
		}
		if n := count(t, db, "request"); n != 1 {
			t.Errorf("%d replies kept, want 1", n)
		}
	})
}

// TestARefusalByOnesOwnTwinIsAnsweredWithTheTwinsReply has the twin commit while the request is being carried out.
func TestARefusalByOnesOwnTwinIsAnsweredWithTheTwinsReply(t *testing.T) {
	db, err := database.Open(t.Context(), databasetest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context(), once.Migrations, effects); err != nil {
		t.Fatal(err)
	}
	r := request("member:1", "Take", "request-1", "ada")
	reply, err := once.Do(t.Context(), db, r, func(context.Context, *sql.Tx) ([]byte, error) {
		if _, err := once.Do(context.Background(), db, r, take("ada")); err != nil {
			t.Error(err)
		}
		return nil, fault.New(fault.Exists, "TAKEN", "Somebody has this name.")
	})
	if err != nil || string(reply) != "number 1" {
		t.Errorf("got %q, %v; want the twin's reply", reply, err)
	}
}

func TestManyRequestsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		const requests = 16
		var wg sync.WaitGroup
		for i := range requests {
			wg.Go(func() {
				r := request("member:1", "Take", fmt.Sprintf("request-%d", i), "x")
				// All compute the same next number, so all but one have to look again.
				if _, err := once.Do(t.Context(), db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
					var number int64
					if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) + 1 FROM effect`).Scan(&number); err != nil {
						return nil, err
					}
					_, err := tx.ExecContext(ctx, `INSERT INTO effect (number, name) VALUES ($1, $2)`, number, fmt.Sprint(i))
					return nil, database.StaleKey(err)
				}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := count(t, db, "effect"); n != requests {
			t.Errorf("%d effects, want %d", n, requests)
		}
	})
}

func TestARequestIsScopedToItsCallerMethodAndContent(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		do := func(r once.Request, reply string) (string, bool, error) {
			ran := false
			got, err := once.Do(t.Context(), db, r, func(context.Context, *sql.Tx) ([]byte, error) { ran = true; return []byte(reply), nil })
			return string(got), ran, err
		}
		if got, ran, err := do(request("member:1", "A", "request-1", "x"), "first"); got != "first" || !ran || err != nil {
			t.Fatalf("the first: %q, ran %v, %v", got, ran, err)
		}
		for _, c := range []struct {
			name string
			r    once.Request
			want string
			ran  bool
		}{
			{"the same again", request("member:1", "A", "request-1", "x"), "first", false},
			{"another caller", request("member:2", "A", "request-1", "x"), "other", true},
			{"another caller with another content", request("member:3", "A", "request-1", "y"), "other", true},
			{"another method", request("member:1", "B", "request-1", "x"), "other", true},
			{"another id", request("member:1", "A", "request-2", "x"), "other", true},
		} {
			if got, ran, err := do(c.r, "other"); got != c.want || ran != c.ran || err != nil {
				t.Errorf("%s: %q, ran %v, %v; want %q, ran %v", c.name, got, ran, err, c.want, c.ran)
			}
		}
		got, ran, err := do(request("member:1", "A", "request-1", "y"), "other")
		if f := fault.Of(err); f == nil || f.Reason != "REQUEST_ID_REUSED" || f.Kind != fault.Invalid || got != "" || ran {
			t.Errorf("another content: %q, ran %v, %v; want REQUEST_ID_REUSED", got, ran, err)
		}
	})
}

func TestARefusalIsNotKept(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		r := request("member:1", "A", "request-1", "x")
		no := fault.New(fault.Conflict, "NOT_YET", "Not yet.")
		_, err := once.Do(t.Context(), db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
			if _, err := tx.ExecContext(ctx, `INSERT INTO effect (number, name) VALUES (1, 'half')`); err != nil {
				return nil, err
			}
			return []byte("reply"), no
		})
		if !fault.Is(err, "NOT_YET") {
			t.Errorf("got %v, want NOT_YET", err)
		}
		if n := count(t, db, "request") + count(t, db, "effect"); n != 0 {
			t.Errorf("a refused request left %d rows", n)
		}
		// The same id with what was wrong mended.
		if reply, err := once.Do(t.Context(), db, request("member:1", "A", "request-1", "y"), take("ada")); err != nil || string(reply) != "number 1" {
			t.Errorf("mended: %q, %v", reply, err)
		}
	})
}

func TestAnEmptyReplyIsAReply(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		ran := 0
		for range 2 {
			reply, err := once.Do(t.Context(), db, request("anonymous", "A", "request-1", "x"), func(context.Context, *sql.Tx) ([]byte, error) { ran++; return nil, nil })
			if err != nil || !bytes.Equal(reply, nil) {
				t.Errorf("got %q, %v", reply, err)
			}
		}
		if ran != 1 {
			t.Errorf("ran %d times, want 1", ran)
		}
	})
}

func TestForgetIsBoundedAndSparesWhatIsYoung(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		const old = 2300
		if err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			for i := range old {
				// Ids repeat between callers and methods: the whole key must be matched.
				if _, err := tx.ExecContext(ctx, `INSERT INTO request (principal, method, id, hash, reply, done) VALUES ($1, $2, $3, $4, $4, $5)`,
					fmt.Sprintf("member:%d", i%2), fmt.Sprint(i%3), fmt.Sprintf("request-%d", i/6), []byte{1}, at.Add(-once.Keep).UnixMicro()-1-int64(i)); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		edge := request("member:0", "3", "request-0", "x")
		edge.At = at.Add(-once.Keep)
		for _, r := range []once.Request{edge, request("member:0", "4", "request-0", "x")} {
			if _, err := once.Do(t.Context(), db, r, func(context.Context, *sql.Tx) ([]byte, error) { return []byte("kept"), nil }); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []int64{1000, 1000, 300, 0} {
			n, err := once.Forget(t.Context(), db, at)
			if err != nil || n != want {
				t.Fatalf("forgot %d, %v; want %d", n, err, want)
			}
		}
		if n := count(t, db, "request"); n != 2 {
			t.Errorf("%d kept, want the 2 that are not older than 48 hours", n)
		}
	})
}

func TestSweepForgetsAtOnceAndEnds(t *testing.T) {
	db := databasetest.SQLite(t, once.Migrations)
	if _, err := once.Do(t.Context(), db, request("member:1", "A", "request-1", "x"), func(context.Context, *sql.Tx) ([]byte, error) { return nil, nil }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var swept atomic.Int64
	once.Sweep(ctx, db, func() time.Time {
		if swept.Add(1) == 2 { // The second look finds nothing more.
			defer cancel()
		}
		return at.Add(once.Keep + time.Second)
	}, func(err error) { t.Error(err) })
	if n := count(t, db, "request"); n != 0 || swept.Load() != 2 {
		t.Errorf("%d kept after %d looks", n, swept.Load())
	}
}
