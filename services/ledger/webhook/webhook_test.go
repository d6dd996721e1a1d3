package webhook_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/ledger/webhook"
)

func hooks(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil; _, err = os.Stat(filepath.Join(dir, "go.mod")) {
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above this folder")
		}
		dir = filepath.Dir(dir)
	}
	data := filepath.Join(filepath.Dir(dir), "shared", "data", "bank", "webhooks")
	if _, err := os.Stat(data); err != nil {
		if os.Getenv("FOLKMOOT_TEST") == "full" {
			t.Fatal(err)
		}
		t.Skip("the webhooks are not beside the repository")
	}
	return data
}

func TestStripeSignature(t *testing.T) {
	s := webhook.Stripe{Secrets: []string{"whsec_old", "whsec_new"}}
	body := []byte(`{"id":"evt_1"}`)
	old := webhook.Stripe{Secrets: []string{"whsec_old"}}.Sign(body, 1000)
	fresh := webhook.Stripe{Secrets: []string{"whsec_new"}}.Sign(body, 1000)
	other := webhook.Stripe{Secrets: []string{"whsec_other"}}.Sign(body, 1000)
	for name, c := range map[string]struct {
		body, header string
		now          int64
		reason       string
	}{
		"right":            {string(body), fresh, 1000, ""},
		"the older secret": {string(body), old, 1000, ""},
		"just in time":     {string(body), fresh, 1300, ""},
		"two of which one": {string(body), other + "," + strings.TrimPrefix(fresh, "t=1000,"), 1000, ""},
		"with v0 beside":   {string(body), fresh + ",v0=" + strings.Repeat("0", 64), 1000, ""},
		"too late":         {string(body), fresh, 1301, "SIGNATURE_STALE"},
		"too early":        {string(body), fresh, 699, "SIGNATURE_STALE"},
		"another secret":   {string(body), other, 1000, "SIGNATURE_WRONG"},
		"another body":     {string(body) + " ", fresh, 1000, "SIGNATURE_WRONG"},
		"another time":     {string(body), strings.Replace(fresh, "t=1000", "t=1200", 1), 1200, "SIGNATURE_WRONG"},
		"only v0":          {string(body), strings.Replace(fresh, "v1", "v0", 1), 1000, "SIGNATURE_MISSING"},
		"no time":          {string(body), strings.TrimPrefix(fresh, "t=1000,"), 1000, "SIGNATURE_MISSING"},
		"two times":        {string(body), "t=5," + fresh, 1000, "SIGNATURE_MISSING"},
		"nothing":          {string(body), "", 1000, "SIGNATURE_MISSING"},
		"cut":              {string(body), fresh[:len(fresh)-2], 1000, "SIGNATURE_MISSING"},
	} {
		err := s.Verify([]byte(c.body), c.header, c.now)
		if (err == nil) != (c.reason == "") || err != nil && !fault.Is(err, c.reason) {
			t.Errorf("%s: %v, want %q", name, err, c.reason)
		}
	}
	// RFC 4231, test case 2, is HMAC-SHA256 under key Jefe; a body made to be that message shows what is signed: time, point, body.
	if got := (webhook.Stripe{Secrets: []string{"Jefe"}}).Sign([]byte("b"), 1); !strings.HasPrefix(got, "t=1,v1=") || len(got) != 7+64 {
		t.Error(got)
	}
	for _, none := range []webhook.Stripe{{}, {Secrets: []string{""}}} {
		if err := none.Verify(body, fresh, 1000); !fault.Is(err, "SIGNATURE_WRONG") {
			t.Errorf("without a secret: %v", err)
		}
	}
}

