package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/localgovdigital/folkmoot/services/ledger/statement"
)

var statementCommand = Command{
	Name:  "statement",
	Short: "show what a bank statement file holds, and what is wrong with it",
	Run:   runStatement,
}

func statementAbout() string {
	var b strings.Builder
	b.WriteString("Reads a bank's file (CSV, OFX or CAMT.053) as the ledger would import it, and prints its lines, whether its\n" +
		"balances fit, and each line that cannot be read with the reason. Nothing is imported; no database, no network.\n" +
		"FILE may be - for standard input. The status is 1 if anything was refused.\n\nBanks whose CSV files are known (--columns):\n\n")
	for _, p := range statement.Presets {
		fmt.Fprintf(&b, "  %-18s %s\n", p.Name, p.Title)
	}
	b.WriteString("\nAnother bank's: --column date=Date --column amount=Amount --column description=Details, where the parts are date,\n" +
		"valued, amount (or in and out), description, counterparty, reference, kind, balance, bank_id, currency, bank,\n" +
		"account, dates (day-first, month-first), comma, negated, out_negative. #1 is the first column of a file without headings.\n")
	return b.String()
}

type statementFlags struct {
	format, columns, currency, account string
	own                                many
	json                               bool
}

func (f *statementFlags) flags(s Streams) *flag.FlagSet {
	fs := flags(s, "statement", "[flags] FILE", statementAbout())
	fs.StringVar(&f.format, "format", "", "csv, ofx or camt053; without it the file's first bytes tell")
	fs.StringVar(&f.columns, "columns", "", "the `bank` whose CSV columns the file has; without it the headings tell")
	fs.Var(&f.own, "column", "where a `part=heading` of a CSV file stands (may be given again)")
	fs.StringVar(&f.currency, "currency", "", "the three `letters` of the currency, where the file names none (CSV: GBP)")
	fs.StringVar(&f.account, "account", "", "the account `number`, where a CSV file names none")
	fs.BoolVar(&f.json, "json", false, "print JSON instead of a table")
	return fs
}

func (f *statementFlags) options() (statement.Options, error) {
	o := statement.Options{Format: statement.Format(f.format), Currency: strings.ToUpper(f.currency), Account: f.account}
	switch o.Format {
	case "", statement.CSV, statement.OFX, statement.CAMT:
	default:
		return o, &UsageError{fmt.Sprintf("there is no format %q; --format takes csv, ofx or camt053", f.format)}
	}
	if f.columns != "" {
		p, ok := statement.Preset(f.columns)
		if !ok {
			return o, &UsageError{fmt.Sprintf("the columns of %q are not known; --columns takes a bank of the list", f.columns)}
		}
		o.Columns = &p
	}
	if len(f.own) > 0 && o.Columns == nil {
		o.Columns = &statement.Columns{Name: "own"}
	}
	for _, kv := range f.own {
		part, heading, ok := strings.Cut(kv, "=")
		if !ok {
			return o, &UsageError{fmt.Sprintf("--column %s: write part=heading", kv)}
		}
		if err := o.Columns.Set(part, heading); err != nil {
			return o, &UsageError{err.Error()}
		}
	}
	if o.Columns != nil {
		if err := o.Columns.Check(); err != nil {
			return o, &UsageError{err.Error()}
		}
	}
	return o, nil
}

func runStatement(ctx context.Context, s Streams, args []string) error {
	var f statementFlags
	words, err := parse(f.flags(s), args, 1, 1)
	if err != nil {
		return err
	}
	o, err := f.options()
	if err != nil {
		return err
	}
	in := s.In
	var size int64
	if words[0] != "-" {
		file, err := os.Open(words[0])
		if err != nil {
			return err
		}
		defer file.Close()
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
		in = file
	}
	if told := reading(s.Err, size); told != nil {
		o.Progress = func(p statement.Progress) { told(p.Bytes) }
	}
	out := bufio.NewWriter(s.Out)
	var sink interface {
		statement.Sink
		finish(statement.Summary, error) error
	} = &statementTable{w: out}
	if f.json {
		sink = &statementJSON{w: out}
	}
	sum, err := statement.Read(&stoppable{ctx, in}, o, sink)
	if ferr := errors.Join(sink.finish(sum, err), out.Flush()); ferr != nil {
		return ferr
	}
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", words[0], err)
	case sum.Refused > 0:
		return fmt.Errorf("%s: %d refused", words[0], sum.Refused)
	}
	return nil
}

// statementTable prints lines as they come.
type statementTable struct{ w io.Writer }

func (t *statementTable) Begin(s statement.Statement) error {
	_, err := fmt.Fprintf(t.w, "Statement %d: account %s, %s\n\n%8s  %-10s  %14s  %s\n", s.Number, shown(strings.TrimSpace(s.Bank+" "+s.Account)), s.Currency,
		"line", "booked", "amount", "what")
	return err
}

func (t *statementTable) Line(l statement.Line) error {
	texts := strings.Join(l.Texts(), " | ")
	if l.Reversal {
		texts = "(takes back) " + texts
	}
	if _, err := fmt.Fprintf(t.w, "%8d  %-10s  %14s  %s\n", l.FileLine, l.Booked, statement.Decimal(l.Minor, l.Currency), texts); err != nil {
		return err
	}
	for _, p := range l.Parts {
		amount := "?"
		if p.HasAmount {
			amount = statement.Decimal(p.Minor, l.Currency)
		}
		if _, err := fmt.Fprintf(t.w, "%8s  %-10s  %14s    of which %s | %s %s\n", "", "", amount, shown(p.Counterparty), p.Reference, p.Description); err != nil {
			return err
		}
	}
	return nil
}

