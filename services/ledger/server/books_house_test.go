package server

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// payer is a member's id that a test can read: number 7 is …007.
func payer(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// payingMembers knows members 1 to n, named after their numbers, and remembers what it is told.
type payingMembers struct {
	membershipv1.UnimplementedMembershipRoomsServiceServer
	membershipv1.UnimplementedPayersRoomsServiceServer
	names []string

	mu   sync.Mutex
	told []*membershipv1.ApplyLedgerEventRequest
}

func (f *payingMembers) GetPeople(_ context.Context, r *membershipv1.GetPeopleRequest) (*membershipv1.GetPeopleResponse, error) {
	out := &membershipv1.GetPeopleResponse{}
	for i, name := range f.names {
		if slices.Contains(r.GetMembers(), payer(i+1)) {
			out.People = append(out.People, &membershipv1.Person{Member: payer(i + 1), Name: name})
		}
	}
	return out, nil
}

func (f *payingMembers) ListPayers(_ context.Context, r *membershipv1.ListPayersRequest) (*membershipv1.ListPayersResponse, error) {
	out := &membershipv1.ListPayersResponse{}
	for i, name := range f.names {
		if int64(i+1) > r.GetAfter() {
			out.Payers = append(out.Payers, &membershipv1.Payer{Member: payer(i + 1), Number: int64(i + 1), Name: name})
		}
	}
	return out, nil
}

func (f *payingMembers) ApplyLedgerEvent(_ context.Context, r *membershipv1.ApplyLedgerEventRequest) (*membershipv1.ApplyLedgerEventResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = append(f.told, r)
	return &membershipv1.ApplyLedgerEventResponse{}, nil
}

// calledMeetings knows two meetings: theMeeting of London and the general one.
type calledMeetings struct {
	motionsv1.UnimplementedCalledMeetingsRoomsServiceServer
}

const theMeeting, theGeneral = "the-meeting", "the-general"

func (calledMeetings) GetCalledMeeting(ctx context.Context, r *motionsv1.GetCalledMeetingRequest) (*motionsv1.CalledMeeting, error) {
	switch r.GetMeeting() {
	case theMeeting:
		return &motionsv1.CalledMeeting{Meeting: theMeeting, Region: "london"}, nil
	case theGeneral:
		return &motionsv1.CalledMeeting{Meeting: theGeneral}, nil
	}
	return nil, rpc.ToStatus(ctx, slog.New(slog.DiscardHandler), fault.New(fault.NotFound, "MEETING_NOT_FOUND", "There is no such meeting."))
}

// bookHouse is a ledger room that runs, with a membership room and a motions room that are faked.
type bookHouse struct {
	t       *testing.T
	s       *Server
	db      *database.DB
	members *payingMembers
	signer  *auth.Signer
	conn    *grpc.ClientConn
	now     time.Time
	books   ledgerv1.BooksServiceClient
	bank    ledgerv1.BankServiceClient
	ledger  ledgerv1.LedgerServiceClient
}

// bookStart is a Saturday noon.
var bookStart = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func eachBookHouse(t *testing.T, test func(h *bookHouse)) {
	t.Helper()
	databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) { test(openBookHouse(t, db)) }, Migrations...)
}

