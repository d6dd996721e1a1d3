package membership

import (
	"bytes"
	"crypto/rand"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

func TestTryingAProof(t *testing.T) {
	code, link, request := []byte("code"), []byte("link"), []byte("request")
	fresh := Attempt{Made: day(1), Expires: day(1).Add(AttemptLife), CodeHash: code, LinkHash: link}
	with := func(f func(*Attempt)) Attempt { a := fresh; f(&a); return a }
	used := with(func(a *Attempt) { a.Used, a.Request, a.Session = day(1), request, "s1" })
	nobodys := with(func(a *Attempt) { a.CodeHash, a.LinkHash = nil, nil })
	soon, last, late := day(1).Add(time.Minute), day(1).Add(AttemptLife-time.Microsecond), day(1).Add(AttemptLife)
	byCode, byLink := Proof{Code: code, Request: request}, Proof{Link: link, Request: request}
	for _, c := range []struct {
		name    string
		attempt Attempt
		proof   Proof
		at      time.Time
		want    Outcome
		reason  string
	}{
		{"the code", fresh, byCode, soon, Proved, ""},
		{"the link", fresh, byLink, soon, Proved, ""},
		{"at the last moment", fresh, byCode, last, Proved, ""},
		{"too late", fresh, byCode, late, Refused, "LINK_EXPIRED"},
		{"the link too late", fresh, byLink, late, Refused, "LINK_EXPIRED"},
		{"a wrong code", fresh, Proof{Code: []byte("other")}, soon, Wrong, "CODE_WRONG"},
		{"another's link", fresh, Proof{Link: []byte("other")}, soon, Refused, "LINK_OTHER"},
		{"the link as a code", fresh, Proof{Code: link}, soon, Wrong, "CODE_WRONG"},
		{"the fifth wrong code", with(func(a *Attempt) { a.Wrong = 4 }), Proof{Code: []byte("other")}, soon, Wrong, "CODE_LIMIT"},
		{"the right code after four", with(func(a *Attempt) { a.Wrong = 4 }), byCode, soon, Proved, ""},
		{"the right code after five", with(func(a *Attempt) { a.Wrong = 5 }), byCode, soon, Refused, "CODE_LIMIT"},
		{"the link after five", with(func(a *Attempt) { a.Wrong = 5 }), byLink, soon, Proved, ""},
		{"the same request again", used, byCode, soon, Repeated, ""},
		{"the same request, too late", used, byCode, late, Refused, "LINK_USED"},
		{"another request with the same code", used, Proof{Code: code, Request: []byte("other")}, soon, Refused, "LINK_USED"},
		{"nobody's address, a code", nobodys, byCode, soon, Wrong, "CODE_WRONG"},
		{"nobody's address, a link", nobodys, byLink, soon, Refused, "LINK_OTHER"},
		{"nobody's address, an empty proof", nobodys, Proof{}, soon, Wrong, "CODE_WRONG"},
		{"nobody's address, the fifth", with(func(a *Attempt) { a.CodeHash, a.Wrong = nil, 4 }), byCode, soon, Wrong, "CODE_LIMIT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.attempt.Try(c.proof, c.at)
			if got != c.want {
				t.Errorf("outcome %d, want %d", got, c.want)
			}
			if c.reason == "" && err != nil || c.reason != "" && !fault.Is(err, c.reason) {
				t.Errorf("%v, want %q", err, c.reason)
			}
		})
	}
}

func TestCodes(t *testing.T) {
	for in, want := range map[string]string{"123456": "123456", " 123 456 ": "123456", "123-456": "123456", "000000": "000000", "123\u00a0456": "123456"} {
		if got, err := Code(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "12345", "1234567", "12345a", "１２３４５６", "12345\n"} {
		if got, err := Code(bad); !fault.Is(err, "CODE_FORMAT") {
			t.Errorf("%q was taken as %q, %v", bad, got, err)
		}
	}
	seen := map[byte]bool{}
	for range 300 {
		c, err := NewCode(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Code(c); err != nil {
			t.Fatalf("made %q: %v", c, err)
		}
		seen[c[0]] = true
	}
	// A digit that never comes first in 300 codes has a chance of 0.9^300, two in 10^14, each.
	if len(seen) != 10 {
		t.Errorf("300 codes begin with only %d different digits", len(seen))
	}
	if _, err := NewCode(bytes.NewReader(nil)); err == nil {
		t.Error("a code was made without randomness")
	}
}

func TestLetters(t *testing.T) {
	for _, c := range []struct {
		kind  AttemptKind
		known bool
		want  Letter
	}{{Joining, false, LetterJoin}, {Joining, true, LetterKnown}, {SigningIn, true, LetterSignIn}, {SigningIn, false, NoLetter}} {
		if got := LetterFor(c.kind, c.known); got != c.want {
			t.Errorf("%s, known %v: %q, want %q", c.kind, c.known, got, c.want)
		}
	}
	for _, c := range []struct {
		hour, day int
		want      bool
	}{{0, 0, true}, {3, 11, true}, {4, 4, false}, {0, 12, false}} {
		if got := MayCarryCode(c.hour, c.day); got != c.want {
			t.Errorf("%d in an hour, %d in a day: %v", c.hour, c.day, got)
		}
	}
}

func TestSessionsEnd(t *testing.T) {
	s := Session{Made: day(1), Used: day(1)}
	if !s.Expires().Equal(day(1).Add(SessionIdle)) || !s.Alive(day(1)) || s.Alive(s.Expires()) {
		t.Errorf("unused, it ends at %s", s.Expires())
	}
	s.Used = day(1).Add(SessionLife - time.Hour)
	if !s.Expires().Equal(day(1).Add(SessionLife)) {
		t.Errorf("used to the last, it ends at %s", s.Expires())
	}
	s.Ended = true
	if s.Alive(day(1)) {
		t.Error("it lives after signing out")
	}
}
