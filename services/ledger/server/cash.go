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

var cashStates = map[string]ledgerv1.CashState{
	"counting": ledgerv1.CashState_CASH_STATE_COUNTING, "agreed": ledgerv1.CashState_CASH_STATE_AGREED, "banked": ledgerv1.CashState_CASH_STATE_BANKED,
	"cancelled": ledgerv1.CashState_CASH_STATE_CANCELLED,
}

// cashFor writes the cash of a meeting as the caller may see it. Who gave what is for the treasurer and who entered it; what
// it comes to is not shown to those who are to count it, nor what another counted, until they agree.
func cashFor(p auth.Principal, c store.CashBatch) *ledgerv1.Cash {
	treasurer := p.HoldsAny(auth.Treasurer)
	mine := p.Member != "" && p.Member == c.EnteredBy
	done := c.State == "agreed" || c.State == "banked"
	out := &ledgerv1.Cash{
		Id: c.ID, State: cashStates[c.State], OccurDate: c.Occurred, Meeting: c.Meeting, GiftCount: int64(len(c.Gifts)), EnteredBy: c.EnteredBy,
		Entries: c.Entries, Banking: c.Banking, Etag: version(c.Version),
	}
	if treasurer || mine {
		for _, g := range c.Gifts {
			out.Gifts = append(out.Gifts, &ledgerv1.CashGift{Member: g.Member, Account: g.Account, AmountPence: g.Pence})
		}
	}
	if done || mine || (treasurer && c.State == "cancelled") {
		out.TotalPence = c.Total
	}
	if !done && !mine {
		out.Gifts = nil
	}
	last := map[string]int{}
	for _, count := range c.Counts {
		one := &ledgerv1.CashCount{Member: count.Counter, CountTime: micros(count.At)}
		if done || count.Counter == p.Member {
			one.AmountPence = count.Pence
		}
		if i, ok := last[count.Counter]; ok {
			out.Counts[i] = one
			continue
		}
		last[count.Counter] = len(out.Counts)
		out.Counts = append(out.Counts, one)
	}
	_, out.Differs = ledger.Agree(c.Total, c.Counts)
	return out
}

