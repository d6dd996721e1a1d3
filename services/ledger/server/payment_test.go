package server

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
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
	"github.com/localgovdigital/folkmoot/services/internal/auth"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/id"
	"github.com/localgovdigital/folkmoot/services/internal/room"
	"github.com/localgovdigital/folkmoot/services/internal/rpc"
	"github.com/localgovdigital/folkmoot/services/ledger/provider"
	"github.com/localgovdigital/folkmoot/services/ledger/provider/standin"
	"github.com/localgovdigital/folkmoot/services/ledger/webhook"
)

const (
	ada = "00000000-0000-4000-8000-00000000000a"
	ben = "00000000-0000-4000-8000-00000000000b"
)

// register is a membership room that knows two members and keeps what it is told.
type register struct {
	membershipv1.UnimplementedMembershipRoomsServiceServer
	mu   sync.Mutex
	told []*membershipv1.ApplyLedgerEventRequest
}

func (*register) GetPeople(_ context.Context, in *membershipv1.GetPeopleRequest) (*membershipv1.GetPeopleResponse, error) {
	out := &membershipv1.GetPeopleResponse{}
	for _, m := range in.GetMembers() {
		if m == ada || m == ben {
			out.People = append(out.People, &membershipv1.Person{Member: m})
		}
	}
	return out, nil
}

func (r *register) ApplyLedgerEvent(_ context.Context, in *membershipv1.ApplyLedgerEventRequest) (*membershipv1.ApplyLedgerEventResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = append(r.told, in)
	return &membershipv1.ApplyLedgerEventResponse{}, nil
}

// till is the ledger room with a payment provider on this machine.
type till struct {
	t        *testing.T
	conn     *grpc.ClientConn
	signer   *auth.Signer
	provider *standin.Provider
	base     string
	register *register
	server   *Server

	mu  sync.Mutex
	now time.Time
	// down makes the provider's API fail.
	down bool
}

const (
	stripeSecret     = "whsec_test"
	goCardlessSecret = "gocardless_test"
)

func openTill(t *testing.T, change func(*PaymentConfig)) *till {
	t.Helper()
	h := &till{t: t, now: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), register: &register{}}
	_, members, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h.signer = auth.NewSigner(members)
	log := slog.New(slog.DiscardHandler)
	public := map[string]ed25519.PublicKey{}
	pub, ledgerKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public[auth.Ledger] = pub
	memberWire := rpc.NewWire()
	memberServer := rpc.NewServer(rpc.ServerConfig{Room: auth.Membership, Log: log, Verifier: &auth.Verifier{Room: auth.Membership, RoomKeys: public, Now: time.Now}, Policies: auth.Policies{
		membershipv1.MembershipRoomsService_GetPeople_FullMethodName:        {Rooms: []string{auth.Ledger}},
		membershipv1.MembershipRoomsService_ApplyLedgerEvent_FullMethodName: {Rooms: []string{auth.Ledger}},
	}})
	membershipv1.RegisterMembershipRoomsServiceServer(memberServer, h.register)
	go memberServer.Serve(memberWire.Listener())
	t.Cleanup(memberServer.Stop)
	own := auth.RoomIdentity{Room: auth.Ledger, Key: ledgerKey, Now: time.Now}
	toMembership, err := memberWire.Dial(auth.Membership, own.For(auth.Membership))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { toMembership.Close() })

	if h.server, err = Open(t.Context(), room.Config{DB: databasetest.SQLite(t), Now: h.clock, Random: rand.Reader, Log: log, Zone: time.UTC, Membership: toMembership}); err != nil {
		t.Fatal(err)
	}
	// The provider answers at an address that it must know before it starts.
	api := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		down := h.down
		h.mu.Unlock()
		if down && !strings.HasPrefix(r.URL.Path, "/pay/") {
			http.Error(w, "down", http.StatusInternalServerError)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/payments/") {
			fmt.Fprintf(w, `{"payments":{"id":"PM1","amount":200,"currency":"GBP"}}`)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/payouts/PO1") && r.Header.Get("Authorization") == "Bearer token" {
			fmt.Fprintf(w, `{"payouts":{"id":"PO1","amount":175,"deducted_fees":25,"currency":"gbp","status":"paid"}}`)
			return
		}
		h.provider.ServeHTTP(w, r)
	}))
	h.base = "http://" + api.Listener.Addr().String()
	// What it sends comes as the gateway hands it on.
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		if _, err := h.event("stripe", body.Bytes(), r.Header.Get("Stripe-Signature")); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}))
	t.Cleanup(hook.Close)
	h.provider = standin.New(standin.Config{URL: h.base, Key: "sk_test", Secret: stripeSecret, Hook: hook.URL, Now: h.clock})
	api.Start()
	t.Cleanup(api.Close)
	c := PaymentConfig{
		Stripe: provider.Stripe{API: h.base, Key: "sk_test"}, StripeSecrets: []string{stripeSecret}, PublicURL: "https://coop.example", Fictional: true,
		GoCardless: provider.GoCardless{API: h.base, Token: "token"}, GoCardlessSecrets: []string{goCardlessSecret},
	}
	if change != nil {
		change(&c)
	}
	h.server.TakePayments(c)

	wire := rpc.NewWire()
	server := rpc.NewServer(rpc.ServerConfig{Room: auth.Ledger, Verifier: &auth.Verifier{Room: auth.Ledger, Members: auth.StaticKeys{members.Public().(ed25519.PublicKey)}, Now: h.clock}, Policies: h.server.Policies(), Log: log})
	h.server.Register(server)
	go server.Serve(wire.Listener())
	t.Cleanup(server.Stop)
	if h.conn, err = wire.Dial(auth.Ledger, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.conn.Close() })
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { h.server.Run(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	return h
}

func (h *till) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *till) step(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *till) setDown(down bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.down = down
}

