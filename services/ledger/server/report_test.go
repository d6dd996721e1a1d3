package server

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// people answers who somebody is: whom a letter of the alphabet names lives in the region of that letter.
type people struct {
	membershipv1.UnimplementedMembershipRoomsServiceServer
	regions map[string]string
}

func (r *people) GetPeople(_ context.Context, req *membershipv1.GetPeopleRequest) (*membershipv1.GetPeopleResponse, error) {
	if len(req.GetMembers()) > 1000 {
		return nil, status.Error(codes.InvalidArgument, "too many")
	}
	out := &membershipv1.GetPeopleResponse{}
	for _, m := range req.GetMembers() {
		out.People = append(out.People, &membershipv1.Person{Member: m, Region: r.regions[m]})
	}
	return out, nil
}

// office is a ledger room with its interceptors, and members with tokens.
type office struct {
	t       *testing.T
	server  *Server
	people  *people
	reports ledgerv1.ReportServiceClient
	books   ledgerv1.LedgerServiceClient
	signer  *auth.Signer
	conn    *grpc.ClientConn
	now     time.Time
}

func newOffice(t *testing.T) *office {
	t.Helper()
	_, members, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, logKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	o := &office{t: t, people: &people{regions: map[string]string{}}, signer: auth.NewSigner(members), now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	now := func() time.Time { return o.now }
	membership := rpc.NewWire()
	there := grpc.NewServer()
	membershipv1.RegisterMembershipRoomsServiceServer(there, o.people)
	go there.Serve(membership.Listener())
	t.Cleanup(there.Stop)
	toMembership, err := membership.Dial(auth.Membership, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { toMembership.Close() })
	db := databasetest.SQLite(t)
	public, err := translog.New(db, "example.org/ledger", logKey)
	if err != nil {
		t.Fatal(err)
	}
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	o.server, err = Open(t.Context(), room.Config{DB: db, Now: now, Random: rand.Reader, Log: log, Zone: london, Membership: toMembership, PublicLog: public})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.server.ApplyRules(t.Context(), &ledgerv1.ApplyRulesRequest{
		Epoch: 1, Position: 1, RuleBook: 1, EffectiveTime: timestamppb.New(o.now.Add(-time.Hour)), SecondOfficerAbovePence: 10_000,
	}); err != nil {
		t.Fatal(err)
	}
	wire := rpc.NewWire()
	verifier := &auth.Verifier{Room: auth.Ledger, Members: auth.StaticKeys{members.Public().(ed25519.PublicKey)}, Now: now}
	server := rpc.NewServer(rpc.ServerConfig{Room: auth.Ledger, Verifier: verifier, Policies: o.server.Policies(), Log: log})
	o.server.Register(server)
	go server.Serve(wire.Listener())
	t.Cleanup(server.Stop)
	conn, err := wire.Dial(auth.Ledger, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	o.conn = conn
	o.reports, o.books = ledgerv1.NewReportServiceClient(conn), ledgerv1.NewLedgerServiceClient(conn)
	return o
}

func memberID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// as is a context of a member with a role, "" for none.
func (o *office) as(member, role string) context.Context {
	session, err := id.Random(rand.Reader)
	if err != nil {
		o.t.Fatal(err)
	}
	p := auth.Principal{Member: member, Session: session}
	if role != "" {
		p.Roles = []auth.Role{{Name: role}}
	}
	token, _, err := o.signer.Issue(p, o.now)
	if err != nil {
		o.t.Fatal(err)
	}
	return metadata.AppendToOutgoingContext(o.t.Context(), "authorization", "Bearer "+token)
}

func (o *office) request() string {
	r, err := id.Random(rand.Reader)
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

func (o *office) give(member string, pence int64, date string) *ledgerv1.Entry {
	o.t.Helper()
	e, err := o.books.RecordDonation(o.as(memberID(1), auth.Treasurer), &ledgerv1.RecordDonationRequest{
		RequestId: o.request(), Member: member, AmountPence: pence, Method: ledgerv1.Method_METHOD_BANK, OccurDate: date,
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return e
}

func (o *office) spend(date string, pence int64) {
	o.t.Helper()
	_, err := o.books.PostEntry(o.as(memberID(1), auth.Treasurer), &ledgerv1.PostEntryRequest{
		RequestId: o.request(), OccurDate: date, Description: "=Hall, \"A\"",
		Postings: []*ledgerv1.Posting{{Account: "expenses:hall", AmountPence: pence}, {Account: "assets:bank", AmountPence: -pence}},
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// csv returns a report as the caller gets it.
func (o *office) csv(ctx context.Context, report, from, to, closed string) (string, error) {
	b, err := o.reports.ExportReport(ctx, &ledgerv1.ExportReportRequest{Report: report, FromDate: from, ToDate: to, CloseDate: closed})
	return string(b.GetData()), err
}

func TestReportsAtADate(t *testing.T) {
	o := newOffice(t)
	o.give(memberID(2), 500, "2026-01-10")
	o.spend("2026-02-01", 200)
	o.give(memberID(2), 300, "2025-12-31")
	for _, c := range []struct{ report, from, to, want string }{
		{"income-and-expenditure", "", "", "section,line,name,amount\r\nincome,income:donations,Donations,5.00\r\nincome,total,,5.00\r\n" +
			"expenditure,expenses:hall,Hall hire,2.00\r\nexpenditure,total,,2.00\r\nsurplus,total,,3.00\r\n"},
		{"income-and-expenditure", "", "2026-01-31", "section,line,name,amount\r\nincome,income:donations,Donations,5.00\r\nincome,total,,5.00\r\n" +
			"expenditure,total,,0.00\r\nsurplus,total,,5.00\r\n"},
		{"balance-sheet", "", "2025-12-31", "section,line,name,amount\r\nassets,assets:bank,Bank account,3.00\r\nassets,total,,3.00\r\n" +
			"liabilities,total,,0.00\r\nnet,total,,3.00\r\nown,surplus,,3.00\r\nown,total,,3.00\r\n"},
		{"receipts-and-payments", "2026-01-01", "2026-12-31", "section,line,name,amount\r\nopening,assets:bank,Bank account,3.00\r\nopening,total,,3.00\r\n" +
			"receipts,income:donations,Donations,5.00\r\nreceipts,total,,5.00\r\npayments,expenses:hall,Hall hire,2.00\r\npayments,total,,2.00\r\n" +
			"closing,assets:bank,Bank account,6.00\r\nclosing,total,,6.00\r\n"},
		{"trial-balance", "", "2026-01-10", "section,line,name,debit,credit\r\naccounts,assets:bank,Bank account,8.00,\r\n" +
			"accounts,income:donations,Donations,,8.00\r\naccounts,total,,8.00,8.00\r\n"},
		{"gaps", "", "", "section,line,name,first,last\r\nentries,total,,1,3\r\n"},
	} {
		got, err := o.csv(t.Context(), c.report, c.from, c.to, "")
		if err != nil || got != c.want {
			t.Errorf("%s, %s to %s: %v\n%s\nwant\n%s", c.report, c.from, c.to, err, got, c.want)
		}
		r, err := o.reports.GetReport(t.Context(), &ledgerv1.GetReportRequest{Report: c.report, FromDate: c.from, ToDate: c.to})
		if err != nil || r.GetReport() != c.report || len(r.GetSections()) == 0 || len(r.GetColumns()) == 0 {
			t.Errorf("%s: %v, %v", c.report, r, err)
		}
	}
}

func TestReportsRefuse(t *testing.T) {
	o := newOffice(t)
	get := func(ctx context.Context, report, from, to, closed string) error {
		_, err := o.reports.GetReport(ctx, &ledgerv1.GetReportRequest{Report: report, FromDate: from, ToDate: to, CloseDate: closed})
		_, err2 := o.csv(ctx, report, from, to, closed)
		if status.Code(err) != status.Code(err2) {
			t.Errorf("%s: %v, and as CSV %v", report, err, err2)
		}
		return err
	}
	pack := func(from, to, closed string) error {
		s, err := o.reports.GetPack(t.Context(), &ledgerv1.GetPackRequest{FromDate: from, ToDate: to, CloseDate: closed})
		if err == nil {
			_, err = s.Recv()
		}
		return err
	}
	program := func(name, account, from, to string) error {
		s, err := o.reports.ExportForProgram(t.Context(), &ledgerv1.ExportForProgramRequest{Program: name, Account: account, FromDate: from, ToDate: to})
		if err == nil {
			_, err = s.Recv()
		}
		return err
	}
	anyone := t.Context()
	for name, c := range map[string]struct {
		err    error
		code   codes.Code
		reason string
		field  string
	}{
		"an unknown report":            {get(anyone, "names", "", "", ""), codes.InvalidArgument, "REPORT_UNKNOWN", "report"},
		"no such day":                  {get(anyone, "trial-balance", "", "2026-02-30", ""), codes.InvalidArgument, "DATE_INVALID", "to_date"},
		"no such first day":            {get(anyone, "gaps", "1.1.2026", "", ""), codes.InvalidArgument, "DATE_INVALID", "from_date"},
		"no such day of a close":       {get(anyone, "changes-after-close", "", "", "soon"), codes.InvalidArgument, "DATE_INVALID", "close_date"},
		"the first after the last":     {get(anyone, "balance-sheet", "2026-03-01", "2026-02-01", ""), codes.InvalidArgument, "DATE_INVALID", "from_date"},
		"duplicates for anyone":        {get(anyone, "duplicates", "", "", ""), codes.PermissionDenied, "ROLE_NEEDED", ""},
		"duplicates for a member":      {get(o.as(memberID(5), ""), "duplicates", "", "", ""), codes.PermissionDenied, "ROLE_NEEDED", ""},
		"duplicates for the secretary": {get(o.as(memberID(5), auth.Secretary), "duplicates", "", "", ""), codes.PermissionDenied, "ROLE_NEEDED", ""},
		"duplicates for the treasurer": {get(o.as(memberID(5), auth.Treasurer), "duplicates", "", "", ""), codes.OK, "", ""},
		"a pack of no day":             {pack("", "yesterday", ""), codes.InvalidArgument, "DATE_INVALID", "to_date"},
		"a pack that ends first":       {pack("2026-03-01", "2026-02-01", ""), codes.InvalidArgument, "DATE_INVALID", "from_date"},
		"an unknown program":           {program("sage", "", "", ""), codes.InvalidArgument, "PROGRAM_UNKNOWN", "program"},
		"an account that is no money":  {program("xero", "income:donations", "", ""), codes.InvalidArgument, "ACCOUNT_NOT_MONEY", "account"},
		"a program's dates":            {program("xero", "", "2027-01-01", "2026-01-01"), codes.InvalidArgument, "DATE_INVALID", "from_date"},
		"giving of nobody":             {func() error { _, err := o.reports.GetMyGiving(anyone, &ledgerv1.GetMyGivingRequest{}); return err }(), codes.Unauthenticated, "SIGN_IN", ""},
	} {
		f := fault.Of(rpc.FromStatus(c.err))
		reason, field := "", ""
		if f != nil {
			reason = f.Reason
			if len(f.Violations) > 0 {
				field = f.Violations[0].Field
			}
		}
		if status.Code(c.err) != c.code || reason != c.reason || field != c.field {
			t.Errorf("%s: %v (%s, field %q); want %s, %s, %q", name, c.err, reason, field, c.code, c.reason, c.field)
		}
	}
}

func TestDonationsByRegionAskMembership(t *testing.T) {
	o := newOffice(t)
	for i := range 24 {
		m := memberID(100 + i)
		o.people.regions[m] = map[bool]string{true: "london", false: "midlands"}[i < 13]
		o.give(m, 100, "2026-11-11")
	}
	o.people.regions[memberID(200)] = "devon"
	o.give(memberID(200), 700, "2026-11-04")
	o.give(memberID(201), 900, "2026-11-23") // This week is not over.
	got, err := o.csv(t.Context(), "donations-by-region", "2026-11-01", "2026-11-30", "")
	want := "section,line,name,givers,amount\r\n2026-11-02,withheld,,withheld,withheld\r\n" +
		"2026-11-09,london,,13,13.00\r\n2026-11-09,midlands,,11,11.00\r\nshown,london,,,13.00\r\nshown,midlands,,,11.00\r\nshown,total,,,24.00\r\n"
	if err != nil || got != want {
		t.Errorf("for anyone: %v\n%s\nwant\n%s", err, got, want)
	}
	for _, role := range []string{"", auth.Secretary} {
		if again, err := o.csv(o.as(memberID(3), role), "donations-by-region", "2026-11-01", "2026-11-30", ""); err != nil || again != want {
			t.Errorf("for a member with the role %q: %v\n%s", role, err, again)
		}
	}
	got, err = o.csv(o.as(memberID(3), auth.Treasurer), "donations-by-region", "2026-11-01", "2026-11-30", "")
	if err != nil || !strings.Contains(got, "2026-11-02,devon,,1,7.00") || strings.Contains(got, "withheld") {
		t.Errorf("for the treasurer: %v\n%s", err, got)
	}
}

func TestChangesAndMyGiving(t *testing.T) {
	o := newOffice(t)
	mine := o.give(memberID(2), 500, "2026-10-10")
	o.now = time.Date(2026, 11, 25, 0, 30, 0, 0, time.UTC) // The day after.
	o.give(memberID(2), 300, "2026-10-11")
	o.give(memberID(3), 900, "2026-11-25")
	got, err := o.csv(t.Context(), "changes-after-close", "2026-10-01", "2026-10-31", "2026-11-24")
	if err != nil || strings.Count(got, "\r\n") != 3 || !strings.Contains(got, "changes,2,Donation,2026-10-11,2026-11-25T00:30:00.000000Z,3.00") {
		t.Errorf("changes: %v\n%s", err, got)
	}
	giving, err := o.reports.GetMyGiving(o.as(memberID(2), ""), &ledgerv1.GetMyGivingRequest{})
	if err != nil || len(giving.GetYears()) != 1 || giving.GetYears()[0].GetTotalPence() != 800 || giving.GetYears()[0].GetYear() != 2026 ||
		len(giving.GetYears()[0].GetEntries()) != 2 || giving.GetYears()[0].GetEntries()[0].GetId() != mine.GetId() ||
		giving.GetYears()[0].GetEntries()[0].GetReference() != "" {
		t.Errorf("giving: %v, %v", giving, err)
	}
}

// received collects a stream and says how many messages it had.
func received(t *testing.T, s grpc.ServerStreamingClient[httpbody.HttpBody], err error) ([]byte, int) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for n := 0; ; n++ {
		m, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return b.Bytes(), n
		}
		if err != nil {
			t.Fatal(err)
		}
		b.Write(m.GetData())
	}
}

func TestThePackNamesNobodyAndIsTheSameTwice(t *testing.T) {
	o := newOffice(t)
	for i := range 5 {
		o.give(memberID(100+i), 100, "2026-11-11")
	}
	o.spend("2026-11-12", 250)
	ask := func() ([]byte, int) {
		s, err := o.reports.GetPack(t.Context(), &ledgerv1.GetPackRequest{ToDate: "2026-11-24"})
		return received(t, s, err)
	}
	first, _ := ask()
	o.now = o.now.Add(time.Hour)
	if again, _ := ask(); !bytes.Equal(first, again) {
		t.Error("the same books make another pack")
	}
	z, err := zip.NewReader(bytes.NewReader(first), int64(len(first)))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range z.File {
		seen[f.Name] = true
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), memberID(100)) || strings.Contains(string(raw), memberID(1)) {
			t.Errorf("%s holds a member's id", f.Name)
		}
	}
	for _, name := range []string{
		"README.txt", "README.html", "check.py", "manifest.json", "SHA256SUMS", "journal.json", "journal.hledger", "journal.beancount", "journal.csv",
		"reports/trial-balance.csv", "reports/income-and-expenditure.csv", "reports/balance-sheet.csv", "reports/receipts-and-payments.csv",
		"reports/changes-after-close.csv", "reports/gaps.csv", "log/ledger/checkpoint", "log/ledger/vkey", "log/ledger/tile/0/000.p/6",
		"log/ledger/tile/entries/000.p/6", "signature/key.pem",
	} {
		if !seen[name] {
			t.Errorf("%s is not in the pack", name)
		}
	}
	o.give(memberID(100), 100, "2026-11-11")
	if more, _ := ask(); bytes.Equal(first, more) {
		t.Error("other books make the same pack")
	}
}

func TestProgramsOverTheWire(t *testing.T) {
	o := newOffice(t)
	o.give(memberID(100), 100, "2026-11-11")
	o.spend("2026-11-12", 250)
	ask := func(program, from string) string {
		s, err := o.reports.ExportForProgram(t.Context(), &ledgerv1.ExportForProgramRequest{Program: program, FromDate: from})
		b, _ := received(t, s, err)
		return string(b)
	}
	if got := ask("freeagent", ""); got != "11/11/2026,1.00,Donation (entry 1)\r\n12/11/2026,-2.50,Text: =Hall A (entry 2)\r\n" {
		t.Errorf("%q", got)
	}
	if got := ask("freeagent", "2026-11-13"); got != "" {
		t.Errorf("no line: %q", got)
	}
	if got := ask("xero", "2026-11-12"); !strings.HasSuffix(got, "\r\n12/11/2026,-2.50,,\"'=Hall, \"\"A\"\"\",Entry 2,\r\n") {
		t.Errorf("%q", got)
	}
	for _, p := range ledger.Programs {
		if ask(p, "") == "" {
			t.Errorf("nothing for %s", p)
		}
	}
}
