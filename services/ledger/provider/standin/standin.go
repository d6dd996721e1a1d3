// Package standin is a payment provider that runs on this machine: the part of Stripe's HTTP API that Folkmoot uses, a page on which a payer
// pays, fails, waits, and what happens later (refund, charge-back, payout), and webhooks signed as Stripe signs them, on request repeated and
// out of order. No money moves. It is for a folder marked as a sample, and for tests.
package standin

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/localgovdigital/folkmoot/services/ledger/webhook"
)

// Config is what the provider needs.
type Config struct {
	// URL is where it is reached, without a slash at the end.
	URL string
	// Key is the account's secret key, and Secret signs webhooks.
	Key, Secret string
	// Hook is where webhooks go.
	Hook string
	// Now is the society's clock.
	Now func() time.Time
}

// Provider is the provider.
type Provider struct {
	config Config
	mux    *http.ServeMux

	mu       sync.Mutex
	sessions map[string]*session
	// byKey are sessions by idempotency key.
	byKey map[string]*session
	fees  map[string]int64
	// held is what it has to pay out, in pence.
	held int64
}

// session is one payment.
type session struct {
	ID, Intent, Charge, Reference, What, Done, Back string
	Pence                                           int64
	// State is open, failed, later, paid, refunded or disputed.
	State string
}

// Amount is the amount as the page writes it.
func (s *session) Amount() string { return fmt.Sprintf("£%d.%02d", s.Pence/100, s.Pence%100) }

// New returns a provider without payments.
func New(c Config) *Provider {
	p := &Provider{config: c, mux: http.NewServeMux(), sessions: map[string]*session{}, byKey: map[string]*session{}, fees: map[string]int64{}}
	p.mux.HandleFunc("POST /v1/checkout/sessions", p.create)
	p.mux.HandleFunc("GET /v1/balance_transactions/{id}", p.balance)
	p.mux.HandleFunc("GET /pay/{session}", p.show)
	p.mux.HandleFunc("POST /pay/{session}", p.act)
	return p
}

// ServeHTTP serves the API and the pages.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

func (p *Provider) authorised(w http.ResponseWriter, r *http.Request) bool {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+p.config.Key)) == 1 {
		return true
	}
	http.Error(w, `{"error":{"type":"invalid_request_error"}}`, http.StatusUnauthorized)
	return false
}

