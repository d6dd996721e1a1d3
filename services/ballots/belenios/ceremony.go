package belenios

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
)

// Ceremony is one trustee's view of a threshold ceremony: any Threshold of Size trustees can decrypt together, fewer
// learn nothing. It is Pedersen's protocol as the specification has it (The Pedersen protocol), with one round put
// in front. In Pedersen's own order the last to speak sees the coefficients of all others before choosing, and can
// bend the joint key to their liking; here everybody first publishes the hash of their coefficients, and shows them
// only when all hashes are there. What is published in the end is the same.
//
// The steps are Join, Commit, Share, Finish; each takes what all trustees published in the step before. What the
// trustees must compare by another way than the one the messages came is the fingerprint of all certificates and of
// all commitments: who carries the messages could otherwise show different ones to different trustees.
type Ceremony struct {
	Group           Group
	Size, Threshold int
	// Index is the trustee's own number, from 1.
	Index int
}

// Seed is the secret from which a trustee's two key pairs for the ceremony follow.
type Seed string

func (s Seed) signing(g Group) Scalar {
	d := sha256.Sum256([]byte("sk|" + string(s)))
	return g.reduce(d[:])
}

func (s Seed) decryption(g Group) Scalar {
	d := sha256.Sum256([]byte("dk|" + string(s)))
	return g.reduce(d[:])
}

func (c Ceremony) check() error {
	if c.Size < 1 || c.Size > maxPerBallot || c.Threshold < 1 || c.Threshold > c.Size || c.Index < 1 || c.Index > c.Size {
		return fail(ReasonCertificate, ruleCertificates, "trustee %d of %d with a threshold of %d: there is no such ceremony", c.Index, c.Size, c.Threshold)
	}
	return nil
}

func sign(r io.Reader, g Group, key Scalar, message string) (SignedMessage, error) {
	p, err := schnorr(r, g, signaturePrefix(message), key)
	return SignedMessage{message, p}, err
}

// Join draws a seed and makes the trustee's certificate, which is published.
func (c Ceremony) Join(r io.Reader) (Seed, SignedMessage, error) {
	if err := c.check(); err != nil {
		return "", SignedMessage{}, err
	}
	s, err := randomBase58(r, 22)
	if err != nil {
		return "", SignedMessage{}, err
	}
	seed, g := Seed(s), c.Group
	keys := []Element{g.commit(seed.signing(g)), g.commit(seed.decryption(g))}
	g.print(keys)
	message := `{"context":` + ceremonyContext(g, c.Size, c.Threshold, c.Index) + `,"verification":"` + keys[0].String() +
		`","encryption":"` + keys[1].String() + `"}`
	cert, err := sign(r, g, seed.signing(g), message)
	return seed, cert, err
}

// certificates verifies all certificates, and that one's own is among them.
func (c Ceremony) certificates(seed Seed, certs []SignedMessage) ([]certificate, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if len(certs) != c.Size {
		return nil, fail(ReasonCertificate, ruleCertificates, "%d certificates for %d trustees", len(certs), c.Size)
	}
	all, err := checkCertificates(c.Group, certs, c.Threshold, false)
	if err != nil {
		return nil, err
	}
	mine := all[c.Index-1]
	if g := c.Group; !g.equal(mine.verification, g.commit(seed.signing(g))) || !g.equal(mine.encryption, g.commit(seed.decryption(g))) {
		return nil, fail(ReasonCertificate, rulePolynomials, "certificate %d is not this trustee's own", c.Index)
	}
	return all, nil
}

// Polynomial are the secret coefficients of one trustee, the constant first.
type Polynomial []Scalar

// Encode writes the coefficients as a JSON list, for the trustee's own keeping.
func (p Polynomial) Encode(g Group) []byte {
	b := appendList([]byte(`{"polynomial":`), len(p), func(b []byte, i int) []byte { return appendQuoted(b, g.FormatScalar(p[i])) })
	return append(b, '}')
}

