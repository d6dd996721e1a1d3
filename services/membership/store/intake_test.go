package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/membership"
)

func encodedIntake(n Intake) ([]byte, error) { return []byte(n.ID), nil }

// send sends a file in parts of a size and has it checked.
func send(t testing.TB, s *Store, name, file string, size int) Intake {
	t.Helper()
	ctx := context.Background()
	reply, err := s.BeginIntake(ctx, request("import", name, start), name, ByOperator, encodedIntake)
	if err != nil {
		t.Fatal(err)
	}
	n := Intake{ID: string(reply)}
	for at := 0; at < len(file); at += size {
		if n, err = s.AddPart(ctx, n.ID, int64(at), []byte(file[at:min(at+size, len(file))])); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.TurnIntake(ctx, n.ID, IntakeReceiving, IntakeChecking); err != nil {
		t.Fatal(err)
	}
	if err := s.CheckIntake(ctx, n.ID, start.Truncate(24*time.Hour), nil); err != nil {
		t.Fatal(err)
	}
	if n, err = s.Intake(ctx, n.ID); err != nil {
		t.Fatal(err)
	}
	return n
}

func count(t testing.TB, s *Store, query string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := s.db.Reader().QueryRowContext(context.Background(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTakingMembersIn(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		region(t, s, "london")
		sam := join(t, s, "sam@example.org", "", start)
		var b strings.Builder
		b.WriteString("name,email,region,admitted\n")
		for i := range 1200 {
			fmt.Fprintf(&b, "Member %d,m%d@example.org,%s,2020-01-02\n", i, i, []string{"", "London"}[i%2])
		}
		spoilt := b.String() + "Twice,M7@EXAMPLE.ORG,,\nNowhere,n@example.org,atlantis,\n"
		events := count(t, s, `SELECT COUNT(*) FROM event`)
		n := send(t, s, "spoilt.csv", spoilt, 1000)
		if n.State != IntakeRefused || n.Rows != 1202 || n.Mistakes != 2 || len(n.First) != 2 {
			t.Fatalf("%+v", n)
		}
		lines := map[int]string{}
		for _, m := range n.First {
			lines[m.Line] = m.Message
		}
		if !strings.Contains(lines[1202], "line 9 already") || !strings.Contains(lines[1203], "no such regional group") {
			t.Errorf("%v", lines)
		}
		_, err := s.TurnIntake(ctx, n.ID, IntakeClean, IntakeApplying)
		wants(t, err, "IMPORT_STATE")
		if got := count(t, s, `SELECT COUNT(*) FROM member`); got != 4 || count(t, s, `SELECT COUNT(*) FROM event`) != events {
			t.Fatalf("%d members and more events after a file with mistakes", got)
		}
		if count(t, s, `SELECT COUNT(*) FROM intake_row`)+count(t, s, `SELECT COUNT(*) FROM intake_part`) != 0 {
			t.Error("a refused file is kept")
		}
		good := b.String() + "Sam Again,SAM@example.org,london,\n"
		n = send(t, s, "good.csv", good, 777)
		if n.State != IntakeClean || n.Rows != 1201 || n.Known != 1 || n.Mistakes != 0 || n.Added != 0 || count(t, s, `SELECT COUNT(*) FROM event`) != events {
			t.Fatalf("%+v", n)
		}
		if _, err := s.TurnIntake(ctx, n.ID, IntakeClean, IntakeApplying); err != nil {
			t.Fatal(err)
		}
		// One transaction, as if the process had died behind it; then another begins where it ended.
		if done, part, err := s.applySome(ctx, n.ID, start.Add(time.Hour)); err != nil || done || part.Done != takenAtOnce {
			t.Fatalf("%v, %+v, %v", done, part, err)
		}
		told := int64(0)
		if err := s.ApplyIntake(ctx, n.ID, start.Add(time.Hour), func(rows int64) { told = rows }); err != nil {
			t.Fatal(err)
		}
		n, err = s.Intake(ctx, n.ID)
		if err != nil || n.State != IntakeDone || n.Done != 1201 || n.Added != 1200 || told != 1201 {
			t.Errorf("%+v, %v; told of %d", n, err, told)
		}
		if got := count(t, s, `SELECT COUNT(*) FROM event WHERE kind IN ('applied', 'admitted') AND reason = 'Imported: good.csv' AND decider = 'operator'`); got != 2400 {
			t.Errorf("%d events of the import", got)
		}
		m, _, err := s.Member(ctx, sam)
		if err != nil || m.Name == "Sam Again" || m.Region != "" {
			t.Errorf("a member whom the register knew was changed: %+v, %v", m.Person, err)
		}
		members, _, err := s.Members(ctx, Filter{Search: "m1199@", Addresses: true, Limit: 2})
		day := time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)
		if err != nil || len(members) != 1 || members[0].Number != 1204 || members[0].Region != "london" || !members[0].History.On(start).Admitted.Equal(day) {
			t.Errorf("%+v, %v", members, err)
		}
		if err := s.CheckLog(ctx); err != nil {
			t.Error(err)
		}
		if err := s.CheckElectors(ctx); err != nil {
			t.Error(err)
		}
		if got, err := s.CountGood(ctx, "london", false, start.Add(2*time.Hour)); err != nil || got != 600 {
			t.Errorf("%d in London, %v", got, err)
		}
		// The same file again adds nobody.
		events = count(t, s, `SELECT COUNT(*) FROM event`)
		n = send(t, s, "again.csv", good, 100_000)
		if n.Known != 1201 {
			t.Errorf("%+v", n)
		}
		if _, err := s.TurnIntake(ctx, n.ID, IntakeClean, IntakeApplying); err != nil {
			t.Fatal(err)
		}
		if err := s.ApplyIntake(ctx, n.ID, start.Add(2*time.Hour), nil); err != nil {
			t.Fatal(err)
		}
		if n, err = s.Intake(ctx, n.ID); err != nil || n.Added != 0 || n.Done != 1201 || count(t, s, `SELECT COUNT(*) FROM event`) != events {
			t.Errorf("%+v, %v", n, err)
		}
		if err := s.ApplyIntake(ctx, n.ID, start, nil); !TakenOver(err) {
			t.Errorf("applied twice: %v", err)
		}
		if count(t, s, `SELECT COUNT(*) FROM intake_row`)+count(t, s, `SELECT COUNT(*) FROM intake_part`) != 0 {
			t.Error("a file that was taken in is kept")
		}
	})
}

func TestPartsOfAFile(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		found(t, s)
		_, err := s.BeginIntake(ctx, request("import", "x", start), " ", ByOperator, encodedIntake)
		wants(t, err, "IMPORT_INVALID")
		reply, err := s.BeginIntake(ctx, request("import", "y", start), "y.csv", ByOperator, encodedIntake)
		if err != nil {
			t.Fatal(err)
		}
		y := string(reply)
		_, err = s.TurnIntake(ctx, y, IntakeReceiving, IntakeChecking)
		wants(t, err, "IMPORT_INVALID")
		for range 2 {
			if n, err := s.AddPart(ctx, y, 0, []byte("name,email\n")); err != nil || n.Received != 11 {
				t.Errorf("%+v, %v", n, err)
			}
		}
		for _, offset := range []int64{-1, 1, 10, 12, 100} {
			_, err = s.AddPart(ctx, y, offset, []byte("x"))
			wants(t, err, "IMPORT_OFFSET")
		}
		_, err = s.AddPart(ctx, y, 0, []byte("another"))
		wants(t, err, "IMPORT_OFFSET")
		_, err = s.AddPart(ctx, y, 11, nil)
		wants(t, err, "IMPORT_INVALID")
		_, err = s.AddPart(ctx, y, 11, make([]byte, MaxPart+1))
		wants(t, err, "IMPORT_INVALID")
		for _, id := range []string{"", "nothing", "00000000-0000-4000-8000-000000000000"} {
			_, err = s.AddPart(ctx, id, 0, []byte("x"))
			wants(t, err, "IMPORT_NOT_FOUND")
			_, err = s.Intake(ctx, id)
			wants(t, err, "IMPORT_NOT_FOUND")
		}
		if _, err := s.TurnIntake(ctx, y, IntakeReceiving, IntakeChecking); err != nil {
			t.Fatal(err)
		}
		_, err = s.AddPart(ctx, y, 11, []byte("x"))
		wants(t, err, "IMPORT_STATE")
		if ids, err := s.IntakesUnderway(ctx); err != nil || len(ids) != 1 || ids[0] != y {
			t.Errorf("%v, %v", ids, err)
		}
		if err := s.CheckIntake(ctx, y, start, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.CheckIntake(ctx, y, start, nil); !TakenOver(err) {
			t.Errorf("checked twice: %v", err)
		}
		if err := s.ForgetIntakes(ctx, start.Add(intakeLife)); err != nil {
			t.Fatal(err)
		}
		if all, err := s.Intakes(ctx, 50); err != nil || len(all) != 1 || all[0].State != IntakeClean || all[0].Rows != 0 {
			t.Errorf("%+v, %v", all, err)
		}
		if err := s.ForgetIntakes(ctx, start.Add(intakeLife+time.Second)); err != nil {
			t.Fatal(err)
		}
		if all, err := s.Intakes(ctx, 50); err != nil || len(all) != 0 || count(t, s, `SELECT COUNT(*) FROM intake_part`) != 0 {
			t.Errorf("a week later: %+v, %v", all, err)
		}
	})
}

