package publiclog

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Verdict is what comparing a held checkpoint with a log showed.
type Verdict string

// The verdicts.
const (
	// Consistent: the log begins with everything that the checkpoint signs.
	Consistent Verdict = "consistent"
	// Forked: the log has another beginning than the one that its own key signed then.
	Forked Verdict = "forked"
	// CutOff: the log is shorter than it was.
	CutOff Verdict = "cutoff"
	// Unsigned: it names the log and is not signed by its key.
	Unsigned Verdict = "unsigned"
	// Another: it is of a log that this house does not keep.
	Another Verdict = "another"
)

// held is a checkpoint that somebody holds (C2SP tlog-checkpoint).
type held struct {
	origin string
	tree   tlog.Tree
	signed []byte
}

var errNotCheckpoint = errors.New("not a checkpoint")

// read takes a checkpoint apart. Spaces around it and the line ends of other systems do not count: it was pasted.
func read(pasted string) (held, error) {
	pasted = strings.TrimSpace(strings.ReplaceAll(pasted, "\r\n", "\n")) + "\n"
	text, _, ok := strings.Cut(pasted, "\n\n")
	lines := strings.Split(text, "\n")
	if !ok || len(lines) < 3 {
		return held{}, errNotCheckpoint
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	root, err2 := base64.StdEncoding.DecodeString(lines[2])
	if errors.Join(err, err2) != nil || size < 0 || len(root) != tlog.HashSize {
		return held{}, errNotCheckpoint
	}
	return held{lines[0], tlog.Tree{N: size, Hash: tlog.Hash(root)}, []byte(pasted)}, nil
}

// signedBy reports whether the log's key signed it.
func (h held) signedBy(vkey string) bool {
	v, err := note.NewVerifier(strings.TrimSpace(vkey))
	if err != nil {
		return false
	}
	_, err = note.Open(h.signed, note.VerifierList(v))
	return err == nil
}

// proven is what the log answers when it is asked for the proof between two sizes.
type proven struct {
	Older     int64       `json:"older"`
	OlderRoot string      `json:"older_root"`
	Newer     int64       `json:"newer"`
	NewerRoot string      `json:"newer_root"`
	Proof     []tlog.Hash `json:"proof"`
}

// compare says how a held checkpoint, whose signature holds, stands to the present one. prove is asked only where there is
// something to prove. What it answers is checked here and not believed (RFC 6962 section 2.1.4).
func (h held) compare(now tlog.Tree, prove func(older, newer int64) (proven, error)) (Verdict, proven, error) {
	switch {
	case h.tree.N > now.N:
		return CutOff, proven{}, nil
	case h.tree.N == 0:
		return Consistent, proven{Newer: now.N}, nil
	}
	p, err := prove(h.tree.N, now.N)
	if err != nil {
		return "", p, err
	}
	if h.tree.N == now.N {
		if h.tree.Hash == now.Hash {
			return Consistent, p, nil
		}
		return Forked, p, nil
	}
	if err := tlog.CheckTree(p.Proof, now.N, now.Hash, h.tree.N, h.tree.Hash); err != nil {
		return Forked, p, nil //nolint:nilerr // a proof that does not hold is the finding
	}
	return Consistent, p, nil
}
