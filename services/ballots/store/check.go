package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// CheckLog compares every ballot, every vote and the marked register (who of the roll has voted) with each other and with the public log,
// counts every closed ballot again, and returns an error that names the first thing that differs.
func (s *Store) CheckLog(ctx context.Context) error {
	if err := translog.Check(ctx, s.db); err != nil {
		return err
	}
	return s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		logged, err := readLog(ctx, tx)
		if err != nil {
			return err
		}
		all, numbers, err := allBallots(ctx, tx)
		if err != nil {
			return err
		}
		for i, b := range all {
			if err := checkBallot(ctx, tx, b, numbers[i], logged); err != nil {
				return fmt.Errorf("ballot %s: %w", b.ID, err)
			}
		}
		for leaf, l := range logged {
			what := "an event"
			if l.Block {
				what = "a vote"
			}
			return fmt.Errorf("leaf %d of the public log is %s that is not in the tables: one was deleted", leaf, what)
		}
		return nil
	})
}

// readLog returns the leaves by their index.
func readLog(ctx context.Context, tx *sql.Tx) (map[int64]translog.Leaf, error) {
	logged := map[int64]translog.Leaf{}
	err := translog.EachIn(ctx, tx, func(l translog.Leaf) error {
		l.Data = bytes.Clone(l.Data)
		logged[l.Index] = l
		return nil
	})
	return logged, err
}

func allBallots(ctx context.Context, tx *sql.Tx) (all []ballots.Ballot, numbers []int64, err error) {
	rows, err := tx.QueryContext(ctx, selectBallot+` ORDER BY b.ballot_no`)
	if err != nil {
		return nil, nil, fmt.Errorf("store: ballots: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		b, number, err := scanBallot(rows)
		if err != nil {
			return nil, nil, fmt.Errorf("store: ballots: %w", err)
		}
		all, numbers = append(all, b), append(numbers, number)
	}
	return all, numbers, rows.Err()
}

// checkBallot compares a ballot with the log, and takes its leaves out of logged.
func checkBallot(ctx context.Context, tx *sql.Tx, b ballots.Ballot, number int64, logged map[int64]translog.Leaf) error {
	votes, err := votesOf(ctx, tx, number)
	if err != nil {
		return err
	}
	for _, v := range votes {
		l, ok := logged[v.Leaf]
		switch {
		case v.Elector < 1 || v.Elector > b.Electors:
			return fmt.Errorf("a vote of elector %d, who is not on its roll of %d", v.Elector, b.Electors)
		case !ok:
			return fmt.Errorf("the vote of elector %d is not in the public log", v.Elector)
		case !bytes.Equal(l.Data, commitment(b.ID, v)):
			return fmt.Errorf("the vote of elector %d is not what leaf %d of the public log commits to", v.Elector, v.Leaf)
		}
		delete(logged, v.Leaf)
	}
	events, err := leavesOf(ctx, tx, number)
	if err != nil {
		return err
	}
	want := wantLeaves(b, int64(len(votes)))
	if len(events) != len(want) {
		return fmt.Errorf("it has %d events and %d leaves for them in the public log", len(want), len(events))
	}
	for i, e := range events {
		if e.Event != want[i].Event || !bytes.Equal(e.Content, want[i].Content) {
			return fmt.Errorf("that it was %s is not what leaf %d of the public log commits to", want[i].Event, e.Index)
		}
		delete(logged, e.Index)
	}
	return checkCount(ctx, tx, b, number)
}

// checkCount counts a closed ballot again and reads its roll.
func checkCount(ctx context.Context, tx *sql.Tx, b ballots.Ballot, number int64) error {
	var roll, marked int64
	err := tx.QueryRowContext(ctx, `
		SELECT (SELECT COUNT(*) FROM elector WHERE ballot_no = $1), (SELECT COUNT(DISTINCT elector_no) FROM cast_vote WHERE ballot_no = $1)`, number).Scan(&roll, &marked)
	if err != nil {
		return fmt.Errorf("store: the marked register: %w", err)
	}
	if roll != b.Electors {
		return fmt.Errorf("its roll has %d electors and not %d", roll, b.Electors)
	}
	if b.Closing == nil {
		return nil
	}
	counted, err := count(ctx, tx, number)
	if err != nil {
		return err
	}
	if counted != b.Closing.Figures {
		return fmt.Errorf("it was counted as %+v when it closed and holds %+v now", b.Closing.Figures, counted)
	}
	if marked != b.Closing.Turnout() {
		return fmt.Errorf("%d electors are marked as having voted, and %d votes were counted", marked, b.Closing.Turnout())
	}
	return nil
}
