package server

import (
	"context"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

// roomsServer answers the other rooms.
type roomsServer struct {
	motionsv1.UnimplementedMotionsRoomsServiceServer
	server *Server
}

// ApplyFounding adopts rule book version 1, once, and tells membership which of its rules it needs.
func (r *roomsServer) ApplyFounding(ctx context.Context, req *motionsv1.ApplyFoundingRequest) (*motionsv1.ApplyFoundingResponse, error) {
	s := r.server
	act := timeOf(req.GetActTime())
	if act.IsZero() {
		return nil, fault.Field("ACT_TIME_NEEDED", "act_time", "Say when the founding act was recorded.")
	}
	book := motions.FoundingBook(act)
	terms, err := book.Terms()
	if err != nil {
		return nil, err
	}
	tell, err := tellings(book, terms)
	if err != nil {
		return nil, err
	}
	applied, err := s.store.Found(ctx, auth.FromContext(ctx).Room, req.GetEpoch(), req.GetPosition(), book, s.Now(), tell)
	if err != nil {
		return nil, err
	}
	s.couriers[store.TopicMembership].Wake()
	s.couriers[store.TopicLedger].Wake()
	return &motionsv1.ApplyFoundingResponse{Applied: applied}, nil
}

// tellings are the events that tell membership and the ledger of a book.
func tellings(book motions.Book, t motions.Terms) (tell store.Tellings, err error) {
	from := timestamppb.New(book.Effective)
	if tell.Membership, err = proto.Marshal(&membershipv1.ApplyRulesRequest{
		RuleBook: int32(book.Version), DonationRequired: t.DonationRequired, EffectiveTime: from, Admission: admissions[t.Admission],
		Registered: t.Registered, PoundIsShare: t.PoundIsShare, RetentionYears: int32(t.RetentionYears),
	}); err != nil {
		return store.Tellings{}, err
	}
	tell.Ledger, err = proto.Marshal(&ledgerv1.ApplyRulesRequest{
		RuleBook: int32(book.Version), EffectiveTime: from, PoundIsShare: t.PoundIsShare, SecondOfficerAbovePence: t.SpendingAlone,
	})
	return tell, err
}

var admissions = map[motions.Admission]membershipv1.Admission{
	motions.AdmitAll:         membershipv1.Admission_ADMISSION_AUTOMATIC,
	motions.AdmitBySecretary: membershipv1.Admission_ADMISSION_SECRETARY,
	motions.AdmitByBoard:     membershipv1.Admission_ADMISSION_BOARD,
}

// GetRuleBook returns a version of the rule book, or the one in force.
func (s *Server) GetRuleBook(ctx context.Context, req *motionsv1.GetRuleBookRequest) (*motionsv1.RuleBook, error) {
	b, err := s.store.Book(ctx, int(req.GetVersion()), s.Now())
	if err != nil {
		return nil, err
	}
	out := &motionsv1.RuleBook{Version: int32(b.Version), EffectiveTime: timestamppb.New(b.Effective), AdoptedBy: b.AdoptedBy}
	for _, r := range b.Rules {
		out.Rules = append(out.Rules, &motionsv1.Rule{Key: r.Key, Value: r.Value, Clause: r.Clause, Source: r.Source, Meaning: r.Meaning})
	}
	return out, nil
}
