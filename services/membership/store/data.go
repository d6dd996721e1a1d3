package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/membership"
)

// Data is everything that the membership room holds on a person, but for the hashes of secrets, which say nothing.
type Data struct {
	Member
	// Rules were told so far.
	Rules []membership.Rule
	// Grants are all offices ever given to them.
	Grants []NamedGrant
	// Donations are what the ledger told.
	Donations []Told
	// Sessions are their signed-in browsers, and Attempts what was asked with their address and is not forgotten yet.
	Sessions []membership.Session
	Attempts []Asked
	// Rolls are those that they stand on.
	Rolls []Standing
	// Needs are what they said for meetings.
	Needs []NamedNeed
	// Leaves are the leaves of the public log that are about them.
	Leaves []int64
}

// Told is what the ledger told of a donation.
type Told struct {
	Position        int64
	Entry, Reverses string
	Pence           int64
	At              time.Time
}

// Asked is an attempt to join or sign in.
type Asked struct {
	Kind          string
	Made, Expires time.Time
}

// Standing is a place on a frozen roll.
type Standing struct {
	Roll, Purpose, Region string
	Frozen                time.Time
	Number                int64
}

// mostOwn bounds each list of a person's data: the newest are given.
const mostOwn = 10000

// Data returns everything held on a person, or a NotFound fault.
func (s *Store) Data(ctx context.Context, member string, now time.Time) (Data, error) {
	var d Data
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		all, err := complete(ctx, tx, `WHERE id = $1`, member)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return memberNotFound()
		}
		d = Data{Member: all[0]}
		if d.Rules, err = rules(ctx, tx); err != nil {
			return err
		}
		if d.Grants, err = loadGrants(ctx, tx, `WHERE o.member = $1 ORDER BY o.granted`, member); err != nil {
			return err
		}
		if err := d.lists(ctx, tx); err != nil {
			return err
		}
		return nil
	})
	if err != nil {
		return d, err
	}
	if d.Needs, err = s.MyAccessNeeds(ctx, member, now); err != nil {
		return d, err
	}
	d.Leaves, err = s.LeavesOf(ctx, member, mostOwn)
	return d, err
}

// lists reads what has no reader of its own elsewhere.
func (d *Data) lists(ctx context.Context, tx *sql.Tx) error {
	for _, l := range []struct {
		query string
		arg   any
		scan  func(*sql.Rows) error
	}{
		{`SELECT position, entry, reverses, pence, at FROM donation WHERE member = $1 ORDER BY position DESC LIMIT $2`, d.ID, func(rows *sql.Rows) error {
			var t Told
			var at int64
			err := rows.Scan(&t.Position, &t.Entry, &t.Reverses, &t.Pence, &at)
			t.At = time.UnixMicro(at)
			d.Donations = append(d.Donations, t)
			return err
		}},
		{`SELECT made, used, ended, operator FROM session WHERE member = $1 ORDER BY made DESC LIMIT $2`, d.ID, func(rows *sql.Rows) error {
			var s membership.Session
			var made, used int64
			var ended sql.NullInt64
			err := rows.Scan(&made, &used, &ended, &s.Operator)
			s.Made, s.Used, s.Ended = time.UnixMicro(made), time.UnixMicro(used), ended.Valid
			d.Sessions = append(d.Sessions, s)
			return err
		}},
		{`SELECT kind, made, expires FROM attempt WHERE email_fold = $1 ORDER BY made DESC LIMIT $2`, []byte(membership.Fold(d.Email)), func(rows *sql.Rows) error {
			var a Asked
			var made, expires int64
			err := rows.Scan(&a.Kind, &made, &expires)
			a.Made, a.Expires = time.UnixMicro(made), time.UnixMicro(expires)
			d.Attempts = append(d.Attempts, a)
			return err
		}},
		{`SELECT r.id, r.purpose, r.region, r.frozen, e.number FROM roll_entry e JOIN roll r ON r.id = e.roll WHERE e.member = $1 ORDER BY r.frozen DESC LIMIT $2`, d.ID, func(rows *sql.Rows) error {
			var s Standing
			var frozen int64
			err := rows.Scan(&s.Roll, &s.Purpose, &s.Region, &frozen, &s.Number)
			s.Frozen = time.UnixMicro(frozen)
			d.Rolls = append(d.Rolls, s)
			return err
		}},
	} {
		rows, err := tx.QueryContext(ctx, l.query, l.arg, mostOwn)
		if err != nil {
			return fmt.Errorf("store: own data: %w", err)
		}
		err = scanAll(rows, l.scan)
		if err != nil {
			return fmt.Errorf("store: own data: %w", err)
		}
	}
	return nil
}

func scanAll(rows *sql.Rows, scan func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
