package keyring

import (
	"bytes"
	"crypto/rand"
	"errors"
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

func TestLogsHaveKeysAndNamesOfTheirOwn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if err := Create(dir, []string{"ledger"}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Log(dir, "ledger"); !errors.Is(err, ErrNoLogs) {
		t.Errorf("a folder from before the logs: %v", err)
	}
	if err := CreateLogs(dir, "example.org", rand.Reader); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, log := range Logs {
		origin, key, err := Log(dir, log)
		if err != nil || origin != "example.org/"+log {
			t.Errorf("%s: %q, %v", log, origin, err)
		}
		keys[string(key)] = true
	}
	room, err := Private(dir, "ledger")
	if err != nil || len(keys) != len(Logs) || keys[string(room)] {
		t.Errorf("%d keys for %d logs, or one is the room's; %v", len(keys), len(Logs), err)
	}
	if err := CreateLogs(dir, "example.org", rand.Reader); err == nil {
		t.Error("the keys were made twice")
	}
	// A lost list must not lead to new keys.
	if err := os.Remove(filepath.Join(dir, logsFile)); err != nil {
		t.Fatal(err)
	}
	if err := CreateLogs(dir, "example.org", rand.Reader); err == nil {
		t.Error("keys were made beside old ones")
	}
}

// TestALogIsAddedToAnOlderFolder: a folder from before the ballots' log gets its key and a name of the same society, once.
func TestALogIsAddedToAnOlderFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if err := Create(dir, []string{"ledger"}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if err := CreateLogs(dir, "example.org", rand.Reader); err != nil {
		t.Fatal(err)
	}
	_, ledger, err := Log(dir, "ledger")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, logsFile), []byte(`{"register":"example.org/register","ledger":"example.org/ledger"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "ballots-log.key")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Log(dir, "ballots"); err == nil {
		t.Fatal("the older folder has the log already")
	}
	if err := AddLogs(dir, rand.Reader); err != nil {
		t.Fatal(err)
	}
	origin, key, err := Log(dir, "ballots")
	if err != nil || origin != "example.org/ballots" {
		t.Fatalf("%q, %v", origin, err)
	}
	if err := AddLogs(dir, rand.Reader); err != nil {
		t.Fatal(err)
	}
	_, again, err := Log(dir, "ballots")
	_, same, err2 := Log(dir, "ledger")
	if err != nil || err2 != nil || !key.Equal(again) || !ledger.Equal(same) {
		t.Errorf("adding again made other keys; %v, %v", err, err2)
	}
}
