package publiclog

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// hashes are stored hashes in memory.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, h[i])
	}
	return out, nil
}

// tree is a log of facts that begin with a word.
func tree(t *testing.T, words ...string) (hashes, int64) {
	t.Helper()
	var all hashes
	for i, w := range words {
		more, err := tlog.StoredHashes(int64(i), []byte(w), all)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, more...)
	}
	return all, int64(len(words))
}

func at(t *testing.T, h hashes, n int64) tlog.Tree {
	t.Helper()
	root, err := tlog.TreeHash(n, h)
	if err != nil {
		t.Fatal(err)
	}
	return tlog.Tree{N: n, Hash: root}
}

func TestCompare(t *testing.T) {
	log, n := tree(t, "a", "b", "c", "d", "e")
	other, _ := tree(t, "a", "x", "c", "d", "e")
	now := at(t, log, n)
	prove := func(older, newer int64) (proven, error) {
		p := proven{Older: older, Newer: newer}
		if older == newer {
			return p, nil
		}
		var err error
		p.Proof, err = tlog.ProveTree(newer, older, log)
		return p, err
	}
	for name, c := range map[string]struct {
		held tlog.Tree
		want Verdict
	}{
		"nothing": {tlog.Tree{}, Consistent}, "one": {at(t, log, 1), Consistent}, "three": {at(t, log, 3), Consistent}, "all": {now, Consistent},
		"forked and older": {at(t, other, 3), Forked}, "forked and as long": {at(t, other, 5), Forked}, "longer": {tlog.Tree{N: 6}, CutOff},
		"before the fork": {at(t, other, 1), Consistent},
	} {
		got, _, err := held{tree: c.held}.compare(now, prove)
		if err != nil || got != c.want {
			t.Errorf("%s: %s %v, want %s", name, got, err, c.want)
		}
	}
	// A log that proves something else is not believed.
	lying := func(older, newer int64) (proven, error) {
		p, err := tlog.ProveTree(newer, older, other)
		return proven{Proof: p}, err
	}
	if got, _, _ := (held{tree: at(t, log, 3)}).compare(now, lying); got != Forked {
		t.Errorf("a proof of another log: %s", got)
	}
	failing := func(int64, int64) (proven, error) { return proven{}, errors.New("no") }
	if got, _, err := (held{tree: at(t, log, 3)}).compare(now, failing); err == nil {
		t.Errorf("no proof: %s", got)
	}
}

func TestRead(t *testing.T) {
	root := base64.StdEncoding.EncodeToString(make([]byte, tlog.HashSize))
	good := "example.org/ledger\n12\n" + root + "\n\n— example.org/ledger AAAA\n"
	for _, pasted := range []string{good, "\n  " + good + " \n\n", strings.ReplaceAll(good, "\n", "\r\n")} {
		h, err := read(pasted)
		if err != nil || h.origin != "example.org/ledger" || h.tree.N != 12 {
			t.Errorf("%q: %+v %v", pasted, h, err)
		}
	}
	for _, pasted := range []string{"", "hello", "a\nb\nc\n\nd", "a\n-1\n" + root + "\n\n— a AAAA", "a\n1\nAAAA\n\n— a AAAA", "a\n1\n" + root} {
		if _, err := read(pasted); err == nil {
			t.Errorf("%q was read", pasted)
		}
	}
}

func TestSignedBy(t *testing.T) {
	signer := func(name string) (note.Signer, string) {
		skey, vkey, err := note.GenerateKey(rand.Reader, name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := note.NewSigner(skey)
		if err != nil {
			t.Fatal(err)
		}
		return s, vkey
	}
	s, vkey := signer("example.org/ledger")
	_, stranger := signer("example.org/ledger")
	root := base64.StdEncoding.EncodeToString(make([]byte, ed25519.PublicKeySize))
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("example.org/ledger\n7\n%s\n", root)}, s)
	if err != nil {
		t.Fatal(err)
	}
	h, err := read(strings.ReplaceAll(string(signed), "\n", "\r\n"))
	if err != nil || !h.signedBy(vkey) {
		t.Fatalf("%v", err)
	}
	if h.signedBy(stranger) || h.signedBy("nothing") {
		t.Error("another key verifies it")
	}
	changed, err := read(strings.Replace(string(signed), "\n7\n", "\n8\n", 1))
	if err != nil || changed.signedBy(vkey) {
		t.Errorf("a changed size is signed: %v", err)
	}
}
