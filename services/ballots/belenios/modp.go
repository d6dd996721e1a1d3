package belenios

import (
	"crypto/sha256"
	"io"
	"math/big"
	"strconv"

	"filippo.io/bigmod"
)

// modp is the subgroup of order q of the numbers modulo a prime p (specification, Finite fields). Secret
// exponents go through filippo.io/bigmod, public ones through math/big.
type modp struct {
	name     string
	p, q, g  *big.Int
	cofactor *big.Int
	// safe says that p = 2q+1, so that the subgroup is that of the squares.
	safe   bool
	ranks  int
	mp, mq *bigmod.Modulus
	base   *residue
}

// residue is a number modulo p.
type residue struct {
	v       *big.Int
	printed string
}

// String returns the number in base 10.
func (r *residue) String() string {
	if r.printed != "" {
		return r.printed
	}
	return r.v.String()
}

// Belenios2048 returns the group BELENIOS-2048, for homomorphic questions only. Debian 12's belenios-tool reads it.
func Belenios2048() Group { return belenios2048 }

// RFC3526 returns the group RFC-3526-2048, for both kinds of question. Its exponents are eight times longer than
// those of BELENIOS-2048, and so is all work.
func RFC3526() Group { return rfc3526 }

var (
	belenios2048 = newModp("BELENIOS-2048", 0,
		"20694785691422546401013643657505008064922989295751104097100884787057374219242717401922237254497684338129066633138078958404960054389636289796393038773905722803605973749427671376777618898589872735865049081167099310535867780980030790491654063777173764198678527273474476341835600035698305193144284561701911000786737307333564123971732897913240474578834468260652327974647951137672658693582180046317922073668860052627186363386088796882120769432366149491002923444346373222145884100586421050242120365433561201320481118852408731077014151666200162313177169372189248078507711827842317498073276598828825169183103125680162072880719",
		"78571733251071885079927659812671450121821421258408794611510081919805623223441",
		"2402352677501852209227687703532399932712287657378364916510075318787663274146353219320285676155269678799694668298749389095083896573425601900601068477164491735474137283104610458681314511781646755400527402889846139864532661215055797097162016168270312886432456663834863635782106154918419982534315189740658186868651151358576410138882215396016043228843603930989333662772848406593138406010231675095763777982665103606822406635076697764025346253773085133173495194248967754052573659049492477631475991575198775177711481490920456600205478127054728238140972518639858334115700568353695553423781475582491896050296680037745308460627")
	rfc3526 = newModp("RFC-3526-2048", 8,
		"32317006071311007300338913926423828248817941241140239112842009751400741706634354222619689417363569347117901737909704191754605873209195028853758986185622153212175412514901774520270235796078236248884246189477587641105928646099411723245426622522193230540919037680524235519125679715870117001058055877651038861847280257976054903569732561526167081339361799541336476559160368317896729073178384589680639671900977202194168647225871031411336429319536193471636533209717077448227988588565369208645296636077250268955505928362751121174096972998068410554359584866583291642136218231078990999448652468262416972035911852507045361090559",
		"16158503035655503650169456963211914124408970620570119556421004875700370853317177111309844708681784673558950868954852095877302936604597514426879493092811076606087706257450887260135117898039118124442123094738793820552964323049705861622713311261096615270459518840262117759562839857935058500529027938825519430923640128988027451784866280763083540669680899770668238279580184158948364536589192294840319835950488601097084323612935515705668214659768096735818266604858538724113994294282684604322648318038625134477752964181375560587048486499034205277179792433291645821068109115539495499724326234131208486017955926253522680545279",
		"2")
)

func newModp(name string, padding int, p, q, g string) *modp {
	number := func(s string) *big.Int {
		n, ok := new(big.Int).SetString(s, 10)
		if !ok {
			panic("belenios: a constant is not a number")
		}
		return n
	}
	m := &modp{name: name, p: number(p), q: number(q), g: number(g)}
	m.cofactor = new(big.Int).Sub(m.p, big.NewInt(1))
	m.cofactor.Quo(m.cofactor, m.q)
	m.safe = m.cofactor.Cmp(big.NewInt(2)) == 0
	if padding > 0 {
		m.ranks = (m.p.BitLen() - 1 - padding) / 8
	}
	var err error
	if m.mp, err = bigmod.NewModulus(m.p.Bytes()); err != nil {
		panic(err)
	}
	if m.mq, err = bigmod.NewModulus(m.q.Bytes()); err != nil {
		panic(err)
	}
	m.base = &residue{v: m.g}
	return m
}

func (m *modp) Name() string       { return m.name }
func (m *modp) Order() *big.Int    { return new(big.Int).Set(m.q) }
func (m *modp) Ranks() int         { return m.ranks }
func (m *modp) generator() Element { return m.base }
func (m *modp) identity() Element  { return &residue{v: big.NewInt(1)} }

