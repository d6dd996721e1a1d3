package server

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
)

func (s *Server) courier(topic, holder string, deliver func(context.Context, outbox.Event) error) *outbox.Courier {
	return outbox.NewCourier(outbox.Courier{DB: s.DB, Topic: topic, Holder: holder, Deliver: deliver, Log: s.Log})
}

// deliverRules tells membership the rules that it needs.
func (s *Server) deliverRules(ctx context.Context, e outbox.Event) error {
	var req membershipv1.ApplyRulesRequest
	if err := proto.Unmarshal(e.Payload, &req); err != nil {
		return fmt.Errorf("motions: read event %d for membership: %w", e.Position, err)
	}
	req.Epoch, req.Position = e.Epoch, e.Position
	_, err := s.members.ApplyRules(ctx, &req)
	return err
}

// deliverLedgerRules tells the ledger the rules that it needs.
func (s *Server) deliverLedgerRules(ctx context.Context, e outbox.Event) error {
	var req ledgerv1.ApplyRulesRequest
	if err := proto.Unmarshal(e.Payload, &req); err != nil {
		return fmt.Errorf("motions: read event %d for the ledger: %w", e.Position, err)
	}
	req.Epoch, req.Position = e.Epoch, e.Position
	_, err := s.ledger.ApplyRules(ctx, &req)
	return err
}

// deliverPublication has ballots publish what was declared.
func (s *Server) deliverPublication(ctx context.Context, e outbox.Event) error {
	var req ballotsv1.PublishBallotRequest
	if err := proto.Unmarshal(e.Payload, &req); err != nil {
		return fmt.Errorf("motions: read event %d for ballots: %w", e.Position, err)
	}
	_, err := s.ballots.PublishBallot(ctx, &req)
	return err
}
