package store

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// before are the migrations of a room that kept no log.
func before(t *testing.T) database.Migrations {
	t.Helper()
	text, err := files.ReadFile("schema/0001_ballots.sql")
	if err != nil {
		t.Fatal(err)
	}
	return database.Migrations{Part: Migrations.Part, Files: fstest.MapFS{"schema/0001_ballots.sql": {Data: text}}}
}

// older stores a ballot of three electors as a version without a log did: one vote for, one against, and with its end and publication
// if it is over.
func older(t *testing.T, db *database.DB, number int64, id string, over bool) {
	t.Helper()
	roll := electors(3)
	err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		do := func(statement string, args ...any) {
			if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		do(`INSERT INTO ballot (ballot_no, id, motion, meeting, region, question, rule, privacy, roll, electors, fingerprint, opened)
			VALUES ($1, $2, 'm', 'g', '', 'Shall we?', 'More for than against.', 'Open.', 'roll', 3, $3, 1000)`, number, id, ballots.Fingerprint(roll))
		for _, e := range roll {
			do(`INSERT INTO elector (ballot_no, elector_no, member, region) VALUES ($1, $2, $3, 'london')`, number, e.Number, e.Member)
		}
		for n, choice := range []string{"for", "against"} {
			do(`INSERT INTO vote (ballot_no, elector_no, revision, choice, receipt, request, salt, cast_at, epoch) VALUES ($1, $2, 0, $3, $4, $5, $6, 2000, 1)`,
				number, n+1, choice, strings.Repeat("A", 15)+string(rune('B'+n)), make([]byte, 16), []byte(strings.Repeat("s", 15)+string(rune('0'+n))))
		}
		if over {
			do(`INSERT INTO closing (ballot_no, closed, votes_for, votes_against, abstentions, epoch) VALUES ($1, 3000, 1, 1, 0, 1)`, number)
			do(`INSERT INTO publication (ballot_no, published) VALUES ($1, 4000)`, number)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestBallotsFromBeforeTheLog brings a database of an older version to this one: every vote keeps its receipt, everything gets a leaf,
// once, and the open ballot goes on.
func TestBallotsFromBeforeTheLog(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		older(t, db, 1, "over", true)
		older(t, db, 2, "open", false)
		if err := db.Migrate(t.Context(), parts...); err != nil {
			t.Fatal(err)
		}
		s := New(db, quick(Config{}))
		if err := s.CheckLog(t.Context()); err == nil {
			t.Error("ballots without leaves pass")
		}
		for range 2 {
			if err := s.LogMissing(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.CheckLog(t.Context()); err != nil {
				t.Fatal(err)
			}
			leaves := 0
			if err := translog.Each(t.Context(), db, func(translog.Leaf) error { leaves++; return nil }); err != nil || leaves != 4+2+1+2 {
				t.Fatalf("%d leaves, %v", leaves, err)
			}
		}
		run(t, s)
		mustCast(t, s, "open", 3, ballots.For, "request-3")
		_, err := cast(s, "open", 1, ballots.For, "request-1")
		if f := wantReason(t, err, fault.Exists, "ALREADY_VOTED"); f.Details["receipt"] != "AAAA-AAAA-AAAA-AAAB" {
			t.Errorf("the refusal carries %v", f.Details)
		}
		if c, err := s.Close(t.Context(), "open"); err != nil || c.Figures != (ballots.Figures{For: 2, Against: 1}) {
			t.Errorf("closed as %+v, %v", c, err)
		}
		if o, err := s.Openings(t.Context(), "over"); err != nil || len(o.Votes) != 2 || len(o.Events) != 4 {
			t.Errorf("%d votes and %d events open, %v", len(o.Votes), len(o.Events), err)
		}
	}, before(t))
}

// TestTheLogIsCompared spoils what a ballot is made of, one thing at a time: the comparison names it.
func TestTheLogIsCompared(t *testing.T) {
	for _, c := range []struct{ statement, says string }{
		{`UPDATE cast_vote SET choice = 'abstain' WHERE elector_no = 2`, "the vote of elector 2 is not what leaf"},
		{`UPDATE cast_vote SET elector_no = 3 WHERE elector_no = 2`, "the vote of elector 3 is not what leaf"},
		{`DELETE FROM cast_vote WHERE elector_no = 2`, "closed is not what leaf"},
		{`UPDATE cast_vote SET leaf = 99 WHERE elector_no = 2`, "the vote of elector 2 is not in the public log"},
		{`DELETE FROM elector WHERE elector_no = 3`, "its roll has 2 electors and not 3"},
		{`UPDATE ballot SET rule = 'Any.'`, "opened is not what leaf"},
		{`UPDATE closing SET votes_for = 2`, "is not what leaf"},
		{`DELETE FROM publication`, "3 events and 4 leaves"},
		{`DELETE FROM ballot_leaf WHERE event = 'counted'`, "4 events and 3 leaves"},
	} {
		t.Run(c.statement, func(t *testing.T) {
			db := databasetest.SQLite(t, parts...)
			// Not by start, which compares the log at the end of the test.
			s, ended := New(db, quick(Config{})), make(chan struct{})
			ctx, stop := context.WithCancel(t.Context())
			go func() { defer close(ended); s.Run(ctx) }()
			id := open(t, s, 3)
			mustCast(t, s, id, 1, ballots.For, "request-1")
			mustCast(t, s, id, 2, ballots.Against, "request-2")
			if _, err := s.Close(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Publish(t.Context(), id, time.Now()); err != nil {
				t.Fatal(err)
			}
			stop()
			<-ended
			if err := s.CheckLog(t.Context()); err != nil {
				t.Fatal(err)
			}
			err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, c.statement)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.CheckLog(t.Context()); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("it says %v, want %q", err, c.says)
			}
		})
	}
}
