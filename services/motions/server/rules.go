package server

import (
	"context"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/motions"
	"github.com/localgovdigital/folkmoot/services/motions/store"
)

// GetRuleBook returns a version of the rule book, or the one in force.
func (s *Server) GetRuleBook(ctx context.Context, req *motionsv1.GetRuleBookRequest) (*motionsv1.RuleBook, error) {
	b, err := s.store.Book(ctx, int(req.GetVersion()), s.Now())
	if err != nil {
		return nil, err
	}
	return bookProto(b), nil
}

// ListRuleBooks returns every version without its rules.
func (s *Server) ListRuleBooks(ctx context.Context, _ *motionsv1.ListRuleBooksRequest) (*motionsv1.ListRuleBooksResponse, error) {
	all, err := s.store.Books(ctx)
	if err != nil {
		return nil, err
	}
	out := &motionsv1.ListRuleBooksResponse{}
	for _, b := range all {
		out.RuleBooks = append(out.RuleBooks, bookProto(b))
	}
	return out, nil
}

// CheckRules says what changes of the newest rule book would mean.
func (s *Server) CheckRules(ctx context.Context, req *motionsv1.CheckRulesRequest) (*motionsv1.CheckRulesResponse, error) {
	book, err := s.store.LatestBook(ctx)
	if err != nil {
		return nil, err
	}
	// The register is not asked about what cannot be followed anyway.
	changes := changesOf(req.GetRuleChanges())
	if _, err := book.With(changes, "a resolution"); err != nil {
		return nil, err
	}
	terms, err := s.store.Terms(ctx, s.Now())
	if err != nil {
		return nil, err
	}
	members, err := s.electorsLately(ctx, motions.Meeting{Kind: motions.AGM}, terms)
	if err != nil {
		return nil, err
	}
	all, err := book.Consequences(changes, members)
	if err != nil {
		return nil, err
	}
	out := &motionsv1.CheckRulesResponse{}
	for _, c := range all {
		out.Consequences = append(out.Consequences, &motionsv1.Consequence{Key: c.Key, Was: c.Was, Becomes: c.Becomes, Meaning: c.Meaning})
	}
	return out, nil
}

// AdoptRules makes the next version of the rule book from what a carried motion changes.
func (s *Server) AdoptRules(ctx context.Context, req *motionsv1.AdoptRulesRequest) (*motionsv1.RuleBook, error) {
	ask, err := s.asking(ctx, motionsv1.RuleBookService_AdoptRules_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	effective := timeOf(req.GetEffectiveTime())
	if effective.IsZero() {
		effective = ask.Request.At
	}
	reply, err := s.store.Adopt(ctx, ask, req.GetMotion(), func(latest motions.Book, mo motions.Motion) (motions.Book, store.Tellings, error) {
		book, err := motions.Adopt(latest, mo, effective, ask.Request.At, s.Zone)
		if err != nil {
			return motions.Book{}, store.Tellings{}, err
		}
		terms, err := book.Terms()
		if err != nil {
			return motions.Book{}, store.Tellings{}, err
		}
		tell, err := tellings(book, terms)
		return book, tell, err
	}, func(b motions.Book) ([]byte, error) { return proto.Marshal(bookProto(b)) })
	if err == nil {
		s.tell()
	}
	return rpc.Reply(&motionsv1.RuleBook{}, reply, err)
}

// tell wakes those who tell the other rooms of the rules.
func (s *Server) tell() {
	s.couriers[store.TopicMembership].Wake()
	s.couriers[store.TopicLedger].Wake()
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

func bookProto(b motions.Book) *motionsv1.RuleBook {
	out := &motionsv1.RuleBook{Version: int32(b.Version), EffectiveTime: timestamppb.New(b.Effective), AdoptedBy: b.AdoptedBy}
	for _, r := range b.Rules {
		out.Rules = append(out.Rules, &motionsv1.Rule{Key: r.Key, Value: r.Value, Clause: r.Clause, Source: r.Source, Meaning: r.Meaning})
	}
	return out
}

func changesOf(in []*motionsv1.RuleChange) []motions.RuleChange {
	var out []motions.RuleChange
	for _, c := range in {
		out = append(out, motions.RuleChange{Key: c.GetKey(), Value: c.GetValue()})
	}
	return out
}
