package belenios

import (
	"sync"

	"filippo.io/edwards25519/field"
)

// This file is the curve's arithmetic for verifying, where nothing is secret and time is all: the same few
// bases are raised to several exponents each, so that what doublings give is shared. It stands on
// filippo.io/edwards25519/field, whose multiplication is in assembly. The formulas are those for extended
// coordinates on a twisted Edwards curve with a = -1 (Hisil, Wong, Carter, Dawson: Twisted Edwards Curves
// Revisited, 2008), which hold for all pairs of points, equal, opposite and neutral ones included.

// point is a point in extended coordinates: x = X/Z, y = Y/Z, T = XY/Z.
type point struct {
	x, y, z, t field.Element
	printed    string
}

// cached is a point made ready to be added: Y+X, Y-X, 2Z, 2dT.
type cached struct{ plus, minus, z2, td2 field.Element }

// affine is cached with Z = 1.
type affine struct{ plus, minus, td2 field.Element }

var (
	edD  = edConstant()
	edD2 = new(field.Element).Add(edD, edD)
)

// edConstant is d = -121665/121666.
func edConstant() *field.Element {
	n := new(field.Element).Mult32(new(field.Element).One(), 121665)
	m := new(field.Element).Mult32(new(field.Element).One(), 121666)
	return n.Negate(n.Multiply(n, m.Invert(m)))
}

func (p *point) neutral() *point {
	p.x.Zero()
	p.y.One()
	p.z.One()
	p.t.Zero()
	p.printed = ""
	return p
}

func (c *cached) from(p *point) *cached {
	c.plus.Add(&p.y, &p.x)
	c.minus.Subtract(&p.y, &p.x)
	c.z2.Add(&p.z, &p.z)
	c.td2.Multiply(&p.t, edD2)
	return c
}

// add sets p = a + b.
func (p *point) add(a *point, b *cached) *point {
	var m, n, c, d field.Element
	m.Subtract(&a.y, &a.x)
	m.Multiply(&m, &b.minus)
	n.Add(&a.y, &a.x)
	n.Multiply(&n, &b.plus)
	c.Multiply(&a.t, &b.td2)
	d.Multiply(&a.z, &b.z2)
	return p.finish(&m, &n, &c, &d, false)
}

// sub sets p = a - b.
func (p *point) sub(a *point, b *cached) {
	var m, n, c, d field.Element
	m.Subtract(&a.y, &a.x)
	m.Multiply(&m, &b.plus)
	n.Add(&a.y, &a.x)
	n.Multiply(&n, &b.minus)
	c.Multiply(&a.t, &b.td2)
	d.Multiply(&a.z, &b.z2)
	p.finish(&m, &n, &c, &d, true)
}

// addAffine sets p = a + b, and a - b if negative.
func (p *point) addAffine(a *point, b *affine, negative bool) {
	var m, n, c, d field.Element
	m.Subtract(&a.y, &a.x)
	n.Add(&a.y, &a.x)
	c.Multiply(&a.t, &b.td2)
	d.Add(&a.z, &a.z)
	if negative {
		m.Multiply(&m, &b.plus)
		n.Multiply(&n, &b.minus)
	} else {
		m.Multiply(&m, &b.minus)
		n.Multiply(&n, &b.plus)
	}
	p.finish(&m, &n, &c, &d, negative)
}

// finish sets p from A, B, C, D of the addition, with -C for C in a subtraction.
func (p *point) finish(a, b, c, d *field.Element, negative bool) *point {
	var e, f, g, h field.Element
	e.Subtract(b, a)
	f.Subtract(d, c)
	g.Add(d, c)
	if negative {
		f, g = g, f
	}
	h.Add(b, a)
	p.x.Multiply(&e, &f)
	p.y.Multiply(&g, &h)
	p.t.Multiply(&e, &h)
	p.z.Multiply(&f, &g)
	return p
}