func (h *till) payments() ledgerv1.PaymentServiceClient {
	return ledgerv1.NewPaymentServiceClient(h.conn)
}

func (h *till) as(member string, roles ...auth.Role) context.Context {
	token, _, err := h.signer.Issue(auth.Principal{Member: member, Session: "00000000-0000-4000-8000-000000000001", Roles: roles}, h.clock())
	if err != nil {
		h.t.Fatal(err)
	}
	return metadata.AppendToOutgoingContext(h.t.Context(), "authorization", "Bearer "+token)
}

func (h *till) event(provider string, body []byte, signature string) (*ledgerv1.ReceiveEventResponse, error) {
	return h.payments().ReceiveEvent(h.t.Context(), &ledgerv1.ReceiveEventRequest{Provider: provider, Body: body, Signature: signature})
}

func (h *till) start(member string, pence int64) *ledgerv1.Payment {
	h.t.Helper()
	request, err := id.Random(rand.Reader)
	if err != nil {
		h.t.Fatal(err)
	}
	p, err := h.payments().StartPayment(h.as(member), &ledgerv1.StartPaymentRequest{RequestId: request, AmountPence: pence})
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// press presses a button of the provider's page.
func (h *till) press(p *ledgerv1.Payment, do string, more ...string) {
	h.t.Helper()
	form := url.Values{"do": {do}}
	for _, m := range more {
		form.Set(m, "1")
	}
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := stay.PostForm(p.GetPayUrl(), form)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		h.t.Fatalf("%s: %s", do, resp.Status)
	}
}

func (h *till) want(member string, p *ledgerv1.Payment, state ledgerv1.PaymentState, kept int64, balances string) {
	h.t.Helper()
	got, err := h.payments().GetMyPayment(h.as(member), &ledgerv1.GetMyPaymentRequest{Payment: p.GetId()})
	if err != nil || got.GetState() != state || got.GetKeptPence() != kept || got.GetAmountPence() != p.GetAmountPence() || got.GetFeePence() != 0 || got.GetProviderPayment() != "" {
		h.t.Errorf("%v, %v; want %v of %d", got, err, state, kept)
	}
	h.books(balances)
}

// books asserts the balances other than zero.
func (h *till) books(balances string) {
	h.t.Helper()
	trial, err := ledgerv1.NewLedgerServiceClient(h.conn).GetTrialBalance(h.t.Context(), &ledgerv1.GetTrialBalanceRequest{})
	if err != nil {
		h.t.Fatal(err)
	}
	var said []string
	for _, l := range trial.GetLines() {
		if b := l.GetDebitPence() - l.GetCreditPence(); b != 0 {
			said = append(said, fmt.Sprintf("%s %d", l.GetAccount().GetId(), b))
		}
	}
	if got := strings.Join(said, ", "); got != balances {
		h.t.Errorf("the books hold %q, want %q", got, balances)
	}
}

// standing is what membership was told last, once so many events came.
func (h *till) standing(n int) bool {
	h.t.Helper()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		h.register.mu.Lock()
		told := h.register.told
		h.register.mu.Unlock()
		if len(told) >= n {
			if len(told) > n {
				h.t.Errorf("membership was told %d events, want %d", len(told), n)
			}
			return told[n-1].GetSettled() != nil
		}
		if time.Now().After(until) {
			h.t.Fatalf("membership was told %d events, want %d", len(told), n)
		}
	}
}

