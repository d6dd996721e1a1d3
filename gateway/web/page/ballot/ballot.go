// Package ballot is how a member votes: choose, check ("not sent yet"), receipt; and how anybody looks a receipt up.
//
// The choice is never in an address, and nothing shows it again once it is sent. A member who may not vote is told
// the rule, its date and whom to ask; one who has voted sees the first receipt.
package ballot

import (
	"embed"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
)

//go:embed *.html
var files embed.FS

// choices are what the form sends, in the order in which they stand.
var choices = []struct {
	value, message string
	choice         ballotsv1.Choice
}{
	{"for", "ballot.for", ballotsv1.Choice_CHOICE_FOR},
	{"against", "ballot.against", ballotsv1.Choice_CHOICE_AGAINST},
	{"abstain", "ballot.abstain", ballotsv1.Choice_CHOICE_ABSTAIN},
}

func chosen(value string) (ballotsv1.Choice, string) {
	for _, c := range choices {
		if c.value == value {
			return c.choice, c.message
		}
	}
	return ballotsv1.Choice_CHOICE_UNSPECIFIED, ""
}

type pages struct{ *layout.Site }

// Register adds the pages to the site.
func Register(s *layout.Site) error {
	j, err := s.Journey(files)
	if err != nil {
		return err
	}
	p := pages{s}
	j.Get("/ballots/{ballot}", func(q *layout.Request) error { return p.vote(q, nil) })
	j.Post("/ballots/{ballot}", p.cast)
	j.Get("/ballots/{ballot}/check", func(q *layout.Request) error { return q.See("/ballots/" + q.PathValue("ballot")) })
	j.Post("/ballots/{ballot}/check", p.check)
	j.Get("/ballots/{ballot}/receipt", func(q *layout.Request) error { return p.receipt(q, false) })
	j.Get("/ballots/{ballot}/receipts", p.find)
	j.Get("/ballots/{ballot}/my-proof", p.myProof)
	j.Get("/me/votes", p.mine)
	j.Get("/ballots/{ballot}/record", p.record)
	j.Get("/ballots/{ballot}/openings", p.openings)
	return nil
}

func (p pages) ballot(q *layout.Request) (*ballotsv1.Ballot, error) {
	return p.Ballots.GetBallot(q.Context(), &ballotsv1.GetBallotRequest{Ballot: q.PathValue("ballot")})
}

type voteView struct {
	Ballot  *ballotsv1.Ballot
	Privacy string
	Choice  *form.Field
}

type stopView struct {
	Ballot                   *ballotsv1.Ballot
	Text, Why, Date, Contact string
	CheckHref                string
	SignIn                   *form.Button
}

// stop shows why there is nothing to vote on here, or nil if there is.
func (p pages) stop(q *layout.Request, b *ballotsv1.Ballot) (bool, error) {
	v := stopView{Ballot: b, CheckHref: "/ballots/" + b.GetId() + "/receipts"}
	show := func(title string) (bool, error) {
		return true, q.Show(http.StatusOK, "stop.html", layout.Page{
			Title: q.T(title), View: v, Back: "/meetings/" + b.GetMeeting(), Here: "/ballots/" + b.GetId(),
		})
	}
	if !q.Viewer.SignedIn() {
		if b.GetState() != ballotsv1.BallotState_BALLOT_STATE_OPEN {
			v.Text = q.T("ballot.closedText")
			return show("ballot.closedTitle")
		}
		v.Text = q.T("ballot.signInText")
		v.SignIn = &form.Button{Text: q.T("layout.signIn"), Href: "/sign-in?next=/ballots/" + b.GetId()}
		return show("ballot.signInTitle")
	}
	mine, err := p.Ballots.GetMyVote(q.Context(), &ballotsv1.GetMyVoteRequest{Ballot: b.GetId()})
	if err != nil {
		return true, err
	}
	switch {
	case mine.GetReceipt() != nil:
		return true, p.receipt(q, q.Method == http.MethodPost)
	case b.GetState() != ballotsv1.BallotState_BALLOT_STATE_OPEN:
		v.Text = q.T("ballot.closedText")
		if q.Method == http.MethodPost {
			v.Text = q.T("ballot.closedOnCheck", "Time", q.Clock(b.GetCloseTime()))
		}
		return show("ballot.closedTitle")
	case !mine.GetOnRoll():
		v.Text = q.T("ballot.notOnRollText")
		v.Why, v.Date, v.Contact = mine.GetExplanation(), mine.GetDate(), mine.GetContact()
		return show("ballot.notOnRollTitle")
	}
	return false, nil
}

func (p pages) vote(q *layout.Request, wrong []form.Wrong) error {
	b, err := p.ballot(q)
	if err != nil {
		return err
	}
	if stopped, err := p.stop(q, b); stopped || err != nil {
		return err
	}
	f, code := q.FormOf(wrong)
	field := f.Field("choice", "ballot.choose")
	field.LabelClasses = "govuk-fieldset__legend--m"
	var items []form.Item
	for _, c := range choices {
		items = append(items, form.Item{Value: c.value, Text: q.T(c.message)})
	}
	f.Choose(field, items...)
	return q.Show(code, "vote.html", layout.Page{
		Title: b.GetQuestion(), OwnHeading: true, Errors: f.Summary(), Back: "/meetings/" + b.GetMeeting(), Here: "/ballots/" + b.GetId(),
		View: voteView{Ballot: b, Privacy: b.GetPrivacy(), Choice: field},
	})
}

