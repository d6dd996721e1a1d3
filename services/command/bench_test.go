package command

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/localgovdigital/folkmoot/gateway/rest"
	ballotsv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ballots/v1"
	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	ballots "github.com/localgovdigital/folkmoot/services/ballots/server"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
)

const (
	// restCell is how long a cell of the REST benchmark runs.
	restCell = 1050 * time.Millisecond
	// restRoll is more electors than any cell gets through, and few enough for a room's cache of verified tokens.
	restRoll = 12_000
)

// BenchmarkRESTVotes measures durable open votes a second over REST (HTTP, JSON, grpc-gateway, bufconn, verified token, group
// commit on SQLite) with 1, 64 and 256 voters, and beside each cell a null request over the same transport: the same token and the same
// number of callers, answered by a room that does nothing. cpu-us is the user and system time of this process a request, the
// HTTP clients' included, so cpu-of-null compares like with like.
func BenchmarkRESTVotes(b *testing.B) {
	h := newRESTHouse(b)
	for _, voters := range []int{1, 64, 256} {
		var null float64
		for _, what := range []string{"null", "vote"} {
			b.Run(fmt.Sprintf("%s/voters-%d", what, voters), func(b *testing.B) {
				ballot := h.openBallot(b)
				request := h.nullRequest
				if what == "vote" {
					request = func(n int) string { return h.voteRequest(ballot, n) }
				}
				m := h.measure(b, voters, request)
				b.ReportMetric(m.rate, "requests/s")
				b.ReportMetric(m.cpu, "cpu-us")
				b.ReportMetric(m.p50, "p50-us")
				b.ReportMetric(m.p99, "p99-us")
				b.ReportMetric(0, "ns/op")
				if what == "null" {
					null = m.cpu
				} else {
					b.ReportMetric(m.cpu/null, "cpu-of-null")
				}
			})
		}
	}
}

// restHouse is the ballots room behind the REST edge, with a register that only holds a roll.
type restHouse struct {
	address string
	tokens  []string
	members []string
	rooms   ballotsv1.BallotsRoomsServiceClient
	print   []byte
}

// rollRoom is a register that knows one roll and does nothing when asked for the caller's own entry.
type rollRoom struct {
	membershipv1.UnimplementedMembershipServiceServer
	membershipv1.UnimplementedMembershipRoomsServiceServer
	members []string
}

func (rollRoom) GetMe(context.Context, *membershipv1.GetMeRequest) (*membershipv1.Member, error) {
	return &membershipv1.Member{}, nil
}

func (r rollRoom) ListRollEntries(_ context.Context, in *membershipv1.ListRollEntriesRequest) (*membershipv1.ListRollEntriesResponse, error) {
	out := &membershipv1.ListRollEntriesResponse{}
	for n := in.GetAfter(); n < int64(len(r.members)) && len(out.Entries) < int(in.GetLimit()); n++ {
		out.Entries = append(out.Entries, &membershipv1.RollEntry{Number: n + 1, Member: r.members[n]})
	}
	return out, nil
}

func newRESTHouse(b *testing.B) *restHouse {
	b.Helper()
	h := &restHouse{}
	sum := sha256.New()
	for n := range restRoll {
		h.members = append(h.members, fmt.Sprintf("0192f3a0-0000-7000-8000-%012d", n))
		fmt.Fprintf(sum, "%d\x1f%s\x1f\n", n+1, h.members[n])
	}
	h.print = sum.Sum(nil)
	keys, public := map[string]ed25519.PrivateKey{}, map[string]ed25519.PublicKey{}
	for _, name := range append([]string{"members"}, auth.Rooms...) {
		pub, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		keys[name], public[name] = key, pub
	}
	signer := auth.NewSigner(keys["members"])
	for n := range restRoll {
		token, _, err := signer.Issue(auth.Principal{Member: h.members[n], Session: "s", Authenticated: time.Now()}, time.Now())
		if err != nil {
			b.Fatal(err)
		}
		h.tokens = append(h.tokens, token)
	}
	log := slog.New(slog.DiscardHandler)
	verifier := func(name string) *auth.Verifier {
		v := &auth.Verifier{Room: name, Members: auth.StaticKeys{public["members"]}, RoomKeys: public, Now: time.Now}
		// A member's token is verified once a quarter of an hour; what is measured is every other time.
		for _, token := range h.tokens {
			if _, err := v.Verify(b.Context(), token); err != nil {
				b.Fatal(err)
			}
		}
		return v
	}
	members, wire := rpc.NewWire(), rpc.NewWire()
	register := rpc.NewServer(rpc.ServerConfig{Room: auth.Membership, Verifier: verifier(auth.Membership), Log: log, Policies: auth.Policies{
		membershipv1.MembershipService_GetMe_FullMethodName:                {Member: true},
		membershipv1.MembershipRoomsService_ListRollEntries_FullMethodName: {Rooms: []string{auth.Ballots}},
	}})
	membershipv1.RegisterMembershipServiceServer(register, rollRoom{members: h.members})
	membershipv1.RegisterMembershipRoomsServiceServer(register, rollRoom{members: h.members})
	db, err := database.Open(b.Context(), filepath.Join(b.TempDir(), "ballots.db"))
	if err != nil {
		b.Fatal(err)
	}
	own := auth.RoomIdentity{Room: auth.Ballots, Key: keys[auth.Ballots], Now: time.Now}
	toMembers := dialWire(b, members, auth.Membership, own.For(auth.Membership))
	r, err := ballots.Open(b.Context(), ballots.Config{Config: room.Config{DB: db, Now: time.Now, Random: rand.Reader, Log: log, Zone: time.UTC, Membership: toMembers}})
	if err != nil {
		b.Fatal(err)
	}
	server := rpc.NewServer(rpc.ServerConfig{Room: auth.Ballots, Verifier: verifier(auth.Ballots), Policies: r.Policies(), Log: log})
	r.Register(server)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	running.Go(func() { _ = register.Serve(members.Listener()) })
	running.Go(func() { _ = server.Serve(wire.Listener()) })
	motions := auth.RoomIdentity{Room: auth.Motions, Key: keys[auth.Motions], Now: time.Now}
	h.rooms = ballotsv1.NewBallotsRoomsServiceClient(dialWire(b, wire, auth.Ballots, motions.For(auth.Ballots)))
	edge, err := rest.New(b.Context(), rest.Config{Rooms: rest.Rooms{
		Membership: dialWire(b, members, auth.Membership, nil), Ledger: dialWire(b, members, auth.Ledger, nil),
		Motions: dialWire(b, members, auth.Motions, nil), Ballots: dialWire(b, wire, auth.Ballots, nil),
	}})
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	front := &http.Server{Handler: edge}
	running.Go(func() { _ = front.Serve(l) })
	h.address = l.Addr().String()
	b.Cleanup(func() {
		_ = front.Close()
		server.Stop()
		register.Stop()
		stop()
		running.Wait()
		db.Close()
	})
	return h
}

