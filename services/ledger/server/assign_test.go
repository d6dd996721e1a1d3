package server

import (
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	ledgerv1 "github.com/localgovdigital/folkmoot/proto/folkmoot/ledger/v1"
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/ledger/webhook"
)

// TestAPaymentIsAssigned books £5 that nobody's reference came with; the treasurer says whose it is, takes that back, and says it again; then
// the money goes back. Each is an entry that names what it replaces, and standing follows.
func TestAPaymentIsAssigned(t *testing.T) {
	h := openTill(t, nil)
	now := h.clock().Unix()
	send := func(id, kind, object string) {
		t.Helper()
		body := fmt.Appendf(nil, `{"id":%q,"object":"event","type":%q,"created":%d,"livemode":false,"data":{"object":%s}}`, id, kind, now, object)
		if _, err := h.event("stripe", body, webhook.Stripe{Secrets: []string{stripeSecret}}.Sign(body, now)); err != nil {
			t.Fatal(err)
		}
	}
	send("evt_0", "payment_intent.created", `{"object":"payment_intent","id":"pi_0","amount":500,"currency":"gbp"}`)
	send("evt_1", "payment_intent.succeeded", `{"object":"payment_intent","id":"pi_1","amount":500,"amount_received":500,"currency":"gbp"}`)
	treasurer := h.as(ben, auth.Role{Name: auth.Treasurer})
	payers, request := ledgerv1.NewPayerServiceClient(h.conn), 0
	assign := func(payment, member, reason string) (*ledgerv1.Payment, error) {
		request++
		r, err := payers.AssignPayment(treasurer, &ledgerv1.AssignPaymentRequest{
			RequestId: fmt.Sprintf("00000000-0000-4000-8000-%012d", request), Provider: "stripe", ProviderPayment: payment, Member: member, Reason: reason,
		})
		return r.GetPayment(), err
	}
	refused := func(payment, member, reason, want string, code codes.Code) {
		t.Helper()
		if _, err := assign(payment, member, reason); status.Code(err) != code || !fault.Is(rpc.FromStatus(err), want) {
			t.Errorf("%s to %q because %q: %v, want %s", payment, member, reason, err, want)
		}
	}
	const sure = "The receipt was shown"
	refused("pi_1", "", sure, "PAYMENT_NOT_ASSIGNED", codes.FailedPrecondition)
	refused("pi_0", ada, sure, "PAYMENT_NOT_SETTLED", codes.FailedPrecondition)
	refused("pi_9", ada, sure, "PAYMENT_NOT_FOUND", codes.NotFound)
	refused("pi_1", "00000000-0000-4000-8000-0000000000ff", sure, "MEMBER_NOT_FOUND", codes.InvalidArgument)
	refused("pi_1", ada, " ", "ENTRY_INVALID", codes.InvalidArgument)
	h.books("assets:provider 500, income:donations -500")

	got, err := assign("pi_1", ada, sure)
	if err != nil || got.GetMember() != ada || !got.GetAssigned() || got.GetAttention() || got.GetKeptPence() != 500 {
		t.Fatalf("%v, %v", got, err)
	}
	request--
	if again, err := assign("pi_1", ada, sure); err != nil || again.GetMember() != ada {
		t.Errorf("the same request again: %v, %v", again, err)
	}
	if !h.standing(1) || h.register.told[0].GetSettled().GetMember() != ada {
		t.Error("membership was not told that the £1 is ada's")
	}
	refused("pi_1", ben, sure, "PAYMENT_HAS_GIVER", codes.FailedPrecondition)
	if got, err := assign("pi_1", "", "It was another's receipt"); err != nil || got.GetMember() != "" || got.GetAssigned() || !got.GetAttention() {
		t.Fatalf("%v, %v", got, err)
	}
	if h.standing(2) {
		t.Error("ada still stands after it was taken back")
	}
	if _, err := assign("pi_1", ben, sure); err != nil || !h.standing(3) {
		t.Fatalf("%v", err)
	}
	h.books("assets:provider 500, income:donations -500")
	all, err := ledgerv1.NewLedgerServiceClient(h.conn).ListEntries(treasurer, &ledgerv1.ListEntriesRequest{})
	if err != nil || len(all.GetEntries()) != 7 {
		t.Fatalf("%d entries, %v; want 7: nothing is edited", len(all.GetEntries()), err)
	}
	byNumber := map[int64]*ledgerv1.Entry{}
	for _, e := range all.GetEntries() {
		byNumber[e.GetNumber()] = e
	}
	for n, of := range map[int64]int64{2: 1, 4: 3, 6: 5} {
		if e := byNumber[n]; e.GetReverses() != byNumber[of].GetId() || e.GetReason() == "" || e.GetEnteredBy() != ben {
			t.Errorf("entry %d: %v", n, e)
		}
		if e := byNumber[n+1]; e.GetDescription() != fmt.Sprintf("Donation by card, in place of entry %d", of) || e.GetEnteredBy() != ben || e.GetReference() != "pi_1" {
			t.Errorf("entry %d: %v", n+1, e)
		}
	}
	send("evt_2", "refund.created", `{"object":"refund","id":"re_1","payment_intent":"pi_1","amount":500,"currency":"gbp","status":"succeeded"}`)
	if h.standing(4) {
		t.Error("ben still stands after the money went back")
	}
	h.books("")
	refused("pi_1", "", sure, "PAYMENT_NOT_SETTLED", codes.FailedPrecondition)
}
