package meeting

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

// act is something that may be done with a meeting.
type act struct {
	// name is the last part of its address and of the ids of its words.
	name string
	// state is the meeting's in which it is offered.
	state motionsv1.MeetingState
	do    func(pages, *layout.Request, string) error
}

var acts = []act{
	{"notice", motionsv1.MeetingState_MEETING_STATE_DRAFT, func(p pages, q *layout.Request, id string) error {
		_, err := p.Motions.GiveNotice(q.Context(), &motionsv1.GiveNoticeRequest{RequestId: q.RequestID(), Meeting: id, Etag: q.Typed("etag")})
		return err
	}},
	{"open", motionsv1.MeetingState_MEETING_STATE_NOTICED, func(p pages, q *layout.Request, id string) error {
		_, err := p.Motions.OpenMeeting(q.Context(), &motionsv1.OpenMeetingRequest{RequestId: q.RequestID(), Meeting: id, Etag: q.Typed("etag")})
		return err
	}},
	{"close", motionsv1.MeetingState_MEETING_STATE_OPEN, func(p pages, q *layout.Request, id string) error {
		_, err := p.Motions.CloseMeeting(q.Context(), &motionsv1.CloseMeetingRequest{RequestId: q.RequestID(), Meeting: id, Etag: q.Typed("etag")})
		return err
	}},
}

func find(name string) *act {
	for i := range acts {
		if acts[i].name == name {
			return &acts[i]
		}
	}
	return nil
}

// steps are what the chair does next with a motion in a state.
var steps = map[motionsv1.MotionState]string{
	motionsv1.MotionState_MOTION_STATE_SECONDED: "accept", motionsv1.MotionState_MOTION_STATE_ACCEPTED: "open-vote",
	motionsv1.MotionState_MOTION_STATE_VOTING: "close-vote", motionsv1.MotionState_MOTION_STATE_CLOSED: "declare",
}

type runView struct {
	Meeting        *motionsv1.Meeting
	Tag            form.Tag
	Quorate        bool
	Missing        int64
	Acts           []next
	Paper, Waiting []item
}

// run is the page from which a meeting is run. It shows turnout and presence, never a tally.
func (p pages) run(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	m, err := p.meeting(q)
	if err != nil {
		return err
	}
	v := runView{Meeting: m, Tag: q.MeetingTag(m.GetState()), Quorate: m.GetPresent() >= m.GetQuorum(), Missing: m.GetQuorum() - m.GetPresent()}
	for _, a := range acts {
		if a.state == m.GetState() {
			v.Acts = append(v.Acts, next{Name: a.name, Href: "/meetings/" + m.GetId() + "/" + a.name, Text: q.T("meeting.act." + a.name)})
		}
	}
	for _, o := range m.GetOrderPaper() {
		i := p.item(q, o)
		if m.GetState() != motionsv1.MeetingState_MEETING_STATE_OPEN || o.GetKind() == motionsv1.MotionKind_MOTION_KIND_ELECTION {
			i.Next = nil
		}
		if o.GetState() == motionsv1.MotionState_MOTION_STATE_VOTING {
			b, err := p.Ballots.GetBallot(q.Context(), &ballotsv1.GetBallotRequest{Ballot: o.GetVote().GetBallot()})
			if err != nil {
				return err
			}
			i.Turnout = q.T("home.turnout", "Voted", b.GetTurnout(), "Electors", b.GetElectors())
		}
		v.Paper = append(v.Paper, i)
	}
	waiting, err := p.Motions.ListMotions(q.Context(), &motionsv1.ListMotionsRequest{Meeting: m.GetId()})
	if err != nil {
		return err
	}
	for _, o := range waiting.GetMotions() {
		if o.GetState() == motionsv1.MotionState_MOTION_STATE_MOVED || o.GetState() == motionsv1.MotionState_MOTION_STATE_SECONDED {
			v.Waiting = append(v.Waiting, p.item(q, o))
		}
	}
	page := layout.Page{Title: q.T("meeting.run"), View: v, Back: "/meetings/" + m.GetId(), Here: "/meetings/" + m.GetId() + "/run"}
	switch done := q.URL.Query().Get("done"); {
	case find(done) != nil:
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("meeting.done." + done), Success: true}
	case done == "open-vote" || done == "close-vote":
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("motion.done." + done), Success: true}
	}
	return q.Show(http.StatusOK, "run.html", page)
}

