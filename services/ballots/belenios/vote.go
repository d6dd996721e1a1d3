package belenios

import (
	"io"
	"slices"
)

// Choices are a vote before it is encrypted: one list per question. For a homomorphic question it has a 0 or 1 per
// answer, with that of the blank vote first if it is allowed; for a ranked one a number per answer.
type Choices [][]int

// CheckChoices refuses a vote that the questions do not allow ([ReasonChoice]).
func (e *Election) CheckChoices(v Choices) error {
	if len(v) != len(e.Questions) {
		return fail(ReasonChoice, ruleQuestions, "%d questions are asked, %d answered", len(e.Questions), len(v))
	}
	for i := range v {
		if err := e.Questions[i].checkChoice(v[i]); err != nil {
			return at(err, "question %d", i+1)
		}
	}
	return nil
}

func (q *Question) checkChoice(v []int) error {
	want, most := q.choices(), 1
	if q.Ranked {
		want, most = len(q.Answers), 255
	}
	if len(v) != want {
		return fail(ReasonChoice, ruleQuestions, "the vote has %d numbers, %d are wanted", len(v), want)
	}
	chosen := 0
	for _, n := range v {
		if n < 0 || n > most {
			return fail(ReasonChoice, ruleQuestions, "%d is not a number from 0 to %d", n, most)
		}
		chosen += n
	}
	switch {
	case q.Ranked:
		return nil
	case q.Blank && v[0] == 1:
		if chosen > 1 {
			return fail(ReasonChoice, ruleQuestions, "a blank vote chooses nothing")
		}
		return nil
	case chosen < q.Min || chosen > q.Max:
		return fail(ReasonChoice, ruleQuestions, "from %d to %d answers may be chosen, not %d", q.Min, q.Max, chosen)
	}
	return nil
}

// Vote makes a ballot: it encrypts the choices, proves that they are allowed, and signs with the credential. It
// returns the ballot's exact bytes; [Fingerprint] of them is the tracker. What it does takes the same time whatever
// is chosen, but for the ranked answers, whose encoding into an element tries out numbers.
func (e *Election) Vote(r io.Reader, c Credential, v Choices) ([]byte, error) {
	if err := e.CheckChoices(v); err != nil {
		return nil, err
	}
	secret, err := c.Secret(e.Group, e.UUID)
	if err != nil {
		return nil, err
	}
	return e.vote(r, secret, v)
}

func (e *Election) vote(r io.Reader, secret Scalar, v Choices) ([]byte, error) {
	e.prepare()
	g := e.Group
	credential := g.commit(secret)
	g.print([]Element{credential})
	b := &Ballot{Credential: credential.String()}
	s0 := e.phi + "|" + b.Credential
	for i := range e.Questions {
		m := &maker{e: e, r: r, q: &e.Questions[i]}
		var a Answer
		if m.q.Ranked {
			a = m.ranked(s0, v[i])
		} else {
			a = m.homomorphic(s0, v[i])
		}
		if m.err != nil {
			return nil, at(m.err, "question %d", i+1)
		}
		b.Answers = append(b.Answers, a)
	}
	b.SignatureHash = Fingerprint(e.encode(b, false))
	var err error
	if b.Signature, err = schnorr(r, g, concat("sig|", b.SignatureHash, "|"), secret); err != nil {
		return nil, err
	}
	return e.encode(b, true), nil
}

// maker makes an answer to one question.
type maker struct {
	e   *Election
	r   io.Reader
	q   *Question
	err error
}

func (m *maker) random() Scalar {
	s, err := m.e.Group.random(m.r)
	if err != nil {
		m.err = err
		return m.e.Group.small(0)
	}
	return s
}

// sealed is a ciphertext with what is secret about it.
type sealed struct {
	Ciphertext
	r Scalar
	m int
}

// seal encrypts g^n: alpha = g^r, beta = y^r g^n.
func (m *maker) seal(n int) sealed {
	g := m.e.Group
	r := m.random()
	alpha, beta := g.commit(r), g.blend(g.raise(m.e.PublicKey, r), g.commit(g.small(int64(n))))
	return sealed{Ciphertext{alpha, beta}, r, n}
}

