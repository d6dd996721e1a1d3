package server

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
)

// callers are the columns of the permission table. The operator is the treasurer by a token that the operator's command made.
var callers = strings.Fields("anonymous member organiser teller treasurer chair secretary operator membership ledger motions ballots")

// permissions is written by hand: for every method, what each caller gets.
//
//	.  admitted      S  SIGN_IN            R  ROLE_NEEDED
//	O  OPERATOR_TOKEN    N  ROOM_NOT_ALLOWED    P  ROOMS_ONLY
const permissions = `
RecordDonation    S  R  R  R  .  R  R  O  N  N  N  N
PostEntry         S  R  R  R  .  R  R  O  N  N  N  N
ReverseEntry      S  R  R  R  .  R  R  O  N  N  N  N
ListEntries       .  .  .  .  .  .  .  .  N  N  N  N
GetEntry          .  .  .  .  .  .  .  .  N  N  N  N
GetTrialBalance   .  .  .  .  .  .  .  .  N  N  N  N
ListAccounts      .  .  .  .  .  .  .  .  N  N  N  N
ListMyDonations   S  .  .  .  .  .  .  .  N  N  N  N
Export            .  .  .  .  .  .  .  .  N  N  N  N
GetEntryProof     .  .  .  .  .  .  .  .  N  N  N  N
ReadLog           .  .  .  .  .  .  .  .  N  N  N  N

ReceiveEvent      .  .  .  .  .  .  .  .  N  N  N  N
GetPaymentSettings . .  .  .  .  .  .  .  N  N  N  N
StartPayment      S  .  .  .  .  .  .  .  N  N  N  N
GetMyPayment      S  .  .  .  .  .  .  .  N  N  N  N
ListPayments      S  R  R  R  .  R  R  .  N  N  N  N
AssignPayment     S  R  R  R  .  R  R  O  N  N  N  N

GetReport         .  .  .  .  .  .  .  .  N  N  N  N
ExportReport      .  .  .  .  .  .  .  .  N  N  N  N
ExportForProgram  .  .  .  .  .  .  .  .  N  N  N  N
GetPack           .  .  .  .  .  .  .  .  N  N  N  N
GetMyGiving       S  .  .  .  .  .  .  .  N  N  N  N
ExportEvidence    .  .  .  .  .  .  .  .  N  N  N  N
ListOfficerActs   S  .  .  .  .  .  .  .  N  N  N  N
GetHead           P  P  P  P  P  P  P  P  .  N  N  N
ApplyRules        P  P  P  P  P  P  P  P  N  N  .  N
`

var refusals = map[string]string{"S": "SIGN_IN", "R": "ROLE_NEEDED", "O": "OPERATOR_TOKEN", "N": "ROOM_NOT_ALLOWED", "P": "ROOMS_ONLY"}

// asksAgain is written by hand: what stays as it is done, and so asks for a sign-in of the last ten minutes.
var asksAgain = map[string]bool{"ReverseEntry": true, "ApproveSpending": true, "ProposeClose": true, "ApproveClose": true}

