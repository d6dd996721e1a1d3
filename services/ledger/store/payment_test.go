package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/group"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
	"github.com/localgovdigital/folkmoot/services/ledger/webhook"
)

const checkoutID = "0192f3a0-0000-7000-8000-0000000000aa"

func stripe(id, kind string, at int64, object string) webhook.Event {
	e, err := webhook.DecodeStripe(fmt.Appendf(nil, `{"id":%q,"object":"event","type":%q,"created":%d,"livemode":true,"data":{"object":%s}}`, id, kind, 1795255000+at, object))
	if err != nil {
		panic(err)
	}
	return e
}

func debit(id, at, kind, action, links string) webhook.Event {
	all, err := webhook.DecodeGoCardless(fmt.Appendf(nil, `{"events":[{"id":%q,"created_at":%q,"resource_type":%q,"action":%q,"links":{%s},"resource_metadata":{"folkmoot":"ben-reference"}}]}`, id, at, kind, action, links))
	if err != nil {
		panic(err)
	}
	return all[0]
}

// life is what Stripe says of a gift of £5 that was begun here: it failed once, was paid, partly refunded, disputed, the dispute won; and paid out.
var life = []webhook.Event{
	stripe("e1", "payment_intent.created", 10, `{"object":"payment_intent","id":"pi_1","amount":500,"currency":"gbp","metadata":{"folkmoot":"`+checkoutID+`"}}`),
	stripe("e2", "payment_intent.payment_failed", 20, `{"object":"payment_intent","id":"pi_1","amount":500,"currency":"gbp"}`),
	stripe("e3", "payment_intent.succeeded", 20, `{"object":"payment_intent","id":"pi_1","amount":500,"amount_received":500,"currency":"gbp"}`),
	stripe("e4", "checkout.session.completed", 21, `{"object":"checkout.session","id":"cs_1","payment_intent":"pi_1","payment_status":"paid","amount_total":500,"currency":"gbp","client_reference_id":"`+checkoutID+`"}`),
	stripe("e5", "charge.updated", 22, `{"object":"charge","id":"ch_1","status":"succeeded","payment_intent":"pi_1","amount":500,"currency":"gbp","balance_transaction":{"id":"txn_1","fee":28}}`),
	stripe("e6", "refund.created", 30, `{"object":"refund","id":"re_1","payment_intent":"pi_1","charge":"ch_1","amount":100,"currency":"gbp","status":"succeeded"}`),
	stripe("ea", "charge.dispute.created", 40, `{"object":"dispute","id":"dp_1","payment_intent":"pi_1","charge":"ch_1","amount":400,"currency":"gbp","status":"needs_response"}`),
	stripe("ec", "charge.dispute.closed", 51, `{"object":"dispute","id":"dp_1","payment_intent":"pi_1","charge":"ch_1","amount":400,"currency":"gbp","status":"won"}`),
	stripe("ed", "payout.paid", 60, `{"object":"payout","id":"po_1","amount":372,"currency":"gbp"}`),
	stripe("ee", "customer.created", 5, `{"object":"customer","id":"cus_1"}`),
}

// debits are two direct debits: one confirmed, paid out, charged back; one confirmed, failed.
var debits = []webhook.Event{
	debit("EV1", "2026-11-01T10:00:00.000Z", "payments", "created", `"payment":"PM1"`),
	debit("EV2", "2026-11-04T10:00:00.000Z", "payments", "confirmed", `"payment":"PM1"`),
	debit("EV3", "2026-11-06T10:00:00.000Z", "payments", "paid_out", `"payment":"PM1","payout":"PO1"`),
	debit("EV4", "2026-11-09T10:00:00.000Z", "payments", "charged_back", `"payment":"PM1"`),
	debit("EV5", "2026-11-04T10:00:00.000Z", "payments", "confirmed", `"payment":"PM2"`),
	debit("EV6", "2026-11-05T10:00:00.000Z", "payments", "failed", `"payment":"PM2"`),
	debit("EV7", "2026-11-06T10:00:00.000Z", "payments", "paid_out", `"payment":"PM3","payout":"PO1"`),
	debit("EV8", "2026-11-06T10:00:00.000Z", "payouts", "paid", `"payout":"PO1"`),
}

