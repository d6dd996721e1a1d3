package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/statement"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

const (
	// linesABatch is how many lines are kept in one transaction.
	linesABatch = 500
	// previewed is how many lines a person is shown before they are kept.
	previewed = 20
	// mostProblems is how many problems are kept of one file.
	mostProblems = 1000
	// lookAgain is how often the reader looks whether a file waits that another replica took in.
	lookAgain = 10 * time.Second
)

// readBankFiles checks and imports the files that wait, one after the other, until the context ends. A file that a crash cut
// short is read again from its beginning: lines that are kept already stay as they are.
func (s *Server) readBankFiles(ctx context.Context) {
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		for s.readNext(ctx) {
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wakeImports:
		case <-tick.C:
		}
	}
}

// readNext reads the next file that waits; false if none does, or if it could not be read now.
func (s *Server) readNext(ctx context.Context) bool {
	i, ok, err := s.store.DueImport(ctx)
	if err == nil && ok {
		if i.State == store.Checking {
			err = s.check(ctx, i)
		} else {
			err = s.keep(ctx, i)
		}
	}
	if err != nil && ctx.Err() == nil {
		s.Log.ErrorContext(ctx, "a bank file could not be read now", slog.String("import", i.ID), slog.Any("error", err))
	}
	return err == nil && ok
}

// wake tells the reader that a file waits.
func (s *Server) wake() {
	select {
	case s.wakeImports <- struct{}{}:
	default:
	}
}

// lineID is the same whenever the same movement is read into the same account of the chart. It begins with the bank's date,
// so that lines stand in the table in the order in which files bring them, and a million go in as fast as a thousand.
func lineID(account string, l *statement.Line) string {
	sum := sha256.Sum256([]byte("folkmoot bank line of " + account + "\n" + l.ID))
	return strings.ReplaceAll(l.Booked, "-", "") + hex.EncodeToString(sum[:12])
}

// reading is what checking and keeping share: it lets the lines of one account in pounds through.
type reading struct {
	account string
	line    func(statement.Line) error
	end     func(statement.Statement)
	problem func(statement.Problem)

	first   *statement.Statement
	other   bool // the statement at hand is of another account
	foreign int
}

// Begin takes a statement. One of another account than the first is left out: a file is imported into one account.
func (r *reading) Begin(st statement.Statement) error {
	if r.first == nil {
		r.first = &st
	}
	r.other = st.Account != r.first.Account || st.Bank != r.first.Bank
	if r.other {
		r.problem(statement.Problem{
			FileLine: st.FileLine, Statement: st.Number, Reason: "ACCOUNT_MIXED", Refused: true,
			Message: "This statement is of another account than the first one of the file, and is left out. Import each account by itself.",
		})
	}
	return nil
}

// Line takes a line.
func (r *reading) Line(l statement.Line) error {
	if r.other {
		return nil
	}
	if l.Currency != ledger.GBP {
		r.foreign++
		r.problem(statement.Problem{
			FileLine: l.FileLine, Statement: l.Statement, Reason: "CURRENCY_FOREIGN", Refused: true,
			Message: "This is in " + l.Currency + ", and the books are in pounds.",
		})
		return nil
	}
	return r.line(l)
}

// Problem takes what is wrong.
func (r *reading) Problem(p statement.Problem) error { r.problem(p); return nil }

// End takes a statement with its sums.
func (r *reading) End(st statement.Statement) error {
	if !r.other {
		r.end(st)
	}
	return nil
}

// options says how to read a file.
func (s *Server) options(ctx context.Context, i store.Import, progress func(statement.Progress)) (statement.Options, error) {
	o := statement.Options{Currency: ledger.GBP, MaxProblems: mostProblems, Progress: progress}
	if i.ColumnMap != "" {
		m, err := s.store.ColumnMap(ctx, i.ColumnMap)
		if err != nil {
			return o, err
		}
		o.Format, o.Columns = statement.CSV, &m.Columns
	}
	return o, nil
}