// TestAGiftFromBeginningToEnd gives by the provider that runs here: it fails, succeeds, is paid out, and another is refunded; webhooks come
// twice and in the wrong order.
func TestAGiftFromBeginningToEnd(t *testing.T) {
	h := openTill(t, nil)
	p := h.start(ada, 500)
	if p.GetState() != ledgerv1.PaymentState_PAYMENT_STATE_PENDING || !strings.HasPrefix(p.GetPayUrl(), h.base+"/pay/") || p.GetMember() != ada || !p.GetFictional() {
		t.Fatalf("%v", p)
	}
	h.want(ada, p, ledgerv1.PaymentState_PAYMENT_STATE_PENDING, 0, "")
	h.press(p, "fail")
	h.want(ada, p, ledgerv1.PaymentState_PAYMENT_STATE_FAILED, 0, "")
	h.step(time.Minute)
	h.press(p, "pay", "repeat", "reorder")
	h.want(ada, p, ledgerv1.PaymentState_PAYMENT_STATE_SETTLED, 500, "assets:provider 473, expenses:fees 27, income:donations -500")
	if !h.standing(1) {
		t.Error("membership was not told that the £1 settled")
	}
	h.press(p, "payout", "repeat")
	h.want(ada, p, ledgerv1.PaymentState_PAYMENT_STATE_SETTLED, 500, "assets:clearing 473, expenses:fees 27, income:donations -500")

	second := h.start(ben, 100)
	h.press(second, "later")
	h.want(ben, second, ledgerv1.PaymentState_PAYMENT_STATE_PENDING, 0, "assets:clearing 473, expenses:fees 27, income:donations -500")
	h.press(second, "pay")
	h.want(ben, second, ledgerv1.PaymentState_PAYMENT_STATE_SETTLED, 100, "assets:clearing 473, assets:provider 79, expenses:fees 48, income:donations -600")
	if !h.standing(2) {
		t.Error("membership was not told that ben's £1 settled")
	}
	h.press(second, "refund", "repeat", "reorder")
	h.want(ben, second, ledgerv1.PaymentState_PAYMENT_STATE_REFUNDED, 0, "assets:clearing 473, assets:provider -21, expenses:fees 48, income:donations -500")
	if h.standing(3) {
		t.Error("membership was not told that ben's £1 went back")
	}
	list, err := h.payments().ListPayments(h.as(ada, auth.Role{Name: auth.Treasurer}), &ledgerv1.ListPaymentsRequest{PageSize: 1})
	if err != nil || len(list.GetPayments()) != 1 || list.GetPayments()[0].GetMember() != ben || list.GetPayments()[0].GetFeePence() != 21 || list.GetNextPageToken() == "" {
		t.Errorf("%v, %v", list, err)
	}
	rest, err := h.payments().ListPayments(h.as(ada, auth.Role{Name: auth.Treasurer}), &ledgerv1.ListPaymentsRequest{PageToken: list.GetNextPageToken()})
	if err != nil || len(rest.GetPayments()) != 1 || rest.GetPayments()[0].GetMember() != ada || rest.GetNextPageToken() != "" || rest.GetPayments()[0].GetAttention() {
		t.Errorf("%v, %v", rest, err)
	}
}

