// Package about is the pages about the site itself: help, privacy, cookies, accessibility.
package about

import (
	"embed"
	"net/http"
	"strconv"

	"github.com/localgovdigital/folkmoot/gateway/web/layout"
)

//go:embed *.html
var files embed.FS

// Register adds the pages to the site.
func Register(s *layout.Site) error {
	j, err := s.Journey(files)
	if err != nil {
		return err
	}
	for _, name := range []string{"help", "privacy", "cookies", "accessibility"} {
		j.Get("/"+name, func(q *layout.Request) error { return show(q, name) })
	}
	return nil
}

type cookie struct{ Name, For, End string }

type view struct {
	Paragraphs []string
	Cookies    []cookie
}

func show(q *layout.Request, name string) error {
	var v view
	for i := 1; q.Has("about." + name + strconv.Itoa(i)); i++ {
		v.Paragraphs = append(v.Paragraphs, q.T("about."+name+strconv.Itoa(i)))
	}
	if name == "cookies" {
		for _, c := range []string{"session", "attempt", "passkey", "language"} {
			v.Cookies = append(v.Cookies, cookie{"folkmoot_" + c, q.T("about." + c + "For"), q.T("about." + c + "End")})
		}
	}
	return q.Show(http.StatusOK, "about.html", layout.Page{Title: q.T("layout." + name), View: v})
}
