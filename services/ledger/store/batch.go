package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"io"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// batch writes entries in one transaction, with few statements however many they are. What is added is written by flush; until then
// no query sees it.
type batch struct {
	tx *sql.Tx
	// number is that of the next entry.
	number int64
	log    *translog.Batch
	// given says of members whether their £1 stands, what was added included.
	given                     map[string]bool
	entries, postings, leaves []any
	// details and funds are what only some entries have; reversals bear on the bank line at the beginning of their chain.
	details, funds []any
	reversals      []reversal
	events         [][]byte
	// closed is the last day of the closed periods; books are the chart and the funds, once they were asked for.
	closed string
	books  *ledger.Books
}

// reversal says that the chain from an entry on grew, to a depth.
type reversal struct {
	root  string
	depth int
}

// begin begins a batch. Where the log is off, which is only so in a benchmark, entries get no leaves.
func (s *Store) begin(ctx context.Context, tx *sql.Tx) (*batch, error) {
	b := &batch{tx: tx, given: map[string]bool{}}
	if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) + 1 FROM entry`).Scan(&b.number); err != nil {
		return nil, fmt.Errorf("store: next number: %w", err)
	}
	var err error
	if b.closed, err = closedThrough(ctx, tx); err != nil {
		return nil, err
	}
	if s.unlogged {
		return b, nil
	}
	b.log, err = translog.NewBatch(ctx, tx)
	return b, err
}

// know looks up whose £1 stands.
func (b *batch) know(ctx context.Context, members []string) error {
	var args []any
	for _, m := range members {
		if _, ok := b.given[m]; !ok && m != "" {
			b.given[m] = false
			args = append(args, m)
		}
	}
	for len(args) > 0 {
		n := min(len(args), 64)
		text, some := database.PaddedRows(`
			SELECT DISTINCT e.member FROM entry e
			WHERE e.counts > 0 AND e.depth % 2 = 0 AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.id) AND e.member <> '' AND e.member IN (`, `)`, 1, args[:n])
		rows, err := b.tx.QueryContext(ctx, text, some...)
		if err != nil {
			return fmt.Errorf("store: what members gave: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var m string
			if err := rows.Scan(&m); err != nil {
				return fmt.Errorf("store: what members gave: %w", err)
			}
			b.given[m] = true
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("store: what members gave: %w", err)
		}
		rows.Close()
		args = args[n:]
	}
	return nil
}

// facts returns what a decision about a new entry looks at. What was added before is written first where a query must see it.
func (b *batch) facts(ctx context.Context, in Intent) (facts Facts, err error) {
	if in.Reverse != "" {
		if err := b.flush(ctx); err != nil {
			return Facts{}, err
		}
		if err := loadReversed(ctx, b.tx, in.Reverse, &facts); err != nil {
			return Facts{}, err
		}
	}
	if _, known := b.given[in.Member]; !known && in.Member != "" {
		// What was added may bear on it.
		if err := b.flush(ctx); err != nil {
			return Facts{}, err
		}
		if err := b.know(ctx, []string{in.Member}); err != nil {
			return Facts{}, err
		}
	}
	facts.HasGiven = b.given[in.Member]
	if in.Books != 0 {
		facts.Books, err = b.booksAt(ctx, in.Books)
	}
	return facts, err
}

// booksAt returns the books as at an instant. Within a transaction only the rule in force depends on it.
func (b *batch) booksAt(ctx context.Context, at int64) (ledger.Books, error) {
	if b.books == nil {
		books, err := loadBooks(ctx, b.tx, at)
		if err != nil {
			return ledger.Books{}, err
		}
		b.books = &books
		return books, nil
	}
	books := *b.books
	var err error
	books.Rule, err = ruleAt(ctx, b.tx, at)
	return books, err
}

// add gives the entry the next number and its place in the public log. It returns the standing event that the entry makes, if any.
func (b *batch) add(e *ledger.Entry, facts Facts) (settled ledger.Settled, ok bool, err error) {
	if err := ledger.Balanced(e.Postings); err != nil {
		return ledger.Settled{}, false, err
	}
	if err := (ledger.Books{ClosedThrough: b.closed}).Admit(e.Occurred); err != nil {
		return ledger.Settled{}, false, err
	}
	e.Number = b.number
	root, depth, counts := *e, 0, int64(0)
	if e.Reverses != "" {
		root, depth = facts.Root, facts.Depth+1
	}
	if root.Counts() {
		counts = root.Postings[0].Amount.Pence
	}
	e.Standing = counts > 0 && depth == 0 && !facts.HasGiven
	if b.log != nil {
		if e.Log, err = b.leaf(*e); err != nil {
			return ledger.Settled{}, false, err
		}
	}
	b.number++
	b.entries = append(b.entries, e.ID, e.Number, string(e.Kind), e.Occurred, e.Entered, e.Description, e.EnteredBy, e.Member, string(e.Method),
		sql.NullString{String: e.Reverses, Valid: e.Reverses != ""}, e.Reason, e.Reference, e.Repeated, root.ID, depth, counts)
	for i, p := range e.Postings {
		b.postings = append(b.postings, e.Number, i, p.Account, p.Amount.Currency, p.Amount.Pence)
		if p.Fund != "" {
			b.funds = append(b.funds, e.Number, i, p.Fund)
		}
	}
	if e.Meeting != "" || e.ApprovedBy != "" {
		b.details = append(b.details, e.Number, e.Meeting, e.ApprovedBy)
	}
	if e.Reverses != "" {
		b.reversals = append(b.reversals, reversal{root.ID, depth})
	}
	if counts > 0 {
		if depth == 0 {
			b.given[root.Member] = true
		} else {
			delete(b.given, root.Member) // Another donation of theirs may stand: ask again.
		}
	}
	settled, ok = ledger.StandingEvent(*e, root, depth)
	return settled, ok, nil
}

// leaf adds the entry's leaf to the public log. Its salts come from the machine and not from what makes ids: nothing may ever make
// them foreseeable.
func (b *batch) leaf(e ledger.Entry) (*ledger.Logged, error) {
	salts := make([]byte, 2*translog.SaltSize)
	if _, err := io.ReadFull(rand.Reader, salts); err != nil {
		return nil, fmt.Errorf("store: salt: %w", err)
	}
	at := &ledger.Logged{PrivateSalt: salts[:translog.SaltSize], Salt: salts[translog.SaltSize:]}
	at.Private = e.PrivateHash(at.PrivateSalt)
	at.Index = b.log.Add(at.Salt, e.LeafContent(at.Private))
	b.leaves = append(b.leaves, e.Number, at.Index, at.Private, at.PrivateSalt)
	return at, nil
}

// mark is how far a batch was filled.
type mark struct {
	number                            int64
	entries, postings, leaves, events int
	details, funds, reversals         int
	log                               translog.Mark
}

func (b *batch) mark() mark {
	m := mark{b.number, len(b.entries), len(b.postings), len(b.leaves), len(b.events), len(b.details), len(b.funds), len(b.reversals), translog.Mark{}}
	if b.log != nil {
		m.log = b.log.Mark()
	}
	return m
}

// back takes what was added since the mark out again. Nothing may have been written since.
func (b *batch) back(m mark) {
	b.number, b.given = m.number, map[string]bool{}
	b.entries, b.postings, b.leaves, b.events = b.entries[:m.entries], b.postings[:m.postings], b.leaves[:m.leaves], b.events[:m.events]
	b.details, b.funds, b.reversals = b.details[:m.details], b.funds[:m.funds], b.reversals[:m.reversals]
	if b.log != nil {
		b.log.Back(m.log)
	}
}

// tell adds what membership is told.
func (b *batch) tell(event []byte) { b.events = append(b.events, event) }

// flush writes what was added.
func (b *batch) flush(ctx context.Context) error {
	if len(b.entries) > 0 {
		err := database.InsertRows(ctx, b.tx, `INSERT INTO entry (id, number, kind, occurred, entered, description, entered_by, member, method, reverses, reason, reference, repeated, root, depth, counts)`,
			16, b.entries)
		if err != nil {
			// Two at once computed the same number, or reverse the same entry: look again.
			return database.StaleKey(fmt.Errorf("store: insert entries: %w", err))
		}
		if err := database.InsertRows(ctx, b.tx, `INSERT INTO posting (entry_number, line, account, currency, pence)`, 5, b.postings); err != nil {
			return fmt.Errorf("store: insert postings: %w", err)
		}
		if err := b.flushDetails(ctx); err != nil {
			return err
		}
	}
	if b.log != nil {
		if err := b.log.Write(ctx); err != nil {
			return err
		}
		if err := database.InsertRows(ctx, b.tx, `INSERT INTO entry_leaf (entry_number, leaf, private, private_salt)`, 4, b.leaves); err != nil {
			return database.StaleKey(fmt.Errorf("store: insert leaves: %w", err))
		}
	}
	if err := outbox.AppendAll(ctx, b.tx, Topic, b.events); err != nil {
		return err
	}
	b.entries, b.postings, b.leaves, b.events = b.entries[:0], b.postings[:0], b.leaves[:0], b.events[:0]
	b.details, b.funds, b.reversals = b.details[:0], b.funds[:0], b.reversals[:0]
	return nil
}

// write writes one entry in a transaction that writes more than that. It returns the standing event that the entry makes, if any,
// which the caller puts into the outbox.
func (s *Store) write(ctx context.Context, tx *sql.Tx, e *ledger.Entry, facts Facts) (ledger.Settled, bool, error) {
	b, err := s.begin(ctx, tx)
	if err != nil {
		return ledger.Settled{}, false, err
	}
	settled, ok, err := b.add(e, facts)
	if err != nil {
		return ledger.Settled{}, false, err
	}
	return settled, ok, b.flush(ctx)
}

// appendLeaf appends the leaf of an entry that was written before there was a log, and says where it stands.
func appendLeaf(ctx context.Context, tx *sql.Tx, e ledger.Entry) error {
	b := &batch{tx: tx}
	var err error
	if b.log, err = translog.NewBatch(ctx, tx); err != nil {
		return err
	}
	if _, err := b.leaf(e); err != nil {
		return err
	}
	return b.flush(ctx)
}
