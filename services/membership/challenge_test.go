package membership

import (
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

func reasonOf(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Reason
	}
	return ""
}

func TestNewChallenge(t *testing.T) {
	prepared := RollUse{Prepared: true}
	good := Challenge{Kind: ChallengeEntry, Challenger: "a", About: "Ben", Reason: "He moved away."}
	change := func(f func(*Challenge)) Challenge { c := good; f(&c); return c }
	for _, c := range []struct {
		name   string
		c      Challenge
		use    RollUse
		open   int
		known  bool
		reason string
	}{
		{"in words", good, prepared, 0, false, ""},
		{"of a member", change(func(c *Challenge) { c.Member, c.About = "b", "" }), prepared, 0, true, ""},
		{"of nobody", change(func(c *Challenge) { c.About = " " }), prepared, 0, false, "CHALLENGE_INVALID"},
		{"of an unknown member", change(func(c *Challenge) { c.Member = "b" }), prepared, 0, false, "CHALLENGE_INVALID"},
		{"without a reason", change(func(c *Challenge) { c.Reason = " " }), prepared, 0, false, "CHALLENGE_INVALID"},
		{"of no kind", change(func(c *Challenge) { c.Kind = "" }), prepared, 0, false, "CHALLENGE_INVALID"},
		{"of a ballot's roll", good, RollUse{}, 0, false, "ROLL_USED"},
		{"of a used roll", good, RollUse{Prepared: true, Used: true}, 0, false, "ROLL_USED"},
		{"of a superseded roll", good, RollUse{Prepared: true, SupersededBy: "r"}, 0, false, "ROLL_SUPERSEDED"},
		{"one too many", good, prepared, MaxOpenChallenges, false, "CHALLENGES_TOO_MANY"},
		{"the last", good, prepared, MaxOpenChallenges - 1, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := NewChallenge(c.c, c.use, c.open, c.known)
			if reasonOf(err) != c.reason || (err == nil) != (c.reason == "") || (err == nil && got.Outcome != "") {
				t.Errorf("%+v, %v; want %q", got, err, c.reason)
			}
		})
	}
}

func TestDecide(t *testing.T) {
	prepared := RollUse{Prepared: true}
	entry := Challenge{Kind: ChallengeEntry, Challenger: "a", Member: "b"}
	omission := Challenge{Kind: ChallengeOmission, Challenger: "a", Member: "b"}
	on, off := Subject{Known: true, Member: true, OnRoll: true}, Subject{Known: true, Member: true}
	for _, c := range []struct {
		name      string
		c         Challenge
		by        string
		uphold    bool
		why       string
		about     string
		use       RollUse
		s         Subject
		reason    string
		outcome   ChallengeOutcome
		aboutThen string
	}{
		{"off the roll", entry, "chair", true, "r", "", prepared, on, "", Upheld, "b"},
		{"onto the roll", omission, "chair", true, "r", "", prepared, off, "", Upheld, "b"},
		{"dismissed", entry, "chair", false, "r", "", prepared, on, "", Dismissed, "b"},
		{"dismissed of nobody known", Challenge{Kind: ChallengeEntry, Challenger: "a", About: "x"}, "chair", false, "r", "", prepared, Subject{}, "", Dismissed, ""},
		{"named by who decides", Challenge{Kind: ChallengeEntry, Challenger: "a", About: "x"}, "chair", true, "r", "b", prepared, on, "", Upheld, "b"},
		{"upheld of nobody", Challenge{Kind: ChallengeEntry, Challenger: "a", About: "x"}, "chair", true, "r", "", prepared, Subject{}, "DECISION_INVALID", "", ""},
		{"another member", entry, "chair", true, "r", "c", prepared, on, "DECISION_INVALID", "", ""},
		{"without a reason", entry, "chair", true, " ", "", prepared, on, "DECISION_INVALID", "", ""},
		{"twice", Challenge{Kind: ChallengeEntry, Challenger: "a", Member: "b", Outcome: Dismissed}, "chair", true, "r", "", prepared, on, "CHALLENGE_DECIDED", "", ""},
		{"one's own", entry, "a", true, "r", "", prepared, on, "OWN_CHALLENGE", "", ""},
		{"about oneself", entry, "b", false, "r", "", prepared, on, "OWN_CHALLENGE", "", ""},
		{"too late", entry, "chair", true, "r", "", RollUse{Prepared: true, Used: true}, on, "ROLL_USED", "", ""},
		{"no member", omission, "chair", true, "r", "", prepared, Subject{Known: true}, "NOT_A_MEMBER", "", ""},
		{"on it already", omission, "chair", true, "r", "", prepared, on, "ON_ROLL", "", ""},
		{"not on it", entry, "chair", true, "r", "", prepared, off, "NOT_ON_ROLL", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.c.Decide(c.by, c.uphold, c.why, c.about, day(3), c.use, c.s)
			if reasonOf(err) != c.reason || got.Outcome != c.outcome || got.Member != c.aboutThen {
				t.Errorf("%+v, %v; want %q %q", got, err, c.reason, c.outcome)
			}
		})
	}
}

func TestRulings(t *testing.T) {
	terms := Terms{Notice: day(10), Required: true, Book: 2}
	on, off := &Ruling{Include: true, At: day(12), Reason: "Paid in cash."}, &Ruling{At: day(12), Reason: "Moved away."}
	for _, c := range []struct {
		name   string
		h      History
		ruling *Ruling
		want   bool
		reason string
	}{
		{"none, paid", joined().paid(5, "a"), nil, true, ""},
		{"none, not paid", joined(), nil, false, DonationNotSettled},
		{"put on", joined(), on, true, ""},
		{"put on, who left", joined(Event{Number: 9, Kind: Resigned, At: day(20)}), on, false, NotAMember},
		{"taken off", joined().paid(5, "a"), off, false, RuledOut},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := terms.ExplainRuled(c.h, day(25), c.ruling, time.UTC)
			if got := terms.Entitled(c.h, day(25), c.ruling); got != c.want || v.Reason != c.reason {
				t.Errorf("on the roll %v for %q; want %v for %q", got, v.Reason, c.want, c.reason)
			}
		})
	}
	for reason, want := range map[string][2]string{
		NotAMember: {ChangeLeft, ChangeJoined}, AdmittedAfterNotice: {ChangeLost, ChangeJoined}, NotCurrentAtNotice: {ChangeLost, ChangeGained},
		DonationNotSettled: {ChangeLost, ChangeGained}, OtherRegion: {ChangeMoved, ChangeMoved}, RuledOut: {ChangeRuled, ChangeRuled}, "": {ChangeRuled, ChangeRuled},
	} {
		if got := [2]string{Change(false, reason), Change(true, reason)}; got != want {
			t.Errorf("%q: %v; want %v", reason, got, want)
		}
	}
}
