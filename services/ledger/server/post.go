package server

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

// writing is a request that has an id.
type writing interface {
	proto.Message
	GetRequestId() string
}

// post carries out a request that makes an entry: the function entry decides it, dated by the one instant of the request.
func (s *Server) post(ctx context.Context, method string, req writing, in store.Intent, entry func(f store.Facts, today string) (ledger.Entry, error)) (*ledgerv1.Entry, error) {
	now := s.Now()
	r, err := rpc.Once(ctx, method, now, req)
	if err != nil {
		return nil, err
	}
	newID, err := id.New(now, s.Random)
	if err != nil {
		return nil, err
	}
	caller := auth.FromContext(ctx)
	reply, err := s.store.Add(ctx, r, in,
		func(f store.Facts) (ledger.Entry, error) {
			e, err := entry(f, s.today(now))
			if err != nil {
				return ledger.Entry{}, err
			}
			e.ID, e.Entered, e.EnteredBy = newID, now.UnixMicro(), caller.Member
			return e, nil
		},
		store.Encode{
			Reply: func(e ledger.Entry) ([]byte, error) { return proto.Marshal(entryFor(caller, e)) },
			Event: encodeEvent,
		})
	s.courier.Wake()
	return rpc.Reply(&ledgerv1.Entry{}, reply, err)
}

// RecordDonation books money that a member gave.
func (s *Server) RecordDonation(ctx context.Context, req *ledgerv1.RecordDonationRequest) (*ledgerv1.Entry, error) {
	if req.GetMember() != "" {
		if err := s.known(ctx, req.GetMember()); err != nil {
			return nil, err
		}
	}
	rule, err := s.store.RuleAt(ctx, s.Now().UnixMicro())
	if err != nil {
		return nil, err
	}
	return s.post(ctx, ledgerv1.LedgerService_RecordDonation_FullMethodName, req, store.Intent{Member: req.GetMember()},
		func(f store.Facts, today string) (ledger.Entry, error) {
			e, err := ledger.NewDonation(req.GetMember(), req.GetAmountPence(), methodOf(req.GetMethod()), req.GetOccurDate(), req.GetReference(), today, f.HasGiven)
			if err != nil {
				return ledger.Entry{}, err
			}
			return e.AsShare(rule), nil
		})
}

// known returns a fault unless the register has the member.
func (s *Server) known(ctx context.Context, member string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	reply, err := s.membership.GetPeople(ctx, &membershipv1.GetPeopleRequest{Members: []string{member}})
	if err != nil {
		return err
	}
	if len(reply.GetPeople()) != 1 {
		return fault.Field("MEMBER_NOT_FOUND", "member", "Choose somebody who is in the register.")
	}
	return nil
}

// PostEntry books any balanced entry.
func (s *Server) PostEntry(ctx context.Context, req *ledgerv1.PostEntryRequest) (*ledgerv1.Entry, error) {
	t := transactionOf(req)
	if _, err := s.meetingKnown(ctx, t.Meeting); err != nil {
		return nil, err
	}
	return s.post(ctx, ledgerv1.LedgerService_PostEntry_FullMethodName, req, store.Intent{Books: s.Now().UnixMicro()},
		func(f store.Facts, today string) (ledger.Entry, error) {
			e, err := f.Books.NewTransaction(t, today)
			if err != nil {
				return ledger.Entry{}, err
			}
			return e, f.Books.NeedsSecond(e.Postings)
		})
}

// ReverseEntry books the opposite of an entry.
func (s *Server) ReverseEntry(ctx context.Context, req *ledgerv1.ReverseEntryRequest) (*ledgerv1.Entry, error) {
	if !id.Valid(req.GetEntry()) {
		return nil, notFound()
	}
	return s.post(ctx, ledgerv1.LedgerService_ReverseEntry_FullMethodName, req, store.Intent{Reverse: req.GetEntry(), Books: s.Now().UnixMicro()},
		func(f store.Facts, today string) (ledger.Entry, error) {
			e, err := ledger.NewReversal(f.Reversed, req.GetReason(), today)
			if err != nil {
				return ledger.Entry{}, err
			}
			return f.Books.CorrectsClosed(e, f.Reversed), nil
		})
}

func notFound() error { return fault.New(fault.NotFound, "ENTRY_NOT_FOUND", "There is no such entry.") }
