package keyring

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	// Secrets is the name of the key from which the keys of mailed codes and of session secrets are derived. A folder whose members' key
	// was never rotated has none: there the members' key serves.
	Secrets = "secrets"
	// OldKeyLife is how long the public half of a rotated members' key is published: the fifteen minutes of the last tokens that it signed,
	// a clock that is behind, and three quarters of an hour to start the membership room again.
	OldKeyLife = time.Hour

	oldFile = "members-old.json"
	newName = Members + ".new"
)

// OldKey is a members' key that signs nothing more.
type OldKey struct {
	// Key is its public half.
	Key ed25519.PublicKey
	// Until is when its last tokens have expired.
	Until time.Time
}

type oldKey struct {
	Key   string    `json:"key"`
	Until time.Time `json:"until"`
}

// Rotate replaces the key that signs members' access tokens. The old public key stays published for [OldKeyLife], and what was derived from
// the old key stays as it is, so that nobody is signed out. The membership room signs with the new key once it is started again; other rooms
// ask it for keys that they do not know. Cut short, it is repeated whole.
func Rotate(dir string, now time.Time, random io.Reader) error {
	key, err := Private(dir, Members)
	if err != nil {
		return err
	}
	public, err := Public(dir)
	if err != nil {
		return err
	}
	if err := keepSecrets(dir); err != nil {
		return err
	}
	old, err := oldKeys(dir)
	if err != nil {
		return err
	}
	kept := []oldKey{{Key: base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)), Until: now.Add(OldKeyLife).UTC()}}
	for _, k := range old {
		if k.Key != kept[0].Key && now.Before(k.Until) {
			kept = append(kept, k)
		}
	}
	if err := replaceJSON(filepath.Join(dir, oldFile), kept); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, newName+".key")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keyring: %w", err)
	}
	fresh, err := createKey(dir, newName, random)
	if err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(dir, newName+".key"), filepath.Join(dir, Members+".key")); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	encoded := map[string]string{}
	for name, k := range public {
		encoded[name] = base64.StdEncoding.EncodeToString(k)
	}
	encoded[Members] = base64.StdEncoding.EncodeToString(fresh)
	return replaceJSON(filepath.Join(dir, publicFile), encoded)
}

// keepSecrets keeps what the members' key was before its first rotation.
func keepSecrets(dir string) error {
	raw, err := os.ReadFile(filepath.Join(dir, Members+".key"))
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	if err := writeNew(filepath.Join(dir, Secrets+".key"), raw); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// SecretsKey reads the key from which codes' and sessions' keys are derived.
func SecretsKey(dir string) (ed25519.PrivateKey, error) {
	key, err := Private(dir, Secrets)
	if errors.Is(err, fs.ErrNotExist) {
		return Private(dir, Members)
	}
	return key, err
}

// OldMembers reads the keys whose tokens may still be about.
func OldMembers(dir string) ([]OldKey, error) {
	all, err := oldKeys(dir)
	if err != nil {
		return nil, err
	}
	var keys []OldKey
	for _, k := range all {
		pub, err := base64.StdEncoding.DecodeString(k.Key)
		if err != nil || len(pub) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("keyring: %s holds a malformed key", oldFile)
		}
		keys = append(keys, OldKey{Key: pub, Until: k.Until})
	}
	return keys, nil
}

func oldKeys(dir string) ([]oldKey, error) {
	raw, err := os.ReadFile(filepath.Join(dir, oldFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	var all []oldKey
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("keyring: %s: %w", oldFile, err)
	}
	return all, nil
}

// replaceJSON writes a file whole or not at all.
func replaceJSON(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("keyring: encode %s: %w", filepath.Base(path), err)
	}
	if err := os.Remove(path + ".new"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keyring: %w", err)
	}
	if err := writeNew(path+".new", append(raw, '\n')); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	return nil
}
