package membership

import (
	"crypto/subtle"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

const (
	// AttemptLife is how long a mailed link and code work.
	AttemptLife = 30 * time.Minute
	// MaxWrongCodes is how many wrong codes an attempt takes. After them its link still works.
	MaxWrongCodes = 5
	// CodesPerHour is, with CodesPerDay, how many mails to one address carry a code. Attempts are not
	// bounded, or strangers could lock a member out; a further mail carries its link alone, which nobody guesses. So all
	// strangers together have at most CodesPerDay × MaxWrongCodes guesses a day at one member: 60 in a million.
	CodesPerHour = 4
	// CodesPerDay bounds the same over a day.
	CodesPerDay = 12
)

// AttemptKind is what an attempt is for.
type AttemptKind string

// The kinds.
const (
	Joining   AttemptKind = "join"
	SigningIn AttemptKind = "sign_in"
)

// Attempt is somebody's attempt to show that an address is theirs. It belongs to the browser that holds its secret,
// and so does what is counted against it.
type Attempt struct {
	// Kind is what for.
	Kind AttemptKind
	// Person is who joins; for signing in only Email and Language are set.
	Person Person
	// Postal is the postal address of who joins, in lines, where the rules ask for one.
	Postal string
	// Made and Expires bound its life.
	Made, Expires time.Time
	// CodeHash and LinkHash are of what was mailed, empty if nothing was.
	CodeHash, LinkHash []byte
	// Wrong counts wrong codes.
	Wrong int
	// Used is when it succeeded; Request is the hash of the request that did, and Session what it made.
	Used    time.Time
	Request []byte
	Session string
}

// Proof is what the browser shows: the hash of a link or of a code, and of the whole request.
type Proof struct {
	// Link or Code is a hash; the other is empty.
	Link, Code []byte
	// Request is the hash of the request, with its id: the same again gets the same answer.
	Request []byte
	// Device is the browser and the system in words.
	Device string
}

// Outcome is what a proof came to.
type Outcome int

// The outcomes.
const (
	// Refused: the fault says why.
	Refused Outcome = iota
	// Wrong: refused, and the wrong code has to be counted.
	Wrong
	// Proved: the address is theirs.
	Proved
	// Repeated: the same request succeeded before.
	Repeated
)

// Try decides on a proof at an instant. The answers do not differ between an address that a member has and one that
// nobody has: that one has no code that could be right.
func (a Attempt) Try(p Proof, now time.Time) (Outcome, error) {
	expired := !now.Before(a.Expires)
	if !a.Used.IsZero() {
		if !expired && equal(a.Request, p.Request) {
			return Repeated, nil
		}
		return Refused, fault.New(fault.Conflict, "LINK_USED", "This link or code was used already. Ask for a new one.")
	}
	if expired {
		return Refused, fault.New(fault.Conflict, "LINK_EXPIRED", "This link or code has expired: they work for 30 minutes. Ask for a new one.")
	}
	if len(p.Link) > 0 {
		if equal(a.LinkHash, p.Link) {
			return Proved, nil
		}
		return Refused, fault.Field("LINK_OTHER", "link",
			"This link belongs to an earlier mail or to another browser. Use the newest mail, in the browser where you asked for it.")
	}
	if a.Wrong >= MaxWrongCodes {
		return Refused, tooMany()
	}
	if equal(a.CodeHash, p.Code) {
		return Proved, nil
	}
	left := MaxWrongCodes - a.Wrong - 1
	if left == 0 {
		return Wrong, tooMany()
	}
	return Wrong, fault.Field("CODE_WRONG", "code", "This is not the code in the newest mail. Check it and try again.").With("left", fmt.Sprint(left))
}

func tooMany() error {
	return fault.New(fault.Exhausted, "CODE_LIMIT", "Too many wrong codes. Use the link in the mail, or ask for a new one.")
}

func equal(a, b []byte) bool { return len(a) > 0 && subtle.ConstantTimeCompare(a, b) == 1 }

// NewCode returns six digits, each code equally likely.
func NewCode(random io.Reader) (string, error) {
	n, err := below(random, 1_000_000)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%06d", n), nil
}

// Code returns the six digits that a person typed, or a CODE_FORMAT fault, which counts against nothing.
func Code(s string) (string, error) {
	s = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, s)
	if len(s) != 6 || strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
		return "", fault.Field("CODE_FORMAT", "code", "Enter the six digits of the code.")
	}
	return s, nil
}

// Letter is a mail that the room sends.
type Letter string

// The letters.
const (
	// NoLetter: nobody has the address.
	NoLetter Letter = ""
	// LetterJoin confirms an address and admits its owner.
	LetterJoin Letter = "join"
	// LetterKnown tells a member who asked to join that they are one, and signs them in.
	LetterKnown Letter = "known"
	// LetterSignIn signs a member in.
	LetterSignIn Letter = "sign_in"
	// LetterOperator tells a member that the operator made a token in their name.
	LetterOperator Letter = "operator"
	// LetterPasskeyAdded and LetterPasskeyRemoved tell a member of a change that might not be theirs.
	LetterPasskeyAdded   Letter = "passkey_added"
	LetterPasskeyRemoved Letter = "passkey_removed"
	// LetterNotice, LetterChanged and LetterCancelled are notices of a meeting.
	LetterNotice    Letter = "notice"
	LetterChanged   Letter = "notice_changed"
	LetterCancelled Letter = "notice_cancelled"
	// LetterEmail confirms another address of a member.
	LetterEmail Letter = "email"
	// LetterEmailChanged tells the old address that another one is used.
	LetterEmailChanged Letter = "email_changed"
	// LetterAdmitted tells an applicant that somebody decided to admit them.
	LetterAdmitted Letter = "admitted"
	// LetterDeclined tells an applicant that they were refused, why, and how to appeal.
	LetterDeclined Letter = "refused"
	// LetterLeft tells somebody that their membership ended, and what is kept.
	LetterLeft Letter = "left"
	// LetterWithdrawn tells applicants that they took their application back.
	LetterWithdrawn Letter = "withdrawn"
)

// LetterFor decides which mail an attempt gets, given whether a member has the address.
func LetterFor(kind AttemptKind, known bool) Letter {
	switch {
	case kind == Joining && !known:
		return LetterJoin
	case kind == Joining:
		return LetterKnown
	case known:
		return LetterSignIn
	}
	return NoLetter
}

// MayCarryCode decides whether another mail to an address may carry a code, given how many did in the last hour and
// in the last day.
func MayCarryCode(lastHour, lastDay int) bool {
	return lastHour < CodesPerHour && lastDay < CodesPerDay
}
