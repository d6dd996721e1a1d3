package statement

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// windows1252 are the characters of bytes 0x80 to 0x9f in windows-1252; 0 where it has none.
var windows1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

// decoded makes UTF-8 of bytes that are UTF-8 or windows-1252. Banks name one and write the other: what is valid UTF-8 is
// taken as that, since text in windows-1252 hardly ever is by accident.
func decoded(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return narrowed(b)
}

// narrowed makes UTF-8 of windows-1252.
func narrowed(b []byte) string {
	var s strings.Builder
	s.Grow(len(b) + len(b)/8)
	for _, c := range b {
		switch {
		case c < 0x80 || c >= 0xa0:
			s.WriteRune(rune(c))
		case windows1252[c-0x80] != 0:
			s.WriteRune(windows1252[c-0x80])
		default:
			s.WriteRune(utf8.RuneError)
		}
	}
	return s.String()
}

// wideText takes a byte order mark off, and returns a reader that makes UTF-8 of UTF-16, or nil if it is none.
func wideText(in *bufio.Reader) (io.Reader, error) {
	head, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case len(head) == 3 && string(head) == "\xef\xbb\xbf":
		_, err = in.Discard(3)
		return nil, err
	case len(head) >= 2 && head[0] == 0xff && head[1] == 0xfe:
		_, err = in.Discard(2)
		return &utf16Reader{in: in}, err
	case len(head) >= 2 && head[0] == 0xfe && head[1] == 0xff:
		_, err = in.Discard(2)
		return &utf16Reader{in: in, big: true}, err
	}
	return nil, nil
}

// utf16Reader makes UTF-8 of UTF-16.
type utf16Reader struct {
	in   *bufio.Reader
	big  bool
	left []byte
}

func (u *utf16Reader) unit() (rune, error) {
	var b [2]byte
	if _, err := io.ReadFull(u.in, b[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, io.EOF
		}
		return 0, err
	}
	if u.big {
		return rune(b[0])<<8 | rune(b[1]), nil
	}
	return rune(b[1])<<8 | rune(b[0]), nil
}

// Read fills p with UTF-8.
func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.left) < len(p) && len(u.left) < 4096 {
		r, err := u.unit()
		if err != nil {
			if len(u.left) > 0 {
				break
			}
			return 0, err
		}
		if utf16.IsSurrogate(r) {
			low, err := u.unit()
			if err != nil {
				low = 0
			}
			r = utf16.DecodeRune(r, low)
		}
		u.left = utf8.AppendRune(u.left, r)
	}
	n := copy(p, u.left)
	u.left = append(u.left[:0], u.left[n:]...)
	return n, nil
}
