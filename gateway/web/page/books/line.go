package books

import (
	"strconv"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
)

// shares is how many shares the form takes.
const shares = 4

type shareRow struct {
	Legend                       string
	Member, Account, Fund, Pence *form.Field
}

type lineView struct {
	Line                         *ledgerv1.BankLine
	Tag                          form.Tag
	Facts                        []form.Row
	Open, Aside                  bool
	How                          *form.Field
	Rows                         []shareRow
	Description, Meeting, Reason *form.Field
	Entries                      []lineEntry
}

// lineEntry is an entry that stands for a line, with the one that reverses it.
type lineEntry struct {
	Entry *ledgerv1.Entry
	// Reversal is nil unless it was reversed.
	Reversal *ledgerv1.Entry
}

// entriesOf returns the entries that stand for a line. One that was reversed leaves the line open, and both are shown.
func (p pages) entriesOf(q *layout.Request, l *ledgerv1.BankLine) ([]lineEntry, error) {
	var all []lineEntry
	for _, id := range l.GetEntries() {
		e, err := p.Ledger.GetEntry(q.Context(), &ledgerv1.GetEntryRequest{Entry: id})
		if err != nil {
			return nil, err
		}
		one := lineEntry{Entry: e}
		if by := e.GetReversedBy(); by != "" {
			if one.Reversal, err = p.Ledger.GetEntry(q.Context(), &ledgerv1.GetEntryRequest{Entry: by}); err != nil {
				return nil, err
			}
		}
		all = append(all, one)
	}
	return all, nil
}

