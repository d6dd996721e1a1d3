package belenios

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
)

// blockSize is the unit of the archive.
const blockSize = 512

// maxRecord bounds one record that is read, so that a false header cannot ask for all memory. The largest true
// record is a shuffle, some 600 bytes per ballot and ranked question.
const maxRecord = 1 << 30

// record is one file of the archive.
type record struct {
	event bool
	hash  string // hexadecimal, of body
	body  []byte
	at    int64 // where body begins
}

// header writes the header of one file: an old-style tar header without magic, in which only name, mode, owner,
// size, time, checksum and type are not zero.
func header(name string, size int, timestamp int64) []byte {
	b := make([]byte, blockSize)
	copy(b, name)
	copy(b[100:], "0000644")
	copy(b[108:], "0000000")
	copy(b[116:], "0000000")
	copy(b[124:], fmt.Sprintf("%011o", size))
	copy(b[136:], fmt.Sprintf("%011o", timestamp))
	copy(b[148:], "        ")
	b[156] = '0'
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

// appendRecord writes a file with its padding.
func appendRecord(b []byte, name string, body []byte, timestamp int64) []byte {
	b = append(b, header(name, len(body), timestamp)...)
	b = append(b, body...)
	return append(b, make([]byte, (blockSize-len(body)%blockSize)%blockSize)...)
}

func hashOf(b []byte) string {
	d := sha256.Sum256(b)
	return hex.EncodeToString(d[:])
}

// archiveStart is the first file of an archive.
func archiveStart(timestamp int64) []byte {
	return []byte(`{"version":1,"timestamp":"` + strconv.FormatInt(timestamp, 10) + `"}`)
}

// archiveReader reads an archive from front to back. It accepts exactly the bytes that a writer would have written.
type archiveReader struct {
	r         io.ReaderAt
	size, pos int64
	timestamp int64
	block     [blockSize]byte
}

func openArchive(r io.ReaderAt, size int64) (*archiveReader, error) {
	a := &archiveReader{r: r, size: size}
	name, body, _, err := a.file(-1)
	if err != nil {
		return nil, err
	}
	if name != "BELENIOS" {
		return nil, fail(ReasonArchive, rulePublicData, "the first file is %.70q, not BELENIOS", name)
	}
	c := &cursor{s: string(body)}
	c.lit(`{"version":`)
	if v := c.number(1 << 30); c.err == nil && v != 1 {
		return nil, fail(ReasonUnsupported, rulePublicData, "version %d of the archive is not known, only 1", v)
	}
	c.lit(`,"timestamp":`)
	s := c.token()
	c.lit(`}`)
	if err := c.end(); err != nil {
		return nil, at(err, "BELENIOS")
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || !canonicalDecimal(s, 11) || n >= 1<<33 {
		return nil, fail(ReasonArchive, rulePublicData, "%.30q is not a time in seconds", s)
	}
	a.timestamp = n
	if want := header(name, len(body), n); !bytes.Equal(want, a.block[:]) {
		return nil, fail(ReasonArchive, rulePublicData, "the header of BELENIOS is not what a writer writes")
	}
	return a, nil
}

// file reads a header and a body. A timestamp of -1 leaves the comparison of the header to the caller.
func (a *archiveReader) file(timestamp int64) (name string, body []byte, at int64, err error) {
	start := a.pos
	if err := a.read(a.block[:]); err != nil {
		return "", nil, 0, err
	}
	h := a.block[:]
	if i := bytes.IndexByte(h[:100], 0); i >= 0 {
		name = string(h[:i])
	}
	size, ok := octal(h[124:135])
	if !ok || name == "" {
		return "", nil, 0, fail(ReasonArchive, rulePublicData, "byte %d: not the header of a file", start)
	}
	if timestamp >= 0 && !bytes.Equal(header(name, int(size), timestamp), h) {
		return "", nil, 0, fail(ReasonArchive, rulePublicData, "byte %d: the header of %.80s is not what a writer writes", start, name)
	}
	if size > maxRecord || size > a.size-a.pos {
		return "", nil, 0, fail(ReasonArchive, rulePublicData, "byte %d: the file %.80s says to have %d bytes", start, name, size)
	}
	at = a.pos
	body = make([]byte, (size+blockSize-1)/blockSize*blockSize)
	if err := a.read(body); err != nil {
		return "", nil, 0, err
	}
	for _, c := range body[size:] {
		if c != 0 {
			return "", nil, 0, fail(ReasonArchive, rulePublicData, "byte %d: the padding of %.80s is not zero", start, name)
		}
	}
	return name, body[:size:size], at, nil
}

func (a *archiveReader) read(b []byte) error {
	if int64(len(b)) > a.size-a.pos {
		return fail(ReasonArchive, rulePublicData, "byte %d: the archive ends within a file", a.size)
	}
	n, err := a.r.ReadAt(b, a.pos)
	if n < len(b) {
		return fail(ReasonArchive, rulePublicData, "byte %d: %v", a.pos, err)
	}
	a.pos += int64(n)
	return nil
}

func octal(b []byte) (int64, bool) {
	n := int64(0)
	for _, c := range b {
		if c < '0' || c > '7' {
			return 0, false
		}
		n = n<<3 | int64(c-'0')
	}
	return n, true
}

// next reads one record, io.EOF after the last.
func (a *archiveReader) next() (*record, error) {
	if a.pos == a.size {
		return nil, io.EOF
	}
	start := a.pos
	name, body, where, err := a.file(a.timestamp)
	if err != nil {
		return nil, err
	}
	r := &record{hash: hashOf(body), body: body, at: where}
	switch name[min(64, len(name)):] {
	case ".data.json":
	case ".event.json":
		r.event = true
	default:
		return nil, fail(ReasonArchive, rulePublicData, "byte %d: a file called %.80q", start, name)
	}
	if name[:64] != r.hash {
		return nil, fail(ReasonHash, rulePublicData, "byte %d: the file %s… has the hash %s", start, name[:16], r.hash)
	}
	return r, nil
}

// EventType is the type of an event in the archive.
type EventType string

// The types, in the order in which they stand.
const (
	EventSetup      EventType = "Setup"
	EventBallot     EventType = "Ballot"
	EventEndBallots EventType = "EndBallots"
	EventTally      EventType = "EncryptedTally"
	EventShuffle    EventType = "Shuffle"
	EventEndShuffle EventType = "EndShuffles"
	EventDecryption EventType = "PartialDecryption"
	EventResult     EventType = "Result"
)

// event is an entry of the chain (specification, Public data).
type event struct {
	parent  string // empty in the first
	height  int64
	kind    EventType
	payload string // empty if none
}

func (c *cursor) hash() string {
	s := c.token()
	if c.err == nil && !isHash(s) {
		c.fail("64 hexadecimal digits")
	}
	return s
}

func isHash(s string) bool {
	for i := 0; i < len(s); i++ {
		if nibble(s[i]) > 15 {
			return false
		}
	}
	return len(s) == 64
}

func parseEvent(body []byte) (event, error) {
	var e event
	c := &cursor{s: string(body)}
	c.lit(`{`)
	if c.maybe(`"parent":`) {
		e.parent = c.hash()
		c.lit(`,`)
	}
	c.lit(`"height":`)
	e.height = c.number(1 << 40)
	c.lit(`,"type":`)
	e.kind = EventType(c.token())
	if c.maybe(`,"payload":`) {
		e.payload = c.hash()
	}
	c.lit(`}`)
	return e, c.end()
}

func (e event) encode() []byte {
	b := []byte(`{`)
	if e.parent != "" {
		b = append(appendQuoted(append(b, `"parent":`...), e.parent), ',')
	}
	b = strconv.AppendInt(append(b, `"height":`...), e.height, 10)
	b = appendQuoted(append(b, `,"type":`...), string(e.kind))
	if e.payload != "" {
		b = appendQuoted(append(b, `,"payload":`...), e.payload)
	}
	return append(b, '}')
}

// setup is the payload of the first event.
type setup struct{ election, trustees, credentials, certificate string }

func parseSetup(body []byte) (setup, error) {
	var s setup
	c := &cursor{s: string(body)}
	c.lit(`{"election":`)
	s.election = c.hash()
	c.lit(`,"trustees":`)
	s.trustees = c.hash()
	c.lit(`,"credentials":`)
	s.credentials = c.hash()
	if c.maybe(`,"credentials_certificate":`) {
		s.certificate = c.hash()
	}
	c.lit(`}`)
	return s, c.end()
}

func (s setup) encode() []byte {
	b := appendQuoted([]byte(`{"election":`), s.election)
	b = appendQuoted(append(b, `,"trustees":`...), s.trustees)
	b = appendQuoted(append(b, `,"credentials":`...), s.credentials)
	if s.certificate != "" {
		b = appendQuoted(append(b, `,"credentials_certificate":`...), s.certificate)
	}
	return append(b, '}')
}

// owned is the payload of a shuffle's or a decryption's event.
type owned struct {
	owner   int
	payload string
}

func parseOwned(body []byte) (owned, error) {
	var o owned
	c := &cursor{s: string(body)}
	c.lit(`{"owner":`)
	o.owner = int(c.number(1 << 20))
	c.lit(`,"payload":`)
	o.payload = c.hash()
	c.lit(`}`)
	return o, c.end()
}

func (o owned) encode() []byte {
	b := strconv.AppendInt([]byte(`{"owner":`), int64(o.owner), 10)
	b = appendQuoted(append(b, `,"payload":`...), o.payload)
	return append(b, '}')
}

// OwnedPayload writes the structure that says whose a shuffle or a decryption is: belenios-tool passes the two along
// as two lines, raw and then this.
func OwnedPayload(owner int, raw []byte) []byte { return owned{owner, hashOf(raw)}.encode() }

// ParseOwnedPayload returns the owner, after checking that the structure is about raw ([ReasonHash]).
func ParseOwnedPayload(payload, raw []byte) (int, error) {
	o, err := parseOwned(payload)
	if err == nil && o.payload != hashOf(raw) {
		err = fail(ReasonHash, rulePublicData, "the two parts do not belong together")
	}
	return o.owner, err
}
