package meeting

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

type newView struct {
	Kind, Region, Heading, Place, Day, Time *form.Field
}

var kinds = map[string]motionsv1.MeetingKind{
	"agm": motionsv1.MeetingKind_MEETING_KIND_AGM, "special": motionsv1.MeetingKind_MEETING_KIND_SPECIAL,
	"regional": motionsv1.MeetingKind_MEETING_KIND_REGIONAL,
}

func (p pages) planning(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	f, code := q.FormOf(wrong)
	v := newView{
		Kind: f.Field("kind", "meeting.kind"), Region: f.Hinted("region", "meeting.region", "meeting.regionHint"), Heading: f.Field("title", "motion.title"),
		Place: f.Hinted("place", "meeting.where", "meeting.placeHint"), Day: f.Hinted("start_time", "meeting.day", "form.dayHint"), Time: f.Hinted("clock", "meeting.time", "meeting.timeHint"),
	}
	v.Kind.LabelClasses = "govuk-fieldset__legend--s"
	v.Day.Classes, v.Day.NoSpelling = "govuk-input--width-10", true
	v.Time.Classes, v.Time.NoSpelling = "govuk-input--width-5", true
	f.Choose(v.Kind, form.Item{Value: "regional", Text: q.T("meeting.regionalKind")}, form.Item{Value: "agm", Text: q.T("meeting.agm")}, form.Item{Value: "special", Text: q.T("meeting.special")})
	items := []form.Item{{Value: "", Text: q.T("meeting.wholeSociety")}}
	for _, r := range p.Regions(q.Context()) {
		if r.GetState() == membershipv1.RegionState_REGION_STATE_MEETING {
			items = append(items, form.Item{Value: r.GetId(), Text: r.GetName()})
		}
	}
	f.Choose(v.Region, items...)
	return q.Show(code, "new.html", layout.Page{Title: q.T("meeting.plan"), View: v, Errors: f.Summary(), Back: "/meetings"})
}

func (p pages) plan(q *layout.Request) error {
	wrong := q.Missing("kind", "meeting.kindNeeded", "title", "motion.titleNeeded", "place", "meeting.placeNeeded", "start_time", "meeting.dayNeeded", "clock", "meeting.timeNeeded")
	day, ok := text.ReadDay(q.Typed("start_time"))
	if !ok && q.Typed("start_time") != "" {
		wrong = append(wrong, form.Wrong{Field: "start_time", Text: q.T("form.dayFormat")})
	}
	start, err := time.ParseInLocation(time.DateOnly+" 15:04", day.Format(time.DateOnly)+" "+q.Typed("clock"), text.London)
	if err != nil && q.Typed("clock") != "" {
		wrong = append(wrong, form.Wrong{Field: "clock", Text: q.T("meeting.timeFormat")})
	}
	if len(wrong) > 0 {
		return p.planning(q, wrong)
	}
	m, err := p.Motions.CreateMeeting(q.Context(), &motionsv1.CreateMeetingRequest{
		RequestId: q.RequestID(), Kind: kinds[q.Typed("kind")], Region: q.Typed("region"), Title: q.Typed("title"), Place: q.Typed("place"),
		StartTime: timestamppb.New(start),
	})
	if err != nil {
		return q.Again(err, p.planning)
	}
	return q.See("/meetings/" + m.GetId() + "/run")
}
