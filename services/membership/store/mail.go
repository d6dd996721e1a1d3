package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/membership"
)

const (
	// mailLease is how long a sender may take before another sends the letter again, with new secrets.
	mailLease = time.Minute
	// maxQueue is how many letters for signing in and joining may wait: twenty times a hall.
	maxQueue = 5000
	// fewNotices is how many letters of the slow lane are looked at together, so that who signs in meanwhile waits for few.
	fewNotices = 16
)

// The lanes: whoever signs in does not wait behind a notice to everybody.
const (
	fastLane = 0
	slowLane = 1
)

// Letter is a letter that is about to be written and sent.
type Letter struct {
	// Kind is which; [membership.NoLetter] for an attempt that gets none.
	Kind membership.Letter
	// To is the address: the member's own as they wrote it, or the joining person's.
	To string
	// Name is the member's, empty for who is joining.
	Name string
	// Language is that of the letter.
	Language string
	// Made is when it was asked for, and Expires when what it carries stops working.
	Made, Expires time.Time
	// Reason is what an officer wrote, for a letter about a decision.
	Reason string
	// WithCode is false if too many letters to the address carried a code already.
	WithCode bool
	// Facts are what it is written with, as whoever queued it encoded them.
	Facts []byte
}

// queued is a row for the queue.
type queued struct {
	id      string
	kind    string
	attempt []byte
	member  string
	notice  string
	facts   []byte
	lane    int
	state   string
	due     time.Time
	made    time.Time
}

