package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

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
	// detail is nil for a roll frozen before there were any.
	detail *Detail
}

const selectRoll = `
	SELECT id, purpose, region, notice, required, book, contact, frozen, count, fingerprint, events, donations,
		d.prepared, d.meeting, d.title, d.secret, d.root, d.supersedes, d.admitted, d.doubles, d.rulings
	FROM roll LEFT JOIN roll_detail d ON d.roll = roll.id WHERE `

func scanRoll(row interface{ Scan(...any) error }) (Roll, bool, error) {
	var r Roll
	var notice, frozen int64
	var prepared sql.NullBool
	var meeting, title, supersedes sql.NullString
	var secret, root []byte
	var admitted, doubles, rulings sql.NullInt64
	err := row.Scan(&r.ID, &r.Purpose, &r.Terms.Region, &notice, &r.Terms.Required, &r.Terms.Book, &r.Contact, &frozen, &r.Count, &r.Fingerprint,
		&r.limits.events, &r.limits.donations, &prepared, &meeting, &title, &secret, &root, &supersedes, &admitted, &doubles, &rulings)
	if errors.Is(err, sql.ErrNoRows) {
		return Roll{}, false, nil
	}
	if err != nil {
		return Roll{}, false, fmt.Errorf("store: find a roll: %w", err)
	}
	r.Terms.Notice, r.Frozen = time.UnixMicro(notice), time.UnixMicro(frozen)
	if prepared.Valid {
		r.detail = &Detail{
			Prepared: prepared.Bool, Meeting: meeting.String, Title: title.String, Root: root, Supersedes: supersedes.String,
			Admitted: admitted.Int64, Rulings: rulings.Int64, secret: secret,
		}
		if doubles.Valid {
			r.detail.Doubles = &doubles.Int64
		}
	}
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
	return s.FreezeBallot(ctx, Draft{Purpose: purpose, Terms: terms, Contact: contact}, now)
}

// Draft is what a roll is to be frozen for.
type Draft struct {
	// Purpose is the ballot's id, Meeting its meeting's, or empty, and Title what it is for in words.
	Purpose, Meeting, Title string
	// Terms say who is entitled.
	Terms membership.Terms
	// Contact is whom to ask.
	Contact string
}

// FreezeBallot makes the roll of a ballot at an instant, or returns the one that was made before. Rulings on challenges of the
// roll prepared for its meeting hold. While a challenge waits nothing is frozen: a Conflict fault CHALLENGES_OPEN.
func (s *Store) FreezeBallot(ctx context.Context, d Draft, now time.Time) (Roll, error) {
	var roll Roll
	rollID, err := id.Random(s.random)
	if err != nil {
		return Roll{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		before, found, err := scanRoll(tx.QueryRowContext(ctx, selectRoll+`purpose = $1`, d.Purpose))
		if err != nil || found {
			roll = before
			return err
		}
		if n, err := openChallenges(ctx, tx, d.Meeting); err != nil || n > 0 {
			if err != nil {
				return err
			}
			return fault.New(fault.Conflict, "CHALLENGES_OPEN",
				"The roll was not frozen: challenges of the roll prepared for this meeting wait for the chair or the secretary to decide them.").With("open", strconv.FormatInt(n, 10))
		}
		roll = Roll{ID: rollID, Purpose: d.Purpose, Terms: d.Terms, Contact: d.Contact, Frozen: now}
		return s.freeze(ctx, tx, &roll, Detail{Meeting: d.Meeting, Title: d.Title})
	})
	return roll, err
}

func (s *Store) freeze(ctx context.Context, tx *sql.Tx, roll *Roll, d Detail) error {
	// A member's number is chance, so the index that lets nobody stand on a roll twice is written in no order.
	narrow, err := s.db.Roomy(ctx, tx)
	if err != nil {
		return err
	}
	defer narrow()
	err = tx.QueryRowContext(ctx, `SELECT COALESCE((SELECT MAX(number) FROM event), 0), COALESCE((SELECT MAX(position) FROM donation), 0)`).
		Scan(&roll.limits.events, &roll.limits.donations)
	if err != nil {
		return fmt.Errorf("store: how far the histories go: %w", err)
	}
	rulings, err := rulingsOf(ctx, tx, d.Meeting)
	if err != nil {
		return err
	}
	var electors []membership.Elector
	err = eachHistory(ctx, tx, roll.limits, func(member string, h membership.History) error {
		var ruling *membership.Ruling
		if r, ok := rulings[member]; ok {
			ruling = &r
			d.Rulings++
		}
		if roll.Terms.Entitled(h, roll.Frozen, ruling) {
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
	if err := finishRoll(ctx, tx, roll, &d, electors); err != nil {
		return err
	}
	if err := insertRoll(ctx, tx, *roll, d); err != nil {
		return err
	}
	if err := rollFact(*roll).log(ctx, tx); err != nil {
		return err
	}
	if err := insertEntries(ctx, tx, roll.ID, electors); err != nil {
		return err
	}
	return insertNodes(ctx, tx, roll.ID, membership.ChunkHashes(d.secret, electors))
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

// Explain returns a roll, a member's number on it (0 if they do not stand on it), and their history as it was when the roll was frozen.
func (s *Store) Explain(ctx context.Context, rollID, member string) (Roll, int64, membership.History, error) {
	var roll Roll
	var number int64
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
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) FROM roll_entry WHERE roll = $1 AND member = $2`, rollID, member).Scan(&number); err != nil {
			return fmt.Errorf("store: find an entry: %w", err)
		}
		h, err = historyUpTo(ctx, tx, member, roll.limits)
		return err
	})
	return roll, number, h, err
}

// historyUpTo returns what was known of a member when the histories went so far.
func historyUpTo(ctx context.Context, tx *sql.Tx, member string, most limits) (membership.History, error) {
	var h membership.History
	events, err := tx.QueryContext(ctx, selectEvents+` WHERE member = $1 AND number <= $2`, member, most.events)
	if err != nil {
		return h, fmt.Errorf("store: history: %w", err)
	}
	if err := eachEvent(events, func(_ string, e membership.Event) { h.Events = append(h.Events, e) }); err != nil {
		return h, err
	}
	money, err := tx.QueryContext(ctx, selectMoney+` WHERE member = $1 AND position <= $2`, member, most.donations)
	if err != nil {
		return h, fmt.Errorf("store: history: %w", err)
	}
	err = eachMoney(money, func(_ string, m membership.Money) { h.Money = append(h.Money, m) })
	return h, err
}
