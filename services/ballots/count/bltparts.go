package count

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// withdrawn reads a line of withdrawn candidates, as negative numbers.
func (b *bltReader) withdrawn(line []byte) error {
	if b.e.ballots.total > 0 || b.ids != nil {
		return b.fail("%q: withdrawn candidates stand before the ballots", clip(line))
	}
	text, _, _ := strings.Cut(string(line), "#")
	for _, f := range strings.Fields(text) {
		c, err := strconv.Atoi(f)
		if err != nil || c >= 0 || -c > len(b.e.Candidates) {
			return b.fail("%q is not a withdrawn candidate's number with a minus", f)
		}
		b.e.Candidates[-c-1].Withdrawn = true
	}
	return nil
}

// option reads a line such as [tie 3 1 2].
func (b *bltReader) option(line []byte) error {
	text := strings.TrimSpace(string(line))
	if !strings.HasSuffix(text, "]") {
		return b.fail("%q does not end with ]", clip(line))
	}
	f := strings.Fields(strings.Trim(text, "[]"))
	if len(f) == 0 {
		return b.fail("%q says nothing", clip(line))
	}
	if f[0] == "nick" {
		b.nick = map[string]int{}
		for i, name := range f[1:] {
			b.nick[name] = i + 1
		}
		if len(f)-1 != len(b.e.Candidates) || len(b.nick) != len(f)-1 {
			return b.fail("[nick] must give each of %d candidates a name of its own", len(b.e.Candidates))
		}
		return nil
	}
	if f[0] != "tie" && f[0] != "withdrawn" {
		b.note(b.n, "%s was left out: it is for another program", text)
		return nil
	}
	var cs []int
	for _, w := range f[1:] {
		c, _, err := b.named([]byte(w), 0, len(b.e.Candidates))
		if err != nil {
			return err
		}
		if c < 1 || contains(cs, c) {
			return b.fail("%q does not fit in %s", w, clip(line))
		}
		cs = append(cs, c)
	}
	if f[0] == "withdrawn" {
		for _, c := range cs {
			b.e.Candidates[c-1].Withdrawn = true
		}
		return nil
	}
	if len(cs) != len(b.e.Candidates) {
		return b.fail("[tie] must name each of %d candidates once", len(b.e.Candidates))
	}
	b.e.TieOrder = cs
	return nil
}

// withID reads a ballot behind an id in parentheses. Some programs write the number of papers, always 1,
// after the id and some do not; which it is shows only from all of them together.
func (b *bltReader) withID(line []byte, i int) error {
	end := bytes.IndexByte(line[i:], ')')
	if end < 0 {
		return b.fail("the ballot's id has no closing parenthesis")
	}
	i += end + 1
	if b.ids == nil {
		b.ids = &ballots{candidates: len(b.e.Candidates)}
		b.idLine = b.n
	}
	s := b.ids
	if s.total+b.e.ballots.total >= MaxPapers {
		return b.fail("more papers in all than %d", int64(MaxPapers))
	}
	i = skipSpace(line, i)
	one := string(word(line, i)) == "1"
	if !one && b.noCount == 0 {
		b.noCount = b.n
	}
	s.begin()
	err := b.preferences(s, line, i)
	if err == nil && b.noFirst == 0 && (!one || len(s.draft) > 0) {
		s.end(1)
		return nil
	}
	if !one || b.noCount > 0 {
		if err == nil {
			err = b.fail("without a number of papers after its id this ballot fits, but line %d does not", b.noFirst)
		}
		return err
	}
	// Taken as a preference the 1 does not fit, so it is the number of papers.
	if b.noFirst == 0 {
		b.noFirst = b.n
	}
	s.begin()
	if err := b.preferences(s, line, i+1); err != nil {
		return err
	}
	s.draft = append([]byte{1}, s.draft...) // as if it had fitted: merge takes it off again
	s.end(1)
	return nil
}

// merge files the ballots that had ids, once it is clear what their first number was.
func (b *bltReader) merge() error {
	if b.ids == nil {
		return nil
	}
	if b.noFirst > 0 && b.noCount > 0 {
		return &SyntaxError{max(b.noFirst, b.noCount), "some ballots have a number of papers after their id and some cannot have one"}
	}
	cut := 0
	if b.noCount == 0 {
		cut = 1
		b.note(b.idLine, "the 1 after each ballot's id was taken as its number of papers")
	} else {
		b.note(b.idLine, "ballots with an id were taken as one paper each, with no number of papers after the id")
	}
	s := &b.e.ballots
	if s.seen == nil {
		s.begin()
	}
	b.ids.flush()
	b.ids.each(func(at, papers uint32) bool {
		end := int(at) + bytes.IndexByte(b.ids.arena[at:], 0)
		s.draft = append(s.draft[:0], b.ids.arena[int(at)+cut:end]...)
		s.end(papers)
		return true
	})
	s.total += b.ids.blank
	s.blank += b.ids.blank
	s.odd = s.odd || b.ids.odd
	return nil
}

