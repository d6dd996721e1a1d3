package belenios

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"io"
	"strconv"
	"strings"
)

// Credential is a voter's private credential, as typed. Whoever has it can vote as the voter.
type Credential string

// credentialShape is the form of version 3.x of the tool: 22 characters of Base58, 128.9 bits. That of 2.0 has
// 15 characters, the last of which checks the others.
const (
	credentialShape    = "XXXXX-XXXXXX-XXXXX-XXXXXX"
	oldCredentialShape = "XXX-XXX-XXX-XXX-XXX"
)

// randomBase58 draws n characters, each with the same chance.
func randomBase58(r io.Reader, n int) (string, error) {
	out := make([]byte, 0, n)
	var b [64]byte
	for len(out) < n {
		if err := readFull(r, b[:]); err != nil {
			return "", err
		}
		for _, c := range b {
			if v := c & 63; int(v) < len(base58) && len(out) < n {
				out = append(out, base58[v])
			}
		}
	}
	return string(out), nil
}

// NewUUID draws an identifier for an election: 14 characters of Base58.
func NewUUID(r io.Reader) (string, error) { return randomBase58(r, 14) }

// NewCredential draws a private credential.
func NewCredential(r io.Reader) (Credential, error) {
	digits, err := randomBase58(r, strings.Count(credentialShape, "X"))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, c := range credentialShape {
		if c == 'X' {
			b.WriteByte(digits[0])
			digits = digits[1:]
		} else {
			b.WriteRune(c)
		}
	}
	return Credential(b.String()), nil
}

// Secret derives the secret exponent of a credential for one election (specification, Credentials). It reads the
// form of version 3.x and that of 2.0, and refuses what is neither ([ReasonCredential]).
func (c Credential) Secret(g Group, uuid string) (Scalar, error) {
	switch {
	case fits(string(c), credentialShape):
		var x []byte
		for i := range 2 {
			d := sha256.Sum256([]byte("derive_credential|" + uuid + "|" + strconv.Itoa(i) + "|" + string(c)))
			x = append(x, d[:]...)
		}
		return g.reduce(x), nil
	case fits(string(c), oldCredentialShape):
		if !oldChecksum(strings.ReplaceAll(string(c), "-", "")) {
			return Scalar{}, fail(ReasonCredential, ruleCredentials, "the credential is mistyped: its last character does not fit the others")
		}
		x, err := pbkdf2.Key(sha256.New, string(c), []byte(uuid), 1000, 32)
		if err != nil {
			return Scalar{}, fail(ReasonCredential, ruleCredentials, "the credential cannot be derived: %v", err)
		}
		return g.reduce(x), nil
	}
	return Scalar{}, fail(ReasonCredential, ruleCredentials, "a credential has the form %s, in letters and digits without 0, O, I and l", credentialShape)
}

func fits(s, shape string) bool {
	if len(s) != len(shape) {
		return false
	}
	for i := range len(s) {
		if shape[i] == 'X' && !strings.Contains(base58, s[i:i+1]) || shape[i] != 'X' && s[i] != shape[i] {
			return false
		}
	}
	return true
}

// oldChecksum says whether the first 14 digits in base 58 and the last one add up to a multiple of 53.
func oldChecksum(digits string) bool {
	n := 0
	for i := range 14 {
		n = (n*58 + strings.IndexByte(base58, digits[i])) % 53
	}
	return (n+strings.IndexByte(base58, digits[14]))%53 == 0
}

// Public derives the public credential, which goes on the roll.
func (c Credential) Public(g Group, uuid string) (Element, error) {
	s, err := c.Secret(g, uuid)
	if err != nil {
		return nil, err
	}
	e := g.commit(s)
	g.print([]Element{e})
	return e, nil
}
