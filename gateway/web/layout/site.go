// Package layout is what all pages have in common: who is looking and in which language, the frame around the
// content, how a room's refusal becomes a page, and the headers that protect the browser.
//
// A page is rendered into memory before the first byte is sent, so nobody ever sees half of one. Nothing is ever taken
// from the Host header.
package layout

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/localgovdigital/folkmoot/gateway/rest"
	"github.com/localgovdigital/folkmoot/gateway/session"
	"github.com/localgovdigital/folkmoot/gateway/web/asset"
	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

//go:embed all:template
var templates embed.FS

// inline is the one script in the page itself: it tells the styles that scripts run. The policy allows it by its
// hash, which is computed from this same constant.
const inline = `document.body.className += ' js-enabled' + ('noModule' in HTMLScriptElement.prototype ? ' govuk-frontend-supported' : '');`

// MaxForm is the largest form, in bytes.
const MaxForm = 128 << 10

// Config is what the pages need.
type Config struct {
	// Public is where visitors find us, or nil.
	Public *url.URL
	// Rooms are the connections to the four rooms.
	Rooms rest.Rooms
	// Assets are the styles and browser code.
	Assets *asset.Set
	// Secure is whether visitors come over https.
	Secure bool
	// Log takes what went wrong, without personal data.
	Log *slog.Logger
	// Now is the clock.
	Now func() time.Time
}

// Site is everything that pages share.
type Site struct {
	Membership membershipv1.MembershipServiceClient
	SignIn     membershipv1.SignInServiceClient
	Entries    membershipv1.RegisterServiceClient
	Ledger     ledgerv1.LedgerServiceClient
	Reports    ledgerv1.ReportServiceClient
	Books      ledgerv1.BooksServiceClient
	Bank       ledgerv1.BankServiceClient
	Payments   ledgerv1.PaymentServiceClient
	Payers     ledgerv1.PayerServiceClient
	Motions    motionsv1.MotionsServiceClient
	RuleBook   motionsv1.RuleBookServiceClient
	Amendments motionsv1.AmendmentServiceClient
	Ballots    ballotsv1.BallotsServiceClient
	// Records are what a ballot is checked with.
	Records  ballotsv1.BallotRecordServiceClient
	Sessions *session.Keeper
	// Rolls are the electoral rolls.
	Rolls membershipv1.RollServiceClient
	// Statute is the register as the Act wants it, taking members in and copies.
	Statute membershipv1.StatuteServiceClient
	// Desk is for people without e-mail.
	Desk membershipv1.DeskServiceClient

	config Config
	mux    *http.ServeMux
	texts  *text.Bundle
	own    *Journey
	// base are the templates that all pages share, by language.
	base map[string]*template.Template
	csp  string

	mu      sync.Mutex
	about   *membershipv1.Founding
	regions []*membershipv1.Region
	asked   time.Time
}

// New returns a site without pages; journeys register theirs.
func New(c Config) (*Site, error) {
	texts, err := text.Load()
	if err != nil {
		return nil, err
	}
	s := &Site{
		Membership: membershipv1.NewMembershipServiceClient(c.Rooms.Membership),
		SignIn:     membershipv1.NewSignInServiceClient(c.Rooms.Membership),
		Entries:    membershipv1.NewRegisterServiceClient(c.Rooms.Membership),
		Ledger:     ledgerv1.NewLedgerServiceClient(c.Rooms.Ledger),
		Reports:    ledgerv1.NewReportServiceClient(c.Rooms.Ledger),
		Books:      ledgerv1.NewBooksServiceClient(c.Rooms.Ledger),
		Bank:       ledgerv1.NewBankServiceClient(c.Rooms.Ledger),
		Payments:   ledgerv1.NewPaymentServiceClient(c.Rooms.Ledger),
		Payers:     ledgerv1.NewPayerServiceClient(c.Rooms.Ledger),
		Motions:    motionsv1.NewMotionsServiceClient(c.Rooms.Motions),
		RuleBook:   motionsv1.NewRuleBookServiceClient(c.Rooms.Motions),
		Amendments: motionsv1.NewAmendmentServiceClient(c.Rooms.Motions),
		Ballots:    ballotsv1.NewBallotsServiceClient(c.Rooms.Ballots),
		Records:    ballotsv1.NewBallotRecordServiceClient(c.Rooms.Ballots),
		Rolls:      membershipv1.NewRollServiceClient(c.Rooms.Membership),
		Statute:    membershipv1.NewStatuteServiceClient(c.Rooms.Membership),
		Desk:       membershipv1.NewDeskServiceClient(c.Rooms.Membership),
		config:     c, mux: http.NewServeMux(), texts: texts,
	}
	s.Sessions = session.New(s.Membership, c.Secure, c.Now)
	sum := sha256.Sum256([]byte(inline))
	s.csp = "default-src 'none'; script-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; style-src 'self'; " +
		"img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
	if err := s.parseBase(); err != nil {
		return nil, err
	}
	if s.own, err = s.Journey(nil); err != nil {
		return nil, err
	}
	s.own.Get("/", func(*Request) error { return ErrNotFound })
	s.own.Post("/", func(*Request) error { return ErrNotFound })
	s.mux.Handle("GET "+asset.Prefix, c.Assets)
	return s, nil
}

