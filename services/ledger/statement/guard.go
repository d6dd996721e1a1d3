package statement

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

var (
	errTooLong = errors.New("statement: a text without end")
	errCharset = errors.New("statement: a character set that is not known")
)

// guard lets XML through, but no text, comment or tag of more than a MiB: the decoder keeps each whole.
type guard struct {
	in    io.Reader
	span  int
	until string // what ends the section at hand; empty between sections
	err   error  // of the file itself
	last  []byte // the end of what was read before, as far as a mark may begin in it
}

const maxSpan = 1 << 20

// Read reads on, or returns errTooLong.
func (g *guard) Read(p []byte) (int, error) {
	n, err := g.in.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		g.err = err
	}
	text := p[:n]
	if len(g.last) > 0 {
		text = append(append(make([]byte, 0, len(g.last)+n), g.last...), text...)
	}
	for {
		if g.until == "" {
			at := bytes.IndexByte(text, '<')
			if at < 0 {
				g.span += len(text)
				g.last = g.last[:0]
				break
			}
			rest := text[at:]
			if len(rest) < 9 && err == nil && len(rest) < len("<![CDATA[") {
				g.span += at
				g.last = append(g.last[:0], rest...)
				break
			}
			g.span, g.until = 0, ">"
			if bytes.HasPrefix(rest, []byte("<![CDATA[")) {
				g.until = "]]>"
			} else if bytes.HasPrefix(rest, []byte("<!--")) {
				g.until = "-->"
			}
			text = rest[1:]
		}
		at := bytes.Index(text, []byte(g.until))
		if at < 0 {
			keep := min(len(text), len(g.until)-1)
			g.span += len(text) - keep
			g.last = append(g.last[:0], text[len(text)-keep:]...)
			break
		}
		text = text[at+len(g.until):]
		g.span, g.until = 0, ""
	}
	if g.span > maxSpan {
		return n, errTooLong
	}
	return n, err
}

// charset gives the decoder text in the character sets that banks use.
func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "utf8", "us-ascii", "ascii", "utf-16":
		return in, nil // UTF-16 was made UTF-8 before
	case "iso-8859-1", "iso-8859-15", "latin1", "windows-1252", "cp1252":
		return &narrow{in: in}, nil
	}
	return nil, errCharset
}

// narrow makes UTF-8 of windows-1252, byte by byte.
type narrow struct {
	in   io.Reader
	left string
	buf  [1024]byte
}

// Read fills p with UTF-8.
func (r *narrow) Read(p []byte) (int, error) {
	if r.left == "" {
		n, err := r.in.Read(r.buf[:])
		if n == 0 {
			return 0, err
		}
		r.left = narrowed(r.buf[:n])
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}
