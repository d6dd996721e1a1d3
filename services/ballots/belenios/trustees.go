package belenios

import (
	"slices"
	"strconv"
)

// TrusteeKey is a trustee's public key with the proof that the trustee knows the private one (specification,
// Verification keys).
type TrusteeKey struct {
	Proof     Proof
	PublicKey Element
	// Signature is the owner's, in threshold mode.
	Signature *Proof
	// Name is for people; nil if not said.
	Name *string
}

// SignedMessage is a message with a signature under a key of the trustees' own infrastructure (specification,
// Public key infrastructure).
type SignedMessage struct {
	Message   string
	Signature Proof
}

// Pedersen is what a threshold ceremony publishes (specification, Threshold parameters).
type Pedersen struct {
	Threshold int
	// Certs are the trustees' certificates, Coefficients their signed exponentiated coefficients.
	Certs, Coefficients []SignedMessage
	// Signatures sign all certificates and one's own coefficients; nil in the dialect of version 2.0.
	Signatures []Proof
	// Keys are the verification keys, one per trustee.
	Keys []TrusteeKey
}

// TrusteeItem is one factor of the election's key: a single trustee, or a set of which a threshold suffices.
// Exactly one of the two is set.
type TrusteeItem struct {
	Single   *TrusteeKey
	Pedersen *Pedersen
}

// Trustees are all who hold the election's key (specification, Trustees).
type Trustees struct {
	Items []TrusteeItem
	// OldDialect says that a threshold item is written as version 2.0 of the tool writes it: certificates that
	// do not name their ceremony, keys that their owners did not sign.
	OldDialect bool

	raw     string
	key     Element
	holders []holder
}

// holder is one trustee, counted over all items.
type holder struct {
	key   Element
	item  int
	index int // from 1 within the item
}

// ParseTrustees reads the structure and verifies every proof, certificate, signature and key in it.
func ParseTrustees(g Group, raw []byte) (*Trustees, error) {
	t := &Trustees{raw: string(raw)}
	c := &cursor{s: t.raw}
	c.list(func(int) {
		switch {
		case c.maybe(`["Single",`):
			k := c.trusteeKey(g)
			t.Items = append(t.Items, TrusteeItem{Single: &k})
		default:
			c.lit(`["Pedersen",`)
			t.Items = append(t.Items, TrusteeItem{Pedersen: c.pedersen(g)})
		}
		c.lit(`]`)
	})
	if err := c.end(); err != nil {
		return nil, at(err, "trustees")
	}
	if len(t.Items) == 0 {
		return nil, at(fail(ReasonElection, ruleTrustees, "an election has at least one trustee"), "trustees")
	}
	t.key = g.identity()
	for i, item := range t.Items {
		if err := t.take(g, i, item); err != nil {
			return nil, at(err, "trustees, item %d", i+1)
		}
	}
	g.print([]Element{t.key})
	return t, nil
}

// take verifies one item and adds its holders and its part of the key.
func (t *Trustees) take(g Group, i int, item TrusteeItem) error {
	if k := item.Single; k != nil {
		if err := k.check(g); err != nil {
			return err
		}
		t.key = g.multiply(t.key, k.PublicKey)
		t.holders = append(t.holders, holder{k.PublicKey, i, 1})
		return nil
	}
	part, old, err := item.Pedersen.check(g)
	if err != nil {
		return err
	}
	t.OldDialect = t.OldDialect || old
	t.key = g.multiply(t.key, part)
	for j, k := range item.Pedersen.Keys {
		t.holders = append(t.holders, holder{k.PublicKey, i, j + 1})
	}
	return nil
}

func (c *cursor) trusteeKey(g Group) TrusteeKey {
	var k TrusteeKey
	c.lit(`{"pok":`)
	k.Proof = c.proof(g)
	c.lit(`,"public_key":`)
	k.PublicKey = c.checked(g)
	if c.maybe(`,"signature":`) {
		p := c.proof(g)
		k.Signature = &p
	}
	if c.maybe(`,"name":`) {
		s := c.text()
		k.Name = &s
	}
	c.lit(`}`)
	return k
}

func appendTrusteeKey(b []byte, g Group, k TrusteeKey) []byte {
	b = appendProof(append(b, `{"pok":`...), g, k.Proof)
	b = appendQuoted(append(b, `,"public_key":`...), k.PublicKey.String())
	if k.Signature != nil {
		b = appendProof(append(b, `,"signature":`...), g, *k.Signature)
	}
	if k.Name != nil {
		b = appendText(append(b, `,"name":`...), *k.Name)
	}
	return append(b, '}')
}

func (c *cursor) signed(g Group) SignedMessage {
	var m SignedMessage
	c.lit(`{"message":`)
	m.Message = c.text()
	c.lit(`,"signature":`)
	m.Signature = c.proof(g)
	c.lit(`}`)
	return m
}