// create is "Create a Checkout Session".
func (p *Provider) create(w http.ResponseWriter, r *http.Request) {
	if !p.authorised(w, r) {
		return
	}
	pence, err := strconv.ParseInt(r.PostFormValue("line_items[0][price_data][unit_amount]"), 10, 64)
	if err != nil || pence < 30 || r.PostFormValue("line_items[0][price_data][currency]") != "gbp" || r.PostFormValue("mode") != "payment" ||
		r.PostFormValue("success_url") == "" || r.PostFormValue("cancel_url") == "" {
		http.Error(w, `{"error":{"type":"invalid_request_error"}}`, http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := r.Header.Get("Idempotency-Key")
	s := p.byKey[key]
	if s == nil || key == "" {
		s = &session{
			ID: "cs_" + rand.Text(), Intent: "pi_" + rand.Text(), Charge: "ch_" + rand.Text(), State: "open", Pence: pence,
			Reference: r.PostFormValue("client_reference_id"), What: r.PostFormValue("line_items[0][price_data][product_data][name]"),
			Done: r.PostFormValue("success_url"), Back: r.PostFormValue("cancel_url"),
		}
		p.sessions[s.ID], p.byKey[key] = s, s
	}
	reply(w, map[string]any{"id": s.ID, "object": "checkout.session", "url": p.config.URL + "/pay/" + s.ID})
}

// balance is "Retrieve a balance transaction".
func (p *Provider) balance(w http.ResponseWriter, r *http.Request) {
	if !p.authorised(w, r) {
		return
	}
	p.mu.Lock()
	fee, ok := p.fees[r.PathValue("id")]
	p.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	reply(w, map[string]any{"id": r.PathValue("id"), "object": "balance_transaction", "fee": fee})
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (p *Provider) find(r *http.Request) (session, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.sessions[r.PathValue("session")]
	if !ok {
		return session{}, false
	}
	return *s, true
}

func (p *Provider) show(w http.ResponseWriter, r *http.Request) {
	s, ok := p.find(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = payPage.Execute(w, &s)
}

// act does what a button says, sends what follows from it, and sends the payer back where they came from. A button of another state
// does nothing.
func (p *Provider) act(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<12)
	events, s, ok := p.turn(r.PathValue("session"), r.PostFormValue("do"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.PostFormValue("reorder") != "" {
		slices.Reverse(events)
	}
	times := 1
	if r.PostFormValue("repeat") != "" {
		times = 2
	}
	for range times {
		for _, e := range events {
			if err := p.Send(r.Context(), e); err != nil {
				http.Error(w, "The webhook was not taken: "+err.Error(), http.StatusBadGateway)
				return
			}
		}
	}
	to := "/pay/" + s.ID
	switch r.PostFormValue("do") {
	case "pay", "later":
		to = s.Done
	case "fail":
		to = s.Back
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// turn changes the state of a payment and returns what is to be told of it.
func (p *Provider) turn(id, do string) ([][]byte, session, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.sessions[id]
	if !ok {
		return nil, session{}, false
	}
	var events [][]byte
	tell := func(kind string, object map[string]any) { events = append(events, p.event(kind, object)) }
	intent := map[string]any{"object": "payment_intent", "id": s.Intent, "amount": s.Pence, "currency": "gbp", "metadata": map[string]string{"folkmoot": s.Reference}}
	checkout := map[string]any{
		"object": "checkout.session", "id": s.ID, "payment_intent": s.Intent, "amount_total": s.Pence, "currency": "gbp", "client_reference_id": s.Reference, "payment_status": "paid",
	}
	waits := s.State == "open" || s.State == "failed"
	switch {
	case do == "fail" && waits:
		s.State = "failed"
		tell("payment_intent.created", intent)
		tell("payment_intent.payment_failed", intent)
	case do == "later" && waits:
		s.State = "later"
		checkout["payment_status"] = "unpaid"
		tell("payment_intent.processing", intent)
		tell("checkout.session.completed", checkout)
	case do == "pay" && (waits || s.State == "later"):
		kind := "checkout.session.completed"
		if s.State == "later" {
			kind = "checkout.session.async_payment_succeeded"
		}
		s.State = "paid"
		transaction, fee := "txn_"+rand.Text(), 20+s.Pence*15/1000
		p.fees[transaction], p.held = fee, p.held+s.Pence-fee
		tell("payment_intent.created", intent)
		intent["amount_received"] = s.Pence
		tell("payment_intent.succeeded", intent)
		tell(kind, checkout)
		tell("charge.updated", map[string]any{"object": "charge", "id": s.Charge, "payment_intent": s.Intent, "amount": s.Pence, "currency": "gbp", "status": "succeeded", "balance_transaction": transaction})
	case do == "refund" && s.State == "paid":
		s.State, p.held = "refunded", p.held-s.Pence
		tell("refund.created", map[string]any{"object": "refund", "id": "re_" + rand.Text(), "payment_intent": s.Intent, "charge": s.Charge, "amount": s.Pence, "currency": "gbp", "status": "succeeded"})
		tell("charge.refunded", map[string]any{"object": "charge", "id": s.Charge, "payment_intent": s.Intent, "amount": s.Pence, "amount_refunded": s.Pence, "currency": "gbp", "status": "succeeded"})
	case do == "dispute" && s.State == "paid":
		s.State, p.held = "disputed", p.held-s.Pence
		tell("charge.dispute.created", map[string]any{"object": "dispute", "id": "dp_" + rand.Text(), "payment_intent": s.Intent, "charge": s.Charge, "amount": s.Pence, "currency": "gbp", "status": "needs_response"})
	case do == "payout" && p.held > 0:
		tell("payout.paid", map[string]any{"object": "payout", "id": "po_" + rand.Text(), "amount": p.held, "currency": "gbp"})
		p.held = 0
	}
	return events, *s, true
}

func (p *Provider) event(kind string, object map[string]any) []byte {
	raw, err := json.Marshal(map[string]any{
		"id": "evt_" + rand.Text(), "object": "event", "type": kind, "created": p.config.Now().Unix(), "livemode": false, "data": map[string]any{"object": object},
	})
	if err != nil {
		panic(err) // Nothing in it can fail to be written.
	}
	return raw
}

// Send signs a webhook and delivers it once. Any answer but 200 is an error.
func (p *Provider) Send(ctx context.Context, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.config.Hook, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Stripe-Signature", webhook.Stripe{Secrets: []string{p.config.Secret}}.Sign(body, p.config.Now().Unix()))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s", resp.Status)
	}
	return nil
}

var payPage = template.Must(template.New("pay").Parse(`<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Pay: a provider for trying out</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}button{font:inherit;padding:.6rem 1rem;margin:.3rem .3rem .3rem 0;border:2px solid #222;background:#fff;color:#111}label{display:block;padding:.4rem 0}</style>
<main><h1>Pay {{.Amount}}</h1><p>{{.What}}. This page stands in for a payment provider. It runs on this machine, and no money moves.</p>
<p>This payment is: <strong id="state">{{.State}}</strong></p>
<form method="post" action="/pay/{{.ID}}">
{{if or (eq .State "open") (eq .State "failed")}}<button name="do" value="pay">Pay {{.Amount}}</button><button name="do" value="fail">Let it fail</button><button name="do" value="later">Pay, and the money comes later</button>
{{else if eq .State "later"}}<button name="do" value="pay">The money arrives</button>
{{else if eq .State "paid"}}<button name="do" value="refund">Refund it</button><button name="do" value="dispute">The payer's bank takes it back</button>{{end}}
<button name="do" value="payout">Pay out to the bank</button>
<label><input type="checkbox" name="repeat" value="1"> Send every webhook twice</label>
<label><input type="checkbox" name="reorder" value="1"> Send webhooks in the wrong order</label>
</form><p><a href="{{.Back}}">Back to the society</a></p></main></html>`))
