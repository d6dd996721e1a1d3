package belenios

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/big"
	"slices"
	"strconv"

	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

// ed25519 is the group of the curve of that name (specification, Elliptic curves).
type ed25519 struct{}

// Ed25519 returns the group Ed25519: the subgroup of prime order of edwards25519. An element is printed as the
// 32 bytes of RFC 8032 in reverse, in hexadecimal.
func Ed25519() Group { return ed25519{} }

var (
	edOrder, _ = new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	// edOrderDigits is q for the ladder. It is above 2^252, so no Scalar holds it.
	edOrderBytes  = littleEndian(edOrder)
	edOrderDigits = digits16(&edOrderBytes)
	edBase        = fromLibrary(edwards25519.NewGeneratorPoint())
)

func littleEndian(n *big.Int) (b [32]byte) {
	n.FillBytes(b[:])
	slices.Reverse(b[:])
	return b
}

func fromLibrary(p *edwards25519.Point) *point {
	x, y, z, t := p.ExtendedCoordinates()
	return &point{x: *x, y: *y, z: *z, t: *t}
}

func toLibrary(e Element) *edwards25519.Point {
	p := e.(*point)
	q, err := new(edwards25519.Point).SetExtendedCoordinates(&p.x, &p.y, &p.z, &p.t)
	if err != nil {
		panic("belenios: a point left the curve: " + err.Error())
	}
	return q
}

// String returns the printed form.
func (p *point) String() string {
	if p.printed != "" {
		return p.printed
	}
	q := *p
	ed25519{}.print([]Element{&q})
	return q.printed
}

func (ed25519) Name() string            { return "Ed25519" }
func (ed25519) Order() *big.Int         { return new(big.Int).Set(edOrder) }
func (ed25519) Ranks() int              { return 30 }
func (ed25519) generator() Element      { return edBase }
func (ed25519) identity() Element       { return new(point).neutral() }
func (ed25519) equal(a, b Element) bool { return a.(*point).same(b.(*point)) }

func (g ed25519) ParseElement(s string) (Element, error) {
	e, err := g.decode(s)
	if err != nil {
		return nil, err
	}
	if !g.member(e) {
		return nil, fail(ReasonMembership, ruleGroups, "%s is on the curve but not in the subgroup of prime order", s)
	}
	return e, nil
}

func (ed25519) decode(s string) (Element, error) {
	var b [32]byte
	if len(s) != 64 {
		return nil, fail(ReasonElement, ruleGroups, "an element has 64 hexadecimal digits, not %d", len(s))
	}
	for i := range b {
		hi, lo := nibble(s[62-2*i]), nibble(s[63-2*i])
		if hi|lo > 15 {
			return nil, fail(ReasonElement, ruleGroups, "%q has characters other than 0-9 and a-f", s)
		}
		b[i] = hi<<4 | lo
	}
	if !canonicalPoint(&b) {
		return nil, fail(ReasonElement, ruleGroups, "%s is not the canonical encoding of a point", s)
	}
	p, err := new(edwards25519.Point).SetBytes(b[:])
	if err != nil {
		return nil, fail(ReasonElement, ruleGroups, "%s is not on the curve", s)
	}
	q := fromLibrary(p)
	q.printed = s
	return q, nil
}

func nibble(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 255
}

// canonicalPoint says whether y is below p, and the sign bit not set where x is 0 (y = 1 or -1), by RFC 8032
// section 5.1.3.
func canonicalPoint(b *[32]byte) bool {
	one, minusOne := [32]byte{1}, [32]byte{0: 0xec, 31: 0x7f}
	for i := 1; i < 31; i++ {
		minusOne[i] = 0xff
	}
	y := *b
	y[31] &= 0x7f
	if y[31] == 0x7f && y[0] >= 0xed && bytes.Equal(y[1:31], minusOne[1:31]) {
		return false
	}
	return b[31]&0x80 == 0 || (y != one && y != minusOne)
}

func (ed25519) member(e Element) bool {
	var q point
	return q.expOnce(e.(*point), &edOrderBytes).isNeutral()
}

// members adds up 128 random subsets of the points: a point outside leaves each sum in the subgroup with a chance
// of at most one half, so one that stands in a list passes with a chance of 2^-128. The subsets are drawn from
// the hash of the points themselves, so that the verdict is the same for everybody and cannot be tried out for
// less than 2^128 hashes. It returns any index of a list that fails.
func (g ed25519) members(es []Element) int {
	if len(es) < 16 {
		return slices.IndexFunc(es, func(e Element) bool { return !g.member(e) })
	}
	h := sha256.New()
	for _, e := range es {
		_, _ = io.WriteString(h, e.String())
	}
	seed := h.Sum(nil)
	var sums [128]point
	for i := range sums {
		sums[i].neutral()
	}
	// Five points make 32 sums, from which each subset takes one.
	for start := 0; start < len(es); start += 5 {
		block := es[start:min(start+5, len(es))]
		var ready [32]cached
		all := make([]point, 1<<len(block))
		all[0].neutral()
		for i, e := range block {
			ready[0].from(e.(*point))
			for j := range 1 << i {
				all[1<<i+j].add(&all[j], &ready[0])
			}
		}
		for i := range all {
			ready[i].from(&all[i])
		}
		var choice [128]byte
		for i := 0; i < len(choice); i += 32 {
			d := sha256.Sum256(strconv.AppendInt(append(bytes.Clone(seed), byte(i)), int64(start), 10))
			copy(choice[i:], d[:])
		}
		for i := range sums {
			if c := int(choice[i]) & (len(all) - 1); c != 0 {
				sums[i].add(&sums[i], &ready[c])
			}
		}
	}
	for i := range sums {
		if !g.member(&sums[i]) {
			if j := slices.IndexFunc(es, func(e Element) bool { return !g.member(e) }); j >= 0 {
				return j
			}
		}
	}
	return -1
}

