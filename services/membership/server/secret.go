package server

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"
)

// secrets makes secrets that only their holder can show again.
//
// An attempt's and a session's secret are derived from the request that asked for them, under a key: the same request
// again, lost on a bad network or sent by a double click, gets the same answer though nothing of it is stored.
type secrets struct{ key []byte }

func newSecrets(key ed25519.PrivateKey) (secrets, error) {
	// A copy of the database is not enough to try codes: their hashes need this key.
	k, err := hkdf.Key(sha256.New, key.Seed(), nil, "folkmoot membership: attempts, codes, sessions", sha256.Size)
	if err != nil {
		return secrets{}, fmt.Errorf("membership: derive a key: %w", err)
	}
	return secrets{key: k}, nil
}

// derive returns a secret of 256 bits from a label and parts, each part bounded by its length.
func (s secrets) derive(label string, parts ...[]byte) string {
	return base64.RawURLEncoding.EncodeToString(s.mac(label, parts...))
}

func (s secrets) mac(label string, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, s.key)
	for _, p := range append([][]byte{[]byte(label)}, parts...) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		m.Write(n[:])
		m.Write(p)
	}
	return m.Sum(nil)
}

// code is the hash of a code for one attempt. A code is short, so its hash is keyed: whoever reads the database cannot
// try the million.
func (s secrets) code(attempt []byte, code string) []byte {
	return s.mac("code", attempt, []byte(code))
}

// digest is the hash under which a long secret is stored.
func digest(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// newSecret returns a secret of 256 bits.
func newSecret(random io.Reader) (string, error) {
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("membership: randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// requestHash is over everything that was asked, the request id included.
func requestHash(m proto.Message) ([]byte, error) {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("membership: encode a request: %w", err)
	}
	sum := sha256.Sum256(raw)
	return sum[:], nil
}
