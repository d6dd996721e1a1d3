// Package amendment is the pages of the amendments to a motion: what they change, which falls if which is carried, how
// the text would read, moving one, and taking one in without a vote. Seconding, accepting and voting stand on the
// amendment's own page, which is a motion's.
package amendment

import (
	"embed"
	"net/http"
	"strings"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
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
	j.Get("/motions/{motion}/amendments", p.list)
	j.Get("/motions/{motion}/reading", p.reading)
	j.Get("/motions/{motion}/amendments/new", func(q *layout.Request) error { return p.drafting(q, nil) })
	j.Post("/motions/{motion}/amendments/new", p.propose)
	j.Get("/amendments/{amendment}/agree", func(q *layout.Request) error { return p.consenting(q, nil) })
	j.Post("/amendments/{amendment}/agree", p.agree)
	return nil
}

// line is a clause with its changes.
type line struct {
	Where  string
	Pieces []piece
}

// piece is a run of words that stay, go or come.
type piece struct {
	Text    string
	Out, In bool
}

func (p pages) lines(q *layout.Request, in []*motionsv1.Line, changed bool) []line {
	var all []line
	for _, l := range in {
		out := line{Where: where(q, l, changed)}
		for _, w := range l.GetPieces() {
			out.Pieces = append(out.Pieces, piece{Text: w.GetText(), Out: w.GetMark() == motionsv1.Mark_MARK_OUT, In: w.GetMark() == motionsv1.Mark_MARK_IN})
		}
		all = append(all, out)
	}
	return all
}

// where says which clause a line is and what becomes of it; in an amendment to an amendment, which change.
func where(q *layout.Request, l *motionsv1.Line, change bool) string {
	id := l.GetId()
	switch l.GetState() {
	case motionsv1.ClauseState_CLAUSE_STATE_ADDED:
		return q.T("amendment.added")
	case motionsv1.ClauseState_CLAUSE_STATE_REMOVED:
		if change {
			return q.T("amendment.changeRemoved", "Number", id)
		}
		return q.T("amendment.removed", "Number", id)
	case motionsv1.ClauseState_CLAUSE_STATE_CHANGED:
		if change {
			return q.T("amendment.changeChanged", "Number", id)
		}
		return q.T("amendment.changed", "Number", id)
	default:
		return q.T("amendment.clause", "Number", id)
	}
}

type link struct{ Href, Text, About string }

// entry is an amendment in the list.
type entry struct {
	Number   int32
	Name     string
	ID, Href string
	Tag      form.Tag
	By       string
	Parent   string
	Lines    []line
	Falls    []string
	Fell     string
	Consent  string
	Links    []link
	Result   *layout.Result
}

// version is a text that the motion has had.
type version struct{ Name, Since, Text string }

type listView struct {
	Motion   *motionsv1.Motion
	Deadline string
	MayMove  bool
	Entries  []entry
	Versions []version
}

// debate is what the room says about a motion's amendments.
func (p pages) debate(q *layout.Request, motion string) (*motionsv1.Motion, *motionsv1.ListAmendmentsResponse, error) {
	m, err := p.Motions.GetMotion(q.Context(), &motionsv1.GetMotionRequest{Motion: motion})
	if err != nil {
		return nil, nil, err
	}
	all, err := p.Amendments.ListAmendments(q.Context(), &motionsv1.ListAmendmentsRequest{Motion: motion})
	return m, all, err
}

func (p pages) list(q *layout.Request) error {
	m, all, err := p.debate(q, q.PathValue("motion"))
	if err != nil {
		return err
	}
	v := listView{Motion: m, MayMove: all.GetOpen() && q.Viewer.SignedIn()}
	if all.GetDeadline() != nil {
		v.Deadline = q.DateTime(all.GetDeadline())
	}
	numbers := map[string]int32{}
	for _, a := range all.GetAmendments() {
		numbers[a.GetMotion().GetId()] = a.GetNumber()
	}
	for _, a := range all.GetAmendments() {
		v.Entries = append(v.Entries, p.entry(q, m, all, a, numbers))
	}
	for _, t := range all.GetVersions() {
		name := q.T("amendment.asAccepted")
		if t.GetAmendment() != "" {
			name = q.T("amendment.asAmended", "Number", numbers[t.GetAmendment()])
		}
		v.Versions = append(v.Versions, version{Name: name, Since: q.DateTime(t.GetTime()), Text: t.GetText()})
	}
	page := layout.Page{Title: q.T("amendment.title"), View: v, Back: "/motions/" + m.GetId(), Here: "/motions/" + m.GetId() + "/amendments"}
	switch q.URL.Query().Get("done") {
	case "move":
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("amendment.doneMove"), Success: true}
	case "agree":
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("amendment.doneAgree"), Success: true}
	}
	return q.Show(http.StatusOK, "list.html", page)
}

// waits reports whether an amendment may still change, or be taken in.
func waits(s motionsv1.MotionState) bool {
	return s == motionsv1.MotionState_MOTION_STATE_MOVED || s == motionsv1.MotionState_MOTION_STATE_SECONDED || s == motionsv1.MotionState_MOTION_STATE_ACCEPTED
}

