package belenios

import (
	"math/big"
	"slices"
	"strconv"
)

// Tally is the encrypted tally: per question the ciphertexts, for a homomorphic question the products over all
// ballots, for a ranked one the ballots' own, sorted (specification, Encrypted tally).
type Tally struct {
	Ciphertexts [][]Ciphertext
	// Ballots is how many count, Weight the sum of their weights.
	Ballots int
	Weight  int64
}

// newTally returns the tally of no ballots.
func newTally(e *Election) *Tally {
	t := &Tally{Ciphertexts: make([][]Ciphertext, len(e.Questions))}
	for i := range e.Questions {
		if q := &e.Questions[i]; !q.Ranked {
			t.Ciphertexts[i] = make([]Ciphertext, q.choices())
			for j := range t.Ciphertexts[i] {
				t.Ciphertexts[i][j] = Ciphertext{e.Group.identity(), e.Group.identity()}
			}
		}
	}
	return t
}

// power raises a ciphertext to a small public weight, which may be negative.
func (c Ciphertext) power(g Group, w int64) Ciphertext {
	switch w {
	case 1:
		return c
	case -1:
		return Ciphertext{g.inverse(c.Alpha), g.inverse(c.Beta)}
	}
	s := []Scalar{g.small(w)}
	return Ciphertext{g.product([]Element{c.Alpha}, s), g.product([]Element{c.Beta}, s)}
}

// add counts the homomorphic answers of a ballot w times; a negative w takes them out again.
func (t *Tally) add(e *Election, b *Ballot, w int64) {
	g := e.Group
	for i := range e.Questions {
		if e.Questions[i].Ranked {
			continue
		}
		for j, c := range b.Answers[i].Choices {
			c = c.power(g, w)
			sum := &t.Ciphertexts[i][j]
			*sum = Ciphertext{g.multiply(sum.Alpha, c.Alpha), g.multiply(sum.Beta, c.Beta)}
		}
	}
}

// addRanked puts in the ranked answers of a ballot.
func (t *Tally) addRanked(e *Election, answers []Ciphertext) {
	for i := range e.Questions {
		if e.Questions[i].Ranked {
			t.Ciphertexts[i] = append(t.Ciphertexts[i], answers[0])
			answers = answers[1:]
		}
	}
}

// ranked are the ranked answers of a ballot.
func (b *Ballot) ranked(e *Election) []Ciphertext {
	var out []Ciphertext
	for i := range e.Questions {
		if e.Questions[i].Ranked {
			out = append(out, b.Answers[i].Choices[0])
		}
	}
	return out
}

// merge adds the sums of another tally.
func (t *Tally) merge(e *Election, o *Tally) {
	g := e.Group
	for i := range e.Questions {
		if e.Questions[i].Ranked {
			continue
		}
		for j, c := range o.Ciphertexts[i] {
			sum := &t.Ciphertexts[i][j]
			*sum = Ciphertext{g.multiply(sum.Alpha, c.Alpha), g.multiply(sum.Beta, c.Beta)}
		}
	}
}

// finish sorts ranked questions and prints.
func (t *Tally) finish(e *Election) {
	g := e.Group
	var all []Element
	for _, cs := range t.Ciphertexts {
		for _, c := range cs {
			all = append(all, c.Alpha, c.Beta)
		}
	}
	g.print(all)
	for i := range e.Questions {
		if e.Questions[i].Ranked {
			slices.SortFunc(t.Ciphertexts[i], func(a, b Ciphertext) int {
				if c := g.compare(a.Alpha, b.Alpha); c != 0 {
					return c
				}
				return g.compare(a.Beta, b.Beta)
			})
		}
	}
}

// Encode writes the tally as the archive has it.
func (t *Tally) Encode() []byte {
	return appendList(nil, len(t.Ciphertexts), func(b []byte, i int) []byte { return appendCiphertexts(b, t.Ciphertexts[i]) })
}

