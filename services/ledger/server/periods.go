package server

import (
	"context"

	"google.golang.org/protobuf/proto"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

var periodStates = map[string]ledgerv1.PeriodState{
	"proposed": ledgerv1.PeriodState_PERIOD_STATE_PROPOSED, "closed": ledgerv1.PeriodState_PERIOD_STATE_CLOSED, "withdrawn": ledgerv1.PeriodState_PERIOD_STATE_WITHDRAWN,
}

func statementsOf(all []*ledgerv1.AccountBalance) []ledger.Statement {
	var out []ledger.Statement
	for _, b := range all {
		out = append(out, ledger.Statement{Account: b.GetAccount(), Pence: b.GetStatementPence()})
	}
	return out
}

// periodFor writes a period as the caller may see it: who closed it is for officers.
func periodFor(p auth.Principal, period store.Period, added []ledger.Account) *ledgerv1.Period {
	out := &ledgerv1.Period{
		Id: period.ID, State: periodStates[period.State], After: period.After, Through: period.Through, YearEnd: period.YearEnd, Entries: period.Entries, Etag: period.State,
	}
	for _, s := range period.Statements {
		out.Balances = append(out.Balances, &ledgerv1.AccountBalance{Account: s.Account, StatementPence: s.Pence, LedgerPence: period.Closing[s.Account]})
	}
	if period.State == "closed" {
		out.CloseTime, out.Closing = micros(period.Decided), trialBalance(period.Through, period.Closing, added)
	}
	if p.HoldsAny(officers...) {
		out.ProposedBy = period.ProposedBy
		if period.State == "closed" {
			out.ApprovedBy = period.DecidedBy
		}
	}
	return out
}

// CheckPeriod says what stands against closing the books up to a day.
func (s *Server) CheckPeriod(ctx context.Context, req *ledgerv1.CheckPeriodRequest) (*ledgerv1.PeriodCheck, error) {
	through, err := s.date(req.GetThrough())
	if err != nil || req.GetThrough() == "" {
		return nil, fault.Field("PERIOD_DATE", "through", "Give the last day of the period, like 2026-10-31.")
	}
	c, err := s.store.CheckPeriod(ctx, through)
	if err != nil {
		return nil, err
	}
	out := &ledgerv1.PeriodCheck{
		Through: c.Through, After: c.After, UnmatchedLines: c.Lines, WithoutEvidenceCount: c.Evidence, PendingSpending: c.Pending, OpenCash: c.Cash,
	}
	caller := auth.FromContext(ctx)
	for _, b := range c.Balances {
		out.Balances = append(out.Balances, &ledgerv1.AccountBalance{Account: b.Account, LedgerPence: b.Pence})
	}
	for _, e := range c.WithoutEvidence {
		out.WithoutEvidence = append(out.WithoutEvidence, entryFor(caller, e))
	}
	for _, e := range c.NotOnStatement {
		out.NotOnStatement = append(out.NotOnStatement, entryFor(caller, e))
	}
	return out, nil
}

// ProposeClose proposes to close the books up to a day.
func (s *Server) ProposeClose(ctx context.Context, req *ledgerv1.ProposeCloseRequest) (*ledgerv1.Period, error) {
	r, now, err := s.begin(ctx, ledgerv1.BooksService_ProposeClose_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	newID, err := id.New(now, s.Random)
	if err != nil {
		return nil, err
	}
	caller, typed := auth.FromContext(ctx), statementsOf(req.GetBalances())
	reply, err := s.store.ProposeClose(ctx, r, store.Period{ID: newID, Through: req.GetThrough(), YearEnd: req.GetYearEnd(), Statements: typed, ProposedBy: caller.Member},
		func(c ledger.Check) error { return c.MayClose(typed, s.today(now)) },
		func(p store.Period) ([]byte, error) { return proto.Marshal(periodFor(caller, p, nil)) })
	return rpc.Reply(&ledgerv1.Period{}, reply, err)
}

// ApproveClose closes a period that another proposed to close: everything is checked once more.
func (s *Server) ApproveClose(ctx context.Context, req *ledgerv1.ApproveCloseRequest) (*ledgerv1.Period, error) {
	by := auth.FromContext(ctx).Member
	return s.decideClose(ctx, ledgerv1.BooksService_ApproveClose_FullMethodName, req, req.GetPeriod(), req.GetEtag(),
		func(p store.Period, c ledger.Check, today string) (bool, error) {
			if err := ledger.Second(p.ProposedBy, by); err != nil {
				return false, err
			}
			return true, c.MayClose(p.Statements, today)
		})
}

// WithdrawClose takes a proposal back.
func (s *Server) WithdrawClose(ctx context.Context, req *ledgerv1.WithdrawCloseRequest) (*ledgerv1.Period, error) {
	return s.decideClose(ctx, ledgerv1.BooksService_WithdrawClose_FullMethodName, req, req.GetPeriod(), req.GetEtag(),
		func(store.Period, ledger.Check, string) (bool, error) { return false, nil })
}

func (s *Server) decideClose(ctx context.Context, method string, req writing, period, etag string, decide func(store.Period, ledger.Check, string) (bool, error)) (*ledgerv1.Period, error) {
	r, now, err := s.begin(ctx, method, req)
	if err != nil {
		return nil, err
	}
	added, err := s.store.AddedAccounts(ctx)
	if err != nil {
		return nil, err
	}
	caller := auth.FromContext(ctx)
	reply, err := s.store.DecideClose(ctx, r, period, caller.Member,
		func(p store.Period, c ledger.Check) (bool, error) {
			if err := rpc.CheckETag(etag, p.State); err != nil {
				return false, err
			}
			if err := ledger.Proposed(p.State); err != nil {
				return false, err
			}
			return decide(p, c, s.today(now))
		},
		func(p store.Period) ([]byte, error) { return proto.Marshal(periodFor(caller, p, added)) })
	return rpc.Reply(&ledgerv1.Period{}, reply, err)
}

// ListPeriods returns the periods, newest first. What was withdrawn or waits is for officers.
func (s *Server) ListPeriods(ctx context.Context, _ *ledgerv1.ListPeriodsRequest) (*ledgerv1.ListPeriodsResponse, error) {
	all, err := s.store.Periods(ctx)
	if err != nil {
		return nil, err
	}
	added, err := s.store.AddedAccounts(ctx)
	if err != nil {
		return nil, err
	}
	caller := auth.FromContext(ctx)
	out := &ledgerv1.ListPeriodsResponse{}
	for _, p := range all {
		if p.State == "closed" || caller.HoldsAny(officers...) {
			out.Periods = append(out.Periods, periodFor(caller, p, added))
		}
	}
	return out, nil
}
