package belenios

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strconv"
)

// Shuffle is a trustee's mix of the ciphertexts of every ranked question (specification, Shuffles).
type Shuffle struct {
	// Ciphertexts are the mixed ones, per ranked question.
	Ciphertexts [][]Ciphertext
	// Proofs prove of each question that the mixed ciphertexts are the given ones, encrypted anew and permuted.
	Proofs []ShuffleProof
}

// ShuffleProof is a proof of shuffle by Terelius and Wikström as CHVote 1.3.2 writes it (specification, Shuffle
// algorithms). The names are those of the specification's tables.
type ShuffleProof struct {
	T1, T2, T3, T41, T42 Element
	THat                 []Element
	S1, S2, S3, S4       Scalar
	SHat, SPrime         []Scalar
	C, CHat              []Element
}

// ParseShuffle reads a shuffle; [Election.CheckShuffle] verifies it.
func ParseShuffle(g Group, raw []byte) (*Shuffle, error) {
	s := &Shuffle{}
	c := &cursor{s: string(raw)}
	c.lit(`{"ciphertexts":`)
	c.list(func(int) { s.Ciphertexts = append(s.Ciphertexts, c.ciphertexts(g)) })
	c.lit(`,"proofs":`)
	c.list(func(int) { s.Proofs = append(s.Proofs, c.shuffleProof(g)) })
	c.lit(`}`)
	if err := c.end(); err != nil {
		return nil, at(err, "shuffle")
	}
	return s, nil
}

func (c *cursor) shuffleProof(g Group) ShuffleProof {
	var p ShuffleProof
	scalars := func() []Scalar {
		out := []Scalar{}
		c.list(func(int) { out = append(out, c.scalar(g)) })
		return out
	}
	c.lit(`[[`)
	p.T1 = c.element(g)
	c.lit(`,`)
	p.T2 = c.element(g)
	c.lit(`,`)
	p.T3 = c.element(g)
	c.lit(`,[`)
	p.T41 = c.element(g)
	c.lit(`,`)
	p.T42 = c.element(g)
	c.lit(`],`)
	p.THat = c.elements(g)
	c.lit(`],[`)
	for _, s := range []*Scalar{&p.S1, &p.S2, &p.S3, &p.S4} {
		*s = c.scalar(g)
		c.lit(`,`)
	}
	p.SHat = scalars()
	c.lit(`,`)
	p.SPrime = scalars()
	c.lit(`],`)
	p.C = c.elements(g)
	c.lit(`,`)
	p.CHat = c.elements(g)
	c.lit(`]`)
	return p
}

// Encode is the inverse of [ParseShuffle].
func (s *Shuffle) Encode(g Group) []byte {
	b := appendList([]byte(`{"ciphertexts":`), len(s.Ciphertexts), func(b []byte, i int) []byte { return appendCiphertexts(b, s.Ciphertexts[i]) })
	b = append(b, `,"proofs":`...)
	b = appendList(b, len(s.Proofs), func(b []byte, i int) []byte {
		p := &s.Proofs[i]
		scalars := func(b []byte, ss []Scalar) []byte {
			return appendList(b, len(ss), func(b []byte, i int) []byte { return appendQuoted(b, g.FormatScalar(ss[i])) })
		}
		b = append(b, '[', '[')
		for _, e := range []Element{p.T1, p.T2, p.T3} {
			b = append(appendQuoted(b, e.String()), ',')
		}
		b = appendElements(b, []Element{p.T41, p.T42})
		b = appendElements(append(b, ','), p.THat)
		b = append(b, `],[`...)
		for _, v := range []Scalar{p.S1, p.S2, p.S3, p.S4} {
			b = append(appendQuoted(b, g.FormatScalar(v)), ',')
		}
		b = scalars(b, p.SHat)
		b = scalars(append(b, ','), p.SPrime)
		b = appendElements(append(b, `],`...), p.C)
		b = appendElements(append(b, ','), p.CHat)
		return append(b, ']')
	})
	return append(b, '}')
}

