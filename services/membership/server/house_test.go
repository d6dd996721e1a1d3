package server

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	motionsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/motions/v1"
	"github.com/localgovdigital/folkmoot/services/internal/acts"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// house is a membership room behind the real interceptors, with the other rooms faked behind real wires.
type house struct {
	t      testing.TB
	db     *database.DB
	server *Server
	people membershipv1.MembershipServiceClient
	// conn is nobody's connection to the room.
	conn *grpc.ClientConn
	// entries is the register's service.
	entries membershipv1.RegisterServiceClient
	mail    *mailbox
	ledger  *fakeLedger
	motions *fakeMotions
	clock   *testClock
	key     ed25519.PrivateKey

	keys map[string]ed25519.PrivateKey
	wire *rpc.Wire
	// invitations are the founding's.
	invitations map[string]string
	// told and ruled count what the fake ledger and the fake motions room told.
	told, ruled int64
	// ahead is how far the machine's clock is ahead, in nanoseconds.
	ahead atomic.Int64
	// log is the register's public one.
	log *translog.Log
	// logged is what the room wrote into its log.
	logged *logBuffer
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

type testClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *testClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// letter is a mail that was sent.
type letter struct{ to, subject, text string }

var (
	codeLine = regexp.MustCompile(`(?m)^Code: ([0-9]{6})$`)
	linkLine = regexp.MustCompile(`(?m)^https://vote\.example\.org/(?:me/email/)?confirm\?link=([A-Za-z0-9_-]+)$`)
)

func (l letter) code() string {
	if m := codeLine.FindStringSubmatch(l.text); m != nil {
		return m[1]
	}
	return ""
}

func (l letter) link() string {
	if m := linkLine.FindStringSubmatch(l.text); m != nil {
		return m[1]
	}
	return ""
}

// mailbox is the mailer.
type mailbox struct {
	mu   sync.Mutex
	all  []letter
	fail int
	came chan struct{}
}

func (m *mailbox) Send(_ context.Context, to, subject, text string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail > 0 {
		m.fail--
		// As mail servers do, it names the address, which must not reach the log.
		return fmt.Errorf("451 <%s>: try again later", to)
	}
	m.all = append(m.all, letter{to, subject, text})
	select {
	case m.came <- struct{}{}:
	default:
	}
	return nil
}

func (m *mailbox) to(email string) []letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []letter
	for _, l := range m.all {
		if l.to == email {
			all = append(all, l)
		}
	}
	return all
}

type fakeLedger struct {
	ledgerv1.UnimplementedLedgerRoomsServiceServer
	mu   sync.Mutex
	head int64
	// asked is closed when the head was asked for, if it is not nil.
	asked chan struct{}
}

func (l *fakeLedger) GetHead(context.Context, *ledgerv1.GetHeadRequest) (*ledgerv1.GetHeadResponse, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked != nil {
		close(l.asked)
		l.asked = nil
	}
	return &ledgerv1.GetHeadResponse{Epoch: 1, Position: l.head}, nil
}

type fakeMotions struct {
	motionsv1.UnimplementedMotionsRoomsServiceServer
	motionsv1.UnimplementedResolutionsRoomsServiceServer
	motionsv1.UnimplementedCalledMeetingsRoomsServiceServer
	founded chan *motionsv1.ApplyFoundingRequest
	// decided are the motions that it knows.
	decided map[string]*motionsv1.Decision
	// called are the meetings that it knows.
	called map[string]*motionsv1.CalledMeeting
}

func (m *fakeMotions) GetCalledMeeting(_ context.Context, r *motionsv1.GetCalledMeetingRequest) (*motionsv1.CalledMeeting, error) {
	if c := m.called[r.GetMeeting()]; c != nil {
		return c, nil
	}
	return nil, fault.New(fault.NotFound, "MEETING_NOT_FOUND", "There is no such meeting.")
}

func (m *fakeMotions) GetDecision(_ context.Context, r *motionsv1.GetDecisionRequest) (*motionsv1.Decision, error) {
	if d := m.decided[r.GetMotion()]; d != nil {
		return d, nil
	}
	return nil, fault.New(fault.NotFound, "MOTION_NOT_FOUND", "There is no such motion.")
}

func (m *fakeMotions) ApplyFounding(_ context.Context, r *motionsv1.ApplyFoundingRequest) (*motionsv1.ApplyFoundingResponse, error) {
	m.founded <- r
	return &motionsv1.ApplyFoundingResponse{Applied: r.GetPosition()}, nil
}

func serve(t testing.TB, wire *rpc.Wire, c rpc.ServerConfig, register func(grpc.ServiceRegistrar)) {
	t.Helper()
	g := rpc.NewServer(c)
	register(g)
	go g.Serve(wire.Listener())
	t.Cleanup(g.Stop)
}

