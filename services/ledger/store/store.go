// Package store keeps the journal in SQL. It opens the transaction, loads what a decision looks
// at, calls it, and writes what it returns; it decides nothing.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

//go:embed schema/*.sql
var files embed.FS

// Migrations are the schema.
var Migrations = database.Migrations{Part: "ledger", Files: files}

// Topic is the outbox's topic of standing events.
const Topic = "membership"

// Store is the ledger's database.
type Store struct {
	db *database.DB
}

// New returns a store on a database whose migrations have run.
func New(db *database.DB) *Store { return &Store{db: db} }

// Facts are what a decision about a new entry looks at.
type Facts struct {
	// HasGiven is true if the member's £1 stands already.
	HasGiven bool
	// Reversed is the entry to reverse, with its postings.
	Reversed ledger.Entry
	// Root is the entry at the beginning of its chain, and Depth how many reversals lie between.
	Root  ledger.Entry
	Depth int
	// Books are the chart, the funds, the closed periods and the rule in force, if they were asked for.
	Books ledger.Books
}

// Intent names what the facts are wanted about.
type Intent struct {
	// Member is the giver of a new donation.
	Member string
	// Reverse is the entry to reverse.
	Reverse string
	// Books asks for the books as at this instant in microseconds; 0 does not.
	Books int64
}

// Encode gives the bytes that the store keeps without reading them.
type Encode struct {
	// Reply is the answer to the request.
	Reply func(ledger.Entry) ([]byte, error)
	// Event is what membership is told.
	Event func(ledger.Settled) ([]byte, error)
}

// Add carries a request out once: in one transaction it loads the facts, has decide make the entry, writes it with
// the next number, and with it its leaf of the public log, the standing event, if it makes one, and the reply. It returns the reply.
// decide may run more than once and must be pure.
func (s *Store) Add(ctx context.Context, r once.Request, in Intent, decide func(Facts) (ledger.Entry, error), encode Encode) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		facts, err := load(ctx, tx, in)
		if err != nil {
			return nil, err
		}
		e, err := decide(facts)
		if err != nil {
			return nil, err
		}
		settled, ok, err := write(ctx, tx, &e, facts)
		if err != nil {
			return nil, err
		}
		if ok {
			event, err := encode.Event(settled)
			if err != nil {
				return nil, err
			}
			if _, err := outbox.Append(ctx, tx, Topic, event); err != nil {
				return nil, err
			}
		}
		killpoint.Reach("ledger.before-commit")
		return encode.Reply(e)
	})
}

func load(ctx context.Context, tx *sql.Tx, in Intent) (facts Facts, err error) {
	if in.Member != "" {
		if facts.HasGiven, err = hasGiven(ctx, tx, in.Member); err != nil {
			return Facts{}, err
		}
	}
	if in.Reverse != "" {
		if err := loadReversed(ctx, tx, in.Reverse, &facts); err != nil {
			return Facts{}, err
		}
	}
	if in.Books != 0 {
		if facts.Books, err = loadBooks(ctx, tx, in.Books); err != nil {
			return Facts{}, err
		}
	}
	return facts, nil
}

// write gives the entry its number and inserts it. It returns the standing event that the entry makes, if any.
func write(ctx context.Context, tx *sql.Tx, e *ledger.Entry, facts Facts) (ledger.Settled, bool, error) {
	if err := ledger.Balanced(e.Postings); err != nil {
		return ledger.Settled{}, false, err
	}
	if err := admit(ctx, tx, *e); err != nil {
		return ledger.Settled{}, false, err
	}
	if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) + 1 FROM entry`).Scan(&e.Number); err != nil {
		return ledger.Settled{}, false, fmt.Errorf("store: next number: %w", err)
	}
	root, depth, counts := *e, 0, int64(0)
	if e.Reverses != "" {
		root, depth = facts.Root, facts.Depth+1
	}
	if root.Counts() {
		counts = root.Postings[0].Amount.Pence
	}
	e.Standing = counts > 0 && depth == 0 && !facts.HasGiven
	err := insert(ctx, tx, *e, root.ID, depth, counts)
	if err != nil {
		return ledger.Settled{}, false, err
	}
	if err := insertDetails(ctx, tx, *e, root.ID, depth); err != nil {
		return ledger.Settled{}, false, err
	}
	if e.Log, err = appendLeaf(ctx, tx, *e); err != nil {
		return ledger.Settled{}, false, err
	}
	settled, ok := ledger.StandingEvent(*e, root, depth)
	return settled, ok, nil
}

func insert(ctx context.Context, tx *sql.Tx, e ledger.Entry, root string, depth int, counts int64) error {
	reverses := sql.NullString{String: e.Reverses, Valid: e.Reverses != ""}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO entry (id, number, kind, occurred, entered, description, entered_by, member, method, reverses, reason, reference, repeated, root, depth, counts)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		e.ID, e.Number, string(e.Kind), e.Occurred, e.Entered, e.Description, e.EnteredBy, e.Member, string(e.Method),
		reverses, e.Reason, e.Reference, e.Repeated, root, depth, counts)
	if err != nil {
		// Two at once computed the same number, or reverse the same entry: look again.
		return database.StaleKey(fmt.Errorf("store: insert an entry: %w", err))
	}
	var values []string
	var args []any
	for i, p := range e.Postings {
		n := len(args)
		values = append(values, fmt.Sprintf("($%d, $%d, $%d, $%d, $%d)", n+1, n+2, n+3, n+4, n+5))
		args = append(args, e.Number, i, p.Account, p.Amount.Currency, p.Amount.Pence)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO posting (entry_number, line, account, currency, pence) VALUES `+strings.Join(values, ", "), args...); err != nil {
		return fmt.Errorf("store: insert postings: %w", err)
	}
	return nil
}

// hasGiven reports whether a donation of the member's stands: one that no chain of reversals ends on an odd depth.
func hasGiven(ctx context.Context, tx *sql.Tx, member string) (bool, error) {
	var n int64
	err := tx.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM entry e
		WHERE e.member = $1 AND e.counts > 0 AND e.depth % 2 = 0
		  AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.id)`, member).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("store: what the member gave: %w", err)
	}
	return n > 0, nil
}

func loadReversed(ctx context.Context, tx *sql.Tx, id string, facts *Facts) error {
	var root string
	err := tx.QueryRowContext(ctx, `SELECT root, depth FROM entry WHERE id = $1`, id).Scan(&root, &facts.Depth)
	if errors.Is(err, sql.ErrNoRows) {
		return notFound()
	}
	if err != nil {
		return fmt.Errorf("store: find the entry: %w", err)
	}
	entries, err := find(ctx, tx, ` WHERE e.id IN ($1, $2)`, id, root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.ID == id {
			facts.Reversed = e
		}
		if e.ID == root {
			facts.Root = e
		}
	}
	return nil
}

func notFound() error { return fault.New(fault.NotFound, "ENTRY_NOT_FOUND", "There is no such entry.") }
