package ledger

import (
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
)

// Exporter writes a journal in the format of another program. Begin comes first, then Entry for each
// entry in order of number, then End. What it writes is public: no names, no members' ids and
// no references, which banks fill with names.
type Exporter interface {
	// ContentType is the media type of what is written.
	ContentType() string
	Begin(w io.Writer) error
	Entry(w io.Writer, e Entry) error
	End(w io.Writer) error
}

// Formats are the names of the formats that [NewExporter] knows.
var Formats = []string{"hledger", "beancount", "csv", "json"}

// NewExporter returns the exporter of a format, or an Invalid fault that lists the formats. added are the accounts
// beside [Chart].
func NewExporter(format string, added ...Account) (Exporter, error) {
	switch format {
	case "hledger":
		return hledger{AllAccounts(added)}, nil
	case "beancount":
		return beancount{AllAccounts(added)}, nil
	case "csv":
		return csvFile{}, nil
	case "json":
		return &jsonFile{}, nil
	}
	return nil, fault.Field("FORMAT_UNKNOWN", "format", "Choose one of the formats "+strings.Join(Formats, ", ")+".")
}

func instant(microseconds int64) string {
	return time.UnixMicro(microseconds).UTC().Format("2006-01-02T15:04:05.000000Z")
}

// hledger writes a journal that `hledger check --strict` accepts: every account and the commodity are declared
// (hledger manual, "Strict mode").
type hledger struct{ accounts Accounts }

func (hledger) ContentType() string { return "text/plain; charset=utf-8" }

var hledgerType = map[AccountType]string{Asset: "A", Liability: "L", Equity: "E", Income: "R", Expense: "X"}

func (h hledger) Begin(w io.Writer) error {
	if _, err := fmt.Fprint(w, "; The journal of the society, exported by Folkmoot. Check it with: hledger check --strict -f FILE\n\ncommodity 1000.00 GBP\n\n"); err != nil {
		return err
	}
	for _, a := range h.accounts {
		if _, err := fmt.Fprintf(w, "account %s  ; type:%s\n", a.ID, hledgerType[a.Type]); err != nil {
			return err
		}
	}
	return nil
}

// plain takes out what would begin a comment or a second field in a line format.
var plain = strings.NewReplacer(";", ",", "|", "/", "\"", "'", "\\", "/", "\n", " ", "\r", " ", "\t", " ")

