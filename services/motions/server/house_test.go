package server_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/motions/server"
)

// london is where the society's dates are counted.
var london = func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err)
	}
	return l
}()

// begin is the founding in these tests: a Monday in March, so that the story crosses the change of clocks.
var begin = time.Date(2026, time.March, 2, 9, 0, 0, 0, london)

// watch is a clock that the test sets.
type watch struct {
	mu  sync.Mutex
	now time.Time
}

func (w *watch) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *watch) Set(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = t
}

// register is the membership room as the motions room sees it.
type register struct {
	membershipv1.UnimplementedMembershipRoomsServiceServer

	mu sync.Mutex
	// people by id.
	people map[string]*membershipv1.Person
	rolls  map[string]*membershipv1.Roll
	frozen []*membershipv1.FreezeRollRequest
	rules  []*membershipv1.ApplyRulesRequest
	// down makes every call fail as an unreachable room does.
	down error
}

func (r *register) add(id, name, region string, standing membershipv1.Standing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.people[id] = &membershipv1.Person{Member: id, Name: name, Region: region, Standing: standing}
}

func (r *register) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = err
}

func (r *register) frozenRolls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.rolls)
}

func (r *register) electors(region string) (ids []string) {
	for id, p := range r.people {
		if p.GetStanding() == membershipv1.Standing_STANDING_CURRENT && (region == "" || p.GetRegion() == region) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (r *register) FreezeRoll(_ context.Context, req *membershipv1.FreezeRollRequest) (*membershipv1.Roll, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down != nil {
		return nil, r.down
	}
	r.frozen = append(r.frozen, req)
	if roll, ok := r.rolls[req.GetPurpose()]; ok {
		return roll, nil
	}
	sum := sha256.Sum256([]byte(req.GetPurpose()))
	roll := &membershipv1.Roll{Id: "roll-" + req.GetPurpose(), Count: int64(len(r.electors(req.GetRegion()))), Fingerprint: sum[:]}
	r.rolls[req.GetPurpose()] = roll
	return roll, nil
}

func (r *register) CountElectors(_ context.Context, req *membershipv1.CountElectorsRequest) (*membershipv1.CountElectorsResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down != nil {
		return nil, r.down
	}
	return &membershipv1.CountElectorsResponse{Count: int64(len(r.electors(req.GetRegion())))}, nil
}

func (r *register) GetPeople(_ context.Context, req *membershipv1.GetPeopleRequest) (*membershipv1.GetPeopleResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down != nil {
		return nil, r.down
	}
	out := &membershipv1.GetPeopleResponse{}
	for _, id := range req.GetMembers() {
		if p, ok := r.people[id]; ok {
			out.People = append(out.People, p)
		}
	}
	return out, nil
}

func (r *register) ApplyRules(_ context.Context, req *membershipv1.ApplyRulesRequest) (*membershipv1.ApplyRulesResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rules = append(r.rules, req)
	return &membershipv1.ApplyRulesResponse{Applied: req.GetPosition()}, nil
}

// till is the ledger room as the motions room sees it.
type till struct {
	ledgerv1.UnimplementedLedgerRoomsServiceServer

	mu    sync.Mutex
	rules []*ledgerv1.ApplyRulesRequest
}

func (l *till) ApplyRules(_ context.Context, req *ledgerv1.ApplyRulesRequest) (*ledgerv1.ApplyRulesResponse, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rules = append(l.rules, req)
	return &ledgerv1.ApplyRulesResponse{Applied: req.GetPosition()}, nil
}

// told waits for n tellings.
func (l *till) told(h *house, n int) []*ledgerv1.ApplyRulesRequest {
	var all []*ledgerv1.ApplyRulesRequest
	h.eventually("the ledger hears of the rules", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		all = l.rules
		return len(all) >= n
	})
	return all
}

// box is the ballots room as the motions room sees it.
type box struct {
	ballotsv1.UnimplementedBallotsRoomsServiceServer

	mu        sync.Mutex
	opened    map[string]*ballotsv1.OpenBallotRequest
	figures   map[string]*ballotsv1.Figures
	closed    map[string]*ballotsv1.CloseBallotResponse
	published map[string]int
	calls     map[string]int
	down      error
}

func newBox() *box {
	return &box{opened: map[string]*ballotsv1.OpenBallotRequest{}, figures: map[string]*ballotsv1.Figures{},
		closed: map[string]*ballotsv1.CloseBallotResponse{}, published: map[string]int{}, calls: map[string]int{}}
}

func (b *box) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = err
}

// cast sets what would be counted if the ballot closed now.
func (b *box) cast(ballot string, votesFor, against, abstain int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.figures[ballot] = &ballotsv1.Figures{VotesFor: votesFor, VotesAgainst: against, Abstentions: abstain}
}

func (b *box) count(call string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls[call]
}

func (b *box) ballotsOpened() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.opened)
}

func (b *box) publications(ballot string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.published[ballot]
}

