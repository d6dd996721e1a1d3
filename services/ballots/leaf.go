package ballots

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// The public log of the ballots has a leaf for each event of a ballot and for each vote, appended in the transaction of the fact. A leaf is
// a salted commitment (package translog) to the content that the functions here write: lines that each end with a line feed, a text
// of people's own as its length in bytes and then the text, so that nothing in it can pass for another line.
const (
	voteHeader  = "folkmoot/ballot-vote/v1"
	eventHeader = "folkmoot/ballot-event/v1"
)

// Event is the kind of a ballot's event.
type Event string

// The events, in the order in which they come.
const (
	// EventOpened fixes the question, the rule, the roll and who may see what.
	EventOpened Event = "opened"
	// EventClosed says how many had voted; EventCounted, in the same transaction, how. What opens the count is given out from
	// publication only.
	EventClosed  Event = "closed"
	EventCounted Event = "counted"
	// EventPublished makes the count public.
	EventPublished Event = "published"
)

// Opened reports whether what an event's leaf commits to may be given to anyone while the ballot is in a state.
func (e Event) Opened(s State) bool { return e != EventCounted || s == Published }

// VoteLeaf is what the leaf of a vote commits to:
//
//	folkmoot/ballot-vote/v1
//	ballot 0198…          the ballot's id
//	elector 12            the number on the frozen roll
//	revision 0            how often the elector had voted before
//	choice for
func VoteLeaf(ballot string, elector, revision int64, choice Choice) []byte {
	b := make([]byte, 0, 128)
	b = append(b, voteHeader+"\nballot "...)
	b = append(b, ballot...)
	b = append(b, "\nelector "...)
	b = strconv.AppendInt(b, elector, 10)
	b = append(b, "\nrevision "...)
	b = strconv.AppendInt(b, revision, 10)
	b = append(b, "\nchoice "...)
	b = append(b, choice...)
	return append(b, '\n')
}

// leafText writes the lines of an event.
type leafText struct{ strings.Builder }

func event(kind Event, ballot string, at time.Time) *leafText {
	t := &leafText{}
	t.line(eventHeader)
	t.line("event", string(kind))
	t.line("ballot", ballot)
	t.number("at", at.UnixMicro())
	return t
}

func (t *leafText) line(parts ...string) { t.WriteString(strings.Join(parts, " ") + "\n") }

func (t *leafText) number(name string, n int64) { t.line(name, strconv.FormatInt(n, 10)) }

func (t *leafText) text(name, s string) {
	t.line("text", name, strconv.Itoa(len(s)))
	t.WriteString(s + "\n")
}

func (t *leafText) figures(f Figures) {
	t.number("for", f.For)
	t.number("against", f.Against)
	t.number("abstain", f.Abstain)
}

func (t *leafText) bytes() []byte { return []byte(t.String()) }

// OpenedLeaf is what the leaf of a ballot's opening commits to:
//
//	folkmoot/ballot-event/v1
//	event opened
//	ballot 0198…
//	at 1795600000000000       microseconds since 1970
//	motion 0198…
//	meeting 0198…
//	region 0198…              or nothing for the whole society
//	roll 0198…
//	electors 120
//	fingerprint 5e88…         the frozen roll's, hexadecimal ([Fingerprint])
//	method resolution         for, against or abstain; the rule decides
//	channels online
//	text question 24          its length in bytes, and in the next line the text
//	That we meet at midday.
//	text rule …
//	text privacy …            who can see how a member voted
func (b Ballot) OpenedLeaf() []byte {
	t := event(EventOpened, b.ID, b.Opened)
	t.line("motion", b.Motion)
	t.line("meeting", b.Meeting)
	t.line("region", b.Region)
	t.line("roll", b.Roll)
	t.number("electors", b.Electors)
	t.line("fingerprint", hex.EncodeToString(b.Fingerprint))
	t.line("method", "resolution")
	t.line("channels", "online")
	t.text("question", b.Question)
	t.text("rule", b.Rule)
	t.text("privacy", b.Privacy)
	return t.bytes()
}

// ClosedLeaf is what the leaf of a ballot's end commits to: the event's four lines as in [Ballot.OpenedLeaf], and
//
//	turnout 80        how many voted
//	leaves 80         how many leaves of the log are votes in this ballot
func (c Closing) ClosedLeaf(ballot string, leaves int64) []byte {
	t := event(EventClosed, ballot, c.At)
	t.number("turnout", c.Turnout())
	t.number("leaves", leaves)
	return t.bytes()
}

// CountedLeaf is what the leaf of a count commits to: the event's four lines, and
//
//	for 50
//	against 20
//	abstain 10
func (c Closing) CountedLeaf(ballot string) []byte {
	t := event(EventCounted, ballot, c.At)
	t.figures(c.Figures)
	return t.bytes()
}

// PublishedLeaf is what the leaf of a publication commits to: the lines of [Closing.CountedLeaf], with its own event and instant.
func PublishedLeaf(ballot string, at time.Time, f Figures) []byte {
	t := event(EventPublished, ballot, at)
	t.figures(f)
	return t.bytes()
}
