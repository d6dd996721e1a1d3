// Package motions decides what a meeting of members may decide: which rules are in force, whether notice was long
// enough and the meeting quorate, how far a motion is, and whether it was carried.
//
// Everything here is a function of values: state, intent and time in; new state or a *fault.Fault out. The rules
// are data ([Book]), each value with its clause and source; a meeting pins the version in force at its notice, and
// every result states the rule, the base and the integers.
package motions

import (
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// MeetingKind is what sort of general meeting it is.
type MeetingKind string

// The kinds of meeting.
const (
	AGM      MeetingKind = "agm"
	Special  MeetingKind = "special"
	Regional MeetingKind = "regional"
)

// MeetingState is how far a meeting is.
type MeetingState string

// The states of a meeting, in order.
const (
	Draft   MeetingState = "draft"
	Noticed MeetingState = "noticed"
	Open    MeetingState = "open"
	Closed  MeetingState = "closed"
)

// MotionKind is what the meeting decides.
type MotionKind string

// The kinds of motion.
const (
	Resolution MotionKind = "resolution"
	Election   MotionKind = "election"
)

// Majority is which majority a motion needs.
type Majority string

// The majorities.
const (
	Ordinary      Majority = "ordinary"
	Extraordinary Majority = "extraordinary"
)

// MotionState is how far a motion is.
type MotionState string

// The states of a motion. Which may follow which stands in nextMotionStates.
const (
	Moved      MotionState = "moved"
	Seconded   MotionState = "seconded"
	Accepted   MotionState = "accepted"
	Opening    MotionState = "opening"
	Voting     MotionState = "voting"
	Closing    MotionState = "closing"
	VoteClosed MotionState = "closed"
	Carried    MotionState = "carried"
	Lost       MotionState = "lost"
	Withdrawn  MotionState = "withdrawn"
	// Agreed is an amendment that mover and seconder of what it amends took in without a vote.
	Agreed MotionState = "agreed"
	// Fallen is an amendment that cannot stand beside what was decided: its [Fate] says why.
	Fallen MotionState = "fallen"
)

// Meeting is a meeting of members. Times that have not come yet are zero.
type Meeting struct {
	ID           string
	Kind         MeetingKind
	Region       string
	Title, Place string
	Starts       time.Time
	State        MeetingState
	RuleBook     int
	Noticed      time.Time
	ClearDays    int
	Electors     int64
	Quorum       int64
	Opened       time.Time
	Closed       time.Time
	Created      time.Time
	CreatedBy    string
	NoticedBy    string
	OpenedBy     string
	ClosedBy     string
	Version      int64
	// Present is how many members are present now: counted from the attendance, never stored.
	Present int64
}

// Motion is a proposal for a meeting to decide.
type Motion struct {
	ID           string
	Meeting      string
	Region       string
	Position     int
	Kind         MotionKind
	Majority     Majority
	Title, Text  string
	Seats        int
	State        MotionState
	Mover        string
	MoverName    string
	Seconder     string
	SeconderName string
	MovedAt      time.Time
	SecondedAt   time.Time
	AcceptedAt   time.Time
	AcceptedBy   string
	WithdrawnAt  time.Time
	Vote         *Vote
	// TabledBy is what a regional meeting decided, for a motion that it tabled here.
	TabledBy *TabledBy
	// TabledAs is the motion on a general meeting's order paper that a regional motion became.
	TabledAs string
	Version  int64
	// RuleChanges are the rules that it changes if it is carried, and RuleBook the version that adopted them, 0 for none.
	RuleChanges []RuleChange
	RuleBook    int
	// Amends is set for an amendment.
	Amends *Amends
	// Fate says why it left the order paper without a vote, or nil.
	Fate *Fate
}

// Vote is the vote on a motion.
type Vote struct {
	// Ballot is the id in the ballots room, made when the chair put the motion.
	Ballot string
	// Roll is the frozen roll in the membership room, once known.
	Roll string
	// RuleBook is the meeting's; Rule is the majority in words, fixed when the motion was put.
	RuleBook int
	Rule     string
	// Present and Quorum are what they were when the motion was put.
	Present, Quorum int64
	Put             time.Time
	PutBy           string
	Opened          time.Time
	CloseAsked      time.Time
	CloseAskedBy    string
	Closed          time.Time
	Figures         Figures
	Declared        time.Time
	DeclaredBy      string
	Base            int64
	BaseName        string
	Carried         bool
}

// Figures are the count of a vote.
type Figures struct {
	For, Against, Abstentions int64
	// Electors is how many stand on the frozen roll.
	Electors int64
}

// TabledBy is a regional meeting's decision to table a motion. Vote is the region's declared vote.
type TabledBy struct {
	Region, Meeting, Motion string
	Vote                    Vote
}

// Person is what the register says of a member now.
type Person struct {
	Member, Name, Region string
	// Current is true for a member in good standing.
	Current bool
}

// MeetingNotFound is the answer for a meeting that is not there, or that the caller may not know of.
func MeetingNotFound() error {
	return fault.New(fault.NotFound, "MEETING_NOT_FOUND", "There is no such meeting.")
}

// MotionNotFound is the answer for a motion that is not there, or that the caller may not know of.
func MotionNotFound() error {
	return fault.New(fault.NotFound, "MOTION_NOT_FOUND", "There is no such motion.")
}
