package statement

import (
	"fmt"
	"strconv"
	"strings"
)

// endBalance takes a balance: the booked opening and closing ones matter, the others are what the bank expects.
func (r *camt) endBalance() error {
	b := &r.bal
	if b.kind != "OPBD" && b.kind != "PRCD" && b.kind != "CLBD" {
		return nil
	}
	v, field, wrong := r.signed(b.amount, b.currency, b.credit)
	if wrong != "" {
		return r.wrong(b.line, "Bal/"+field, "BALANCE_INVALID", "The balance cannot be read. %s", wrong)
	}
	day := ""
	if b.day != "" {
		if day, wrong = isoDay(b.day); wrong != "" {
			return r.wrong(b.line, "Bal/Dt", "BALANCE_INVALID", "The balance cannot be read. %s", wrong)
		}
	}
	balance := &Balance{Minor: v, Currency: b.currency, Date: day}
	switch {
	case b.kind == "CLBD":
		r.now.Closing = balance
	case r.opening == "OPBD" && b.kind == "PRCD":
		// The opening balance itself stands over the one that was closed before.
	default:
		r.now.Opening, r.opening = balance, b.kind
	}
	return nil
}

// endEntry takes an entry: one movement of the account.
func (r *camt) endEntry() error {
	e := &r.entry
	r.counted++
	switch e.status {
	case "", "BOOK":
	case "PDNG", "INFO", "FUTR":
		r.pending()
		return r.note(e.line, "Sts", "LINE_PENDING", "The bank has not booked this yet (%s): it is left out until it has.", e.status)
	default:
		return r.refuse(e.line, "Sts", "STATUS_UNKNOWN", "%s does not say whether this is booked.", quoted(e.status))
	}
	v, field, wrong := r.signed(e.amount, e.currency, e.credit)
	if wrong != "" {
		return r.refuse(e.line, "Ntry/"+field, "AMOUNT_INVALID", "%s", wrong)
	}
	if r.now.Currency == "" {
		r.now.Currency = e.currency
		if r.now.Opening != nil {
			r.now.Currency = r.now.Opening.Currency
		}
	}
	if e.currency != r.now.Currency {
		return r.refuse(e.line, "Ntry/Amt", "CURRENCIES_MIXED", "The amount is in %s, but the account is in %s.", e.currency, r.now.Currency)
	}
	l := Line{FileLine: e.line, Minor: v, Currency: e.currency, BankID: e.own, Kind: e.kind()}
	if l.Booked, wrong = isoDay(first(e.booked, e.valued)); wrong != "" {
		return r.refuse(e.line, "BookgDt", "DATE_INVALID", "%s", wrong)
	}
	if e.valued != "" {
		if l.Valued, wrong = isoDay(e.valued); wrong != "" {
			return r.refuse(e.line, "ValDt", "DATE_INVALID", "%s", wrong)
		}
	}
	switch e.reversal {
	case "true", "1":
		l.Reversal = true
	case "", "false", "0":
	default:
		return r.refuse(e.line, "RvslInd", "REVERSAL_UNKNOWN", "%s does not say whether this takes an earlier movement back.", quoted(e.reversal))
	}
	if err := r.describe(&l, e); err != nil {
		return err
	}
	return r.line(l)
}

func (e *camtEntry) kind() string {
	if e.domain != "" {
		return strings.TrimRight(e.domain+"/"+e.family+"/"+e.sub, "/")
	}
	return e.proprietary
}

// describe fills in who and what for.
func (r *camt) describe(l *Line, e *camtEntry) error {
	// In a reversal the parties stay those of the movement that it takes back.
	in := l.Minor >= 0 != l.Reversal
	if len(e.parts) == 1 {
		p := &e.parts[0]
		l.Counterparty, l.CounterpartyAccount = p.other(in)
		l.Reference, l.EndToEnd = first(p.reference, p.endToEnd), p.endToEnd
		l.Description = joined(append(append(p.free, p.more...), e.more))
		l.BankID = first(ownID(l.BankID), ownID(p.transaction))
		return nil
	}
	l.Description = joined([]string{e.more})
	if len(e.parts) == 0 {
		l.Reference = given(e.ref)
		return nil
	}
	if l.Description == "" {
		l.Description = fmt.Sprintf("%d payments", len(e.parts))
	}
	l.Reference = given(e.ref)
	sum, all := int64(0), true
	for i := range e.parts {
		p := &e.parts[i]
		one := Part{Reference: tidy(first(p.reference, p.endToEnd)), EndToEnd: tidy(p.endToEnd), Description: tidy(joined(append(p.free, p.more...)))}
		name, account := p.other(in)
		one.Counterparty, one.CounterpartyAccount = tidy(name), tidy(account)
		amount, currency := p.amount, p.currency
		if amount == "" || currency != e.currency {
			amount, currency = p.txAmount, p.txCurrency
		}
		if v, _, wrong := r.signed(amount, currency, first(p.credit, e.credit)); wrong == "" && currency == e.currency {
			one.Minor, one.HasAmount = v, true
			var fits bool
			if sum, fits = add(sum, v); !fits {
				all = false
			}
		} else {
			all = false
		}
		l.Parts = append(l.Parts, one)
	}
	if all && sum != l.Minor {
		return r.note(e.line, "TxDtls", "PARTS_DIFFER", "The %d payments in this line make %s, not %s.",
			len(e.parts), Decimal(sum, l.Currency), Decimal(l.Minor, l.Currency))
	}
	return nil
}

// joined makes one text of several, without saying anything twice.
func joined(all []string) string {
	var kept []string
	for _, s := range all {
		s = tidy(s)
		twice := s == ""
		for _, k := range kept {
			twice = twice || strings.Contains(k, s)
		}
		if !twice {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, " ")
}

// finish ends a statement.
func (r *camt) finish(line int) error {
	s := &r.now
	if s.Currency == "" {
		switch {
		case s.Opening != nil:
			s.Currency = s.Opening.Currency
		case s.Closing != nil:
			s.Currency = s.Closing.Currency
		default:
			s.Currency = r.o.Currency
		}
	}
	if s.Account == "" {
		if err := r.wrong(s.FileLine, "Acct/Id", "ACCOUNT_MISSING", "The statement does not say which account it is of."); err != nil {
			return err
		}
	}
	if n, err := strconv.Atoi(r.announced); err == nil && n != r.counted && !r.paged {
		if err := r.note(line, "NbOfNtries", "LINES_DIFFER", "The bank says that the statement has %d lines, but %d are here.", n, r.counted); err != nil {
			return err
		}
	}
	return r.end()
}
