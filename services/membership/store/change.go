package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// Case is what a decision about an entry looks at.
type Case struct {
	Member
	// State is what its history amounts to at the instant of the decision.
	State membership.State
	// Rule is the rule in force then.
	Rule membership.Rule
	// Grants are all offices that have not ended, of everybody.
	Grants []membership.Grant
}

// Recorded is an event as it was recorded.
type Recorded struct {
	membership.Event
	// Member is whose.
	Member string
	// At is when it took effect, and Recorded when it was recorded.
	Recorded time.Time
}

// entry loads what decisions look at, or returns a NotFound fault.
func entry(ctx context.Context, tx *sql.Tx, member string, now time.Time) (Case, error) {
	if !id.Valid(member) {
		return Case{}, memberNotFound()
	}
	all, err := complete(ctx, tx, `WHERE id = $1`, member)
	if err != nil {
		return Case{}, err
	}
	if len(all) == 0 {
		return Case{}, memberNotFound()
	}
	told, err := rules(ctx, tx)
	if err != nil {
		return Case{}, err
	}
	grants, err := loadGrants(ctx, tx, `WHERE o.ended IS NULL`)
	if err != nil {
		return Case{}, err
	}
	return Case{Member: all[0], State: all[0].History.On(now), Rule: membership.RuleAt(told, now), Grants: plain(grants)}, nil
}

// ChangeEntry records what decide decides about an entry, once, with what follows from it for the entry, in one transaction.
// machine is the machine's clock, for the mail that tells the member of a decision on their admission.
func (s *Store) ChangeEntry(ctx context.Context, r once.Request, member string, machine time.Time,
	decide func(Case) (membership.Event, error), encode Encode[Recorded]) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		e, err := entry(ctx, tx, member, r.At)
		if err != nil {
			return nil, err
		}
		decided, err := decide(e)
		if err != nil {
			return nil, err
		}
		if err := s.follow(ctx, tx, e, decided, machine); err != nil {
			return nil, err
		}
		return recorded(ctx, tx, member, decided, r.At, encode)
	})
}

func recorded(ctx context.Context, tx *sql.Tx, member string, e membership.Event, now time.Time, encode Encode[Recorded]) ([]byte, error) {
	var err error
	if e.Number, err = recordNumbered(ctx, tx, member, e, now); err != nil {
		return nil, err
	}
	return encode(Recorded{Event: e, Member: member, Recorded: now})
}

// follow changes what the entry says beside its history.
func (s *Store) follow(ctx context.Context, tx *sql.Tx, e Case, decided membership.Event, machine time.Time) error {
	var err error
	switch decided.Kind {
	case membership.Moved:
		_, err = tx.ExecContext(ctx, `UPDATE member SET region = $2 WHERE id = $1`, e.ID, decided.Region)
	case membership.Renamed:
		_, err = tx.ExecContext(ctx, `UPDATE member SET name = $2, name_fold = $3 WHERE id = $1`, e.ID, decided.About, []byte(membership.Fold(decided.About)))
	case membership.Admitted, membership.Readmitted:
		if err := number(ctx, tx, e.ID); err != nil {
			return err
		}
		return s.tell(ctx, tx, membership.LetterAdmitted, e.ID, "", decided.Reason, decided.At, machine)
	case membership.Declined:
		if err := notWaiting(ctx, tx, e.ID); err != nil {
			return err
		}
		return s.tell(ctx, tx, membership.LetterDeclined, e.ID, "", decided.Reason, decided.At, machine)
	default:
	}
	if err != nil {
		return fmt.Errorf("store: change an entry: %w", err)
	}
	return nil
}

// EndEntry records the end of a membership or of an application, once: the event, the end of the member's offices and of all their sessions, and a
// mail to them unless they died.
func (s *Store) EndEntry(ctx context.Context, r once.Request, member string, machine time.Time,
	decide func(Case) (membership.Farewell, error), encode Encode[Recorded]) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		e, err := entry(ctx, tx, member, r.At)
		if err != nil {
			return nil, err
		}
		f, err := decide(e)
		if err != nil {
			return nil, err
		}
		if err := endedWith(ctx, tx, member, f.Ended, r.At, machine); err != nil {
			return nil, err
		}
		letter := membership.LetterLeft
		if f.Event.Kind == membership.Withdrawn {
			letter = membership.LetterWithdrawn
			if err := notWaiting(ctx, tx, member); err != nil {
				return nil, err
			}
		}
		if f.Event.Kind != membership.Died {
			if err := s.tell(ctx, tx, letter, member, "", f.Event.Reason, r.At, machine); err != nil {
				return nil, err
			}
		}
		return recorded(ctx, tx, member, f.Event, r.At, encode)
	})
}

// endedWith ends the offices and the sessions of somebody who left.
func endedWith(ctx context.Context, tx *sql.Tx, member string, offices []membership.Grant, now, machine time.Time) error {
	for _, g := range offices {
		if err := updateGrant(ctx, tx, g); err != nil {
			return err
		}
	}
	return endSessions(ctx, tx, member, now, machine)
}

// endSessions ends every session of a member; their tokens die.
func endSessions(ctx context.Context, tx *sql.Tx, member string, now, machine time.Time) error {
	rows, err := tx.QueryContext(ctx, `SELECT sid FROM session WHERE member = $1 AND ended IS NULL`, member)
	if err != nil {
		return fmt.Errorf("store: sessions: %w", err)
	}
	defer rows.Close()
	var sids []string
	for rows.Next() {
		var sid string
		if err := rows.Scan(&sid); err != nil {
			return fmt.Errorf("store: sessions: %w", err)
		}
		sids = append(sids, sid)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("store: sessions: %w", err)
	}
	rows.Close()
	for _, sid := range sids {
		if err := revoke(ctx, tx, sid, machine); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE session SET ended = $2 WHERE member = $1 AND ended IS NULL`, member, now.UnixMicro()); err != nil {
		return fmt.Errorf("store: end sessions: %w", err)
	}
	return nil
}

// RegionExists reports whether there is such a region.
func (s *Store) RegionExists(ctx context.Context, region string) (bool, error) {
	return regionExists(ctx, s.db.Reader(), region)
}

// tell queues a letter about a decision to a member: to the address in the entry when it is sent, or to another one. at is when it was
// decided, by the society's clock.
func (s *Store) tell(ctx context.Context, tx *sql.Tx, kind membership.Letter, member, email, reason string, at, machine time.Time) error {
	letter, err := id.Random(s.random)
	if err != nil {
		return err
	}
	if _, err = tx.ExecContext(ctx, `INSERT INTO letter_detail (mail, kind, email, reason) VALUES ($1, $2, $3, $4)`, letter, string(kind), email, reason); err != nil {
		return fmt.Errorf("store: queue a letter: %w", err)
	}
	return queued{id: letter, kind: string(kind), member: member, lane: fastLane, due: machine, made: at}.insert(ctx, tx)
}

// waits puts an applicant into the queue for a decision.
func waits(ctx context.Context, tx *sql.Tx, member string, event int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO applicant (number, member) VALUES ($1, $2)`, event, member)
	if err != nil {
		// The same person confirms twice at once: look again.
		return database.StaleKey(fmt.Errorf("store: queue an applicant: %w", err))
	}
	return nil
}

func notWaiting(ctx context.Context, tx *sql.Tx, member string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM applicant WHERE member = $1`, member); err != nil {
		return fmt.Errorf("store: take an applicant out of the queue: %w", err)
	}
	return nil
}
