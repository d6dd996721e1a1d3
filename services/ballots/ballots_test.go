package ballots_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

func reason(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Reason
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestDecideCast(t *testing.T) {
	a, b := ballots.NewRequestKey("member:m", "a"), ballots.NewRequestKey("member:m", "b")
	voted := ballots.Vote{Receipt: ballots.NewCode([10]byte{1}), Request: a, Choice: ballots.For, Cast: time.Date(2016, 10, 1, 12, 0, 0, 5000, time.UTC).UnixMicro()}
	for _, c := range []struct {
		name    string
		open    bool
		earlier ballots.Vote
		request ballots.RequestKey
		choice  ballots.Choice
		store   bool
		reason  string
		receipt bool
	}{
		{"a first vote", true, ballots.Vote{}, a, ballots.For, true, "", false},
		{"the same again", true, voted, a, ballots.For, false, "", false},
		{"the same again, closed by now", false, voted, a, ballots.For, false, "", false},
		{"the same request for something else", true, voted, a, ballots.Against, false, "REQUEST_ID_REUSED", false},
		{"the same request for something else, closed by now", false, voted, a, ballots.Against, false, "REQUEST_ID_REUSED", false},
		{"another request, the same choice", true, voted, b, ballots.For, false, "ALREADY_VOTED", true},
		{"another request, another choice", true, voted, b, ballots.Abstain, false, "ALREADY_VOTED", true},
		{"too late", false, ballots.Vote{}, a, ballots.For, false, "BALLOT_CLOSED", false},
		{"too late, and voted before", false, voted, b, ballots.For, false, "BALLOT_CLOSED", true},
	} {
		store, err := ballots.DecideCast(c.open, c.earlier, c.request, c.choice)
		if store != c.store || reason(err) != c.reason {
			t.Errorf("%s: store %v, %v", c.name, store, err)
		}
		var details map[string]string
		if f := fault.Of(err); f != nil {
			details = f.Details
		}
		if (details["receipt"] == voted.Receipt.String()) != c.receipt || (details["cast_time"] == "2016-10-01T12:00:00.000005Z") != c.receipt {
			t.Errorf("%s: details %v", c.name, details)
		}
	}
}

// TestARefusalTellsNoChoice compares the refusals of a second vote after two different first ones.
func TestARefusalTellsNoChoice(t *testing.T) {
	first := ballots.Vote{Receipt: ballots.NewCode([10]byte{1}), Request: ballots.NewRequestKey("member:m", "a"), Cast: 5}
	for _, open := range []bool{true, false} {
		texts := map[string]bool{}
		for _, choice := range []ballots.Choice{ballots.For, ballots.Against, ballots.Abstain} {
			first.Choice = choice
			_, err := ballots.DecideCast(open, first, ballots.NewRequestKey("member:m", "b"), ballots.For)
			f := fault.Of(err)
			texts[fmt.Sprint(f.Kind, f.Reason, f.Message, f.Details)] = true
		}
		if len(texts) != 1 {
			t.Errorf("open %v: the refusal depends on the first vote: %v", open, texts)
		}
	}
}

func TestRequestKeysAreTheCallersOwn(t *testing.T) {
	a := ballots.NewRequestKey("member:m", "request-1")
	for _, other := range []ballots.RequestKey{ballots.NewRequestKey("member:n", "request-1"), ballots.NewRequestKey("member:m", "request-2"), ballots.NewRequestKey("member:mr", "equest-1")} {
		if other == a {
			t.Error("two requests have one key")
		}
	}
	if ballots.NewRequestKey("member:m", "request-1") != a {
		t.Error("one request has two keys")
	}
}

// TestFingerprint compares with the bytes written out by hand, as the membership room documents them.
func TestFingerprint(t *testing.T) {
	want := sha256.Sum256([]byte("1\x1fm-a\x1flondon\n2\x1fm-b\x1f\n"))
	got := ballots.Fingerprint([]ballots.Elector{{Number: 1, Member: "m-a", Region: "london"}, {Number: 2, Member: "m-b"}})
	if !bytes.Equal(got, want[:]) {
		t.Errorf("got %x, want %x", got, want)
	}
	nobody := sha256.Sum256(nil)
	if !bytes.Equal(ballots.Fingerprint(nil), nobody[:]) {
		t.Error("an empty roll's fingerprint is not that of no bytes")
	}
}

func TestCheckRoll(t *testing.T) {
	roll := func() []ballots.Elector {
		return []ballots.Elector{{Number: 1, Member: "a", Region: "r"}, {Number: 2, Member: "b"}, {Number: 3, Member: "c"}}
	}
	o := ballots.Opening{Electors: 3, Fingerprint: ballots.Fingerprint(roll())}
	if err := o.CheckRoll(roll()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func([]ballots.Elector) []ballots.Elector{
		"one too few":      func(r []ballots.Elector) []ballots.Elector { return r[:2] },
		"one too many":     func(r []ballots.Elector) []ballots.Elector { return append(r, ballots.Elector{Number: 4, Member: "d"}) },
		"a gap":            func(r []ballots.Elector) []ballots.Elector { r[2].Number = 4; return r },
		"not from 1":       func(r []ballots.Elector) []ballots.Elector { r[0].Number = 0; return r },
		"out of order":     func(r []ballots.Elector) []ballots.Elector { r[0], r[1] = r[1], r[0]; return r },
		"one twice":        func(r []ballots.Elector) []ballots.Elector { r[2].Member = "a"; return r },
		"nobody":           func(r []ballots.Elector) []ballots.Elector { r[2].Member = ""; return r },
		"another":          func(r []ballots.Elector) []ballots.Elector { r[2].Member = "x"; return r },
		"another's region": func(r []ballots.Elector) []ballots.Elector { r[0].Region = "s"; return r },
	} {
		if err := o.CheckRoll(spoil(roll())); reason(err) != "ROLL_DIFFERS" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func opening() ballots.Opening {
	return ballots.Opening{ID: "b", Motion: "m", Meeting: "g", Region: "r", Question: "q", Rule: "u", Privacy: "p", Roll: "l", Electors: 3, Fingerprint: make([]byte, 32)}
}

func TestOpeningIsChecked(t *testing.T) {
	if err := opening().Check(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spoil  func(*ballots.Opening)
		reason string
	}{
		"no id":             {func(o *ballots.Opening) { o.ID = "" }, "FIELD_NEEDED"},
		"no motion":         {func(o *ballots.Opening) { o.Motion = "" }, "FIELD_NEEDED"},
		"no meeting":        {func(o *ballots.Opening) { o.Meeting = "" }, "FIELD_NEEDED"},
		"no question":       {func(o *ballots.Opening) { o.Question = "" }, "FIELD_NEEDED"},
		"no rule":           {func(o *ballots.Opening) { o.Rule = "" }, "FIELD_NEEDED"},
		"no roll":           {func(o *ballots.Opening) { o.Roll = "" }, "FIELD_NEEDED"},
		"a long question":   {func(o *ballots.Opening) { o.Question = strings.Repeat("é", 501) }, "FIELD_TOO_LONG"},
		"a negative roll":   {func(o *ballots.Opening) { o.Electors = -1 }, "ROLL_COUNT"},
		"a fingerprint cut": {func(o *ballots.Opening) { o.Fingerprint = o.Fingerprint[:31] }, "ROLL_FINGERPRINT"},
	} {
		o := opening()
		c.spoil(&o)
		if err := o.Check(); reason(err) != c.reason {
			t.Errorf("%s: %v", name, err)
		}
	}
	longest := opening()
	longest.Question, longest.Region = strings.Repeat("é", 500), ""
	if err := longest.Check(); err != nil {
		t.Errorf("500 letters and no region: %v", err)
	}
}

func TestSameAs(t *testing.T) {
	if err := opening().SameAs(opening()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*ballots.Opening){
		"motion": func(o *ballots.Opening) { o.Motion = "x" }, "meeting": func(o *ballots.Opening) { o.Meeting = "x" },
		"region": func(o *ballots.Opening) { o.Region = "x" }, "question": func(o *ballots.Opening) { o.Question = "x" },
		"rule": func(o *ballots.Opening) { o.Rule = "x" }, "roll": func(o *ballots.Opening) { o.Roll = "x" },
		"count": func(o *ballots.Opening) { o.Electors = 4 }, "fingerprint": func(o *ballots.Opening) { o.Fingerprint = bytes.Repeat([]byte{1}, 32) },
	} {
		o := opening()
		change(&o)
		if err := opening().SameAs(o); reason(err) != "BALLOT_DIFFERS" {
			t.Errorf("another %s: %v", name, err)
		}
	}
}

func TestState(t *testing.T) {
	var b ballots.Ballot
	if b.State() != ballots.Open || reason(b.MayPublish()) != "BALLOT_OPEN" {
		t.Error("a new ballot is not open")
	}
	b.Closing = &ballots.Closing{Figures: ballots.Figures{For: 2, Against: 1, Abstain: 4}}
	if b.State() != ballots.Closed || b.MayPublish() != nil || b.Closing.Turnout() != 7 {
		t.Error("a closed ballot is not closed")
	}
	b.Published = time.Unix(1, 0)
	if b.State() != ballots.Published {
		t.Error("a published ballot is not published")
	}
}

func TestCheckChoice(t *testing.T) {
	for _, c := range []ballots.Choice{ballots.For, ballots.Against, ballots.Abstain} {
		if err := ballots.CheckChoice(c); err != nil {
			t.Error(c, err)
		}
	}
	for _, c := range []ballots.Choice{"", "FOR", "perhaps"} {
		if reason(ballots.CheckChoice(c)) != "CHOICE_NEEDED" {
			t.Error(c)
		}
	}
}

func TestReceiptsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var random [ballots.CodeBytes]byte
		copy(random[:], rapid.SliceOfN(rapid.Byte(), ballots.CodeBytes, ballots.CodeBytes).Draw(t, "random"))
		code := ballots.NewCode(random)
		shown := code.String()
		if len(shown) != 19 || strings.ContainsAny(shown, "0O1I") || strings.ToUpper(shown) != shown {
			t.Fatalf("%s does not look like a receipt", shown)
		}
		for _, typed := range []string{shown, strings.ToLower(shown), strings.ReplaceAll(shown, "-", ""), strings.ReplaceAll(shown, "-", " "),
			" " + strings.ReplaceAll(shown, "-", " - ") + " ", strings.ReplaceAll(shown, "-", "\u2011")} {
			if back, ok := ballots.ParseCode(typed); !ok || back != code {
				t.Fatalf("%q reads as %s, %v", typed, back, ok)
			}
		}
		other := random
		other[rapid.IntRange(0, 9).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if ballots.NewCode(other) == code {
			t.Fatal("two numbers have one code")
		}
	})
	for _, typed := range []string{"", "ABCD", "ABCD-EFGH-JKLM-NPQ", "ABCD-EFGH-JKLM-NPQRS", "0BCD-EFGH-JKLM-NPQR", "ABCD-EFGH-JKLM-NPQ1", "ABCD-EFGH-JKLM-NPQÉ", "ABCD_EFGH-JKLM-NPQR", "ABCD-EFGH-JKLM-NPQ\x00", strings.Repeat("A", 100000)} {
		if _, ok := ballots.ParseCode(typed); ok {
			t.Errorf("%.30q passes for a receipt", typed)
		}
	}
}
