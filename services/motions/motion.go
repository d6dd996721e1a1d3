package motions

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

const (
	// maxText is the most characters of a motion's text, whatever the rule says about words.
	maxText = 40_000
	// maxSeats is the most seats an election may fill.
	maxSeats = 100
)

// nextMotionStates lists what may follow what. Nothing follows carried, lost, withdrawn, agreed
// and fallen. Only amendments are agreed; what falls is decided by Debate.Settle.
var nextMotionStates = map[MotionState][]MotionState{
	Moved:      {Seconded, Withdrawn, Agreed, Fallen},
	Seconded:   {Accepted, Withdrawn, Agreed, Fallen},
	Accepted:   {Opening, Withdrawn, Agreed, Fallen},
	Opening:    {Voting},
	Voting:     {Closing},
	Closing:    {VoteClosed},
	VoteClosed: {Carried, Lost},
}

// to moves the motion on, if what comes may follow.
func (m Motion) to(next MotionState) (Motion, error) {
	if !slices.Contains(nextMotionStates[m.State], next) {
		return Motion{}, fault.New(fault.Conflict, "MOTION_STATE",
			fmt.Sprintf("The motion is %s: %s.", m.State.words(), next.refused())).With("state", string(m.State))
	}
	m.State = next
	m.Version++
	return m, nil
}

func (s MotionState) words() string {
	switch s {
	case Moved:
		return "moved and waits for a seconder"
	case Seconded:
		return "seconded and waits for acceptance"
	case Accepted:
		return "on the order paper"
	case Opening:
		return "being put: its vote is about to open"
	case Voting:
		return "open for voting"
	case Closing:
		return "closing: its vote is being counted"
	case VoteClosed:
		return "closed and waits to be declared"
	case Agreed:
		return "in the text, by the consent of mover and seconder"
	case Carried, Lost, Withdrawn, Fallen:
	}
	return string(s)
}

// refused says what cannot happen now.
func (s MotionState) refused() string {
	switch s {
	case Seconded:
		return "it cannot be seconded now"
	case Accepted:
		return "it cannot be accepted now"
	case Opening, Voting:
		return "its vote cannot be opened now"
	case Closing, VoteClosed:
		return "its vote cannot be closed now"
	case Withdrawn:
		return "it cannot be withdrawn now"
	case Agreed:
		return "it cannot be taken into the text now"
	case Fallen:
		return "it cannot fall now"
	case Moved, Carried, Lost:
	}
	return "its vote cannot be declared now"
}

// receives refuses what comes too late for a motion's meeting. Amendments are moved, seconded and accepted while the
// meeting is open too, where the rules let them be moved then.
func (m Motion) receives(at Meeting) error {
	if m.Amends != nil && at.State == Open {
		return nil
	}
	return receives(at)
}

// receives refuses a change of the order paper of a meeting that has begun: its business is what was announced.
func receives(m Meeting) error {
	if m.State == Draft || m.State == Noticed {
		return nil
	}
	return fault.New(fault.Conflict, "MEETING_HAS_BEGUN", "The meeting is "+m.State.words()+": its order paper no longer changes.").
		With("state", string(m.State))
}

// inTime refuses what comes after the deadline for motions.
func inTime(m Meeting, t Terms, now time.Time, zone *time.Location) error {
	if last := t.MotionDeadline(m, zone); now.After(last) {
		return fault.New(fault.Conflict, "MOTION_TOO_LATE",
			"Motions for this meeting could be moved until "+last.In(zone).Format("2 January 2006, 15:04")+".").With("deadline", last.UTC().Format(time.RFC3339))
	}
	return nil
}

// eligible refuses a person who is not in the electorate of a meeting: the region's, or the whole society's.
func eligible(region string, p Person) error {
	switch {
	case p.Member == "" || !p.Current:
		return fault.New(fault.Denied, "NOT_IN_GOOD_STANDING", "Only a member in good standing may do this.")
	case region != "" && p.Region != region:
		return fault.New(fault.Denied, "OTHER_REGION", "This is a meeting of another region: only its own members may do this.")
	}
	return nil
}