// mixable are the ciphertexts of the ranked questions.
func (t *Tally) mixable(e *Election) [][]Ciphertext {
	var out [][]Ciphertext
	for i := range e.Questions {
		if e.Questions[i].Ranked {
			out = append(out, t.Ciphertexts[i])
		}
	}
	return out
}

// mixed is the tally with the ranked questions' ciphertexts replaced.
func (t *Tally) mixed(e *Election, by [][]Ciphertext) *Tally {
	c := *t
	c.Ciphertexts = make([][]Ciphertext, len(t.Ciphertexts))
	for i := range e.Questions {
		c.Ciphertexts[i] = t.Ciphertexts[i]
		if e.Questions[i].Ranked {
			c.Ciphertexts[i], by = by[0], by[1:]
		}
	}
	return &c
}

// generators returns the secondary generator and n independent ones.
func generators(g Group, n int) (Element, []Element, error) {
	h, err := g.independent(-1)
	if err != nil {
		return nil, nil, err
	}
	hs := make([]Element, n)
	for i := range hs {
		if hs[i], err = g.independent(i); err != nil {
			return nil, nil, err
		}
	}
	return h, hs, nil
}

func commas(b []byte, es []Element) []byte {
	for _, e := range es {
		b = append(append(b, e.String()...), ',')
	}
	return b
}

func commasPairs(b []byte, cs []Ciphertext) []byte {
	for _, c := range cs {
		b = commas(b, []Element{c.Alpha, c.Beta})
	}
	return b
}

// shuffleChallenges are u, one per ciphertext, from what is mixed and the commitment to the permutation.
func shuffleChallenges(g Group, phi string, strC []byte, n int) []Scalar {
	d := sha256.Sum256(append(concat("shuffle-challenges|", phi, "|"), strC...))
	top := hex.EncodeToString(d[:])
	u := make([]Scalar, n)
	for i := range u {
		t := sha256.Sum256([]byte(strconv.Itoa(i)))
		u[i] = hash(g, []byte(top+hex.EncodeToString(t[:])))
	}
	return u
}

func shuffleChallenge(e *Election, p *ShuffleProof, strC []byte) Scalar {
	b := concat("shuffle-challenge|", e.phi, "|")
	b = commas(b, []Element{p.T1, p.T2, p.T3, p.T41, p.T42})
	b = commas(b, p.THat)
	b = append(b, strC...)
	b = commas(b, p.CHat)
	return hash(e.Group, append(b, e.PublicKey.String()...))
}

// CheckShuffle verifies that a shuffle mixes from. It returns [ReasonShuffle], [ReasonShape] or [ReasonMembership].
func (e *Election) CheckShuffle(from [][]Ciphertext, s *Shuffle) error {
	if len(s.Ciphertexts) != len(from) || len(s.Proofs) != len(from) {
		return fail(ReasonShape, ruleShuffles, "%d ranked questions, %d lists of ciphertexts, %d proofs", len(from), len(s.Ciphertexts), len(s.Proofs))
	}
	for i := range from {
		if err := e.checkShuffle(from[i], s.Ciphertexts[i], &s.Proofs[i]); err != nil {
			return at(err, "ranked question %d", i+1)
		}
	}
	return nil
}

