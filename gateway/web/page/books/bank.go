package books

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
)

type listedImport struct {
	Import *ledgerv1.Import
	Tag    form.Tag
}

type bankView struct {
	Open                  int64
	File, Account, Column *form.Field
	Imports               []listedImport
}

func importTag(q *layout.Request, s ledgerv1.ImportState) form.Tag {
	switch s {
	case ledgerv1.ImportState_IMPORT_STATE_READY:
		return form.Tag{Text: q.T("books.stateReady"), Classes: "govuk-tag--yellow"}
	case ledgerv1.ImportState_IMPORT_STATE_IMPORTED:
		return form.Tag{Text: q.T("books.stateImported"), Classes: "govuk-tag--green"}
	case ledgerv1.ImportState_IMPORT_STATE_FAILED:
		return form.Tag{Text: q.T("books.stateFailed"), Classes: "govuk-tag--red"}
	case ledgerv1.ImportState_IMPORT_STATE_DISCARDED:
		return form.Tag{Text: q.T("books.stateDiscarded"), Classes: "govuk-tag--grey"}
	default:
		return form.Tag{Text: q.T("books.stateReading"), Classes: "govuk-tag--blue"}
	}
}

// bank is where statements come in.
func (p pages) bank(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	imports, err := p.Bank.ListImports(q.Context(), &ledgerv1.ListImportsRequest{})
	if err != nil {
		return err
	}
	open, err := p.Bank.ListBankLines(q.Context(), &ledgerv1.ListBankLinesRequest{PageSize: 1, State: ledgerv1.BankLineState_BANK_LINE_STATE_MATCHED})
	if err != nil {
		return err
	}
	maps, err := p.Bank.ListColumnMaps(q.Context(), &ledgerv1.ListColumnMapsRequest{})
	if err != nil {
		return err
	}
	accounts, _, err := p.chartOf(q, ledgerv1.AccountType_ACCOUNT_TYPE_ASSET)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := bankView{
		Open: open.GetOpenLines(), File: f.Hinted("file", "books.file", "books.fileHint"), Account: f.Field("account", "ledger.account"),
		Column: f.Hinted("column_map", "books.columns", "books.columnsHint"),
	}
	if v.Account.Value == "" {
		v.Account.Value = "assets:bank"
	}
	for i := range accounts {
		accounts[i].Checked = accounts[i].Value == v.Account.Value
	}
	v.Account.Items = accounts[1:]
	items := []form.Item{{Value: "", Text: q.T("books.columnsKnown")}}
	for _, m := range maps.GetMaps() {
		items = append(items, form.Item{Value: m.GetName(), Text: m.GetTitle()})
	}
	f.Choose(v.Column, items...)
	for _, i := range imports.GetImports() {
		v.Imports = append(v.Imports, listedImport{i, importTag(q, i.GetState())})
	}
	return q.Show(code, "bank.html", layout.Page{Title: q.T("books.bank"), View: v, Errors: f.Summary(), Back: "/ledger", Here: "/ledger/bank"})
}

func (p pages) upload(q *layout.Request) error {
	file, err := p.parts(q, ledgerv1.FilePurpose_FILE_PURPOSE_STATEMENT)
	if err != nil {
		return q.Again(err, p.bank)
	}
	if file == "" {
		return p.bank(q, []form.Wrong{{Field: "file", Text: q.T("books.fileNeeded")}})
	}
	i, err := p.Bank.CheckStatement(q.Context(), &ledgerv1.CheckStatementRequest{RequestId: q.RequestID(), File: file, Account: q.Typed("account"), ColumnMap: q.Typed("column_map")})
	if err != nil {
		return q.Again(err, p.bank)
	}
	return q.See("/ledger/bank/imports/" + i.GetId())
}

type importView struct {
	Import           *ledgerv1.Import
	Tag              form.Tag
	Facts            []form.Row
	Reading, Refused bool
	Percent          int64
}