func (p pages) item(q *layout.Request, o *motionsv1.Motion) item {
	i := item{Motion: o, Tag: tag(q, o)}
	if step := steps[o.GetState()]; step != "" {
		i.Next = &next{
			Href: "/motions/" + o.GetId() + "/" + step, Text: q.T("motion.act." + strings.ReplaceAll(step, "-", "_")), About: o.GetTitle(),
		}
	}
	return i
}

type actView struct {
	Meeting          *motionsv1.Meeting
	Act, Consequence string
}

func (p pages) confirm(q *layout.Request, wrong []form.Wrong) error {
	a := find(q.PathValue("act"))
	if a == nil {
		return layout.ErrNotFound
	}
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	m, err := p.meeting(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	return q.Show(code, "act.html", layout.Page{
		Title: q.T("meeting.act." + a.name), View: actView{Meeting: m, Act: a.name, Consequence: q.T("meeting.then." + a.name)},
		Errors: f.Summary(), Back: "/meetings/" + m.GetId() + "/run",
	})
}

func (p pages) act(q *layout.Request) error {
	a := find(q.PathValue("act"))
	if a == nil {
		return layout.ErrNotFound
	}
	id := q.PathValue("meeting")
	if err := a.do(p, q, id); err != nil {
		return q.Again(err, p.confirm)
	}
	return q.See("/meetings/" + id + "/run?done=" + a.name)
}

type attendanceView struct {
	Meeting *motionsv1.Meeting
	Search  *form.Field
	Find    form.Button
	Asked   bool
	People  []*membershipv1.Member
}

// attendance finds a member by the beginning of a name and records them present or gone.
func (p pages) attendance(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	m, err := p.meeting(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := attendanceView{Meeting: m, Search: f.Hinted("search", "member.search", "member.searchHint"), Find: form.Button{Text: q.T("member.find"), Classes: "govuk-button--secondary"}}
	v.Search.NoSpelling, v.Search.Autocomplete = true, "off"
	if s := v.Search.Value; s != "" {
		reply, err := p.Membership.ListMembers(q.Context(), &membershipv1.ListMembersRequest{PageSize: 20, Region: m.GetRegion(), Search: s})
		if err != nil {
			return err
		}
		v.Asked, v.People = true, reply.GetMembers()
	}
	page := layout.Page{Title: q.T("meeting.attendance"), View: v, Errors: f.Summary(), Back: "/meetings/" + m.GetId() + "/run"}
	page.Here = "/meetings/" + m.GetId() + "/attendance?search=" + url.QueryEscape(v.Search.Value)
	switch q.URL.Query().Get("done") {
	case "here":
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("meeting.recordedHere", "Name", q.URL.Query().Get("name")), Success: true}
	case "gone":
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("meeting.recordedGone", "Name", q.URL.Query().Get("name")), Success: true}
	}
	return q.Show(code, "attendance.html", page)
}

func (p pages) record(q *layout.Request) error {
	id := q.PathValue("meeting")
	departed := q.Typed("departed") == "yes"
	_, err := p.Motions.RecordAttendance(q.Context(), &motionsv1.RecordAttendanceRequest{
		RequestId: q.RequestID(), Meeting: id, Members: []string{q.Typed("member")}, Departed: departed,
	})
	if err != nil {
		return q.Again(err, p.attendance)
	}
	done := "here"
	if departed {
		done = "gone"
	}
	return q.See("/meetings/" + id + "/attendance?" + url.Values{"done": {done}, "name": {short(q.Typed("name"))}}.Encode())
}

// short keeps a name from making an address too long to be followed.
func short(name string) string {
	if r := []rune(name); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return name
}
