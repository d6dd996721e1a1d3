package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

func (b bench) newID() (string, error) { return b.id(), nil }

// presence records what a member did, some minutes after the meeting began.
func (b bench) presence(m motions.Meeting, member string, kind motions.PresenceKind, strikes string, happened, now time.Time) store.PresenceOutcome {
	b.t.Helper()
	var out store.PresenceOutcome
	ask := asks("desk")
	ask.Request.At = now
	whose := member
	if strikes != "" {
		whose = ""
	}
	b.ok(b.RecordPresence(context.Background(), ask, m.ID, whose, strikes, func(f store.MeetingFacts, have []motions.PresenceRecord) (*motions.PresenceRecord, error) {
		return &motions.PresenceRecord{ID: b.id(), Meeting: m.ID, Member: member, Kind: kind, Means: motions.AtDesk, Happened: happened, Recorded: now, By: "desk", Strikes: strikes,
			Reason: map[bool]string{true: "a mistake"}[strikes != ""]}, nil
	}, func(o store.PresenceOutcome) ([]byte, error) { out = o; return []byte("attendee"), nil }))
	return out
}

// What is counted follows the records, those of the past and strikes included, and what a vote pinned stays.
func TestPresence(t *testing.T) {
	each(t, func(b bench) {
		ctx, now := context.Background(), begin.Add(time.Hour)
		m := b.meeting(motions.AGM, "", motions.Open, begin)
		if o := b.presence(m, "ann", motions.Arrived, "", begin, now); !o.Standing.Present || o.Present != 1 {
			b.t.Fatalf("arrived: %+v", o)
		}
		if o := b.presence(m, "bob", motions.Asked, "", now, now); o.Standing.Present || !o.Standing.Unconfirmed || o.Present != 1 {
			b.t.Fatalf("asked: %+v", o)
		}
		if o := b.presence(m, "bob", motions.Arrived, "", now, now); !o.Standing.Present || o.Present != 2 {
			b.t.Fatalf("confirmed: %+v", o)
		}

		mo := b.motion(m, 1, "mover")
		put := mo
		put.State, put.Version = motions.Opening, 2
		put.Vote = &motions.Vote{Ballot: b.id(), RuleBook: 1, Rule: "rule", Present: 2, Quorum: 1, Put: now, PutBy: "chair", BaseName: "votes for and against"}
		b.change(put)

		// Ann had left before the vote, as the desk hears later: the count is mended, what the vote pinned stays.
		if o := b.presence(m, "ann", motions.Left, "", begin.Add(time.Minute), now.Add(time.Minute)); o.Standing.Present || o.Present != 1 {
			b.t.Fatalf("had left: %+v", o)
		}
		pinned, err := b.PresentAtVote(ctx, put.Vote.Ballot)
		if err != nil || !slices.Equal(pinned, []string{"ann", "bob"}) {
			b.t.Fatalf("pinned: %v, %v", pinned, err)
		}
		all, err := b.Presence(ctx, m.ID, 0)
		if err != nil || len(all) != 4 || all[0].Kind != motions.Left || all[0].By != "desk" || !all[0].Happened.Equal(begin.Add(time.Minute)) || !all[0].Recorded.Equal(now.Add(time.Minute)) {
			b.t.Fatalf("recorded: %+v, %v", all, err)
		}
		// That was another Ann: the strike counts her again, and takes no second.
		if o := b.presence(m, "ann", motions.Struck, all[0].ID, now, now.Add(2*time.Minute)); !o.Standing.Present || o.Present != 2 || o.Member != "ann" {
			b.t.Fatalf("struck: %+v", o)
		}
		if latest, err := b.Presence(ctx, m.ID, 2); err != nil || len(latest) != 2 || latest[0].Kind != motions.Struck || latest[0].Strikes != all[0].ID || latest[0].Reason != "a mistake" {
			b.t.Fatalf("the latest: %+v, %v", latest, err)
		}
		if at, err := b.PresentAt(ctx, m.ID, begin.Add(time.Minute)); err != nil || !at["ann"].Present || at["bob"].Present {
			b.t.Fatalf("a minute after it began: %v, %v", at, err)
		}
		// A list from the desk leaves records too, and only of those for whom it changes something.
		b.ok(b.Attend(ctx, asks("chair"), m.ID, []string{"ann", "cat"}, false, b.newID, func(store.MeetingFacts) error { return nil }, meetingReply))
		if all, err = b.Presence(ctx, m.ID, 0); err != nil || len(all) != 6 {
			b.t.Fatalf("%d records after the list: %v", len(all), err)
		}
		f, err := b.Meeting(ctx, m.ID, asks("cat"))
		if err != nil || f.Meeting.Present != 3 || !f.CallerPresent {
			b.t.Fatalf("the meeting: %+v, %v", f.Meeting, err)
		}
	})
}

func TestMeetingSecret(t *testing.T) {
	each(t, func(b bench) {
		m := b.meeting(motions.AGM, "", motions.Open, begin)
		made := 0
		fresh := func() ([]byte, error) { made++; return slices.Repeat([]byte{byte(made)}, 32), nil }
		for range 2 {
			if secret, err := b.MeetingSecret(context.Background(), m.ID, fresh); err != nil || len(secret) != 32 || secret[0] != 1 || made != 1 {
				b.t.Fatalf("%v, %v, made %d", secret, err, made)
			}
		}
	})
}
