package statement

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// camtAmount is how CAMT writes amounts: a point, no sign, no separators (ISO 20022, ActiveOrHistoricCurrencyAndAmount).
var camtAmount = notation{point: '.'}

// Limits on what one entry of a CAMT file may hold.
const (
	maxParts = 20_000
	maxDepth = 64
)

// camt reads a CAMT.053 message element by element. path is where it is, from Stmt on: "Ntry/Amt".
type camt struct {
	*course
	d     *xml.Decoder
	names []string
	path  []byte
	text  []byte
	ccy   string
	// stmt and message are the depths of Stmt and BkToCstmrStmt, 0 outside.
	stmt, message int
	done          bool
	bal           camtBalance
	entry         camtEntry
	part          camtPart
	opening       string // type of the balance taken as opening
	counted       int
	announced     string
	paged         bool
}

type camtBalance struct {
	line                                int
	kind, amount, currency, credit, day string
}

type camtParty struct{ debtor, creditor, ultimateDebtor, ultimateCreditor, debtorAccount, creditorAccount string }

// name returns who is on the other side of money that came in, or went out; and the account.
func (p *camtParty) other(in bool) (string, string) {
	if in {
		return first(p.debtor, p.ultimateDebtor, p.creditor, p.ultimateCreditor), first(p.debtorAccount, p.creditorAccount)
	}
	return first(p.creditor, p.ultimateCreditor, p.debtor, p.ultimateDebtor), first(p.creditorAccount, p.debtorAccount)
}

type camtPart struct {
	amount, currency, txAmount, txCurrency, credit string
	camtParty
	reference, endToEnd, transaction string
	free, more                       []string
}

type camtEntry struct {
	line                                                                 int
	amount, currency, credit, reversal, status, booked, valued, ref, own string
	domain, family, sub, proprietary, more, batch                        string
	parts                                                                []camtPart
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

func readCAMT(c *course) error {
	g := &guard{in: c.in}
	r := &camt{course: c, d: xml.NewDecoder(g)}
	r.d.CharsetReader = charset
	for {
		t, err := r.d.RawToken()
		line, _ := r.d.InputPos()
		if errors.Is(err, io.EOF) {
			if len(r.names) > 0 {
				return stopped(line, "STATEMENT_CUT_OFF", "The file ends inside %s: it was not downloaded whole.", r.names[len(r.names)-1])
			}
			break
		}
		if err != nil {
			if g.err != nil && errors.Is(err, g.err) {
				return err
			}
			return notXML(err, line)
		}
		switch t := t.(type) {
		case xml.StartElement:
			err = r.open(t, line)
		case xml.EndElement:
			err = r.close(t.Name.Local, line)
		case xml.CharData:
			if r.stmt > 0 && len(r.text) < 1<<16 {
				r.text = append(r.text, t...)
			}
		case xml.Directive:
			err = stopped(line, "STATEMENT_UNREADABLE", "The file has a document type of its own, which no bank sends.")
		}
		if err != nil {
			return err
		}
	}
	switch {
	case !r.done:
		return stopped(1, "STATEMENT_UNKNOWN", "This XML file holds no bank statement (no BkToCstmrStmt).")
	case r.sum.Statements == 0:
		return stopped(1, "STATEMENT_EMPTY", "The message holds no statement (no Stmt).")
	}
	return nil
}

// notXML says why XML cannot be followed.
func notXML(err error, line int) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, errTooLong):
		return stopped(line, "STATEMENT_UNREADABLE", "A text of more than a million characters: no bank sends that.")
	case errors.As(err, &syntax) && strings.Contains(syntax.Msg, "unexpected EOF"):
		return stopped(line, "STATEMENT_CUT_OFF", "The file ends early: it was not downloaded whole.")
	case errors.As(err, &syntax):
		return stopped(syntax.Line, "STATEMENT_UNREADABLE", "The file is not well-formed XML: %s.", syntax.Msg)
	case errors.Is(err, errCharset):
		return stopped(line, "STATEMENT_UNREADABLE", "The file is in a character set that is not known here. Ask the bank for UTF-8.")
	}
	return stopped(line, "STATEMENT_UNREADABLE", "The file is not XML as banks write it: %s.", quoted(err.Error()))
}

