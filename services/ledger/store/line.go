package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/match"
)

func findLines(ctx context.Context, q querier, tail string, args ...any) ([]ledger.BankLine, error) {
	var all []ledger.BankLine
	at := map[string]int{}
	err := each(ctx, q, "bank lines", `
		SELECT b.id, b.account, b.booked, b.pence, b.description, b.counterparty, b.other, b.reference, b.end_to_end, b.kind, b.reversal, b.parts, b.import, b.file_line,
		       b.in_books, b.aside, b.version, COALESCE(e.id, '')
		FROM bank_line b LEFT JOIN line_entry l ON l.line = b.id LEFT JOIN entry e ON e.number = l.entry_number `+tail, args, func(rows *sql.Rows) error {
		var l ledger.BankLine
		var parts, entry string
		var fileLine int64
		if err := rows.Scan(&l.ID, &l.Account, &l.Booked, &l.Minor, &l.Description, &l.Counterparty, &l.CounterpartyAccount, &l.Reference, &l.EndToEnd, &l.Kind,
			&l.Reversal, &parts, &l.Import, &fileLine, &l.InBooks, &l.Aside, &l.Version, &entry); err != nil {
			return err
		}
		l.FileLine, l.Currency = int(fileLine), ledger.GBP
		i, ok := at[l.ID]
		if !ok {
			if parts != "" {
				if err := json.Unmarshal([]byte(parts), &l.Parts); err != nil {
					return err
				}
			}
			i = len(all)
			at[l.ID], all = i, append(all, l)
		}
		if entry != "" {
			all[i].Entries = append(all[i].Entries, entry)
		}
		return nil
	})
	return all, err
}

// LineFilter narrows a list of lines.
type LineFilter struct {
	// State is "open", "matched", "aside" or empty for all.
	State, Account string
	// After is the id of the last line of the page before.
	After string
	Limit int
}

// isOpen is the condition of the partial index of open lines, word for word.
const isOpen = `in_books <> pence AND aside = ''`

// Lines returns a page of lines in order of their ids, which is that of their dates.
func (s *Store) Lines(ctx context.Context, f LineFilter) ([]ledger.BankLine, error) {
	where := map[string]string{"": "TRUE", "open": isOpen, "matched": "in_books = pence AND aside = ''", "aside": "aside <> ''"}[f.State]
	return findLines(ctx, s.db.Reader(), `
		WHERE b.id IN (SELECT id FROM bank_line WHERE `+where+` AND id > $1 AND ($2 = '' OR account = $2) ORDER BY id LIMIT $3)
		ORDER BY b.id, l.entry_number`, f.After, f.Account, f.Limit)
}

