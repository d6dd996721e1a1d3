package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

func fileNotFound() error {
	return fault.New(fault.NotFound, "FILE_NOT_FOUND", "There is no such file.")
}

func findFile(ctx context.Context, q reading, id string) (ledger.File, error) {
	f := ledger.File{ID: id}
	var purpose string
	err := q.QueryRowContext(ctx, `SELECT purpose, name, media_type, size, taken, sha256, started_by FROM file WHERE id = $1`, id).
		Scan(&purpose, &f.Name, &f.MediaType, &f.Size, &f.Taken, &f.SHA256, &f.StartedBy)
	f.Purpose = ledger.Purpose(purpose)
	if errors.Is(err, sql.ErrNoRows) {
		return f, fileNotFound()
	}
	if err != nil {
		return f, fmt.Errorf("store: find a file: %w", err)
	}
	return f, nil
}

// File returns what is known of a file, or a NotFound fault.
func (s *Store) File(ctx context.Context, id string) (ledger.File, error) {
	return findFile(ctx, s.db.Reader(), id)
}

// StartFile begins a file.
func (s *Store) StartFile(ctx context.Context, r once.Request, f ledger.File, encode func(ledger.File) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		if _, err := tx.ExecContext(ctx, `INSERT INTO file (id, purpose, name, media_type, size, taken, started, started_by) VALUES ($1, $2, $3, '', $4, 0, $5, $6)`,
			f.ID, string(f.Purpose), f.Name, f.Size, r.At.UnixMicro(), f.StartedBy); err != nil {
			return nil, fmt.Errorf("store: start a file: %w", err)
		}
		return encode(f)
	})
}

