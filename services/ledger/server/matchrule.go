package server

import (
	"context"
	"strings"

	"google.golang.org/protobuf/proto"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/match"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

func ruleProto(r store.Rule) *ledgerv1.MatchRule {
	return &ledgerv1.MatchRule{
		Id: r.ID, Contains: r.Contains, CounterpartyAccount: r.CounterpartyAccount, LeastPence: r.Least, MostPence: r.Most, Member: r.Member, Account: r.Account,
		Fund: r.Fund, Acts: r.Acts, Etag: version(r.Version),
	}
}

// ListMatchRules returns the treasurer's rules.
func (s *Server) ListMatchRules(ctx context.Context, _ *ledgerv1.ListMatchRulesRequest) (*ledgerv1.ListMatchRulesResponse, error) {
	all, err := s.store.MatchRules(ctx)
	if err != nil {
		return nil, err
	}
	out := &ledgerv1.ListMatchRulesResponse{}
	for _, r := range all {
		out.Rules = append(out.Rules, ruleProto(r))
	}
	return out, nil
}

// SaveMatchRule saves a rule for lines that come again.
func (s *Server) SaveMatchRule(ctx context.Context, req *ledgerv1.SaveMatchRuleRequest) (*ledgerv1.MatchRule, error) {
	r, now, err := s.begin(ctx, ledgerv1.BankService_SaveMatchRule_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	asked := req.GetRule()
	rule := store.Rule{Rule: match.Rule{
		ID: asked.GetId(), Contains: strings.TrimSpace(asked.GetContains()), CounterpartyAccount: strings.TrimSpace(asked.GetCounterpartyAccount()),
		Least: asked.GetLeastPence(), Most: asked.GetMostPence(), Member: asked.GetMember(), Account: asked.GetAccount(), Acts: asked.GetActs(),
	}, Fund: asked.GetFund()}
	if _, err := match.New(ledger.GBP, nil, []match.Rule{rule.Rule}); err != nil {
		return nil, err
	}
	if len(rule.Contains) > 100 || len(rule.CounterpartyAccount) > 50 {
		return nil, fault.Field("RULE_INVALID", "contains", "Use at most 100 characters of the text, and 50 of the account number.")
	}
	if rule.Member != "" {
		if err := s.allKnown(ctx, "member", []string{rule.Member}); err != nil {
			return nil, err
		}
	}
	old := rule.ID != ""
	if !old {
		if rule.ID, err = id.New(now, s.Random); err != nil {
			return nil, err
		}
	}
	reply, err := s.store.SaveMatchRule(ctx, r, rule, old, func(before store.Rule, b ledger.Books) error {
		if old {
			if err := rpc.CheckETag(req.GetEtag(), version(before.Version)); err != nil {
				return err
			}
		}
		return b.CheckRule(rule.Account, rule.Fund)
	}, func(r store.Rule) ([]byte, error) { return proto.Marshal(ruleProto(r)) })
	return rpc.Reply(&ledgerv1.MatchRule{}, reply, err)
}

// DeleteMatchRule forgets a rule.
func (s *Server) DeleteMatchRule(ctx context.Context, req *ledgerv1.DeleteMatchRuleRequest) (*ledgerv1.DeleteMatchRuleResponse, error) {
	r, _, err := s.begin(ctx, ledgerv1.BankService_DeleteMatchRule_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.DeleteMatchRule(ctx, r, req.GetRule(), func(before store.Rule) error { return rpc.CheckETag(req.GetEtag(), version(before.Version)) })
	return rpc.Reply(&ledgerv1.DeleteMatchRuleResponse{}, reply, err)
}
