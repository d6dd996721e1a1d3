package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership"
)

func insertGrant(ctx context.Context, tx *sql.Tx, g membership.Grant) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO appointment (id, member, role, region, reason, granted_by, granted, approved_by, started, ended, ended_by, end_reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, '', '')`,
		g.ID, g.Member, string(g.Role), g.Region, g.Reason, g.GrantedBy, g.Granted.UnixMicro(), g.ApprovedBy, stored(g.Started))
	if err != nil {
		// The same office given twice at once: look again, and find the other grant.
		return database.StaleKey(fmt.Errorf("store: insert a grant: %w", err))
	}
	return officeFact(g).log(ctx, tx)
}

func updateGrant(ctx context.Context, tx *sql.Tx, g membership.Grant) error {
	_, err := tx.ExecContext(ctx, `UPDATE appointment SET approved_by = $2, started = $3, ended = $4, ended_by = $5, end_reason = $6 WHERE id = $1`,
		g.ID, g.ApprovedBy, stored(g.Started), stored(g.Ended), g.EndedBy, g.EndReason)
	if err != nil {
		return fmt.Errorf("store: change a grant: %w", err)
	}
	return officeFact(g).log(ctx, tx)
}

const selectGrants = `
	SELECT o.id, o.member, o.role, o.region, o.reason, o.granted_by, o.granted, o.approved_by, o.started, o.ended, o.ended_by, o.end_reason, m.name
	FROM appointment o JOIN member m ON m.id = o.member `

// NamedGrant is a grant with the holder's name.
type NamedGrant struct {
	membership.Grant
	// Name is the holder's.
	Name string
}

func loadGrants(ctx context.Context, q querier, tail string, args ...any) ([]NamedGrant, error) {
	rows, err := q.QueryContext(ctx, selectGrants+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("store: grants: %w", err)
	}
	defer rows.Close()
	var all []NamedGrant
	for rows.Next() {
		var g NamedGrant
		var role string
		var granted int64
		var started, ended sql.NullInt64
		if err := rows.Scan(&g.ID, &g.Member, &role, &g.Region, &g.Reason, &g.GrantedBy, &granted, &g.ApprovedBy, &started, &ended, &g.EndedBy, &g.EndReason, &g.Name); err != nil {
			return nil, fmt.Errorf("store: grants: %w", err)
		}
		g.Role, g.Granted, g.Started, g.Ended = membership.Role(role), time.UnixMicro(granted), instant(started), instant(ended)
		all = append(all, g)
	}
	return all, rows.Err()
}

// Grants returns all grants, newest first.
func (s *Store) Grants(ctx context.Context) ([]NamedGrant, error) {
	return loadGrants(ctx, s.db.Reader(), `ORDER BY o.granted DESC, o.id DESC`)
}

// heldBy returns the offices in force of some members.
func heldBy(ctx context.Context, q querier, members []string) (map[string][]membership.Grant, error) {
	held := map[string][]membership.Grant{}
	if len(members) == 0 {
		return held, nil
	}
	args := make([]any, len(members))
	for i, m := range members {
		args[i] = m
	}
	all, err := loadGrants(ctx, q, `WHERE o.started IS NOT NULL AND o.ended IS NULL AND o.member IN (`+placeholders(1, len(args))+`) ORDER BY o.role, o.region`, args...)
	for _, g := range all {
		held[g.Member] = append(held[g.Member], g.Grant)
	}
	return held, err
}

func plain(all []NamedGrant) []membership.Grant {
	out := make([]membership.Grant, len(all))
	for i, g := range all {
		out[i] = g.Grant
	}
	return out
}

// Encode makes the bytes of a reply.
type Encode[T any] func(T) ([]byte, error)

// Grant gives an office, once.
func (s *Store) Grant(ctx context.Context, r once.Request, g membership.Grant, encode Encode[NamedGrant]) ([]byte, error) {
	var err error
	if g.ID, err = id.New(g.Granted, s.random); err != nil {
		return nil, err
	}
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		name, history, err := person(ctx, tx, g.Member)
		if err != nil {
			return nil, err
		}
		there, err := regionExists(ctx, tx, g.Region)
		if err != nil {
			return nil, err
		}
		others, err := loadGrants(ctx, tx, `WHERE o.ended IS NULL`)
		if err != nil {
			return nil, err
		}
		decided, err := membership.NewGrant(g, plain(others), history.On(g.Granted).Member(), there)
		if err != nil {
			return nil, err
		}
		if err := insertGrant(ctx, tx, decided); err != nil {
			return nil, err
		}
		return encode(NamedGrant{Grant: decided, Name: name})
	})
}

// Approve is the second officer's approval, once.
func (s *Store) Approve(ctx context.Context, r once.Request, grant, by string, now time.Time, encode Encode[NamedGrant]) ([]byte, error) {
	return s.changeGrant(ctx, r, grant, encode, func(_ context.Context, _ *sql.Tx, g membership.Grant, _ []membership.Grant) (membership.Grant, error) {
		return g.Approve(by, now)
	})
}

// EndGrant ends an office, once; the tokens that name it die. may decides whether the caller may end this one.
func (s *Store) EndGrant(ctx context.Context, r once.Request, grant, by, reason string, now, machine time.Time, may func(membership.Grant) error, encode Encode[NamedGrant]) ([]byte, error) {
	return s.changeGrant(ctx, r, grant, encode, func(ctx context.Context, tx *sql.Tx, g membership.Grant, others []membership.Grant) (membership.Grant, error) {
		if err := may(g); err != nil {
			return membership.Grant{}, err
		}
		ended, err := g.End(by, reason, now, others)
		if err != nil {
			return ended, err
		}
		return ended, s.renewSIDs(ctx, tx, g.Member, now, machine)
	})
}

func (s *Store) changeGrant(ctx context.Context, r once.Request, grant string, encode Encode[NamedGrant],
	decide func(ctx context.Context, tx *sql.Tx, g membership.Grant, others []membership.Grant) (membership.Grant, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		var found []NamedGrant
		if id.Valid(grant) {
			var err error
			if found, err = loadGrants(ctx, tx, `WHERE o.id = $1`, grant); err != nil {
				return nil, err
			}
		}
		if len(found) == 0 {
			return nil, fault.New(fault.NotFound, "GRANT_NOT_FOUND", "There is no such grant of an office.")
		}
		others, err := loadGrants(ctx, tx, `WHERE o.ended IS NULL`)
		if err != nil {
			return nil, err
		}
		g := found[0]
		if g.Grant, err = decide(ctx, tx, g.Grant, plain(others)); err != nil {
			return nil, err
		}
		if err := updateGrant(ctx, tx, g.Grant); err != nil {
			return nil, err
		}
		return encode(g)
	})
}

// person returns a member's name and history, or a NotFound fault.
func person(ctx context.Context, tx *sql.Tx, member string) (string, membership.History, error) {
	if !id.Valid(member) {
		return "", membership.History{}, memberNotFound()
	}
	var name string
	err := tx.QueryRowContext(ctx, `SELECT name FROM member WHERE id = $1`, member).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return "", membership.History{}, memberNotFound()
	}
	if err != nil {
		return "", membership.History{}, fmt.Errorf("store: find a member: %w", err)
	}
	histories, err := historiesOf(ctx, tx, []string{member})
	if err != nil {
		return "", membership.History{}, err
	}
	return name, histories[member], nil
}