// sized writes the structure that names the tally and says what it is of.
func (t *Tally) sized(hash string) []byte {
	b := strconv.AppendInt([]byte(`{"num_tallied":`), int64(t.Ballots), 10)
	b = appendWeight(append(b, `,"total_weight":`...), t.Weight)
	b = appendQuoted(append(b, `,"encrypted_tally":`...), hash)
	return append(b, '}')
}

// appendWeight writes a weight: a number up to 2^30-1, a decimal string above.
func appendWeight(b []byte, w int64) []byte {
	if w > 1<<30-1 {
		return appendQuoted(b, strconv.FormatInt(w, 10))
	}
	return strconv.AppendInt(b, w, 10)
}

func (c *cursor) weight() int64 {
	if c.err != nil || c.i >= len(c.s) || c.s[c.i] != '"' {
		return c.number(1<<30 - 1)
	}
	s := c.token()
	n, err := strconv.ParseInt(s, 10, 64)
	if c.err == nil && (err != nil || n <= 1<<30-1 || n > maxTotalWeight || !canonicalDecimal(s, 19)) {
		c.fail("a weight above 1073741823")
	}
	return n
}

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

// Result is what an election says in the end (specification, Election result). Exactly one of the two is set for
// each question.
type Result struct {
	// Counts are, of a homomorphic question, the sums: of the blank vote first if it is allowed.
	Counts [][]int64
	// Rankings are, of a ranked question, the numbers that each ballot gave to the answers.
	Rankings [][][]int
}

// Encode writes the result as the archive has it.
func (r *Result) Encode() []byte {
	b := appendList([]byte(`{"result":`), len(r.Counts), func(b []byte, i int) []byte {
		if r.Rankings[i] != nil {
			return appendList(b, len(r.Rankings[i]), func(b []byte, j int) []byte {
				v := r.Rankings[i][j]
				return appendList(b, len(v), func(b []byte, k int) []byte { return strconv.AppendInt(b, int64(v[k]), 10) })
			})
		}
		return appendList(b, len(r.Counts[i]), func(b []byte, j int) []byte { return appendWeight(b, r.Counts[i][j]) })
	})
	return append(b, '}')
}

// ParseResult is the inverse of Encode for an election's questions.
func (e *Election) ParseResult(raw []byte) (*Result, error) {
	r := &Result{Counts: make([][]int64, len(e.Questions)), Rankings: make([][][]int, len(e.Questions))}
	c := &cursor{s: string(raw)}
	c.lit(`{"result":[`)
	for i := range e.Questions {
		if i > 0 {
			c.lit(",")
		}
		if e.Questions[i].Ranked {
			r.Rankings[i] = [][]int{}
			c.list(func(int) {
				v := []int{}
				c.list(func(int) { v = append(v, int(c.number(255))) })
				r.Rankings[i] = append(r.Rankings[i], v)
			})
			continue
		}
		r.Counts[i] = []int64{}
		c.list(func(int) { r.Counts[i] = append(r.Counts[i], c.weight()) })
	}
	c.lit(`]}`)
	if err := c.end(); err != nil {
		return nil, at(err, "result")
	}
	return r, nil
}

