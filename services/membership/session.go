package membership

import (
	"strings"
	"time"
)

const (
	// SessionIdle is how long a session lives unused.
	SessionIdle = 60 * 24 * time.Hour
	// SessionLife is how long it lives at most.
	SessionLife = 180 * 24 * time.Hour
	// TouchEvery is how often the use of a session is noted: noting every use would make every read a write.
	TouchEvery = time.Hour
)

// Session is a member's signed-in browser.
type Session struct {
	// ID is its own; SID is what its tokens carry, which changes when the tokens have to die before the session.
	ID, SID string
	// Member is whose.
	Member string
	// Made and Used are when it began and was last used.
	Made, Used time.Time
	// Ended is true after signing out.
	Ended bool
	// Operator is true if the operator made it.
	Operator bool
	// Way is how it began.
	Way Way
}

// Way is how and on what a member signed in: words for the member, nothing that tells one device from another of its kind.
type Way struct {
	// Method is one of the methods.
	Method string
	// Device is the browser and the system in words ("Firefox on Windows"), or empty where they are not known.
	Device string
}

// The methods.
const (
	ByMail     = "mail"
	ByPasskey  = "passkey"
	ByCard     = "card"
	ByFounder  = "founding"
	ByOperator = "operator"
)

// maxDevice bounds the words for a device, in bytes.
const maxDevice = 60

// Device returns what a caller says of the device if it is a few plain words, else nothing: it is shown to the member as it is.
func Device(s string) string {
	plain := func(r rune) bool {
		return r == ' ' || r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if len(s) > maxDevice || strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return ""
	}
	return s
}

// Expires is when it ends unless used.
func (s Session) Expires() time.Time {
	idle, last := s.Used.Add(SessionIdle), s.Made.Add(SessionLife)
	if last.Before(idle) {
		return last
	}
	return idle
}

// Alive reports whether it may be used at an instant.
func (s Session) Alive(now time.Time) bool { return !s.Ended && now.Before(s.Expires()) }
