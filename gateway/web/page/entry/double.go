package entry

import (
	"net/http"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

type pair struct {
	*membershipv1.Double
	Tag           form.Tag
	Hint, Finding string
	Sides         []side
	May           bool
}

type side struct {
	Name, About string
}

type doublesView struct {
	Pairs    []pair
	Examined string
}

var doubleTags = map[membershipv1.DoubleState]struct{ id, classes string }{
	membershipv1.DoubleState_DOUBLE_STATE_OPEN:     {"entry.pair.open", "govuk-tag--yellow"},
	membershipv1.DoubleState_DOUBLE_STATE_FOUND:    {"entry.pair.found", "govuk-tag--blue"},
	membershipv1.DoubleState_DOUBLE_STATE_EXAMINED: {"entry.pair.examined", "govuk-tag--green"},
	membershipv1.DoubleState_DOUBLE_STATE_MERGED:   {"entry.pair.merged", "govuk-tag--grey"},
}

func (p pages) allDoubles(q *layout.Request) (*membershipv1.ListDoublesResponse, error) {
	if !q.Viewer.SignedIn() {
		return nil, layout.ErrSignIn
	}
	return p.Entries.ListDoubles(q.Context(), &membershipv1.ListDoublesRequest{})
}

func (p pages) doubles(q *layout.Request) error {
	reply, err := p.allDoubles(q)
	if err != nil {
		return err
	}
	v := doublesView{Examined: q.T("entry.examined", "Count", reply.GetExamined())}
	for _, d := range reply.GetDoubles() {
		v.Pairs = append(v.Pairs, p.pair(q, d))
	}
	return q.Show(http.StatusOK, "doubles.html", layout.Page{Title: q.T("entry.doubles"), View: v, Banner: done(q), Back: "/members", Here: "/doubles"})
}

func (p pages) pair(q *layout.Request, d *membershipv1.Double) pair {
	t := doubleTags[d.GetState()]
	out := pair{Double: d, Tag: form.Tag{Text: q.T(t.id), Classes: t.classes}, Hint: q.T("entry.hint." + d.GetHint())}
	for _, m := range []*membershipv1.Alike{d.GetMember(), d.GetOther()} {
		region := q.T("join.none")
		if m.GetRegion() != "" {
			region = q.Region(m.GetRegion())
		}
		out.Sides = append(out.Sides, side{Name: m.GetName(), About: q.T("entry.side", "Number", m.GetNumber(), "Region", region, "Date", q.Date(m.GetApplyTime()))})
	}
	out.May = d.GetState() == membershipv1.DoubleState_DOUBLE_STATE_OPEN || d.GetState() == membershipv1.DoubleState_DOUBLE_STATE_FOUND
	if d.GetFoundBy() != "" {
		id := "entry.foundDistinct"
		if d.GetSame() {
			id = "entry.foundSame"
		}
		out.Finding = q.T(id, "Name", d.GetFoundByName(), "Reason", d.GetReason())
	}
	return out
}

func (p pages) examining(q *layout.Request, wrong []form.Wrong) error {
	reply, err := p.allDoubles(q)
	if err != nil {
		return err
	}
	for _, d := range reply.GetDoubles() {
		if d.GetMember().GetMember() != q.PathValue("member") || d.GetOther().GetMember() != q.PathValue("other") {
			continue
		}
		v := p.pair(q, d)
		f, code := q.FormOf(wrong)
		a := act{Lead: []string{q.T("entry.examineLead")}, Facts: []form.Row{
			{Key: v.Sides[0].Name, Value: v.Sides[0].About}, {Key: v.Sides[1].Name, Value: v.Sides[1].About}, {Key: q.T("entry.shown"), Value: v.Hint},
		}}
		second := d.GetState() == membershipv1.DoubleState_DOUBLE_STATE_FOUND
		if second {
			a.Lead = append(a.Lead, v.Finding, q.T("entry.examineSecond"))
		}
		finding := f.Choose(f.Field("finding", "entry.finding"), form.Item{Value: "distinct", Text: q.T("entry.distinct")},
			form.Item{Value: "same", Text: q.T("entry.same"), Hint: q.T("entry.sameHint", "Ceases", d.GetMember().GetNumber(), "Kept", d.GetOther().GetNumber())})
		finding.LabelClasses = "govuk-fieldset__legend--s"
		a.Fields = []input{{"radios", finding}, reason(f)}
		return ask(q, q.T("entry.examine"), f, code, a, "/doubles")
	}
	return layout.ErrNotFound
}

// examine sends a first officer's finding, or a second one's where a first waits and the second agrees.
func (p pages) examine(q *layout.Request) error {
	if wrong := q.Missing("finding", "entry.findingNeeded", "reason", "entry.reasonNeeded"); len(wrong) > 0 {
		return p.examining(q, wrong)
	}
	reply, err := p.allDoubles(q)
	if err != nil {
		return err
	}
	member, other, same := q.PathValue("member"), q.PathValue("other"), q.Typed("finding") == "same"
	waits := false
	for _, d := range reply.GetDoubles() {
		waits = waits || d.GetMember().GetMember() == member && d.GetOther().GetMember() == other && d.GetSame() == same &&
			d.GetState() == membershipv1.DoubleState_DOUBLE_STATE_FOUND
	}
	if waits {
		_, err = p.Entries.ConfirmDouble(q.Context(), &membershipv1.ConfirmDoubleRequest{RequestId: q.RequestID(), Member: member, Other: other, Same: same, Reason: q.Typed("reason")})
	} else {
		_, err = p.Entries.FindDouble(q.Context(), &membershipv1.FindDoubleRequest{RequestId: q.RequestID(), Member: member, Other: other, Same: same, Reason: q.Typed("reason")})
	}
	switch {
	case err != nil:
		return q.Again(err, p.examining)
	case waits:
		return q.See("/doubles?done=settle")
	}
	return q.See("/doubles?done=find")
}