// OpenLines counts open lines, up to 10,000.
func (s *Store) OpenLines(ctx context.Context, account string) (int64, error) {
	var n int64
	err := s.db.Reader().QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT id FROM bank_line WHERE `+isOpen+` AND ($1 = '' OR account = $1) LIMIT 10000) o`, account).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("store: open lines: %w", err)
	}
	return n, nil
}

// Line returns one line, or a NotFound fault.
func (s *Store) Line(ctx context.Context, id string) (ledger.BankLine, error) {
	return oneLine(ctx, s.db.Reader(), id)
}

func oneLine(ctx context.Context, q querier, id string) (ledger.BankLine, error) {
	all, err := findLines(ctx, q, `WHERE b.id = $1 ORDER BY l.entry_number`, id)
	if err != nil {
		return ledger.BankLine{}, err
	}
	if len(all) == 0 {
		return ledger.BankLine{}, fault.New(fault.NotFound, "LINE_NOT_FOUND", "There is no such bank line.")
	}
	return all[0], nil
}

// Candidates returns ids of entries that move just what is open of a line on its account and that no line shows yet, the
// nearest date first, at most five.
func (s *Store) Candidates(ctx context.Context, l ledger.BankLine) ([]string, error) {
	var all []string
	err := each(ctx, s.db.Reader(), "candidates", `
		SELECT e.id FROM entry e JOIN posting p ON p.entry_number = e.number
		WHERE e.occurred >= $3 AND e.occurred <= $4 AND e.reverses IS NULL
		  AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.id)
		  AND NOT EXISTS (SELECT 1 FROM line_entry x WHERE x.entry_number = e.number)
		  AND p.account = $1
		GROUP BY e.id, e.number HAVING SUM(p.pence) = $2 ORDER BY e.number DESC LIMIT 5`,
		[]any{l.Account, l.Minor - l.InBooks, shifted(l.Booked, -45), shifted(l.Booked, 7)}, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			all = append(all, id)
			return err
		})
	return all, err
}

// Booked is a booking of one line: the entries that decide makes of it, whose £1 stands, and the books.
type Booked func(l ledger.BankLine, b ledger.Books, given map[string]bool) ([]ledger.Entry, error)

// MatchLine books a line: entries, leaves, events and links in one transaction. members are those whose £1 decide asks about.
func (s *Store) MatchLine(ctx context.Context, r once.Request, c Clerk, id string, members []string, decide Booked, encode func(ledger.BankLine) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		books, err := loadBooks(ctx, tx, r.At.UnixMicro())
		if err != nil {
			return nil, err
		}
		l, err := oneLine(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if err := bookLine(ctx, tx, c, &l, books, members, decide); err != nil {
			return nil, err
		}
		killpoint.Reach("ledger.before-commit")
		return encode(l)
	})
}

func bookLine(ctx context.Context, tx *sql.Tx, c Clerk, l *ledger.BankLine, books ledger.Books, members []string, decide Booked) error {
	given, err := givenBy(ctx, tx, members)
	if err != nil {
		return err
	}
	entries, err := decide(*l, books, given)
	if err != nil {
		return err
	}
	if entries, err = enter(ctx, tx, c, entries); err != nil {
		return err
	}
	return link(ctx, tx, l, entries)
}

// link notes which entries stand for a line.
func link(ctx context.Context, tx *sql.Tx, l *ledger.BankLine, entries []ledger.Entry) error {
	for _, e := range entries {
		pence := ledger.OnAccount(e.Postings, l.Account)
		if _, err := tx.ExecContext(ctx, `INSERT INTO line_entry (entry_number, line, pence) VALUES ($1, $2, $3)`, e.Number, l.ID, pence); err != nil {
			return database.StaleKey(fmt.Errorf("store: link an entry: %w", err))
		}
		l.InBooks += pence
		l.Entries = append(l.Entries, e.ID)
	}
	return changeLine(ctx, tx, l)
}

// changeLine writes what changed about a line: it fails if another changed it meanwhile.
func changeLine(ctx context.Context, tx *sql.Tx, l *ledger.BankLine) error {
	result, err := tx.ExecContext(ctx, `UPDATE bank_line SET in_books = $2, aside = $3, version = version + 1 WHERE id = $1 AND version = $4`, l.ID, l.InBooks, l.Aside, l.Version)
	if err != nil {
		return fmt.Errorf("store: change a line: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, errors.New("store: a line was changed meanwhile"))
	}
	l.Version++
	return nil
}

// LinkLine links entries that are in the books to a line.
func (s *Store) LinkLine(ctx context.Context, r once.Request, id string, entries []string, decide func(l ledger.BankLine, entries []ledger.Entry, taken []string) error, encode func(ledger.BankLine) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		l, err := oneLine(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		var found []ledger.Entry
		var taken []string
		for _, e := range entries {
			one, err := find(ctx, tx, ` WHERE e.id = $1`, e)
			if err != nil {
				return nil, err
			}
			if len(one) == 0 {
				return nil, notFound()
			}
			var n int64
			if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM line_entry WHERE entry_number = $1`, one[0].Number).Scan(&n); err != nil {
				return nil, fmt.Errorf("store: linked entries: %w", err)
			}
			if n > 0 {
				taken = append(taken, e)
			}
			found = append(found, one[0])
		}
		if err := decide(l, found, taken); err != nil {
			return nil, err
		}
		if err := link(ctx, tx, &l, found); err != nil {
			return nil, err
		}
		return encode(l)
	})
}

// SetAside leaves a line out of the books, or takes it back where the reason is empty.
func (s *Store) SetAside(ctx context.Context, r once.Request, id, reason string, decide func(ledger.BankLine) error, encode func(ledger.BankLine) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		l, err := oneLine(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if err := decide(l); err != nil {
			return nil, err
		}
		l.Aside = reason
		if err := changeLine(ctx, tx, &l); err != nil {
			return nil, err
		}
		return encode(l)
	})
}

