package server_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/ballots/server"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// fakeMembership holds rolls as the membership room would, and explains.
type fakeMembership struct {
	membershipv1.UnimplementedMembershipRoomsServiceServer
	mu    sync.Mutex
	rolls map[string][]*membershipv1.RollEntry
	asked int
	down  bool
	// most is how many entries a page has at most.
	most int
}

func (m *fakeMembership) ListRollEntries(_ context.Context, r *membershipv1.ListRollEntriesRequest) (*membershipv1.ListRollEntriesResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	if m.down {
		return nil, status.Error(codes.Unavailable, "down")
	}
	roll, ok := m.rolls[r.GetRoll()]
	if !ok {
		return nil, rpc.ToStatus(context.Background(), slog.Default(), fault.New(fault.NotFound, "ROLL_NOT_FOUND", "There is no such roll."))
	}
	out := &membershipv1.ListRollEntriesResponse{}
	for _, e := range roll {
		if e.GetNumber() > r.GetAfter() && len(out.Entries) < min(int(r.GetLimit()), m.most) {
			out.Entries = append(out.Entries, e)
		}
	}
	return out, nil
}

func (m *fakeMembership) ExplainRoll(_ context.Context, r *membershipv1.ExplainRollRequest) (*membershipv1.ExplainRollResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return nil, status.Error(codes.Unavailable, "down")
	}
	return &membershipv1.ExplainRollResponse{Reason: "admitted_after_notice", Explanation: "You joined on 3 October 2016, after the notice of 1 October 2016 (" + r.GetRoll() + ").",
		Date: "2016-10-01", Contact: "secretary@example.org"}, nil
}

// house is the ballots room on a wire, with the real interceptors.
type house struct {
	t       *testing.T
	members *fakeMembership
	signer  *auth.Signer
	rooms   map[string]ed25519.PrivateKey
	wire    *rpc.Wire
	db      *database.DB
	policy  auth.Policies
	log     *translog.Log
}

func key(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return private
}

// settings are what a test may want different.
type settings struct {
	db     *database.DB
	random io.Reader
	now    func() time.Time
	queue  int
	idle   bool
}

func open(t *testing.T, c settings) *house {
	t.Helper()
	if c.db == nil {
		c.db = databasetest.SQLite(t)
	}
	if c.random == nil {
		c.random = rand.Reader
	}
	if c.now == nil {
		c.now = time.Now
	}
	log := slog.New(slog.DiscardHandler)
	h := &house{t: t, members: &fakeMembership{rolls: map[string][]*membershipv1.RollEntry{}, most: 2}, signer: auth.NewSigner(key(t)),
		rooms: map[string]ed25519.PrivateKey{}, wire: rpc.NewWire(), db: c.db}
	public := map[string]ed25519.PublicKey{}
	for _, name := range auth.Rooms {
		h.rooms[name] = key(t)
		public[name] = h.rooms[name].Public().(ed25519.PublicKey)
	}

	membershipWire, membership := rpc.NewWire(), grpc.NewServer()
	membershipv1.RegisterMembershipRoomsServiceServer(membership, h.members)
	toMembership, err := membershipWire.Dial(auth.Membership, h.as(auth.Ballots).For(auth.Membership))
	if err != nil {
		t.Fatal(err)
	}
	// The same key in every house: what differs between two is then the votes.
	if h.log, err = translog.New(c.db, "example.org/ballots", ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))); err != nil {
		t.Fatal(err)
	}
	s, err := server.Open(t.Context(), server.Config{
		Config: room.Config{DB: c.db, Now: c.now, Random: c.random, Log: log, Zone: time.UTC, Membership: toMembership, PublicLog: h.log},
		Queue:  c.queue, Lease: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.policy = s.Policies()
	var asRoom room.Room = s
	g := rpc.NewServer(rpc.ServerConfig{Room: auth.Ballots, Policies: asRoom.Policies(), Log: log,
		Verifier: &auth.Verifier{Room: auth.Ballots, Members: auth.StaticKeys{h.signer.Public()}, RoomKeys: public, Now: time.Now}})
	asRoom.Register(g)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = g.Serve(h.wire.Listener()) })
	running.Go(func() { _ = membership.Serve(membershipWire.Listener()) })
	if !c.idle {
		running.Go(func() { asRoom.Run(ctx) })
	}
	t.Cleanup(func() {
		cancel()
		g.Stop()
		membership.Stop()
		toMembership.Close()
		running.Wait()
	})
	return h
}

