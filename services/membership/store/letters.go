package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	ids "github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// Mail is a letter in the queue as the secretary sees it.
type Mail struct {
	// ID is its id, and Kind what it is: of an attempt, the attempt's kind.
	ID, Kind string
	// Member, Name and Email are whom it is to; Member is empty for who is joining.
	Member, Name, Email string
	// State is what became of it.
	State membership.MailState
	// Made is when it was queued and Done when it was sent.
	Made, Done time.Time
	// Tries is how often it was tried, Next when it is tried again, and Error what the mail server said.
	Tries int
	Next  time.Time
	Error string
}

// MailFilter narrows a list of letters.
type MailFilter struct {
	// Before are the instant and the id before which the page begins; a zero instant for the newest.
	Before   time.Time
	BeforeID string
	// State narrows to one state; empty for all.
	State membership.MailState
	// Limit is how many at most.
	Limit int
}

// known keeps out the letters of attempts at addresses that nobody has: who tries to sign in and is no member is nobody's business.
const known = ` (l.attempt IS NULL OR a.kind = 'join' OR p.id IS NOT NULL OR e.hash IS NOT NULL) `

const selectMail = `
	SELECT l.id, COALESCE(a.kind, l.kind), COALESCE(m.id, p.id, ''), COALESCE(m.name, p.name, a.name, ''),
	  COALESCE(CASE WHEN d.email = '' THEN NULL ELSE d.email END, e.email, m.email, p.email, a.email, ''),
	  l.state, l.error, l.made, l.done, l.tries, l.due
	FROM letter l LEFT JOIN attempt a ON a.hash = l.attempt LEFT JOIN email_change e ON e.hash = l.attempt
	LEFT JOIN member m ON m.id = COALESCE(e.member, l.member) LEFT JOIN member p ON p.email_fold = a.email_fold LEFT JOIN letter_detail d ON d.mail = l.id `

// inState is a condition of SQL for each state.
var inState = map[membership.MailState]string{
	membership.MailQueued:  `l.state = 'waiting' AND l.error = ''`,
	membership.MailSent:    `l.state = 'sent'`,
	membership.MailFailed:  `l.state = 'waiting' AND l.error <> ''`,
	membership.MailGivenUp: `l.state = 'failed'`,
	membership.MailPost:    `l.state = 'post'`,
}

// Mails returns a page of letters, newest first.
func (s *Store) Mails(ctx context.Context, f MailFilter) ([]Mail, error) {
	where := `WHERE l.state <> 'needless' AND` + known
	if f.State != "" {
		where = `WHERE ` + inState[f.State] + ` AND` + known
	}
	args := []any{f.Limit}
	if !f.Before.IsZero() {
		where += ` AND (l.made, l.id) < ($2, $3)`
		args = append(args, f.Before.UnixMicro(), f.BeforeID)
	}
	rows, err := s.db.Reader().QueryContext(ctx, selectMail+where+` ORDER BY l.made DESC, l.id DESC LIMIT $1`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: letters: %w", err)
	}
	defer rows.Close()
	var all []Mail
	for rows.Next() {
		m, err := scanMail(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, rows.Err()
}

func scanMail(scan func(...any) error) (Mail, error) {
	var m Mail
	var state string
	var made, due int64
	var done sql.NullInt64
	if err := scan(&m.ID, &m.Kind, &m.Member, &m.Name, &m.Email, &state, &m.Error, &made, &done, &m.Tries, &due); err != nil {
		return m, fmt.Errorf("store: read a letter: %w", err)
	}
	m.State, m.Made, m.Done, m.Email = mailState(state, m.Error), time.UnixMicro(made), instant(done), membership.Reachable(m.Email)
	if m.State == membership.MailFailed {
		m.Next = time.UnixMicro(due)
	}
	return m, nil
}

func mailState(state, words string) membership.MailState {
	switch {
	case state == "waiting" && words == "":
		return membership.MailQueued
	case state == "waiting":
		return membership.MailFailed
	case state == "failed":
		return membership.MailGivenUp
	case state == "post":
		return membership.MailPost
	}
	return membership.MailSent
}

// MailCounts counts the letters of a notice, or all of them if it is empty, by state.
func (s *Store) MailCounts(ctx context.Context, notice string) (map[membership.MailState]int64, error) {
	query, args := `
		SELECT l.state, CASE WHEN l.error = '' THEN 0 ELSE 1 END, COUNT(*) FROM letter l
		LEFT JOIN attempt a ON a.hash = l.attempt LEFT JOIN email_change e ON e.hash = l.attempt
		LEFT JOIN member p ON p.email_fold = a.email_fold WHERE`+known, []any{}
	if notice != "" {
		query, args = `SELECT l.state, CASE WHEN l.error = '' THEN 0 ELSE 1 END, COUNT(*) FROM letter l WHERE l.notice = $1`, []any{notice}
	}
	rows, err := s.db.Reader().QueryContext(ctx, query+` GROUP BY 1, 2`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: count letters: %w", err)
	}
	defer rows.Close()
	counts := map[membership.MailState]int64{}
	for rows.Next() {
		var state string
		var failed, n int64
		if err := rows.Scan(&state, &failed, &n); err != nil {
			return nil, fmt.Errorf("store: count letters: %w", err)
		}
		words := ""
		if failed > 0 {
			words = "some"
		}
		if state != "needless" {
			counts[mailState(state, words)] += n
		}
	}
	return counts, rows.Err()
}

// Resend puts a letter into the queue anew. It returns LETTER_EXPIRED where what it would carry works no more.
func (s *Store) Resend(ctx context.Context, r once.Request, letter string, now, machine time.Time, encode func(Mail) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		find := func() (Mail, error) {
			if !ids.Valid(letter) {
				return Mail{}, sql.ErrNoRows
			}
			return scanMail(tx.QueryRowContext(ctx, selectMail+`WHERE l.id = $1 AND l.state <> 'needless' AND`+known, letter).Scan)
		}
		if _, err := find(); errors.Is(err, sql.ErrNoRows) {
			return nil, fault.New(fault.NotFound, "MAIL_NOT_FOUND", "There is no such mail.")
		} else if err != nil {
			return nil, err
		}
		var stale int64
		err := tx.QueryRowContext(ctx, `
			SELECT COUNT(*) FROM letter l LEFT JOIN attempt a ON a.hash = l.attempt LEFT JOIN email_change e ON e.hash = l.attempt
			WHERE l.id = $1 AND (a.expires <= $2 OR a.used IS NOT NULL OR e.expires <= $2 OR e.used IS NOT NULL)`,
			letter, now.UnixMicro()).Scan(&stale)
		if err != nil {
			return nil, fmt.Errorf("store: find an attempt: %w", err)
		}
		if stale > 0 {
			return nil, fault.New(fault.Conflict, "LETTER_EXPIRED", "The link and code of this mail were used or have expired. The person has to ask for new ones.")
		}
		_, err = tx.ExecContext(ctx, `UPDATE letter SET state = 'waiting', due = $2, tries = 0, error = '', done = NULL, lane = 0 WHERE id = $1`, letter, machine.UnixMicro())
		if err != nil {
			return nil, fmt.Errorf("store: send a letter again: %w", err)
		}
		m, err := find()
		if err != nil {
			return nil, err
		}
		return encode(m)
	})
}
