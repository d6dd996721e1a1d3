package server

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// ReadLog serves the ballots' public log.
func (s *Server) ReadLog(ctx context.Context, r *ballotsv1.ReadLogRequest) (*httpbody.HttpBody, error) {
	f, err := s.log.File(ctx, r.GetPath())
	if err != nil {
		return nil, err
	}
	return &httpbody.HttpBody{ContentType: f.ContentType, Data: f.Data}, nil
}

// GetRecord shows a ballot's events in the public log. What opens the count is given from publication.
func (s *Server) GetRecord(ctx context.Context, r *ballotsv1.GetRecordRequest) (*httpbody.HttpBody, error) {
	events, state, err := s.store.Leaves(ctx, r.GetBallot())
	if err != nil {
		return nil, err
	}
	indexes := make([]int64, len(events))
	for i, e := range events {
		indexes[i] = e.Index
	}
	file, err := s.log.ProveClosed(ctx, indexes)
	if err != nil {
		return nil, err
	}
	for i, e := range events {
		if e.Event.Opened(state) && !file.Leaves[i].Open(e.Salt, e.Content) {
			return nil, fmt.Errorf("server: leaf %d of the public log is not what its row opens", e.Index)
		}
	}
	return jsonBody(file)
}

// GetMyVoteProof shows the caller's vote in the public log, and nothing of how they voted.
func (s *Server) GetMyVoteProof(ctx context.Context, r *ballotsv1.GetMyVoteProofRequest) (*httpbody.HttpBody, error) {
	leaves, err := s.store.VoteLeaves(ctx, r.GetBallot(), auth.FromContext(ctx).Member)
	if err != nil {
		return nil, err
	}
	if len(leaves) == 0 {
		return nil, fault.New(fault.NotFound, "NOT_VOTED", "You have not voted in this ballot, so there is nothing to prove.")
	}
	file, err := s.log.ProveClosed(ctx, leaves)
	if err != nil {
		return nil, err
	}
	return jsonBody(file)
}

// openingsPart is how much of the openings goes into one message, in bytes.
const openingsPart = 256 << 10

// GetOpenings opens every vote of a published ballot.
func (s *Server) GetOpenings(r *ballotsv1.GetOpeningsRequest, stream grpc.ServerStreamingServer[httpbody.HttpBody]) error {
	o, err := s.store.Openings(stream.Context(), r.GetBallot())
	if err != nil {
		return err
	}
	// The log is read after the votes, so it holds all of them.
	leaves, checkpoint, err := s.log.Whole(stream.Context())
	if err != nil {
		return err
	}
	file := ballots.OpeningsFile{
		Format: ballots.OpeningsFormat, Key: s.log.VerifierKey(), Checkpoint: string(checkpoint), Leaves: leaves, Ballot: r.GetBallot(), Votes: o.Votes,
	}
	for _, e := range o.Events {
		file.Events = append(file.Events, ballots.OpenedEvent{Leaf: e.Index, Salt: e.Salt, Content: string(e.Content)})
	}
	raw, err := json.Marshal(file)
	if err != nil {
		return fmt.Errorf("server: encode the openings: %w", err)
	}
	raw = append(raw, '\n')
	for len(raw) > 0 {
		part := raw[:min(openingsPart, len(raw))]
		if err := stream.Send(&httpbody.HttpBody{ContentType: "application/json", Data: part}); err != nil {
			return err
		}
		raw = raw[len(part):]
	}
	return nil
}

func jsonBody(file translog.ProofFile) (*httpbody.HttpBody, error) {
	raw, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("server: encode a proof: %w", err)
	}
	return &httpbody.HttpBody{ContentType: "application/json", Data: append(raw, '\n')}, nil
}
