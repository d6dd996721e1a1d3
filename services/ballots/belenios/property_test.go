package belenios

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// checks tries a property so many times, five times as often in the full run: each try may be a whole election.
func checks(t *testing.T, times int, f func(*rapid.T)) {
	t.Helper()
	if full() {
		times *= 5
	}
	for name, v := range map[string]string{"rapid.checks": strconv.Itoa(times), "rapid.nofailfile": "true"} {
		if err := flag.Set(name, v); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, f)
}

// source is randomness drawn by rapid.
func source(rt *rapid.T) *rand.ChaCha8 {
	var key [32]byte
	copy(key[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(rt, "seed"))
	return rand.NewChaCha8(key)
}

// anyQuestion draws a homomorphic question.
func anyQuestion(rt *rapid.T) Question {
	n := rapid.IntRange(1, 4).Draw(rt, "answers")
	q := Question{Text: rapid.String().Draw(rt, "text"), Blank: rapid.Bool().Draw(rt, "blank")}
	q.Min = rapid.IntRange(0, n).Draw(rt, "min")
	q.Max = rapid.IntRange(q.Min, n).Draw(rt, "max")
	for range n {
		q.Answers = append(q.Answers, rapid.String().Draw(rt, "answer"))
	}
	return q
}

// anyVote draws a vote that a homomorphic question allows.
func anyVote(rt *rapid.T, q Question) []int {
	v := make([]int, len(q.Answers))
	for _, i := range rapid.Permutation(indices(len(v))).Draw(rt, "chosen")[:rapid.IntRange(q.Min, q.Max).Draw(rt, "number")] {
		v[i] = 1
	}
	if !q.Blank {
		return v
	}
	if rapid.Bool().Draw(rt, "is blank") {
		return append([]int{1}, make([]int, len(q.Answers))...)
	}
	return append([]int{0}, v...)
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// TestTallyIsPlainTally: what comes out of the encrypted tally is the sum of the last votes.
func TestTallyIsPlainTally(t *testing.T) {
	checks(t, 12, func(rt *rapid.T) {
		qs := []Question{anyQuestion(rt), anyQuestion(rt)}
		voters := rapid.IntRange(1, 4).Draw(rt, "voters")
		m := makeElection(t, fmt.Sprint(source(rt).Uint64()), plan{group: Ed25519(), questions: qs, voters: voters})
		for range rapid.IntRange(1, 6).Draw(rt, "ballots") {
			m.vote(rapid.IntRange(0, voters-1).Draw(rt, "voter"), Choices{anyVote(rt, qs[0]), anyVote(rt, qs[1])})
		}
		m.close(0)
		m.decrypt(1)
		r := m.verify().Result
		for i := range qs {
			if !slices.Equal(r.Counts[i], m.counts(i)) {
				rt.Fatalf("question %d: %v, want %v", i+1, r.Counts[i], m.counts(i))
			}
		}
	})
}

// TestThreshold: any t of n trustees find the same result; t-1 find none, though they share what they have.
func TestThreshold(t *testing.T) {
	checks(t, 6, func(rt *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(rt, "trustees")
		// With a threshold of 1 all trustees hold the same key, and any is taken for the first.
		needed := rapid.IntRange(min(2, n), n).Draw(rt, "threshold")
		m := makeElection(t, fmt.Sprint(source(rt).Uint64()), plan{group: Ed25519(), questions: yesNoAbstain, voters: 3, size: n, threshold: needed})
		for i := range 3 {
			m.vote(i, Choices{choose(3, i%2)})
		}
		m.close(0)
		rep := m.verify()
		var shares []share
		for _, o := range rapid.Permutation(indices(n)).Draw(rt, "order") {
			owner, d, err := rep.Decrypt(m.r, m.keys[o])
			if err != nil || owner != o+1 {
				rt.Fatal(owner, err)
			}
			shares = append(shares, share{owner, d.Factors})
		}
		for start := 0; start+needed <= n; start++ {
			r, err := m.e.result(rep.Tally, m.trustees, shares[start:start+needed])
			if err != nil || !slices.Equal(r.Counts[0], []int64{2, 1, 0}) {
				rt.Fatalf("trustees from %d: %v %v", start, r, err)
			}
		}
		if _, err := m.e.result(rep.Tally, m.trustees, shares[:needed-1]); reason(err) != ReasonMissing {
			rt.Fatalf("one too few: %v", err)
		}
		if needed == 1 {
			return
		}
		// Not only are they refused: what they can compute is not the factor. Interpolation through too few points
		// gives another one.
		few := indicesOf(m.trustees, shares[:needed-1])
		part := m.e.Group.identity()
		for i, s := range shares[:needed-1] {
			part = m.e.Group.multiply(part, m.e.Group.powers(s.factors[0][0], 1).exp(lagrange(m.e.Group, few, few[i])))
		}
		all, err := m.trustees.combine(m.e.Group, rep.Tally.Ciphertexts, shares)
		if err != nil || m.e.Group.equal(part, all[0][0]) {
			rt.Fatal("fewer than needed found the factor", err)
		}
	})
}

func indicesOf(t *Trustees, shares []share) []int {
	var out []int
	for _, s := range shares {
		out = append(out, t.holders[s.owner-1].index)
	}
	return out
}

// TestCeremonyRefusesCheats: a trustee who shows other coefficients than committed to, shares what does not follow from
// them, or signs for another ceremony is found out by name.
func TestCeremonyRefusesCheats(t *testing.T) {
	g, r := Ed25519(), seeded("cheats")
	const n, needed = 3, 2
	var seeds [n]Seed
	certs, commits, shares, polys := make([]SignedMessage, n), make([]SignedMessage, n), make([]Shares, n), make([]Polynomial, n)
	c := func(i int) Ceremony { return Ceremony{Group: g, Size: n, Threshold: needed, Index: i + 1} }
	var err error
	for i := range n {
		if seeds[i], certs[i], err = c(i).Join(r); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		if polys[i], commits[i], err = c(i).Commit(r, seeds[i], certs); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		if shares[i], err = c(i).Share(r, seeds[i], polys[i], certs, commits); err != nil {
			t.Fatal(err)
		}
	}
	finish := func(certs, commits []SignedMessage, shares []Shares) error {
		_, _, err := c(0).Finish(r, seeds[0], certs, commits, shares)
		return err
	}
	if err := finish(certs, commits, shares); err != nil {
		t.Fatal(err)
	}
	refused := func(what string, err error, want ...Reason) {
		t.Helper()
		if !slices.Contains(want, reason(err)) {
			t.Errorf("%s: %v, want one of %v", what, err, want)
		}
	}
	// Trustee 2 draws another polynomial after having seen the others' coefficients.
	other := must[[]Scalar](t)(randoms(r, g, needed))
	_, message := Polynomial(other).public(g)
	late := shares[1]
	late.Coefficients = must[SignedMessage](t)(sign(r, g, seeds[1].signing(g), message))
	refused("other coefficients", finish(certs, commits, []Shares{shares[0], late, shares[2]}), ReasonCommitment)
	// Trustee 2 shares a value that is not that of the polynomial.
	keys := must[[]certificate](t)(checkCertificates(g, certs, needed, false))
	wrong := shares[1]
	wrong.Secrets = slices.Clone(wrong.Secrets)
	wrong.Secrets[0] = must[string](t)(send(r, g, seeds[1].signing(g), keys[0].encryption, `{"secret":"17"}`))
	refused("a false share", finish(certs, commits, []Shares{shares[0], wrong, shares[2]}), ReasonCoefficients)
	// Somebody else signs trustee 2's share, or it is one for trustee 3.
	wrong.Secrets[0] = must[string](t)(send(r, g, seeds[2].signing(g), keys[0].encryption, `{"secret":"17"}`))
	refused("a share that another signed", finish(certs, commits, []Shares{shares[0], wrong, shares[2]}), ReasonCoefficients)
	wrong.Secrets[0] = shares[1].Secrets[2]
	refused("a share for another", finish(certs, commits, []Shares{shares[0], wrong, shares[2]}), ReasonCoefficients)
	// The order is changed, one is left out, one's own certificate is another's.
	refused("certificates exchanged", finish([]SignedMessage{certs[0], certs[2], certs[1]}, commits, shares), ReasonCertificate)
	refused("a commitment missing", finish(certs, commits[:2], shares), ReasonCommitment)
	refused("commitments exchanged", finish(certs, []SignedMessage{commits[0], commits[2], commits[1]}, shares), ReasonCommitment)
	refused("a share missing", finish(certs, commits, shares[:2]), ReasonCoefficients)
	_, _, err = c(1).Finish(r, seeds[0], certs, commits, shares)
	refused("another's place", err, ReasonCertificate)
	_, err = c(0).Share(r, seeds[0], other, certs, commits)
	refused("sharing another polynomial than committed to", err, ReasonCommitment)
	_, _, err = Ceremony{Group: g, Size: 3, Threshold: 4, Index: 1}.Join(r)
	refused("a threshold above the size", err, ReasonCertificate)
}

// TestShuffleIsPermutation: what is decrypted after a shuffle is what was decrypted before it, in another order, and no
// ciphertext is the same.
func TestShuffleIsPermutation(t *testing.T) {
	checks(t, 5, func(rt *rapid.T) {
		r := source(rt)
		m := makeElection(t, fmt.Sprint(r.Uint64()), plan{group: Ed25519(), questions: rankFive, voters: 1})
		n := rapid.IntRange(1, 12).Draw(rt, "ballots")
		var from []Ciphertext
		var plain [][]int
		for range n {
			v := rapid.SliceOfN(rapid.IntRange(0, 255), 5, 5).Draw(rt, "ranks")
			mk := &maker{e: m.e, r: r, q: &m.e.Questions[0]}
			from = append(from, mk.ranked("", v).Choices[0])
			plain = append(plain, v)
		}
		s := must[*Shuffle](t)(m.e.MakeShuffle(r, [][]Ciphertext{from}))
		if err := m.e.CheckShuffle([][]Ciphertext{from}, s); err != nil {
			rt.Fatal(err)
		}
		back := must[*Shuffle](t)(ParseShuffle(m.e.Group, s.Encode(m.e.Group)))
		if err := m.e.CheckShuffle([][]Ciphertext{from}, back); err != nil {
			rt.Fatal(err)
		}
		var got [][]int
		for _, c := range s.Ciphertexts[0] {
			if slices.ContainsFunc(from, func(o Ciphertext) bool { return m.e.Group.equal(o.Alpha, c.Alpha) }) {
				rt.Fatal("a ciphertext was not encrypted anew")
			}
			got = append(got, m.e.Group.extract(quotient(m.e.Group, c.Beta, m.e.Group.raise(c.Alpha, m.keys[0].x)), 5))
		}
		slices.SortFunc(got, slices.Compare)
		slices.SortFunc(plain, slices.Compare)
		if fmt.Sprint(got) != fmt.Sprint(plain) {
			rt.Fatalf("%v, want %v", got, plain)
		}
		// The proof is of these ciphertexts in this order, and of no others.
		if n > 1 {
			from[0], from[1] = from[1], from[0]
			if err := m.e.CheckShuffle([][]Ciphertext{from}, s); reason(err) != ReasonShuffle {
				rt.Fatalf("another order: %v", err)
			}
		}
	})
}

// TestShuffleOfAnotherVote: a shuffler who replaces a ballot by one of their own, and otherwise follows the protocol, is
// refused.
func TestShuffleOfAnotherVote(t *testing.T) {
	m := makeElection(t, "replaced", plan{group: Ed25519(), questions: rankFive, voters: 1})
	mk := &maker{e: m.e, r: m.r, q: &m.e.Questions[0]}
	var from []Ciphertext
	for i := range 4 {
		from = append(from, mk.ranked("", []int{i, 1, 2, 3, 4}).Choices[0])
	}
	replaced := slices.Clone(from)
	replaced[2] = mk.ranked("", []int{9, 9, 9, 9, 9}).Choices[0]
	s := must[*Shuffle](t)(m.e.MakeShuffle(m.r, [][]Ciphertext{replaced}))
	if err := m.e.CheckShuffle([][]Ciphertext{from}, s); reason(err) != ReasonShuffle {
		t.Errorf("%v", err)
	}
}

// TestFalseStatements: ballots that say what the question does not allow, made by the same code without its check of the
// choices, are refused by the proof that is false.
func TestFalseStatements(t *testing.T) {
	none := []Question{{Text: "?", Answers: []string{"A", "B", "C"}, Min: 0, Max: 2}}
	exact := []Question{{Text: "?", Answers: []string{"A", "B", "C"}, Min: 2, Max: 2}}
	blank := []Question{{Text: "?", Answers: []string{"A", "B", "C"}, Min: 1, Max: 2, Blank: true}}
	for i, c := range []struct {
		q    []Question
		v    []int
		want Reason
	}{
		{yesNoAbstain, []int{1, 1, 0}, ReasonOverallProof},
		{yesNoAbstain, []int{0, 0, 0}, ReasonOverallProof},
		{yesNoAbstain, []int{2, 0, 0}, ReasonIndividualProof},
		{yesNoAbstain, []int{2, -1, 0}, ReasonIndividualProof}, // the sum is right
		{none, []int{1, 1, 1}, ReasonOverallProof},
		{none, []int{-1, 1, 0}, ReasonIndividualProof},
		{exact, []int{1, 0, 0}, ReasonOverallProof},
		{blank, []int{0, 0, 0, 0}, ReasonOverallProof}, // neither blank nor enough
		{blank, []int{0, 1, 1, 1}, ReasonOverallProof},
		{blank, []int{1, 1, 0, 0}, ReasonBlankProof}, // blank and a choice
		{blank, []int{2, 0, 0, 0}, ReasonIndividualProof},
	} {
		m := makeElection(t, fmt.Sprintf("false %d", i), plan{group: Ed25519(), questions: c.q, voters: 1})
		if err := m.e.CheckChoices(Choices{c.v}); reason(err) != ReasonChoice {
			t.Errorf("%v: %v", c.v, err)
		}
		raw := must[[]byte](t)(m.e.vote(m.r, must[Scalar](t)(m.creds[0].Secret(m.e.Group, m.e.UUID)), Choices{c.v}))
		b := must[*Ballot](t)(m.e.ParseBallot(raw))
		if err := m.e.Check(b); reason(err) != c.want {
			t.Errorf("%v: refused for %q (%v), want %q", c.v, reason(err), err, c.want)
		}
	}
}

// TestForeignSignature: a ballot signed with another's credential, and an answer copied from another's ballot.
func TestForeignSignature(t *testing.T) {
	m := makeElection(t, "foreign", plan{group: Ed25519(), questions: rankFive, voters: 2})
	a := must[*Ballot](t)(m.e.ParseBallot(must[[]byte](t)(m.e.Vote(m.r, m.creds[0], Choices{{1, 2, 3, 4, 5}}))))
	b := must[*Ballot](t)(m.e.ParseBallot(must[[]byte](t)(m.e.Vote(m.r, m.creds[1], Choices{{5, 4, 3, 2, 1}}))))
	// Voter 2 casts voter 1's ranked answer again as their own, signed anew.
	b.Answers = a.Answers
	b.SignatureHash = Fingerprint(m.e.encode(b, false))
	secret := must[Scalar](t)(m.creds[1].Secret(m.e.Group, m.e.UUID))
	b.Signature = must[Proof](t)(schnorr(m.r, m.e.Group, concat("sig|", b.SignatureHash, "|"), secret))
	if err := m.e.Check(must[*Ballot](t)(m.e.ParseBallot(m.e.encode(b, true)))); reason(err) != ReasonPlaintextProof {
		t.Errorf("a copied answer: %v", err)
	}
	// Voter 2 signs a ballot in voter 1's name.
	a.Signature = must[Proof](t)(schnorr(m.r, m.e.Group, concat("sig|", a.SignatureHash, "|"), secret))
	if err := m.e.Check(must[*Ballot](t)(m.e.ParseBallot(m.e.encode(a, true)))); reason(err) != ReasonSignature {
		t.Errorf("another's signature: %v", err)
	}
}

// TestCredentials has the worked values of both forms, and mistypings.
func TestCredentials(t *testing.T) {
	public := must[Element](t)(Credential("PtRvt-iYkeUc-gm1Z4-KGCFwZ").Public(Ed25519(), "Lx5EZ7JcEDRGyn"))
	if got := public.String(); got != "9aa74e26eeda47940aa6317d97896c35075a8281e70aa54d13f007af551f619f" {
		t.Errorf("public credential %s", got)
	}
	if _, err := Credential("D3b-dC7-vjb-k5z-Qvn").Secret(Belenios2048(), "e3W7DrkaG3xVBG"); err != nil {
		t.Error(err)
	}
	for _, c := range []Credential{"D3b-dC7-vjb-k5z-Qvm", "D3c-dC7-vjb-k5z-Qvn", "", "PtRvt-iYkeUc-gm1Z4-KGCFw", "PtRvt-iYkeUc-gm1Z4-KGCFw0", "PtRvt iYkeUc gm1Z4 KGCFwZ"} {
		if _, err := c.Secret(Ed25519(), "Lx5EZ7JcEDRGyn"); reason(err) != ReasonCredential {
			t.Errorf("%q: %v", string(c), err)
		}
	}
	r := seeded("credentials")
	for range 50 {
		if c := must[Credential](t)(NewCredential(r)); !fits(string(c), credentialShape) {
			t.Errorf("%s", string(c))
		}
	}
}

// TestWeights: a weighted roll, of which Folkmoot makes no use but other people's archives may.
func TestWeights(t *testing.T) {
	m := makeElection(t, "weights", plan{group: Ed25519(), questions: yesNoAbstain, voters: 3})
	var b bytes.Buffer
	b.WriteByte('[')
	for i, w := range []string{",250", "", ",5000000000"} {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"%s%s"`, must[Element](t)(m.creds[i].Public(m.e.Group, m.e.UUID)), w)
	}
	b.WriteByte(']')
	m.roll = must[*Roll](t)(ParseRoll(m.e.Group, b.Bytes()))
	start, app, err := NewArchive(1, m.e, m.trustees, m.roll)
	if err != nil {
		t.Fatal(err)
	}
	m.archive, m.app = start, app
	m.vote(0, Choices{{0, 1, 0}})
	m.vote(1, Choices{{0, 0, 1}})
	m.vote(0, Choices{{1, 0, 0}})
	m.close(0)
	if got := string(m.decrypt(1).Encode()); got != `{"result":[[250,0,1]]}` {
		t.Errorf("result %s", got)
	}
	if rep := m.verify(); rep.Tally.Weight != 251 || m.roll.Total() != 5000000251 {
		t.Errorf("weights %d of %d", rep.Tally.Weight, m.roll.Total())
	}
	if r, ok := referee3(t).accepts(t, m.archive); !ok {
		t.Error(r)
	}
}
