package motions

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

var (
	now    = at("2026-06-30 10:00")
	mover  = Person{Member: "mover", Name: "Mover", Region: "midlands", Current: true}
	second = Person{Member: "second", Name: "Second", Region: "midlands", Current: true}
)

// inMeeting is an annual general meeting in a state, starting now, quorate with five of ten.
func inMeeting(s MeetingState) Meeting {
	m := Meeting{ID: "meeting", Kind: AGM, Title: "AGM", Place: "Hall", Starts: now, State: s, Present: 5, Version: 1}
	if s != Draft {
		m.RuleBook, m.Noticed = 1, now.AddDate(0, 0, -30)
	}
	if s == Open || s == Closed {
		m.Quorum, m.Electors = 3, 10
	}
	return m
}

// inState is a motion in a state, with a vote if it was put.
func inState(s MotionState) Motion {
	m := Motion{ID: "motion", Meeting: "meeting", Kind: Resolution, Majority: Ordinary, Title: "T", Text: "T", State: s,
		Mover: mover.Member, Seconder: second.Member, AcceptedAt: now, Position: 1, Version: 7}
	switch s {
	case Moved:
		m.Seconder, m.AcceptedAt, m.Position = "", time.Time{}, 0
	case Seconded:
		m.AcceptedAt, m.Position = time.Time{}, 0
	case Accepted, Withdrawn:
	case Opening, Voting, Closing, VoteClosed, Carried, Lost:
		m.Vote = &Vote{Ballot: "ballot", RuleBook: 1, Present: 5, Quorum: 3, Figures: Figures{For: 3, Against: 2, Electors: 10}}
	}
	return m
}

var allStates = []MotionState{Moved, Seconded, Accepted, Opening, Voting, Closing, VoteClosed, Carried, Lost, Withdrawn}

// act is something that happens to a motion, with everything but its state in order.
type act struct {
	name string
	do   func(Terms, Motion) (Motion, error)
}

var acts = []act{
	{"second", func(_ Terms, m Motion) (Motion, error) { return Second(m, inMeeting(Noticed), second, now) }},
	{"accept", func(_ Terms, m Motion) (Motion, error) { return Accept(m, inMeeting(Noticed), 1, "secretary", now) }},
	{"withdraw", func(_ Terms, m Motion) (Motion, error) { return Withdraw(m, mover.Member, now) }},
	{"put", func(t Terms, m Motion) (Motion, error) { return Put(m, inMeeting(Open), t, "ballot", "chair", now) }},
	{"ballot opened", func(_ Terms, m Motion) (Motion, error) { return BallotOpened(m, "roll", 10, now) }},
	{"put back", func(_ Terms, m Motion) (Motion, error) { return PutBack(m) }},
	{"ask to close", func(_ Terms, m Motion) (Motion, error) { return AskClose(m, "chair", now) }},
	{"ballot closed", func(_ Terms, m Motion) (Motion, error) {
		return BallotClosed(m, Figures{For: 3, Against: 2, Electors: 10}, now)
	}},
	{"declare", func(t Terms, m Motion) (Motion, error) { return Declare(m, t, "chair", now) }},
}

// What each act makes of a motion, written down by hand: whatever is not here is refused.
var listed = map[string]map[MotionState]MotionState{
	"second":        {Moved: Seconded},
	"accept":        {Seconded: Accepted},
	"withdraw":      {Moved: Withdrawn, Seconded: Withdrawn, Accepted: Withdrawn},
	"put":           {Accepted: Opening},
	"ballot opened": {Opening: Voting},
	"put back":      {Opening: Accepted},
	"ask to close":  {Voting: Closing},
	"ballot closed": {Closing: VoteClosed},
	"declare":       {VoteClosed: Carried},
}

func TestOnlyListedTransitionsOfAMotion(t *testing.T) {
	terms := foundingTerms(t)
	for _, a := range acts {
		for _, s := range allStates {
			before := inState(s)
			after, err := a.do(terms, before)
			want, ok := listed[a.name][s]
			switch {
			case ok && (err != nil || after.State != want || after.Version != before.Version+1):
				t.Errorf("%s when %s: %v, %v; want %s", a.name, s, after.State, err, want)
			case !ok && !fault.Is(err, "MOTION_STATE"):
				t.Errorf("%s when %s: %v, %v; want a refusal", a.name, s, after.State, err)
			}
		}
	}
}

// Whatever is tried in whatever order, a motion goes only where the list lets it, a refusal has a reason and changes
// nothing, and a vote that was put once keeps its ballot until it is put back.
func TestAMotionsLife(t *testing.T) {
	terms := foundingTerms(t)
	rapid.Check(t, func(t *rapid.T) {
		m := inState(Moved)
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(acts)-1), 1, 40).Draw(t, "acts") {
			before := m
			next, err := acts[i].do(terms, m)
			want, ok := listed[acts[i].name][before.State]
			if !ok {
				if f := fault.Of(err); f == nil || f.Reason == "" || f.Message == "" {
					t.Fatalf("%s when %s: %v", acts[i].name, before.State, err)
				}
				continue
			}
			if err != nil || next.State != want {
				t.Fatalf("%s when %s: %v %v", acts[i].name, before.State, next.State, err)
			}
			if acts[i].name == "put back" {
				if next.Vote != nil {
					t.Fatalf("put back with a vote: %+v", next.Vote)
				}
				m = next
				continue
			}
			if before.Vote != nil && (next.Vote.Ballot != before.Vote.Ballot || next.Vote.Rule != before.Vote.Rule || next.Vote.Quorum != before.Vote.Quorum) {
				t.Fatalf("%s changed the vote: %+v after %+v", acts[i].name, next.Vote, before.Vote)
			}
			m = next
		}
	})
}

func TestOnlyListedTransitionsOfAMeeting(t *testing.T) {
	terms := foundingTerms(t)
	meetingActs := map[string]func(Meeting) (Meeting, error){
		"notice": func(m Meeting) (Meeting, error) {
			return GiveNotice(m, terms, "secretary", now.AddDate(0, 0, -30), london)
		},
		"open":  func(m Meeting) (Meeting, error) { return OpenMeeting(m, terms, 10, "chair", now) },
		"close": func(m Meeting) (Meeting, error) { return CloseMeeting(m, nil, "chair", now) },
	}
	from := map[string]MeetingState{"notice": Draft, "open": Noticed, "close": Open}
	to := map[string]MeetingState{"notice": Noticed, "open": Open, "close": Closed}
	for name, do := range meetingActs {
		for _, s := range []MeetingState{Draft, Noticed, Open, Closed} {
			after, err := do(inMeeting(s))
			switch {
			case s == from[name] && (err != nil || after.State != to[name] || after.Version != 2):
				t.Errorf("%s when %s: %v, %v", name, s, after.State, err)
			case s != from[name] && !fault.Is(err, "MEETING_STATE"):
				t.Errorf("%s when %s: %v, %v; want a refusal", name, s, after.State, err)
			}
		}
	}
}