func (hledger) Entry(w io.Writer, e Entry) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s (%d) %s\n    ; entry:%s, entered:%s\n", e.Occurred, e.Number, plain.Replace(e.Description), e.ID, instant(e.Entered))
	if e.Reverses != "" {
		fmt.Fprintf(&b, "    ; reverses:%s\n", e.Reverses)
	}
	if e.Meeting != "" {
		fmt.Fprintf(&b, "    ; meeting:%s\n", e.Meeting)
	}
	for _, p := range e.Postings {
		fmt.Fprintf(&b, "    %-32s  %s", p.Account, p.Amount)
		if p.Fund != "" {
			fmt.Fprintf(&b, "  ; fund:%s", p.Fund)
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (hledger) End(io.Writer) error { return nil }

// beancount writes a ledger that bean-check accepts (Beancount language syntax: accounts begin with one of
// five capitalised words and are opened before use).
type beancount struct{ accounts Accounts }

func (beancount) ContentType() string { return "text/plain; charset=utf-8" }

func beancountAccount(id string) string {
	parts := strings.Split(id, ":")
	for i, p := range parts {
		parts[i] = strings.ToUpper(p[:1]) + p[1:]
	}
	return strings.Join(parts, ":")
}

func (f beancount) Begin(w io.Writer) error {
	if _, err := fmt.Fprint(w, "; The journal of the society, exported by Folkmoot. Check it with: bean-check FILE\n\noption \"operating_currency\" \"GBP\"\n\n"); err != nil {
		return err
	}
	for _, a := range f.accounts {
		if _, err := fmt.Fprintf(w, "%s open %s GBP\n", earliest, beancountAccount(a.ID)); err != nil {
			return err
		}
	}
	return nil
}

func (beancount) Entry(w io.Writer, e Entry) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s * %q\n  number: %d\n  entry: %q\n  entered: %q\n", e.Occurred, plain.Replace(e.Description), e.Number, e.ID, instant(e.Entered))
	if e.Reverses != "" {
		fmt.Fprintf(&b, "  reverses: %q\n", e.Reverses)
	}
	if e.Meeting != "" {
		fmt.Fprintf(&b, "  meeting: %q\n", e.Meeting)
	}
	for _, p := range e.Postings {
		fmt.Fprintf(&b, "  %-32s  %s\n", beancountAccount(p.Account), p.Amount)
		if p.Fund != "" {
			fmt.Fprintf(&b, "    fund: %q\n", p.Fund)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (beancount) End(io.Writer) error { return nil }

// csvFile writes a line a posting (RFC 4180).
type csvFile struct{}

func (csvFile) ContentType() string { return "text/csv; charset=utf-8; header=present" }

// Neutral puts an apostrophe before a text that a spreadsheet would run as a formula (OWASP, CSV injection).
func Neutral(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func (csvFile) Begin(w io.Writer) error {
	return line(w, "number", "entry", "kind", "occurred", "entered", "description", "reverses", "account", "amount", "currency")
}

func line(w io.Writer, fields ...string) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write(fields); err != nil {
		return err
	}
	c.Flush()
	return c.Error()
}

func (csvFile) Entry(w io.Writer, e Entry) error {
	for _, p := range e.Postings {
		if err := line(w, strconv.FormatInt(e.Number, 10), e.ID, string(e.Kind), e.Occurred, instant(e.Entered), Neutral(e.Description),
			e.Reverses, p.Account, Decimal(p.Amount.Pence), p.Amount.Currency); err != nil {
			return err
		}
	}
	return nil
}

func (csvFile) End(io.Writer) error { return nil }

// jsonFile writes one JSON array; amounts are whole pence. It is what folkmoot verify reads.
type jsonFile struct{ some bool }

func (*jsonFile) ContentType() string { return "application/json" }

type jsonPosting struct {
	Account  string `json:"account"`
	Pence    int64  `json:"pence"`
	Currency string `json:"currency"`
	Fund     string `json:"fund,omitempty"`
}

type jsonEntry struct {
	Number      int64         `json:"number"`
	ID          string        `json:"entry"`
	Kind        Kind          `json:"kind"`
	Occurred    string        `json:"occurred"`
	Entered     string        `json:"entered"`
	Description string        `json:"description"`
	Reverses    string        `json:"reverses,omitempty"`
	Meeting     string        `json:"meeting,omitempty"`
	Postings    []jsonPosting `json:"postings"`
	// Leaf is the place in the public log; with the salt and the hash of what is not public, both in hexadecimal, anybody
	// computes that leaf (Entry.LeafContent).
	Leaf    *int64 `json:"leaf,omitempty"`
	Salt    string `json:"salt,omitempty"`
	Private string `json:"private,omitempty"`
}

func (*jsonFile) Begin(w io.Writer) error { _, err := io.WriteString(w, "["); return err }

func (j *jsonFile) Entry(w io.Writer, e Entry) error {
	out := jsonEntry{Number: e.Number, ID: e.ID, Kind: e.Kind, Occurred: e.Occurred, Entered: instant(e.Entered), Description: e.Description, Reverses: e.Reverses, Meeting: e.Meeting}
	for _, p := range e.Postings {
		out.Postings = append(out.Postings, jsonPosting{p.Account, p.Amount.Pence, p.Amount.Currency, p.Fund})
	}
	if l := e.Log; l != nil {
		out.Leaf, out.Salt, out.Private = &l.Index, hex.EncodeToString(l.Salt), hex.EncodeToString(l.Private)
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return err
	}
	sep := "\n"
	if j.some {
		sep = ",\n"
	}
	j.some = true
	_, err = io.WriteString(w, sep+string(raw))
	return err
}

func (*jsonFile) End(w io.Writer) error { _, err := io.WriteString(w, "\n]\n"); return err }
