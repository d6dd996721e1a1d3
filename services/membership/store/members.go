package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	ids "github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// Member is an entry of the register with its history and the offices held.
type Member struct {
	// ID is its id, and Number the membership number, 0 before admission.
	ID     string
	Number int64
	membership.Person
	// History is what standing is computed from.
	History membership.History
	// Offices are those in force.
	Offices []membership.Grant
	// Address is the postal address; only [Store.RegisterPage] fills it in.
	Address string
}

const selectMembers = `SELECT id, COALESCE(number, 0), name, email, region, language FROM member `

// complete reads members with their histories and offices.
func complete(ctx context.Context, q querier, tail string, args ...any) ([]Member, error) {
	rows, err := q.QueryContext(ctx, selectMembers+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("store: members: %w", err)
	}
	defer rows.Close()
	var all []Member
	var found []string
	for rows.Next() {
		var m Member
		if err := rows.Scan(&m.ID, &m.Number, &m.Name, &m.Email, &m.Region, &m.Language); err != nil {
			return nil, fmt.Errorf("store: members: %w", err)
		}
		m.Email = membership.Reachable(m.Email)
		all, found = append(all, m), append(found, m.ID)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: members: %w", err)
	}
	rows.Close()
	histories, err := historiesOf(ctx, q, found)
	if err != nil {
		return nil, err
	}
	held, err := heldBy(ctx, q, found)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].History, all[i].Offices = histories[all[i].ID], held[all[i].ID]
	}
	return all, nil
}

// Member returns one entry with the rules told so far, or a NotFound fault.
func (s *Store) Member(ctx context.Context, id string) (Member, []membership.Rule, error) {
	if !ids.Valid(id) {
		return Member{}, nil, memberNotFound()
	}
	all, told, err := s.snapshotMembers(ctx, `WHERE id = $1`, id)
	if err != nil {
		return Member{}, nil, err
	}
	if len(all) == 0 {
		return Member{}, nil, memberNotFound()
	}
	return all[0], told, nil
}

func (s *Store) snapshotMembers(ctx context.Context, tail string, args ...any) ([]Member, []membership.Rule, error) {
	var all []Member
	var told []membership.Rule
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		var err error
		if all, err = complete(ctx, tx, tail, args...); err != nil {
			return err
		}
		told, err = rules(ctx, tx)
		return err
	})
	return all, told, err
}

// Filter narrows a list of members.
type Filter struct {
	// After is the number after which the page begins.
	After int64
	// Region is a region's id, or empty for all.
	Region string
	// Search is what a name begins with, or an address where Addresses is true. A payment reference finds its member.
	Search    string
	Addresses bool
	// Limit is how many at most.
	Limit int
}

// Members returns a page of those with a number, in order of it, with the rules told so far.
func (s *Store) Members(ctx context.Context, f Filter) ([]Member, []membership.Rule, error) {
	where := []string{"number > $1"}
	args := []any{f.After}
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	if f.Region != "" {
		where = append(where, "region = "+arg(f.Region))
	}
	if fold := membership.Fold(f.Search); fold != "" {
		// 0xff stands in no UTF-8 text: everything that begins with the prefix lies before it.
		from, to := arg([]byte(fold)), arg(append([]byte(fold), 0xff))
		some := []string{"(name_fold >= " + from + " AND name_fold < " + to + ")"}
		if f.Addresses {
			some = append(some, "(email_fold >= "+from+" AND email_fold < "+to+")")
		}
		if number, ok := membership.ParseReference(f.Search); ok {
			some = append(some, "number = "+arg(number))
		}
		where = append(where, "("+strings.Join(some, " OR ")+")")
	}
	return s.snapshotMembers(ctx, `WHERE `+strings.Join(where, " AND ")+` ORDER BY number LIMIT `+arg(f.Limit), args...)
}

// People returns those of some ids that exist, with the rules told so far.
func (s *Store) People(ctx context.Context, members []string) ([]Member, []membership.Rule, error) {
	var args []any
	for _, m := range members {
		if ids.Valid(m) {
			args = append(args, m)
		}
	}
	if len(args) == 0 {
		return nil, nil, nil
	}
	return s.snapshotMembers(ctx, `WHERE id IN (`+placeholders(1, len(args))+`) ORDER BY id`, args...)
}
