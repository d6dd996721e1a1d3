package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/localgovdigital/folkmoot/services/ballots"
	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

func isOpenings(raw []byte) bool {
	var f struct {
		Format string `json:"format"`
	}
	return json.Unmarshal(raw, &f) == nil && f.Format == ballots.OpeningsFormat
}

// openings recounts a ballot from a file of openings ([ballots.OpeningsFile]), without the house: the leaves give the signed root, every event
// and every vote opens its leaf, no vote that the closing counted is left out, and the last votes give the published figures.
func openings(raw []byte, vkey string) (*Report, error) {
	var f ballots.OpeningsFile
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("it is not a file of openings: %w", err)
	}
	r := &Report{}
	if vkey = strings.TrimSpace(vkey); vkey == "" {
		vkey = f.Key
		r.unchecked("Whether the key is the society's: it was taken from the file itself. Give the log's own (/log/ballots/vkey) with --vkey.")
	}
	r.unchecked("Whether others see the same log: compare the checkpoint's root with theirs.\n%s", indent(f.Checkpoint))
	r.unchecked("Whether each vote is what its elector chose: every member looks for the number that they have on the roll (/v1/rolls/ROLL/myProof) and compares the choice with their own.")
	if why := checkLeaves(f, vkey); why != nil {
		r.wrong("the log in the file", "%v", why)
		return r, nil
	}
	r.holds("the log in the file: its %d leaves give the root that its checkpoint signs", len(f.Leaves)/translog.CommitmentSize)
	story, why := checkEvents(f)
	if why != nil {
		r.wrong("the ballot's events", "%v", why)
		return r, nil
	}
	r.holds("the ballot %s: its %d events are in the log. It was about:\n%s", f.Ballot, len(f.Events), indent(story.question))
	figures, why := recount(f, story)
	if why != nil {
		r.wrong("the recount", "%v", why)
		return r, nil
	}
	if figures != story.counted || figures != story.published {
		r.wrong("the recount", "the votes give %d for, %d against, %d abstentions; counted were %d, %d, %d, and published %d, %d, %d", figures.For, figures.Against, figures.Abstain,
			story.counted.For, story.counted.Against, story.counted.Abstain, story.published.For, story.published.Against, story.published.Abstain)
		return r, nil
	}
	r.holds("the recount: %d votes of %d on the roll open their leaves and give %d for, %d against, %d abstentions, as was published",
		figures.Turnout(), story.electors, figures.For, figures.Against, figures.Abstain)
	return r, nil
}

// checkLeaves computes the root of the file's leaves and compares it with the checkpoint.
func checkLeaves(f ballots.OpeningsFile, vkey string) error {
	tree, err := translog.OpenCheckpoint([]byte(f.Checkpoint), vkey)
	if err != nil {
		return err
	}
	if int64(len(f.Leaves)) != tree.N*translog.CommitmentSize {
		return fmt.Errorf("it holds %d bytes of leaves, and the checkpoint signs %d leaves", len(f.Leaves), tree.N)
	}
	var hashes stored
	for i := range tree.N {
		more, err := tlog.StoredHashesForRecordHash(i, tlog.RecordHash(leafAt(f, i)), hashes)
		if err != nil {
			return err
		}
		hashes = append(hashes, more...)
	}
	root, err := tlog.TreeHash(tree.N, hashes)
	if err == nil && root != tree.Hash {
		err = errors.New("its leaves give another root than the checkpoint signs")
	}
	return err
}

func leafAt(f ballots.OpeningsFile, i int64) []byte {
	return f.Leaves[i*translog.CommitmentSize : (i+1)*translog.CommitmentSize]
}

// opens reports whether salt and content open a leaf of the file.
func opens(f ballots.OpeningsFile, leaf int64, salt, content []byte) bool {
	return leaf >= 0 && leaf < int64(len(f.Leaves)/translog.CommitmentSize) && bytes.Equal(translog.Commit(salt, content), leafAt(f, leaf))
}

// history is what a ballot's events say.
type history struct {
	question           string
	electors, leaves   int64
	turnout            int64
	counted, published ballots.Figures
	opened, closed     int64
}

