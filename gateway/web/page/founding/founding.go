// Package founding is the page on which a founder takes up one of the three invitations: secretary, treasurer,
// chair. When the third is taken up the founding act is recorded.
package founding

import (
	"embed"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

//go:embed *.html
var files embed.FS

type pages struct{ *layout.Site }

// Register adds the page to the site.
func Register(s *layout.Site) error {
	j, err := s.Journey(files)
	if err != nil {
		return err
	}
	p := pages{s}
	j.Get("/founding", func(q *layout.Request) error { return p.show(q, nil) })
	j.Post("/founding", p.accept)
	return nil
}

type view struct {
	Invitation        string
	Name, Email, Sole *form.Field
	SoFar             []form.Row
}

func (p pages) show(q *layout.Request, wrong []form.Wrong) error {
	about, err := p.Membership.GetFounding(q.Context(), &membershipv1.GetFoundingRequest{})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := view{Invitation: q.FormValue("invitation"), Name: f.Field("name", "join.name"), Email: f.Hinted("email", "join.email", "join.emailHint")}
	v.Name.Autocomplete, v.Name.NoSpelling = "name", true
	v.Email.Type, v.Email.Autocomplete, v.Email.NoSpelling = "email", "email", true
	v.Sole = f.Choose(f.Field("sole_membership", "join.sole"), form.Item{Value: "yes", Text: q.T("join.soleYes")})
	v.Sole.LabelClasses = "govuk-fieldset__legend--s"
	for _, r := range about.GetAccepted() {
		v.SoFar = append(v.SoFar, form.Row{Key: q.RoleName(&membershipv1.HeldRole{Role: r}), Value: q.T("founding.taken")})
	}
	for _, r := range about.GetOpen() {
		v.SoFar = append(v.SoFar, form.Row{Key: q.RoleName(&membershipv1.HeldRole{Role: r}), Value: q.T("founding.open")})
	}
	recorded := q.T("founding.notYet")
	if about.GetActTime() != nil {
		recorded = q.DateTime(about.GetActTime())
	}
	v.SoFar = append(v.SoFar, form.Row{Key: q.T("founding.recorded"), Value: recorded})
	return q.Show(code, "founding.html", layout.Page{Title: q.T("founding.title", "Society", q.Society()), View: v, Errors: f.Summary()})
}

func (p pages) accept(q *layout.Request) error {
	if wrong := q.Missing("name", "join.confirmName", "email", "join.confirmEmail", "sole_membership", "join.confirmSole"); len(wrong) > 0 {
		return p.show(q, wrong)
	}
	reply, err := p.Membership.AcceptFounding(q.Context(), &membershipv1.AcceptFoundingRequest{
		RequestId: q.RequestID(), Invitation: q.Typed("invitation"), Name: q.Typed("name"), Email: q.Typed("email"),
		SoleMembership: q.Typed("sole_membership") == "yes",
	})
	if err != nil {
		wrong, err := q.Refused(err)
		if err != nil {
			return err
		}
		return p.show(q, wrong)
	}
	p.Refresh()
	p.Sessions.Begin(q.Writer, reply.GetSessionSecret(), reply.GetExpireTime().AsTime())
	return q.See("/me?welcome=founder")
}
