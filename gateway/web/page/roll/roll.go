// Package roll is the electoral rolls: what each is for and by which rule, whether one is on it and why, a file that shows it
// without us, how two differ, and challenges before a roll is used.
package roll

import (
	"embed"
	"net/http"
	"net/url"

	"google.golang.org/genproto/googleapis/api/httpbody"

	"github.com/localgovdigital/folkmoot/gateway/web/form"
	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
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
	j.Get("/rolls", p.list)
	j.Get("/rolls/new", func(q *layout.Request) error { return p.preparing(q, nil) })
	j.Post("/rolls/new", p.prepare)
	j.Get("/rolls/{roll}", p.show)
	j.Get("/rolls/{roll}/proof", p.proof)
	j.Get("/rolls/{roll}/my-proof", p.myProof)
	j.Get("/rolls/{roll}/compare", p.compare)
	j.Get("/rolls/{roll}/challenge", func(q *layout.Request) error { return p.challenging(q, nil) })
	j.Post("/rolls/{roll}/challenge", p.challenge)
	j.Get("/rolls/{roll}/challenges/{challenge}", func(q *layout.Request) error { return p.deciding(q, nil) })
	j.Post("/rolls/{roll}/challenges/{challenge}", p.decide)
	return nil
}

func mayDecide(q *layout.Request) bool {
	return q.Viewer.HoldsAny(membershipv1.Role_ROLE_SECRETARY, membershipv1.Role_ROLE_CHAIR)
}

// title is what a roll is for, in words.
func title(q *layout.Request, r *membershipv1.RollRecord) string {
	if r.GetTitle() == "" {
		return q.T("roll.untitled")
	}
	return r.GetTitle()
}

func tag(q *layout.Request, r *membershipv1.RollRecord) form.Tag {
	switch {
	case r.GetBallot() != "":
		return form.Tag{Text: q.T("roll.state.vote"), Classes: "govuk-tag--green"}
	case r.GetSupersededBy() != "":
		return form.Tag{Text: q.T("roll.state.superseded"), Classes: "govuk-tag--grey"}
	case r.GetUseTime() != nil:
		return form.Tag{Text: q.T("roll.state.used"), Classes: "govuk-tag--green"}
	}
	return form.Tag{Text: q.T("roll.state.prepared"), Classes: "govuk-tag--blue"}
}

type listed struct {
	Roll        *membershipv1.RollRecord
	Title, When string
	Tag         form.Tag
}

type listView struct {
	Rolls      []listed
	Next       string
	MayPrepare bool
}

func (p pages) list(q *layout.Request) error {
	meeting := q.URL.Query().Get("meeting")
	reply, err := p.Rolls.ListRolls(q.Context(), &membershipv1.ListRollsRequest{PageToken: q.URL.Query().Get("page"), Meeting: meeting})
	if err != nil {
		return err
	}
	v := listView{MayPrepare: mayDecide(q)}
	for _, r := range reply.GetRolls() {
		v.Rolls = append(v.Rolls, listed{r, title(q, r), q.T("roll.frozenOn", "Date", q.DateTime(r.GetFreezeTime()), "Count", r.GetCount()), tag(q, r)})
	}
	if t := reply.GetNextPageToken(); t != "" {
		v.Next = "/rolls?" + url.Values{"page": {t}, "meeting": {meeting}}.Encode()
	}
	return q.Show(http.StatusOK, "list.html", layout.Page{Title: q.T("roll.rolls"), View: v})
}

type challenged struct {
	Challenge            *membershipv1.RollChallenge
	What, About, Outcome string
	MayDecide            bool
}

type view struct {
	Roll         *membershipv1.RollRecord
	Title        string
	Tag          form.Tag
	Facts        []form.Row
	Place        *membershipv1.GetRollEntryResponse
	PlaceWords   string
	MayChallenge bool
	Challenges   []challenged
	With         *form.Field
	Compare      form.Button
}