func openBookHouse(t *testing.T, db *database.DB, change ...func(*Server)) *bookHouse {
	t.Helper()
	h := &bookHouse{t: t, db: db, now: bookStart, members: &payingMembers{names: []string{"Ada Example", "Ben Carter", "Cai Davies", "Dee Evans", "Eve Ford"}}}
	log := slog.New(slog.DiscardHandler)
	wire := rpc.NewWire()
	fake := grpc.NewServer()
	membershipv1.RegisterMembershipRoomsServiceServer(fake, h.members)
	membershipv1.RegisterPayersRoomsServiceServer(fake, h.members)
	motionsv1.RegisterCalledMeetingsRoomsServiceServer(fake, calledMeetings{})
	go func() { _ = fake.Serve(wire.Listener()) }()
	t.Cleanup(fake.Stop)
	others, err := wire.Dial(auth.Membership, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { others.Close() })
	h.s, err = Open(t.Context(), room.Config{DB: db, Now: func() time.Time { return h.now }, Random: rand.Reader, Log: log, Zone: time.UTC, Membership: others, Motions: others})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(h.s)
	}
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h.signer = auth.NewSigner(key)
	own := rpc.NewWire()
	verifier := &auth.Verifier{Room: auth.Ledger, Members: auth.StaticKeys{public}, Now: func() time.Time { return h.now }}
	server := rpc.NewServer(rpc.ServerConfig{Room: auth.Ledger, Verifier: verifier, Policies: h.s.Policies(), Log: log})
	h.s.Register(server)
	go func() { _ = server.Serve(own.Listener()) }()
	t.Cleanup(server.Stop)
	if h.conn, err = own.Dial(auth.Ledger, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.conn.Close() })
	run, stop := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { h.s.Run(run); close(stopped) }()
	t.Cleanup(func() { stop(); <-stopped })
	h.books, h.bank, h.ledger = ledgerv1.NewBooksServiceClient(h.conn), ledgerv1.NewBankServiceClient(h.conn), ledgerv1.NewLedgerServiceClient(h.conn)
	h.rule(ledger.Rule{Book: 1, SpendingAlone: 5000})
	return h
}

// rule brings a rule book into force.
func (h *bookHouse) rule(r ledger.Rule) {
	h.t.Helper()
	r.From = h.now.UnixMicro()
	if _, err := h.s.store.ApplyRule(h.t.Context(), 1, int64(r.Book), r); err != nil {
		h.t.Fatal(err)
	}
}

