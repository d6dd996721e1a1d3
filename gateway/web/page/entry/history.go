package entry

import (
	"net/http"
	"time"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

// told is an event in words.
type told struct {
	Number               int64
	When, Recorded, What string
	By, Reason, Motion   string
}

type historyView struct {
	Name, Member, Home string
	Events             []told
}

// say writes an event: what happened, with what it is about.
func say(q *layout.Request, e *membershipv1.RegisterEvent) string {
	id := "entry.event." + e.GetKind()
	if !q.Has(id) {
		return e.GetKind()
	}
	region := q.T("join.none")
	if e.GetRegion() != "" {
		region = q.Region(e.GetRegion())
	}
	return q.T(id, "Region", region, "About", e.GetAbout(), "Name", e.GetAboutName())
}

func (p pages) history(q *layout.Request) error {
	m, err := p.member(q)
	if err != nil {
		return err
	}
	reply, err := p.Entries.ListHistory(q.Context(), &membershipv1.ListHistoryRequest{Member: m.GetId()})
	if err != nil {
		return err
	}
	v := historyView{Name: m.GetName(), Member: m.GetId(), Home: home(q, m.GetId())}
	for _, e := range reply.GetEvents() {
		t := told{Number: e.GetNumber(), When: q.DateTime(e.GetEffectiveTime()), What: say(q, e), Reason: e.GetReason()}
		if e.GetRecordTime().AsTime().Sub(e.GetEffectiveTime().AsTime()).Abs() > 24*time.Hour {
			t.Recorded = q.T("entry.recorded", "Date", q.DateTime(e.GetRecordTime()))
		}
		switch {
		case e.GetByName() != "":
			t.By = q.T("entry.by", "Name", e.GetByName())
		case e.GetBy() == "founding act":
			t.By = q.T("entry.by", "Name", q.T("officer.foundingAct"))
		}
		if e.GetKind() == "expelled" {
			t.Motion = e.GetAbout()
		}
		v.Events = append(v.Events, t)
	}
	for _, g := range reply.GetGrants() {
		t := told{What: q.RoleName(g.GetRole()), Reason: g.GetReason(), When: q.T("entry.officeWaits", "Date", q.Date(g.GetGrantTime()))}
		switch {
		case g.GetStartTime() != nil && g.GetEndTime() != nil:
			t.When = q.T("officer.fromTo", "From", q.Date(g.GetStartTime()), "To", q.Date(g.GetEndTime()))
		case g.GetEndTime() != nil:
			t.When = q.T("entry.officeNever", "Date", q.Date(g.GetEndTime()))
		case g.GetStartTime() != nil:
			t.When = q.T("entry.officeSince", "Date", q.Date(g.GetStartTime()))
		}
		v.Events = append(v.Events, t)
	}
	page := layout.Page{Title: q.T("entry.history"), View: v, Back: v.Home, Banner: done(q), Here: q.URL.Path}
	return q.Show(http.StatusOK, "history.html", page)
}

type standingView struct {
	Name, Path string
	Date       *form.Field
	Ask        form.Button
	Verdict    string
	Lines      []string
}

func (p pages) standing(q *layout.Request, wrong []form.Wrong) error {
	m, err := p.member(q)
	if err != nil {
		return err
	}
	typed := q.URL.Query().Get("date")
	in := &membershipv1.ExplainStandingRequest{Member: m.GetId()}
	if typed != "" && len(wrong) == 0 {
		day, ok := text.ReadDay(typed)
		if !ok {
			return p.standing(q, []form.Wrong{{Field: "date", Text: q.T("form.dayFormat")}})
		}
		in.Date = day.Format(time.DateOnly)
	}
	f, code := q.FormOf(wrong)
	v := standingView{
		Name: m.GetName(), Path: q.URL.Path, Date: f.Hinted("date", "entry.askDate", "form.dayHint"),
		Ask: form.Button{Text: q.T("entry.ask"), Classes: "govuk-button--secondary"},
	}
	if len(wrong) == 0 {
		a, err := p.Entries.ExplainStanding(q.Context(), in)
		if err != nil {
			return q.Again(err, p.standing)
		}
		v.Date.Value = typed
		if typed == "" {
			v.Date.Value = text.Typed(p.Now())
		}
		v.answer(q, a)
	}
	return q.Show(code, "standing.html", layout.Page{Title: q.T("entry.standing"), View: v, Errors: f.Summary(), Back: home(q, m.GetId())})
}

// answer writes the answer in the viewer's language: the verdict, the event and the rule.
func (v *standingView) answer(q *layout.Request, a *membershipv1.ExplainStandingResponse) {
	day := q.Day(a.GetDate())
	v.Verdict = q.T("entry.wasNot", "Date", day)
	if a.GetGood() {
		v.Verdict = q.T("entry.was", "Date", day)
	}
	switch a.GetCode() {
	case "unknown", "waiting", "refused", "withdrawn", "left":
	default:
		v.Lines = append(v.Lines, q.T("entry.admittedOn", "Date", q.Date(a.GetAdmitTime())))
	}
	event := a.GetEvent()
	if q.Has("entry.ended." + event) {
		event = q.T("entry.ended." + event)
	}
	v.Lines = append(v.Lines, q.T("entry.because."+a.GetCode(), "Date", q.Date(a.GetEventTime()), "Event", event))
	switch {
	case a.GetRuleBook() == 0:
		v.Lines = append(v.Lines, q.T("entry.ruleNone"))
	case a.GetDonationRequired():
		v.Lines = append(v.Lines, q.T("entry.ruleRequired", "Version", a.GetRuleBook()))
	default:
		v.Lines = append(v.Lines, q.T("entry.ruleAsked", "Version", a.GetRuleBook()))
	}
}