// ParsePolynomial is the inverse of Encode.
func ParsePolynomial(g Group, raw []byte) (Polynomial, error) {
	var p Polynomial
	c := &cursor{s: string(raw)}
	c.lit(`{"polynomial":`)
	c.list(func(int) { p = append(p, c.scalar(g)) })
	c.lit(`}`)
	return p, c.end()
}

// public are the exponentiated coefficients and the message that shows them.
func (p Polynomial) public(g Group) ([]Element, string) {
	es := make([]Element, len(p))
	for i, a := range p {
		es[i] = g.commit(a)
	}
	g.print(es)
	return es, string(append(appendElements([]byte(`{"coefexps":`), es), '}'))
}

// at is the value of the polynomial at j.
func (p Polynomial) at(g Group, j int) Scalar {
	v := g.small(0)
	for _, a := range slices.Backward(p) {
		v = g.add(g.mul(v, g.small(int64(j))), a)
	}
	return v
}

// commitmentMessage binds the coefficients to the certificates of all and to their owner.
func (c Ceremony) commitmentMessage(certs []SignedMessage, index int, coefficients string) string {
	all := Fingerprint(appendAllSigned(nil, c.Group, certs))
	return `{"context":` + ceremonyContext(c.Group, c.Size, c.Threshold, index) + `,"certificates":"` + all +
		`","coefexps":"` + Fingerprint([]byte("commit|"+coefficients)) + `"}`
}

// Commit draws the trustee's polynomial and makes the commitment to it, which is published. The coefficients need no
// salt: they are as hard to guess as keys.
func (c Ceremony) Commit(r io.Reader, seed Seed, certs []SignedMessage) (Polynomial, SignedMessage, error) {
	if _, err := c.certificates(seed, certs); err != nil {
		return nil, SignedMessage{}, err
	}
	p, err := randoms(r, c.Group, c.Threshold)
	if err != nil {
		return nil, SignedMessage{}, err
	}
	_, message := Polynomial(p).public(c.Group)
	m, err := sign(r, c.Group, seed.signing(c.Group), c.commitmentMessage(certs, c.Index, message))
	return p, m, err
}

// checkCommitments verifies the signatures of all commitments.
func (c Ceremony) checkCommitments(all []certificate, commitments []SignedMessage) error {
	if len(commitments) != c.Size {
		return fail(ReasonCommitment, ruleCommitment, "%d commitments for %d trustees", len(commitments), c.Size)
	}
	for i, m := range commitments {
		if !verifySigned(c.Group, all[i].verification, m.Message, m.Signature) {
			return at(fail(ReasonCommitment, ruleCommitment, "the signature of the commitment does not verify"), "trustee %d", i+1)
		}
	}
	return nil
}

// Shares is what a trustee publishes when all commitments are there: the coefficients, and for each trustee the value
// of the polynomial, encrypted.
type Shares struct {
	Secrets      []string
	Coefficients SignedMessage
	Signature    Proof
}

// Encode writes the shares.
func (s Shares) Encode(g Group) []byte {
	b := appendList([]byte(`{"secrets":`), len(s.Secrets), func(b []byte, i int) []byte { return appendText(b, s.Secrets[i]) })
	b = appendSigned(append(b, `,"coefexps":`...), g, s.Coefficients)
	b = appendProof(append(b, `,"signature":`...), g, s.Signature)
	return append(b, '}')
}

// ParseShares is the inverse of Encode.
func ParseShares(g Group, raw []byte) (Shares, error) {
	var s Shares
	c := &cursor{s: string(raw)}
	c.lit(`{"secrets":`)
	c.list(func(int) { s.Secrets = append(s.Secrets, c.text()) })
	c.lit(`,"coefexps":`)
	s.Coefficients = c.signed(g)
	c.lit(`,"signature":`)
	s.Signature = c.proof(g)
	c.lit(`}`)
	return s, c.end()
}

