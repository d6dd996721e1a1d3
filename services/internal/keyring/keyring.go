// Package keyring keeps the Ed25519 keys of a house in files: one private key a room, the key
// that signs members' access tokens, a list of the rooms' public keys that every room holds, and a key for each
// public log, whose name and public key anybody gets from the log itself.
//
// Keys stand apart from the databases, so that a copy of a database is not a copy of a key. A room that
// runs alone is given its own private key and the public list, nothing else; the gateway is given none.
package keyring

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const (
	publicFile = "rooms.json"
	pemType    = "PRIVATE KEY"
	// Members is the name of the key that signs members' access tokens. The membership room holds it.
	Members = "members"
)

// Create makes the folder with a new key for every name. It refuses a folder that already holds keys: a
// key replaced by accident would sign everybody out and orphan the public logs.
func Create(dir string, names []string, random io.Reader) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	public := map[string]string{}
	for _, name := range names {
		pub, err := createKey(dir, name, random)
		if err != nil {
			return err
		}
		public[name] = base64.StdEncoding.EncodeToString(pub)
	}
	raw, err := json.MarshalIndent(public, "", "  ")
	if err != nil {
		return fmt.Errorf("keyring: encode the public keys: %w", err)
	}
	return writeNew(filepath.Join(dir, publicFile), append(raw, '\n'))
}

// CreateKey writes a new private key NAME.key into a folder that is there, and refuses to replace one.
func CreateKey(dir, name string, random io.Reader) error {
	_, err := createKey(dir, name, random)
	return err
}

// createKey writes a new private key and returns the public one.
func createKey(dir, name string, random io.Reader) (ed25519.PublicKey, error) {
	pub, key, err := ed25519.GenerateKey(random)
	if err != nil {
		return nil, fmt.Errorf("keyring: make the key of %s: %w", name, err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("keyring: encode the key of %s: %w", name, err)
	}
	return pub, writeNew(filepath.Join(dir, name+".key"), pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}))
}

func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// Private reads the private key of a name.
func Private(dir, name string) (ed25519.PrivateKey, error) {
	raw, err := os.ReadFile(filepath.Join(dir, name+".key"))
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != pemType {
		return nil, fmt.Errorf("keyring: the key of %s is not a PEM private key", name)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("keyring: the key of %s: %w", name, err)
	}
	ed, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("keyring: the key of %s is not an Ed25519 key", name)
	}
	return ed, nil
}

// Public reads the public keys by name.
func Public(dir string) (map[string]ed25519.PublicKey, error) {
	raw, err := os.ReadFile(filepath.Join(dir, publicFile))
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	var encoded map[string]string
	if err := json.Unmarshal(raw, &encoded); err != nil {
		return nil, fmt.Errorf("keyring: %s: %w", publicFile, err)
	}
	keys := make(map[string]ed25519.PublicKey, len(encoded))
	for name, s := range encoded {
		pub, err := base64.StdEncoding.DecodeString(s)
		if err != nil || len(pub) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("keyring: the public key of %s is malformed", name)
		}
		keys[name] = pub
	}
	return keys, nil
}
