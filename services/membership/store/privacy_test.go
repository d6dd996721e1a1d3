package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// leave records that a member left.
func leave(t *testing.T, s *Store, member string, at time.Time) {
	t.Helper()
	err := s.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		return record(ctx, tx, member, membership.Event{Kind: membership.Resigned, At: at, Reason: "moved abroad"}, at)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// holds reports in which columns of the database a text stands.
func holds(t *testing.T, s *Store, text string) (where []string) {
	t.Helper()
	for table, columns := range map[string][]string{
		"member": {"name", "email", "name_fold", "email_fold"}, "attempt": {"name", "email", "email_fold"}, "joining_postal": {"address"}, "postal": {"address"}, "event": {"reason"}, "access_need": {"needs"},
		"log_leaf": {"content"}, "office": {"reason", "end_reason"},
	} {
		for _, column := range columns {
			rows, err := s.db.Reader().QueryContext(t.Context(), `SELECT `+column+` FROM `+table)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			err = scanAll(rows, func(rows *sql.Rows) error {
				var raw []byte
				err := rows.Scan(&raw)
				found = found || strings.Contains(strings.ToLower(string(raw)), strings.ToLower(text))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if found {
				where = append(where, table+"."+column)
			}
		}
	}
	slices.Sort(where)
	return where
}

func nothing() ([]byte, error) { return nil, nil }

// TestErase: a member who left has erased what no law asks for; their entry, their history and the log stay, and the doctor agrees.
func TestErase(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		found(t, s)
		asha, ben := join(t, s, "asha@example.org", "", start), join(t, s, "ben@example.org", "", start)
		need := membership.AccessNeed{Meeting: "m", Member: asha, Needs: "hearing loop", Until: start.AddDate(0, 0, 40)}
		if _, err := s.SetAccessNeed(ctx, request("need", "a", start), need, func(NamedNeed) ([]byte, error) { return nil, nil }); err != nil {
			t.Fatal(err)
		}
		erase := func(member, body string, at time.Time) error {
			_, err := s.Erase(ctx, request("erase", body, at), member, time.UTC, start, nothing)
			return err
		}
		wants(t, erase(asha, "a", start), "STILL_A_MEMBER")
		wants(t, erase("00000000-0000-4000-8000-000000000000", "b", start), "MEMBER_NOT_FOUND")
		leave(t, s, asha, start.Add(time.Hour))
		later := start.Add(2 * time.Hour)
		for range 2 {
			if err := erase(asha, "c", later); err != nil {
				t.Fatal(err)
			}
		}
		if where := holds(t, s, "asha@"); strings.Join(where, " ") != "member.name member.name_fold" {
			// The test's members are called by their addresses.
			t.Errorf("the address is still in %v", where)
		}
		if where := holds(t, s, "hearing"); len(where) > 0 {
			t.Errorf("the access need is still in %v", where)
		}
		m, _, err := s.Member(ctx, asha)
		if err != nil || m.Name != "Member asha@example.org" || m.Number != 4 || len(m.History.Events) < 4 || strings.Contains(m.Email, "@") {
			t.Errorf("the entry: %+v %v", m, err)
		}
		if _, err := s.Session(ctx, hash("session asha@example.org"), later); !fault.Is(err, "SESSION_ENDED") {
			t.Errorf("the session lives: %v", err)
		}
		if contact, entry, err := s.Erasures(ctx, asha); err != nil || !contact.Equal(later) || !entry.IsZero() {
			t.Errorf("%v %v %v", contact, entry, err)
		}
		if _, err := s.Session(ctx, hash("session ben@example.org"), later); err != nil {
			t.Errorf("another member's session: %v", err)
		}
		if b, _, err := s.Member(ctx, ben); err != nil || b.Email != "ben@example.org" {
			t.Errorf("another member: %+v %v", b, err)
		}
		if err := s.CheckLog(ctx); err != nil {
			t.Errorf("the register against its log: %v", err)
		}
		// The address is free for whoever has it.
		again := join(t, s, "asha@example.org", "", later)
		if again == asha {
			t.Error("the erased entry came back")
		}
	})
}

// TestRetain moves the clock past each day on which something is due, and not a moment before.
func TestRetain(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		founders := found(t, s)
		if _, err := s.ApplyRule(ctx, 1, 1, membership.Rule{Book: 1, From: start, Admission: membership.AdmitAll, RetentionYears: 6}); err != nil {
			t.Fatal(err)
		}
		asha, ben, back := join(t, s, "asha@example.org", "", start), join(t, s, "ben@example.org", "", start), join(t, s, "back@example.org", "", start)
		left := start.Add(24 * time.Hour)
		leave(t, s, asha, left)
		leave(t, s, back, left)
		err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			return record(ctx, tx, back, membership.Event{Kind: membership.Readmitted, At: left.Add(time.Hour)}, left.Add(time.Hour))
		})
		if err != nil {
			t.Fatal(err)
		}
		for member, days := range map[string]int{ben: 10, founders[0]: 50} {
			n := membership.AccessNeed{Meeting: "m", Member: member, Needs: "a ramp", Until: start.AddDate(0, 0, days)}
			if _, err := s.SetAccessNeed(ctx, request("need", member, start), n, func(NamedNeed) ([]byte, error) { return nil, nil }); err != nil {
				t.Fatal(err)
			}
		}
		retain := func(at time.Time) string {
			t.Helper()
			if more, err := s.Retain(ctx, at, at, time.UTC); err != nil || more {
				t.Fatalf("more %v, %v", more, err)
			}
			r, err := s.Retention(ctx, at)
			if err != nil || !r.LastRun.Equal(at) {
				t.Fatalf("%+v %v", r, err)
			}
			counts := map[string]int64{}
			for _, d := range r.Deleted {
				counts[d.Kind] += d.Count
			}
			var due []string
			for _, d := range r.Due {
				if d.Count > 0 {
					due = append(due, fmt.Sprintf("%s %d %s", d.Kind, d.Count, d.Next.UTC().Format(time.DateOnly)))
				}
			}
			return fmt.Sprint(counts, due)
		}
		contact, entry := left.AddDate(0, 0, 90), left.AddDate(6, 0, 0)
		for _, c := range []struct {
			at   time.Time
			want string
		}{
			{start.AddDate(0, 0, 10).Add(-time.Second), "map[] [access_needs 2 2026-10-09 contacts 1 2026-12-29 entries 1 2032-09-30]"},
			{start.AddDate(0, 0, 10), "map[access_needs:1] [access_needs 1 2026-11-18 contacts 1 2026-12-29 entries 1 2032-09-30]"},
			{contact.Add(-time.Second), "map[access_needs:2 sessions:6] [contacts 1 2026-12-29 entries 1 2032-09-30]"},
			{contact, "map[access_needs:2 contacts:1 sessions:6] [entries 1 2032-09-30]"},
			{entry.Add(-time.Second), "map[access_needs:2 contacts:1 sessions:6] [entries 1 2032-09-30]"},
			{entry, "map[access_needs:2 contacts:1 entries:1 sessions:6] []"},
			{entry.AddDate(1, 0, 0), "map[access_needs:2 contacts:1 entries:1 sessions:6] []"},
		} {
			if got := retain(c.at); got != c.want {
				t.Errorf("on %v: %s, want %s", c.at, got, c.want)
			}
		}
		if where := holds(t, s, "asha"); len(where) > 0 {
			t.Errorf("Asha is still in %v", where)
		}
		if where := holds(t, s, "moved abroad"); strings.Join(where, " ") != "event.reason log_leaf.content" {
			t.Errorf("the reason why the other one left for an hour stands in %v", where)
		}
		var opened int
		if err := s.db.Reader().QueryRowContext(ctx, `SELECT COUNT(*) FROM log_leaf g JOIN register_leaf r ON r.leaf = g.idx WHERE r.member = $1 AND (g.salt IS NOT NULL OR g.content IS NOT NULL)`, asha).Scan(&opened); err != nil || opened > 0 {
			t.Errorf("%d of her leaves can be opened, %v", opened, err)
		}
		if err := s.CheckLog(ctx); err != nil {
			t.Errorf("the register against its log: %v", err)
		}
		if m, _, err := s.Member(ctx, back); err != nil || m.Email != "back@example.org" {
			t.Errorf("who came back: %+v %v", m, err)
		}
		// To delete what opens a leaf is no way to hide a change of an entry that was not erased.
		change(t, s, `UPDATE log_leaf SET salt = NULL, content = NULL WHERE idx = 1`)
		if err := s.CheckLog(ctx); err == nil || !strings.Contains(err.Error(), "was not erased") {
			t.Errorf("a leaf that was closed behind the store's back: %v", err)
		}
	})
}

