package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// NamedNeed is an access need with the member's name.
type NamedNeed struct {
	membership.AccessNeed
	Name string
}

// SetAccessNeed keeps what a member needs at a meeting, once; empty needs take it back.
func (s *Store) SetAccessNeed(ctx context.Context, r once.Request, n membership.AccessNeed, encode Encode[NamedNeed]) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		name, history, err := person(ctx, tx, n.Member)
		if err != nil {
			return nil, err
		}
		if !history.On(r.At).Member() {
			return nil, fault.New(fault.Conflict, "NOT_A_MEMBER", "Meetings are for members.")
		}
		if n.Region != "" {
			if there, err := regionExists(ctx, tx, n.Region); err != nil || !there {
				if err == nil {
					err = fault.Field("REGION_UNKNOWN", "region", "There is no such region.")
				}
				return nil, err
			}
		}
		if n.Needs == "" {
			_, err = tx.ExecContext(ctx, `DELETE FROM access_need WHERE meeting = $1 AND member = $2`, n.Meeting, n.Member)
		} else {
			_, err = tx.ExecContext(ctx, `
				INSERT INTO access_need (meeting, member, region, needs, until) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (meeting, member) DO UPDATE SET region = excluded.region, needs = excluded.needs, until = excluded.until`,
				n.Meeting, n.Member, n.Region, n.Needs, n.Until.UnixMicro())
		}
		if err != nil {
			return nil, fmt.Errorf("store: access need: %w", err)
		}
		return encode(NamedNeed{n, name})
	})
}

// AccessNeeds returns those of a meeting that a reader may see: of every region where all is true, else of the given ones. What is due is
// not shown any more.
func (s *Store) AccessNeeds(ctx context.Context, meeting string, all bool, regions []string, now time.Time) ([]NamedNeed, error) {
	where, args := `a.meeting = $1 AND a.until > $2`, []any{meeting, now.UnixMicro()}
	if !all {
		if len(regions) == 0 {
			return nil, nil
		}
		for _, r := range regions {
			args = append(args, r)
		}
		where += ` AND a.region IN (` + placeholders(3, len(regions)) + `)`
	}
	return s.needs(ctx, where, args...)
}

// MyAccessNeeds returns a member's own.
func (s *Store) MyAccessNeeds(ctx context.Context, member string, now time.Time) ([]NamedNeed, error) {
	return s.needs(ctx, `a.member = $1 AND a.until > $2`, member, now.UnixMicro())
}

func (s *Store) needs(ctx context.Context, where string, args ...any) ([]NamedNeed, error) {
	rows, err := s.db.Reader().QueryContext(ctx, `
		SELECT a.meeting, a.member, a.region, a.needs, a.until, m.name FROM access_need a JOIN member m ON m.id = a.member
		WHERE `+where+` ORDER BY m.name_fold, a.member, a.meeting`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: access needs: %w", err)
	}
	defer rows.Close()
	var all []NamedNeed
	for rows.Next() {
		var n NamedNeed
		var until int64
		if err := rows.Scan(&n.Meeting, &n.Member, &n.Region, &n.Needs, &until, &n.Name); err != nil {
			return nil, fmt.Errorf("store: access needs: %w", err)
		}
		n.Until = time.UnixMicro(until)
		all = append(all, n)
	}
	return all, rows.Err()
}
