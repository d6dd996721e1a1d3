package motions

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// want fails unless err is a fault with the reason, or nil where the reason is empty.
func want(t *testing.T, name string, err error, reason string) {
	t.Helper()
	if reason == "" && err == nil {
		return
	}
	if f := fault.Of(err); reason == "" || f == nil || f.Reason != reason {
		t.Errorf("%s: %v, want %q", name, err, reason)
	}
}

func TestNewMeeting(t *testing.T) {
	good := Plan{ID: "id", Kind: AGM, Title: "AGM", Place: "Hall", Starts: now.AddDate(0, 0, 30), By: "secretary"}
	for _, c := range []struct {
		name, field string
		change      func(*Plan)
	}{
		{"as it should be", "", func(*Plan) {}},
		{"an AGM of a region", "region", func(p *Plan) { p.Region = "midlands" }},
		{"a regional meeting of none", "region", func(p *Plan) { p.Kind = Regional }},
		{"a regional meeting", "", func(p *Plan) { p.Kind, p.Region = Regional, "midlands" }},
		{"no kind", "kind", func(p *Plan) { p.Kind = "" }},
		{"another kind", "kind", func(p *Plan) { p.Kind = "unknown" }},
		{"no title", "title", func(p *Plan) { p.Title = "  " }},
		{"a title of 100 characters", "", func(p *Plan) { p.Title = strings.Repeat("ŵ", 100) }},
		{"a title of 101", "title", func(p *Plan) { p.Title = strings.Repeat("ŵ", 101) }},
		{"a title of two lines", "title", func(p *Plan) { p.Title = "A\nB" }},
		{"no place", "place", func(p *Plan) { p.Place = "" }},
		{"a place of 201 characters", "place", func(p *Plan) { p.Place = strings.Repeat("x", 201) }},
		{"no time", "start_time", func(p *Plan) { p.Starts = time.Time{} }},
		{"now", "start_time", func(p *Plan) { p.Starts = now }},
		{"in three years", "start_time", func(p *Plan) { p.Starts = now.AddDate(3, 0, 0) }},
	} {
		p := good
		c.change(&p)
		m, err := NewMeeting(p, now)
		f := fault.Of(err)
		switch {
		case c.field == "" && (err != nil || m.State != Draft || m.Version != 1 || m.RuleBook != 0):
			t.Errorf("%s: %+v, %v", c.name, m, err)
		case c.field != "" && (f == nil || f.Reason != "MEETING_INVALID" || !slices.ContainsFunc(f.Violations, func(v fault.Violation) bool { return v.Field == c.field })):
			t.Errorf("%s: %v, want a violation of %s", c.name, err, c.field)
		}
	}
}

func TestGiveNotice(t *testing.T) {
	terms := foundingTerms(t)
	for _, c := range []struct {
		name   string
		given  time.Time
		clear  int
		reason string
	}{
		// E-mail is served the next day: sixteen days before leave fourteen clear ones.
		{"sixteen days before", at("2026-06-14 23:59"), 14, ""},
		{"fifteen days before", at("2026-06-15 00:00"), 13, "NOTICE_TOO_SHORT"},
		{"on the day", at("2026-06-30 09:00"), 0, "NOTICE_TOO_SHORT"},
		{"afterwards", at("2026-07-30 09:00"), 0, "NOTICE_TOO_SHORT"},
	} {
		m, err := GiveNotice(inMeeting(Draft), terms, "secretary", c.given, london)
		want(t, c.name, err, c.reason)
		if err == nil && (m.ClearDays != c.clear || m.RuleBook != 1 || !m.Noticed.Equal(c.given) || m.NoticedBy != "secretary") {
			t.Errorf("%s: %+v", c.name, m)
		}
	}
}