// receipt is what came of events at the society's noon.
func (d *desk) receipt(events ...webhook.Event) store.Receipt {
	return store.Receipt{
		Events: events, Now: at.UnixMicro(), Today: today, Owners: map[string]string{"ben-reference": "ben"},
		Amounts: map[string]store.Amount{"PM1": {Minor: 200, Currency: "GBP"}, "PM2": {Minor: 300, Currency: "GBP"}, "PM3": {Minor: 150, Currency: "GBP"}},
		Payouts: map[string]store.Payout{"PO1": {Minor: 310, Fee: 40, Currency: "GBP"}, "PO2": {Minor: 310, Fee: 40, Currency: "EUR"}},
		Date:    func(micros int64) string { return time.UnixMicro(micros).UTC().Format(ledger.DateLayout) },
		NewID: func() (string, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.next++
			return entryID(100_000 + d.next), nil
		},
		Event: encode.Event,
	}
}

func (d *desk) begin(t testing.TB) {
	t.Helper()
	if _, err := d.Begin(context.Background(), store.Checkout{ID: checkoutID, Member: "ada", Provider: "stripe", Pence: 500, Begun: at.UnixMicro()}, "request"); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) receive(t require, events ...webhook.Event) int {
	fresh, err := d.Receive(context.Background(), d.receipt(events...))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return fresh
}

// held is what the books hold: balances other than zero, who stands, and who of those is told to membership.
func (d *desk) held(t testing.TB) (map[string]int64, []string) {
	t.Helper()
	sums, err := d.Sums(context.Background(), today)
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(sums, func(_ string, pence int64) bool { return pence == 0 })
	standing := map[string]string{}
	for _, s := range d.told(t) {
		if s.Reverses == "" {
			standing[s.Entry] = s.Member
		} else {
			delete(standing, s.Reverses)
		}
	}
	var who []string
	for _, m := range []string{"ada", "ben"} {
		for _, s := range standing {
			if s == m {
				who = append(who, m)
				break
			}
		}
	}
	return sums, who
}

func TestAPaymentsLife(t *testing.T) {
	databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) {
		d := idle(db, group.Config{})
		d.begin(t)
		type want struct {
			sums map[string]int64
			who  []string
		}
		paid := map[string]int64{"assets:provider": 500, "income:donations": -500}
		fee := map[string]int64{"assets:provider": 472, "income:donations": -500, "expenses:fees": 28}
		rest := map[string]int64{"assets:provider": 372, "income:donations": -400, "expenses:fees": 28}
		gone := map[string]int64{"assets:provider": -28, "expenses:fees": 28}
		out := map[string]int64{"assets:clearing": 372, "income:donations": -400, "expenses:fees": 28}
		ada := []string{"ada"}
		for i, w := range []want{{map[string]int64{}, nil}, {map[string]int64{}, nil}, {paid, ada}, {paid, ada}, {fee, ada}, {rest, ada}, {gone, nil}, {rest, ada}, {out, ada}, {out, ada}} {
			if n := d.receive(t, life[i]); n != 1 {
				t.Errorf("%s: %d new", life[i].Type, n)
			}
			if n := d.receive(t, life[i]); n != 0 {
				t.Errorf("%s again: %d new", life[i].Type, n)
			}
			sums, who := d.held(t)
			if diff := cmp.Diff(w.sums, sums); diff != "" {
				t.Errorf("after %s:\n%s", life[i].Type, diff)
			}
			if diff := cmp.Diff(w.who, who); diff != "" {
				t.Errorf("after %s, in good standing:\n%s", life[i].Type, diff)
			}
		}
		all := d.all(t)
		for _, e := range all {
			if e.EnteredBy != "provider:stripe" || e.Kind == ledger.Reversal && e.Reason == "" || e.Kind == ledger.Donation && (e.Member != "ada" || e.Reference != "pi_1") {
				t.Errorf("%+v", e)
			}
		}
		if all[0].Occurred != "2026-11-21" || all[0].Description != "Donation by card" {
			t.Errorf("%+v", all[0])
		}
		c, became, err := d.Checkout(t.Context(), checkoutID, "ada")
		if err != nil || c.Pence != 500 || len(became) != 1 || became[0].State.Status != webhook.Settled || became[0].Member != "ada" || became[0].Books.Gift.Postings[0].Amount.Pence != 400 {
			t.Errorf("%+v, %+v, %v", c, became, err)
		}
		if _, _, err := d.Checkout(t.Context(), checkoutID, "ben"); !fault.Is(err, "PAYMENT_NOT_FOUND") {
			t.Errorf("another's gift: %v", err)
		}
		if err := errors.Join(d.Check(t.Context()), d.CheckLog(t.Context())); err != nil {
			t.Error(err)
		}
	}, parts...)
}

