package belenios

import (
	"io"
	"math/big"
)

// permutation draws a permutation of n, each with the same chance.
func permutation(r io.Reader, n int) ([]int, error) {
	psi := make([]int, n)
	for i := range psi {
		psi[i] = i
	}
	for i := range n {
		k, err := below(r, n-i)
		if err != nil {
			return nil, err
		}
		psi[i], psi[i+k] = psi[i+k], psi[i]
	}
	return psi, nil
}

// below draws a number from 0 to n-1. 16 bytes modulo n leave a bias under 2^-90.
func below(r io.Reader, n int) (int, error) {
	var b [16]byte
	if err := readFull(r, b[:]); err != nil {
		return 0, err
	}
	v := new(big.Int).SetBytes(b[:])
	return int(v.Mod(v, big.NewInt(int64(n))).Int64()), nil
}

// MakeShuffle mixes the ranked questions' ciphertexts and proves it.
func (e *Election) MakeShuffle(r io.Reader, from [][]Ciphertext) (*Shuffle, error) {
	s := &Shuffle{}
	for _, cs := range from {
		to, p, err := e.makeShuffle(r, cs)
		if err != nil {
			return nil, err
		}
		s.Ciphertexts = append(s.Ciphertexts, to)
		s.Proofs = append(s.Proofs, *p)
	}
	return s, nil
}

func randoms(r io.Reader, g Group, n int) ([]Scalar, error) {
	out := make([]Scalar, n)
	for i := range out {
		var err error
		if out[i], err = g.random(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e *Election) makeShuffle(r io.Reader, from []Ciphertext) ([]Ciphertext, *ShuffleProof, error) {
	g, n, y := e.Group, len(from), e.PublicKey
	psi, err := permutation(r, n)
	if err != nil {
		return nil, nil, err
	}
	var lists [6][]Scalar // r', r, rHat, omegaHat, omega', omega
	for i := range lists {
		if lists[i], err = randoms(r, g, max(n, 4)); err != nil {
			return nil, nil, err
		}
	}
	fresh, rs, rHat, wHat, wPrime, w := lists[0], lists[1], lists[2], lists[3], lists[4], lists[5]
	h, hs, err := generators(g, n)
	if err != nil {
		return nil, nil, err
	}
	p := &ShuffleProof{THat: make([]Element, n), SHat: make([]Scalar, n), SPrime: make([]Scalar, n), C: make([]Element, n), CHat: make([]Element, n)}
	// Encrypt anew, permute, and commit to the permutation.
	again := make([]Ciphertext, n)
	to := make([]Ciphertext, n)
	for i, c := range from {
		again[i] = Ciphertext{g.multiply(c.Alpha, g.commit(fresh[i])), g.multiply(c.Beta, g.raise(y, fresh[i]))}
		p.C[psi[i]] = g.multiply(g.commit(rs[psi[i]]), hs[i])
	}
	var all []Element
	for i := range n {
		to[i] = again[psi[i]]
		all = append(all, to[i].Alpha, to[i].Beta, p.C[i])
	}
	g.print(all)
	strC := commas(commasPairs(commasPairs(nil, from), to), p.C)
	u := shuffleChallenges(g, e.phi, strC, n)
	uPrime := make([]Scalar, n)
	for i := range n {
		uPrime[i] = u[psi[i]]
	}
	last := h
	for i := range n {
		p.CHat[i] = g.multiply(g.commit(rHat[i]), g.raise(last, uPrime[i]))
		p.THat[i] = g.multiply(g.commit(wHat[i]), g.raise(last, wPrime[i]))
		last = p.CHat[i]
	}
	p.T1, p.T2, p.T3 = g.commit(w[0]), g.commit(w[1]), g.commit(w[2])
	p.T41, p.T42 = g.inverse(g.raise(y, w[3])), g.inverse(g.commit(w[3]))
	for i := range n {
		p.T3 = g.multiply(p.T3, g.raise(hs[i], wPrime[i]))
		p.T41 = g.multiply(p.T41, g.raise(to[i].Beta, wPrime[i]))
		p.T42 = g.multiply(p.T42, g.raise(to[i].Alpha, wPrime[i]))
	}
	all = append([]Element{p.T1, p.T2, p.T3, p.T41, p.T42}, p.THat...)
	g.print(append(all, p.CHat...))
	c := shuffleChallenge(e, p, strC)

	zero := g.small(0)
	rBar, rHatSum, rTilde, rFresh, v := zero, zero, zero, zero, g.small(1)
	for i := n - 1; i >= 0; i-- {
		rBar = g.add(rBar, rs[i])
		rHatSum = g.add(rHatSum, g.mul(rHat[i], v))
		v = g.mul(v, uPrime[i])
		rTilde = g.add(rTilde, g.mul(rs[i], u[i]))
		rFresh = g.add(rFresh, g.mul(fresh[i], u[i]))
	}
	p.S1 = g.add(w[0], g.mul(c, rBar))
	p.S2 = g.add(w[1], g.mul(c, rHatSum))
	p.S3 = g.add(w[2], g.mul(c, rTilde))
	p.S4 = g.add(w[3], g.mul(c, rFresh))
	for i := range n {
		p.SHat[i] = g.add(wHat[i], g.mul(c, rHat[i]))
		p.SPrime[i] = g.add(wPrime[i], g.mul(c, uPrime[i]))
	}
	return to, p, nil
}
