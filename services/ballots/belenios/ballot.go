package belenios

import (
	"fmt"
)

// Answer is an encrypted answer to one question (specification, Encrypted answers).
type Answer struct {
	// Choices are the ciphertexts: one per answer, before them the one of the blank vote if that is allowed;
	// one alone for a ranked question.
	Choices []Ciphertext
	// Individual proves of each choice that it is 0 or 1.
	Individual [][]Proof
	// Overall proves that the sum is in bounds.
	Overall []Proof
	// Blank proves that a blank vote chooses nothing.
	Blank []Proof
	// Plaintext proves that the voter knows what the ranked answer is.
	Plaintext Proof
}

// Ballot is a signed, encrypted vote (specification, Ballots).
type Ballot struct {
	// Credential is the public credential in its printed form.
	Credential string
	// Answers are one per question.
	Answers []Answer
	// SignatureHash and Signature are the signature.
	SignatureHash string
	Signature     Proof
	// Tracker is the smart ballot tracker: the fingerprint of the whole ballot.
	Tracker string

	credential Element
	unsigned   string // Fingerprint of the ballot without signature
}

// ParseBallot reads a ballot of the election in canonical form. It checks spelling and shape, no proofs, and not yet
// that elements are in the subgroup: [Election.Check] does.
func (e *Election) ParseBallot(raw []byte) (*Ballot, error) {
	b, err := e.parseBallot(raw)
	if err != nil {
		return nil, at(err, "ballot")
	}
	return b, nil
}

func (e *Election) parseBallot(raw []byte) (*Ballot, error) {
	e.prepare()
	b := &Ballot{}
	c := &cursor{s: string(raw)}
	if !c.maybe(e.ballotAt) {
		return nil, e.wrongStart(string(raw))
	}
	b.Credential = c.token()
	if c.err == nil {
		cred, err := e.Group.decode(b.Credential)
		if err != nil {
			return nil, at(err, "credential")
		}
		b.credential = cred
	}
	c.lit(`,"answers":[`)
	for i := range e.Questions {
		if i > 0 {
			c.lit(",")
		}
		a, err := e.parseAnswer(c, &e.Questions[i])
		if err != nil {
			return nil, at(err, "question %d", i+1)
		}
		b.Answers = append(b.Answers, a)
	}
	c.lit("]")
	end := c.i
	c.lit(`,"signature":{"hash":`)
	b.SignatureHash = c.token()
	c.lit(`,"proof":`)
	b.Signature = c.proof(e.Group)
	c.lit(`}}`)
	if err := c.end(); err != nil {
		return nil, err
	}
	b.unsigned = Fingerprint(append(raw[:end:end], '}'))
	b.Tracker = Fingerprint(raw)
	return b, nil
}

// wrongStart says why raw does not begin as a ballot of this election does.
func (e *Election) wrongStart(raw string) error {
	c := &cursor{s: raw}
	c.lit(`{"election_uuid":`)
	uuid := c.token()
	c.lit(`,"election_hash":`)
	phi := c.token()
	c.lit(`,"credential":`)
	switch {
	case c.err != nil:
		return c.err
	case uuid != e.UUID:
		return fail(ReasonFingerprint, ruleBallots, "the ballot is for election %.40q, not %s", uuid, e.UUID)
	case phi != e.phi:
		return fail(ReasonFingerprint, ruleBallots, "the ballot is for an election with fingerprint %.50q, not %s", phi, e.phi)
	}
	return fail(ReasonFormat, ruleConventions, "not a ballot")
}

func (e *Election) parseAnswer(c *cursor, q *Question) (Answer, error) {
	var a Answer
	g := e.Group
	c.lit(`{"choices":`)
	if q.Ranked {
		a.Choices = []Ciphertext{c.ciphertext(g)}
		c.lit(`,"proof":`)
		a.Plaintext = c.proof(g)
		c.lit(`}`)
		return a, c.err
	}
	a.Choices = make([]Ciphertext, 0, q.choices())
	c.list(func(i int) {
		a.Choices = append(a.Choices, c.ciphertext(g))
		if c.err != nil {
			c.err = at(c.err, "choice %d", i+1)
		}
	})
	c.lit(`,"individual_proofs":`)
	c.list(func(i int) {
		a.Individual = append(a.Individual, c.proofs(g))
		if c.err != nil {
			c.err = at(c.err, "individual proof %d", i+1)
		}
	})
	c.lit(`,"overall_proof":`)
	a.Overall = c.proofs(g)
	if c.maybe(`,"blank_proof":`) {
		a.Blank = c.proofs(g)
	}
	c.lit(`}`)
	if c.err != nil {
		return a, c.err
	}
	return a, a.checkShape(q)
}

// checkShape compares the numbers of ciphertexts and proofs with the question.
func (a *Answer) checkShape(q *Question) error {
	n, alternatives, blank := q.choices(), q.Max-q.Min+1, 0
	if q.Blank {
		alternatives++
		blank = 2
	}
	count := func(what string, got, want int) error {
		if got == want {
			return nil
		}
		return fail(ReasonShape, ruleHomomorphic, "%d %s, not %d", want, what, got)
	}
	if err := count("choices", len(a.Choices), n); err != nil {
		return err
	}
	if err := count("individual proofs", len(a.Individual), n); err != nil {
		return err
	}
	for i := range a.Individual {
		if err := count(fmt.Sprintf("alternatives in individual proof %d", i+1), len(a.Individual[i]), 2); err != nil {
			return err
		}
	}
	if err := count("alternatives in the overall proof", len(a.Overall), alternatives); err != nil {
		return err
	}
	if a.Blank != nil && !q.Blank {
		return fail(ReasonShape, ruleHomomorphic, "a blank proof where no blank vote is allowed")
	}
	return count("alternatives in the blank proof", len(a.Blank), blank)
}

// encode writes the ballot without its signature if that is wanted, as it is hashed for signing.
func (e *Election) encode(b *Ballot, signed bool) []byte {
	g := e.Group
	out := append([]byte(nil), e.ballotAt...)
	out = appendQuoted(out, b.Credential)
	out = append(out, `,"answers":`...)
	out = appendList(out, len(b.Answers), func(out []byte, i int) []byte {
		a := &b.Answers[i]
		out = append(out, `{"choices":`...)
		if e.Questions[i].Ranked {
			out = appendCiphertext(out, a.Choices[0])
			out = appendProof(append(out, `,"proof":`...), g, a.Plaintext)
			return append(out, '}')
		}
		out = appendCiphertexts(out, a.Choices)
		out = append(out, `,"individual_proofs":`...)
		out = appendList(out, len(a.Individual), func(out []byte, j int) []byte { return appendProofs(out, g, a.Individual[j]) })
		out = appendProofs(append(out, `,"overall_proof":`...), g, a.Overall)
		if a.Blank != nil {
			out = appendProofs(append(out, `,"blank_proof":`...), g, a.Blank)
		}
		return append(out, '}')
	})
	if signed {
		out = appendQuoted(append(out, `,"signature":{"hash":`...), b.SignatureHash)
		out = appendProof(append(out, `,"proof":`...), g, b.Signature)
		out = append(out, '}')
	}
	return append(out, '}')
}
