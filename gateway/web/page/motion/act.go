package motion

import (
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	"github.com/localgovdigital/folkmoot/gateway/web/text"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

// act is something that may be done with a motion. Each has a page of its own that says what follows from it.
type act struct {
	// name is the last part of its address and of the ids of its words.
	name string
	// states are those of the motion in which it is offered.
	states []motionsv1.MotionState
	// who says whether the page offers it to the viewer; the room decides whether they may.
	who func(*layout.Request, *motionsv1.Motion) bool
	// do calls the room.
	do func(pages, *layout.Request, string) error
	// run leads back to the chair's page rather than to the motion.
	run bool
}

func (a act) message() string { return "motion.act." + strings.ReplaceAll(a.name, "-", "_") }

func (a act) consequence() string { return "motion.then." + strings.ReplaceAll(a.name, "-", "_") }

func (a act) offered(q *layout.Request, m *motionsv1.Motion) bool {
	for _, s := range a.states {
		if s == m.GetState() {
			return q.Viewer.SignedIn() && a.who(q, m)
		}
	}
	return false
}

func find(name string) *act {
	for i := range acts {
		if acts[i].name == name {
			return &acts[i]
		}
	}
	return nil
}

// chairs says who runs the meeting of a motion: the chair, or the organiser of its region.
func chairs(q *layout.Request, m *motionsv1.Motion) bool {
	return q.Viewer.Holds(membershipv1.Role_ROLE_CHAIR, m.GetRegion()) ||
		m.GetRegion() != "" && q.Viewer.Holds(membershipv1.Role_ROLE_ORGANISER, m.GetRegion())
}

// keeps says who receives motions: the secretary, or the organiser of its region.
func keeps(q *layout.Request, m *motionsv1.Motion) bool {
	return q.Viewer.Holds(membershipv1.Role_ROLE_SECRETARY, "") ||
		m.GetRegion() != "" && q.Viewer.Holds(membershipv1.Role_ROLE_ORGANISER, m.GetRegion())
}

func moved(q *layout.Request, m *motionsv1.Motion) bool { return q.Viewer.Member == m.GetMover() }

var acts = []act{
	{
		name: "second", states: []motionsv1.MotionState{motionsv1.MotionState_MOTION_STATE_MOVED},
		who: func(q *layout.Request, m *motionsv1.Motion) bool { return !moved(q, m) },
		do: func(p pages, q *layout.Request, id string) error {
			_, err := p.Motions.SecondMotion(q.Context(), &motionsv1.SecondMotionRequest{RequestId: q.RequestID(), Motion: id})
			return err
		},
	},
	{
		name: "accept", states: []motionsv1.MotionState{motionsv1.MotionState_MOTION_STATE_SECONDED}, who: keeps,
		do: func(p pages, q *layout.Request, id string) error {
			_, err := p.Motions.AcceptMotion(q.Context(), &motionsv1.AcceptMotionRequest{RequestId: q.RequestID(), Motion: id, Etag: q.Typed("etag")})
			return err
		},
	},
	{
		name: "open-vote", states: []motionsv1.MotionState{motionsv1.MotionState_MOTION_STATE_ACCEPTED}, who: chairs, run: true,
		do: func(p pages, q *layout.Request, id string) error {
			_, err := p.Motions.OpenVote(q.Context(), &motionsv1.OpenVoteRequest{RequestId: q.RequestID(), Motion: id, Etag: q.Typed("etag")})
			return err
		},
	},
	{
		name: "close-vote", states: []motionsv1.MotionState{motionsv1.MotionState_MOTION_STATE_VOTING}, who: chairs, run: true,
		do: func(p pages, q *layout.Request, id string) error {
			_, err := p.Motions.CloseVote(q.Context(), &motionsv1.CloseVoteRequest{RequestId: q.RequestID(), Motion: id, Etag: q.Typed("etag")})
			return err
		},
	},
	{
		name: "declare", states: []motionsv1.MotionState{motionsv1.MotionState_MOTION_STATE_CLOSED}, who: chairs,
		do: func(p pages, q *layout.Request, id string) error {
			_, err := p.Motions.DeclareVote(q.Context(), &motionsv1.DeclareVoteRequest{RequestId: q.RequestID(), Motion: id, Etag: q.Typed("etag")})
			return err
		},
	},
	{
		name: "table", states: []motionsv1.MotionState{motionsv1.MotionState_MOTION_STATE_CARRIED},
		who: func(q *layout.Request, m *motionsv1.Motion) bool {
			return m.GetRegion() != "" && m.GetTabledAs() == "" && keeps(q, m)
		},
		do: func(p pages, q *layout.Request, id string) error {
			_, err := p.Motions.TableMotion(q.Context(), &motionsv1.TableMotionRequest{
				RequestId: q.RequestID(), Motion: id, Meeting: q.Typed("meeting"), Etag: q.Typed("etag"),
			})
			return err
		},
	},
	{
		name: "adopt", states: []motionsv1.MotionState{motionsv1.MotionState_MOTION_STATE_CARRIED},
		who: func(q *layout.Request, m *motionsv1.Motion) bool {
			return len(m.GetRuleChanges()) > 0 && m.GetRegion() == "" && m.GetRuleBook() == 0 && q.Viewer.Holds(membershipv1.Role_ROLE_SECRETARY, "")
		},
		do: func(p pages, q *layout.Request, id string) error {
			in := &motionsv1.AdoptRulesRequest{RequestId: q.RequestID(), Motion: id}
			if day, ok := text.ReadDay(q.Typed("effective_time")); ok {
				in.EffectiveTime = timestamppb.New(day)
			}
			_, err := p.RuleBook.AdoptRules(q.Context(), in)
			return err
		},
	},
	{
		name: "withdraw", who: moved,
		states: []motionsv1.MotionState{
			motionsv1.MotionState_MOTION_STATE_MOVED, motionsv1.MotionState_MOTION_STATE_SECONDED, motionsv1.MotionState_MOTION_STATE_ACCEPTED,
		},
		do: func(p pages, q *layout.Request, id string) error {
			_, err := p.Motions.WithdrawMotion(q.Context(), &motionsv1.WithdrawMotionRequest{RequestId: q.RequestID(), Motion: id, Etag: q.Typed("etag")})
			return err
		},
	},
}

type actView struct {
	Motion      *motionsv1.Motion
	Act         string
	Consequence string
	Turnout     string
	Meeting     *form.Field
	Day         *form.Field
}

// confirm says what follows and asks. Its own etag is of the state that it shows.
func (p pages) confirm(q *layout.Request, wrong []form.Wrong) error {
	a := find(q.PathValue("act"))
	if a == nil {
		return layout.ErrNotFound
	}
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	m, err := p.motion(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := actView{Motion: m, Act: a.name, Consequence: q.T(a.consequence())}
	if a.name == "close-vote" {
		if v.Turnout, err = p.turnout(q, m.GetVote().GetBallot()); err != nil {
			return err
		}
	}
	if a.name == "table" {
		if v.Meeting, err = p.general(q, f); err != nil {
			return err
		}
	}
	if a.name == "adopt" {
		v.Day = f.Hinted("effective_time", "motion.adoptFrom", "motion.adoptFromHint")
		v.Day.Classes, v.Day.NoSpelling = "govuk-input--width-10", true
	}
	return q.Show(code, "act.html", layout.Page{Title: q.T(a.message()), View: v, Errors: f.Summary(), Back: p.back(a, m)})
}

func (p pages) back(a *act, m *motionsv1.Motion) string {
	if a.run {
		return "/meetings/" + m.GetMeeting() + "/run"
	}
	return "/motions/" + m.GetId()
}

// general offers the general meetings that a regional motion may be tabled for.
func (p pages) general(q *layout.Request, f *form.Form) (*form.Field, error) {
	reply, err := p.Motions.ListMeetings(q.Context(), &motionsv1.ListMeetingsRequest{})
	if err != nil {
		return nil, err
	}
	field := f.Field("meeting", "motion.tableFor")
	var items []form.Item
	for _, m := range reply.GetMeetings() {
		general := m.GetKind() == motionsv1.MeetingKind_MEETING_KIND_AGM || m.GetKind() == motionsv1.MeetingKind_MEETING_KIND_SPECIAL
		if general && (m.GetState() == motionsv1.MeetingState_MEETING_STATE_DRAFT || m.GetState() == motionsv1.MeetingState_MEETING_STATE_NOTICED) {
			items = append(items, form.Item{Value: m.GetId(), Text: m.GetTitle(), Hint: q.DateTime(m.GetStartTime())})
		}
	}
	if len(items) == 0 {
		field.Hint = q.T("motion.noGeneral")
	}
	return f.Choose(field, items...), nil
}

func (p pages) act(q *layout.Request) error {
	a := find(q.PathValue("act"))
	if a == nil {
		return layout.ErrNotFound
	}
	if a.name == "table" {
		if wrong := q.Missing("meeting", "motion.chooseMeeting"); len(wrong) > 0 {
			return p.confirm(q, wrong)
		}
	}
	if day := q.Typed("effective_time"); day != "" {
		if _, ok := text.ReadDay(day); !ok {
			return p.confirm(q, []form.Wrong{{Field: "effective_time", Text: q.T("form.dayFormat")}})
		}
	}
	id := q.PathValue("motion")
	if err := a.do(p, q, id); err != nil {
		return q.Again(err, p.confirm)
	}
	if a.run {
		m, err := p.motion(q)
		if err != nil {
			return err
		}
		return q.See("/meetings/" + m.GetMeeting() + "/run?done=" + a.name)
	}
	return q.See("/motions/" + id + "?done=" + a.name)
}

type newView struct {
	Meeting             *motionsv1.Meeting
	Heading, Resolution *form.Field
	Text                *form.Field
}

func (p pages) moving(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	m, err := p.Motions.GetMeeting(q.Context(), &motionsv1.GetMeetingRequest{Meeting: q.PathValue("meeting")})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := newView{
		Meeting: m, Heading: f.Hinted("title", "motion.title", "motion.titleHint"), Text: f.Hinted("text", "motion.text", "motion.textHint"),
		Resolution: f.Field("resolution", "motion.needs"),
	}
	v.Text.Rows = 10
	v.Resolution.LabelClasses = "govuk-fieldset__legend--s"
	f.Choose(v.Resolution,
		form.Item{Value: "ordinary", Text: q.T("motion.ordinary")},
		form.Item{Value: "extraordinary", Text: q.T("motion.extraordinary"), Hint: q.T("motion.extraordinaryHint")})
	if v.Resolution.Value == "" {
		v.Resolution.Items[0].Checked = true
	}
	return q.Show(code, "new.html", layout.Page{Title: q.T("motion.new"), View: v, Errors: f.Summary(), Back: "/meetings/" + m.GetId()})
}

func (p pages) move(q *layout.Request) error {
	if wrong := q.Missing("title", "motion.titleNeeded", "text", "motion.textNeeded"); len(wrong) > 0 {
		return p.moving(q, wrong)
	}
	resolution := motionsv1.Resolution_RESOLUTION_ORDINARY
	if q.Typed("resolution") == "extraordinary" {
		resolution = motionsv1.Resolution_RESOLUTION_EXTRAORDINARY
	}
	m, err := p.Motions.MoveMotion(q.Context(), &motionsv1.MoveMotionRequest{
		RequestId: q.RequestID(), Meeting: q.PathValue("meeting"), Title: q.Typed("title"), Text: q.Typed("text"),
		Resolution: resolution, Kind: motionsv1.MotionKind_MOTION_KIND_RESOLUTION,
	})
	if err != nil {
		return q.Again(err, p.moving)
	}
	return q.See("/motions/" + m.GetId() + "?done=move")
}
