// Package privacy is what a person may do with the data held on them (see it, take it, have it erased), what the secretary sees of
// what was deleted, and what members need at a meeting.
package privacy

import (
	"embed"
	"net/http"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

//go:embed *.html
var files embed.FS

type pages struct {
	*layout.Site
	privacy membershipv1.PrivacyServiceClient
}

// Register adds the pages to the site.
func Register(s *layout.Site) error {
	j, err := s.Journey(files)
	if err != nil {
		return err
	}
	p := pages{s, membershipv1.NewPrivacyServiceClient(s.Rooms().Membership)}
	j.Get("/me/data", p.show)
	j.Get("/me/data.json", p.download)
	j.Get("/me/erase", func(q *layout.Request) error { return p.erasing(q, nil) })
	j.Post("/me/erase", p.erase)
	j.Get("/erased", p.erased)
	j.Get("/members/retention", p.report)
	j.Get("/meetings/{meeting}/access-needs", func(q *layout.Request) error { return p.needs(q, nil) })
	j.Post("/meetings/{meeting}/access-needs", p.setNeeds)
	return nil
}

type held struct {
	What, Why, Until string
}

type view struct {
	Held            []held
	Parts           []part
	Left, MayErase  bool
	Years           int32
	Needs           []*membershipv1.AccessNeeds
	Erase           form.Button
	DownloadAddress string
}

// heldRows puts what is held, why and until when in words.
func heldRows(q *layout.Request, r *membershipv1.Retention) (rows []held, erasable bool) {
	for _, d := range r.GetHeld() {
		h := held{What: q.T("privacy.part."+d.GetPart(), "Number", d.GetCount()), Why: q.T("privacy.basis." + d.GetBasis())}
		switch {
		case d.GetUntil() != nil:
			h.Until = q.T("privacy.until", "Date", q.Date(d.GetUntil()))
		case d.GetBasis() == "accounts":
			h.Until = q.T("privacy.forGood")
		case d.GetBasis() == "law":
			h.Until = q.T("privacy.yearsAfter", "Count", r.GetYears())
		default:
			h.Until = q.T("privacy.afterLeaving")
		}
		erasable = erasable || d.GetErasable()
		rows = append(rows, h)
	}
	return rows, erasable
}

func (p pages) show(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	r, err := p.privacy.GetMyRetention(q.Context(), &membershipv1.GetMyRetentionRequest{})
	if err != nil {
		return err
	}
	all, err := p.collect(q)
	if err != nil {
		return err
	}
	v := view{Years: r.GetYears(), Left: r.GetLeftTime() != nil, Parts: readable(q, all), DownloadAddress: "/me/data.json"}
	v.Held, v.MayErase = heldRows(q, r)
	v.MayErase = v.MayErase && v.Left
	return q.Show(http.StatusOK, "data.html", layout.Page{Title: q.T("privacy.title"), View: v, Back: "/me", Wide: true})
}

func (p pages) erasing(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	r, err := p.privacy.GetMyRetention(q.Context(), &membershipv1.GetMyRetentionRequest{})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := struct {
		Sure *form.Field
		Held []held
		Left bool
	}{Sure: f.Choose(f.Field("confirmed", "privacy.sure"), form.Item{Value: "yes", Text: q.T("privacy.sureYes")}), Left: r.GetLeftTime() != nil}
	v.Sure.LabelClasses = "govuk-fieldset__legend--s"
	v.Held, _ = heldRows(q, r)
	return q.Show(code, "erase.html", layout.Page{Title: q.T("privacy.erase"), View: v, Errors: f.Summary(), Back: "/me/data"})
}

func (p pages) erase(q *layout.Request) error {
	if wrong := q.Missing("confirmed", "privacy.sureNeeded"); len(wrong) > 0 {
		return p.erasing(q, wrong)
	}
	_, err := p.privacy.EraseMe(q.Context(), &membershipv1.EraseMeRequest{RequestId: q.RequestID(), Confirmed: q.Typed("confirmed") == "yes"})
	if err != nil {
		return q.Again(err, p.erasing)
	}
	return q.See("/erased")
}

func (p pages) erased(q *layout.Request) error {
	return q.Show(http.StatusOK, "erased.html", layout.Page{Title: q.T("privacy.erasedTitle")})
}

type reportView struct {
	Years     int32
	LastRun   string
	Due       []held
	Deletions []held
}

func (p pages) report(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	r, err := p.privacy.GetRetentionReport(q.Context(), &membershipv1.GetRetentionReportRequest{})
	if err != nil {
		return err
	}
	v := reportView{Years: r.GetYears(), LastRun: q.T("privacy.neverRun")}
	if r.GetLastRunTime() != nil {
		v.LastRun = q.T("privacy.lastRun", "When", q.DateTime(r.GetLastRunTime()))
	}
	for _, d := range r.GetDue() {
		h := held{What: q.T("privacy.kind."+d.GetKind(), "Number", d.GetCount()), Until: q.T("privacy.nothingDue")}
		if d.GetNextTime() != nil {
			h.Until = q.T("privacy.next", "Date", q.Date(d.GetNextTime()))
		}
		v.Due = append(v.Due, h)
	}
	for _, d := range r.GetDeletions() {
		v.Deletions = append(v.Deletions, held{What: q.T("privacy.kind."+d.GetKind(), "Number", d.GetCount()), Until: q.Day(d.GetDate())})
	}
	return q.Show(http.StatusOK, "report.html", layout.Page{Title: q.T("privacy.report"), View: v, Back: "/members"})
}

// mayRead are the offices that may read what members need at a meeting.
func mayRead(q *layout.Request) bool {
	return q.Viewer.HoldsAny(membershipv1.Role_ROLE_SECRETARY, membershipv1.Role_ROLE_ORGANISER)
}
