// Package meeting is the pages of a meeting: its order paper for everybody, and for whoever runs it the one page
// from which notice, attendance, quorum and votes are seen to.
package meeting

import (
	"embed"
	"net/http"
	"net/url"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
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
	j.Get("/meetings", p.list)
	j.Get("/meetings/new", func(q *layout.Request) error { return p.planning(q, nil) })
	j.Post("/meetings/new", p.plan)
	j.Get("/meetings/{meeting}", p.show)
	j.Get("/meetings/{meeting}/run", p.run)
	j.Get("/meetings/{meeting}/attendance", func(q *layout.Request) error { return p.attendance(q, nil) })
	j.Post("/meetings/{meeting}/attendance", p.record)
	j.Get("/meetings/{meeting}/{act}", func(q *layout.Request) error { return p.confirm(q, nil) })
	j.Post("/meetings/{meeting}/{act}", p.act)
	return nil
}

type listed struct {
	Meeting *motionsv1.Meeting
	Tag     form.Tag
	Kind    string
}

type listView struct {
	Meetings []listed
	Next     string
	MayPlan  bool
}

func (p pages) list(q *layout.Request) error {
	reply, err := p.Motions.ListMeetings(q.Context(), &motionsv1.ListMeetingsRequest{PageToken: q.URL.Query().Get("page")})
	if err != nil {
		return err
	}
	v := listView{MayPlan: q.Viewer.HoldsAny(membershipv1.Role_ROLE_SECRETARY, membershipv1.Role_ROLE_ORGANISER)}
	for _, m := range reply.GetMeetings() {
		v.Meetings = append(v.Meetings, listed{m, q.MeetingTag(m.GetState()), kind(q, m)})
	}
	if t := reply.GetNextPageToken(); t != "" {
		v.Next = "/meetings?page=" + url.QueryEscape(t)
	}
	return q.Show(http.StatusOK, "list.html", layout.Page{Title: q.T("layout.meetings"), View: v})
}

func kind(q *layout.Request, m *motionsv1.Meeting) string {
	switch m.GetKind() {
	case motionsv1.MeetingKind_MEETING_KIND_AGM:
		return q.T("meeting.agm")
	case motionsv1.MeetingKind_MEETING_KIND_SPECIAL:
		return q.T("meeting.special")
	default:
		return q.T("meeting.regional", "Region", q.Region(m.GetRegion()))
	}
}

// runs says whether the viewer may run the meeting: chair or secretary of the society, or the organiser of its region.
func runs(q *layout.Request, m *motionsv1.Meeting) bool {
	v := q.Viewer
	return v.Holds(membershipv1.Role_ROLE_CHAIR, m.GetRegion()) || v.Holds(membershipv1.Role_ROLE_SECRETARY, "") ||
		m.GetRegion() != "" && v.Holds(membershipv1.Role_ROLE_ORGANISER, m.GetRegion())
}

type item struct {
	Motion     *motionsv1.Motion
	Tag        form.Tag
	Vote, From string
	Turnout    string
	Next       *next
}

type next struct{ Name, Href, Text, About string }

// tag is a motion's state on its own meeting's pages, where "on the order paper" says nothing.
func tag(q *layout.Request, o *motionsv1.Motion) form.Tag {
	t := q.MotionTag(o.GetState())
	if o.GetState() == motionsv1.MotionState_MOTION_STATE_ACCEPTED {
		t.Text = q.T("meeting.notPut")
	}
	return t
}

type view struct {
	Meeting         *motionsv1.Meeting
	Tag             form.Tag
	Facts           []form.Row
	Paper           []item
	MayRun, MayMove bool
}

func (p pages) meeting(q *layout.Request) (*motionsv1.Meeting, error) {
	return p.Motions.GetMeeting(q.Context(), &motionsv1.GetMeetingRequest{Meeting: q.PathValue("meeting")})
}

func (p pages) show(q *layout.Request) error {
	m, err := p.meeting(q)
	if err != nil {
		return err
	}
	v := view{Meeting: m, Tag: q.MeetingTag(m.GetState()), Facts: facts(q, m), MayRun: runs(q, m)}
	v.MayMove = q.Viewer.SignedIn() && (m.GetState() == motionsv1.MeetingState_MEETING_STATE_DRAFT || m.GetState() == motionsv1.MeetingState_MEETING_STATE_NOTICED) &&
		(m.GetMotionDeadline() == nil || p.Now().Before(m.GetMotionDeadline().AsTime()))
	for _, o := range m.GetOrderPaper() {
		i := item{Motion: o, Tag: tag(q, o)}
		if t := o.GetTabledBy(); t != nil {
			i.From = q.Region(t.GetRegion())
		}
		if o.GetState() == motionsv1.MotionState_MOTION_STATE_VOTING {
			i.Vote = "/ballots/" + o.GetVote().GetBallot()
		}
		v.Paper = append(v.Paper, i)
	}
	return q.Show(http.StatusOK, "meeting.html", layout.Page{Title: m.GetTitle(), OwnHeading: true, View: v, Back: "/meetings"})
}

func facts(q *layout.Request, m *motionsv1.Meeting) []form.Row {
	rows := []form.Row{
		{Key: q.T("meeting.kind"), Value: kind(q, m)},
		{Key: q.T("meeting.when"), Value: q.DateTime(m.GetStartTime())},
		{Key: q.T("meeting.where"), Value: m.GetPlace()},
	}
	if m.GetNoticeTime() != nil {
		rows = append(rows, form.Row{Key: q.T("meeting.notice"), Value: q.T("meeting.noticeIs", "Time", q.DateTime(m.GetNoticeTime()), "Days", m.GetClearDays())})
	}
	if m.GetMotionDeadline() != nil && m.GetState() != motionsv1.MeetingState_MEETING_STATE_CLOSED && m.GetState() != motionsv1.MeetingState_MEETING_STATE_OPEN {
		rows = append(rows, form.Row{Key: q.T("meeting.deadline"), Value: q.DateTime(m.GetMotionDeadline())})
	}
	quorum := q.T("meeting.quorumNeeds", "Quorum", m.GetQuorum())
	if m.GetQuorumRule() != "" {
		quorum += " " + q.T("meeting.quorumRule", "Rule", m.GetQuorumRule())
	}
	rows = append(rows, form.Row{Key: q.T("meeting.quorum"), Value: quorum})
	if m.GetState() == motionsv1.MeetingState_MEETING_STATE_OPEN {
		rows = append(rows, form.Row{Key: q.T("meeting.presence"), Value: q.T("meeting.present", "Count", m.GetPresent())})
	}
	if m.GetRuleBook() > 0 {
		rows = append(rows, form.Row{Key: q.T("result.book"), Value: q.T("result.bookIs", "Version", m.GetRuleBook())})
	}
	return rows
}
