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
		if err != nil {
			return err
		}
		if !more {
			return s.logMissingEvidence(ctx)
		}
	}
}

// CheckLog compares every entry and every piece of evidence with its leaf in the public log, and every file of evidence with its hash. It
// returns an error that names the first that differs.
func (s *Store) CheckLog(ctx context.Context) error {
	if err := translog.Check(ctx, s.db); err != nil {
		return err
	}
	type fact struct {
		what   string
		commit []byte
	}
	facts := map[int64]fact{}
	claim := func(at *ledger.Logged, what, hidden string, content, private []byte) error {
		if at == nil {
			return fmt.Errorf("%s is not in the public log", what)
		}
		if at.PrivateSalt != nil && !bytes.Equal(private, at.Private) {
			return fmt.Errorf("%s: %s are not what the public log commits to", what, hidden)
		}
		facts[at.Index] = fact{what, translog.Commit(at.Salt, content)}
		return nil
	}
	err := s.Each(ctx, func(e ledger.Entry) error {
		var content, private []byte
		if e.Log != nil {
			content, private = e.LeafContent(e.Log.Private), e.PrivateHash(e.Log.PrivateSalt)
		}
		return claim(e.Log, fmt.Sprintf("entry %d", e.Number), "who gave, who entered it, the method, the reference or the reason", content, private)
	})
	if err != nil {
		return err
	}
	err = s.EachEvidence(ctx, func(i ledger.EvidenceItem) error {
		var content, private []byte
		if i.Log != nil {
			content, private = i.LeafContent(i.Log.Private), i.PrivateHash(i.Log.PrivateSalt)
		}
		return claim(i.Log, evidenceName(i), "who linked it, the name of the file or why there is none", content, private)
	})
	if err != nil {
		return err
	}
	seen := 0
	err = translog.Each(ctx, s.db, func(l translog.Leaf) error {
		want, ok := facts[l.Index]
		if !ok {
			return fmt.Errorf("leaf %d of the public log belongs to no entry and no evidence: one was deleted", l.Index)
		}
		if !bytes.Equal(want.commit, l.Data) {
			return fmt.Errorf("%s is not what leaf %d of the public log commits to", want.what, l.Index)
		}
		seen++
		return nil
	})
	if err == nil && seen != len(facts) {
		err = fmt.Errorf("%d entries and pieces of evidence have a leaf and the public log has %d", len(facts), seen)
	}
	if err != nil {
		return err
	}
	return s.checkFiles(ctx)
}
