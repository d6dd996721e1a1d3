package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"github.com/localgovdigital/folkmoot/services/ledger"
)

// querier is what reads: a transaction or the readers' pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// selectEntries reads entries with their postings, a row a posting. standing marks the earliest donation of a
// member that still stands.
const selectEntries = `
	SELECT e.id, e.number, e.kind, e.occurred, e.entered, e.description, e.entered_by, e.member, e.method,
	       COALESCE(e.reverses, ''), COALESCE(r.id, ''), e.reason, e.reference, e.repeated,
	       CASE WHEN e.counts > 0 AND e.depth % 2 = 0 AND r.id IS NULL AND NOT EXISTS (
	         SELECT 1 FROM entry f WHERE f.member = e.member AND f.member <> '' AND f.counts > 0 AND f.depth % 2 = 0 AND f.number < e.number
	           AND NOT EXISTS (SELECT 1 FROM entry g WHERE g.reverses = f.id)) THEN TRUE ELSE FALSE END,
	       COALESCE(l.leaf, -1), g.salt, l.private, l.private_salt,
	       p.account, p.currency, p.pence, COALESCE(pf.fund, ''),
	       COALESCE(d.meeting, ''), COALESCE(d.approved_by, ''), COALESCE(bl.booked, ''),
	       CASE WHEN e.reverses IS NOT NULL AND EXISTS (
	         SELECT 1 FROM entry o JOIN period c ON c.state = 'closed' AND c.through >= o.occurred AND c.entries < e.number
	         WHERE o.id = e.reverses) THEN TRUE ELSE FALSE END
	FROM entry e
	LEFT JOIN entry_leaf l ON l.entry_number = e.number
	LEFT JOIN log_leaf g ON g.idx = l.leaf
	LEFT JOIN entry r ON r.reverses = e.id
	LEFT JOIN entry_detail d ON d.entry_number = e.number
	LEFT JOIN line_entry le ON le.entry_number = e.number
	LEFT JOIN bank_line bl ON bl.id = le.line
	JOIN posting p ON p.entry_number = e.number
	LEFT JOIN posting_fund pf ON pf.entry_number = p.entry_number AND pf.line = p.line`

// find returns entries in order of number.
func find(ctx context.Context, q querier, where string, args ...any) ([]ledger.Entry, error) {
	return loadOrdered(ctx, q, where+` ORDER BY e.number, p.line`, args...)
}

// loadOrdered returns entries in the order of the query's rows, which must keep an entry's postings together.
func loadOrdered(ctx context.Context, q querier, tail string, args ...any) ([]ledger.Entry, error) {
	var all []ledger.Entry
	err := scan(ctx, q, tail, func(e ledger.Entry) error { all = append(all, e); return nil }, args...)
	return all, err
}

func scan(ctx context.Context, q querier, tail string, yield func(ledger.Entry) error, args ...any) error {
	rows, err := q.QueryContext(ctx, selectEntries+tail, args...)
	if err != nil {
		return fmt.Errorf("store: read entries: %w", err)
	}
	defer rows.Close()
	var e ledger.Entry
	for rows.Next() {
		var next ledger.Entry
		var p ledger.Posting
		var kind, method string
		var at ledger.Logged
		if err := rows.Scan(&next.ID, &next.Number, &kind, &next.Occurred, &next.Entered, &next.Description, &next.EnteredBy, &next.Member, &method,
			&next.Reverses, &next.ReversedBy, &next.Reason, &next.Reference, &next.Repeated, &next.Standing,
			&at.Index, &at.Salt, &at.Private, &at.PrivateSalt,
			&p.Account, &p.Amount.Currency, &p.Amount.Pence, &p.Fund,
			&next.Meeting, &next.ApprovedBy, &next.Banked, &next.AfterClose); err != nil {
			return fmt.Errorf("store: read an entry: %w", err)
		}
		next.Kind, next.Method = ledger.Kind(kind), ledger.Method(method)
		if at.Index >= 0 {
			next.Log = &at
		}
		if next.ID != e.ID {
			if e.ID != "" {
				if err := yield(e); err != nil {
					return err
				}
			}
			e = next
		}
		e.Postings = append(e.Postings, p)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("store: read entries: %w", err)
	}
	if e.ID == "" {
		return nil
	}
	return yield(e)
}

// Entry returns one entry, or a NotFound fault.
func (s *Store) Entry(ctx context.Context, id string) (ledger.Entry, error) {
	entries, err := find(ctx, s.db.Reader(), ` WHERE e.id = $1`, id)
	if err != nil {
		return ledger.Entry{}, err
	}
	if len(entries) == 0 {
		return ledger.Entry{}, notFound()
	}
	return entries[0], nil
}

// Entries returns at most limit entries with a number below before (0 for no bound), newest first; only one member's if
// member is not empty.
func (s *Store) Entries(ctx context.Context, member string, before int64, limit int) ([]ledger.Entry, error) {
	if before == 0 {
		before = math.MaxInt64 // "$2 = 0" would make PostgreSQL take $2 for a small integer.
	}
	return loadOrdered(ctx, s.db.Reader(), `
		WHERE e.number IN (SELECT n.number FROM entry n WHERE ($1 = '' OR n.member = $1) AND n.number < $2 ORDER BY n.number DESC LIMIT $3)
		ORDER BY e.number DESC, p.line`, member, before, limit)
}

// Each calls yield for every entry in order of number, and stops at its first error.
func (s *Store) Each(ctx context.Context, yield func(ledger.Entry) error) error {
	return scan(ctx, s.db.Reader(), ` ORDER BY e.number, p.line`, yield)
}

// Sums are the balances of the accounts over entries that occurred on or before a date, in pence; an account whose postings
// come to nothing is left out.
func (s *Store) Sums(ctx context.Context, date string) (map[string]int64, error) {
	return sums(ctx, s.db.Reader(), date)
}

func sums(ctx context.Context, q querier, date string) (map[string]int64, error) {
	p, err := period(ctx, q, date, date)
	if err != nil {
		return nil, err
	}
	return p.At(), nil
}
