package acts_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/once"
)

var start = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

func use(n int, at time.Time) acts.Act {
	return acts.Act{ID: fmt.Sprintf("act-%04d", n), At: at, Member: "sian", Role: auth.Secretary, Method: "/folkmoot.membership.v1.MembershipService/CreateRegion"}
}

func about(kind, subject string) func([]byte) (string, string) {
	return func([]byte) (string, string) { return kind, subject }
}

func list(t *testing.T, b *acts.Book, who acts.Reader) []acts.Act {
	t.Helper()
	all, next, err := b.List(t.Context(), who, 1000, "")
	if err != nil || next != "" {
		t.Fatalf("%q %v", next, err)
	}
	return all
}

// TestWrittenWithWhatWasDone: once records the act in the transaction of what is done, and only if that is done; the same request
// again is no second act.
func TestWrittenWithWhatWasDone(t *testing.T) {
	databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) {
		b := acts.NewBook(db, time.UTC)
		do := func(n int, request string, fail error) (bool, error) {
			ctx := acts.NewContext(t.Context(), acts.NewUse(use(n, start), true, about("region", "london")))
			_, err := once.Do(ctx, db, once.Request{Principal: "member:sian", Method: "m", ID: request, Hash: []byte{1}, At: start},
				func(context.Context, *sql.Tx) ([]byte, error) { return []byte("reply"), fail })
			return acts.Open(ctx), err
		}
		broken := errors.New("broken")
		if open, err := do(1, "request-a", broken); !errors.Is(err, broken) || !open {
			t.Errorf("open %v, %v", open, err)
		}
		if got := list(t, b, acts.Reader{}); len(got) != 0 {
			t.Errorf("what was not done is recorded: %v", got)
		}
		for n := 2; n < 4; n++ {
			if open, err := do(n, "request-b", nil); err != nil || open {
				t.Errorf("open %v, %v", open, err)
			}
		}
		got := list(t, b, acts.Reader{})
		want := use(2, start)
		want.SubjectKind, want.Subject, want.Count = "region", "london", 1
		if len(got) != 1 || !got[0].At.Equal(start) {
			t.Fatalf("%+v", got)
		}
		if got[0].At = start; got[0] != want {
			t.Errorf("%+v, want %+v", got[0], want)
		}
	}, acts.Migrations, once.Migrations)
}

// TestOnlyWhatAnOfficeAllowed: a use that is not live writes nothing, until the method says that it let the caller through for an office.
func TestOnlyWhatAnOfficeAllowed(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		b := acts.NewBook(db, time.UTC)
		a := use(1, start)
		a.Role = ""
		ctx := acts.NewContext(t.Context(), acts.NewUse(a, false, nil))
		if err := errors.Join(b.Close(ctx, nil), b.Count(ctx)); err != nil || acts.Open(ctx) {
			t.Fatal(err)
		}
		acts.Exercise(ctx, auth.Role{Name: auth.Chair, Region: "london"})
		acts.About(ctx, "role_grant", "g")
		if !acts.Open(ctx) {
			t.Error("not live")
		}
		if err := errors.Join(b.Close(ctx, nil), b.Close(ctx, nil)); err != nil || acts.Open(ctx) {
			t.Fatal(err)
		}
		got := list(t, b, acts.Reader{})
		if len(got) != 1 || got[0].Role != auth.Chair || got[0].Region != "london" || got[0].Subject != "g" {
			t.Errorf("%+v", got)
		}
		// Without a use in the context nothing happens.
		acts.Exercise(t.Context(), auth.Role{Name: auth.Chair})
		acts.About(t.Context(), "x", "y")
		if err := b.Count(t.Context()); err != nil {
			t.Error(err)
		}
		// The operator stays the operator.
		o := use(2, start)
		o.Role = acts.Operator
		ctx = acts.NewContext(t.Context(), acts.NewUse(o, false, nil))
		acts.Exercise(ctx, auth.Role{Name: auth.Secretary})
		if err := b.Close(ctx, nil); err != nil {
			t.Fatal(err)
		}
		if got := list(t, b, acts.Reader{}); len(got) != 2 || got[0].Role != acts.Operator {
			t.Errorf("%+v", got)
		}
	}, acts.Migrations)
}

