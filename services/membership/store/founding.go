package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// Found records that a society is being founded, with an invitation for each founding role by the hash of its
// secret. A database holds one society: a second founding is refused.
func (s *Store) Found(ctx context.Context, name string, invitations map[membership.Role][]byte, now time.Time) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `INSERT INTO society (one, name, made) VALUES (1, $1, $2) ON CONFLICT (one) DO NOTHING`, name, now.UnixMicro())
		if err != nil {
			return fmt.Errorf("store: found: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			if err != nil {
				return err
			}
			return fault.New(fault.Exists, "ALREADY_FOUNDED", "A society was founded here already.")
		}
		for _, role := range membership.FoundingRoles {
			if _, err := tx.ExecContext(ctx, `INSERT INTO invitation (role, hash) VALUES ($1, $2)`, string(role), invitations[role]); err != nil {
				return fmt.Errorf("store: invite: %w", err)
			}
		}
		return nil
	})
}

// Founding is how far the founding is.
type Founding struct {
	// Society is the name, and Act when the founding act was recorded.
	Society string
	Act     time.Time
	// Accepted and Open are the roles whose invitation was taken up and those whose is not.
	Accepted, Open []membership.Role
}

// Founding returns how far the founding is, or a NotFound fault before any.
func (s *Store) Founding(ctx context.Context) (Founding, error) {
	var f Founding
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		var act sql.NullInt64
		err := tx.QueryRowContext(ctx, `SELECT name, act FROM society WHERE one = 1`).Scan(&f.Society, &act)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.New(fault.NotFound, "NOT_FOUNDED", "No society has been founded here yet: run folkmoot found.")
		}
		if err != nil {
			return fmt.Errorf("store: find the society: %w", err)
		}
		f.Act = instant(act)
		taken, err := invitations(ctx, tx)
		if err != nil {
			return err
		}
		for _, role := range membership.FoundingRoles {
			if taken[role] != "" {
				f.Accepted = append(f.Accepted, role)
			} else {
				f.Open = append(f.Open, role)
			}
		}
		return nil
	})
	return f, err
}

// invitations returns the founder by role, empty where the invitation is open.
func invitations(ctx context.Context, q querier) (map[membership.Role]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT role, COALESCE(member, '') FROM invitation`)
	if err != nil {
		return nil, fmt.Errorf("store: invitations: %w", err)
	}
	defer rows.Close()
	taken := map[membership.Role]string{}
	for rows.Next() {
		var role, member string
		if err := rows.Scan(&role, &member); err != nil {
			return nil, fmt.Errorf("store: invitations: %w", err)
		}
		taken[membership.Role(role)] = member
	}
	return taken, rows.Err()
}

// Accept takes up the invitation with this hash for a person: their address counts as confirmed, since the invitation
// reached them, and they are signed in. The third one records the founding act: all three are admitted, hold their
// offices, and the motions room hears of it through the outbox, in the payload that act returns.
func (s *Store) Accept(ctx context.Context, invitation []byte, p membership.Person, request, secretHash []byte, now time.Time, act func(society string) ([]byte, error)) (SignedIn, error) {
	var done SignedIn
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		done = SignedIn{}
		var role string
		var founder, session sql.NullString
		var used []byte
		err := tx.QueryRowContext(ctx, `SELECT role, member, request, session FROM invitation WHERE hash = $1`, invitation).Scan(&role, &founder, &used, &session)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.Field("INVITATION_UNKNOWN", "invitation", "This is not an invitation to found this society. Check that the whole link was copied.")
		}
		if err != nil {
			return fmt.Errorf("store: find an invitation: %w", err)
		}
		if founder.Valid {
			return repeatedAcceptance(ctx, tx, used, request, session.String, &done)
		}
		if _, _, known, err := memberByEmail(ctx, tx, p.Email); err != nil {
			return err
		} else if known {
			return fault.Field("EMAIL_TAKEN", "email", "Another founder has this address: each officer is a different person with an address of their own.")
		}
		return s.accept(ctx, tx, invitation, p, request, secretHash, now, act, &done)
	})
	return done, err
}

func repeatedAcceptance(ctx context.Context, tx *sql.Tx, used, request []byte, session string, done *SignedIn) error {
	if string(used) != string(request) {
		return fault.New(fault.Conflict, "INVITATION_USED", "This invitation was taken up already.")
	}
	var err error
	if done.Session, err = sessionByID(ctx, tx, session); err != nil {
		return err
	}
	done.Joined, err = joinedAt(ctx, tx, done.Session.Member, done.Session.Made)
	return err
}

func (s *Store) accept(ctx context.Context, tx *sql.Tx, invitation []byte, p membership.Person, request, secretHash []byte, now time.Time, act func(string) ([]byte, error), done *SignedIn) error {
	member, err := id.New(now, s.random)
	if err != nil {
		return err
	}
	if err := insertMember(ctx, tx, member, p); err != nil {
		return err
	}
	for _, kind := range []membership.EventKind{membership.Applied, membership.Confirmed} {
		if err := record(ctx, tx, member, membership.Event{Kind: kind, At: now}, now); err != nil {
			return err
		}
	}
	if done.Session, err = s.newSession(ctx, tx, member, secretHash, now, membership.Way{Method: membership.ByFounder}); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE invitation SET member = $2, accepted = $3, request = $4, session = $5 WHERE hash = $1`,
		invitation, member, now.UnixMicro(), request, done.Session.ID)
	if err != nil {
		return fmt.Errorf("store: take up an invitation: %w", err)
	}
	founders, err := invitations(ctx, tx)
	if err != nil {
		return err
	}
	for _, role := range membership.FoundingRoles {
		if founders[role] == "" {
			return nil
		}
	}
	done.Joined = true
	return s.recordAct(ctx, tx, founders, now, act)
}

func (s *Store) recordAct(ctx context.Context, tx *sql.Tx, founders map[membership.Role]string, now time.Time, act func(string) ([]byte, error)) error {
	var society string
	if err := tx.QueryRowContext(ctx, `UPDATE society SET act = $1 WHERE one = 1 RETURNING name`, now.UnixMicro()).Scan(&society); err != nil {
		return fmt.Errorf("store: record the founding act: %w", err)
	}
	for _, role := range membership.FoundingRoles {
		founder := founders[role]
		if err := admit(ctx, tx, founder, membership.Event{At: now, By: membership.ByFounding, Reason: "Founder"}); err != nil {
			return err
		}
		grant, err := id.New(now, s.random)
		if err != nil {
			return err
		}
		g := membership.Grant{ID: grant, Member: founder, Role: role, Reason: "Founding act", GrantedBy: membership.ByFounding, Granted: now, Started: now}
		if err := insertGrant(ctx, tx, g); err != nil {
			return err
		}
	}
	payload, err := act(society)
	if err != nil {
		return err
	}
	_, err = outbox.Append(ctx, tx, TopicMotions, payload)
	return err
}

// TopicMotions is the outbox's topic for what the motions room hears.
const TopicMotions = "motions"
