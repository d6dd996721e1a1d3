package server

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// span is the dates of a report.
type span struct {
	from, to, close string
	// closed is the end of the day of the close, in microseconds since 1970.
	closed int64
}

// span reads the dates of a request and fills in those that are missing. It returns an Invalid fault that names each wrong one.
func (s *Server) span(from, to, closed string) (span, error) {
	d := span{from: from, to: to, close: closed}
	if d.to == "" {
		d.to = s.today(s.Now())
	}
	var bad []fault.Violation
	check := func(field, date string) time.Time {
		t, err := time.ParseInLocation(ledger.DateLayout, date, s.Zone)
		if err != nil || t.Year() < 2000 || t.Year() > 9998 {
			bad = append(bad, fault.Violation{Field: field, Message: "Give a real date, like 2026-11-21."})
		}
		return t
	}
	last := check("to_date", d.to)
	if d.from == "" && len(bad) == 0 {
		d.from = strconv.Itoa(last.Year()) + "-01-01"
	}
	if d.close == "" {
		d.close = d.to
	}
	if len(bad) == 0 {
		check("from_date", d.from)
		d.closed = check("close_date", d.close).AddDate(0, 0, 1).UnixMicro() - 1
	}
	if len(bad) == 0 && d.from > d.to {
		bad = append(bad, fault.Violation{Field: "from_date", Message: "Give a first date that is not after the last."})
	}
	if len(bad) > 0 {
		return span{}, fault.New(fault.Invalid, "DATE_INVALID", bad[0].Message, bad...)
	}
	return d, nil
}

// GetReport returns a report.
func (s *Server) GetReport(ctx context.Context, req *ledgerv1.GetReportRequest) (*ledgerv1.Report, error) {
	r, err := s.report(ctx, ledger.ReportKind(req.GetReport()), req.GetFromDate(), req.GetToDate(), req.GetCloseDate())
	if err != nil {
		return nil, err
	}
	return reportProto(r), nil
}

// ExportReport writes a report as CSV.
func (s *Server) ExportReport(ctx context.Context, req *ledgerv1.ExportReportRequest) (*httpbody.HttpBody, error) {
	r, err := s.report(ctx, ledger.ReportKind(req.GetReport()), req.GetFromDate(), req.GetToDate(), req.GetCloseDate())
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := ledger.WriteReport(&b, r); err != nil {
		return nil, err
	}
	return &httpbody.HttpBody{ContentType: "text/csv; charset=utf-8; header=present", Data: b.Bytes()}, nil
}

func (s *Server) report(ctx context.Context, kind ledger.ReportKind, from, to, closed string) (ledger.Report, error) {
	none := ledger.Report{}
	if err := ledger.CheckReport(kind); err != nil {
		return none, err
	}
	d, err := s.span(from, to, closed)
	if err != nil {
		return none, err
	}
	switch kind {
	case ledger.RegionsReport:
		return s.regions(ctx, d)
	case ledger.ChangesReport:
		c := ledger.Changes{From: d.from, To: d.to, Closed: d.closed}
		err := s.store.Changes(ctx, d.from, d.to, d.closed, c.Add)
		return c.Report(), err
	case ledger.GapsReport:
		var g ledger.Gaps
		err := s.store.OutOfTurn(ctx, g.Compare)
		return g.Report(d.to), err
	case ledger.FundsReport:
		funds, err := s.store.Funds(ctx, d.to)
		return ledger.RestrictedFunds(funds, d.to), err
	case ledger.DoublesReport:
		if !auth.FromContext(ctx).HoldsAny(auth.Treasurer) {
			return none, fault.New(fault.Denied, "ROLE_NEEDED", "Only the treasurer may see this: it says which entries are of one giver.")
		}
		found, err := s.store.Doubles(ctx, d.from, d.to)
		return ledger.Doubles(d.from, d.to, found), err
	}
	p, err := s.store.Period(ctx, d.from, d.to)
	if err != nil {
		return none, err
	}
	added, err := s.store.AddedAccounts(ctx)
	if err != nil {
		return none, err
	}
	p.Name(added)
	switch kind {
	case ledger.IncomeReport:
		return ledger.IncomeAndExpenditure(p), nil
	case ledger.SheetReport:
		return ledger.BalanceSheet(p), nil
	case ledger.ReceiptsReport:
		return ledger.ReceiptsAndPayments(p), nil
	}
	return ledger.TrialBalanceReport(p), nil
}

// askAtOnce is how many people membership is asked about in one call.
const askAtOnce = 1000

// regions adds the gifts up by the regions that membership has for their givers today.
func (s *Server) regions(ctx context.Context, d span) (ledger.Report, error) {
	first, last := ledger.WholeWeeks(d.from, d.to, s.today(s.Now()))
	var gifts []ledger.DayGift
	var givers []string // Gifts come in order of giver.
	err := s.store.Gifts(ctx, first, last, func(g ledger.DayGift) error {
		gifts = append(gifts, g)
		if g.Member != "" && (len(givers) == 0 || givers[len(givers)-1] != g.Member) {
			givers = append(givers, g.Member)
		}
		return nil
	})
	if err != nil {
		return ledger.Report{}, err
	}
	region := map[string]string{}
	for some := range slices.Chunk(givers, askAtOnce) {
		reply, err := s.membership.GetPeople(ctx, &membershipv1.GetPeopleRequest{Members: some})
		if err != nil {
			return ledger.Report{}, err
		}
		for _, p := range reply.GetPeople() {
			region[p.GetMember()] = p.GetRegion()
		}
	}
	for i := range gifts {
		gifts[i].Region = region[gifts[i].Member]
	}
	return ledger.DonationsByRegion(first, last, gifts, auth.FromContext(ctx).HoldsAny(auth.Treasurer)), nil
}

