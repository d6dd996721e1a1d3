package statement

import (
	"bytes"
	"fmt"
	"strings"
)

// ofxAmount is how OFX writes amounts: a sign, a point or a comma, no separators (OFX 2.2, 3.2.9.1).
var ofxAmount = notation{signed: true}

// aggregates are the elements of OFX that hold others and matter here. They must be closed: one that is not hides where a
// line of the statement ends. All other tags are taken as they come.
var aggregates = map[string]bool{
	"OFX": true, "SONRS": true, "STATUS": true, "STMTTRNRS": true, "CCSTMTTRNRS": true, "STMTRS": true, "CCSTMTRS": true,
	"BANKACCTFROM": true, "CCACCTFROM": true, "BANKACCTTO": true, "CCACCTTO": true, "BANKTRANLIST": true, "BANKTRANLISTP": true,
	"STMTTRN": true, "STMTTRNP": true, "PAYEE": true, "CURRENCY": true, "ORIGCURRENCY": true, "LEDGERBAL": true, "AVAILBAL": true,
	"BAL": true, "BALLIST": true, "FI": true, "INVSTMTRS": true, "INVSTMTTRNRS": true,
}

// ofx reads an OFX file tag by tag.
type ofx struct {
	*course
	t tags
	// open are the aggregates around, with the line of each.
	open []tag
	// within is the innermost of them.
	within string
	fields map[string]string // of the line, balance or status at hand
	twice  string
	line   int // where that began
	// settled is true once the statement's currency is; saw once <OFX> was met.
	settled, saw bool
	skip         string // an aggregate that is passed over
}

func readOFX(c *course) error {
	r := &ofx{course: c, t: tags{in: c.in, line: 1}}
	head, err := c.in.Peek(2048)
	if len(head) == 0 {
		return err
	}
	c.sum.Version = ofxVersion(head)
	if _, err = r.t.text(); err != nil { // the header
		return err
	}
	for {
		g, err := r.t.next()
		if err != nil {
			return err
		}
		switch g.kind {
		case finished:
			return r.finish(g.line)
		case opening:
			err = r.opens(g)
		case closing:
			err = r.closes(g)
		}
		if err != nil {
			return err
		}
	}
}

// ofxVersion finds the version in either header; a file without one is read as well.
func ofxVersion(head []byte) string {
	at := bytes.Index(bytes.ToUpper(head), []byte("VERSION"))
	for at >= 0 {
		rest := strings.TrimLeft(string(head[at+len("VERSION"):]), ":=\"' ")
		if n := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' }); n > 1 {
			return rest[:n]
		}
		next := bytes.Index(bytes.ToUpper(head[at+1:]), []byte("VERSION"))
		if next < 0 {
			break
		}
		at += 1 + next
	}
	return ""
}

func (r *ofx) finish(line int) error {
	switch {
	case !r.saw:
		return stopped(line, "STATEMENT_UNKNOWN", "The file holds no OFX.")
	case len(r.open) > 0:
		return stopped(line, "STATEMENT_CUT_OFF", "The file ends inside <%s> of line %d: it was not downloaded whole.", r.within, r.open[len(r.open)-1].line)
	case r.sum.Statements == 0 && r.sum.Refused == 0:
		return r.note(line, "", "STATEMENT_NONE", "The file holds no statement of an account.")
	}
	return nil
}

func (r *ofx) opens(g tag) error {
	if !aggregates[g.name] {
		if g.text != "" || r.fields != nil {
			r.leaf(g)
		}
		return nil
	}
	if g.name != "OFX" && !r.saw {
		return stopped(g.line, "STATEMENT_UNREADABLE", "<%s> stands before <OFX>.", g.name)
	}
	if g.name == "OFX" && r.saw {
		return stopped(g.line, "STATEMENT_UNREADABLE", "There is a second <OFX> in the file: import the two files one by one.")
	}
	for _, o := range r.open {
		if o.name == g.name && g.name != "STATUS" {
			return stopped(g.line, "STATEMENT_UNREADABLE", "<%s> begins, but the one of line %d was not closed.", g.name, o.line)
		}
	}
	if len(r.open) > 30 {
		return stopped(g.line, "STATEMENT_UNREADABLE", "Elements stand too deep in each other.")
	}
	r.saw = true
	r.open = append(r.open, g)
	r.within = g.name
	if r.skip != "" {
		return nil
	}
	switch g.name {
	case "STMTRS", "CCSTMTRS":
		r.settled = false
		return r.start(g.line)
	case "STMTTRNP", "BANKTRANLISTP":
		r.skip = g.name
		if g.name == "STMTTRNP" {
			return r.isPending(g.line)
		}
	case "INVSTMTRS":
		r.skip = g.name
		return r.wrong(g.line, "INVSTMTRS", "ACCOUNT_NOT_BANK", "This is the statement of an investment account; only bank and card accounts can be imported.")
	case "STMTTRN", "LEDGERBAL", "STATUS":
		r.fields, r.twice, r.line = map[string]string{}, "", g.line
	}
	return nil
}