func dialWire(b *testing.B, w *rpc.Wire, name string, own *auth.RoomCredentials) grpc.ClientConnInterface {
	b.Helper()
	var conn *grpc.ClientConn
	var err error
	if own == nil {
		conn, err = w.Dial(name, nil)
	} else {
		conn, err = w.Dial(name, own)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return conn
}

func (h *restHouse) openBallot(b *testing.B) string {
	b.Helper()
	id := fmt.Sprintf("0192f3a0-0000-4000-8000-%012d", mathrand.IntN(1e12))
	_, err := h.rooms.OpenBallot(b.Context(), &ballotsv1.OpenBallotRequest{
		Ballot: id, Motion: id, Meeting: id, Question: "Speed?", Roll: "roll", RollCount: restRoll, RollFingerprint: h.print, Rule: "ordinary",
	})
	if err != nil {
		b.Fatal(err)
	}
	return id
}

func (h *restHouse) nullRequest(n int) string {
	return "GET /v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + h.tokens[n] + "\r\n\r\n"
}

func (h *restHouse) voteRequest(ballot string, n int) string {
	body := `{"choice":"CHOICE_FOR","requestId":"` + ballot[24:] + "-" + strconv.Itoa(n) + `"}`
	return "POST /v1/ballots/" + ballot + "/votes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer " + h.tokens[n] +
		"\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

type restResult struct{ rate, cpu, p50, p99 float64 }

// measure runs voters in closed loops, each over a connection of its own, and demands 200 of every answer.
func (h *restHouse) measure(b *testing.B, voters int, request func(n int) string) restResult {
	order := mathrand.Perm(restRoll)
	var next atomic.Int64
	var failed atomic.Pointer[error]
	took := make([][]float64, voters)
	var wg sync.WaitGroup
	before, began := cpuTime(b), time.Now()
	deadline := began.Add(restCell)
	for i := range voters {
		wg.Go(func() {
			conn, err := net.Dial("tcp", h.address)
			if err != nil {
				failed.Store(&err)
				return
			}
			defer conn.Close()
			r := bufio.NewReader(conn)
			for {
				start := time.Now()
				n := int(next.Add(1)) - 1
				if start.After(deadline) || n >= restRoll || failed.Load() != nil {
					return
				}
				if err := exchange(conn, r, request(order[n])); err != nil {
					failed.Store(&err)
					return
				}
				took[i] = append(took[i], float64(time.Since(start).Microseconds()))
			}
		})
	}
	wg.Wait()
	elapsed, cpu := time.Since(began), cpuTime(b)-before
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
	all := slices.Concat(took...)
	slices.Sort(all)
	n := float64(len(all))
	return restResult{rate: n / elapsed.Seconds(), cpu: float64(cpu.Microseconds()) / n, p50: all[len(all)/2], p99: all[len(all)*99/100]}
}

// exchange sends one request and reads its answer, with no more work than a client must do.
func exchange(conn net.Conn, r *bufio.Reader, request string) error {
	if _, err := io.WriteString(conn, request); err != nil {
		return err
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(body)))
	}
	return nil
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