func TestOpenAndClose(t *testing.T) {
	terms := foundingTerms(t)
	m := inMeeting(Noticed)
	_, err := OpenMeeting(m, terms, 10, "chair", now.Add(-time.Microsecond))
	want(t, "before its time", err, "MEETING_NOT_YET")
	_, err = OpenMeeting(m, terms, 51, "chair", now)
	want(t, "five present where six are needed", err, "NOT_QUORATE")
	m, err = OpenMeeting(m, terms, 50, "chair", now)
	if err != nil || m.Quorum != 5 || m.Electors != 50 || !m.Opened.Equal(now) {
		t.Fatalf("five of fifty: %+v, %v", m, err)
	}
	for _, s := range allStates {
		_, err := CloseMeeting(m, []Motion{inState(s)}, "chair", now)
		switch s {
		case Opening, Voting, Closing, VoteClosed:
			want(t, "a motion is "+string(s), err, "VOTE_NOT_DECLARED")
		default:
			want(t, "a motion is "+string(s), err, "")
		}
	}
}

func TestAttendance(t *testing.T) {
	m := inMeeting(Noticed)
	want(t, "the day before", MayAttend(m, at("2026-06-29 23:59"), london), "MEETING_NOT_TODAY")
	want(t, "early that day", MayAttend(m, at("2026-06-30 00:00"), london), "")
	want(t, "a draft", MayAttend(inMeeting(Draft), now, london), "MEETING_STATE")
	want(t, "open", MayAttend(inMeeting(Open), now.AddDate(0, 0, 1), london), "")
	want(t, "closed", MayAttend(inMeeting(Closed), now, london), "MEETING_STATE")

	regional := Meeting{Kind: Regional, Region: "midlands"}
	people := []Person{mover, {Member: "far", Region: "london", Current: true}, {Member: "unpaid", Region: "midlands"}}
	want(t, "of the region", Electorate(regional, []string{"mover"}, people), "")
	err := Electorate(regional, []string{"mover", "far", "unpaid", "stranger"}, people)
	want(t, "others", err, "NOT_ELECTORS")
	if f := fault.Of(err); len(f.Violations) != 3 {
		t.Errorf("violations: %v", f.Violations)
	}
	want(t, "the whole society", Electorate(inMeeting(Open), []string{"mover", "far"}, people), "")

	want(t, "nobody", NamedOnce(nil, 3), "MEMBERS_NEEDED")
	want(t, "too many", NamedOnce([]string{"a", "b", "c", "d"}, 3), "MEMBERS_NEEDED")
	want(t, "twice", NamedOnce([]string{"a", "b", "a"}, 3), "MEMBERS_TWICE")
	want(t, "an empty name", NamedOnce([]string{"a", ""}, 3), "MEMBERS_TWICE")
	want(t, "three", NamedOnce([]string{"a", "b", "c"}, 3), "")
}

