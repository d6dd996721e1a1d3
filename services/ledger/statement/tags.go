package statement

import (
	"bufio"
	"bytes"
	"errors"
	"html"
	"io"
	"strings"
)

// tagKind is what a tag of OFX is.
type tagKind int

const (
	opening tagKind = iota
	closing
	finished // the end of the file
)

// tag is a tag of OFX with the text after it, up to the next tag.
type tag struct {
	kind tagKind
	// name is in upper case.
	name string
	line int
	// text has its entities replaced and spaces around it taken off.
	text string
}

const maxTagText = 1 << 16

// tags takes OFX apart: SGML as OFX 1 has it, where an element that holds text need not be closed, and XML as OFX 2 has it.
// It knows no more of either than tags, text, CDATA, comments and instructions.
type tags struct {
	in   *bufio.Reader
	line int
	// raw holds the text at hand.
	raw []byte
	// next is a tag whose name was read already, with its line.
	ahead string
	at    int
	eof   bool
}

func (t *tags) byte() (byte, error) {
	b, err := t.in.ReadByte()
	if b == '\n' && err == nil {
		t.line++
	}
	return b, err
}

// startsTag reports whether the < just read begins a tag; else it is a character that the bank did not write as &lt;.
func (t *tags) startsTag() bool {
	b, err := t.in.Peek(1)
	if err != nil {
		return false
	}
	c := b[0]
	return c == '/' || c == '!' || c == '?' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
}

// text reads up to the next tag.
func (t *tags) text() (string, error) {
	t.raw = t.raw[:0]
	for {
		chunk, err := t.in.ReadSlice('<')
		if err != nil && !errors.Is(err, io.EOF) && err != bufio.ErrBufferFull { //nolint:errorlint // ReadSlice returns them bare
			return "", err
		}
		t.line += bytes.Count(chunk, []byte{'\n'})
		full := err == bufio.ErrBufferFull //nolint:errorlint // see above
		if err == nil {
			chunk = chunk[:len(chunk)-1]
		}
		if len(t.raw)+len(chunk) > maxTagText {
			return "", stopped(t.line, "STATEMENT_UNREADABLE", "A text of more than %d characters: no bank sends that.", maxTagText)
		}
		t.raw = append(t.raw, chunk...)
		switch {
		case full:
			continue
		case err != nil:
			t.eof = true
			return t.decode(), nil
		case !t.startsTag():
			t.raw = append(t.raw, '<')
			continue
		}
		t.at = t.line
		section, done, err := t.section()
		if err != nil {
			return "", err
		}
		if done {
			return t.decode(), nil
		}
		t.raw = append(t.raw, section...)
	}
}

func (t *tags) decode() string {
	s := strings.TrimSpace(decoded(t.raw))
	if strings.IndexByte(s, '&') >= 0 {
		s = strings.TrimSpace(strings.ReplaceAll(html.UnescapeString(s), "\u00a0", " "))
	}
	return s
}

// section reads what begins with <: a tag (done is true and its name is kept in ahead), the text of a CDATA section, or a
// comment or instruction, which is left out.
func (t *tags) section() (string, bool, error) {
	head, _ := t.in.Peek(8)
	switch {
	case bytes.HasPrefix(head, []byte("![CDATA[")):
		s, err := t.until("]]>", 8)
		return html.EscapeString(decoded([]byte(s))), false, err
	case bytes.HasPrefix(head, []byte("!--")):
		_, err := t.until("-->", 3)
		return "", false, err
	case len(head) > 0 && head[0] == '?':
		_, err := t.until("?>", 1)
		return "", false, err
	case len(head) > 0 && head[0] == '!':
		return "", false, stopped(t.line, "STATEMENT_UNREADABLE", "The file has a document type of its own, which no bank sends.")
	}
	s, err := t.until(">", 0)
	if err != nil {
		return "", false, err
	}
	t.ahead = s
	return "", true, nil
}

// until reads up to an end mark, after skipping some bytes.
func (t *tags) until(end string, skip int) (string, error) {
	if _, err := t.in.Discard(skip); err != nil {
		return "", err
	}
	var b []byte
	from := t.line
	for {
		c, err := t.byte()
		if errors.Is(err, io.EOF) {
			return "", stopped(from, "STATEMENT_CUT_OFF", "The file ends inside a tag: it was not downloaded whole.")
		}
		if err != nil {
			return "", err
		}
		b = append(b, c)
		if c == end[len(end)-1] && bytes.HasSuffix(b, []byte(end)) {
			return string(b[:len(b)-len(end)]), nil
		}
		if len(b) > maxTagText || (end == ">" && (len(b) > 200 || c == '<')) {
			return "", stopped(from, "STATEMENT_UNREADABLE", "A tag has no end.")
		}
	}
}

// next reads a tag and its text. An element that is closed at once (<MEMO/>) is an opening tag without text.
func (t *tags) next() (tag, error) {
	if t.eof || t.ahead == "" {
		return tag{kind: finished, line: t.line}, nil
	}
	name, line := t.ahead, t.at
	t.ahead = ""
	g := tag{line: line}
	if rest, ok := strings.CutPrefix(name, "/"); ok {
		g.kind, name = closing, rest
	}
	name = strings.TrimSuffix(name, "/")
	name, _, _ = strings.Cut(strings.TrimSpace(name), " ")
	if at := strings.LastIndexByte(name, ':'); at >= 0 {
		name = name[at+1:]
	}
	g.name = strings.ToUpper(tidy(name))
	if g.name == "" {
		return tag{}, stopped(line, "STATEMENT_UNREADABLE", "A tag has no name.")
	}
	var err error
	g.text, err = t.text()
	return g, err
}