func (b *box) OpenBallot(_ context.Context, req *ballotsv1.OpenBallotRequest) (*ballotsv1.OpenBallotResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls["open"]++
	if b.down != nil {
		return nil, b.down
	}
	if b.opened[req.GetBallot()] == nil {
		b.opened[req.GetBallot()] = req
	}
	return &ballotsv1.OpenBallotResponse{}, nil
}

func (b *box) CloseBallot(_ context.Context, req *ballotsv1.CloseBallotRequest) (*ballotsv1.CloseBallotResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls["close"]++
	if b.down != nil {
		return nil, b.down
	}
	opened := b.opened[req.GetBallot()]
	if opened == nil {
		return nil, fault.New(fault.NotFound, "BALLOT_NOT_FOUND", "There is no such ballot.")
	}
	if b.closed[req.GetBallot()] == nil {
		b.closed[req.GetBallot()] = &ballotsv1.CloseBallotResponse{Figures: b.figures[req.GetBallot()], Electors: opened.GetRollCount()}
	}
	return b.closed[req.GetBallot()], nil
}

func (b *box) PublishBallot(_ context.Context, req *ballotsv1.PublishBallotRequest) (*ballotsv1.PublishBallotResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down != nil {
		return nil, b.down
	}
	b.published[req.GetBallot()]++
	return &ballotsv1.PublishBallotResponse{}, nil
}

// house is the motions room with its neighbours, and a signer for its callers.
type house struct {
	t       *testing.T
	watch   *watch
	signer  *auth.Signer
	rooms   map[string]auth.RoomIdentity
	keys    map[string]ed25519.PublicKey
	members *register
	till    *till
	box     *box
	db      *database.DB
	server  *server.Server

	motionsv1.MotionsServiceClient
	// founder calls as the membership room.
	founder motionsv1.MotionsRoomsServiceClient
	conn    *grpc.ClientConn
	wire    *rpc.Wire
}