func (e *Election) checkShuffle(from, to []Ciphertext, p *ShuffleProof) error {
	g, n := e.Group, len(from)
	if len(to) != n || len(p.THat) != n || len(p.SHat) != n || len(p.SPrime) != n || len(p.C) != n || len(p.CHat) != n {
		return fail(ReasonShape, ruleShuffles, "the shuffle is not of %d ciphertexts", n)
	}
	if n == 0 {
		return fail(ReasonShape, ruleShuffles, "there is nothing to shuffle")
	}
	all := []Element{p.T1, p.T2, p.T3, p.T41, p.T42}
	all = append(append(append(all, p.THat...), p.C...), p.CHat...)
	var inA, inB, outA, outB []Element
	for i := range from {
		inA, inB = append(inA, from[i].Alpha), append(inB, from[i].Beta)
		outA, outB = append(outA, to[i].Alpha), append(outB, to[i].Beta)
	}
	if g.members(append(append(all, outA...), outB...)) >= 0 {
		return fail(ReasonMembership, ruleGroups, "an element is not in the subgroup of prime order")
	}
	h, hs, err := generators(g, n)
	if err != nil {
		return err
	}
	strC := commas(commasPairs(commasPairs(nil, from), to), p.C)
	u := shuffleChallenges(g, e.phi, strC, n)
	c := shuffleChallenge(e, p, strC)
	minus := g.sub(g.small(0), c)

	one := g.small(1)
	ones := make([]Scalar, n)
	product := one
	for i := range u {
		ones[i] = one
		product = g.mul(product, u[i])
	}
	base, y := g.generator(), e.PublicKey
	pow := func(es []Element, ss []Scalar) Element { return g.product(es, ss) }
	cBar := quotient(g, pow(p.C, ones), pow(hs, ones))
	cHat := quotient(g, p.CHat[n-1], pow([]Element{h}, []Scalar{product}))
	cTilde := pow(p.C, u)
	alpha, beta := pow(inA, u), pow(inB, u)
	with := func(es []Element, ss []Scalar, more ...any) Element {
		for i := 0; i < len(more); i += 2 {
			es, ss = append(es[:len(es):len(es)], more[i].(Element)), append(ss[:len(ss):len(ss)], more[i+1].(Scalar))
		}
		return pow(es, ss)
	}
	minus4 := g.sub(g.small(0), p.S4)
	checks := []struct {
		name string
		want Element
		got  Element
	}{
		{"t1", p.T1, with(nil, nil, cBar, minus, base, p.S1)},
		{"t2", p.T2, with(nil, nil, cHat, minus, base, p.S2)},
		{"t3", p.T3, with(hs, p.SPrime, cTilde, minus, base, p.S3)},
		{"t41", p.T41, with(outB, p.SPrime, beta, minus, y, minus4)},
		{"t42", p.T42, with(outA, p.SPrime, alpha, minus, base, minus4)},
	}
	for _, k := range checks {
		if !g.equal(k.want, k.got) {
			return fail(ReasonShuffle, ruleShuffleProof, "the equation of %s does not hold", k.name)
		}
	}
	last := h
	for i := range n {
		if !g.equal(p.THat[i], with(nil, nil, p.CHat[i], minus, base, p.SHat[i], last, p.SPrime[i])) {
			return fail(ReasonShuffle, ruleShuffleProof, "the equation of that_%d does not hold", i+1)
		}
		last = p.CHat[i]
	}
	return nil
}

// Shuffle mixes the ranked answers of a verified archive. It refuses an archive that is not being shuffled ([ReasonOrder]).
func (r *Report) Shuffle(random io.Reader) (*Shuffle, error) {
	if err := r.readyToShuffle(); err != nil {
		return nil, err
	}
	return r.Election.MakeShuffle(random, r.Tally.mixable(r.Election))
}

// AcceptShuffle verifies a shuffle that is to be appended to a verified archive.
func (r *Report) AcceptShuffle(owner int, raw []byte) error {
	if err := r.readyToShuffle(); err != nil {
		return err
	}
	if r.Trustees.Key(owner) == nil || slices.Contains(r.Shuffles, owner) {
		return fail(ReasonOwner, ruleShuffles, "there is no trustee %d, or one who has shuffled already", owner)
	}
	s, err := ParseShuffle(r.Election.Group, raw)
	if err != nil {
		return err
	}
	return at(r.Election.CheckShuffle(r.Tally.mixable(r.Election), s), "shuffle of trustee %d", owner)
}

func (r *Report) readyToShuffle() error {
	if !r.Election.Ranked() || r.Stage != EventTally && r.Stage != EventShuffle {
		return fail(ReasonOrder, ruleShuffles, "the archive is not to be shuffled: it ends with %s", r.Stage)
	}
	return nil
}