// double sets p = 2a. T is left out unless wanted: a doubling does not read it.
func (p *point) double(a *point, wantT bool) {
	var e, f, g, h, s field.Element
	s.Add(&a.x, &a.y)
	s.Square(&s)
	e.Square(&a.x)
	g.Square(&a.y)
	f.Square(&a.z)
	f.Add(&f, &f)
	h.Add(&e, &g)
	g.Subtract(&e, &g)
	e.Subtract(&h, &s)
	f.Add(&f, &g)
	p.x.Multiply(&e, &f)
	p.y.Multiply(&g, &h)
	p.z.Multiply(&f, &g)
	if wantT {
		p.t.Multiply(&e, &h)
	}
}

func (p *point) negate(a *point) *point {
	p.x.Negate(&a.x)
	p.y.Set(&a.y)
	p.z.Set(&a.z)
	p.t.Negate(&a.t)
	return p
}

// isNeutral says whether p is the neutral point: x = 0 and y = z.
func (p *point) isNeutral() bool {
	var zero field.Element
	return p.x.Equal(&zero) == 1 && p.y.Equal(&p.z) == 1
}

func (p *point) same(q *point) bool {
	var a, b field.Element
	a.Multiply(&p.x, &q.z)
	b.Multiply(&q.x, &p.z)
	if a.Equal(&b) != 1 {
		return false
	}
	a.Multiply(&p.y, &q.z)
	b.Multiply(&q.y, &p.z)
	return a.Equal(&b) == 1
}

// digits16 writes a scalar (little-endian, below 2^253) in base 16 with digits from -8 to 7.
func digits16(b *[32]byte) (d [64]int8) {
	for i, v := range b {
		d[2*i] = int8(v & 15)
		d[2*i+1] = int8(v >> 4)
	}
	carry(d[:], 16)
	return d
}

// digits256 writes a scalar in base 256 with digits from -128 to 127.
func digits256(b *[32]byte) (d [32]int16) {
	c := int16(0)
	for i, v := range b {
		n := int16(v) + c
		c = 0
		if n > 127 && i < 31 {
			n -= 256
			c = 1
		}
		d[i] = n
	}
	return d
}

// carry makes digits from 0 to base-1 signed; the last one takes what is left over.
func carry(d []int8, base int8) {
	c := int8(0)
	for i := range d {
		d[i] += c
		c = 0
		if d[i] >= base/2 && i < len(d)-1 {
			d[i] -= base
			c = 1
		}
	}
}

// naf writes a scalar with odd digits from -15 to 15, of which at least four zeros follow each.
func naf(b *[32]byte) (d [256]int8) {
	bit := func(i int) int {
		if i >= 256 {
			return 0
		}
		return int(b[i/8]>>(i%8)) & 1
	}
	c := 0
	for i := 0; i < 256; {
		v := bit(i) + c
		if v&1 == 0 {
			c = v >> 1
			i++
			continue
		}
		v += bit(i+1)<<1 + bit(i+2)<<2 + bit(i+3)<<3 + bit(i+4)<<4
		c = 0
		if v > 16 {
			v -= 32
			c = 1
		}
		d[i] = int8(v)
		i += 5
	}
	return d
}

// odds are P, 3P, 5P … 15P.
type odds [8]cached

func (o *odds) from(p *point) {
	var two, q point
	var twoC cached
	two.double(p, true)
	twoC.from(&two)
	q = *p
	o[0].from(p)
	for i := 1; i < len(o); i++ {
		q.add(&q, &twoC)
		o[i].from(&q)
	}
}

// expOnce sets p = s*a by one pass of doublings.
func (p *point) expOnce(a *point, s *[32]byte) *point {
	var o odds
	o.from(a)
	d := naf(s)
	return p.sumNAF([]odds{o}, [][256]int8{d})
}

// sumNAF adds up many products, the doublings shared (Straus).
func (p *point) sumNAF(o []odds, d [][256]int8) *point {
	p.neutral()
	i := 255
	for ; i >= 0; i-- {
		any := false
		for j := range d {
			any = any || d[j][i] != 0
		}
		if any {
			break
		}
	}
	for ; i >= 0; i-- {
		any := false
		for j := range d {
			if d[j][i] != 0 {
				any = true
				break
			}
		}
		p.double(p, any || i == 0)
		for j := range d {
			switch v := d[j][i]; {
			case v > 0:
				p.add(p, &o[j][v/2])
			case v < 0:
				p.sub(p, &o[j][-v/2])
			}
		}
	}
	return p
}

