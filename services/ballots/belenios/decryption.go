package belenios

import (
	"io"
	"slices"
)

// Decryption is a trustee's partial decryption (specification, Partial decryptions).
type Decryption struct {
	Factors [][]Element
	Proofs  [][]Proof
}

// ParseDecryption reads a partial decryption; [Election.CheckDecryption] verifies it.
func ParseDecryption(g Group, raw []byte) (*Decryption, error) {
	d := &Decryption{}
	c := &cursor{s: string(raw)}
	c.lit(`{"decryption_factors":`)
	c.list(func(int) { d.Factors = append(d.Factors, c.elements(g)) })
	c.lit(`,"decryption_proofs":`)
	c.list(func(int) { d.Proofs = append(d.Proofs, c.proofs(g)) })
	c.lit(`}`)
	if err := c.end(); err != nil {
		return nil, at(err, "partial decryption")
	}
	return d, nil
}

// Encode is the inverse of [ParseDecryption].
func (d *Decryption) Encode(g Group) []byte {
	b := appendList([]byte(`{"decryption_factors":`), len(d.Factors), func(b []byte, i int) []byte { return appendElements(b, d.Factors[i]) })
	b = append(b, `,"decryption_proofs":`...)
	b = appendList(b, len(d.Proofs), func(b []byte, i int) []byte { return appendProofs(b, g, d.Proofs[i]) })
	return append(b, '}')
}

func decryptPrefix(e *Election, public Element) []byte {
	return concat("decrypt|", e.phi, "|", public.String(), "|")
}

// CheckDecryption verifies that every factor is alpha^x for the x of the trustee's public key.
func (e *Election) CheckDecryption(t *Tally, public Element, d *Decryption) error {
	g := e.Group
	e.prepare()
	if len(d.Factors) != len(t.Ciphertexts) || len(d.Proofs) != len(t.Ciphertexts) {
		return fail(ReasonShape, ruleDecryptions, "%d questions, %d lists of factors, %d of proofs", len(t.Ciphertexts), len(d.Factors), len(d.Proofs))
	}
	prefix := decryptPrefix(e, public)
	x := g.powers(public, 2)
	for i, cs := range t.Ciphertexts {
		if len(d.Factors[i]) != len(cs) || len(d.Proofs[i]) != len(cs) {
			return fail(ReasonShape, ruleDecryptions, "question %d: %d ciphertexts, %d factors, %d proofs", i+1, len(cs), len(d.Factors[i]), len(d.Proofs[i]))
		}
		for j, c := range cs {
			f, p := d.Factors[i][j], d.Proofs[i][j]
			fp := g.powers(f, 2)
			if !fp.member() {
				return fail(ReasonMembership, ruleGroups, "question %d, factor %d: not in the subgroup of prime order", i+1, j+1)
			}
			// A = g^response X^challenge, B = alpha^response F^challenge
			pair := []Element{
				g.multiply(e.gTable.exp(p.Response), x.exp(p.Challenge)),
				g.multiply(g.powers(c.Alpha, 1).exp(p.Response), fp.exp(p.Challenge)),
			}
			g.print(pair)
			if !g.same(p.Challenge, hash(g, joined(slices.Clip(prefix), pair...))) {
				return fail(ReasonDecryption, ruleDecryptions, "question %d, factor %d: the proof does not verify", i+1, j+1)
			}
		}
	}
	return nil
}

// share is a verified partial decryption with its owner, from 1 over all trustees.
type share struct {
	owner   int
	factors [][]Element
}

// lagrange is the coefficient of index at 0 among indices: the product of k/(k-index).
func lagrange(g Group, indices []int, index int) Scalar {
	num, den := g.small(1), g.small(1)
	for _, k := range indices {
		if k != index {
			num = g.mul(num, g.small(int64(k)))
			den = g.mul(den, g.small(int64(k-index)))
		}
	}
	return g.mul(num, g.invert(den))
}

