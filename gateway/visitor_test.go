package gateway_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/localgovdigital/folkmoot/gateway"
	"github.com/localgovdigital/folkmoot/gateway/limit"
	"github.com/localgovdigital/folkmoot/gateway/web/asset"
)

// site is a gateway in front of stand-ins.
type site struct {
	*house
	t   *testing.T
	url string
}

func newSite(t *testing.T) *site {
	t.Helper()
	h, rooms := newHouse(t)
	public, _ := url.Parse("http://folk.example")
	handler, err := gateway.New(t.Context(), gateway.Config{
		Rooms: rooms, PublicURL: public, Log: slog.New(slog.DiscardHandler), Sample: true,
		Limits: limit.Config{Caller: limit.Rate{PerSecond: 1000, Burst: 1000}},
	})
	if errors.Is(err, asset.ErrNotBuilt) {
		if os.Getenv("FOLKMOOT_TEST") == "full" {
			t.Fatal(err)
		}
		t.Skip("left out: " + err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &site{house: h, t: t, url: server.URL}
}

// visitor is a browser without scripts.
type visitor struct {
	*site
	http *http.Client
	page page
}

// page is what the visitor sees.
type page struct {
	path   string
	code   int
	header http.Header
	body   string
	root   *html.Node
}

// visitor returns a browser; who is the member whose session it has, or "".
func (s *site) visitor(who string) *visitor {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if who != "" {
		u, _ := url.Parse(s.url)
		jar.SetCookies(u, []*http.Cookie{{Name: "folkmoot_session", Value: who, Path: "/"}})
	}
	return &visitor{site: s, http: &http.Client{Jar: jar}}
}

func (v *visitor) do(r *http.Request) *visitor {
	v.t.Helper()
	resp, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	root, err := html.Parse(strings.NewReader(string(body)))
	if err != nil {
		v.t.Fatal(err)
	}
	v.page = page{path: resp.Request.URL.RequestURI(), code: resp.StatusCode, header: resp.Header, body: string(body), root: root}
	return v
}

func (v *visitor) get(path string) *visitor {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.url+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(r)
}

func (v *visitor) post(path string, fields url.Values, headers ...string) *visitor {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.url+path, strings.NewReader(fields.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return v.do(r)
}

// send fills in the page's form that posts to action and sends it, with its hidden fields as the page has them.
func (v *visitor) send(action string, typed ...string) *visitor {
	v.t.Helper()
	fields := url.Values{}
	found := false
	each(v.page.root, func(n *html.Node) {
		if n.Data != "form" || attr(n, "action") != action || attr(n, "method") != "post" || found {
			return
		}
		found = true
		each(n, func(i *html.Node) {
			switch {
			case i.Data == "input" && (attr(i, "type") == "hidden" || attr(i, "type") == "text" || attr(i, "type") == "email" || attr(i, "type") == "date"):
				fields.Set(attr(i, "name"), attr(i, "value"))
			case i.Data == "input" && has(i, "checked"):
				fields.Set(attr(i, "name"), attr(i, "value"))
			}
		})
	})
	if !found {
		v.t.Fatalf("%s has no form that posts to %s:\n%s", v.page.path, action, readable(v.page.root))
	}
	for i := 0; i+1 < len(typed); i += 2 {
		fields.Set(typed[i], typed[i+1])
	}
	return v.post(action, fields)
}

// sees fails unless the page has this status and says all of this.
func (v *visitor) sees(code int, says ...string) *visitor {
	v.t.Helper()
	if v.page.code != code {
		v.t.Fatalf("%s: %d, want %d:\n%s", v.page.path, v.page.code, code, readable(v.page.root))
	}
	all := readable(v.page.root)
	for _, s := range says {
		if !strings.Contains(all, s) {
			v.t.Errorf("%s does not say %q:\n%s", v.page.path, s, all)
		}
	}
	return v
}

// missing fails if the page says this.
func (v *visitor) missing(says ...string) *visitor {
	v.t.Helper()
	for _, s := range says {
		if strings.Contains(v.page.body, s) {
			v.t.Errorf("%s says %q", v.page.path, s)
		}
	}
	return v
}

// at fails unless the visitor was sent here.
func (v *visitor) at(path string) *visitor {
	v.t.Helper()
	if v.page.path != path {
		v.t.Fatalf("at %s, want %s:\n%s", v.page.path, path, readable(v.page.root))
	}
	return v
}

// value returns what a field holds.
func (v *visitor) value(name string) string {
	out := ""
	each(v.page.root, func(n *html.Node) {
		if attr(n, "name") != name {
			return
		}
		switch {
		case n.Data == "textarea":
			out = readable(n)
		case attr(n, "type") == "radio" || attr(n, "type") == "checkbox":
			if has(n, "checked") {
				out = attr(n, "value")
			}
		case n.Data == "input":
			out = attr(n, "value")
		}
	})
	return out
}

func each(n *html.Node, f func(*html.Node)) {
	if n.Type == html.ElementNode {
		f(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		each(c, f)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

// readable is what a person reads.
func readable(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style") {
			return
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}
