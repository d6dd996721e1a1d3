// Package desk is the pages for people without e-mail: entering their application, and the two officers' card that signs them in.
//
// The card is shown once, in answer to the form with which the second officer makes it, and is printed from there: its code is in no
// address of ours but the one that the QR code on it holds, and that one signs nobody in by being opened.
package desk

import (
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"

	"rsc.io/qr"

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
	both := func(path string, show func(*layout.Request, []form.Wrong) error, act layout.Handler) {
		j.Get(path, func(q *layout.Request) error { return show(q, nil) })
		j.Post(path, act)
	}
	both("/desk/enter", p.entering, p.enter)
	both("/members/{member}/card", p.asking, p.ask)
	j.Get("/desk", func(q *layout.Request) error { return p.list(q, nil) })
	both("/desk/cards/{card}", p.making, p.make)
	j.Post("/desk/cards/{card}/cancel", p.cancel)
	return nil
}

// none is what the choice of no region sends. No region can have it for its id.
const none = "-"

type enterView struct {
	Name, Region, Language, Postal, Sole, Reason *form.Field
}

func (p pages) entering(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	f, code := q.FormOf(wrong)
	v := enterView{Name: f.Field("name", "join.name"), Reason: f.Hinted("reason", "desk.known", "desk.knownHint")}
	v.Name.NoSpelling, v.Name.Autocomplete = true, "off"
	items := []form.Item{}
	for _, r := range p.Regions(q.Context()) {
		items = append(items, form.Item{Value: r.GetId(), Text: r.GetName()})
	}
	v.Region = f.Choose(f.Field("region", "desk.region"), append(items, form.Item{Value: none, Text: q.T("join.none")})...)
	v.Region.LabelClasses = "govuk-fieldset__legend--s"
	v.Language = f.Choose(f.Field("language", "desk.language"), form.Item{Value: "en", Text: "English"}, form.Item{Value: "cy", Text: "Cymraeg"})
	v.Language.LabelClasses = "govuk-fieldset__legend--s"
	if p.About(q.Context()).GetPostalAsked() {
		v.Postal = f.Hinted("postal_address", "entry.postalAddress", "entry.postalHint")
	}
	v.Sole = f.Choose(f.Field("sole_membership", "join.sole"), form.Item{Value: "yes", Text: q.T("desk.soleYes")})
	v.Sole.LabelClasses = "govuk-fieldset__legend--s"
	return q.Show(code, "enter.html", layout.Page{Title: q.T("desk.enter"), View: v, Errors: f.Summary(), Back: "/desk"})
}

func (p pages) enter(q *layout.Request) error {
	needed := []string{"name", "join.confirmName", "region", "join.confirmRegion", "language", "desk.languageNeeded"}
	if p.About(q.Context()).GetPostalAsked() {
		needed = append(needed, "postal_address", "entry.postalNeeded")
	}
	if wrong := q.Missing(append(needed, "sole_membership", "desk.soleNeeded", "reason", "desk.knownNeeded")...); len(wrong) > 0 {
		return p.entering(q, wrong)
	}
	region := q.Typed("region")
	if region == none {
		region = ""
	}
	done, err := p.Desk.EnterMember(q.Context(), &membershipv1.EnterMemberRequest{
		RequestId: q.RequestID(), Name: q.Typed("name"), Region: region, Language: q.Typed("language"), SoleMembership: q.Typed("sole_membership") == "yes",
		Reason: q.Typed("reason"), PostalAddress: q.Typed("postal_address"),
	})
	switch {
	case err != nil:
		return q.Again(err, p.entering)
	case done.GetAdmitted():
		return q.See("/members/" + done.GetMember() + "/card?entered=1")
	}
	return q.See("/desk?done=waits")
}

type askView struct {
	Name   string
	Member string
	Reason *form.Field
}

func (p pages) asking(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	m, err := p.Membership.GetMember(q.Context(), &membershipv1.GetMemberRequest{Member: q.PathValue("member")})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := askView{Name: m.GetName(), Member: m.GetId(), Reason: f.Hinted("reason", "ledger.why", "entry.reasonHint")}
	page := layout.Page{Title: q.T("desk.ask"), View: v, Errors: f.Summary(), Back: "/members/" + m.GetId()}
	if q.URL.Query().Get("entered") != "" {
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("desk.done.entered"), Success: true}
	}
	return q.Show(code, "ask.html", page)
}

