package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// takenAtOnce is how many members one transaction takes in: the widest INSERT, that of events,
// carries 16 values a member, and the engines take 32,766 and more.
const takenAtOnce = 1000

// taken is a row on its way into the register.
type taken struct {
	membership.Person
	line     int64
	fold     []byte
	admitted time.Time
	// id is the member's.
	id string
}

// ApplyIntake takes the members of a clean file in, a few hundred in a transaction: each an application, an admission and their leaves
// in the public log. Whom the register knows by their address is left as they are. It goes on where a crash left it. progress, where
// not nil, hears how many rows were dealt with.
func (s *Store) ApplyIntake(ctx context.Context, intakeID string, now time.Time, progress func(rows int64)) error {
	for {
		done, n, err := s.applySome(ctx, intakeID, now)
		if err != nil {
			return err
		}
		if progress != nil {
			progress(n.Done)
		}
		if done {
			return nil
		}
	}
}

func (s *Store) applySome(ctx context.Context, intakeID string, now time.Time) (done bool, n Intake, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		done = false
		var err error
		if n, err = intakeByID(ctx, tx, intakeID); err != nil {
			return err
		}
		if n.State != IntakeApplying {
			return errTakenOver
		}
		rows, err := rowsAfter(ctx, tx, n)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			done = true
			if err := setIntake(ctx, tx, intakeID, `state = 'done'`); err != nil {
				return err
			}
			return forgetIntake(ctx, tx, intakeID, "intake_row")
		}
		n.Done, n.applied = n.Done+int64(len(rows)), rows[len(rows)-1].line
		// Names and addresses come in the file's order, and their indexes are written in none.
		narrow, err := s.db.Roomy(ctx, tx)
		if err != nil {
			return err
		}
		defer narrow()
		fresh, err := unknown(ctx, tx, rows)
		if err != nil {
			return err
		}
		n.Added += int64(len(fresh))
		if err := s.take(ctx, tx, n, fresh, now); err != nil {
			return err
		}
		return setIntake(ctx, tx, intakeID, `applied = $2, done = $3, added = $4`, n.applied, n.Done, n.Added)
	})
	return done, n, err
}

