// Package home is the first page: what the society is, what is decided now, when it meets next. Of an open vote it
// shows how many have voted, nothing else.
package home

import (
	"embed"
	"net/http"
	"slices"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
)

//go:embed *.html
var files embed.FS

type pages struct{ *layout.Site }

// Register adds the page to the site.
func Register(s *layout.Site) error {
	j, err := s.Journey(files)
	if err != nil {
		return err
	}
	j.Get("/{$}", pages{s}.show)
	return nil
}

type meeting struct {
	Meeting *motionsv1.Meeting
	Tag     form.Tag
}

type view struct {
	Founding bool
	Join     form.Button
	Open     []*ballotsv1.Ballot
	OpenTag  form.Tag
	Meetings []meeting
}

func (p pages) show(q *layout.Request) error {
	about := p.About(q.Context())
	v := view{
		Founding: about.GetActTime() == nil,
		Join:     form.Button{Text: q.T("home.join"), Href: "/join", Start: true},
		OpenTag:  form.Tag{Text: q.T("ballot.state.open"), Classes: "govuk-tag--green"},
	}
	ballots, err := p.Ballots.ListBallots(q.Context(), &ballotsv1.ListBallotsRequest{})
	if err != nil {
		return err
	}
	for _, b := range ballots.GetBallots() {
		if b.GetState() == ballotsv1.BallotState_BALLOT_STATE_OPEN {
			v.Open = append(v.Open, b)
		}
	}
	meetings, err := p.Motions.ListMeetings(q.Context(), &motionsv1.ListMeetingsRequest{})
	if err != nil {
		return err
	}
	// They come latest first; the next one should stand on top.
	for _, m := range slices.Backward(meetings.GetMeetings()) {
		switch m.GetState() {
		case motionsv1.MeetingState_MEETING_STATE_NOTICED, motionsv1.MeetingState_MEETING_STATE_OPEN:
			v.Meetings = append(v.Meetings, meeting{m, q.MeetingTag(m.GetState())})
		default:
		}
	}
	return q.Show(http.StatusOK, "home.html", layout.Page{Title: q.T("home.title", "Society", q.Society()), View: v})
}
