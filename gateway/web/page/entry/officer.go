package entry

import (
	"time"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
)

func (p pages) waiving(q *layout.Request, wrong []form.Wrong) error {
	m, err := p.member(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	return ask(q, q.T("entry.waive"), f, code, act{Name: m.GetName(), Lead: []string{q.T("entry.waiveLead")}, Fields: []input{reason(f)}}, home(q, m.GetId()))
}

func (p pages) waive(q *layout.Request) error {
	if wrong := q.Missing("reason", "entry.reasonNeeded"); len(wrong) > 0 {
		return p.waiving(q, wrong)
	}
	in := &membershipv1.WaiveDonationRequest{RequestId: q.RequestID(), Member: q.PathValue("member"), Reason: q.Typed("reason")}
	if _, err := p.Entries.WaiveDonation(q.Context(), in); err != nil {
		return q.Again(err, p.waiving)
	}
	return q.See("/members/" + in.GetMember() + "?done=waive")
}

var endings = []struct {
	value  string
	ending membershipv1.Ending
}{
	{"lapsed", membershipv1.Ending_ENDING_LAPSED}, {"died", membershipv1.Ending_ENDING_DIED}, {"expelled", membershipv1.Ending_ENDING_EXPELLED},
}

func (p pages) ending(q *layout.Request, wrong []form.Wrong) error {
	m, err := p.member(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	how := f.Field("ending", "entry.endHow")
	how.LabelClasses = "govuk-fieldset__legend--s"
	var items []form.Item
	for _, e := range endings {
		items = append(items, form.Item{Value: e.value, Text: q.T("entry.endAs." + e.value), Hint: q.T("entry.endHint." + e.value)})
	}
	f.Choose(how, items...)
	motion := f.Hinted("motion", "entry.endMotion", "entry.endMotionHint")
	motion.NoSpelling = true
	return ask(q, q.T("entry.end"), f, code, act{
		Name: m.GetName(), Lead: []string{q.T("entry.endLead")}, Warning: q.T("entry.endWarning"),
		Fields: []input{{"radios", how}, {"input", f.Hinted("date", "entry.endDate", "form.dayHint")}, {"input", motion}, reason(f)},
	}, home(q, m.GetId()))
}

func (p pages) end(q *layout.Request) error {
	if wrong := q.Missing("ending", "entry.endHowNeeded", "reason", "entry.reasonNeeded"); len(wrong) > 0 {
		return p.ending(q, wrong)
	}
	in := &membershipv1.EndMembershipRequest{RequestId: q.RequestID(), Member: q.PathValue("member"), Reason: q.Typed("reason"), Motion: motionOf(q.Typed("motion"))}
	for _, e := range endings {
		if e.value == q.Typed("ending") {
			in.Ending = e.ending
		}
	}
	if typed := q.Typed("date"); typed != "" {
		day, ok := text.ReadDay(typed)
		if !ok {
			return p.ending(q, []form.Wrong{{Field: "date", Text: q.T("form.dayFormat")}})
		}
		in.Date = day.Format(time.DateOnly)
	}
	if _, err := p.Entries.EndMembership(q.Context(), in); err != nil {
		return q.Again(err, p.ending)
	}
	return q.See("/members/" + in.GetMember() + "/history?done=end")
}
