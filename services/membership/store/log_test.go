package store

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/localgovdigital/folkmoot/services/membership"
)

func change(t *testing.T, s *Store, statements ...string) {
	t.Helper()
	if err := s.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for _, statement := range statements {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestTheRegisterIsWhatItsLogSays spoils the register behind the store's back, each time on a fresh database.
func TestTheRegisterIsWhatItsLogSays(t *testing.T) {
	for name, c := range map[string]struct{ spoil, says string }{
		"when it took effect": {`UPDATE event SET at = at + 1 WHERE number = 2`, "event 2 "},
		"whose event":         {`UPDATE event SET member = (SELECT member FROM event WHERE number = 1) WHERE number = 3`, "event 3 "},
		"a reason":            {`UPDATE event SET reason = 'x' WHERE number = 2`, "event 2 "},
		"a lost event":        {`DELETE FROM event WHERE number = 5`, "event 5 "},
		"an added event":      {`INSERT INTO event SELECT 99, member, kind, at, recorded, region, reason, decider FROM event WHERE number = 3`, "event 99 "},
		"an office's start":   {`UPDATE appointment SET started = NULL WHERE role = 'chair'`, "office "},
		"an added office":     {`INSERT INTO appointment SELECT '00000000-0000-4000-8000-000000000000', member, 'board', region, reason, granted_by, granted, approved_by, started, ended, ended_by, end_reason FROM appointment WHERE role = 'chair'`, "office "},
		"a roll":              {`UPDATE roll SET count = count + 1`, "roll "},
		"a lost leaf":         {`DELETE FROM log_leaf WHERE idx = (SELECT MAX(idx) FROM log_leaf)`, "leaf "},
		"an added leaf":       {`INSERT INTO log_leaf (idx, data) SELECT idx + 1, data FROM log_leaf WHERE idx = (SELECT MAX(idx) FROM log_leaf)`, "facts for"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, s *Store) {
				found(t, s)
				join(t, s, "asha@example.org", "", start)
				if _, err := s.Freeze(t.Context(), "a meeting", membership.Terms{Notice: start}, "", start); err != nil {
					t.Fatal(err)
				}
				if err := s.CheckLog(t.Context()); err != nil {
					t.Fatalf("a good register: %v", err)
				}
				change(t, s, c.spoil)
				if err := s.CheckLog(t.Context()); err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%v; want it to name %q", err, c.says)
				}
			})
		})
	}
}

// TestARegisterFromBeforeTheLog gets its leaves once; after that nothing is logged late.
func TestARegisterFromBeforeTheLog(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		found(t, s)
		change(t, s, `DELETE FROM register_leaf`, `DELETE FROM log_leaf`)
		for range 2 {
			if err := s.LogMissing(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.CheckLog(t.Context()); err != nil {
				t.Error(err)
			}
		}
		change(t, s, `INSERT INTO event SELECT 99, member, kind, at, recorded, region, reason, decider FROM event WHERE number = 3`)
		if err := s.LogMissing(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.CheckLog(t.Context()); err == nil || !strings.Contains(err.Error(), "event 99 ") {
			t.Errorf("an event written past the log: %v", err)
		}
	})
}