// TestADirectDebit comes in a batch of GoCardless, whose amount is asked for; whoever it is from is told by our reference.
func TestADirectDebit(t *testing.T) {
	h := openTill(t, nil)
	send := func(body string) (*ledgerv1.ReceiveEventResponse, error) {
		return h.event("gocardless", []byte(body), webhook.GoCardless{Secrets: []string{goCardlessSecret}}.Sign([]byte(body)))
	}
	event := func(id, action string) string {
		return fmt.Sprintf(`{"id":%q,"created_at":"2026-11-0%sT10:00:00.000Z","resource_type":"payments","action":%q,"links":{"payment":"PM1"},"resource_metadata":{"folkmoot":%q}}`, id, id[2:], action, ben)
	}
	h.setDown(true)
	body := `{"events":[` + event("EV2", "paid_out") + `,` + event("EV1", "confirmed") + `,` + event("EV1", "confirmed") + `]}`
	if _, err := send(body); status.Code(err) != codes.Unavailable || !fault.Is(rpc.FromStatus(err), "PROVIDER_UNAVAILABLE") {
		t.Errorf("an amount that cannot be asked for: %v", err)
	}
	h.setDown(false)
	for _, want := range []int32{2, 0} {
		if got, err := send(body); err != nil || got.GetNewEvents() != want {
			t.Errorf("%v, %v; want %d new events", got, err, want)
		}
	}
	if !h.standing(1) || h.register.told[0].GetSettled().GetMember() != ben || h.register.told[0].GetSettled().GetAmountPence() != 200 {
		t.Errorf("%v", h.register.told)
	}
	payout := `{"events":[{"id":"EV4","created_at":"2026-11-04T10:00:00.000Z","resource_type":"payouts","action":"paid","links":{"payout":"PO1"}}]}`
	h.setDown(true)
	if _, err := send(payout); !fault.Is(rpc.FromStatus(err), "PROVIDER_UNAVAILABLE") {
		t.Errorf("a payout that cannot be asked for: %v", err)
	}
	h.setDown(false)
	for range 2 {
		if _, err := send(payout); err != nil {
			t.Fatal(err)
		}
	}
	h.books("assets:clearing 175, expenses:fees 25, income:donations -200")
	if _, err := send(`{"events":[` + event("EV5", "charged_back") + `]}`); err != nil {
		t.Fatal(err)
	}
	h.books("assets:clearing 175, assets:provider -200, expenses:fees 25")
	if h.standing(2) {
		t.Error("a charged-back debit still stands")
	}
}

