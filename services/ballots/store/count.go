package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
)

// count counts what is stored of a ballot.
func count(ctx context.Context, q querier, ballotNo int64) (ballots.Figures, error) {
	var f ballots.Figures
	rows, err := q.QueryContext(ctx, `SELECT choice, COUNT(*) FROM cast_vote WHERE ballot_no = $1 AND revision = 0 GROUP BY choice`, ballotNo)
	if err != nil {
		return f, fmt.Errorf("store: count: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var choice string
		var n int64
		if err := rows.Scan(&choice, &n); err != nil {
			return f, fmt.Errorf("store: count: %w", err)
		}
		switch ballots.Choice(choice) {
		case ballots.For:
			f.For = n
		case ballots.Against:
			f.Against = n
		case ballots.Abstain:
			f.Abstain = n
		default:
			return f, fmt.Errorf("store: count: a vote for %q", choice)
		}
	}
	if err := rows.Err(); err != nil {
		return f, fmt.Errorf("store: count: %w", err)
	}
	return f, nil
}

func closingOf(ctx context.Context, q querier, ballotNo int64) (c ballots.Closing, closed bool, err error) {
	var at int64
	err = q.QueryRowContext(ctx, `SELECT closed, votes_for, votes_against, abstentions FROM closing WHERE ballot_no = $1`, ballotNo).
		Scan(&at, &c.For, &c.Against, &c.Abstain)
	if errors.Is(err, sql.ErrNoRows) {
		return c, false, nil
	}
	if err != nil {
		return c, false, fmt.Errorf("store: read a closing: %w", err)
	}
	c.At = time.UnixMicro(at)
	return c, true, nil
}

// storeClosing counts and closes in one transaction, under the lease; a ballot that is closed keeps its closing.
func (s *Store) storeClosing(ctx context.Context, epoch int64, ballotNo int64, now time.Time) (ballots.Closing, error) {
	var c ballots.Closing
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var closed bool
		var err error
		if c, closed, err = closingOf(ctx, tx, ballotNo); err != nil || closed {
			return err
		}
		if err := holds(ctx, tx, epoch); err != nil {
			return err
		}
		c.At = time.UnixMicro(now.UnixMicro())
		if c.Figures, err = count(ctx, tx, ballotNo); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO closing (ballot_no, closed, votes_for, votes_against, abstentions, epoch) VALUES ($1, $2, $3, $4, $5, $6)`,
			ballotNo, c.At.UnixMicro(), c.For, c.Against, c.Abstain, epoch); err != nil {
			return fmt.Errorf("store: insert a closing: %w", err)
		}
		if err := s.logClosing(ctx, tx, ballotNo, c); err != nil {
			return err
		}
		killpoint.Reach("ballots.close.before-commit")
		return s.at("close.before-commit")
	})
	if err == nil {
		killpoint.Reach("ballots.close.after-commit")
		err = s.at("close.after-commit")
	}
	return c, err
}
