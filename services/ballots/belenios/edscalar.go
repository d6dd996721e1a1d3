package belenios

import (
	"crypto/sha256"
	"io"
	"math/big"
	"math/bits"
	"slices"

	"filippo.io/edwards25519"
)

func (ed25519) ParseScalar(s string) (Scalar, error) {
	notReduced := func() error {
		return fail(ReasonScalar, ruleBasic, "%.90q is not a decimal number below the order of the group", s)
	}
	if !canonicalDecimal(s, 77) {
		return Scalar{}, notReduced()
	}
	var w [4]uint64
	for i := 0; i < len(s); {
		n := min(19, len(s)-i)
		var part, scale uint64 = 0, 1
		for ; n > 0; n-- {
			part = part*10 + uint64(s[i]-'0')
			scale *= 10
			i++
		}
		for j := range w {
			hi, lo := bits.Mul64(w[j], scale)
			var c uint64
			w[j], c = bits.Add64(lo, part, 0)
			part = hi + c
		}
		if part != 0 {
			return Scalar{}, notReduced()
		}
	}
	var b [32]byte
	for i, v := range w {
		for j := range 8 {
			b[8*i+j] = byte(v >> (8 * j))
		}
	}
	e, err := new(edwards25519.Scalar).SetCanonicalBytes(b[:])
	if err != nil {
		return Scalar{}, notReduced()
	}
	return Scalar{ed: e}, nil
}

func (ed25519) FormatScalar(s Scalar) string {
	b := s.ed.Bytes()
	slices.Reverse(b)
	return new(big.Int).SetBytes(b).String()
}

func (ed25519) random(r io.Reader) (Scalar, error) {
	var b [64]byte
	if err := readFull(r, b[:]); err != nil {
		return Scalar{}, err
	}
	s, err := new(edwards25519.Scalar).SetUniformBytes(b[:])
	if err != nil {
		panic("belenios: 64 bytes are 64 bytes")
	}
	return Scalar{ed: s}, nil
}

func (g ed25519) digest(d [sha256.Size]byte) Scalar { return g.reduce(d[:]) }

// reduce reads up to 64 bytes as a big-endian number modulo q.
func (ed25519) reduce(b []byte) Scalar {
	var w [64]byte
	for i, v := range b {
		w[len(b)-1-i] = v
	}
	s, err := new(edwards25519.Scalar).SetUniformBytes(w[:])
	if err != nil {
		panic("belenios: 64 bytes are 64 bytes")
	}
	return Scalar{ed: s}
}

func (g ed25519) small(n int64) Scalar {
	s := g.reduce(new(big.Int).Abs(big.NewInt(n)).Bytes())
	if n < 0 {
		s.ed.Negate(s.ed)
	}
	return s
}

func (ed25519) add(a, b Scalar) Scalar { return Scalar{ed: new(edwards25519.Scalar).Add(a.ed, b.ed)} }
func (ed25519) sub(a, b Scalar) Scalar {
	return Scalar{ed: new(edwards25519.Scalar).Subtract(a.ed, b.ed)}
}
func (ed25519) mul(a, b Scalar) Scalar {
	return Scalar{ed: new(edwards25519.Scalar).Multiply(a.ed, b.ed)}
}
func (ed25519) invert(a Scalar) Scalar { return Scalar{ed: new(edwards25519.Scalar).Invert(a.ed)} }
func (ed25519) same(a, b Scalar) bool  { return a.ed.Equal(b.ed) == 1 }
