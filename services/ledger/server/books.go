package server

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

// clerk is the caller as who writes entries at an instant.
func (s *Server) clerk(ctx context.Context, now time.Time) store.Clerk {
	return store.Clerk{
		Member: auth.FromContext(ctx).Member, At: now, Today: s.today(now), Event: encodeEvent,
		NewID: func() (string, error) { return id.New(now, s.Random) },
	}
}

// begin describes a writing request, with its instant.
func (s *Server) begin(ctx context.Context, method string, req writing) (once.Request, time.Time, error) {
	now := s.Now()
	r, err := rpc.Once(ctx, method, now, req)
	return r, now, err
}

func postingsOf(all []*ledgerv1.Posting) []ledger.Posting {
	out := make([]ledger.Posting, len(all))
	for i, p := range all {
		out[i] = ledger.Posting{Account: p.GetAccount(), Amount: ledger.Pounds(p.GetAmountPence()), Fund: p.GetFund()}
	}
	return out
}

func protoPostings(all []ledger.Posting) []*ledgerv1.Posting {
	out := make([]*ledgerv1.Posting, len(all))
	for i, p := range all {
		out[i] = &ledgerv1.Posting{Account: p.Account, AmountPence: p.Amount.Pence, Fund: p.Fund}
	}
	return out
}

// asked is a request that describes an entry.
type asked interface {
	GetOccurDate() string
	GetDescription() string
	GetReference() string
	GetMeeting() string
	GetPostings() []*ledgerv1.Posting
}

func transactionOf(req asked) ledger.Transaction {
	return ledger.Transaction{
		Occurred: req.GetOccurDate(), Description: req.GetDescription(), Reference: req.GetReference(), Meeting: req.GetMeeting(), Postings: postingsOf(req.GetPostings()),
	}
}

func micros(at int64) *timestamppb.Timestamp {
	if at == 0 {
		return nil
	}
	return timestamppb.New(time.UnixMicro(at))
}

// date reads the date of a question; today if it is empty.
func (s *Server) date(given string) (string, error) {
	if given == "" {
		return s.today(s.Now()), nil
	}
	if _, err := time.Parse(ledger.DateLayout, given); err != nil {
		return "", fault.Field("DATE_INVALID", "date", "Give a real date, like 2026-11-21.")
	}
	return given, nil
}

// CreateAccount adds an account to the chart.
func (s *Server) CreateAccount(ctx context.Context, req *ledgerv1.CreateAccountRequest) (*ledgerv1.Account, error) {
	r, _, err := s.begin(ctx, ledgerv1.BooksService_CreateAccount_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.AddAccount(ctx, r, auth.FromContext(ctx).Member,
		func(have ledger.Accounts) (ledger.Account, error) {
			return ledger.NewAccount(req.GetAccount(), req.GetName(), have)
		},
		func(a ledger.Account) ([]byte, error) { return proto.Marshal(accountProto(a)) })
	return rpc.Reply(&ledgerv1.Account{}, reply, err)
}

// PostOpeningBalances books what the society had when the books began.
func (s *Server) PostOpeningBalances(ctx context.Context, req *ledgerv1.PostOpeningBalancesRequest) (*ledgerv1.Entry, error) {
	balances := postingsOf(req.GetBalances())
	return s.post(ctx, ledgerv1.BooksService_PostOpeningBalances_FullMethodName, req, store.Intent{Books: s.Now().UnixMicro()},
		func(f store.Facts, today string) (ledger.Entry, error) {
			return f.Books.OpeningBalances(req.GetOccurDate(), balances, today)
		})
}

func fundProto(f ledger.Fund) *ledgerv1.Fund {
	return &ledgerv1.Fund{Id: f.ID, Name: f.Name, Purpose: f.Purpose, IncomePence: f.Income, SpentPence: f.Spent, LeftPence: f.Income - f.Spent}
}

// CreateFund names a grant or another restricted fund.
func (s *Server) CreateFund(ctx context.Context, req *ledgerv1.CreateFundRequest) (*ledgerv1.Fund, error) {
	r, _, err := s.begin(ctx, ledgerv1.BooksService_CreateFund_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	f, err := ledger.NewFund(req.GetFund(), req.GetName(), req.GetPurpose())
	if err != nil {
		return nil, err
	}
	reply, err := s.store.AddFund(ctx, r, auth.FromContext(ctx).Member, f, func(f ledger.Fund) ([]byte, error) { return proto.Marshal(fundProto(f)) })
	return rpc.Reply(&ledgerv1.Fund{}, reply, err)
}

// ListFunds says what is left of each fund.
func (s *Server) ListFunds(ctx context.Context, req *ledgerv1.ListFundsRequest) (*ledgerv1.ListFundsResponse, error) {
	date, err := s.date(req.GetDate())
	if err != nil {
		return nil, err
	}
	all, err := s.store.Funds(ctx, date)
	if err != nil {
		return nil, err
	}
	out := &ledgerv1.ListFundsResponse{Date: date}
	for _, f := range all {
		out.Funds = append(out.Funds, fundProto(f))
	}
	return out, nil
}

// GetMeetingAccount adds up what a meeting or event brought in and cost.
func (s *Server) GetMeetingAccount(ctx context.Context, req *ledgerv1.GetMeetingAccountRequest) (*ledgerv1.MeetingAccount, error) {
	if req.GetMeeting() == "" {
		return nil, fault.Field("MEETING_NEEDED", "meeting", "Say which meeting.")
	}
	sums, err := s.store.MeetingSums(ctx, req.GetMeeting())
	if err != nil {
		return nil, err
	}
	added, err := s.store.AddedAccounts(ctx)
	if err != nil {
		return nil, err
	}
	out := &ledgerv1.MeetingAccount{Meeting: req.GetMeeting()}
	for _, l := range trialBalance("", sums, added).GetLines() {
		out.Lines = append(out.Lines, l)
		net := l.GetDebitPence() - l.GetCreditPence()
		if l.GetAccount().GetType() == ledgerv1.AccountType_ACCOUNT_TYPE_EXPENSE {
			out.CostPence += net
		} else {
			out.IncomePence -= net
		}
	}
	return out, nil
}