// ServeHTTP serves every page, with the headers that protect the browser.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", s.csp)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	if s.config.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	s.mux.ServeHTTP(w, r)
}

// Journey is a set of pages that share templates.
type Journey struct {
	site *Site
	// sets are the templates by language.
	sets map[string]*template.Template
}

// Journey parses the templates of a journey, every *.html at the root of files, beside those that all share.
func (s *Site) Journey(files fs.FS) (*Journey, error) {
	j := &Journey{site: s, sets: map[string]*template.Template{}}
	for lang, base := range s.base {
		t, err := base.Clone()
		if err == nil && files != nil {
			t, err = t.ParseFS(files, "*.html")
		}
		if err != nil {
			return nil, fmt.Errorf("layout: templates: %w", err)
		}
		j.sets[lang] = t
	}
	return j, nil
}

// parseBase parses the templates that all pages share, once a language.
func (s *Site) parseBase() error {
	s.base = map[string]*template.Template{}
	for _, lang := range text.Languages {
		p := s.texts.Printer(lang)
		t := template.New(lang).Option("missingkey=error").Funcs(template.FuncMap{
			"t": p.T, "link": p.Link, "date": p.Date, "datetime": p.DateTime, "clock": p.Clock, "day": p.Day,
			"machine": text.Machine, "money": text.Money, "column": text.Column, "asset": s.config.Assets.URL,
			"button": func(label string) form.Button { return form.Button{Text: label, Once: true} },
		})
		t, err := t.ParseFS(form.Templates, "component/*.html")
		if err == nil {
			t, err = t.ParseFS(templates, "template/*.html")
		}
		if err != nil {
			return fmt.Errorf("layout: templates: %w", err)
		}
		s.base[lang] = t
	}
	return nil
}

// Handler serves a page. The error that it returns becomes a page too.
type Handler func(*Request) error

// Get registers a page.
func (j *Journey) Get(path string, h Handler) { j.site.mux.Handle("GET "+path, j.serve(h)) }

// Post registers what a form does.
func (j *Journey) Post(path string, h Handler) { j.site.mux.Handle("POST "+path, j.serve(h)) }

// Upload registers what a form with a file does (multipart/form-data). The handler reads the parts; the file has to be the
// last. The form may be of most bytes, and may take this time, since a hall's network is slow.
func (j *Journey) Upload(path string, most int64, within time.Duration, h Handler) {
	j.site.mux.Handle("POST "+path, j.serveWithin(most, within, h))
}

// About returns the society's name and whether this is a sample, asked at most every half minute.
func (s *Site) About(ctx context.Context) *membershipv1.Founding {
	about, _ := s.shared(ctx)
	return about
}

// Regions returns the regional groups, asked at most every half minute.
func (s *Site) Regions(ctx context.Context) []*membershipv1.Region {
	_, regions := s.shared(ctx)
	return regions
}

// Rooms are the connections to the rooms, for journeys with services of their own.
func (s *Site) Rooms() rest.Rooms { return s.config.Rooms }

// Now is the gateway's clock.
func (s *Site) Now() time.Time { return s.config.Now() }

// Address is the whole address of one of our pages, as visitors find us; the path alone where that is not known. It never
// follows what a request says of itself.
func (s *Site) Address(path string) string {
	if s.config.Public == nil || s.config.Public.Host == "" {
		return path
	}
	return s.config.Public.Scheme + "://" + s.config.Public.Host + path
}

// Refresh forgets what About and Regions know.
func (s *Site) Refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = time.Time{}
}

func (s *Site) shared(ctx context.Context) (*membershipv1.Founding, []*membershipv1.Region) {
	s.mu.Lock()
	fresh := s.about != nil && s.config.Now().Sub(s.asked).Abs() < 30*time.Second
	about, regions := s.about, s.regions
	s.mu.Unlock()
	if fresh {
		return about, regions
	}
	asked, err := s.Membership.GetFounding(ctx, &membershipv1.GetFoundingRequest{})
	list, err2 := s.Membership.ListRegions(ctx, &membershipv1.ListRegionsRequest{})
	if err != nil || err2 != nil {
		// The frame of a page must stand when membership does not answer.
		if about == nil {
			about = &membershipv1.Founding{}
		}
		return about, regions
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.about, s.regions, s.asked = asked, list.GetRegions(), s.config.Now()
	return s.about, s.regions
}