// Share makes the shares, after verifying that all others have committed themselves.
func (c Ceremony) Share(r io.Reader, seed Seed, p Polynomial, certs, commitments []SignedMessage) (Shares, error) {
	var s Shares
	g := c.Group
	all, err := c.certificates(seed, certs)
	if err != nil {
		return s, err
	}
	if err := c.checkCommitments(all, commitments); err != nil {
		return s, err
	}
	es, message := p.public(g)
	if len(p) != c.Threshold || commitments[c.Index-1].Message != c.commitmentMessage(certs, c.Index, message) {
		return s, fail(ReasonCommitment, ruleCommitment, "commitment %d is not to this trustee's polynomial", c.Index)
	}
	key := seed.signing(g)
	if s.Coefficients, err = sign(r, g, key, message); err != nil {
		return s, err
	}
	signed, err := sign(r, g, key, certsMessage(g, certs, es))
	if err != nil {
		return s, err
	}
	s.Signature = signed.Signature
	for j := range all {
		secret := `{"secret":"` + g.FormatScalar(p.at(g, j+1)) + `"}`
		sealed, err := send(r, g, key, all[j].encryption, secret)
		if err != nil {
			return s, err
		}
		s.Secrets = append(s.Secrets, sealed)
	}
	return s, nil
}

// Finish verifies what all trustees shared and makes the trustee's key: the private one, which is kept, and the public
// one, which is published.
func (c Ceremony) Finish(r io.Reader, seed Seed, certs, commitments []SignedMessage, shares []Shares) (PrivateKey, TrusteeKey, error) {
	g := c.Group
	fails := func(err error) (PrivateKey, TrusteeKey, error) { return PrivateKey{}, TrusteeKey{}, err }
	all, err := c.certificates(seed, certs)
	if err != nil {
		return fails(err)
	}
	if err := c.checkCommitments(all, commitments); err != nil {
		return fails(err)
	}
	if len(shares) != c.Size {
		return fails(fail(ReasonCoefficients, ruleVinputs, "%d shares for %d trustees", len(shares), c.Size))
	}
	p := &Pedersen{Threshold: c.Threshold, Certs: certs}
	for _, s := range shares {
		p.Coefficients, p.Signatures = append(p.Coefficients, s.Coefficients), append(p.Signatures, s.Signature)
	}
	x := g.small(0)
	for i, s := range shares {
		part, err := c.open(seed, p, all, commitments, i, s)
		if err != nil {
			return fails(at(err, "trustee %d", i+1))
		}
		x = g.add(x, part)
	}
	k, err := proveKey(r, g, x)
	if err != nil {
		return fails(err)
	}
	m, err := sign(r, g, seed.signing(g), k.PublicKey.String())
	if err != nil {
		return fails(err)
	}
	k.Signature = &m.Signature
	return PrivateKey{x}, k, nil
}

// open verifies what trustee i shared and decrypts the part for this trustee.
func (c Ceremony) open(seed Seed, p *Pedersen, all []certificate, commitments []SignedMessage, i int, s Shares) (Scalar, error) {
	g := c.Group
	if commitments[i].Message != c.commitmentMessage(p.Certs, i+1, s.Coefficients.Message) {
		return Scalar{}, fail(ReasonCommitment, ruleCommitment, "the coefficients are not those committed to")
	}
	es, err := p.checkCoefficients(g, i, all[i])
	if err != nil {
		return Scalar{}, err
	}
	if len(s.Secrets) != c.Size {
		return Scalar{}, fail(ReasonCoefficients, ruleVinputs, "%d secrets for %d trustees", len(s.Secrets), c.Size)
	}
	message, err := receive(g, seed.decryption(g), all[c.Index-1].encryption, all[i].verification, s.Secrets[c.Index-1])
	if err != nil {
		return Scalar{}, err
	}
	cur := &cursor{s: message}
	cur.lit(`{"secret":`)
	v := cur.scalar(g)
	cur.lit(`}`)
	if err := cur.end(); err != nil {
		return Scalar{}, err
	}
	if !g.equal(g.commit(v), shareKey(g, [][]Element{es}, c.Index)) {
		return Scalar{}, fail(ReasonCoefficients, ruleVinputs, "the secret does not follow from the coefficients: this trustee is cheating or mistaken")
	}
	return v, nil
}

