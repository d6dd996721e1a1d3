package translog

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// A cosignature (C2SP tlog-cosignature, cosignature/v1) is a witness's signature over a checkpoint and the time at which it was
// made. It says that the witness has seen this log grow to this size by additions only, from every size that it
// had signed before. It says nothing of what the leaves stand for.
const (
	// cosignatureAlgorithm is the type of a key that makes them: a timestamped Ed25519 signature.
	cosignatureAlgorithm = 4
	timestampSize        = 8
	cosignatureSize      = timestampSize + ed25519.SignatureSize
)

// Cosigner makes cosignatures. It is a witness's name and key.
type Cosigner struct {
	name string
	hash uint32
	key  ed25519.PrivateKey
	vkey string
}

// NewCosigner returns the cosigner of a name, which holds neither spaces nor plus signs.
func NewCosigner(name string, key ed25519.PrivateKey) (*Cosigner, error) {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == '+' }) {
		return nil, fmt.Errorf("the name of a witness is a text without spaces and plus signs, not %q", name)
	}
	typed := append([]byte{cosignatureAlgorithm}, key.Public().(ed25519.PublicKey)...)
	hash := keyHash(name, typed)
	return &Cosigner{name: name, hash: hash, key: key, vkey: fmt.Sprintf("%s+%08x+%s", name, hash, base64.StdEncoding.EncodeToString(typed))}, nil
}

// VerifierKey is the text by which anybody verifies the cosignatures.
func (c *Cosigner) VerifierKey() string { return c.vkey }

// Cosign returns the signature line for a checkpoint's text (without its signatures), with its newline.
func (c *Cosigner) Cosign(text string, at time.Time) string {
	raw := binary.BigEndian.AppendUint32(nil, c.hash)
	raw = binary.BigEndian.AppendUint64(raw, uint64(at.Unix()))
	raw = append(raw, ed25519.Sign(c.key, cosigned(text, at.Unix()))...)
	return "— " + c.name + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
}

// cosigned is what is signed (C2SP tlog-cosignature, "cosignature/v1").
func cosigned(text string, unix int64) []byte {
	return []byte("cosignature/v1\ntime " + strconv.FormatInt(unix, 10) + "\n" + text)
}

// keyHash is the id of a key (C2SP signed-note): the first four bytes of SHA-256 over name, newline, type and key.
func keyHash(name string, typed []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), typed...))
	return binary.BigEndian.Uint32(sum[:])
}

// WitnessKey verifies a witness's cosignatures (note.Verifier).
type WitnessKey struct {
	name string
	hash uint32
	key  ed25519.PublicKey
	text string
}

// ParseWitnessKey reads a witness's verifier key, NAME+HASH+KEY of the type cosignature/v1.
func ParseWitnessKey(vkey string) (*WitnessKey, error) {
	vkey = strings.TrimSpace(vkey)
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("a witness's key has the form NAME+HASH+KEY")
	}
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	typed, err2 := base64.StdEncoding.DecodeString(parts[2])
	switch {
	case err != nil || err2 != nil || len(parts[1]) != 8 || len(typed) != 1+ed25519.PublicKeySize:
		return nil, fmt.Errorf("the key of the witness %q is damaged", parts[0])
	case typed[0] != cosignatureAlgorithm:
		return nil, fmt.Errorf("the key of %q is not a witness's (cosignature/v1): its type is %d", parts[0], typed[0])
	case keyHash(parts[0], typed) != uint32(hash):
		return nil, fmt.Errorf("the key of the witness %q is damaged: its hash does not match", parts[0])
	}
	return &WitnessKey{name: parts[0], hash: uint32(hash), key: typed[1:], text: vkey}, nil
}

// Name is the witness's name.
func (k *WitnessKey) Name() string { return k.name }

// KeyHash is the key's id.
func (k *WitnessKey) KeyHash() uint32 { return k.hash }

// String is the key as text.
func (k *WitnessKey) String() string { return k.text }

// Verify reports whether sig, a timestamp and a signature, is the witness's over a checkpoint's text.
func (k *WitnessKey) Verify(text, sig []byte) bool {
	if len(sig) != cosignatureSize {
		return false
	}
	unix := binary.BigEndian.Uint64(sig)
	return unix < 1<<62 && ed25519.Verify(k.key, cosigned(string(text), int64(unix)), sig[timestampSize:])
}

// ErrNotCosigned is returned for a checkpoint that a witness has not signed.
var ErrNotCosigned = errors.New("the checkpoint carries no signature of this witness that holds")

// Cosigned returns when the witness signed a checkpoint and the signature's line, or ErrNotCosigned. Who signed it besides
// is not looked at.
func Cosigned(signed []byte, witness *WitnessKey) (at time.Time, line string, err error) {
	n, err := note.Open(signed, note.VerifierList(witness))
	if err != nil {
		return time.Time{}, "", ErrNotCosigned
	}
	for _, s := range n.Sigs {
		raw, err := base64.StdEncoding.DecodeString(s.Base64)
		if err != nil || len(raw) != 4+cosignatureSize {
			continue
		}
		unix := int64(binary.BigEndian.Uint64(raw[4:]))
		return time.Unix(unix, 0), "— " + s.Name + " " + s.Base64 + "\n", nil
	}
	return time.Time{}, "", ErrNotCosigned
}

// Cosigners names those who have signed a checkpoint beside its log, by what stands in it; nothing is verified.
func Cosigners(signed []byte) []string {
	origin, _, _ := strings.Cut(string(signed), "\n")
	var names []string
	for line := range strings.Lines(string(signed)) {
		if rest, ok := strings.CutPrefix(line, "— "); ok {
			if name, _, _ := strings.Cut(rest, " "); name != origin {
				names = append(names, name)
			}
		}
	}
	return names
}