func (q queued) insert(ctx context.Context, tx *sql.Tx) error {
	if q.state == "" {
		q.state = "waiting"
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO letter (id, kind, attempt, member, notice, facts, lane, state, due, tries, made, error)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, '') ON CONFLICT (id) DO NOTHING`,
		q.id, q.kind, orNull(q.attempt), q.member, q.notice, orNull(q.facts), q.lane, q.state, q.due.UnixMicro(), q.made.UnixMicro())
	if err != nil {
		return fmt.Errorf("store: queue a letter: %w", err)
	}
	return nil
}

// QueueLetter queues a letter to a member in the transaction of the fact that it tells. It is the way in for every letter that is not
// a link or code for signing in: a decision about an admission, a change of an address, a reminder.
//
// kind chooses the words, which the server keeps for each kind in each language (server/letter.go); facts, JSON or nothing, is what
// they are written with. facts must hold nothing secret: the row is read by backups and operators. now is the society's clock and
// machine the machine's. A member without an address gets a row in the state "post", which the secretary sees.
func (s *Store) QueueLetter(ctx context.Context, tx *sql.Tx, member string, kind membership.Letter, facts []byte, now, machine time.Time) error {
	letter, err := id.Random(s.random)
	if err != nil {
		return err
	}
	return queued{id: letter, kind: string(kind), member: member, facts: facts, lane: fastLane, due: machine, made: now}.insert(ctx, tx)
}

// roomForMail refuses when too many letters of the fast lane wait. It looks outside of the transaction that adds one: counting there
// would set everybody who asks at the same time against each other, and the bound need not be exact.
func (s *Store) roomForMail(ctx context.Context) error {
	var n int64
	err := s.db.Reader().QueryRowContext(ctx, `
		SELECT COUNT(*) FROM (SELECT id FROM letter WHERE state = 'waiting' AND lane = 0 LIMIT $1) AS waiting`, s.queue).Scan(&n)
	if err != nil {
		return fmt.Errorf("store: count what waits: %w", err)
	}
	if n < s.queue {
		return nil
	}
	return fault.New(fault.Unavailable, "MAIL_BUSY", "Too much mail is waiting to be sent just now. Try again in a few minutes.").After(time.Minute)
}

// Due returns the ids of at most limit letters that wait, those for signing in before the rest, oldest first.
func (s *Store) Due(ctx context.Context, machine time.Time, limit int) ([]string, error) {
	all, err := s.due(ctx, fastLane, machine, limit)
	if err != nil || len(all) == limit {
		return all, err
	}
	slow, err := s.due(ctx, slowLane, machine, min(limit-len(all), fewNotices))
	return append(all, slow...), err
}

func (s *Store) due(ctx context.Context, lane int, machine time.Time, limit int) ([]string, error) {
	rows, err := s.db.Reader().QueryContext(ctx, `
		SELECT id FROM letter WHERE state = 'waiting' AND lane = $1 AND due <= $2 ORDER BY due, id LIMIT $3`, lane, machine.UnixMicro(), limit)
	if err != nil {
		return nil, fmt.Errorf("store: letters: %w", err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var letter string
		if err := rows.Scan(&letter); err != nil {
			return nil, fmt.Errorf("store: letters: %w", err)
		}
		all = append(all, letter)
	}
	return all, rows.Err()
}

// Take takes a letter to send it: nobody else does so for a minute. secrets is asked for the hashes of a new code and a new
// link of an attempt, which are stored before anything is sent. It returns false if there is nothing to send.
//
// What is done for the address of an attempt that no member has is the same as for one that a member has, secrets and all, but for
// the sending: the answer to who asked was given before.
func (s *Store) Take(ctx context.Context, letter string, now, machine time.Time, secrets func(attempt []byte) (code, link []byte, err error)) (Letter, bool, error) {
	var l Letter
	var send bool
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		l, send = Letter{}, false
		var attempt, facts []byte
		var kind, member, notice, state, words string
		var due, tries int64
		err := tx.QueryRowContext(ctx, `SELECT kind, attempt, member, notice, facts, state, due, tries, error FROM letter WHERE id = $1`, letter).
			Scan(&kind, &attempt, &member, &notice, &facts, &state, &due, &tries, &words)
		if err != nil {
			return fmt.Errorf("store: find a letter: %w", err)
		}
		if state != "waiting" || due > machine.UnixMicro() {
			return nil
		}
		if tries >= membership.MailTries {
			// Without new secrets: what the last try carried may have arrived all the same.
			return setState(ctx, tx, letter, "failed")
		}
		if attempt == nil {
			l, err = memberLetter(ctx, tx, letter, membership.Letter(kind), member, notice, facts)
		} else {
			l, err = s.attemptLetter(ctx, tx, attempt, now, secrets)
		}
		if err != nil {
			return err
		}
		switch {
		case l.Kind == membership.NoLetter && words != "":
			// It expired while the mail server did not take it: nobody was told, and that has to be seen.
			return setState(ctx, tx, letter, "failed")
		case l.Kind == membership.NoLetter:
			return setState(ctx, tx, letter, "needless")
		case l.To == "":
			return setState(ctx, tx, letter, "post")
		}
		send = true
		_, err = tx.ExecContext(ctx, `UPDATE letter SET due = $2, tries = tries + 1 WHERE id = $1`, letter, machine.Add(mailLease).UnixMicro())
		return err
	})
	return l, send, err
}

func setState(ctx context.Context, tx *sql.Tx, letter, state string) error {
	_, err := tx.ExecContext(ctx, `UPDATE letter SET state = $2 WHERE id = $1`, letter, state)
	if err != nil {
		return fmt.Errorf("store: note what became of a letter: %w", err)
	}
	return nil
}

// memberLetter is a letter without secrets.
func memberLetter(ctx context.Context, tx *sql.Tx, letter string, kind membership.Letter, member, notice string, facts []byte) (Letter, error) {
	l := Letter{Kind: kind, Facts: facts}
	var other string
	err := tx.QueryRowContext(ctx, `
		SELECT m.name, m.email, m.language, COALESCE(d.email, ''), COALESCE(d.reason, '')
		FROM member m LEFT JOIN letter_detail d ON d.mail = $2 WHERE m.id = $1`, member, letter).Scan(&l.Name, &l.To, &l.Language, &other, &l.Reason)
	if err != nil {
		return l, fmt.Errorf("store: whom to tell: %w", err)
	}
	if other != "" {
		l.To = other
	}
	l.To = membership.Reachable(l.To)
	if notice != "" {
		n, err := loadNotice(ctx, tx, notice)
		if err != nil {
			return l, err
		}
		l.Facts = n.Facts
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
	if l.WithCode, err = mayCarryCode(ctx, tx, hash, a, now); err != nil {
		return l, err
	}
	// Made for an address that nobody has too, though nobody ever sees them: what is stored of an attempt, and what trying a code on
	// it takes, does not tell the one from the other.
	code, link, err := secrets(hash)
	if err != nil {
		return l, err
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

// Sent notes that a letter was handed over.
func (s *Store) Sent(ctx context.Context, letter string, now time.Time) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE letter SET state = 'sent', done = $2, error = '' WHERE id = $1`, letter, now.UnixMicro())
		return err
	})
}