func rowsAfter(ctx context.Context, tx *sql.Tx, n Intake) ([]taken, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT line, name, email, email_fold, region, language, admitted FROM intake_row WHERE intake = $1 AND line > $2 ORDER BY line LIMIT $3`,
		n.ID, n.applied, takenAtOnce)
	if err != nil {
		return nil, fmt.Errorf("store: rows of a file: %w", err)
	}
	defer rows.Close()
	var all []taken
	for rows.Next() {
		var t taken
		var admitted sql.NullInt64
		if err := rows.Scan(&t.line, &t.Name, &t.Email, &t.fold, &t.Region, &t.Language, &admitted); err != nil {
			return nil, fmt.Errorf("store: rows of a file: %w", err)
		}
		t.admitted = instant(admitted)
		all = append(all, t)
	}
	return all, rows.Err()
}

// unknown returns the rows whose address the register does not know.
func unknown(ctx context.Context, tx *sql.Tx, all []taken) ([]taken, error) {
	args := make([]any, len(all))
	for i, t := range all {
		args[i] = t.fold
	}
	rows, err := tx.QueryContext(ctx, `SELECT email_fold FROM member WHERE email_fold IN (`+placeholders(1, len(args))+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: whom the register knows: %w", err)
	}
	defer rows.Close()
	known := map[string]bool{}
	for rows.Next() {
		var fold []byte
		if err := rows.Scan(&fold); err != nil {
			return nil, fmt.Errorf("store: whom the register knows: %w", err)
		}
		known[string(fold)] = true
	}
	var fresh []taken
	for _, t := range all {
		if !known[string(t.fold)] {
			fresh = append(fresh, t)
		}
	}
	return fresh, rows.Err()
}

// take adds members with all that [record] and [admit] would have written.
func (s *Store) take(ctx context.Context, tx *sql.Tx, n Intake, fresh []taken, now time.Time) error {
	if len(fresh) == 0 {
		return nil
	}
	var number, event int64
	err := tx.QueryRowContext(ctx, `SELECT COALESCE((SELECT MAX(number) FROM member), 0), COALESCE((SELECT MAX(number) FROM event), 0)`).Scan(&number, &event)
	if err != nil {
		return fmt.Errorf("store: next numbers: %w", err)
	}
	// Within a millisecond the order of ids is chance: each transaction has a millisecond of its own, so that the indexes of members
	// grow at their ends and the time a member takes does not grow with the register.
	at := now.Add(time.Duration(n.Done/takenAtOnce) * time.Millisecond)
	reason := "Imported: " + n.File
	members, events, leaves, electors := newRows(8), newRows(8), newRows(4), []electorRow(nil)
	var facts []fact
	var ids []string
	for i := range fresh {
		t := &fresh[i]
		if t.id, err = id.New(at, s.random); err != nil {
			return err
		}
		if t.admitted.IsZero() {
			t.admitted = now
		}
		number++
		members.add(t.id, number, t.Name, t.Email, []byte(membership.Fold(t.Name)), t.fold, t.Region, t.Language)
		var h membership.History
		for _, kind := range []membership.EventKind{membership.Applied, membership.Admitted} {
			event++
			e := membership.Event{Number: event, Kind: kind, At: t.admitted, Reason: reason, By: n.By}
			if kind == membership.Applied {
				e.Region = t.Region
			}
			events.add(event, t.id, string(kind), e.At.UnixMicro(), now.UnixMicro(), e.Region, e.Reason, e.By)
			facts = append(facts, eventFact(t.id, e, now))
			h.Events = append(h.Events, e)
		}
		ids, electors = append(ids, t.id), append(electors, electorOf(h))
	}
	if err := members.insert(ctx, tx, `INSERT INTO member (id, number, name, email, name_fold, email_fold, region, language) VALUES `); err != nil {
		return err
	}
	if err := events.insert(ctx, tx, `INSERT INTO event (number, member, kind, at, recorded, region, reason, decider) VALUES `); err != nil {
		return err
	}
	contents := make([][]byte, len(facts))
	for i, f := range facts {
		contents[i] = f.content
	}
	first, err := translog.AppendAll(ctx, tx, contents)
	if err != nil {
		return err
	}
	for i, f := range facts {
		leaves.add(first+int64(i), f.kind, f.subject, f.member)
	}
	if err := leaves.insert(ctx, tx, `INSERT INTO register_leaf (leaf, kind, subject, member) VALUES `); err != nil {
		return err
	}
	return keepElectors(ctx, tx, ids, electors)
}

// manyRows are the values of one INSERT.
type manyRows struct {
	width int
	b     strings.Builder
	args  []any
}

func newRows(width int) *manyRows { return &manyRows{width: width} }

func (m *manyRows) add(values ...any) {
	if len(m.args) > 0 {
		m.b.WriteString(", ")
	}
	m.b.WriteByte('(')
	for i := range m.width {
		if i > 0 {
			m.b.WriteString(", ")
		}
		m.b.WriteByte('$')
		m.b.WriteString(strconv.Itoa(len(m.args) + i + 1))
	}
	m.b.WriteByte(')')
	m.args = append(m.args, values...)
}

func (m *manyRows) insert(ctx context.Context, tx *sql.Tx, into string) error {
	if len(m.args) == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, into+m.b.String(), m.args...); err != nil {
		// Somebody joined, or another file was taken in, meanwhile: look again.
		return database.StaleKey(fmt.Errorf("store: take members in: %w", err))
	}
	return nil
}

// TakenOver reports whether another process goes on with an import.
func TakenOver(err error) bool { return errors.Is(err, errTakenOver) }