// ladder holds 16^i P for i from 0 to 63: what the doublings of one base give, for any number of exponents.
type ladder struct {
	rung  [64]point
	ready [64]cached
}

func (l *ladder) from(p *point) {
	l.rung[0] = *p
	l.ready[0].from(p)
	q := *p
	for i := 1; i < len(l.rung); i++ {
		q.double(&q, false)
		q.double(&q, false)
		q.double(&q, false)
		q.double(&q, true)
		l.rung[i] = q
		l.ready[i].from(&q)
	}
}

// ladders are kept for the next base: one has 22 kB, and a ballot needs two for each ciphertext.
var ladders = sync.Pool{New: func() any { return new(ladder) }}

// sum sets p to the sum of d[i] * 16^i P over the bases of all ladders: the rungs of one digit are added up first,
// then the sums are weighted by the digit (Yao).
func (p *point) sum(d *[64]int8, ls ...*ladder) *point {
	var bucket [9]point
	var full [9]bool
	for _, l := range ls {
		for i, v := range d {
			switch {
			case v > 0 && full[v]:
				bucket[v].add(&bucket[v], &l.ready[i])
			case v > 0:
				bucket[v], full[v] = l.rung[i], true
			case v < 0 && full[-v]:
				bucket[-v].sub(&bucket[-v], &l.ready[i])
			case v < 0:
				bucket[-v].negate(&l.rung[i])
				full[-v] = true
			}
		}
	}
	// running is the sum of the buckets from v up; adding it once for each v weights bucket v by v.
	var running, total point
	var c cached
	some := false
	for v := 8; v > 0; v-- {
		if full[v] {
			if some {
				running.add(&running, c.from(&bucket[v]))
			} else {
				running = bucket[v]
			}
		}
		switch {
		case !some && full[v]:
			total, some = running, true
		case some:
			total.add(&total, c.from(&running))
		}
	}
	if !some {
		total.neutral()
	}
	*p = total
	p.printed = ""
	return p
}

// comb holds v * 256^i P for i from 0 to 31 and v from 1 to 128.
type comb [32][128]affine

func (t *comb) from(p *point) {
	all := make([]point, 32*128)
	base := *p
	for i := range 32 {
		var c cached
		c.from(&base)
		row := all[i*128 : (i+1)*128]
		row[0] = base
		for v := 1; v < 128; v++ {
			row[v].add(&row[v-1], &c)
		}
		base.double(&row[127], true)
	}
	inv := invertAll(len(all), func(i int) *field.Element { return &all[i].z })
	for i := range all {
		var x, y field.Element
		x.Multiply(&all[i].x, &inv[i])
		y.Multiply(&all[i].y, &inv[i])
		a := &t[i/128][i%128]
		a.plus.Add(&y, &x)
		a.minus.Subtract(&y, &x)
		a.td2.Multiply(&x, &y)
		a.td2.Multiply(&a.td2, edD2)
	}
}

// exp sets p = s P.
func (t *comb) exp(p *point, s *[32]byte) *point {
	p.neutral()
	for i, v := range digits256(s) {
		switch {
		case v > 0:
			p.addAffine(p, &t[i][v-1], false)
		case v < 0:
			p.addAffine(p, &t[i][-v-1], true)
		}
	}
	return p
}

// invertAll inverts n elements, none of them zero, with one inversion (Montgomery's trick).
func invertAll(n int, at func(int) *field.Element) []field.Element {
	out := make([]field.Element, n)
	if n == 0 {
		return out
	}
	var acc field.Element
	acc.One()
	for i := range n {
		out[i].Set(&acc)
		acc.Multiply(&acc, at(i))
	}
	acc.Invert(&acc)
	for i := n - 1; i >= 0; i-- {
		out[i].Multiply(&out[i], &acc)
		acc.Multiply(&acc, at(i))
	}
	return out
}
