package belenios

import (
	"math/big"
	"slices"
	"strconv"
)

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

// ComputeResult decrypts the tally with the decryptions in the archive, which have been verified. Fewer than are
// needed give nothing ([ReasonMissing]).
func (r *Report) ComputeResult() (*Result, error) {
	if r.Tally == nil {
		return nil, fail(ReasonOrder, ruleResult, "there is no tally yet")
	}
	return r.Election.result(r.Tally, r.Trustees, r.given)
}

func (e *Election) result(t *Tally, trustees *Trustees, shares []share) (*Result, error) {
	g := e.Group
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
