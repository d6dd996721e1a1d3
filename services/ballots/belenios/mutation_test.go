package belenios

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// leaf is a place in a JSON document: where its value stands in the text, and the path to it.
type leaf struct {
	path     string
	from, to int
}

// leaves finds every string and number of a compact JSON document.
func leaves(t testing.TB, doc string) []leaf {
	t.Helper()
	var out []leaf
	i := 0
	var value func(path string)
	text := func() string {
		start := i
		for i++; doc[i] != '"'; i++ {
			if doc[i] == '\\' {
				i++
			}
		}
		i++
		return doc[start:i]
	}
	value = func(path string) {
		switch doc[i] {
		case '{':
			i++
			for doc[i] != '}' {
				if doc[i] == ',' {
					i++
				}
				key := strings.Trim(text(), `"`)
				i++ // the colon
				value(path + "." + key)
			}
			i++
		case '[':
			i++
			for n := 0; doc[i] != ']'; n++ {
				if doc[i] == ',' {
					i++
				}
				value(fmt.Sprintf("%s[%d]", path, n))
			}
			i++
		case '"':
			start := i
			text()
			out = append(out, leaf{path, start, i})
		default:
			start := i
			for i < len(doc) && !strings.ContainsRune(",]}", rune(doc[i])) {
				i++
			}
			out = append(out, leaf{path, start, i})
		}
	}
	value("")
	if i != len(doc) {
		t.Fatalf("%d of %d bytes read of %s", i, len(doc), doc)
	}
	return out
}

// mutant is another value for a leaf.
type mutant struct {
	kind, text string
	// always is the reason for which this kind of value is refused wherever it stands, if it is the same everywhere.
	always Reason
}

// order2 is the point of order two, which is on the curve and not in the subgroup.
func order2() Element {
	minusOne := new(point).neutral()
	minusOne.y.Negate(&minusOne.y)
	return minusOne
}

// mutants are the other values that a leaf might have been given, each well-formed JSON.
func mutants(g Group, old string) []mutant {
	var s string
	if json.Unmarshal([]byte(old), &s) != nil {
		n, ok := new(big.Int).SetString(old, 10)
		if !ok {
			return []mutant{{"flipped", map[string]string{"true": "false", "false": "true"}[old], ""}}
		}
		return []mutant{{"one more", n.Add(n, big.NewInt(1)).String(), ""}}
	}
	quote := func(s string) string { return string(appendText(nil, s)) }
	if e, err := g.ParseElement(s); err == nil && len(s) > 60 {
		other := g.multiply(e, g.generator())
		out := []mutant{{"other element", quote(other.String()), ""}, {"neutral", quote(g.identity().String()), ""}}
		if g.Name() == "Ed25519" {
			out = append(out, mutant{"torsion", quote(g.multiply(e, order2()).String()), ReasonMembership},
				mutant{"off the curve", quote(offCurve(s)), ReasonElement},
				mutant{"upper case", quote(strings.ToUpper(s)), ReasonElement})
		}
		return out
	}
	if n, ok := new(big.Int).SetString(s, 10); ok && canonicalDecimal(s, 700) && len(s) > 30 {
		more := new(big.Int).Add(n, big.NewInt(1))
		return []mutant{{"one more", quote(more.Mod(more, g.Order()).String()), ""},
			{"not reduced", quote(n.Add(n, g.Order()).String()), ReasonScalar},
			{"leading zero", quote("0" + s), ReasonScalar}}
	}
	// Any other text: its last letter or digit changes.
	b := []byte(s)
	for i := len(b) - 1; i >= 0; i-- {
		if c := b[i]; c >= '2' && c <= '8' || c >= 'b' && c <= 'y' || c >= 'B' && c <= 'Y' {
			b[i]++
			return []mutant{{"other text", quote(string(b)), ""}}
		}
	}
	return []mutant{{"more text", quote(s + "x"), ""}}
}

// offCurve finds an encoding near s that is not on the curve.
func offCurve(s string) string {
	b := []byte(s)
	for _, c := range hexDigits {
		b[63] = byte(c)
		if _, err := (ed25519{}).decode(string(b)); err != nil {
			return string(b)
		}
	}
	return strings.Repeat("f", 64)
}

// expectation says for which reasons a change at a path may be refused.
type expectation struct {
	kind    EventType
	data    int
	path    string
	reasons []Reason
}

