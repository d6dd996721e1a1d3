// Package rule is the rule book: each value with its clause, its source and what it means.
package rule

import (
	"embed"
	"net/http"
	"strconv"

	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
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
	j.Get("/rules", pages{s}.show)
	return nil
}

type view struct {
	Book    *motionsv1.RuleBook
	Adopted string
	Older   int32
}

func (p pages) show(q *layout.Request) error {
	in := &motionsv1.GetRuleBookRequest{}
	if s := q.URL.Query().Get("version"); s != "" {
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || n < 1 {
			return layout.ErrNotFound
		}
		in.Version = int32(n)
	}
	book, err := p.Motions.GetRuleBook(q.Context(), in)
	if err != nil {
		return err
	}
	v := view{Book: book, Adopted: q.T("rule.byMotion"), Older: book.GetVersion() - 1}
	if book.GetAdoptedBy() == "founding act" {
		v.Adopted = q.T("rule.byFounding")
	}
	return q.Show(http.StatusOK, "rule.html", layout.Page{Title: q.T("layout.rules"), View: v, Wide: true})
}
