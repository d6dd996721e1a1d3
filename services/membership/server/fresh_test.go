package server

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	membershipv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/membership/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
)

// again has people sign in anew, with a mailed code.
func (h *house) again(people ...*member) {
	h.t.Helper()
	for _, m := range people {
		before := len(h.mail.to(m.email))
		done, err := h.byCode(h.ask(m.email, "en"), h.newest(m.email, before+1).code())
		if err != nil {
			h.t.Fatal(err)
		}
		m.session = done.GetSessionSecret()
		m.token = h.exchange(m.session)
	}
}

// asksAgain is written by hand: what cannot be undone, and so asks for a sign-in of the last ten minutes (fifteen for erasing oneself).
var asksAgain = []string{
	membershipv1.MembershipService_GrantRole_FullMethodName, membershipv1.MembershipService_ApproveRole_FullMethodName,
	membershipv1.MembershipService_EndRole_FullMethodName, membershipv1.SignInService_BeginPasskey_FullMethodName,
	membershipv1.PrivacyService_EraseMe_FullMethodName,
	membershipv1.RegisterService_EndMembership_FullMethodName, membershipv1.RegisterService_FindDouble_FullMethodName,
	membershipv1.RegisterService_ConfirmDouble_FullMethodName, membershipv1.RollService_DecideRollChallenge_FullMethodName,
	membershipv1.StatuteService_ApplyImport_FullMethodName,
	membershipv1.DeskService_AskForCard_FullMethodName, membershipv1.DeskService_MakeCard_FullMethodName,
}

// TestDangerousActsAskAgain: with a token made sixteen minutes after signing in each of them is refused, and one minute after
// signing in none is for that; and no other method asks.
func TestDangerousActsAskAgain(t *testing.T) {
	h := open(t)
	secretary := auth.Principal{Member: "00000000-0000-4000-8000-000000000000", Session: newID(), Roles: []auth.Role{{Name: auth.Secretary}}}
	signer := auth.NewSigner(h.key)
	asks := map[string]bool{}
	for _, method := range asksAgain {
		asks[method] = true
		for since, want := range map[time.Duration]bool{16 * time.Minute: true, time.Minute: false} {
			secretary.Authenticated = h.clock.Now().Add(-since)
			token, _, err := signer.Issue(secretary, h.clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			err = invoke(t, h.conn, token, methodOf(t, method))
			if want {
				refused(t, err, codes.Unauthenticated, "FRESH_SIGN_IN")
			} else if err == nil || fault.Is(rpc.FromStatus(err), "FRESH_SIGN_IN") {
				t.Errorf("%s a minute after signing in, with an empty request: %v", method, err)
			}
		}
	}
	for method, policy := range h.server.Policies() {
		if policy.Fresh > 0 != asks[method] {
			t.Errorf("%s asks for a fresh sign-in: %v", method, policy.Fresh > 0)
		}
	}
}

func methodOf(t *testing.T, full string) protoreflect.MethodDescriptor {
	t.Helper()
	service, name := protoreflect.FullName(full[1:]), ""
	for i := len(full) - 1; i > 0; i-- {
		if full[i] == '/' {
			service, name = protoreflect.FullName(full[1:i]), full[i+1:]
			break
		}
	}
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(service)
	if err != nil {
		t.Fatal(err)
	}
	return d.(protoreflect.ServiceDescriptor).Methods().ByName(protoreflect.Name(name))
}