func TestGoCardlessSignature(t *testing.T) {
	g := webhook.GoCardless{Secrets: []string{"first", "Jefe"}}
	// RFC 4231, test case 2.
	message, want := "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	if err := g.Verify([]byte(message), want); err != nil {
		t.Error(err)
	}
	if got := (webhook.GoCardless{Secrets: []string{"Jefe"}}).Sign([]byte(message)); got != want {
		t.Error(got)
	}
	for name, c := range map[string][3]string{
		"another body": {message + " ", want, "SIGNATURE_WRONG"},
		"another":      {message, hex.EncodeToString(make([]byte, 32)), "SIGNATURE_WRONG"},
		"none":         {message, "", "SIGNATURE_MISSING"},
		"cut":          {message, want[:60], "SIGNATURE_MISSING"},
	} {
		if err := g.Verify([]byte(c[0]), c[1]); !fault.Is(err, c[2]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (webhook.GoCardless{Secrets: []string{""}}).Verify([]byte(message), want); !fault.Is(err, "SIGNATURE_WRONG") {
		t.Errorf("without a secret: %v", err)
	}
}

func TestGoCardlessOfTheCollection(t *testing.T) {
	dir := hooks(t)
	body, err := os.ReadFile(filepath.Join(dir, "gocardless-webhook_request.json"))
	if err != nil {
		t.Fatal(err)
	}
	events, err := webhook.DecodeGoCardless(body)
	if err != nil || len(events) != 1 {
		t.Fatalf("%+v, %v", events, err)
	}
	e := events[0]
	if e.ID != "EVTESTNE86TNZS" || e.Type != "payments.failed" || e.Kind != webhook.Failed || e.Payment != "index_ID_123" || e.At != 1490032622292000 {
		t.Errorf("%+v", e)
	}
	var file struct {
		List struct{ Body json.RawMessage }
	}
	raw, err := os.ReadFile(filepath.Join(dir, "gocardless-events.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	events, err = webhook.DecodeGoCardless(file.List.Body)
	if err != nil || len(events) != 2 || events[0].Kind != webhook.Other || events[0].Type != "mandates.cancelled" || events[0].ID != "EV123" {
		t.Errorf("%+v, %v", events, err)
	}
}

func stripe(id, kind string, at int64, object string) string {
	return fmt.Sprintf(`{"id":%q,"object":"event","type":%q,"created":%d,"livemode":false,"data":{"object":%s}}`, id, kind, at, object)
}

// life is what Stripe may say of one payment: it failed once, was paid, partly refunded (one refund failed) and disputed.
var life = []string{
	stripe("e1", "payment_intent.created", 10, `{"object":"payment_intent","id":"pi_1","amount":500,"currency":"gbp","metadata":{"folkmoot":"M00013"}}`),
	stripe("e2", "payment_intent.payment_failed", 20, `{"object":"payment_intent","id":"pi_1","amount":500,"currency":"gbp"}`),
	stripe("e3", "payment_intent.succeeded", 20, `{"object":"payment_intent","id":"pi_1","amount":500,"amount_received":500,"currency":"gbp"}`),
	stripe("e4", "checkout.session.completed", 21, `{"object":"checkout.session","id":"cs_1","payment_intent":"pi_1","payment_status":"paid","amount_total":500,"currency":"gbp","client_reference_id":"M00013"}`),
	stripe("e5", "charge.updated", 22, `{"object":"charge","id":"ch_1","status":"succeeded","payment_intent":"pi_1","amount":500,"currency":"gbp","balance_transaction":{"id":"txn_1","fee":28}}`),
	stripe("e6", "refund.created", 30, `{"object":"refund","id":"re_1","payment_intent":"pi_1","charge":"ch_1","amount":100,"currency":"gbp","status":"succeeded"}`),
	stripe("e7", "refund.created", 31, `{"object":"refund","id":"re_2","payment_intent":"pi_1","charge":"ch_1","amount":50,"currency":"gbp","status":"pending"}`),
	stripe("e8", "charge.refunded", 31, `{"object":"charge","id":"ch_1","status":"succeeded","payment_intent":"pi_1","amount":500,"amount_refunded":150,"currency":"gbp"}`),
	stripe("e9", "refund.failed", 32, `{"object":"refund","id":"re_2","payment_intent":"pi_1","charge":"ch_1","amount":50,"currency":"gbp","status":"failed"}`),
	stripe("ea", "charge.dispute.created", 40, `{"object":"dispute","id":"dp_1","payment_intent":"pi_1","charge":"ch_1","amount":400,"currency":"gbp","status":"needs_response"}`),
	stripe("eb", "charge.dispute.funds_reinstated", 50, `{"object":"dispute","id":"dp_1","payment_intent":"pi_1","charge":"ch_1","amount":400,"currency":"gbp","status":"under_review"}`),
	stripe("ec", "charge.dispute.closed", 51, `{"object":"dispute","id":"dp_1","payment_intent":"pi_1","charge":"ch_1","amount":400,"currency":"gbp","status":"won"}`),
	stripe("ed", "payout.paid", 60, `{"object":"payout","id":"po_1","amount":372,"currency":"gbp"}`),
	stripe("ee", "customer.created", 5, `{"object":"customer","id":"cus_1"}`),
}

func decoded(t testing.TB, bodies []string) []webhook.Event {
	t.Helper()
	var all []webhook.Event
	for _, b := range bodies {
		e, err := webhook.DecodeStripe([]byte(b))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func TestAPaymentsLife(t *testing.T) {
	events := decoded(t, life)
	want := []webhook.Position{
		{}, {}, {Received: 500}, {Received: 500}, {Received: 500, Fee: 28}, {Received: 500, Fee: 28, Refunded: 100}, {Received: 500, Fee: 28, Refunded: 150},
		{Received: 500, Fee: 28, Refunded: 150}, {Received: 500, Fee: 28, Refunded: 100}, {Received: 500, Fee: 28, Refunded: 100, Disputed: 400},
		{Received: 500, Fee: 28, Refunded: 100}, {Received: 500, Fee: 28, Refunded: 100}, {Received: 500, Fee: 28, Refunded: 100}, {Received: 500, Fee: 28, Refunded: 100},
	}
	var all map[string]webhook.Payment
	for i, e := range events {
		var err error
		if all, _, err = webhook.Fold(all, []webhook.Event{e}); err != nil {
			t.Fatal(err)
		}
		p := all["pi_1"]
		if at, unknown := p.Position(); at != want[i] || unknown != nil {
			t.Errorf("after %s: %+v, want %+v", e.Type, at, want[i])
		}
	}
	p := all["pi_1"]
	if p.Status != webhook.Settled || p.Reference != "M00013" || p.Currency != "GBP" || p.Conflict || len(all) != 1 {
		t.Errorf("%+v", p)
	}
}

// TestAnyOrderEndsTheSame delivers the events in any order, some again, in batches: the state is the same, and what was
// posted along the way adds up to the same.
func TestAnyOrderEndsTheSame(t *testing.T) {
	events := decoded(t, life)
	batch := `{"events":[
		{"id":"EV1","created_at":"2026-11-01T10:00:00.000Z","resource_type":"payments","action":"created","links":{"payment":"PM1"}},
		{"id":"EV2","created_at":"2026-11-04T10:00:00.000Z","resource_type":"payments","action":"confirmed","links":{"payment":"PM1"}},
		{"id":"EV3","created_at":"2026-11-06T10:00:00.000Z","resource_type":"payments","action":"paid_out","links":{"payment":"PM1","payout":"PO1"}},
		{"id":"EV4","created_at":"2026-11-09T10:00:00.000Z","resource_type":"payments","action":"charged_back","links":{"payment":"PM1"}},
		{"id":"EV5","created_at":"2026-11-04T10:00:00.000Z","resource_type":"payments","action":"confirmed","links":{"payment":"PM2"}},
		{"id":"EV6","created_at":"2026-11-05T10:00:00.000Z","resource_type":"payments","action":"failed","links":{"payment":"PM2"}},
		{"id":"EV7","created_at":"2026-11-06T10:00:00.000Z","resource_type":"payments","action":"paid_out","links":{"payment":"PM3","payout":"PO1"}},
		{"id":"EV8","created_at":"2026-11-06T10:00:00.000Z","resource_type":"payouts","action":"paid","links":{"payout":"PO1"}}]}`
	debits, err := webhook.DecodeGoCardless([]byte(batch))
	if err != nil {
		t.Fatal(err)
	}
	events = append(events, debits...)
	final, left, err := webhook.Fold(nil, events)
	if err != nil || len(left) != 0 || final["PM1"].Status != webhook.ChargedBack || final["PM2"].Status != webhook.Failed || final["PM3"].Status != webhook.Settled {
		t.Fatalf("%+v, %v, %v", final, left, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		order := rapid.Permutation(append(append([]webhook.Event{}, events...), rapid.SliceOf(rapid.SampledFrom(events)).Draw(t, "again")...)).Draw(t, "order")
		var all map[string]webhook.Payment
		posted := map[string]webhook.Position{}
		for len(order) > 0 {
			n := rapid.IntRange(1, len(order)).Draw(t, "batch")
			var err error
			if all, left, err = webhook.Fold(all, order[:n]); err != nil || len(left) != 0 {
				t.Fatal(err, left)
			}
			order = order[n:]
			for id, p := range all {
				at, _ := p.Position()
				d := at.Minus(posted[id])
				sum := posted[id]
				posted[id] = webhook.Position{Received: sum.Received + d.Received, Refunded: sum.Refunded + d.Refunded, Disputed: sum.Disputed + d.Disputed, Fee: sum.Fee + d.Fee}
			}
		}
		if !reflect.DeepEqual(all, final) {
			t.Fatalf("%+v, want %+v", all, final)
		}
		for id, p := range final {
			if at, _ := p.Position(); posted[id] != at {
				t.Fatalf("%s: posted %+v, want %+v", id, posted[id], at)
			}
		}
	})
}

func TestWhatContradictsIsSaid(t *testing.T) {
	events := decoded(t, []string{life[2], strings.Replace(life[3], `"amount_total":500`, `"amount_total":600`, 1)})
	for _, order := range [][]webhook.Event{events, {events[1], events[0]}} {
		all, _, err := webhook.Fold(nil, order)
		if err != nil || !all["pi_1"].Conflict || all["pi_1"].Minor != 600 {
			t.Errorf("%+v, %v", all, err)
		}
	}
	if _, err := (webhook.Payment{Provider: webhook.ByStripe, ID: "pi_2"}).Add(events[0]); !fault.Is(err, "EVENT_MISPLACED") {
		t.Error(err)
	}
	refund, err := webhook.DecodeGoCardless([]byte(`{"events":[{"id":"EV9","created_at":"2026-11-06T10:00:00Z","resource_type":"refunds","action":"paid","links":{"refund":"RF1"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, left, err := webhook.Fold(nil, refund); err != nil || len(left) != 1 {
		t.Errorf("a refund of nothing: %v, %v", left, err)
	}
}

func TestBodiesThatAreNoEvents(t *testing.T) {
	for _, body := range []string{"", "x", "{}", "[]", `{"id":"e","type":"charge.failed"}`, stripe("", "charge.failed", 1, "{}"), stripe("e", "charge.failed", 1, `{"object":"payout"`),
		stripe("e", "charge.failed", 1, `{"object":"apple"}`), stripe("e", "charge.succeeded", 1, `{"object":"charge","id":"c","amount":-5}`), stripe("e", "charge.succeeded", 1, `{"object":"charge","id":"c","amount":1.5}`)} {
		if e, err := webhook.DecodeStripe([]byte(body)); !fault.Is(err, "EVENT_UNREADABLE") {
			t.Errorf("%q: %+v, %v", body, e, err)
		}
	}
	for _, body := range []string{"", "x", "{}", `{"events":[]}`, `{"events":[1]}`, `{"events":[{"id":"E","created_at":"yesterday","resource_type":"payments","action":"failed"}]}`,
		`{"events":[{"id":"E","created_at":"2026-11-06T10:00:00Z","resource_type":"payments","action":"failed","links":{}}]}`} {
		if e, err := webhook.DecodeGoCardless([]byte(body)); !fault.Is(err, "EVENT_UNREADABLE") {
			t.Errorf("%q: %+v, %v", body, e, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, b := range life {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var events []webhook.Event
		if e, err := webhook.DecodeStripe(body); err == nil {
			events = append(events, e)
		}
		if more, err := webhook.DecodeGoCardless(body); err == nil {
			events = append(events, more...)
		}
		all, _, err := webhook.Fold(nil, events)
		if err != nil && !fault.Is(err, "EVENT_MISPLACED") {
			t.Fatal(err)
		}
		for _, p := range all {
			if at, _ := p.Position(); at.Received < 0 || at.Refunded < 0 || at.Disputed < 0 {
				t.Fatalf("%+v", p)
			}
		}
	})
}
