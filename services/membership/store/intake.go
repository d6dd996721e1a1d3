package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/intake"
)

// The states of an intake.
const (
	IntakeReceiving = "receiving"
	IntakeChecking  = "checking"
	IntakeRefused   = "refused"
	IntakeClean     = "clean"
	IntakeApplying  = "applying"
	IntakeDone      = "done"
)

const (
	// MaxPart bounds one part of a file, and maxIntake the file, in bytes: a million members with room to spare.
	MaxPart   = 512 << 10
	maxIntake = 512 << 20
	// mistakesKept is how many mistakes are kept; the others are counted.
	mistakesKept = 100
	// rowsAtOnce is how many rows a transaction of the dry run deals with.
	rowsAtOnce = 500
	maxFile    = 200
	// ByOperator is who takes members in with the command on the data folder.
	ByOperator = "operator"
)

// Intake is a file of members to take in.
type Intake struct {
	// ID is its id, File the file's name, By who brought it and Made when.
	ID, File, By string
	Made         time.Time
	// State is how far it is.
	State string
	// Received counts bytes; Rows, Known and Mistakes are of the dry run; Done and Added of the taking in.
	Received, Rows, Known, Mistakes, Done, Added int64
	// First are the first mistakes.
	First []intake.Mistake

	applied int64
}

const selectIntakes = `SELECT id, file, by_whom, made, state, received, row_count, known, mistakes, done, added, applied FROM intake `

func scanIntakes(rows *sql.Rows, err error) ([]Intake, error) {
	if err != nil {
		return nil, fmt.Errorf("store: imports: %w", err)
	}
	defer rows.Close()
	var all []Intake
	for rows.Next() {
		var n Intake
		var made int64
		if err := rows.Scan(&n.ID, &n.File, &n.By, &made, &n.State, &n.Received, &n.Rows, &n.Known, &n.Mistakes, &n.Done, &n.Added, &n.applied); err != nil {
			return nil, fmt.Errorf("store: imports: %w", err)
		}
		n.Made = time.UnixMicro(made)
		all = append(all, n)
	}
	return all, rows.Err()
}

func intakeByID(ctx context.Context, q querier, intakeID string) (Intake, error) {
	var all []Intake
	var err error
	if id.Valid(intakeID) {
		all, err = scanIntakes(q.QueryContext(ctx, selectIntakes+`WHERE id = $1`, intakeID))
	}
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "IMPORT_NOT_FOUND", "There is no such import.")
	}
	if err != nil {
		return Intake{}, err
	}
	n := all[0]
	rows, err := q.QueryContext(ctx, `SELECT line, col, field, message FROM intake_mistake WHERE intake = $1 ORDER BY number`, intakeID)
	if err != nil {
		return n, fmt.Errorf("store: mistakes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var m intake.Mistake
		if err := rows.Scan(&m.Line, &m.Column, &m.Field, &m.Message); err != nil {
			return n, fmt.Errorf("store: mistakes: %w", err)
		}
		n.First = append(n.First, m)
	}
	return n, rows.Err()
}

// Intake returns an import with its first mistakes, or a NotFound fault.
func (s *Store) Intake(ctx context.Context, intakeID string) (Intake, error) {
	var n Intake
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) (err error) {
		n, err = intakeByID(ctx, tx, intakeID)
		return err
	})
	return n, err
}

// Intakes returns the latest imports, newest first, at most limit.
func (s *Store) Intakes(ctx context.Context, limit int) ([]Intake, error) {
	return scanIntakes(s.db.Reader().QueryContext(ctx, selectIntakes+`ORDER BY made DESC, id DESC LIMIT $1`, limit))
}

// intakeLife is how long a file waits to be completed, or to be taken in.
const intakeLife = 7 * 24 * time.Hour