func TestDirectDebits(t *testing.T) {
	databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) {
		d := idle(db, group.Config{})
		for i, want := range []int64{0, 0, 200, 0, 0, 0, 150} {
			d.receive(t, debits[i])
			sums, who := d.held(t)
			if sums["assets:provider"] != want || sums["income:donations"] != -want || (len(who) == 1) != (want > 0) {
				t.Errorf("after %s of %s: %v, %v; want %d", debits[i].Type, debits[i].Payment, sums, who, want)
			}
		}
		// What was sent to the bank and what was kept of it are postings of their own, once, whatever repeats: £3.50 was held for the two that
		// were paid out, and the one that was charged back after it is owed to the provider.
		for _, want := range []int{1, 0} {
			if n := d.receive(t, debits[7]); n != want {
				t.Errorf("%d new, want %d", n, want)
			}
		}
		sums, _ := d.held(t)
		if diff := cmp.Diff(map[string]int64{"assets:clearing": 310, "assets:provider": -200, "expenses:fees": 40, "income:donations": -150}, sums); diff != "" {
			t.Errorf("after the payout:\n%s", diff)
		}
		// One in another currency is kept and not posted.
		d.receive(t, debit("EV9", "2026-11-07T10:00:00.000Z", "payouts", "paid", `"payout":"PO2"`))
		if after, _ := d.held(t); !maps.Equal(after, sums) {
			t.Errorf("after a payout in euros: %v", after)
		}
		list, err := d.Payments(t.Context(), 0, 10)
		if err != nil || len(list) != 3 || list[0].State.ID != "PM3" || list[2].State.Status != webhook.ChargedBack || list[1].State.Status != webhook.Failed {
			t.Errorf("%+v, %v", list, err)
		}
	}, parts...)
}

// TestAnyOrderGivesTheSameBooks delivers the events of all payments in any order, repeated, and in batches: balances, standing and what is kept
// are those of the order in which they happened.
func TestAnyOrderGivesTheSameBooks(t *testing.T) {
	events := append(append([]webhook.Event{}, life...), debits...)
	db := databasetest.SQLite(t, parts...)
	fresh := func() *desk {
		d := idle(db, group.Config{})
		d.change(t, "DELETE FROM payment_entry\nDELETE FROM payment_fee\nDELETE FROM payout_amount\nDELETE FROM payment_assigned\nDELETE FROM payment_owner\nDELETE FROM payment_amount\nDELETE FROM checkout_payment\nDELETE FROM payment\nDELETE FROM provider_event\nDELETE FROM entry_leaf\nDELETE FROM posting\nDELETE FROM entry\nDELETE FROM log_leaf\nDELETE FROM log_tile\nDELETE FROM outbox")
		d.begin(t)
		return d
	}
	d := fresh()
	for _, e := range events {
		d.receive(t, e)
	}
	sums, who := d.held(t)
	if len(sums) < 4 || len(who) != 2 {
		t.Fatalf("%v, %v: this shows nothing", sums, who)
	}
	rapid.Check(t, func(rt *rapid.T) {
		order := rapid.Permutation(append(append([]webhook.Event{}, events...), rapid.SliceOfN(rapid.SampledFrom(events), 0, 8).Draw(rt, "again")...)).Draw(rt, "order")
		d := fresh()
		kept := 0
		for len(order) > 0 {
			n := rapid.IntRange(1, min(6, len(order))).Draw(rt, "batch")
			kept += d.receive(rt, order[:n]...)
			order = order[n:]
		}
		gotSums, gotWho := d.held(t)
		if diff := cmp.Diff(sums, gotSums); diff != "" || kept != len(events) {
			rt.Errorf("%d of %d events kept; balances:\n%s", kept, len(events), diff)
		}
		if diff := cmp.Diff(who, gotWho); diff != "" {
			rt.Errorf("in good standing:\n%s", diff)
		}
		if err := errors.Join(d.Check(t.Context()), d.CheckLog(t.Context())); err != nil {
			rt.Errorf("%v", err)
		}
	})
}