// Certain is a line that may be booked without a person, and how.
type Certain struct {
	Line    string
	Members []string
	Decide  Booked
}

// MatchCertain books lines in one transaction. One that decide refuses, or that was booked meanwhile, is passed over. encode
// gets how many were booked.
func (s *Store) MatchCertain(ctx context.Context, r once.Request, c Clerk, all []Certain, encode func(booked int64) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		books, err := loadBooks(ctx, tx, r.At.UnixMicro())
		if err != nil {
			return nil, err
		}
		booked := int64(0)
		for _, one := range all {
			l, err := oneLine(ctx, tx, one.Line)
			if err != nil {
				return nil, err
			}
			refused := false
			err = bookLine(ctx, tx, c, &l, books, one.Members, func(l ledger.BankLine, b ledger.Books, given map[string]bool) ([]ledger.Entry, error) {
				entries, err := one.Decide(l, b, given)
				refused = fault.Of(err) != nil // Nothing of the line was written yet.
				return entries, err
			})
			switch {
			case refused:
			case err != nil:
				return nil, err
			default:
				booked++
			}
		}
		killpoint.Reach("ledger.before-commit")
		return encode(booked)
	})
}

// Rule is a rule of the treasurer's for lines that come again.
type Rule struct {
	match.Rule
	Fund    string
	Version int64
}

func findRules(ctx context.Context, q querier, tail string, args ...any) ([]Rule, error) {
	var all []Rule
	err := each(ctx, q, "rules", `SELECT id, text, other, least, most, member, account, fund, acts, version FROM match_rule `+tail, args, func(rows *sql.Rows) error {
		var r Rule
		err := rows.Scan(&r.ID, &r.Contains, &r.CounterpartyAccount, &r.Least, &r.Most, &r.Member, &r.Account, &r.Fund, &r.Acts, &r.Version)
		all = append(all, r)
		return err
	})
	return all, err
}

// MatchRules returns the rules in the order in which they were made.
func (s *Store) MatchRules(ctx context.Context) ([]Rule, error) {
	return findRules(ctx, s.db.Reader(), `ORDER BY id`)
}

func ruleNotFound() error {
	return fault.New(fault.NotFound, "RULE_NOT_FOUND", "There is no such rule.")
}

// SaveMatchRule makes a rule, or replaces one where old; decide sees the one that it replaces.
func (s *Store) SaveMatchRule(ctx context.Context, r once.Request, rule Rule, old bool, decide func(before Rule, b ledger.Books) error, encode func(Rule) ([]byte, error)) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		before, err := findRules(ctx, tx, `WHERE id = $1`, rule.ID)
		if err != nil {
			return nil, err
		}
		if old && len(before) == 0 {
			return nil, ruleNotFound()
		}
		books, err := loadBooks(ctx, tx, r.At.UnixMicro())
		if err != nil {
			return nil, err
		}
		out := rule
		out.Version = 1
		var was Rule
		if len(before) > 0 {
			was = before[0]
			out.Version = was.Version + 1
		}
		if err := decide(was, books); err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO match_rule (id, text, other, least, most, member, account, fund, acts, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT (id) DO UPDATE SET text = excluded.text, other = excluded.other, least = excluded.least, most = excluded.most, member = excluded.member,
			  account = excluded.account, fund = excluded.fund, acts = excluded.acts, version = excluded.version`,
			out.ID, out.Contains, out.CounterpartyAccount, out.Least, out.Most, out.Member, out.Account, out.Fund, out.Acts, out.Version); err != nil {
			return nil, fmt.Errorf("store: save a rule: %w", err)
		}
		return encode(out)
	})
}

// DeleteMatchRule forgets a rule.
func (s *Store) DeleteMatchRule(ctx context.Context, r once.Request, id string, decide func(Rule) error) ([]byte, error) {
	return once.Do(ctx, s.db, r, func(ctx context.Context, tx *sql.Tx) ([]byte, error) {
		before, err := findRules(ctx, tx, `WHERE id = $1`, id)
		if err != nil {
			return nil, err
		}
		if len(before) == 0 {
			return nil, ruleNotFound()
		}
		if err := decide(before[0]); err != nil {
			return nil, err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM match_rule WHERE id = $1`, id)
		return nil, err
	})
}
