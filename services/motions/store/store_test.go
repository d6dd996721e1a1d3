package store_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

var begin = time.Date(2026, time.March, 2, 9, 0, 0, 123_000, time.UTC)

// bench is a store of a founded society on a fresh database.
type bench struct {
	t  *testing.T
	db *database.DB
	*store.Store
}

func each(t *testing.T, test func(b bench)) {
	t.Helper()
	databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) {
		b := bench{t, db, store.New(db)}
		if _, err := b.Found(context.Background(), "membership", 1, 1, motions.FoundingBook(begin), begin, store.Tellings{Membership: []byte("rules"), Ledger: []byte("rules")}); err != nil {
			t.Fatal(err)
		}
		test(b)
	}, once.Migrations, outbox.Migrations, store.Migrations)
}

// asks is a request of a member's own.
func asks(member string) store.Ask {
	return store.Ask{Caller: member, Request: once.Request{Principal: "member:" + member, Method: "/test", ID: rand.Text(), Hash: []byte{1}, At: begin}}
}

func (b bench) id() string {
	s, err := id.New(begin, rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b bench) ok(_ []byte, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func meetingReply(store.MeetingFacts) ([]byte, error) { return []byte("meeting"), nil }
func motionReply(motions.Motion) ([]byte, error)      { return []byte("motion"), nil }

// meeting keeps a meeting that has every field set.
func (b bench) meeting(kind motions.MeetingKind, region string, state motions.MeetingState, starts time.Time) motions.Meeting {
	b.t.Helper()
	m := motions.Meeting{ID: b.id(), Kind: kind, Region: region, Title: "Cyfarfod ŵ", Place: "A hall", Starts: starts, State: state, Created: begin, CreatedBy: "creator", Version: 1}
	if state != motions.Draft {
		m.RuleBook, m.Noticed, m.NoticedBy, m.ClearDays = 1, begin.Add(time.Hour), "noticer", 14
	}
	if state == motions.Open || state == motions.Closed {
		m.Electors, m.Quorum, m.Opened, m.OpenedBy = 40, 4, begin.Add(2*time.Hour), "opener"
	}
	if state == motions.Closed {
		m.Closed, m.ClosedBy = begin.Add(3*time.Hour), "closer"
	}
	b.ok(b.AddMeeting(context.Background(), asks("creator"), func() (store.MeetingFacts, error) { return store.MeetingFacts{Meeting: m}, nil }, meetingReply))
	if state != motions.Draft {
		b.ok(b.ChangeMeeting(context.Background(), asks("creator"), m.ID, func(store.MeetingFacts) (motions.Meeting, error) { return m, nil }, meetingReply))
	}
	return m
}

// motion keeps a motion for a meeting, accepted if position is more than 0.
func (b bench) motion(m motions.Meeting, position int, mover string) motions.Motion {
	b.t.Helper()
	mo := motions.Motion{ID: b.id(), Meeting: m.ID, Region: m.Region, Kind: motions.Resolution, Majority: motions.Extraordinary, Title: "Cynnig ŵ", Text: "Two\nlines",
		State: motions.Moved, Mover: mover, MoverName: "Mover", MovedAt: begin, Version: 1}
	if position > 0 {
		mo.State, mo.Position, mo.Seconder, mo.SeconderName, mo.SecondedAt = motions.Accepted, position, "seconder", "Seconder", begin.Add(time.Minute)
		mo.AcceptedAt, mo.AcceptedBy = begin.Add(2*time.Minute), "secretary"
	}
	b.ok(b.AddMotion(context.Background(), asks(mover), m.ID, func(store.MeetingFacts) (motions.Motion, error) { return mo, nil }, motionReply))
	return mo
}

func (b bench) change(mo motions.Motion) {
	b.t.Helper()
	b.ok(b.ChangeMotion(context.Background(), asks("chair"), mo.ID, func(store.MotionFacts) (store.Change, error) { return store.Change{Motion: mo}, nil }, motionReply))
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestFound(t *testing.T) {
	each(t, func(b bench) {
		ctx := context.Background()
		for range 2 {
			applied, err := b.Found(ctx, "membership", 1, 1, motions.FoundingBook(begin), begin, store.Tellings{Membership: []byte("rules"), Ledger: []byte("rules")})
			if err != nil || applied != 1 {
				b.t.Fatalf("again: %d, %v", applied, err)
			}
		}
		if _, err := b.Found(ctx, "membership", 1, 3, motions.FoundingBook(begin), begin, store.Tellings{Membership: []byte("rules"), Ledger: []byte("rules")}); !fault.Is(err, outbox.ReasonGap) {
			b.t.Fatalf("a gap: %v", err)
		}
		for _, topic := range []string{store.TopicMembership, store.TopicLedger} {
			if _, head, err := outbox.Head(ctx, b.db, topic); err != nil || head != 1 {
				b.t.Fatalf("events for %s: %d, %v", topic, head, err)
			}
		}
		book, err := b.Book(ctx, 0, begin)
		if err != nil {
			b.t.Fatal(err)
		}
		same(b.t, "the book", book, motions.FoundingBook(begin))
		// A second store reads it from the tables, not from memory.
		again, err := store.New(b.db).Book(ctx, 1, time.Time{})
		if err != nil {
			b.t.Fatal(err)
		}
		same(b.t, "the book as kept", again, book)
		if _, err := b.Terms(ctx, begin.Add(-time.Second)); !fault.Is(err, "NOT_FOUNDED") {
			b.t.Fatalf("before it is in force: %v", err)
		}
		if _, err := b.Book(ctx, 2, begin); !fault.Is(err, "RULE_BOOK_NOT_FOUND") {
			b.t.Fatalf("version 2: %v", err)
		}
	})
}

func TestMeetingIsKept(t *testing.T) {
	each(t, func(b bench) {
		for _, s := range []motions.MeetingState{motions.Draft, motions.Noticed, motions.Open, motions.Closed} {
			m := b.meeting(motions.Regional, "midlands", s, begin.Add(400*time.Hour))
			f, err := b.Meeting(context.Background(), m.ID, asks("somebody"))
			if err != nil {
				b.t.Fatal(err)
			}
			same(b.t, string(s), f.Meeting, m)
			if f.Terms.Version != 1 || f.CallerPresent || f.NextPosition() != 1 {
				b.t.Errorf("%s: %+v", s, f)
			}
		}
		if _, err := b.Meeting(context.Background(), b.id(), asks("somebody")); !fault.Is(err, "MEETING_NOT_FOUND") {
			b.t.Errorf("no meeting: %v", err)
		}
	})
}

func TestMotionIsKept(t *testing.T) {
	each(t, func(b bench) {
		ctx := context.Background()
		get := func(id string) motions.Motion {
			b.t.Helper()
			m, err := b.Motion(ctx, id)
			if err != nil {
				b.t.Fatal(err)
			}
			return m
		}
		regional := b.meeting(motions.Regional, "midlands", motions.Open, begin.Add(400*time.Hour))
		agm := b.meeting(motions.AGM, "", motions.Noticed, begin.Add(900*time.Hour))
		mo := b.motion(regional, 0, "mover")
		same(b.t, "moved", get(mo.ID), mo)
		mo.State, mo.Seconder, mo.SeconderName, mo.SecondedAt, mo.Version = motions.Seconded, "seconder", "Seconder", begin.Add(time.Minute), 2
		b.change(mo)
		same(b.t, "seconded", get(mo.ID), mo)
		mo.State, mo.Position, mo.AcceptedAt, mo.AcceptedBy, mo.Version = motions.Accepted, 3, begin.Add(2*time.Minute), "organiser", 3
		b.change(mo)
		same(b.t, "accepted", get(mo.ID), mo)
		mo.State, mo.Version = motions.Opening, 4
		mo.Vote = &motions.Vote{Ballot: b.id(), RuleBook: 1, Rule: "three quarters", BaseName: "votes", Present: 9, Quorum: 4, Put: begin.Add(time.Hour), PutBy: "organiser"}
		b.change(mo)
		same(b.t, "put", get(mo.ID), mo)
		ids, err := b.Underway(ctx, 10)
		if err != nil || !slices.Equal(ids, []string{mo.ID}) {
			b.t.Errorf("underway: %v, %v", ids, err)
		}
		v := *mo.Vote
		v.Roll, v.Opened, v.CloseAsked, v.CloseAskedBy, v.Closed = "roll", begin.Add(2*time.Hour), begin.Add(3*time.Hour), "closer", begin.Add(4*time.Hour)
		v.Figures = motions.Figures{For: 7, Against: 2, Abstentions: 1, Electors: 12}
		v.Base, v.Carried, v.Declared, v.DeclaredBy = 9, true, begin.Add(5*time.Hour), "declarer"
		mo.State, mo.Version, mo.Vote = motions.Carried, 9, &v
		b.change(mo)
		same(b.t, "declared", get(mo.ID), mo)

		made := motions.Motion{ID: b.id(), Meeting: agm.ID, Position: 1, Kind: motions.Election, Seats: 5, Majority: motions.Ordinary, Title: "T", Text: "T", State: motions.Accepted,
			Mover: "mover", MoverName: "Mover", Seconder: "seconder", SeconderName: "Seconder", MovedAt: begin, SecondedAt: begin, AcceptedAt: begin, AcceptedBy: "organiser", Version: 1,
			TabledBy: &motions.TabledBy{Region: "midlands", Meeting: regional.ID, Motion: mo.ID, Vote: v}}
		var looked bool
		b.ok(b.Table(ctx, asks("organiser"), mo.ID, agm.ID, func(from store.MotionFacts, to store.MeetingFacts) (motions.Motion, error) {
			looked = from.Motion.ID == mo.ID && from.At.Meeting.ID == regional.ID && to.Meeting.ID == agm.ID && to.NextPosition() == 1
			return made, nil
		}, motionReply))
		mo.TabledAs, mo.Version = made.ID, 10
		same(b.t, "what was tabled", get(mo.ID), mo)
		same(b.t, "what it became", get(made.ID), made)
		f, err := b.Meeting(ctx, agm.ID, asks("somebody"))
		if err != nil || !looked || len(f.Paper) != 1 || f.NextPosition() != 2 || f.Meeting.Version != agm.Version+1 {
			b.t.Errorf("the general meeting: %+v, %v, looked %v", f, err, looked)
		}
		if _, err := b.Motion(ctx, b.id()); !fault.Is(err, "MOTION_NOT_FOUND") {
			b.t.Errorf("no motion: %v", err)
		}
	})
}

// What is refused leaves nothing, and the same request twice happens once.
func TestRefusedAndRepeated(t *testing.T) {
	each(t, func(b bench) {
		ctx := context.Background()
		m := b.meeting(motions.AGM, "", motions.Noticed, begin.Add(900*time.Hour))
		refusal := errors.New("no")
		a := asks("mover")
		add := func(err error) ([]byte, error) {
			return b.AddMotion(ctx, a, m.ID, func(store.MeetingFacts) (motions.Motion, error) {
				return motions.Motion{ID: b.id(), Meeting: m.ID, Kind: motions.Resolution, Majority: motions.Ordinary, Title: "T", Text: "T", State: motions.Moved, Mover: "mover", MovedAt: begin, Version: 1}, err
			}, func(mo motions.Motion) ([]byte, error) { return []byte(mo.ID), nil })
		}
		if _, err := add(refusal); !errors.Is(err, refusal) {
			b.t.Fatalf("refused: %v", err)
		}
		first, err := add(nil)
		if err != nil {
			b.t.Fatal(err)
		}
		second, err := add(nil)
		if err != nil || string(first) != string(second) {
			b.t.Fatalf("%s, then %s, %v", first, second, err)
		}
		all, err := b.Motions(ctx, store.MotionQuery{All: true, Limit: 10})
		if err != nil || len(all) != 1 {
			b.t.Fatalf("%d motions, %v", len(all), err)
		}
		// An event goes with its fact or not at all.
		mo := b.motion(m, 1, "mover")
		publish := func(err error) ([]byte, error) {
			return b.ChangeMotion(ctx, asks("chair"), mo.ID, func(f store.MotionFacts) (store.Change, error) {
				return store.Change{Motion: f.Motion, Publish: []byte("event")}, nil
			}, func(motions.Motion) ([]byte, error) { return nil, err })
		}
		if _, err := publish(refusal); !errors.Is(err, refusal) {
			b.t.Fatal(err)
		}
		if _, head, err := outbox.Head(ctx, b.db, store.TopicBallots); err != nil || head != 0 {
			b.t.Fatalf("after a refusal %d events, %v", head, err)
		}
		if _, err := publish(nil); err != nil {
			b.t.Fatal(err)
		}
		if _, head, err := outbox.Head(ctx, b.db, store.TopicBallots); err != nil || head != 1 {
			b.t.Fatalf("%d events, %v", head, err)
		}
	})
}

func TestAttendance(t *testing.T) {
	each(t, func(b bench) {
		ctx := context.Background()
		m := b.meeting(motions.AGM, "", motions.Open, begin.Add(900*time.Hour))
		other := b.meeting(motions.AGM, "", motions.Open, begin.Add(900*time.Hour))
		attend := func(departed bool, members ...string) error {
			_, err := b.Attend(ctx, asks("chair"), m.ID, members, departed, b.newID, func(store.MeetingFacts) error { return nil }, meetingReply)
			return err
		}
		present := func(caller string) (int64, bool) {
			f, err := b.Meeting(ctx, m.ID, asks(caller))
			if err != nil {
				b.t.Fatal(err)
			}
			return f.Meeting.Present, f.CallerPresent
		}
		// Two desks at once, which overlap.
		var wg sync.WaitGroup
		failed := make(chan error, 8)
		for desk := range 4 {
			wg.Go(func() {
				for i := range 10 {
					if err := attend(false, fmt.Sprint("m", 5*desk+i), "everywhere"); err != nil {
						failed <- err
					}
				}
			})
		}
		wg.Wait()
		close(failed)
		for err := range failed {
			b.t.Fatal(err)
		}
		if n, here := present("m7"); n != 26 || !here {
			b.t.Fatalf("present %d, m7 %v", n, here)
		}
		if err := attend(true, "m7", "m8", "never came"); err != nil {
			b.t.Fatal(err)
		}
		if n, here := present("m7"); n != 24 || here {
			b.t.Fatalf("after two left: %d, m7 %v", n, here)
		}
		if err := attend(false, "m7"); err != nil {
			b.t.Fatal(err)
		}
		if n, here := present("m7"); n != 25 || !here {
			b.t.Fatalf("after one came back: %d, m7 %v", n, here)
		}
		refusal := errors.New("no")
		if _, err := b.Attend(ctx, asks("chair"), m.ID, []string{"late"}, false, b.newID, func(store.MeetingFacts) error { return refusal }, meetingReply); !errors.Is(err, refusal) {
			b.t.Fatal(err)
		}
		if f, err := b.Meeting(ctx, other.ID, asks("m7")); err != nil || f.Meeting.Present != 0 || f.CallerPresent {
			b.t.Fatalf("the other meeting: %+v, %v", f.Meeting, err)
		}
		list, err := b.Meetings(ctx, store.MeetingQuery{Limit: 10}, asks("m7"))
		if err != nil || len(list) != 2 {
			b.t.Fatalf("%d, %v", len(list), err)
		}
		for _, f := range list {
			if f.CallerPresent != (f.Meeting.ID == m.ID) || (f.Meeting.ID == m.ID) != (f.Meeting.Present == 25) {
				b.t.Errorf("in the list: %+v, caller %v", f.Meeting, f.CallerPresent)
			}
		}
	})
}

// Of those who accept at once each gets a place of its own, and of two who saw the same state one is too late.
func TestTwoAtOnce(t *testing.T) {
	each(t, func(b bench) {
		ctx := context.Background()
		m := b.meeting(motions.AGM, "", motions.Noticed, begin.Add(900*time.Hour))
		var waiting []motions.Motion
		for range 6 {
			waiting = append(waiting, b.motion(m, 0, "mover"))
		}
		var wg sync.WaitGroup
		failed := make(chan error, 12)
		late := errors.New("too late")
		for _, mo := range waiting {
			for range 2 {
				wg.Go(func() {
					_, err := b.ChangeMotion(ctx, asks("secretary"), mo.ID, func(f store.MotionFacts) (store.Change, error) {
						if f.Motion.Version != mo.Version {
							return store.Change{}, late
						}
						next := f.Motion
						next.State, next.Position, next.AcceptedAt, next.AcceptedBy, next.Version = motions.Accepted, f.At.NextPosition(), begin, "secretary", mo.Version+1
						return store.Change{Motion: next, Paper: true}, nil
					}, motionReply)
					failed <- err
				})
			}
		}
		wg.Wait()
		close(failed)
		overtaken := 0
		for err := range failed {
			if errors.Is(err, late) {
				overtaken++
			} else if err != nil {
				b.t.Fatal(err)
			}
		}
		f, err := b.Meeting(ctx, m.ID, asks("somebody"))
		if err != nil || overtaken != 6 || len(f.Paper) != 6 || f.Meeting.Version != m.Version+6 {
			b.t.Fatalf("%d overtaken, %d on the paper, version %d, %v", overtaken, len(f.Paper), f.Meeting.Version, err)
		}
		for i, mo := range f.Paper {
			if mo.Position != i+1 {
				b.t.Errorf("place %d holds position %d", i+1, mo.Position)
			}
		}
	})
}

func TestAdvance(t *testing.T) {
	each(t, func(b bench) {
		ctx := context.Background()
		m := b.meeting(motions.AGM, "", motions.Open, begin.Add(900*time.Hour))
		mo := b.motion(m, 1, "mover")
		mo.State, mo.Version = motions.Opening, 2
		mo.Vote = &motions.Vote{Ballot: b.id(), RuleBook: 1, Rule: "r", BaseName: "b", Present: 9, Quorum: 4, Put: begin, PutBy: "chair"}
		b.change(mo)
		var wg sync.WaitGroup
		var mu sync.Mutex
		steps := 0
		for range 4 {
			wg.Go(func() {
				got, err := b.Advance(ctx, mo.ID, motions.Opening, func(m motions.Motion) (motions.Motion, error) {
					return motions.BallotOpened(m, "roll", 12, begin.Add(time.Second))
				})
				mu.Lock()
				defer mu.Unlock()
				if err != nil || got.State != motions.Voting || got.Vote.Roll != "roll" {
					b.t.Errorf("%+v, %v", got, err)
				}
				steps++
			})
		}
		wg.Wait()
		got, err := b.Motion(ctx, mo.ID)
		if err != nil || got.Version != 3 || steps != 4 {
			b.t.Fatalf("version %d after %d tries, %v", got.Version, steps, err)
		}
		if ids, err := b.Underway(ctx, 10); err != nil || len(ids) != 0 {
			b.t.Fatalf("underway: %v, %v", ids, err)
		}
	})
}

func TestLists(t *testing.T) {
	each(t, func(b bench) {
		ctx := context.Background()
		region := b.meeting(motions.Regional, "midlands", motions.Noticed, begin.Add(10*time.Hour))
		agm := b.meeting(motions.AGM, "", motions.Noticed, begin.Add(20*time.Hour))
		draft := b.meeting(motions.Regional, "london", motions.Draft, begin.Add(20*time.Hour))
		general := b.meeting(motions.Special, "", motions.Draft, begin.Add(5*time.Hour))
		meetings := func(q store.MeetingQuery) []string {
			b.t.Helper()
			q.Limit = 10
			all, err := b.Meetings(ctx, q, asks("somebody"))
			if err != nil {
				b.t.Fatal(err)
			}
			var ids []string
			for _, f := range all {
				ids = append(ids, f.Meeting.ID)
			}
			return ids
		}
		same(b.t, "for anyone", meetings(store.MeetingQuery{}), []string{agm.ID, region.ID})
		same(b.t, "for the secretary", meetings(store.MeetingQuery{GeneralDrafts: true}), []string{agm.ID, region.ID, general.ID})
		later := []string{draft.ID, agm.ID}
		slices.Sort(later)
		slices.Reverse(later)
		same(b.t, "for an organiser", meetings(store.MeetingQuery{DraftRegions: []string{"midlands", "london"}}), append(later, region.ID))
		same(b.t, "of a region", meetings(store.MeetingQuery{Region: "midlands", GeneralDrafts: true}), []string{region.ID})
		same(b.t, "after the first", meetings(store.MeetingQuery{BeforeStart: agm.Starts.UnixMicro(), BeforeID: agm.ID}), []string{region.ID})

		accepted, moved, elsewhere := b.motion(agm, 1, "mover"), b.motion(agm, 0, "mover"), b.motion(region, 0, "other")
		motionIDs := func(q store.MotionQuery) []string {
			b.t.Helper()
			q.Limit = 10
			all, err := b.Motions(ctx, q)
			if err != nil {
				b.t.Fatal(err)
			}
			var ids []string
			for _, m := range all {
				ids = append(ids, m.ID)
			}
			slices.Sort(ids)
			return ids
		}
		want := func(ms ...motions.Motion) []string {
			var ids []string
			for _, m := range ms {
				ids = append(ids, m.ID)
			}
			slices.Sort(ids)
			return ids
		}
		same(b.t, "motions for anyone", motionIDs(store.MotionQuery{}), want(accepted))
		same(b.t, "for the secretary", motionIDs(store.MotionQuery{All: true}), want(accepted, moved, elsewhere))
		same(b.t, "for the mover", motionIDs(store.MotionQuery{Member: "mover"}), want(accepted, moved))
		same(b.t, "for the seconder", motionIDs(store.MotionQuery{Member: "seconder"}), want(accepted))
		same(b.t, "for the organiser", motionIDs(store.MotionQuery{Regions: []string{"midlands"}}), want(accepted, elsewhere))
		same(b.t, "for a member of no region", motionIDs(store.MotionQuery{Member: "third", Seconds: true}), want(accepted, moved))
		same(b.t, "for a member of the region", motionIDs(store.MotionQuery{Member: "third", Seconds: true, SecondsIn: "midlands"}), want(accepted, moved, elsewhere))
		same(b.t, "of a meeting", motionIDs(store.MotionQuery{All: true, Meeting: region.ID}), want(elsewhere))
		first := want(accepted, moved, elsewhere)[2]
		same(b.t, "after the first", motionIDs(store.MotionQuery{All: true, BeforeMoved: begin.UnixMicro(), BeforeID: first}), want(accepted, moved, elsewhere)[:2])
	})
}

// What no decision lets happen, the tables refuse as well.
func TestTheTablesRefuse(t *testing.T) {
	each(t, func(b bench) {
		agm := b.meeting(motions.AGM, "", motions.Open, begin.Add(900*time.Hour))
		mo := b.motion(agm, 1, "mover")
		b.motion(agm, 2, "mover")
		for what, statement := range map[string]string{
			"a seconder who is the mover":             `UPDATE motion SET seconder = mover`,
			"a place without acceptance":              `UPDATE motion SET accepted = 0`,
			"seats on a resolution":                   `UPDATE motion SET seats = 2`,
			"the same place twice":                    `UPDATE motion SET position = 7`,
			"an AGM of a region":                      `UPDATE meeting SET region = 'midlands'`,
			"an open meeting without rules":           `UPDATE meeting SET rule_book = 0`,
			"a state that there is not":               `UPDATE motion SET state = 'forgotten'`,
			"a motion of a meeting that there is not": `UPDATE motion SET meeting = 'nowhere'`,
			"a departure before the arrival":          `INSERT INTO attendance (meeting, member, step, happened, recorded_by) SELECT id, 'm', 0, 0, '' FROM meeting`,
			"a rule book of version 0":                `INSERT INTO rule_book (version, effective, adopted_by, recorded) VALUES (0, 0, 'x', 0)`,
		} {
			err := b.db.InTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, statement)
				return err
			})
			if err == nil {
				b.t.Errorf("%s was kept", what)
			}
		}
		got, err := b.Motion(context.Background(), mo.ID)
		if err != nil {
			b.t.Fatal(err)
		}
		same(b.t, "untouched", got, mo)
	})
}
