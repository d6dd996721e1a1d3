package count

import "unicode/utf8"

// decode reads text as UTF-8, or as Latin-1 where it is none, and tells whether it was UTF-8. Control
// characters become spaces, so that no name can disturb a report.
func decode(p []byte) (s string, isUTF8 bool) {
	isUTF8 = utf8.Valid(p)
	var out []rune
	if isUTF8 {
		out = []rune(string(p))
	} else {
		for _, c := range p {
			out = append(out, rune(c))
		}
	}
	for i, r := range out {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 {
			out[i] = ' '
		}
	}
	return string(out), isUTF8
}
