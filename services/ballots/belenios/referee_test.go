package belenios

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// referee is a belenios-tool that we did not write.
type referee struct {
	name string
	argv []string
}

// referee2 is that of Debian 12 (2.0), which knows no Ed25519.
func referee2(t testing.TB) referee {
	t.Helper()
	path, err := exec.LookPath("belenios-tool")
	if err != nil {
		missing(t, "belenios-tool is not installed: apt-get install belenios-tool on Debian 12")
	}
	r := referee{"2.0", []string{path}}
	if out, _ := r.run(t, t.TempDir(), nil, "--version"); !strings.HasPrefix(out, "2.0") {
		missing(t, "belenios-tool here is %s, not the 2.0 of Debian 12", strings.TrimSpace(out))
	}
	return r
}

// referee3 is that of Debian 13 (3.0), which .ci/belenios-trixie unpacks.
func referee3(t testing.TB) referee {
	t.Helper()
	dir := os.Getenv("FOLKMOOT_BELENIOS_3")
	if dir == "" {
		dir = filepath.Join(root(t), "build", "referee", "belenios-trixie")
	}
	tool := filepath.Join(dir, "usr", "bin", "belenios-tool")
	if _, err := os.Stat(tool); err != nil {
		missing(t, "belenios-tool of Debian 13 is not at %s: .ci/belenios-trixie unpacks it", dir)
	}
	return referee{"3.0", []string{filepath.Join(dir, "usr", "lib64", "ld-linux-x86-64.so.2"),
		"--library-path", filepath.Join(dir, "usr", "lib", "x86_64-linux-gnu"), tool}}
}

// run runs the tool in a folder and returns what it wrote and whether it was content.
func (r referee) run(t testing.TB, dir string, in []byte, args ...string) (string, bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, r.argv[0], append(r.argv[1:len(r.argv):len(r.argv)], args...)...)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(in)
	// The first is the only safe way to have version 3 verify; the second keeps it from waiting for entropy.
	cmd.Env = append(os.Environ(), "LWT_ASYNC_METHOD=none", "BELENIOS_USE_URANDOM=1")
	var out, bad bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &bad
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("belenios-tool %s %v did not end", r.name, args)
	}
	if err != nil {
		return out.String() + bad.String(), false
	}
	return out.String(), true
}

// accepts has the tool verify an archive.
func (r referee) accepts(t testing.TB, archive []byte) (string, bool) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, uuidOf(archive)+".bel"), archive, 0o600); err != nil {
		t.Fatal(err)
	}
	return r.run(t, dir, nil, "election", "verify")
}

// uuidOf finds the election's identifier in an archive, however broken.
func uuidOf(archive []byte) string {
	_, rest, ok := bytes.Cut(archive, []byte(`"uuid":"`))
	if i := bytes.IndexByte(rest, '"'); ok && i > 0 {
		return string(rest[:i])
	}
	return "11111111111111"
}

// spoil changes the first digit of the last response in the last ballot and rebuilds the chain: what any referee
// must refuse.
func spoil(t testing.TB, archive []byte) []byte {
	t.Helper()
	l := unpack(t, archive)
	for i := len(l.events) - 1; i >= 0; i-- {
		if l.events[i].kind == EventBallot {
			s := string(l.events[i].data[0])
			at := strings.LastIndex(s, `"response":"`) + len(`"response":"`)
			digit := byte('1')
			if s[at] == '1' {
				digit = '2'
			}
			l.events[i].data[0] = []byte(s[:at] + string(digit) + s[at+1:])
			return l.pack()
		}
	}
	t.Fatal("no ballot to spoil")
	return nil
}