// line is one bank line, with everything that can be done about it.
func (p pages) line(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	l, err := p.Bank.GetBankLine(q.Context(), &ledgerv1.GetBankLineRequest{Line: q.PathValue("line")})
	if err != nil {
		return err
	}
	accounts, names, err := p.chartOf(q, ledgerv1.AccountType_ACCOUNT_TYPE_INCOME, ledgerv1.AccountType_ACCOUNT_TYPE_EXPENSE, ledgerv1.AccountType_ACCOUNT_TYPE_ASSET,
		ledgerv1.AccountType_ACCOUNT_TYPE_LIABILITY, ledgerv1.AccountType_ACCOUNT_TYPE_EQUITY)
	if err != nil {
		return err
	}
	funds, err := p.fundItems(q)
	if err != nil {
		return err
	}
	meetings, err := p.meetingItems(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := lineView{
		Line: l, Tag: lineTag(q, l.GetState()), Open: l.GetState() == ledgerv1.BankLineState_BANK_LINE_STATE_OPEN, Aside: l.GetState() == ledgerv1.BankLineState_BANK_LINE_STATE_ASIDE,
		How: f.Field("how", "books.how"), Description: f.Hinted("description", "ledger.what", "books.whatHint"),
		Meeting: f.Field("meeting", "books.meeting"), Reason: f.Hinted("reason", "books.asideWhy", "books.asideHint"),
	}
	if v.Entries, err = p.entriesOf(q, l); err != nil {
		return err
	}
	v.How.LabelClasses = "govuk-fieldset__legend--m"
	add := func(key, value string) {
		if value != "" {
			v.Facts = append(v.Facts, form.Row{Key: q.T(key), Value: value})
		}
	}
	add("books.bankDate", q.Day(l.GetBankDate()))
	add("ledger.amount", text.Money(l.GetAmountPence()))
	add("books.text", l.GetDescription())
	add("books.otherSide", l.GetCounterparty())
	add("ledger.reference", l.GetReference())
	add("ledger.account", names[l.GetAccount()])
	add("books.asideWhy", l.GetAsideReason())
	var ways []form.Item
	for i, m := range l.GetProposals() {
		ways = append(ways, form.Item{Value: "p" + strconv.Itoa(i), Text: proposal(q, m, names)})
	}
	for _, e := range l.GetCandidates() {
		entry, err := p.Ledger.GetEntry(q.Context(), &ledgerv1.GetEntryRequest{Entry: e})
		if err != nil {
			return err
		}
		ways = append(ways, form.Item{Value: e, Text: q.T("books.linkTo", "Number", entry.GetNumber(), "What", entry.GetDescription(), "Date", q.Day(entry.GetOccurDate()))})
	}
	ways = append(ways, form.Item{Value: "split", Text: q.T("books.split")}, form.Item{Value: "aside", Text: q.T("books.setAside")})
	f.Choose(v.How, ways...)
	if q.Method == "GET" && len(ways) > 2 {
		v.How.Items[0].Checked = true
	}
	for i := range shares {
		n := strconv.Itoa(i + 1)
		v.Rows = append(v.Rows, shareRow{
			Legend: q.T("books.share", "Number", n), Member: f.Hinted("member_"+n, "books.member", "books.memberHint"),
			Account: f.Choose(f.Field("account_"+n, "books.orAccount"), append([]form.Item(nil), accounts...)...),
			Fund:    f.Choose(f.Field("fund_"+n, "books.fund"), append([]form.Item(nil), funds...)...), Pence: pounds(f.Field("pence_"+n, "ledger.amount")),
		})
	}
	f.Choose(v.Meeting, meetings...)
	return q.Show(code, "line.html", layout.Page{Title: q.T("books.line"), View: v, Errors: f.Summary(), Back: "/ledger/bank/lines", Here: "/ledger/bank/lines/" + l.GetId()})
}

// match does what the form of a line says.
func (p pages) match(q *layout.Request) error {
	id, etag, how := q.PathValue("line"), q.Typed("etag"), q.Typed("how")
	var err error
	switch {
	case how == "":
		return p.line(q, []form.Wrong{{Field: "how", Text: q.T("books.howNeeded")}})
	case how == "aside":
		if wrong := q.Missing("reason", "ledger.whyNeeded"); len(wrong) > 0 {
			return p.line(q, wrong)
		}
		_, err = p.Bank.SetLineAside(q.Context(), &ledgerv1.SetLineAsideRequest{RequestId: q.RequestID(), Line: id, Etag: etag, Reason: q.Typed("reason")})
	case how == "back":
		_, err = p.Bank.SetLineAside(q.Context(), &ledgerv1.SetLineAsideRequest{RequestId: q.RequestID(), Line: id, Etag: etag})
	case how == "split" || how[0] == 'p':
		l, lineErr := p.Bank.GetBankLine(q.Context(), &ledgerv1.GetBankLineRequest{Line: id})
		if lineErr != nil {
			return lineErr
		}
		all, wrong, splitErr := p.sharesOf(q, l)
		if splitErr != nil {
			return splitErr
		}
		if len(wrong) > 0 {
			return p.line(q, wrong)
		}
		_, err = p.Bank.MatchLine(q.Context(), &ledgerv1.MatchLineRequest{
			RequestId: q.RequestID(), Line: id, Etag: etag, Shares: all, Description: q.Typed("description"), Meeting: q.Typed("meeting"),
		})
	default:
		_, err = p.Bank.LinkLine(q.Context(), &ledgerv1.LinkLineRequest{RequestId: q.RequestID(), Line: id, Etag: etag, Entries: []string{how}})
	}
	if err != nil {
		return q.Again(err, p.line)
	}
	return q.See("/ledger/bank/lines?booked=1")
}

// sharesOf returns the shares of the proposal that was chosen, or those of the form.
func (p pages) sharesOf(q *layout.Request, l *ledgerv1.BankLine) ([]*ledgerv1.LineShare, []form.Wrong, error) {
	if how := q.Typed("how"); how != "split" {
		n, err := strconv.Atoi(how[1:])
		if err != nil || n < 0 || n >= len(l.GetProposals()) {
			return nil, []form.Wrong{{Field: "how", Text: q.T("books.howNeeded")}}, nil
		}
		return l.GetProposals()[n].GetShares(), nil, nil
	}
	var all []*ledgerv1.LineShare
	var wrong []form.Wrong
	for i := range shares {
		n := strconv.Itoa(i + 1)
		member, account, amount := q.Typed("member_"+n), q.Typed("account_"+n), q.Typed("pence_"+n)
		if member == "" && account == "" && amount == "" {
			continue
		}
		share := &ledgerv1.LineShare{Account: account, Fund: q.Typed("fund_" + n), AmountPence: l.GetAmountPence()}
		if amount != "" {
			sum, bad := pence(q, "pence_"+n)
			wrong = append(wrong, bad...)
			if share.AmountPence = sum; l.GetAmountPence() < 0 && sum > 0 {
				share.AmountPence = -sum
			}
		}
		if member != "" {
			m, err := p.find(q, member)
			if err != nil {
				return nil, nil, err
			}
			if m == nil {
				wrong = append(wrong, form.Wrong{Field: "member_" + n, Text: q.T("books.memberUnclear")})
			}
			share.Member = m.GetId()
		}
		all = append(all, share)
	}
	if len(all) == 0 {
		wrong = append(wrong, form.Wrong{Field: "member_1", Text: q.T("books.shareNeeded")})
	}
	return all, wrong, nil
}