func (ed25519) multiply(a, b Element) Element {
	var c cached
	return new(point).add(a.(*point), c.from(b.(*point)))
}

// blend is multiply: the addition of points has no branches.
func (g ed25519) blend(a, b Element) Element { return g.multiply(a, b) }

func (ed25519) inverse(a Element) Element { return new(point).negate(a.(*point)) }

// compare orders by the bytes of RFC 8032, which are the printed ones in reverse.
func (ed25519) compare(a, b Element) int {
	s, t := a.String(), b.String()
	for i := 62; i >= 0; i -= 2 {
		if c := bytes.Compare([]byte(s[i:i+2]), []byte(t[i:i+2])); c != 0 {
			return c
		}
	}
	return 0
}

func (ed25519) print(es []Element) {
	inv := invertAll(len(es), func(i int) *field.Element { return &es[i].(*point).z })
	for i := range es {
		p := es[i].(*point)
		var x, y field.Element
		x.Multiply(&p.x, &inv[i])
		y.Multiply(&p.y, &inv[i])
		b := y.Bytes()
		b[31] |= byte(x.IsNegative() << 7)
		slices.Reverse(b)
		p.printed = hex.EncodeToString(b)
	}
}

func (ed25519) commit(s Scalar) Element {
	return fromLibrary(new(edwards25519.Point).ScalarBaseMult(s.ed))
}

func (ed25519) raise(e Element, s Scalar) Element {
	return fromLibrary(new(edwards25519.Point).ScalarMult(s.ed, toLibrary(e)))
}

type edPowers struct {
	base   *point
	ladder *ladder
}

func (ed25519) powers(e Element, uses int) powers {
	p := edPowers{base: e.(*point)}
	if uses > 1 {
		p.ladder = ladders.Get().(*ladder)
		p.ladder.from(p.base)
	}
	return p
}

// edSum is the sum of a few bases that have ladders: for one exponent, going up all of them costs less than making
// a ladder of the sum.
type edSum struct {
	edPowers
	ladders []*ladder
}

func (g ed25519) sumPowers(parts []powers, sum Element, uses int) powers {
	if uses > 1 || len(parts) > 3 {
		return g.powers(sum, uses)
	}
	s := edSum{edPowers: edPowers{base: sum.(*point)}}
	for _, p := range parts {
		l := p.(edPowers).ladder
		if l == nil {
			return g.powers(sum, uses)
		}
		s.ladders = append(s.ladders, l)
	}
	return s
}

func (s edSum) exp(e Scalar) Element {
	b := [32]byte(e.ed.Bytes())
	d := digits16(&b)
	return new(point).sum(&d, s.ladders...)
}

func (p edPowers) exp(s Scalar) Element {
	b := [32]byte(s.ed.Bytes())
	if p.ladder == nil {
		return new(point).expOnce(p.base, &b)
	}
	d := digits16(&b)
	return new(point).sum(&d, p.ladder)
}

func (p edPowers) release() {
	if p.ladder != nil {
		ladders.Put(p.ladder)
	}
}

func (p edPowers) member() bool {
	var q point
	if p.ladder == nil {
		return q.expOnce(p.base, &edOrderBytes).isNeutral()
	}
	return q.sum(&edOrderDigits, p.ladder).isNeutral()
}

type edTable struct {
	comb *comb
	base *point
}

func (ed25519) table(e Element) powers {
	t := edTable{comb: new(comb), base: e.(*point)}
	t.comb.from(t.base)
	return t
}

func (t edTable) exp(s Scalar) Element {
	b := [32]byte(s.ed.Bytes())
	return t.comb.exp(new(point), &b)
}

func (edTable) release() {}

func (t edTable) member() bool { return ed25519{}.member(t.base) }

// product shares the doublings of up to 64 bases at a time.
func (g ed25519) product(es []Element, ss []Scalar) Element {
	total := new(point).neutral()
	for len(es) > 0 {
		n := min(64, len(es))
		o := make([]odds, n)
		d := make([][256]int8, n)
		for i := range n {
			o[i].from(es[i].(*point))
			b := [32]byte(ss[i].ed.Bytes())
			d[i] = naf(&b)
		}
		var part point
		var c cached
		total.add(total, c.from(part.sumNAF(o, d)))
		es, ss = es[n:], ss[n:]
	}
	return total
}