func (p pages) show(q *layout.Request) error {
	id := q.PathValue("roll")
	r, err := p.Rolls.GetRoll(q.Context(), &membershipv1.GetRollRequest{Roll: id})
	if err != nil {
		return err
	}
	v := view{Roll: r, Title: title(q, r), Tag: tag(q, r), Facts: p.facts(q, r), Compare: form.Button{Text: q.T("roll.compare"), Classes: "govuk-button--secondary"}}
	if q.Viewer.SignedIn() {
		if v.Place, err = p.Rolls.GetRollEntry(q.Context(), &membershipv1.GetRollEntryRequest{Roll: id}); err != nil {
			return err
		}
		v.PlaceWords = q.T("roll.youAreNot")
		if v.Place.GetOnRoll() {
			v.PlaceWords = q.T("roll.youAre", "Number", v.Place.GetNumber())
		}
		v.MayChallenge = r.GetBallot() == "" && r.GetSupersededBy() == "" && r.GetUseTime() == nil
		if v.Challenges, err = p.challenges(q, r); err != nil {
			return err
		}
	}
	if v.With, err = p.others(q, id); err != nil {
		return err
	}
	page := layout.Page{Title: v.Title, View: v, Back: "/rolls", Here: "/rolls/" + id}
	if done := q.URL.Query().Get("done"); done == "challenge" || done == "decide" || done == "prepare" {
		page.Banner = &form.Banner{Title: q.T("form.success"), Text: q.T("roll.done." + done), Success: true}
	}
	return q.Show(http.StatusOK, "roll.html", page)
}

func (p pages) facts(q *layout.Request, r *membershipv1.RollRecord) []form.Row {
	region := q.T("meeting.wholeSociety")
	if r.GetRegion() != "" {
		region = q.Region(r.GetRegion())
	}
	rule := q.T("roll.asked", "Version", r.GetRuleBook())
	if r.GetDonationRequired() {
		rule = q.T("roll.required", "Version", r.GetRuleBook())
	}
	doubles := q.T("roll.notCounted")
	if r.DoublesExamined != nil {
		doubles = q.T("roll.number", "Count", r.GetDoublesExamined())
	}
	rows := []form.Row{
		{Key: q.T("roll.whom"), Value: region},
		{Key: q.T("roll.notice"), Value: q.DateTime(r.GetNoticeTime())},
		{Key: q.T("roll.frozen"), Value: q.DateTime(r.GetFreezeTime())},
		{Key: q.T("roll.rule"), Value: rule},
		{Key: q.T("roll.count"), Value: r.GetCount()},
		{Key: q.T("roll.admitted"), Value: r.GetAdmittedSinceNotice()},
		{Key: q.T("roll.doubles"), Value: doubles},
		{Key: q.T("roll.rulings"), Value: r.GetRulings()},
	}
	if r.GetBallot() == "" {
		rows = append(rows, form.Row{Key: q.T("roll.challenges"), Value: q.T("roll.challengesAre",
			"Open", r.GetChallengesOpen(), "Upheld", r.GetChallengesUpheld(), "Dismissed", r.GetChallengesDismissed())})
	}
	if r.GetUseTime() != nil {
		rows = append(rows, form.Row{Key: q.T("roll.used"), Value: q.DateTime(r.GetUseTime())})
	}
	return rows
}

func (p pages) challenges(q *layout.Request, r *membershipv1.RollRecord) ([]challenged, error) {
	reply, err := p.Rolls.ListRollChallenges(q.Context(), &membershipv1.ListRollChallengesRequest{Roll: r.GetId()})
	if err != nil {
		return nil, err
	}
	var all []challenged
	for _, c := range reply.GetChallenges() {
		all = append(all, p.challengedOf(q, c))
	}
	return all, nil
}

func (p pages) challengedOf(q *layout.Request, c *membershipv1.RollChallenge) challenged {
	out := challenged{Challenge: c, What: q.T("roll.kind.entry"), About: c.GetAbout(), Outcome: q.T("roll.waits")}
	if c.GetKind() == membershipv1.ChallengeKind_CHALLENGE_KIND_OMISSION {
		out.What = q.T("roll.kind.omission")
	}
	if c.GetMember() == c.GetChallenger() {
		out.About = c.GetChallengerName()
	}
	switch c.GetState() {
	case membershipv1.ChallengeState_CHALLENGE_STATE_UPHELD:
		out.Outcome = q.T("roll.upheldOn", "Date", q.DateTime(c.GetDecideTime()))
	case membershipv1.ChallengeState_CHALLENGE_STATE_DISMISSED:
		out.Outcome = q.T("roll.dismissedOn", "Date", q.DateTime(c.GetDecideTime()))
	default:
		out.MayDecide = mayDecide(q) && c.GetChallenger() != q.Viewer.Member && c.GetMember() != q.Viewer.Member
	}
	return out
}