var alternative = regexp.MustCompile(`(?i)^#\s*ALTERNATIVE NAME\s+(\d+)\s*:\s*(.*)$`)

// comment keeps a candidate's name out of a comment that holds one.
func (b *bltReader) comment(line []byte) {
	m := alternative.FindSubmatch(line)
	if m == nil {
		return
	}
	c, err := strconv.Atoi(string(m[1]))
	if err != nil || c < 1 || c > len(b.e.Candidates) {
		b.note(b.n, "%q names no candidate of this file and was left out", clip(line))
		return
	}
	if b.alt == nil {
		b.alt = map[int]string{}
	}
	b.alt[c] = strings.TrimSpace(b.text(m[2]))
}

// text decodes a name.
func (b *bltReader) text(p []byte) string {
	s, ok := decode(p)
	if !ok {
		b.once("the names are not UTF-8 and were read as Latin-1")
	}
	return s
}

// once notes something about the file's names at the first line where it shows.
func (b *bltReader) once(text string) {
	for _, n := range b.notes {
		if n.Text == text {
			return
		}
	}
	b.note(b.n, "%s", text)
}

// tail reads the names and the title.
func (b *bltReader) tail() error {
	if err := b.merge(); err != nil {
		return err
	}
	var got []string
	n := len(b.e.Candidates)
	for {
		line, ok := b.next()
		if !ok {
			break
		}
		line = bytes.TrimSpace(line)
		if b.comma {
			line = bytes.TrimSpace(bytes.TrimRight(line, ","))
		}
		switch {
		case len(line) == 0:
		case line[0] == '#':
			b.comment(line)
		case line[0] == '"':
			names, err := b.quoted(line)
			if err != nil {
				return err
			}
			got = append(got, names...)
		default:
			if len(got) <= n {
				b.once("names or title are not in quotes: each line was taken as one")
			}
			got = append(got, b.text(line))
		}
		if len(got) > n+100 {
			break // another program's remarks, perhaps without end
		}
	}
	if b.err != nil {
		return b.err
	}
	return b.names(got)
}

// names gives the candidates the names and the election its title.
func (b *bltReader) names(got []string) error {
	n := len(b.e.Candidates)
	switch {
	case len(b.alt) == n && len(got) <= 1:
		for c, name := range b.alt {
			b.e.Candidates[c-1].Name = name
		}
		b.note(0, "the candidates' names were taken from comments")
		if len(got) == 1 {
			b.e.Title = got[0]
		} else {
			b.note(0, "the file gives no title")
		}
		return nil
	case len(got) == 0:
		b.note(0, "the file names no candidates: they are called by their numbers")
		return nil
	case len(got) < n:
		return b.fail("the file has %d candidates but names %d", n, len(got))
	}
	for i := range b.e.Candidates {
		b.e.Candidates[i].Name = got[i]
	}
	switch {
	case len(got) == n:
		b.note(0, "the file gives no title")
	default:
		b.e.Title = got[n]
	}
	if len(got) > n+1 {
		b.note(0, "what stands after the title was left out")
	}
	if len(b.alt) > 0 {
		b.note(0, "names in comments were left out: the file names its candidates")
	}
	return nil
}

// quoted reads the names in quotes on a line. Within a name a quote is doubled; one that is neither
// doubled nor followed by a space or the end belongs to the name too.
func (b *bltReader) quoted(line []byte) (names []string, err error) {
	for i := 0; i < len(line); {
		if line[i] == '#' {
			break
		}
		if line[i] != '"' {
			if line[len(line)-1] == '"' && len(line) > 1 && line[0] == '"' {
				b.once("quotes within names are not doubled: each line was taken as one name")
				return []string{b.text(line[1 : len(line)-1])}, nil
			}
			return nil, b.fail("%q stands outside the quotes", clip(line[i:]))
		}
		var name []byte
		closed := false
		for i++; i < len(line); i++ {
			if line[i] != '"' {
				name = append(name, line[i])
				continue
			}
			if i+1 < len(line) && line[i+1] == '"' {
				name = append(name, '"')
				i++
				continue
			}
			closed = true
			i++
			break
		}
		if !closed {
			return nil, b.fail("the quote is not closed")
		}
		names = append(names, b.text(name))
		i = skipSpace(line, i)
	}
	if len(names) > 1 {
		b.once("a line holds several names")
	}
	return names, nil
}
