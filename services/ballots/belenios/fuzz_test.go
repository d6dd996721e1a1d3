package belenios

import (
	"bytes"
	"strconv"
	"testing"
)

// Each fuzz test wants of a decoder that it does not fall over, that what it accepts is exactly what the encoder writes
// of it, and that it refuses with an [*Error].

// decoded checks one outcome.
func decoded(t *testing.T, raw []byte, err error, encode func() []byte) {
	t.Helper()
	if err != nil {
		if reason(err) == "" {
			t.Fatalf("refused without a reason: %v", err)
		}
		return
	}
	if again := encode(); !bytes.Equal(again, raw) {
		t.Fatalf("read:    %q\nwritten: %q", raw, again)
	}
}

// small are an election on everything and an archive of it, for seeds.
func small(t testing.TB) (*made, *layout) {
	qs := []Question{yesNoAbstain[0], {Text: "\u007f\b\f\n\r\t\x01 \"é\" <&> \u2028", Answers: []string{"A"}, Blank: true, Min: 1, Max: 1},
		{Text: "Rank", Answers: []string{"A", "B"}, Ranked: true, Extra: `{"method":"stv","seats":2}`}}
	m := makeElection(t, "small", plan{group: Ed25519(), questions: qs, voters: 2, size: 2, threshold: 2})
	m.vote(0, Choices{{1, 0, 0}, {0, 1}, {1, 2}})
	m.vote(1, Choices{{0, 1, 0}, {1, 0}, {2, 1}})
	m.close(1)
	m.decrypt(1, 2)
	return m, unpack(t, m.archive)
}

// seeds adds a document and everything that differs from it in one letter at some places.
func seeds(f *testing.F, raw []byte) {
	f.Add(raw)
	for i := 0; i < len(raw); i += 1 + len(raw)/40 {
		b := bytes.Clone(raw)
		b[i] ^= 1
		f.Add(b)
	}
	f.Add(raw[:len(raw)/2])
	f.Add(append(bytes.Clone(raw), ' '))
}

func FuzzElection(f *testing.F) {
	_, l := small(f)
	seeds(f, l.events[0].data[0])
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := ParseElection(raw)
		decoded(t, raw, err, func() []byte { return e.text() })
	})
}

func FuzzTrustees(f *testing.F) {
	m, l := small(f)
	seeds(f, l.events[0].data[1])
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := ParseTrustees(m.e.Group, raw)
		decoded(t, raw, err, func() []byte { return must[*Trustees](t)(NewTrustees(m.e.Group, v.Items)).Raw() })
	})
}

func FuzzRoll(f *testing.F) {
	m, l := small(f)
	seeds(f, l.events[0].data[2])
	f.Add([]byte(`["` + m.e.PublicKey.String() + `,17"]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := ParseRoll(m.e.Group, raw)
		decoded(t, bytes.ReplaceAll(raw, []byte(`,1"`), []byte(`"`)), err, func() []byte {
			names := make([]string, r.Len())
			for name, i := range r.index {
				names[i] = name
			}
			return appendList(nil, len(names), func(b []byte, i int) []byte {
				if w := r.weight(int32(i)); w != 1 {
					return appendText(b, names[i]+","+strconv.FormatInt(w, 10))
				}
				return appendText(b, names[i])
			})
		})
	})
}

func FuzzBallot(f *testing.F) {
	m, l := small(f)
	seeds(f, l.events[1].data[0])
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := m.e.ParseBallot(raw)
		decoded(t, raw, err, func() []byte { return m.e.encode(b, true) })
		if err == nil && m.e.Check(b) == nil && !bytes.Equal(raw, l.events[1].data[0]) {
			t.Fatal("a ballot that differs from a valid one is valid")
		}
	})
}

func FuzzShuffle(f *testing.F) {
	m, l := small(f)
	seeds(f, l.first(EventShuffle).data[0])
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := ParseShuffle(m.e.Group, raw)
		decoded(t, raw, err, func() []byte { return s.Encode(m.e.Group) })
	})
}

func FuzzDecryption(f *testing.F) {
	m, l := small(f)
	seeds(f, l.first(EventDecryption).data[0])
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := ParseDecryption(m.e.Group, raw)
		decoded(t, raw, err, func() []byte { return d.Encode(m.e.Group) })
	})
}

func FuzzResult(f *testing.F) {
	m, l := small(f)
	seeds(f, l.first(EventResult).data[0])
	f.Add([]byte(`{"result":[["1073741824",1073741823,0],[1,0],[]]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := m.e.ParseResult(raw)
		decoded(t, raw, err, func() []byte { return r.Encode() })
	})
}

func FuzzEvents(f *testing.F) {
	m, l := small(f)
	seeds(f, event{parent: m.app.End().Head, height: 3, kind: EventBallot, payload: m.app.End().Head}.encode())
	seeds(f, l.events[0].data[3])
	seeds(f, l.first(EventDecryption).data[1])
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := parseEvent(raw)
		decoded(t, raw, err, func() []byte { return e.encode() })
		s, err := parseSetup(raw)
		decoded(t, raw, err, func() []byte { return s.encode() })
		o, err := parseOwned(raw)
		decoded(t, raw, err, func() []byte { return o.encode() })
	})
}

