package statement

import (
	"fmt"
	"strings"
)

// exponents are the currencies that do not have two decimal places (ISO 4217, list one).
var exponents = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0, "UYI": 0,
	"VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
	"CLF": 4, "UYW": 4,
}

// Decimals returns how many decimal places amounts of a currency have.
func Decimals(currency string) int {
	if e, ok := exponents[currency]; ok {
		return e
	}
	return 2
}

// Decimal writes minor units of a currency with its decimal places: 1250 GBP is "12.50", 1250 JPY "1250".
func Decimal(minor int64, currency string) string {
	sign, u := "", uint64(minor)
	if minor < 0 {
		sign, u = "-", -uint64(minor)
	}
	places := Decimals(currency)
	if places == 0 {
		return fmt.Sprintf("%s%d", sign, u)
	}
	unit := uint64(1)
	for range places {
		unit *= 10
	}
	return fmt.Sprintf("%s%d.%0*d", sign, u/unit, places, u%unit)
}

// maxMinor bounds one amount: ten million million pounds, so that no sum of a file can overflow unnoticed (the sums are
// checked as well).
const maxMinor = 1_000_000_000_000_000

// notation is how a format writes amounts.
type notation struct {
	// point is the decimal point; 0 takes a point or a comma, but a comma only before the currency's own number of decimals,
	// since "1,000" could be a thousand.
	point byte
	// signed allows a sign, group the thousands separator (0 for none), symbols a currency symbol and accountants' signs.
	signed  bool
	group   byte
	symbols bool
}

// parse returns an amount in minor units of a currency, or what is wrong with it. Nothing is rounded: more decimals than
// the currency has are refused unless they are zeros.
func (n notation) parse(s, currency string) (int64, string) {
	whole := s
	if s = strings.TrimFunc(s, unordinary); s == "" {
		return 0, "The amount is missing."
	}
	negative := false
	if n.symbols {
		s, negative = n.strip(s, currency)
	}
	if n.signed && s != "" && (s[0] == '-' || s[0] == '+') {
		if negative {
			return 0, fmt.Sprintf("%s has two signs.", quoted(whole))
		}
		negative = s[0] == '-'
		s = s[1:]
		if n.symbols {
			s = trimSymbol(s, currency)
		}
	} else if !n.signed && s != "" && s[0] == '-' {
		return 0, fmt.Sprintf("%s is negative, but this format says with a word of its own which way the money went.", quoted(whole))
	}
	places := Decimals(currency)
	at := strings.LastIndexByte(s, '.')
	if n.point == ',' || (n.point == 0 && at < 0) {
		at = strings.LastIndexByte(s, ',')
		if n.point == 0 && at >= 0 && len(s)-at-1 != places {
			return 0, fmt.Sprintf("%s can be read in two ways: write the decimals after a point.", quoted(whole))
		}
	}
	units, decimals := s, ""
	if at >= 0 {
		units, decimals = s[:at], s[at+1:]
	}
	units, ok := n.ungroup(units)
	if !ok || !digits(units) || !digits(decimals) || units+decimals == "" {
		return 0, fmt.Sprintf("%s is not an amount.", quoted(whole))
	}
	if len(decimals) > places {
		if strings.Trim(decimals[places:], "0") != "" {
			return 0, fmt.Sprintf("%s has more decimal places than %s has: it would have to be rounded.", quoted(whole), currency)
		}
		decimals = decimals[:places]
	}
	var v int64
	for _, part := range [...]string{units, decimals, "0000"[:places-len(decimals)]} {
		for i := range len(part) {
			if v = v*10 + int64(part[i]-'0'); v > maxMinor {
				return 0, fmt.Sprintf("%s is larger than any amount this can be.", quoted(whole))
			}
		}
	}
	if negative {
		v = -v
	}
	return v, ""
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// ungroup takes the thousands separators out if each stands before exactly three digits.
func (n notation) ungroup(s string) (string, bool) {
	if n.group == 0 || strings.IndexByte(s, n.group) < 0 {
		return s, true
	}
	groups := strings.Split(s, string(n.group))
	for i, g := range groups {
		if len(g) != 3 && (i > 0 || len(g) == 0 || len(g) > 3) {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

// strip takes off a currency symbol and the signs that accountants write: (12.00), 12.00-, 12.00 DR.
func (n notation) strip(s, currency string) (string, bool) {
	s = strings.ReplaceAll(s, "\u2212", "-")
	negative := false
	upper := strings.ToUpper(s)
	switch {
	case strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")"):
		s, negative = s[1:len(s)-1], true
	case strings.HasSuffix(s, "-"):
		s, negative = s[:len(s)-1], true
	case strings.HasSuffix(upper, "DR"):
		s, negative = s[:len(s)-2], true
	case strings.HasSuffix(upper, "CR"):
		s = s[:len(s)-2]
	}
	return trimSymbol(s, currency), negative
}

func trimSymbol(s, currency string) string {
	s = strings.TrimFunc(s, unordinary)
	marks := []string{currency}
	switch currency {
	case "GBP":
		marks = append(marks, "£")
	case "EUR":
		marks = append(marks, "€")
	case "USD":
		marks = append(marks, "$")
	}
	for _, m := range marks {
		if m == "" {
			continue
		}
		if rest, ok := strings.CutPrefix(s, m); ok {
			return strings.TrimFunc(rest, unordinary)
		}
		if rest, ok := strings.CutSuffix(s, m); ok {
			return strings.TrimFunc(rest, unordinary)
		}
	}
	return s
}

// isCurrency reports whether s has the form of an ISO 4217 code.
func isCurrency(s string) bool {
	if len(s) != 3 {
		return false
	}
	for i := range 3 {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return true
}
