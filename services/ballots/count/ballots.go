package count

import (
	"encoding/binary"
)

// Entries of a ballot in the arena: a byte 1..narrow is that candidate's number, the others stand for
// more. A ballot ends with a zero, and no byte within one is zero, so that a position in the arena is all
// that a count keeps of a paper.
const (
	narrow   = 250 // largest candidate number in one byte
	entWide  = 251 // candidate number in the next two bytes, base narrow
	entSkip  = 252 // the next byte is how many ranks (1..255) were skipped
	entEqual = 253 // the next candidate shares the rank of the one before
)

const header = 4 // bytes before a ballot: how many papers, little endian

// ballots holds each distinct ballot once: the number of papers, the entries, a zero.
type ballots struct {
	candidates int
	total      int64 // papers
	blank      int64 // papers without any candidate
	distinct   int
	odd        bool // a skip or an equal rank has been met

	arena []byte
	table []slot // open addressing, a power of two
	draft []byte // the ballot being read
	queue queue
	seen  []uint32
	turn  uint32 // the mark in seen of the ballot being read
	skips int    // ranks skipped and not yet written: those at the end say nothing
}

type slot struct {
	tag uint32 // the hash; its lower bits say where the slot belongs
	at  uint32 // position of the entries, 0 for an empty slot
}

func (b *ballots) begin() {
	if b.seen == nil {
		b.seen = make([]uint32, b.candidates+1)
	}
	b.turn++
	if b.turn == 0 { // the marks came round
		clear(b.seen)
		b.turn = 1
	}
	b.draft = b.draft[:0]
	b.skips = 0
}

// put adds candidate c (1..candidates) to the ballot being read, false if it stands there already.
func (b *ballots) put(c int, equal bool) bool {
	if b.seen[c] == b.turn {
		return false
	}
	b.seen[c] = b.turn
	if equal {
		b.odd = true
		b.draft = append(b.draft, entEqual)
	} else if b.skips > 0 {
		b.odd = true
		for ; b.skips > 255; b.skips -= 255 {
			b.draft = append(b.draft, entSkip, 255)
		}
		b.draft = append(b.draft, entSkip, byte(b.skips))
		b.skips = 0
	}
	if c <= narrow {
		b.draft = append(b.draft, byte(c))
	} else {
		b.draft = append(b.draft, entWide, byte(c/narrow+1), byte(c%narrow+1))
	}
	return true
}

func (b *ballots) skip() { b.skips++ }

// end files the ballot being read as papers equal papers.
func (b *ballots) end(papers uint32) {
	b.total += int64(papers)
	if len(b.draft) == 0 {
		b.blank += int64(papers)
		return
	}
	b.file(append(b.draft, 0), papers)
}

// queue holds ballots that wait to be filed. Where a ballot belongs is nearly always far from where the last
// one went, so that filing one by one waits for memory twice each time; looked up side by side they wait
// together.
type queue struct {
	entries []byte
	waiting []waiting
	touched byte // keeps the compiler from leaving out the look-ups
}

type waiting struct {
	from, to int // in entries
	papers   uint32
	tag      uint32
	at       uint32
}

const queueLength = 32

// file adds papers to the ballot whose entries, zero included, are given.
func (b *ballots) file(entries []byte, papers uint32) {
	q := &b.queue
	from := len(q.entries)
	q.entries = append(q.entries, entries...)
	q.waiting = append(q.waiting, waiting{from: from, to: len(q.entries), papers: papers, tag: hash(entries)})
	if len(q.waiting) == queueLength {
		b.flush()
	}
}

// flush files what waits.
func (b *ballots) flush() {
	q := &b.queue
	if len(q.waiting) == 0 {
		return
	}
	if (b.distinct+queueLength)*8 >= len(b.table)*5 {
		b.grow(4 * len(b.table))
	}
	mask := uint32(len(b.table) - 1)
	for i := range q.waiting {
		w := &q.waiting[i]
		w.at = b.table[w.tag&mask].at
	}
	if len(b.arena) > 0 {
		for i := range q.waiting {
			q.touched ^= b.arena[q.waiting[i].at]
		}
	}
	for i := range q.waiting {
		w := &q.waiting[i]
		b.settle(q.entries[w.from:w.to], w.papers, w.tag)
	}
	q.entries, q.waiting = q.entries[:0], q.waiting[:0]
}

// settle adds papers to a ballot, which it files if it is new.
func (b *ballots) settle(entries []byte, papers, tag uint32) {
	mask := uint32(len(b.table) - 1)
	for i := tag & mask; ; i = (i + 1) & mask {
		s := b.table[i]
		if s.at == 0 {
			at := len(b.arena) + header
			b.arena = binary.LittleEndian.AppendUint32(b.arena, papers)
			b.arena = append(b.arena, entries...)
			b.table[i] = slot{tag, uint32(at)}
			b.distinct++
			return
		}
		if s.tag == tag && same(b.arena[s.at:], entries) {
			n := b.arena[s.at-header : s.at]
			binary.LittleEndian.PutUint32(n, binary.LittleEndian.Uint32(n)+papers)
			return
		}
	}
}