func appendSigned(b []byte, g Group, m SignedMessage) []byte {
	b = appendText(append(b, `{"message":`...), m.Message)
	b = appendProof(append(b, `,"signature":`...), g, m.Signature)
	return append(b, '}')
}

func appendAllSigned(b []byte, g Group, ms []SignedMessage) []byte {
	return appendList(b, len(ms), func(b []byte, i int) []byte { return appendSigned(b, g, ms[i]) })
}

func (c *cursor) pedersen(g Group) *Pedersen {
	p := &Pedersen{}
	c.lit(`{"threshold":`)
	p.Threshold = int(c.number(maxPerBallot))
	c.lit(`,"certs":`)
	c.list(func(int) { p.Certs = append(p.Certs, c.signed(g)) })
	c.lit(`,"coefexps":`)
	c.list(func(int) { p.Coefficients = append(p.Coefficients, c.signed(g)) })
	if c.maybe(`,"signatures":`) {
		p.Signatures = c.proofs(g)
	}
	c.lit(`,"verification_keys":`)
	c.list(func(int) { p.Keys = append(p.Keys, c.trusteeKey(g)) })
	c.lit(`}`)
	return p
}

func appendPedersen(b []byte, g Group, p *Pedersen) []byte {
	b = strconv.AppendInt(append(b, `{"threshold":`...), int64(p.Threshold), 10)
	b = appendAllSigned(append(b, `,"certs":`...), g, p.Certs)
	b = appendAllSigned(append(b, `,"coefexps":`...), g, p.Coefficients)
	if p.Signatures != nil {
		b = appendProofs(append(b, `,"signatures":`...), g, p.Signatures)
	}
	b = append(b, `,"verification_keys":`...)
	b = appendList(b, len(p.Keys), func(b []byte, i int) []byte { return appendTrusteeKey(b, g, p.Keys[i]) })
	return append(b, '}')
}

// NewTrustees writes the structure, after the same checks as [ParseTrustees].
func NewTrustees(g Group, items []TrusteeItem) (*Trustees, error) {
	return ParseTrustees(g, appendList(nil, len(items), func(b []byte, i int) []byte {
		if items[i].Single != nil {
			b = appendTrusteeKey(append(b, `["Single",`...), g, *items[i].Single)
		} else {
			b = appendPedersen(append(b, `["Pedersen",`...), g, items[i].Pedersen)
		}
		return append(b, ']')
	}))
}

// Raw returns the exact bytes.
func (t *Trustees) Raw() []byte { return []byte(t.raw) }

// PublicKey returns the product of all parts: the election's key.
func (t *Trustees) PublicKey() Element { return t.key }

// Len is the number of trustees, over all items.
func (t *Trustees) Len() int { return len(t.holders) }

// Key returns the public key of a trustee by number, from 1 over all items, or nil.
func (t *Trustees) Key(owner int) Element {
	if owner < 1 || owner > len(t.holders) {
		return nil
	}
	return t.holders[owner-1].key
}

// Owner returns the number of the trustee with this public key, from 1 over all items, or 0.
func (t *Trustees) Owner(g Group, key Element) int {
	return 1 + slices.IndexFunc(t.holders, func(h holder) bool { return g.equal(h.key, key) })
}

func pokPrefix(g Group, public Element) []byte {
	return concat("pok|", g.Name(), "|", public.String(), "|")
}

// check verifies the proof of knowledge.
func (k *TrusteeKey) check(g Group) error {
	if !verifySchnorr(g, pokPrefix(g, k.PublicKey), k.PublicKey, k.Proof) {
		return fail(ReasonTrusteeProof, ruleKeys, "the proof of knowledge of the private key of %.20s… does not verify", k.PublicKey)
	}
	return nil
}

func signaturePrefix(message string) []byte { return concat("sigmsg|", message, "|") }

func verifySigned(g Group, key Element, message string, p Proof) bool {
	return verifySchnorr(g, signaturePrefix(message), key, p)
}

// certificate is what a trustee's certificate says.
type certificate struct {
	verification, encryption Element
}

func ceremonyContext(g Group, size, threshold, index int) string {
	return `{"group":"` + g.Name() + `","size":` + strconv.Itoa(size) + `,"threshold":` + strconv.Itoa(threshold) +
		`,"index":` + strconv.Itoa(index) + `}`
}

