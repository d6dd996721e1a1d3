package belenios

import (
	"crypto/sha256"
	"io"
	"math/big"

	"filippo.io/bigmod"
	"filippo.io/edwards25519"
)

// Element is an element of a group. Its printed form is the canonical one of the specification.
type Element interface {
	// String returns the printed form: 64 hexadecimal digits for Ed25519, a decimal number for a
	// finite field.
	String() string
}

// Scalar is a number modulo the order of a group. The zero value is no scalar.
type Scalar struct {
	ed *edwards25519.Scalar
	n  *bigmod.Nat
}

// Group is a group of prime order in which discrete logarithms are hard (specification, Groups). The three
// that protocol version 1 knows are [Ed25519], [Belenios2048] and [RFC3526]; nobody else can implement it.
//
// Its methods come in two kinds. Those that take secrets (commit, raise, blend, the arithmetic of scalars) take the
// same time whatever the secret; those that verify (powers, table, product) take whatever time is shortest and
// must never see a secret.
type Group interface {
	// Name is the string in the election's group field.
	Name() string
	// Order is q, the number of elements.
	Order() *big.Int
	// ParseElement reads the printed form of an element. It refuses every other spelling
	// ([ReasonElement]) and what is not in the subgroup of prime order ([ReasonMembership]).
	ParseElement(s string) (Element, error)
	// ParseScalar reads a decimal number from 0 to q-1 without leading zeros ([ReasonScalar]).
	ParseScalar(s string) (Scalar, error)
	// FormatScalar is the inverse of ParseScalar.
	FormatScalar(s Scalar) string
	// Ranks is how many small numbers fit into one element, 0 if the group cannot carry ranked answers.
	Ranks() int

	generator() Element
	identity() Element
	// decode is ParseElement without the test of membership, which the caller owes.
	decode(s string) (Element, error)
	member(e Element) bool
	// members tests many elements at once and returns the index of the first outside of the
	// subgroup (or of any, where only their product shows it), or -1.
	members(es []Element) int
	multiply(a, b Element) Element
	inverse(a Element) Element
	equal(a, b Element) bool
	// compare orders ciphertexts in the tally of a ranked question.
	compare(a, b Element) int
	// print fills in the printed forms, with one inversion for all of them.
	print(es []Element)

	// commit is g^s and raise is e^s in constant time.
	commit(s Scalar) Element
	raise(e Element, s Scalar) Element
	// blend is multiply in constant time.
	blend(a, b Element) Element
	// powers prepares several exponentiations of one public base.
	powers(e Element, uses int) powers
	// sumPowers is powers for the product of bases that have been prepared themselves.
	sumPowers(parts []powers, product Element, uses int) powers
	// table prepares very many exponentiations of one public base.
	table(e Element) powers
	// product is the product of es[i]^ss[i], all public.
	product(es []Element, ss []Scalar) Element

	embed(values []int) (Element, error)
	extract(e Element, n int) []int
	// independent is the i-th generator of which nobody knows the logarithm, i from -1.
	independent(i int) (Element, error)

	random(r io.Reader) (Scalar, error)
	digest(d [sha256.Size]byte) Scalar
	reduce(b []byte) Scalar
	small(n int64) Scalar
	add(a, b Scalar) Scalar
	sub(a, b Scalar) Scalar
	mul(a, b Scalar) Scalar
	// invert is 1/a, a public and not zero.
	invert(a Scalar) Scalar
	same(a, b Scalar) bool
}

// powers are the exponentiations of one base. They are not secret and not safe for concurrent use, but for
// those of a table.
type powers interface {
	exp(s Scalar) Element
	// member says whether the base is in the subgroup of prime order.
	member() bool
	// release gives back what is held for the base, which is not to be used any more.
	release()
}

// GroupByName returns the group that the string names.
func GroupByName(name string) (Group, error) {
	switch name {
	case "Ed25519":
		return Ed25519(), nil
	case "BELENIOS-2048":
		return Belenios2048(), nil
	case "RFC-3526-2048":
		return RFC3526(), nil
	}
	return nil, fail(ReasonUnsupported, ruleGroups, "the group %.40q is not known", name)
}

// hash is SHA-256 of b as a big-endian number modulo q, the function H of every proof.
func hash(g Group, b []byte) Scalar { return g.digest(sha256.Sum256(b)) }

// quotient is a/b.
func quotient(g Group, a, b Element) Element { return g.multiply(a, g.inverse(b)) }

// readFull reads randomness.
func readFull(r io.Reader, b []byte) error {
	if _, err := io.ReadFull(r, b); err != nil {
		return fail(ReasonRandom, ruleBasic, "no randomness: %v", err)
	}
	return nil
}

// canonicalDecimal says whether s is a decimal number without sign or leading zeros, of at most n digits.
func canonicalDecimal(s string, n int) bool {
	if s == "" || len(s) > n || (s[0] == '0' && len(s) > 1) {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
