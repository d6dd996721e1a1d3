// Package join is the page on which a visitor asks to become a member.
//
// It asks for a name, an address, the nearest regional group and the declaration that this is the person's one
// membership, for the postal address where the rules have the register keep one, and for nothing else. What follows is the same for every address, known or not.
package join

import (
	"embed"

	"github.com/localgovdigital/folkmoot/gateway/session"
	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

//go:embed *.html
var files embed.FS

// none is what the choice "no group near me yet" sends. No region can have it for its id.
const none = "-"

type pages struct{ *layout.Site }

// Register adds the pages to the site.
func Register(s *layout.Site) error {
	j, err := s.Journey(files)
	if err != nil {
		return err
	}
	p := pages{s}
	j.Get("/join", func(q *layout.Request) error { return p.show(q, nil) })
	j.Post("/join", p.join)
	return nil
}

type view struct {
	Name, Email, Region, Sole *form.Field
	// Postal is nil where the rules ask for no postal address.
	Postal *form.Field
}

func (p pages) show(q *layout.Request, wrong []form.Wrong) error {
	f, code := q.FormOf(wrong)
	v := view{Name: f.Field("name", "join.name"), Email: f.Hinted("email", "join.email", "join.emailHint")}
	v.Name.Autocomplete, v.Name.NoSpelling = "name", true
	v.Email.Type, v.Email.Autocomplete, v.Email.NoSpelling = "email", "email", true
	var items []form.Item
	for _, r := range p.Regions(q.Context()) {
		i := form.Item{Value: r.GetId(), Text: r.GetName()}
		if r.GetState() == membershipv1.RegionState_REGION_STATE_FORMING {
			i.Hint = q.T("join.forming")
		}
		items = append(items, i)
	}
	if len(items) > 0 {
		items = append(items, form.Item{Divider: q.T("join.orElse")})
	}
	v.Region = f.Choose(f.Field("region", "join.region"), append(items, form.Item{Value: none, Text: q.T("join.none")})...)
	v.Region.LabelClasses = "govuk-fieldset__legend--s"
	if p.About(q.Context()).GetPostalAsked() {
		v.Postal = f.Hinted("postal_address", "entry.postalAddress", "join.postalHint")
		v.Postal.Autocomplete, v.Postal.NoSpelling, v.Postal.Rows = "street-address", true, 4
	}
	v.Sole = f.Choose(f.Field("sole_membership", "join.sole"), form.Item{Value: "yes", Text: q.T("join.soleYes")})
	v.Sole.LabelClasses = "govuk-fieldset__legend--s"
	return q.Show(code, "join.html", layout.Page{Title: q.T("join.title"), View: v, Errors: f.Summary()})
}

func (p pages) join(q *layout.Request) error {
	needed := []string{"name", "join.confirmName", "email", "join.confirmEmail", "region", "join.confirmRegion"}
	if p.About(q.Context()).GetPostalAsked() {
		needed = append(needed, "postal_address", "entry.postalNeeded")
	}
	if wrong := q.Missing(append(needed, "sole_membership", "join.confirmSole")...); len(wrong) > 0 {
		return p.show(q, wrong)
	}
	region := q.Typed("region")
	if region == none {
		region = ""
	}
	reply, err := p.Membership.Join(q.Context(), &membershipv1.JoinRequest{
		RequestId: q.RequestID(), Name: q.Typed("name"), Email: q.Typed("email"), Region: region,
		SoleMembership: q.Typed("sole_membership") == "yes", Language: q.Lang, PostalAddress: q.Typed("postal_address"),
	})
	if err != nil {
		return q.Again(err, p.show)
	}
	p.Sessions.KeepAttempt(q.Writer, session.Attempt{Secret: reply.GetAttempt()})
	return q.See("/confirm")
}
