package entry

import (
	"strconv"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

type objection struct {
	*membershipv1.Objection
	Tag         form.Tag
	When, About string
}

type objectionsView struct {
	Objections   []objection
	Number, Text *form.Field
	Decides      bool
}

func (p pages) allObjections(q *layout.Request) ([]*membershipv1.Objection, error) {
	if !q.Viewer.SignedIn() {
		return nil, layout.ErrSignIn
	}
	reply, err := p.Entries.ListObjections(q.Context(), &membershipv1.ListObjectionsRequest{})
	return reply.GetObjections(), err
}

func (p pages) objections(q *layout.Request, wrong []form.Wrong) error {
	all, err := p.allObjections(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := objectionsView{Number: f.Hinted("number", "me.number", "entry.objectNumberHint"), Text: f.Hinted("text", "entry.objectText", "entry.objectTextHint"), Decides: q.Viewer.HoldsAny(keepers...)}
	v.Number.Inputmode, v.Number.Classes, v.Number.NoSpelling = "numeric", "govuk-input--width-5", true
	for _, o := range all {
		v.Objections = append(v.Objections, p.objection(q, o))
	}
	return q.Show(code, "objections.html", layout.Page{Title: q.T("entry.objections"), View: v, Errors: f.Summary(), Banner: done(q), Back: "/me", Here: "/objections"})
}

func (p pages) objection(q *layout.Request, o *membershipv1.Objection) objection {
	out := objection{Objection: o, When: q.DateTime(o.GetObjectTime()), About: q.T("entry.objectAbout", "Number", o.GetNumber())}
	if o.GetName() != "" {
		out.About = q.T("entry.objectAboutName", "Number", o.GetNumber(), "Name", o.GetName())
	}
	switch {
	case o.GetAnswerTime() == nil:
		out.Tag = form.Tag{Text: q.T("entry.objectWaits"), Classes: "govuk-tag--yellow"}
	case o.GetUpheld():
		out.Tag = form.Tag{Text: q.T("entry.upheld"), Classes: "govuk-tag--green"}
	default:
		out.Tag = form.Tag{Text: q.T("entry.dismissed"), Classes: "govuk-tag--grey"}
	}
	return out
}

func (p pages) object(q *layout.Request) error {
	wrong := q.Missing("number", "entry.objectNumberNeeded", "text", "entry.objectTextNeeded")
	number, err := strconv.ParseInt(q.Typed("number"), 10, 64)
	if err != nil && len(wrong) == 0 {
		wrong = []form.Wrong{{Field: "number", Text: q.T("entry.objectNumberNeeded")}}
	}
	if len(wrong) > 0 {
		return p.objections(q, wrong)
	}
	if _, err := p.Entries.ObjectToEntry(q.Context(), &membershipv1.ObjectToEntryRequest{RequestId: q.RequestID(), Number: number, Text: q.Typed("text")}); err != nil {
		return q.Again(err, p.objections)
	}
	return q.See("/objections?done=object")
}

func (p pages) answering(q *layout.Request, wrong []form.Wrong) error {
	all, err := p.allObjections(q)
	if err != nil {
		return err
	}
	for _, o := range all {
		if strconv.FormatInt(o.GetObjection(), 10) != q.PathValue("objection") {
			continue
		}
		v := p.objection(q, o)
		f, code := q.FormOf(wrong)
		choice := f.Choose(f.Field("answer", "entry.answerWhat"), form.Item{Value: "upheld", Text: q.T("entry.uphold"), Hint: q.T("entry.upholdHint")}, form.Item{Value: "dismissed", Text: q.T("entry.dismiss")})
		choice.LabelClasses = "govuk-fieldset__legend--s"
		return ask(q, q.T("entry.answer"), f, code, act{Name: v.About, Lead: []string{o.GetText()}, Fields: []input{{"radios", choice}, reason(f)}}, "/objections")
	}
	return layout.ErrNotFound
}

func (p pages) answer(q *layout.Request) error {
	if wrong := q.Missing("answer", "entry.answerNeeded", "reason", "entry.reasonNeeded"); len(wrong) > 0 {
		return p.answering(q, wrong)
	}
	number, err := strconv.ParseInt(q.PathValue("objection"), 10, 64)
	if err != nil {
		return layout.ErrNotFound
	}
	_, err = p.Entries.AnswerObjection(q.Context(), &membershipv1.AnswerObjectionRequest{
		RequestId: q.RequestID(), Objection: number, Upheld: q.Typed("answer") == "upheld", Reason: q.Typed("reason"),
	})
	if err != nil {
		return q.Again(err, p.answering)
	}
	return q.See("/objections?done=answer")
}