// RecordCash enters the cash of a meeting.
func (s *Server) RecordCash(ctx context.Context, req *ledgerv1.RecordCashRequest) (*ledgerv1.Cash, error) {
	r, now, err := s.begin(ctx, ledgerv1.BankService_RecordCash_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	if len(req.GetGifts()) > ledger.MaxGifts || len(req.GetMeeting()) > ledger.MaxMeeting {
		return nil, fault.Field("ENTRY_INVALID", "gifts", "Enter 1 to 500 lines of one meeting.")
	}
	caller := auth.FromContext(ctx)
	c := store.CashBatch{Occurred: req.GetOccurDate(), Meeting: req.GetMeeting(), EnteredBy: caller.Member}
	var members []string
	for _, g := range req.GetGifts() {
		c.Gifts = append(c.Gifts, ledger.Gift{Member: g.GetMember(), Account: g.GetAccount(), Pence: g.GetAmountPence()})
		if g.GetMember() != "" {
			members = append(members, g.GetMember())
		}
	}
	if err := s.allKnown(ctx, "gifts", members); err != nil {
		return nil, err
	}
	region, err := s.meetingKnown(ctx, req.GetMeeting())
	if err != nil {
		return nil, err
	}
	if region != "" && !caller.Holds(auth.Treasurer, "") && !caller.Holds(auth.Organiser, region) {
		return nil, fault.New(fault.Denied, "NOT_YOUR_REGION", "This meeting is another region's: its organiser, or the treasurer, enters its cash.")
	}
	if c.ID, err = id.New(now, s.Random); err != nil {
		return nil, err
	}
	reply, err := s.store.RecordCash(ctx, r, c,
		func(b ledger.Books) (int64, error) { return b.CheckGifts(c.Occurred, c.Gifts, s.today(now)) },
		func(c store.CashBatch) ([]byte, error) { return proto.Marshal(cashFor(caller, c)) })
	return rpc.Reply(&ledgerv1.Cash{}, reply, err)
}

// CountCash says what one person counted; the second count that agrees books everything.
func (s *Server) CountCash(ctx context.Context, req *ledgerv1.CountCashRequest) (*ledgerv1.Cash, error) {
	if req.GetAmountPence() < 0 || req.GetAmountPence() > ledger.MaxPence {
		return nil, fault.Field("ENTRY_INVALID", "amount_pence", "Enter what you counted, in whole pence.")
	}
	now := s.Now()
	count := &ledger.Counted{Counter: auth.FromContext(ctx).Member, Pence: req.GetAmountPence(), At: now.UnixMicro()}
	return s.changeCash(ctx, ledgerv1.BankService_CountCash_FullMethodName, req, req.GetCash(), count,
		func(c store.CashBatch, b ledger.Books, given map[string]bool, today string) (store.CashDecision, error) {
			if c.State != "counting" {
				return store.CashDecision{}, cashState(c)
			}
			if agreed, _ := ledger.Agree(c.Total, c.Counts); !agreed {
				return store.CashDecision{State: c.State}, nil
			}
			entries, err := b.BookCash(c.Occurred, c.Meeting, c.Gifts, given, today)
			for i := range entries {
				entries[i].EnteredBy = c.EnteredBy
			}
			return store.CashDecision{State: "agreed", Entries: entries}, err
		})
}

func cashState(c store.CashBatch) error {
	return fault.New(fault.Conflict, "CASH_STATE", "This cash is "+c.State+": that can no longer be done, or not yet.")
}

// BankCash books that the cash was paid in.
func (s *Server) BankCash(ctx context.Context, req *ledgerv1.BankCashRequest) (*ledgerv1.Cash, error) {
	return s.changeCash(ctx, ledgerv1.BankService_BankCash_FullMethodName, req, req.GetCash(), nil,
		func(c store.CashBatch, b ledger.Books, _ map[string]bool, today string) (store.CashDecision, error) {
			if err := rpc.CheckETag(req.GetEtag(), version(c.Version)); err != nil {
				return store.CashDecision{}, err
			}
			if c.State != "agreed" {
				return store.CashDecision{}, cashState(c)
			}
			if req.GetOccurDate() < c.Occurred {
				return store.CashDecision{}, fault.Field("ENTRY_INVALID", "occur_date", "Enter a date that is not before the meeting.")
			}
			e, err := b.BankCash(req.GetOccurDate(), c.Meeting, c.Total, today)
			return store.CashDecision{State: "banked", Entries: []ledger.Entry{e}, Banking: true}, err
		})
}

// CancelCash throws a list away that was not agreed.
func (s *Server) CancelCash(ctx context.Context, req *ledgerv1.CancelCashRequest) (*ledgerv1.Cash, error) {
	caller := auth.FromContext(ctx)
	return s.changeCash(ctx, ledgerv1.BankService_CancelCash_FullMethodName, req, req.GetCash(), nil,
		func(c store.CashBatch, _ ledger.Books, _ map[string]bool, _ string) (store.CashDecision, error) {
			if !caller.HoldsAny(auth.Treasurer) && caller.Member != c.EnteredBy {
				return store.CashDecision{}, fault.New(fault.NotFound, "CASH_NOT_FOUND", "There is no such cash.")
			}
			if err := rpc.CheckETag(req.GetEtag(), version(c.Version)); err != nil {
				return store.CashDecision{}, err
			}
			if c.State != "counting" {
				return store.CashDecision{}, cashState(c)
			}
			return store.CashDecision{State: "cancelled"}, nil
		})
}

func (s *Server) changeCash(ctx context.Context, method string, req writing, cash string, count *ledger.Counted,
	decide func(store.CashBatch, ledger.Books, map[string]bool, string) (store.CashDecision, error)) (*ledgerv1.Cash, error) {
	r, now, err := s.begin(ctx, method, req)
	if err != nil {
		return nil, err
	}
	caller := auth.FromContext(ctx)
	reply, err := s.store.ChangeCash(ctx, r, s.clerk(ctx, now), cash, count,
		func(c store.CashBatch, b ledger.Books, given map[string]bool) (store.CashDecision, error) {
			return decide(c, b, given, s.today(now))
		},
		func(c store.CashBatch) ([]byte, error) { return proto.Marshal(cashFor(caller, c)) })
	s.courier.Wake()
	return rpc.Reply(&ledgerv1.Cash{}, reply, err)
}

// GetCash returns the cash of a meeting.
func (s *Server) GetCash(ctx context.Context, req *ledgerv1.GetCashRequest) (*ledgerv1.Cash, error) {
	c, err := s.store.Cash(ctx, req.GetCash())
	if err != nil {
		return nil, err
	}
	return cashFor(auth.FromContext(ctx), c), nil
}

// ListCash returns the cash of meetings, newest first. Who is no officer sees what they entered, counted or may count.
func (s *Server) ListCash(ctx context.Context, _ *ledgerv1.ListCashRequest) (*ledgerv1.ListCashResponse, error) {
	all, err := s.store.AllCash(ctx)
	if err != nil {
		return nil, err
	}
	caller := auth.FromContext(ctx)
	out := &ledgerv1.ListCashResponse{}
	for _, c := range all {
		mine := c.EnteredBy == caller.Member || c.State == "counting"
		for _, count := range c.Counts {
			mine = mine || count.Counter == caller.Member
		}
		if mine || caller.HoldsAny(officers...) {
			out.Cash = append(out.Cash, cashFor(caller, c))
		}
	}
	return out, nil
}