func TestPermissions(t *testing.T) {
	_, members, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rooms, public := map[string]ed25519.PrivateKey{}, map[string]ed25519.PublicKey{}
	for _, r := range auth.Rooms {
		if public[r], rooms[r], err = ed25519.GenerateKey(rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	nowhere := rpc.NewWire() // Membership is not asked in this test.
	toMembership, err := nowhere.Dial(auth.Membership, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer toMembership.Close()
	log := slog.New(slog.DiscardHandler)
	s, err := Open(t.Context(), room.Config{DB: databasetest.SQLite(t), Now: time.Now, Random: rand.Reader, Log: log, Zone: time.UTC, Membership: toMembership})
	if err != nil {
		t.Fatal(err)
	}
	wire := rpc.NewWire()
	verifier := &auth.Verifier{Room: auth.Ledger, Members: auth.StaticKeys{members.Public().(ed25519.PublicKey)}, RoomKeys: public, Now: time.Now}
	server := rpc.NewServer(rpc.ServerConfig{Room: auth.Ledger, Verifier: verifier, Policies: s.Policies(), Log: log})
	s.Register(server)
	go server.Serve(wire.Listener())
	t.Cleanup(server.Stop)

	signer := auth.NewSigner(members)
	want := map[string][]string{}
	for line := range strings.Lines(strings.TrimSpace(permissions)) {
		cells := strings.Fields(line)
		if len(cells) == 0 {
			continue
		}
		if len(cells) != len(callers)+1 {
			t.Fatalf("%q has %d cells", line, len(cells))
		}
		want[cells[0]] = cells[1:]
	}
	seen := map[string]bool{}
	for _, service := range services() {
		for j := range service.Methods().Len() {
			m := service.Methods().Get(j)
			row, ok := want[string(m.Name())]
			if !ok {
				t.Errorf("%s is missing in the permission table", m.Name())
				continue
			}
			seen[string(m.Name())] = true
			err := call(t, wire, rooms, signer, lateTreasurer, m)
			if fault.Is(rpc.FromStatus(err), "FRESH_SIGN_IN") != asksAgain[string(m.Name())] {
				t.Errorf("%s eleven minutes after signing in: %v; asks for a fresh sign-in: %v", m.Name(), err, asksAgain[string(m.Name())])
			}
			for k, c := range callers {
				err := call(t, wire, rooms, signer, c, m)
				reason := ""
				if f := fault.Of(rpc.FromStatus(err)); f != nil {
					reason = f.Reason
				}
				if row[k] != "." {
					if reason != refusals[row[k]] {
						t.Errorf("%s by %s: %v; want %s", m.Name(), c, err, refusals[row[k]])
					}
					continue
				}
				for _, r := range refusals {
					if reason == r {
						t.Errorf("%s by %s: refused with %s; want it admitted", m.Name(), c, r)
					}
				}
				if status.Code(err) == codes.Unimplemented || reason == "NO_POLICY" {
					t.Errorf("%s by %s: %v", m.Name(), c, err)
				}
			}
		}
	}
	for name := range want {
		if !seen[name] {
			t.Errorf("%s stands in the table and not in the contract", name)
		}
	}
}

// lateTreasurer signed in eleven minutes ago.
const lateTreasurer = "late treasurer"

// services are the services of the room's package, whichever file they stand in, but for those of the other table.
func services() (all []protoreflect.ServiceDescriptor) {
	protoregistry.GlobalFiles.RangeFilesByPackage("folkmoot.ledger.v1", func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			// The books' and the bank's are in booksPermissions.
			if name := f.Services().Get(i).Name(); name != "BooksService" && name != "BankService" {
				all = append(all, f.Services().Get(i))
			}
		}
		return true
	})
	return all
}

// call calls a method as a caller, with an otherwise empty request that has an id.
func call(t *testing.T, wire *rpc.Wire, rooms map[string]ed25519.PrivateKey, signer *auth.Signer, caller string, m protoreflect.MethodDescriptor) error {
	t.Helper()
	ctx := t.Context()
	var own *auth.RoomIdentity
	if key, ok := rooms[caller]; ok {
		own = &auth.RoomIdentity{Room: caller, Key: key, Now: time.Now}
	}
	var conn *grpc.ClientConn
	var err error
	if own != nil {
		conn, err = wire.Dial(auth.Ledger, own.For(auth.Ledger))
	} else {
		conn, err = wire.Dial(auth.Ledger, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	session, err := id.Random(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if own == nil && caller != "anonymous" {
		p := auth.Principal{Member: "00000000-0000-4000-8000-000000000000", Session: session, Authenticated: time.Now()}
		switch caller {
		case "member":
		case lateTreasurer:
			p.Authenticated, p.Roles = time.Now().Add(-11*time.Minute), []auth.Role{{Name: auth.Treasurer}}
		case "operator":
			p.Operator, p.Roles = true, []auth.Role{{Name: auth.Treasurer}}
		case "organiser":
			p.Roles = []auth.Role{{Name: caller, Region: "london"}}
		default:
			p.Roles = []auth.Role{{Name: caller}}
		}
		token, _, err := signer.Issue(p, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	message := func(d protoreflect.MessageDescriptor) proto.Message {
		mt, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
		if err != nil {
			t.Fatal(err)
		}
		return mt.New().Interface()
	}
	request := message(m.Input())
	if fd := m.Input().Fields().ByName("request_id"); fd != nil {
		request.ProtoReflect().Set(fd, protoreflect.ValueOfString(session))
	}
	name := "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
	if !m.IsStreamingServer() {
		return conn.Invoke(ctx, name, request, message(m.Output()))
	}
	return stream(ctx, conn, name, request, message(m.Output()))
}

func stream(ctx context.Context, conn *grpc.ClientConn, name string, request, reply proto.Message) error {
	s, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, name)
	if err != nil {
		return err
	}
	if err := s.SendMsg(request); err != nil {
		return err
	}
	if err := s.CloseSend(); err != nil {
		return err
	}
	return s.RecvMsg(reply)
}
