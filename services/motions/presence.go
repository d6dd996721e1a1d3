package motions

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// PresenceKind is what a record of presence says.
type PresenceKind string

// The kinds of record. [Asked] is a self check-in by a code that does not change: it waits for the desk.
const (
	Arrived   PresenceKind = "arrived"
	Left      PresenceKind = "left"
	Asked     PresenceKind = "asked"
	Apologies PresenceKind = "apologies"
	Struck    PresenceKind = "struck"
)

// PresenceMeans is how a record became known.
type PresenceMeans string

// The means.
const (
	AtDesk   PresenceMeans = "desk"
	BySelf   PresenceMeans = "self"
	ByOnline PresenceMeans = "online"
)

// PresenceRecord is one record of a meeting's attendance. Records are only added: a mistake is struck by another.
type PresenceRecord struct {
	ID, Meeting, Member string
	// Seq counts a member's records at a meeting from 1, in the order in which they were recorded.
	Seq   int
	Kind  PresenceKind
	Means PresenceMeans
	// Happened is when it was so, Recorded when it was written down, by whom.
	Happened, Recorded time.Time
	By                 string
	// Strikes is the record that this one strikes, and Reason why.
	Strikes, Reason string
}

// Standing is how one member stands at a meeting.
type Standing struct {
	// Present is true if they count towards the quorum.
	Present bool
	// Unconfirmed is true if they said to be here by a code that does not change, and the desk has not seen them.
	Unconfirmed bool
	// Apologised is true if they sent apologies and did not come.
	Apologised bool
}

// StandingsAt returns how each member stood at an instant, as a function of the set of records: their order and
// repetition make no difference. Of what happened up to that instant, the latest that was not struck decides; of two at the same
// instant, the one that was recorded later (Seq).
func StandingsAt(records []PresenceRecord, at time.Time) map[string]Standing {
	struck := map[string]bool{}
	for _, r := range records {
		if r.Kind == Struck {
			struck[r.Strikes] = true
		}
	}
	last := map[string]PresenceRecord{}
	for _, r := range records {
		if r.Kind == Struck || struck[r.ID] || r.Happened.After(at) {
			continue
		}
		if have, ok := last[r.Member]; !ok || later(r, have) > 0 {
			last[r.Member] = r
		}
	}
	standings := make(map[string]Standing, len(last))
	for member, r := range last {
		standings[member] = Standing{Present: r.Kind == Arrived, Unconfirmed: r.Kind == Asked, Apologised: r.Kind == Apologies}
	}
	return standings
}

func later(a, b PresenceRecord) int {
	return cmp.Or(a.Happened.Compare(b.Happened), cmp.Compare(a.Seq, b.Seq))
}

// maxReason is the most characters of a reason.
const maxReason = 200

// RecordPresence checks a record that is about to be added at now. have are the member's records at this meeting. Nothing
// changes, and the second answer is false, where it says what is so already.
func RecordPresence(m Meeting, have []PresenceRecord, r PresenceRecord, now time.Time, zone *time.Location) (add bool, err error) {
	if r.Happened.After(now) {
		return false, fault.Field("PRESENCE_IN_FUTURE", "happen_time", "Give a time that has been.")
	}
	switch r.Kind {
	case Apologies:
		if m.State == Draft || m.State == Closed {
			return false, fault.New(fault.Conflict, "MEETING_STATE", "Apologies are taken from the notice of a meeting until it is closed.").With("state", string(m.State))
		}
	case Arrived, Left, Asked:
		if err := MayAttend(m, r.Happened, zone); err != nil {
			return false, err
		}
	case Struck:
		return false, mayStrike(have, r)
	default:
		return false, fault.Field("PRESENCE_KIND", "kind", "Say whether they arrived, left or sent apologies.")
	}
	is := StandingsAt(have, r.Happened)[r.Member]
	switch r.Kind {
	case Arrived:
		return !is.Present, nil
	case Left:
		return is.Present || is.Unconfirmed, nil
	case Asked:
		return !is.Present && !is.Unconfirmed, nil
	default:
		return !is.Apologised && !is.Present, nil
	}
}

// StrikePresence returns the record that strikes another of the same meeting, or why it may not be struck.
func StrikePresence(m Meeting, have []PresenceRecord, id, reason, by, newID string, now time.Time) (PresenceRecord, error) {
	if m.State != Noticed && m.State != Open {
		return PresenceRecord{}, fault.New(fault.Conflict, "MEETING_STATE", "The attendance of a closed meeting stands: correct it in the minutes.").With("state", string(m.State))
	}
	reason = strings.TrimSpace(reason)
	if wrong := line("reason", reason, maxReason); len(wrong) > 0 {
		return PresenceRecord{}, fault.New(fault.Invalid, "REASON_NEEDED", wrong[0].Message, wrong...)
	}
	i := slices.IndexFunc(have, func(r PresenceRecord) bool { return r.ID == id })
	if i < 0 {
		return PresenceRecord{}, fault.New(fault.NotFound, "PRESENCE_NOT_FOUND", "There is no such record at this meeting.")
	}
	r := PresenceRecord{ID: newID, Meeting: m.ID, Member: have[i].Member, Kind: Struck, Means: AtDesk, Happened: now, Recorded: now, By: by, Strikes: id, Reason: reason}
	return r, mayStrike(have, r)
}

func mayStrike(have []PresenceRecord, strike PresenceRecord) error {
	for _, r := range have {
		if r.ID == strike.Strikes && r.Kind == Struck {
			return fault.New(fault.Conflict, "PRESENCE_STRIKE", "A strike is not struck: record again what was so.")
		}
		if r.Kind == Struck && r.Strikes == strike.Strikes {
			return fault.New(fault.Conflict, "PRESENCE_STRUCK", fmt.Sprintf("This record was struck already: %s.", r.Reason))
		}
	}
	return nil
}

// MayCheckIn refuses a member who does not vote at the meeting: their presence is not counted.
func MayCheckIn(m Meeting, p Person) error { return eligible(m.Region, p) }
