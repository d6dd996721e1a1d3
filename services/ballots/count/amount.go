package count

import (
	"encoding/json"
	"math/big"
	"strings"
)

// Amount is an exact number of votes, or a quota or value, with the number of decimal places in which
// the rule counts or people print it. The zero Amount is absent and prints as nothing.
type Amount struct {
	r      *big.Rat
	places int
}

func whole(n int64) Amount { return Amount{new(big.Rat).SetInt64(n), 0} }

// scaled is n units of the last of places decimal places.
func scaled(n int64, places int) Amount {
	return Amount{big.NewRat(n, pow10(places)), places}
}

func pow10(n int) int64 {
	p := int64(1)
	for ; n > 0; n-- {
		p *= 10
	}
	return p
}

// Absent tells that there is no such figure.
func (a Amount) Absent() bool { return a.r == nil }

// Rat returns a copy of the exact number, nil where absent.
func (a Amount) Rat() *big.Rat {
	if a.r == nil {
		return nil
	}
	return new(big.Rat).Set(a.r)
}

// Sign returns -1, 0 or 1; 0 where absent.
func (a Amount) Sign() int {
	if a.r == nil {
		return 0
	}
	return a.r.Sign()
}

// String returns the number in its decimal places, what lies beyond cut off towards zero.
func (a Amount) String() string {
	if a.r == nil {
		return ""
	}
	n := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(a.places)), nil)
	n.Mul(n, a.r.Num())
	n.Quo(n, a.r.Denom())
	sign := ""
	if n.Sign() < 0 {
		sign = "-"
		n.Neg(n)
	}
	s := n.String()
	if a.places == 0 {
		return sign + s
	}
	if len(s) <= a.places {
		s = strings.Repeat("0", a.places+1-len(s)) + s
	}
	return sign + s[:len(s)-a.places] + "." + s[len(s)-a.places:]
}

// Exact returns the number as a fraction where its decimals had to be cut off, else the same as String.
func (a Amount) Exact() string {
	if a.r == nil {
		return ""
	}
	if s := a.String(); a.decimal() {
		return s
	}
	return a.r.RatString()
}

// decimal tells whether String loses nothing.
func (a Amount) decimal() bool {
	n := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(a.places)), nil)
	return n.Rem(n, a.r.Denom()).Sign() == 0
}

// signed is String with a plus where the number is positive.
func (a Amount) signed() string {
	s := a.String()
	if a.Sign() > 0 {
		return "+" + s
	}
	return s
}

// float is for drawing only.
func (a Amount) float() float64 {
	if a.r == nil {
		return 0
	}
	f, _ := a.r.Float64()
	return f
}

func (a Amount) minus(b Amount) Amount {
	if a.r == nil || b.r == nil {
		return Amount{}
	}
	return Amount{new(big.Rat).Sub(a.r, b.r), max(a.places, b.places)}
}

// MarshalJSON writes String as a JSON string; Exact stands beside it in a report where they differ.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a.r == nil {
		return []byte("null"), nil
	}
	return []byte(`"` + a.String() + `"`), nil // digits, a point and a sign need no escaping
}

// number is the amount as a JSON number.
func (a Amount) number() json.RawMessage {
	if a.r == nil {
		return json.RawMessage("null")
	}
	return json.RawMessage(a.String())
}
