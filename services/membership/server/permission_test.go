package server

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
)

// callers are the columns of the permission table.
var callers = strings.Fields("anonymous member organiser board teller treasurer chair secretary operator membership ledger motions ballots")

// permissions is written by hand: for every method, what each caller gets.
//
//	.  admitted      S  SIGN_IN            R  ROLE_NEEDED
//	O  OPERATOR_TOKEN    N  ROOM_NOT_ALLOWED    P  ROOMS_ONLY
//
// The operator is the secretary by a token that the operator's command made.
const permissions = `
method            anonymous member organiser board teller treasurer chair secretary operator membership ledger motions ballots
Join              .         .      .         .     .      .         .     .         .        N          N      N       N
RequestSignIn     .         .      .         .     .      .         .     .         .        N          N      N       N
ConfirmSession    .         .      .         .     .      .         .     .         .        N          N      N       N
ExchangeSession   .         .      .         .     .      .         .     .         .        N          N      N       N
SignOut           S         .      .         .     .      .         .     .         .        N          N      N       N
GetMe             S         .      .         .     .      .         .     .         .        N          N      N       N
ListMembers       S         R      .         .     R      .         .     .         .        N          N      N       N
GetMember         S         R      .         .     R      .         .     .         .        N          N      N       N
CreateRegion      S         R      R         R     R      R         R     .         O        N          N      N       N
UpdateRegion      S         R      R         R     R      R         R     .         O        N          N      N       N
ListRegions       .         .      .         .     .      .         .     .         .        N          N      N       N
ListOfficers      .         .      .         .     .      .         .     .         .        N          N      N       N
GrantRole         S         R      R         R     R      R         .     .         O        N          N      N       N
ApproveRole       S         R      R         .     R      .         .     .         O        N          N      N       N
EndRole           S         .      .         .     .      .         .     .         O        N          N      N       N
GetFounding       .         .      .         .     .      .         .     .         .        N          N      N       N
AcceptFounding    .         .      .         .     .      .         .     .         .        N          N      N       N
ListKeys          .         .      .         .     .      .         .     .         .        N          N      N       N
GetMyProofs       S         .      .         .     .      .         .     .         .        N          N      N       N
ReadLog           .         .      .         .     .      .         .     .         .        N          N      N       N
GetMyData         S         .      .         .     .      .         .     .         .        N          N      N       N
GetMyRetention    S         .      .         .     .      .         .     .         .        N          N      N       N
EraseMe           S         .      .         .     .      .         .     .         O        N          N      N       N
SetMyAccessNeeds  S         .      .         .     .      .         .     .         .        N          N      N       N
ListMyAccessNeeds S         .      .         .     .      .         .     .         .        N          N      N       N
ListAccessNeeds   S         R      .         R     R      R         R     .         O        N          N      N       N
GetRetentionReport S        R      R         R     R      R         R     .         .        N          N      N       N
ListOfficerActs   S         .      .         .     .      .         .     .         .        N          N      N       N
FreezeRoll        P         P      P         P     P      P         P     P         P        N          N      .       N
ListRollEntries   P         P      P         P     P      P         P     P         P        N          N      N       .
ExplainRoll       P         P      P         P     P      P         P     P         P        N          N      N       .
CountElectors     P         P      P         P     P      P         P     P         P        N          N      .       N
ApplyLedgerEvent  P         P      P         P     P      P         P     P         P        N          .      N       N
ApplyRules        P         P      P         P     P      P         P     P         P        N          N      .       N
ListRevocations   P         P      P         P     P      P         P     P         P        .          .      .       .
GetPeople         P         P      P         P     P      P         P     P         P        .          .      .       .
ListPayers        P         P      P         P     P      P         P     P         P        N          .      N       N
StepClock         .         .      .         .     .      .         .     .         .        N          N      N       N
ListPayers        P         P      P         P     P      P         P     P         P        N          .      N       N

ListRolls            .         .      .         .     .      .         .     .         .        N          N      N       N
GetRoll              .         .      .         .     .      .         .     .         .        N          N      N       N
GetRollProof         .         .      .         .     .      .         .     .         .        N          N      N       N
GetMyRollProof       S         .      .         .     .      .         .     .         .        N          N      N       N
GetRollEntry         S         R      R         R     R      R         .     .         .        N          N      N       N
CompareRolls         .         .      .         .     .      .         .     .         .        N          N      N       N
ListRollDifferences  S         R      R         R     R      R         R     .         .        N          N      N       N
PrepareRoll          S         R      R         R     R      R         .     .         O        N          N      N       N
ChallengeRoll        S         .      .         .     .      .         .     .         O        N          N      N       N
ListRollChallenges   S         .      .         .     .      .         .     .         .        N          N      N       N
DecideRollChallenge  S         R      R         R     R      R         .     .         O        N          N      N       N

CreateImport         S         R      R         R     R      R         R     .         O        N          N      N       N
UploadImport         S         R      R         R     R      R         R     .         O        N          N      N       N
CheckImport          S         R      R         R     R      R         R     .         O        N          N      N       N
ApplyImport          S         R      R         R     R      R         R     .         O        N          N      N       N
GetImport            S         R      R         R     R      R         R     .         .        N          N      N       N
ListImports          S         R      R         R     R      R         R     .         .        N          N      N       N
ExportRegister       S         R      R         R     R      R         R     .         O        N          N      N       N
GetMyParticulars     S         .      .         .     .      .         .     .         .        N          N      N       N
SetMyParticulars     S         .      .         .     .      .         .     .         O        N          N      N       N
ListSectors          .         .      .         .     .      .         .     .         .        N          N      N       N

EnterMember          S         R      R         R     R      R         R     .         O        N          N      N       N
AskForCard           S         R      .         R     R      R         .     .         O        N          N      N       N
MakeCard             S         R      .         R     R      R         .     .         O        N          N      N       N
CancelCard           S         R      .         R     R      R         .     .         O        N          N      N       N
ListCards            S         R      .         R     R      R         .     .         .        N          N      N       N
UseCard              .         .      .         .     .      .         .     .         .        N          N      N       N
` + registerPermissions