func (r *camt) open(t xml.StartElement, line int) error {
	name := t.Name.Local
	if len(r.names) >= maxDepth {
		return stopped(line, "STATEMENT_UNREADABLE", "Elements stand more than %d deep in each other.", maxDepth)
	}
	r.names = append(r.names, name)
	if r.stmt == 0 {
		return r.outside(t, line)
	}
	if len(r.path) > 0 {
		r.path = append(r.path, '/')
	}
	r.path = append(r.path, name...)
	r.text = r.text[:0]
	r.ccy = ""
	for _, a := range t.Attr {
		if a.Name.Local == "Ccy" {
			r.ccy = strings.TrimSpace(a.Value)
		}
	}
	switch string(r.path) {
	case "Bal":
		r.bal = camtBalance{line: line}
	case "Ntry":
		r.entry = camtEntry{line: line}
	case "Ntry/NtryDtls/TxDtls":
		if len(r.entry.parts) >= maxParts {
			return stopped(line, "STATEMENT_UNREADABLE", "One entry holds more than %d payments.", maxParts)
		}
		r.part = camtPart{}
	}
	return nil
}

// outside takes an element that is not inside a statement.
func (r *camt) outside(t xml.StartElement, line int) error {
	name := t.Name.Local
	for _, a := range t.Attr {
		if _, version, ok := strings.Cut(a.Value, "camt.053.001."); ok && strings.HasPrefix(a.Name.Space+a.Name.Local, "xmlns") {
			r.sum.Version = strings.TrimLeft(version, "0")
		}
	}
	switch {
	case strings.HasPrefix(name, "BkToCstmrAcctRpt"):
		return stopped(line, "STATEMENT_UNKNOWN", "This is a report during the day (CAMT.052), which may still change. Ask the bank for the statement (CAMT.053).")
	case strings.HasPrefix(name, "BkToCstmrDbtCdtNtfctn"):
		return stopped(line, "STATEMENT_UNKNOWN", "This is a notice of single payments (CAMT.054), which the statement holds again. Ask the bank for the statement (CAMT.053).")
	case strings.HasPrefix(name, "BkToCstmrStmt") && r.message == 0:
		r.message, r.done = len(r.names), true
	case name == "Stmt" && r.message > 0 && len(r.names) == r.message+1:
		r.stmt = len(r.names)
		r.path, r.text = r.path[:0], r.text[:0]
		r.opening, r.announced, r.counted, r.paged = "", "", 0, false
		return r.start(line)
	}
	return nil
}

func (r *camt) close(name string, line int) error {
	depth := len(r.names)
	if depth == 0 || r.names[depth-1] != name {
		open := "nothing is open"
		if depth > 0 {
			open = "<" + r.names[depth-1] + "> is open"
		}
		return stopped(line, "STATEMENT_UNREADABLE", "The file is not well-formed XML: </%s> closes, but %s.", name, open)
	}
	r.names = r.names[:depth-1]
	switch {
	case depth == r.stmt:
		r.stmt = 0
		return r.finish(line)
	case depth == r.message:
		r.message = 0
		return nil
	case r.stmt == 0:
		return nil
	}
	err := r.leaf(string(r.path), strings.TrimSpace(string(r.text)), line)
	r.path = r.path[:max(0, len(r.path)-len(name)-1)]
	r.text = r.text[:0]
	return err
}

// leaf takes an element that closes.
func (r *camt) leaf(path, text string, line int) error {
	if inner, ok := strings.CutPrefix(path, "Ntry/"); ok {
		if inner, ok := strings.CutPrefix(inner, "NtryDtls/"); ok {
			r.entryDetail(inner, text)
			return nil
		}
		r.entryLeaf(inner, text)
		return nil
	}
	switch path {
	case "Ntry":
		return r.endEntry()
	case "Id":
		r.now.ID = tidy(text)
	case "Acct/Id/IBAN", "Acct/Id/Othr/Id", "Acct/Id/PrtryAcct/Id", "Acct/Id/BBAN":
		r.now.Account = tidy(text)
	case "Acct/Nm":
		r.now.Name = tidy(text)
	case "Acct/Ownr/Nm":
		r.now.Name = first(r.now.Name, tidy(text))
	case "Acct/Svcr/FinInstnId/BICFI", "Acct/Svcr/FinInstnId/BIC", "Acct/Svcr/FinInstnId/ClrSysMmbId/MmbId":
		r.now.Bank = first(r.now.Bank, tidy(text))
	case "Acct/Ccy":
		if !isCurrency(text) {
			return r.wrong(line, "Acct/Ccy", "CURRENCY_UNKNOWN", "%s is not a currency.", quoted(text))
		}
		r.now.Currency = text
	case "FrToDt/FrDtTm", "FrToDt/FrDt":
		r.now.From, _ = isoDay(text)
	case "FrToDt/ToDtTm", "FrToDt/ToDt":
		r.now.To, _ = isoDay(text)
	case "TxsSummry/TtlNtries/NbOfNtries":
		r.announced = text
	case "StmtPgntn/PgNb":
		r.paged = r.paged || text != "1"
	case "StmtPgntn/LastPgInd":
		r.paged = r.paged || text == "false"
	case "Bal":
		return r.endBalance()
	case "Bal/Tp/CdOrPrtry/Cd", "Bal/Tp/CdOrPrtry/Prtry", "Bal/Tp/Cd":
		r.bal.kind = text
	case "Bal/Amt":
		r.bal.amount, r.bal.currency = text, r.ccy
	case "Bal/CdtDbtInd":
		r.bal.credit = text
	case "Bal/Dt/Dt", "Bal/Dt/DtTm", "Bal/Dt":
		r.bal.day = first(text, r.bal.day)
	}
	return nil
}

