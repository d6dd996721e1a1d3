package server

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/killpoint"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

// encodeEvent writes a standing event as membership will be told it, without its place in the outbox.
func encodeEvent(e ledger.Settled) ([]byte, error) {
	at := timestamppb.New(time.UnixMicro(e.At))
	m := &membershipv1.ApplyLedgerEventRequest{}
	if e.Reverses != "" {
		m.Event = &membershipv1.ApplyLedgerEventRequest_Reversed{Reversed: &membershipv1.DonationReversed{
			Member: e.Member, Entry: e.Entry, Reverses: e.Reverses, ReverseTime: at,
		}}
	} else {
		m.Event = &membershipv1.ApplyLedgerEventRequest_Settled{Settled: &membershipv1.DonationSettled{
			Member: e.Member, Entry: e.Entry, AmountPence: e.Pence, SettleTime: at,
		}}
	}
	return proto.Marshal(m)
}

// deliver tells membership one standing event. Membership ignores one that it has heard.
func (s *Server) deliver(ctx context.Context, e outbox.Event) error {
	m := &membershipv1.ApplyLedgerEventRequest{}
	if err := proto.Unmarshal(e.Payload, m); err != nil {
		return fmt.Errorf("server: read event %d: %w", e.Position, err)
	}
	m.Epoch, m.Position = e.Epoch, e.Position
	killpoint.Reach("ledger.before-delivery")
	if _, err := s.membership.ApplyLedgerEvent(ctx, m); err != nil {
		return err
	}
	killpoint.Reach("ledger.before-acknowledgement")
	return nil
}

// GetHead returns the position of the last standing event recorded.
func (s *Server) GetHead(ctx context.Context, _ *ledgerv1.GetHeadRequest) (*ledgerv1.GetHeadResponse, error) {
	epoch, position, err := outbox.Head(ctx, s.DB, store.Topic)
	if err != nil {
		return nil, err
	}
	return &ledgerv1.GetHeadResponse{Epoch: epoch, Position: position}, nil
}
