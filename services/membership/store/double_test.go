package store

import (
	"context"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/membership"
)

func TestDoublesAndObjections(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		founders := found(t, s)
		now := start.Add(time.Hour)
		var twins []string
		for _, name := range []string{"one", "two", "three"} {
			email := name + "@example.org"
			begin(t, s, email, membership.Joining, membership.Person{Name: "ann  OWEN", Email: email}, start.Add(time.Minute))
			done, err := s.Confirm(ctx, hash(email), code(email), hash("session "+email), start.Add(time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			twins = append(twins, done.Session.Member)
		}
		pairs := func() map[string]int {
			t.Helper()
			all, err := s.Doubles(ctx)
			if err != nil {
				t.Fatal(err)
			}
			n := map[string]int{}
			for _, d := range all {
				switch {
				case !d.Alike:
					t.Errorf("%+v is shown for another reason", d)
				case d.Finding == nil:
					n["open"]++
				case d.Finding.Second.IsZero():
					n["found"]++
				default:
					n["settled"]++
				}
			}
			return n
		}
		if n := pairs(); n["open"] != 3 {
			t.Fatalf("%v", n)
		}
		find := func(a, b string, same bool) error {
			_, err := s.FindDouble(ctx, sent("find", a+b, now), membership.Pair{Member: a, Other: b}, func(x, y Case, found []membership.Finding) (membership.Event, error) {
				return decision(a, founders[0], now).Find(membership.Pair{Member: a, Other: b}, same, x.State, y.State, found)
			}, recordedBytes)
			return err
		}
		confirm := func(a, b, by string, same bool) error {
			_, err := s.ConfirmDouble(ctx, sent("confirm", a+b+by, now), membership.Pair{Member: a, Other: b}, start, func(x, y Case, found []membership.Finding) (membership.Settled, error) {
				return decision(a, by, now).Confirm(membership.Pair{Member: a, Other: b}, same, x.State, y.State, found, x.Grants)
			}, recordedBytes)
			return err
		}
		for _, err := range []error{find(twins[0], twins[1], false), find(twins[2], twins[0], true)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if n := pairs(); n["found"] != 2 || n["open"] != 1 {
			t.Errorf("%v", n)
		}
		wants(t, confirm(twins[0], twins[1], founders[0], false), "SECOND_OFFICER_NEEDED")
		if n, err := s.DoublesExamined(ctx); err != nil || n != 0 {
			t.Errorf("%d examined, %v", n, err)
		}
		for _, err := range []error{confirm(twins[0], twins[1], founders[2], false), confirm(twins[2], twins[0], founders[2], true)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if rest, err := alike(ctx, s.db.Reader()); err != nil || len(rest) != 0 {
			t.Errorf("what is examined or ceased still takes a place: %v, %v", rest, err)
		}
		// The third ceased, so that its pair with the second is none any more.
		if n := pairs(); n["settled"] != 2 || n["open"] != 0 || n["found"] != 0 {
			t.Errorf("%v", n)
		}
		if n, err := s.DoublesExamined(ctx); err != nil || n != 2 {
			t.Errorf("%d examined, %v", n, err)
		}
		if n, err := doublesExamined(ctx, s.db.Reader(), 20); err != nil || n != 0 {
			t.Errorf("%d examined by event 20, %v", n, err)
		}
		if _, state := whoIs(t, s, twins[2]); state.LeftAs != membership.Merged {
			t.Errorf("%+v", state)
		}
		if _, state := whoIs(t, s, twins[0]); !state.Member() {
			t.Errorf("%+v", state)
		}
		_, err := s.Session(ctx, hash("session three@example.org"), now)
		wants(t, err, "SESSION_ENDED")
		if _, err := s.Session(ctx, hash("session one@example.org"), now); err != nil {
			t.Error(err)
		}

		named := func(o NamedObjection) ([]byte, error) { return []byte(o.Text), nil }
		object := func(number int64) error {
			_, err := s.Object(ctx, sent("object", twins[0], now), twins[0], number, func(by, whom Case, waiting int) (membership.Event, error) {
				return decision(whom.ID, by.ID, now).Object(by.State, whom.State, waiting)
			}, named)
			return err
		}
		wants(t, object(99), "NUMBER_UNKNOWN")
		if err := object(5); err != nil {
			t.Fatal(err)
		}
		mine, err := s.Objections(ctx, twins[0])
		if err != nil || len(mine) != 1 || mine[0].Member != twins[1] || mine[0].Entry != 5 || !mine[0].Answered.IsZero() {
			t.Fatalf("%+v, %v", mine, err)
		}
		if others, err := s.Objections(ctx, twins[1]); err != nil || len(others) != 0 {
			t.Errorf("%+v, %v", others, err)
		}
		answer := func(n int64, id string) error {
			_, err := s.AnswerObjection(ctx, sent("answer", id, now), n, func(o membership.Objection) (membership.Event, error) {
				return decision(o.Member, founders[0], now).Answer(o, false)
			}, named)
			return err
		}
		wants(t, answer(1, "x"), "OBJECTION_NOT_FOUND") // An event of another kind.
		if err := answer(mine[0].Number, "y"); err != nil {
			t.Fatal(err)
		}
		wants(t, answer(mine[0].Number, "z"), "OBJECTION_ANSWERED")
		if all, err := s.Objections(ctx, ""); err != nil || len(all) != 1 || all[0].Answered.IsZero() || all[0].Upheld || all[0].Reason != "As it was." {
			t.Errorf("%+v, %v", all, err)
		}
		logged(t, s)
	})
}
