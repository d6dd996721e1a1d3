package belenios

import (
	"io"
	"math/rand/v2"
	"testing"
)

// seeded is randomness that is the same in every run.
func seeded(s string) io.Reader {
	var key [32]byte
	copy(key[:], s)
	return rand.NewChaCha8(key)
}

// made is an election made wholly by this package.
type made struct {
	t        testing.TB
	r        io.Reader
	e        *Election
	trustees *Trustees
	roll     *Roll
	creds    []Credential
	keys     []PrivateKey // by owner, from 0
	archive  []byte
	app      *Appender
	votes    map[int]Choices // the last of each voter
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// plan says what election to make. Threshold 0 makes Size single trustees, all of whom are needed.
type plan struct {
	group     Group
	questions []Question
	voters    int
	size      int
	threshold int
}

var (
	yesNoAbstain = []Question{{Text: "Shall the motion be carried?", Answers: []string{"For", "Against", "Abstain"}, Min: 1, Max: 1}}
	threeOfSeven = []Question{{Text: "Elect up to three «directors»", Answers: []string{"A", "B", "C", "D", "E", "F", "G"}, Blank: true, Min: 1, Max: 3}}
	rankFive     = []Question{{Text: "Rank the candidates", Answers: []string{"A", "B", "C", "D", "E"}, Ranked: true}}
)

// threshold runs the ceremony and returns its public part and the private keys.
func threshold(t testing.TB, r io.Reader, g Group, size, needed int) (*Pedersen, []PrivateKey) {
	t.Helper()
	seeds := make([]Seed, size)
	certs, commitments := make([]SignedMessage, size), make([]SignedMessage, size)
	polys := make([]Polynomial, size)
	shares := make([]Shares, size)
	keys, private := make([]TrusteeKey, size), make([]PrivateKey, size)
	each := func(step func(i int, c Ceremony) error) {
		t.Helper()
		for i := range size {
			if err := step(i, Ceremony{Group: g, Size: size, Threshold: needed, Index: i + 1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	each(func(i int, c Ceremony) (err error) { seeds[i], certs[i], err = c.Join(r); return })
	each(func(i int, c Ceremony) (err error) {
		polys[i], commitments[i], err = c.Commit(r, seeds[i], certs)
		return
	})
	each(func(i int, c Ceremony) (err error) {
		shares[i], err = c.Share(r, seeds[i], polys[i], certs, commitments)
		return
	})
	each(func(i int, c Ceremony) (err error) {
		private[i], keys[i], err = c.Finish(r, seeds[i], certs, commitments, shares)
		return
	})
	return must[*Pedersen](t)(Assemble(g, needed, certs, shares, keys)), private
}

func makeElection(t testing.TB, seed string, p plan) *made {
	t.Helper()
	m := &made{t: t, r: seeded(seed), votes: map[int]Choices{}}
	var items []TrusteeItem
	if p.threshold > 0 {
		ped, keys := threshold(t, m.r, p.group, p.size, p.threshold)
		items, m.keys = []TrusteeItem{{Pedersen: ped}}, keys
	} else {
		for range max(p.size, 1) {
			x, k, err := NewTrusteeKey(m.r, p.group)
			if err != nil {
				t.Fatal(err)
			}
			items, m.keys = append(items, TrusteeItem{Single: &k}), append(m.keys, x)
		}
	}
	m.trustees = must[*Trustees](t)(NewTrustees(p.group, items))
	uuid := must[string](t)(NewUUID(m.r))
	var public []Element
	for range p.voters {
		c := must[Credential](t)(NewCredential(m.r))
		m.creds = append(m.creds, c)
		public = append(public, must[Element](t)(c.Public(p.group, uuid)))
	}
	m.roll = must[*Roll](t)(NewRoll(p.group, public))
	m.e = must[*Election](t)(NewElection(Parameters{UUID: uuid, Name: "Cyfarfod \"AGM\" – £1", Description: "A line\nand \\ another", Group: p.group,
		PublicKey: m.trustees.PublicKey(), Questions: p.questions}))
	b, app, err := NewArchive(1_700_000_000, m.e, m.trustees, m.roll)
	if err != nil {
		t.Fatal(err)
	}
	m.archive, m.app = b, app
	return m
}

func (m *made) vote(voter int, v Choices) []byte {
	m.t.Helper()
	raw := must[[]byte](m.t)(m.e.Vote(m.r, m.creds[voter], v))
	m.cast(raw)
	m.votes[voter] = v
	return raw
}

func (m *made) cast(raw []byte) { m.archive = append(m.archive, m.app.Ballot(raw)...) }

func (m *made) verify() *Report {
	m.t.Helper()
	return must[*Report](m.t)(verifyBytes(m.archive, Options{}))
}

// close ends the voting, tallies, and has the first trustees shuffle if there is something to shuffle.
func (m *made) close(shuffles int) {
	m.t.Helper()
	t := must[*Tally](m.t)(m.verify().ComputeTally())
	m.archive = append(m.archive, m.app.EndBallots()...)
	m.archive = append(m.archive, m.app.Tally(t)...)
	if !m.e.Ranked() {
		return
	}
	for i := range shuffles {
		rep := m.verify()
		s := must[*Shuffle](m.t)(m.e.MakeShuffle(m.r, rep.Tally.mixable(m.e)))
		m.archive = append(m.archive, m.app.Shuffle(i+1, s.Encode(m.e.Group))...)
	}
	m.archive = append(m.archive, m.app.EndShuffles()...)
}

// decrypt has trustees (by number from 1) decrypt, and publishes the result.
func (m *made) decrypt(owners ...int) *Result {
	m.t.Helper()
	for _, o := range owners {
		rep := m.verify()
		owner, d, err := rep.Decrypt(m.r, m.keys[o-1])
		if err != nil || owner != o {
			m.t.Fatalf("owner %d, want %d: %v", owner, o, err)
		}
		m.archive = append(m.archive, m.app.Decryption(owner, d.Encode(m.e.Group))...)
	}
	r := must[*Result](m.t)(m.verify().ComputeResult())
	m.archive = append(m.archive, m.app.Result(r)...)
	return r
}

// counts is the plain tally of the last votes.
func (m *made) counts(question int) []int64 {
	q := &m.e.Questions[question]
	out := make([]int64, q.choices())
	for _, v := range m.votes {
		for i, n := range v[question] {
			out[i] += int64(n)
		}
	}
	return out
}
