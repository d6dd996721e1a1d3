package server

import (
	"context"
	"strconv"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/page"
)

// ListMyVotes pages through the ballots in which the caller has voted, with their receipts and without their choices.
func (s *Server) ListMyVotes(ctx context.Context, r *ballotsv1.ListMyVotesRequest) (*ballotsv1.ListMyVotesResponse, error) {
	member := auth.FromContext(ctx).Member
	size, err := page.Size(r.GetPageSize())
	if err != nil {
		return nil, err
	}
	before, err := numberBefore(r.GetPageToken(), "my-votes", member)
	if err != nil {
		return nil, err
	}
	// One more than asked for says whether there is a next page.
	all, err := s.store.MyVotes(ctx, member, before, size+1)
	if err != nil {
		return nil, err
	}
	out := &ballotsv1.ListMyVotesResponse{}
	if len(all) > size {
		all = all[:size]
		out.NextPageToken = page.Token(strconv.FormatInt(all[size-1].Number, 10), "my-votes", member)
	}
	for _, t := range all {
		out.Votes = append(out.Votes, &ballotsv1.TakenPart{
			Ballot: t.Ballot.ID, Question: t.Ballot.Question, Meeting: t.Ballot.Meeting, Motion: t.Ballot.Motion,
			State: states[t.Ballot.State()], Receipt: receiptProto(t.Ballot.ID, t.Vote),
		})
	}
	return out, nil
}
