package membership

import (
	"fmt"
	"strconv"
	"strings"
)

// damm is the quasigroup of order 10 of H. Michael Damm (Totally anti-symmetric quasigroups, Marburg 2004): one digit
// wrong or two neighbours exchanged never give the same check digit.
var damm = [10][10]byte{
	{0, 3, 1, 7, 5, 9, 8, 6, 4, 2},
	{7, 0, 9, 2, 1, 5, 4, 8, 6, 3},
	{4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
	{1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
	{6, 1, 2, 3, 0, 4, 5, 9, 7, 8},
	{3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
	{5, 8, 6, 9, 7, 2, 0, 1, 3, 4},
	{8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
	{9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
	{2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
}

func check(digits string) byte {
	var c byte
	for i := range len(digits) {
		c = damm[c][digits[i]-'0']
	}
	return c
}

// Reference is what a member writes on a bank transfer: M, the membership number in at least four digits, and a check
// digit. It is empty before admission.
func Reference(number int64) string {
	if number <= 0 {
		return ""
	}
	digits := fmt.Sprintf("%04d", number)
	return "M" + digits + string('0'+check(digits))
}

// ParseReference returns the membership number in a reference, however it is spaced or cased, or false if the check
// digit says that it was mistyped.
func ParseReference(s string) (int64, bool) {
	digits, ok := strings.CutPrefix(strings.ToUpper(strings.Join(strings.Fields(s), "")), "M")
	if !ok || len(digits) < 5 || len(digits) > 16 || strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return 0, false
	}
	if check(digits) != 0 {
		return 0, false
	}
	number, err := strconv.ParseInt(digits[:len(digits)-1], 10, 64)
	return number, err == nil && number > 0 && Reference(number) == "M"+digits
}
