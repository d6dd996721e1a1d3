package ledger

import "testing"

func TestRuleAt(t *testing.T) {
	first := Rule{Book: 1, From: 10, SpendingAlone: 10_000}
	second := Rule{Book: 2, From: 20, PoundIsShare: true, SpendingAlone: 5_000}
	third := Rule{Book: 3, From: 20, PoundIsShare: true, SpendingAlone: 7_000}
	for _, all := range [][]Rule{{first, second, third}, {third, second, first}} {
		for at, want := range map[int64]Rule{9: {}, 10: first, 19: first, 20: third, 21: third} {
			if got := RuleAt(all, at); got != want {
				t.Errorf("at %d: %+v, want %+v", at, got, want)
			}
		}
	}
}