// TestReadingIsCountedByDay counts by the society's day, the person, the office and the method.
func TestReadingIsCountedByDay(t *testing.T) {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		b := acts.NewBook(db, zone)
		read := func(a acts.Act) {
			t.Helper()
			if err := b.Count(acts.NewContext(t.Context(), acts.NewUse(a, true, about("member", "asha")))); err != nil {
				t.Fatal(err)
			}
		}
		summer := time.Date(2026, 7, 1, 23, 30, 0, 0, time.UTC) // The 2nd in London.
		first := use(1, summer.Add(-time.Hour))
		read(first)
		read(use(2, summer))
		read(use(3, summer.Add(time.Hour)))
		chair := use(4, summer)
		chair.Role = auth.Chair
		read(chair)
		counts := map[string]int64{}
		for _, a := range list(t, b, acts.Reader{Secretary: true}) {
			if !a.Counted || a.Subject != "" {
				t.Errorf("%+v", a)
			}
			counts[a.Role+" "+a.At.UTC().Format(time.DateTime)] = a.Count
		}
		want := map[string]int64{"secretary 2026-07-01 22:30:00": 1, "secretary 2026-07-02 00:30:00": 2, "chair 2026-07-01 23:30:00": 1}
		if fmt.Sprint(counts) != fmt.Sprint(want) {
			t.Errorf("%v, want %v", counts, want)
		}
	}, acts.Migrations)
}

// TestListPages pages through acts of the same instant too, each once, newest first, and hides whom an act was about from all but
// them and the secretary.
func TestListPages(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		b := acts.NewBook(db, time.UTC)
		for n := range 25 {
			ctx := acts.NewContext(t.Context(), acts.NewUse(use(n, start.Add(time.Duration(n/10)*time.Minute)), true, about("member", "asha")))
			if err := b.Close(ctx, nil); err != nil {
				t.Fatal(err)
			}
		}
		seen, token, last := map[string]bool{}, "", acts.Act{}
		for pages := 0; ; pages++ {
			all, next, err := b.List(t.Context(), acts.Reader{Member: "ben"}, 4, token)
			if err != nil || pages > 10 {
				t.Fatal(err)
			}
			for _, a := range all {
				if seen[a.ID] || a.Subject != "" || a.SubjectKind != "" {
					t.Errorf("%+v", a)
				}
				if last.ID != "" && (a.At.After(last.At) || (a.At.Equal(last.At) && a.ID > last.ID)) {
					t.Errorf("%s after %s", a.ID, last.ID)
				}
				seen[a.ID], last = true, a
			}
			if token = next; token == "" {
				break
			}
			if token != last.Token() {
				t.Errorf("the token is not that of the page after the last act")
			}
		}
		if len(seen) != 25 {
			t.Errorf("%d of 25", len(seen))
		}
		for who, want := range map[acts.Reader]string{{Member: "asha"}: "asha", {Secretary: true}: "asha", {}: ""} {
			if all := list(t, b, who); all[0].Subject != want {
				t.Errorf("%+v sees %q", who, all[0].Subject)
			}
		}
		for _, bad := range []string{"x", "AAAA"} {
			if _, _, err := b.List(t.Context(), acts.Reader{}, 1, bad); !fault.Is(err, "PAGE_TOKEN") {
				t.Errorf("%q: %v", bad, err)
			}
		}
		if _, _, err := b.List(t.Context(), acts.Reader{}, -1, ""); !fault.Is(err, "PAGE_SIZE") {
			t.Error(err)
		}
	}, acts.Migrations)
}
