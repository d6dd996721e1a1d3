package server

import (
	"context"
	"strconv"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/page"
)

// GetBallot returns one ballot.
func (s *Server) GetBallot(ctx context.Context, r *ballotsv1.GetBallotRequest) (*ballotsv1.Ballot, error) {
	b, err := s.store.Get(ctx, r.GetBallot())
	if err != nil {
		return nil, err
	}
	return ballotProto(b), nil
}

// ListBallots pages through the ballots, newest first.
func (s *Server) ListBallots(ctx context.Context, r *ballotsv1.ListBallotsRequest) (*ballotsv1.ListBallotsResponse, error) {
	size, err := page.Size(r.GetPageSize())
	if err != nil {
		return nil, err
	}
	before, err := numberBefore(r.GetPageToken(), "ballots", r.GetMeeting())
	if err != nil {
		return nil, err
	}
	// One more than asked for says whether there is a next page.
	all, numbers, err := s.store.List(ctx, r.GetMeeting(), before, size+1)
	if err != nil {
		return nil, err
	}
	out := &ballotsv1.ListBallotsResponse{}
	if len(all) > size {
		all = all[:size]
		out.NextPageToken = page.Token(strconv.FormatInt(numbers[size-1], 10), "ballots", r.GetMeeting())
	}
	for _, b := range all {
		out.Ballots = append(out.Ballots, ballotProto(b))
	}
	return out, nil
}

// FindReceipt says whether a receipt's vote is in the count.
func (s *Server) FindReceipt(ctx context.Context, r *ballotsv1.FindReceiptRequest) (*ballotsv1.FindReceiptResponse, error) {
	code, ok := ballots.ParseCode(r.GetCode())
	if !ok {
		return nil, fault.Field("RECEIPT_FORM", "code", "A receipt's code has 16 letters and digits, in four groups of four, and never 0, O, 1 or I.")
	}
	at, found, err := s.store.FindReceipt(ctx, r.GetBallot(), code)
	if err != nil || !found {
		return &ballotsv1.FindReceiptResponse{}, err
	}
	return &ballotsv1.FindReceiptResponse{Found: true, CastTime: instant(at)}, nil
}

// numberBefore reads the ballot's number below which a page begins; 0 for the first page.
func numberBefore(token string, list ...string) (int64, error) {
	key, err := page.Key(token, list...)
	if err != nil || key == "" {
		return 0, err
	}
	before, err := strconv.ParseInt(key, 10, 64)
	if err != nil || before < 1 {
		return 0, fault.Field("PAGE_TOKEN", "page_token", "This page token is not one of ours. Begin with the first page.")
	}
	return before, nil
}