// check reads a file for what an import would do.
func (s *Server) check(ctx context.Context, i store.Import) error {
	var f store.Found
	var ids []string
	known := func() error {
		if len(ids) == 0 {
			return nil
		}
		n, err := s.store.Known(ctx, ids)
		f.Known += n
		ids = ids[:0]
		return err
	}
	sink := &reading{account: i.Account}
	sink.problem = func(p statement.Problem) {
		if p.Refused {
			f.Refused++
		}
		if len(f.Problems) < mostProblems {
			f.Problems = append(f.Problems, p)
		}
	}
	sink.line = func(l statement.Line) error {
		f.Lines++
		if l.Minor >= 0 {
			f.In += l.Minor
		} else {
			f.Out += l.Minor
		}
		if len(f.Preview) < previewed {
			f.Preview = append(f.Preview, l)
		}
		if l.Repeats {
			f.Known++ // an earlier line of this same file is it
			return nil
		}
		if ids = append(ids, lineID(i.Account, &l)); len(ids) == s.batch {
			return known()
		}
		return nil
	}
	sink.end = func(st statement.Statement) { balance(&f, st) }
	o, err := s.options(ctx, i, func(p statement.Progress) { _ = s.store.Read(ctx, i.ID, p.Bytes, int64(p.Lines)) })
	if err != nil {
		return err
	}
	summary, err := statement.Read(s.store.ReadFile(ctx, i.File.ID), o, sink)
	if err == nil {
		err = known()
	}
	f.Format, f.ColumnMap, f.Pending = string(summary.Format), summary.Columns, int64(summary.Pending)
	state := store.Ready
	if broken := fault.Of(err); broken != nil {
		line, _ := strconv.Atoi(broken.Details["line"])
		sink.problem(statement.Problem{FileLine: line, Reason: broken.Reason, Message: broken.Message, Refused: true})
		if n := len(f.Problems); n == mostProblems {
			f.Problems[n-1] = statement.Problem{FileLine: line, Reason: broken.Reason, Message: broken.Message, Refused: true}
		}
		state, f.Lines, f.Preview = store.Failed, 0, nil
	} else if err != nil {
		return err
	}
	return s.store.Checked(ctx, i.ID, state, f)
}

// balance adds what a statement says of its balances: the worst verdict, the period of all, the last closing balance.
func balance(f *store.Found, st statement.Statement) {
	verdict, _, why := st.Check()
	worse := map[string]int{"": 0, string(statement.Balanced): 1, string(statement.Unchecked): 2, string(statement.Unbalanced): 3}
	if worse[string(verdict)] > worse[f.Verdict] {
		f.Verdict, f.VerdictIn = string(verdict), why
	}
	if st.From != "" && (f.From == "" || st.From < f.From) {
		f.From = st.From
	}
	if st.To > f.To {
		f.To = st.To
	}
	if c := st.Closing; c != nil && c.Currency == ledger.GBP && (f.Closing == nil || c.Date >= f.ClosingDate) {
		f.Closing, f.ClosingDate = &c.Minor, c.Date
	}
}

// keep reads a file that was checked and keeps its lines, a batch in a transaction.
func (s *Server) keep(ctx context.Context, i store.Import) error {
	var lines []ledger.BankLine
	var at statement.Progress
	read := int64(0)
	flush := func() error {
		err := s.store.Keep(ctx, i.ID, lines, at.Bytes, read)
		lines = lines[:0]
		return err
	}
	sink := &reading{account: i.Account, problem: func(statement.Problem) {}, end: func(statement.Statement) {}}
	sink.line = func(l statement.Line) error {
		read++
		if l.Repeats {
			return nil
		}
		lines = append(lines, ledger.BankLine{ID: lineID(i.Account, &l), Account: i.Account, Line: l, Import: i.ID})
		if len(lines) < s.batch {
			return nil
		}
		return flush()
	}
	o, err := s.options(ctx, i, func(p statement.Progress) { at = p })
	if err != nil {
		return err
	}
	if _, err := statement.Read(s.store.ReadFile(ctx, i.File.ID), o, sink); err != nil {
		return fmt.Errorf("server: a file that was checked cannot be read: %w", err)
	}
	if err := flush(); err != nil {
		return err
	}
	return s.store.Imported(ctx, i.ID)
}