func TestMove(t *testing.T) {
	terms := foundingTerms(t)
	good := Proposal{ID: "id", Title: "T", Text: "That it be so."}
	early := at("2026-06-02 23:59")
	regional := inMeeting(Noticed)
	regional.Kind, regional.Region = Regional, "midlands"
	for _, c := range []struct {
		name   string
		m      Meeting
		who    Person
		when   time.Time
		change func(*Proposal)
		reason string
	}{
		{"in time", inMeeting(Draft), mover, early, nil, ""},
		{"after notice", inMeeting(Noticed), mover, early, nil, ""},
		{"a minute late", inMeeting(Noticed), mover, at("2026-06-03 00:00"), nil, "MOTION_TOO_LATE"},
		{"a week before a regional meeting", regional, mover, at("2026-06-23 23:59"), nil, ""},
		{"later", regional, mover, at("2026-06-24 00:00"), nil, "MOTION_TOO_LATE"},
		{"while the meeting is open", inMeeting(Open), mover, early, nil, "MEETING_HAS_BEGUN"},
		{"after it", inMeeting(Closed), mover, early, nil, "MEETING_HAS_BEGUN"},
		{"without the £1", inMeeting(Noticed), Person{Member: "unpaid"}, early, nil, "NOT_IN_GOOD_STANDING"},
		{"a stranger", inMeeting(Noticed), Person{}, early, nil, "NOT_IN_GOOD_STANDING"},
		{"of another region", regional, Person{Member: "far", Region: "london", Current: true}, early, nil, "OTHER_REGION"},
		{"of no region", regional, Person{Member: "none", Current: true}, early, nil, "OTHER_REGION"},
		{"500 words", inMeeting(Noticed), mover, early, func(p *Proposal) { p.Text = strings.Repeat("word\n", 500) }, ""},
		{"501 words", inMeeting(Noticed), mover, early, func(p *Proposal) { p.Text = strings.Repeat("word ", 501) }, "MOTION_INVALID"},
		{"one word of 40,001 characters", inMeeting(Noticed), mover, early, func(p *Proposal) { p.Text = strings.Repeat("x", 40_001) }, "MOTION_INVALID"},
		{"no text", inMeeting(Noticed), mover, early, func(p *Proposal) { p.Text = " \n " }, "MOTION_INVALID"},
		{"a bell in the text", inMeeting(Noticed), mover, early, func(p *Proposal) { p.Text = "ring\a" }, "MOTION_INVALID"},
		{"no title", inMeeting(Noticed), mover, early, func(p *Proposal) { p.Title = "" }, "MOTION_INVALID"},
		{"an unknown majority", inMeeting(Noticed), mover, early, func(p *Proposal) { p.Majority = "unknown" }, "MOTION_INVALID"},
		{"an unknown kind", inMeeting(Noticed), mover, early, func(p *Proposal) { p.Kind = "unknown" }, "MOTION_INVALID"},
		{"a resolution with seats", inMeeting(Noticed), mover, early, func(p *Proposal) { p.Seats = 1 }, "MOTION_INVALID"},
		{"an election without", inMeeting(Noticed), mover, early, func(p *Proposal) { p.Kind = Election }, "MOTION_INVALID"},
		{"an election of 101", inMeeting(Noticed), mover, early, func(p *Proposal) { p.Kind, p.Seats = Election, 101 }, "MOTION_INVALID"},
		{"an election of five", inMeeting(Noticed), mover, early, func(p *Proposal) { p.Kind, p.Seats = Election, 5 }, ""},
	} {
		p := good
		if c.change != nil {
			c.change(&p)
		}
		mo, err := Move(c.m, terms, p, c.who, c.when, london)
		want(t, c.name, err, c.reason)
		if err == nil && (mo.State != Moved || mo.Mover != c.who.Member || mo.MoverName != c.who.Name || mo.Majority != Ordinary || mo.Position != 0 || mo.Region != c.m.Region) {
			t.Errorf("%s: %+v", c.name, mo)
		}
	}
}

func TestSecond(t *testing.T) {
	regional := inMeeting(Noticed)
	regional.Kind, regional.Region = Regional, "midlands"
	moved := inState(Moved)
	_, err := Second(moved, regional, mover, now)
	want(t, "the mover", err, "MOVER_CANNOT_SECOND")
	_, err = Second(moved, regional, Person{Member: "unpaid", Region: "midlands"}, now)
	want(t, "without the £1", err, "NOT_IN_GOOD_STANDING")
	_, err = Second(moved, regional, Person{Member: "far", Region: "london", Current: true}, now)
	want(t, "of another region", err, "OTHER_REGION")
	_, err = Second(moved, inMeeting(Open), second, now)
	want(t, "after the meeting began", err, "MEETING_HAS_BEGUN")
	mo, err := Second(moved, regional, second, now)
	if err != nil || mo.Seconder != "second" || mo.SeconderName != "Second" || !mo.SecondedAt.Equal(now) {
		t.Errorf("seconded: %+v, %v", mo, err)
	}
}

