package belenios

import "errors"

// claim is one proof being verified: its commitments are computed first, printed together with those of the
// other proofs, and hashed last.
type claim struct {
	prefix   []byte
	commits  []Element
	sum      Scalar // of the challenges
	reason   Reason
	rule     string
	question int
	choice   int // from 1, or 0
}

// claims are the proofs of one ballot.
type claims struct {
	e    *Election
	list []claim
	held []powers
}

// Check verifies everything about a ballot that can be seen without the other ballots: every element is in the
// subgroup, every proof of every answer verifies, and the signature is that of the credential. It does not look
// whether the credential is on the roll, nor whether the ballot is a repetition: those depend on the archive.
func (e *Election) Check(b *Ballot) error {
	e.prepare()
	v := &claims{e: e}
	defer func() {
		for _, p := range v.held {
			p.release()
		}
	}()
	s0 := e.phi + "|" + b.Credential
	for i := range e.Questions {
		if err := v.answer(s0, i, &b.Answers[i]); err != nil {
			return at(err, "question %d", i+1)
		}
	}
	v.signature(b)
	err := v.verify()
	var bad *Error
	if (err == nil || errors.As(err, &bad) && bad.Reason == ReasonSignature) && b.SignatureHash != b.unsigned {
		return at(fail(ReasonSignatureHash, ruleSignatures, "the hash is %.50q, that of the ballot %q", b.SignatureHash, b.unsigned), "signature")
	}
	return err
}

func (v *claims) add(c claim) { v.list = append(v.list, c) }

// verify prints all commitments at once and compares each hash with the sum of the challenges.
func (v *claims) verify() error {
	g := v.e.Group
	var all []Element
	for i := range v.list {
		all = append(all, v.list[i].commits...)
	}
	g.print(all)
	for i := range v.list {
		c := &v.list[i]
		if g.same(hash(g, joined(c.prefix, c.commits...)), c.sum) {
			continue
		}
		err := error(fail(c.reason, c.rule, "the %s does not verify", c.reason))
		if c.choice > 0 {
			err = at(err, "choice %d", c.choice)
		}
		if c.question > 0 {
			err = at(err, "question %d", c.question)
		}
		return err
	}
	return nil
}

func (v *claims) signature(b *Ballot) {
	g := v.e.Group
	// A = g^response S^challenge
	a := g.multiply(v.e.gTable.exp(b.Signature.Response), g.powers(b.credential, 1).exp(b.Signature.Challenge))
	v.add(claim{prefix: concat("sig|", b.SignatureHash, "|"), commits: []Element{a}, sum: b.Signature.Challenge,
		reason: ReasonSignature, rule: ruleSignatures})
}

// base is a ciphertext made ready for exponents.
type base struct{ alpha, beta powers }

func (v *claims) base(c Ciphertext, uses int) base {
	b := base{v.e.Group.powers(c.Alpha, uses), v.e.Group.powers(c.Beta, uses)}
	v.held = append(v.held, b.alpha, b.beta)
	return b
}

func (b base) member() bool { return b.alpha.member() && b.beta.member() }

// commitments computes, for the statement that the ciphertext encrypts m, the pair
// A = g^response alpha^challenge, B = y^response (beta/g^m)^challenge.
func (v *claims) commitments(to []Element, b base, m int, p Proof) []Element {
	e, g := v.e, v.e.Group
	first := g.multiply(e.gTable.exp(p.Response), b.alpha.exp(p.Challenge))
	second := g.multiply(e.yTable.exp(p.Response), b.beta.exp(p.Challenge))
	if m > 0 {
		c := p.Challenge
		if m > 1 {
			c = g.mul(c, g.small(int64(m)))
		}
		second = g.multiply(second, g.inverse(e.gTable.exp(c)))
	}
	return append(to, first, second)
}