func (p pages) showImport(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	i, err := p.Bank.GetImport(q.Context(), &ledgerv1.GetImportRequest{Import: q.PathValue("import")})
	if err != nil {
		return err
	}
	_, names, err := p.chartOf(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := importView{Import: i, Tag: importTag(q, i.GetState()), Refused: i.GetRefusedLines() > 0}
	v.Reading = i.GetState() == ledgerv1.ImportState_IMPORT_STATE_CHECKING || i.GetState() == ledgerv1.ImportState_IMPORT_STATE_IMPORTING
	if i.GetSizeBytes() > 0 {
		v.Percent = min(100, i.GetReadBytes()*100/i.GetSizeBytes())
	}
	add := func(key string, value any) { v.Facts = append(v.Facts, form.Row{Key: q.T(key), Value: value}) }
	add("books.file", i.GetFileName())
	add("ledger.account", names[i.GetAccount()])
	if !v.Reading && i.GetState() != ledgerv1.ImportState_IMPORT_STATE_FAILED {
		add("books.period", q.T("books.fromTo", "From", q.Day(i.GetFromDate()), "To", q.Day(i.GetToDate())))
		add("books.newLines", i.GetNewLines())
		add("books.knownLines", i.GetKnownLines())
		add("books.refusedLines", i.GetRefusedLines())
		add("books.moneyIn", text.Money(i.GetInPence()))
		add("books.moneyOut", text.Money(i.GetOutPence()))
		if i.GetHasClosing() {
			add("books.closing", text.Money(i.GetClosingPence()))
		}
		if verdict := i.GetVerdict(); verdict != "" {
			add("books.verdict", q.T("books.verdict-"+verdict))
		}
	}
	return q.Show(code, "import.html", layout.Page{Title: q.T("books.statement"), View: v, Errors: f.Summary(), Back: "/ledger/bank", Here: "/ledger/bank/imports/" + i.GetId()})
}

func (p pages) decideImport(q *layout.Request) error {
	id, etag := q.PathValue("import"), q.Typed("etag")
	var err error
	if q.Typed("act") == "discard" {
		_, err = p.Bank.DiscardStatement(q.Context(), &ledgerv1.DiscardStatementRequest{RequestId: q.RequestID(), Import: id, Etag: etag})
	} else {
		_, err = p.Bank.ImportStatement(q.Context(), &ledgerv1.ImportStatementRequest{RequestId: q.RequestID(), Import: id, Etag: etag, LeaveOutRefused: q.Typed("leave_out_refused") == "yes"})
	}
	if err != nil {
		return q.Again(err, p.showImport)
	}
	return q.See("/ledger/bank/imports/" + id)
}

// callsAtOnce is how often one press asks for what is certain, where the ledger meets only lines that nobody knows.
const callsAtOnce = 10

// certain books what may be booked without a person, from where the press before stopped.
func (p pages) certain(q *layout.Request) error {
	token := q.Typed("after")
	for n := 0; ; n++ {
		reply, err := p.Bank.MatchCertain(q.Context(), &ledgerv1.MatchCertainRequest{RequestId: q.RequestID() + "." + strconv.Itoa(n), PageToken: token})
		if err != nil {
			return err
		}
		if token = reply.GetNextPageToken(); token == "" {
			return q.See("/ledger/bank/lines?booked=1")
		}
		if reply.GetMatchedLines() > 0 || n == callsAtOnce {
			return q.See("/ledger/bank/lines?booked=more&after=" + url.QueryEscape(token))
		}
	}
}

type listedLine struct {
	Line     *ledgerv1.BankLine
	Proposal string
	Tag      form.Tag
}

type linesView struct {
	Open  int64
	State string
	Lines []listedLine
	Next  string
	// After is where the next press of "certain" goes on.
	After string
}

var lineStates = map[string]ledgerv1.BankLineState{
	"open": ledgerv1.BankLineState_BANK_LINE_STATE_OPEN, "matched": ledgerv1.BankLineState_BANK_LINE_STATE_MATCHED, "aside": ledgerv1.BankLineState_BANK_LINE_STATE_ASIDE,
}

func lineTag(q *layout.Request, s ledgerv1.BankLineState) form.Tag {
	switch s {
	case ledgerv1.BankLineState_BANK_LINE_STATE_MATCHED:
		return form.Tag{Text: q.T("books.matched"), Classes: "govuk-tag--green"}
	case ledgerv1.BankLineState_BANK_LINE_STATE_ASIDE:
		return form.Tag{Text: q.T("books.aside"), Classes: "govuk-tag--grey"}
	default:
		return form.Tag{Text: q.T("books.open"), Classes: "govuk-tag--yellow"}
	}
}

func (p pages) lines(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	v := linesView{State: q.URL.Query().Get("state"), After: q.URL.Query().Get("after")}
	if _, ok := lineStates[v.State]; !ok {
		v.State = "open"
	}
	reply, err := p.Bank.ListBankLines(q.Context(), &ledgerv1.ListBankLinesRequest{PageSize: 25, PageToken: q.URL.Query().Get("page"), State: lineStates[v.State]})
	if err != nil {
		return err
	}
	_, names, err := p.chartOf(q)
	if err != nil {
		return err
	}
	v.Open = reply.GetOpenLines()
	for _, l := range reply.GetLines() {
		one := listedLine{Line: l, Tag: lineTag(q, l.GetState())}
		if all := l.GetProposals(); len(all) > 0 {
			one.Proposal = proposal(q, all[0], names)
		}
		v.Lines = append(v.Lines, one)
	}
	if t := reply.GetNextPageToken(); t != "" {
		v.Next = "/ledger/bank/lines?state=" + v.State + "&page=" + t
	}
	page := layout.Page{Title: q.T("books.lines"), View: v, Back: "/ledger/bank"}
	switch q.URL.Query().Get("booked") {
	case "1":
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("ledger.done"), Success: true}
	case "more":
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("books.more"), Success: true}
	}
	return q.Show(http.StatusOK, "lines.html", page)
}

// proposal says a way to match a line in words.
func proposal(q *layout.Request, m *ledgerv1.MatchProposal, names map[string]string) string {
	who := ""
	for i, s := range m.GetShares() {
		name := m.GetNames()[i]
		if name == "" {
			name = names[s.GetAccount()]
		}
		if i > 0 {
			who += ", "
		}
		if who += name; len(m.GetShares()) > 1 {
			who += " " + text.Money(s.GetAmountPence())
		}
	}
	return q.T("books.why-"+m.GetWhy(), "Who", who)
}
