package count

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteBLT writes e as a standard BLT file that any counter reads: distinct ballots with their number of
// papers, names in quotes. A straight quote within a name becomes a curly one, for readers differ on how
// to double it. An order for ties is written as a [tie …] line, which only some counters know.
func WriteBLT(w io.Writer, e *Election) error {
	b := bufio.NewWriterSize(w, 1<<16)
	fmt.Fprint(b, strconv.Itoa(len(e.Candidates))+" "+strconv.Itoa(e.Seats)+"\n")
	gone := false
	for i, c := range e.Candidates {
		if !c.Withdrawn {
			continue
		}
		if gone {
			fmt.Fprint(b, " ")
		}
		gone = true
		fmt.Fprint(b, "-"+strconv.Itoa(i+1))
	}
	if gone {
		fmt.Fprintln(b)
	}
	if len(e.TieOrder) > 0 {
		fmt.Fprint(b, "[tie")
		for _, c := range e.TieOrder {
			fmt.Fprint(b, " "+strconv.Itoa(c))
		}
		fmt.Fprint(b, "]\n")
	}
	if e.ballots.blank > 0 {
		fmt.Fprint(b, strconv.FormatInt(e.ballots.blank, 10)+" 0\n")
	}
	var line []byte
	e.Each(func(papers int64, ranks [][]int) bool {
		line = strconv.AppendInt(line[:0], papers, 10)
		for _, rank := range ranks {
			if len(rank) == 0 {
				line = append(line, " -"...)
			}
			for i, c := range rank {
				sep := byte(' ')
				if i > 0 {
					sep = '='
				}
				line = strconv.AppendInt(append(line, sep), int64(c), 10)
			}
		}
		_, err := b.Write(append(line, " 0\n"...))
		return err == nil
	})
	fmt.Fprint(b, "0\n")
	for i := range e.Candidates {
		fmt.Fprint(b, quote(e.Name(i+1))+"\n")
	}
	fmt.Fprint(b, quote(e.Title)+"\n")
	return b.Flush()
}

// quote puts a name in quotes, on one line and with no quote of that kind inside.
func quote(name string) string {
	name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
	var s strings.Builder
	s.WriteByte('"')
	open := false
	for _, r := range name {
		if r == '"' {
			open = !open
			r = '”'
			if open {
				r = '“'
			}
		}
		s.WriteRune(r)
	}
	s.WriteByte('"')
	return s.String()
}
