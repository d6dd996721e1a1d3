package privacy

import (
	"net/http"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

type needsView struct {
	Meeting *motionsv1.Meeting
	Needs   *form.Field
	Delete  string
	Said    []*membershipv1.AccessNeeds
	Reads   bool
}

// needs shows a member what they have said for a meeting, and to whom it is for what all have said.
func (p pages) needs(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	meeting, err := p.Motions.GetMeeting(q.Context(), &motionsv1.GetMeetingRequest{Meeting: q.PathValue("meeting")})
	if err != nil {
		return err
	}
	mine, err := p.privacy.ListMyAccessNeeds(q.Context(), &membershipv1.ListMyAccessNeedsRequest{})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := needsView{Meeting: meeting, Needs: f.Hinted("needs", "privacy.needs", "privacy.needsHint"), Reads: mayRead(q)}
	for _, n := range mine.GetNeeds() {
		if n.GetMeeting() != meeting.GetId() {
			continue
		}
		if q.Method == http.MethodGet {
			v.Needs.Value = n.GetNeeds()
		}
		v.Delete = q.T("privacy.deletedOn", "Date", q.Date(n.GetDeleteTime()))
	}
	if v.Reads {
		all, err := p.privacy.ListAccessNeeds(q.Context(), &membershipv1.ListAccessNeedsRequest{Meeting: meeting.GetId()})
		if err != nil {
			return err
		}
		v.Said = all.GetNeeds()
	}
	page := layout.Page{Title: q.T("privacy.needsTitle"), View: v, Errors: f.Summary(), Back: "/meetings/" + meeting.GetId(), Here: "/meetings/" + meeting.GetId() + "/access-needs"}
	if q.URL.Query().Get("done") == "1" {
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("privacy.needsKept"), Success: true}
	}
	return q.Show(code, "needs.html", page)
}

func (p pages) setNeeds(q *layout.Request) error {
	meeting, err := p.Motions.GetMeeting(q.Context(), &motionsv1.GetMeetingRequest{Meeting: q.PathValue("meeting")})
	if err != nil {
		return err
	}
	_, err = p.privacy.SetMyAccessNeeds(q.Context(), &membershipv1.SetMyAccessNeedsRequest{
		RequestId: q.RequestID(), Meeting: meeting.GetId(), Needs: q.Typed("needs"), MeetingTime: meeting.GetStartTime(), Region: meeting.GetRegion(),
	})
	if err != nil {
		return q.Again(err, p.needs)
	}
	return q.See("/meetings/" + meeting.GetId() + "/access-needs?done=1")
}
