// Package member is the register for officers: finding a member, a member's entry, giving an office.
package member

import (
	"embed"
	"net/http"
	"net/url"
	"strings"

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
	j.Get("/members", p.list)
	j.Get("/members/{member}", p.show)
	j.Get("/members/{member}/roles/new", func(q *layout.Request) error { return p.granting(q, nil) })
	j.Post("/members/{member}/roles/new", p.grant)
	return nil
}

type listed struct {
	Member           *membershipv1.Member
	Region, Standing string
}

type listView struct {
	MaySteward     bool
	Search, Region *form.Field
	Find           form.Button
	People         []listed
	Next           string
	// Mail is whether the viewer looks after the society's mail.
	Mail bool
	// Desk is whether the viewer signs people in at a desk.
	Desk bool
	// Applications, Doubles and Objections lead to what waits for officers.
	Applications, Doubles, Objections bool
}

func (p pages) list(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	query := q.URL.Query()
	search, region := strings.TrimSpace(query.Get("search")), query.Get("region")
	reply, err := p.Membership.ListMembers(q.Context(), &membershipv1.ListMembersRequest{
		PageSize: 50, PageToken: query.Get("page"), Region: region, Search: search,
	})
	if err != nil {
		return err
	}
	f, code := q.FormOf(nil)
	v := listView{
		MaySteward: q.Viewer.HoldsAny(membershipv1.Role_ROLE_SECRETARY),
		Search:     f.Hinted("search", "member.search", "member.searchHint"), Region: p.regions(q, f, "member.anyRegion"),
		Find: form.Button{Text: q.T("member.find"), Classes: "govuk-button--secondary"}, Mail: q.Viewer.HoldsAny(membershipv1.Role_ROLE_SECRETARY),
	}
	keeper := q.Viewer.HoldsAny(membershipv1.Role_ROLE_SECRETARY, membershipv1.Role_ROLE_CHAIR)
	board := q.Viewer.HoldsAny(membershipv1.Role_ROLE_BOARD)
	registrar := q.Viewer.HoldsAny(membershipv1.Role_ROLE_REGISTRAR)
	v.Applications, v.Objections = keeper || board, keeper
	v.Doubles = keeper || board || registrar || q.Viewer.HoldsAny(membershipv1.Role_ROLE_TREASURER)
	v.Desk = keeper || registrar || q.Viewer.HoldsAny(membershipv1.Role_ROLE_ORGANISER)
	v.Search.NoSpelling, v.Search.Autocomplete = true, "off"
	for _, m := range reply.GetMembers() {
		v.People = append(v.People, listed{m, q.Region(m.GetRegion()), q.Standing(m.GetStanding())})
	}
	if t := reply.GetNextPageToken(); t != "" {
		v.Next = "/members?" + url.Values{"page": {t}, "search": {search}, "region": {region}}.Encode()
	}
	return q.Show(code, "list.html", layout.Page{Title: q.T("layout.members"), View: v, Wide: true})
}

// regions offers every regional group, and first none in particular.
func (p pages) regions(q *layout.Request, f *form.Form, none string) *form.Field {
	items := []form.Item{{Text: q.T(none)}}
	for _, r := range p.Regions(q.Context()) {
		items = append(items, form.Item{Value: r.GetId(), Text: r.GetName()})
	}
	return f.Choose(f.Field("region", "meeting.region"), items...)
}

type view struct {
	Member            *membershipv1.Member
	Facts             []form.Row
	MayGrant, MayBook bool
	// Keeps is whether the viewer sees the history; the others lead to what happens to the entry.
	Keeps, MayCard, MayWaive, MayChange, MayEnd, MayCompare bool
}

func (p pages) member(q *layout.Request) (*membershipv1.Member, error) {
	if !q.Viewer.SignedIn() {
		return nil, layout.ErrSignIn
	}
	return p.Membership.GetMember(q.Context(), &membershipv1.GetMemberRequest{Member: q.PathValue("member")})
}