// TestASpoiltStandingIsFound: what is kept of members' standing is compared with their histories.
func TestASpoiltStandingIsFound(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		founders := found(t, s)
		if err := s.CheckElectors(ctx); err != nil {
			t.Fatal(err)
		}
		for _, spoil := range []string{
			`UPDATE elector SET donated = TRUE WHERE member = $1`, `DELETE FROM elector WHERE member = $1`, `UPDATE elector SET since = since - 1 WHERE member = $1`,
		} {
			err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, spoil, founders[0])
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.CheckElectors(ctx); err == nil || !strings.Contains(err.Error(), founders[0]) {
				t.Errorf("%s: %v", spoil, err)
			}
			if err := s.recordOne(ctx, founders[0], membership.Event{Kind: membership.Moved, At: start}); err != nil {
				t.Fatal(err)
			}
			if err := s.CheckElectors(ctx); err != nil {
				t.Errorf("the next fact does not mend it: %v", err)
			}
		}
	})
}

func TestParticularsAreKept(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		founders := found(t, s)
		sam := founders[0]
		none, err := s.Particulars(ctx, sam)
		if err != nil || none != (membership.Particulars{}) {
			t.Errorf("%+v, %v", none, err)
		}
		set := func(name string, p membership.Particulars) {
			t.Helper()
			if _, err := s.SetParticulars(ctx, request("particulars", name, start), sam, p, func(membership.Particulars) ([]byte, error) { return nil, nil }); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Particulars(ctx, sam); err != nil || got != p {
				t.Errorf("%+v, %v; want %+v", got, err, p)
			}
		}
		set("one", membership.Particulars{Address: "1 High Street\nLeeds", Sector: membership.Council})
		set("two", membership.Particulars{Address: "1 High Street\nLeeds", Sector: membership.Private})
		set("three", membership.Particulars{Sector: membership.Private})
		if n := count(t, s, `SELECT COUNT(*) FROM event WHERE kind = 'postal_changed' AND member = $1`, sam); n != 2 {
			t.Errorf("%d changes of address on record, want 2", n)
		}
		counts, err := s.CountSectors(ctx, start)
		if err != nil || counts[membership.Private] != 1 || counts[""] != 2 || len(counts) != 2 {
			t.Errorf("%v, %v", counts, err)
		}
		page, err := s.RegisterPage(ctx, 0, 10)
		if err != nil || len(page) != 3 || page[0].Address != "" || len(page[0].Offices) != 1 || page[2].Number != 3 {
			t.Errorf("%+v, %v", page, err)
		}
		if rest, err := s.RegisterPage(ctx, 3, 10); err != nil || len(rest) != 0 {
			t.Errorf("%+v, %v", rest, err)
		}
		if err := s.CheckElectors(ctx); err != nil {
			t.Error(err)
		}
	})
}
