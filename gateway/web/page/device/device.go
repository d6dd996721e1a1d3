// Package device is the page on which members see where they are signed in, and sign out there.
package device

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
	j.Get("/me/sessions", func(q *layout.Request) error { return p.list(q, nil) })
	j.Post("/me/sessions/others", p.endOthers)
	j.Post("/me/sessions/{session}", p.end)
	return nil
}

// session is one row. The operator's tokens are no device, and stand in the list all the same.
type session struct {
	Session        *membershipv1.MemberSession
	Device, Method string
}

type view struct {
	Sessions []session
	Others   bool
	End      form.Button
}

func (p pages) list(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	reply, err := p.SignIn.ListSessions(q.Context(), &membershipv1.ListSessionsRequest{})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := view{End: form.Button{Text: q.T("device.endOthers"), Classes: "govuk-button--warning", Once: true}}
	for _, s := range reply.GetSessions() {
		one := session{Session: s, Device: s.GetDevice()}
		if one.Device == "" {
			one.Device = q.T("device.unknown")
		}
		if id := "device.by." + s.GetMethod(); q.Has(id) {
			one.Method = q.T(id)
		}
		v.Others = v.Others || !s.GetCurrent()
		v.Sessions = append(v.Sessions, one)
	}
	page := layout.Page{Title: q.T("device.title"), View: v, Errors: f.Summary(), Back: "/me", Here: "/me/sessions"}
	if q.URL.Query().Get("done") != "" {
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("device.ended"), Success: true}
	}
	return q.Show(code, "sessions.html", page)
}

func (p pages) end(q *layout.Request) error {
	_, err := p.SignIn.EndSession(q.Context(), &membershipv1.EndSessionRequest{RequestId: q.RequestID(), Session: q.PathValue("session")})
	return p.ended(q, err)
}

func (p pages) endOthers(q *layout.Request) error {
	_, err := p.SignIn.EndOtherSessions(q.Context(), &membershipv1.EndOtherSessionsRequest{RequestId: q.RequestID()})
	return p.ended(q, err)
}

func (p pages) ended(q *layout.Request, err error) error {
	if err != nil {
		return q.Again(err, p.list)
	}
	return q.See("/me/sessions?done=1")
}
