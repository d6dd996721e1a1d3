package roll

import (
	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

type prepareView struct {
	Meeting *form.Field
}

// noticed are the meetings that have been given notice of and not closed.
func (p pages) noticed(q *layout.Request) ([]*motionsv1.Meeting, error) {
	reply, err := p.Motions.ListMeetings(q.Context(), &motionsv1.ListMeetingsRequest{PageSize: 200})
	if err != nil {
		return nil, err
	}
	var all []*motionsv1.Meeting
	for _, m := range reply.GetMeetings() {
		if m.GetState() == motionsv1.MeetingState_MEETING_STATE_NOTICED || m.GetState() == motionsv1.MeetingState_MEETING_STATE_OPEN {
			all = append(all, m)
		}
	}
	return all, nil
}

func (p pages) preparing(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	meetings, err := p.noticed(q)
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := prepareView{}
	var items []form.Item
	for _, m := range meetings {
		items = append(items, form.Item{Value: m.GetId(), Text: m.GetTitle(), Hint: q.DateTime(m.GetStartTime())})
	}
	if len(items) > 0 {
		v.Meeting = f.Choose(f.Field("meeting", "roll.meeting"), items...)
		v.Meeting.LabelClasses = "govuk-fieldset__legend--s"
	}
	return q.Show(code, "prepare.html", layout.Page{Title: q.T("roll.prepare"), View: v, Errors: f.Summary(), Back: "/rolls"})
}

func (p pages) prepare(q *layout.Request) error {
	if wrong := q.Missing("meeting", "roll.meetingNeeded"); len(wrong) > 0 {
		return p.preparing(q, wrong)
	}
	meetings, err := p.noticed(q)
	if err != nil {
		return err
	}
	for _, m := range meetings {
		if m.GetId() != q.Typed("meeting") {
			continue
		}
		r, err := p.Rolls.PrepareRoll(q.Context(), &membershipv1.PrepareRollRequest{
			RequestId: q.RequestID(), Meeting: m.GetId(), Title: m.GetTitle(), Region: m.GetRegion(), NoticeTime: m.GetNoticeTime(),
		})
		if err != nil {
			return q.Again(err, p.preparing)
		}
		return q.See("/rolls/" + r.GetId() + "?done=prepare")
	}
	return p.preparing(q, []form.Wrong{{Field: "meeting", Text: q.T("roll.meetingNeeded")}})
}

type challengeView struct {
	Roll                *membershipv1.RollRecord
	Title               string
	Kind, About, Reason *form.Field
}

const (
	mine     = "mine"
	omission = "omission"
	entry    = "entry"
)

func (p pages) challenging(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	r, err := p.Rolls.GetRoll(q.Context(), &membershipv1.GetRollRequest{Roll: q.PathValue("roll")})
	if err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	v := challengeView{
		Roll: r, Title: title(q, r), Kind: f.Field("kind", "roll.what"), About: f.Hinted("about", "roll.about", "roll.aboutHint"),
		Reason: f.Hinted("reason", "ledger.why", "roll.whyHint"),
	}
	v.Kind.LabelClasses = "govuk-fieldset__legend--s"
	f.Choose(v.Kind, form.Item{Value: mine, Text: q.T("roll.kind.mine")}, form.Item{Value: omission, Text: q.T("roll.kind.omission")},
		form.Item{Value: entry, Text: q.T("roll.kind.entry")})
	v.About.Autocomplete, v.About.NoSpelling = "off", true
	return q.Show(code, "challenge.html", layout.Page{Title: q.T("roll.challenge"), View: v, Errors: f.Summary(), Back: "/rolls/" + r.GetId()})
}

func (p pages) challenge(q *layout.Request) error {
	wrong := q.Missing("kind", "roll.whatNeeded", "reason", "roll.whyNeeded")
	if q.Typed("kind") != mine {
		wrong = append(wrong, q.Missing("about", "roll.aboutNeeded")...)
	}
	if len(wrong) > 0 {
		return p.challenging(q, wrong)
	}
	r := &membershipv1.ChallengeRollRequest{RequestId: q.RequestID(), Roll: q.PathValue("roll"), About: q.Typed("about"), Reason: q.Typed("reason")}
	switch q.Typed("kind") {
	case mine:
		r.Kind, r.Member, r.About = membershipv1.ChallengeKind_CHALLENGE_KIND_OMISSION, q.Viewer.Member, ""
	case omission:
		r.Kind = membershipv1.ChallengeKind_CHALLENGE_KIND_OMISSION
	case entry:
		r.Kind = membershipv1.ChallengeKind_CHALLENGE_KIND_ENTRY
	}
	if _, err := p.Rolls.ChallengeRoll(q.Context(), r); err != nil {
		return q.Again(err, p.challenging)
	}
	return q.See("/rolls/" + r.GetRoll() + "?done=challenge")
}

type decideView struct {
	Roll, Title              string
	Challenge                challenged
	Member, Decision, Reason *form.Field
}

func (p pages) deciding(q *layout.Request, wrong []form.Wrong) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	r, err := p.Rolls.GetRoll(q.Context(), &membershipv1.GetRollRequest{Roll: q.PathValue("roll")})
	if err != nil {
		return err
	}
	all, err := p.challenges(q, r)
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Challenge.GetId() != q.PathValue("challenge") {
			continue
		}
		f, code := q.FormOf(wrong)
		v := decideView{Roll: r.GetId(), Title: title(q, r), Challenge: c, Decision: f.Field("decision", "roll.decision"), Reason: f.Hinted("reason", "ledger.why", "roll.decisionHint")}
		v.Decision.LabelClasses = "govuk-fieldset__legend--s"
		f.Choose(v.Decision, form.Item{Value: "uphold", Text: q.T("roll.uphold"), Hint: q.T("roll.upholdHint")}, form.Item{Value: "dismiss", Text: q.T("roll.dismiss")})
		if c.Challenge.GetMember() == "" {
			v.Member = f.Hinted("member", "roll.member", "roll.memberHint")
			v.Member.Autocomplete, v.Member.NoSpelling = "off", true
		}
		return q.Show(code, "decide.html", layout.Page{Title: q.T("roll.decide"), View: v, Errors: f.Summary(), Back: "/rolls/" + r.GetId()})
	}
	return layout.ErrNotFound
}

