package count

import "math/bits"

// ScottishSTV counts by the single transferable vote as Scotland elects its councils: Scottish Local
// Government Elections Order 2011 (SSI 2011/399), schedule 1, rules 46 to 53, which in the Order of 2007
// (SSI 2007/42) were rules 45 to 52.
//
// The quota is the valid papers divided by seats plus one, decimals ignored, plus one. Surpluses go
// first, the largest first, all papers of the candidate moving at surplus times value by votes, cut to
// five decimal places; only then is the candidate with the fewest votes excluded, one at a time, the
// papers moving at the value at which they came. Ties are broken by the most recent earlier stage at
// which the tied differed; of several, those with the most (for an exclusion the fewest) votes there stay
// tied and earlier stages are looked at for them. Then by lot.
//
// A candidate exactly on the quota has nothing to transfer, so there is no stage for it (rule 49(1): "exceeds").
// The papers of the last candidate excluded are transferred although the vacancies could be filled without
// that, which SSI 2021/437 article 2(4) allows.
//
// A preference counts only while the numbers on the paper follow each other (article 2, "next available
// preference"): a skipped or equal preference ends the paper, and one that begins so is invalid.
type ScottishSTV struct{}

// Name returns "scottish-stv".
func (ScottishSTV) Name() string { return "scottish-stv" }

// About explains the method.
func (ScottishSTV) About() About {
	return About{
		Title: "Scottish single transferable vote",
		Lines: [2]string{
			"Quota, largest surplus first at values cut to five decimals, then exclusion of the lowest;",
			"ties by the most recent earlier stage that differed, then by lot.",
		},
		Source: "Scottish Local Government Elections Order 2011 (SSI 2011/399), schedule 1, rules 46 to 53 (2007: 45 to 52)",
	}
}

// Count counts e.
func (m ScottishSTV) Count(e *Election, o Options) (*Report, error) {
	return countGregory[int64](m, hundredThousandths{}, e, o, true, false)
}

// hundredThousandths reckons in units of 0.00001, as rule 49(3) cuts transfer values.
type hundredThousandths struct{}

const unit = 100_000

func (hundredThousandths) one() int64                { return unit }
func (hundredThousandths) zero() int64               { return 0 }
func (hundredThousandths) of(n int64, v int64) int64 { return n * v }
func (hundredThousandths) add(a, b int64) int64      { return a + b }
func (hundredThousandths) sub(a, b int64) int64      { return a - b }
func (hundredThousandths) amount(v int64) Amount     { return scaled(v, 5) }
func (hundredThousandths) cmp(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// transfer multiplies before it divides and drops the remainder. The product needs more than 64 bits; the
// quotient does not, for a surplus is below the total.
func (hundredThousandths) transfer(surplus, worth, total int64) int64 {
	hi, lo := bits.Mul64(uint64(surplus), uint64(worth))
	q, _ := bits.Div64(hi, lo, uint64(total))
	return int64(q)
}
