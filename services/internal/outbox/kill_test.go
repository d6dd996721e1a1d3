package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
)

// The test binary runs itself as a child that delivers on the database at childDatabase and dies at childPoint.
const (
	childDatabase = "OUTBOX_TEST_DATABASE"
	childPoint    = "OUTBOX_TEST_KILLPOINT"
)

var errNotKilled = errors.New("it ended otherwise")

func TestMain(m *testing.M) {
	if address := os.Getenv(childDatabase); address != "" {
		if err := child(address, os.Getenv(childPoint)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child delivers until everything was heard.
func child(address, point string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, err := database.Open(ctx, address)
	if err != nil {
		return err
	}
	defer db.Close()
	killpoint.Arm(point)
	go courier(db, "child", nil).Run(ctx)
	for ctx.Err() == nil {
		_, head, err := Head(ctx, db, topic)
		if err != nil {
			return err
		}
		if heard, err := Applied(ctx, db, sender); err != nil || heard >= head {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return ctx.Err()
}

// kill runs the child and returns an error unless it died by SIGKILL.
func kill(t *testing.T, address, point string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0], "-test.run=^$")
	c.Env = append(os.Environ(), childDatabase+"="+address, childPoint+"="+point)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("the child did not end: %w", ctx.Err())
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
			return nil
		}
	}
	return fmt.Errorf("the child was not killed at %s: %w %s", point, errors.Join(err, errNotKilled), out.Bytes())
}

func TestADeathAroundADeliveryDoublesAndLosesNothing(t *testing.T) {
	engines := map[string]func(t *testing.T) string{
		"sqlite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "kill.db") },
		"postgresql": func(t *testing.T) string { return databasetest.Postgres(t) },
	}
	points := []struct {
		name    string
		applied []string
	}{
		{"outbox.before-delivery", nil},
		{"outbox.after-delivery", []string{"a"}},
	}
	for engine, address := range engines {
		for _, point := range points {
			t.Run(engine+"/"+point.name, func(t *testing.T) {
				db, address := prepared(t, address(t))
				tell(t, db, "a", "b", "c")
				for range 2 { // A second death before anything was acknowledged is no different.
					if err := kill(t, address, point.name); err != nil {
						t.Fatal(err)
					}
					wantApplied(t, db, point.applied...)
					var delivered int64
					if err := db.Reader().QueryRow(`SELECT delivered FROM outbox_progress`).Scan(&delivered); err != nil || delivered != 0 {
						t.Fatalf("%d events are noted as delivered, %v: the death came after the acknowledgement", delivered, err)
					}
				}
				run(t, db, courier(db, "child", nil))
				wantApplied(t, db, "a", "b", "c")
			})
		}
	}
}

// TestAPointThatIsNotReachedIsNoticed shows that the test above cannot pass without a death.
func TestAPointThatIsNotReachedIsNoticed(t *testing.T) {
	db, address := prepared(t, filepath.Join(t.TempDir(), "kill.db"))
	tell(t, db, "a")
	if err := kill(t, address, "outbox.nowhere"); !errors.Is(err, errNotKilled) {
		t.Error("a child that was never killed passed for killed")
	}
	wantApplied(t, db, "a")
}

func prepared(t *testing.T, address string) (*database.DB, string) {
	t.Helper()
	db, err := database.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context(), Migrations, effects); err != nil {
		t.Fatal(err)
	}
	return db, address
}
