package statute

import (
	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

// sectors are where a member may work, by what the form sends.
var sectors = []struct {
	value  string
	sector membershipv1.Sector
}{
	{"council", membershipv1.Sector_SECTOR_COUNCIL}, {"central", membershipv1.Sector_SECTOR_CENTRAL_GOVERNMENT},
	{"private", membershipv1.Sector_SECTOR_PRIVATE}, {"self", membershipv1.Sector_SECTOR_SELF_EMPLOYED},
	{"elsewhere", membershipv1.Sector_SECTOR_OTHER}, {"none", membershipv1.Sector_SECTOR_UNSPECIFIED},
}

type particularsView struct {
	Address, Sector *form.Field
	Totals          []form.Row
}

func (p pages) particulars(q *layout.Request, wrong []form.Wrong) error {
	if err := signedIn(q); err != nil {
		return err
	}
	mine, err := p.Statute.GetMyParticulars(q.Context(), &membershipv1.GetMyParticularsRequest{})
	if err != nil {
		return err
	}
	totals, err := p.Statute.ListSectors(q.Context(), &membershipv1.ListSectorsRequest{})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := particularsView{Sector: f.Hinted("sector", "statute.sector", "statute.sectorHint")}
	v.Sector.LabelClasses = "govuk-fieldset__legend--s"
	if mine.GetAddressAsked() {
		v.Address = f.Hinted("postal_address", "statute.address", "statute.addressHint")
		v.Address.Autocomplete = "street-address"
		if len(wrong) == 0 {
			v.Address.Value = mine.GetPostalAddress()
		}
	}
	var items []form.Item
	names := map[membershipv1.Sector]string{}
	for _, s := range sectors {
		names[s.sector] = q.T("statute.sectors." + s.value)
		items = append(items, form.Item{Value: s.value, Text: names[s.sector]})
	}
	f.Choose(v.Sector, items...)
	for i, s := range sectors {
		if len(wrong) == 0 {
			v.Sector.Items[i].Checked = s.sector == mine.GetSector()
		}
	}
	for _, t := range totals.GetTotals() {
		v.Totals = append(v.Totals, form.Row{Key: names[t.GetSector()], Value: t.GetMembers()})
	}
	page := layout.Page{Title: q.T("statute.particulars"), View: v, Errors: f.Summary(), Back: "/me", Here: "/me/particulars"}
	if q.URL.Query().Get("done") == "1" {
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("statute.saved"), Success: true}
	}
	return q.Show(code, "particulars.html", page)
}

func (p pages) setParticulars(q *layout.Request) error {
	in := &membershipv1.SetMyParticularsRequest{RequestId: q.RequestID(), PostalAddress: q.Typed("postal_address")}
	for _, s := range sectors {
		if s.value == q.Typed("sector") {
			in.Sector = s.sector
		}
	}
	if _, err := p.Statute.SetMyParticulars(q.Context(), in); err != nil {
		return q.Again(err, p.particulars)
	}
	return q.See("/me/particulars?done=1")
}
