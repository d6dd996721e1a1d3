package gateway_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/localgovdigital/folkmoot/gateway/web/text"
)

// everyPage are all pages by the least that is needed to see them.
var everyPage = map[string][]string{
	"": {
		"/", "/join", "/sign-in", "/card", "/card?code=K7QF-2M9X-4TRB", "/confirm", "/founding", "/founding?invitation=one-time", "/meetings", "/meetings/agm", "/motions", "/motions/mo1",
		"/ballots/b1", "/ballots/b1/receipts", "/ballots/b1/receipts?code=FKLV", "/ledger", "/ledger/entries/e1", "/officers", "/regions", "/rules",
		"/help", "/privacy", "/cookies", "/accessibility", "/api/docs",
	},
	"ada": {"/me", "/me/passkeys", "/me/passkeys?done=added", "/me/passkeys/k1", "/me/sessions", "/me/sessions?done=1", "/sign-in?fresh=1&next=/me", "/sign-out", "/meetings/agm/motions/new", "/motions/mo1/withdraw", "/motions/mo1/second"},
	"chair": {
		"/meetings/agm/run", "/meetings/agm/attendance?search=Ada", "/meetings/agm/open", "/meetings/agm/close", "/meetings/agm/notice", "/motions/mo1/open-vote",
		"/motions/mo1/declare", "/members", "/members/ada", "/members/ada/roles/new",
	},
	"secretary": {"/mail", "/mail?state=failed", "/mail?done=1", "/me", "/meetings/new", "/motions/mo1/accept", "/motions/mo1/table", "/officers", "/officers/g2/approve", "/officers/g2/end", "/regions"},
	"treasurer": {
		"/ledger", "/ledger/donations/new", "/ledger/donations/new?search=Ada", "/ledger/donations/new?member=ada", "/ledger/entries/new", "/ledger/entries/e1",
		"/ledger/entries/e1/reverse",
	},
}

// TestEveryPage holds, in both languages: no message is missing, one heading, labels for fields, ids once, the headers,
// and a switch that leads to the same page.
func TestEveryPage(t *testing.T) {
	s := newSite(t)
	for who, paths := range everyPage {
		for _, lang := range text.Languages {
			v := s.visitor(who).get("/help?lang=" + lang).at("/help")
			for _, path := range paths {
				v.get(path)
				check(t, v, lang, who)
			}
		}
	}
}

func check(t *testing.T, v *visitor, lang, who string) {
	t.Helper()
	p := v.page
	wrong := func(format string, a ...any) {
		t.Helper()
		t.Errorf("%s as %q in %s: "+format, append([]any{p.path, who, lang}, a...)...)
	}
	if p.code != http.StatusOK {
		wrong("status %d:\n%s", p.code, readable(p.root))
		return
	}
	if i := strings.Index(p.body, "⟦"); i >= 0 {
		wrong("a message is missing: %.60s", p.body[i:])
	}
	if strings.Contains(p.body, "%!") || strings.Contains(p.body, "&lt;no value&gt;") || strings.Contains(p.body, "ZgotmplZ") {
		wrong("a value is missing")
	}
	h := p.header
	if !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self' 'sha256-") || h.Get("X-Content-Type-Options") != "nosniff" {
		wrong("headers %v", h)
	}
	if signedIn := who != ""; signedIn && h.Get("Cache-Control") != "no-store" {
		wrong("Cache-Control %q", h.Get("Cache-Control"))
	}
	ids, labels, headings, other := map[string]int{}, map[string]bool{}, 0, ""
	each(p.root, func(n *html.Node) {
		if id := attr(n, "id"); id != "" {
			ids[id]++
		}
		switch {
		case n.Data == "html" && attr(n, "lang") != lang:
			wrong("the page says that it is in %q", attr(n, "lang"))
		case n.Data == "h1":
			headings++
		case n.Data == "label":
			labels[attr(n, "for")] = true
		case n.Data == "a" && attr(n, "rel") == "alternate":
			other = attr(n, "href")
		case has(n, "style") || strings.HasPrefix(attr(n, "href"), "javascript:") || has(n, "onclick"):
			wrong("<%s> is against the policy", n.Data)
		}
	})
	if headings != 1 {
		wrong("%d headings", headings)
	}
	for id, n := range ids {
		if n > 1 {
			wrong("the id %s is there %d times", id, n)
		}
	}
	each(p.root, func(n *html.Node) {
		field := n.Data == "input" && attr(n, "type") != "hidden" || n.Data == "textarea" || n.Data == "select"
		if field && !labels[attr(n, "id")] {
			wrong("the field %s has no label", attr(n, "name"))
		}
		if n.Data == "form" && attr(n, "method") == "post" && !strings.HasSuffix(attr(n, "action"), "/check") {
			id := ""
			each(n, func(i *html.Node) {
				if attr(i, "name") == "request_id" {
					id = attr(i, "value")
				}
			})
			if len(id) != 36 {
				wrong("the form for %s has no request id", attr(n, "action"))
			}
		}
	})
	if base, _, _ := strings.Cut(p.path, "?"); !strings.HasPrefix(other, base) || !strings.Contains(other, "lang=") {
		wrong("the switch leads to %q", other)
	}
}

func TestLanguageIsKept(t *testing.T) {
	s := newSite(t)
	v := s.visitor("").get("/meetings/agm?lang=cy").at("/meetings/agm").sees(200, "Papur trefn", "Cworwm", "Cymraeg")
	v.get("/ledger").sees(200, "Cyfrifon", "Nid yw'r Gymraeg ar y tudalennau hyn wedi'i gwirio eto")
	v.get("/ballots/b1/receipts?code=FKLV&lang=en").at("/ballots/b1/receipts?code=FKLV").sees(200, "is counted")
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/", nil)
	r.Header.Set("Accept-Language", "cy-GB, en;q=0.5")
	s.visitor("").do(r).sees(200, "Ymuno")
}

