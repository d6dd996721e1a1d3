package command

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// run runs a command in this process and returns what it said and its exit status.
func runHere(args ...string) (out, errs string, code int) {
	var o, e bytes.Buffer
	code = Main(context.Background(), Streams{In: strings.NewReader(""), Out: &o, Err: &e}, args)
	return o.String(), e.String(), code
}

// TestOneClearLine shows that what stops a start is told in one line that says what to do.
func TestOneClearLine(t *testing.T) {
	taken, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	real := filepath.Join(t.TempDir(), "real")
	if _, e, code := runHere("found", "--data", real, "--name", "Real"); code != 0 {
		t.Fatal(e)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"taken port", []string{"up", "--data", real, "--listen", taken.Addr().String()}, 1, "is taken by another program"},
		{"no folder given", []string{"up"}, 2, "--data"},
		{"a file for a folder", []string{"up", "--data", file}, 1, "cannot be read"},
		{"unwritable folder", []string{"up", "--data", "/proc/folkmoot"}, 1, "data folder cannot be made"},
		{"the sample on a real society", []string{"up", "--data", real, "--sample"}, 1, "needs a folder of its own"},
		{"open to the world without TLS", []string{"up", "--data", real, "--listen", "0.0.0.0:0"}, 2, "--tls-cert"},
		{"admin open to the world", []string{"up", "--data", real, "--admin-listen", "0.0.0.0:0"}, 2, "loopback"},
		{"half a certificate", []string{"up", "--data", real, "--tls-cert", "x"}, 2, "go together"},
		{"founded twice", []string{"found", "--data", real, "--name", "Again"}, 1, "founded"},
		{"found without a name", []string{"found", "--data", real}, 2, "--name"},
		{"token of nobody", []string{"token", "--data", real, "--email", "nobody@example.org"}, 1, "member"},
		{"serve without addresses", []string{"serve", "ledger", "--data", real}, 2, "--membership"},
		{"serve in the clear to another machine", []string{"serve", "gateway", "--membership", "192.0.2.1:1", "--ledger", "localhost:1", "--motions", "localhost:1", "--ballots", "localhost:1"}, 2, "--rooms-ca"},
		{"an unknown room", []string{"serve", "kitchen"}, 2, "kitchen"},
		{"an unknown command", []string{"dance"}, 2, "dance"},
		{"an unknown flag", []string{"up", "--dance"}, 2, "dance"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, said, code := runHere(c.args...)
			lines := strings.Count(strings.TrimSpace(said), "\n") + 1
			// A house without a mail server says so first.
			said2 := strings.TrimPrefix(said, "No mail is sent: nobody can join or sign in by mail. Give the mail server with --smtp.\n")
			if said2 != said {
				lines--
			}
			if code != c.code || !strings.Contains(said, c.says) || lines != 1 {
				t.Errorf("status %d (want %d), %d lines:\n%s", code, c.code, lines, said)
			}
		})
	}
}

func TestHelpExplainsEveryCommand(t *testing.T) {
	out, _, code := runHere("--help")
	if code != 0 {
		t.Fatalf("status %d", code)
	}
	for _, c := range commands {
		if !strings.Contains(out, c.Name) || c.Short == "" {
			t.Errorf("--help does not list %s", c.Name)
		}
		help, errs, code := runHere(c.Name, "--help")
		if code != 0 || len(help)+len(errs) < 200 {
			t.Errorf("%s --help: status %d, %q", c.Name, code, help+errs)
		}
	}
}

// TestDoctorFindsWhatIsWrong spoils a folder in each way that the doctor looks for.
func TestDoctorFindsWhatIsWrong(t *testing.T) {
	clock, dir := newClockFile(t), filepath.Join(t.TempDir(), "data")
	foundSociety(t, dir, clock)
	house := startChild(t, []string{clock.env()}, "up", "--data", dir, "--listen", "localhost:0")
	house.address("Folkmoot is on ")
	house.stop()
	if out, errs, code := runHere("doctor", "--data", dir, "--deep"); code != 0 {
		t.Fatalf("a sound folder: %s%s", out, errs)
	}
	spoil := func(name string, do, undo func() error) {
		t.Helper()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		if out, _, code := runHere("doctor", "--data", dir, "--deep"); code == 0 || !strings.Contains(out, "WRONG") {
			t.Errorf("%s is not found:\n%s", name, out)
		}
		if err := undo(); err != nil {
			t.Fatal(err)
		}
	}
	key, other := filepath.Join(dir, "keys", "ledger.key"), filepath.Join(dir, "keys", "motions.key")
	spoil("a folder that all can read", func() error { return os.Chmod(dir, 0o755) }, func() error { return os.Chmod(dir, 0o700) })
	spoil("a key that all can read", func() error { return os.Chmod(key, 0o644) }, func() error { return os.Chmod(key, 0o600) })
	spoil("another's key", func() error { return swap(key, other) }, func() error { return swap(key, other) })
	spoil("a lost database", func() error { return os.Rename(filepath.Join(dir, "motions.db"), filepath.Join(dir, "away")) },
		func() error { return os.Rename(filepath.Join(dir, "away"), filepath.Join(dir, "motions.db")) })
	spoil("a damaged database", func() error { return scribble(filepath.Join(dir, "ledger.db")) }, func() error { return nil })
}

func swap(a, b string) error {
	tmp := a + ".swap"
	for _, pair := range [][2]string{{a, tmp}, {b, a}, {tmp, b}} {
		if err := os.Rename(pair[0], pair[1]); err != nil {
			return err
		}
	}
	return nil
}

// scribble overwrites the second page of a SQLite file and everything after it.
func scribble(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(bytes.Repeat([]byte{0xff}, int(info.Size()-4096)), 4096)
	if err2 := f.Close(); err == nil {
		err = err2
	}
	return err
}
