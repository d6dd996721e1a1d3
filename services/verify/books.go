package verify

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// exported is an entry as the json export has it.
type exported struct {
	Number      int64       `json:"number"`
	ID          string      `json:"entry"`
	Kind        ledger.Kind `json:"kind"`
	Occurred    string      `json:"occurred"`
	Entered     time.Time   `json:"entered"`
	Description string      `json:"description"`
	Reverses    string      `json:"reverses"`
	Postings    []struct {
		Account  string `json:"account"`
		Pence    int64  `json:"pence"`
		Currency string `json:"currency"`
		Fund     string `json:"fund"`
	} `json:"postings"`
	Meeting string `json:"meeting"`
	Leaf    *int64 `json:"leaf"`
	Salt    string `json:"salt"`
	Private string `json:"private"`
}

func (x exported) entry() ledger.Entry {
	e := ledger.Entry{ID: x.ID, Number: x.Number, Kind: x.Kind, Occurred: x.Occurred, Entered: x.Entered.UnixMicro(), Description: x.Description, Reverses: x.Reverses, Meeting: x.Meeting}
	for _, p := range x.Postings {
		e.Postings = append(e.Postings, ledger.Posting{Account: p.Account, Amount: ledger.Amount{Pence: p.Pence, Currency: p.Currency}, Fund: p.Fund})
	}
	return e
}

// trialBalance is the house's own, in pence; the API writes 64-bit numbers as texts.
type trialBalance struct {
	Date  string `json:"date"`
	Lines []struct {
		Account struct {
			ID string `json:"id"`
		} `json:"account"`
		Debit  pence `json:"debitPence"`
		Credit pence `json:"creditPence"`
	} `json:"lines"`
	Debit  pence `json:"totalDebitPence"`
	Credit pence `json:"totalCreditPence"`
}

// pence reads a number that stands in a text.
type pence int64

// UnmarshalJSON reads "12" and 12.
func (p *pence) UnmarshalJSON(raw []byte) error {
	n, err := strconv.ParseInt(string(bytes.Trim(raw, `"`)), 10, 64)
	*p = pence(n)
	return err
}

// checkBooks reads the journal, compares every entry with its leaf and the sums with the trial balance. It returns the log that
// was compared: where entries came in while it read, log, books and balance are read again together.
func (h *House) checkBooks(ctx context.Context, r *Report, log *Log) (*Log, error) {
	for range attempts {
		journal, err := h.readJournal(ctx)
		if err != nil {
			return nil, err
		}
		evidence, err := h.readEvidence(ctx)
		if err != nil {
			return nil, err
		}
		var balance trialBalance
		if err := h.getJSON(ctx, "/v1/ledger/trial-balance", &balance); err != nil {
			return nil, err
		}
		after, err := h.readLog(ctx, "ledger")
		if err != nil {
			return nil, err
		}
		if after.Tree == log.Tree {
			log.owners = ownersOf(journal, evidence)
			if log.damage != nil {
				r.unchecked("Every entry against its leaf: leaves are missing, so there is nothing whole to compare with.")
			} else {
				compareLeaves(r, journal, evidence, log)
			}
			compareBalance(r, journal, balance)
			return log, nil
		}
		log = after
	}
	return nil, errors.New("the books grew each time that they were read: try again at a quieter hour")
}

func (h *House) readJournal(ctx context.Context) ([]exported, error) {
	const path = "/v1/ledger/export?format=json"
	body, err := h.open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	d := json.NewDecoder(io.LimitReader(body, most))
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var all []exported
	for d.More() {
		var x exported
		if err := d.Decode(&x); err != nil {
			return nil, fmt.Errorf("%s: after %d entries: %w", path, len(all), err)
		}
		all = append(all, x)
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("%s: it is cut short after %d entries: %w", path, len(all), err)
	}
	return all, nil
}

