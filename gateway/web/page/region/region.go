// Package region is the list of regional groups, and for the secretary founding one.
package region

import (
	"embed"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

//go:embed *.html
var files embed.FS

type pages struct{ *layout.Site }

// Register adds the pages to the site.
func Register(s *layout.Site) error {
	j, err := s.Journey(files)
	if err != nil {
		return err
	}
	p := pages{s}
	j.Get("/regions", func(q *layout.Request) error { return p.list(q, nil) })
	j.Post("/regions", p.found)
	j.Post("/regions/{region}/meet", p.meet)
	j.Get("/regions/{region}/meet", func(q *layout.Request) error { return q.See("/regions") })
	return nil
}

type listed struct {
	Region  *membershipv1.Region
	Tag     form.Tag
	MayMeet bool
}

type view struct {
	Regions  []listed
	MayFound bool
	Name, ID *form.Field
}

func (p pages) list(q *layout.Request, wrong []form.Wrong) error {
	reply, err := p.Membership.ListRegions(q.Context(), &membershipv1.ListRegionsRequest{})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := view{MayFound: q.Viewer.Holds(membershipv1.Role_ROLE_SECRETARY, ""), Name: f.Field("name", "region.name"), ID: f.Hinted("region", "region.short", "region.shortHint")}
	v.ID.NoSpelling, v.ID.Classes = true, "govuk-input--width-20"
	for _, r := range reply.GetRegions() {
		l := listed{Region: r, Tag: form.Tag{Text: q.T("region.meeting"), Classes: "govuk-tag--green"}}
		if r.GetState() == membershipv1.RegionState_REGION_STATE_FORMING {
			l.Tag, l.MayMeet = form.Tag{Text: q.T("region.forming"), Classes: "govuk-tag--yellow"}, v.MayFound
		}
		v.Regions = append(v.Regions, l)
	}
	return q.Show(code, "list.html", layout.Page{Title: q.T("layout.regions"), View: v, Errors: f.Summary(), Here: "/regions"})
}

func (p pages) found(q *layout.Request) error {
	if wrong := q.Missing("name", "region.nameNeeded", "region", "region.shortNeeded"); len(wrong) > 0 {
		return p.list(q, wrong)
	}
	_, err := p.Membership.CreateRegion(q.Context(), &membershipv1.CreateRegionRequest{
		RequestId: q.RequestID(), Region: q.Typed("region"), Name: q.Typed("name"), State: membershipv1.RegionState_REGION_STATE_FORMING,
	})
	if err != nil {
		return q.Again(err, p.list)
	}
	p.Refresh()
	return q.See("/regions")
}

func (p pages) meet(q *layout.Request) error {
	_, err := p.Membership.UpdateRegion(q.Context(), &membershipv1.UpdateRegionRequest{
		RequestId: q.RequestID(), Region: q.PathValue("region"), State: membershipv1.RegionState_REGION_STATE_MEETING,
	})
	if err != nil {
		return q.Again(err, p.list)
	}
	p.Refresh()
	return q.See("/regions")
}
