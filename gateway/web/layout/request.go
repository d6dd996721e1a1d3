package layout

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/metadata"

	"github.com/localgovdigital/folkmoot/gateway/session"
	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

// deadline bounds what a page may take.
const deadline = 15 * time.Second

// languageCookie keeps the chosen language for a year.
const languageCookie = "folkmoot_language"

// Request is a request for a page: who asks, in which language.
type Request struct {
	*http.Request
	*text.Printer
	// Writer is where the page goes.
	Writer http.ResponseWriter
	// Viewer is who looks.
	Viewer session.Viewer

	journey *Journey
	// renew gives a form that is shown again a new request id.
	renew bool
	// refused is the status of the page that shows a form again; 0 for 422.
	refused int
}

// Page is what a template renders; its content sees it as the dot.
type Page struct {
	// Title is the heading and the first part of the window's title.
	Title string
	// Back is where the back link leads; empty for none.
	Back string
	// Banner stands above everything.
	Banner *form.Banner
	// Errors is the error summary.
	Errors []form.Line
	// OwnHeading leaves the heading to the content.
	OwnHeading bool
	// Wide lets the content use the whole width.
	Wide bool
	// Here is the address that shows this page again in the other language; the request's own if empty.
	Here string
	// View is what the content needs.
	View any

	// Viewer is who looks.
	Viewer session.Viewer
	// RequestID is for the page's form: the one that was sent if the page shows what is wrong with it, else a
	// new one.
	RequestID string
}

// NewID returns a new request id for a form.
func (p Page) NewID() string { return uuid.NewString() }

// frame is what the layout renders.
type frame struct {
	Page       Page
	Lang       string
	Society    string
	Sample     bool
	Inline     template.JS
	Navigation []navigation
	Languages  []languageLink
	Content    template.HTML
}

type navigation struct {
	Href, Text      string
	Active, Current bool
}

type languageLink struct{ Href, Lang, Text string }

func (j *Journey) serve(h Handler) http.Handler { return j.serveWithin(MaxForm, deadline, h) }

// serveWithin serves a page whose form is of at most so many bytes, in at most this time.
func (j *Journey) serveWithin(most int64, within time.Duration, h Handler) http.Handler {
	s := j.site
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), within)
		defer cancel()
		if trace := r.Header.Get("X-Request-Trace"); trace != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "x-request-trace", trace)
		}
		if device := session.Device(r.UserAgent()); device != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "x-device", device)
		}
		q := &Request{Request: r.WithContext(ctx), Writer: w, journey: j}
		viewer, sessionErr := s.Sessions.Find(ctx, r)
		q.Viewer = viewer
		q.Request = q.WithContext(viewer.Outgoing(ctx))
		q.Printer = s.texts.Printer(q.language())
		if r.Method == http.MethodGet && r.URL.Query().Has("lang") {
			q.switchLanguage()
			return
		}
		err := sessionErr
		if err == nil && r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, most)
			q.Body = r.Body
			err = q.ParseForm()
		}
		if err == nil {
			err = h(q)
		}
		if err != nil {
			s.trouble(q, err)
		}
	})
}

// language is what the cookie, the member, or the browser says, in that order.
func (q *Request) language() string {
	if c, err := q.Cookie(languageCookie); err == nil && text.Is(c.Value) {
		return c.Value
	}
	if text.Is(q.Viewer.Language) {
		return q.Viewer.Language
	}
	return q.journey.site.texts.Match(q.Header.Get("Accept-Language"))
}

// switchLanguage keeps the chosen language and shows the same page.
func (q *Request) switchLanguage() {
	query := q.URL.Query()
	if lang := query.Get("lang"); text.Is(lang) {
		http.SetCookie(q.Writer, &http.Cookie{
			Name: languageCookie, Value: lang, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true,
			Secure: q.journey.site.config.Secure, SameSite: http.SameSiteLaxMode,
		})
	}
	query.Del("lang")
	_ = q.See((&url.URL{Path: q.URL.Path, RawQuery: query.Encode()}).RequestURI())
}

// See sends the browser on with a GET.
func (q *Request) See(path string) error {
	if session.LocalPath(path) == "" {
		path = "/"
	}
	q.Writer.Header().Set("Cache-Control", "no-store")
	http.Redirect(q.Writer, q.Request, path, http.StatusSeeOther)
	return nil
}