// as is the context of a member with roles: "treasurer", or "organiser/london".
func (h *bookHouse) as(n int, roles ...string) context.Context {
	h.t.Helper()
	session, err := id.Random(rand.Reader)
	if err != nil {
		h.t.Fatal(err)
	}
	p := auth.Principal{Member: payer(n), Session: session, Authenticated: h.now}
	for _, r := range roles {
		name, region, _ := strings.Cut(r, "/")
		p.Roles = append(p.Roles, auth.Role{Name: name, Region: region})
	}
	token, _, err := h.signer.Issue(p, h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	return metadata.AppendToOutgoingContext(h.t.Context(), "authorization", "Bearer "+token)
}

func (h *bookHouse) treasurer() context.Context { return h.as(1, auth.Treasurer) }
func (h *bookHouse) chair() context.Context     { return h.as(2, auth.Chair) }

func bookID(t testing.TB) string {
	t.Helper()
	s, err := id.Random(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (h *bookHouse) id() string { h.t.Helper(); return bookID(h.t) }

// having returns what a call gave, or ends the test.
func having[M any](h *bookHouse) func(m M, err error) M {
	return func(m M, err error) M {
		h.t.Helper()
		if err != nil {
			h.t.Fatal(err)
		}
		return m
	}
}

// wantRefusal checks the status code and the reason of a refusal.
func wantRefusal(t *testing.T, err error, code codes.Code, reason string) *fault.Fault {
	t.Helper()
	f := fault.Of(rpc.FromStatus(err))
	if f == nil || f.Reason != reason || status.Code(err) != code {
		t.Errorf("got %v; want %s %s", err, code, reason)
	}
	return f
}

// upload hands a file in, in pieces.
func (h *bookHouse) upload(ctx context.Context, name string, purpose ledgerv1.FilePurpose, content []byte) string {
	h.t.Helper()
	f := having[*ledgerv1.File](h)(h.books.StartFile(ctx, &ledgerv1.StartFileRequest{RequestId: h.id(), Name: name, SizeBytes: int64(len(content)), Purpose: purpose}))
	for at := 0; at < len(content); at += 100_000 {
		piece := content[at:min(at+100_000, len(content))]
		for range 2 { // the second time changes nothing
			having[*ledgerv1.File](h)(h.books.AppendFile(ctx, &ledgerv1.AppendFileRequest{RequestId: h.id(), File: f.GetId(), Offset: int64(at), Data: piece}))
		}
	}
	return having[*ledgerv1.File](h)(h.books.FinishFile(ctx, &ledgerv1.FinishFileRequest{RequestId: h.id(), File: f.GetId()})).GetId()
}

// check uploads a statement and has it checked.
func (h *bookHouse) check(content string) *ledgerv1.Import {
	h.t.Helper()
	file := h.upload(h.treasurer(), "statement.csv", ledgerv1.FilePurpose_FILE_PURPOSE_STATEMENT, []byte(content))
	return having[*ledgerv1.Import](h)(h.bank.CheckStatement(h.treasurer(), &ledgerv1.CheckStatementRequest{RequestId: h.id(), File: file, Account: ledger.Bank}))
}

// imported has a statement checked and imported.
func (h *bookHouse) imported(content string) *ledgerv1.Import {
	h.t.Helper()
	i := h.check(content)
	return having[*ledgerv1.Import](h)(h.bank.ImportStatement(h.treasurer(), &ledgerv1.ImportStatementRequest{RequestId: h.id(), Import: i.GetId(), Etag: i.GetEtag()}))
}

// lines returns all lines in a state.
func (h *bookHouse) lines(state ledgerv1.BankLineState) []*ledgerv1.BankLine {
	h.t.Helper()
	return having[*ledgerv1.ListBankLinesResponse](h)(h.bank.ListBankLines(h.treasurer(), &ledgerv1.ListBankLinesRequest{State: state, PageSize: 1000})).GetLines()
}

const openLine, matchedLine, asideLine = ledgerv1.BankLineState_BANK_LINE_STATE_OPEN, ledgerv1.BankLineState_BANK_LINE_STATE_MATCHED, ledgerv1.BankLineState_BANK_LINE_STATE_ASIDE

// balances returns what each account holds at a date, debits positive.
func (h *bookHouse) balances(date string) map[string]int64 {
	h.t.Helper()
	out := map[string]int64{}
	for _, l := range having[*ledgerv1.TrialBalance](h)(h.ledger.GetTrialBalance(h.t.Context(), &ledgerv1.GetTrialBalanceRequest{Date: date})).GetLines() {
		out[l.GetAccount().GetId()] = l.GetDebitPence() - l.GetCreditPence()
	}
	return out
}

// sound checks the books whole: every entry balances, none is missing, and the public log commits to each.
func (h *bookHouse) sound() {
	h.t.Helper()
	if err := h.s.store.Check(h.t.Context()); err != nil {
		h.t.Error(err)
	}
	if err := h.s.store.CheckLog(h.t.Context()); err != nil {
		h.t.Error(err)
	}
}

// spend books spending that one officer may do alone.
func (h *bookHouse) spend(date string, pence int64, fund string) *ledgerv1.Entry {
	h.t.Helper()
	return having[*ledgerv1.Entry](h)(h.ledger.PostEntry(h.treasurer(), &ledgerv1.PostEntryRequest{
		RequestId: h.id(), OccurDate: date, Description: "Hall hire",
		Postings: []*ledgerv1.Posting{{Account: "expenses:hall", AmountPence: pence, Fund: fund}, {Account: ledger.Bank, AmountPence: -pence}},
	}))
}

// give books a donation.
func (h *bookHouse) give(date string, n int, pence int64) *ledgerv1.Entry {
	h.t.Helper()
	return having[*ledgerv1.Entry](h)(h.ledger.RecordDonation(h.treasurer(), &ledgerv1.RecordDonationRequest{
		RequestId: h.id(), Member: payer(n), AmountPence: pence, Method: ledgerv1.Method_METHOD_BANK, OccurDate: date,
	}))
}
