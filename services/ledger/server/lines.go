package server

import (
	"context"
	"strings"

	"google.golang.org/protobuf/proto"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/page"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/match"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

var lineStates = map[ledgerv1.BankLineState]string{
	ledgerv1.BankLineState_BANK_LINE_STATE_OPEN: "open", ledgerv1.BankLineState_BANK_LINE_STATE_MATCHED: "matched", ledgerv1.BankLineState_BANK_LINE_STATE_ASIDE: "aside",
}

func lineProto(l ledger.BankLine) *ledgerv1.BankLine {
	out := &ledgerv1.BankLine{
		Id: l.ID, Account: l.Account, BankDate: l.Booked, AmountPence: l.Minor, Description: l.Description, Counterparty: l.Counterparty, Reference: l.Reference, Kind: l.Kind,
		Reversal: l.Reversal, AsideReason: l.Aside, Import: l.Import, FileLine: int64(l.FileLine), Entries: l.Entries, Etag: version(l.Version),
		State: ledgerv1.BankLineState_BANK_LINE_STATE_MATCHED,
	}
	switch {
	case l.Aside != "":
		out.State = ledgerv1.BankLineState_BANK_LINE_STATE_ASIDE
	case l.Open():
		out.State = ledgerv1.BankLineState_BANK_LINE_STATE_OPEN
	}
	if out.Reference == "" {
		out.Reference = l.EndToEnd
	}
	return out
}

func encodeLine(l ledger.BankLine) ([]byte, error) { return proto.Marshal(lineProto(l)) }

// ListBankLines pages through lines, oldest first.
func (s *Server) ListBankLines(ctx context.Context, req *ledgerv1.ListBankLinesRequest) (*ledgerv1.ListBankLinesResponse, error) {
	limit, err := page.Size(req.GetPageSize())
	if err != nil {
		return nil, err
	}
	state := lineStates[req.GetState()]
	key, err := page.Key(req.GetPageToken(), state, req.GetAccount())
	if err != nil {
		return nil, err
	}
	lines, err := s.store.Lines(ctx, store.LineFilter{State: state, Account: req.GetAccount(), After: key, Limit: limit + 1})
	if err != nil {
		return nil, err
	}
	out := &ledgerv1.ListBankLinesResponse{}
	if len(lines) > limit {
		lines = lines[:limit]
		out.NextPageToken = page.Token(lines[limit-1].ID, state, req.GetAccount())
	}
	if out.OpenLines, err = s.store.OpenLines(ctx, req.GetAccount()); err != nil {
		return nil, err
	}
	out.Lines, err = s.proposed(ctx, lines)
	return out, err
}

// GetBankLine returns one line.
func (s *Server) GetBankLine(ctx context.Context, req *ledgerv1.GetBankLineRequest) (*ledgerv1.BankLine, error) {
	l, err := s.store.Line(ctx, req.GetLine())
	if err != nil {
		return nil, err
	}
	all, err := s.proposed(ctx, []ledger.BankLine{l})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// proposed writes lines with what could be done about those that are open.
func (s *Server) proposed(ctx context.Context, lines []ledger.BankLine) ([]*ledgerv1.BankLine, error) {
	var m *matching
	var out []*ledgerv1.BankLine
	for _, l := range lines {
		p := lineProto(l)
		out = append(out, p)
		if !l.Open() {
			continue
		}
		var err error
		if m == nil {
			if m, err = s.matching(ctx); err != nil {
				return nil, err
			}
		}
		p.Proposals = m.proposals(l)
		if p.Candidates, err = s.store.Candidates(ctx, l); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (m *matching) proposals(l ledger.BankLine) []*ledgerv1.MatchProposal {
	found := m.Match(&l.Line)
	var out []*ledgerv1.MatchProposal
	for i, p := range found.Proposals {
		one := &ledgerv1.MatchProposal{Why: string(p.Why), Certain: i == 0 && found.Certain && !touched(l)}
		for _, share := range m.shares(p) {
			one.Shares = append(one.Shares, &ledgerv1.LineShare{Member: share.Member, Account: share.Account, AmountPence: share.Minor, Fund: share.Fund})
			one.Names = append(one.Names, m.names[share.Member])
		}
		out = append(out, one)
	}
	return out
}

// MatchLine books a line as the treasurer says.
func (s *Server) MatchLine(ctx context.Context, req *ledgerv1.MatchLineRequest) (*ledgerv1.BankLine, error) {
	r, now, err := s.begin(ctx, ledgerv1.BankService_MatchLine_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	if n := len(req.GetShares()); n == 0 || n > ledger.MaxGifts {
		return nil, fault.Field("SPLIT_INVALID", "shares", "Give the line 1 to 500 shares.")
	}
	var shares []ledger.LineShare
	var members []string
	for _, share := range req.GetShares() {
		shares = append(shares, ledger.LineShare{Share: match.Share{Member: share.GetMember(), Account: share.GetAccount(), Minor: share.GetAmountPence()}, Fund: share.GetFund()})
		if share.GetMember() != "" {
			members = append(members, share.GetMember())
		}
	}
	if err := s.allKnown(ctx, "shares", members); err != nil {
		return nil, err
	}
	if _, err := s.meetingKnown(ctx, req.GetMeeting()); err != nil {
		return nil, err
	}
	reply, err := s.store.MatchLine(ctx, r, s.clerk(ctx, now), req.GetLine(), members,
		func(l ledger.BankLine, b ledger.Books, given map[string]bool) ([]ledger.Entry, error) {
			if err := rpc.CheckETag(req.GetEtag(), version(l.Version)); err != nil {
				return nil, err
			}
			return b.BookLine(l, shares, given, req.GetDescription(), req.GetMeeting(), s.today(now))
		}, encodeLine)
	s.courier.Wake()
	return rpc.Reply(&ledgerv1.BankLine{}, reply, err)
}

// allKnown returns a fault unless the register has every one of the members.
func (s *Server) allKnown(ctx context.Context, field string, members []string) error {
	want := map[string]bool{}
	for _, m := range members {
		if !id.Valid(m) {
			return fault.Field("MEMBER_NOT_FOUND", field, "Choose people who are in the register.")
		}
		want[m] = true
	}
	if len(want) == 0 {
		return nil
	}
	reply, err := s.membership.GetPeople(ctx, &membershipv1.GetPeopleRequest{Members: members})
	if err != nil {
		return err
	}
	if len(reply.GetPeople()) != len(want) {
		return fault.Field("MEMBER_NOT_FOUND", field, "Choose people who are in the register.")
	}
	return nil
}

// LinkLine says that a line shows entries that are in the books already.
func (s *Server) LinkLine(ctx context.Context, req *ledgerv1.LinkLineRequest) (*ledgerv1.BankLine, error) {
	r, _, err := s.begin(ctx, ledgerv1.BankService_LinkLine_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	if n := len(req.GetEntries()); n == 0 || n > ledger.MaxGifts {
		return nil, fault.Field("LINK_INVALID", "entries", "Choose the entries that this line shows.")
	}
	reply, err := s.store.LinkLine(ctx, r, req.GetLine(), req.GetEntries(),
		func(l ledger.BankLine, entries []ledger.Entry, taken []string) error {
			if err := rpc.CheckETag(req.GetEtag(), version(l.Version)); err != nil {
				return err
			}
			return ledger.LinkLine(l, entries, taken)
		}, encodeLine)
	return rpc.Reply(&ledgerv1.BankLine{}, reply, err)
}

// SetLineAside leaves a line out of the books, or takes it back.
func (s *Server) SetLineAside(ctx context.Context, req *ledgerv1.SetLineAsideRequest) (*ledgerv1.BankLine, error) {
	r, _, err := s.begin(ctx, ledgerv1.BankService_SetLineAside_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.SetAside(ctx, r, req.GetLine(), strings.TrimSpace(req.GetReason()), func(l ledger.BankLine) error {
		if err := rpc.CheckETag(req.GetEtag(), version(l.Version)); err != nil {
			return err
		}
		return ledger.SetAside(l, req.GetReason())
	}, encodeLine)
	return rpc.Reply(&ledgerv1.BankLine{}, reply, err)
}