// same tells whether the ballot at the head of have is want. want ends with its only zero, so one that
// is longer or shorter differs before it ends.
func same(have, want []byte) bool {
	return len(have) >= len(want) && string(have[:len(want)]) == string(want)
}

// grow makes room for n slots, a power of two. Tags say where a slot belongs: the arena is not read.
func (b *ballots) grow(n int) {
	n = min(max(n, 1<<10), max(1<<24, 2*len(b.table)))
	old := b.table
	b.table = make([]slot, n)
	mask := uint32(n - 1)
	for _, s := range old {
		if s.at == 0 {
			continue
		}
		i := s.tag & mask
		for b.table[i].at != 0 {
			i = (i + 1) & mask
		}
		b.table[i] = s
	}
}

// hash mixes eight bytes at a time. It need not withstand an enemy: what collides is compared, and the
// worst that chosen ballots could do is make reading slow.
func hash(p []byte) uint32 {
	const k = 0x9E3779B97F4A7C15
	h := uint64(len(p)) * k
	for len(p) >= 8 {
		h = (h ^ binary.LittleEndian.Uint64(p)) * k
		h ^= h >> 29
		p = p[8:]
	}
	var tail uint64
	for i := len(p) - 1; i >= 0; i-- {
		tail = tail<<8 | uint64(p[i])
	}
	h = (h ^ tail) * k
	h ^= h >> 32
	h *= 0xD6E8FEB86659FD93
	return uint32(h >> 32)
}

// close files what waits and frees what only reading needs.
func (b *ballots) close() {
	b.flush()
	b.table, b.draft, b.seen, b.queue = nil, nil, nil, queue{}
}

// each calls f with the position of the entries of every distinct ballot and its number of papers.
func (b *ballots) each(f func(at, papers uint32) bool) {
	for p := 0; p < len(b.arena); {
		papers := binary.LittleEndian.Uint32(b.arena[p:])
		p += header
		if !f(uint32(p), papers) {
			return
		}
		for b.arena[p] != 0 {
			p++
		}
		p++
	}
}

// candidate reads the candidate at p, which must not be a skip or equal rank, and the position behind
// it. At the end of a ballot it returns 0.
func (b *ballots) candidate(p uint32) (int, uint32) {
	c := b.arena[p]
	if c <= narrow {
		return int(c), p + 1
	}
	return (int(b.arena[p+1])-1)*narrow + int(b.arena[p+2]) - 1, p + 3
}

// ranks decodes the ballot at p into dst.
func (b *ballots) ranks(p uint32, dst [][]int) [][]int {
	push := func() {
		if len(dst) < cap(dst) {
			dst = dst[:len(dst)+1]
			dst[len(dst)-1] = dst[len(dst)-1][:0]
		} else {
			dst = append(dst, nil)
		}
	}
	equal := false
	for b.arena[p] != 0 {
		switch b.arena[p] {
		case entSkip:
			for range b.arena[p+1] {
				push()
			}
			p += 2
			continue
		case entEqual:
			equal = true
			p++
			continue
		}
		var c int
		c, p = b.candidate(p)
		if !equal {
			push()
		}
		equal = false
		dst[len(dst)-1] = append(dst[len(dst)-1], c)
	}
	return dst
}

// strict returns the ballots as strict orders, for methods that take no others: an equal rank ends the
// ballot; a skipped rank ends it too where skipEnds, and is closed up where not. It also returns how many
// papers were cut short or left without a first preference by that. The arena is shared where nothing
// needs doing.
func (b *ballots) strict(skipEnds bool) (out *ballots, cut, void int64) {
	if !b.odd {
		return b, 0, 0
	}
	out = &ballots{candidates: b.candidates, total: b.total, blank: b.blank}
	var entries []byte
	b.each(func(p, papers uint32) bool {
		entries = entries[:0]
		shortened := false
	walk:
		for b.arena[p] != 0 {
			switch b.arena[p] {
			case entSkip:
				if skipEnds {
					shortened = true
					break walk
				}
				p += 2
				continue
			case entEqual:
				panic("count: an equal rank begins with its first candidate")
			}
			_, next := b.candidate(p)
			if b.arena[next] == entEqual {
				shortened = true
				break
			}
			entries = append(entries, b.arena[p:next]...)
			p = next
		}
		switch {
		case len(entries) == 0:
			void += int64(papers)
			return true
		case shortened:
			cut += int64(papers)
		}
		out.file(append(entries, 0), papers)
		return true
	})
	out.close()
	return out, cut, void
}
