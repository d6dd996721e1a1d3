// Package entry is what happens to an entry of the register: its history, the question about standing, moving, another name or
// address, leaving, and what officers record: admissions, waivers, ends, possible doubles and objections.
package entry

import (
	"embed"
	"net/http"

	"github.com/localgovdigital/folkmoot/gateway/session"
	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

//go:embed *.html
var files embed.FS

type pages struct{ *layout.Site }

// keepers decide on objections, as the room's policy has it: pages ask only to leave out what would be refused.
var keepers = []session.Role{membershipv1.Role_ROLE_SECRETARY, membershipv1.Role_ROLE_CHAIR}

// Register adds the pages to the site.
func Register(s *layout.Site) error {
	j, err := s.Journey(files)
	if err != nil {
		return err
	}
	p := pages{s}
	j.Get("/me/entry", p.mine)
	j.Get("/members/{member}/history", p.history)
	j.Get("/members/{member}/standing", func(q *layout.Request) error { return p.standing(q, nil) })
	both := func(path string, show func(*layout.Request, []form.Wrong) error, act layout.Handler) {
		j.Get(path, func(q *layout.Request) error { return show(q, nil) })
		j.Post(path, act)
	}
	both("/members/{member}/move", p.moving, p.move)
	both("/members/{member}/rename", p.renaming, p.rename)
	both("/members/{member}/waive", p.waiving, p.waive)
	both("/members/{member}/end", p.ending, p.end)
	both("/me/email", p.askEmail, p.requestEmail)
	both("/me/email/confirm", p.checkEmail, p.confirmEmail)
	both("/members/{member}/postal", p.postal, p.changePostal)
	both("/me/leave", p.leaving, p.leave)
	j.Get("/left", p.left)
	j.Get("/applications", p.applications)
	both("/applications/{member}", p.deciding, p.decide)
	j.Get("/doubles", p.doubles)
	j.Get("/members/{member}/compare", p.compare)
	both("/doubles/{member}/{other}", p.examining, p.examine)
	both("/objections", p.objections, p.object)
	both("/objections/{objection}", p.answering, p.answer)
	return nil
}

// input is a field with the template that writes it.
type input struct {
	As string
	*form.Field
}

// act is a page that asks for something: what follows from it, the fields and the button.
type act struct {
	Name   string
	Lead   []string
	Points []string
	Facts  []form.Row
	// Warning stands before the fields.
	Warning string
	Fields  []input
	Path    string
	Button  string
	Cancel  string
}

// ask shows it. The address is that of the page.
func ask(q *layout.Request, title string, f *form.Form, code int, a act, back string) error {
	a.Path, a.Cancel = q.URL.Path, back
	if a.Button == "" {
		a.Button = title
	}
	return q.Show(code, "act.html", layout.Page{Title: title, View: a, Errors: f.Summary(), Back: back})
}

// reason is the field for why.
func reason(f *form.Form) input {
	return input{"textarea", f.Hinted("reason", "ledger.why", "entry.reasonHint")}
}

// regions offers every regional group, and none.
func (p pages) regions(q *layout.Request, f *form.Form, now string) input {
	items := []form.Item{}
	for _, r := range p.Regions(q.Context()) {
		if r.GetId() != now {
			items = append(items, form.Item{Value: r.GetId(), Text: r.GetName()})
		}
	}
	if now != "" {
		items = append(items, form.Item{Value: none, Text: q.T("join.none")})
	}
	field := f.Choose(f.Field("region", "entry.newRegion"), items...)
	field.LabelClasses = "govuk-fieldset__legend--s"
	return input{"radios", field}
}

// none is what the choice of no region sends. No region can have it for its id.
const none = "-"

// member is the entry that the page is about.
func (p pages) member(q *layout.Request) (*membershipv1.Member, error) {
	if !q.Viewer.SignedIn() {
		return nil, layout.ErrSignIn
	}
	return p.Membership.GetMember(q.Context(), &membershipv1.GetMemberRequest{Member: q.PathValue("member")})
}

// home is where a page about an entry leads back: the member's own page or the officer's.
func home(q *layout.Request, member string) string {
	if q.Viewer.Member == member {
		return "/me"
	}
	return "/members/" + member
}

// mine leads to the history of one's own entry.
func (p pages) mine(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	return q.See("/members/" + q.Viewer.Member + "/history")
}

// done returns the banner of what was done, if the address names it.
func done(q *layout.Request) *form.Banner {
	switch what := q.URL.Query().Get("done"); what {
	case "move", "rename", "postal", "email", "waive", "end", "admit", "refuse", "find", "settle", "object", "answer":
		return &form.Banner{Title: q.T("form.success"), Text: q.T("entry.done." + what), Success: true}
	}
	return nil
}

// left says goodbye: the session has ended.
func (p pages) left(q *layout.Request) error {
	if q.URL.Query().Get("withdrawn") != "" {
		return q.Show(http.StatusOK, "left.html", layout.Page{Title: q.T("entry.withdrawnTitle"), View: q.T("entry.withdrawnText")})
	}
	return q.Show(http.StatusOK, "left.html", layout.Page{Title: q.T("entry.leftTitle"), View: q.T("entry.leftText")})
}