// compareLeaves checks every entry and piece of evidence by itself and against its leaf, and that every leaf belongs to one.
func compareLeaves(r *Report, journal []exported, evidence []evidenceLine, log *Log) {
	before := len(r.Findings)
	claims := &claims{r: r, log: log, of: make([]string, len(log.Leaves))}
	ids, last := map[string]int64{}, int64(-1)
	for i, x := range journal {
		if x.Number != int64(i+1) {
			r.wrong(theBooks, "entry %d stands where entry %d should", x.Number, i+1)
		}
		if x.Reverses != "" && ids[x.Reverses] == 0 {
			r.wrong(theBooks, "entry %d reverses an entry that is not before it", x.Number)
		}
		ids[x.ID] = x.Number
		e := x.entry()
		if err := ledger.Balanced(e.Postings); err != nil {
			r.wrong(theBooks, "entry %d: %v", x.Number, err)
		}
		name := fmt.Sprintf("entry %d", x.Number)
		salt, err := hex.DecodeString(x.Salt)
		private, err2 := hex.DecodeString(x.Private)
		if x.Leaf == nil || errors.Join(err, err2) != nil {
			r.wrong(theBooks, "%s does not say which leaf of the public log is its own", name)
			continue
		}
		if *x.Leaf <= last {
			r.wrong(theBooks, "%s is leaf %d of the public log: it was entered in another order", name, *x.Leaf)
		}
		last = *x.Leaf
		claims.compare(*x.Leaf, name, fmt.Sprintf(" (%s, %s)", x.Occurred, x.Description), translog.Commit(salt, e.LeafContent(private)))
	}
	compareEvidence(r, evidence, ids, claims)
	for leaf, name := range claims.of {
		if name == "" {
			r.wrong(theBooks, "leaf %d of the public log belongs to nothing that is published: %s was taken out", leaf, log.owners.name(int64(leaf)))
		}
	}
	if len(r.Findings) == before {
		r.holds("the books: %d entries balance, are numbered without a gap, and are what the public log commits to, with %d pieces of evidence", len(journal), len(evidence))
	}
	r.unchecked("Who gave, who entered it, and the references: the log commits to them and only the treasurer and the giver can open that, with an entry's proof. That money came as the books say, only the bank's statements show.")
	if len(evidence) > 0 {
		r.unchecked("The files of evidence themselves: the log commits to the SHA-256 of each. Ask the treasurer for a file, compute its SHA-256 and compare it with the list of evidence.")
	}
}

// compareBalance adds the journal up and compares with the house's own trial balance.
func compareBalance(r *Report, journal []exported, b trialBalance) {
	what := "the trial balance of " + b.Date
	sums := map[string]int64{}
	for _, x := range journal {
		if x.Occurred > b.Date {
			continue
		}
		for _, p := range x.Postings {
			sums[p.Account] += p.Pence
		}
	}
	before := len(r.Findings)
	var debit, credit int64
	for _, l := range b.Lines {
		if sums[l.Account.ID] != int64(l.Debit-l.Credit) {
			r.wrong(what, "%s is %s there, and the entries give %s", l.Account.ID, ledger.Decimal(int64(l.Debit-l.Credit)), ledger.Decimal(sums[l.Account.ID]))
		}
		delete(sums, l.Account.ID)
		debit, credit = debit+int64(l.Debit), credit+int64(l.Credit)
	}
	accounts := make([]string, 0, len(sums))
	for account := range sums {
		accounts = append(accounts, account)
	}
	slices.Sort(accounts)
	for _, account := range accounts {
		if sums[account] != 0 {
			r.wrong(what, "%s is missing there, and the entries give %s", account, ledger.Decimal(sums[account]))
		}
	}
	if debit != credit || debit != int64(b.Debit) || credit != int64(b.Credit) {
		r.wrong(what, "its columns add up to %s and %s, and say %s and %s", ledger.Decimal(debit), ledger.Decimal(credit), ledger.Decimal(int64(b.Debit)), ledger.Decimal(int64(b.Credit)))
	}
	if len(r.Findings) == before {
		r.holds("%s: the sums of the entries, %s on each side", what, ledger.Decimal(debit))
	}
}