func (h *house) as(name string) auth.RoomIdentity {
	return auth.RoomIdentity{Room: name, Key: h.rooms[name], Now: time.Now}
}

// bearer puts a member's token on each call.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}
func (bearer) RequireTransportSecurity() bool { return false }

// dial connects as a caller: nil for nobody.
func (h *house) dial(own credentials.PerRPCCredentials) *grpc.ClientConn {
	h.t.Helper()
	conn, err := h.wire.Dial(auth.Ballots, own)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	return conn
}

func (h *house) room(name string) *grpc.ClientConn { return h.dial(h.as(name).For(auth.Ballots)) }

func (h *house) person(p auth.Principal) *grpc.ClientConn {
	h.t.Helper()
	if p.Member == "" {
		return h.dial(nil)
	}
	p.Session = "session-" + p.Member
	token, _, err := h.signer.Issue(p, time.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return h.dial(bearer(token))
}

func (h *house) member(n int) ballotsv1.BallotsServiceClient {
	return ballotsv1.NewBallotsServiceClient(h.person(auth.Principal{Member: memberNo(n)}))
}

func memberNo(n int) string { return fmt.Sprintf("0192f3a0-0000-7000-8000-%012d", n) }

// roll has n members, and is what membership would freeze.
func (h *house) roll(id string, n int) *ballotsv1.OpenBallotRequest {
	var entries []*membershipv1.RollEntry
	var electors []ballots.Elector
	for i := 1; i <= n; i++ {
		entries = append(entries, &membershipv1.RollEntry{Number: int64(i), Member: memberNo(i), Region: "midlands"})
		electors = append(electors, ballots.Elector{Number: int64(i), Member: memberNo(i), Region: "midlands"})
	}
	h.members.mu.Lock()
	defer h.members.mu.Unlock()
	h.members.rolls["roll-"+id] = entries
	return &ballotsv1.OpenBallotRequest{Ballot: id, Motion: "motion-" + id, Meeting: "meeting-1", Region: "midlands", Question: "That facilitators share material.",
		Roll: "roll-" + id, RollCount: int64(n), RollFingerprint: ballots.Fingerprint(electors), Rule: "More votes for than against."}
}

func (h *house) motions() ballotsv1.BallotsRoomsServiceClient {
	return ballotsv1.NewBallotsRoomsServiceClient(h.room(auth.Motions))
}

// ballot opens a ballot of n electors.
func (h *house) ballot(id string, n int) {
	h.t.Helper()
	if _, err := h.motions().OpenBallot(h.t.Context(), h.roll(id, n)); err != nil {
		h.t.Fatal(err)
	}
}

func request(n int) string { return fmt.Sprintf("0192f3a0-aaaa-7000-8000-%012d", n) }

// want fails unless err is a status with this code and this reason in its ErrorInfo, and returns it as the fault that a client sees.
func want(t *testing.T, err error, code codes.Code, reason string) *fault.Fault {
	t.Helper()
	f := fault.Of(rpc.FromStatus(err))
	if f == nil {
		f = fault.Of(err)
	}
	if f == nil || f.Reason != reason {
		t.Fatalf("got %v, want %s", err, reason)
	}
	kinds := map[codes.Code]fault.Kind{codes.InvalidArgument: fault.Invalid, codes.NotFound: fault.NotFound, codes.AlreadyExists: fault.Exists,
		codes.FailedPrecondition: fault.Conflict, codes.PermissionDenied: fault.Denied, codes.Unauthenticated: fault.Unauthenticated,
		codes.ResourceExhausted: fault.Exhausted, codes.Unavailable: fault.Unavailable}
	if f.Kind != kinds[code] {
		t.Fatalf("%s came with kind %d, want %s", reason, f.Kind, code)
	}
	return f
}

// withKey sends a header Idempotency-Key.
func withKey(ctx context.Context, id string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, rpc.HeaderRequestID, id)
}

// counter is a source that is random to nobody: two houses with it give the same receipts.
type counter struct{ n uint64 }

func (c *counter) Read(p []byte) (int, error) {
	for i := 0; i < len(p); i += 8 {
		c.n++
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], c.n*0x9e3779b97f4a7c15)
		copy(p[i:], b[:])
	}
	return len(p), nil
}