// Electorate refuses, with a violation for each, people who do not vote at a meeting: their presence is not counted.
func Electorate(m Meeting, members []string, people []Person) error {
	known := make(map[string]Person, len(people))
	for _, p := range people {
		known[p.Member] = p
	}
	var wrong []fault.Violation
	for _, id := range members {
		if err := eligible(m.Region, known[id]); err != nil {
			wrong = append(wrong, fault.Violation{Field: "members", Message: id + ": not a member who votes at this meeting"})
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "NOT_ELECTORS",
		fmt.Sprintf("%d of those named do not vote at this meeting, so they do not count towards its quorum. Nothing was recorded.", len(wrong)), wrong...)
}

// Proposal is what a motion is moved with.
type Proposal struct {
	ID          string
	Title, Text string
	Kind        MotionKind
	Majority    Majority
	Seats       int
	RuleChanges []RuleChange
}

// Move moves a motion for a meeting that has not begun, before its deadline.
func Move(m Meeting, t Terms, p Proposal, mover Person, now time.Time, zone *time.Location) (Motion, error) {
	if err := eligible(m.Region, mover); err != nil {
		return Motion{}, err
	}
	if err := receives(m); err != nil {
		return Motion{}, err
	}
	if err := inTime(m, t, now, zone); err != nil {
		return Motion{}, err
	}
	p.Title, p.Text = strings.TrimSpace(p.Title), strings.TrimSpace(strings.ReplaceAll(p.Text, "\r\n", "\n"))
	if p.Kind == "" {
		p.Kind = Resolution
	}
	if p.Majority == "" && len(p.RuleChanges) > 0 {
		p.Majority = Extraordinary
	}
	if p.Majority == "" {
		p.Majority = Ordinary
	}
	if wrong := p.check(t.Words); len(wrong) > 0 {
		return Motion{}, fault.New(fault.Invalid, "MOTION_INVALID", wrong[0].Message, wrong...)
	}
	return Motion{ID: p.ID, Meeting: m.ID, Region: m.Region, Kind: p.Kind, Majority: p.Majority, Title: p.Title, Text: p.Text, Seats: p.Seats,
		State: Moved, Mover: mover.Member, MoverName: mover.Name, MovedAt: now, Version: 1, RuleChanges: p.RuleChanges}, nil
}

func (p Proposal) check(words int) []fault.Violation {
	wrong := line("title", p.Title, maxTitle)
	say := func(field, message string) { wrong = append(wrong, fault.Violation{Field: field, Message: message}) }
	switch n := len(strings.Fields(p.Text)); {
	case n == 0:
		say("text", "Enter the text of the motion.")
	case n > words:
		say("text", fmt.Sprintf("The text has %d words; the rules allow %d.", n, words))
	case utf8.RuneCountInString(p.Text) > maxText:
		say("text", fmt.Sprintf("The text is longer than %d characters.", maxText))
	case strings.ContainsFunc(p.Text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		say("text", "The text holds characters that cannot be shown.")
	}
	if p.Majority != Ordinary && p.Majority != Extraordinary {
		say("resolution", "Say which majority the motion needs: ordinary or extraordinary.")
	}
	if len(p.RuleChanges) > 0 && (p.Majority != Extraordinary || p.Kind != Resolution) {
		say("resolution", "A change of the rules is an extraordinary resolution.")
	}
	switch {
	case p.Kind != Resolution && p.Kind != Election:
		say("kind", "Say what the meeting decides: a resolution or an election.")
	case p.Kind == Resolution && p.Seats != 0:
		say("seats", "Only an election fills seats.")
	case p.Kind == Election && (p.Seats < 1 || p.Seats > maxSeats):
		say("seats", fmt.Sprintf("Say how many seats the election fills, from 1 to %d.", maxSeats))
	}
	return wrong
}

// Second records the consent of a second eligible member, never the mover.
func Second(mo Motion, m Meeting, seconder Person, now time.Time) (Motion, error) {
	if err := eligible(m.Region, seconder); err != nil {
		return Motion{}, err
	}
	if seconder.Member == mo.Mover {
		return Motion{}, fault.New(fault.Denied, "MOVER_CANNOT_SECOND", "You moved this motion: somebody else has to second it.")
	}
	if err := mo.receives(m); err != nil {
		return Motion{}, err
	}
	next, err := mo.to(Seconded)
	if err != nil {
		return Motion{}, err
	}
	next.Seconder, next.SeconderName, next.SecondedAt = seconder.Member, seconder.Name, now
	return next, nil
}

// Accept puts a seconded motion on the order paper at a position.
func Accept(mo Motion, m Meeting, position int, by string, now time.Time) (Motion, error) {
	if err := mo.receives(m); err != nil {
		return Motion{}, err
	}
	next, err := mo.to(Accepted)
	if err != nil {
		return Motion{}, err
	}
	next.Position, next.AcceptedBy, next.AcceptedAt = position, by, now
	return next, nil
}

// Table makes, of a motion that a regional meeting carried, a motion on the order paper of a general meeting: with
// the same text, mover and seconder, the region's vote attached, and no further seconding.
func Table(from Motion, general Meeting, t Terms, id string, position int, by string, now time.Time, zone *time.Location) (Motion, error) {
	switch {
	case from.Region == "":
		return Motion{}, fault.New(fault.Conflict, "NOT_REGIONAL", "Only a motion of a regional meeting can be tabled for a general meeting.")
	case from.State != Carried:
		return Motion{}, fault.New(fault.Conflict, "NOT_CARRIED", "Only a motion that the regional meeting carried can be tabled.").With("state", string(from.State))
	case from.TabledAs != "":
		return Motion{}, fault.New(fault.Conflict, "ALREADY_TABLED", "This motion was tabled already.").With("motion", from.TabledAs)
	case from.Amends != nil:
		return Motion{}, fault.New(fault.Conflict, "IS_AMENDMENT", "An amendment is not tabled; the motion that it amends is, with its text as amended.")
	case general.Kind == Regional:
		return Motion{}, fault.Field("NOT_GENERAL", "meeting", "Name a general meeting.")
	}
	if err := receives(general); err != nil {
		return Motion{}, err
	}
	if err := inTime(general, t, now, zone); err != nil {
		return Motion{}, err
	}
	return Motion{ID: id, Meeting: general.ID, Position: position, Kind: from.Kind, Majority: from.Majority, Title: from.Title, Text: from.Text,
		Seats: from.Seats, State: Accepted, Mover: from.Mover, MoverName: from.MoverName, Seconder: from.Seconder, SeconderName: from.SeconderName,
		MovedAt: from.MovedAt, SecondedAt: from.SecondedAt, AcceptedAt: now, AcceptedBy: by, Version: 1, RuleChanges: from.RuleChanges,
		TabledBy: &TabledBy{Region: from.Region, Meeting: from.Meeting, Motion: from.ID, Vote: *from.Vote}}, nil
}

// MayWithdraw admits the mover alone; what a region tabled is the region's and stays.
func MayWithdraw(mo Motion, member string) error {
	if member == "" || member != mo.Mover {
		return fault.New(fault.Denied, "NOT_THE_MOVER", "Only its mover may withdraw a motion.")
	}
	if mo.TabledBy != nil {
		return fault.New(fault.Denied, "TABLED_BY_REGION", "A regional meeting tabled this motion: it is no longer its mover's to withdraw.")
	}
	return nil
}

// Withdraw withdraws a motion before it is put.
func Withdraw(mo Motion, member string, now time.Time) (Motion, error) {
	if err := MayWithdraw(mo, member); err != nil {
		return Motion{}, err
	}
	next, err := mo.to(Withdrawn)
	if err != nil {
		return Motion{}, err
	}
	next.WithdrawnAt = now
	return next, nil
}
