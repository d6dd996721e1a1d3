package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// EmailChange is a member's attempt to show that another address is theirs.
type EmailChange struct {
	membership.Attempt
	// Member is who asks; Person.Email is the new address.
	Member string
}

// BeginEmail keeps a new attempt under the hash of its secret and queues its mail. Whether another entry has the address makes
// no difference here. The same attempt again does nothing. It refuses a member who asks too often.
func (s *Store) BeginEmail(ctx context.Context, hash []byte, c EmailChange, machine time.Time) error {
	if err := s.roomForMail(ctx); err != nil {
		return err
	}
	mail, err := id.Random(s.random)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, there, err := loadEmailChange(ctx, tx, hash); err != nil || there {
			return err
		}
		e, err := entry(ctx, tx, c.Member, c.Made)
		if err != nil {
			return err
		}
		if _, err := (membership.Decision{Member: c.Member, By: c.Member, At: c.Made}).NewEmail(e.State, e.Email, c.Person.Email, false); err != nil {
			return err
		}
		var hour, day int
		err = tx.QueryRowContext(ctx, `SELECT COUNT(CASE WHEN made > $2 THEN 1 END), COUNT(*) FROM email_change WHERE member = $1 AND made > $3`,
			c.Member, c.Made.Add(-time.Hour).UnixMicro(), c.Made.Add(-24*time.Hour).UnixMicro()).Scan(&hour, &day)
		if err != nil {
			return fmt.Errorf("store: count changes: %w", err)
		}
		if !membership.MayCarryCode(hour, day) {
			return fault.New(fault.Exhausted, "EMAIL_CHANGES", "You asked for many mails. Use the newest, or try again in an hour.").After(time.Hour)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO email_change (hash, member, email, made, expires, wrong) VALUES ($1, $2, $3, $4, $5, 0)`,
			hash, c.Member, c.Person.Email, c.Made.UnixMicro(), c.Expires.UnixMicro())
		if err != nil {
			return fmt.Errorf("store: begin a change: %w", err)
		}
		return queued{id: mail, kind: string(membership.LetterEmail), attempt: hash, lane: fastLane, due: machine, made: c.Made}.insert(ctx, tx)
	})
}

func loadEmailChange(ctx context.Context, q querier, hash []byte) (EmailChange, bool, error) {
	var c EmailChange
	var made, expires int64
	var used sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT member, email, made, expires, code_hash, link_hash, wrong, used, request FROM email_change WHERE hash = $1`, hash).
		Scan(&c.Member, &c.Person.Email, &made, &expires, &c.CodeHash, &c.LinkHash, &c.Wrong, &used, &c.Request)
	if errors.Is(err, sql.ErrNoRows) {
		return c, false, nil
	}
	if err != nil {
		return c, false, fmt.Errorf("store: find a change: %w", err)
	}
	c.Made, c.Expires, c.Used = time.UnixMicro(made), time.UnixMicro(expires), instant(used)
	return c, true, nil
}

// ConfirmEmail tries a proof on a member's own attempt with this hash; the new address is used from then on and the old one is
// told. A wrong code is counted even though it is refused.
func (s *Store) ConfirmEmail(ctx context.Context, hash []byte, member string, proof membership.Proof, now, machine time.Time) (Recorded, error) {
	var done Recorded
	var refusal error
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		done, refusal = Recorded{}, nil
		c, ok, err := loadEmailChange(ctx, tx, hash)
		if err != nil {
			return err
		}
		if !ok || c.Member != member {
			return fault.Field("ATTEMPT_UNKNOWN", "attempt", "We do not know this request any more. Ask for a new link and code in this browser.")
		}
		outcome, err := c.Try(proof, now)
		switch outcome {
		case membership.Wrong:
			refusal = err
			if _, err := tx.ExecContext(ctx, `UPDATE email_change SET wrong = wrong + 1 WHERE hash = $1`, hash); err != nil {
				return fmt.Errorf("store: count a wrong code: %w", err)
			}
			return nil
		case membership.Repeated:
			all, err := loadRecorded(ctx, tx, `WHERE e.member = $1 AND e.kind = $2 AND e.at = $3`, member, string(membership.EmailChanged), c.Used.UnixMicro())
			if err == nil && len(all) > 0 {
				done = all[0]
			}
			return err
		case membership.Proved:
			done, err = s.changeEmail(ctx, tx, hash, c, proof, now, machine)
			return err
		case membership.Refused:
		}
		return err
	})
	if err == nil {
		err = refusal
	}
	return done, err
}

func (s *Store) changeEmail(ctx context.Context, tx *sql.Tx, hash []byte, c EmailChange, proof membership.Proof, now, machine time.Time) (Recorded, error) {
	e, err := entry(ctx, tx, c.Member, now)
	if err != nil {
		return Recorded{}, err
	}
	owner, _, known, err := memberByEmail(ctx, tx, c.Person.Email)
	if err != nil {
		return Recorded{}, err
	}
	d := membership.Decision{Member: c.Member, By: c.Member, At: now}
	event, err := d.NewEmail(e.State, e.Email, c.Person.Email, known && owner != c.Member)
	if err != nil {
		return Recorded{}, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE member SET email = $2, email_fold = $3 WHERE id = $1`, c.Member, c.Person.Email, []byte(membership.Fold(c.Person.Email)))
	if err == nil {
		_, err = tx.ExecContext(ctx, `UPDATE email_change SET used = $2, request = $3 WHERE hash = $1`, hash, now.UnixMicro(), proof.Request)
	}
	if err != nil {
		return Recorded{}, fmt.Errorf("store: use another address: %w", err)
	}
	if err := s.tell(ctx, tx, membership.LetterEmailChanged, c.Member, e.Email, "", now, machine); err != nil {
		return Recorded{}, err
	}
	event.Number, err = recordNumbered(ctx, tx, c.Member, event, now)
	return Recorded{Event: event, Member: c.Member, Recorded: now}, err
}

// emailLetter is the mail to an address that a member wants to use. Where another entry has it, nothing is sent: who asks
// learns nothing from it.
func (s *Store) emailLetter(ctx context.Context, tx *sql.Tx, hash []byte, now time.Time, secrets func([]byte) (code, link []byte, err error)) (Letter, error) {
	c, ok, err := loadEmailChange(ctx, tx, hash)
	if err != nil || !ok || !now.Before(c.Expires) || !c.Used.IsZero() {
		return Letter{}, err
	}
	owner, _, known, err := memberByEmail(ctx, tx, c.Person.Email)
	if err != nil || known && owner != c.Member {
		return Letter{}, err
	}
	l := Letter{Kind: membership.LetterEmail, To: c.Person.Email, Made: c.Made, Expires: c.Expires, WithCode: true}
	if err := tx.QueryRowContext(ctx, `SELECT language FROM member WHERE id = $1`, c.Member).Scan(&l.Language); err != nil {
		return l, fmt.Errorf("store: whom to tell: %w", err)
	}
	code, link, err := secrets(hash)
	if err != nil {
		return l, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE email_change SET code_hash = $2, link_hash = $3 WHERE hash = $1`, hash, code, link); err != nil {
		return l, fmt.Errorf("store: note what is mailed: %w", err)
	}
	return l, nil
}
