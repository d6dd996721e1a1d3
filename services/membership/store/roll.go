package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/membership"
)

// Roll is a frozen roll.
type Roll struct {
	// ID is its id, and Purpose what it is for.
	ID, Purpose string
	// Terms say who is entitled.
	Terms membership.Terms
	// Contact is whom to ask.
	Contact string
	// Frozen is when.
	Frozen time.Time
	// Count and Fingerprint are of its entries.
	Count       int64
	Fingerprint []byte

	limits limits
}

const selectRoll = `SELECT id, purpose, region, notice, required, book, contact, frozen, count, fingerprint, events, donations FROM roll WHERE `

func scanRoll(row interface{ Scan(...any) error }) (Roll, bool, error) {
	var r Roll
	var notice, frozen int64
	err := row.Scan(&r.ID, &r.Purpose, &r.Terms.Region, &notice, &r.Terms.Required, &r.Terms.Book, &r.Contact, &frozen, &r.Count, &r.Fingerprint,
		&r.limits.events, &r.limits.donations)
	if errors.Is(err, sql.ErrNoRows) {
		return Roll{}, false, nil
	}
	if err != nil {
		return Roll{}, false, fmt.Errorf("store: find a roll: %w", err)
	}
	r.Terms.Notice, r.Frozen = time.UnixMicro(notice), time.UnixMicro(frozen)
	return r, true, nil
}

func rollByID(ctx context.Context, q querier, roll string) (Roll, bool, error) {
	if !id.Valid(roll) {
		return Roll{}, false, nil
	}
	return scanRoll(q.QueryRowContext(ctx, selectRoll+`id = $1`, roll))
}

// RollFor returns the roll that was frozen for a purpose, or false.
func (s *Store) RollFor(ctx context.Context, purpose string) (Roll, bool, error) {
	return scanRoll(s.db.Reader().QueryRowContext(ctx, selectRoll+`purpose = $1`, purpose))
}

// Freeze makes the roll for a purpose at an instant, or returns the one that was made before. The wait for the ledger
// lies behind the caller: a transaction waits for nothing.
func (s *Store) Freeze(ctx context.Context, purpose string, terms membership.Terms, contact string, now time.Time) (Roll, error) {
	roll := Roll{Purpose: purpose, Terms: terms, Contact: contact, Frozen: now}
	var err error
	if roll.ID, err = id.Random(s.random); err != nil {
		return Roll{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		before, found, err := scanRoll(tx.QueryRowContext(ctx, selectRoll+`purpose = $1`, purpose))
		if err != nil || found {
			roll = before
			return err
		}
		return s.freeze(ctx, tx, &roll)
	})
	return roll, err
}

