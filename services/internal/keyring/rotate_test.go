package keyring

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"testing"
	"time"
)

func TestRotate(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	if err := Create(dir, []string{Members, "ledger"}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	read := func() (key, secrets ed25519.PrivateKey, public map[string]ed25519.PublicKey, old []OldKey) {
		t.Helper()
		var err error
		if key, err = Private(dir, Members); err != nil {
			t.Fatal(err)
		}
		if secrets, err = SecretsKey(dir); err != nil {
			t.Fatal(err)
		}
		if public, err = Public(dir); err != nil {
			t.Fatal(err)
		}
		if old, err = OldMembers(dir); err != nil {
			t.Fatal(err)
		}
		return key, secrets, public, old
	}
	first, secrets, before, old := read()
	if !bytes.Equal(first, secrets) || len(old) != 0 {
		t.Fatal("a folder that was never rotated derives its secrets from the members' key")
	}
	if err := Rotate(dir, now, rand.Reader); err != nil {
		t.Fatal(err)
	}
	second, secrets, after, old := read()
	if bytes.Equal(first, second) || !bytes.Equal(first, secrets) {
		t.Error("the key did not change, or the secrets derived from it did")
	}
	if !bytes.Equal(after[Members], second.Public().(ed25519.PublicKey)) || !bytes.Equal(after["ledger"], before["ledger"]) {
		t.Error("the public list does not hold the new key, or lost another")
	}
	if len(old) != 1 || !bytes.Equal(old[0].Key, first.Public().(ed25519.PublicKey)) || !old[0].Until.Equal(now.Add(OldKeyLife)) {
		t.Errorf("old keys %v", old)
	}
	if err := Rotate(dir, now.Add(30*time.Minute), rand.Reader); err != nil {
		t.Fatal(err)
	}
	if _, secrets, _, old = read(); len(old) != 2 || !bytes.Equal(first, secrets) {
		t.Errorf("%d old keys after two rotations in an hour, want 2; or the secrets changed", len(old))
	}
	if err := Rotate(dir, now.Add(3*time.Hour), rand.Reader); err != nil {
		t.Fatal(err)
	}
	if _, _, _, old = read(); len(old) != 1 {
		t.Errorf("%d old keys, want that of the last rotation alone", len(old))
	}
}
