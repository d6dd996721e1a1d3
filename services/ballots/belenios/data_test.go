package belenios

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// full says that nothing may be left out.
func full() bool { return os.Getenv("FOLKMOOT_TEST") == "full" }

// missing skips a test for want of something, and fails it where nothing may be left out.
func missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if full() {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// root is the folder of go.mod.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
}

// data is the folder of shared elections.
func data(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(root(t), "..", "shared", "data", "belenios")
	if _, err := os.Stat(dir); err != nil {
		missing(t, "the shared elections are not at %s", dir)
	}
	return dir
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// glob returns the files of a pattern, at least one.
func glob(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no file is called %s", pattern)
	}
	return files
}

func verifyBytes(b []byte, o Options) (*Report, error) {
	return Verify(context.Background(), bytes.NewReader(b), int64(len(b)), o)
}

func reason(err error) Reason {
	var e *Error
	if errors.As(err, &e) && e != nil {
		return e.Reason
	}
	return ""
}

func TestAccept(t *testing.T) {
	for _, file := range glob(t, filepath.Join(data(t), "accept", "*", "*.bel")) {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			rep, err := verifyBytes(read(t, file), Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := strings.TrimSpace(string(read(t, filepath.Join(filepath.Dir(file), "result.json"))))
			if got := string(rep.Result.Encode()); got != want {
				t.Errorf("result %s, want %s", got, want)
			}
			if rep.Voters != 20 || rep.Ballots != 22 || rep.Tally.Ballots != 20 {
				t.Errorf("%d voters, %d ballots, %d counted", rep.Voters, rep.Ballots, rep.Tally.Ballots)
			}
		})
	}
}

// TestRefuse names the reason for which each tampered copy is refused. An empty one is accepted: nothing in one
// archive can show what was done to it.
func TestRefuse(t *testing.T) {
	want := map[string]Reason{
		"00": ReasonHash, // in 01 and 02 two choices change places with their own proofs: each still holds, their order does not
		"01": ReasonOverallProof, "02": ReasonOverallProof,
		"03": ReasonRepeated, "04": ReasonRepeated, "05": ReasonUnlisted, "06": ReasonUnlisted,
		"07": ReasonTally, "08": ReasonResult, "09": ReasonDecryption, "10": ReasonTally,
		"11": ReasonFormat, "12": ReasonArchive, "13": "", "14": "", "15": ReasonScalar,
		"17-dropped": "", "17-flip": ReasonIndividualProof, "17-unlisted": ReasonUnlisted,
	}
	for _, file := range glob(t, filepath.Join(data(t), "refuse", "*.bel")) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			for key, reasonWanted := range want {
				if !strings.HasPrefix(filepath.Base(file), key) {
					continue
				}
				_, err := verifyBytes(read(t, file), Options{})
				if reason(err) != reasonWanted || (err == nil) != (reasonWanted == "") {
					t.Errorf("refused for %q (%v), want %q", reason(err), err, reasonWanted)
				}
				t.Log(err)
				return
			}
			t.Errorf("nothing is said about this file")
		})
	}
}

// TestDiff compares an archive with its own prefix and with copies from which something was taken.
func TestDiff(t *testing.T) {
	dir := data(t)
	whole := read(t, glob(t, filepath.Join(dir, "accept", "yesno-ed25519-2of3", "*.bel"))[0])
	prefix := read(t, glob(t, filepath.Join(dir, "refuse", "13-*.bel"))[0])
	compare := func(a, b []byte) (*Difference, error) {
		return Diff(context.Background(), bytes.NewReader(a), int64(len(a)), bytes.NewReader(b), int64(len(b)))
	}
	d, err := compare(prefix, whole)
	if err != nil {
		t.Fatal(err)
	}
	if d.Events == 0 || d.Old.Bytes != int64(len(prefix)) || d.New.Bytes != int64(len(whole)) {
		t.Errorf("%+v", d)
	}
	if d, err = compare(whole, whole); err != nil || d.Events != 0 {
		t.Errorf("%+v %v", d, err)
	}
	if _, err := compare(whole, prefix); reason(err) != ReasonPrefix {
		t.Errorf("shortened: %v", err)
	}
	for _, name := range []string{"14-*", "17-dropped-*"} {
		other := read(t, glob(t, filepath.Join(dir, "refuse", name))[0])
		if _, err := verifyBytes(other, Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := compare(prefix, other); reason(err) != ReasonPrefix {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestResume verifies in two goes, and refuses another archive than the one that was begun.
func TestResume(t *testing.T) {
	dir := data(t)
	whole := read(t, glob(t, filepath.Join(dir, "accept", "yesno-ed25519-2of3", "*.bel"))[0])
	rep, err := verifyBytes(read(t, glob(t, filepath.Join(dir, "refuse", "13-*.bel"))[0]), Options{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := verifyBytes(whole, Options{Verified: &rep.Prefix})
	if err != nil {
		t.Fatal(err)
	}
	if again.Result == nil {
		t.Error("no result")
	}
	other := read(t, glob(t, filepath.Join(dir, "refuse", "14-*"))[0])
	if _, err := verifyBytes(other, Options{Verified: &rep.Prefix}); reason(err) != ReasonPrefix {
		t.Errorf("another archive: %v", err)
	}
	if _, err := verifyBytes(whole[:rep.Prefix.Bytes], Options{Verified: &again.Prefix}); reason(err) != ReasonPrefix {
		t.Errorf("a shortened archive: %v", err)
	}
}
