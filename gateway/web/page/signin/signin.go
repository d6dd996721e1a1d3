// Package signin is the pages on which a member signs in by a mailed link or code, and signs out.
//
// Opening the mailed link never signs in: programs that check mail open links. It shows a button, which
// posts. Link and code work only in the browser that asked, which keeps the attempt's secret in a cookie.
package signin

import (
	"embed"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/localgovdigital/folkmoot/gateway/session"
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
	j.Get("/sign-in", func(q *layout.Request) error { return p.show(q, nil) })
	j.Post("/sign-in", p.ask)
	j.Post("/sign-in/passkey/begin", p.beginPasskey)
	j.Post("/sign-in/passkey", p.passkey)
	j.Get("/card", func(q *layout.Request) error { return p.card(q, nil) })
	j.Post("/card", p.useCard)
	j.Get("/confirm", p.arrive)
	j.Post("/confirm", p.confirm)
	j.Get("/sign-out", p.leaving)
	j.Post("/sign-out", p.signOut)
	return nil
}

type askView struct {
	Email *form.Field
	Next  string
	// Passkeys is whether a passkey may be used here, and Fresh whether somebody who is signed in is asked to do so again.
	Passkeys, Fresh bool
}

func (p pages) show(q *layout.Request, wrong []form.Wrong) error {
	f, code := q.FormOf(wrong)
	v := askView{Email: f.Hinted("email", "signin.address", "signin.addressHint"), Next: session.LocalPath(q.FormValue("next"))}
	v.Email.Type, v.Email.Autocomplete, v.Email.NoSpelling = "email", "email", true
	methods, err := p.SignIn.GetSignInMethods(q.Context(), &membershipv1.GetSignInMethodsRequest{})
	if err != nil {
		return err
	}
	v.Passkeys = methods.GetPasskeys()
	if v.Fresh = q.Viewer.SignedIn() && q.FormValue("fresh") != ""; v.Fresh && v.Email.Value == "" {
		me, err := p.Membership.GetMe(q.Context(), &membershipv1.GetMeRequest{})
		if err != nil {
			return err
		}
		v.Email.Value = me.GetEmail()
	}
	return q.Show(code, "sign-in.html", layout.Page{Title: q.T("signin.title"), View: v, Errors: f.Summary()})
}

func (p pages) ask(q *layout.Request) error {
	if wrong := q.Missing("email", "signin.missingAddress"); len(wrong) > 0 {
		return p.show(q, wrong)
	}
	reply, err := p.Membership.RequestSignIn(q.Context(), &membershipv1.RequestSignInRequest{
		RequestId: q.RequestID(), Email: q.Typed("email"), Language: q.Lang,
	})
	if err != nil {
		return q.Again(err, p.show)
	}
	p.Sessions.KeepAttempt(q.Writer, session.Attempt{Secret: reply.GetAttempt(), Next: q.Typed("next")})
	return q.See("/confirm")
}

// arrive shows where to type the code, or the button for a link that was opened. It changes nothing.
func (p pages) arrive(q *layout.Request) error {
	if p.Sessions.Attempt(q.Request).Secret == "" {
		if q.Viewer.SignedIn() {
			return q.See("/me")
		}
		return q.Show(http.StatusOK, "elsewhere.html", layout.Page{Title: q.T("signin.linkTitle")})
	}
	if link := q.URL.Query().Get("link"); link != "" {
		return q.Show(http.StatusOK, "link.html", layout.Page{Title: q.T("signin.linkTitle"), View: struct{ Link string }{link}})
	}
	return p.check(q, nil)
}

func (p pages) check(q *layout.Request, wrong []form.Wrong) error {
	f, code := q.FormOf(wrong)
	field := f.Hinted("code", "signin.code", "signin.codeHint")
	field.Autocomplete, field.Inputmode, field.Classes = "one-time-code", "numeric", "govuk-input--width-10 govuk-input--extra-letter-spacing"
	return q.Show(code, "check.html", layout.Page{
		Title: q.T("signin.checkTitle"), View: struct{ Code *form.Field }{field}, Errors: f.Summary(), Back: "/sign-in",
	})
}

func (p pages) confirm(q *layout.Request) error {
	attempt := p.Sessions.Attempt(q.Request)
	if attempt.Secret == "" {
		return q.Show(http.StatusOK, "elsewhere.html", layout.Page{Title: q.T("signin.linkTitle")})
	}
	in := &membershipv1.ConfirmSessionRequest{RequestId: q.RequestID(), Attempt: attempt.Secret}
	if link := q.Typed("link"); link != "" {
		in.Proof = &membershipv1.ConfirmSessionRequest_Link{Link: link}
	} else {
		if wrong := q.Missing("code", "signin.missingCode"); len(wrong) > 0 {
			return p.check(q, wrong)
		}
		in.Proof = &membershipv1.ConfirmSessionRequest_Code{Code: digits(q.Typed("code"))}
	}
	reply, err := p.Membership.ConfirmSession(q.Context(), in)
	if err != nil {
		wrong, err := q.Refused(err)
		if err != nil {
			return err
		}
		return p.check(q, wrong)
	}
	p.Sessions.DropAttempt(q.Writer)
	return p.arrived(q, reply, attempt.Next)
}

// arrived puts the new session into the browser and leads on. The session that the browser had before is ended: it could not be reached
// any more, and would stand in the list of the member's devices for months.
func (p pages) arrived(q *layout.Request, reply *membershipv1.ConfirmSessionResponse, next string) error {
	if q.Viewer.SignedIn() {
		// Where that fails the member can still end it from the list.
		_, _ = p.Membership.SignOut(q.Context(), &membershipv1.SignOutRequest{RequestId: uuid.NewString()})
	}
	p.Sessions.Begin(q.Writer, reply.GetSessionSecret(), reply.GetExpireTime().AsTime())
	switch {
	case reply.GetJoined():
		return q.See("/me?welcome=1")
	case session.LocalPath(next) != "":
		return q.See(next)
	}
	return q.See("/me")
}

// beginPasskey answers the page's script with a challenge.
func (p pages) beginPasskey(q *layout.Request) error {
	reply, err := p.SignIn.BeginPasskeySignIn(q.Context(), &membershipv1.BeginPasskeySignInRequest{RequestId: uuid.NewString()})
	return q.Challenge(reply, err)
}

// passkey takes the passkey's answer.
func (p pages) passkey(q *layout.Request) error {
	reply, err := p.SignIn.ConfirmPasskey(q.Context(), &membershipv1.ConfirmPasskeyRequest{
		RequestId: q.RequestID(), Attempt: p.Sessions.Challenge(q.Request), Credential: q.PostFormValue("credential"),
	})
	p.Sessions.DropChallenge(q.Writer)
	if err != nil {
		wrong, err := q.Refused(err)
		if err != nil {
			return err
		}
		return p.show(q, wrong)
	}
	return p.arrived(q, reply, q.Typed("next"))
}

// digits takes the spaces and dashes out of a code as people type it.
func digits(code string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, code)
}

func (p pages) leaving(q *layout.Request) error {
	return q.Show(http.StatusOK, "sign-out.html", layout.Page{Title: q.T("signin.signOutTitle")})
}

// signOut ends the session in membership, then in the browser: a browser that forgets a session which lives on
// would only look signed out.
func (p pages) signOut(q *layout.Request) error {
	if q.Viewer.SignedIn() {
		if _, err := p.Membership.SignOut(q.Context(), &membershipv1.SignOutRequest{RequestId: q.RequestID()}); err != nil {
			return err
		}
	}
	p.Sessions.End(q.Writer, q.Request)
	return q.See("/")
}
