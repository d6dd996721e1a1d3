package books

import (
	"net/http"
	"strconv"
	"time"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
)

type listedPeriod struct {
	Period             *ledgerv1.Period
	Title              string
	Tag                form.Tag
	Proposed, Approved string
	MayDecide, Mine    bool
}

type periodsView struct {
	Treasurer bool
	Periods   []listedPeriod
}

// periods lists what is closed, for everybody, and what waits, for officers.
func (p pages) periods(q *layout.Request, wrong []form.Wrong) error {
	reply, err := p.Books.ListPeriods(q.Context(), &ledgerv1.ListPeriodsRequest{})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := periodsView{Treasurer: treasurer(q)}
	for _, one := range reply.GetPeriods() {
		l := listedPeriod{Period: one, Title: q.T("books.upTo", "Date", q.Day(one.GetThrough())), Proposed: p.person(q, one.GetProposedBy()), Approved: p.person(q, one.GetApprovedBy())}
		if one.GetAfter() != "" {
			l.Title = q.T("books.fromTo", "From", q.Day(nextDay(one.GetAfter())), "To", q.Day(one.GetThrough()))
		}
		switch one.GetState() {
		case ledgerv1.PeriodState_PERIOD_STATE_CLOSED:
			l.Tag = form.Tag{Text: q.T("books.closed"), Classes: "govuk-tag--green"}
		case ledgerv1.PeriodState_PERIOD_STATE_WITHDRAWN:
			l.Tag = form.Tag{Text: q.T("books.withdrawn"), Classes: "govuk-tag--grey"}
		default:
			l.Tag = form.Tag{Text: q.T("books.waits"), Classes: "govuk-tag--yellow"}
			l.Mine = one.GetProposedBy() == q.Viewer.Member
			l.MayDecide = officer(q)
		}
		v.Periods = append(v.Periods, l)
	}
	page := layout.Page{Title: q.T("books.periods"), View: v, Errors: f.Summary(), Back: "/ledger", Here: "/ledger/periods"}
	if q.URL.Query().Get("done") == "1" {
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("books.saved"), Success: true}
	}
	return q.Show(code, "periods.html", page)
}

func nextDay(date string) string {
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return d.AddDate(0, 0, 1).Format(time.DateOnly)
}

func (p pages) decideClose(q *layout.Request) error {
	var err error
	if q.Typed("act") == "approve" {
		_, err = p.Books.ApproveClose(q.Context(), &ledgerv1.ApproveCloseRequest{RequestId: q.RequestID(), Period: q.PathValue("period"), Etag: q.Typed("etag")})
	} else {
		_, err = p.Books.WithdrawClose(q.Context(), &ledgerv1.WithdrawCloseRequest{RequestId: q.RequestID(), Period: q.PathValue("period"), Etag: q.Typed("etag")})
	}
	if err != nil {
		return q.Again(err, p.periods)
	}
	return q.See("/ledger/periods?done=1")
}

type task struct {
	Text, Href string
	Tag        form.Tag
}

type balanceRow struct {
	Field  *form.Field
	Ledger int64
}

type closingView struct {
	Through  *form.Field
	Check    *ledgerv1.PeriodCheck
	Tasks    []task
	Balances []balanceRow
	YearEnd  *form.Field
	Evidence []*ledgerv1.Entry
	Unlinked []*ledgerv1.Entry
	Ready    bool
}

