package command

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/localgovdigital/folkmoot/services/ledger/provider/standin"
	"github.com/localgovdigital/folkmoot/services/ledger/webhook"
)

const (
	testStripeKey    = "sk_test_of_the_tests"
	testStripeSecret = "whsec_of_the_tests"
)

// providerFlags starts the payment provider that runs on this machine, with webhooks to a house, and returns the flags that turn payments on.
func providerFlags(t testing.TB, house string, clock *clockFile) []string {
	t.Helper()
	var p *standin.Provider
	api := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.ServeHTTP(w, r) }))
	at := "http://" + api.Listener.Addr().String()
	p = standin.New(standin.Config{URL: at, Key: testStripeKey, Secret: testStripeSecret, Hook: house + "/hooks/stripe", Now: clock.now})
	api.Start()
	t.Cleanup(api.Close)
	flags := []string{"--stripe-api", at}
	for flag, secret := range map[string]string{"--stripe-key-file": testStripeKey, "--stripe-secret-file": testStripeSecret} {
		file := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		flags = append(flags, flag, file)
	}
	return flags
}

// hook delivers a webhook to a house, signed at the society's time, and returns the status; 0 if the house died.
func hook(house string, clock *clockFile, body string) int {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, house+"/hooks/stripe", strings.NewReader(body))
	if err != nil {
		return 0
	}
	r.Header.Set("Stripe-Signature", webhook.Stripe{Secrets: []string{testStripeSecret}}.Sign([]byte(body), clock.now().Unix()))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// TestKilledWhileAPaymentArrives kills the house with SIGKILL at each named point between a provider's webhook and the register's hearing of
// the £1, starts it again, delivers the webhook again as the provider would, and demands that the money is in the books once.
func TestKilledWhileAPaymentArrives(t *testing.T) {
	for _, point := range []string{"ledger.event.before-commit", "ledger.event.after-commit", "ledger.before-delivery", "ledger.before-acknowledgement"} {
		// Each has a society of its own: a house that starts tells the register its last event again, and would die at a point of delivery then.
		t.Run(point, func(t *testing.T) { killWhilePaying(t, point) })
	}
}

func killWhilePaying(t *testing.T, point string) {
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	listen := freeAddress(t)
	args := append([]string{"up", "--data", dir, "--listen", listen, "--smtp", box.Address()}, providerFlags(t, "http://"+listen, clock)...)
	house := startChild(t, []string{clock.env(), killEnv + "=" + point}, args...)
	s := newStory(t, house.address("Folkmoot is on "), box, clock)
	s.found(links)
	giver := s.join("Asha Giver", "asha@example.org", "")
	begun := s.must("POST", "/v1/me/payments", s.token(giver), map[string]any{"amountPence": 100})
	if !strings.HasPrefix(begun.text("payUrl"), "http://127.0.0.1:") || begun.text("state") != "PAYMENT_STATE_PENDING" {
		t.Fatalf("%s", begun.raw)
	}
	body := fmt.Sprintf(`{"id":"evt_1","object":"event","type":"payment_intent.succeeded","created":%d,"livemode":false,"data":{"object":{"object":"payment_intent","id":"pi_1","amount":100,"amount_received":100,"currency":"gbp","metadata":{"folkmoot":%q}}}}`,
		clock.now().Unix(), begun.text("id"))
	_ = hook(s.base, clock, body)
	select {
	case <-house.done:
	case <-time.After(30 * time.Second):
		t.Fatalf("the point %s was never reached", point)
	}
	if status, ok := house.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the house ended by itself, not by SIGKILL:\n%s", house.said())
	}
	house = startChild(t, []string{clock.env()}, args...)
	s.base = house.address("Folkmoot is on ")
	for range 2 {
		if got := hook(s.base, clock, body); got != http.StatusOK {
			t.Fatalf("the webhook again: %d", got)
		}
	}
	eventually(t, "the £1 arrives in the register", func() bool {
		return s.must("GET", "/v1/me", s.token(giver), nil).body["donationTime"] != nil
	})
	if got := s.must("GET", "/v1/me/payments/"+begun.text("id"), s.token(giver), nil); got.text("state") != "PAYMENT_STATE_SETTLED" {
		t.Errorf("%s", got.raw)
	}
	if balance := s.must("GET", "/v1/ledger/trial-balance", "", nil); balance.text("totalDebitPence") != "100" {
		t.Fatalf("the books hold %s", balance.raw)
	}
	house.stop()
	doctor := startChild(t, nil, "doctor", "--data", dir, "--deep")
	<-doctor.done
	if code := doctor.cmd.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("doctor: status %d\n%s", code, doctor.said())
	}
}

// TestHooksAtTheEdge shows what a stranger gets, and that nothing of it is kept.
func TestHooksAtTheEdge(t *testing.T) {
	clock, box, dir := newClockFile(t), newMailbox(t), filepath.Join(t.TempDir(), "data")
	links := foundSociety(t, dir, clock)
	listen := freeAddress(t)
	args := append([]string{"up", "--data", dir, "--listen", listen, "--smtp", box.Address()}, providerFlags(t, "http://"+listen, clock)...)
	house := startChild(t, []string{clock.env()}, args...)
	s := newStory(t, house.address("Folkmoot is on "), box, clock)
	s.found(links)
	for _, c := range []struct {
		path, body string
		status     int
		reason     string
	}{
		{"/hooks/stripe", "{}", http.StatusUnauthorized, "SIGNATURE_MISSING"},
		{"/hooks/gocardless", "{}", http.StatusNotFound, "PROVIDER_OFF"},
		{"/hooks/paypal", "{}", http.StatusNotFound, "NOT_FOUND"},
		{"/hooks/stripe", strings.Repeat(" ", 1<<20+1), http.StatusRequestEntityTooLarge, "BODY_TOO_LARGE"},
	} {
		resp, err := http.Post(s.base+c.path, "application/json", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		raw := make([]byte, 4096)
		n, _ := resp.Body.Read(raw)
		_ = resp.Body.Close()
		if resp.StatusCode != c.status || !strings.Contains(string(raw[:n]), `"reason":"`+c.reason+`"`) {
			t.Errorf("%s: %d %s, want %d %s", c.path, resp.StatusCode, raw[:n], c.status, c.reason)
		}
	}
	if got := s.must("GET", "/v1/ledger/payments", s.token(s.treasurer), nil); got.body["payments"] != nil {
		if list, ok := got.body["payments"].([]any); !ok || len(list) > 0 {
			t.Errorf("%s", got.raw)
		}
	}
	house.stop()
}
