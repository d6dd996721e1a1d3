package rpc_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
)

// kitchen is a room whose methods do what the test says.
type kitchen struct {
	ledgerv1.UnimplementedLedgerServiceServer
	ledgerv1.UnimplementedLedgerRoomsServiceServer
	motionsv1.UnimplementedMotionsServiceServer

	do func(ctx context.Context, req any) error
}

func (k *kitchen) RecordDonation(ctx context.Context, r *ledgerv1.RecordDonationRequest) (*ledgerv1.Entry, error) {
	return &ledgerv1.Entry{}, k.do(ctx, r)
}

func (k *kitchen) ListEntries(ctx context.Context, r *ledgerv1.ListEntriesRequest) (*ledgerv1.ListEntriesResponse, error) {
	return &ledgerv1.ListEntriesResponse{}, k.do(ctx, r)
}

func (k *kitchen) GetTrialBalance(ctx context.Context, r *ledgerv1.GetTrialBalanceRequest) (*ledgerv1.TrialBalance, error) {
	return &ledgerv1.TrialBalance{}, k.do(ctx, r)
}

func (k *kitchen) ListAccounts(ctx context.Context, r *ledgerv1.ListAccountsRequest) (*ledgerv1.ListAccountsResponse, error) {
	return &ledgerv1.ListAccountsResponse{}, k.do(ctx, r)
}

func (k *kitchen) GetHead(ctx context.Context, r *ledgerv1.GetHeadRequest) (*ledgerv1.GetHeadResponse, error) {
	return &ledgerv1.GetHeadResponse{}, k.do(ctx, r)
}

func (k *kitchen) OpenMeeting(ctx context.Context, r *motionsv1.OpenMeetingRequest) (*motionsv1.Meeting, error) {
	return &motionsv1.Meeting{}, k.do(ctx, r)
}

func (k *kitchen) Export(r *ledgerv1.ExportRequest, stream grpc.ServerStreamingServer[httpbody.HttpBody]) error {
	return k.do(stream.Context(), r)
}

// house is the kitchen on a wire, with callers.
type house struct {
	*kitchen
	wire    *rpc.Wire
	signer  *auth.Signer
	rooms   map[string]ed25519.PrivateKey
	revoked *auth.Revocations
	ended   []string
	now     time.Time
	fetch   error

	mu  sync.Mutex
	log bytes.Buffer
}

// Write takes the log.
func (h *house) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(p)
}

func (h *house) logged() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}

func newHouse(t *testing.T) *house {
	t.Helper()
	return newHouseWith(t, nil)
}

// newHouseWith is a house that keeps officers' acts.
func newHouseWith(t *testing.T, book *acts.Book) *house {
	t.Helper()
	key := func() ed25519.PrivateKey {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	h := &house{kitchen: &kitchen{do: func(context.Context, any) error { return nil }}, wire: rpc.NewWire(), signer: auth.NewSigner(key()),
		rooms: map[string]ed25519.PrivateKey{}, now: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)}
	public := map[string]ed25519.PublicKey{}
	for _, r := range auth.Rooms {
		h.rooms[r] = key()
		public[r] = h.rooms[r].Public().(ed25519.PublicKey)
	}
	clock := func() time.Time { return h.now }
	h.revoked = auth.NewRevocations(func(context.Context, time.Time) ([]string, time.Time, error) { return h.ended, h.now, h.fetch }, clock)
	if err := h.revoked.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := rpc.NewServer(rpc.ServerConfig{
		Room:     auth.Ledger,
		Verifier: &auth.Verifier{Room: auth.Ledger, Members: auth.StaticKeys{h.signer.Public()}, RoomKeys: public, Revoked: h.revoked, Now: clock},
		Policies: auth.Policies{
			ledgerv1.LedgerService_RecordDonation_FullMethodName: {Roles: []string{auth.Treasurer}, Writes: true},
			ledgerv1.LedgerService_ListEntries_FullMethodName:    {Anyone: true},
			ledgerv1.LedgerService_Export_FullMethodName:         {Anyone: true},
			ledgerv1.LedgerRoomsService_GetHead_FullMethodName:   {Rooms: []string{auth.Membership}},
			ledgerv1.LedgerService_ListAccounts_FullMethodName:   {Roles: []string{auth.Treasurer}},
			motionsv1.MotionsService_OpenMeeting_FullMethodName:  {Roles: []string{auth.Chair}, Writes: true, Fresh: 3600},
		},
		Acts: book,
		Log:  slog.New(slog.NewJSONHandler(h, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	ledgerv1.RegisterLedgerServiceServer(server, h.kitchen)
	ledgerv1.RegisterLedgerRoomsServiceServer(server, h.kitchen)
	motionsv1.RegisterMotionsServiceServer(server, h.kitchen)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(h.wire.Listener()); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { server.Stop(); <-done })
	return h
}

func (h *house) token(t *testing.T, p auth.Principal) string {
	t.Helper()
	raw, _, err := h.signer.Issue(p, h.now)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// as returns a context with a person's token and further headers.
func (h *house) as(t *testing.T, p auth.Principal, headers ...string) context.Context {
	t.Helper()
	return metadata.AppendToOutgoingContext(t.Context(), append(headers, "authorization", "Bearer "+h.token(t, p))...)
}

// edge is a connection without credentials of its own; from is a room's.
func (h *house) edge(t *testing.T) *grpc.ClientConn { t.Helper(); return h.dial(t, "") }

func (h *house) dial(t *testing.T, room string) *grpc.ClientConn {
	t.Helper()
	var conn *grpc.ClientConn
	var err error
	if room == "" {
		conn, err = h.wire.Dial(auth.Ledger, nil)
	} else {
		conn, err = h.wire.Dial(auth.Ledger, auth.RoomIdentity{Room: room, Key: h.rooms[room], Now: func() time.Time { return h.now }}.For(auth.Ledger))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

var (
	treasurer = auth.Principal{Member: "member-treasurer", Session: "session-treasurer", Roles: []auth.Role{{Name: auth.Treasurer}}}
	chair     = auth.Principal{Member: "member-chair", Session: "session-chair", Roles: []auth.Role{{Name: auth.Chair}}}
)

const requestID = "0f0e0d0c-0000-4000-8000-000000000001"

// want fails unless err is a status of this code and reason.
func want(t *testing.T, err error, code codes.Code, reason string) {
	t.Helper()
	st, got := status.Convert(err), ""
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			got = info.GetReason()
		}
	}
	if st.Code() != code || got != reason {
		t.Errorf("got %v %q (%v), want %v %q", st.Code(), got, err, code, reason)
	}
}
