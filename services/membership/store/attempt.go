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

// Begin keeps a new attempt under the hash of its secret and queues its mail, in one transaction. It never looks at the
// register: what is done for an address that a member has and for one that nobody has is the same. The same attempt again
// does nothing. machine is the machine's clock. While too many mails wait it refuses everybody alike, as Unavailable.
func (s *Store) Begin(ctx context.Context, hash []byte, a membership.Attempt, machine time.Time) error {
	if err := s.roomForMail(ctx); err != nil {
		return err
	}
	mail, err := id.Random(s.random)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		address := ""
		if a.Kind == membership.Joining {
			var err error
			if address, err = addressOfJoining(ctx, tx, a); err != nil {
				return err
			}
		}
		result, err := tx.ExecContext(ctx, `
			INSERT INTO attempt (hash, kind, name, email, email_fold, region, language, made, expires, wrong)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0) ON CONFLICT (hash) DO NOTHING`,
			hash, string(a.Kind), a.Person.Name, a.Person.Email, []byte(membership.Fold(a.Person.Email)), a.Person.Region, a.Person.Language,
			a.Made.UnixMicro(), a.Expires.UnixMicro())
		if err != nil {
			return fmt.Errorf("store: begin an attempt: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		if address != "" {
			if _, err := tx.ExecContext(ctx, `INSERT INTO joining_postal (attempt, address) VALUES ($1, $2)`, hash, address); err != nil {
				return fmt.Errorf("store: keep the address of who joins: %w", err)
			}
		}
		return queued{id: mail, kind: "attempt", attempt: hash, lane: fastLane, due: machine, made: a.Made}.insert(ctx, tx)
	})
}

// addressOfJoining refuses who may not join, and returns the postal address to keep under the rule in force.
func addressOfJoining(ctx context.Context, tx *sql.Tx, a membership.Attempt) (string, error) {
	if err := mayJoin(ctx, tx, a.Person.Region); err != nil {
		return "", err
	}
	told, err := rules(ctx, tx)
	if err != nil {
		return "", err
	}
	return membership.PostalOnJoining(membership.RuleAt(told, a.Made), a.Postal)
}

// postalOf moves the postal address of an attempt that succeeded to the entry of who joined by it, if the rule in force has the register keep
// one still; an attempt by which nobody joined leaves none behind.
func postalOf(ctx context.Context, tx *sql.Tx, attempt []byte, member string, applied bool, now time.Time) error {
	var address string
	err := tx.QueryRowContext(ctx, `DELETE FROM joining_postal WHERE attempt = $1 RETURNING address`, attempt).Scan(&address)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store: the address of who joined: %w", err)
	}
	told, err := rules(ctx, tx)
	if err != nil || !applied || !membership.RuleAt(told, now).Registered {
		return err
	}
	return keepPostal(ctx, tx, member, address)
}

// mayJoin refuses before the founding act and an unknown region.
func mayJoin(ctx context.Context, q querier, region string) error {
	var act sql.NullInt64
	if err := q.QueryRowContext(ctx, `SELECT act FROM society WHERE one = 1`).Scan(&act); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("store: find the society: %w", err)
	}
	if !act.Valid {
		return fault.New(fault.Conflict, "NOT_FOUNDED", "This society is still being founded: joining opens when its first officers have taken office.")
	}
	if region == "" {
		return nil
	}
	ok, err := regionExists(ctx, q, region)
	if err != nil || ok {
		return err
	}
	return fault.Field("REGION_UNKNOWN", "region", "Choose a region from the list, or no group near you.")
}

const selectAttempt = `SELECT kind, name, email, region, language, made, expires, code_hash, link_hash, wrong, used, request, session FROM attempt WHERE hash = $1`

func loadAttempt(ctx context.Context, q querier, hash []byte) (membership.Attempt, bool, error) {
	var a membership.Attempt
	var kind string
	var made, expires int64
	var used sql.NullInt64
	var session sql.NullString
	err := q.QueryRowContext(ctx, selectAttempt, hash).Scan(&kind, &a.Person.Name, &a.Person.Email, &a.Person.Region, &a.Person.Language,
		&made, &expires, &a.CodeHash, &a.LinkHash, &a.Wrong, &used, &a.Request, &session)
	if errors.Is(err, sql.ErrNoRows) {
		return membership.Attempt{}, false, nil
	}
	if err != nil {
		return membership.Attempt{}, false, fmt.Errorf("store: find an attempt: %w", err)
	}
	a.Kind, a.Made, a.Expires, a.Used, a.Session = membership.AttemptKind(kind), time.UnixMicro(made), time.UnixMicro(expires), instant(used), session.String
	return a, true, nil
}

