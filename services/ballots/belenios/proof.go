package belenios

import (
	"io"
	"slices"
)

// Proof is a proof by challenge and response; its commitment is not published but computed from the two
// (specification, Common structures).
type Proof struct {
	Challenge, Response Scalar
}

// Ciphertext is an ElGamal ciphertext: alpha = g^r, beta = y^r times the message.
type Ciphertext struct {
	Alpha, Beta Element
}

func (c *cursor) scalar(g Group) Scalar {
	s := c.token()
	if c.err != nil {
		return Scalar{}
	}
	v, err := g.ParseScalar(s)
	if err != nil {
		c.set(err)
	}
	return v
}

// element reads an element without the test of membership.
func (c *cursor) element(g Group) Element {
	s := c.token()
	if c.err != nil {
		return nil
	}
	e, err := g.decode(s)
	if err != nil {
		c.set(err)
		return nil
	}
	return e
}

// checked reads an element of the subgroup.
func (c *cursor) checked(g Group) Element {
	e := c.element(g)
	if c.err == nil && !g.member(e) {
		c.set(fail(ReasonMembership, ruleGroups, "%.80s is not in the subgroup of prime order", e))
	}
	return e
}

func (c *cursor) proof(g Group) Proof {
	var p Proof
	c.lit(`{"challenge":`)
	p.Challenge = c.scalar(g)
	c.lit(`,"response":`)
	p.Response = c.scalar(g)
	c.lit(`}`)
	return p
}

func (c *cursor) proofs(g Group) []Proof {
	out := []Proof{}
	c.list(func(int) { out = append(out, c.proof(g)) })
	return out
}

func (c *cursor) ciphertext(g Group) Ciphertext {
	var e Ciphertext
	c.lit(`{"alpha":`)
	e.Alpha = c.element(g)
	c.lit(`,"beta":`)
	e.Beta = c.element(g)
	c.lit(`}`)
	return e
}

func (c *cursor) ciphertexts(g Group) []Ciphertext {
	out := []Ciphertext{}
	c.list(func(int) { out = append(out, c.ciphertext(g)) })
	return out
}

func (c *cursor) elements(g Group) []Element {
	out := []Element{}
	c.list(func(int) { out = append(out, c.element(g)) })
	return out
}

func appendProof(b []byte, g Group, p Proof) []byte {
	b = append(b, `{"challenge":"`...)
	b = append(b, g.FormatScalar(p.Challenge)...)
	b = append(b, `","response":"`...)
	b = append(b, g.FormatScalar(p.Response)...)
	return append(b, `"}`...)
}

func appendProofs(b []byte, g Group, ps []Proof) []byte {
	return appendList(b, len(ps), func(b []byte, i int) []byte { return appendProof(b, g, ps[i]) })
}

func appendCiphertext(b []byte, e Ciphertext) []byte {
	b = append(b, `{"alpha":"`...)
	b = append(b, e.Alpha.String()...)
	b = append(b, `","beta":"`...)
	b = append(b, e.Beta.String()...)
	return append(b, `"}`...)
}

func appendCiphertexts(b []byte, es []Ciphertext) []byte {
	return appendList(b, len(es), func(b []byte, i int) []byte { return appendCiphertext(b, es[i]) })
}

func appendElements(b []byte, es []Element) []byte {
	return appendList(b, len(es), func(b []byte, i int) []byte { return appendQuoted(b, es[i].String()) })
}

// joined is the printed forms separated by commas.
func joined(b []byte, es ...Element) []byte {
	for i, e := range es {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, e.String()...)
	}
	return b
}

func concat(parts ...string) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	b := make([]byte, 0, n+300)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// schnorr proves knowledge of x with public = g^x: challenge H(prefix A), response w - x challenge. Every proof of
// knowledge of the protocol has this form: of a trustee's key, a signature's key, a ciphertext's randomness.
func schnorr(r io.Reader, g Group, prefix []byte, x Scalar) (Proof, error) {
	w, err := g.random(r)
	if err != nil {
		return Proof{}, err
	}
	c := hash(g, joined(slices.Clip(prefix), g.commit(w)))
	return Proof{c, g.sub(w, g.mul(x, c))}, nil
}

// verifySchnorr computes A = g^response public^challenge and compares the challenge with H(prefix A).
func verifySchnorr(g Group, prefix []byte, public Element, p Proof) bool {
	a := g.product([]Element{g.generator(), public}, []Scalar{p.Response, p.Challenge})
	return g.same(p.Challenge, hash(g, joined(slices.Clip(prefix), a)))
}