var units = map[ledger.Unit]ledgerv1.Unit{
	ledger.InPence: ledgerv1.Unit_UNIT_PENCE, ledger.InNumber: ledgerv1.Unit_UNIT_NUMBER, ledger.InText: ledgerv1.Unit_UNIT_TEXT,
}

func reportProto(r ledger.Report) *ledgerv1.Report {
	out := &ledgerv1.Report{Report: string(r.Kind), FromDate: r.From, ToDate: r.To}
	for _, c := range r.Columns {
		out.Columns = append(out.Columns, &ledgerv1.ReportColumn{Key: c.Key, Unit: units[c.Unit]})
	}
	cells := func(list []ledger.Cell) []*ledgerv1.ReportCell {
		var out []*ledgerv1.ReportCell
		for i, c := range list {
			cell := &ledgerv1.ReportCell{}
			switch {
			case c.Empty:
			case c.Withheld:
				cell.Value = &ledgerv1.ReportCell_Withheld{Withheld: true}
			case r.Columns[i].Unit == ledger.InText:
				cell.Value = &ledgerv1.ReportCell_Text{Text: c.Text}
			default:
				cell.Value = &ledgerv1.ReportCell_Number{Number: c.Number}
			}
			out = append(out, cell)
		}
		return out
	}
	for _, s := range r.Sections {
		section := &ledgerv1.ReportSection{Key: s.Key, Total: cells(s.Total)}
		for _, l := range s.Lines {
			section.Lines = append(section.Lines, &ledgerv1.ReportLine{Key: l.Key, Name: l.Name, Entry: l.Entry, Cells: cells(l.Cells)})
		}
		out.Sections = append(out.Sections, section)
	}
	return out
}

// GetMyGiving returns what the caller gave, by calendar year.
func (s *Server) GetMyGiving(ctx context.Context, _ *ledgerv1.GetMyGivingRequest) (*ledgerv1.Giving, error) {
	caller := auth.FromContext(ctx)
	entries, err := s.store.Of(ctx, caller.Member)
	if err != nil {
		return nil, err
	}
	out := &ledgerv1.Giving{}
	for _, y := range ledger.Giving(entries) {
		year, err := strconv.ParseInt(y.Year, 10, 32)
		if err != nil {
			return nil, err
		}
		g := &ledgerv1.GivingYear{Year: int32(year), TotalPence: y.Pence}
		for _, e := range y.Entries {
			g.Entries = append(g.Entries, entryFor(caller, e))
		}
		out.Years = append(out.Years, g)
	}
	return out, nil
}

// ExportForProgram writes the lines of an account as an accounting program imports them.
func (s *Server) ExportForProgram(req *ledgerv1.ExportForProgramRequest, stream grpc.ServerStreamingServer[httpbody.HttpBody]) error {
	x, err := ledger.NewProgram(req.GetProgram(), req.GetAccount())
	if err != nil {
		return err
	}
	from := req.GetFromDate()
	if from == "" {
		from = "2000-01-01"
	}
	d, err := s.span(from, req.GetToDate(), "")
	if err != nil {
		return err
	}
	w := newPieces(stream, x.ContentType())
	if err := x.Begin(w); err != nil {
		return err
	}
	err = s.store.Walk(stream.Context(), 0, func(e ledger.Entry) error {
		if e.Occurred < d.from || e.Occurred > d.to {
			return nil
		}
		return x.Entry(w, e)
	})
	if err != nil {
		return err
	}
	if err := x.End(w); err != nil {
		return err
	}
	return w.flush()
}

// pieces sends what is written to it in messages of about exportPiece bytes.
type pieces struct {
	stream grpc.ServerStreamingServer[httpbody.HttpBody]
	kind   string
	buffer bytes.Buffer
	sent   bool
}

func newPieces(stream grpc.ServerStreamingServer[httpbody.HttpBody], contentType string) *pieces {
	return &pieces{stream: stream, kind: contentType}
}

// Write keeps, and sends what is enough for a piece.
func (p *pieces) Write(b []byte) (int, error) {
	n, err := p.buffer.Write(b)
	if err == nil && p.buffer.Len() >= exportPiece {
		err = p.send()
	}
	return n, err
}

func (p *pieces) send() error {
	defer p.buffer.Reset()
	p.sent = true
	return p.stream.Send(&httpbody.HttpBody{ContentType: p.kind, Data: bytes.Clone(p.buffer.Bytes())})
}

// flush sends what is left, and an empty piece if nothing was written, so that the answer has its kind.
func (p *pieces) flush() error {
	if p.sent && p.buffer.Len() == 0 {
		return nil
	}
	return p.send()
}