// closing asks for the last day, then shows what is missing, and asks for the balances of the statements.
func (p pages) closing(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	f, code := q.FormOf(wrong)
	v := closingView{Through: dayField(f.Hinted("through", "books.lastDay", "form.dayHint"))}
	through, ok := text.ReadDay(v.Through.Value)
	if !ok {
		if v.Through.Value != "" {
			f, code = q.FormOf([]form.Wrong{{Field: "through", Text: q.T("form.dayFormat")}})
			v.Through = dayField(f.Hinted("through", "books.lastDay", "form.dayHint"))
		}
		return q.Show(code, "closing.html", layout.Page{Title: q.T("books.close"), View: v, Errors: f.Summary(), Back: "/ledger/periods"})
	}
	check, err := p.Books.CheckPeriod(q.Context(), &ledgerv1.CheckPeriodRequest{Through: through.Format(time.DateOnly)})
	if err != nil {
		return err
	}
	_, names, err := p.chartOf(q)
	if err != nil {
		return err
	}
	v.Check, v.Evidence, v.Unlinked = check, check.GetWithoutEvidence(), check.GetNotOnStatement()
	v.Ready = true
	add := func(open int64, key, href string) {
		t := task{Text: q.T(key), Href: href, Tag: form.Tag{Text: q.T("books.taskDone"), Classes: "govuk-tag--green"}}
		if open > 0 {
			t.Tag = form.Tag{Text: q.T("books.taskOpen", "Number", open), Classes: "govuk-tag--red"}
			v.Ready = false
		}
		v.Tasks = append(v.Tasks, t)
	}
	add(check.GetUnmatchedLines(), "books.taskLines", "/ledger/bank/lines")
	add(check.GetWithoutEvidenceCount(), "books.taskEvidence", "")
	add(check.GetPendingSpending(), "books.taskSpending", "/ledger/spending")
	add(check.GetOpenCash(), "books.taskCash", "/ledger/cash")
	for i, b := range check.GetBalances() {
		field := pounds(f.Hinted("balance_"+strconv.Itoa(i), "books.balanceOf", "books.balanceHint", "Account", names[b.GetAccount()], "Date", q.Day(check.GetThrough()), "Amount", text.Money(b.GetLedgerPence())))
		v.Balances = append(v.Balances, balanceRow{field, b.GetLedgerPence()})
	}
	v.YearEnd = f.Field("year_end", "books.yearEnd")
	f.Choose(v.YearEnd, form.Item{Value: "yes", Text: q.T("books.yearEndYes")})
	return q.Show(code, "closing.html", layout.Page{Title: q.T("books.close"), View: v, Errors: f.Summary(), Back: "/ledger/periods", Here: "/ledger/periods/new?through=" + check.GetThrough()})
}

func (p pages) proposeClose(q *layout.Request) error {
	through, wrong := day(q, "through")
	if len(wrong) > 0 {
		return p.closing(q, wrong)
	}
	check, err := p.Books.CheckPeriod(q.Context(), &ledgerv1.CheckPeriodRequest{Through: through})
	if err != nil {
		return err
	}
	req := &ledgerv1.ProposeCloseRequest{RequestId: q.RequestID(), Through: through, YearEnd: q.Typed("year_end") == "yes"}
	for i, b := range check.GetBalances() {
		sum, bad := pence(q, "balance_"+strconv.Itoa(i))
		wrong = append(wrong, bad...)
		if d := sum - b.GetLedgerPence(); d != 0 && len(bad) == 0 {
			// The ledger would refuse it too: here the figures stand beside the field.
			wrong = append(wrong, form.Wrong{Field: "balance_" + strconv.Itoa(i), Text: q.T("books.differBy", "Amount", text.Money(d))})
		}
		req.Balances = append(req.Balances, &ledgerv1.AccountBalance{Account: b.GetAccount(), StatementPence: sum})
	}
	if len(wrong) > 0 {
		return p.closing(q, wrong)
	}
	if _, err := p.Books.ProposeClose(q.Context(), req); err != nil {
		return q.Again(err, p.closing)
	}
	return q.See("/ledger/periods?done=1")
}

type meetingView struct {
	Account *ledgerv1.MeetingAccount
	Net     int64
	Title   string
	Lines   []form.Row
}

// meeting shows everybody what a meeting or event brought in and cost.
func (p pages) meeting(q *layout.Request) error {
	id := q.PathValue("meeting")
	a, err := p.Books.GetMeetingAccount(q.Context(), &ledgerv1.GetMeetingAccountRequest{Meeting: id})
	if err != nil {
		return err
	}
	v := meetingView{Account: a, Net: a.GetIncomePence() - a.GetCostPence()}
	for _, l := range a.GetLines() {
		v.Lines = append(v.Lines, form.Row{Key: l.GetAccount().GetName(), Value: text.Money(max(l.GetDebitPence(), l.GetCreditPence()))})
	}
	return q.Show(http.StatusOK, "meeting.html", layout.Page{Title: q.T("books.meetingMoney"), View: v, Back: "/meetings/" + id})
}