// memberOf finds the one member whom the secretary typed: by a number, a payment reference, a name or an address.
func (p pages) memberOf(q *layout.Request, typed string) (string, []form.Wrong, error) {
	if typed == "" {
		return "", nil, nil
	}
	reply, err := p.Membership.ListMembers(q.Context(), &membershipv1.ListMembersRequest{Search: typed, PageSize: 2})
	if err != nil {
		return "", nil, err
	}
	if len(reply.GetMembers()) != 1 {
		return "", []form.Wrong{{Field: "member", Text: q.T("roll.memberUnclear")}}, nil
	}
	return reply.GetMembers()[0].GetId(), nil, nil
}

func (p pages) decide(q *layout.Request) error {
	wrong := q.Missing("decision", "roll.decisionNeeded", "reason", "roll.whyNeeded")
	uphold := q.Typed("decision") == "uphold"
	who, unclear, err := p.memberOf(q, q.Typed("member"))
	if err != nil {
		return err
	}
	if wrong = append(wrong, unclear...); len(wrong) > 0 {
		return p.deciding(q, wrong)
	}
	_, err = p.Rolls.DecideRollChallenge(q.Context(), &membershipv1.DecideRollChallengeRequest{
		RequestId: q.RequestID(), Challenge: q.PathValue("challenge"), Uphold: uphold, Reason: q.Typed("reason"), Member: who,
	})
	if err != nil {
		return q.Again(err, p.deciding)
	}
	return q.See("/rolls/" + q.PathValue("roll") + "?done=decide")
}
