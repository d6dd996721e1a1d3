// Package me is a member's own page: what they may do and why, how to give the £1, what they gave.
package me

import (
	"embed"
	"net/http"
	"strings"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
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
	j.Get("/me", pages{s}.show)
	return nil
}

type donation struct {
	Entry *ledgerv1.Entry
	Pence int64
	Note  string
}

type view struct {
	Me *membershipv1.Member
	// Member is false for an applicant and for a former member.
	Member bool
	// Postal is whether the register keeps postal addresses.
	Postal bool
	// Waits is what an applicant is told, and MayWithdraw whether the application waits and may be taken back.
	Waits       string
	MayWithdraw bool
	// Why is why the standing is what it is.
	Why   string
	Pound string
	// Card is true if one may give by card.
	Card      bool
	Open      []*ballotsv1.Ballot
	Facts     []form.Row
	Donations []donation
	// Mail is whether the viewer looks after the society's mail.
	Mail bool
}

func (p pages) show(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	me, err := p.Membership.GetMe(q.Context(), &membershipv1.GetMeRequest{})
	if err != nil {
		return err
	}
	v := view{Me: me, Mail: q.Viewer.HoldsAny(membershipv1.Role_ROLE_SECRETARY)}
	v.Member = me.GetAdmitTime() != nil && me.GetStanding() != membershipv1.Standing_STANDING_LEFT
	if err := p.entry(q, &v); err != nil {
		return err
	}
	v.Facts = facts(q, me, v.Why)
	waived := me.GetDonationRequired() && me.GetStanding() == membershipv1.Standing_STANDING_CURRENT
	if v.Member && me.GetDonationTime() == nil && !waived {
		v.Pound = q.T("me.asked")
		if me.GetDonationRequired() {
			v.Pound = q.T("me.required")
		}
	}
	if settings, err := p.Payments.GetPaymentSettings(q.Context(), &ledgerv1.GetPaymentSettingsRequest{}); err == nil {
		v.Card = settings.GetEnabled()
	}
	given, err := p.Ledger.ListMyDonations(q.Context(), &ledgerv1.ListMyDonationsRequest{})
	if err != nil {
		return err
	}
	for _, e := range given.GetEntries() {
		d := donation{Entry: e}
		for _, posting := range e.GetPostings() {
			if posting.GetAmountPence() > 0 {
				d.Pence += posting.GetAmountPence()
			}
		}
		switch {
		case e.GetKind() == ledgerv1.Kind_KIND_REVERSAL:
			d.Pence, d.Note = -d.Pence, q.T("ledger.isReversal")
		case e.GetReversedBy() != "":
			d.Note = q.T("ledger.isReversed")
		case e.GetMembershipDonation():
			d.Note = q.T("me.thatCounts")
		}
		v.Donations = append(v.Donations, d)
	}
	ballots, err := p.Ballots.ListBallots(q.Context(), &ballotsv1.ListBallotsRequest{})
	if err != nil {
		return err
	}
	for _, b := range ballots.GetBallots() {
		if b.GetState() == ballotsv1.BallotState_BALLOT_STATE_OPEN && (b.GetRegion() == "" || b.GetRegion() == me.GetRegion()) {
			v.Open = append(v.Open, b)
		}
	}
	page := layout.Page{Title: q.T("me.hello", "Name", me.GetName()), View: v, Here: "/me"}
	switch q.URL.Query().Get("welcome") {
	case "1":
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("me.welcome"), Success: true}
	case "founder":
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("me.founder"), Success: true}
	}
	return q.Show(http.StatusOK, "me.html", page)
}

// entry adds what the register's events tell: why the standing is what it is, whether an application waits or was refused, and whether postal addresses are kept.
func (p pages) entry(q *layout.Request, v *view) error {
	a, err := p.Entries.ExplainStanding(q.Context(), &membershipv1.ExplainStandingRequest{Member: v.Me.GetId()})
	if err != nil {
		return err
	}
	v.Why = q.WhyStanding(a)
	switch {
	case a.GetWaiting():
		v.Waits, v.MayWithdraw = q.T("entry.youWait"), true
	case a.GetCode() == "refused":
		v.Waits = q.T("entry.youAreRefused")
	case a.GetCode() == "withdrawn":
		v.Waits = q.T("entry.youWithdrew")
	}
	if v.Member {
		postal, err := p.Entries.GetPostal(q.Context(), &membershipv1.GetPostalRequest{Member: v.Me.GetId()})
		if err != nil {
			return err
		}
		v.Postal = postal.GetAsked()
	}
	return nil
}

func facts(q *layout.Request, me *membershipv1.Member, why string) []form.Row {
	rows := []form.Row{{Key: q.T("me.standing"), Value: q.Standing(me.GetStanding())}}
	add := func(key, value string) {
		if value != "" {
			rows = append(rows, form.Row{Key: q.T(key), Value: value})
		}
	}
	add("me.why", why)
	if me.GetNumber() > 0 {
		rows = append(rows, form.Row{Key: q.T("me.number"), Value: me.GetNumber()})
	}
	add("member.name", me.GetName())
	add("join.email", me.GetEmail())
	region := q.T("join.none")
	if me.GetRegion() != "" {
		region = q.Region(me.GetRegion())
	}
	add("meeting.region", region)
	add("me.since", q.Date(me.GetAdmitTime()))
	add("me.reference", me.GetPaymentReference())
	var roles []string
	for _, r := range me.GetRoles() {
		roles = append(roles, q.RoleName(r))
	}
	add("me.roles", strings.Join(roles, "; "))
	return rows
}