func (p pages) show(q *layout.Request) error {
	m, err := p.member(q)
	if err != nil {
		return err
	}
	v := view{
		Member: m, MayBook: q.Viewer.HoldsAny(membershipv1.Role_ROLE_TREASURER),
		MayGrant: q.Viewer.HoldsAny(membershipv1.Role_ROLE_SECRETARY, membershipv1.Role_ROLE_CHAIR) && m.GetId() != q.Viewer.Member,
	}
	secretary, member := q.Viewer.HoldsAny(membershipv1.Role_ROLE_SECRETARY), m.GetAdmitTime() != nil && m.GetStanding() != membershipv1.Standing_STANDING_LEFT
	other := m.GetId() != q.Viewer.Member
	v.Keeps = !other || secretary || q.Viewer.HoldsAny(membershipv1.Role_ROLE_CHAIR, membershipv1.Role_ROLE_REGISTRAR)
	v.MayChange, v.MayEnd = member && (secretary || !other), member && secretary && other
	v.MayCompare = other && q.Viewer.HoldsAny(membershipv1.Role_ROLE_SECRETARY, membershipv1.Role_ROLE_CHAIR, membershipv1.Role_ROLE_TREASURER,
		membershipv1.Role_ROLE_BOARD, membershipv1.Role_ROLE_REGISTRAR)
	v.MayWaive = member && other && m.GetDonationTime() == nil && (secretary || v.MayBook)
	v.MayCard = member && other && m.GetEmail() == "" && (secretary || q.Viewer.HoldsAny(membershipv1.Role_ROLE_REGISTRAR) ||
		q.Viewer.Holds(membershipv1.Role_ROLE_ORGANISER, m.GetRegion()))
	why, err := p.Entries.ExplainStanding(q.Context(), &membershipv1.ExplainStandingRequest{Member: m.GetId()})
	if err != nil {
		return err
	}
	add := func(key, value string) {
		if value != "" {
			v.Facts = append(v.Facts, form.Row{Key: q.T(key), Value: value})
		}
	}
	if m.GetNumber() > 0 {
		v.Facts = append(v.Facts, form.Row{Key: q.T("me.number"), Value: m.GetNumber()})
	}
	add("join.email", m.GetEmail())
	add("meeting.region", q.Region(m.GetRegion()))
	add("me.standing", q.Standing(m.GetStanding()))
	add("me.why", q.WhyStanding(why))
	add("member.applied", q.DateTime(m.GetApplyTime()))
	add("me.since", q.DateTime(m.GetAdmitTime()))
	add("member.gave", q.DateTime(m.GetDonationTime()))
	add("me.reference", m.GetPaymentReference())
	var roles []string
	for _, r := range m.GetRoles() {
		roles = append(roles, q.RoleName(r))
	}
	add("me.roles", strings.Join(roles, "; "))
	page := layout.Page{Title: m.GetName(), View: v, Back: "/members", Here: "/members/" + m.GetId()}
	switch q.URL.Query().Get("done") {
	case "grant":
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("member.granted"), Success: true}
	case "waive":
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("entry.done.waive"), Success: true}
	}
	return q.Show(http.StatusOK, "member.html", page)
}

// roles are the offices that can be given, by what the form sends.
var roles = []struct {
	value string
	role  membershipv1.Role
}{
	{"chair", membershipv1.Role_ROLE_CHAIR}, {"secretary", membershipv1.Role_ROLE_SECRETARY}, {"treasurer", membershipv1.Role_ROLE_TREASURER},
	{"organiser", membershipv1.Role_ROLE_ORGANISER}, {"teller", membershipv1.Role_ROLE_TELLER}, {"board", membershipv1.Role_ROLE_BOARD},
	{"registrar", membershipv1.Role_ROLE_REGISTRAR},
}

type grantView struct {
	Member               *membershipv1.Member
	Role, Region, Reason *form.Field
}

func (p pages) granting(q *layout.Request, wrong []form.Wrong) error {
	m, err := p.member(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := grantView{Member: m, Role: f.Field("role", "member.office"), Region: p.regions(q, f, "meeting.wholeSociety"), Reason: f.Hinted("reason", "ledger.why", "member.whyHint")}
	v.Role.LabelClasses = "govuk-fieldset__legend--s"
	v.Region.Hint = q.T("member.regionHint")
	var items []form.Item
	for _, r := range roles {
		items = append(items, form.Item{Value: r.value, Text: q.RoleName(&membershipv1.HeldRole{Role: r.role})})
	}
	f.Choose(v.Role, items...)
	return q.Show(code, "grant.html", layout.Page{Title: q.T("member.grant"), View: v, Errors: f.Summary(), Back: "/members/" + m.GetId()})
}

func (p pages) grant(q *layout.Request) error {
	if wrong := q.Missing("role", "member.officeNeeded", "reason", "member.whyNeeded"); len(wrong) > 0 {
		return p.granting(q, wrong)
	}
	held := &membershipv1.HeldRole{Region: q.Typed("region")}
	for _, r := range roles {
		if r.value == q.Typed("role") {
			held.Role = r.role
		}
	}
	id := q.PathValue("member")
	if _, err := p.Membership.GrantRole(q.Context(), &membershipv1.GrantRoleRequest{RequestId: q.RequestID(), Member: id, Role: held, Reason: q.Typed("reason")}); err != nil {
		return q.Again(err, p.granting)
	}
	return q.See("/members/" + id + "?done=grant")
}