func (t *statementTable) Problem(p statement.Problem) error {
	word := "note"
	if p.Refused {
		word = "REFUSED"
	}
	_, err := fmt.Fprintf(t.w, "%8d  %s: %s\n", p.FileLine, word, p.Message)
	return err
}

func (t *statementTable) End(s statement.Statement) error {
	_, _, why := s.Check()
	_, err := fmt.Fprintf(t.w, "\n%d lines, in %s, out %s; refused %d, not booked yet %d\n%s\n\n", s.Lines, statement.Decimal(s.In, s.Currency),
		statement.Decimal(s.Out, s.Currency), s.Refused, s.Pending, why)
	return err
}

func (t *statementTable) finish(s statement.Summary, err error) error {
	if err != nil {
		return nil
	}
	_, err = fmt.Fprintln(t.w, strings.Join(strings.Fields(fmt.Sprintf("%s %s %s: statements %d, lines %d, refused %d", s.Format, s.Version, s.Columns, s.Statements, s.Lines, s.Refused)), " "))
	return err
}

func shown(s string) string {
	if s == "" {
		return "(not named)"
	}
	return s
}

// statementJSON prints one document: the lines as they come, then what was kept.
type statementJSON struct {
	w          io.Writer
	lines      int
	statements []any
	problems   []any
}

func (j *statementJSON) Begin(statement.Statement) error { return nil }

func (j *statementJSON) Line(l statement.Line) error {
	type part struct {
		Minor        *int64 `json:"minor"`
		Counterparty string `json:"counterparty,omitempty"`
		Reference    string `json:"reference,omitempty"`
		Description  string `json:"description,omitempty"`
	}
	var parts []part
	for _, p := range l.Parts {
		one := part{nil, p.Counterparty, p.Reference, p.Description}
		if p.HasAmount {
			one.Minor = &p.Minor
		}
		parts = append(parts, one)
	}
	b, err := json.Marshal(struct {
		ID           string `json:"id"`
		Statement    int    `json:"statement"`
		FileLine     int    `json:"file_line"`
		Booked       string `json:"booked"`
		Valued       string `json:"valued,omitempty"`
		Minor        int64  `json:"minor"`
		Currency     string `json:"currency"`
		Description  string `json:"description,omitempty"`
		Counterparty string `json:"counterparty,omitempty"`
		Account      string `json:"counterparty_account,omitempty"`
		Reference    string `json:"reference,omitempty"`
		EndToEnd     string `json:"end_to_end,omitempty"`
		Kind         string `json:"kind,omitempty"`
		BankID       string `json:"bank_id,omitempty"`
		Reversal     bool   `json:"reversal,omitempty"`
		Repeats      bool   `json:"repeats,omitempty"`
		Parts        []part `json:"parts,omitempty"`
	}{l.ID, l.Statement, l.FileLine, l.Booked, l.Valued, l.Minor, l.Currency, l.Description, l.Counterparty, l.CounterpartyAccount, l.Reference,
		l.EndToEnd, l.Kind, l.BankID, l.Reversal, l.Repeats, parts})
	if err != nil {
		return err
	}
	before := ",\n    "
	if j.lines == 0 {
		before = "{\n  \"lines\": [\n    "
	}
	j.lines++
	_, err = fmt.Fprintf(j.w, "%s%s", before, b)
	return err
}

func (j *statementJSON) Problem(p statement.Problem) error {
	j.problems = append(j.problems, map[string]any{"file_line": p.FileLine, "statement": p.Statement, "field": p.Field, "reason": p.Reason, "message": p.Message, "refused": p.Refused})
	return nil
}

func (j *statementJSON) End(s statement.Statement) error {
	balance := func(b *statement.Balance) any {
		if b == nil {
			return nil
		}
		return map[string]any{"minor": b.Minor, "currency": b.Currency, "date": b.Date}
	}
	v, difference, why := s.Check()
	j.statements = append(j.statements, map[string]any{
		"number": s.Number, "file_line": s.FileLine, "id": s.ID, "bank": s.Bank, "account": s.Account, "name": s.Name, "currency": s.Currency, "from": s.From, "to": s.To,
		"opening": balance(s.Opening), "closing": balance(s.Closing), "lines": s.Lines, "sum": s.Sum, "in": s.In, "out": s.Out, "refused": s.Refused, "pending": s.Pending,
		"check": map[string]any{"verdict": v, "difference": difference, "why": why},
	})
	return nil
}

func (j *statementJSON) finish(s statement.Summary, failed error) error {
	if j.lines == 0 {
		fmt.Fprint(j.w, "{\n  \"lines\": [")
	}
	rest := map[string]any{
		"statements": append([]any{}, j.statements...), "problems": append([]any{}, j.problems...),
		"summary": map[string]any{"format": s.Format, "version": s.Version, "columns": s.Columns, "statements": s.Statements, "lines": s.Lines,
			"refused": s.Refused, "notes": s.Notes, "pending": s.Pending, "bytes": s.Bytes},
	}
	if failed != nil {
		rest["error"] = failed.Error()
	}
	b, err := json.MarshalIndent(rest, "  ", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(j.w, "\n  ],%s\n", strings.TrimSuffix(strings.TrimPrefix(string(b), "{"), "\n  }")+"\n}")
	return err
}