// TestReferees has elections that we made verified by tools that we did not write, each of which first refuses a
// spoilt copy.
func TestReferees(t *testing.T) {
	check := func(t *testing.T, r referee, m *made) {
		t.Helper()
		if out, ok := r.accepts(t, spoil(t, m.archive)); ok {
			t.Errorf("belenios-tool %s accepts a spoilt copy:\n%s", r.name, out)
		}
		if out, ok := r.accepts(t, m.archive); !ok {
			t.Errorf("belenios-tool %s refuses our election:\n%s", r.name, out)
		}
	}
	t.Run("2.0", func(t *testing.T) {
		t.Parallel()
		r, g := referee2(t), Belenios2048()
		check(t, r, makeYesNo(t, g, 1, 0, 1))
		check(t, r, makeYesNo(t, g, 3, 2, 3, 1))
		check(t, r, makeThreeOfSeven(t, g, 3, 2, 2, 3))
	})
	t.Run("2.0 ranked", func(t *testing.T) {
		if !full() {
			t.Skip("RFC-3526-2048 is slow: only with FOLKMOOT_TEST=full")
		}
		check(t, referee2(t), makeRanked(t, RFC3526(), 3, 2, 2, 1, 2))
	})
	t.Run("3.0", func(t *testing.T) {
		t.Parallel()
		r, g := referee3(t), Ed25519()
		check(t, r, makeYesNo(t, g, 1, 0, 1))
		check(t, r, makeYesNo(t, g, 3, 2, 3, 1))
		check(t, r, makeThreeOfSeven(t, g, 1, 0, 1))
		check(t, r, makeThreeOfSeven(t, g, 3, 2, 2, 3))
		check(t, r, makeRanked(t, g, 1, 0, 1, 1))
		check(t, r, makeRanked(t, g, 3, 2, 2, 1, 2))
		check(t, r, makeYesNo(t, Belenios2048(), 3, 2, 1, 2))
	})
}

// layout is an archive taken apart: events with their data, without hashes.
type layout struct {
	timestamp int64
	events    []part
}

type part struct {
	kind EventType
	data [][]byte
}

func unpack(t testing.TB, archive []byte) *layout {
	t.Helper()
	a := must[*archiveReader](t)(openArchive(bytes.NewReader(archive), int64(len(archive))))
	l := &layout{timestamp: a.timestamp}
	var data [][]byte
	for a.pos < a.size {
		r := must[*record](t)(a.next())
		if !r.event {
			data = append(data, r.body)
			continue
		}
		l.events = append(l.events, part{must[event](t)(parseEvent(r.body)).kind, data})
		data = nil
	}
	return l
}

// pack puts the archive together with a new chain of hashes, so that only the cryptography can object.
func (l *layout) pack() []byte {
	app := &Appender{timestamp: l.timestamp, empty: true}
	b := appendRecord(nil, "BELENIOS", archiveStart(l.timestamp), l.timestamp)
	for _, e := range l.events {
		d := e.data
		hashes := make([]string, len(d))
		for i := range d {
			hashes[i] = hashOf(d[i])
		}
		switch e.kind {
		case EventSetup:
			d = [][]byte{d[0], d[1], d[2], setup{election: hashes[0], trustees: hashes[1], credentials: hashes[2]}.encode()}
		case EventTally:
			d = [][]byte{d[0], rename(d[1], `"encrypted_tally":"`, hashes[0])}
		case EventShuffle, EventDecryption:
			d = [][]byte{d[0], rename(d[1], `"payload":"`, hashes[0])}
		}
		b = append(b, app.write(e.kind, d...)...)
	}
	return b
}

// rename replaces the hash that stands after key.
func rename(body []byte, key, hash string) []byte {
	i := bytes.Index(body, []byte(key)) + len(key)
	return []byte(string(body[:i]) + hash + string(body[i+64:]))
}

func TestUnpackIsInverse(t *testing.T) {
	m := makeRanked(t, Ed25519(), 1, 0, 1, 1)
	if !bytes.Equal(unpack(t, m.archive).pack(), m.archive) {
		t.Error("taking an archive apart and putting it together gives another one")
	}
	for _, file := range glob(t, filepath.Join(data(t), "accept", "*", "*.bel")) {
		if b := read(t, file); !bytes.Equal(unpack(t, b).pack(), b) {
			t.Errorf("%s is not written as it was read", file)
		}
	}
}