func (v *claims) answer(s0 string, i int, a *Answer) error {
	q, g := &v.e.Questions[i], v.e.Group
	if q.Ranked {
		return v.ranked(s0, i, a)
	}
	// S is S0 and all ciphertexts (specification, Homomorphic answers).
	s := concat(s0, "|")
	for j, c := range a.Choices {
		if j > 0 {
			s = append(s, ',')
		}
		s = joined(s, c.Alpha, c.Beta)
	}
	var first base
	alphas, betas := make([]powers, 0, len(a.Choices)), make([]powers, 0, len(a.Choices))
	for j, c := range a.Choices {
		uses := 2
		if q.Blank && j == 0 {
			uses = 4
		}
		b := v.base(c, uses)
		if !b.member() {
			return at(fail(ReasonMembership, ruleGroups, "the ciphertext is not in the subgroup of prime order"), "choice %d", j+1)
		}
		if j == 0 {
			first = b
		}
		alphas, betas = append(alphas, b.alpha), append(betas, b.beta)
		commits := v.commitments(make([]Element, 0, 4), b, 0, a.Individual[j][0])
		commits = v.commitments(commits, b, 1, a.Individual[j][1])
		prefix := append(joined(concat("prove|", s0, "|"), c.Alpha, c.Beta), '|')
		v.add(claim{prefix: prefix, commits: commits, sum: sum(g, a.Individual[j]),
			reason: ReasonIndividualProof, rule: ruleInterval, question: i + 1, choice: j + 1})
	}
	chosen := a.Choices
	if q.Blank {
		chosen = chosen[1:]
	}
	total := chosen[0]
	for _, c := range chosen[1:] {
		total = Ciphertext{g.multiply(total.Alpha, c.Alpha), g.multiply(total.Beta, c.Beta)}
	}
	if q.Blank {
		v.blank(s, i, a, first, v.base(total, q.Max-q.Min+2))
		return nil
	}
	g.print([]Element{total.Alpha, total.Beta})
	uses := q.Max - q.Min + 1
	b := base{g.sumPowers(alphas, total.Alpha, uses), g.sumPowers(betas, total.Beta, uses)}
	v.held = append(v.held, b.alpha, b.beta)
	var commits []Element
	for m := q.Min; m <= q.Max; m++ {
		commits = v.commitments(commits, b, m, a.Overall[m-q.Min])
	}
	prefix := append(joined(concat("prove|", string(s), "|"), total.Alpha, total.Beta), '|')
	v.add(claim{prefix: prefix, commits: commits, sum: sum(g, a.Overall),
		reason: ReasonOverallProof, rule: ruleInterval, question: i + 1})
	return nil
}

// blank adds the two proofs of an answer that may be blank (specification, Proofs of possibly-blank votes): that
// m0 = 0 or the sum is 0, and that m0 = 1 or the sum is in bounds.
func (v *claims) blank(s []byte, i int, a *Answer, first, total base) {
	q, g := &v.e.Questions[i], v.e.Group
	commits := v.commitments(nil, first, 0, a.Blank[0])
	commits = v.commitments(commits, total, 0, a.Blank[1])
	v.add(claim{prefix: concat("bproof0|", string(s), "|"), commits: commits, sum: sum(g, a.Blank),
		reason: ReasonBlankProof, rule: ruleBlank, question: i + 1})
	commits = v.commitments(nil, first, 1, a.Overall[0])
	for m := q.Min; m <= q.Max; m++ {
		commits = v.commitments(commits, total, m, a.Overall[m-q.Min+1])
	}
	v.add(claim{prefix: concat("bproof1|", string(s), "|"), commits: commits, sum: sum(g, a.Overall),
		reason: ReasonOverallProof, rule: ruleBlank, question: i + 1})
}

// ranked adds the proof that the voter knows the randomness of a ranked answer, so that nobody casts another's
// answer again as their own.
func (v *claims) ranked(s0 string, i int, a *Answer) error {
	g := v.e.Group
	c := a.Choices[0]
	alpha := g.powers(c.Alpha, 2)
	if !alpha.member() || !g.member(c.Beta) {
		return fail(ReasonMembership, ruleGroups, "the ciphertext is not in the subgroup of prime order")
	}
	commit := g.multiply(v.e.gTable.exp(a.Plaintext.Response), alpha.exp(a.Plaintext.Challenge))
	prefix := append(joined(concat("raweg|", s0, "|"), v.e.PublicKey, c.Alpha, c.Beta), '|')
	v.add(claim{prefix: prefix, commits: []Element{commit}, sum: a.Plaintext.Challenge,
		reason: ReasonPlaintextProof, rule: ruleRanked, question: i + 1})
	return nil
}

// sum is the sum of the challenges.
func sum(g Group, ps []Proof) Scalar {
	s := ps[0].Challenge
	for _, p := range ps[1:] {
		s = g.add(s, p.Challenge)
	}
	return s
}
