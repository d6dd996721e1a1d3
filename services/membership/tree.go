package membership

import (
	"crypto/hmac"
	"crypto/sha256"
	"math/bits"
	"strconv"
)

// A roll's root is the RFC 6962 section 2.1 Merkle tree hash over its entries, each as a salted commitment, so that a member can
// show that their own entry is on the roll and learns nothing of anybody else's. The salt of an entry is computed from a secret
// of the roll's own: to show one tells nothing of the others.

// rollEntryDomain sets an entry's commitment apart from every other use of SHA-256.
const rollEntryDomain = "folkmoot/roll-entry/v1\n"

// RollSecretSize is the length of a roll's secret, in bytes.
const RollSecretSize = 32

// ChunkSize is how many entries one stored hash of a roll's tree covers. It is a power of two, so that the hash of a chunk is a
// node of the tree.
const ChunkSize = 256

// Hash is a node of a roll's tree.
type Hash [sha256.Size]byte

// EntrySalt is the salt of the entry with a number: HMAC-SHA-256 of the number in decimal under the roll's secret.
func EntrySalt(secret []byte, number int64) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write(strconv.AppendInt(nil, number, 10))
	return mac.Sum(nil)
}

// EntryCommitment is the data of an entry's leaf: SHA-256 over the domain, the salt and the entry's line as in [Fingerprint].
func EntryCommitment(salt []byte, number int64, e Elector) []byte {
	h := sha256.New()
	h.Write([]byte(rollEntryDomain))
	h.Write(salt)
	h.Write(appendEntry(nil, number, e))
	return h.Sum(nil)
}

// EntryHashes are the hashes of the leaves of entries numbered from first on (RFC 6962: SHA-256 of a zero byte and the data).
func EntryHashes(secret []byte, first int64, electors []Elector) []Hash {
	hashes := make([]Hash, len(electors))
	for i, e := range electors {
		number := first + int64(i)
		hashes[i] = sha256.Sum256(append([]byte{0}, EntryCommitment(EntrySalt(secret, number), number, e)...))
	}
	return hashes
}

// ChunkHashes are the tree's nodes over each [ChunkSize] entries; the electors stand in the order of their numbers from 1.
func ChunkHashes(secret []byte, electors []Elector) []Hash {
	var chunks []Hash
	for from := 0; from < len(electors); from += ChunkSize {
		chunks = append(chunks, TreeRoot(EntryHashes(secret, int64(from)+1, electors[from:min(from+ChunkSize, len(electors))])))
	}
	return chunks
}

// TreeRoot is the root over hashes of leaves, or of chunks where all but the last are whole.
func TreeRoot(hashes []Hash) Hash {
	switch len(hashes) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return hashes[0]
	}
	k := split(len(hashes))
	left, right := TreeRoot(hashes[:k]), TreeRoot(hashes[k:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

// TreePath leads from one of the hashes to their root (RFC 6962 section 2.1.1), the nearest node first.
func TreePath(hashes []Hash, index int) []Hash {
	if len(hashes) < 2 {
		return nil
	}
	k := split(len(hashes))
	if index < k {
		return append(TreePath(hashes[:k], index), TreeRoot(hashes[k:]))
	}
	return append(TreePath(hashes[k:], index-k), TreeRoot(hashes[:k]))
}

// split is the largest power of two below n, for n above 1.
func split(n int) int { return 1 << (bits.Len(uint(n-1)) - 1) }