// checkResult verifies a claimed result against the combined factors: g^count must be beta/factor, and a ranking
// what beta/factor carries.
func (e *Election) checkResult(t *Tally, factors [][]Element, r *Result) error {
	g := e.Group
	e.prepare()
	for i := range e.Questions {
		q, cs := &e.Questions[i], t.Ciphertexts[i]
		if q.Ranked {
			if len(r.Rankings[i]) != len(cs) {
				return fail(ReasonResult, ruleResult, "question %d: %d rankings for %d ballots", i+1, len(r.Rankings[i]), len(cs))
			}
			for j, c := range cs {
				if v := g.extract(quotient(g, c.Beta, factors[i][j]), len(q.Answers)); !slices.Equal(v, r.Rankings[i][j]) {
					return fail(ReasonResult, ruleResult, "question %d, ballot %d: the decryption gives %v, the result says %v", i+1, j+1, v, r.Rankings[i][j])
				}
			}
			continue
		}
		if len(r.Counts[i]) != len(cs) {
			return fail(ReasonResult, ruleResult, "question %d: %d counts for %d choices", i+1, len(r.Counts[i]), len(cs))
		}
		for j, c := range cs {
			n := r.Counts[i][j]
			if n > t.Weight || !g.equal(e.gTable.exp(g.small(n)), quotient(g, c.Beta, factors[i][j])) {
				return fail(ReasonResult, ruleResult, "question %d, choice %d: the result says %d, the decryption something else", i+1, j+1, n)
			}
		}
	}
	return nil
}

// ComputeResult decrypts with the shares of the trustees. Decryptions are verified first.
func (e *Election) ComputeResult(t *Tally, trustees *Trustees, owned []OwnedDecryption) (*Result, error) {
	g := e.Group
	var shares []share
	for _, o := range owned {
		if o.Owner < 1 || o.Owner > trustees.Len() || slices.ContainsFunc(shares, func(s share) bool { return s.owner == o.Owner }) {
			return nil, fail(ReasonOwner, ruleDecryptions, "a second decryption of trustee %d, or no such trustee", o.Owner)
		}
		if err := e.CheckDecryption(t, trustees.holders[o.Owner-1].key, o.Decryption); err != nil {
			return nil, at(err, "decryption of trustee %d", o.Owner)
		}
		shares = append(shares, share{o.Owner, o.Decryption.Factors})
	}
	factors, err := trustees.combine(g, t.Ciphertexts, shares)
	if err != nil {
		return nil, err
	}
	r := &Result{Counts: make([][]int64, len(e.Questions)), Rankings: make([][][]int, len(e.Questions))}
	for i := range e.Questions {
		q := &e.Questions[i]
		if q.Ranked {
			r.Rankings[i] = [][]int{}
		}
		for j, c := range t.Ciphertexts[i] {
			m := quotient(g, c.Beta, factors[i][j])
			if q.Ranked {
				r.Rankings[i] = append(r.Rankings[i], g.extract(m, len(q.Answers)))
				continue
			}
			n, err := logarithm(g, m, t.Weight)
			if err != nil {
				return nil, at(err, "question %d, choice %d", i+1, j+1)
			}
			r.Counts[i] = append(r.Counts[i], n)
		}
	}
	return r, nil
}

// OwnedDecryption is a partial decryption with the number of its trustee, from 1.
type OwnedDecryption struct {
	Owner      int
	Decryption *Decryption
}

// logarithm finds n from 0 to most with g^n = e, by baby steps and giant steps.
func logarithm(g Group, e Element, most int64) (int64, error) {
	step := new(big.Int).Sqrt(big.NewInt(most)).Int64() + 1
	baby := make(map[string]int64, step)
	const block = 1024
	current := g.identity()
	for i := int64(0); i < step; {
		es := make([]Element, 0, block)
		for ; int64(len(es)) < min(block, step-i); current = g.multiply(current, g.generator()) {
			es = append(es, g.multiply(current, g.identity()))
		}
		g.print(es)
		for _, b := range es {
			baby[b.String()] = i
			i++
		}
	}
	giant := g.inverse(current) // g^-step
	for k := int64(0); k*step <= most; {
		es := make([]Element, 0, block)
		for ; int64(len(es)) < min(block, most/step+1-k); e = g.multiply(e, giant) {
			es = append(es, g.multiply(e, g.identity()))
		}
		g.print(es)
		for _, b := range es {
			if i, ok := baby[b.String()]; ok && k*step+i <= most {
				return k*step + i, nil
			}
			k++
		}
	}
	return 0, fail(ReasonResult, ruleResult, "no count up to %d gives this element", most)
}
