package store

import (
	"testing"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
)

// TestMyVotes: a member finds the ballots in which they have voted, newest first and by the page, with their receipts; nobody else's, and
// none in which they only stood on the roll.
func TestMyVotes(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		s, _ := start(t, db, Config{})
		first, second, third := open(t, s, 3), open(t, s, 3), open(t, s, 3)
		mustCast(t, s, first, 2, ballots.Against, "request-0")
		mine := map[string]ballots.Vote{first: mustCast(t, s, first, 1, ballots.For, "request-1"), third: mustCast(t, s, third, 1, ballots.Against, "request-3")}
		mustCast(t, s, second, 2, ballots.For, "request-2")
		if _, err := s.Close(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		all, err := s.MyVotes(t.Context(), memberNo(1), 0, 10)
		if err != nil || len(all) != 2 || all[0].Ballot.ID != third || all[1].Ballot.ID != first {
			t.Fatalf("got %+v, %v", all, err)
		}
		for _, v := range all {
			if want := mine[v.Ballot.ID]; v.Vote.Receipt != want.Receipt || v.Vote.Cast != want.Cast || v.Vote.Choice != "" {
				t.Errorf("%s: %+v, want the receipt and the instant of %+v", v.Ballot.ID, v.Vote, want)
			}
		}
		if all[0].Ballot.State() != ballots.Open || all[1].Ballot.State() != ballots.Closed {
			t.Errorf("states %v and %v", all[0].Ballot.State(), all[1].Ballot.State())
		}
		next, err := s.MyVotes(t.Context(), memberNo(1), all[0].Number, 1)
		if err != nil || len(next) != 1 || next[0].Ballot.ID != first {
			t.Errorf("the next page: %+v, %v", next, err)
		}
		if none, err := s.MyVotes(t.Context(), memberNo(3), 0, 10); err != nil || len(none) != 0 {
			t.Errorf("somebody who never voted: %+v, %v", none, err)
		}
	}, parts...)
}