// expectations are read from the top; the first that matches holds. Elements and scalars that are none are expected
// everywhere.
var expectations = []expectation{
	{EventSetup, 0, `^\.version$`, []Reason{ReasonUnsupported}},
	{EventSetup, 0, `^\.group$`, []Reason{ReasonUnsupported}},
	{EventSetup, 0, `^\.public_key$`, []Reason{ReasonElectionKey, ReasonElection}},
	{EventSetup, 0, `^\.questions\[\d+\]\.type$`, []Reason{ReasonFormat}},
	{EventSetup, 0, `^\.questions\[\d+\]\.(min|max)$`, []Reason{ReasonElection, ReasonFingerprint}},
	{EventSetup, 0, `^\.questions\[\d+\]\.blank$`, []Reason{ReasonFingerprint}},
	{EventSetup, 0, `^\.uuid$`, []Reason{ReasonFingerprint, ReasonElection}}, // perhaps no Base58 any more
	{EventSetup, 0, `.`, []Reason{ReasonFingerprint}},                        // the election's bytes are what phi is of
	{EventSetup, 1, `\.threshold$`, []Reason{ReasonCertificate}},
	{EventSetup, 1, `\.certs\[\d+\]\.`, []Reason{ReasonCertificate, ReasonFormat, ReasonElement, ReasonMembership}},
	{EventSetup, 1, `\.coefexps\[\d+\]\.`, []Reason{ReasonCoefficients, ReasonFormat, ReasonElement, ReasonMembership}},
	{EventSetup, 1, `\.signatures\[\d+\]\.`, []Reason{ReasonCoefficients}},
	{EventSetup, 1, `\.verification_keys\[\d+\]\.signature\.`, []Reason{ReasonVerificationKey}},
	{EventSetup, 1, `\.(pok\.|public_key$)`, []Reason{ReasonTrusteeProof}},
	{EventSetup, 1, `\[0\]$`, []Reason{ReasonFormat}}, // "Single", "Pedersen"
	{EventSetup, 2, `^\[`, []Reason{ReasonUnlisted}},
	{EventBallot, 0, `^\.election_(uuid|hash)$`, []Reason{ReasonFingerprint}},
	{EventBallot, 0, `^\.credential$`, []Reason{ReasonUnlisted}},
	{EventBallot, 0, `\.individual_proofs\[`, []Reason{ReasonIndividualProof}},
	{EventBallot, 0, `\.overall_proof\[`, []Reason{ReasonOverallProof}},
	{EventBallot, 0, `\.blank_proof\[`, []Reason{ReasonBlankProof}},
	{EventBallot, 0, `\.answers\[\d+\]\.choices\[`, []Reason{ReasonIndividualProof}},
	{EventBallot, 0, `\.answers\[\d+\]\.(choices|proof)\.`, []Reason{ReasonPlaintextProof}},
	{EventBallot, 0, `^\.signature\.hash$`, []Reason{ReasonSignatureHash}},
	{EventBallot, 0, `^\.signature\.proof\.`, []Reason{ReasonSignature}},
	{EventTally, 0, `.`, []Reason{ReasonTally}},
	{EventTally, 1, `^\.(num_tallied|total_weight)$`, []Reason{ReasonTallySize}},
	{EventShuffle, 0, `.`, []Reason{ReasonShuffle}},
	{EventShuffle, 1, `^\.owner$`, []Reason{ReasonOwner}},
	{EventDecryption, 0, `.`, []Reason{ReasonDecryption}},
	{EventDecryption, 1, `^\.owner$`, []Reason{ReasonOwner, ReasonDecryption}},
	{EventResult, 0, `.`, []Reason{ReasonResult}},
}

// isHashOfChain says that a leaf is a hash that pack computes anew.
func isHashOfChain(kind EventType, data int, path string) bool {
	return kind == EventSetup && data == 3 || kind == EventTally && path == ".encrypted_tally" ||
		(kind == EventShuffle || kind == EventDecryption) && data == 1 && path == ".payload"
}

func expected(t testing.TB, kind EventType, data int, path string) []Reason {
	t.Helper()
	for _, e := range expectations {
		if e.kind == kind && e.data == data && regexp.MustCompile(e.path).MatchString(path) {
			return e.reasons
		}
	}
	t.Fatalf("nothing is expected of %s, data %d, %s", kind, data, path)
	return nil
}

