package membership

import (
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// ChallengeKind is what a challenge says of a roll.
type ChallengeKind string

// The kinds.
const (
	// ChallengeEntry: somebody is on it who should not be.
	ChallengeEntry ChallengeKind = "entry"
	// ChallengeOmission: somebody is not on it who should be.
	ChallengeOmission ChallengeKind = "omission"
)

// ChallengeOutcome is how a challenge was decided; empty while it waits.
type ChallengeOutcome string

// The outcomes.
const (
	Upheld    ChallengeOutcome = "upheld"
	Dismissed ChallengeOutcome = "dismissed"
)

const (
	// MaxAbout bounds the words that say whom a challenge is about, in characters.
	MaxAbout = 100
	// MaxOpenChallenges is how many of one member's challenges of the rolls of one meeting may wait at once: nobody can
	// hold a vote up with more than the chair can decide in a few minutes.
	MaxOpenChallenges = 5
)

// Challenge is a member's objection to a roll that was prepared for a meeting, before the roll is used. A roll is never
// changed: an upheld challenge makes another roll that supersedes it, and holds for every roll of that meeting.
type Challenge struct {
	// ID is its id, Roll the roll that was looked at, and Meeting what that was prepared for.
	ID, Roll, Meeting string
	// Kind is what it says.
	Kind ChallengeKind
	// Challenger is who brought it.
	Challenger string
	// Member is whom it is about, empty while only About says it, in the challenger's words.
	Member, About string
	// Reason is the challenger's.
	Reason string
	// Made is when.
	Made time.Time
	// Outcome is the decision, Decider who made it, Decided when and DecisionReason why.
	Outcome        ChallengeOutcome
	Decider        string
	Decided        time.Time
	DecisionReason string
	// Superseding is the roll that an upheld challenge made.
	Superseding string
}

// RollUse is how far a meeting's rolls are used.
type RollUse struct {
	// Prepared is true for a roll that was prepared for a meeting; others are used as soon as they are frozen.
	Prepared bool
	// Used is true once a ballot of the meeting has its roll.
	Used bool
	// SupersededBy is the roll that took this one's place, or empty.
	SupersededBy string
}

func rollUsed() error {
	return fault.New(fault.Conflict, "ROLL_USED", "This roll has been used for a vote: it can no longer be challenged.")
}

// NewChallenge decides whether a member may bring a challenge. open is how many of theirs wait for this meeting, and memberKnown whether
// the register knows the member that it names.
func NewChallenge(c Challenge, use RollUse, open int, memberKnown bool) (Challenge, error) {
	c.Reason, c.About = strings.TrimSpace(c.Reason), strings.Join(strings.Fields(c.About), " ")
	bad := checkText(nil, "reason", "a reason", c.Reason, MaxReason)
	if c.Kind != ChallengeEntry && c.Kind != ChallengeOmission {
		bad = append(bad, fault.Violation{Field: "kind", Message: "Say whether somebody is on the roll who should not be, or is missing."})
	}
	switch {
	case c.Member != "" && !memberKnown:
		bad = append(bad, fault.Violation{Field: "member", Message: "There is no such member."})
	case c.Member == "" || c.About != "":
		bad = checkText(bad, "about", "the name of the member whom it is about", c.About, MaxAbout)
	}
	if len(bad) > 0 {
		return Challenge{}, fault.New(fault.Invalid, "CHALLENGE_INVALID", bad[0].Message, bad...)
	}
	switch {
	case !use.Prepared || use.Used:
		return Challenge{}, rollUsed()
	case use.SupersededBy != "":
		return Challenge{}, fault.New(fault.Conflict, "ROLL_SUPERSEDED", "Another roll has taken this one's place: challenge that one.").With("roll", use.SupersededBy)
	case open >= MaxOpenChallenges:
		return Challenge{}, fault.New(fault.Exhausted, "CHALLENGES_TOO_MANY", "Several of your challenges of this meeting's roll wait for a decision already.")
	}
	return c, nil
}

// Subject is what the store found about whom a challenge is about.
type Subject struct {
	// Known is whether the register knows them, and Member whether they are a member now.
	Known, Member bool
	// OnRoll is whether the meeting's present roll holds them.
	OnRoll bool
}

// Decide decides a challenge. about names the member where the challenge does not; s was found about them.
func (c Challenge) Decide(by string, uphold bool, reason, about string, at time.Time, use RollUse, s Subject) (Challenge, error) {
	reason = strings.TrimSpace(reason)
	bad := checkText(nil, "reason", "a reason", reason, MaxReason)
	if c.Member == "" {
		c.Member = about
	}
	switch {
	case uphold && c.Member == "":
		bad = append(bad, fault.Violation{Field: "member", Message: "Say which member it is about."})
	case about != "" && !s.Known:
		bad = append(bad, fault.Violation{Field: "member", Message: "There is no such member."})
	case about != "" && about != c.Member:
		bad = append(bad, fault.Violation{Field: "member", Message: "The challenge names another member."})
	}
	if len(bad) > 0 {
		return Challenge{}, fault.New(fault.Invalid, "DECISION_INVALID", bad[0].Message, bad...)
	}
	switch {
	case c.Outcome != "":
		return Challenge{}, fault.New(fault.Conflict, "CHALLENGE_DECIDED", "This challenge has been decided.")
	case by == c.Challenger || by == c.Member:
		return Challenge{}, fault.New(fault.Denied, "OWN_CHALLENGE", "Nobody decides a challenge that they brought or that is about them: ask the other officer.")
	case use.Used:
		return Challenge{}, rollUsed()
	case uphold && c.Kind == ChallengeOmission && !s.Member:
		return Challenge{}, fault.New(fault.Conflict, "NOT_A_MEMBER", "Only a member can be put on a roll: a ruling admits nobody.")
	case uphold && c.Kind == ChallengeOmission && s.OnRoll:
		return Challenge{}, fault.New(fault.Conflict, "ON_ROLL", "The member is on the roll already: dismiss the challenge, saying so.")
	case uphold && c.Kind == ChallengeEntry && !s.OnRoll:
		return Challenge{}, fault.New(fault.Conflict, "NOT_ON_ROLL", "The member is not on the roll: dismiss the challenge, saying so.")
	}
	c.Outcome, c.Decider, c.Decided, c.DecisionReason = Dismissed, by, at, reason
	if uphold {
		c.Outcome = Upheld
	}
	return c, nil
}

// Ruling is what an upheld challenge says of a member for every roll of its meeting that is frozen from then on.
type Ruling struct {
	// Include is whether they are on it.
	Include bool
	// At is when it was made, and Reason why.
	At     time.Time
	Reason string
}

// Entitled reports whether the person with this history stands on a roll frozen at an instant. ruling is nil where none was
// made. A ruling puts nobody on a roll who is no member then.
func (t Terms) Entitled(h History, frozen time.Time, ruling *Ruling) bool {
	if ruling == nil {
		return t.Excluded(h, frozen) == ""
	}
	return ruling.Include && h.On(frozen).Member()
}

// ExplainRuled is [Terms.Explain] where a ruling was made about the person; nil for none.
func (t Terms) ExplainRuled(h History, frozen time.Time, ruling *Ruling, zone *time.Location) Verdict {
	v := t.Explain(h, frozen, zone)
	switch {
	case ruling == nil || (ruling.Include && !h.On(frozen).Member()):
		return v
	case ruling.Include:
		return Verdict{Words: "A challenge was upheld on " + Date(ruling.At, zone) + " and the member is on this roll: " + ruling.Reason, Date: Day(ruling.At, zone)}
	}
	return Verdict{Reason: RuledOut, Words: "A challenge was upheld on " + Date(ruling.At, zone) + " and the member is not on this roll: " + ruling.Reason, Date: Day(ruling.At, zone)}
}

// The ways in which a member's place differs between two rolls, as the API spells them.
const (
	ChangeJoined = "joined"
	ChangeLeft   = "left"
	ChangeGained = "gained_standing"
	ChangeLost   = "lost_standing"
	ChangeMoved  = "moved"
	ChangeRuled  = "ruled"
)

// Change names how a member came to a later roll (onLater) or left an earlier one, from the reason why they are not on the
// other.
func Change(onLater bool, reason string) string {
	switch {
	case reason == RuledOut || reason == "":
		return ChangeRuled
	case reason == OtherRegion:
		return ChangeMoved
	case onLater && (reason == NotAMember || reason == AdmittedAfterNotice):
		return ChangeJoined
	case onLater:
		return ChangeGained
	case reason == NotAMember:
		return ChangeLeft
	}
	return ChangeLost
}
