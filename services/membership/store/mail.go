package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/membership"
)

const (
	// mailLease is how long a sender may take before another sends the mail again, with new secrets.
	mailLease = time.Minute
	// mailTries is how often a mail is tried.
	mailTries = 6
	// maxQueue is how many mails may wait: twenty times a hall.
	maxQueue = 5000
)

// Letter is a mail that is about to be written and sent.
type Letter struct {
	// Kind is which; [membership.NoLetter] for an attempt that gets none.
	Kind membership.Letter
	// To is the address: the member's own as they wrote it, or the joining person's.
	To string
	// Language is that of the mail.
	Language string
	// Made is when it was asked for, and Expires when what it carries stops working.
	Made, Expires time.Time
	// Reason is what an officer wrote, for a letter about a decision.
	Reason string
	// WithCode is false if too many mails to the address carried a code already.
	WithCode bool
}

// roomForMail refuses when too many mails wait. It looks outside of the transaction that adds one: counting there
// would set everybody who asks at the same time against each other, and the bound need not be exact.
func (s *Store) roomForMail(ctx context.Context) error {
	var n int64
	if err := s.db.Reader().QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT id FROM mail WHERE state = 'waiting' LIMIT $1) AS waiting`, s.queue).Scan(&n); err != nil {
		return fmt.Errorf("store: count what waits: %w", err)
	}
	if n < s.queue {
		return nil
	}
	return fault.New(fault.Unavailable, "MAIL_BUSY", "Too much mail is waiting to be sent just now. Try again in a few minutes.").After(time.Minute)
}

// Due returns the ids of at most limit mails that wait, oldest first.
func (s *Store) Due(ctx context.Context, machine time.Time, limit int) ([]string, error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT id FROM mail WHERE state = 'waiting' AND due <= $1 ORDER BY due, id LIMIT $2`, machine.UnixMicro(), limit)
	if err != nil {
		return nil, fmt.Errorf("store: mail: %w", err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("store: mail: %w", err)
		}
		all = append(all, id)
	}
	return all, rows.Err()
}

// Take takes a mail to send it: nobody else does so for a minute. secrets is asked for the hashes of a new code and a new
// link of an attempt, which are stored before anything is sent. It returns false if there is nothing to send.
func (s *Store) Take(ctx context.Context, mail string, now, machine time.Time, secrets func(attempt []byte) (code, link []byte, err error)) (Letter, bool, error) {
	var l Letter
	var send bool
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		l, send = Letter{}, false
		var attempt []byte
		var member, state string
		var due, tries int64
		if err := tx.QueryRowContext(ctx, `SELECT attempt, member, state, due, tries FROM mail WHERE id = $1`, mail).Scan(&attempt, &member, &state, &due, &tries); err != nil {
			return fmt.Errorf("store: find a mail: %w", err)
		}
		if state != "waiting" || due > machine.UnixMicro() {
			return nil
		}
		if tries >= mailTries {
			// Without new secrets: what the last try carried may have arrived all the same.
			_, err := tx.ExecContext(ctx, `UPDATE mail SET state = 'failed' WHERE id = $1`, mail)
			return err
		}
		var err error
		if attempt == nil {
			l, err = toldLetter(ctx, tx, mail, member)
		} else {
			l, err = s.attemptLetter(ctx, tx, attempt, now, secrets)
		}
		if err != nil {
			return err
		}
		next := "needless"
		if send = l.Kind != membership.NoLetter; send {
			next = "waiting"
		}
		_, err = tx.ExecContext(ctx, `UPDATE mail SET state = $2, due = $3, tries = tries + 1 WHERE id = $1`, mail, next, machine.Add(mailLease).UnixMicro())
		return err
	})
	return l, send, err
}

func operatorLetter(ctx context.Context, tx *sql.Tx, member string) (Letter, error) {
	l := Letter{Kind: membership.LetterOperator}
	err := tx.QueryRowContext(ctx, `SELECT email, language FROM member WHERE id = $1`, member).Scan(&l.To, &l.Language)
	if err != nil {
		return l, fmt.Errorf("store: whom to tell: %w", err)
	}
	return l, nil
}