func (r *camt) entryLeaf(path, text string) {
	e := &r.entry
	switch path {
	case "Amt":
		e.amount, e.currency = text, r.ccy
	case "CdtDbtInd":
		e.credit = text
	case "RvslInd":
		e.reversal = text
	case "Sts", "Sts/Cd", "Sts/Prtry":
		e.status = first(text, e.status)
	case "BookgDt", "BookgDt/Dt", "BookgDt/DtTm":
		e.booked = first(text, e.booked)
	case "ValDt", "ValDt/Dt", "ValDt/DtTm":
		e.valued = first(text, e.valued)
	case "AcctSvcrRef":
		e.own = text
	case "NtryRef":
		e.ref = text
	case "BkTxCd/Domn/Cd":
		e.domain = text
	case "BkTxCd/Domn/Fmly/Cd":
		e.family = text
	case "BkTxCd/Domn/Fmly/SubFmlyCd":
		e.sub = text
	case "BkTxCd/Prtry/Cd":
		e.proprietary = text
	case "AddtlNtryInf":
		e.more = text
	}
}

func (r *camt) entryDetail(path, text string) {
	p := &r.part
	inner, ok := strings.CutPrefix(path, "TxDtls/")
	if !ok {
		switch path {
		case "TxDtls":
			r.entry.parts = append(r.entry.parts, *p)
		case "Btch/NbOfTxs":
			r.entry.batch = text
		}
		return
	}
	switch inner {
	case "Amt":
		p.amount, p.currency = text, r.ccy
	case "AmtDtls/TxAmt/Amt":
		p.txAmount, p.txCurrency = text, r.ccy
	case "CdtDbtInd":
		p.credit = text
	case "Refs/EndToEndId":
		p.endToEnd = given(text)
	case "Refs/AcctSvcrRef", "Refs/TxId":
		p.transaction = first(p.transaction, given(text))
	case "RltdPties/Dbtr/Nm", "RltdPties/Dbtr/Pty/Nm", "RltdPties/Dbtr/Agt/FinInstnId/Nm":
		p.debtor = first(p.debtor, text)
	case "RltdPties/Cdtr/Nm", "RltdPties/Cdtr/Pty/Nm", "RltdPties/Cdtr/Agt/FinInstnId/Nm":
		p.creditor = first(p.creditor, text)
	case "RltdPties/UltmtDbtr/Nm", "RltdPties/UltmtDbtr/Pty/Nm":
		p.ultimateDebtor = text
	case "RltdPties/UltmtCdtr/Nm", "RltdPties/UltmtCdtr/Pty/Nm":
		p.ultimateCreditor = text
	case "RltdPties/DbtrAcct/Id/IBAN", "RltdPties/DbtrAcct/Id/Othr/Id":
		p.debtorAccount = text
	case "RltdPties/CdtrAcct/Id/IBAN", "RltdPties/CdtrAcct/Id/Othr/Id":
		p.creditorAccount = text
	case "RmtInf/Ustrd":
		if len(p.free) < 100 && text != "" {
			p.free = append(p.free, text)
		}
	case "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/CdtrRefInf/CdtrRef":
		p.reference = first(p.reference, given(text))
	case "RmtInf/Strd/AddtlRmtInf", "AddtlTxInf":
		if len(p.more) < 100 && text != "" {
			p.more = append(p.more, text)
		}
	}
}

// given returns a reference, or empty where ISO 20022 asks for a word when there is none.
func given(s string) string {
	if strings.EqualFold(s, "NOTPROVIDED") || strings.EqualFold(s, "NOT PROVIDED") {
		return ""
	}
	return s
}

// signed returns an amount with the sign that the indicator gives.
func (r *camt) signed(amount, currency, credit string) (int64, string, string) {
	if !isCurrency(currency) {
		return 0, "Ccy", fmt.Sprintf("The amount is in %s, which is not a currency.", quoted(currency))
	}
	v, wrong := camtAmount.parse(amount, currency)
	switch {
	case wrong != "":
		return 0, "Amt", wrong
	case credit == "CRDT":
		return v, "", ""
	case credit == "DBIT":
		return -v, "", ""
	}
	return 0, "CdtDbtInd", fmt.Sprintf("%s does not say whether the money came in (CRDT) or went out (DBIT).", quoted(credit))
}
