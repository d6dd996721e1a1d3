package server

import (
	"context"

	"google.golang.org/protobuf/proto"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/page"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

const (
	// linesAtOnce is how many certain lines one call books in one transaction.
	linesAtOnce = 200
	// linesLookedAt is how many open lines one call looks at before it answers where to go on.
	linesLookedAt = 20_000
)

// MatchCertain books open lines that are certain, from where the call before stopped.
func (s *Server) MatchCertain(ctx context.Context, req *ledgerv1.MatchCertainRequest) (*ledgerv1.MatchCertainResponse, error) {
	r, now, err := s.begin(ctx, ledgerv1.BankService_MatchCertain_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	after, err := page.Key(req.GetPageToken(), "certain")
	if err != nil {
		return nil, err
	}
	certain, next, err := s.certain(ctx, after, s.today(now))
	if err != nil {
		return nil, err
	}
	reply, err := s.store.MatchCertain(ctx, r, s.clerk(ctx, now), certain, func(booked int64) ([]byte, error) {
		return proto.Marshal(&ledgerv1.MatchCertainResponse{MatchedLines: booked, More: next != "", NextPageToken: page.Token(next, "certain")})
	})
	s.courier.Wake()
	return rpc.Reply(&ledgerv1.MatchCertainResponse{}, reply, err)
}

// certain finds open lines after one that are certain. next is the last line looked at where others are left, and else empty.
func (s *Server) certain(ctx context.Context, after, today string) (found []store.Certain, next string, err error) {
	m, err := s.matching(ctx)
	if err != nil {
		return nil, "", err
	}
	filter := store.LineFilter{State: "open", After: after}
	for left := s.lookAt; ; {
		filter.Limit = min(1000, left)
		lines, err := s.store.Lines(ctx, filter)
		if err != nil {
			return nil, "", err
		}
		for _, l := range lines {
			result := m.Match(&l.Line)
			if !result.Certain || touched(l) {
				filter.After = l.ID
				continue
			}
			if len(found) == s.atOnce {
				return found, filter.After, nil
			}
			found, filter.After = append(found, booking(l.ID, m.shares(result.Proposals[0]), today)), l.ID
		}
		if len(lines) < filter.Limit {
			return found, "", nil
		}
		if left -= len(lines); left == 0 {
			return found, filter.After, nil
		}
	}
}

// touched reports whether somebody booked the line before. Where that was reversed it was wrong, and what seems certain would be so again: a
// person decides.
func touched(l ledger.BankLine) bool { return len(l.Entries) > 0 }

func booking(line string, shares []ledger.LineShare, today string) store.Certain {
	one := store.Certain{Line: line, Decide: func(l ledger.BankLine, b ledger.Books, given map[string]bool) ([]ledger.Entry, error) {
		return b.BookLine(l, shares, given, "", "", today)
	}}
	for _, share := range shares {
		one.Members = append(one.Members, share.Member)
	}
	return one
}