// roomConn calls the room as another one.
func (h *house) roomConn(from string) *grpc.ClientConn { return h.dial(h.wire, auth.Motions, from) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// newHouse starts the room on a database; it is not founded yet.
func newHouse(t *testing.T, db *database.DB) *house {
	t.Helper()
	h := &house{t: t, watch: &watch{now: begin}, rooms: map[string]auth.RoomIdentity{}, keys: map[string]ed25519.PublicKey{}, box: newBox(), till: &till{}, db: db,
		members: &register{people: map[string]*membershipv1.Person{}, rolls: map[string]*membershipv1.Roll{}}}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h.signer = auth.NewSigner(key)
	for _, r := range auth.Rooms {
		pub, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		h.rooms[r], h.keys[r] = auth.RoomIdentity{Room: r, Key: key, Now: h.watch.Now}, pub
	}
	membership := h.serve(auth.Membership, membershipPolicies, func(s *grpc.Server) { membershipv1.RegisterMembershipRoomsServiceServer(s, h.members) })
	ballots := h.serve(auth.Ballots, ballotsPolicies, func(s *grpc.Server) { ballotsv1.RegisterBallotsRoomsServiceServer(s, h.box) })
	ledger := h.serve(auth.Ledger, ledgerPolicies, func(s *grpc.Server) { ledgerv1.RegisterLedgerRoomsServiceServer(s, h.till) })
	h.server, err = server.Open(context.Background(), server.Config{Config: room.Config{
		DB: h.db, Now: h.watch.Now, Random: rand.Reader, Log: quiet(), Zone: london,
		Membership: h.dial(membership, auth.Membership, auth.Motions), Ballots: h.dial(ballots, auth.Ballots, auth.Motions),
		Ledger: h.dial(ledger, auth.Ledger, auth.Motions),
	}})
	if err != nil {
		t.Fatal(err)
	}
	wire := h.serve(auth.Motions, h.server.Policies(), func(s *grpc.Server) { h.server.Register(s) })
	h.wire = wire
	h.conn = h.dial(wire, auth.Motions, "")
	h.MotionsServiceClient = motionsv1.NewMotionsServiceClient(h.conn)
	h.founder = motionsv1.NewMotionsRoomsServiceClient(h.dial(wire, auth.Motions, auth.Membership))
	return h
}

var (
	onlyMotions        = auth.Policy{Rooms: []string{auth.Motions}}
	membershipPolicies = auth.Policies{
		membershipv1.MembershipRoomsService_FreezeRoll_FullMethodName:    onlyMotions,
		membershipv1.MembershipRoomsService_CountElectors_FullMethodName: onlyMotions,
		membershipv1.MembershipRoomsService_GetPeople_FullMethodName:     onlyMotions,
		membershipv1.MembershipRoomsService_ApplyRules_FullMethodName:    onlyMotions,
	}
	ledgerPolicies  = auth.Policies{ledgerv1.LedgerRoomsService_ApplyRules_FullMethodName: onlyMotions}
	ballotsPolicies = auth.Policies{
		ballotsv1.BallotsRoomsService_OpenBallot_FullMethodName:    onlyMotions,
		ballotsv1.BallotsRoomsService_CloseBallot_FullMethodName:   onlyMotions,
		ballotsv1.BallotsRoomsService_PublishBallot_FullMethodName: onlyMotions,
	}
)

func (h *house) serve(name string, policies auth.Policies, register func(*grpc.Server)) *rpc.Wire {
	wire := rpc.NewWire()
	h.serveOn(wire.Listener(), name, policies, register)
	return wire
}

func (h *house) serveOn(l net.Listener, name string, policies auth.Policies, register func(*grpc.Server)) {
	s := rpc.NewServer(rpc.ServerConfig{Room: name, Policies: policies, Log: quiet(), Verifier: &auth.Verifier{
		Room: name, Members: auth.StaticKeys{h.signer.Public()}, RoomKeys: h.keys, Now: h.watch.Now,
	}})
	register(s)
	go s.Serve(l)
	h.t.Cleanup(s.Stop)
}

// dial connects to a room, as another room or, with an empty name, as the edge.
func (h *house) dial(wire *rpc.Wire, to, from string) *grpc.ClientConn {
	h.t.Helper()
	var conn *grpc.ClientConn
	var err error
	if from == "" {
		conn, err = wire.Dial(to, nil)
	} else {
		conn, err = wire.Dial(to, h.rooms[from].For(to))
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	return conn
}

// caller is somebody who calls.
type caller struct {
	member   string
	roles    []auth.Role
	operator bool
	// since is how long ago the caller signed in.
	since time.Duration
}

// as is a context that carries the caller's token.
func (h *house) as(c caller) context.Context {
	h.t.Helper()
	if c.member == "" {
		return context.Background()
	}
	token, _, err := h.signer.Issue(auth.Principal{Member: c.member, Session: "session-of-" + c.member, Roles: c.roles, Operator: c.operator, Authenticated: h.watch.Now().Add(-c.since)}, h.watch.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+token)
}

// The people of these tests.
var (
	chair     = caller{member: "m-chair", roles: []auth.Role{{Name: auth.Chair}}}
	secretary = caller{member: "m-secretary", roles: []auth.Role{{Name: auth.Secretary}}}
	treasurer = caller{member: "m-treasurer", roles: []auth.Role{{Name: auth.Treasurer}}}
	organiser = caller{member: "m-organiser", roles: []auth.Role{{Name: auth.Organiser, Region: "midlands"}}}
	elsewhere = caller{member: "m-elsewhere", roles: []auth.Role{{Name: auth.Organiser, Region: "london"}}}
	asha      = caller{member: "m-asha"}
	ben       = caller{member: "m-ben"}
	carys     = caller{member: "m-carys"}
	unpaid    = caller{member: "m-unpaid"}
	nobody    = caller{}
)

// founded is a house whose society was founded: asha, ben and the organiser are of the midlands, carys and the
// other organiser of london, and one member has not given their £1.
func founded(t *testing.T) *house {
	t.Helper()
	return foundedOn(t, databasetest.SQLite(t))
}

func foundedOn(t *testing.T, db *database.DB) *house {
	t.Helper()
	h := newHouse(t, db)
	for _, p := range []struct {
		c            caller
		name, region string
	}{{chair, "Chair", ""}, {secretary, "Secretary", ""}, {treasurer, "Treasurer", ""}, {organiser, "Organiser", "midlands"}, {elsewhere, "Elsewhere", "london"},
		{asha, "Asha Adeyemi", "midlands"}, {ben, "Ben Baker", "midlands"}, {carys, "Carys Chen", "london"}} {
		h.members.add(p.c.member, p.name, p.region, membershipv1.Standing_STANDING_CURRENT)
	}
	h.members.add(unpaid.member, "Unpaid", "midlands", membershipv1.Standing_STANDING_ADMITTED)
	if _, err := h.founder.ApplyFounding(context.Background(), &motionsv1.ApplyFoundingRequest{Epoch: 1, Position: 1, Society: "LocalGov Digital", ActTime: timestamppb.New(begin)}); err != nil {
		t.Fatal(err)
	}
	return h
}

// run starts the room's background until the test ends.
func (h *house) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { h.server.Run(ctx); close(done) }()
	h.t.Cleanup(func() { cancel(); <-done })
}

// eventually waits for what the background does; it fails after a long while.
func (h *house) eventually(what string, ok func() bool) {
	h.t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	h.t.Fatalf("never: %s", what)
}

// refused fails unless err has the code and the reason.
func refused(t *testing.T, err error, code codes.Code, reason string) {
	t.Helper()
	f := fault.Of(rpc.FromStatus(err))
	if status.Code(err) != code || f == nil || f.Reason != reason {
		t.Fatalf("got %v (%+v), want %v %s", err, f, code, reason)
	}
}

// must fails on an error.
func must[M any](m M, err error) func(*testing.T) M {
	return func(t *testing.T) M {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
}

// fresh is a new request id.
func fresh() string { return rand.Text() }