type checkView struct {
	Ballot                 *ballotsv1.Ballot
	Choice, Value, Privacy string
}

func (p pages) check(q *layout.Request) error {
	_, message := chosen(q.Typed("choice"))
	if message == "" {
		return p.vote(q, []form.Wrong{{Field: "choice", Text: q.T("ballot.chooseOne")}})
	}
	b, err := p.ballot(q)
	if err != nil {
		return err
	}
	if stopped, err := p.stop(q, b); stopped || err != nil {
		return err
	}
	return q.Show(http.StatusOK, "check.html", layout.Page{
		Title: q.T("ballot.checkTitle"), Back: "/ballots/" + b.GetId(), Here: "/ballots/" + b.GetId(),
		View: checkView{Ballot: b, Choice: q.T(message), Value: q.Typed("choice"), Privacy: b.GetPrivacy()},
	})
}

func (p pages) cast(q *layout.Request) error {
	choice, message := chosen(q.Typed("choice"))
	if message == "" {
		return p.vote(q, []form.Wrong{{Field: "choice", Text: q.T("ballot.chooseOne")}})
	}
	id := q.PathValue("ballot")
	_, err := p.Ballots.CastVote(q.Context(), &ballotsv1.CastVoteRequest{RequestId: q.RequestID(), Ballot: id, Choice: choice})
	switch status.Code(err) {
	case codes.OK:
		return q.See("/ballots/" + id + "/receipt")
	case codes.FailedPrecondition, codes.AlreadyExists, codes.PermissionDenied:
		// Closed, voted already, or not on the roll: what the ballot says now tells which.
		b, failed := p.ballot(q)
		if failed != nil {
			return failed
		}
		if stopped, failed := p.stop(q, b); stopped || failed != nil {
			return failed
		}
	default:
	}
	return err
}

type receiptView struct {
	Ballot    *ballotsv1.Ballot
	Code      string
	When      *timestamppb.Timestamp
	Again     bool
	CheckHref string
}

// receipt shows the receipt of the vote that was cast; again says that a second one was refused.
func (p pages) receipt(q *layout.Request, again bool) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	b, err := p.ballot(q)
	if err != nil {
		return err
	}
	mine, err := p.Ballots.GetMyVote(q.Context(), &ballotsv1.GetMyVoteRequest{Ballot: b.GetId()})
	if err != nil {
		return err
	}
	if mine.GetReceipt() == nil {
		return q.See("/ballots/" + b.GetId())
	}
	code := http.StatusOK
	if again {
		code = http.StatusConflict
	}
	return q.Show(code, "receipt.html", layout.Page{
		Title: q.T("ballot.receiptTitle"), OwnHeading: true, Here: "/ballots/" + b.GetId() + "/receipt",
		View: receiptView{
			Ballot: b, Code: mine.GetReceipt().GetCode(), When: mine.GetReceipt().GetCastTime(), Again: again,
			CheckHref: "/ballots/" + b.GetId() + "/receipts",
		},
	})
}

type findView struct {
	Ballot       *ballotsv1.Ballot
	Code         *form.Field
	Asked, Found bool
	When         *timestamppb.Timestamp
	// Published is whether there are openings to recount.
	Published bool
}

// find says whether a receipt's vote is in the count, never how it was cast.
func (p pages) find(q *layout.Request) error {
	b, err := p.ballot(q)
	if err != nil {
		return err
	}
	v := findView{Ballot: b, Published: b.GetState() == ballotsv1.BallotState_BALLOT_STATE_PUBLISHED}
	var wrong []form.Wrong
	if typed := q.URL.Query().Get("code"); typed != "" {
		reply, err := p.Ballots.FindReceipt(q.Context(), &ballotsv1.FindReceiptRequest{Ballot: b.GetId(), Code: typed})
		if err != nil {
			if wrong, err = q.Wrong(err); err != nil {
				return err
			}
		} else {
			v.Asked, v.Found, v.When = true, reply.GetFound(), reply.GetCastTime()
		}
	} else if q.URL.Query().Has("code") {
		wrong = []form.Wrong{{Field: "code", Text: q.T("ballot.codeNeeded")}}
	}
	f, code := q.FormOf(wrong)
	v.Code = f.Hinted("code", "ballot.code", "ballot.codeHint")
	v.Code.Classes, v.Code.NoSpelling, v.Code.Autocomplete = "govuk-input--width-20", true, "off"
	return q.Show(code, "find.html", layout.Page{Title: q.T("ballot.findTitle"), View: v, Errors: f.Summary(), Back: "/ballots/" + b.GetId()})
}
