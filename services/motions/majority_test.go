package motions

import (
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

const (
	threeQuarters = "at least 3/4 of votes for and against"
	ofAllCast     = "at least 75% of votes cast, abstentions included"
)

func TestMajority(t *testing.T) {
	for _, c := range []struct {
		rule    string
		f       Figures
		base    int64
		carried bool
	}{
		{moreForThanAgainst, Figures{For: 0, Against: 0}, 0, false},
		{threeQuarters, Figures{For: 0, Against: 0}, 0, false},
		{moreForThanAgainst, Figures{For: 0, Against: 0, Abstentions: 50}, 0, false},
		{moreForThanAgainst, Figures{For: 101, Against: 99}, 200, true},
		{moreForThanAgainst, Figures{For: 100, Against: 100}, 200, false},
		{moreForThanAgainst, Figures{For: 1, Against: 0, Abstentions: 200}, 1, true},
		{moreForThanAgainst, Figures{For: 2, Against: 3}, 5, false},
		{threeQuarters, Figures{For: 75, Against: 25}, 100, true},
		{threeQuarters, Figures{For: 74, Against: 25}, 99, false},
		{threeQuarters, Figures{For: 749, Against: 251}, 1000, false},
		{threeQuarters, Figures{For: 750, Against: 250}, 1000, true},
		{threeQuarters, Figures{For: 75, Against: 25, Abstentions: 400}, 100, true},
		// "51%", as the model rules put a simple majority, is another rule than more for than against.
		{"at least 51% of votes for and against", Figures{For: 101, Against: 99}, 200, false},
		{"at least 51% of votes for and against", Figures{For: 51, Against: 49}, 100, true},
		{"more than 1/2 of votes for and against", Figures{For: 101, Against: 99}, 200, true},
		// A bridge club's special meeting of 21 December 2018, in thousandths and ten thousandths: both were lost, the second
		// with its abstentions in the base and without.
		{threeQuarters, Figures{For: 701, Against: 299}, 1000, false},
		{ofAllCast, Figures{For: 6052, Against: 3778, Abstentions: 170}, 10_000, false},
		{threeQuarters, Figures{For: 6052, Against: 3778, Abstentions: 170}, 9830, false},
		{ofAllCast, Figures{For: 75, Against: 20, Abstentions: 5}, 100, true},
		{ofAllCast, Figures{For: 75, Against: 20, Abstentions: 6}, 101, false},
		{"more than 1/2 of members on the roll", Figures{For: 51, Against: 2, Electors: 101}, 101, true},
		{"more than 1/2 of members on the roll", Figures{For: 50, Against: 2, Electors: 100}, 100, false},
		{"at least 1/1 of votes for and against", Figures{For: 5}, 5, true},
		{"at least 1/1 of votes for and against", Figures{For: 5, Against: 1}, 6, false},
	} {
		m, err := ParseMajority(c.rule)
		if err != nil {
			t.Fatal(err)
		}
		base, carried := m.Decide(c.f)
		if base != c.base || carried != c.carried || m.String() != c.rule {
			t.Errorf("%s of %+v: base %d, carried %v", c.rule, c.f, base, carried)
		}
	}
}

func TestMajorityThatCannotBeRead(t *testing.T) {
	for _, s := range []string{"", "3/4", "at least 3/4", "at least 3/4 of votes", "at least 5/4 of votes for and against", "at least 0/4 of votes for and against",
		"at least 3/0 of votes for and against", "more than 1/1 of votes for and against", "more than 100% of votes for and against", "at least 0% of votes for and against",
		"at least 3/99999 of votes for and against", "at least -3/4 of votes for and against", "at least three quarters of votes for and against",
		"At least 3/4 of votes for and against", "at least 3/4 of votes for and against "} {
		if m, err := ParseMajority(s); err == nil {
			t.Errorf("%q was read as %+v", s, m)
		}
	}
}

// The decision is the comparison of exact fractions; more votes for never turn carried into lost, nor more against lost
// into carried; more for than against is exactly that.
func TestMajorityIsExact(t *testing.T) {
	votes := rapid.Int64Range(0, 100_000_000)
	rapid.Check(t, func(t *rapid.T) {
		den := rapid.Int64Range(1, 10_000).Draw(t, "of")
		num := rapid.Int64Range(1, den).Draw(t, "share")
		strict := num < den && rapid.Bool().Draw(t, "strict")
		bases := []base{forAndAgainst, withAbstaining, onTheRoll}
		b := rapid.SampledFrom(bases).Draw(t, "base")
		word := "at least"
		if strict {
			word = "more than"
		}
		m, err := ParseMajority(fmt.Sprintf("%s %d/%d of %s", word, num, den, b))
		if err != nil {
			t.Fatal(err)
		}
		f := Figures{For: votes.Draw(t, "for"), Against: votes.Draw(t, "against"), Abstentions: votes.Draw(t, "abstentions")}
		if rapid.Bool().Draw(t, "close") {
			// As near to the share as whole votes come.
			f.Against = f.For*(den-num)/num + rapid.Int64Range(-1, 1).Draw(t, "off by")
			f.Against = max(min(f.Against, 100_000_000), 0)
		}
		f.Electors = f.For + f.Against + f.Abstentions + votes.Draw(t, "stayed away")
		count, carried := m.Decide(f)
		want := map[base]int64{forAndAgainst: f.For + f.Against, withAbstaining: f.For + f.Against + f.Abstentions, onTheRoll: f.Electors}[b]
		if count != want || m.BaseName() != string(b) {
			t.Fatalf("base %d %q, want %d %q", count, m.BaseName(), want, b)
		}
		exact := false
		if f.For > 0 {
			c := big.NewRat(f.For, count).Cmp(big.NewRat(num, den))
			exact = c > 0 || (c == 0 && !strict)
		}
		if carried != exact {
			t.Fatalf("%s of %+v: carried %v", m, f, carried)
		}
		more, against := f, f
		more.For, more.Electors = more.For+1, more.Electors+1
		against.Against, against.Electors = against.Against+1, against.Electors+1
		if _, still := m.Decide(more); carried && !still {
			t.Fatalf("%s: one more for lost it", m)
		}
		if _, now := m.Decide(against); !carried && now {
			t.Fatalf("%s: one more against carried it", m)
		}
		plain, err := ParseMajority(moreForThanAgainst)
		if err != nil {
			t.Fatal(err)
		}
		if _, c := plain.Decide(f); c != (f.For > f.Against) {
			t.Fatalf("more for than against of %+v: %v", f, c)
		}
	})
}
