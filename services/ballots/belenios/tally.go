package belenios

import (
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
