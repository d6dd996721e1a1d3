// Package rule is the rule book: each value with its clause, its source and what it means; its versions; and the form
// in which a member proposes a change, with what it would mean.
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
	p := pages{s}
	j.Get("/rules", p.show)
	j.Get("/rules/change", func(q *layout.Request) error { return p.changing(q, nil) })
	j.Post("/rules/change", p.change)
	return nil
}

type view struct {
	Book    *motionsv1.RuleBook
	Adopted string
	// AdoptedBy is the motion that adopted it, or empty.
	AdoptedBy string
	Versions  []version
}

// version is a line of the list of versions.
type version struct {
	Number  int32
	From    string
	Current bool
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
	v := view{Book: book, Adopted: q.T("rule.byMotion"), AdoptedBy: book.GetAdoptedBy()}
	if book.GetAdoptedBy() == "founding act" {
		v.Adopted, v.AdoptedBy = q.T("rule.byFounding"), ""
	}
	all, err := p.RuleBook.ListRuleBooks(q.Context(), &motionsv1.ListRuleBooksRequest{})
	if err != nil {
		return err
	}
	for _, b := range all.GetRuleBooks() {
		v.Versions = append(v.Versions, version{b.GetVersion(), q.Date(b.GetEffectiveTime()), b.GetVersion() == book.GetVersion()})
	}
	return q.Show(http.StatusOK, "rule.html", layout.Page{Title: q.T("layout.rules"), View: v, Wide: true})
}
