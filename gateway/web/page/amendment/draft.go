package amendment

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

// first is the name of the field for what should stand before the first clause, and fieldOf that of a clause's.
const first = "clause_0"

func fieldOf(clause string) string { return "clause_" + clause }

type draftView struct {
	Motion   *motionsv1.Motion
	Parent   string
	Deadline string
	Fields   []*form.Field
}

type checkView struct {
	Motion *motionsv1.Motion
	Parent string
	Typed  []typed
	Lines  []line
	Falls  []string
}

type typed struct{ Name, Value string }

// target is what is amended: the motion's clauses, or what an amendment to it proposes, each under the name of its field.
type target struct {
	motion   *motionsv1.Motion
	all      *motionsv1.ListAmendmentsResponse
	parent   string
	clauses  []*motionsv1.Clause
	isParent bool
}

func (p pages) target(q *layout.Request, parent string) (target, error) {
	m, all, err := p.debate(q, q.PathValue("motion"))
	if err != nil {
		return target{}, err
	}
	t := target{motion: m, all: all, parent: parent, clauses: all.GetClauses()}
	if parent == "" {
		return t, nil
	}
	for _, a := range all.GetAmendments() {
		if a.GetMotion().GetId() != parent {
			continue
		}
		t.clauses, t.isParent = nil, true
		for i, e := range a.GetEdits() {
			t.clauses = append(t.clauses, &motionsv1.Clause{Id: strconv.Itoa(i + 1), Text: e.GetNewWords()})
		}
		return t, nil
	}
	return target{}, layout.ErrNotFound
}

// drafting is the form: every clause in a field of its own, to be written over.
func (p pages) drafting(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	parent := q.URL.Query().Get("parent")
	if q.Method == http.MethodPost {
		parent = q.Typed("parent")
	}
	t, err := p.target(q, parent)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := draftView{Motion: t.motion, Parent: parent}
	if t.all.GetDeadline() != nil {
		v.Deadline = q.DateTime(t.all.GetDeadline())
	}
	for _, c := range t.clauses {
		label := "amendment.clause"
		if t.isParent {
			label = "amendment.change"
		}
		field := f.Field(fieldOf(c.GetId()), label, "Number", c.GetId())
		if q.Method != http.MethodPost {
			field.Value = c.GetText()
		}
		field.Rows = min(3+len(field.Value)/60, 15)
		v.Fields = append(v.Fields, field)
	}
	if !t.isParent {
		before := f.Hinted(first, "amendment.before", "amendment.beforeHint")
		before.Rows = 2
		v.Fields = append(v.Fields, before)
	}
	return q.Show(code, "new.html", layout.Page{Title: q.T("amendment.new"), View: v, Errors: f.Summary(), Back: "/motions/" + t.motion.GetId() + "/amendments"})
}

// propose shows what was written as changes, and moves the amendment once that was seen.
func (p pages) propose(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	if q.Typed("step") == "edit" {
		return p.drafting(q, nil)
	}
	t, err := p.target(q, q.Typed("parent"))
	if err != nil {
		return err
	}
	var in []*motionsv1.Clause
	v := checkView{Motion: t.motion, Parent: t.parent}
	for _, c := range t.clauses {
		name := fieldOf(c.GetId())
		v.Typed = append(v.Typed, typed{name, q.PostFormValue(name)})
		in = append(in, &motionsv1.Clause{Id: c.GetId(), Text: q.PostFormValue(name)})
	}
	if before := q.PostFormValue(first); !t.isParent && strings.TrimSpace(before) != "" {
		v.Typed = append(v.Typed, typed{first, before})
		in = append(in, &motionsv1.Clause{Text: before})
	}
	checked, err := p.Amendments.CheckAmendment(q.Context(), &motionsv1.CheckAmendmentRequest{Motion: t.motion.GetId(), Parent: t.parent, Clauses: in})
	if err != nil {
		return q.Again(err, p.drafting)
	}
	if q.Typed("step") == "move" {
		_, err := p.Amendments.MoveAmendment(q.Context(), &motionsv1.MoveAmendmentRequest{RequestId: q.RequestID(), Motion: t.motion.GetId(), Parent: t.parent, Edits: checked.GetEdits()})
		if err != nil {
			return q.Again(err, p.drafting)
		}
		return q.See("/motions/" + t.motion.GetId() + "/amendments?done=move")
	}
	numbers := map[string]int32{}
	for _, a := range t.all.GetAmendments() {
		numbers[a.GetMotion().GetId()] = a.GetNumber()
	}
	v.Lines = p.lines(q, checked.GetLines(), t.isParent)
	for _, c := range checked.GetClashes() {
		if c.GetCarried() == "" {
			v.Falls = append(v.Falls, q.T("amendment.ifCarried", "Number", numbers[c.GetFalls()])+" "+because(q, c.GetWhy()))
		} else {
			v.Falls = append(v.Falls, q.T("amendment.fallsIf", "Number", numbers[c.GetCarried()])+" "+because(q, c.GetWhy()))
		}
	}
	return q.Show(http.StatusOK, "check.html", layout.Page{Title: q.T("amendment.check"), View: v, Back: "/motions/" + t.motion.GetId() + "/amendments"})
}
