package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

func bookReply(motions.Book) ([]byte, error) { return []byte("book"), nil }

// A resolution is adopted once: the book, the events and what the motion says of it appear together, or not at all.
func TestAdopt(t *testing.T) {
	each(t, func(b bench) {
		ctx := context.Background()
		mo := motions.Motion{ID: b.id(), Meeting: b.meeting(motions.AGM, "", motions.Open, begin.Add(time.Hour)).ID, Kind: motions.Resolution, Majority: motions.Extraordinary,
			Title: "Fewer words", Text: "T", State: motions.Moved, Mover: "asha", MoverName: "Asha", MovedAt: begin, Version: 1,
			RuleChanges: []motions.RuleChange{{Key: "motion.text.words", Value: "300"}, {Key: "quorum.agm", Value: "5"}}}
		b.ok(b.AddMotion(ctx, asks("asha"), mo.Meeting, func(store.MeetingFacts) (motions.Motion, error) { return mo, nil }, motionReply))
		kept, err := b.Motion(ctx, mo.ID)
		if err != nil {
			b.t.Fatal(err)
		}
		same(b.t, "the motion", kept, mo)

		adopt := func(effective time.Time, refuse error) error {
			_, err := b.Adopt(ctx, asks("secretary"), mo.ID, func(latest motions.Book, m motions.Motion) (motions.Book, store.Tellings, error) {
				if refuse != nil {
					return motions.Book{}, store.Tellings{}, refuse
				}
				if m.RuleBook != 0 {
					return motions.Book{}, store.Tellings{}, fault.New(fault.Conflict, "ALREADY_ADOPTED", "It is.")
				}
				next, err := latest.With(m.RuleChanges, "a resolution")
				next.Version, next.Effective, next.AdoptedBy = latest.Version+1, effective, m.ID
				return next, store.Tellings{Membership: []byte("two"), Ledger: []byte("two")}, err
			}, bookReply)
			return err
		}
		if err := adopt(begin, fault.New(fault.Conflict, "NOT_CARRIED", "No.")); !fault.Is(err, "NOT_CARRIED") {
			b.t.Fatal(err)
		}
		if books, err := b.Books(ctx); err != nil || len(books) != 1 {
			b.t.Fatalf("after a refusal: %v, %v", books, err)
		}
		later := begin.Add(24 * time.Hour)
		if err := adopt(later, nil); err != nil {
			b.t.Fatal(err)
		}
		if err := adopt(later, nil); !fault.Is(err, "ALREADY_ADOPTED") {
			b.t.Fatalf("again: %v", err)
		}
		kept, err = b.Motion(ctx, mo.ID)
		if err != nil || kept.RuleBook != 2 {
			b.t.Fatalf("%d, %v", kept.RuleBook, err)
		}
		for _, topic := range []string{store.TopicMembership, store.TopicLedger} {
			if _, head, err := outbox.Head(ctx, b.db, topic); err != nil || head != 2 {
				b.t.Errorf("events for %s: %d, %v", topic, head, err)
			}
		}
		books, err := b.Books(ctx)
		if err != nil || len(books) != 2 || books[0].Version != 2 || books[0].AdoptedBy != mo.ID || !books[0].Effective.Equal(later) || books[1].AdoptedBy != motions.FoundingAct {
			b.t.Fatalf("%+v, %v", books, err)
		}
		for at, want := range map[time.Time]int{begin: 500, later.Add(-time.Microsecond): 500, later: 300} {
			if terms, err := b.Terms(ctx, at); err != nil || terms.Words != want {
				b.t.Errorf("at %v: %d words, %v", at, terms.Words, err)
			}
		}
		if latest, err := store.New(b.db).LatestBook(ctx); err != nil || latest.Version != 2 || len(latest.Rules) != len(motions.FoundingBook(begin).Rules) {
			b.t.Errorf("the newest: %+v, %v", latest, err)
		}
	})
}