func TestTroublePages(t *testing.T) {
	s := newSite(t)
	s.visitor("").get("/nothing/here").sees(404, "Page not found")
	s.visitor("").get("/meetings/none").sees(404, "Page not found")
	s.visitor("ada").get("/members").sees(403, "See who holds which office")
	s.visitor("").get("/rules?version=x").sees(404)
	s.visitor("ada").post("/join", map[string][]string{"name": {strings.Repeat("x", 200<<10)}}).sees(413, "too much")
	v := s.visitor("").get("/v1/nothing")
	if v.page.code != 404 || v.page.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %v", v.page.code, v.page.header)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/openapi.json": 200, "/v1/meetings": 200} {
		if s.visitor("").get(path).page.code != want {
			t.Errorf("%s is not %d", path, want)
		}
	}
}

// TestHostIsNotBelieved holds that nothing on a page comes from the Host header.
func TestHostIsNotBelieved(t *testing.T) {
	s := newSite(t)
	for _, path := range everyPage[""] {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
		r.Host = "evil.example"
		s.visitor("").do(r).missing("evil.example")
	}
}

func TestMoneyIsReadExactly(t *testing.T) {
	s := newSite(t)
	v := s.visitor("treasurer").get("/ledger/donations/new?member=ada").sees(200, "From Ada Example, member 7")
	for typed, says := range map[string]string{"-1": "Enter an amount in pounds and pence", "1.005": "Enter an amount in pounds and pence", "": "Enter the amount"} {
		v.get("/ledger/donations/new?member=ada").send("/ledger/donations/new", "amount_pence", typed, "method", "cash").sees(422, says)
		if v.value("amount_pence") != typed || v.value("method") != "cash" {
			t.Errorf("%q: what was typed is lost", typed)
		}
	}
	if s.lastAsked() != nil {
		t.Fatal("the ledger was asked")
	}
	v.send("/ledger/donations/new", "amount_pence", "£12.50", "occur_date", "2026-11-20").at("/ledger/entries/e1?done=1").sees(200, "It is in the books.")
	if got := s.lastAsked().(interface{ GetAmountPence() int64 }).GetAmountPence(); got != 1250 {
		t.Errorf("%d pence", got)
	}
	v.get("/ledger/entries/new").send("/ledger/entries/new", "occur_date", "2026-11-20", "description", "Venue", "account_1", "expenses:venue", "debit_1", "10", "account_2", "assets:bank", "credit_2", "9.99").
		sees(422, "they sum to 1 pence")
	v.send("/ledger/entries/new", "account_1", "expenses:venue", "account_2", "assets:bank", "credit_2", "10", "debit_2", "3").sees(422, "on one side")
	v.send("/ledger/entries/new", "account_1", "expenses:venue", "account_2", "assets:bank", "debit_2", "").at("/ledger/entries/e1?done=1")
}

// builtWords are how words begin whose names a page puts together from a value, so that no source names them whole.
var builtWords = []string{
	`about`,
	`acts\.[A-Za-z]+Service`,
	`amendment\.why`,
	`ballot\.state`,
	`books\.(verdict|why)-[a-z]+`,
	`desk\.done`,
	`device\.by`,
	`entry\.(event|done|because|ended|endAs|endHint|pair|hint|admission)`,
	`give\.[a-zA-Z_]+`,
	`hall\.(done|kind|means|recorded)`,
	`layout\.(help|privacy|cookies|accessibility)`,
	`letter\.(state|kind)`,
	`meeting\.(state|act|then|done)`,
	`motion\.(state|act|then|done)`,
	`officer\.(then|done|approve|end)`,
	`privacy\.(basis|kind|part|section)`,
	`publiclog(\.(means|next|problem|verdict))?`,
	`reason`,
	`report\.[a-z]+-[a-z-]+`,
	`report\.[a-z]+-[a-z]+`,
	`report\.duplicates`,
	`role`,
	`roll\.(about[0-9]?|change|done)`,
	`standing`,
	`statute\.(sectors|state|views|viewHints)`,
}

// TestWordsAreKnown holds that each message that a page or its code names by a constant is there, and that each message
// that is there is named.
func TestWordsAreKnown(t *testing.T) {
	bundle, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := bundle.Printer(text.English)
	named := map[string]bool{}
	inTemplate := regexp.MustCompile(`\b(?:t|link) "([a-zA-Z.]+)"`)
	err = filepath.WalkDir("web", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == "node_modules" {
			if d != nil && d.IsDir() && err == nil {
				return fs.SkipDir
			}
			return err
		}
		switch {
		case strings.HasSuffix(path, ".html"):
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range inTemplate.FindAllStringSubmatch(string(raw), -1) {
				named[m[1]] = true
			}
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
					if s, err := strconv.Unquote(l.Value); err == nil {
						named[s] = true
					}
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(named) < 300 {
		t.Fatalf("only %d names were found", len(named))
	}
	id := regexp.MustCompile(`^(entry|form|layout|trouble|join|signin|home|ballot|meeting|motion|role|standing|member|ledger|me|founding|officer|region|rule|about|apidoc|result|passkey|device|letter|signing|amendment)\.[a-zA-Z_.]+[a-zA-Z]$`)
	for name := range named {
		if id.MatchString(name) && !p.Has(name) && !strings.HasSuffix(name, ".html") {
			t.Errorf("%s is named and not there", name)
		}
	}
	built := regexp.MustCompile(`^(` + strings.Join(builtWords, "|") + `)\b`)
	for _, name := range p.IDs() {
		if !named[name] && !built.MatchString(name) {
			t.Errorf("%s is there and nobody says it", name)
		}
	}
}
