// Package passkey is the pages on which members look after their passkeys: add, name, remove.
//
// A passkey is made by a script of the page; without scripts the page lists, renames and removes, and mail signs in as ever.
package passkey

import (
	"embed"
	"net/http"

	"github.com/google/uuid"

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
	j.Get("/me/passkeys", func(q *layout.Request) error { return p.list(q, nil) })
	j.Post("/me/passkeys", p.add)
	j.Post("/me/passkeys/begin", p.begin)
	j.Get("/me/passkeys/{passkey}", func(q *layout.Request) error { return p.one(q, nil) })
	j.Post("/me/passkeys/{passkey}", p.rename)
	j.Post("/me/passkeys/{passkey}/remove", p.remove)
	return nil
}

type listView struct {
	Passkeys  []*membershipv1.Passkey
	Available bool
	Name      *form.Field
}

func (p pages) list(q *layout.Request, wrong []form.Wrong) error {
	all, err := p.all(q)
	if err != nil {
		return err
	}
	methods, err := p.SignIn.GetSignInMethods(q.Context(), &membershipv1.GetSignInMethodsRequest{})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := listView{Passkeys: all, Available: methods.GetPasskeys(), Name: f.Hinted("name", "passkey.name", "passkey.nameHint")}
	v.Name.Autocomplete, v.Name.Classes = "off", "govuk-input--width-20"
	page := layout.Page{Title: q.T("passkey.title"), View: v, Errors: f.Summary(), Back: "/me", Here: "/me/passkeys"}
	done := map[string]string{"added": "passkey.added", "renamed": "passkey.renamed", "removed": "passkey.removed"}
	if id := done[q.URL.Query().Get("done")]; id != "" {
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T(id), Success: true}
	}
	return q.Show(code, "passkeys.html", page)
}

func (p pages) all(q *layout.Request) ([]*membershipv1.Passkey, error) {
	if !q.Viewer.SignedIn() {
		return nil, layout.ErrSignIn
	}
	reply, err := p.SignIn.ListPasskeys(q.Context(), &membershipv1.ListPasskeysRequest{})
	return reply.GetPasskeys(), err
}

func (p pages) begin(q *layout.Request) error {
	reply, err := p.SignIn.BeginPasskey(q.Context(), &membershipv1.BeginPasskeyRequest{RequestId: uuid.NewString()})
	return q.Challenge(reply, err)
}

func (p pages) add(q *layout.Request) error {
	if wrong := q.Missing("name", "passkey.nameNeeded"); len(wrong) > 0 {
		return p.list(q, wrong)
	}
	_, err := p.SignIn.AddPasskey(q.Context(), &membershipv1.AddPasskeyRequest{
		RequestId: q.RequestID(), Attempt: p.Sessions.Challenge(q.Request), Credential: q.PostFormValue("credential"), Name: q.Typed("name"),
	})
	if err != nil {
		return q.Again(err, p.list)
	}
	p.Sessions.DropChallenge(q.Writer)
	return q.See("/me/passkeys?done=added")
}

type oneView struct {
	Passkey *membershipv1.Passkey
	Name    *form.Field
	Remove  form.Button
}

// one is a passkey, to rename or remove.
func (p pages) one(q *layout.Request, wrong []form.Wrong) error {
	all, err := p.all(q)
	if err != nil {
		return err
	}
	for _, k := range all {
		if k.GetId() != q.PathValue("passkey") {
			continue
		}
		f, code := q.FormOf(wrong)
		v := oneView{Passkey: k, Name: f.Field("name", "passkey.name"), Remove: form.Button{Text: q.T("passkey.remove"), Classes: "govuk-button--warning", Once: true}}
		if q.Method == http.MethodGet {
			v.Name.Value = k.GetName()
		}
		v.Name.Autocomplete, v.Name.Classes = "off", "govuk-input--width-20"
		return q.Show(code, "passkey.html", layout.Page{Title: k.GetName(), View: v, Errors: f.Summary(), Back: "/me/passkeys", Here: "/me/passkeys/" + k.GetId()})
	}
	return layout.ErrNotFound
}

func (p pages) rename(q *layout.Request) error {
	if wrong := q.Missing("name", "passkey.nameNeeded"); len(wrong) > 0 {
		return p.one(q, wrong)
	}
	_, err := p.SignIn.RenamePasskey(q.Context(), &membershipv1.RenamePasskeyRequest{RequestId: q.RequestID(), Passkey: q.PathValue("passkey"), Name: q.Typed("name")})
	if err != nil {
		return q.Again(err, p.one)
	}
	return q.See("/me/passkeys?done=renamed")
}

func (p pages) remove(q *layout.Request) error {
	_, err := p.SignIn.RemovePasskey(q.Context(), &membershipv1.RemovePasskeyRequest{RequestId: q.RequestID(), Passkey: q.PathValue("passkey")})
	if err != nil {
		return q.Again(err, p.one)
	}
	return q.See("/me/passkeys?done=removed")
}
