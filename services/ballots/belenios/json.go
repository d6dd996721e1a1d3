package belenios

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// JSON here has one spelling (specification, Conventions): compact, fields in the order of the specification,
// optional fields left out, strings as the OCaml library writes them. A reader takes that spelling and no other,
// so that a text and its meaning determine each other and a hash of the one is a hash of the other.

// cursor reads canonical JSON. The first thing that does not fit stays in err and ends the reading.
type cursor struct {
	s   string
	i   int
	err error
}

func (c *cursor) fail(want string) {
	if c.err == nil {
		rest := c.s[min(c.i, len(c.s)):]
		if len(rest) > 24 {
			rest = rest[:24] + "…"
		}
		c.err = fail(ReasonFormat, ruleConventions, "byte %d: %s wanted, %q found", c.i, want, rest)
	}
}

// set keeps an error that a value inside the JSON gave.
func (c *cursor) set(err error) {
	if c.err == nil {
		c.err = err
	}
}

// lit reads exactly text.
func (c *cursor) lit(text string) {
	if !c.maybe(text) {
		c.fail(strconv.Quote(text))
	}
}

// maybe reads text if it stands there.
func (c *cursor) maybe(text string) bool {
	if c.err != nil || !strings.HasPrefix(c.s[c.i:], text) {
		return false
	}
	c.i += len(text)
	return true
}

// end demands that all is read.
func (c *cursor) end() error {
	if c.err == nil && c.i != len(c.s) {
		c.fail("the end")
	}
	return c.err
}

// token reads a string of letters, digits and the characters of Base64, quotes included.
func (c *cursor) token() string {
	c.lit(`"`)
	if c.err != nil {
		return ""
	}
	start := c.i
	for c.i < len(c.s) {
		b := c.s[c.i]
		if b == '"' {
			c.i++
			return c.s[start : c.i-1]
		}
		if !tokenByte(b) {
			break
		}
		c.i++
	}
	c.fail("a closing quote")
	return ""
}

func tokenByte(b byte) bool {
	switch {
	case b >= '0' && b <= '9', b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '+', b == '/', b == '-':
		return true
	}
	return false
}

// text reads a string of any characters.
func (c *cursor) text() string {
	c.lit(`"`)
	if c.err != nil {
		return ""
	}
	start := c.i
	for c.i < len(c.s) && c.s[c.i] != '"' {
		if c.s[c.i] == '\\' {
			c.i++
		}
		c.i++
	}
	if c.i >= len(c.s) {
		c.fail("a closing quote")
		return ""
	}
	raw := c.s[start-1 : c.i+1]
	c.i++
	var s string
	if err := json.Unmarshal([]byte(raw), &s); err != nil || string(appendText(nil, s)) != raw || !utf8.ValidString(s) {
		c.i = start
		c.fail("a string in canonical form")
		return ""
	}
	return s
}

// number reads a whole number from 0 to most.
func (c *cursor) number(most int64) int64 {
	start := c.i
	for c.err == nil && c.i < len(c.s) && c.s[c.i] >= '0' && c.s[c.i] <= '9' {
		c.i++
	}
	if c.err != nil {
		return 0
	}
	word := c.s[start:c.i]
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil || n > most || !canonicalDecimal(word, 19) {
		c.i = start
		c.fail("a number from 0 to " + strconv.FormatInt(most, 10))
		return 0
	}
	return n
}

// list reads an array; item reads one entry.
func (c *cursor) list(item func(i int)) {
	c.lit("[")
	if c.maybe("]") {
		return
	}
	for i := 0; c.err == nil; i++ {
		item(i)
		if c.maybe("]") {
			return
		}
		c.lit(",")
	}
}

// value skips a value of any kind in compact form and returns its text.
func (c *cursor) value() string {
	if c.err != nil {
		return ""
	}
	d := json.NewDecoder(strings.NewReader(c.s[c.i:]))
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		c.fail("a value")
		return ""
	}
	n := int(d.InputOffset())
	text := c.s[c.i : c.i+n]
	if strings.ContainsAny(stripStrings(text), " \t\r\n") {
		c.fail("a compact value")
		return ""
	}
	c.i += n
	return text
}

// stripStrings leaves out what stands between quotes.
func stripStrings(s string) string {
	var b strings.Builder
	in := false
	for i := 0; i < len(s); i++ {
		switch {
		case in && s[i] == '\\':
			i++
		case s[i] == '"':
			in = !in
		case !in:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

const hexDigits = "0123456789abcdef"

// appendText writes a string: quotes, backslashes and control characters are escaped, all else is raw UTF-8.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, `\b`...)
		case '\f':
			b = append(b, `\f`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			if c < 0x20 || c == 0x7f {
				b = append(b, `\u00`...)
				b = append(b, hexDigits[c>>4], hexDigits[c&15])
			} else {
				b = append(b, c)
			}
		}
	}
	return append(b, '"')
}

// appendList writes an array of n entries.
func appendList(b []byte, n int, item func(b []byte, i int) []byte) []byte {
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = item(b, i)
	}
	return append(b, ']')
}

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
