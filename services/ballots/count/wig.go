package count

import "math/big"

// WIG counts by the weighted inclusive Gregory method with exact rationals: as [ScottishSTV], but values are
// never cut and nothing is lost by fraction. The quota is the whole Droop quota. A skipped preference is
// closed up; an equal one ends the paper.
//
// Exact fractions grow: their length about doubles with each surplus that papers pass through. Fifteen seats
// among thirty candidates take a fraction of a second; many more may take long.
type WIG struct{}

// Name returns "wig".
func (WIG) Name() string { return "wig" }

// About explains the method.
func (WIG) About() About {
	return About{
		Title: "Weighted inclusive Gregory, exact",
		Lines: [2]string{
			"Single transferable vote whose surpluses move all papers, each at its value reduced in",
			"proportion, in exact fractions; ties by the most recent earlier stage, then by lot.",
		},
		Source: "D. M. Farrell and I. McAllister, The 1983 surplus transfer formula, 2003; order of transfers and ties as SSI 2011/399",
	}
}

// Count counts e.
func (m WIG) Count(e *Election, o Options) (*Report, error) {
	return countGregory[*big.Rat](m, rationals{}, e, o, false, false)
}

// rationals reckons exactly. No number is changed once made.
type rationals struct{}

var (
	ratZero = new(big.Rat)
	ratOne  = big.NewRat(1, 1)
)

func (rationals) one() *big.Rat  { return ratOne }
func (rationals) zero() *big.Rat { return ratZero }
func (rationals) of(n int64, v *big.Rat) *big.Rat {
	return new(big.Rat).Mul(new(big.Rat).SetInt64(n), v)
}
func (rationals) add(a, b *big.Rat) *big.Rat { return new(big.Rat).Add(a, b) }
func (rationals) sub(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
func (rationals) cmp(a, b *big.Rat) int      { return a.Cmp(b) }
func (rationals) amount(v *big.Rat) Amount   { return Amount{v, 5} }
func (rationals) transfer(surplus, worth, total *big.Rat) *big.Rat {
	v := new(big.Rat).Mul(surplus, worth)
	return v.Quo(v, total)
}