// mutateAll changes every field of an archive in every way, one at a time, builds the chain anew, and wants each
// change refused for the right reason. In the short run every third change is tried.
func mutateAll(t *testing.T, m *made) {
	l := unpack(t, m.archive)
	seen := map[Reason]int{}
	tried := 0
	ballots := 0
	for i := range l.events {
		kind := l.events[i].kind
		if kind == EventBallot {
			if ballots++; ballots > 2 && !full() {
				continue // each ballot has the same fields
			}
		}
		for d, doc := range l.events[i].data {
			for n, f := range leaves(t, string(doc)) {
				if isHashOfChain(kind, d, f.path) {
					continue
				}
				want := expected(t, kind, d, f.path)
				for k, mu := range mutants(m.e.Group, string(doc[f.from:f.to])) {
					if !full() && (n+k+i)%3 != 0 {
						continue
					}
					l.events[i].data[d] = slices.Concat(doc[:f.from], []byte(mu.text), doc[f.to:])
					_, err := verifyBytes(l.pack(), Options{Workers: 1})
					tried++
					reasons := want
					elsewhere := kind == EventTally || kind == EventBallot && f.path == ".credential" || kind == EventSetup && d == 1 && strings.Contains(f.path, "message")
					if mu.always != "" && !elsewhere {
						reasons = []Reason{mu.always}
					}
					if mu.always != "" && kind == EventBallot && f.path == ".credential" {
						reasons = []Reason{ReasonUnlisted}
					}
					if mu.kind == "torsion" && kind == EventShuffle {
						reasons = []Reason{ReasonMembership}
					}
					if kind == EventShuffle && d == 1 && string(l.events[i].data[d][:11]) == `{"owner":3,` {
						// The proof of a shuffle does not name its maker: that trustee 3, who has not shuffled, is put down
						// for the shuffle of trustee 2 cannot be seen in an archive. Trustees look for their own.
						reasons = []Reason{""}
					}
					if got := reason(err); !slices.Contains(reasons, got) {
						t.Errorf("%s, data %d, %s, %s: refused for %q (%v), want one of %v", kind, d, f.path, mu.kind, got, err, reasons)
					} else {
						seen[got]++
					}
				}
			}
			l.events[i].data[d] = doc
		}
	}
	if _, err := verifyBytes(l.pack(), Options{}); err != nil {
		t.Fatalf("the unchanged archive: %v", err)
	}
	t.Logf("%d changes refused: %v", tried, maps.Collect(maps.All(seen)))
	if tried < 60 {
		t.Errorf("only %d changes were tried", tried)
	}
}

// few is a small election, so that each of many verifications is short.
func few(t testing.TB, g Group, q []Question, size, needed int, votes []Choices, owners ...int) *made {
	m := makeElection(t, "few "+g.Name()+q[0].Text, plan{group: g, questions: q, voters: len(votes), size: size, threshold: needed})
	for i, v := range votes {
		m.vote(i, v)
	}
	m.close(2)
	m.decrypt(owners...)
	return m
}

func TestMutations(t *testing.T) {
	t.Run("yes/no, 2 of 3", func(t *testing.T) {
		t.Parallel()
		mutateAll(t, few(t, Ed25519(), yesNoAbstain, 3, 2, []Choices{{{1, 0, 0}}, {{0, 0, 1}}}, 3, 1))
	})
	t.Run("3 of 7 with blank", func(t *testing.T) {
		t.Parallel()
		mutateAll(t, few(t, Ed25519(), threeOfSeven, 1, 0, []Choices{{{0, 1, 1, 0, 0, 0, 0, 0}}, {{1, 0, 0, 0, 0, 0, 0, 0}}}, 1))
	})
	t.Run("ranked", func(t *testing.T) {
		t.Parallel()
		mutateAll(t, few(t, Ed25519(), rankFive, 3, 2, []Choices{{{1, 2, 3, 4, 5}}, {{5, 4, 3, 2, 1}}}, 2, 3))
	})
	t.Run("BELENIOS-2048", func(t *testing.T) {
		t.Parallel()
		if !full() {
			t.Skip("each change costs ten times as much as in Ed25519, and the fields are the same: only with FOLKMOOT_TEST=full")
		}
		mutateAll(t, few(t, Belenios2048(), []Question{{Text: "?", Answers: []string{"Yes"}, Max: 1}}, 1, 0, []Choices{{{1}}}, 1))
	})
}
