// Package translogtest has a log checked by a referee that we did not write: tessera's fsck.
package translogtest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
)

// success is what fsck says of a log that holds. Its exit status says nothing: v1.0.4 exits 0 on failure.
const success = "Successfully fsck'd log"

// fsck returns the referee; a test without it is skipped, and fails where FOLKMOOT_TEST=full.
func fsck(t testing.TB) string {
	t.Helper()
	if path, err := exec.LookPath("fsck-tlog"); err == nil {
		return path
	}
	for dir, err := os.Getwd(); err == nil && filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		if path := filepath.Join(dir, "build", "tools", "fsck-tlog"); !errors.Is(stat(path), fs.ErrNotExist) {
			return path
		}
	}
	if databasetest.Full() {
		t.Fatal("tessera's fsck is not there: make build/tools/fsck-tlog")
	}
	t.Skip("tessera's fsck is not there: make build/tools/fsck-tlog builds it")
	return ""
}

func stat(path string) error { _, err := os.Stat(path); return err }

// Fsck has the referee read the log at a URL, which ends with a slash, and reports whether it holds and what was said. With
// few workers v1.0.4 hangs on a spoilt log, so it has four and two minutes.
func Fsck(t testing.TB, url, vkey string) (holds bool, said string) {
	t.Helper()
	key := filepath.Join(t.TempDir(), "vkey")
	if err := os.WriteFile(key, []byte(vkey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	origin, _, _ := strings.Cut(vkey, "+")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, fsck(t), "--storage_url="+url, "--public_key="+key, "--origin="+origin, "--ui=false", "-N", "4")
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatalf("fsck: %v", err)
	}
	return strings.Contains(string(out), success), string(out)
}
