package motions

import (
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestQuorum(t *testing.T) {
	for _, c := range []struct {
		rule    string
		members int64
		want    int64
	}{
		{"greater of 3 and 10% of members", 412, 42},
		{"greater of 3 and 10% of members", 410, 41},
		{"greater of 3 and 10% of members", 411, 42},
		{"greater of 3 and 10% of members rounded down", 419, 41},
		{"greater of 3 and 10% of members", 30, 3},
		{"greater of 3 and 10% of members", 31, 4},
		{"greater of 3 and 10% of members", 2, 3},
		{"greater of 3 and 10% of members", 0, 3},
		// The rule texts of real societies: Good Data Co-operative, Co-operatives UK's company model, an allotment society,
		// St Andrews, conversion under the model rules, the lower of two as the Community Shares Handbook has seen it.
		{"greater of 3 and 25% of members", 13, 4},
		{"greater of 2 and 50% of members", 9, 5},
		{"50", 1000, 50},
		{"greater of 10 and 10% of members", 90, 10},
		{"greater of 150 and 50% of members", 301, 151},
		{"lower of 20 and 10% of members", 1000, 20},
		{"lower of 20 and 10% of members", 100, 10},
		{"33.33% of members", 3, 1},
		{"33.34% of members", 3, 2},
		{"0.5% of members rounded down", 100, 1},
		{"100% of members", 7, 7},
	} {
		q, err := ParseQuorum(c.rule)
		if err != nil {
			t.Fatal(err)
		}
		if got := q.Needed(c.members); got != c.want || q.String() != c.rule {
			t.Errorf("%s (%s) of %d: %d, want %d", c.rule, q, c.members, got, c.want)
		}
	}
}

func TestQuorumThatCannotBeRead(t *testing.T) {
	for _, s := range []string{"", "0", "-3", "03", "3 ", "3.5", "1000001", "10%", "10 % of members", "10% of voters", "101% of members", "100.01% of members",
		"0% of members", "0.00% of members", "10.123% of members", "10.% of members", "+10% of members", "greater of 3", "greater of 3 and", "greater of 3 or 10% of members",
		"greater of 3 and 10% of members and 4", "most of 3 and 4", "Greater of 3 and 4", "greater of greater of 1 and 2 and 3"} {
		if q, err := ParseQuorum(s); err == nil {
			t.Errorf("%q was read as %+v", s, q)
		}
	}
}

// A percentage of members is the smallest whole number that is not below the exact share, or the largest not above it.
func TestQuorumIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := rapid.Int64Range(1, 10_000).Draw(t, "basis points")
		members := rapid.Int64Range(0, 50_000_000).Draw(t, "members")
		fixed := rapid.Int64Range(1, 1_000_000).Draw(t, "fixed")
		share := fmt.Sprintf("%d.%02d%% of members", points/100, points%100)
		parse := func(s string) Quorum {
			q, err := ParseQuorum(s)
			if err != nil {
				t.Fatal(err)
			}
			return q
		}
		exact := new(big.Rat).Mul(big.NewRat(points, 10_000), big.NewRat(members, 1))
		up, down := parse(share).Needed(members), parse(share+" rounded down").Needed(members)
		if up < 1 || down < 1 || new(big.Rat).SetInt64(up).Cmp(exact) < 0 || (up > 1 && new(big.Rat).SetInt64(up-1).Cmp(exact) >= 0) {
			t.Fatalf("%s of %d: %d", share, members, up)
		}
		if down > 1 && (new(big.Rat).SetInt64(down).Cmp(exact) > 0 || new(big.Rat).SetInt64(down+1).Cmp(exact) <= 0) {
			t.Fatalf("%s of %d rounded down: %d", share, members, down)
		}
		if g := parse(fmt.Sprintf("greater of %d and %s", fixed, share)).Needed(members); g != max(fixed, up) {
			t.Fatalf("greater: %d", g)
		}
		if l := parse(fmt.Sprintf("lower of %s and %d", share, fixed)).Needed(members); l != min(fixed, up) {
			t.Fatalf("lower: %d", l)
		}
		if more := parse(share).Needed(members + 1); more < up || more > up+1 {
			t.Fatalf("one member more: %d after %d", more, up)
		}
	})
}
