package server

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
	"github.com/localgovdigital/folkmoot/services/ledger/webhook"
)

// AssignPayment says whose a payment is that came without a reference, or takes that back.
func (s *Server) AssignPayment(ctx context.Context, req *ledgerv1.AssignPaymentRequest) (*ledgerv1.AssignPaymentResponse, error) {
	r, now, err := s.begin(ctx, ledgerv1.PayerService_AssignPayment_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	reason, err := ledger.CheckReason(req.GetReason())
	if err != nil {
		return nil, err
	}
	if req.GetMember() != "" {
		if err := s.allKnown(ctx, "member", []string{req.GetMember()}); err != nil {
			return nil, err
		}
	}
	caller := auth.FromContext(ctx)
	reply, err := s.store.Assign(ctx, r, s.clerk(ctx, now),
		store.Assignment{Provider: webhook.Provider(req.GetProvider()), Payment: req.GetProviderPayment(), Member: req.GetMember(), Reason: reason},
		func(micros int64) string { return s.today(time.UnixMicro(micros)) },
		func(k store.Known) ([]byte, error) {
			return proto.Marshal(&ledgerv1.AssignPaymentResponse{Payment: s.heard(caller, k)})
		})
	s.courier.Wake()
	return rpc.Reply(&ledgerv1.AssignPaymentResponse{}, reply, err)
}
