package command

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"html/template"
	"net/http"

	"github.com/localgovdigital/folkmoot/services"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/mail"
	membership "github.com/localgovdigital/folkmoot/services/membership/store"
)

// dev is what a folder marked as a sample shows under /dev: the mailbox and the sample people. It is mounted nowhere else.
type dev struct {
	box   *mail.Mailbox
	house *services.House
}

// samplePerson is a fictional member as /dev/people.json lists them.
type samplePerson struct {
	Name   string       `json:"name"`
	Email  string       `json:"email"`
	Region string       `json:"region"`
	Roles  []sampleRole `json:"roles"`
}

type sampleRole struct {
	Role   string `json:"role"`
	Region string `json:"region,omitempty"`
}

func (d *dev) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	switch r.URL.Path {
	case "/dev/mail.json":
		showJSON(w, d.box.Letters(r.URL.Query().Get("to")))
	case "/dev/mail":
		showHTML(w, mailPage, d.box.Letters(r.URL.Query().Get("to")))
	case "/dev/people.json", "/dev/people":
		people, err := d.people(r.Context())
		if err != nil {
			http.Error(w, "The people cannot be listed just now.", http.StatusServiceUnavailable)
			return
		}
		if r.URL.Path == "/dev/people" {
			showHTML(w, peoplePage, people)
			return
		}
		showJSON(w, people)
	default:
		http.NotFound(w, r)
	}
}

// people lists the members of the sample with their addresses. It reads the register itself: nobody is signed in here.
func (d *dev) people(ctx context.Context) ([]samplePerson, error) {
	members := membership.New(d.house.Database(auth.Membership), rand.Reader)
	all := []samplePerson{}
	for after := int64(0); ; {
		page, _, err := members.Members(ctx, membership.Filter{After: after, Limit: 1000})
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			return all, nil
		}
		for _, m := range page {
			p := samplePerson{Name: m.Name, Email: m.Email, Region: m.Region, Roles: []sampleRole{}}
			for _, o := range m.Offices {
				p.Roles = append(p.Roles, sampleRole{Role: string(o.Role), Region: o.Region})
			}
			all, after = append(all, p), m.Number
		}
	}
}

func showJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func showHTML(w http.ResponseWriter, t *template.Template, v any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = t.Execute(w, v)
}

var mailPage = template.Must(template.New("mail").Parse(`<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Development mailbox</title>
<h1>Development mailbox</h1><p>Mail of this sample. None of it left this machine. Newest last.</p>
{{range .}}<article><h2>{{.Subject}}</h2><p>To {{.To}}, {{.Time.Format "15:04:05"}}{{if .Link}}, <a href="{{.Link}}">the link</a>{{end}}</p><pre>{{.Text}}</pre></article>{{else}}<p>No mail yet.</p>{{end}}</html>`))

var peoplePage = template.Must(template.New("people").Parse(`<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Sample people</title>
<h1>Sample people</h1><p>They are fictional. Sign in with any address; the code comes to <a href="/dev/mail">the mailbox</a>.</p>
<table><thead><tr><th scope="col">Name</th><th scope="col">E-mail</th><th scope="col">Region</th><th scope="col">Roles</th></tr></thead><tbody>
{{range .}}<tr><td>{{.Name}}</td><td>{{.Email}}</td><td>{{.Region}}</td><td>{{range .Roles}}{{.Role}} {{.Region}} {{end}}</td></tr>{{end}}</tbody></table></html>`))
