package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/database"
)

// electorsPerInsert keeps a statement's parameters under every engine's bound.
const electorsPerInsert = 500

// Open stores a ballot with its roll, and returns the ballot that stands under this id: this one, or the one that was opened before.
func (s *Store) Open(ctx context.Context, o ballots.Opening, electors []ballots.Elector, now time.Time) (ballots.Ballot, error) {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var number int64
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(ballot_no), 0) + 1 FROM ballot`).Scan(&number); err != nil {
			return fmt.Errorf("store: next ballot: %w", err)
		}
		result, err := tx.ExecContext(ctx, `
			INSERT INTO ballot (ballot_no, id, motion, meeting, region, question, rule, privacy, roll, electors, fingerprint, opened)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO NOTHING`,
			number, o.ID, o.Motion, o.Meeting, o.Region, o.Question, o.Rule, o.Privacy, o.Roll, o.Electors, o.Fingerprint, now.UnixMicro())
		if err != nil {
			// Two ballots opened at once computed the same number: look again.
			return database.StaleKey(fmt.Errorf("store: insert a ballot: %w", err))
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		// This may run again, so the roll itself is left as it is.
		for chunk := range slices.Chunk(electors, electorsPerInsert) {
			if err := insertElectors(ctx, tx, number, chunk); err != nil {
				return err
			}
		}
		b := ballots.Ballot{Opening: o, Opened: now}
		if err := s.logEvent(ctx, tx, number, ballots.EventOpened, b.OpenedLeaf()); err != nil {
			return err
		}
		return s.at("open.before-commit")
	})
	if err != nil {
		return ballots.Ballot{}, err
	}
	return s.Get(ctx, o.ID)
}

func insertElectors(ctx context.Context, tx *sql.Tx, ballotNo int64, electors []ballots.Elector) error {
	var text strings.Builder
	text.WriteString(`INSERT INTO elector (ballot_no, elector_no, member, region) VALUES `)
	args := []any{ballotNo}
	for i, e := range electors {
		if i > 0 {
			text.WriteByte(',')
		}
		n := len(args)
		fmt.Fprintf(&text, "($1,$%d,$%d,$%d)", n+1, n+2, n+3)
		args = append(args, e.Number, e.Member, e.Region)
	}
	if _, err := tx.ExecContext(ctx, text.String(), args...); err != nil {
		return fmt.Errorf("store: insert electors: %w", err)
	}
	return nil
}

const selectBallot = `
	SELECT b.ballot_no, b.id, b.motion, b.meeting, b.region, b.question, b.rule, b.privacy, b.roll, b.electors, b.fingerprint, b.opened,
	       c.closed, c.votes_for, c.votes_against, c.abstentions, p.published
	FROM ballot b LEFT JOIN closing c ON c.ballot_no = b.ballot_no LEFT JOIN publication p ON p.ballot_no = b.ballot_no`

func scanBallot(row interface{ Scan(...any) error }) (ballots.Ballot, int64, error) {
	var b ballots.Ballot
	var number, opened int64
	var closed, yes, no, abstain, published sql.NullInt64
	err := row.Scan(&number, &b.ID, &b.Motion, &b.Meeting, &b.Region, &b.Question, &b.Rule, &b.Privacy, &b.Roll, &b.Electors, &b.Fingerprint, &opened,
		&closed, &yes, &no, &abstain, &published)
	if err != nil {
		return b, 0, err
	}
	b.Opened = time.UnixMicro(opened)
	if closed.Valid {
		b.Closing = &ballots.Closing{At: time.UnixMicro(closed.Int64), Figures: ballots.Figures{For: yes.Int64, Against: no.Int64, Abstain: abstain.Int64}}
		b.Turnout = b.Closing.Turnout()
	}
	if published.Valid {
		b.Published = time.UnixMicro(published.Int64)
	}
	return b, number, nil
}

// find returns a ballot, without its turnout while it is open, and its number; or a NotFound fault.
func find(ctx context.Context, q querier, id string) (ballots.Ballot, int64, error) {
	b, number, err := scanBallot(q.QueryRowContext(ctx, selectBallot+` WHERE b.id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return b, 0, ballots.NotFound()
	}
	if err != nil {
		return b, 0, fmt.Errorf("store: read a ballot: %w", err)
	}
	return b, number, nil
}

