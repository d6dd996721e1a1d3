package belenios

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestArithmetic compares the arithmetic for verifying with that of filippo.io/edwards25519 and of math/big.
func TestArithmetic(t *testing.T) {
	for _, g := range []Group{Ed25519(), Belenios2048(), RFC3526()} {
		n := 100
		if g.Name() != "Ed25519" {
			n = 4
		}
		checks(t, n/5, func(rt *rapid.T) {
			r := source(rt)
			s := must[[]Scalar](t)(randoms(r, g, 6))
			s[rapid.IntRange(0, 5).Draw(rt, "which")] = g.small(int64(rapid.SampledFrom([]int{0, 1, 2, -1, -2, 7, 8, 9, 127, 128, 129, 255}).Draw(rt, "small")))
			p := g.commit(s[0])
			want := g.raise(p, s[1])
			table, once, many := g.table(p), g.powers(p, 1), g.powers(p, 3)
			for what, e := range map[string]Element{"table": table.exp(s[1]), "once": once.exp(s[1]), "many": many.exp(s[1]),
				"product": g.product([]Element{p}, []Scalar{s[1]})} {
				if !g.equal(e, want) || e.String() != want.String() {
					rt.Fatalf("%s: %s by %s is %v, want %v", g.Name(), what, g.FormatScalar(s[1]), e, want)
				}
			}
			q := g.commit(s[2])
			sum := g.sumPowers([]powers{many, g.powers(q, 2)}, g.multiply(p, q), 1)
			if !g.equal(sum.exp(s[3]), g.multiply(g.raise(p, s[3]), g.raise(q, s[3]))) {
				rt.Fatal("a sum of bases")
			}
			if !g.equal(g.product([]Element{p, q, p}, s[3:6]), g.multiply(g.multiply(g.raise(p, s[3]), g.raise(q, s[4])), g.raise(p, s[5]))) {
				rt.Fatal("a product")
			}
			if !once.member() || !many.member() || !g.member(p) || !g.equal(g.multiply(p, g.inverse(p)), g.identity()) {
				rt.Fatal("membership")
			}
			back := must[Element](t)(g.ParseElement(p.String()))
			if !g.equal(back, p) || g.compare(p, back) != 0 {
				rt.Fatal("printed form")
			}
			if v := must[Scalar](t)(g.ParseScalar(g.FormatScalar(s[3]))); !g.same(v, s[3]) {
				rt.Fatal("a scalar")
			}
			if x := g.add(s[3], g.small(1)); !g.same(g.sub(x, g.small(1)), s[3]) || !g.same(g.mul(s[4], g.invert(s[4])), g.small(1)) && !g.same(s[4], g.small(0)) {
				rt.Fatal("scalars")
			}
		})
	}
}

// TestMembership: points of every small order, alone and added to an element, are refused by every test of membership.
func TestMembership(t *testing.T) {
	g := Ed25519()
	// A point of order eight: l times any point outside of the subgroup that is not of smaller order.
	var torsion []*point
	for n := byte(2); len(torsion) == 0; n++ {
		e, err := ed25519{}.decode(fmt.Sprintf("%062x%02x", 0, n))
		if err != nil {
			continue
		}
		var q point
		q.expOnce(e.(*point), &edOrderBytes)
		p := q
		for range 8 {
			if !p.isNeutral() {
				c := p
				c.printed = ""
				torsion = append(torsion, &c)
			}
			var ready cached
			p.add(&p, ready.from(&q))
		}
		if len(torsion) != 7 {
			torsion = nil
		}
	}
	honest := g.commit(g.small(12345))
	for i, p := range torsion {
		for _, e := range []Element{p, g.multiply(p, honest)} {
			if g.member(e) || g.powers(e, 1).member() || g.powers(e, 2).member() {
				t.Errorf("torsion %d: taken for a member", i)
			}
			if _, err := g.ParseElement(e.String()); reason(err) != ReasonMembership {
				t.Errorf("torsion %d: %v", i, err)
			}
			list := make([]Element, 40)
			for j := range list {
				list[j] = g.commit(g.small(int64(j + 1)))
			}
			g.print(list)
			if got := g.members(list); got >= 0 {
				t.Fatalf("an honest list: %d", got)
			}
			list[23] = e
			if got := g.members(list); got != 23 {
				t.Errorf("torsion %d in a list: %d", i, got)
			}
		}
	}
	for _, s := range []string{
		"8000000000000000000000000000000000000000000000000000000000000001", // the neutral element with a sign
		"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffee", // y = 1 + p
		"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", // y = 18 + p
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec", // y = -1 with a sign
		"", "00", "zz00000000000000000000000000000000000000000000000000000000000001"} {
		if _, err := g.ParseElement(s); reason(err) != ReasonElement {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, g := range []Group{Belenios2048(), RFC3526()} {
		for _, s := range []string{"0", "-1", "01", "", "1 ", g.(*modp).p.String()} {
			if _, err := g.ParseElement(s); reason(err) != ReasonElement {
				t.Errorf("%q: %v", s, err)
			}
		}
		minusOne := g.(*modp).p.String()
		minusOne = minusOne[:len(minusOne)-1] + string(minusOne[len(minusOne)-1]-1)
		if _, err := g.ParseElement(minusOne); reason(err) != ReasonMembership {
			t.Errorf("-1 in %s: %v", g.Name(), err)
		}
	}
}

// TestEmbedding: numbers written into an element come out again.
func TestEmbedding(t *testing.T) {
	for _, g := range []Group{Ed25519(), RFC3526()} {
		checks(t, 20, func(rt *rapid.T) {
			v := rapid.SliceOfN(rapid.IntRange(0, 255), 1, 30).Draw(rt, "numbers")
			e := must[Element](t)(g.embed(v))
			if !g.member(e) || !slices.Equal(g.extract(e, len(v)), v) {
				rt.Fatalf("%s: %v comes out as %v", g.Name(), v, g.extract(e, len(v)))
			}
		})
		if _, err := g.embed([]int{256}); reason(err) != ReasonChoice {
			t.Errorf("256: %v", err)
		}
		if _, err := g.embed(make([]int, g.Ranks()+1)); reason(err) != ReasonChoice {
			t.Errorf("too many: %v", err)
		}
	}
}
