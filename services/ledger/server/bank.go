package server

import (
	"context"
	"encoding/hex"
	"regexp"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/statement"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
)

func version(n int64) string { return strconv.FormatInt(n, 10) }

func columnMapProto(m store.ColumnMap, preset bool) *ledgerv1.ColumnMap {
	out := &ledgerv1.ColumnMap{
		Name: m.Name, Title: m.Title, Date: m.Date, Amount: m.Amount, MoneyIn: m.In, MoneyOut: m.Out, Description: m.Description, Counterparty: m.Counterparty,
		Reference: m.Reference, Balance: m.Balance, BankId: m.BankID, MonthFirst: m.Dates == statement.MonthFirst, Negated: m.Negated, Preset: preset,
	}
	if !preset {
		out.Etag = version(m.Version)
	}
	return out
}

// ListColumnMaps returns the presets, then what was saved.
func (s *Server) ListColumnMaps(ctx context.Context, _ *ledgerv1.ListColumnMapsRequest) (*ledgerv1.ListColumnMapsResponse, error) {
	saved, err := s.store.ColumnMaps(ctx)
	if err != nil {
		return nil, err
	}
	out := &ledgerv1.ListColumnMapsResponse{}
	for _, c := range statement.Presets {
		out.Maps = append(out.Maps, columnMapProto(store.ColumnMap{Columns: c}, true))
	}
	for _, m := range saved {
		out.Maps = append(out.Maps, columnMapProto(m, false))
	}
	return out, nil
}

var mapName = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)

func columnsOf(m *ledgerv1.ColumnMap) (statement.Columns, error) {
	c := statement.Columns{
		Name: m.GetName(), Title: m.GetTitle(), Date: m.GetDate(), Amount: m.GetAmount(), In: m.GetMoneyIn(), Out: m.GetMoneyOut(), Description: m.GetDescription(),
		Counterparty: m.GetCounterparty(), Reference: m.GetReference(), Balance: m.GetBalance(), BankID: m.GetBankId(), Negated: m.GetNegated(),
	}
	if m.GetMonthFirst() {
		c.Dates = statement.MonthFirst
	}
	_, preset := statement.Preset(c.Name)
	switch {
	case !mapName.MatchString(c.Name):
		return c, fault.Field("COLUMNS_INVALID", "name", "Enter a name of 2 to 40 small letters, digits and hyphens.")
	case preset:
		return c, fault.Field("COLUMNS_INVALID", "name", "One of the presets has this name: choose another.")
	case c.Title == "" || len(c.Title) > 100:
		return c, fault.Field("COLUMNS_INVALID", "title", "Enter what the bank is called, in 1 to 100 characters.")
	}
	if err := c.Check(); err != nil {
		return c, err
	}
	if _, numbered := ledgerColumn(c.Date); !numbered {
		// The header row is known by the headings that the map uses.
		for _, h := range append([]string{c.Date, c.Amount, c.In, c.Out, c.Counterparty, c.Reference, c.Balance, c.BankID}, c.Description...) {
			if h != "" {
				c.Header = append(c.Header, h)
			}
		}
	}
	return c, nil
}

func ledgerColumn(s string) (int, bool) {
	if len(s) < 2 || s[0] != '#' {
		return 0, false
	}
	n, err := strconv.Atoi(s[1:])
	return n, err == nil
}

