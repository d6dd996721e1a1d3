package belenios

import (
	"io"
)

// PrivateKey is a trustee's secret exponent.
type PrivateKey struct{ x Scalar }

// ParsePrivateKey reads a private key: a JSON string with a decimal number, as belenios-tool writes it.
func ParsePrivateKey(g Group, raw []byte) (PrivateKey, error) {
	c := &cursor{s: string(raw)}
	s := c.token()
	if c.end() != nil {
		return PrivateKey{}, fail(ReasonKey, ruleKeys, "not a private key: a number in quotes is wanted")
	}
	x, err := g.ParseScalar(s)
	if err != nil {
		return PrivateKey{}, fail(ReasonKey, ruleKeys, "not a private key of %s", g.Name())
	}
	return PrivateKey{x}, nil
}

// Encode is the inverse of [ParsePrivateKey].
func (k PrivateKey) Encode(g Group) []byte { return appendQuoted(nil, g.FormatScalar(k.x)) }

// Public is the public key.
func (k PrivateKey) Public(g Group) Element {
	e := g.commit(k.x)
	g.print([]Element{e})
	return e
}

// NewTrusteeKey makes the key of a trustee whose part in the decryption is indispensable.
func NewTrusteeKey(r io.Reader, g Group) (PrivateKey, TrusteeKey, error) {
	x, err := g.random(r)
	if err != nil {
		return PrivateKey{}, TrusteeKey{}, err
	}
	k, err := proveKey(r, g, x)
	return PrivateKey{x}, k, err
}

func proveKey(r io.Reader, g Group, x Scalar) (TrusteeKey, error) {
	public := PrivateKey{x}.Public(g)
	p, err := schnorr(r, g, pokPrefix(g, public), x)
	return TrusteeKey{Proof: p, PublicKey: public}, err
}

// ParseTrusteeKey reads a single trustee's public key and verifies its proof.
func ParseTrusteeKey(g Group, raw []byte) (TrusteeKey, error) {
	c := &cursor{s: string(raw)}
	k := c.trusteeKey(g)
	if err := c.end(); err != nil {
		return k, at(err, "trustee's key")
	}
	return k, at(k.check(g), "trustee's key")
}

// Encode is the inverse of [ParseTrusteeKey].
func (k TrusteeKey) Encode(g Group) []byte { return appendTrusteeKey(nil, g, k) }

// ParseSigned reads a signed message; it does not verify the signature, which depends on the message.
func ParseSigned(g Group, raw []byte) (SignedMessage, error) {
	c := &cursor{s: string(raw)}
	m := c.signed(g)
	return m, c.end()
}

// Encode is the inverse of [ParseSigned].
func (m SignedMessage) Encode(g Group) []byte { return appendSigned(nil, g, m) }

// String keeps a private key out of logs.
func (k PrivateKey) String() string { return "private key" }

// GoString keeps a private key out of logs.
func (k PrivateKey) GoString() string { return "belenios.PrivateKey" }

// String keeps a seed out of logs.
func (s Seed) String() string { return "seed" }

// String keeps a credential out of logs.
func (c Credential) String() string { return "credential" }
