package store

import (
	"context"
	"database/sql"

	"github.com/localgovdigital/folkmoot/services/membership"
)

// RecordCopy records that an officer makes a copy of the register.
func (s *Store) RecordCopy(ctx context.Context, officer string, e membership.Event) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return record(ctx, tx, officer, e, e.At) })
}

// RegisterPage returns the entries with a number above after, in order of it, with all the offices that they have held and hold.
func (s *Store) RegisterPage(ctx context.Context, after int64, limit int) ([]Member, error) {
	var all []Member
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		var err error
		if all, err = complete(ctx, tx, `WHERE number > $1 ORDER BY number LIMIT $2`, after, limit); err != nil || len(all) == 0 {
			return err
		}
		args := make([]any, len(all))
		place := make(map[string]int, len(all))
		for i := range all {
			args[i], place[all[i].ID] = all[i].ID, i
			all[i].Offices = nil
		}
		grants, err := loadGrants(ctx, tx, `WHERE o.member IN (`+placeholders(1, len(args))+`) ORDER BY o.granted, o.id`, args...)
		if err != nil {
			return err
		}
		postal, err := addresses(ctx, tx, args)
		for member, address := range postal {
			all[place[member]].Address = address
		}
		for _, g := range grants {
			m := &all[place[g.Member]]
			m.Offices = append(m.Offices, g.Grant)
		}
		return err
	})
	return all, err
}