// TestWhatIsRefused asserts code and reason, and that nothing was kept.
func TestWhatIsRefused(t *testing.T) {
	h := openTill(t, nil)
	now := h.clock().Unix()
	body := []byte(`{"id":"evt_1","object":"event","type":"payment_intent.succeeded","created":1795255000,"livemode":false,"data":{"object":{"object":"payment_intent","id":"pi_1","amount":500,"currency":"gbp"}}}`)
	signed := func(secret string, at int64, body []byte) string {
		return webhook.Stripe{Secrets: []string{secret}}.Sign(body, at)
	}
	large := bytes.Repeat([]byte(" "), maxEventBody+1)
	for name, c := range map[string]struct {
		provider  string
		body      []byte
		signature string
		code      codes.Code
		reason    string
	}{
		"no signature":      {"stripe", body, "", codes.Unauthenticated, "SIGNATURE_MISSING"},
		"another's":         {"stripe", body, signed("whsec_other", now, body), codes.Unauthenticated, "SIGNATURE_WRONG"},
		"of another body":   {"stripe", append([]byte(" "), body...), signed(stripeSecret, now, body), codes.Unauthenticated, "SIGNATURE_WRONG"},
		"stale":             {"stripe", body, signed(stripeSecret, now-301, body), codes.Unauthenticated, "SIGNATURE_STALE"},
		"from the future":   {"stripe", body, signed(stripeSecret, now+301, body), codes.Unauthenticated, "SIGNATURE_STALE"},
		"huge":              {"stripe", large, signed(stripeSecret, now, large), codes.InvalidArgument, "BODY_TOO_LARGE"},
		"no event":          {"stripe", []byte("{}"), signed(stripeSecret, now, []byte("{}")), codes.InvalidArgument, "EVENT_UNREADABLE"},
		"GoCardless, none":  {"gocardless", body, "", codes.Unauthenticated, "SIGNATURE_MISSING"},
		"GoCardless, wrong": {"gocardless", body, strings.Repeat("00", 32), codes.Unauthenticated, "SIGNATURE_WRONG"},
		"nobody":            {"paypal", body, "x", codes.NotFound, "PROVIDER_OFF"},
	} {
		if _, err := h.event(c.provider, c.body, c.signature); status.Code(err) != c.code || !fault.Is(rpc.FromStatus(err), c.reason) {
			t.Errorf("%s: %v, want %v %s", name, err, c.code, c.reason)
		}
	}
	treasurer := h.as(ben, auth.Role{Name: auth.Treasurer})
	list := func() []*ledgerv1.Payment {
		all, err := h.payments().ListPayments(treasurer, &ledgerv1.ListPaymentsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return all.GetPayments()
	}
	if all := list(); len(all) != 0 {
		t.Fatalf("refused events were kept: %v", all)
	}
	// The same body, signed, is taken; again it is no news; and nobody knows whose it is.
	for _, want := range []int32{1, 0} {
		if got, err := h.event("stripe", body, signed(stripeSecret, now, body)); err != nil || got.GetNewEvents() != want {
			t.Errorf("%v, %v", got, err)
		}
	}
	if all := list(); len(all) != 1 || all[0].GetMember() != "" || !all[0].GetAttention() || all[0].GetState() != ledgerv1.PaymentState_PAYMENT_STATE_SETTLED {
		t.Errorf("%v", all)
	}

	p := h.start(ada, 100)
	for name, c := range map[string]struct {
		do     func() error
		code   codes.Code
		reason string
	}{
		"99p": {func() error {
			_, err := h.payments().StartPayment(h.as(ada), &ledgerv1.StartPaymentRequest{RequestId: "00000000-0000-4000-8000-000000000005", AmountPence: 99})
			return err
		}, codes.InvalidArgument, "AMOUNT_OUT_OF_RANGE"},
		"too much": {func() error {
			_, err := h.payments().StartPayment(h.as(ada), &ledgerv1.StartPaymentRequest{RequestId: "00000000-0000-4000-8000-000000000005", AmountPence: 1_000_001})
			return err
		}, codes.InvalidArgument, "AMOUNT_OUT_OF_RANGE"},
		"another's": {func() error {
			_, err := h.payments().GetMyPayment(h.as(ben), &ledgerv1.GetMyPaymentRequest{Payment: p.GetId()})
			return err
		}, codes.NotFound, "PAYMENT_NOT_FOUND"},
		"no payment": {func() error {
			_, err := h.payments().GetMyPayment(h.as(ben), &ledgerv1.GetMyPaymentRequest{Payment: "x"})
			return err
		}, codes.NotFound, "PAYMENT_NOT_FOUND"},
		"a page token": {func() error {
			_, err := h.payments().ListPayments(treasurer, &ledgerv1.ListPaymentsRequest{PageToken: "x"})
			return err
		}, codes.InvalidArgument, "PAGE_TOKEN"},
	} {
		if err := c.do(); status.Code(err) != c.code || !fault.Is(rpc.FromStatus(err), c.reason) {
			t.Errorf("%s: %v, want %v %s", name, err, c.code, c.reason)
		}
	}
}

// TestARequestBegunTwice gets the same page, also when the provider did not answer the first time; with another amount it is refused.
func TestARequestBegunTwice(t *testing.T) {
	h := openTill(t, nil)
	req := &ledgerv1.StartPaymentRequest{RequestId: "00000000-0000-4000-8000-000000000007", AmountPence: 300}
	h.setDown(true)
	if _, err := h.payments().StartPayment(h.as(ada), req); status.Code(err) != codes.Unavailable || !fault.Is(rpc.FromStatus(err), "PROVIDER_UNAVAILABLE") {
		t.Errorf("%v", err)
	}
	h.setDown(false)
	first, err := h.payments().StartPayment(h.as(ada), req)
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.payments().StartPayment(h.as(ada), req)
	if err != nil || again.GetId() != first.GetId() || again.GetPayUrl() != first.GetPayUrl() {
		t.Errorf("%v, %v; first %v", again, err, first)
	}
	req.AmountPence = 400
	if _, err := h.payments().StartPayment(h.as(ada), req); !fault.Is(rpc.FromStatus(err), "REQUEST_ID_REUSED") {
		t.Errorf("%v", err)
	}
}

// TestOffByDefault says so, and takes nothing.
func TestOffByDefault(t *testing.T) {
	h := openTill(t, func(c *PaymentConfig) { *c = PaymentConfig{} })
	settings, err := h.payments().GetPaymentSettings(t.Context(), &ledgerv1.GetPaymentSettingsRequest{})
	if err != nil || settings.GetEnabled() || settings.GetLeastPence() != 100 {
		t.Errorf("%v, %v", settings, err)
	}
	if _, err := h.payments().StartPayment(h.as(ada), &ledgerv1.StartPaymentRequest{RequestId: "00000000-0000-4000-8000-000000000007", AmountPence: 300}); status.Code(err) != codes.FailedPrecondition || !fault.Is(rpc.FromStatus(err), "PAYMENTS_OFF") {
		t.Errorf("%v", err)
	}
	for _, p := range []string{"stripe", "gocardless"} {
		if _, err := h.event(p, []byte("{}"), "t=1,v1=00"); !fault.Is(rpc.FromStatus(err), "PROVIDER_OFF") {
			t.Errorf("%s: %v", p, err)
		}
	}
}

// TestTestMoneyIsNotBooked: where real money moves, an event of the provider's test mode is kept and changes nothing.
func TestTestMoneyIsNotBooked(t *testing.T) {
	h := openTill(t, func(c *PaymentConfig) { c.Fictional = false })
	p := h.start(ada, 100)
	h.press(p, "pay")
	h.want(ada, p, ledgerv1.PaymentState_PAYMENT_STATE_PENDING, 0, "")
}
