package ballots

import "strings"

// alphabet has 32 letters and digits; 0, O, 1 and I are left out, since people read them for each other.
const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// CodeBytes is how many random bytes make a receipt's code: 80 bits.
const CodeBytes = 10

// Code is a receipt's code without its hyphens. It says that a vote is stored, and nothing of how.
type Code [16]byte

// NewCode writes 10 random bytes as a code, five bits a character.
func NewCode(random [CodeBytes]byte) Code {
	var c Code
	var bits uint
	var have int
	at := 0
	for _, b := range random {
		bits, have = bits<<8|uint(b), have+8
		for have >= 5 {
			have -= 5
			c[at] = alphabet[bits>>have&31]
			at++
		}
	}
	return c
}

// String writes the code as people see it: four groups of four.
func (c Code) String() string {
	return string(c[0:4]) + "-" + string(c[4:8]) + "-" + string(c[8:12]) + "-" + string(c[12:16])
}

// ParseCode reads a code as a person typed it: spaces, hyphens and case do not matter. ok is false if no
// receipt can look so.
func ParseCode(s string) (c Code, ok bool) {
	at := 0
	for _, r := range strings.ToUpper(s) {
		if r == ' ' || r == '-' || r == '\u00a0' || r == '\u2010' || r == '\u2011' || r == '\u2013' {
			continue
		}
		if at == len(c) || r > 'Z' || strings.IndexByte(alphabet, byte(r)) < 0 {
			return Code{}, false
		}
		c[at] = byte(r)
		at++
	}
	return c, at == len(c)
}
