package server

import (
	"context"

	"google.golang.org/protobuf/proto"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

var spendingStates = map[string]ledgerv1.SpendingState{
	"proposed": ledgerv1.SpendingState_SPENDING_STATE_PROPOSED, "approved": ledgerv1.SpendingState_SPENDING_STATE_APPROVED, "refused": ledgerv1.SpendingState_SPENDING_STATE_REFUSED,
}

func spendingProto(sp store.Spending, b ledger.Books) *ledgerv1.Spending {
	return &ledgerv1.Spending{
		Id: sp.ID, State: spendingStates[sp.State], OccurDate: sp.Occurred, Description: sp.Description, Reference: sp.Reference, Postings: protoPostings(sp.Postings),
		Meeting: sp.Meeting, AmountPence: b.Spent(sp.Postings), ProposedBy: sp.ProposedBy, ProposeTime: micros(sp.Proposed),
		DecidedBy: sp.DecidedBy, DecideTime: micros(sp.Decided), Reason: sp.Reason, Entry: sp.Entry, Etag: sp.State,
	}
}

// ProposeSpending asks a second officer to approve spending.
func (s *Server) ProposeSpending(ctx context.Context, req *ledgerv1.ProposeSpendingRequest) (*ledgerv1.Spending, error) {
	r, now, err := s.begin(ctx, ledgerv1.BooksService_ProposeSpending_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	if _, err := s.meetingKnown(ctx, req.GetMeeting()); err != nil {
		return nil, err
	}
	newID, err := id.New(now, s.Random)
	if err != nil {
		return nil, err
	}
	var books ledger.Books
	reply, err := s.store.ProposeSpending(ctx, r, store.Spending{ID: newID, ProposedBy: auth.FromContext(ctx).Member},
		func(b ledger.Books) (ledger.Entry, error) {
			books = b
			return b.NewTransaction(transactionOf(req), s.today(now))
		},
		func(sp store.Spending) ([]byte, error) { return proto.Marshal(spendingProto(sp, books)) })
	return rpc.Reply(&ledgerv1.Spending{}, reply, err)
}

// ApproveSpending approves and books what another proposed.
func (s *Server) ApproveSpending(ctx context.Context, req *ledgerv1.ApproveSpendingRequest) (*ledgerv1.Spending, error) {
	by := auth.FromContext(ctx).Member
	return s.decideSpending(ctx, ledgerv1.BooksService_ApproveSpending_FullMethodName, req, req.GetSpending(), req.GetEtag(),
		func(sp store.Spending, b ledger.Books, today string) (string, *ledger.Entry, error) {
			if err := ledger.Second(sp.ProposedBy, by); err != nil {
				return "", nil, err
			}
			e, err := b.NewTransaction(sp.Transaction, today)
			if err != nil {
				return "", nil, err
			}
			e.EnteredBy, e.ApprovedBy = sp.ProposedBy, by
			return "", &e, nil
		})
}

// RefuseSpending refuses what was proposed.
func (s *Server) RefuseSpending(ctx context.Context, req *ledgerv1.RefuseSpendingRequest) (*ledgerv1.Spending, error) {
	return s.decideSpending(ctx, ledgerv1.BooksService_RefuseSpending_FullMethodName, req, req.GetSpending(), req.GetEtag(),
		func(store.Spending, ledger.Books, string) (string, *ledger.Entry, error) {
			return req.GetReason(), nil, ledger.Reason(req.GetReason())
		})
}

func (s *Server) decideSpending(ctx context.Context, method string, req writing, spending, etag string,
	decide func(store.Spending, ledger.Books, string) (string, *ledger.Entry, error)) (*ledgerv1.Spending, error) {
	r, now, err := s.begin(ctx, method, req)
	if err != nil {
		return nil, err
	}
	var books ledger.Books
	reply, err := s.store.DecideSpending(ctx, r, s.clerk(ctx, now), spending,
		func(sp store.Spending, b ledger.Books) (string, *ledger.Entry, error) {
			books = b
			if err := rpc.CheckETag(etag, sp.State); err != nil {
				return "", nil, err
			}
			if err := ledger.Proposed(sp.State); err != nil {
				return "", nil, err
			}
			return decide(sp, b, s.today(now))
		},
		func(sp store.Spending) ([]byte, error) { return proto.Marshal(spendingProto(sp, books)) })
	return rpc.Reply(&ledgerv1.Spending{}, reply, err)
}

// ListSpending returns what was proposed, newest first.
func (s *Server) ListSpending(ctx context.Context, req *ledgerv1.ListSpendingRequest) (*ledgerv1.ListSpendingResponse, error) {
	books, err := s.store.Books(ctx, s.Now().UnixMicro())
	if err != nil {
		return nil, err
	}
	all, err := s.store.AllSpending(ctx, req.GetPending())
	if err != nil {
		return nil, err
	}
	out := &ledgerv1.ListSpendingResponse{LimitPence: books.Rule.SpendingAlone}
	for _, sp := range all {
		out.Spending = append(out.Spending, spendingProto(sp, books))
	}
	return out, nil
}