// ForgetIntakes deletes the files that nobody went on with.
func (s *Store) ForgetIntakes(ctx context.Context, now time.Time) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		all, err := scanIntakes(tx.QueryContext(ctx, selectIntakes+`WHERE made < $1 AND state IN ('receiving', 'clean', 'refused')`, now.Add(-intakeLife).UnixMicro()))
		if err != nil {
			return err
		}
		for _, n := range all {
			if err := forgetIntake(ctx, tx, n.ID, "intake_part", "intake_row", "intake_mistake"); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM intake WHERE id = $1`, n.ID); err != nil {
				return fmt.Errorf("store: forget an import: %w", err)
			}
		}
		return nil
	})
}

// IntakesUnderway returns the ids of those that are being checked or applied.
func (s *Store) IntakesUnderway(ctx context.Context) ([]string, error) {
	all, err := scanIntakes(s.db.Reader().QueryContext(ctx, selectIntakes+`WHERE state IN ('checking', 'applying') ORDER BY made, id`))
	var ids []string
	for _, n := range all {
		ids = append(ids, n.ID)
	}
	return ids, err
}

// BeginIntake begins an import of a file.
func (s *Store) BeginIntake(ctx context.Context, r once.Request, file, by string, encode func(Intake) ([]byte, error)) ([]byte, error) {
	file = strings.Join(strings.Fields(file), " ")
	if n := utf8.RuneCountInString(file); n < 1 || n > maxFile || !utf8.ValidString(file) || strings.ContainsRune(file, 0) {
		return nil, fault.Field("IMPORT_INVALID", "file", "Give the file's name, in 1 to 200 characters.")
	}
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		n := Intake{File: file, By: by, Made: r.At, State: IntakeReceiving}
		var err error
		if n.ID, err = id.New(r.At, s.random); err != nil {
			return nil, err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO intake (id, file, by_whom, made, state, received, line, row_count, known, mistakes, applied, done, added)
			VALUES ($1, $2, $3, $4, 'receiving', 0, 0, 0, 0, 0, 0, 0, 0)`, n.ID, n.File, n.By, n.Made.UnixMicro())
		if err != nil {
			return nil, fmt.Errorf("store: begin an import: %w", err)
		}
		return encode(n)
	})
}

// AddPart adds a part to the file at its present end. The same part again changes nothing.
func (s *Store) AddPart(ctx context.Context, intakeID string, offset int64, data []byte) (Intake, error) {
	var n Intake
	if len(data) == 0 || len(data) > MaxPart {
		return n, fault.Field("IMPORT_INVALID", "data", "Send the file in parts of 1 to 524,288 bytes.")
	}
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if n, err = intakeByID(ctx, tx, intakeID); err != nil {
			return err
		}
		if n.State != IntakeReceiving {
			return wrongState(n)
		}
		if offset != n.Received {
			var size int64
			err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(length(data)), 0) FROM intake_part WHERE intake = $1 AND start = $2`, intakeID, offset).Scan(&size)
			if err != nil {
				return fmt.Errorf("store: a part: %w", err)
			}
			if size == int64(len(data)) && offset+size == n.Received {
				return nil
			}
			return fault.New(fault.Conflict, "IMPORT_OFFSET", fmt.Sprintf("Go on at byte %d: so much of the file has arrived.", n.Received))
		}
		if n.Received+int64(len(data)) > maxIntake {
			return fault.Field("IMPORT_TOO_LARGE", "data", "The file is larger than 512 MB.")
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO intake_part (intake, start, data) VALUES ($1, $2, $3)`, intakeID, offset, data); err != nil {
			return fmt.Errorf("store: insert a part: %w", err)
		}
		n.Received += int64(len(data))
		return setIntake(ctx, tx, intakeID, `received = $2`, n.Received)
	})
	return n, err
}

func setIntake(ctx context.Context, tx *sql.Tx, intakeID, what string, args ...any) error {
	if _, err := tx.ExecContext(ctx, `UPDATE intake SET `+what+` WHERE id = $1`, append([]any{intakeID}, args...)...); err != nil {
		return fmt.Errorf("store: change an import: %w", err)
	}
	return nil
}

