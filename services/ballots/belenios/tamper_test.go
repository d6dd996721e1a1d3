package belenios

import (
	"bytes"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tampering is a way to falsify an archive, after which the chain is built anew, and who sees it.
type tampering struct {
	name string
	do   func(t testing.TB, m *made) []byte
	ours Reason // "" if nothing in one archive can show it
	two  bool   // refused by belenios-tool 2.0 (on BELENIOS-2048)
	// three is whether 3.0 refuses, on Ed25519.
	three bool
}

// ballotsOf are the indices of the ballots' events.
func (l *layout) ballotsOf() []int {
	var out []int
	for i := range l.events {
		if l.events[i].kind == EventBallot {
			out = append(out, i)
		}
	}
	return out
}

func (l *layout) first(kind EventType) *part {
	i := slices.IndexFunc(l.events, func(p part) bool { return p.kind == kind })
	return &l.events[i]
}

// edited unpacks an archive, has it edited, and packs it.
func edited(f func(t testing.TB, m *made, l *layout)) func(t testing.TB, m *made) []byte {
	return func(t testing.TB, m *made) []byte {
		l := unpack(t, m.archive)
		f(t, m, l)
		return l.pack()
	}
}

// swapChoices has the first two choices of a ballot change places, with or without a new hash in the signature.
func swapChoices(t testing.TB, m *made, raw []byte, rehash bool) []byte {
	b := must[*Ballot](t)(m.e.ParseBallot(raw))
	a := &b.Answers[0]
	a.Choices[0], a.Choices[1] = a.Choices[1], a.Choices[0]
	a.Individual[0], a.Individual[1] = a.Individual[1], a.Individual[0]
	if rehash {
		b.SignatureHash = Fingerprint(m.e.encode(b, false))
	}
	return m.e.encode(b, true)
}

// foreign is a ballot, valid in itself, under a credential that is not on the roll.
func foreign(t testing.TB, m *made) []byte {
	c := must[Credential](t)(NewCredential(m.r))
	return must[[]byte](t)(m.e.Vote(m.r, c, Choices{choose(3, 1)}))
}

// recount replaces everything from the tally on by what follows from the ballots, verified or not.
func recount(t testing.TB, m *made, l *layout) {
	sum := newTally(m.e)
	last := map[string]*Ballot{}
	for _, i := range l.ballotsOf() {
		b := must[*Ballot](t)(m.e.ParseBallot(l.events[i].data[0]))
		last[b.Credential] = b
	}
	for _, b := range last {
		sum.add(m.e, b, 1)
		sum.Ballots++
		sum.Weight++
	}
	sum.finish(m.e)
	d := must[*Decryption](t)(m.e.Decrypt(m.r, sum, m.keys[0]))
	r := must[*Result](t)(m.e.result(sum, m.trustees, []share{{1, d.Factors}}))
	body, raw := sum.Encode(), d.Encode(m.e.Group)
	l.first(EventTally).data = [][]byte{body, sum.sized(hashOf(body))}
	l.first(EventDecryption).data = [][]byte{raw, OwnedPayload(1, raw)}
	l.first(EventResult).data = [][]byte{r.Encode()}
}

// tamperings are the kinds of the shared folder of archives to refuse, made anew from an election of ours with a single
// trustee. What the tools do not see is known of them; each is seen to refuse the others.
var tamperings = []tampering{
	{"a bit flipped, chain not rebuilt", func(t testing.TB, m *made) []byte {
		b := slices.Clone(m.archive)
		b[bytes.Index(b, []byte(`"response":"`))+12] ^= 1 // still a digit
		return b
	}, ReasonHash, true, true},
	{"two choices exchanged", edited(func(t testing.TB, m *made, l *layout) {
		p := &l.events[1]
		p.data[0] = swapChoices(t, m, p.data[0], false)
	}), ReasonOverallProof, true, true},
	{"two choices exchanged, hash in the signature renewed", edited(func(t testing.TB, m *made, l *layout) {
		p := &l.events[1]
		p.data[0] = swapChoices(t, m, p.data[0], true)
	}), ReasonOverallProof, true, true},
	{"the last ballot twice", edited(func(t testing.TB, m *made, l *layout) {
		i := l.ballotsOf()
		l.events = slices.Insert(l.events, i[len(i)-1]+1, l.events[i[len(i)-1]])
	}), ReasonRepeated, false, true},
	{"an earlier ballot cast again, over the revote", edited(func(t testing.TB, m *made, l *layout) {
		i := l.ballotsOf()
		l.events = slices.Insert(l.events, i[len(i)-1]+1, l.events[i[0]])
		recount(t, m, l)
	}), ReasonRepeated, false, true},
	{"a voter taken off the roll", edited(func(t testing.TB, m *made, l *layout) {
		roll := string(l.events[0].data[2])
		own := `"` + must[Element](t)(m.creds[1].Public(m.e.Group, m.e.UUID)).String() + `"`
		roll = strings.Replace(strings.Replace(roll, own+",", "", 1), ","+own, "", 1)
		l.events[0].data[2] = []byte(roll)
	}), ReasonUnlisted, true, true},
	{"a ballot under a foreign credential", edited(func(t testing.TB, m *made, l *layout) {
		l.events = slices.Insert(l.events, 1, part{EventBallot, [][]byte{foreign(t, m)}})
		recount(t, m, l)
	}), ReasonUnlisted, true, true},
	{"a ballot dropped, tally kept", edited(func(t testing.TB, m *made, l *layout) {
		l.events = slices.Delete(l.events, 2, 3)
	}), ReasonTally, true, false},
	{"another result", edited(func(t testing.TB, m *made, l *layout) {
		r := must[*Result](t)(m.e.ParseResult(l.first(EventResult).data[0]))
		r.Counts[0][0], r.Counts[0][1] = r.Counts[0][0]+1, r.Counts[0][1]-1
		l.first(EventResult).data[0] = r.Encode()
	}), ReasonResult, true, true},
	{"another decryption factor", edited(func(t testing.TB, m *made, l *layout) {
		p := l.first(EventDecryption)
		d := must[*Decryption](t)(ParseDecryption(m.e.Group, p.data[0]))
		d.Factors[0][0] = m.e.Group.multiply(d.Factors[0][0], m.e.Group.generator())
		p.data[0] = d.Encode(m.e.Group)
	}), ReasonDecryption, true, true},
	{"another encrypted tally in its event", edited(func(t testing.TB, m *made, l *layout) {
		other := newTally(m.e)
		other.finish(m.e)
		l.first(EventTally).data[0] = other.Encode()
	}), ReasonTally, false, true},
	{"a ballot with spaces", edited(func(t testing.TB, m *made, l *layout) {
		var b bytes.Buffer
		if err := json.Indent(&b, l.events[1].data[0], "", " "); err != nil {
			t.Fatal(err)
		}
		l.events[1].data[0] = b.Bytes()
	}), ReasonFormat, true, true},
	{"blocks of zeros at the end", func(t testing.TB, m *made) []byte {
		return append(slices.Clone(m.archive), make([]byte, 1024)...)
	}, ReasonArchive, true, true},
	{"only a part, up to the tally", func(t testing.TB, m *made) []byte {
		l := unpack(t, m.archive)
		l.events = l.events[:len(l.events)-2]
		return l.pack()
	}, "", false, false},
	{"two ballots of different voters exchanged", edited(func(t testing.TB, m *made, l *layout) {
		l.events[1], l.events[2] = l.events[2], l.events[1]
	}), "", false, false},
	{"a scalar that is not reduced", edited(func(t testing.TB, m *made, l *layout) {
		doc := l.events[1].data[0]
		for _, f := range leaves(t, string(doc)) {
			if strings.HasSuffix(f.path, ".response") {
				n, _ := new(big.Int).SetString(strings.Trim(string(doc[f.from:f.to]), `"`), 10)
				n.Add(n, m.e.Group.Order())
				l.events[1].data[0] = slices.Concat(doc[:f.from], []byte(`"`+n.String()+`"`), doc[f.to:])
				return
			}
		}
	}), ReasonScalar, true, true},
	{"a false proof, all after it computed anew", edited(func(t testing.TB, m *made, l *layout) {
		b := must[*Ballot](t)(m.e.ParseBallot(l.events[1].data[0]))
		b.Answers[0].Individual[0][0].Response = m.e.Group.add(b.Answers[0].Individual[0][0].Response, m.e.Group.small(1))
		b.SignatureHash = Fingerprint(m.e.encode(b, false))
		l.events[1].data[0] = m.e.encode(b, true)
		recount(t, m, l)
	}), ReasonIndividualProof, true, true},
	{"a ballot dropped, all after it computed anew", edited(func(t testing.TB, m *made, l *layout) {
		l.events = slices.Delete(l.events, 2, 3)
		recount(t, m, l)
	}), "", false, false},
}

// TestTamperings says of each tampering who refuses it: this package, belenios-tool 2.0, belenios-tool 3.0.
func TestTamperings(t *testing.T) {
	check := func(t *testing.T, m *made, judge *referee, bites func(tampering) bool) {
		if _, err := verifyBytes(m.archive, Options{}); err != nil {
			t.Fatal(err)
		}
		for _, k := range tamperings {
			b := k.do(t, m)
			_, err := verifyBytes(b, Options{})
			if reason(err) != k.ours || (err == nil) != (k.ours == "") {
				t.Errorf("%s: refused for %q (%v), want %q", k.name, reason(err), err, k.ours)
			}
			if judge == nil {
				continue
			}
			if out, ok := judge.accepts(t, b); ok == bites(k) {
				t.Errorf("%s: belenios-tool %s accepts: %v, which is not what is known of it\n%s", k.name, judge.name, ok, out)
			}
		}
	}
	t.Run("ours", func(t *testing.T) { t.Parallel(); check(t, makeYesNo(t, Ed25519(), 1, 0, 1), nil, nil) })
	t.Run("3.0", func(t *testing.T) {
		t.Parallel()
		r := referee3(t)
		check(t, makeYesNo(t, Ed25519(), 1, 0, 1), &r, func(k tampering) bool { return k.three })
	})
	t.Run("2.0", func(t *testing.T) {
		t.Parallel()
		r := referee2(t)
		check(t, makeYesNo(t, Belenios2048(), 1, 0, 1), &r, func(k tampering) bool { return k.two })
	})
}

// TestRefuseReferees runs the shared archives to refuse through belenios-tool 3.0: it misses 07, and what nobody sees.
func TestRefuseReferees(t *testing.T) {
	r := referee3(t)
	for _, file := range glob(t, filepath.Join(data(t), "refuse", "*.bel")) {
		name := filepath.Base(file)
		want := strings.HasPrefix(name, "07") || strings.HasPrefix(name, "13") || strings.HasPrefix(name, "14") || strings.HasPrefix(name, "17-dropped")
		if out, ok := r.accepts(t, read(t, file)); ok != want {
			t.Errorf("%s: accepted %v, want %v\n%s", name, ok, want, out)
		}
	}
}

// TestBallotsAcross has ballots of belenios-tool counted in elections of ours, and ours in its elections.
func TestBallotsAcross(t *testing.T) {
	write := func(t *testing.T, dir, name string, b []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	theirBallot := func(t *testing.T, r referee, m *made, voter int, choice string) []byte {
		t.Helper()
		dir := t.TempDir()
		write(t, dir, m.e.UUID+".bel", m.archive)
		write(t, dir, "cred", []byte(string(m.creds[voter])+"\n"))
		write(t, dir, "choice", []byte(choice))
		flag := "--choice"
		if r.name == "2.0" {
			flag = "--ballot"
		}
		out, ok := r.run(t, dir, nil, "election", "generate-ballot", "--privcred", "cred", flag, "choice")
		if !ok {
			t.Fatalf("belenios-tool %s makes no ballot: %s", r.name, out)
		}
		return []byte(strings.TrimSpace(out))
	}
	t.Run("theirs in ours, 3.0", func(t *testing.T) {
		r := referee3(t)
		m := makeElection(t, "across", plan{group: Ed25519(), questions: slices.Concat(yesNoAbstain, threeOfSeven), voters: 2, size: 3, threshold: 2})
		m.cast(theirBallot(t, r, m, 0, `[[0,1,0],[0,1,0,0,1,0,0,1]]`))
		m.vote(1, Choices{{1, 0, 0}, {1, 0, 0, 0, 0, 0, 0, 0}})
		m.cast(theirBallot(t, r, m, 1, `[[0,1,0],[0,0,0,0,0,0,0,1]]`)) // a revote
		m.close(0)
		if got := string(m.decrypt(1, 2).Encode()); got != `{"result":[[0,2,0],[0,1,0,0,1,0,0,2]]}` {
			t.Errorf("result %s", got)
		}
		if out, ok := r.accepts(t, m.archive); !ok {
			t.Error(out)
		}
	})
	t.Run("theirs in ours, ranked, 3.0", func(t *testing.T) {
		r := referee3(t)
		m := makeElection(t, "across ranked", plan{group: Ed25519(), questions: rankFive, voters: 1, size: 1})
		m.cast(theirBallot(t, r, m, 0, `[[3,0,255,1,2]]`))
		m.close(1)
		if got := string(m.decrypt(1).Encode()); got != `{"result":[[[3,0,255,1,2]]]}` {
			t.Errorf("result %s", got)
		}
	})
	t.Run("theirs in ours, 2.0", func(t *testing.T) {
		r := referee2(t)
		m := makeElection(t, "across 2048", plan{group: Belenios2048(), questions: yesNoAbstain, voters: 1, size: 1})
		// 2.0 reads only credentials of its own form, so the roll of this election is for one of those.
		old := Credential("D3b-dC7-vjb-k5z-Qvn")
		m.roll = must[*Roll](t)(NewRoll(m.e.Group, []Element{must[Element](t)(old.Public(m.e.Group, m.e.UUID))}))
		b, app, err := NewArchive(1_700_000_000, m.e, m.trustees, m.roll)
		if err != nil {
			t.Fatal(err)
		}
		m.archive, m.app, m.creds = b, app, []Credential{old}
		m.cast(theirBallot(t, r, m, 0, `[[0,0,1]]`))
		m.close(0)
		if got := string(m.decrypt(1).Encode()); got != `{"result":[[0,0,1]]}` {
			t.Errorf("result %s", got)
		}
		if out, ok := r.accepts(t, m.archive); !ok {
			t.Error(out)
		}
	})
	oursIn := func(t *testing.T, r referee, name, decrypt string) {
		dir := filepath.Join(data(t), "accept", name)
		l := unpack(t, read(t, glob(t, filepath.Join(dir, "*.bel"))[0]))
		l.events = l.events[:slices.IndexFunc(l.events, func(p part) bool { return p.kind == EventEndBallots })]
		begun := l.pack()
		rep := must[*Report](t)(verifyBytes(begun, Options{}))
		// Voter 1 had voted for; now votes against, with a ballot of ours.
		line := strings.Fields(strings.SplitN(string(read(t, filepath.Join(dir, "private_creds.txt"))), "\n", 2)[0])
		ballot := must[[]byte](t)(rep.Election.Vote(seeded("ours in theirs"), Credential(line[len(line)-1]), Choices{{0, 1, 0}}))
		begun = append(begun, rep.Appender().Ballot(ballot)...)
		work := t.TempDir()
		write(t, work, rep.Election.UUID+".bel", begun)
		step := func(in []byte, args ...string) []byte {
			t.Helper()
			out, ok := r.run(t, work, in, args...)
			if !ok {
				t.Fatalf("belenios-tool %s %v: %s", r.name, args, out)
			}
			return []byte(out)
		}
		step(nil, "election", "verify")
		step(nil, "archive", "add-event", "--type=EndBallots")
		step(step(nil, "election", "compute-encrypted-tally"), "archive", "add-event", "--type=EncryptedTally")
		key := glob(t, filepath.Join(dir, "*.privkey"))[0]
		step(step(nil, "election", decrypt, "--privkey", key, "--trustee-id", "1"), "archive", "add-event", "--type=PartialDecryption")
		result := step(nil, "election", "compute-result")
		step(result, "archive", "add-event", "--type=Result")
		step(nil, "election", "verify")
		if got := strings.TrimSpace(string(result)); got != `{"result":[[12,5,3]]}` {
			t.Errorf("result %s", got)
		}
		done := must[*Report](t)(verifyBytes(read(t, filepath.Join(work, rep.Election.UUID+".bel")), Options{}))
		if done.Result.Counts[0][1] != 5 {
			t.Errorf("%v", done.Result)
		}
	}
	t.Run("ours in theirs, 3.0", func(t *testing.T) { oursIn(t, referee3(t), "yesno-ed25519-1trustee", "decrypt") })
	t.Run("ours in theirs, 2.0", func(t *testing.T) { oursIn(t, referee2(t), "yesno-2048", "decrypt") })
}