// open opens a room on a database that was founded; change may change its configuration.
func open(t testing.TB, change ...func(*Config)) *house {
	t.Helper()
	ctx := context.Background()
	h := &house{
		t: t, db: databasetest.SQLite(t), mail: &mailbox{came: make(chan struct{}, 1)}, ledger: &fakeLedger{},
		motions: &fakeMotions{founded: make(chan *motionsv1.ApplyFoundingRequest, 8), decided: map[string]*motionsv1.Decision{}, called: map[string]*motionsv1.CalledMeeting{}},
		clock:   &testClock{at: time.Date(2026, 9, 29, 10, 0, 0, 0, time.UTC)}, keys: map[string]ed25519.PrivateKey{}, wire: rpc.NewWire(),
	}
	public := map[string]ed25519.PublicKey{}
	for _, r := range auth.Rooms {
		pub, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		h.keys[r], public[r] = key, pub
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h.key = key
	if h.invitations, err = Found(ctx, h.db, "LocalGov Digital", h.clock.Now(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	h.logged = &logBuffer{}
	log := slog.New(slog.NewTextHandler(h.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	ledgerWire, motionsWire := rpc.NewWire(), rpc.NewWire()
	verifier := func(room string, revoked *auth.Revocations) *auth.Verifier {
		return &auth.Verifier{Room: room, Members: auth.StaticKeys{key.Public().(ed25519.PublicKey)}, RoomKeys: public, Revoked: revoked, Now: h.clock.Now}
	}
	serve(t, ledgerWire, rpc.ServerConfig{Room: auth.Ledger, Log: log, Verifier: verifier(auth.Ledger, nil), Policies: auth.Policies{
		ledgerv1.LedgerRoomsService_GetHead_FullMethodName: {Rooms: []string{auth.Membership}},
	}}, func(r grpc.ServiceRegistrar) { ledgerv1.RegisterLedgerRoomsServiceServer(r, h.ledger) })
	serve(t, motionsWire, rpc.ServerConfig{Room: auth.Motions, Log: log, Verifier: verifier(auth.Motions, nil), Policies: auth.Policies{
		motionsv1.MotionsRoomsService_ApplyFounding_FullMethodName: {Rooms: []string{auth.Membership}},

		motionsv1.ResolutionsRoomsService_GetDecision_FullMethodName: {Rooms: []string{auth.Membership}},

		motionsv1.CalledMeetingsRoomsService_GetCalledMeeting_FullMethodName: {Rooms: []string{auth.Membership}},
	}}, func(r grpc.ServiceRegistrar) {
		motionsv1.RegisterMotionsRoomsServiceServer(r, h.motions)
		motionsv1.RegisterResolutionsRoomsServiceServer(r, h.motions)
		motionsv1.RegisterCalledMeetingsRoomsServiceServer(r, h.motions)
	})
	c := Config{
		Config: room.Config{
			DB: h.db, Now: h.clock.Now, Random: rand.Reader, Log: log, Zone: zone,
			Ledger: h.dial(ledgerWire, auth.Membership, auth.Ledger), Motions: h.dial(motionsWire, auth.Membership, auth.Motions),
		},
		Key: key, Mailer: h.mail, PublicURL: "https://vote.example.org/",
	}
	if c.Config.PublicLog, err = translog.New(h.db, "vote.example.org/register", h.keys[auth.Membership]); err != nil {
		t.Fatal(err)
	}
	h.log = c.Config.PublicLog
	for _, f := range change {
		f(&c)
	}
	if h.server, err = Open(ctx, c); err != nil {
		t.Fatal(err)
	}
	h.server.machine = func() time.Time { return time.Now().Add(time.Duration(h.ahead.Load())) }
	serve(t, h.wire, rpc.ServerConfig{Room: auth.Membership, Log: log, Verifier: verifier(auth.Membership, h.server.Revocations()), Policies: h.server.Policies(), Acts: acts.NewBook(h.db, zone)}, h.server.Register)
	conn, err := h.wire.Dial(auth.Membership, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	h.conn = conn
	h.people, h.entries = membershipv1.NewMembershipServiceClient(conn), membershipv1.NewRegisterServiceClient(conn)
	running, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { h.server.Run(running); close(done) }()
	t.Cleanup(func() { stop(); <-done })
	return h
}

func (h *house) dial(wire *rpc.Wire, from, to string) *grpc.ClientConn {
	h.t.Helper()
	conn, err := wire.Dial(to, auth.RoomIdentity{Room: from, Key: h.keys[from], Now: h.clock.Now}.For(to))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	return conn
}

// as returns the methods for rooms, called by a room.
func (h *house) as(room string) membershipv1.MembershipRoomsServiceClient {
	return membershipv1.NewMembershipRoomsServiceClient(h.dial(h.wire, room, auth.Membership))
}

// with puts an access token into the context.
func with(token string) context.Context {
	if token == "" {
		return context.Background()
	}
	return metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+token)
}

func newID() string { return rand.Text() }

// refused checks the status code and the reason of a refusal.
func refused(t testing.TB, err error, code codes.Code, reason string) {
	t.Helper()
	if err == nil {
		t.Fatalf("not refused; want %s %s", code, reason)
	}
	// A call between rooms has been turned back into a fault; a person's call is a status.
	f := fault.Of(rpc.FromStatus(err))
	if f == nil {
		t.Fatalf("%v is no refusal; want %s %s", err, code, reason)
	}
	if got := status.Code(rpc.ToStatus(context.Background(), slog.New(slog.DiscardHandler), f)); got != code || f.Reason != reason {
		t.Fatalf("refused with %s %v; want %s %s", got, err, code, reason)
	}
}

// newest waits for the nth mail to an address.
func (h *house) newest(email string, n int) letter {
	h.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		if all := h.mail.to(email); len(all) >= n {
			return all[n-1]
		}
		select {
		case <-h.mail.came:
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			h.t.Fatalf("mail %d to %s did not come", n, email)
		}
	}
}

// member is somebody signed in.
type member struct {
	id, email, session, token string
}

func (h *house) exchange(session string) string {
	h.t.Helper()
	reply, err := h.people.ExchangeSession(context.Background(), &membershipv1.ExchangeSessionRequest{SessionSecret: session})
	if err != nil {
		h.t.Fatal(err)
	}
	return reply.GetAccessToken()
}

// found has the three founders take office.
func (h *house) found() (secretary, treasurer, chair *member) {
	h.t.Helper()
	all := map[string]*member{}
	for _, role := range []string{"secretary", "treasurer", "chair"} {
		m := &member{email: role + "@example.org"}
		reply, err := h.people.AcceptFounding(context.Background(), &membershipv1.AcceptFoundingRequest{
			RequestId: newID(), Invitation: h.invitations[role], Name: "The " + strings.ToUpper(role[:1]) + role[1:], Email: m.email, SoleMembership: true,
		})
		if err != nil {
			h.t.Fatal(err)
		}
		m.id, m.session = reply.GetMember(), reply.GetSessionSecret()
		all[role] = m
	}
	for _, m := range all {
		m.token = h.exchange(m.session)
	}
	return all["secretary"], all["treasurer"], all["chair"]
}

// region founds a region.
func (h *house) region(secretary *member, id string) {
	h.t.Helper()
	_, err := h.people.CreateRegion(with(secretary.token), &membershipv1.CreateRegionRequest{
		RequestId: newID(), Region: id, Name: strings.ToUpper(id), State: membershipv1.RegionState_REGION_STATE_MEETING,
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// join has a person join with a mailed code.
func (h *house) join(name, email, region string) *member {
	h.t.Helper()
	before := len(h.mail.to(email))
	asked, err := h.people.Join(context.Background(), &membershipv1.JoinRequest{
		RequestId: newID(), Name: name, Email: email, Region: region, SoleMembership: true, Language: "en",
	})
	if err != nil {
		h.t.Fatal(err)
	}
	done, err := h.people.ConfirmSession(context.Background(), &membershipv1.ConfirmSessionRequest{
		RequestId: newID(), Attempt: asked.GetAttempt(), Proof: &membershipv1.ConfirmSessionRequest_Code{Code: h.newest(email, before+1).code()},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	m := &member{id: done.GetMember(), email: email, session: done.GetSessionSecret()}
	m.token = h.exchange(m.session)
	return m
}

// grant gives an office by the secretary and returns the grant.
func (h *house) grant(by, to *member, role membershipv1.Role, region string) *membershipv1.RoleGrant {
	h.t.Helper()
	g, err := h.people.GrantRole(with(by.token), &membershipv1.GrantRoleRequest{
		RequestId: newID(), Member: to.id, Role: &membershipv1.HeldRole{Role: role, Region: region}, Reason: "Elected.",
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return g
}

// settle tells that a member's £1 settled, and returns the entry.
func (h *house) settle(member string) string {
	h.t.Helper()
	h.told++
	entry := fmt.Sprintf("entry-%d", h.told)
	_, err := h.as(auth.Ledger).ApplyLedgerEvent(context.Background(), &membershipv1.ApplyLedgerEventRequest{
		Epoch: 1, Position: h.told, Event: &membershipv1.ApplyLedgerEventRequest_Settled{Settled: &membershipv1.DonationSettled{
			Member: member, Entry: entry, AmountPence: 100, SettleTime: timestamppb.New(h.clock.Now()),
		}},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return entry
}

// reverse tells that an entry was reversed.
func (h *house) reverse(member, entry string) {
	h.t.Helper()
	h.told++
	_, err := h.as(auth.Ledger).ApplyLedgerEvent(context.Background(), &membershipv1.ApplyLedgerEventRequest{
		Epoch: 1, Position: h.told, Event: &membershipv1.ApplyLedgerEventRequest_Reversed{Reversed: &membershipv1.DonationReversed{
			Member: member, Entry: fmt.Sprintf("entry-%d", h.told), Reverses: entry, ReverseTime: timestamppb.New(h.clock.Now()),
		}},
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// rule tells a rule in force from now.
func (h *house) rule(book int32, required bool) {
	h.t.Helper()
	h.ruled++
	_, err := h.as(auth.Motions).ApplyRules(context.Background(), &membershipv1.ApplyRulesRequest{
		Epoch: 1, Position: h.ruled, RuleBook: book, DonationRequired: required, EffectiveTime: timestamppb.New(h.clock.Now()),
	})
	if err != nil {
		h.t.Fatal(err)
	}
}