func (s *Store) freeze(ctx context.Context, tx *sql.Tx, roll *Roll) error {
	err := tx.QueryRowContext(ctx, `SELECT COALESCE((SELECT MAX(number) FROM event), 0), COALESCE((SELECT MAX(position) FROM donation), 0)`).
		Scan(&roll.limits.events, &roll.limits.donations)
	if err != nil {
		return fmt.Errorf("store: how far the histories go: %w", err)
	}
	var electors []membership.Elector
	err = eachHistory(ctx, tx, roll.limits, func(member string, h membership.History) error {
		if roll.Terms.Excluded(h, roll.Frozen) == "" {
			electors = append(electors, membership.Elector{Member: member, Region: h.On(roll.Frozen).Region})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := membership.Draw(electors, s.random); err != nil {
		return err
	}
	roll.Count, roll.Fingerprint = int64(len(electors)), membership.Fingerprint(electors)
	_, err = tx.ExecContext(ctx, `
		INSERT INTO roll (id, purpose, region, notice, required, book, contact, frozen, count, fingerprint, events, donations)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		roll.ID, roll.Purpose, roll.Terms.Region, roll.Terms.Notice.UnixMicro(), roll.Terms.Required, int64(roll.Terms.Book), roll.Contact,
		roll.Frozen.UnixMicro(), roll.Count, roll.Fingerprint, roll.limits.events, roll.limits.donations)
	if err != nil {
		// Two freezes for one purpose at once: look again, and find the other's roll.
		return database.StaleKey(fmt.Errorf("store: insert a roll: %w", err))
	}
	if err := rollFact(*roll).log(ctx, tx); err != nil {
		return err
	}
	return insertEntries(ctx, tx, roll.ID, electors)
}

// entriesAtOnce is how many rows one INSERT carries: four values each, far below what the engines take.
const entriesAtOnce = 500

func insertEntries(ctx context.Context, tx *sql.Tx, roll string, electors []membership.Elector) error {
	for from := 0; from < len(electors); from += entriesAtOnce {
		part := electors[from:min(from+entriesAtOnce, len(electors))]
		var b strings.Builder
		args := make([]any, 0, 4*len(part))
		for i, e := range part {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString("(" + placeholders(len(args)+1, 4) + ")")
			args = append(args, roll, int64(from+i+1), e.Member, e.Region)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO roll_entry (roll, number, member, region) VALUES `+b.String(), args...); err != nil {
			return fmt.Errorf("store: insert entries: %w", err)
		}
	}
	return nil
}

// Entry is an entry of a roll.
type Entry struct {
	membership.Elector
	// Number is from 1 to the roll's count.
	Number int64
}

// Entries returns at most limit entries of a roll with a number above after, or a NotFound fault for no such roll.
func (s *Store) Entries(ctx context.Context, roll string, after int64, limit int) ([]Entry, error) {
	var all []Entry
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		_, found, err := rollByID(ctx, tx, roll)
		if err != nil {
			return err
		}
		if !found {
			return rollNotFound()
		}
		rows, err := tx.QueryContext(ctx, `SELECT number, member, region FROM roll_entry WHERE roll = $1 AND number > $2 ORDER BY number LIMIT $3`, roll, after, limit)
		if err != nil {
			return fmt.Errorf("store: entries: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var e Entry
			if err := rows.Scan(&e.Number, &e.Member, &e.Region); err != nil {
				return fmt.Errorf("store: entries: %w", err)
			}
			all = append(all, e)
		}
		return rows.Err()
	})
	return all, err
}

func rollNotFound() error {
	return fault.New(fault.NotFound, "ROLL_NOT_FOUND", "There is no such roll.")
}

// Explain returns a roll, whether a member stands on it, and the member's history as it was when the roll was frozen.
func (s *Store) Explain(ctx context.Context, rollID, member string) (Roll, bool, membership.History, error) {
	var roll Roll
	var on int64
	var h membership.History
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		var found bool
		var err error
		if roll, found, err = rollByID(ctx, tx, rollID); err != nil {
			return err
		}
		if !found {
			return rollNotFound()
		}
		if !id.Valid(member) {
			return nil
		}
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM roll_entry WHERE roll = $1 AND member = $2`, rollID, member).Scan(&on); err != nil {
			return fmt.Errorf("store: find an entry: %w", err)
		}
		events, err := tx.QueryContext(ctx, selectEvents+` WHERE member = $1 AND number <= $2`, member, roll.limits.events)
		if err != nil {
			return fmt.Errorf("store: history: %w", err)
		}
		if err := eachEvent(events, func(_ string, e membership.Event) { h.Events = append(h.Events, e) }); err != nil {
			return err
		}
		money, err := tx.QueryContext(ctx, selectMoney+` WHERE member = $1 AND position <= $2`, member, roll.limits.donations)
		if err != nil {
			return fmt.Errorf("store: history: %w", err)
		}
		return eachMoney(money, func(_ string, m membership.Money) { h.Money = append(h.Money, m) })
	})
	return roll, on > 0, h, err
}

// CountGood counts those in good standing at an instant, of one region if it is not empty.
func (s *Store) CountGood(ctx context.Context, region string, required bool, now time.Time) (int64, error) {
	var n int64
	err := s.db.Snapshot(ctx, func(tx *sql.Tx) error {
		n = 0
		all := limits{events: 1 << 62, donations: 1 << 62}
		return eachHistory(ctx, tx, all, func(_ string, h membership.History) error {
			if state := h.On(now); state.Good(required) && (region == "" || state.Region == region) {
				n++
			}
			return nil
		})
	})
	return n, err
}
