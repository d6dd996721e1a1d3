package gateway_test

import (
	"context"
	"testing"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
)

// recordRoom stands in for the record of the ballots.
type recordRoom struct {
	ballotsv1.UnimplementedBallotRecordServiceServer
	*house
}

func (r recordRoom) GetMyVoteProof(ctx context.Context, _ *ballotsv1.GetMyVoteProofRequest) (*httpbody.HttpBody, error) {
	if r.votes[caller(ctx)] == nil {
		return nil, refusal(codes.NotFound, "NOT_VOTED", "You have not voted in this ballot.")
	}
	return &httpbody.HttpBody{ContentType: "application/json", Data: []byte(`{"proof":"mine"}`)}, nil
}

func (recordRoom) GetRecord(context.Context, *ballotsv1.GetRecordRequest) (*httpbody.HttpBody, error) {
	return &httpbody.HttpBody{ContentType: "application/json", Data: []byte(`{"proof":"record"}`)}, nil
}

func (r recordRoom) GetOpenings(_ *ballotsv1.GetOpeningsRequest, stream grpc.ServerStreamingServer[httpbody.HttpBody]) error {
	if r.ballot.GetState() != ballotsv1.BallotState_BALLOT_STATE_PUBLISHED {
		return refusal(codes.FailedPrecondition, "BALLOT_NOT_PUBLISHED", "The votes of this ballot are opened when its result is published.")
	}
	for _, part := range []string{`{"votes":`, `[]}`} {
		if err := stream.Send(&httpbody.HttpBody{ContentType: "application/json", Data: []byte(part)}); err != nil {
			return err
		}
	}
	return nil
}

func (r recordRoom) ListMyVotes(ctx context.Context, in *ballotsv1.ListMyVotesRequest) (*ballotsv1.ListMyVotesResponse, error) {
	if r.votes[caller(ctx)] == nil {
		return &ballotsv1.ListMyVotesResponse{}, nil
	}
	out := &ballotsv1.ListMyVotesResponse{Votes: []*ballotsv1.TakenPart{{Ballot: "b1", Question: r.ballot.GetQuestion(), Motion: "mo1", Meeting: "agm", Receipt: ballotsRoom{house: r.house}.receipt(caller(ctx))}}}
	if in.GetPageToken() == "" {
		out.NextPageToken = "older&more"
	}
	return out, nil
}

// TestTheRecordOfAVote: the receipt leads to the proof, the look-up to the record, and from publication to the openings; my votes show the
// receipt and never the choice.
func TestTheRecordOfAVote(t *testing.T) {
	s := newSite(t)
	v := s.visitor("ada")
	v.get("/me/votes").sees(200, "My votes", "You have not voted yet")
	v.get("/ballots/b1").send("/ballots/b1/check", "choice", "against").send("/ballots/b1").at("/ballots/b1/receipt").
		sees(200, "Download the proof that your vote is in the public log", "It does not say how you voted")
	v.get("/ballots/b1/my-proof").sees(200, `{"proof":"mine"}`)
	v.get("/me").sees(200, "My votes")
	v.get("/me/votes").sees(200, "To bid for funding", "FKLV-C3BV-JNUP-JDG3", "Older votes").missing("Against", "against")
	v.get("/me/votes?page=older%26more").sees(200, "FKLV-C3BV-JNUP-JDG3").missing("Older votes")
	v.get("/ballots/b1/receipts").sees(200, "Download the record of this vote", "Once the result is published").missing("Download all votes")
	v.get("/ballots/b1/openings").sees(409, "opened when its result is published")
	s.visitor("").get("/ballots/b1/record").sees(200, `{"proof":"record"}`)
	s.visitor("").get("/ballots/b1/openings").at("/sign-in?next=%2Fballots%2Fb1%2Fopenings")
	s.visitor("").get("/me/votes").at("/sign-in?next=%2Fme%2Fvotes")
	s.ballot.State = ballotsv1.BallotState_BALLOT_STATE_PUBLISHED
	v.get("/ballots/b1/receipts").sees(200, "Download all votes, to recount them", "folkmoot verify ballot-openings.json")
	v.get("/ballots/b1/openings").sees(200, `{"votes":[]}`)
}
