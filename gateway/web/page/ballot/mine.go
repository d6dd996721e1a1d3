package ballot

import (
	"net/http"
	"net/url"

	"github.com/localgovdigital/folkmoot/gateway/web/layout"
	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
)

// minePage is how many votes a page shows.
const minePage = 50

type mineView struct {
	Votes []*ballotsv1.TakenPart
	// Next is the address of the next page, or empty.
	Next string
}

// mine lists the votes that the member took part in, with their receipts and never their choices.
func (p pages) mine(q *layout.Request) error {
	if !q.Viewer.SignedIn() {
		return layout.ErrSignIn
	}
	reply, err := p.Records.ListMyVotes(q.Context(), &ballotsv1.ListMyVotesRequest{PageSize: minePage, PageToken: q.URL.Query().Get("page")})
	if err != nil {
		return err
	}
	v := mineView{Votes: reply.GetVotes()}
	if t := reply.GetNextPageToken(); t != "" {
		v.Next = "/me/votes?page=" + url.QueryEscape(t)
	}
	return q.Show(http.StatusOK, "mine.html", layout.Page{Title: q.T("ballot.mine"), View: v, Back: "/me", Here: "/me/votes"})
}