// combine multiplies the shares into one factor per ciphertext: every single trustee's, and of each threshold set
// the first as many as are needed, weighted by Lagrange's coefficients (specification, Election result).
func (t *Trustees) combine(g Group, shape [][]Ciphertext, shares []share) ([][]Element, error) {
	out := make([][]Element, len(shape))
	for i, cs := range shape {
		out[i] = make([]Element, len(cs))
		for j := range cs {
			out[i][j] = g.identity()
		}
	}
	for item, it := range t.Items {
		var mine []share
		var indices []int
		need := 1
		if it.Pedersen != nil {
			need = it.Pedersen.Threshold
		}
		for _, s := range shares {
			if h := t.holders[s.owner-1]; h.item == item && len(mine) < need {
				mine, indices = append(mine, s), append(indices, h.index)
			}
		}
		if len(mine) < need {
			return nil, fail(ReasonMissing, ruleResult, "item %d of the trustees: %d of %d needed decryptions", item+1, len(mine), need)
		}
		for n, s := range mine {
			l := lagrange(g, indices, indices[n])
			for i := range out {
				for j := range out[i] {
					f := s.factors[i][j]
					if it.Pedersen != nil {
						f = g.powers(f, 1).exp(l)
					}
					out[i][j] = g.multiply(out[i][j], f)
				}
			}
		}
	}
	return out, nil
}

// Decrypt makes the trustee's partial decryption of a tally (specification, Partial decryptions). It trusts the tally:
// [Report.Decrypt] does not have to.
func (e *Election) Decrypt(r io.Reader, t *Tally, k PrivateKey) (*Decryption, error) {
	g := e.Group
	public := k.Public(g)
	prefix := decryptPrefix(e, public)
	d := &Decryption{}
	for _, cs := range t.Ciphertexts {
		fs, ps := []Element{}, []Proof{}
		for _, c := range cs {
			w, err := g.random(r)
			if err != nil {
				return nil, err
			}
			es := []Element{g.raise(c.Alpha, k.x), g.commit(w), g.raise(c.Alpha, w)}
			g.print(es)
			challenge := hash(g, joined(slices.Clip(prefix), es[1], es[2]))
			fs = append(fs, es[0])
			ps = append(ps, Proof{challenge, g.sub(w, g.mul(k.x, challenge))})
		}
		d.Factors, d.Proofs = append(d.Factors, fs), append(d.Proofs, ps)
	}
	return d, nil
}

// Decrypt makes a trustee's partial decryption of an archive that was just verified, and returns it with the
// trustee's number. It refuses a key that is no trustee's ([ReasonKey]), an archive that is not ready to be decrypted
// ([ReasonOrder]) and a second decryption ([ReasonOwner]).
func (r *Report) Decrypt(random io.Reader, k PrivateKey) (int, *Decryption, error) {
	g := r.Election.Group
	owner := r.Trustees.Owner(g, k.Public(g))
	switch {
	case owner == 0:
		return 0, nil, fail(ReasonKey, ruleDecryptions, "the key is not that of a trustee of this election")
	case slices.Contains(r.Decryptions, owner):
		return 0, nil, fail(ReasonOwner, ruleDecryptions, "trustee %d has decrypted already", owner)
	}
	if err := r.readyToDecrypt(); err != nil {
		return 0, nil, err
	}
	d, err := r.Election.Decrypt(random, r.Tally, k)
	return owner, d, err
}

// AcceptDecryption verifies a partial decryption that is to be appended to a verified archive.
func (r *Report) AcceptDecryption(owner int, raw []byte) error {
	g := r.Election.Group
	if r.Trustees.Key(owner) == nil || slices.Contains(r.Decryptions, owner) {
		return fail(ReasonOwner, ruleDecryptions, "there is no trustee %d, or one who has decrypted already", owner)
	}
	if err := r.readyToDecrypt(); err != nil {
		return err
	}
	d, err := ParseDecryption(g, raw)
	if err != nil {
		return err
	}
	return at(r.Election.CheckDecryption(r.Tally, r.Trustees.Key(owner), d), "decryption of trustee %d", owner)
}

// readyToDecrypt says whether a decryption may be the next event.
func (r *Report) readyToDecrypt() error {
	ready := EventTally
	if r.Election.Ranked() {
		ready = EventEndShuffle
	}
	if r.Stage != ready && r.Stage != EventDecryption {
		return fail(ReasonOrder, ruleDecryptions, "the archive is not ready to be decrypted: it ends with %s", r.Stage)
	}
	return nil
}
