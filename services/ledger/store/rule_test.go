package store_test

import (
	"context"
	"testing"

	"github.com/localgovdigital/folkmoot/services/internal/fault"
	"github.com/localgovdigital/folkmoot/services/internal/outbox"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

// What motions tells is applied once, in order; before the first telling there is no rule.
func TestRulesAreAppliedOnceAndInOrder(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		ctx := context.Background()
		in := func(at int64) ledger.Rule {
			r, err := d.RuleAt(ctx, at)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		if got := in(1000); got != (ledger.Rule{}) {
			t.Fatalf("before any: %+v", got)
		}
		first, second := ledger.Rule{Book: 1, From: 10, SpendingAlone: 10_000}, ledger.Rule{Book: 2, From: 20, PoundIsShare: true}
		if _, err := d.ApplyRule(ctx, 1, 2, second); !fault.Is(err, outbox.ReasonGap) {
			t.Fatalf("a gap: %v", err)
		}
		for range 2 {
			if applied, err := d.ApplyRule(ctx, 1, 1, first); err != nil || applied != 1 {
				t.Fatalf("first: %d, %v", applied, err)
			}
		}
		if applied, err := d.ApplyRule(ctx, 1, 2, second); err != nil || applied != 2 {
			t.Fatalf("second: %d, %v", applied, err)
		}
		for at, want := range map[int64]ledger.Rule{9: {}, 10: first, 19: first, 20: second} {
			if got := in(at); got != want {
				t.Errorf("at %d: %+v, want %+v", at, got, want)
			}
		}
	})
}
