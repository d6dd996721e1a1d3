// Package officer is the public list of who holds which office, since when, granted by whom and why, and the second
// officer's approval and the end of a grant.
package officer

import (
	"embed"
	"net/http"

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
	j.Get("/officers", p.list)
	for _, act := range []string{"approve", "end"} {
		j.Get("/officers/{grant}/"+act, func(q *layout.Request) error { return p.confirm(q, act, nil) })
	}
	j.Post("/officers/{grant}/approve", p.approve)
	j.Post("/officers/{grant}/end", p.end)
	return nil
}

type listed struct {
	Grant              *membershipv1.RoleGrant
	Role, When         string
	Tag                form.Tag
	MayApprove, MayEnd bool
}

type group struct {
	Title  string
	Grants []listed
}

func (p pages) list(q *layout.Request) error {
	reply, err := p.Membership.ListOfficers(q.Context(), &membershipv1.ListOfficersRequest{})
	if err != nil {
		return err
	}
	now, past := group{Title: q.T("officer.now")}, group{Title: q.T("officer.past")}
	names := map[string]string{"founding act": q.T("officer.foundingAct")}
	for _, g := range reply.GetGrants() {
		names[g.GetMember()] = g.GetName()
	}
	for _, g := range reply.GetGrants() {
		l := listed{Grant: g, Role: q.RoleName(g.GetRole())}
		by := names[g.GetGrantedBy()]
		if by == "" {
			by = q.T("officer.somebody")
		}
		switch g.GetState() {
		case membershipv1.GrantState_GRANT_STATE_PROPOSED:
			l.Tag = form.Tag{Text: q.T("officer.proposed"), Classes: "govuk-tag--yellow"}
			l.When = q.T("officer.grantedOn", "Date", q.Date(g.GetGrantTime()), "By", by)
			l.MayApprove = g.GetMember() != q.Viewer.Member && g.GetGrantedBy() != q.Viewer.Member &&
				q.Viewer.HoldsAny(membershipv1.Role_ROLE_SECRETARY, membershipv1.Role_ROLE_CHAIR, membershipv1.Role_ROLE_TREASURER, membershipv1.Role_ROLE_BOARD)
		case membershipv1.GrantState_GRANT_STATE_ENDED:
			l.Tag = form.Tag{Text: q.T("officer.ended"), Classes: "govuk-tag--grey"}
			l.When = q.T("officer.fromTo", "From", q.Date(g.GetStartTime()), "To", q.Date(g.GetEndTime()))
		default:
			l.Tag = form.Tag{Text: q.T("officer.inForce"), Classes: "govuk-tag--green"}
			l.When = q.T("officer.since", "Date", q.Date(g.GetStartTime()), "By", by)
		}
		l.MayEnd = g.GetState() != membershipv1.GrantState_GRANT_STATE_ENDED && q.Viewer.SignedIn() &&
			(g.GetMember() == q.Viewer.Member || q.Viewer.HoldsAny(membershipv1.Role_ROLE_SECRETARY, membershipv1.Role_ROLE_CHAIR))
		if g.GetState() == membershipv1.GrantState_GRANT_STATE_ENDED {
			past.Grants = append(past.Grants, l)
		} else {
			now.Grants = append(now.Grants, l)
		}
	}
	v := struct{ Groups []group }{[]group{now}}
	if len(past.Grants) > 0 {
		v.Groups = append(v.Groups, past)
	}
	page := layout.Page{Title: q.T("layout.officers"), View: v, Here: "/officers"}
	if done := q.URL.Query().Get("done"); done == "approve" || done == "end" {
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("officer.done." + done), Success: true}
	}
	return q.Show(http.StatusOK, "list.html", page)
}

type actView struct {
	Grant                  *membershipv1.RoleGrant
	Role, Act, Consequence string
	Reason                 *form.Field
}

func (p pages) confirm(q *layout.Request, act string, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	reply, err := p.Membership.ListOfficers(q.Context(), &membershipv1.ListOfficersRequest{})
	if err != nil {
		return err
	}
	for _, g := range reply.GetGrants() {
		if g.GetId() != q.PathValue("grant") {
			continue
		}
		f, code := q.FormOf(wrong)
		v := actView{Grant: g, Role: q.RoleName(g.GetRole()), Act: act, Consequence: q.T("officer.then." + act)}
		if act == "end" {
			v.Reason = f.Hinted("reason", "ledger.why", "member.whyHint")
		}
		return q.Show(code, "act.html", layout.Page{Title: q.T("officer." + act), View: v, Errors: f.Summary(), Back: "/officers"})
	}
	return layout.ErrNotFound
}

func (p pages) approve(q *layout.Request) error {
	_, err := p.Membership.ApproveRole(q.Context(), &membershipv1.ApproveRoleRequest{RequestId: q.RequestID(), Grant: q.PathValue("grant")})
	if err != nil {
		return q.Again(err, func(q *layout.Request, wrong []form.Wrong) error { return p.confirm(q, "approve", wrong) })
	}
	return q.See("/officers?done=approve")
}

func (p pages) end(q *layout.Request) error {
	again := func(q *layout.Request, wrong []form.Wrong) error { return p.confirm(q, "end", wrong) }
	if wrong := q.Missing("reason", "member.whyNeeded"); len(wrong) > 0 {
		return again(q, wrong)
	}
	_, err := p.Membership.EndRole(q.Context(), &membershipv1.EndRoleRequest{RequestId: q.RequestID(), Grant: q.PathValue("grant"), Reason: q.Typed("reason")})
	if err != nil {
		return q.Again(err, again)
	}
	return q.See("/officers?done=end")
}
