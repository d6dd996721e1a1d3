package match

import "strconv"

// damm is the quasigroup of order 10 of H. Michael Damm (Totally anti-symmetric quasigroups, Marburg 2004), by which the
// membership room makes the check digit of a member's reference.
var damm = [10]string{
	"0317598642", "7092154863", "4206871359", "1750983426", "6123045978", "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
}

// valid reports whether the last of some digits is the check digit of the others.
func valid(digits string) bool {
	c := byte('0')
	for i := range len(digits) {
		c = damm[c-'0'][digits[i]-'0']
	}
	return c == '0'
}

// Shortest and longest references have so many digits, the check digit included.
const (
	shortest = 5
	longest  = 16
)

// References returns the membership numbers of the payment references in a text, each once, in order: M, the number in at
// least four digits, and its check digit (membership.Reference). Any case will do, and one space or hyphen after the M; a
// letter before it or a digit that does not check makes it something else. Digits that stand apart are not joined: a date
// after a shorter number could check by chance.
func References(text string) []int64 {
	var found []int64
	for i := 0; i < len(text); i++ {
		if text[i] != 'M' && text[i] != 'm' || i > 0 && (letter(text[i-1]) || digit(text[i-1])) {
			continue
		}
		from := i + 1
		if from < len(text) && (text[from] == ' ' || text[from] == '-') {
			from++
		}
		to := from
		for to < len(text) && digit(text[to]) {
			to++
		}
		if n, ok := number(text[from:to]); ok {
			found = once(found, n)
		}
	}
	return found
}

func number(digits string) (int64, bool) {
	if len(digits) < shortest || len(digits) > longest || !valid(digits) {
		return 0, false
	}
	n, err := strconv.ParseInt(digits[:len(digits)-1], 10, 64)
	// More zeros before it than the reference has were not written by us.
	return n, err == nil && n > 0 && (len(digits) == shortest || digits[0] != '0')
}

func once(all []int64, n int64) []int64 {
	for _, k := range all {
		if k == n {
			return all
		}
	}
	return append(all, n)
}

func letter(c byte) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
