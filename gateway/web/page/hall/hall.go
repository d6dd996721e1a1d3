// Package hall is the door of a meeting: a member's own check-in and badge, the desk where an officer of the meeting takes
// people in, and the screen that shows the code that changes.
package hall

import (
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"

	"rsc.io/qr"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

//go:embed *.html
var files embed.FS

type pages struct {
	*layout.Site
	attendance motionsv1.AttendanceServiceClient
}

// Register adds the pages to the site.
func Register(s *layout.Site) error {
	j, err := s.Journey(files)
	if err != nil {
		return err
	}
	p := pages{s, motionsv1.NewAttendanceServiceClient(s.Rooms().Motions)}
	j.Get("/meetings/{meeting}/check-in", func(q *layout.Request) error { return p.checkingIn(q, nil) })
	j.Post("/meetings/{meeting}/check-in", p.checkIn)
	j.Get("/meetings/{meeting}/badge", p.badge)
	j.Get("/meetings/{meeting}/desk", func(q *layout.Request) error { return p.desk(q, nil) })
	j.Post("/meetings/{meeting}/desk", p.take)
	j.Get("/meetings/{meeting}/desk/{record}", func(q *layout.Request) error { return p.striking(q, nil) })
	j.Post("/meetings/{meeting}/desk/{record}", p.strike)
	j.Get("/meetings/{meeting}/hall-code", p.screen)
	return nil
}

func (p pages) meeting(q *layout.Request) (*motionsv1.Meeting, error) {
	if !q.Viewer.SignedIn() {
		return nil, layout.ErrSignIn
	}
	return p.Motions.GetMeeting(q.Context(), &motionsv1.GetMeetingRequest{Meeting: q.PathValue("meeting")})
}

type checkInView struct {
	Meeting     *motionsv1.Meeting
	Code, Where *form.Field
	// Begun is true from notice until the meeting is closed.
	Begun bool
}

// What a check-in form asks for.
const (
	here      = "here"
	online    = "online"
	leaving   = "leaving"
	apologies = "apologies"
)

// checkingIn is where a member says that they are here, have left or cannot come.
func (p pages) checkingIn(q *layout.Request, wrong []form.Wrong) error {
	m, err := p.meeting(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := checkInView{Meeting: m, Code: f.Hinted("code", "hall.code", "hall.codeHint"), Where: f.Field("where", "hall.where"),
		Begun: m.GetState() == motionsv1.MeetingState_MEETING_STATE_NOTICED || m.GetState() == motionsv1.MeetingState_MEETING_STATE_OPEN}
	v.Code.Classes, v.Code.NoSpelling, v.Code.Autocomplete = "govuk-input--width-10", true, "off"
	v.Where.LabelClasses = "govuk-fieldset__legend--s"
	if v.Where.Value == "" {
		v.Where.Value = here
	}
	f.Choose(v.Where, form.Item{Value: here, Text: q.T("hall.inRoom")}, form.Item{Value: online, Text: q.T("hall.online")})
	page := layout.Page{Title: q.T("hall.checkIn"), View: v, Errors: f.Summary(), Back: "/meetings/" + m.GetId(), Here: "/meetings/" + m.GetId() + "/check-in"}
	if done := q.URL.Query().Get("done"); done == here || done == "wait" || done == leaving || done == apologies {
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("hall.done." + done), Success: true}
	}
	return q.Show(code, "checkin.html", page)
}

func (p pages) checkIn(q *layout.Request) error {
	id, done := q.PathValue("meeting"), q.Typed("what")
	var err error
	switch done {
	case leaving:
		_, err = p.attendance.CheckOut(q.Context(), &motionsv1.CheckOutRequest{RequestId: q.RequestID(), Meeting: id})
	case apologies:
		_, err = p.attendance.SendApologies(q.Context(), &motionsv1.SendApologiesRequest{RequestId: q.RequestID(), Meeting: id})
	default:
		if wrong := q.Missing("code", "hall.codeNeeded"); len(wrong) > 0 {
			return p.checkingIn(q, wrong)
		}
		var a *motionsv1.Attendee
		a, err = p.attendance.CheckIn(q.Context(), &motionsv1.CheckInRequest{RequestId: q.RequestID(), Meeting: id, Code: q.Typed("code"), Online: q.Typed("where") == online})
		done = here
		if a.GetUnconfirmed() {
			done = "wait"
		}
	}
	if err != nil {
		return q.Again(err, p.checkingIn)
	}
	return q.See("/meetings/" + id + "/check-in?done=" + done)
}

type badgeView struct {
	Meeting *motionsv1.Meeting
	Badge   *motionsv1.Badge
	Image   template.URL
}

// badge shows a member's own badge for the desk to scan.
func (p pages) badge(q *layout.Request) error {
	m, err := p.meeting(q)
	if err != nil {
		return err
	}
	b, err := p.attendance.GetBadge(q.Context(), &motionsv1.GetBadgeRequest{Meeting: m.GetId()})
	if err != nil {
		return err
	}
	code, err := qr.Encode(p.Address("/meetings/"+m.GetId()+"/desk?badge="+url.QueryEscape(b.GetBadge())), qr.M)
	if err != nil {
		return err
	}
	image := template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(code.PNG()))
	return q.Show(http.StatusOK, "badge.html", layout.Page{Title: q.T("hall.badge"), View: badgeView{m, b, image}, Back: "/meetings/" + m.GetId() + "/check-in"})
}

type screenView struct {
	Meeting *motionsv1.Meeting
	Code    *motionsv1.HallCode
}

// refreshEvery is how often the screen looks for the next code, in seconds.
const refreshEvery = "15"

// screen is what the hall's screen shows: the code that changes. It renews itself without JavaScript.
func (p pages) screen(q *layout.Request) error {
	m, err := p.meeting(q)
	if err != nil {
		return err
	}
	code, err := p.attendance.GetHallCode(q.Context(), &motionsv1.GetHallCodeRequest{Meeting: m.GetId()})
	if err != nil {
		return err
	}
	q.Writer.Header().Set("Refresh", refreshEvery)
	return q.Show(http.StatusOK, "screen.html", layout.Page{Title: q.T("hall.screen"), View: screenView{m, code}, Back: "/meetings/" + m.GetId() + "/desk"})
}
