package entry

import (
	"strings"
	"unicode"

	"github.com/localgovdigital/folkmoot/gateway/session"
	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

func (p pages) askEmail(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	f, code := q.FormOf(wrong)
	field := f.Hinted("email", "entry.newEmail", "entry.newEmailHint")
	field.Type, field.Autocomplete, field.NoSpelling = "email", "email", true
	return ask(q, q.T("entry.email"), f, code, act{Name: q.Viewer.Name, Lead: []string{q.T("entry.emailLead")}, Fields: []input{{"input", field}}, Button: q.T("signin.send")}, "/me")
}

func (p pages) requestEmail(q *layout.Request) error {
	if wrong := q.Missing("email", "join.confirmEmail"); len(wrong) > 0 {
		return p.askEmail(q, wrong)
	}
	reply, err := p.Entries.RequestEmail(q.Context(), &membershipv1.RequestEmailRequest{RequestId: q.RequestID(), Email: q.Typed("email")})
	if err != nil {
		return q.Again(err, p.askEmail)
	}
	p.Sessions.KeepAttempt(q.Writer, session.Attempt{Secret: reply.GetAttempt()})
	return q.See("/me/email/confirm")
}

// checkEmail shows where to type the code, or the button for a link that was opened. It changes nothing.
func (p pages) checkEmail(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	f, code := q.FormOf(wrong)
	a := act{Name: q.Viewer.Name, Lead: []string{q.T("entry.emailCheck")}, Button: q.T("signin.confirm")}
	link := q.URL.Query().Get("link")
	if link == "" {
		link = q.Typed("link")
	}
	if link != "" {
		a.Lead = []string{q.T("entry.emailLink")}
		a.Fields = []input{{"hidden", &form.Field{Name: "link", Value: link}}}
	} else {
		field := f.Hinted("code", "signin.code", "signin.codeHint")
		field.Autocomplete, field.Inputmode, field.Classes = "one-time-code", "numeric", "govuk-input--width-10 govuk-input--extra-letter-spacing"
		a.Fields = []input{{"input", field}}
	}
	return ask(q, q.T("signin.checkTitle"), f, code, a, "/me/email")
}

func (p pages) confirmEmail(q *layout.Request) error {
	in := &membershipv1.ConfirmEmailRequest{RequestId: q.RequestID(), Attempt: p.Sessions.Attempt(q.Request).Secret}
	if link := q.Typed("link"); link != "" {
		in.Proof = &membershipv1.ConfirmEmailRequest_Link{Link: link}
	} else {
		if wrong := q.Missing("code", "signin.missingCode"); len(wrong) > 0 {
			return p.checkEmail(q, wrong)
		}
		in.Proof = &membershipv1.ConfirmEmailRequest_Code{Code: digits(q.Typed("code"))}
	}
	if _, err := p.Entries.ConfirmEmail(q.Context(), in); err != nil {
		return q.Again(err, p.checkEmail)
	}
	p.Sessions.DropAttempt(q.Writer)
	return q.See("/members/" + q.Viewer.Member + "/history?done=email")
}

// digits takes out what people type between the digits of a code.
func digits(code string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return r
	}, code)
}