func (p pages) entry(q *layout.Request, m *motionsv1.Motion, all *motionsv1.ListAmendmentsResponse, a *motionsv1.Amendment, numbers map[string]int32) entry {
	own := a.GetMotion()
	e := entry{Number: a.GetNumber(), Name: q.T("amendment.named", "Number", a.GetNumber()), ID: own.GetId(), Href: "/motions/" + own.GetId(), Tag: q.MotionTag(own.GetState()),
		By: q.T("motion.movedBy", "Name", own.GetMoverName()), Lines: p.lines(q, a.GetLines(), a.GetParent() != ""), Result: q.ResultOf(own.GetVote().GetResult())}
	if a.GetParent() != "" {
		e.Parent = q.T("amendment.toAmendment", "Number", numbers[a.GetParent()])
	}
	for _, c := range all.GetClashes() {
		if c.GetCarried() == own.GetId() {
			e.Falls = append(e.Falls, q.T("amendment.ifCarried", "Number", numbers[c.GetFalls()])+" "+because(q, c.GetWhy()))
		}
	}
	if a.GetWhy() != motionsv1.Why_WHY_UNSPECIFIED {
		e.Fell = because(q, a.GetWhy())
		if n := numbers[a.GetOther()]; n > 0 {
			e.Fell = q.T("amendment.fellBy", "Number", n) + " " + e.Fell
		}
	}
	if waits(own.GetState()) && (a.GetMoverAgreeTime() != nil) != (a.GetSeconderAgreeTime() != nil) {
		e.Consent = q.T("amendment.oneConsent")
	}
	about := e.Name
	e.Links = append(e.Links, link{e.Href, q.T("amendment.open"), about})
	if a.GetParent() == "" && waits(own.GetState()) {
		e.Links = append(e.Links, link{"/motions/" + m.GetId() + "/reading?with=" + own.GetId(), q.T("amendment.readWith"), about})
		if all.GetOpen() && all.GetToAmendments() && q.Viewer.SignedIn() {
			e.Links = append(e.Links, link{"/motions/" + m.GetId() + "/amendments/new?parent=" + own.GetId(), q.T("amendment.amendIt"), about})
		}
	}
	if all.GetFriendly() && waits(own.GetState()) && p.owns(q, m, all, a) {
		e.Links = append(e.Links, link{"/amendments/" + own.GetId() + "/agree", q.T("amendment.agree"), about})
	}
	return e
}

// owns says whether the viewer moved or seconded what is amended, and has not agreed yet.
func (p pages) owns(q *layout.Request, m *motionsv1.Motion, all *motionsv1.ListAmendmentsResponse, a *motionsv1.Amendment) bool {
	owner := m
	for _, o := range all.GetAmendments() {
		if a.GetParent() != "" && o.GetMotion().GetId() == a.GetParent() {
			owner = o.GetMotion()
		}
	}
	me := q.Viewer.Member
	return me != "" && (me == owner.GetMover() && a.GetMoverAgreeTime() == nil || me == owner.GetSeconder() && a.GetSeconderAgreeTime() == nil)
}

// because says why an amendment falls.
func because(q *layout.Request, w motionsv1.Why) string {
	return q.T("amendment.why." + strings.ToLower(strings.TrimPrefix(w.String(), "WHY_")))
}

type readingView struct {
	Motion *motionsv1.Motion
	Choose *form.Field
	Find   form.Button
	Lines  []line
}

// reading shows how the motion would read with the amendments that are chosen.
func (p pages) reading(q *layout.Request) error {
	m, all, err := p.debate(q, q.PathValue("motion"))
	if err != nil {
		return err
	}
	chosen := q.URL.Query()["with"]
	read, err := p.Amendments.ReadMotion(q.Context(), &motionsv1.ReadMotionRequest{Motion: m.GetId(), Amendments: chosen})
	var wrong []form.Wrong
	if err != nil {
		if wrong, err = q.Wrong(err); err != nil {
			return err
		}
		for i := range wrong {
			wrong[i].Field = "with"
		}
	}
	f, code := q.FormOf(wrong)
	v := readingView{Motion: m, Find: form.Button{Text: q.T("amendment.show"), Classes: "govuk-button--secondary"}, Lines: p.lines(q, read.GetLines(), false)}
	var items []form.Item
	for _, a := range all.GetAmendments() {
		if a.GetParent() == "" && waits(a.GetMotion().GetState()) {
			items = append(items, form.Item{Value: a.GetMotion().GetId(), Text: q.T("amendment.named", "Number", a.GetNumber())})
		}
	}
	if len(items) > 0 {
		v.Choose = f.Hinted("with", "amendment.with", "amendment.withHint")
		f.Choose(v.Choose, items...)
		for i := range v.Choose.Items {
			for _, c := range chosen {
				v.Choose.Items[i].Checked = v.Choose.Items[i].Checked || c == v.Choose.Items[i].Value
			}
		}
	}
	return q.Show(code, "reading.html", layout.Page{Title: q.T("amendment.reading"), View: v, Errors: f.Summary(), Back: "/motions/" + m.GetId() + "/amendments"})
}

type agreeView struct{ Amendment *motionsv1.Motion }

// consenting asks the mover or the seconder whether an amendment comes into the text without a vote.
func (p pages) consenting(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	m, err := p.Motions.GetMotion(q.Context(), &motionsv1.GetMotionRequest{Motion: q.PathValue("amendment")})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	return q.Show(code, "agree.html", layout.Page{Title: q.T("amendment.agree"), View: agreeView{m}, Errors: f.Summary(), Back: "/motions/" + m.GetAmends() + "/amendments"})
}

func (p pages) agree(q *layout.Request) error {
	a, err := p.Amendments.AgreeAmendment(q.Context(), &motionsv1.AgreeAmendmentRequest{RequestId: q.RequestID(), Motion: q.PathValue("amendment"), Etag: q.Typed("etag")})
	if err != nil {
		return q.Again(err, p.consenting)
	}
	return q.See("/motions/" + a.GetAmends() + "/amendments?done=agree")
}
