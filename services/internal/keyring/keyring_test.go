package keyring

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
)

func TestKeysRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if err := Create(dir, []string{"ledger", Members}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	public, err := Public(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(public) != 2 {
		t.Fatalf("%d public keys, want 2", len(public))
	}
	for name, pub := range public {
		key, err := Private(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		if !pub.Equal(key.Public()) {
			t.Errorf("%s: the private and the public key do not belong together", name)
		}
		info, err := os.Stat(filepath.Join(dir, name+".key"))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: the private key's mode is %v, want 0600", name, info.Mode().Perm())
		}
	}
}

func TestKeysAreNeverReplaced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if err := Create(dir, []string{"ledger"}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, "ledger.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := Create(dir, []string{"ledger"}, rand.Reader); err == nil {
		t.Error("a second Create in the same folder was accepted")
	}
	after, err := os.ReadFile(filepath.Join(dir, "ledger.key"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("the key was replaced")
	}
}

func TestSpoiltKeysAreRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if err := Create(dir, []string{"ledger"}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"ledger.key": "not a key", publicFile: `{"ledger":"AAAA"}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Private(dir, "ledger"); err == nil {
		t.Error("a spoilt private key was read")
	}
	if _, err := Public(dir); err == nil {
		t.Error("a spoilt public key was read")
	}
}