// Get returns a ballot with its turnout, or a NotFound fault.
func (s *Store) Get(ctx context.Context, id string) (ballots.Ballot, error) {
	b, number, err := find(ctx, s.db.Reader(), id)
	if err != nil {
		return b, err
	}
	return s.withTurnout(ctx, b, number)
}

// List returns at most limit ballots with a number below before (0 for no bound), newest first, and their numbers; only
// one meeting's if meeting is not empty.
func (s *Store) List(ctx context.Context, meeting string, before int64, limit int) (all []ballots.Ballot, numbers []int64, err error) {
	if before == 0 {
		before = math.MaxInt64
	}
	rows, err := s.db.Reader().QueryContext(ctx, selectBallot+`
		WHERE ($1 = '' OR b.meeting = $1) AND b.ballot_no < $2 ORDER BY b.ballot_no DESC LIMIT $3`, meeting, before, limit)
	if err != nil {
		return nil, nil, fmt.Errorf("store: list ballots: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		b, number, err := scanBallot(rows)
		if err != nil {
			return nil, nil, fmt.Errorf("store: list ballots: %w", err)
		}
		all, numbers = append(all, b), append(numbers, number)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, fmt.Errorf("store: list ballots: %w", err)
	}
	rows.Close()
	for i := range all {
		if all[i], err = s.withTurnout(ctx, all[i], numbers[i]); err != nil {
			return nil, nil, err
		}
	}
	return all, numbers, nil
}

// withTurnout fills in an open ballot's turnout: from memory while this process leads, else from the rows.
func (s *Store) withTurnout(ctx context.Context, b ballots.Ballot, number int64) (ballots.Ballot, error) {
	if b.Closing != nil {
		return b, nil
	}
	held := s.box(b.ID)
	if held == nil {
		err := s.db.Reader().QueryRowContext(ctx, `SELECT COUNT(*) FROM cast_vote WHERE ballot_no = $1 AND revision = 0`, number).Scan(&b.Turnout)
		if err != nil {
			return b, fmt.Errorf("store: turnout: %w", err)
		}
		// The rows may be an instant ahead of a memory that was filled meanwhile. From then on memory answers, so that nobody who
		// asks twice sees the turnout fall.
		held = s.box(b.ID)
	}
	if held != nil {
		b.Turnout = held.turnout.Load()
	}
	return b, nil
}

// box returns what is held of an open ballot if it is current, else nil.
func (s *Store) box(id string) *box {
	if !s.leads() {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.boxes[id]
}

// Publish makes a closed ballot's figures public and returns when; publishing again returns the first instant. It counts once more,
// and refuses with an error of ours if the votes do not say what the closing says.
func (s *Store) Publish(ctx context.Context, id string, now time.Time) (time.Time, error) {
	var at int64
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		b, number, err := find(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := b.MayPublish(); err != nil {
			return err
		}
		if at = b.Published.UnixMicro(); !b.Published.IsZero() {
			return nil
		}
		counted, err := count(ctx, tx, number)
		if err != nil {
			return err
		}
		if counted != b.Closing.Figures {
			return fmt.Errorf("store: ballot %s was counted as %+v when it closed and holds %+v now", id, b.Closing.Figures, counted)
		}
		at = now.UnixMicro()
		if _, err = tx.ExecContext(ctx, `INSERT INTO publication (ballot_no, published) VALUES ($1, $2)`, number, at); err != nil {
			return database.StaleKey(err)
		}
		return s.logEvent(ctx, tx, number, ballots.EventPublished, ballots.PublishedLeaf(b.ID, time.UnixMicro(at), counted))
	})
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMicro(at), nil
}
