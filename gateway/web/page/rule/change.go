package rule

import (
	"net/http"
	"strings"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

// changeView is the form in which a member proposes other rules, and what they would mean.
type changeView struct {
	Rules        []*form.Field
	Consequences []*motionsv1.Consequence
	// Heading, Text and Meeting are asked for once the changes can be followed.
	Heading, Text, Meeting *form.Field
}

// newest returns the latest version, whether it is in force yet or not: what a change starts from.
func (p pages) newest(q *layout.Request) (*motionsv1.RuleBook, error) {
	all, err := p.RuleBook.ListRuleBooks(q.Context(), &motionsv1.ListRuleBooksRequest{})
	if err != nil {
		return nil, err
	}
	in := &motionsv1.GetRuleBookRequest{}
	if versions := all.GetRuleBooks(); len(versions) > 0 {
		in.Version = versions[0].GetVersion()
	}
	return p.Motions.GetRuleBook(q.Context(), in)
}

func (p pages) changing(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	book, err := p.newest(q)
	if err != nil {
		return err
	}
	return p.showChange(q, book, nil, wrong)
}

func (p pages) showChange(q *layout.Request, book *motionsv1.RuleBook, consequences []*motionsv1.Consequence, wrong []form.Wrong) error {
	f, code := q.FormOf(wrong)
	v := changeView{Consequences: consequences}
	for _, r := range book.GetRules() {
		field := f.Field(r.GetKey(), "rule.value")
		field.Label, field.Hint, field.NoSpelling = r.GetClause()+" "+r.GetMeaning(), r.GetKey(), true
		if q.Method != http.MethodPost {
			field.Value = r.GetValue()
		}
		v.Rules = append(v.Rules, field)
	}
	title := q.T("rule.change")
	if len(consequences) > 0 {
		title = q.T("rule.means")
		v.Heading, v.Text = f.Hinted("title", "motion.title", "motion.titleHint"), f.Hinted("text", "motion.text", "motion.textHint")
		v.Text.Rows = 10
		if !q.PostForm.Has("text") {
			v.Text.Value = p.proposal(q, book, consequences)
		}
		var err error
		if v.Meeting, err = p.general(q, f); err != nil {
			return err
		}
	}
	return q.Show(code, "change.html", layout.Page{Title: title, View: v, Errors: f.Summary(), Back: "/rules"})
}

// proposal is the text that the motion begins with.
func (p pages) proposal(q *layout.Request, book *motionsv1.RuleBook, consequences []*motionsv1.Consequence) string {
	clause := map[string]string{}
	for _, r := range book.GetRules() {
		clause[r.GetKey()] = r.GetClause()
	}
	var b strings.Builder
	b.WriteString(q.T("rule.that") + "\n\n")
	for _, c := range consequences {
		b.WriteString("- " + q.T("rule.fromTo", "Clause", clause[c.GetKey()], "Key", c.GetKey(), "Was", c.GetWas(), "Becomes", c.GetBecomes()) + "\n")
	}
	return b.String()
}

// general offers the general meetings for which motions may still be moved.
func (p pages) general(q *layout.Request, f *form.Form) (*form.Field, error) {
	reply, err := p.Motions.ListMeetings(q.Context(), &motionsv1.ListMeetingsRequest{})
	if err != nil {
		return nil, err
	}
	field := f.Field("meeting", "rule.meeting")
	var items []form.Item
	for _, m := range reply.GetMeetings() {
		general := m.GetKind() == motionsv1.MeetingKind_MEETING_KIND_AGM || m.GetKind() == motionsv1.MeetingKind_MEETING_KIND_SPECIAL
		if general && (m.GetState() == motionsv1.MeetingState_MEETING_STATE_DRAFT || m.GetState() == motionsv1.MeetingState_MEETING_STATE_NOTICED) {
			items = append(items, form.Item{Value: m.GetId(), Text: m.GetTitle(), Hint: q.T("motion.deadline", "Time", q.DateTime(m.GetMotionDeadline()))})
		}
	}
	if len(items) == 0 {
		field.Hint = q.T("motion.noGeneral")
	}
	return f.Choose(field, items...), nil
}

func (p pages) change(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	book, err := p.newest(q)
	if err != nil {
		return err
	}
	again := func(q *layout.Request, wrong []form.Wrong) error { return p.showChange(q, book, nil, wrong) }
	var changes []*motionsv1.RuleChange
	for _, r := range book.GetRules() {
		if typed := q.Typed(r.GetKey()); q.PostForm.Has(r.GetKey()) && typed != r.GetValue() {
			changes = append(changes, &motionsv1.RuleChange{Key: r.GetKey(), Value: typed})
		}
	}
	if len(changes) == 0 {
		return again(q, []form.Wrong{{Field: book.GetRules()[0].GetKey(), Text: q.T("rule.changeOne")}})
	}
	checked, err := p.RuleBook.CheckRules(q.Context(), &motionsv1.CheckRulesRequest{RuleChanges: changes})
	if err != nil {
		return q.Again(err, again)
	}
	if q.Typed("step") != "move" {
		return p.showChange(q, book, checked.GetConsequences(), nil)
	}
	again = func(q *layout.Request, wrong []form.Wrong) error {
		return p.showChange(q, book, checked.GetConsequences(), wrong)
	}
	if wrong := q.Missing("title", "motion.titleNeeded", "text", "motion.textNeeded", "meeting", "motion.chooseMeeting"); len(wrong) > 0 {
		return again(q, wrong)
	}
	m, err := p.Motions.MoveMotion(q.Context(), &motionsv1.MoveMotionRequest{
		RequestId: q.RequestID(), Meeting: q.Typed("meeting"), Title: q.Typed("title"), Text: q.Typed("text"),
		Resolution: motionsv1.Resolution_RESOLUTION_EXTRAORDINARY, Kind: motionsv1.MotionKind_MOTION_KIND_RESOLUTION, RuleChanges: changes,
	})
	if err != nil {
		return q.Again(err, again)
	}
	return q.See("/motions/" + m.GetId() + "?done=move")
}
