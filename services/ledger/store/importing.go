package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/statement"
)

// The states of an import.
const (
	Checking  = "checking"
	Ready     = "ready"
	Importing = "importing"
	Imported  = "imported"
	Failed    = "failed"
	Discarded = "discarded"
)

// Found is what checking a file found.
type Found struct {
	Format, ColumnMap               string
	Lines, Known, Refused, Pending  int64
	In, Out                         int64
	From, To                        string
	Closing                         *int64 `json:",omitempty"`
	ClosingDate, Verdict, VerdictIn string
	Problems                        []statement.Problem
	Preview                         []statement.Line
}

// Import is a bank's file and what became of it.
type Import struct {
	ID, State, Account string
	File               ledger.File
	ColumnMap          string
	Checked            int64
	CheckedBy          string
	ReadBytes          int64
	ReadLines          int64
	// Kept is how many lines were new.
	Kept     int64
	LeaveOut bool
	Found    Found
	Version  int64
}

func findImports(ctx context.Context, q querier, whole bool, tail string, args ...any) ([]Import, error) {
	var all []Import
	err := each(ctx, q, "imports", `
		SELECT i.id, i.state, i.account, i.column_map, i.checked, i.checked_by, i.read_bytes, i.read_lines, i.kept, i.leave_out, i.found, i.version, f.id, f.name, f.size, f.sha256
		FROM bank_import i JOIN file f ON f.id = i.file `+tail, args, func(rows *sql.Rows) error {
		var i Import
		var found string
		if err := rows.Scan(&i.ID, &i.State, &i.Account, &i.ColumnMap, &i.Checked, &i.CheckedBy, &i.ReadBytes, &i.ReadLines, &i.Kept, &i.LeaveOut, &found, &i.Version,
			&i.File.ID, &i.File.Name, &i.File.Size, &i.File.SHA256); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(found), &i.Found); err != nil {
			return err
		}
		if !whole {
			i.Found.Problems, i.Found.Preview = nil, nil
		}
		all = append(all, i)
		return nil
	})
	return all, err
}

func oneImport(ctx context.Context, q querier, id string) (Import, error) {
	all, err := findImports(ctx, q, true, `WHERE i.id = $1`, id)
	if err != nil {
		return Import{}, err
	}
	if len(all) == 0 {
		return Import{}, fault.New(fault.NotFound, "IMPORT_NOT_FOUND", "There is no such import.")
	}
	return all[0], nil
}

// Import returns an import, or a NotFound fault.
func (s *Store) Import(ctx context.Context, id string) (Import, error) {
	return oneImport(ctx, s.db.Reader(), id)
}

// Imports returns the last 100, newest first, without problems and previews.
func (s *Store) Imports(ctx context.Context) ([]Import, error) {
	return findImports(ctx, s.db.Reader(), false, `ORDER BY i.checked DESC, i.id DESC LIMIT 100`)
}

// DueImport returns the import that has waited longest for a file to be read, or false.
func (s *Store) DueImport(ctx context.Context) (Import, bool, error) {
	all, err := findImports(ctx, s.db.Reader(), false, `WHERE i.state IN ('checking', 'importing') ORDER BY i.id LIMIT 1`)
	if err != nil || len(all) == 0 {
		return Import{}, false, err
	}
	return all[0], true, nil
}

// StartImport begins to check a file.
func (s *Store) StartImport(ctx context.Context, r once.Request, i Import, decide func(ledger.Books) error, encode func(Import) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		f, err := findFile(ctx, tx, i.File.ID)
		if err != nil {
			return nil, err
		}
		if f.Purpose != ledger.ForStatement || f.SHA256 == nil {
			return nil, fault.Field("FILE_INVALID", "file", "Choose a bank's file that is finished.")
		}
		books, err := loadBooks(ctx, tx, r.At.UnixMicro())
		if err != nil {
			return nil, err
		}
		if err := decide(books); err != nil {
			return nil, err
		}
		if i.ColumnMap != "" {
			if _, err := columnMap(ctx, tx, i.ColumnMap); err != nil {
				return nil, err
			}
		}
		out := i
		out.File, out.State, out.Version, out.Checked = f, Checking, 1, r.At.UnixMicro()
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO bank_import (id, state, account, file, column_map, checked, checked_by, read_bytes, read_lines, kept, leave_out, found, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, FALSE, '{}', 1)`,
			out.ID, out.State, out.Account, out.File.ID, out.ColumnMap, out.Checked, out.CheckedBy); err != nil {
			return nil, fmt.Errorf("store: start an import: %w", err)
		}
		return encode(out)
	})
}

// ChangeImport has decide say what becomes of an import that a person looked at.
func (s *Store) ChangeImport(ctx context.Context, r once.Request, id string, decide func(Import) (state string, leaveOut bool, err error), encode func(Import) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		i, err := oneImport(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if i.State, i.LeaveOut, err = decide(i); err != nil {
			return nil, err
		}
		i.Version++
		i.ReadBytes, i.ReadLines = 0, 0
		if _, err := tx.ExecContext(ctx, `UPDATE bank_import SET state = $2, leave_out = $3, version = $4, read_bytes = 0, read_lines = 0 WHERE id = $1`, id, i.State, i.LeaveOut, i.Version); err != nil {
			return nil, fmt.Errorf("store: change an import: %w", err)
		}
		return encode(i)
	})
}

// Read notes how far the reading of a file is.
func (s *Store) Read(ctx context.Context, id string, bytes, lines int64) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE bank_import SET read_bytes = $2, read_lines = $3 WHERE id = $1`, id, bytes, lines)
		return err
	})
}