func (r *ofx) isPending(line int) error {
	r.pending()
	return r.note(line, "STMTTRNP", "LINE_PENDING", "The bank has not booked this yet: it is left out until it has.")
}

// leaf takes an element with text.
func (r *ofx) leaf(g tag) {
	if r.skip != "" {
		return
	}
	if r.fields != nil {
		key := g.name
		switch r.within {
		case "STMTTRN", "LEDGERBAL", "STATUS":
		case "PAYEE", "BANKACCTTO", "CCACCTTO", "CURRENCY", "ORIGCURRENCY":
			key = r.within + "/" + g.name
		default:
			return
		}
		if old, ok := r.fields[key]; ok && old != g.text && old != "" && (key == "TRNAMT" || key == "DTPOSTED" || key == "FITID" || key == "BALAMT") {
			r.twice = key
		}
		if len(r.fields) < 100 {
			r.fields[key] = first(g.text, r.fields[key])
		}
		return
	}
	switch r.within + "/" + g.name {
	case "STMTRS/CURDEF", "CCSTMTRS/CURDEF":
		r.now.Currency = strings.ToUpper(g.text)
	case "BANKACCTFROM/BANKID":
		r.now.Bank = tidy(g.text)
	case "BANKACCTFROM/BRANCHID":
		r.now.Bank = tidy(r.now.Bank + " " + g.text)
	case "BANKACCTFROM/ACCTID", "CCACCTFROM/ACCTID":
		r.now.Account = tidy(g.text)
	case "BANKACCTFROM/ACCTTYPE":
		r.now.Name = tidy(g.text)
	case "BANKTRANLIST/DTSTART":
		r.now.From, _ = compact(g.text)
	case "BANKTRANLIST/DTEND":
		r.now.To, _ = compact(g.text)
	}
}

func (r *ofx) closes(g tag) error {
	if !aggregates[g.name] {
		return nil // of an element with text, or of one that is not known
	}
	last := len(r.open) - 1
	if last < 0 || r.open[last].name != g.name {
		if last < 0 {
			return stopped(g.line, "STATEMENT_UNREADABLE", "</%s> closes what was never opened.", g.name)
		}
		return stopped(g.line, "STATEMENT_UNREADABLE", "</%s> closes, but <%s> of line %d is still open.", g.name, r.within, r.open[last].line)
	}
	r.open = r.open[:last]
	r.within = ""
	if last > 0 {
		r.within = r.open[last-1].name
	}
	if r.skip != "" {
		if r.skip == g.name {
			r.skip = ""
		}
		return nil
	}
	switch g.name {
	case "STATUS":
		return r.status()
	case "STMTTRN":
		return r.transaction()
	case "LEDGERBAL":
		return r.balance()
	case "STMTRS", "CCSTMTRS":
		return r.endStatement(g.line)
	}
	return nil
}

// status takes the bank's own word on whether it could answer.
func (r *ofx) status() error {
	f := r.fields
	r.fields = nil
	if !strings.EqualFold(f["SEVERITY"], "ERROR") {
		return nil
	}
	return r.wrong(r.line, "STATUS", "BANK_ERROR", "The bank answered with an error instead of a statement: %s (code %s).",
		quoted(first(f["MESSAGE"], "no message")), tidy(f["CODE"]))
}

// currency settles the account's currency, before the first line or balance.
func (r *ofx) currency(f map[string]string, line int) error {
	if r.settled {
		return nil
	}
	r.settled = true
	if r.now.Account == "" {
		if err := r.wrong(r.now.FileLine, "ACCTID", "ACCOUNT_MISSING", "The statement does not say which account it is of."); err != nil {
			return err
		}
	}
	if r.now.Currency == "" {
		r.now.Currency = strings.ToUpper(first(f["CURRENCY/CURSYM"], r.o.Currency))
		if isCurrency(r.now.Currency) {
			return r.note(line, "CURDEF", "CURRENCY_ASSUMED", "The statement does not say its currency: %s is taken.", r.now.Currency)
		}
	}
	if !isCurrency(r.now.Currency) {
		return stopped(line, "CURRENCY_UNKNOWN", "The statement does not say in which currency it is (CURDEF): %s.", quoted(r.now.Currency))
	}
	return nil
}

