package server

import (
	"context"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// ApplyRules applies what the motions room tells of the rules in force: once, and in order.
func (s *Server) ApplyRules(ctx context.Context, r *ledgerv1.ApplyRulesRequest) (*ledgerv1.ApplyRulesResponse, error) {
	if r.GetPosition() < 1 || r.GetEffectiveTime() == nil || r.GetRuleBook() < 1 || r.GetSecondOfficerAbovePence() < 0 {
		return nil, fault.New(fault.Invalid, "EVENT_MALFORMED", "This event does not say which rules are in force, and from when.")
	}
	applied, err := s.store.ApplyRule(ctx, r.GetEpoch(), r.GetPosition(), ledger.Rule{
		Book: r.GetRuleBook(), From: r.GetEffectiveTime().AsTime().UnixMicro(), PoundIsShare: r.GetPoundIsShare(), SpendingAlone: r.GetSecondOfficerAbovePence(),
	})
	if err != nil {
		return nil, err
	}
	return &ledgerv1.ApplyRulesResponse{Applied: applied}, nil
}