// check verifies everything a threshold ceremony published and returns its part of the key, and whether it is in
// the dialect of version 2.0.
func (p *Pedersen) check(g Group) (part Element, old bool, err error) {
	n := len(p.Certs)
	switch {
	case n == 0 || len(p.Coefficients) != n || len(p.Keys) != n:
		return nil, false, fail(ReasonCertificate, ruleThreshold, "%d certificates, %d lists of coefficients, %d keys", n, len(p.Coefficients), len(p.Keys))
	case p.Threshold < 1 || p.Threshold > n:
		return nil, false, fail(ReasonCoefficients, ruleThreshold, "a threshold of %d of %d", p.Threshold, n)
	case p.Signatures != nil && len(p.Signatures) != n:
		return nil, false, fail(ReasonCoefficients, ruleThreshold, "%d signatures for %d trustees", len(p.Signatures), n)
	}
	old = p.Signatures == nil
	certs, err := checkCertificates(g, p.Certs, p.Threshold, old)
	if err != nil {
		return nil, false, err
	}
	coefficients := make([][]Element, n)
	part = g.identity()
	for i := range n {
		if coefficients[i], err = p.checkCoefficients(g, i, certs[i]); err != nil {
			return nil, false, at(err, "trustee %d", i+1)
		}
		part = g.multiply(part, coefficients[i][0])
	}
	for j := range n {
		if err := p.checkKey(g, j, certs[j], coefficients, old); err != nil {
			return nil, false, at(err, "trustee %d", j+1)
		}
	}
	return part, old, nil
}

// checkCertificates verifies that each certificate signs itself, and names this ceremony and its own place in it.
func checkCertificates(g Group, signed []SignedMessage, threshold int, old bool) ([]certificate, error) {
	certs := make([]certificate, len(signed))
	for i, m := range signed {
		c := &cursor{s: m.Message}
		cert := &certs[i]
		switch {
		case old:
			c.lit(`{"verification":`)
		default:
			c.lit(`{"context":`)
			if want := ceremonyContext(g, len(signed), threshold, i+1); !c.maybe(want) {
				return nil, at(fail(ReasonCertificate, ruleCertificates, "the certificate is not for %s", want), "trustee %d", i+1)
			}
			c.lit(`,"verification":`)
		}
		cert.verification = c.checked(g)
		c.lit(`,"encryption":`)
		cert.encryption = c.checked(g)
		c.lit(`}`)
		if err := c.end(); err != nil {
			return nil, at(err, "trustee %d, certificate", i+1)
		}
		if !verifySigned(g, cert.verification, m.Message, m.Signature) {
			return nil, at(fail(ReasonCertificate, ruleCertificates, "the certificate's signature does not verify"), "trustee %d", i+1)
		}
	}
	return certs, nil
}

func parseCoefficients(g Group, message string) ([]Element, error) {
	c := &cursor{s: message}
	var es []Element
	c.lit(`{"coefexps":`)
	c.list(func(int) { es = append(es, c.checked(g)) })
	c.lit(`}`)
	return es, c.end()
}

// certsMessage is what each trustee signs in the end: all certificates and the own coefficients.
func certsMessage(g Group, certs []SignedMessage, coefficients []Element) string {
	b := appendAllSigned([]byte(`certs_sig|{"certs":`), g, certs)
	b = appendElements(append(b, `,"coefexps":`...), coefficients)
	return string(append(b, '}'))
}

func (p *Pedersen) checkCoefficients(g Group, i int, cert certificate) ([]Element, error) {
	m := p.Coefficients[i]
	es, err := parseCoefficients(g, m.Message)
	if err != nil {
		return nil, at(err, "coefficients")
	}
	if len(es) != p.Threshold {
		return nil, fail(ReasonCoefficients, rulePolynomials, "%d coefficients for a threshold of %d", len(es), p.Threshold)
	}
	if !verifySigned(g, cert.verification, m.Message, m.Signature) {
		return nil, fail(ReasonCoefficients, rulePolynomials, "the signature of the coefficients does not verify")
	}
	if p.Signatures != nil && !verifySigned(g, cert.verification, certsMessage(g, p.Certs, es), p.Signatures[i]) {
		return nil, fail(ReasonCoefficients, rulePolynomials, "the signature of certificates and coefficients does not verify")
	}
	return es, nil
}

// shareKey is g^f(j) where f is the sum of all polynomials: the product of A_ik^(j^k).
func shareKey(g Group, coefficients [][]Element, j int) Element {
	var es []Element
	var ss []Scalar
	for _, row := range coefficients {
		power := g.small(1)
		for _, a := range row {
			es, ss = append(es, a), append(ss, power)
			power = g.mul(power, g.small(int64(j)))
		}
	}
	return g.product(es, ss)
}

func (p *Pedersen) checkKey(g Group, j int, cert certificate, coefficients [][]Element, old bool) error {
	k := p.Keys[j]
	if err := k.check(g); err != nil {
		return err
	}
	if !g.equal(k.PublicKey, shareKey(g, coefficients, j+1)) {
		return fail(ReasonVerificationKey, ruleVoutputs, "the verification key does not follow from the coefficients")
	}
	switch {
	case old && k.Signature == nil:
		return nil
	case old || k.Signature == nil:
		return fail(ReasonVerificationKey, ruleKeys, "verification keys and certificates must be signed both or neither")
	case !verifySigned(g, cert.verification, k.PublicKey.String(), *k.Signature):
		return fail(ReasonVerificationKey, ruleKeys, "the owner's signature of the verification key does not verify")
	}
	return nil
}
