// Package motion is the pages of a motion, from moving it to its result, and of what may be done with it on the
// way.
package motion

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"

	"github.com/yuin/goldmark"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
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
	j.Get("/motions", p.list)
	j.Get("/motions/{motion}", p.show)
	j.Get("/motions/{motion}/{act}", func(q *layout.Request) error { return p.confirm(q, nil) })
	j.Post("/motions/{motion}/{act}", p.act)
	j.Get("/meetings/{meeting}/motions/new", func(q *layout.Request) error { return p.moving(q, nil) })
	j.Post("/meetings/{meeting}/motions/new", p.move)
	return nil
}

type listed struct {
	Motion *motionsv1.Motion
	Tag    form.Tag
	Region string
}

type listView struct {
	Motions []listed
	Next    string
}

func (p pages) list(q *layout.Request) error {
	reply, err := p.Motions.ListMotions(q.Context(), &motionsv1.ListMotionsRequest{PageToken: q.URL.Query().Get("page")})
	if err != nil {
		return err
	}
	var v listView
	for _, m := range reply.GetMotions() {
		v.Motions = append(v.Motions, listed{m, q.MotionTag(m.GetState()), q.Region(m.GetRegion())})
	}
	if t := reply.GetNextPageToken(); t != "" {
		v.Next = "/motions?page=" + url.QueryEscape(t)
	}
	return q.Show(http.StatusOK, "list.html", layout.Page{Title: q.T("layout.motions"), View: v})
}

type link struct{ Href, Text string }

type tabled struct {
	Region, Motion string
	Result         *layout.Result
}

type view struct {
	Tag      form.Tag
	Passing  bool
	Text     template.HTML
	VoteHere *form.Button
	Turnout  string
	Result   *layout.Result
	Receipts string
	Acts     []link
	// Amendments leads to the amendments to the motion, or from an amendment to those beside it.
	Amendments *link
	Tabled     *tabled
	TabledAs   string
	Facts      []form.Row
	// Changes are of the rules; Book is the version that adopted them.
	Changes []ruleChange
	Book    int32
}

type ruleChange struct{ Key, Value string }

func (p pages) motion(q *layout.Request) (*motionsv1.Motion, error) {
	return p.Motions.GetMotion(q.Context(), &motionsv1.GetMotionRequest{Motion: q.PathValue("motion")})
}

func (p pages) show(q *layout.Request) error {
	m, err := p.motion(q)
	if err != nil {
		return err
	}
	words, err := Markdown(m.GetText())
	if err != nil {
		return err
	}
	v := view{
		Tag: q.MotionTag(m.GetState()), Text: words, Result: q.ResultOf(m.GetVote().GetResult()), TabledAs: m.GetTabledAs(),
		Passing: m.GetState() == motionsv1.MotionState_MOTION_STATE_OPENING || m.GetState() == motionsv1.MotionState_MOTION_STATE_CLOSING,
		Facts:   p.facts(q, m),
	}
	if t := m.GetTabledBy(); t != nil {
		v.Tabled = &tabled{Region: q.Region(t.GetRegion()), Motion: t.GetMotion(), Result: q.ResultOf(t.GetResult())}
	}
	if b := m.GetVote().GetBallot(); b != "" && !v.Passing {
		v.Receipts = "/ballots/" + b + "/receipts"
		if m.GetState() == motionsv1.MotionState_MOTION_STATE_VOTING {
			v.VoteHere = &form.Button{Text: q.T("motion.vote"), Href: "/ballots/" + b, Start: true}
			if v.Turnout, err = p.turnout(q, b); err != nil {
				return err
			}
		}
	}
	for _, c := range m.GetRuleChanges() {
		v.Changes = append(v.Changes, ruleChange{c.GetKey(), c.GetValue()})
	}
	v.Book = m.GetRuleBook()
	v.Amendments = amendments(q, m)
	for _, a := range acts {
		if a.offered(q, m) {
			v.Acts = append(v.Acts, link{"/motions/" + m.GetId() + "/" + a.name, q.T(a.message())})
		}
	}
	page := layout.Page{Title: m.GetTitle(), OwnHeading: true, View: v, Back: "/meetings/" + m.GetMeeting(), Here: "/motions/" + m.GetId()}
	if done := q.URL.Query().Get("done"); find(done) != nil || done == "move" {
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("motion.done." + done), Success: true}
	}
	return q.Show(http.StatusOK, "motion.html", page)
}

// amendments is the link to the amendments to a resolution that is on the order paper or was.
func amendments(q *layout.Request, m *motionsv1.Motion) *link {
	switch {
	case m.GetAmends() != "":
		return &link{"/motions/" + m.GetAmends() + "/amendments", q.T("amendment.beside")}
	case m.GetPosition() > 0 && m.GetKind() == motionsv1.MotionKind_MOTION_KIND_RESOLUTION && len(m.GetRuleChanges()) == 0:
		return &link{"/motions/" + m.GetId() + "/amendments", q.T("amendment.title")}
	}
	return nil
}

func (p pages) turnout(q *layout.Request, ballot string) (string, error) {
	b, err := p.Ballots.GetBallot(q.Context(), &ballotsv1.GetBallotRequest{Ballot: ballot})
	if err != nil {
		return "", err
	}
	return q.T("ballot.turnout", "Voted", b.GetTurnout(), "Electors", b.GetElectors()), nil
}

func (p pages) facts(q *layout.Request, m *motionsv1.Motion) []form.Row {
	rows := []form.Row{{Key: q.T("motion.mover"), Value: m.GetMoverName()}}
	if m.GetSeconderName() != "" {
		rows = append(rows, form.Row{Key: q.T("motion.seconder"), Value: m.GetSeconderName()})
	}
	needs := q.T("motion.ordinary")
	if m.GetResolution() == motionsv1.Resolution_RESOLUTION_EXTRAORDINARY {
		needs = q.T("motion.extraordinary")
	}
	if m.GetKind() == motionsv1.MotionKind_MOTION_KIND_ELECTION {
		needs = q.T("motion.election", "Seats", m.GetSeats())
	}
	rows = append(rows, form.Row{Key: q.T("motion.needs"), Value: needs}, form.Row{Key: q.T("motion.movedAt"), Value: q.DateTime(m.GetMoveTime())})
	vote := m.GetVote()
	for _, r := range []form.Row{
		{Key: q.T("motion.opened"), Value: q.DateTime(vote.GetOpenTime())},
		{Key: q.T("motion.closed"), Value: q.DateTime(vote.GetCloseTime())},
		{Key: q.T("motion.declared"), Value: q.DateTime(vote.GetDeclareTime())},
	} {
		if r.Value != "" {
			rows = append(rows, r)
		}
	}
	return rows
}

// Markdown renders what a member wrote. HTML in it is left out, and so are addresses that could run a script.
func Markdown(source string) (template.HTML, error) {
	var b bytes.Buffer
	if err := goldmark.Convert([]byte(source), &b); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil //nolint:gosec // goldmark escapes, and raw HTML is off
}