// AppendFile keeps the piece that begins at an offset. One that is there already changes nothing: offset and length are
// compared, its content is what finishing hashes.
func (s *Store) AppendFile(ctx context.Context, r once.Request, id, by string, offset int64, data []byte, encode func(ledger.File) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		f, err := ownFile(ctx, tx, id, by)
		if err != nil {
			return nil, err
		}
		end := offset + int64(len(data))
		switch {
		case end <= f.Taken:
			return encode(f)
		case offset != f.Taken:
			return nil, fault.Field("FILE_GAP", "offset", fmt.Sprintf("The next piece begins at byte %d.", f.Taken))
		case end > f.Purpose.MaxFile():
			return nil, fault.Field("FILE_INVALID", "data", fmt.Sprintf("Choose a file of at most %d MiB.", f.Purpose.MaxFile()>>20))
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO file_piece (file, begins, data) VALUES ($1, $2, $3)`, id, offset, data); err != nil {
			return nil, database.StaleKey(fmt.Errorf("store: append to a file: %w", err))
		}
		if _, err := tx.ExecContext(ctx, `UPDATE file SET taken = $2 WHERE id = $1`, id, end); err != nil {
			return nil, fmt.Errorf("store: append to a file: %w", err)
		}
		f.Taken = end
		return encode(f)
	})
}

// ownFile returns a file that is not finished and that this member started.
func ownFile(ctx context.Context, tx *sql.Tx, id, by string) (ledger.File, error) {
	f, err := findFile(ctx, tx, id)
	switch {
	case err != nil:
		return f, err
	case f.StartedBy != by:
		return f, fileNotFound()
	case f.SHA256 != nil:
		return f, fault.New(fault.Conflict, "FILE_FINISHED", "This file is finished: it never changes.")
	}
	return f, nil
}

// FinishFile hashes a file and keeps its type: check sees every byte, and says what it is or refuses.
func (s *Store) FinishFile(ctx context.Context, r once.Request, id, by string, check func(ledger.File) (io.Writer, func() (string, error)), encode func(ledger.File) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		f, err := ownFile(ctx, tx, id, by)
		if err != nil {
			return nil, err
		}
		if f.Taken == 0 || (f.Size > 0 && f.Size != f.Taken) {
			return nil, fault.Field("FILE_INCOMPLETE", "file", fmt.Sprintf("%d bytes came, and it was said to have %d. Choose a file that is not empty.", f.Taken, f.Size))
		}
		hash := sha256.New()
		look, verdict := check(f)
		if _, err := io.Copy(io.MultiWriter(hash, look), &pieces{ctx: ctx, q: tx, file: id}); err != nil {
			return nil, err
		}
		if f.MediaType, err = verdict(); err != nil {
			return nil, err
		}
		f.Size, f.SHA256 = f.Taken, hash.Sum(nil)
		if _, err := tx.ExecContext(ctx, `UPDATE file SET size = $2, media_type = $3, sha256 = $4 WHERE id = $1`, id, f.Size, f.MediaType, f.SHA256); err != nil {
			return nil, fmt.Errorf("store: finish a file: %w", err)
		}
		return encode(f)
	})
}

// pieces reads a file from the database, a piece at a time.
type pieces struct {
	ctx  context.Context
	q    reading
	file string
	at   int64
	left []byte
}

// Read fills p.
func (r *pieces) Read(p []byte) (int, error) {
	if len(r.left) == 0 {
		err := r.q.QueryRowContext(r.ctx, `SELECT data FROM file_piece WHERE file = $1 AND begins = $2`, r.file, r.at).Scan(&r.left)
		if errors.Is(err, sql.ErrNoRows) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, fmt.Errorf("store: read a file: %w", err)
		}
		r.at += int64(len(r.left))
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// ReadFile returns the content of a file that is finished.
func (s *Store) ReadFile(ctx context.Context, id string) io.Reader {
	return &pieces{ctx: ctx, q: s.db.Reader(), file: id}
}

// Evidence is a file linked to an entry, or why there is none.
type Evidence struct {
	Entry    string
	File     *ledger.File
	Waived   string
	Linked   int64
	LinkedBy string
}

// AddEvidence links a finished file of evidence to an entry, or notes why there is none, with its leaf of the public log.
func (s *Store) AddEvidence(ctx context.Context, r once.Request, ev Evidence, encode func(Evidence) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		var number int64
		err := tx.QueryRowContext(ctx, `SELECT number FROM entry WHERE id = $1`, ev.Entry).Scan(&number)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, notFound()
		}
		if err != nil {
			return nil, fmt.Errorf("store: find the entry: %w", err)
		}
		var file sql.NullString
		if ev.File != nil {
			f, err := findFile(ctx, tx, ev.File.ID)
			if err != nil {
				return nil, err
			}
			if f.Purpose != ledger.ForEvidence || f.SHA256 == nil {
				return nil, fault.Field("FILE_INVALID", "file", "Choose a file of evidence that is finished.")
			}
			ev.File, file = &f, sql.NullString{String: f.ID, Valid: true}
		}
		ev.Linked = r.At.UnixMicro()
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO evidence (entry_number, n, file, waived, linked, linked_by)
			VALUES ($1, (SELECT COALESCE(MAX(n), 0) + 1 FROM evidence WHERE entry_number = $1), $2, $3, $4, $5)`,
			number, file, ev.Waived, ev.Linked, ev.LinkedBy); err != nil {
			return nil, database.StaleKey(fmt.Errorf("store: link evidence: %w", err))
		}
		if err := s.logEvidence(ctx, tx, ` WHERE v.entry_number = $1 AND l.leaf IS NULL`, number); err != nil {
			return nil, err
		}
		return encode(ev)
	})
}

// EvidenceOf returns what is linked to an entry, in order; an entry that is not there has none.
func (s *Store) EvidenceOf(ctx context.Context, entry string) ([]Evidence, error) {
	var all []Evidence
	err := each(ctx, s.db.Reader(), "evidence", `
		SELECT COALESCE(v.file, ''), COALESCE(f.name, ''), COALESCE(f.media_type, ''), COALESCE(f.size, 0), f.sha256, v.waived, v.linked, v.linked_by
		FROM entry e JOIN evidence v ON v.entry_number = e.number LEFT JOIN file f ON f.id = v.file
		WHERE e.id = $1 ORDER BY v.n`, []any{entry}, func(rows *sql.Rows) error {
		ev := Evidence{Entry: entry}
		f := ledger.File{Purpose: ledger.ForEvidence}
		if err := rows.Scan(&f.ID, &f.Name, &f.MediaType, &f.Size, &f.SHA256, &ev.Waived, &ev.Linked, &ev.LinkedBy); err != nil {
			return err
		}
		if f.ID != "" {
			f.Taken = f.Size
			ev.File = &f
		}
		all = append(all, ev)
		return nil
	})
	return all, err
}