func TestAcceptTableWithdraw(t *testing.T) {
	terms := foundingTerms(t)
	_, err := Accept(inState(Seconded), inMeeting(Open), 1, "secretary", now)
	want(t, "accept after the meeting began", err, "MEETING_HAS_BEGUN")
	mo, err := Accept(inState(Seconded), inMeeting(Draft), 4, "secretary", now)
	if err != nil || mo.Position != 4 || mo.AcceptedBy != "secretary" || !mo.AcceptedAt.Equal(now) {
		t.Errorf("accepted: %+v, %v", mo, err)
	}

	carried := inState(Carried)
	carried.Region = "midlands"
	early := at("2026-06-02 20:00")
	table := func(mo Motion, m Meeting, when time.Time) (Motion, error) {
		return Table(mo, m, terms, "tabled", 3, "organiser", when, london)
	}
	regional := inMeeting(Noticed)
	regional.Kind, regional.Region = Regional, "midlands"
	again, general, lost := carried, carried, inState(Lost)
	again.TabledAs, general.Region, lost.Region = "before", "", "midlands"
	for _, c := range []struct {
		name   string
		mo     Motion
		m      Meeting
		when   time.Time
		reason string
	}{
		{"lost", lost, inMeeting(Draft), early, "NOT_CARRIED"},
		{"twice", again, inMeeting(Draft), early, "ALREADY_TABLED"},
		{"of a general meeting", general, inMeeting(Draft), early, "NOT_REGIONAL"},
		{"for a regional meeting", carried, regional, early, "NOT_GENERAL"},
		{"for an open meeting", carried, inMeeting(Open), early, "MEETING_HAS_BEGUN"},
		{"too late", carried, inMeeting(Noticed), at("2026-06-03 00:00"), "MOTION_TOO_LATE"},
	} {
		_, err := table(c.mo, c.m, c.when)
		want(t, "table "+c.name, err, c.reason)
	}
	tabled, err := table(carried, inMeeting(Noticed), early)
	if err != nil || tabled.State != Accepted || tabled.Position != 3 || tabled.Region != "" || tabled.Mover != "mover" || tabled.Seconder != "second" ||
		tabled.TabledBy == nil || tabled.TabledBy.Vote.Figures != carried.Vote.Figures || tabled.Vote != nil || tabled.Version != 1 {
		t.Errorf("tabled: %+v, %v", tabled, err)
	}

	_, err = Withdraw(inState(Moved), "second", now)
	want(t, "withdraw another's", err, "NOT_THE_MOVER")
	_, err = Withdraw(inState(Moved), "", now)
	want(t, "withdraw as nobody", err, "NOT_THE_MOVER")
	_, err = Withdraw(tabled, "mover", now)
	want(t, "withdraw what a region tabled", err, "TABLED_BY_REGION")
}

func TestPutAndDeclare(t *testing.T) {
	terms := foundingTerms(t)
	for _, s := range []MeetingState{Draft, Noticed, Closed} {
		_, err := Put(inState(Accepted), inMeeting(s), terms, "ballot", "chair", now)
		want(t, "the meeting is "+string(s), err, "MEETING_NOT_OPEN")
	}
	left := inMeeting(Open)
	left.Present = 2
	_, err := Put(inState(Accepted), left, terms, "ballot", "chair", now)
	want(t, "too many have left", err, "NOT_QUORATE")
	election := inState(Accepted)
	election.Kind, election.Seats = Election, 5
	_, err = Put(election, inMeeting(Open), terms, "ballot", "chair", now)
	want(t, "an election", err, "ELECTION_NOT_PUT")

	mo, err := Put(inState(Accepted), inMeeting(Open), terms, "ballot", "chair", now)
	if err != nil || mo.Vote.Ballot != "ballot" || mo.Vote.Present != 5 || mo.Vote.Quorum != 3 || mo.Vote.RuleBook != 1 || mo.Vote.BaseName != "votes for and against" {
		t.Fatalf("put: %+v, %v", mo.Vote, err)
	}
	for name, f := range map[string]Figures{
		"more votes than electors": {For: 8, Against: 3, Electors: 10},
		"another electorate":       {For: 1, Electors: 9},
		"negative":                 {For: -1, Electors: 10},
	} {
		if _, err := BallotClosed(inState(Closing), f, now); err == nil || fault.Of(err) != nil {
			t.Errorf("%s: %v, want an error of ours", name, err)
		}
	}
	other := terms
	other.Version = 2
	if _, err := Declare(inState(VoteClosed), other, "chair", now); err == nil || fault.Of(err) != nil {
		t.Errorf("another rule book: %v, want an error of ours", err)
	}
	for _, c := range []struct {
		majority Majority
		f        Figures
		state    MotionState
		base     int64
	}{
		{Ordinary, Figures{For: 101, Against: 99, Abstentions: 20, Electors: 400}, Carried, 200},
		{Ordinary, Figures{Electors: 400}, Lost, 0},
		{Extraordinary, Figures{For: 75, Against: 25, Electors: 400}, Carried, 100},
		{Extraordinary, Figures{For: 749, Against: 251, Electors: 4000}, Lost, 1000},
	} {
		closed := inState(VoteClosed)
		closed.Majority, closed.Vote.Figures = c.majority, c.f
		mo, err := Declare(closed, terms, "chair", now)
		if err != nil || mo.State != c.state || mo.Vote.Carried != (c.state == Carried) || mo.Vote.Base != c.base || mo.Vote.Figures != c.f || !mo.Vote.Declared.Equal(now) {
			t.Errorf("%s of %+v: %v %+v, %v", c.majority, c.f, mo.State, mo.Vote, err)
		}
	}
}

