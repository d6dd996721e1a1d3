package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// rollProofFormat is that of a member's proof that they are on a roll.
const rollProofFormat = "folkmoot/roll-proof/v1"

// rollProofFile is such a file as this package reads it: nothing of the room's own code is used to check it.
type rollProofFile struct {
	Format string             `json:"format"`
	Log    translog.ProofFile `json:"log"`
	Entry  struct {
		Number int64       `json:"number"`
		Member string      `json:"member"`
		Region string      `json:"region"`
		Salt   []byte      `json:"salt"`
		Hashes []tlog.Hash `json:"proof"`
	} `json:"entry"`
}

func isRollProof(raw []byte) bool {
	var f struct {
		Format string `json:"format"`
	}
	return json.Unmarshal(raw, &f) == nil && f.Format == rollProofFormat
}

// rollProof checks that the roll's leaf is in the register's log, and that the entry is one of those whose root the leaf names.
func rollProof(raw []byte, vkey string) (*Report, error) {
	var f rollProofFile
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("it is not a proof of a roll (format %s): %w", rollProofFormat, err)
	}
	r := &Report{}
	if vkey = strings.TrimSpace(vkey); vkey == "" {
		vkey = f.Log.Key
		r.unchecked("Whether the key is the society's: it was taken from the file itself. Give the log's own (/log/register/vkey) with --vkey.")
	}
	what := "the roll in the public log"
	tree, err := translog.CheckProof(f.Log, vkey)
	if err != nil {
		r.wrong(what, "%v", err)
		return r, nil
	}
	if len(f.Log.Leaves) != 1 {
		r.wrong(what, "there are %d leaves in the file and not one", len(f.Log.Leaves))
		return r, nil
	}
	leaf := f.Log.Leaves[0]
	var roll struct {
		Format string `json:"format"`
		Count  int64  `json:"count"`
		Root   string `json:"root"`
	}
	if err := json.Unmarshal([]byte(leaf.Content), &roll); err != nil || roll.Format != "folkmoot/register-roll/v2" {
		r.wrong(what, "the leaf is not one of a roll with a root")
		return r, nil
	}
	r.holds("leaf %d of %d in the log %s commits to the roll:\n%s", leaf.Index, tree.N, keyName(vkey), indent(leaf.Content))
	what = fmt.Sprintf("entry %d of %d: member %s", f.Entry.Number, roll.Count, f.Entry.Member)
	root, err := hex.DecodeString(roll.Root)
	if err != nil || len(root) != tlog.HashSize {
		r.wrong(what, "the roll's root is not a hash")
		return r, nil
	}
	if f.Entry.Number < 1 || f.Entry.Number > roll.Count {
		r.wrong(what, "the roll has no such number")
		return r, nil
	}
	line := fmt.Sprintf("%d\x1f%s\x1f%s\n", f.Entry.Number, f.Entry.Member, f.Entry.Region)
	data := sha256.Sum256([]byte("folkmoot/roll-entry/v1\n" + string(f.Entry.Salt) + line))
	if err := tlog.CheckRecord(f.Entry.Hashes, roll.Count, tlog.Hash(root), f.Entry.Number-1, tlog.RecordHash(data[:])); err != nil {
		r.wrong(what, "it is not among the entries whose root the log holds")
		return r, nil
	}
	r.holds("%s stands among the entries whose root the log holds", what)
	r.unchecked("Whether others see the same log: compare the checkpoint's root with theirs.\n%s", indent(f.Log.Checkpoint))
	r.unchecked("Who the others on the roll are: the root says nothing of them. The ballot's own count of electors must be the roll's count.")
	return r, nil
}