// SignedIn is what a proof achieved.
type SignedIn struct {
	// Session is the new session, or the one that the same request made before.
	Session membership.Session
	// Joined is true if the person was admitted by it.
	Joined bool
}

// Confirm tries a proof on the attempt with this hash. It signs the owner of the address in under the hash of a new
// session secret, and admits them if they were joining. A wrong code is counted even though it is refused.
func (s *Store) Confirm(ctx context.Context, hash []byte, proof membership.Proof, secretHash []byte, now time.Time) (SignedIn, error) {
	var done SignedIn
	var refusal error
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		done, refusal = SignedIn{}, nil
		a, ok, err := loadAttempt(ctx, tx, hash)
		if err != nil {
			return err
		}
		if !ok {
			return fault.Field("ATTEMPT_UNKNOWN", "attempt", "We do not know this request any more. Ask for a new link and code in this browser.")
		}
		outcome, err := a.Try(proof, now)
		switch outcome {
		case membership.Refused:
			return err
		case membership.Wrong:
			refusal = err
			if _, err := tx.ExecContext(ctx, `UPDATE attempt SET wrong = wrong + 1 WHERE hash = $1`, hash); err != nil {
				return fmt.Errorf("store: count a wrong code: %w", err)
			}
			return nil
		case membership.Repeated:
			done.Session, err = sessionByID(ctx, tx, a.Session)
			if err == nil {
				done.Joined, err = joinedAt(ctx, tx, done.Session.Member, a.Used)
			}
			return err
		case membership.Proved:
			return s.succeed(ctx, tx, hash, a, proof, secretHash, now, &done)
		}
		return fmt.Errorf("store: an outcome that nobody decided: %d", outcome)
	})
	if err == nil {
		err = refusal
	}
	return done, err
}

// joinedAt reports whether the member was admitted at exactly this instant.
func joinedAt(ctx context.Context, q querier, member string, at time.Time) (bool, error) {
	var n int64
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM event WHERE member = $1 AND kind IN ($2, $3) AND at = $4`,
		member, string(membership.Admitted), string(membership.Readmitted), at.UnixMicro()).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("store: find an admission: %w", err)
	}
	return n > 0, nil
}

func (s *Store) succeed(ctx context.Context, tx *sql.Tx, hash []byte, a membership.Attempt, proof membership.Proof, secretHash []byte, now time.Time, done *SignedIn) error {
	member, _, known, err := memberByEmail(ctx, tx, a.Person.Email)
	if err != nil {
		return err
	}
	applied := false
	switch {
	case known && a.Kind == membership.Joining:
		applied, done.Joined, err = s.enterAgain(ctx, tx, member, a, now)
	case known:
	case a.Kind != membership.Joining:
		err = memberNotFound()
	default:
		applied = true
		member, done.Joined, err = s.join(ctx, tx, a, now)
	}
	if err != nil {
		return err
	}
	if a.Kind == membership.Joining {
		if err := postalOf(ctx, tx, hash, member, applied, now); err != nil {
			return err
		}
	}
	if done.Session, err = s.newSession(ctx, tx, member, secretHash, now, membership.Way{Method: membership.ByMail, Device: proof.Device}); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE attempt SET used = $2, request = $3, session = $4 WHERE hash = $1`, hash, now.UnixMicro(), proof.Request, done.Session.ID)
	if err != nil {
		return fmt.Errorf("store: use an attempt: %w", err)
	}
	return nil
}

// join adds the person of an attempt to the register: applied when they asked, confirmed now, and admitted if the rule in force
// does that by itself, which it reports.
func (s *Store) join(ctx context.Context, tx *sql.Tx, a membership.Attempt, now time.Time) (string, bool, error) {
	member, err := id.New(now, s.random)
	if err != nil {
		return "", false, err
	}
	p := a.Person
	if p.Language, err = membership.Language(p.Language); err != nil {
		return "", false, err
	}
	if err := insertMember(ctx, tx, member, p); err != nil {
		return "", false, err
	}
	admitted, err := s.enter(ctx, tx, member, membership.Event{Kind: membership.Applied, At: a.Made, Region: p.Region}, now)
	return member, admitted, err
}

// memberByEmail finds a member by the folded form of an address.
func memberByEmail(ctx context.Context, q querier, email string) (member string, p membership.Person, known bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT id, name, email, region, language FROM member WHERE email_fold = $1`, []byte(membership.Fold(email))).
		Scan(&member, &p.Name, &p.Email, &p.Region, &p.Language)
	if errors.Is(err, sql.ErrNoRows) {
		return "", membership.Person{}, false, nil
	}
	if err != nil {
		return "", membership.Person{}, false, fmt.Errorf("store: find a member by address: %w", err)
	}
	return member, p, true, nil
}