func (m *maker) homomorphic(s0 string, v []int) Answer {
	g := m.e.Group
	all := make([]sealed, len(v))
	var es []Element
	a := Answer{Choices: make([]Ciphertext, len(v)), Individual: make([][]Proof, len(v))}
	for j, n := range v {
		all[j] = m.seal(n)
		a.Choices[j] = all[j].Ciphertext
		es = append(es, all[j].Alpha, all[j].Beta)
	}
	g.print(es)
	s := concat(s0, "|")
	for j, c := range all {
		if j > 0 {
			s = append(s, ',')
		}
		s = joined(s, c.Alpha, c.Beta)
	}
	for j, c := range all {
		prefix := append(joined(concat("prove|", s0, "|"), c.Alpha, c.Beta), '|')
		a.Individual[j] = m.prove(prefix, []claimed{{c, 0}, {c, 1}}, c.m)
	}
	chosen := all
	if m.q.Blank {
		chosen = all[1:]
	}
	total := chosen[0]
	for _, c := range chosen[1:] {
		total = sealed{Ciphertext{g.multiply(total.Alpha, c.Alpha), g.multiply(total.Beta, c.Beta)}, g.add(total.r, c.r), total.m + c.m}
	}
	var bounds []claimed
	for n := m.q.Min; n <= m.q.Max; n++ {
		bounds = append(bounds, claimed{total, n})
	}
	if !m.q.Blank {
		g.print([]Element{total.Alpha, total.Beta})
		prefix := append(joined(concat("prove|", string(s), "|"), total.Alpha, total.Beta), '|')
		a.Overall = m.prove(prefix, bounds, total.m-m.q.Min)
		return a
	}
	blank := all[0]
	// Which of the alternatives is true is secret, so it is computed without a branch: blank.m is 0 or 1.
	a.Blank = m.prove(concat("bproof0|", string(s), "|"), []claimed{{blank, 0}, {total, 0}}, blank.m)
	a.Overall = m.prove(concat("bproof1|", string(s), "|"), append([]claimed{{blank, 1}}, bounds...),
		(1-blank.m)*(total.m-m.q.Min+1))
	return a
}

// claimed is one alternative of a disjunction: that c encrypts g^value.
type claimed struct {
	c     sealed
	value int
}

// prove proves that one of the alternatives is true without saying which (specification, Proofs of interval
// membership). truth is the index of one that is.
//
// For a false alternative, challenge c and response s are drawn, and the commitments follow: A = g^s alpha^c,
// B = y^s (beta/g^value)^c. As alpha = g^r and beta = y^r g^m, these are g^e and y^e g^((m-value)c) with e = s + rc,
// which is cheaper. For the true one c is 0 at first, which makes the same formulas its commitments, and the rest of
// the hash becomes its challenge at the end. So every alternative costs the same, and nothing branches on truth.
func (m *maker) prove(prefix []byte, alternatives []claimed, truth int) []Proof {
	g := m.e.Group
	zero, one := g.small(0), g.small(1)
	ps := make([]Proof, len(alternatives))
	chosen := make([]Scalar, len(alternatives))
	sumOthers := zero
	commits := make([]Element, 0, 2*len(alternatives))
	for j, a := range alternatives {
		chosen[j] = g.small(int64(isZero(j - truth)))
		c := g.mul(m.random(), g.sub(one, chosen[j]))
		s := m.random()
		exponent := g.add(s, g.mul(a.c.r, c))
		off := g.mul(g.small(int64(a.c.m-a.value)), c)
		commits = append(commits, g.commit(exponent),
			g.blend(g.raise(m.e.PublicKey, exponent), g.commit(off)))
		ps[j] = Proof{c, s}
		sumOthers = g.add(sumOthers, c)
	}
	g.print(commits)
	rest := g.sub(hash(g, joined(slices.Clip(prefix), commits...)), sumOthers)
	for j, a := range alternatives {
		mine := g.mul(chosen[j], rest)
		ps[j].Challenge = g.add(ps[j].Challenge, mine)
		ps[j].Response = g.sub(ps[j].Response, g.mul(a.c.r, mine))
	}
	return ps
}

// isZero is 1 for 0 and 0 for everything else, without a branch.
func isZero(n int) int { return int((^(uint64(n) | -uint64(n))) >> 63) }

// ranked encrypts the numbers in one element and proves that the voter knows them.
func (m *maker) ranked(s0 string, v []int) Answer {
	g := m.e.Group
	message, err := g.embed(v)
	if err != nil {
		m.err = err
		return Answer{}
	}
	r := m.random()
	c := Ciphertext{g.commit(r), g.multiply(g.raise(m.e.PublicKey, r), message)}
	g.print([]Element{c.Alpha, c.Beta})
	prefix := append(joined(concat("raweg|", s0, "|"), m.e.PublicKey, c.Alpha, c.Beta), '|')
	proof, err := schnorr(m.r, g, prefix, r)
	if err != nil {
		m.err = err
	}
	return Answer{Choices: []Ciphertext{c}, Plaintext: proof}
}