// checkEvents opens the events and reads them.
func checkEvents(f ballots.OpeningsFile) (history, error) {
	var h history
	order := []ballots.Event{ballots.EventOpened, ballots.EventClosed, ballots.EventCounted, ballots.EventPublished}
	if len(f.Events) != len(order) {
		return h, fmt.Errorf("the file opens %d events; a published ballot has %d", len(f.Events), len(order))
	}
	for i, e := range f.Events {
		if !opens(f, e.Leaf, e.Salt, []byte(e.Content)) {
			return h, fmt.Errorf("event %d is not what leaf %d commits to", i+1, e.Leaf)
		}
		said := readEvent(e.Content)
		if said["event"] != string(order[i]) || said["ballot"] != f.Ballot {
			return h, fmt.Errorf("event %d is %q of the ballot %q, and should be %q of %q", i+1, said["event"], said["ballot"], order[i], f.Ballot)
		}
		switch order[i] {
		case ballots.EventOpened:
			h.opened, h.electors, h.question = e.Leaf, number(said["electors"]), said["text question"]
		case ballots.EventClosed:
			h.closed, h.leaves, h.turnout = e.Leaf, number(said["leaves"]), number(said["turnout"])
		case ballots.EventCounted:
			h.counted = figuresOf(said)
		case ballots.EventPublished:
			h.published = figuresOf(said)
		}
	}
	return h, nil
}

// number reads a number of a leaf; -1 for what is none.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

func figuresOf(said map[string]string) ballots.Figures {
	return ballots.Figures{For: number(said["for"]), Against: number(said["against"]), Abstain: number(said["abstain"])}
}

// readEvent reads the lines of an event's leaf ([ballots.Ballot.OpenedLeaf]); texts are under "text" and their name.
func readEvent(content string) map[string]string {
	said := map[string]string{}
	for content != "" {
		line, rest, _ := strings.Cut(content, "\n")
		content = rest
		name, value, _ := strings.Cut(line, " ")
		if name == "text" {
			what, size, _ := strings.Cut(value, " ")
			n, err := strconv.Atoi(size)
			if err != nil || n < 0 || n >= len(content) || content[n] != '\n' {
				return nil
			}
			said["text "+what], content = content[:n], content[n+1:]
			continue
		}
		if _, twice := said[name]; twice {
			return nil
		}
		said[name] = value
	}
	return said
}

// recount opens every vote and counts each elector's last.
func recount(f ballots.OpeningsFile, h history) (ballots.Figures, error) {
	var figures ballots.Figures
	if int64(len(f.Votes)) != h.leaves {
		return figures, fmt.Errorf("the file opens %d votes; when the ballot closed there were %d in the log", len(f.Votes), h.leaves)
	}
	last, used := map[int64]ballots.OpenedVote{}, map[int64]bool{}
	for _, v := range f.Votes {
		before, again := last[v.Elector]
		switch {
		case !opens(f, v.Leaf, v.Salt, ballots.VoteLeaf(f.Ballot, v.Elector, v.Revision, v.Choice)):
			return figures, fmt.Errorf("the vote of elector %d is not what leaf %d commits to", v.Elector, v.Leaf)
		case used[v.Leaf]:
			return figures, fmt.Errorf("leaf %d is opened twice", v.Leaf)
		case v.Elector < 1 || v.Elector > h.electors:
			return figures, fmt.Errorf("elector %d is not on a roll of %d", v.Elector, h.electors)
		case v.Leaf < h.opened || v.Leaf > h.closed:
			return figures, fmt.Errorf("the vote of elector %d stands at leaf %d, before the ballot opened or after it closed", v.Elector, v.Leaf)
		case !again && v.Revision != 0, again && (v.Revision != before.Revision+1 || v.Leaf <= before.Leaf):
			return figures, fmt.Errorf("the votes of elector %d are not in order: revision %d", v.Elector, v.Revision)
		}
		used[v.Leaf], last[v.Elector] = true, v
	}
	for _, v := range last {
		switch v.Choice {
		case ballots.For:
			figures.For++
		case ballots.Against:
			figures.Against++
		case ballots.Abstain:
			figures.Abstain++
		default:
			return figures, fmt.Errorf("elector %d voted for %q", v.Elector, v.Choice)
		}
	}
	if figures.Turnout() != h.turnout {
		return figures, fmt.Errorf("%d electors voted; when the ballot closed the turnout was %d", figures.Turnout(), h.turnout)
	}
	return figures, nil
}
