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

// double is the pair that the page is about: a listed one, or any two that an officer names.
func (p pages) double(q *layout.Request) (*membershipv1.Double, error) {
	reply, err := p.allDoubles(q)
	if err != nil {
		return nil, err
	}
	for _, d := range reply.GetDoubles() {
		if d.GetMember().GetMember() == q.PathValue("member") && d.GetOther().GetMember() == q.PathValue("other") {
			return d, nil
		}
	}
	d := &membershipv1.Double{State: membershipv1.DoubleState_DOUBLE_STATE_OPEN, Hint: "officer"}
	if d.Member, err = p.alike(q, q.PathValue("member")); err != nil {
		return nil, err
	}
	d.Other, err = p.alike(q, q.PathValue("other"))
	return d, err
}

func (p pages) alike(q *layout.Request, member string) (*membershipv1.Alike, error) {
	m, err := p.Membership.GetMember(q.Context(), &membershipv1.GetMemberRequest{Member: member})
	return &membershipv1.Alike{Member: m.GetId(), Number: m.GetNumber(), Name: m.GetName(), Region: m.GetRegion(), ApplyTime: m.GetApplyTime()}, err
}

type compareView struct {
	Member *membershipv1.Member
	Search *form.Field
	Find   form.Button
	Others []*membershipv1.Member
	Asked  bool
}

// compare finds the entry that an officer believes to be the same person's.
func (p pages) compare(q *layout.Request) error {
	m, err := p.member(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(nil)
	v := compareView{Member: m, Search: f.Hinted("search", "member.search", "member.searchHint"), Find: form.Button{Text: q.T("member.find"), Classes: "govuk-button--secondary"}}
	v.Search.NoSpelling = true
	if v.Asked = v.Search.Value != ""; v.Asked {
		reply, err := p.Membership.ListMembers(q.Context(), &membershipv1.ListMembersRequest{Search: v.Search.Value, PageSize: 20})
		if err != nil {
			return err
		}
		for _, o := range reply.GetMembers() {
			if o.GetId() != m.GetId() {
				v.Others = append(v.Others, o)
			}
		}
	}
	return q.Show(code, "compare.html", layout.Page{Title: q.T("entry.compare"), View: v, Back: "/members/" + m.GetId()})
}

func (p pages) examining(q *layout.Request, wrong []form.Wrong) error {
	d, err := p.double(q)
	if err != nil {
		return err
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
