package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

const selectEvidence = `
	SELECT e.id, v.entry_number, v.n, v.linked, COALESCE(f.media_type, ''), COALESCE(f.size, 0), f.sha256,
	       COALESCE(f.id, ''), COALESCE(f.name, ''), v.waived, v.linked_by, COALESCE(l.leaf, -1), g.salt, l.private, l.private_salt
	FROM evidence v
	JOIN entry e ON e.number = v.entry_number
	LEFT JOIN file f ON f.id = v.file
	LEFT JOIN evidence_leaf l ON l.entry_number = v.entry_number AND l.n = v.n
	LEFT JOIN log_leaf g ON g.idx = l.leaf`

// EachEvidence calls yield for the evidence of every entry in order of number; one without a file is an entry for which the
// treasurer said why there is none.
func (s *Store) EachEvidence(ctx context.Context, yield func(ledger.EvidenceItem) error) error {
	return eachEvidence(ctx, s.db.Reader(), ` ORDER BY v.entry_number, v.n`, nil, yield)
}

func eachEvidence(ctx context.Context, q querier, tail string, args []any, yield func(ledger.EvidenceItem) error) error {
	return each(ctx, q, "evidence", selectEvidence+tail, args, func(rows *sql.Rows) error {
		var i ledger.EvidenceItem
		var at ledger.Logged
		if err := rows.Scan(&i.Entry, &i.Number, &i.N, &i.Linked, &i.MediaType, &i.Size, &i.SHA256, &i.File, &i.Name, &i.Waived, &i.LinkedBy,
			&at.Index, &at.Salt, &at.Private, &at.PrivateSalt); err != nil {
			return err
		}
		if at.Index >= 0 {
			i.Log = &at
		}
		return yield(i)
	})
}

// EvidenceLeaves returns the places in the public log of what is linked to an entry, in order.
func (s *Store) EvidenceLeaves(ctx context.Context, entry string) ([]ledger.EvidenceItem, error) {
	var all []ledger.EvidenceItem
	err := eachEvidence(ctx, s.db.Reader(), ` WHERE e.id = $1 ORDER BY v.n`, []any{entry}, func(i ledger.EvidenceItem) error {
		all = append(all, i)
		return nil
	})
	return all, err
}

// logEvidence appends the leaves of the evidence that a condition finds. Salts come from the machine, as an entry's.
func (s *Store) logEvidence(ctx context.Context, tx *sql.Tx, where string, args ...any) error {
	if s.unlogged {
		return nil
	}
	var items []ledger.EvidenceItem
	if err := eachEvidence(ctx, tx, where+` ORDER BY v.linked, v.entry_number, v.n`, args, func(i ledger.EvidenceItem) error {
		items = append(items, i)
		return nil
	}); err != nil || len(items) == 0 {
		return err
	}
	log, err := translog.NewBatch(ctx, tx)
	if err != nil {
		return err
	}
	var rows []any
	for _, i := range items {
		salts := make([]byte, 2*translog.SaltSize)
		if _, err := io.ReadFull(rand.Reader, salts); err != nil {
			return fmt.Errorf("store: salt: %w", err)
		}
		private := i.PrivateHash(salts[:translog.SaltSize])
		rows = append(rows, i.Number, i.N, log.Add(salts[translog.SaltSize:], i.LeafContent(private)), private, salts[:translog.SaltSize])
	}
	if err := log.Write(ctx); err != nil {
		return err
	}
	if err := database.InsertRows(ctx, tx, `INSERT INTO evidence_leaf (entry_number, n, leaf, private, private_salt)`, 5, rows); err != nil {
		return database.StaleKey(fmt.Errorf("store: insert leaves of evidence: %w", err))
	}
	return nil
}

// logMissingEvidence appends leaves for the evidence from before evidence had any. It refuses where some has one: then somebody wrote
// past the log.
func (s *Store) logMissingEvidence(ctx context.Context) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const without = ` WHERE l.leaf IS NULL`
		var logged int64
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM evidence_leaf`).Scan(&logged); err != nil {
			return fmt.Errorf("store: leaves of evidence: %w", err)
		}
		if logged == 0 {
			return s.logEvidence(ctx, tx, without)
		}
		return eachEvidence(ctx, tx, without+` ORDER BY v.entry_number, v.n LIMIT 1`, nil, func(i ledger.EvidenceItem) error {
			return fmt.Errorf("store: %s is not in the public log and other evidence is: run folkmoot doctor --deep", evidenceName(i))
		})
	})
}

func evidenceName(i ledger.EvidenceItem) string {
	return fmt.Sprintf("evidence %d of entry %d", i.N, i.Number)
}

// checkFiles compares every file of evidence with its hash, and says which entry it belongs to.
func (s *Store) checkFiles(ctx context.Context) error {
	var items []ledger.EvidenceItem
	if err := s.EachEvidence(ctx, func(i ledger.EvidenceItem) error {
		if i.File != "" {
			items = append(items, i)
		}
		return nil
	}); err != nil {
		return err
	}
	for _, i := range items {
		h := sha256.New()
		n, err := io.Copy(h, s.ReadFile(ctx, i.File))
		if err != nil {
			return err
		}
		if n != i.Size || !bytes.Equal(h.Sum(nil), i.SHA256) {
			return fmt.Errorf("the file of %s is not the one whose hash was recorded", evidenceName(i))
		}
	}
	return nil
}
