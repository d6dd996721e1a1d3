package verify

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/translog"
	"github.com/localgovdigital/folkmoot/services/ledger"
)

const (
	theBooks     = "the books"
	theEvidence  = "the evidence"
	evidencePath = "/v1/ledger/evidence"
)

// evidenceLine is a line of the list of evidence, or what is wrong with it.
type evidenceLine struct {
	ledger.EvidenceItem
	err error
}

func (e evidenceLine) name() string {
	return fmt.Sprintf("evidence %d of entry %d", e.N, e.Number)
}

// readEvidence reads the published list. A house that publishes none has none: leaves that are of it are then found.
func (h *House) readEvidence(ctx context.Context) ([]evidenceLine, error) {
	body, err := h.open(ctx, evidencePath)
	if errors.Is(err, errNotThere) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	lines := bufio.NewScanner(io.LimitReader(body, most))
	lines.Split(func(data []byte, atEnd bool) (int, []byte, error) {
		if i := bytes.Index(data, []byte("\r\n")); i >= 0 {
			return i + 2, data[:i], nil
		}
		if atEnd && len(data) > 0 {
			return len(data), data, nil
		}
		return 0, nil, nil
	})
	var all []evidenceLine
	for n := 1; lines.Scan(); n++ {
		if n == 1 {
			if lines.Text()+"\r\n" != ledger.EvidenceHead {
				all = append(all, evidenceLine{err: fmt.Errorf("line 1 is not %q", strings.TrimSpace(ledger.EvidenceHead))})
			}
			continue
		}
		item, err := ledger.ParseEvidence(lines.Text())
		if err != nil {
			err = fmt.Errorf("line %d is not one of evidence: %w", n, err)
		}
		all = append(all, evidenceLine{item, err})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", evidencePath, err)
	}
	return all, nil
}

// claims are what says that a leaf is its own.
type claims struct {
	r   *Report
	log *Log
	of  []string
}

// compare notes that a leaf is somebody's and compares what they give with it.
func (c *claims) compare(leaf int64, name, more string, commit []byte) {
	switch {
	case leaf < 0 || leaf >= int64(len(c.of)):
		c.r.wrong(theBooks, "%s is not in the public log: it should be leaf %d and the log has %d", name, leaf, len(c.of))
		return
	case c.of[leaf] != "":
		c.r.wrong(theBooks, "%s and %s say that leaf %d is theirs", c.of[leaf], name, leaf)
		return
	}
	c.of[leaf] = name
	if !bytes.Equal(commit, c.log.Leaves[leaf]) {
		c.r.wrong(theBooks, "%s%s is not what leaf %d of the public log commits to", name, more, leaf)
	}
}

// compareEvidence checks the list of evidence: it is in order without a gap, belongs to entries that are there, and is what the log
// commits to. entries are the numbers of the entries by their ids.
func compareEvidence(r *Report, evidence []evidenceLine, entries map[string]int64, claims *claims) {
	var before evidenceLine
	for _, e := range evidence {
		if e.err != nil {
			r.wrong(theEvidence, "%v", e.err)
			continue
		}
		switch {
		case e.Number == before.Number && e.N == before.N+1, e.Number > before.Number && e.N == 1:
		case e.Number == before.Number || e.Number > before.Number:
			r.wrong(theEvidence, "%s is not preceded by evidence %d of the entry: it was taken out", e.name(), e.N-1)
		default:
			r.wrong(theEvidence, "%s stands after %s", e.name(), before.name())
		}
		before = e
		if entries[e.Entry] == 0 || entries[e.Entry] != e.Number {
			r.wrong(theEvidence, "%s belongs to no entry of the books", e.name())
		}
		if e.Log == nil {
			r.wrong(theEvidence, "%s does not say which leaf of the public log is its own", e.name())
			continue
		}
		claims.compare(e.Log.Index, e.name(), "", translog.Commit(e.Log.Salt, e.LeafContent(e.Log.Private)))
	}
}

// owners say which entry or evidence a leaf is of.
type owners struct {
	of map[int64]string
	// leaves are those of the entries in order, numbers the entries' numbers.
	leaves, numbers []int64
}

func ownersOf(journal []exported, evidence []evidenceLine) *owners {
	o := &owners{of: map[int64]string{}}
	for _, x := range journal {
		if x.Leaf != nil {
			o.of[*x.Leaf] = fmt.Sprintf("entry %d", x.Number)
			o.leaves, o.numbers = append(o.leaves, *x.Leaf), append(o.numbers, x.Number)
		}
	}
	for _, e := range evidence {
		if e.err == nil && e.Log != nil {
			o.of[e.Log.Index] = e.name()
		}
	}
	return o
}

// name says what a leaf is of. One that nothing published says is its own is of the entry whose number is missing there, or of evidence;
// after the last entry both are possible.
func (o *owners) name(leaf int64) string {
	if name, ok := o.of[leaf]; ok {
		return name
	}
	next, _ := slices.BinarySearch(o.leaves, leaf)
	before := int64(0)
	if next > 0 {
		before = o.numbers[next-1]
	}
	switch {
	case next == len(o.leaves) && before == 0:
		return "entry 1"
	case next == len(o.leaves):
		return fmt.Sprintf("entry %d or evidence that was added after entry %d", before+1, before)
	case o.numbers[next] > before+1:
		return fmt.Sprintf("entry %d", before+1)
	}
	return fmt.Sprintf("evidence that was added after entry %d", before)
}