func (m *modp) ParseElement(s string) (Element, error) {
	e, err := m.decode(s)
	if err != nil {
		return nil, err
	}
	if !m.member(e) {
		return nil, fail(ReasonMembership, ruleGroups, "%.40s… is not in the subgroup of order q", s)
	}
	return e, nil
}

func (m *modp) decode(s string) (Element, error) {
	if !canonicalDecimal(s, 617) {
		return nil, fail(ReasonElement, ruleGroups, "%.40q is not a decimal number below p", s)
	}
	v, ok := new(big.Int).SetString(s, 10)
	if !ok || v.Cmp(m.p) >= 0 || v.Sign() == 0 {
		return nil, fail(ReasonElement, ruleGroups, "%.40s… is not a number from 1 to p-1", s)
	}
	return &residue{v: v, printed: s}, nil
}

// member tests x^q = 1. For p = 2q+1 that is the Legendre symbol, by Euler's criterion.
func (m *modp) member(e Element) bool {
	v := e.(*residue).v
	if m.safe {
		return big.Jacobi(v, m.p) == 1
	}
	return new(big.Int).Exp(v, m.q, m.p).Cmp(big.NewInt(1)) == 0
}

func (m *modp) members(es []Element) int {
	for i, e := range es {
		if !m.member(e) {
			return i
		}
	}
	return -1
}

func (m *modp) multiply(a, b Element) Element {
	v := new(big.Int).Mul(a.(*residue).v, b.(*residue).v)
	return &residue{v: v.Mod(v, m.p)}
}

func (m *modp) inverse(a Element) Element {
	return &residue{v: new(big.Int).ModInverse(a.(*residue).v, m.p)}
}

func (m *modp) equal(a, b Element) bool  { return a.(*residue).v.Cmp(b.(*residue).v) == 0 }
func (m *modp) compare(a, b Element) int { return a.(*residue).v.Cmp(b.(*residue).v) }

func (m *modp) print(es []Element) {
	for _, e := range es {
		r := e.(*residue)
		r.printed = r.v.String()
	}
}

func (m *modp) commit(s Scalar) Element { return m.raise(m.base, s) }

func (m *modp) raise(e Element, s Scalar) Element {
	r := bigmod.NewNat().Exp(m.nat(e), s.n.Bytes(m.mq), m.mp)
	return &residue{v: new(big.Int).SetBytes(r.Bytes(m.mp))}
}

func (m *modp) blend(a, b Element) Element {
	r := m.nat(a).Mul(m.nat(b), m.mp)
	return &residue{v: new(big.Int).SetBytes(r.Bytes(m.mp))}
}

func (m *modp) nat(e Element) *bigmod.Nat {
	n, err := bigmod.NewNat().SetBytes(e.(*residue).v.FillBytes(make([]byte, m.mp.Size())), m.mp)
	if err != nil {
		panic("belenios: an element is not below p")
	}
	return n
}

type modpPowers struct {
	m *modp
	e Element
}

func (m *modp) powers(e Element, _ int) powers { return modpPowers{m, e} }

func (m *modp) sumPowers(_ []powers, product Element, uses int) powers {
	return m.powers(product, uses)
}

func (p modpPowers) exp(s Scalar) Element {
	return &residue{v: new(big.Int).Exp(p.e.(*residue).v, p.m.number(s), p.m.p)}
}

func (p modpPowers) member() bool { return p.m.member(p.e) }

func (p modpPowers) release() {}

// modpTable holds e^(v 2^(6i)) for every window i of six bits of an exponent and v from 1 to 63.
type modpTable struct {
	modpPowers
	rows [][63]*big.Int
}

func (m *modp) table(e Element) powers {
	t := modpTable{modpPowers{m, e}, make([][63]*big.Int, (m.q.BitLen()+5)/6)}
	base := e.(*residue).v
	for i := range t.rows {
		row := &t.rows[i]
		row[0] = base
		for v := 1; v < len(row); v++ {
			row[v] = new(big.Int).Mul(row[v-1], base)
			row[v].Mod(row[v], m.p)
		}
		base = new(big.Int).Mul(row[62], base)
		base.Mod(base, m.p)
	}
	return t
}

func (t modpTable) exp(s Scalar) Element {
	n := t.m.number(s)
	acc := big.NewInt(1)
	var quo big.Int // reused, so that a step allocates nothing
	for i := range t.rows {
		v := 0
		for b := range 6 {
			v |= int(n.Bit(6*i+b)) << b
		}
		if v > 0 {
			acc.Mul(acc, t.rows[i][v-1])
			quo.QuoRem(acc, t.m.p, acc)
		}
	}
	return &residue{v: acc}
}

func (m *modp) product(es []Element, ss []Scalar) Element {
	acc := big.NewInt(1)
	for i := range es {
		acc.Mul(acc, m.powers(es[i], 1).exp(ss[i]).(*residue).v)
		acc.Mod(acc, m.p)
	}
	return &residue{v: acc}
}

