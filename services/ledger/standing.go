package ledger

// Settled is a standing event: a member's £1 settled, or one that had settled was reversed. The
// membership room computes standing from them; it is told every one, in order.
type Settled struct {
	// Member is who gave.
	Member string
	// Entry is the entry that says so.
	Entry string
	// Reverses is empty if the event gives standing; if it takes standing away it is the Entry of the event that gave it:
	// the donation, or the reversal that had restored it.
	Reverses string
	// Pence is the amount that settled.
	Pence int64
	// At is when the ledger recorded it, in microseconds since 1970.
	At int64
}

// StandingEvent returns the standing event that an entry makes, or false if it makes none.
// root is the donation at the beginning of the chain of reversals that e ends, and depth how
// many reversals lie between: reversing a reversal restores the donation, so it settles again.
func StandingEvent(e, root Entry, depth int) (Settled, bool) {
	if !root.Counts() {
		return Settled{}, false
	}
	s := Settled{Member: root.Member, Entry: e.ID, Pence: root.Postings[0].Amount.Pence, At: e.Entered}
	if depth%2 == 1 {
		s.Reverses = e.Reverses
	}
	return s, true
}