// TestRetainManyAtOnce erases more than one transaction may.
func TestRetainManyAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		found(t, s)
		const n = dueAtOnce + 5
		err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			for i := range n {
				id := fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
				if err := insertMember(ctx, tx, id, membership.Person{Name: "Person", Email: id + "@example.org", Language: "cy"}); err != nil {
					return err
				}
				if err := admit(ctx, tx, id, membership.Event{At: start}); err != nil {
					return err
				}
				if err := record(ctx, tx, id, membership.Event{Kind: membership.Lapsed, At: start}, start); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		runs := 0
		for more := true; more; runs++ {
			if more, err = s.Retain(ctx, start.AddDate(0, 0, 100), start, time.UTC); err != nil || runs > 5 {
				t.Fatal(runs, err)
			}
		}
		var kept int
		if err := s.db.Reader().QueryRowContext(ctx, `SELECT COUNT(*) FROM member WHERE language = 'cy'`).Scan(&kept); err != nil || kept > 0 || runs != 2 {
			t.Errorf("%d kept after %d runs, %v", kept, runs, err)
		}
	})
}

// TestAccessNeeds are seen by those whom they are for, replaced, and taken back.
func TestAccessNeeds(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		founders := found(t, s)
		if _, err := s.CreateRegion(ctx, request("region", "london", start), membership.Region{ID: "london", Name: "London", State: membership.Meeting}, regionBytes); err != nil {
			t.Fatal(err)
		}
		asha := join(t, s, "asha@example.org", "london", start)
		set := func(member, meeting, region, needs string) error {
			n := membership.AccessNeed{Meeting: meeting, Member: member, Region: region, Needs: needs, Until: start.AddDate(0, 0, 10)}
			_, err := s.SetAccessNeed(ctx, request("need", member+meeting+region+needs, start), n, func(n NamedNeed) ([]byte, error) { return []byte(n.Name), nil })
			return err
		}
		wants(t, set(asha, "m1", "atlantis", "x"), "REGION_UNKNOWN")
		wants(t, set("00000000-0000-4000-8000-000000000000", "m1", "", "x"), "MEMBER_NOT_FOUND")
		for _, err := range []error{set(asha, "m1", "london", "a loop"), set(asha, "m1", "london", "a ramp"), set(founders[0], "m1", "", "large print"), set(asha, "m2", "", "x"), set(asha, "m2", "", "")} {
			if err != nil {
				t.Fatal(err)
			}
		}
		seen := func(all bool, regions ...string) string {
			needs, err := s.AccessNeeds(ctx, "m1", all, regions, start)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, n := range needs {
				out = append(out, n.Needs)
			}
			return strings.Join(out, ", ")
		}
		if got := seen(true) + "; " + seen(false, "london") + "; " + seen(false, "wales") + "; " + seen(false); got != "a ramp, large print; a ramp; ; " {
			t.Errorf("seen: %s", got)
		}
		mine, err := s.MyAccessNeeds(ctx, asha, start)
		if err != nil || len(mine) != 1 || mine[0].Needs != "a ramp" {
			t.Errorf("%+v %v", mine, err)
		}
		if late, err := s.AccessNeeds(ctx, "m1", true, nil, start.AddDate(0, 0, 10)); err != nil || len(late) > 0 {
			t.Errorf("what is due is shown: %v %v", late, err)
		}
		leave(t, s, asha, start)
		wants(t, set(asha, "m3", "", "x"), "NOT_A_MEMBER")
	})
}