// Assemble puts together what a ceremony published, and verifies it.
func Assemble(g Group, threshold int, certs []SignedMessage, shares []Shares, keys []TrusteeKey) (*Pedersen, error) {
	p := &Pedersen{Threshold: threshold, Certs: certs, Keys: keys}
	for _, s := range shares {
		p.Coefficients, p.Signatures = append(p.Coefficients, s.Coefficients), append(p.Signatures, s.Signature)
	}
	if _, _, err := p.check(g); err != nil {
		return nil, err
	}
	return p, nil
}

// send signs a message and encrypts it for one recipient (specification, Channels). The symmetric cipher is that of
// version 3.3 of the tool.
func send(r io.Reader, g Group, key Scalar, recipient Element, message string) (string, error) {
	inner := appendQuoted([]byte(`{"recipient":`), recipient.String())
	inner = append(appendText(append(inner, `,"message":`...), message), '}')
	m, err := sign(r, g, key, string(inner))
	if err != nil {
		return "", err
	}
	rs, err := randoms(r, g, 2)
	if err != nil {
		return "", err
	}
	session := g.commit(rs[1])
	alpha, beta := g.commit(rs[0]), g.multiply(g.raise(recipient, rs[0]), session)
	g.print([]Element{session, alpha, beta})
	aead, iv, err := channelCipher(session, alpha)
	if err != nil {
		return "", err
	}
	data := aead.Seal(nil, iv, m.Encode(g), nil)
	return `{"algorithm":"AES-GCM","alpha":"` + alpha.String() + `","beta":"` + beta.String() + `","data":"` + hex.EncodeToString(data) + `"}`, nil
}

func channelCipher(session, alpha Element) (cipher.AEAD, []byte, error) {
	key := sha256.Sum256([]byte("key|" + session.String()))
	iv := sha256.Sum256([]byte("iv|" + alpha.String()))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCMWithNonceSize(block, len(iv))
	return aead, iv[:], err
}

// receive decrypts a message and verifies that it is from the sender and for this recipient.
func receive(g Group, key Scalar, recipient, sender Element, sealed string) (string, error) {
	unreadable := fail(ReasonCoefficients, ruleChannels, "the encrypted message cannot be read")
	c := &cursor{s: sealed}
	c.lit(`{"algorithm":"AES-GCM","alpha":`)
	alpha := c.checked(g)
	c.lit(`,"beta":`)
	beta := c.checked(g)
	c.lit(`,"data":`)
	data := c.token()
	c.lit(`}`)
	if err := c.end(); err != nil {
		return "", err
	}
	ciphertext, err := hex.DecodeString(data)
	if err != nil {
		return "", unreadable
	}
	session := quotient(g, beta, g.raise(alpha, key))
	g.print([]Element{session})
	aead, iv, err := channelCipher(session, alpha)
	if err != nil {
		return "", err
	}
	plain, err := aead.Open(nil, iv, ciphertext, nil)
	if err != nil {
		return "", unreadable
	}
	m, err := ParseSigned(g, plain)
	if err != nil {
		return "", err
	}
	if !verifySigned(g, sender, m.Message, m.Signature) {
		return "", fail(ReasonCoefficients, ruleChannels, "the message is not signed by its sender")
	}
	c = &cursor{s: m.Message}
	c.lit(`{"recipient":`)
	to := c.token()
	c.lit(`,"message":`)
	text := c.text()
	c.lit(`}`)
	if err := c.end(); err != nil {
		return "", err
	}
	if to != recipient.String() {
		return "", fail(ReasonCoefficients, ruleChannels, "the message is for somebody else")
	}
	return text, nil
}
