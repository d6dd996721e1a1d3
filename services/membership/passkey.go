package membership

import (
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

const (
	// ChallengeLife is how long a browser may take to answer a passkey's challenge.
	ChallengeLife = 5 * time.Minute
	// MaxPasskeys is how many passkeys a member may have.
	MaxPasskeys = 20
	// MaxPasskeyName is the longest name of one, in characters.
	MaxPasskeyName = 60
)

// Passkey is a key with which a member signs in beside mail. Mail always remains: a passkey is never the only way in.
type Passkey struct {
	// ID is its own, and Member whose.
	ID, Member string
	// Name is what the member calls it.
	Name string
	// KeyID is the authenticator's name for it, and Credential what verifies its answers, as the server encodes it.
	KeyID, Credential []byte
	// Synced is true if it is kept in more than one place.
	Synced bool
	// Added and Used are when it was added and last used; Used is zero if never.
	Added, Used time.Time
}

// PasskeyName returns the name as it is kept, or a PASSKEY_NAME fault.
func PasskeyName(s string) (string, error) {
	s = strings.Join(strings.Fields(s), " ")
	if bad := checkText(nil, "name", "a name", s, MaxPasskeyName); len(bad) > 0 {
		return "", fault.New(fault.Invalid, "PASSKEY_NAME", bad[0].Message, bad...)
	}
	return s, nil
}

// KeyChallenge is a question that a passkey has to answer in the browser that asked for it.
type KeyChallenge struct {
	// Member is whose new passkey it is for, or empty for signing in.
	Member string
	// Terms are what the answer is verified against, as the server encodes them, without the challenge itself.
	Terms []byte
	// Expires is when it can no longer be answered.
	Expires time.Time
	// Used is when it was answered, Request the hash of the request that did, and Made what that made.
	Used    time.Time
	Request []byte
	Made    string
}

// Answer decides whether a request may answer the challenge at an instant: Proved if it may, Repeated if the same request
// did before, else a fault. member is who asks for a new passkey, or empty for signing in.
func (c KeyChallenge) Answer(member string, request []byte, now time.Time) (Outcome, error) {
	expired := !now.Before(c.Expires)
	switch {
	case c.Member != member:
		return Refused, fault.Field("CHALLENGE_UNKNOWN", "attempt", "This was not asked for in this browser. Start again.")
	case !c.Used.IsZero() && !expired && equal(c.Request, request):
		return Repeated, nil
	case !c.Used.IsZero():
		return Refused, fault.New(fault.Conflict, "CHALLENGE_USED", "This was used already. Start again.")
	case expired:
		return Refused, fault.New(fault.Conflict, "CHALLENGE_EXPIRED", "This took longer than five minutes. Start again.")
	}
	return Proved, nil
}
