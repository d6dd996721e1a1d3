package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// noticeBatch is how many recipients are queued in one transaction.
const noticeBatch = 500

// Notice is a letter to many.
type Notice struct {
	// ID is the sender's id for it, and Hash is over all that was asked: the same id with another content is refused.
	ID   string
	Hash []byte
	// Kind chooses the words and Facts are what they are written with.
	Kind  membership.Letter
	Facts []byte
	// Roll or Region is to whom; with neither it goes to all members.
	Roll, Region string
	// Made is when it was sent.
	Made time.Time
	// Reached is the number, on the roll or in the register, up to which every recipient has a letter; Complete is true when all have.
	Reached  int64
	Complete bool
}

// BeginNotice keeps a notice, once. The letters follow by [Store.SpreadNotice].
func (s *Store) BeginNotice(ctx context.Context, n Notice) (Notice, error) {
	var kept Notice
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := recipientsExist(ctx, tx, n); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO notice (id, hash, facts, roll, region, made, reached, complete) VALUES ($1, $2, $3, $4, $5, $6, 0, FALSE) ON CONFLICT (id) DO NOTHING`,
			n.ID, n.Hash, append([]byte(string(n.Kind)+"\n"), n.Facts...), n.Roll, n.Region, n.Made.UnixMicro())
		if err != nil {
			return fmt.Errorf("store: begin a notice: %w", err)
		}
		if kept, err = loadNotice(ctx, tx, n.ID); err != nil {
			return err
		}
		if !bytes.Equal(kept.Hash, n.Hash) {
			return fault.New(fault.Exists, "NOTICE_DIFFERS", "Another notice was sent under this id.")
		}
		return nil
	})
	return kept, err
}

func recipientsExist(ctx context.Context, q querier, n Notice) error {
	switch {
	case n.Roll != "":
		var rolls int
		if err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM roll WHERE id = $1`, n.Roll).Scan(&rolls); err != nil {
			return fmt.Errorf("store: find a roll: %w", err)
		}
		if rolls == 0 {
			return fault.New(fault.NotFound, "ROLL_NOT_FOUND", "There is no such roll.")
		}
	case n.Region != "":
		there, err := regionExists(ctx, q, n.Region)
		if err != nil {
			return err
		}
		if !there {
			return fault.Field("REGION_UNKNOWN", "region", "There is no such region.")
		}
	}
	return nil
}

func loadNotice(ctx context.Context, q querier, id string) (Notice, error) {
	n := Notice{ID: id}
	var made int64
	var facts []byte
	err := q.QueryRowContext(ctx, `SELECT hash, facts, roll, region, made, reached, complete FROM notice WHERE id = $1`, id).
		Scan(&n.Hash, &facts, &n.Roll, &n.Region, &made, &n.Reached, &n.Complete)
	if errors.Is(err, sql.ErrNoRows) {
		return n, fault.New(fault.NotFound, "NOTICE_NOT_FOUND", "There is no such notice.")
	}
	if err != nil {
		return n, fmt.Errorf("store: find a notice: %w", err)
	}
	kind, rest, _ := bytes.Cut(facts, []byte("\n"))
	n.Kind, n.Facts, n.Made = membership.Letter(kind), rest, time.UnixMicro(made)
	return n, nil
}

// Notice returns a notice, or a NotFound fault.
func (s *Store) Notice(ctx context.Context, id string) (Notice, error) {
	return loadNotice(ctx, s.db.Reader(), id)
}

// UnfinishedNotices returns the ids of notices some of whose recipients have no letter yet.
func (s *Store) UnfinishedNotices(ctx context.Context) ([]string, error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT id FROM notice WHERE complete = FALSE ORDER BY made, id LIMIT 100`)
	if err != nil {
		return nil, fmt.Errorf("store: notices: %w", err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("store: notices: %w", err)
		}
		all = append(all, id)
	}
	return all, rows.Err()
}

// SpreadNotice queues letters to the next recipients of a notice, a bounded number, and reports whether all have one. A letter's id is
// computed from the notice and the member, so that whoever does this twice, after a crash or beside another replica, queues nothing twice.
func (s *Store) SpreadNotice(ctx context.Context, id string, now, machine time.Time) (complete bool, err error) {
	n, err := s.Notice(ctx, id)
	if err != nil || n.Complete {
		return n.Complete, err
	}
	batch, last, err := s.recipients(ctx, n, now)
	if err != nil {
		return false, err
	}
	complete = last == n.Reached
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, member := range batch {
			q := queued{id: letterID(n.ID, member), kind: string(n.Kind), member: member, notice: n.ID, lane: slowLane, due: machine, made: n.Made}
			if err := q.insert(ctx, tx); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `UPDATE notice SET reached = CASE WHEN reached < $2 THEN $2 ELSE reached END, complete = $3 WHERE id = $1`, n.ID, last, complete)
		return err
	})
	return complete, err
}

// recipients returns the next recipients and the number that they reach up to, which is that of before where there are no more.
func (s *Store) recipients(ctx context.Context, n Notice, now time.Time) (members []string, last int64, err error) {
	last = n.Reached
	if n.Roll != "" {
		entries, err := s.Entries(ctx, n.Roll, n.Reached, noticeBatch)
		for _, e := range entries {
			members, last = append(members, e.Member), e.Number
		}
		return members, last, err
	}
	all, _, err := s.Members(ctx, Filter{After: n.Reached, Limit: noticeBatch})
	for _, m := range all {
		last = m.Number
		if state := m.History.On(now); state.Member() && (n.Region == "" || state.Region == n.Region) {
			members = append(members, m.ID)
		}
	}
	return members, last, err
}

// letterID names the letter of a notice to a member: a UUID of a form of our own (RFC 9562 section 5.8).
func letterID(notice, member string) string {
	sum := sha256.Sum256([]byte(notice + "\x00" + member))
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-8" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

// Recipient is somebody to whom a notice goes.
type Recipient struct {
	// Letter is the letter's id, and Member whose it is.
	Letter, Member string
	// State is what became of it, Done when it was sent, and Error what the mail server said.
	State membership.MailState
	Done  time.Time
	Error string
}

// Recipients returns those of a notice whose letters' ids follow after, at most limit.
func (s *Store) Recipients(ctx context.Context, notice, after string, limit int) ([]Recipient, error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT id, member, state, done, error FROM letter WHERE notice = $1 AND id > $2 ORDER BY id LIMIT $3`, notice, after, limit)
	if err != nil {
		return nil, fmt.Errorf("store: recipients: %w", err)
	}
	defer rows.Close()
	var all []Recipient
	for rows.Next() {
		var r Recipient
		var state string
		var done sql.NullInt64
		if err := rows.Scan(&r.Letter, &r.Member, &state, &done, &r.Error); err != nil {
			return nil, fmt.Errorf("store: recipients: %w", err)
		}
		r.State, r.Done = mailState(state, r.Error), instant(done)
		all = append(all, r)
	}
	return all, rows.Err()
}