func FuzzCeremony(f *testing.F) {
	g, r := Ed25519(), seeded("fuzz")
	c := Ceremony{Group: g, Size: 1, Threshold: 1, Index: 1}
	seed, cert, err := c.Join(r)
	if err != nil {
		f.Fatal(err)
	}
	p, commitment, err := c.Commit(r, seed, []SignedMessage{cert})
	if err != nil {
		f.Fatal(err)
	}
	shares := must[Shares](f)(c.Share(r, seed, p, []SignedMessage{cert}, []SignedMessage{commitment}))
	private, public, err := c.Finish(r, seed, []SignedMessage{cert}, []SignedMessage{commitment}, []Shares{shares})
	if err != nil {
		f.Fatal(err)
	}
	for _, raw := range [][]byte{cert.Encode(g), p.Encode(g), commitment.Encode(g), shares.Encode(g), private.Encode(g), public.Encode(g)} {
		seeds(f, raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := ParseSigned(g, raw)
		decoded(t, raw, err, func() []byte { return m.Encode(g) })
		p, err := ParsePolynomial(g, raw)
		decoded(t, raw, err, func() []byte { return p.Encode(g) })
		s, err := ParseShares(g, raw)
		decoded(t, raw, err, func() []byte { return s.Encode(g) })
		k, err := ParsePrivateKey(g, raw)
		decoded(t, raw, err, func() []byte { return k.Encode(g) })
		tk, err := ParseTrusteeKey(g, raw)
		decoded(t, raw, err, func() []byte { return tk.Encode(g) })
	})
}

// FuzzArchive wants that an archive that is accepted is written again as it was read.
func FuzzArchive(f *testing.F) {
	m, _ := small(f)
	seeds(f, m.archive)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := verifyBytes(raw, Options{Workers: 1}); err == nil {
			if !bytes.Equal(unpack(t, raw).pack(), raw) {
				t.Fatal("an accepted archive is not canonical")
			}
		} else if reason(err) == "" {
			t.Fatalf("refused without a reason: %v", err)
		}
	})
}

func FuzzTemplate(f *testing.F) {
	f.Add([]byte(`{"name":"AGM","description":"","questions":[{"question":"?","answers":["A"],"min":1,"max":1}]}`))
	f.Add([]byte(`{"name":"","description":"","questions":[{"type":"NonHomomorphic","value":{"question":"?","answers":["A"]},"extra":{ "a": [1, 2] }}]}`))
	m, _ := small(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := ParseTemplate(raw)
		if err != nil {
			decoded(t, raw, err, nil)
			return
		}
		p.UUID, p.Group, p.PublicKey = m.e.UUID, m.e.Group, m.e.PublicKey
		e, err := NewElection(p)
		if err == nil {
			decoded(t, e.Raw(), nil, func() []byte { return e.text() })
		}
	})
}