// others offers the other rolls to compare one with; nil where there is none.
func (p pages) others(q *layout.Request, id string) (*form.Field, error) {
	reply, err := p.Rolls.ListRolls(q.Context(), &membershipv1.ListRollsRequest{PageSize: 50})
	if err != nil {
		return nil, err
	}
	f, _ := q.FormOf(nil)
	var items []form.Item
	for _, r := range reply.GetRolls() {
		if r.GetId() != id {
			items = append(items, form.Item{Value: r.GetId(), Text: title(q, r) + ", " + q.DateTime(r.GetFreezeTime())})
		}
	}
	if len(items) == 0 {
		return nil, nil
	}
	return f.Choose(f.Field("with", "roll.with"), items...), nil
}

func (p pages) proof(q *layout.Request) error {
	body, err := p.Rolls.GetRollProof(q.Context(), &membershipv1.GetRollProofRequest{Roll: q.PathValue("roll")})
	if err != nil {
		return err
	}
	return download(q, body, "roll-proof.json")
}

func (p pages) myProof(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	body, err := p.Rolls.GetMyRollProof(q.Context(), &membershipv1.GetMyRollProofRequest{Roll: q.PathValue("roll")})
	if err != nil {
		return err
	}
	return download(q, body, "my-roll-proof.json")
}

// download hands a file over; no browser shows or keeps it.
func download(q *layout.Request, body *httpbody.HttpBody, name string) error {
	h := q.Writer.Header()
	h.Set("Content-Type", body.GetContentType())
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	_, _ = q.Writer.Write(body.GetData())
	return nil
}

type named struct {
	Difference *membershipv1.RollDifference
	Change     string
}

type compareView struct {
	First, Second           *membershipv1.RollRecord
	FirstTitle, SecondTitle string
	Rows                    []form.Row
	Names                   []named
	MayName                 bool
	Next                    string
}

func (p pages) compare(q *layout.Request) error {
	first, second := q.PathValue("roll"), q.URL.Query().Get("with")
	v := compareView{MayName: q.Viewer.HoldsAny(membershipv1.Role_ROLE_SECRETARY)}
	var err error
	if v.First, err = p.Rolls.GetRoll(q.Context(), &membershipv1.GetRollRequest{Roll: first}); err != nil {
		return err
	}
	if v.Second, err = p.Rolls.GetRoll(q.Context(), &membershipv1.GetRollRequest{Roll: second}); err != nil {
		return err
	}
	// The earlier one first, whichever page it began from.
	if v.Second.GetFreezeTime().AsTime().Before(v.First.GetFreezeTime().AsTime()) {
		v.First, v.Second = v.Second, v.First
	}
	c, err := p.Rolls.CompareRolls(q.Context(), &membershipv1.CompareRollsRequest{Roll: v.First.GetId(), With: v.Second.GetId()})
	if err != nil {
		return err
	}
	v.FirstTitle, v.SecondTitle = title(q, v.First), title(q, v.Second)
	v.Rows = []form.Row{
		{Key: q.T("roll.both"), Value: c.GetBoth()}, {Key: q.T("roll.onlyFirst"), Value: c.GetOnlyFirst()}, {Key: q.T("roll.onlySecond"), Value: c.GetOnlySecond()},
	}
	if v.MayName {
		reply, err := p.Rolls.ListRollDifferences(q.Context(), &membershipv1.ListRollDifferencesRequest{
			Roll: v.First.GetId(), With: v.Second.GetId(), PageToken: q.URL.Query().Get("page"),
		})
		if err != nil {
			return err
		}
		for _, d := range reply.GetDifferences() {
			v.Names = append(v.Names, named{d, q.T("roll.change." + d.GetChange())})
		}
		if t := reply.GetNextPageToken(); t != "" {
			v.Next = "/rolls/" + v.First.GetId() + "/compare?" + url.Values{"with": {v.Second.GetId()}, "page": {t}}.Encode()
		}
	}
	return q.Show(http.StatusOK, "compare.html", layout.Page{Title: q.T("roll.compareTitle"), View: v, Back: "/rolls/" + first, Wide: true})
}