var refusals = map[string]string{"S": "SIGN_IN", "R": "ROLE_NEEDED", "O": "OPERATOR_TOKEN", "N": "ROOM_NOT_ALLOWED", "P": "ROOMS_ONLY"}

// table reads the permissions by method and caller.
func table(t *testing.T) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	for i, line := range strings.Split(strings.TrimSpace(permissions)+"\n"+strings.TrimSpace(signInPermissions), "\n") {
		cells := strings.Fields(line)
		if len(cells) == 0 {
			continue
		}
		if len(cells) != len(callers)+1 {
			t.Fatalf("%q has %d cells", line, len(cells))
		}
		if i == 0 {
			if strings.Join(cells[1:], " ") != strings.Join(callers, " ") {
				t.Fatal("the columns are not the callers")
			}
			continue
		}
		row := map[string]string{}
		for j, c := range callers {
			row[c] = cells[j+1]
		}
		all[cells[0]] = row
	}
	return all
}

func TestPermissions(t *testing.T) {
	h := open(t, func(c *Config) { c.Step = func(time.Time) (time.Time, error) { return c.Now(), nil } })
	want := table(t)
	signer := auth.NewSigner(h.key)
	connections := map[string]*grpc.ClientConn{}
	people := map[string]auth.Principal{}
	for _, c := range callers {
		switch {
		case strings.Contains(" membership ledger motions ballots ", " "+c+" "):
			connections[c] = h.dial(h.wire, c, auth.Membership)
			continue
		case c != "anonymous":
			p := auth.Principal{Member: "00000000-0000-4000-8000-000000000000", Authenticated: h.clock.Now()}
			switch c {
			case "member":
			case "operator":
				p.Operator, p.Roles = true, []auth.Role{{Name: auth.Secretary}}
			case "organiser":
				p.Roles = []auth.Role{{Name: c, Region: "london"}}
			default:
				p.Roles = []auth.Role{{Name: c}}
			}
			people[c] = p
		}
		conn, err := h.wire.Dial(auth.Membership, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		connections[c] = conn
	}
	var services []protoreflect.ServiceDescriptor
	protoregistry.GlobalFiles.RangeFilesByPackage("folkmoot.membership.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			services = append(services, file.Services().Get(i))
		}
		return true
	})
	seen := map[string]bool{}
	for _, service := range services {
		methods := service.Methods()
		for j := range methods.Len() {
			m := methods.Get(j)
			row, ok := want[string(m.Name())]
			if !ok {
				t.Errorf("%s is missing in the permission table", m.Name())
				continue
			}
			seen[string(m.Name())] = true
			for _, c := range callers {
				token := ""
				if p, ok := people[c]; ok {
					p.Session = newID() // Signing out ends it.
					var err error
					if token, _, err = signer.Issue(p, h.clock.Now()); err != nil {
						t.Fatal(err)
					}
				}
				err := invoke(t, connections[c], token, m)
				got := fault.Of(rpc.FromStatus(err))
				reason := ""
				if got != nil {
					reason = got.Reason
				}
				if code := row[c]; code != "." {
					if reason != refusals[code] {
						t.Errorf("%s by %s: %v; want %s", m.Name(), c, err, refusals[code])
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

// invoke calls a method with an otherwise empty request that has an id.
func invoke(t *testing.T, conn *grpc.ClientConn, token string, m protoreflect.MethodDescriptor) error {
	t.Helper()
	make := func(d protoreflect.MessageDescriptor) proto.Message {
		mt, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
		if err != nil {
			t.Fatal(err)
		}
		return mt.New().Interface()
	}
	request := make(m.Input())
	if fd := m.Input().Fields().ByName("request_id"); fd != nil {
		request.ProtoReflect().Set(fd, protoreflect.ValueOfString(newID()))
	}
	if fd := m.Input().Fields().ByName("member"); fd != nil && fd.Kind() == protoreflect.StringKind {
		// Somebody else's entry.
		request.ProtoReflect().Set(fd, protoreflect.ValueOfString("00000000-0000-4000-8000-00000000000f"))
	}
	return conn.Invoke(with(token), "/"+string(m.Parent().FullName())+"/"+string(m.Name()), request, make(m.Output()))
}

// TestNoClockOutsideASample: the method does not exist there, for anybody.
func TestNoClockOutsideASample(t *testing.T) {
	h := open(t)
	if _, ok := h.server.Policies()[membershipv1.SampleService_StepClock_FullMethodName]; ok {
		t.Error("there is a policy for stepping the clock")
	}
	conn, err := h.wire.Dial(auth.Membership, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = membershipv1.NewSampleServiceClient(conn).StepClock(context.Background(), &membershipv1.StepClockRequest{})
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("%v; want Unimplemented", err)
	}
}

// TestRegionsOfOthers: an organiser looks at their own region's members only.
func TestRegionsOfOthers(t *testing.T) {
	h := open(t)
	secretary, treasurer, _ := h.found()
	h.region(secretary, "london")
	h.region(secretary, "midlands")
	asha, ben, carys := h.join("Asha", "asha@example.org", "london"), h.join("Ben", "ben@example.org", "midlands"), h.join("Carys", "carys@example.org", "")
	h.grant(secretary, asha, membershipv1.Role_ROLE_ORGANISER, "london")
	asha.token = h.exchange(asha.session)
	dev := h.join("Dev", "dev@example.org", "london")
	list := func(m *member, region string) (*membershipv1.ListMembersResponse, error) {
		return h.people.ListMembers(with(m.token), &membershipv1.ListMembersRequest{Region: region})
	}
	for _, region := range []string{"", "london"} {
		got, err := list(asha, region)
		if err != nil || len(got.GetMembers()) != 2 || got.GetMembers()[0].GetId() != asha.id || got.GetMembers()[1].GetEmail() != "dev@example.org" {
			t.Errorf("the organiser's list of %q: %v, %v", region, got, err)
		}
	}
	_, err := list(asha, "midlands")
	refused(t, err, codes.PermissionDenied, "OTHER_REGION")
	get := func(by, who *member) (*membershipv1.Member, error) {
		return h.people.GetMember(with(by.token), &membershipv1.GetMemberRequest{Member: who.id})
	}
	for _, c := range []struct {
		name    string
		by, who *member
		code    codes.Code
		reason  string
		address bool
	}{
		{"own region", asha, dev, codes.OK, "", true},
		{"other region", asha, ben, codes.PermissionDenied, "OTHER_REGION", false},
		{"no region", asha, carys, codes.PermissionDenied, "OTHER_REGION", false},
		{"oneself", ben, ben, codes.OK, "", true},
		{"another member", ben, dev, codes.PermissionDenied, "ROLE_NEEDED", false},
		{"nobody, by a member", ben, &member{id: "nobody"}, codes.PermissionDenied, "ROLE_NEEDED", false},
		{"the secretary", secretary, ben, codes.OK, "", true},
		{"the treasurer needs no address", treasurer, ben, codes.OK, "", false},
		{"the treasurer's own", treasurer, treasurer, codes.OK, "", true},
		{"nobody, by the secretary", secretary, &member{id: "nobody"}, codes.NotFound, "MEMBER_NOT_FOUND", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := get(c.by, c.who)
			if c.reason != "" {
				refused(t, err, c.code, c.reason)
				return
			}
			if err != nil || (m.GetEmail() != "") != c.address || m.GetId() != c.who.id {
				t.Errorf("%v, %v; the address is to be seen: %v", m, err, c.address)
			}
		})
	}
	// Nor can addresses be found out by searching.
	search := func(by *member, s string) int {
		got, err := h.people.ListMembers(with(by.token), &membershipv1.ListMembersRequest{Search: s})
		if err != nil {
			t.Fatal(err)
		}
		return len(got.GetMembers())
	}
	if search(secretary, "ben@ex") != 1 || search(treasurer, "ben@ex") != 0 || search(treasurer, "ben") != 1 {
		t.Error("who may not see addresses finds people by them, or who may does not")
	}
	all, err := list(treasurer, "")
	if err != nil || len(all.GetMembers()) != 7 {
		t.Fatalf("the treasurer's list: %v, %v", all, err)
	}
	for _, m := range all.GetMembers() {
		if m.GetEmail() != "" {
			t.Errorf("the treasurer sees the address of %s", m.GetName())
		}
	}
}
