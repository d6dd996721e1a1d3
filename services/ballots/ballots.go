// Package ballots decides what may happen to a ballot: a question put to a roll that is frozen when the ballot
// opens, one vote per elector, and figures that are a recount of what is stored.
//
// Everything here is a function of values. The instant, the randomness and what is stored are handed in, so each
// decision can be tested without a database, and on the hot path it runs on what the one writer holds in memory.
package ballots

import "time"

// State is how far a ballot is. A closed ballot is never opened again.
type State int

// The states.
const (
	// Open takes votes.
	Open State = iota + 1
	// Closed takes none; its count is known to the motions room only.
	Closed
	// Published shows its figures to everyone.
	Published
)

// Choice is what an elector chose, as it is stored.
type Choice string

// The choices on a resolution.
const (
	For     Choice = "for"
	Against Choice = "against"
	// Abstain is recorded: it counts as turnout and for neither side.
	Abstain Choice = "abstain"
)

// Valid reports whether c is one of the three.
func (c Choice) Valid() bool { return c == For || c == Against || c == Abstain }

// OpenVote is what an open ballot tells its voters about who can see their choice. It is fixed at opening.
const OpenVote = "This is an open vote, not a secret one: your choice is stored beside your place on the roll, and whoever runs " +
	"the server could read it there. Once the result is published, members can read every vote beside its number on the roll, without " +
	"a name, so that anyone of them can recount it. Before that nobody is shown more than how many have voted."

// Opening is what a ballot is opened with. Nothing of it changes afterwards.
type Opening struct {
	// ID is the ballot's id, made by the motions room.
	ID string
	// Motion and Meeting are the ids of what the ballot is about.
	Motion, Meeting string
	// Region is the region's id, or empty for the whole society.
	Region string
	// Question is the motion's title.
	Question string
	// Rule is the majority rule in words.
	Rule string
	// Privacy says in words who can see how a member voted.
	Privacy string
	// Roll is the id of the frozen roll in the membership room.
	Roll string
	// Electors is how many stand on the roll.
	Electors int64
	// Fingerprint is the roll's, 32 bytes (see [Fingerprint]).
	Fingerprint []byte
}

// Figures are how many votes each choice has.
type Figures struct {
	For, Against, Abstain int64
}

// Turnout is how many have voted.
func (f Figures) Turnout() int64 { return f.For + f.Against + f.Abstain }

// Closing is the end of voting and the count of what was stored then.
type Closing struct {
	At time.Time
	Figures
}

// Ballot is a ballot as it stands.
type Ballot struct {
	Opening
	// Opened is when it opened.
	Opened time.Time
	// Closing is nil while it is open.
	Closing *Closing
	// Published is when its figures became public; zero before.
	Published time.Time
	// Turnout is how many have voted.
	Turnout int64
}

// State says how far the ballot is.
func (b Ballot) State() State {
	switch {
	case b.Closing == nil:
		return Open
	case b.Published.IsZero():
		return Closed
	}
	return Published
}
