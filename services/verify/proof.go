package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/localgovdigital/folkmoot/services/internal/translog"
)

// Proof checks a file of proofs, as /v1/me/proofs, /v1/ledger/entries/{entry}/proof, /v1/rolls/{roll}/proof,
// /v1/rolls/{roll}/myProof, /v1/ballots/{ballot}/record and …/votes/mine/proof write it, or of a ballot's openings
// (/v1/ballots/{ballot}/openings), without the house. vkey is
// the log's verifier key from somewhere that the checker trusts; where it is empty the file's own is taken, and the
// report says so. It returns an error for what is not such a file.
func Proof(raw []byte, vkey string) (*Report, error) {
	if isOpenings(raw) {
		return openings(raw, vkey)
	}
	if isRollProof(raw) {
		return rollProof(raw, vkey)
	}
	var f translog.ProofFile
	if err := json.Unmarshal(raw, &f); err != nil || f.Format != translog.ProofFormat {
		return nil, fmt.Errorf("it is not a file of proofs (format %s)", translog.ProofFormat)
	}
	r := &Report{}
	if vkey = strings.TrimSpace(vkey); vkey == "" {
		vkey = f.Key
		r.unchecked("Whether the key is the society's: it was taken from the file itself. Give the log's own (/log/…/vkey) with --vkey.")
	}
	what := "the proofs"
	tree, err := translog.CheckProof(f, vkey)
	if err != nil {
		r.wrong(what, "%v", err)
		return r, nil
	}
	if len(f.Leaves) == 0 {
		r.wrong(what, "there are none in the file")
		return r, nil
	}
	for _, l := range f.Leaves {
		what := fmt.Sprintf("leaf %d of %d in the log %s", l.Index, tree.N, keyName(vkey))
		if l.PrivateContent != "" || len(l.PrivateSalt) > 0 {
			sum := sha256.Sum256(append(append([]byte(nil), l.PrivateSalt...), l.PrivateContent...))
			if !strings.Contains(l.Content, "\nprivate "+hex.EncodeToString(sum[:])+"\n") {
				r.wrong(what, "its private part is not the one that the leaf commits to")
				continue
			}
		}
		if len(l.Salt) == 0 {
			r.holds("%s is there. What it commits to is not in the file", what)
			continue
		}
		r.holds("%s commits to:\n%s", what, indent(l.Content+l.PrivateContent))
	}
	r.unchecked("Whether others see the same log: compare the checkpoint's root with theirs.\n%s", indent(f.Checkpoint))
	return r, nil
}

func indent(s string) string {
	return "         " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n         ")
}
