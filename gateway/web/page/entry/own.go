package entry

import (
	"net/http"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

func (p pages) moving(q *layout.Request, wrong []form.Wrong) error {
	m, err := p.member(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	region := q.T("join.none")
	if m.GetRegion() != "" {
		region = q.Region(m.GetRegion())
	}
	a := act{Name: m.GetName(), Lead: []string{q.T("entry.moveLead")}, Facts: []form.Row{{Key: q.T("entry.regionNow"), Value: region}}, Fields: []input{p.regions(q, f, m.GetRegion())}}
	if m.GetId() != q.Viewer.Member {
		a.Fields = append(a.Fields, reason(f))
	}
	return ask(q, q.T("entry.move"), f, code, a, home(q, m.GetId()))
}

func (p pages) move(q *layout.Request) error {
	if wrong := q.Missing("region", "join.confirmRegion"); len(wrong) > 0 {
		return p.moving(q, wrong)
	}
	in := &membershipv1.MoveRegionRequest{RequestId: q.RequestID(), Member: q.PathValue("member"), Region: q.Typed("region"), Reason: q.Typed("reason")}
	if in.GetRegion() == none {
		in.Region = ""
	}
	if _, err := p.Entries.MoveRegion(q.Context(), in); err != nil {
		return q.Again(err, p.moving)
	}
	return q.See("/members/" + in.GetMember() + "/history?done=move")
}

func (p pages) renaming(q *layout.Request, wrong []form.Wrong) error {
	m, err := p.member(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	name := f.Field("name", "entry.newName")
	name.Autocomplete, name.NoSpelling = "name", true
	a := act{Name: m.GetName(), Lead: []string{q.T("entry.renameLead")}, Fields: []input{{"input", name}}}
	if m.GetId() != q.Viewer.Member {
		a.Fields = append(a.Fields, reason(f))
	}
	return ask(q, q.T("entry.rename"), f, code, a, home(q, m.GetId()))
}

func (p pages) rename(q *layout.Request) error {
	if wrong := q.Missing("name", "join.confirmName"); len(wrong) > 0 {
		return p.renaming(q, wrong)
	}
	in := &membershipv1.ChangeNameRequest{RequestId: q.RequestID(), Member: q.PathValue("member"), Name: q.Typed("name"), Reason: q.Typed("reason")}
	if _, err := p.Entries.ChangeName(q.Context(), in); err != nil {
		return q.Again(err, p.renaming)
	}
	return q.See("/members/" + in.GetMember() + "/history?done=rename")
}

// postal is the page of a postal address. Where the register keeps none, it is not there.
func (p pages) postal(q *layout.Request, wrong []form.Wrong) error {
	m, err := p.member(q)
	if err != nil {
		return err
	}
	known, err := p.Entries.GetPostal(q.Context(), &membershipv1.GetPostalRequest{Member: m.GetId()})
	if err != nil {
		return err
	}
	if !known.GetAsked() {
		return layout.ErrNotFound
	}
	f, code := q.FormOf(wrong)
	address := f.Hinted("address", "entry.postalAddress", "entry.postalHint")
	address.Rows = 4
	if q.Method == http.MethodGet {
		address.Value = known.GetAddress()
	}
	a := act{Name: m.GetName(), Lead: []string{q.T("entry.postalLead")}, Fields: []input{{"textarea", address}}}
	if m.GetId() != q.Viewer.Member {
		a.Fields = append(a.Fields, reason(f))
	}
	return ask(q, q.T("entry.postal"), f, code, a, home(q, m.GetId()))
}

func (p pages) changePostal(q *layout.Request) error {
	if wrong := q.Missing("address", "entry.postalNeeded"); len(wrong) > 0 {
		return p.postal(q, wrong)
	}
	in := &membershipv1.ChangePostalRequest{RequestId: q.RequestID(), Member: q.PathValue("member"), Address: q.Typed("address"), Reason: q.Typed("reason")}
	if _, err := p.Entries.ChangePostal(q.Context(), in); err != nil {
		return q.Again(err, p.postal)
	}
	return q.See("/members/" + in.GetMember() + "/history?done=postal")
}

func (p pages) leaving(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	f, code := q.FormOf(wrong)
	waits, err := p.waits(q)
	if err != nil {
		return err
	}
	if waits {
		sure := f.Choose(f.Field("understood", "entry.leaveSure"), form.Item{Value: "yes", Text: q.T("entry.withdrawYes")})
		sure.LabelClasses = "govuk-fieldset__legend--s"
		why := f.Hinted("reason", "entry.withdrawWhy", "entry.leaveWhyHint")
		why.Rows = 3
		return ask(q, q.T("entry.withdraw"), f, code, act{
			Name: q.Viewer.Name, Lead: []string{q.T("entry.withdrawLead")}, Points: []string{q.T("entry.withdrawKept"), q.T("entry.leaveSessions"), q.T("entry.withdrawAgain")},
			Fields: []input{{"textarea", why}, {"checkboxes", sure}},
		}, "/me")
	}
	understood := f.Choose(f.Field("understood", "entry.leaveSure"), form.Item{Value: "yes", Text: q.T("entry.leaveYes")})
	understood.LabelClasses = "govuk-fieldset__legend--s"
	why := f.Hinted("reason", "entry.leaveWhy", "entry.leaveWhyHint")
	why.Rows = 3
	return ask(q, q.T("entry.leave"), f, code, act{
		Name: q.Viewer.Name, Lead: []string{q.T("entry.leaveLead")},
		Points:  []string{q.T("entry.leaveVote"), q.T("entry.leaveOffices"), q.T("entry.leaveSessions"), q.T("entry.leaveKept"), q.T("entry.leaveMoney"), q.T("entry.leaveAgain")},
		Warning: q.T("entry.leaveNow"), Fields: []input{{"textarea", why}, {"checkboxes", understood}},
	}, "/me")
}

// waits reports whether an application of the viewer waits for a decision: then leaving is taking it back.
func (p pages) waits(q *layout.Request) (bool, error) {
	a, err := p.Entries.ExplainStanding(q.Context(), &membershipv1.ExplainStandingRequest{Member: q.Viewer.Member})
	return a.GetWaiting(), err
}

func (p pages) leave(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	waits, err := p.waits(q)
	if err != nil {
		return err
	}
	needed := "entry.leaveConfirm"
	if waits {
		needed = "entry.withdrawConfirm"
	}
	if wrong := q.Missing("understood", needed); len(wrong) > 0 {
		return p.leaving(q, wrong)
	}
	_, err = p.Entries.Leave(q.Context(), &membershipv1.LeaveRequest{RequestId: q.RequestID(), Understood: true, Reason: q.Typed("reason")})
	if err != nil {
		return q.Again(err, p.leaving)
	}
	p.Sessions.End(q.Writer, q.Request)
	if waits {
		return q.See("/left?withdrawn=1")
	}
	return q.See("/left")
}