func (s *Store) attemptLetter(ctx context.Context, tx *sql.Tx, hash []byte, now time.Time, secrets func([]byte) (code, link []byte, err error)) (Letter, error) {
	a, ok, err := loadAttempt(ctx, tx, hash)
	if err == nil && !ok {
		return s.emailLetter(ctx, tx, hash, now, secrets)
	}
	if err != nil || !now.Before(a.Expires) || !a.Used.IsZero() {
		return Letter{}, err
	}
	member, p, known, err := memberByEmail(ctx, tx, a.Person.Email)
	if err != nil {
		return Letter{}, err
	}
	kind, err := letterFor(ctx, tx, a.Kind, member, known, now)
	if err != nil {
		return Letter{}, err
	}
	l := Letter{Kind: kind, To: a.Person.Email, Language: a.Person.Language, Made: a.Made, Expires: a.Expires}
	if known {
		// To the address as the member wrote it: what folds to the same may be somebody else's mailbox.
		l.To = p.Email
		if l.Language == "" {
			l.Language = p.Language
		}
	}
	var code, link []byte
	if l.Kind != membership.NoLetter {
		if l.WithCode, err = mayCarryCode(ctx, tx, hash, a, now); err != nil {
			return l, err
		}
		if code, link, err = secrets(hash); err != nil {
			return l, err
		}
	}
	if !l.WithCode {
		code = nil
	}
	_, err = tx.ExecContext(ctx, `UPDATE attempt SET code_hash = $2, link_hash = $3 WHERE hash = $1`, hash, orNull(code), orNull(link))
	if err != nil {
		return l, fmt.Errorf("store: note what is mailed: %w", err)
	}
	return l, nil
}

// mayCarryCode counts the other attempts at the address that were mailed a code.
func mayCarryCode(ctx context.Context, tx *sql.Tx, hash []byte, a membership.Attempt, now time.Time) (bool, error) {
	var hour, day int
	err := tx.QueryRowContext(ctx, `
		SELECT COUNT(CASE WHEN made > $2 THEN 1 END), COUNT(*) FROM attempt
		WHERE email_fold = $1 AND made > $3 AND code_hash IS NOT NULL AND hash <> $4`,
		[]byte(membership.Fold(a.Person.Email)), now.Add(-time.Hour).UnixMicro(), now.Add(-24*time.Hour).UnixMicro(), hash).Scan(&hour, &day)
	if err != nil {
		return false, fmt.Errorf("store: count codes: %w", err)
	}
	return membership.MayCarryCode(hour, day), nil
}

// Sent notes that a mail was handed over.
func (s *Store) Sent(ctx context.Context, mail string) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE mail SET state = 'sent' WHERE id = $1`, mail)
		return err
	})
}

// NotSent lets a mail wait after a failure, longer each time.
func (s *Store) NotSent(ctx context.Context, mail string, machine time.Time) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var tries int64
		if err := tx.QueryRowContext(ctx, `SELECT tries FROM mail WHERE id = $1`, mail).Scan(&tries); err != nil {
			return fmt.Errorf("store: find a mail: %w", err)
		}
		wait := time.Second << min(2*tries, 10)
		_, err := tx.ExecContext(ctx, `UPDATE mail SET due = $2 WHERE id = $1 AND state = 'waiting'`, mail, machine.Add(wait).UnixMicro())
		return err
	})
}

// Forget deletes attempts that ended a day ago, their mail, and what was revoked an hour ago: nothing needs them
// any more, and the addresses of people who never confirmed are not ours to keep.
func (s *Store) Forget(ctx context.Context, now, machine time.Time) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		before := now.Add(-25 * time.Hour).UnixMicro()
		for _, step := range []struct {
			query   string
			arg     int64
			counted string
		}{
			{`DELETE FROM mail WHERE attempt IN (SELECT hash FROM attempt WHERE expires < $1)`, before, ""},
			{`DELETE FROM attempt WHERE expires < $1`, before, "attempts"},
			{`DELETE FROM mail WHERE attempt IN (SELECT hash FROM email_change WHERE expires < $1)`, before, ""},
			{`DELETE FROM email_change WHERE expires < $1`, before, "attempts"},
			{`DELETE FROM letter_detail WHERE mail IN (SELECT id FROM mail WHERE state <> 'waiting' AND due < $1)`, machine.Add(-time.Hour).UnixMicro(), ""},
			{`DELETE FROM revocation WHERE at < $1`, machine.Add(-time.Hour).UnixMicro(), ""},
		} {
			result, err := tx.ExecContext(ctx, step.query, step.arg)
			if err != nil {
				return fmt.Errorf("store: forget: %w", err)
			}
			if step.counted == "" {
				continue
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			if err := countDeleted(ctx, tx, now, step.counted, n); err != nil {
				return err
			}
		}
		return nil
	})
}