func (r *ofx) transaction() error {
	f := r.fields
	r.fields = nil
	if !r.inStatement() {
		return stopped(r.line, "STATEMENT_UNREADABLE", "A movement (STMTTRN) stands outside a statement.")
	}
	if err := r.currency(f, r.line); err != nil {
		return err
	}
	var bad []Problem
	say := func(field, reason, format string, args ...any) {
		bad = append(bad, Problem{Field: field, Reason: reason, Message: fmt.Sprintf(format, args...)})
	}
	if r.twice != "" {
		say(r.twice, "FIELD_TWICE", "%s is given twice, and differently.", r.twice)
	}
	l := Line{FileLine: r.line, Currency: r.now.Currency, BankID: f["FITID"], Kind: strings.ToUpper(f["TRNTYPE"])}
	var wrong string
	if l.Booked, wrong = compact(f["DTPOSTED"]); wrong != "" {
		say("DTPOSTED", "DATE_INVALID", "%s", wrong)
	}
	for _, name := range [...]string{"DTAVAIL", "VALUEDATE"} {
		if f[name] != "" && l.Valued == "" {
			l.Valued, _ = compact(f[name])
		}
	}
	if l.Minor, wrong = ofxAmount.parse(f["TRNAMT"], r.now.Currency); wrong != "" {
		say("TRNAMT", "AMOUNT_INVALID", "%s", wrong)
	}
	if other := strings.ToUpper(f["CURRENCY/CURSYM"]); other != "" && other != r.now.Currency {
		say("CURSYM", "CURRENCIES_MIXED", "The amount is in %s, but the account is in %s.", quoted(other), r.now.Currency)
	}
	if f["CORRECTFITID"] != "" {
		say("CORRECTFITID", "LINE_CORRECTS", "The bank corrects its earlier line %s: enter the correction by hand.", quoted(f["CORRECTFITID"]))
	}
	if len(bad) > 0 {
		r.seen++
		r.now.Refused++
		for _, p := range bad {
			if err := r.wrong(r.line, p.Field, p.Reason, "%s", p.Message); err != nil {
				return err
			}
		}
		return nil
	}
	l.Counterparty = first(f["PAYEE/NAME"], f["NAME"])
	l.CounterpartyAccount = first(f["BANKACCTTO/ACCTID"], f["CCACCTTO/ACCTID"])
	l.Description = joined([]string{f["MEMO"], l.Counterparty})
	l.Reference = first(ownID(f["REFNUM"]), ownID(f["CHECKNUM"]))
	l.Reversal = strings.EqualFold(f["TRNTYPE"], "REVERSAL")
	return r.course.line(l)
}

func (r *ofx) inStatement() bool {
	for _, o := range r.open {
		if o.name == "STMTRS" || o.name == "CCSTMTRS" {
			return true
		}
	}
	return false
}

// balance takes the booked balance. One with neither amount nor date is as good as none; one that has a date and no amount
// is a balance that cannot be read.
func (r *ofx) balance() error {
	f := r.fields
	r.fields = nil
	amount, at := f["BALAMT"], f["DTASOF"]
	if !r.inStatement() || (amount == "" && at == "") {
		return nil
	}
	if err := r.currency(nil, r.line); err != nil {
		return err
	}
	if r.twice != "" {
		return r.wrong(r.line, r.twice, "FIELD_TWICE", "The balance is given twice, and differently.")
	}
	v, wrong := ofxAmount.parse(amount, r.now.Currency)
	if wrong != "" {
		return r.wrong(r.line, "BALAMT", "BALANCE_INVALID", "The closing balance cannot be read. %s", wrong)
	}
	b := &Balance{Minor: v, Currency: r.now.Currency}
	if at != "" {
		if b.Date, wrong = compact(at); wrong != "" {
			return r.wrong(r.line, "DTASOF", "BALANCE_INVALID", "The closing balance cannot be read. %s", wrong)
		}
	}
	r.now.Closing = b
	return nil
}

func (r *ofx) endStatement(line int) error {
	if err := r.currency(nil, line); err != nil {
		return err
	}
	return r.end()
}