// Checked keeps what checking found, if the import still waits for it.
func (s *Store) Checked(ctx context.Context, id, state string, found Found) error {
	content, err := json.Marshal(found)
	if err != nil {
		return fmt.Errorf("store: encode what was found: %w", err)
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE bank_import SET state = $2, found = $3, version = version + 1 WHERE id = $1 AND state = 'checking'`, id, state, string(content))
		return err
	})
}

// Known counts those of some ids of lines that are kept already.
func (s *Store) Known(ctx context.Context, ids []string) (int64, error) {
	args := make([]any, len(ids))
	marks := make([]string, len(ids))
	for i, id := range ids {
		args[i], marks[i] = id, fmt.Sprintf("$%d", i+1)
	}
	var n int64
	if err := s.db.Reader().QueryRowContext(ctx, `SELECT COUNT(*) FROM bank_line WHERE id IN (`+strings.Join(marks, ", ")+`)`, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("store: known lines: %w", err)
	}
	return n, nil
}

// columns of a bank line, and a row of marks for them.
const lineColumns = 17

// Keep keeps a batch of lines of an import with how far the reading is, in one transaction. Lines that are there already are
// left as they are, so that a batch may come twice: after a crash the file is read again from its beginning.
func (s *Store) Keep(ctx context.Context, id string, lines []ledger.BankLine, bytes, read int64) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		kept := int64(0)
		if len(lines) > 0 {
			var b strings.Builder
			args := make([]any, 0, len(lines)*lineColumns)
			b.WriteString(`INSERT INTO bank_line (id, account, booked, pence, description, counterparty, other, reference, end_to_end, kind, reversal, parts, import, file_line, in_books, aside, version) VALUES `)
			for i, l := range lines {
				parts := ""
				if len(l.Parts) > 0 {
					raw, err := json.Marshal(l.Parts)
					if err != nil {
						return fmt.Errorf("store: encode the parts of a line: %w", err)
					}
					parts = string(raw)
				}
				if i > 0 {
					b.WriteString(", ")
				}
				for c := range lineColumns {
					b.WriteString([]string{"($", ", $"}[min(c, 1)])
					fmt.Fprint(&b, i*lineColumns+c+1)
				}
				b.WriteByte(')')
				args = append(args, l.ID, l.Account, l.Booked, l.Minor, l.Description, l.Counterparty, l.CounterpartyAccount, l.Reference, l.EndToEnd, l.Kind,
					l.Reversal, parts, id, int64(l.FileLine), int64(0), "", int64(1))
			}
			b.WriteString(` ON CONFLICT (id) DO NOTHING`)
			result, err := tx.ExecContext(ctx, b.String(), args...)
			if err != nil {
				return fmt.Errorf("store: keep lines: %w", err)
			}
			if kept, err = result.RowsAffected(); err != nil {
				return fmt.Errorf("store: keep lines: %w", err)
			}
		}
		killpoint.Reach("ledger.lines-kept")
		_, err := tx.ExecContext(ctx, `UPDATE bank_import SET kept = kept + $2, read_bytes = $3, read_lines = $4 WHERE id = $1`, id, kept, bytes, read)
		if err != nil {
			return fmt.Errorf("store: keep lines: %w", err)
		}
		return nil
	})
}

// Imported notes that all lines of an import are kept.
func (s *Store) Imported(ctx context.Context, id string) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE bank_import SET state = 'imported', version = version + 1 WHERE id = $1 AND state = 'importing'`, id)
		return err
	})
}

// ColumnMap is a map of a bank's CSV file that was saved.
type ColumnMap struct {
	statement.Columns
	Version int64
}

func columnMap(ctx context.Context, q reading, name string) (ColumnMap, error) {
	if preset, ok := statement.Preset(name); ok {
		return ColumnMap{Columns: preset}, nil
	}
	var m ColumnMap
	var content string
	err := q.QueryRowContext(ctx, `SELECT content, version FROM column_map WHERE name = $1`, name).Scan(&content, &m.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return m, fault.Field("COLUMN_MAP_NOT_FOUND", "column_map", "Choose a column map that is there.")
	}
	if err != nil {
		return m, fmt.Errorf("store: find a column map: %w", err)
	}
	return m, json.Unmarshal([]byte(content), &m.Columns)
}

// ColumnMap returns a preset or a map that was saved, or an Invalid fault.
func (s *Store) ColumnMap(ctx context.Context, name string) (ColumnMap, error) {
	return columnMap(ctx, s.db.Reader(), name)
}

// ColumnMaps returns those that were saved, by name.
func (s *Store) ColumnMaps(ctx context.Context) ([]ColumnMap, error) {
	var all []ColumnMap
	err := each(ctx, s.db.Reader(), "column maps", `SELECT content, version FROM column_map ORDER BY name`, nil, func(rows *sql.Rows) error {
		var m ColumnMap
		var content string
		if err := rows.Scan(&content, &m.Version); err != nil {
			return err
		}
		all = append(all, m)
		return json.Unmarshal([]byte(content), &all[len(all)-1].Columns)
	})
	return all, err
}

// SaveColumnMap saves a map; decide sees the version of the one that it replaces, 0 for none.
func (s *Store) SaveColumnMap(ctx context.Context, r once.Request, c statement.Columns, decide func(version int64) error, encode func(ColumnMap) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		var version int64
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM column_map WHERE name = $1`, c.Name).Scan(&version); err != nil {
			return nil, fmt.Errorf("store: find a column map: %w", err)
		}
		if err := decide(version); err != nil {
			return nil, err
		}
		content, err := json.Marshal(c)
		if err != nil {
			return nil, fmt.Errorf("store: encode a column map: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO column_map (name, content, version) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET content = excluded.content, version = excluded.version`, c.Name, string(content), version+1); err != nil {
			return nil, fmt.Errorf("store: save a column map: %w", err)
		}
		return encode(ColumnMap{Columns: c, Version: version + 1})
	})
}
