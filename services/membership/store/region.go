package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// CreateRegion founds a group, once.
func (s *Store) CreateRegion(ctx context.Context, r once.Request, region membership.Region, encode Encode[membership.Region]) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		result, err := tx.ExecContext(ctx, `INSERT INTO region (id, name, state, made) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`,
			region.ID, region.Name, string(region.State), r.At.UnixMicro())
		if err != nil {
			return nil, fmt.Errorf("store: create a region: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil {
			return nil, err
		} else if n == 0 {
			return nil, fault.New(fault.Exists, "REGION_EXISTS", "There is a region with this id already.")
		}
		return encode(region)
	})
}

// ChangeRegion gives a group another state, once.
func (s *Store) ChangeRegion(ctx context.Context, r once.Request, id string, state membership.RegionState, encode Encode[membership.Region]) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		region := membership.Region{ID: id}
		var now string
		err := tx.QueryRowContext(ctx, `SELECT name, state FROM region WHERE id = $1`, id).Scan(&region.Name, &now)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, fault.New(fault.NotFound, "REGION_NOT_FOUND", "There is no such region.")
		}
		if err != nil {
			return nil, fmt.Errorf("store: find a region: %w", err)
		}
		region.State = membership.RegionState(now)
		if region, err = region.Become(state); err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE region SET state = $2 WHERE id = $1`, id, string(region.State)); err != nil {
			return nil, fmt.Errorf("store: change a region: %w", err)
		}
		return encode(region)
	})
}

// Regions returns all regions by name.
func (s *Store) Regions(ctx context.Context) ([]membership.Region, error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT id, name, state FROM region ORDER BY name, id`)
	if err != nil {
		return nil, fmt.Errorf("store: regions: %w", err)
	}
	defer rows.Close()
	var all []membership.Region
	for rows.Next() {
		var r membership.Region
		var state string
		if err := rows.Scan(&r.ID, &r.Name, &state); err != nil {
			return nil, fmt.Errorf("store: regions: %w", err)
		}
		r.State = membership.RegionState(state)
		all = append(all, r)
	}
	return all, rows.Err()
}