func (p pages) ask(q *layout.Request) error {
	if wrong := q.Missing("reason", "entry.reasonNeeded"); len(wrong) > 0 {
		return p.asking(q, wrong)
	}
	in := &membershipv1.AskForCardRequest{RequestId: q.RequestID(), Member: q.PathValue("member"), Reason: q.Typed("reason")}
	if _, err := p.Desk.AskForCard(q.Context(), in); err != nil {
		return q.Again(err, p.asking)
	}
	return q.See("/desk?done=asked")
}

type listed struct {
	*membershipv1.DeskCard
	// May is whether the viewer may be the second officer.
	May, Waits bool
}

type listView struct {
	Cards []listed
	Enter bool
}

func (p pages) list(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	reply, err := p.Desk.ListCards(q.Context(), &membershipv1.ListCardsRequest{})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := listView{Enter: q.Viewer.HoldsAny(membershipv1.Role_ROLE_SECRETARY, membershipv1.Role_ROLE_REGISTRAR)}
	for _, c := range reply.GetCards() {
		waits := c.GetState() == membershipv1.CardState_CARD_STATE_ASKED
		v.Cards = append(v.Cards, listed{c, waits && c.GetAskedBy() != q.Viewer.Member && c.GetMember() != q.Viewer.Member, waits})
	}
	page := layout.Page{Title: q.T("desk.title"), View: v, Errors: f.Summary(), Back: "/members", Here: "/desk"}
	switch what := q.URL.Query().Get("done"); what {
	case "asked", "cancelled", "waits":
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("desk.done." + what), Success: true}
	}
	return q.Show(code, "cards.html", page)
}

// card finds a card among those that the viewer sees.
func (p pages) card(q *layout.Request) (*membershipv1.DeskCard, error) {
	if !q.Viewer.SignedIn() {
		return nil, layout.ErrSignIn
	}
	reply, err := p.Desk.ListCards(q.Context(), &membershipv1.ListCardsRequest{})
	if err != nil {
		return nil, err
	}
	for _, c := range reply.GetCards() {
		if c.GetId() == q.PathValue("card") {
			return c, nil
		}
	}
	return nil, layout.ErrNotFound
}

type makeView struct {
	Card  *membershipv1.DeskCard
	Facts []form.Row
	Seen  *form.Field
}

func (p pages) making(q *layout.Request, wrong []form.Wrong) error {
	c, err := p.card(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := makeView{Card: c, Facts: []form.Row{
		{Key: q.T("desk.for"), Value: c.GetName()}, {Key: q.T("desk.askedBy"), Value: c.GetAskedByName()}, {Key: q.T("ledger.why"), Value: c.GetReason()},
		{Key: q.T("desk.until"), Value: q.DateTime(c.GetExpireTime())},
	}}
	v.Seen = f.Choose(f.Field("seen", "desk.seen"), form.Item{Value: "yes", Text: q.T("desk.seenYes", "Name", c.GetName())})
	v.Seen.LabelClasses = "govuk-fieldset__legend--s"
	return q.Show(code, "make.html", layout.Page{Title: q.T("desk.make"), View: v, Errors: f.Summary(), Back: "/desk"})
}

type cardView struct {
	Card *membershipv1.DeskCard
	Code string
	// QR is the picture of the card's address, and Address its part before the code, for who types it.
	QR template.URL
}

func (p pages) make(q *layout.Request) error {
	if wrong := q.Missing("seen", "desk.seenNeeded"); len(wrong) > 0 {
		return p.making(q, wrong)
	}
	done, err := p.Desk.MakeCard(q.Context(), &membershipv1.MakeCardRequest{RequestId: q.RequestID(), Card: q.PathValue("card"), Seen: q.Typed("seen") == "yes"})
	if err != nil {
		return q.Again(err, p.making)
	}
	picture, err := qr.Encode(done.GetLink(), qr.M)
	if err != nil {
		return err
	}
	v := cardView{Card: done.GetCard(), Code: done.GetCode()}
	v.QR = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(picture.PNG())) //nolint:gosec // of our own making
	return q.Show(http.StatusOK, "card.html", layout.Page{Title: q.T("desk.card"), View: v, Back: "/desk", Here: "/desk"})
}

func (p pages) cancel(q *layout.Request) error {
	_, err := p.Desk.CancelCard(q.Context(), &membershipv1.CancelCardRequest{RequestId: q.RequestID(), Card: q.PathValue("card")})
	if err != nil {
		return q.Again(err, p.list)
	}
	return q.See("/desk?done=cancelled")
}
