package membership

import "time"

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
