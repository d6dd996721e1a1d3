package entry

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

// motionOf takes a motion's id out of what people paste: the id or the address of its page.
func motionOf(typed string) string {
	if u, err := url.Parse(typed); err == nil && strings.Contains(u.Path, "/motions/") {
		return path.Base(u.Path)
	}
	return typed
}

type applicant struct {
	*membershipv1.Application
	RegionName, Left, Alike string
}

type applicationsView struct {
	Rule    string
	Waiting []applicant
	May     bool
	Next    string
}

func (p pages) queue(q *layout.Request, token string) (*membershipv1.ListApplicationsResponse, error) {
	if !q.Viewer.SignedIn() {
		return nil, layout.ErrSignIn
	}
	return p.Entries.ListApplications(q.Context(), &membershipv1.ListApplicationsRequest{PageToken: token})
}

func (p pages) applications(q *layout.Request) error {
	reply, err := p.queue(q, q.URL.Query().Get("page"))
	if err != nil {
		return err
	}
	v := applicationsView{Rule: q.T("entry.admission." + reply.GetAdmission()), May: reply.GetMayDecide()}
	for _, a := range reply.GetApplications() {
		v.Waiting = append(v.Waiting, p.applicant(q, a))
	}
	if t := reply.GetNextPageToken(); t != "" {
		v.Next = "/applications?" + url.Values{"page": {t}}.Encode()
	}
	return q.Show(http.StatusOK, "applications.html", layout.Page{Title: q.T("entry.applications"), View: v, Banner: done(q), Back: "/members", Here: "/applications"})
}

func (p pages) applicant(q *layout.Request, a *membershipv1.Application) applicant {
	out := applicant{Application: a, RegionName: q.T("join.none")}
	if a.GetRegion() != "" {
		out.RegionName = q.Region(a.GetRegion())
	}
	if a.GetLeftAs() != "" {
		out.Left = q.T("entry.formerMember", "Event", q.T("entry.ended."+a.GetLeftAs()))
	}
	if a.GetAlike() > 0 {
		out.Alike = q.T("entry.alike", "Count", a.GetAlike())
	}
	return out
}

func (p pages) deciding(q *layout.Request, wrong []form.Wrong) error {
	m, err := p.member(q)
	if err != nil {
		return err
	}
	why, err := p.Entries.ExplainStanding(q.Context(), &membershipv1.ExplainStandingRequest{Member: m.GetId()})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	choice := f.Choose(f.Field("decision", "entry.decision"), form.Item{Value: "admit", Text: q.T("entry.admit")},
		form.Item{Value: "refuse", Text: q.T("entry.refuse"), Hint: q.T("entry.refuseHint")})
	choice.LabelClasses = "govuk-fieldset__legend--s"
	region := q.T("join.none")
	if m.GetRegion() != "" {
		region = q.Region(m.GetRegion())
	}
	return ask(q, q.T("entry.decide"), f, code, act{
		Name: m.GetName(), Lead: []string{q.T("entry.decideLead")},
		Facts:  []form.Row{{Key: q.T("meeting.region"), Value: region}, {Key: q.T("member.applied"), Value: q.DateTime(m.GetApplyTime())}, {Key: q.T("me.why"), Value: q.WhyStanding(why)}},
		Fields: []input{{"radios", choice}, {"textarea", f.Hinted("reason", "ledger.why", "entry.decideHint")}},
	}, "/applications")
}

func (p pages) decide(q *layout.Request) error {
	if wrong := q.Missing("decision", "entry.decisionNeeded", "reason", "entry.reasonNeeded"); len(wrong) > 0 {
		return p.deciding(q, wrong)
	}
	in := &membershipv1.DecideApplicationRequest{RequestId: q.RequestID(), Member: q.PathValue("member"), Admit: q.Typed("decision") == "admit", Reason: q.Typed("reason")}
	if _, err := p.Entries.DecideApplication(q.Context(), in); err != nil {
		return q.Again(err, p.deciding)
	}
	if in.GetAdmit() {
		return q.See("/applications?done=admit")
	}
	return q.See("/applications?done=refuse")
}