// NotSent notes what the mail server said and lets the letter wait, longer each time; final gives it up at once.
func (s *Store) NotSent(ctx context.Context, letter, words string, final bool, machine time.Time) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var tries int
		if err := tx.QueryRowContext(ctx, `SELECT tries FROM letter WHERE id = $1`, letter).Scan(&tries); err != nil {
			return fmt.Errorf("store: find a letter: %w", err)
		}
		state := "waiting"
		if final || tries >= membership.MailTries {
			state = "failed"
		}
		if words = membership.ServerWords(words); words == "" {
			words = "The mail server did not say why."
		}
		_, err := tx.ExecContext(ctx, `UPDATE letter SET state = $2, due = $3, error = $4 WHERE id = $1 AND state = 'waiting'`,
			letter, state, machine.Add(membership.MailPause(tries)).UnixMicro(), words)
		return err
	})
}

// keepLetters is how long it is kept what became of a letter that was no notice of a meeting.
const keepLetters = 30 * 24 * time.Hour

// Forget deletes attempts that ended a day ago, their letters, challenges, letters of a month ago but notices, and what was revoked an
// hour ago: nothing needs them any more, and the addresses of people who never confirmed are not ours to keep.
func (s *Store) Forget(ctx context.Context, now, machine time.Time) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		before := now.Add(-25 * time.Hour).UnixMicro()
		for _, step := range []struct {
			query   string
			arg     int64
			counted string
		}{
			{`DELETE FROM letter WHERE attempt IN (SELECT hash FROM attempt WHERE expires < $1)`, before, ""},
			{`DELETE FROM joining_postal WHERE attempt IN (SELECT hash FROM attempt WHERE expires < $1)`, before, ""},
			{`DELETE FROM attempt WHERE expires < $1`, before, "attempts"},
			{`DELETE FROM letter WHERE attempt IN (SELECT hash FROM email_change WHERE expires < $1)`, before, ""},
			{`DELETE FROM email_change WHERE expires < $1`, before, "attempts"},
			{`DELETE FROM passkey_challenge WHERE expires < $1`, before, ""},
			{`DELETE FROM desk_card WHERE asked < $1`, before, ""},
			// A letter to an address that was given up goes with the address.
			{`DELETE FROM letter WHERE state <> 'waiting' AND made < $1 AND id IN (SELECT mail FROM letter_detail WHERE email <> '')`, before, ""},
			{`DELETE FROM letter_detail WHERE email <> '' AND mail NOT IN (SELECT id FROM letter) AND CAST($1 AS BIGINT) > 0`, before, ""},
			{`DELETE FROM letter_detail WHERE mail IN (SELECT id FROM letter WHERE notice = '' AND state <> 'waiting' AND made < $1)`, now.Add(-keepLetters).UnixMicro(), ""},
			{`DELETE FROM letter WHERE notice = '' AND state <> 'waiting' AND made < $1`, now.Add(-keepLetters).UnixMicro(), ""},
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