// SaveColumnMap keeps what stands where in a bank's CSV file.
func (s *Server) SaveColumnMap(ctx context.Context, req *ledgerv1.SaveColumnMapRequest) (*ledgerv1.ColumnMap, error) {
	r, _, err := s.begin(ctx, ledgerv1.BankService_SaveColumnMap_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	c, err := columnsOf(req.GetMap())
	if err != nil {
		return nil, err
	}
	reply, err := s.store.SaveColumnMap(ctx, r, c,
		func(have int64) error {
			if have == 0 {
				return nil
			}
			return rpc.CheckETag(req.GetEtag(), version(have))
		},
		func(m store.ColumnMap) ([]byte, error) { return proto.Marshal(columnMapProto(m, false)) })
	return rpc.Reply(&ledgerv1.ColumnMap{}, reply, err)
}

var importStates = map[string]ledgerv1.ImportState{
	store.Checking: ledgerv1.ImportState_IMPORT_STATE_CHECKING, store.Ready: ledgerv1.ImportState_IMPORT_STATE_READY, store.Importing: ledgerv1.ImportState_IMPORT_STATE_IMPORTING,
	store.Imported: ledgerv1.ImportState_IMPORT_STATE_IMPORTED, store.Failed: ledgerv1.ImportState_IMPORT_STATE_FAILED, store.Discarded: ledgerv1.ImportState_IMPORT_STATE_DISCARDED,
}

func importProto(i store.Import) *ledgerv1.Import {
	f := i.Found
	out := &ledgerv1.Import{
		Id: i.ID, State: importStates[i.State], Account: i.Account, FileName: i.File.Name, Sha256: hex.EncodeToString(i.File.SHA256), Format: f.Format, ColumnMap: f.ColumnMap,
		SizeBytes: i.File.Size, ReadBytes: i.ReadBytes, Lines: f.Lines, NewLines: f.Lines - f.Known, KnownLines: f.Known, RefusedLines: f.Refused, PendingLines: f.Pending,
		InPence: f.In, OutPence: f.Out, FromDate: f.From, ToDate: f.To, Verdict: f.Verdict, VerdictReason: f.VerdictIn,
		CheckedBy: i.CheckedBy, CheckTime: micros(i.Checked), Etag: version(i.Version),
	}
	if i.State == store.Imported {
		out.NewLines, out.KnownLines = i.Kept, f.Lines-i.Kept
	}
	if f.Closing != nil {
		out.HasClosing, out.ClosingPence = true, *f.Closing
	}
	for _, p := range f.Problems {
		out.Problems = append(out.Problems, &ledgerv1.ImportProblem{FileLine: int64(p.FileLine), Reason: p.Reason, Message: p.Message, Refused: p.Refused})
	}
	if i.State == store.Ready {
		for _, l := range f.Preview {
			out.Preview = append(out.Preview, lineProto(ledger.BankLine{Account: i.Account, Line: l, Import: i.ID}))
		}
	}
	return out
}

func encodeImport(i store.Import) ([]byte, error) { return proto.Marshal(importProto(i)) }

// patience is how long a call waits for a small file to be read, by the machine's clock.
const patience = 3 * time.Second

// settled waits a little until a file was read, and returns the import as it is then.
func (s *Server) settled(ctx context.Context, i *ledgerv1.Import, err error) (*ledgerv1.Import, error) {
	if err != nil {
		return nil, err
	}
	s.wake()
	late := time.After(patience)
	for {
		now, err := s.store.Import(ctx, i.GetId())
		if err != nil {
			return nil, err
		}
		if now.State != store.Checking && now.State != store.Importing {
			return importProto(now), nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-late:
			return importProto(now), nil
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// CheckStatement reads a file for what an import would do.
func (s *Server) CheckStatement(ctx context.Context, req *ledgerv1.CheckStatementRequest) (*ledgerv1.Import, error) {
	r, now, err := s.begin(ctx, ledgerv1.BankService_CheckStatement_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	newID, err := id.New(now, s.Random)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.StartImport(ctx, r,
		store.Import{ID: newID, Account: req.GetAccount(), File: ledger.File{ID: req.GetFile()}, ColumnMap: req.GetColumnMap(), CheckedBy: auth.FromContext(ctx).Member},
		func(b ledger.Books) error {
			if a, ok := b.Accounts.Find(req.GetAccount()); !ok || a.Type != ledger.Asset {
				return fault.Field("ACCOUNT_INVALID", "account", "Choose an account of the society's assets.")
			}
			return nil
		}, encodeImport)
	i, err := rpc.Reply(&ledgerv1.Import{}, reply, err)
	return s.settled(ctx, i, err)
}

// ImportStatement keeps the lines of a file that was checked.
func (s *Server) ImportStatement(ctx context.Context, req *ledgerv1.ImportStatementRequest) (*ledgerv1.Import, error) {
	i, err := s.changeImport(ctx, ledgerv1.BankService_ImportStatement_FullMethodName, req, req.GetImport(), req.GetEtag(), func(i store.Import) (string, error) {
		switch {
		case i.State != store.Ready:
			return "", fault.New(fault.Conflict, "IMPORT_NOT_READY", "This file is not ready to be imported: it is "+i.State+".")
		case i.Found.Refused > 0 && !req.GetLeaveOutRefused():
			return "", fault.New(fault.Conflict, "LINES_REFUSED", "Some lines of this file cannot be read. Mend the file, or say that they are to be left out.",
				fault.Violation{Field: "leave_out_refused", Message: "Say that the lines that cannot be read are to be left out."})
		}
		return store.Importing, nil
	}, req.GetLeaveOutRefused())
	return s.settled(ctx, i, err)
}

// DiscardStatement forgets a file that was checked.
func (s *Server) DiscardStatement(ctx context.Context, req *ledgerv1.DiscardStatementRequest) (*ledgerv1.Import, error) {
	return s.changeImport(ctx, ledgerv1.BankService_DiscardStatement_FullMethodName, req, req.GetImport(), req.GetEtag(), func(i store.Import) (string, error) {
		if i.State != store.Ready && i.State != store.Failed {
			return "", fault.New(fault.Conflict, "IMPORT_NOT_READY", "This file cannot be forgotten: it is "+i.State+".")
		}
		return store.Discarded, nil
	}, false)
}

func (s *Server) changeImport(ctx context.Context, method string, req writing, imported, etag string, decide func(store.Import) (string, error), leaveOut bool) (*ledgerv1.Import, error) {
	r, _, err := s.begin(ctx, method, req)
	if err != nil {
		return nil, err
	}
	reply, err := s.store.ChangeImport(ctx, r, imported, func(i store.Import) (string, bool, error) {
		if err := rpc.CheckETag(etag, version(i.Version)); err != nil {
			return "", false, err
		}
		state, err := decide(i)
		return state, leaveOut, err
	}, encodeImport)
	return rpc.Reply(&ledgerv1.Import{}, reply, err)
}

// GetImport returns how far an import is.
func (s *Server) GetImport(ctx context.Context, req *ledgerv1.GetImportRequest) (*ledgerv1.Import, error) {
	i, err := s.store.Import(ctx, req.GetImport())
	if err != nil {
		return nil, err
	}
	return importProto(i), nil
}

// ListImports returns the imports, newest first.
func (s *Server) ListImports(ctx context.Context, _ *ledgerv1.ListImportsRequest) (*ledgerv1.ListImportsResponse, error) {
	all, err := s.store.Imports(ctx)
	if err != nil {
		return nil, err
	}
	out := &ledgerv1.ListImportsResponse{}
	for _, i := range all {
		out.Imports = append(out.Imports, importProto(i))
	}
	return out, nil
}