func wrongState(n Intake) error {
	says := map[string]string{
		IntakeReceiving: "The file has not been checked yet.", IntakeChecking: "The file is being checked.", IntakeClean: "The file was checked: take its members in.",
		IntakeRefused: "There are mistakes in the file: correct them and begin again.", IntakeApplying: "Its members are being taken in.", IntakeDone: "Its members were taken in.",
	}
	return fault.New(fault.Conflict, "IMPORT_STATE", says[n.State]).With("state", n.State)
}

// TurnIntake takes an import from one state to the next: from receiving to checking, or from clean to applying. One that is on its way
// already is left so.
func (s *Store) TurnIntake(ctx context.Context, intakeID, from, to string) (Intake, error) {
	var n Intake
	err := s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if n, err = intakeByID(ctx, tx, intakeID); err != nil {
			return err
		}
		switch {
		case n.State == to:
			return nil
		case n.State != from:
			return wrongState(n)
		case n.Received == 0:
			return fault.Field("IMPORT_INVALID", "data", "Nothing of the file has arrived.")
		}
		n.State = to
		return setIntake(ctx, tx, intakeID, `state = $2`, to)
	})
	return n, err
}

// parts reads a file part by part.
type parts struct {
	ctx  context.Context // An io.Reader takes none.
	s    *Store
	id   string
	next int64
	data []byte
}

func (p *parts) Read(b []byte) (int, error) {
	if len(p.data) == 0 {
		err := p.s.db.Reader().QueryRowContext(p.ctx, `SELECT data FROM intake_part WHERE intake = $1 AND start = $2`, p.id, p.next).Scan(&p.data)
		if errors.Is(err, sql.ErrNoRows) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, fmt.Errorf("store: a part: %w", err)
		}
		p.next += int64(len(p.data))
	}
	n := copy(b, p.data)
	p.data = p.data[n:]
	return n, nil
}

// regionsByName are what a file may call the regions.
func (s *Store) regionsByName(ctx context.Context) (map[string]string, error) {
	all, err := s.Regions(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, r := range all {
		names[membership.Fold(r.Name)] = r.ID
	}
	for _, r := range all {
		names[r.ID] = r.ID
	}
	return names, nil
}

// errTakenOver means that another process goes on with the import.
var errTakenOver = errors.New("store: another process goes on with this import")

// CheckIntake reads a whole file that is being checked and finds it clean or refuses it. Begun again after a crash it begins anew.
// progress, where not nil, hears how many rows were read. today is midnight of the present day in the society's zone.
func (s *Store) CheckIntake(ctx context.Context, intakeID string, today time.Time, progress func(rows int64)) error {
	regions, err := s.regionsByName(ctx)
	if err != nil {
		return err
	}
	c := &checker{s: s, id: intakeID}
	if err := c.restart(ctx); err != nil {
		return err
	}
	reader, wrong, err := intake.NewReader(&parts{ctx: ctx, s: s, id: intakeID}, intake.Options{Regions: regions, Today: today})
	if err != nil {
		return err
	}
	c.wrong = wrong
	for reader != nil {
		row, wrong, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		c.rows++
		if len(wrong) == 0 {
			c.batch = append(c.batch, row)
		}
		c.wrong = append(c.wrong, wrong...)
		if len(c.batch) >= rowsAtOnce || len(c.wrong) >= rowsAtOnce {
			if err := c.flush(ctx); err != nil {
				return err
			}
			if progress != nil {
				progress(c.rows)
			}
		}
	}
	if err := c.flush(ctx); err != nil {
		return err
	}
	return c.finish(ctx)
}

func forgetIntake(ctx context.Context, tx *sql.Tx, intakeID string, tables ...string) error {
	for _, table := range tables {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE intake = $1`, intakeID); err != nil {
			return fmt.Errorf("store: forget a file: %w", err)
		}
	}
	return nil
}
