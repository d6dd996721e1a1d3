package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// LogMissing appends leaves for the entries that were written before there was a log, in order. It does nothing once every
// entry has one, and refuses where an entry after the first without a leaf has one: then somebody wrote past the log.
func (s *Store) LogMissing(ctx context.Context) error {
	for {
		more := false
		err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			var first, logged int64
			err := tx.QueryRowContext(ctx, `
				SELECT COALESCE((SELECT MIN(e.number) FROM entry e WHERE NOT EXISTS (SELECT 1 FROM entry_leaf l WHERE l.entry_number = e.number)), 0),
				       COALESCE((SELECT MAX(entry_number) FROM entry_leaf), 0)`).Scan(&first, &logged)
			if more = err == nil && first > 0; !more {
				return err
			}
			if logged > first {
				return fmt.Errorf("store: entry %d is not in the public log and entry %d is: run folkmoot doctor --deep", first, logged)
			}
			entries, err := find(ctx, tx, ` WHERE e.number IN (SELECT n.number FROM entry n WHERE n.number >= $1 ORDER BY n.number LIMIT 256)`, first)
			if err != nil {
				return err
			}
			if len(entries) == 0 {
				return fmt.Errorf("store: entry %d has no postings: run folkmoot doctor --deep", first)
			}
			for _, e := range entries {
				if err := appendLeaf(ctx, tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || !more {
			return err
		}
	}
}

// CheckLog compares every entry with its leaf in the public log and returns an error that names the first that differs.
func (s *Store) CheckLog(ctx context.Context) error {
	if err := translog.Check(ctx, s.db); err != nil {
		return err
	}
	entries := map[int64]int64{}
	contents := map[int64][]byte{}
	err := s.Each(ctx, func(e ledger.Entry) error {
		if e.Log == nil {
			return fmt.Errorf("entry %d is not in the public log", e.Number)
		}
		if e.Log.PrivateSalt != nil && !bytes.Equal(e.PrivateHash(e.Log.PrivateSalt), e.Log.Private) {
			return fmt.Errorf("entry %d: who gave, who entered it, the method, the reference or the reason are not what the public log commits to", e.Number)
		}
		entries[e.Log.Index] = e.Number
		contents[e.Log.Index] = translog.Commit(e.Log.Salt, e.LeafContent(e.Log.Private))
		return nil
	})
	if err != nil {
		return err
	}
	seen := 0
	err = translog.Each(ctx, s.db, func(l translog.Leaf) error {
		want, ok := contents[l.Index]
		if !ok {
			return fmt.Errorf("leaf %d of the public log belongs to no entry: one was deleted", l.Index)
		}
		if !bytes.Equal(want, l.Data) {
			return fmt.Errorf("entry %d is not what leaf %d of the public log commits to", entries[l.Index], l.Index)
		}
		seen++
		return nil
	})
	if err == nil && seen != len(contents) {
		err = fmt.Errorf("%d entries have a leaf and the public log has %d", len(contents), seen)
	}
	return err
}