func TestWhoSeesWhat(t *testing.T) {
	midlands := Caller{Member: "organiser", Organises: []string{"midlands"}}
	far := Caller{Member: "far", Organises: []string{"london"}}
	officers := Caller{Member: "officer", Secretary: true}
	member := Caller{Member: "member"}
	draft := Meeting{Kind: Regional, Region: "midlands", State: Draft}
	for _, c := range []struct {
		name                  string
		c                     Caller
		region, general, open bool
	}{
		{"the region's organiser", midlands, true, true, true},
		{"another organiser", far, false, true, true},
		{"the secretary", officers, false, true, true},
		{"a member", member, false, true, true},
		{"anyone", Caller{}, false, false, true},
	} {
		open := draft
		open.State = Noticed
		if c.c.MaySeeMeeting(draft) != c.region || c.c.MaySeeMeeting(inMeeting(Draft)) != c.general || c.c.MaySeeMeeting(open) != c.open {
			t.Errorf("%s: %v %v %v", c.name, c.c.MaySeeMeeting(draft), c.c.MaySeeMeeting(inMeeting(Draft)), c.c.MaySeeMeeting(open))
		}
	}

	moved, seconded := inState(Moved), inState(Seconded)
	moved.Region, seconded.Region = "midlands", "midlands"
	withdrawn := inState(Withdrawn)
	withdrawn.AcceptedAt, withdrawn.Region = time.Time{}, "midlands"
	for _, c := range []struct {
		name                        string
		c                           Caller
		p                           Person
		moved, seconded, withdrawnB bool
	}{
		{"the mover", Caller{Member: "mover"}, mover, true, true, true},
		{"the seconder", Caller{Member: "second"}, second, true, true, true},
		{"who may second", member, Person{Member: "member", Region: "midlands", Current: true}, true, false, false},
		{"without the £1", member, Person{Member: "member", Region: "midlands"}, false, false, false},
		{"of another region", member, Person{Member: "member", Region: "london", Current: true}, false, false, false},
		{"the organiser", midlands, Person{}, true, true, true},
		{"another organiser", far, Person{Member: "far", Region: "london", Current: true}, false, false, false},
		{"the secretary", officers, Person{}, true, true, true},
		{"anyone", Caller{}, Person{}, false, false, false},
	} {
		if c.c.MaySeeMotion(moved, c.p) != c.moved || c.c.MaySeeMotion(seconded, c.p) != c.seconded || c.c.MaySeeMotion(withdrawn, c.p) != c.withdrawnB {
			t.Errorf("%s: %v %v %v", c.name, c.c.MaySeeMotion(moved, c.p), c.c.MaySeeMotion(seconded, c.p), c.c.MaySeeMotion(withdrawn, c.p))
		}
		if !c.c.MaySeeMotion(inState(Accepted), c.p) {
			t.Errorf("%s does not see what was accepted", c.name)
		}
	}
}
