package give

import (
	"net/url"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

func assignPath(provider, payment string) string {
	return "/ledger/payments/assign?provider=" + url.QueryEscape(provider) + "&payment=" + url.QueryEscape(payment)
}

type assignView struct {
	Provider, Payment string
	// Search looks for who gave, until Member is chosen.
	Search *form.Field
	Find   form.Button
	Asked  bool
	People []*membershipv1.Member
	Member *membershipv1.Member
	// Undo is true where what was said before is taken back.
	Undo   bool
	Reason *form.Field
	// This is the page's own address.
	This string
}

// assigning asks whose a payment is that came without a reference, then how one knows.
func (p pages) assigning(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	f, code := q.FormOf(wrong)
	v := assignView{Provider: q.FormValue("provider"), Payment: q.FormValue("payment"), Undo: q.FormValue("back") != ""}
	v.This = assignPath(v.Provider, v.Payment)
	title, here := "give.assignTitle", v.This
	switch member := q.FormValue("member"); {
	case v.Undo:
		title, here = "give.assignUndoTitle", v.This+"&back=1"
	case member != "":
		m, err := p.Membership.GetMember(q.Context(), &membershipv1.GetMemberRequest{Member: member})
		if err != nil {
			return err
		}
		v.Member, here = m, v.This+"&member="+url.QueryEscape(member)
	default:
		v.Search, v.Find = f.Hinted("search", "ledger.who", "member.searchHint"), form.Button{Text: q.T("member.find")}
		v.Search.NoSpelling, v.Search.Autocomplete = true, "off"
		if s := v.Search.Value; s != "" {
			reply, err := p.Membership.ListMembers(q.Context(), &membershipv1.ListMembersRequest{PageSize: 20, Search: s})
			if err != nil {
				return err
			}
			v.Asked, v.People = true, reply.GetMembers()
		}
	}
	v.Reason = f.Hinted("reason", "give.assignReason", "give.assignReasonHint")
	return q.Show(code, "assign.html", layout.Page{Title: q.T(title), View: v, Errors: f.Summary(), Back: "/ledger/payments", Here: here})
}

func (p pages) assign(q *layout.Request) error {
	if wrong := q.Missing("reason", "give.assignReasonNeeded"); len(wrong) > 0 {
		return p.assigning(q, wrong)
	}
	req := &ledgerv1.AssignPaymentRequest{RequestId: q.RequestID(), Provider: q.Typed("provider"), ProviderPayment: q.Typed("payment"), Reason: q.Typed("reason")}
	if q.FormValue("back") == "" {
		if req.Member = q.Typed("member"); req.GetMember() == "" {
			return p.assigning(q, nil)
		}
	}
	if _, err := p.Payers.AssignPayment(q.Context(), req); err != nil {
		return q.Again(err, p.assigning)
	}
	return q.See("/ledger/payments")
}