func TestEventsAtOnce(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		d := grouped(t, db, group.Config{})
		d.begin(t)
		var wg sync.WaitGroup
		for range 3 {
			for _, e := range life {
				wg.Go(func() {
					if _, err := d.Receive(t.Context(), d.receipt(e)); err != nil {
						t.Error(err)
					}
				})
			}
		}
		for n := range 20 {
			wg.Go(func() {
				if _, err := d.donate(t.Context(), fmt.Sprint("m", n), 100); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		sums, _ := d.held(t)
		if diff := cmp.Diff(map[string]int64{"assets:clearing": 372, "income:donations": -2400, "expenses:fees": 28, "assets:bank": 2000}, sums); diff != "" {
			t.Errorf("%s", diff)
		}
		if err := errors.Join(d.Check(t.Context()), d.CheckLog(t.Context())); err != nil {
			t.Error(err)
		}
	}, parts...)
}

// TestPaidTwiceIsFlagged has a member give again by card whose £1 stands: it is booked and flagged; and when the first goes back, the second
// keeps them in good standing.
func TestPaidTwiceIsFlagged(t *testing.T) {
	databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) {
		d := idle(db, group.Config{})
		d.begin(t)
		cash := must(t)(d.donate(t.Context(), "ada", 100))
		d.receive(t, life[2], life[3])
		all := d.all(t)
		if len(all) != 2 || !all[1].Repeated || all[1].Standing {
			t.Fatalf("%+v", all)
		}
		must(t)(d.reverse(t.Context(), cash.ID))
		if _, who := d.held(t); len(who) != 1 {
			t.Error("the second gift does not stand")
		}
	}, parts...)
}

// TestAReversalByHandIsLeftAlone has the treasurer reverse a payment's gift: what the provider says later does not bring it back.
func TestAReversalByHandIsLeftAlone(t *testing.T) {
	databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) {
		d := idle(db, group.Config{})
		d.begin(t)
		d.receive(t, life[3])
		must(t)(d.reverse(t.Context(), d.all(t)[0].ID))
		d.receive(t, life[4], life[5])
		sums, who := d.held(t)
		if diff := cmp.Diff(map[string]int64{"assets:provider": -28, "expenses:fees": 28}, sums); diff != "" || len(who) != 0 {
			t.Errorf("%v\n%s", who, diff)
		}
		list, err := d.Payments(t.Context(), 0, 10)
		if err != nil || len(list) != 1 || !list[0].Books.ByHand {
			t.Errorf("%+v, %v", list, err)
		}
	}, parts...)
}

// TestWhatIsNotBooked: a payment in another currency, and one whose amount nobody said, are kept and listed and not posted.
func TestWhatIsNotBooked(t *testing.T) {
	databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) {
		d := idle(db, group.Config{})
		d.receive(t, stripe("x1", "payment_intent.succeeded", 1, `{"object":"payment_intent","id":"pi_9","amount":500,"amount_received":500,"currency":"eur"}`),
			debit("X2", "2026-11-06T10:00:00.000Z", "payments", "paid_out", `"payment":"PM9"`))
		list, err := d.Payments(t.Context(), 0, 10)
		if err != nil || len(list) != 2 || len(d.all(t)) != 0 {
			t.Errorf("%+v, %d entries, %v", list, len(d.all(t)), err)
		}
		if has, err := d.HasAmount(t.Context(), "gocardless", "PM9"); err != nil || has {
			t.Errorf("%v, %v", has, err)
		}
	}, parts...)
}

func TestAGiftIsBegunOnce(t *testing.T) {
	databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) {
		d := idle(db, group.Config{})
		d.begin(t)
		again, err := d.Begin(t.Context(), store.Checkout{ID: entryID(5), Member: "ada", Provider: "stripe", Pence: 500, Begun: 7}, "request")
		if err != nil || again.ID != checkoutID || again.Begun != at.UnixMicro() || again.URL != "" {
			t.Errorf("%+v, %v", again, err)
		}
		if _, err := d.Begin(t.Context(), store.Checkout{ID: entryID(5), Member: "ada", Provider: "stripe", Pence: 100}, "request"); !fault.Is(err, "REQUEST_ID_REUSED") {
			t.Errorf("another amount: %v", err)
		}
		for range 2 {
			if err := d.Paged(t.Context(), checkoutID, "cs_1", "https://pay.example/1"); err != nil {
				t.Fatal(err)
			}
		}
		if c, became, err := d.Checkout(t.Context(), checkoutID, "ada"); err != nil || c.URL != "https://pay.example/1" || len(became) != 0 {
			t.Errorf("%+v, %v, %v", c, became, err)
		}
	}, parts...)
}
