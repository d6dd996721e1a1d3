package server

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/page"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// ListEntries pages through the journal, newest first.
func (s *Server) ListEntries(ctx context.Context, req *ledgerv1.ListEntriesRequest) (*ledgerv1.ListEntriesResponse, error) {
	if req.GetMember() != "" && !auth.FromContext(ctx).HoldsAny(auth.Treasurer) {
		return nil, fault.New(fault.Denied, "ROLE_NEEDED", "Only the treasurer may ask who gave what.")
	}
	entries, next, err := s.list(ctx, req.GetMember(), req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	exerciseTreasurer(ctx)
	return &ledgerv1.ListEntriesResponse{Entries: entries, NextPageToken: next}, nil
}

// exerciseTreasurer notes that the treasurer was shown who gave, which others are not.
func exerciseTreasurer(ctx context.Context) {
	if p := auth.FromContext(ctx); p.HoldsAny(auth.Treasurer) {
		acts.Exercise(ctx, p.Office(auth.Treasurer))
	}
}

// ListMyDonations returns the entries that are about the caller.
func (s *Server) ListMyDonations(ctx context.Context, req *ledgerv1.ListMyDonationsRequest) (*ledgerv1.ListMyDonationsResponse, error) {
	entries, next, err := s.list(ctx, auth.FromContext(ctx).Member, req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	return &ledgerv1.ListMyDonationsResponse{Entries: entries, NextPageToken: next}, nil
}

// list returns a page of entries and the token of the next one.
func (s *Server) list(ctx context.Context, member string, size int32, token string) ([]*ledgerv1.Entry, string, error) {
	limit, err := page.Size(size)
	if err != nil {
		return nil, "", err
	}
	key, err := page.Key(token, member)
	if err != nil {
		return nil, "", err
	}
	before := int64(0)
	if key != "" {
		if before, err = strconv.ParseInt(key, 10, 64); err != nil || before < 1 {
			return nil, "", fault.Field("PAGE_TOKEN", "page_token", "This page token is not one of ours. Begin with the first page.")
		}
	}
	entries, err := s.store.Entries(ctx, member, before, limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(entries) > limit {
		entries = entries[:limit]
		next = page.Token(strconv.FormatInt(entries[limit-1].Number, 10), member)
	}
	caller := auth.FromContext(ctx)
	out := make([]*ledgerv1.Entry, len(entries))
	for i, e := range entries {
		out[i] = entryFor(caller, e)
	}
	return out, next, nil
}

// GetEntry returns one entry.
func (s *Server) GetEntry(ctx context.Context, req *ledgerv1.GetEntryRequest) (*ledgerv1.Entry, error) {
	if !id.Valid(req.GetEntry()) {
		return nil, notFound()
	}
	e, err := s.store.Entry(ctx, req.GetEntry())
	if err != nil {
		return nil, err
	}
	exerciseTreasurer(ctx)
	return entryFor(auth.FromContext(ctx), e), nil
}

// GetTrialBalance sums every account at the end of a date.
func (s *Server) GetTrialBalance(ctx context.Context, req *ledgerv1.GetTrialBalanceRequest) (*ledgerv1.TrialBalance, error) {
	date := req.GetDate()
	if date == "" {
		date = s.today(s.Now())
	}
	if _, err := time.Parse(ledger.DateLayout, date); err != nil {
		return nil, fault.Field("DATE_INVALID", "date", "Give a real date, like 2026-11-21.")
	}
	sums, err := s.store.Sums(ctx, date)
	if err != nil {
		return nil, err
	}
	added, err := s.store.AddedAccounts(ctx)
	if err != nil {
		return nil, err
	}
	return trialBalance(date, sums, added), nil
}

func trialBalance(date string, sums map[string]int64, added []ledger.Account) *ledgerv1.TrialBalance {
	lines, debit, credit := ledger.TrialBalance(sums, added...)
	out := &ledgerv1.TrialBalance{Date: date, TotalDebitPence: debit, TotalCreditPence: credit, Currency: ledger.GBP}
	for _, l := range lines {
		out.Lines = append(out.Lines, &ledgerv1.TrialBalanceLine{Account: accountProto(l.Account), DebitPence: l.Debit, CreditPence: l.Credit})
	}
	return out
}

// ListAccounts returns the chart of accounts.
func (s *Server) ListAccounts(ctx context.Context, _ *ledgerv1.ListAccountsRequest) (*ledgerv1.ListAccountsResponse, error) {
	added, err := s.store.AddedAccounts(ctx)
	if err != nil {
		return nil, err
	}
	out := &ledgerv1.ListAccountsResponse{}
	for _, a := range ledger.AllAccounts(added) {
		out.Accounts = append(out.Accounts, accountProto(a))
	}
	return out, nil
}

// exportPiece is about how many bytes of an export go into one message.
const exportPiece = 64 << 10

// Export writes the whole journal in the format of another program, a piece at a time.
func (s *Server) Export(req *ledgerv1.ExportRequest, stream grpc.ServerStreamingServer[httpbody.HttpBody]) error {
	added, err := s.store.AddedAccounts(stream.Context())
	if err != nil {
		return err
	}
	exporter, err := ledger.NewExporter(req.GetFormat(), added...)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	send := func() error {
		defer b.Reset()
		return stream.Send(&httpbody.HttpBody{ContentType: exporter.ContentType(), Data: bytes.Clone(b.Bytes())})
	}
	if err := exporter.Begin(&b); err != nil {
		return err
	}
	err = s.store.Each(stream.Context(), func(e ledger.Entry) error {
		if err := exporter.Entry(&b, e); err != nil || b.Len() < exportPiece {
			return err
		}
		return send()
	})
	if err != nil {
		return err
	}
	if err := exporter.End(&b); err != nil {
		return err
	}
	return send()
}