// Show renders a page.
func (q *Request) Show(code int, name string, p Page) error {
	s := q.journey.site
	p.Viewer = q.Viewer
	if p.RequestID = q.RequestID(); p.RequestID == "" || q.renew || len(p.Errors) == 0 {
		p.RequestID = uuid.NewString()
	}
	set := q.journey.sets[q.Lang]
	var content, whole bytes.Buffer
	if err := set.ExecuteTemplate(&content, name, p); err != nil {
		return err
	}
	about := s.About(q.Context())
	f := frame{
		Page: p, Lang: q.Lang, Society: about.GetSociety(), Sample: about.GetSample(), Inline: template.JS(inline),
		Navigation: q.navigation(), Languages: q.languages(p.Here), Content: template.HTML(content.String()), //nolint:gosec // our own templates wrote it
	}
	if f.Society == "" {
		f.Society = "Folkmoot"
	}
	if err := set.ExecuteTemplate(&whole, "layout", f); err != nil {
		return err
	}
	h := q.Writer.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", q.Lang)
	h.Set("Vary", "Cookie, Accept-Language")
	if q.Viewer.SignedIn() || q.Method != http.MethodGet {
		h.Set("Cache-Control", "no-store")
	} else {
		h.Set("Cache-Control", "private, no-cache")
	}
	q.Writer.WriteHeader(code)
	_, _ = whole.WriteTo(q.Writer)
	return nil
}

func (q *Request) navigation() []navigation {
	items := [][2]string{{"/meetings", "layout.meetings"}, {"/motions", "layout.motions"}, {"/ledger", "layout.ledger"}, {"/officers", "layout.officers"}, {"/rules", "layout.rules"}}
	if q.Viewer.SignedIn() {
		if q.Viewer.HoldsAny(Officers...) {
			items = append(items, [2]string{"/members", "layout.members"})
		}
		items = append(items, [2]string{"/me", "layout.me"}, [2]string{"/sign-out", "layout.signOut"})
	} else {
		items = append(items, [2]string{"/join", "layout.join"}, [2]string{"/sign-in", "layout.signIn"})
	}
	var out []navigation
	for _, i := range items {
		here := q.URL.Path == i[0]
		out = append(out, navigation{Href: i[0], Text: q.T(i[1]), Current: here, Active: here || strings.HasPrefix(q.URL.Path, i[0]+"/")})
	}
	return out
}

// Officers are the roles that may look into the register.
var Officers = []session.Role{
	membershipv1.Role_ROLE_SECRETARY, membershipv1.Role_ROLE_TREASURER, membershipv1.Role_ROLE_CHAIR, membershipv1.Role_ROLE_ORGANISER,
	membershipv1.Role_ROLE_BOARD, membershipv1.Role_ROLE_REGISTRAR,
}

func (q *Request) languages(here string) []languageLink {
	if here == "" {
		here = q.URL.RequestURI()
		if q.Method != http.MethodGet {
			here = q.URL.Path
		}
	}
	u, err := url.Parse(here)
	if err != nil {
		u = &url.URL{Path: "/"}
	}
	names := map[string]string{text.English: "English", text.Welsh: "Cymraeg"}
	var out []languageLink
	for _, lang := range text.Languages {
		l := languageLink{Lang: lang, Text: names[lang]}
		if lang != q.Lang {
			query := u.Query()
			query.Set("lang", lang)
			l.Href = (&url.URL{Path: u.Path, RawQuery: query.Encode()}).RequestURI()
		}
		out = append(out, l)
	}
	return out
}

// Region returns the name of a region; the whole society has none.
func (q *Request) Region(id string) string {
	for _, r := range q.journey.site.Regions(q.Context()) {
		if r.GetId() == id {
			return r.GetName()
		}
	}
	return id
}

// RequestID is the id that the form was sent with.
func (q *Request) RequestID() string { return strings.TrimSpace(q.PostFormValue("request_id")) }

// Typed returns what was typed in a field, without the space around it.
func (q *Request) Typed(name string) string { return strings.TrimSpace(q.PostFormValue(name)) }

// ErrNotFound is a page that is not there.
var ErrNotFound = errors.New("there is no such page")

// ErrSignIn sends the visitor to sign in and back.
var ErrSignIn = errors.New("sign in first")

// Missing returns what is wrong with fields that were left empty: pairs of a field and the message that asks for it.
func (q *Request) Missing(pairs ...string) []form.Wrong {
	var out []form.Wrong
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Typed(pairs[i]) == "" {
			out = append(out, form.Wrong{Field: pairs[i], Text: q.T(pairs[i+1])})
		}
	}
	return out
}

// Again shows a form again with what a room refused, or returns the error where the form cannot help.
func (q *Request) Again(err error, show func(*Request, []form.Wrong) error) error {
	wrong, err := q.Wrong(err)
	if err != nil {
		return err
	}
	return show(q, wrong)
}

// FormOf returns the form with what was typed, and the status of its page.
func (q *Request) FormOf(wrong []form.Wrong) (*form.Form, int) {
	typed := q.URL.Query()
	if q.Method == http.MethodPost {
		typed = q.PostForm
	}
	if len(wrong) > 0 {
		code := http.StatusUnprocessableEntity
		if q.refused != 0 {
			code = q.refused
		}
		return form.New(q, typed, wrong), code
	}
	return form.New(q, typed, nil), http.StatusOK
}