func (m *modp) number(s Scalar) *big.Int { return new(big.Int).SetBytes(s.n.Bytes(m.mq)) }

func (m *modp) scalar(n *big.Int) Scalar {
	s, err := bigmod.NewNat().SetBytes(n.FillBytes(make([]byte, m.mq.Size())), m.mq)
	if err != nil {
		panic("belenios: a scalar is not reduced")
	}
	return Scalar{n: s}
}

func (m *modp) embed(values []int) (Element, error) {
	if m.ranks == 0 {
		return nil, fail(ReasonUnsupported, ruleGroups, "%s carries no ranked answers", m.name)
	}
	if len(values) > m.ranks {
		return nil, fail(ReasonChoice, ruleGroups, "%s carries at most %d numbers, not %d", m.name, m.ranks, len(values))
	}
	n := new(big.Int)
	for _, v := range values {
		if v < 0 || v > 255 {
			return nil, fail(ReasonChoice, ruleGroups, "%d is not a number from 0 to 255", v)
		}
		n.Lsh(n, 8).Or(n, big.NewInt(int64(v)))
	}
	n.Lsh(n, 8)
	for range 256 {
		if n.Sign() > 0 && m.member(&residue{v: n}) {
			return &residue{v: n}, nil
		}
		n.Add(n, big.NewInt(1))
	}
	return nil, fail(ReasonChoice, ruleGroups, "no element carries these numbers")
}

func (m *modp) extract(e Element, n int) []int {
	return extractBits(new(big.Int).Rsh(e.(*residue).v, 8), n)
}

func (m *modp) independent(i int) (Element, error) {
	d := sha256.Sum256([]byte("ggen|" + strconv.Itoa(i)))
	h := new(big.Int).Exp(new(big.Int).SetBytes(d[:]), m.cofactor, m.p)
	if h.Sign() == 0 || h.Cmp(big.NewInt(1)) == 0 || h.Cmp(m.g) == 0 {
		return nil, fail(ReasonShuffle, ruleShuffleProof, "generator %d is degenerate", i)
	}
	return &residue{v: h}, nil
}

func (m *modp) ParseScalar(s string) (Scalar, error) {
	if canonicalDecimal(s, 617) {
		if n, ok := new(big.Int).SetString(s, 10); ok && n.Cmp(m.q) < 0 {
			return m.scalar(n), nil
		}
	}
	return Scalar{}, fail(ReasonScalar, ruleBasic, "%.90q is not a decimal number below the order of the group", s)
}

func (m *modp) FormatScalar(s Scalar) string { return m.number(s).String() }

// random draws 128 bits more than q has, so that reducing leaves no bias that matters.
func (m *modp) random(r io.Reader) (Scalar, error) {
	b := make([]byte, m.mq.Size()+16)
	if err := readFull(r, b); err != nil {
		return Scalar{}, err
	}
	return m.reduce(b), nil
}

// digest uses math/big: what is hashed is published, and so is the hash or a sum that it is part of.
func (m *modp) digest(d [sha256.Size]byte) Scalar {
	v := new(big.Int).SetBytes(d[:])
	return m.scalar(v.Mod(v, m.q))
}

// reduce is b, a big-endian number, modulo q in constant time.
func (m *modp) reduce(b []byte) Scalar {
	// The modulus 256^len(b) is there only to hold the number; it is even, so nothing is precomputed for it.
	top := make([]byte, len(b)+1)
	top[0] = 1
	holder, err := bigmod.NewModulus(top)
	if err != nil {
		panic("belenios: " + err.Error())
	}
	wide, err := bigmod.NewNat().SetBytes(b, holder)
	if err != nil {
		panic("belenios: " + err.Error())
	}
	return Scalar{n: bigmod.NewNat().Mod(wide, m.mq)}
}

func (m *modp) small(n int64) Scalar {
	v := big.NewInt(n)
	return m.scalar(v.Mod(v, m.q))
}

func (m *modp) copy(a Scalar) *bigmod.Nat {
	n, err := bigmod.NewNat().SetBytes(a.n.Bytes(m.mq), m.mq)
	if err != nil {
		panic("belenios: a scalar is not reduced")
	}
	return n
}

func (m *modp) add(a, b Scalar) Scalar { return Scalar{n: m.copy(a).Add(b.n, m.mq)} }
func (m *modp) sub(a, b Scalar) Scalar { return Scalar{n: m.copy(a).Sub(b.n, m.mq)} }
func (m *modp) mul(a, b Scalar) Scalar { return Scalar{n: m.copy(a).Mul(b.n, m.mq)} }

func (m *modp) invert(a Scalar) Scalar {
	return m.scalar(new(big.Int).ModInverse(m.number(a), m.q))
}

func (m *modp) same(a, b Scalar) bool { return a.n.Equal(b.n) == 1 }
