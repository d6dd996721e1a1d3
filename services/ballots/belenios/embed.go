package belenios

import (
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"strconv"

	"filippo.io/edwards25519"
)

// embed writes values, the first one highest, into y, 8 bits each, and looks in the 14 bits below for the first
// point of the subgroup.
func (g ed25519) embed(values []int) (Element, error) {
	if len(values) > g.Ranks() {
		return nil, fail(ReasonChoice, ruleGroups, "Ed25519 carries at most %d numbers, not %d", g.Ranks(), len(values))
	}
	n := new(big.Int)
	for _, v := range values {
		if v < 0 || v > 255 {
			return nil, fail(ReasonChoice, ruleGroups, "%d is not a number from 0 to 255", v)
		}
		n.Lsh(n, 8).Or(n, big.NewInt(int64(v)))
	}
	n.Lsh(n, 14)
	for range 1 << 14 {
		b := littleEndian(n)
		if p, err := new(edwards25519.Point).SetBytes(b[:]); err == nil && canonicalPoint(&b) {
			if q := fromLibrary(p); g.member(q) {
				return q, nil
			}
		}
		n.Add(n, big.NewInt(1))
	}
	return nil, fail(ReasonChoice, ruleGroups, "no point carries these numbers")
}

func (ed25519) extract(e Element, n int) []int {
	b, err := hex.DecodeString(e.String())
	if err != nil {
		panic("belenios: a printed point is not hexadecimal")
	}
	z := new(big.Int).SetBytes(b)
	return extractBits(z.Rsh(z, 14), n)
}

// extractBits takes n numbers of 8 bits from z, the last one lowest.
func extractBits(z *big.Int, n int) []int {
	out := make([]int, n)
	for i := n - 1; i >= 0; i-- {
		out[i] = int(new(big.Int).And(z, big.NewInt(255)).Int64())
		z.Rsh(z, 8)
	}
	return out
}

func (ed25519) independent(i int) (Element, error) {
	d := sha256.Sum256([]byte("ggen|" + strconv.Itoa(i)))
	n := new(big.Int).SetBytes(d[:])
	n.Rsh(n, 2)
	for {
		b := littleEndian(n)
		// A y of p or above stands for y mod p here: the rule takes the number, not its encoding.
		if p, err := new(edwards25519.Point).SetBytes(b[:]); err == nil {
			q := fromLibrary(p.MultByCofactor(p))
			if q.isNeutral() || q.same(edBase) {
				return nil, fail(ReasonShuffle, ruleShuffleProof, "generator %d is degenerate", i)
			}
			return q, nil
		}
		n.Add(n, big.NewInt(1))
	}
}
