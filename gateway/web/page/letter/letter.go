// Package letter is the secretary's page of the mail that the society sends: what became of each letter, and sending one again. It shows
// no text and no link or code: there is none until a letter is sent.
package letter

import (
	"embed"
	"net/url"

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
	j.Get("/mail", func(q *layout.Request) error { return p.list(q, nil) })
	j.Post("/mail/{mail}/resend", p.resend)
	return nil
}

// states are what a letter can have become, by the word in the page's address.
var states = []struct {
	word, colour string
	state        membershipv1.MailState
	count        func(*membershipv1.MailCounts) int64
}{
	{"queued", "govuk-tag--blue", membershipv1.MailState_MAIL_STATE_QUEUED, (*membershipv1.MailCounts).GetQueued},
	{"failed", "govuk-tag--yellow", membershipv1.MailState_MAIL_STATE_FAILED, (*membershipv1.MailCounts).GetFailed},
	{"given_up", "govuk-tag--red", membershipv1.MailState_MAIL_STATE_GIVEN_UP, (*membershipv1.MailCounts).GetGivenUp},
	{"post", "govuk-tag--purple", membershipv1.MailState_MAIL_STATE_POST, (*membershipv1.MailCounts).GetPost},
	{"sent", "govuk-tag--green", membershipv1.MailState_MAIL_STATE_SENT, (*membershipv1.MailCounts).GetSent},
}

type filter struct {
	Href, Text string
	Here       bool
}

type listed struct {
	Mail      *membershipv1.Mail
	Kind      string
	Tag       form.Tag
	MayResend bool
}

type view struct {
	Filters []filter
	Mails   []listed
	Next    string
}

func (p pages) list(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	query := q.URL.Query()
	in, here := &membershipv1.ListMailRequest{PageSize: 50, PageToken: query.Get("page")}, "/mail"
	for _, s := range states {
		if query.Get("state") == s.word {
			in.State, here = s.state, "/mail?state="+s.word
		}
	}
	reply, err := p.SignIn.ListMail(q.Context(), in)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := view{Filters: []filter{{Href: "/mail", Text: q.T("letter.all"), Here: in.GetState() == 0}}}
	for _, s := range states {
		if n := s.count(reply.GetCounts()); n > 0 || in.GetState() == s.state {
			v.Filters = append(v.Filters, filter{Href: "/mail?state=" + s.word, Text: q.T("letter.count", "State", q.T("letter.state."+s.word), "N", n), Here: in.GetState() == s.state})
		}
	}
	for _, m := range reply.GetMails() {
		one := listed{Mail: m, Kind: m.GetKind(), MayResend: m.GetState() != membershipv1.MailState_MAIL_STATE_QUEUED && m.GetState() != membershipv1.MailState_MAIL_STATE_POST}
		if id := "letter.kind." + m.GetKind(); q.Has(id) {
			one.Kind = q.T(id)
		}
		for _, s := range states {
			if m.GetState() == s.state {
				one.Tag = form.Tag{Text: q.T("letter.state." + s.word), Classes: s.colour}
			}
		}
		v.Mails = append(v.Mails, one)
	}
	if t := reply.GetNextPageToken(); t != "" {
		v.Next = "/mail?" + url.Values{"page": {t}, "state": {query.Get("state")}}.Encode()
	}
	page := layout.Page{Title: q.T("letter.title"), View: v, Errors: f.Summary(), Wide: true, Here: here}
	if query.Get("done") != "" {
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("letter.resent"), Success: true}
	}
	return q.Show(code, "mail.html", page)
}

func (p pages) resend(q *layout.Request) error {
	_, err := p.SignIn.ResendMail(q.Context(), &membershipv1.ResendMailRequest{RequestId: q.RequestID(), Mail: q.PathValue("mail")})
	if err != nil {
		return q.Again(err, p.list)
	}
	return q.See("/mail?done=1")
}
