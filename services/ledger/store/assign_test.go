package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/localgovdigital/folkmoot/services/internal/database"
	"github.com/localgovdigital/folkmoot/services/internal/database/databasetest"
	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/group"
	"github.com/localgovdigital/folkmoot/services/internal/once"
	"github.com/localgovdigital/folkmoot/services/ledger"
	"github.com/localgovdigital/folkmoot/services/ledger/store"
	"github.com/localgovdigital/folkmoot/services/ledger/webhook"
)

// TestAnAssignedPayment says whose a payment is that came without a reference; when its reference comes later and names another, the
// treasurer's word stands until it is taken back.
func TestAnAssignedPayment(t *testing.T) {
	databasetest.Rehearsed(t, func(t *testing.T, db *database.DB) {
		d := idle(db, group.Config{})
		assign := func(request, member string) error {
			_, err := d.Assign(t.Context(), once.Request{Principal: "tom", Method: "assign", ID: "request-" + request, Hash: []byte(member + request), At: at},
				store.Clerk{Member: "tom", At: at, Today: today, NewID: d.receipt().NewID, Event: encode.Event},
				store.Assignment{Provider: webhook.ByGoCardless, Payment: "PM1", Member: member, Reason: "They said so"},
				func(micros int64) string { return time.UnixMicro(micros).UTC().Format(ledger.DateLayout) },
				func(k store.Known) ([]byte, error) { return []byte(k.Member), nil })
			return err
		}
		nameless := debits[2]
		nameless.Reference, nameless.Raw = "", []byte(`{"id":"EV3","created_at":"2026-11-06T10:00:00.000Z","resource_type":"payments","action":"paid_out","links":{"payment":"PM1"}}`)
		d.receive(t, nameless)
		want := func(when string, member ...string) {
			t.Helper()
			sums, who := d.held(t)
			if diff := cmp.Diff(map[string]int64{"assets:provider": 200, "income:donations": -200}, sums); diff != "" {
				t.Errorf("%s:\n%s", when, diff)
			}
			if diff := cmp.Diff(member, who); diff != "" {
				t.Errorf("%s, in good standing:\n%s", when, diff)
			}
		}
		want("nobody's")
		if err := assign("1", "ada"); err != nil {
			t.Fatal(err)
		}
		want("ada's", "ada")
		d.receive(t, debits[1])
		want("ada's, though its reference says ben", "ada")
		if err := assign("2", "ben"); !fault.Is(err, "PAYMENT_HAS_GIVER") {
			t.Errorf("%v", err)
		}
		if err := assign("3", ""); err != nil {
			t.Fatal(err)
		}
		want("taken back", "ben")
		if err := assign("4", ""); !fault.Is(err, "PAYMENT_NOT_ASSIGNED") {
			t.Errorf("%v", err)
		}
		all := d.all(t)
		if len(all) != 5 || all[1].Reverses != all[0].ID || all[2].Member != "ada" || all[3].Reverses != all[2].ID || all[4].Member != "ben" || all[4].EnteredBy != "tom" {
			t.Errorf("%+v", all)
		}
		must(t)(d.reverse(t.Context(), all[4].ID))
		if err := assign("5", "ada"); !fault.Is(err, "PAYMENT_HAS_GIVER") {
			t.Errorf("%v", err)
		}
		if err := errors.Join(d.Check(t.Context()), d.CheckLog(t.Context())); err != nil {
			t.Error(err)
		}
	}, parts...)
}
