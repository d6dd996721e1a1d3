package verify

import (
	"context"
	"errors"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// witnessWait is how often, and with what pause, the signature of a witness is looked for that a log which has just grown may not
// have yet.
const (
	witnessTries = 3
	witnessPause = 700 * time.Millisecond
)

// checkWitnesses looks for each witness's signature on the checkpoint, or on the newest that witnesses have signed, which must
// then be of this same log.
func (h *House) checkWitnesses(ctx context.Context, r *Report, l *Log) error {
	what := "the public log of the " + l.Name
	if len(h.Witnesses) == 0 {
		if names := translog.Cosigners(l.Signed); len(names) > 0 {
			r.unchecked("The signatures of witnesses on %s (%s): a key taken from the house itself would prove nothing. Get a witness's key from the witness and give it with --witness-vkey.", what, strings.Join(names, ", "))
		}
		return nil
	}
	for _, w := range h.Witnesses {
		if err := h.checkWitness(ctx, r, l, w); err != nil {
			return err
		}
	}
	return nil
}

func (h *House) checkWitness(ctx context.Context, r *Report, l *Log, w *translog.WitnessKey) error {
	log := "the public log of the " + l.Name
	what := log + ", by the witness " + w.Name()
	if l.Tree.N == 0 && len(l.faults) == 0 {
		// A log that was emptied is found by who kept a checkpoint; one in which nothing has happened yet is in order.
		r.unchecked("Whether the witness %s has signed %s: the house says that the log is empty, and an empty log is not signed.", w.Name(), log)
		return nil
	}
	if l.Tree.N == 0 || int64(len(l.Leaves)) != l.Tree.N {
		r.wrong(what, "the log could not be read whole, so there is nothing to compare")
		return nil
	}
	signed, tree := l.Signed, l.Tree
	at, _, err := translog.Cosigned(signed, w)
	for try := 0; err != nil && try < witnessTries; try++ {
		if try > 0 {
			time.Sleep(witnessPause)
		}
		if signed, err = h.get(ctx, "/log/"+l.Name+"/witnessed"); errors.Is(err, errNotThere) {
			continue
		} else if err != nil {
			return err
		}
		at, _, err = translog.Cosigned(signed, w)
	}
	if err != nil {
		r.wrong(what, "no checkpoint that the house serves carries its signature")
		return nil
	}
	if tree, err = translog.OpenCheckpoint(signed, l.Key); err != nil {
		r.wrong(what, "what the witness signed: %v", err)
		return nil
	}
	if tree.N > l.Tree.N {
		// It grew since it was read: what was read must still be its beginning, which the next visit shows.
		r.wrong(what, "the log grew while it was read: look again")
		return nil
	}
	root, err := tlog.TreeHash(tree.N, l.hashes)
	if err != nil || root != tree.Hash {
		r.wrong(what, "the witness signed another log of the same name (a fork): its first %d leaves are not these", tree.N)
		return nil
	}
	r.holds("%s: on %s it had signed the first %d of %d leaves, and had seen them added one after another, none changed and none taken away",
		what, at.UTC().Format("2 January 2006 at 15:04 MST"), tree.N, l.Tree.N)
	return nil
}
