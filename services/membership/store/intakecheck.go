package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/localgovdigital/folkmoot/services/membership"
	"github.com/localgovdigital/folkmoot/services/membership/intake"
)

// checker is a dry run.
type checker struct {
	s     *Store
	id    string
	batch []intake.Row
	wrong []intake.Mistake
	// saved is what stands in the table, so that two dry runs of one file do not mix.
	rows, saved, known, mistakes int64
}

func (c *checker) restart(ctx context.Context) error {
	return c.s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err := intakeByID(ctx, tx, c.id)
		if err != nil {
			return err
		}
		if n.State != IntakeChecking {
			return errTakenOver
		}
		for _, table := range []string{"intake_row", "intake_mistake"} {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE intake = $1`, c.id); err != nil {
				return fmt.Errorf("store: begin a dry run: %w", err)
			}
		}
		return setIntake(ctx, tx, c.id, `row_count = 0, known = 0, mistakes = 0`)
	})
}

func (c *checker) flush(ctx context.Context) error {
	var known, mistakes int64
	err := c.s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		wrong := c.wrong
		doubles, err := c.insert(ctx, tx)
		if err != nil {
			return err
		}
		wrong = append(wrong[:len(wrong):len(wrong)], doubles...)
		if known, err = c.countKnown(ctx, tx); err != nil {
			return err
		}
		mistakes = int64(len(wrong))
		for i, m := range wrong[:min(len(wrong), int(max(0, mistakesKept-c.mistakes)))] {
			if _, err := tx.ExecContext(ctx, `INSERT INTO intake_mistake (intake, number, line, col, field, message) VALUES ($1, $2, $3, $4, $5, $6)`,
				c.id, c.mistakes+int64(i), m.Line, m.Column, m.Field, m.Message); err != nil {
				return fmt.Errorf("store: keep a mistake: %w", err)
			}
		}
		return c.advance(ctx, tx, `row_count = $2, known = $3, mistakes = $4`, c.rows, c.known+known, c.mistakes+mistakes)
	})
	if err != nil {
		return err
	}
	c.saved, c.known, c.mistakes = c.rows, c.known+known, c.mistakes+mistakes
	c.batch, c.wrong = c.batch[:0], nil
	return nil
}

// advance changes the import if it is where this dry run left it.
func (c *checker) advance(ctx context.Context, tx *sql.Tx, what string, args ...any) error {
	args = append([]any{c.id}, args...)
	args = append(args, c.saved)
	result, err := tx.ExecContext(ctx, `UPDATE intake SET `+what+fmt.Sprintf(` WHERE id = $1 AND state = 'checking' AND row_count = $%d`, len(args)), args...)
	if err != nil {
		return fmt.Errorf("store: go on with a dry run: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, errTakenOver)
	}
	return nil
}

// insert keeps the rows, and returns those whose address stands in the file before.
func (c *checker) insert(ctx context.Context, tx *sql.Tx) ([]intake.Mistake, error) {
	if len(c.batch) == 0 {
		return nil, nil
	}
	var b strings.Builder
	var args []any
	for i, r := range c.batch {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(" + placeholders(len(args)+1, 8) + ")")
		args = append(args, c.id, r.Line, r.Name, r.Email, []byte(membership.Fold(r.Email)), r.Region, r.Language, stored(r.Admitted))
	}
	rows, err := tx.QueryContext(ctx, `INSERT INTO intake_row (intake, line, name, email, email_fold, region, language, admitted) VALUES `+b.String()+`
		ON CONFLICT (intake, email_fold) DO NOTHING RETURNING line`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: keep rows: %w", err)
	}
	defer rows.Close()
	kept := map[int]bool{}
	for rows.Next() {
		var line int
		if err := rows.Scan(&line); err != nil {
			return nil, fmt.Errorf("store: keep rows: %w", err)
		}
		kept[line] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: keep rows: %w", err)
	}
	rows.Close()
	var wrong []intake.Mistake
	for _, r := range c.batch {
		if kept[r.Line] {
			continue
		}
		var first int64
		if err := tx.QueryRowContext(ctx, `SELECT line FROM intake_row WHERE intake = $1 AND email_fold = $2`, c.id, []byte(membership.Fold(r.Email))).Scan(&first); err != nil {
			return nil, fmt.Errorf("store: find a double: %w", err)
		}
		wrong = append(wrong, intake.Mistake{Line: r.Line, Column: r.EmailColumn, Field: intake.Email,
			Message: fmt.Sprintf("This address stands in line %d already. Each member has their own.", first)})
	}
	return wrong, nil
}

func (c *checker) countKnown(ctx context.Context, tx *sql.Tx) (int64, error) {
	if len(c.batch) == 0 {
		return 0, nil
	}
	var args []any
	for _, r := range c.batch {
		args = append(args, []byte(membership.Fold(r.Email)))
	}
	var n int64
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM member WHERE email_fold IN (`+placeholders(1, len(args))+`)`, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("store: whom the register knows: %w", err)
	}
	return n, nil
}

// finish says what the dry run found. What is not needed any more is deleted.
func (c *checker) finish(ctx context.Context) error {
	return c.s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		state := IntakeClean
		if c.mistakes > 0 {
			state = IntakeRefused
		}
		if err := c.advance(ctx, tx, `state = $2`, state); err != nil {
			return err
		}
		forget := []string{"intake_part"}
		if state == IntakeRefused {
			forget = append(forget, "intake_row")
		}
		return forgetIntake(ctx, tx, c.id, forget...)
	})
}
