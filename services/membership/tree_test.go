package membership

import (
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// hashesOf reads hashes as tlog stores them.
type hashesOf []tlog.Hash

func (h hashesOf) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		out[i] = h[at]
	}
	return out, nil
}

// TestRollTree: the root and every path are those of another implementation of RFC 6962, and a spoilt entry has no path.
func TestRollTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(1, 40), rapid.SampledFrom([]int{255, 256, 257, 511, 512, 513, 1000})).Draw(t, "n")
		secret := rapid.SliceOfN(rapid.Byte(), RollSecretSize, RollSecretSize).Draw(t, "secret")
		electors := make([]Elector, n)
		var stored hashesOf
		for i := range electors {
			electors[i] = Elector{Member: fmt.Sprintf("m%d", i), Region: []string{"", "london"}[i%2]}
			number := int64(i) + 1
			more, err := tlog.StoredHashes(int64(i), EntryCommitment(EntrySalt(secret, number), number, electors[i]), stored)
			if err != nil {
				t.Fatal(err)
			}
			stored = append(stored, more...)
		}
		want, err := tlog.TreeHash(int64(n), stored)
		if err != nil {
			t.Fatal(err)
		}
		chunks := ChunkHashes(secret, electors)
		root := TreeRoot(chunks)
		if tlog.Hash(root) != want {
			t.Fatalf("the root of %d entries is %x and not %x", n, root, want)
		}
		i := rapid.IntRange(0, n-1).Draw(t, "entry")
		chunk := i / ChunkSize
		from := chunk * ChunkSize
		leaves := EntryHashes(secret, int64(from)+1, electors[from:min(from+ChunkSize, n)])
		var path tlog.RecordProof
		for _, h := range append(TreePath(leaves, i-from), TreePath(chunks, chunk)...) {
			path = append(path, tlog.Hash(h))
		}
		check := func(e Elector) error {
			number := int64(i) + 1
			return tlog.CheckRecord(path, int64(n), want, int64(i), tlog.RecordHash(EntryCommitment(EntrySalt(secret, number), number, e)))
		}
		if err := check(electors[i]); err != nil {
			t.Fatalf("entry %d of %d is not proven: %v", i+1, n, err)
		}
		if check(Elector{Member: electors[i].Member + "x", Region: electors[i].Region}) == nil {
			t.Fatal("another person's entry is proven")
		}
	})
}
